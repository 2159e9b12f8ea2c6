"""Holds a peer's files against onefunnel's: counts equal, money equal to the cent, medians equal.

In: onefunnel's CSV (a funnel, or a scorecard with sums of touches), then the CSV of each peer. A row that is missing on
one side must count nothing on the other. Every column of the peer is compared.
Out: a line per file; the first differences, each with its place. Exit code 1 when anything differs.

    python compare.py OURS PEER...
"""

import csv
import sys
from decimal import ROUND_HALF_UP, Decimal

KEYS = ("period", "segment", "stage_id", "team")
COUNTS = ("volume", "recorded", "next_reached", "from_first", "days_n", "touches", "processes", "early", "late")
SHOWN = 10


def number(column, text):
    """Money in whole cents, any other number as it is. An empty cell is no count, and no amount or median: None."""
    if text == "":
        return 0 if column in COUNTS else None
    value = Decimal(text)
    if column == "value":
        return int((value * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return value


def unfolded(lines):
    """A scorecard's lines, one per metric and segment, as one per segment and team; only its totals."""
    rows = {}
    for line in lines:
        if line["period"] == "total" and line["segment"]:
            column, team = line["metric_id"].rsplit("_", 1)
            row = rows.setdefault((line["segment"], team), {"segment": line["segment"], "team": team})
            row[column] = line["value"]
    return list(rows.values())


def rows(path):
    """Rows by key, without those that count nothing."""
    with open(path, newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    if lines and "metric_id" in lines[0]:
        lines = unfolded(lines)
    found = {}
    for row in lines:
        key = tuple(row[k] for k in KEYS if k in row)
        if key in found:
            sys.exit(f"{path}: two rows of {key}")
        found[key] = row
    return {key: row for key, row in found.items() if number("volume", row.get("volume") or row.get("touches") or "")}


def differences(ours, theirs):
    """Every difference, as a sentence."""
    columns = [column for column in next(iter(theirs.values()), {}) if column not in KEYS]
    for key in sorted(ours.keys() | theirs.keys()):
        place = " / ".join(part or "all" for part in key)
        if key not in ours or key not in theirs:
            yield f"{place}: only in {'ours' if key in ours else 'theirs'}"
            continue
        for column in columns:
            one, other = ours[key][column], theirs[key][column]
            if number(column, one) != number(column, other):
                yield f"{place}: {column} is {one or 'missing'} in ours, {other or 'missing'} in theirs"


def main():
    path, *peers = sys.argv[1:]
    ours = rows(path)
    if not ours or not peers:
        sys.exit(f"nothing to compare with {path}")
    wrong = False
    for peer in peers:
        theirs = rows(peer)
        found = list(differences(ours, theirs))
        print(f"{peer}: {len(theirs)} rows, {len(found)} differences")
        for line in found[:SHOWN]:
            print(f"  {line}")
        wrong |= bool(found)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
