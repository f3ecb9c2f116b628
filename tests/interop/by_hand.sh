#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What docs/authority.md has to be typed by hand, typed: the commands of the page as they stand there, and what it
# says that comes of them. Only the address is another one, so that two may do it at a time.
# usage: by_hand.sh SOURCE-ROOT BUILD-ROOT; prints TAP.
set -eu
source=$(realpath "$1") build=$(realpath "$2")
# shellcheck source=tests/interop/tap.sh
. "$source/tests/interop/tap.sh"
needs bash openssl sha256sum
work=$(mktemp -d)
typed=
leave() {
        [ -z "$typed" ] || kill -KILL -- "-$typed" 2>/dev/null || true
        rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM
: >"$work/out"
: >"$work/err"
umask 077

# blocks PAGE WHICH: what is indented under the second heading, in pieces between empty lines: "said" what comes of
# the commands, which begins as the list of certificates and as the counter's screen do; "typed" all others.
blocks() {
        awk -v which="$2" '
                /^## / { section++ }
                section != 1 { next }
                /^    / {
                        if (!inside) said = $0 ~ /^    (signing [0-9a-f]+ card|NEVER PROVISIONED)/
                        inside = 1
                        if (said == (which == "said")) print substr($0, 5)
                        next
                }
                { inside = 0 }' "$1"
}

same_commands() {
        for page in "$source/docs/authority.md" "$source/docs/ja/authority.md"; do
                blocks "$page" typed | sed 's/ *#.*//' >"$work/$(echo "$page" | tr / _)"
        done
        cmp "$work"/*_docs_authority.md "$work"/*_docs_ja_authority.md >>"$work/err" 2>&1
}
test_that 'both pages have the same commands' same_commands

# Of this machine's loopback network an address that is hardly anybody's.
host=127.$(($$ % 200 + 20)).$(($$ / 200 % 200 + 20)).9
{
        echo 'set -euo pipefail'
        blocks "$source/docs/authority.md" typed | sed "s/127\\.0\\.0\\.1/$host/g"
} >"$work/script"
ln -s "$build" "$work/build"
has_enough() {
        [ "$(wc -l <"$work/script")" -gt 40 ] && [ "$(blocks "$source/docs/authority.md" said | wc -l)" -gt 8 ]
}
test_that 'the page has commands, and what comes of them' has_enough

cd "$work"
result=0
setsid timeout -k 5 150 bash script >out 2>err </dev/null &
typed=$!
wait "$typed" || result=$?
report "$result" 'they run to the end'

# Serial numbers and digests are others each time.
blocks "$source/docs/authority.md" said |
        sed 's/  *\[.*\]$//; s/[][\\.*^$]/\\&/g; s/[0-9A-Fa-f]\{8,\}/[0-9A-Fa-f]*/g' >expected
while IFS= read -r line; do
        result=0
        grep -q -- "^$line" out err || result=1
        report "$result" "it is said: $(echo "$line" | tr '#\\' '  ')"
done <expected
finish
