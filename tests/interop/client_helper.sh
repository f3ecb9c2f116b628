#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration's authenticator and its matcher, which is killed at every moment: the authenticator lives on, its
# finger opens again without anybody's doing, and what happened is told.
# usage: client_helper.sh MITOME MATCHER; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/client.sh"
mitome=$1
[ $# -ge 2 ] || skip_all 'built without libfprint'
matcher=$2
device=$work/socket
client_seconds=90
unset LC_ALL LC_MESSAGES LANG

try() {
        got=0
        timeout "$client_seconds" "$mitome" finger "$@" --device "unix:$device" >"$work/out" 2>"$work/err" </dev/null || got=$?
}

unlock() {
        got=0
        echo 1234 | timeout "$client_seconds" "$mitome" finger unlock --device "unix:$device" --pin-fd 0 >"$work/out" 2>"$work/err" || got=$?
}

tell_status() {
        got=0
        timeout "$client_seconds" "$mitome" status --state "$work/demo" "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
}

matcher_process() { # the authenticator's own child of that name
        for child in $(cat "/proc/$authenticator/task/$authenticator/children"); do
                [ "$(cat "/proc/$child/comm")" != mitome-matcher ] || echo "$child"
        done
}

kill_matcher() {
        victim=$(matcher_process)
        [ -z "$victim" ] || kill -9 "$victim"
}

start_authenticator demo unix --provision-demo --matcher "$matcher"
[ -r "/proc/$authenticator/task/$authenticator/children" ] || skip_all 'the kernel does not list the children of a process'
try verify
test_that 'the demonstration has a finger that opens' status 0
tell_status --json
test_that 'and a matcher that never died' said '"matcher_deaths":0'

first=$(matcher_process)
kill_matcher
try verify
test_that 'a matcher that was killed while nobody asked is not missed' status 0
test_that 'another one runs' [ "$(matcher_process)" != "$first" ]

for moment in 0 0.02 0.05 0.1 0.2 0.4; do
        timeout "$client_seconds" "$mitome" finger verify --device "unix:$device" >"$work/out" 2>"$work/err" </dev/null &
        client=$!
        sleep "$moment"
        kill_matcher
        got=0
        wait "$client" || got=$?
        test_that "killed after $moment s: the client has its answer" [ "$got" -le 2 ]
        test_that 'the authenticator lives' kill -0 "$authenticator"
        unlock
        test_that 'the PIN opens the fingers' status 0
        try verify
        test_that 'and the finger is recognised' status 0
done

kill_matcher
try verify
tell_status
test_that 'what the last one died of is told' said 'was ended by signal 9 (Killed)'
tell_status --json
test_that 'in JSON as well' said '"matcher_last_end":"was ended by signal 9 (Killed)"'
test_that 'and was told when it happened' grep -qF 'the matcher was ended by signal 9 (Killed); another one is started when it is needed' "$work/authenticator.log"

finish
