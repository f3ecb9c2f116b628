#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome biometric measure`, short: through the very gate, interrupted and gone on with, from images.
# usage: biometric.sh MITOME MATCHER LAY_IMAGES; prints TAP.
set -eu
export LC_ALL=C
mitome=$1
matcher=$2
lay_images=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
broken=0

# check NAME COMMAND..: the test NAME is passed when COMMAND succeeds.
check() {
        name=$1
        shift
        count=$((count + 1))
        if "$@" >"$work/said" 2>&1; then
                printf 'ok %d - %s\n' "$count" "$name"
        else
                broken=$((broken + 1))
                sed 's/^/#   /' "$work/said"
                printf 'not ok %d - %s\n' "$count" "$name"
        fi
}

measure() {
        "$mitome" biometric measure --matcher "$matcher" "$@"
}

# refuses CODE OPTION..: measuring ends with 2 and this code.
refuses() {
        code=$1
        shift
        status=0
        measure "$@" >"$work/refusal" 2>&1 || status=$?
        cat "$work/refusal"
        [ "$status" -eq 2 ] && grep -q "$code" "$work/refusal"
}

# member FILE EXPRESSION: what Python's EXPRESSION says of the report `r`.
holds() {
        python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
assert eval(sys.argv[2]), {k: v for k, v in r.items() if not k.endswith("scores")}' "$1" "$2"
}

# ---- a whole one ----

measured=0
measure --fingers 4 --impressions 1 --out "$work/whole" --json >"$work/whole.json" 2>"$work/progress" || measured=$?
report=$work/whole/report.json
check 'four fingers are measured' [ "$measured" -eq 0 ]
check 'what is printed is the report' cmp "$work/whole.json" "$report"
check 'each of the six pairs is compared once' holds "$report" 'r["fmr"]["trials"] == 6 == r["pairs"] == sum(n for _, n in r["impostor_scores"])'
check 'each finger is compared with itself' holds "$report" 'r["fnmr"]["trials"] == 4 == sum(n for _, n in r["genuine_scores"])'
check 'answers are what the scores say' holds "$report" 'r["unexplained_matches"] == 0 and r["withheld_matches"] <= r["attempt"]["fnmr"]["errors"] and r["complete"]'
check 'errors are those at or over the threshold' holds "$report" \
        'r["fmr"]["errors"] == sum(n for s, n in r["impostor_scores"] if s >= r["threshold"])'
check 'a finger is liker to itself than to others' holds "$report" \
        'min(s for s, _ in r["genuine_scores"]) > max(s for s, _ in r["impostor_scores"])'
check 'the bound is exact' holds "$report" 'r["fmr"]["errors"] or abs(r["fmr"]["upper_95"] - (1 - 0.05 ** (1 / 6))) < 1e-6'
check 'it says that the fingers are nobody'"'"'s' holds "$report" 'r["synthetic"] and any("grown by a program" in c for c in r["caveats"])'
check 'the chart is XML' python3 -c 'import sys, xml.dom.minidom as m; assert m.parse(sys.argv[1]).documentElement.tagName == "svg"' "$work/whole/det.svg"
check 'and for people there is text' grep -q '^One attempt against the enrolled set:' "$work/whole/report.txt"

# ---- the journal ----

measure --fingers 4 --impressions 1 --out "$work/whole" --resume --threshold 10 --json >"$work/other.json" 2>"$work/progress"
check 'another threshold judges otherwise' holds "$work/other.json" \
        'r["fmr"]["errors"] == sum(n for s, n in r["impostor_scores"] if s >= 10) > 0 and r["attempt"]["fmr"]["errors"] == 0'
check 'a finished one is not begun again' refuses E735 --fingers 4 --impressions 1 --out "$work/whole"
check 'nor gone on with by other options' refuses E736 --fingers 5 --impressions 1 --out "$work/whole" --resume
mkdir "$work/garbled"
sed '3s/impostor/imposter/' "$work/whole/journal" >"$work/garbled/journal"
check 'a journal with a strange line is refused' refuses E737 --fingers 4 --impressions 1 --out "$work/garbled" --resume

