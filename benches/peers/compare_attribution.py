"""Holds DuckDB's credit by channel against onefunnel's: deals to a millionth, money to the cent.

In: onefunnel's CSV of `attribution`, and DuckDB's. Out: a line, and the first differences. Exit code 1 when anything
differs.

    python compare_attribution.py OURS PEER
"""

import csv
import sys

SHOWN = 10


def lines(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main():
    path, peer = sys.argv[1:]
    ours = {}
    for line in lines(path):
        if line["row"] == "key" and line["goal"] in ("conversions", "revenue"):
            ours.setdefault((line["model"], line["key"]), {})[line["goal"]] = float(line["credit"])
    theirs = {(line["model"], line["channel"]): line for line in lines(peer)}
    found = []
    for key in sorted({key for key in ours if key[0] in {model for model, _ in theirs}} | theirs.keys()):
        one = ours.get(key, {"conversions": 0.0, "revenue": 0.0})
        other = theirs.get(key, {"deals": "0", "cents": "0"})
        deals, cents = float(other["deals"]), int(other["cents"])
        if abs(one["conversions"] - deals) > 1e-6 or round(one["revenue"] * 100) != cents:
            found.append(f"{key}: {one} in ours, {deals} deals and {cents} cents in theirs")
    print(f"{peer}: {len(theirs)} rows, {len(found)} differences")
    for line in found[:SHOWN]:
        print(f"  {line}")
    sys.exit(1 if found or not theirs else 0)


if __name__ == "__main__":
    main()
