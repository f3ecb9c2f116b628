#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome finger` at `mitome authenticator`, with the real matcher and fingers that belong to nobody.
# usage: client_finger.sh MITOME MATCHER; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/client.sh"
mitome=$1
[ $# -ge 2 ] || skip_all 'built without libfprint'
matcher=$2
device=$work/socket
client_seconds=60

# finger PIN ACTION WORD..
finger() {
        pin=$1
        shift
        got=0
        echo "$pin" | timeout "$client_seconds" "$mitome" finger "$@" --device "unix:$device" --pin-fd 0 \
                >"$work/out" 2>"$work/err" || got=$?
}

fingers() { # how many the last list had
        [ "$(wc -l <"$work/out")" -eq "$1" ] || {
                echo "$(wc -l <"$work/out") fingers in place of $1" >>"$work/err"
                return 1
        }
}

nth() { # the id in line N of the last list
        sed -n "$1p" "$work/out" | cut -c1-32
}

start_authenticator demo unix --provision-demo --matcher "$matcher"
finger 1234 list
test_that 'the demonstration has a finger' status 0
test_that 'one' fingers 1

finger 1234 enrol 'left thumb' # [6.7.4]
test_that 'a finger is enrolled' status 0
test_that 'by five touches' said 'touch the sensor 4 more times' 'touch the sensor 1 more time' 'enrolled'
test_that 'and called as it was said' said 'left thumb'
added=$(nth 1)
finger 1234 list # [6.7.6]
test_that 'both are listed' fingers 2
test_that 'under that number' said "$added left thumb"
first=$(nth 1)

finger 1234 rename "$added" 'right thumb' # [6.7.7]
test_that 'it gets another name' status 0
finger 1234 rename "$added" "$(printf '%065d' 0)"
test_that 'not one of 65 bytes' status 2
finger 1234 rename 00000000000000000000000000000000 nobody
test_that 'and no other finger does' said 'it has no such finger'
test_that 'which is a refusal' status 1

finger 9999 list
test_that 'a wrong PIN is told so' said 'the PIN is wrong'
finger 9999 remove "$first"
test_that 'and removes nothing' status 1
finger 1234 list
test_that 'both are still there' fingers 2
test_that 'with the new name' said "$added right thumb"

finger 1234 remove "$first" # [6.7.8]
test_that 'one is removed' status 0
finger 1234 remove "$first"
test_that 'once' said 'it has no such finger'

stop_authenticator
start_authenticator demo unix --matcher "$matcher"
finger 1234 list
test_that 'the other is there after a start' said "$added right thumb"
test_that 'alone' fingers 1
finger 1234 remove "$added"
test_that 'the last one is removed' status 0
finger 1234 list
test_that 'none is left' fingers 0
test_that 'which is no failure' status 0
finger 1234 enrol
test_that 'and another one comes' status 0

got=0
"$mitome" finger list --device "$work/nowhere" >"$work/out" 2>"$work/err" || got=$?
test_that 'a device that is none is told so' status 2
test_that 'and how to name one' said 'unix:PATH'
got=0
"$mitome" finger dance --device "unix:$device" >"$work/out" 2>"$work/err" || got=$?
test_that 'another action is none' status 2
call "$mitome" finger --help
test_that 'the help helps' said 'usage: mitome finger list'
finger "$(printf '%064d' 0)" list
test_that 'no PIN is that long' failed
finish
