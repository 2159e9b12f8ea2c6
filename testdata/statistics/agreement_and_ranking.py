"""Figures of other people's code, for the tests of src/stats/agreement.rs and src/stats/ranking.rs.

Run with statsmodels 0.14 and scikit-learn 1.x: python3 agreement_and_ranking.py, in this folder. It writes kappa.csv (the four counts,
Cohen's kappa and its 95 % interval by statsmodels.stats.inter_rater.cohens_kappa) and auc.csv (a set's name, its AUC by
sklearn.metrics.roc_auc_score, and its scores, those of positives marked with +).
"""

import csv

import numpy as np
from sklearn.metrics import roc_auc_score
from statsmodels.stats.inter_rater import cohens_kappa

TABLES = [(20, 5, 10, 15), (15, 10, 5, 70), (45, 15, 25, 15), (25, 35, 5, 35), (1, 0, 0, 3), (3, 2, 1, 0),
          (853, 433, 115, 1421), (0, 7, 9, 100), (5000, 120, 340, 90000)]

with open("kappa.csv", "w", newline="") as out:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["both", "first", "second", "neither", "kappa", "low", "high"])
    for both, first, second, neither in TABLES:
        found = cohens_kappa(np.array([[both, first], [second, neither]]))
        rows.writerow([both, first, second, neither, repr(float(found.kappa)), repr(float(found.kappa_low)), repr(float(found.kappa_upp))])

random = np.random.default_rng(2026)
with open("auc.csv", "w", newline="") as out:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["set", "auc", "scores"])
    for name, n, spread in [("whole", 120, 10), ("halves", 80, 200), ("few", 7, 3), ("rare", 300, 100)]:
        won = random.random(n) < (0.04 if name == "rare" else 0.3)
        won[0], won[1] = True, False
        score = np.round(random.normal(50 + 8 * won, spread / 4)) / (2 if name == "halves" else 1)
        rows.writerow([name, repr(float(roc_auc_score(won, score))), " ".join(f"{'+' if w else ''}{s}" for s, w in zip(score, won))])
