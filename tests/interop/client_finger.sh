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
unset LC_ALL LC_MESSAGES LANG

# finger PIN ACTION WORD..
finger() {
        pin=$1
        shift
        got=0
        echo "$pin" | timeout "$client_seconds" "$mitome" finger "$@" --device "unix:$device" --pin-fd 0 \
                >"$work/out" 2>"$work/err" || got=$?
}

# try ACTION WORD..: without a PIN
try() {
        got=0
        timeout "$client_seconds" "$mitome" finger "$@" --device "unix:$device" >"$work/out" 2>"$work/err" </dev/null || got=$?
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

# with_finger IMAGE: another finger is laid from now on
with_finger() {
        stop_authenticator
        start_authenticator demo unix --matcher "$matcher" --finger "$1"
}

# uv_tries: how many are left, as the last --json says
uv_tries() {
        sed -n 's/.*"uv_retries":\([0-9]*\).*/\1/p' "$work/out"
}

# ---- enrol ----

start_authenticator demo unix --provision-demo --matcher "$matcher"
finger 1234 list
test_that 'the demonstration has a finger' status 0
test_that 'one' fingers 1
first=$(nth 1)

# [6.7.4 lastEnrollSampleStatus] the hand lays another finger when it is told so
finger 1234 enrol 'some other'
test_that 'a finger that is enrolled is not enrolled twice' said 'This finger is enrolled already. Please use another one.'
test_that 'another one is, in the same go' status 0
finger 1234 remove "$(nth 1)"
test_that 'and goes again' said 'The finger was removed.'
finger 1234 list
test_that 'the first is still there' said "$first"
test_that 'alone' fingers 1

with_finger grown:2
finger 1234 enrol 'left thumb' # [6.7.4]
test_that 'another finger is enrolled' status 0
test_that 'by five touches' said 'touch the sensor 4 more times' 'touch the sensor 1 more time' 'Your finger is enrolled'
test_that 'and called as it was said' said 'left thumb'
added=$(nth 1)
finger 1234 list # [6.7.6]
test_that 'both are listed' fingers 2
test_that 'under that number' said "$added left thumb"
finger 1234 list --json
test_that 'in JSON as well' said "{\"id\":\"$added\",\"name\":\"left thumb\"}"

finger 1234 rename "$added" 'right thumb' # [6.7.7]
test_that 'it gets another name' status 0
finger 1234 rename "$added" "$(printf '%065d' 0)"
test_that 'not one of 65 bytes' status 2
test_that 'and told the limit' said 'NAME (64 bytes) is longer than its limit'
finger 1234 rename 0 nobody
test_that 'an ID that is none is told what it looks like' said 'ID (32 digits'
finger 1234 rename 00000000000000000000000000000000 nobody
test_that 'and no other finger does' said 'it has no such finger'
test_that 'which is a refusal' status 1

finger 9999 list
test_that 'a wrong PIN is told so' said 'the PIN is wrong'
test_that 'and how many tries are left' said 'that PIN was not taken; 2 tries left'
finger 9999 remove "$first"
test_that 'and removes nothing' status 1
finger 1234 list
test_that 'both are still there' fingers 2
test_that 'with the new name' said "$added right thumb"

# ---- verify ----

try status
test_that 'how it stands is told without the PIN' status 0
test_that 'what the sensor is' said 'Sensor: fingerprint'
test_that 'that the fingers are open' said 'enrolled, open'
try status --json
test_that 'in JSON as well' said '"open":true' '"enrolled":true' '"modality":"fingerprint"' '"pin_set":true'
full=$(uv_tries)
test_that 'with tries' [ "${full:-0}" -ge 2 ]
try verify # [6.5.5.7.3 8]
test_that 'the finger is recognised' status 0
test_that 'and told so' said 'Your finger was recognised.'
try verify --json
test_that 'in JSON as well' said '{"recognised":true,"said":"recognised"'
try verify --language ja
test_that 'in Japanese as well' said '指紋を確認しました。'
with_finger grown:1
try verify
test_that 'and so is the other one' status 0

# ---- one who is asked, and would not ----

stop_authenticator
start_authenticator demo unix --matcher "$matcher" --finger grown:1 --touch ask --notify false
try verify --json
# [6.5.5.7.3 8]
test_that 'who says no has declined' said '"recognised":false,"said":"declined"'
test_that 'and has lost no try' said "\"uv_retries\":$full"
try verify
test_that 'which is no timeout' said 'You declined. Nothing was done.'
stop_authenticator
start_authenticator demo unix --matcher "$matcher" --finger grown:3 --touch ask --notify true
try verify
test_that 'who says yes with another finger is not recognised' said 'not recognised'
test_that 'the authenticator says so where it asks' \
        grep -qF "mitome authenticator: Your finger was not recognised. $((full - 1)) tries are left." "$work/authenticator.log"
test_that 'and that he had declined' grep -qF 'mitome authenticator: You declined.' "$work/authenticator.log"
with_finger grown:1
try verify
test_that 'one that is recognised gives the tries back' status 0

# ---- fail, lock ----

with_finger grown:3
left=$full
while [ "$left" -gt 1 ]; do
        left=$((left - 1))
        try verify
        test_that "a stranger's finger is not recognised" status 1
        # [6.5.5.7.3 10.3] [6.5.3.1]
        case $left in 1) words='1 try is left' ;; *) words="$left tries are left" ;; esac
        test_that "and $left are left" said "not recognised. $words"
