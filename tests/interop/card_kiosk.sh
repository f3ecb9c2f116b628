#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A convenience store's terminal at a phone and at a My Number Card in a contactless reader, through pcscd.
# usage: card_kiosk.sh MITOME KIOSK; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/reader.sh"
needs opensc-tool
inside "$here/card_kiosk.sh" "$@"
mitome=$1 kiosk=$2

serve() { # serve PIN ARGUMENT..: the PIN comes by a descriptor of its own
        printf '%s\n' "$1" >"$work/pin"
        shift
        got=0
        timeout 60 "$kiosk" --pin-fd 7 "$@" >"$work/out" 2>"$work/err" </dev/null 7<"$work/pin" || got=$?
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

serve 1234 --jpki-trust /nonexistent
test_that 'a file that is not there is told as such' status 2 E806
"$mitome" card >"$work/out" 2>"$work/err" </dev/null || true
if grep -q E814 "$work/err"; then
        skip_all 'mitome was built without PC/SC'
fi
start_reader
for personality in phone card; do
        mkdir "$work/$personality"
        chmod 700 "$work/$personality"
        state=$work/$personality
        "$mitome" element --state "$state" --provision-demo --personality "$personality" 2>>"$work/element.log"
        start_element "$state" --contactless
        trust="--jpki-trust $state/jpki-ca.pem --crl $state/jpki-crl.pem"
        case $personality in
        phone) place='in a phone' ;;
        card) place='on a card' ;;
        esac
        # shellcheck disable=SC2086 # several words
        serve 1234 $trust
        test_that "a $personality is served contactless" status 0 'certificate' "$place" '住民票の写し'
        serve 1234 --jpki-trust "$state/jpki-ca.pem"
        test_that "without a list a $personality is not served" status 1 E1007
        # shellcheck disable=SC2086
        serve 0000 $trust
        test_that "a wrong PIN at a $personality costs a try" status 1 '2 tries are left'
        # shellcheck disable=SC2086
        serve 1234 $trust
        test_that "the right one gives it back to the $personality" status 0 "$place"
        stop_element
done
serve 1234 --jpki-trust "$work/phone/jpki-ca.pem" --crl "$work/phone/jpki-crl.pem"
test_that 'an empty reader serves nobody' status 2 E817
finish