# As a kill leaves it: some steps, and the beginning of another line.
mkdir "$work/torn"
head -n 7 "$work/whole/journal" >"$work/torn/journal"
printf 'genuine 0 6 ' >>"$work/torn/journal"
gone_on=0
measure --fingers 4 --impressions 1 --out "$work/torn" --resume --json >"$work/torn.json" 2>"$work/progress" || gone_on=$?
check 'one that was killed goes on' [ "$gone_on" -eq 0 ]
check 'and ends as if it had not been' cmp "$work/whole/journal" "$work/torn/journal"

# Eleven fingers are two sets. One process does the first, is interrupted and goes on; another does the second.
# (Not by the function: what is to be ended is the program itself.)
"$mitome" biometric measure --matcher "$matcher" --fingers 11 --impressions 1 --part 1/2 --out "$work/part1" \
        >"$work/stopped" 2>"$work/progress" &
process=$!
for _ in $(seq 300); do
        [ -e "$work/part1/journal" ] && [ "$(wc -l <"$work/part1/journal")" -gt 2 ] && break
        sleep 0.2
done
kill -TERM "$process"
stopped=0
wait "$process" || stopped=$?
check 'a signal ends it after the step that runs' [ "$stopped" -eq 1 ]
check 'and the report says that it is not complete' holds "$work/part1/report.json" 'not r["complete"] and r["steps"] >= 1'
check 'nothing of it is left' sh -c '! pgrep -f "$1.*mitome-measure-" -P 1 >/dev/null' sh "$matcher"
parts=0
for part in 1 2; do
        measure --fingers 11 --impressions 1 --out "$work/part$part" --part $part/2 --resume >/dev/null 2>"$work/progress" || parts=$?
done
check 'each process does its sets' [ "$parts" -eq 0 ]
check 'and no others' holds "$work/part1/report.json" 'not r["complete"]'
mkdir "$work/joined"
cat "$work/part1/journal" "$work/part2/journal" >"$work/joined/journal"
joined=0
measure --fingers 11 --impressions 1 --out "$work/joined" --resume >/dev/null 2>"$work/progress" || joined=$?
check 'their journals together are the whole' [ "$joined" -eq 0 ]
check 'with each pair once' holds "$work/joined/report.json" 'r["complete"] and r["fmr"]["trials"] == 55'

# ---- images ----

mkdir "$work/images"
"$lay_images" "$work/images" 3 8
touch "$work/images/README" "$work/images/F1_x.pgm"
imaged=0
measure --images "$work/images" --impressions 2 --json >"$work/images.json" 2>"$work/progress" || imaged=$?
check 'three fingers of a folder are measured' [ "$imaged" -eq 0 ]
check 'by three pairs and six times with themselves' holds "$work/images.json" \
        'r["fmr"]["trials"] == 3 and r["fnmr"]["trials"] + r["fte"]["errors"] * 2 == 6 and not r["synthetic"]'
rm "$work/images/F2_8.pgm"
check 'a number of fingers that cannot be is told its limits' refuses 'no number from 2 to' --fingers 1
check 'a finger with too few images is refused' refuses E738 --images "$work/images" --impressions 2
check 'a folder without images is refused' refuses E738 --images "$work/torn"
check 'a folder that is not there is refused' refuses E8 --images "$work/nowhere"

# ---- options ----

check 'no fingers are none' sh -c '! "$1" biometric measure --fingers 1 2>/dev/null' sh "$mitome"
check 'to go on takes a folder' sh -c '! "$1" biometric measure --resume 2>/dev/null' sh "$mitome"
check 'a matcher that is none is refused' sh -c '! "$1" biometric measure --fingers 2 --matcher /bin/true 2>/dev/null' sh "$mitome"
check 'help is given' sh -c '"$1" biometric --help | grep -q "mitome biometric measure"' sh "$mitome"

printf '1..%d\n' "$count"
[ "$broken" -eq 0 ]
