#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shop's counter as docs/counter.md has it: an element, the phone's page before it, and the clerk's program.
# usage: counter.sh MITOME COUNTER-PHONE; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
mitome=$(realpath "$1") phone=$(realpath "$2")
work=$(mktemp -d)
element_process='' phone_process=''
leave() {
        [ -z "$phone_process" ] || kill "$phone_process" 2>/dev/null || true
        [ -z "$element_process" ] || kill "$element_process" 2>/dev/null || true
        wait
        rm -rf "$work"
}
trap 'leave' EXIT
trap 'exit 130' INT TERM
umask 077
cd "$work"
: >out
: >err

check() { # check ARGUMENT..
        call "$mitome" check-device --maker-ca demo/maker-ca.pem --phone unix:phone.sock "$@"
}

status() { # status NUMBER TEXT..: how the last call ended, and what it said
        wanted=$1
        shift
        [ "$got" = "$wanted" ] || {
                echo "exit status $got in place of $wanted" >>"$work/err"
                return 1
        }
        said "$@"
}

is_there() {
        [ -S "$1" ]
}

put_phone() { # put_phone ARGUMENT..: on the counter
        "$phone" --element element.sock --socket phone.sock "$@" 2>>phone.log </dev/null &
        phone_process=$!
        await is_there phone.sock
}

take_phone() {
        kill "$phone_process" 2>/dev/null || true
        wait "$phone_process" 2>/dev/null || true
        phone_process=''
        rm -f phone.sock
}

"$mitome" element --state demo --unix element.sock --provision-demo 2>element.log &
element_process=$!
test_that 'an element is made' await is_there element.sock

put_phone --touch auto
check --identity DEMO-0001
test_that 'a certificate in the phone is told, in both languages' status 1 'A CERTIFICATE IS IN THIS PHONE' '電子証明書が残っています'
check --identity DEMO-0001 --json
test_that 'and for programs' status 1 '"verdict": "live"' '"kind": "signing"' '"kind": "user-verification"'
check --identity DEMO-0002
test_that 'a phone with another name on it cannot be told' status 1 'CANNOT BE TOLD' 'E633'
call "$mitome" check-device --maker-ca demo/jpki-ca.pem --phone unix:phone.sock --identity DEMO-0001
test_that 'nor one of another maker' status 1 'CANNOT BE TOLD' 'E1004'
take_phone

put_phone
check --identity DEMO-0001
test_that 'nothing is given without a touch' status 1 'CANNOT BE TOLD' 'E1286'
take_phone

printf 'n\n' >typed
"$phone" --element element.sock --socket phone.sock 2>>phone.log <typed &
phone_process=$!
await is_there phone.sock
check --identity DEMO-0001
test_that 'nor where the holder types n' status 1 'CANNOT BE TOLD' 'E1286'
check --identity DEMO-0001
test_that 'whose Enter behind it answers no other counter' status 1 'CANNOT BE TOLD' 'E1286'
take_phone

check --identity DEMO-0001
test_that 'where nobody answers it cannot run' status 2 'mitome check-device: E'

# ---- the shop as a party ----

wrote_key() {
        status 0 "{\"name\": \"shop\", \"key_hex\": \"" && [ "$(stat -c %a shop/party.key)" = 600 ]
}
call "$mitome" check-device --authority shop --entry
if ! said 'built without a network' >/dev/null 2>&1; then
        test_that 'a shop has a key, and says who it is' wrote_key
        { printf '{"parties": ['; cat out; printf ']}\n'; } >directory.json
        put_phone --touch auto
        check --identity DEMO-0001 --authority shop --directory directory.json
        test_that 'an authority that is in no directory is not asked' status 1 'A CERTIFICATE IS IN THIS PHONE'
        call "$mitome" check-device --authority shop --journal shop.journal
        test_that 'its journal is written out' status 0
        call "$mitome" journal show --directory directory.json shop.journal
        test_that 'and tells of the check' status 0 'check-device done, device:DEMO-0001'
        take_phone
fi
call "$mitome" check-device --identity DEMO-0001 --phone unix:phone.sock
test_that 'an option that is missing is named' status 2 '--maker-ca is missing'
call "$mitome" check-device --identity DEMO-0001 --maker-ca nowhere.pem --phone unix:phone.sock
test_that 'a file that is not there is named' status 2 'E806 nowhere.pem'
call "$mitome" check-device --authority shop --entry --journal shop.journal
test_that 'one thing at a time' status 2 'usage: mitome check-device'
call "$phone" --element element.sock --socket phone.sock --app 4343
test_that 'a piece of an app'\''s hash is none' status 2 'usage: counter-phone'
finish
