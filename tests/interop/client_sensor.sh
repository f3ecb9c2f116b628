#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome authenticator --sensor KIND`: the whole way from another sensor to the client, with the real matcher.
# usage: client_sensor.sh MITOME MATCHER FACE-SENSOR; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/client.sh"
mitome=$1
[ $# -ge 3 ] || skip_all 'built without libfprint'
matcher=$2
face=$3
command -v fido2-token >/dev/null || skip_all 'fido2-token sets the PIN here (fido2-tools)'
client_seconds=60
unset LC_ALL LC_MESSAGES LANG

finger() { # finger ACTION WORD..: with the PIN
        got=0
        echo 1234 | timeout "$client_seconds" "$mitome" finger "$@" --device "pty:$device" --pin-fd 0 >"$work/out" 2>"$work/err" || got=$?
}

verify() {
        got=0
        timeout "$client_seconds" "$mitome" finger verify --device "pty:$device" >"$work/out" 2>"$work/err" </dev/null || got=$?
}

set_pin() {
        typing '1234\n1234\n' fido2-token -S "$device"
        test_that 'it gets a PIN' status 0
}

# ---- scripted ----

cat >"$work/script" <<'END'
MATCH
MISS
RETRY centre
MATCH
DIE
MATCH
ENROL SAMPLE
ENROL RETRY short
END
start_authenticator scripted pty --matcher "$matcher" --sensor "scripted:$work/script"
set_pin
finger enrol
test_that 'a scripted finger is enrolled' status 0
test_that 'with its hints' said 'a little longer'
verify
test_that 'MATCH is recognised' status 0
verify
test_that 'MISS is not' status 1
test_that 'and told so' said 'not recognised'
verify
test_that 'RETRY and MATCH is recognised' status 0
verify # the matcher dies of it
test_that 'a matcher that dies recognises nobody' status 1
verify
test_that 'the one that comes in its place does' status 0
got=0
grep -q 'the sensor is scripted: nothing is read' "$work/authenticator.log" || got=no
test_that 'it says that it is scripted' [ "$got" = 0 ]
stop_authenticator

got=0
timeout 20 "$mitome" authenticator --state "$work/scripted" --hid "pty:$device" --touch auto --matcher "$matcher" --sensor telepathy \
        >"$work/out" 2>"$work/err" </dev/null || got=$?
test_that 'a sensor that nobody knows does not start' failed
got=0
timeout 20 "$mitome" authenticator --state "$work/scripted" --hid "pty:$device" --touch auto --sensor scripted --finger grown:1 \
        >"$work/out" 2>"$work/err" </dev/null || got=$?
test_that 'a virtual finger is for the virtual sensor' status 2

printf 'ENROL OVERHEAT\n' >"$work/script"
start_authenticator hot pty --matcher "$matcher" --sensor "scripted:$work/script"
set_pin
finger enrol
test_that 'a sensor that breaks enrols nothing' status 1
test_that 'and told so' said 'its sensor does not work'
stop_authenticator

# Without a reader nothing begins. Where there is one, nobody touches it here.
start_authenticator none pty --matcher "$matcher" --sensor fingerprint
set_pin
client_seconds=10
finger enrol
client_seconds=60
if [ "$got" -ne 124 ]; then
        test_that 'where no reader is, nothing is enrolled' status 1
        test_that 'and told so, too' said 'its sensor does not work, or is not there'
        test_that 'the owner reads which it is' grep -q 'mitome-matcher: E707 there is no fingerprint reader' \
                "$work/authenticator.log"
fi
stop_authenticator

# refuses SENSOR WORDS..: it does not start, and says these
refuses() {
        sensor=$1
        shift
        got=0
        timeout 20 "$mitome" authenticator --state "$work/refused" --hid "pty:$device" --touch auto --matcher "$matcher" \
                --sensor "$sensor" >"$work/out" 2>"$work/err" </dev/null || got=$?
        test_that "$sensor is refused" status 2
        test_that 'and told what is wrong with it' said "$@"
}
refuses command:relative/path 'E117 --sensor command:PROGRAM (an absolute path)' 'mitome authenticator: E117 --sensor '
refuses command:/nowhere/sensor 'mitome authenticator: E722 the program of the sensor did not start'
refuses scripted:/nowhere/script 'mitome authenticator: E806 what --sensor names cannot be read'
refuses fprintd:right-thumb 'E117 --sensor fprintd (it takes nothing more)'

# ---- a program ----

camera=''
before_camera() { # before_camera FACE: that one is looked at from now on
        [ -z "$camera" ] || { kill "$camera"; wait "$camera" 2>/dev/null || true; }
        rm -f "$work/picture"
        "$here/paint_face.py" "$1" "$work/picture" &
        camera=$!
}
trap '[ -z "$camera" ] || kill "$camera" 2>/dev/null; leave' EXIT

start_authenticator face pty --matcher "$matcher" --sensor "command:$face $work/picture"
set_pin
before_camera 1
finger enrol 'my face'
test_that 'a face is enrolled' status 0
verify
test_that 'it opens' status 0
before_camera 2
verify
test_that 'another one does not' status 1
before_camera 1
verify
test_that 'it opens again' status 0
# sensor_program: the process of the sensor itself (its launcher names it, too)
sensor_program() {
        for process in /proc/[0-9]*; do
                words=$(tr '\0' ' ' 2>/dev/null <"$process/cmdline") || continue
                case $words in /usr/bin/python3*"$face $work/picture"*) echo "${process#/proc/}" ;; esac
        done
}
kill -9 "$(sensor_program)"
verify
test_that 'its program is started again, by a matcher that may start nothing any more' status 0
stop_authenticator
start_authenticator face pty --matcher "$matcher" --sensor "command:$face $work/picture"
verify
test_that 'also after a start: the matcher has kept it' status 0
finger list
test_that 'it has its name' said 'my face'
test_that 'and nothing is told of a class it does not have' log_is_clean 'declares a class'
stop_authenticator
finish