done
try verify --json
test_that 'the last one closes' said '"recognised":false' '"said":"closed"' '"uv_retries":0'
with_finger grown:1
try verify
# [6.5.5.7.3 7]
test_that 'then no finger is recognised any more' status 1
test_that 'and the PIN is asked for' said 'Fingers are closed for now. Please enter your PIN once'
test_that 'nobody has to touch anything for that' never_said 'touch the sensor'
try status
test_that 'the state says why' said '0 tries left' '! Fingers are closed for now.'
test_that 'by its exit status, too' status 1
stop_authenticator
start_authenticator demo unix --matcher "$matcher"
try verify
test_that 'a start opens nothing' said 'Fingers are closed for now.'

# ---- recover ----

finger 9999 unlock
test_that 'a wrong PIN opens nothing' status 1
try status --json
test_that 'at all' said '"open":false' '"uv_retries":0'
finger 1234 unlock
test_that 'the PIN does' status 0
test_that 'and the tries are full' said "open; $full tries left"
try verify
test_that 'the finger is recognised again' status 0

# ---- re-enrol ----

finger 1234 remove "$first" # [6.7.8]
test_that 'one is removed' status 0
finger 1234 remove "$first"
test_that 'once' said 'it has no such finger'
try verify
test_that 'it is recognised no more' status 1
test_that 'though the other one is there' said 'not recognised'
finger 1234 enrol 'the first again'
test_that 'it is enrolled again' status 0
again=$(nth 1)
test_that 'under another number' [ "$again" != "$first" ]
try verify
test_that 'and recognised again' status 0

stop_authenticator
start_authenticator demo unix --matcher "$matcher"
finger 1234 list
test_that 'all are there after a start' said "$added right thumb" "$again the first again"
test_that 'both' fingers 2
finger 1234 remove "$added"
finger 1234 remove "$again"
test_that 'the last one is removed' status 0
finger 1234 list
test_that 'none is left' fingers 0
test_that 'which is no failure' status 0
try status
test_that 'the state says so' said 'No finger is enrolled yet.'
try verify
# [6.5.5.7.3 5]
test_that 'and there is nothing to compare with' said 'No finger is enrolled yet.'
finger 1234 enrol
test_that 'another one comes' status 0
try verify
test_that 'and is recognised' status 0

# ---- what cannot be ----

got=0
"$mitome" finger list --device "$work/nowhere" >"$work/out" 2>"$work/err" || got=$?
test_that 'a device that is none is told so' status 2
test_that 'and how to name one' said 'unix:PATH'
try dance
test_that 'another action is none' status 2
try verify --language tlh
test_that 'nor another language' status 2
try verify aloud
test_that 'nor more words than it takes' status 2
call "$mitome" finger --help
test_that 'the help helps' said 'usage: mitome finger list'
finger "$(printf '%064d' 0)" list
test_that 'no PIN is that long' failed
finish
