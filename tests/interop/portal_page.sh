#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/portal.md and docs/ja/portal.md, held against the program: each option of --help is in both and each option there is
# one, the tests that they name are there, and both have the same headings, rows and commands.
# usage: portal_page.sh SOURCE-ROOT PORTAL; prints TAP.
set -eu
export LC_ALL=C.UTF-8
source=$1
portal=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
bad=0

# judge NAME FILE: right when FILE, the list of what is wrong, is empty.
judge() {
        count=$((count + 1))
        if [ -s "$2" ]; then
                bad=$((bad + 1))
                sed 's/^/# /' "$2"
                printf 'not '
        fi
        printf 'ok %d - %s\n' "$count" "$1"
}

"$portal" --help | grep -oE '^  --[a-z-]+' | tr -d ' ' | sort -u >"$work/options"
[ "$(wc -l <"$work/options")" -ge 15 ] || echo "--help names too few options" >"$work/few"
touch "$work/few"
judge 'the program says what its options are' "$work/few"

"$portal" --folder "$work/missing/portal" 2>"$work/said" || true
grep -q '^portal: E806 the folder above --folder ' "$work/said" && : >"$work/out" || cp "$work/said" "$work/out"
judge 'a folder above that is missing is named' "$work/out"

for page in docs/portal.md docs/ja/portal.md; do
        sed -nE 's/^\| (`--.*)$/\1/p' "$source/$page" | grep -oE -- '--[a-z-]+' | sort -u >"$work/told"
        comm -3 "$work/options" "$work/told" >"$work/out"
        judge "$page has each option, and no other" "$work/out"
        grep -oE '`[a-z]+(_[a-z]+){2,}`' "$source/$page" | tr -d '`' | sort -u | while read -r name; do
                grep -rqE "\b$name\b" "$source/tests" || echo "$name is no test"
        done >"$work/out"
        judge "$page names tests that there are" "$work/out"
done

for page in docs/portal.md docs/ja/portal.md; do
        grep -cE '^## ' "$source/$page"
        grep -cE '^\|' "$source/$page"
        grep -E '^    (build|meson)' "$source/$page"
done >"$work/both"
lines=$(($(wc -l <"$work/both") / 2))
head -n "$lines" "$work/both" >"$work/english"
tail -n "$lines" "$work/both" | diff "$work/english" - >"$work/out" || true
judge 'both pages have the same headings, rows and commands' "$work/out"

echo "1..$count"
[ "$bad" = 0 ]
