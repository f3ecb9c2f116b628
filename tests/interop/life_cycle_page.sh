#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# life_cycle_page.sh RESIDUAL_RISK EVENTS ENGLISH_PAGE JAPANESE_PAGE: the pages' tables are those that the
# program makes of phone_events.json and of what it plays, to the letter: no line more, none less.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# table FILE HEAD: the table whose first line begins so.
table() {
        awk -v head="$2" 'index($0, head) == 1 { on = 1 } on && !/^\|/ { exit } on' "$1"
}

# same PRINTED PAGE HEAD
same() {
        table "$1" "$3" >"$folder/wanted"
        table "$2" "$3" >"$folder/found"
        if ! grep -q . "$folder/wanted" || ! diff "$folder/wanted" "$folder/found" >"$folder/diff"; then
                echo "$3 in $2 is another table (< the program's, > the page's):"
                cat "$folder/diff"
                failures=$((failures + 1))
        fi
}

# says PAGE PRINTED BEGINNING: a line of the program's stands in the page.
says() {
        line=$(grep "^$3" "$2")
        grep -qxF -- "$line" "$1" || {
                echo "not in $1: $line"
                failures=$((failures + 1))
        }
}

"$1" --both --events "$2" >"$folder/events"
"$1" --both >"$folder/residual"
same "$folder/events" "$3" '| event |'
same "$folder/events" "$4" '| 事象 |'
same "$folder/residual" "$3" '| measures taken |'
same "$folder/residual" "$4" '| 講じた対策 |'
says "$3" "$folder/residual" 'A PIN is guessed'
says "$4" "$folder/residual" '暗証番号を推測'
titles=$(table "$folder/events" '| event |' | sed -e '1,2d' -e 's/^| \([^|]*\) |.*/\1/' | sort -u | wc -l)
[ "$titles" -eq 15 ] || {
        echo "fifteen events, and the table has $titles"
        failures=$((failures + 1))
}
[ "$failures" -eq 0 ]
