"""Figures of other people's code, for the tests of src/stats/correlation.rs.

Run with scipy 1.x: python3 correlation.py, in this folder. It writes spearman.csv: a set's name, Spearman's rank correlation by
scipy.stats.spearmanr (ties at the mean of their ranks), and both rows of numbers.
"""

import csv

import numpy as np
from scipy.stats import spearmanr

random = np.random.default_rng(2026)
SETS = [("plain", random.permutation(12), random.permutation(12)),
        ("ties on one side", random.integers(0, 4, 15), random.normal(0, 1, 15).round(3)),
        ("ties on both sides", random.integers(0, 5, 30), random.integers(0, 3, 30)),
        ("money", random.integers(10, 80, 10), random.integers(0, 9, 10) * 125000.5),
        ("falling", np.arange(9), -np.arange(9) ** 2 + np.array([0, 0, 3, 0, 0, 0, 40, 0, 0])),
        ("two", np.array([1, 2]), np.array([5, 3])),
        ("long", random.normal(0, 1, 200).round(2), random.normal(0, 1, 200).round(2))]

with open("spearman.csv", "w", newline="") as out:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["set", "rho", "x", "y"])
    for name, x, y in SETS:
        rows.writerow([name, repr(float(spearmanr(x, y).statistic)), " ".join(map(str, x)), " ".join(map(str, y))])
