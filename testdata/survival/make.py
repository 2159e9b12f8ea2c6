"""Writes the fixtures beside this file: days and events, and what lifelines' AalenJohansenFitter makes of them.

    python3 -m venv venv && venv/bin/pip install lifelines==0.30.3 && venv/bin/python testdata/survival/make.py

Ties. lifelines moves tied events of different kinds apart by random amounts, within and across days. Here its check for
ties says that there are none, so that the events of one day are taken together, and its table has those who are
censored on a day still at risk on it: events precede censorings. The share is the one that any order of the events of
one day gives; the variance is that of tied data.

Day 0. lifelines sets the estimate of time 0 to zero and so loses events on it: the fitter is given days + 1.

The last day. Where everybody at risk has an event at once, lifelines divides by zero and its variance and bounds are
not a number: these cells are empty.
"""

import math
import random
import warnings
from pathlib import Path

import lifelines
from lifelines import AalenJohansenFitter

HERE = Path(__file__).parent
WIN, LOST, CENSORED = "win", "lost", "censored"
CODE = {WIN: 1, LOST: 2, CENSORED: 0}


class Grouped(AalenJohansenFitter):
    @staticmethod
    def _check_for_duplicates(durations, events):
        return False


def cohort(seed, n, win, lost, mean_win, mean_lost, window, round_to=1):
    """Entries over `window` days, seen on its last: who is neither won nor lost by then is censored."""
    rng = random.Random(seed)
    rows = []
    for _ in range(n):
        seen = rng.randrange(window)
        fate = rng.random()
        if fate < win:
            day, event = rng.expovariate(1 / mean_win), WIN
        elif fate < win + lost:
            day, event = rng.expovariate(1 / mean_lost), LOST
        else:
            day, event = math.inf, CENSORED
        if day > seen:
            day, event = seen, CENSORED
        rows.append((int(day) // round_to * round_to, event))
    return rows


CASES = {
    # Few: hand-checkable.
    "ten": [(3, WIN), (3, WIN), (3, LOST), (5, CENSORED), (5, LOST), (9, WIN)] + [(20, CENSORED)] * 4,
    # Day-granular, about 18 months of leads.
    "months": cohort(1, 400, 0.2, 0.6, 120, 60, 540),
    # Everything on a handful of days, day 0 among them.
    "weeks": cohort(2, 300, 0.3, 0.5, 20, 15, 60, round_to=7),
    # Nobody is censored, and everybody who is left has an event on the last day.
    "closed": [(d, e) for d, e in cohort(3, 120, 0.4, 0.6, 9, 7, 10**6) if e != CENSORED],
    # Nobody is lost: Kaplan–Meier.
    "alone": cohort(4, 200, 0.5, 0.0, 40, 1, 120),
}


def text(value):
    return "" if math.isnan(value) else repr(float(value))


def main():
    assert lifelines.__version__ == "0.30.3", lifelines.__version__
    warnings.simplefilter("ignore")
    for name, rows in CASES.items():
        with open(HERE / f"{name}.csv", "w", newline="\n") as out:
            out.write("day,event\n")
            out.writelines(f"{day},{event}\n" for day, event in rows)
        days = [day + 1 for day, _ in rows]
        codes = [CODE[event] for _, event in rows]
        fit = Grouped().fit(days, codes, event_of_interest=1)
        curve = fit.cumulative_density_.iloc[:, 0]
        upper_lower = fit.confidence_interval_
        with open(HERE / f"{name}.lifelines.csv", "w", newline="\n") as out:
            out.write("day,at_risk,wins,events,cif,variance,ci_low,ci_high\n")
            for time in curve.index[1:]:
                row = fit.event_table.loc[time]
                # lifelines names them the other way round.
                low, high = upper_lower.loc[time]
                cells = [int(time) - 1, int(row["at_risk"]), int(row["observed_1"]), int(row["observed"])]
                cells += map(text, [curve[time], fit.variance_[time], low, high])
                out.write(",".join(map(str, cells)) + "\n")


if __name__ == "__main__":
    main()
