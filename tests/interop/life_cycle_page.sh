#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# life_cycle_page.sh RESIDUAL_RISK PAGE EVENTS: the page says what the program prints, and names every event.
set -eu
printed=$("$1")
failures=0
echo "$printed" | grep . >"${TMPDIR:-/tmp}/life_cycle_page.$$"
trap 'rm -f "${TMPDIR:-/tmp}/life_cycle_page.$$"' EXIT
while IFS= read -r line; do
        if ! grep -qF -- "$line" "$2"; then
                echo "not in $2: $line"
                failures=$((failures + 1))
        fi
done <"${TMPDIR:-/tmp}/life_cycle_page.$$"
# Each event stands in the page by its English title.
sed -nE 's/^ *"en": "(.*)",$/\1/p' "$3" >"${TMPDIR:-/tmp}/life_cycle_page.$$"
[ "$(grep -c . "${TMPDIR:-/tmp}/life_cycle_page.$$")" -eq 15 ] || {
        echo "not fifteen titles in $3"
        failures=$((failures + 1))
}
while IFS= read -r title; do
        grep -qF -- "| $title (" "$2" || {
                echo "not in $2: $title"
                failures=$((failures + 1))
        }
done <"${TMPDIR:-/tmp}/life_cycle_page.$$"
[ "$failures" -eq 0 ]
