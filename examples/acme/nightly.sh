#!/bin/sh
# Writes scorecard.csv, funnel.csv and check.csv into a folder, every night. For cron:
#
#   15 2 * * *  /srv/acme/nightly.sh /srv/reports
#
# and for systemd: onefunnel.service and onefunnel.timer, beside this file.
#
# One run at a time: a lock on OUTPUT_FOLDER/.nightly.lock is held for all of it, and ends with it, however it ends. Each file is
# replaced as a whole when its report is complete; after a failure, and after a kill, the old one is still there. The exit
# code is onefunnel's own: 0 fine, 1 could not finish (also: another run is at work), 2 wrong flag or contract, 3 data
# rejected, 4 a check failed. stderr has what went wrong, or one line that all is well. ONEFUNNEL names another binary, and
# ONEFUNNEL_LOG_FORMAT=json makes JSON of every line.
set -eu

if [ "$#" -ne 1 ]; then
    echo "usage: nightly.sh OUTPUT_FOLDER" >&2
    exit 2
fi
out=$1
here=$(cd "$(dirname "$0")" && pwd)
onefunnel=${ONEFUNNEL:-onefunnel}
say() {
    if [ "${ONEFUNNEL_LOG_FORMAT:-text}" = json ]; then
        printf '{"level":"%s","event":"nightly","code":%d,"message":"%s"}\n' "$1" "$2" "$3" >&2
    else
        printf 'nightly.sh: %s\n' "$3" >&2
    fi
}

lock=$out/.nightly.lock
if ! mkdir -p "$out" 2>/dev/null || ! ( : >>"$lock" ) 2>/dev/null; then
    say error 1 "the output folder cannot be made, or not be written to; nothing was replaced"
    exit 1
fi

# flock holds the lock from the first report to the last; where it is missing, each report holds it for itself.
guard=
if command -v flock >/dev/null 2>&1; then
    exec 9>>"$lock"
    if ! flock -n 9; then
        say error 1 "another run is at work in this folder; nothing was replaced"
        exit 1
    fi
else
    guard=yes
fi

written=

report() {
    name=$1
    shift
    status=0
    "$onefunnel" "$name" "$here" --quiet --output "$out/$name.csv" ${guard:+--lock "$lock"} "$@" || status=$?
    if [ "$status" -ne 0 ]; then
        say error "$status" "$name failed with exit code $status; $name.csv was not replaced"
        exit "$status"
    fi
    written="$written $name.csv"
}

report scorecard --period quarter
report funnel --period quarter

# The gates of the contract last: what they judge is there to be looked at, whatever they say.
status=0
"$onefunnel" check "$here" --quiet --output "$out/check.csv" ${guard:+--lock "$lock"} || status=$?
if [ "$status" -eq 4 ]; then
    say error 4 "a check failed: see check.csv;$written check.csv were replaced"
    exit 4
elif [ "$status" -ne 0 ]; then
    say error "$status" "check failed with exit code $status; check.csv was not replaced"
    exit "$status"
fi
written="$written check.csv"

say info 0 "complete:$written replaced"
