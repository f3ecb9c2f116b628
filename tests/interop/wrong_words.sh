#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whoever types something wrong to a program of the life cycle: exit status 2, on standard error, and what is wrong.
# --help is on standard output, with exit status 0; nothing has colours. Nothing is built or installed for it.
# usage: wrong_words.sh SOURCE-ROOT MITOME KIOSK FETCH CALL-CENTRE SERVICE..; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
source=$(realpath "$1") mitome=$(realpath "$2") kiosk=$(realpath "$3") fetch=$(realpath "$4") call_centre=$(realpath "$5")
shift 5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/out"
: >"$work/err"

# refuses TEXT COMMAND..: exit status 2, the text on standard error, nothing on standard output.
refuses() {
        wanted=$1
        shift
        call "$@" </dev/null
        [ "$got" = 2 ] && [ ! -s "$work/out" ] && grep -qF -- "$wanted" "$work/err"
}

helps() { # helps PROGRAM..
        call "$@" --help </dev/null
        [ "$got" = 0 ] && [ ! -s "$work/err" ] && grep -qi '^usage: ' "$work/out" && ! grep -q "$(printf '\033')" "$work/out"
}

cd "$work"
for service; do
        service=$(case $service in /*) echo "$service" ;; *) echo "$OLDPWD/$service" ;; esac)
        program=$(basename "$service")
        test_that "$program: help" helps "$service"
        test_that "$program: no folder" refuses "$program: --folder is missing" "$service"
        test_that "$program: no directory" refuses "$program: --directory is missing" "$service" --folder f
        test_that "$program: an address that is none" refuses "$program: --listen wants" "$service" --folder f --directory d --listen foo:bar
        test_that "$program: a word too many" refuses "$program: it takes options only" "$service" --folder f --directory d serve
        test_that "$program: no such option" refuses --nonsense "$service" --nonsense
done
test_that 'nobody has made a folder for that' test ! -e f

test_that 'call-centre: help' helps "$call_centre"
test_that 'call-centre: no folder' refuses '--folder is missing' "$call_centre" find
test_that 'call-centre: no directory' refuses '--directory is missing' "$call_centre" --folder f find
test_that 'call-centre: no command' refuses 'a command is missing' "$call_centre" --folder f --directory d
test_that 'call-centre: no such command' refuses 'there is no such command' "$call_centre" --folder f --directory d erase
test_that 'call-centre: too few words' refuses 'hold wants KIND SERIAL' "$call_centre" --folder f --directory d hold signing

echo '{"parties": []}' >nobody.json
call "$call_centre" --folder f --directory nobody.json hold signing 0a
test_that 'call-centre: a directory without the authority' grep -qF "E118 the authority's entry in the directory" "$work/err"
test_that 'and nothing is remembered to be said' test ! -e f

test_that 'check-device: help' helps "$mitome" check-device
test_that 'check-device: nothing' refuses 'check-device: --identity is missing' "$mitome" check-device
test_that 'check-device: no way' refuses 'one of --phone, --nonce-out and --nonce' "$mitome" check-device --identity MT-1
test_that 'check-device: no maker' refuses '--maker-ca is missing' "$mitome" check-device --identity MT-1 --phone unix:p
test_that 'check-device: another language' refuses '--language' "$mitome" check-device --identity MT-1 --language fr
test_that 'check-device: a file that is not there' refuses 'E806 nowhere.pem' \
        "$mitome" check-device --identity MT-1 --maker-ca nowhere.pem --phone unix:p
test_that 'journal: help' helps "$mitome" journal
test_that 'journal: a file that is not there' refuses 'mitome journal: E806 nowhere.journal' "$mitome" journal verify nowhere.journal

test_that 'kiosk: help' helps "$kiosk"
test_that 'kiosk: no such option' refuses --nonsense "$kiosk" --nonsense
test_that 'kiosk: and nothing else is complained of' sh -c '! grep -q E117 "$1"' sh "$work/err"
test_that 'fetch: help' helps "$fetch"
test_that 'fetch: nothing' refuses 'usage: fetch' "$fetch"

test_that 'examples/run: help' helps sh "$source/examples/run"
test_that 'examples/run: no such story' refuses "there is no story 'end'" sh "$source/examples/run" --story end
test_that 'examples/run: no such option' refuses 'first-login has no option --nonsense' sh "$source/examples/run" --nonsense
test_that 'examples/run: nor of the other story' refuses 'life-cycle has no option --verbose' \
        sh "$source/examples/run" --story life-cycle --verbose
test_that 'examples/run: a story without a name' refuses '--story wants' sh "$source/examples/run" --story
test_that 'examples/run: help behind another option' helps sh "$source/examples/run" --verbose
finish
