#!/bin/sh
# Writes scorecard.csv and funnel.csv into a folder, for cron:
#
#   15 2 * * *  /srv/acme/nightly.sh /srv/reports
#
# Each file is replaced as a whole when its report is complete; after a failure the old one is still there. The exit
# code is onefunnel's own: 1 could not finish, 2 wrong flag or contract, 3 data rejected. ONEFUNNEL names another binary.
set -eu

if [ "$#" -ne 1 ]; then
    echo "usage: nightly.sh OUTPUT_FOLDER" >&2
    exit 2
fi
out=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"

report() {
    name=$1
    shift
    status=0
    "${ONEFUNNEL:-onefunnel}" "$name" "$here" --quiet --output "$out/$name.csv" "$@" || status=$?
    if [ "$status" -ne 0 ]; then
        echo "nightly.sh: $name failed with exit code $status; $out/$name.csv was not replaced" >&2
        exit "$status"
    fi
}

report scorecard --period quarter
report funnel --period quarter
