#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome authenticator` and `mitome status` as a person meets them: what they make, say, leave behind and refuse.
# usage: test_authenticator_program.sh MITOME; prints TAP.
set -eu
export LC_ALL=C
mitome=$1
work=$(mktemp -d)
running=
leave() {
        [ -z "$running" ] || kill "$running" 2>/dev/null || true
        rm -rf "$work"
}
trap leave EXIT
umask 022

count=0
broken=0

report() {
        count=$((count + 1))
        if [ "$1" = 0 ]; then
                echo "ok $count - $2"
        else
                broken=$((broken + 1))
                echo "not ok $count - $2"
                sed 's/^/#   /' "$work/out" "$work/err"
        fi
}

: >"$work/out"
: >"$work/err"

# try NAME COMMAND..: ok when the command succeeds.
try() {
        name=$1
        shift
        result=0
        "$@" >"$work/out" 2>"$work/err" || result=1
        report "$result" "$name"
}

# answers NAME STATUS WORD-IN-OUTPUT ARGUMENT..
answers() {
        name=$1 status=$2 word=$3
        shift 3
        got=0
        timeout 20 "$mitome" "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
        result=0
        [ "$got" = "$status" ] || result=1
        grep -qF -e "$word" "$work/out" "$work/err" || result=1
        report "$result" "$name"
}

# start STATE OPTION..: runs until it says that it is ready.
start() {
        state=$1
        shift
        : >"$work/log" # or the last one's readiness is taken for this one's
        "$mitome" authenticator --state "$state" "$@" >"$work/log" 2>&1 </dev/null &
        running=$!
        tries=0
        until grep -q 'ready at' "$work/log"; do
                tries=$((tries + 1))
                if [ "$tries" -gt 300 ] || ! kill -0 "$running" 2>/dev/null; then
                        sed 's/^/# /' "$work/log"
                        return 1
                fi
                sleep 0.1
        done
}

# stop: asks it to end; the exit status is in `ended`.
stop() {
        kill "$running"
        ended=0
        wait "$running" || ended=$?
        running=
}

# children PID: what runs below it.
children() {
        cat "/proc/$1/task/$1/children"
}

has_mode() {
        [ "$(stat -c %a "$2")" = "$1" ]
}

all_gone() {
        for process in "$@"; do
                [ ! -e "/proc/$process/exe" ] || [ "$(sed 's/.*) \(.\) .*/\1/' "/proc/$process/stat")" = Z ] || return 1
        done
}

await_gone() {
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                ! all_gone "$@" || return 0
                sleep 0.1
        done
        return 1
}

said() {
        grep -qF -e "$1" "$work/log"
}

# ---- what is refused ----

answers 'authenticator: no options' 2 'usage: mitome authenticator' authenticator
answers 'authenticator: --help' 0 '--touch auto' authenticator --help
answers 'authenticator: no port' 2 'usage: mitome authenticator' authenticator --state "$work/none"
answers 'authenticator: another touch' 2 'usage: mitome authenticator' authenticator --state "$work/none" --hid udp:1 --touch yes
answers 'authenticator: another port' 2 E830 authenticator --state "$work/none" --hid usb
answers 'authenticator: a finger that is no image' 2 E833 authenticator --state "$work/none" --hid udp:1 --finger "$0"
answers 'authenticator: a finger that is not there' 2 E806 authenticator --state "$work/none" --hid udp:1 --finger "$work/nothing"
answers 'authenticator: a seed that is no number' 2 E833 authenticator --state "$work/none" --hid udp:1 --finger grown:x
answers 'authenticator: a matcher that is not there' 2 E810 authenticator --state "$work/none" --hid udp:1 --matcher "$work/nothing"
answers 'authenticator: a program to ask that is not there' 2 E834 authenticator --state "$work/none" --hid udp:1 --notify "$work/nothing"
answers 'authenticator: a reader that has no address' 2 E117 authenticator --state "$work/none" --vpcd nowhere
answers 'status: no options' 2 'usage: mitome status' status
answers 'status: --help' 0 'Exit status: 0' status --help
answers 'status: nothing is there, and nothing is made' 2 E802 status --state "$work/never"
try 'status: no folder was made' test ! -e "$work/never"

# ---- a new one ----

key=$work/key
if start "$key" --hid "pty:$work/tty" --prompt-socket "$work/prompts"; then
        report 0 'a new folder becomes an authenticator'
else
        report 1 'a new folder becomes an authenticator'
        exit 1
fi
try 'it says what it made' said 'a new plain FIDO authenticator'
[ "$(id -u)" = 0 ] || try 'its memory is nobody elses' test ! -r "/proc/$running/environ"
try 'its folder is its owners' has_mode 700 "$key"
try 'its keys are its owners' has_mode 600 "$key/scp03-keys"
try 'the terminal is there' test -c "$work/tty"
try 'the prompts are for its owner' has_mode 600 "$work/prompts"
try 'element and matcher are processes of their own' test "$(children "$running" | wc -w)" -ge 1
answers 'status asks the one that runs' 0 'A plain FIDO authenticator' status --state "$key"
answers 'status in JSON' 0 '"troubles":[]' status --state "$key" --json
answers 'a second one is refused' 2 E812 authenticator --state "$key" --hid "pty:$work/other"
below=$(children "$running")
stop
try 'a signal ends it with status 0' test "$ended" = 0
try 'the link to the terminal goes with it' test ! -L "$work/tty"
try 'the socket of the prompts goes with it' test ! -e "$work/prompts"
# shellcheck disable=SC2086 # a list of numbers
try 'element and matcher end with it' await_gone $below
answers 'status asks the element where nothing runs' 0 'A plain FIDO authenticator' status --state "$key"

# ---- killed, and started again ----

start "$key" --hid "pty:$work/tty" || exit 1
try 'the folder is not made twice' test "$(grep -c 'a new plain' "$work/log")" = 0
below=$(children "$running")
kill -KILL "$running"
wait "$running" 2>/dev/null || true
running=
# shellcheck disable=SC2086
try 'element and matcher do not outlive one that was killed' await_gone $below
start "$key" --hid "pty:$work/tty" || exit 1
try 'what a killed one left is replaced' test -c "$work/tty"
answers 'and status reaches it' 0 'PIN: none is set' status --state "$key"
stop

start "$key" --hid "pty:$work/tty" || exit 1
below=$(children "$running")
kill -KILL "${below%% *}"
ended=0
wait "$running" || ended=$?
running=
try 'without its element it ends' test "$ended" = 2
try 'and says why' said E837
# shellcheck disable=SC2086
try 'and its matcher with it' await_gone $below

# ^C on a terminal ends the element as well: that is no failure.
start "$key" --hid "pty:$work/tty" || exit 1
kill -STOP "$running"
for process in $(children "$running"); do
        kill -KILL "$process"
done
kill -INT "$running"
kill -CONT "$running"
ended=0
wait "$running" || ended=$?
running=
try 'a signal that ends both is no failure' test "$ended" = 0

# ---- the demonstration ----

demo=$work/demo
start "$demo" --hid "unix:$work/socket" --provision-demo --verbose || exit 1
try 'the demonstration says that it is one' said 'a DEMONSTRATION'
answers 'status: its certificates, its PIN' 0 'PIN: set, 3 tries left' status --state "$demo"
answers 'status: its lease' 0 'lease for 1000 more signatures' status --state "$demo"
answers 'status: who may learn whose certificate it is' 0 'switched on; its key itself may be their credential' status --state "$demo"
try 'the roots of its maker and of the authority are there' test "$(grep -c 'BEGIN CERTIFICATE' "$demo/maker-ca.pem") $(grep -c 'BEGIN CERTIFICATE' "$demo/jpki-ca.pem")" = '2 1'
try 'and the last revocation list' grep -q 'BEGIN X509 CRL' "$demo/jpki-crl.pem"
try 'and no key' test "$(cat "$demo"/*.pem | grep BEGIN | grep -v -c -e 'BEGIN CERTIFICATE' -e 'BEGIN X509 CRL')" = 0
if [ -n "$(find "$(dirname "$mitome")" -name mitome-matcher -type f 2>/dev/null | head -1)" ]; then
        try 'it has a finger' said 'is enrolled'
        answers 'status: its finger' 0 'Fingers: open' status --state "$demo"
        answers 'status: its matcher' 0 'Matcher: reads fingers; class strong' status --state "$demo"
        try 'what its class is worth is said' said 'a class that nobody has tested'
        try 'the root of its maker is there' test "$(grep -c 'BEGIN CERTIFICATE' "$demo/matcher-ca.pem")" = 1
        try 'commands are told by name' said 'bioEnrollment'
        stop
        try 'and what they cost the element' said 'commands of the element each'
        try 'no name and no PIN is in what is told' test "$(grep -c -e demonstration -e 'PIN 1234 ' "$work/log")" = 0
        answers 'a sensor that is less than what was certified is refused' 2 E716 authenticator --state "$demo" --hid "unix:$work/socket" --sensor scripted
        answers 'a matcher that nobody has tested is none for a person' 2 E734 authenticator --state "$work/untested" --hid "unix:$work/socket" --provision-demo --sensor scripted
        demo_ended=$ended
        start "$work/scripted" --hid "unix:$work/socket" --sensor scripted || exit 1
        answers 'a scripted matcher is called so' 0 'class scripted: it compares nothing' status --state "$work/scripted"
        stop
        ended=$demo_ended
else
        stop
fi
try 'the demonstration ends with status 0' test "$ended" = 0

# ---- somebody who never stops sending ----

if command -v python3 >/dev/null; then
        port=$((20000 + $$ % 10000))
        start "$key" --hid "udp:$port" --touch auto || exit 1
        python3 -c 'import socket, sys
flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    flood.sendto(bytes.fromhex("00000001") + bytes(60), ("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null &
        flood=$!
        sleep 0.5
        answers 'status is answered during a flood' 0 'PIN: none is set' status --state "$key"
        authenticator=$running
        kill "$authenticator"
        running=$flood
        try 'a flood does not keep it from ending' await_gone "$authenticator"
        kill "$flood"
        kill -KILL "$authenticator" 2>/dev/null || true
        wait 2>/dev/null || true
        running=
else
        echo '# no python3: nobody floods the port'
fi

# ---- the question on the desktop ----

ask=$2
mkdir "$work/bin"
cat >"$work/bin/notify-send" <<'END'
#!/bin/sh
printf '%s\n' "$@" >"$ASKED"
[ "$ANSWER" != wait ] || exec sleep 20
printf %s "$ANSWER"
END
chmod 755 "$work/bin/notify-send"

# desktop STATUS ANSWER ARGUMENT..: mitome-ask with a desktop that answers so.
desktop() {
        status=$1
        shift
        got=0
        ASKED=$work/asked ANSWER=$1 PATH="$work/bin:$PATH" "$ask" "$2" "$3" "$4" "$5" || got=$?
        [ "$got" = "$status" ]
}

try 'mitome-ask: yes' desktop 0 yes 'Log in' 'Log in at a.example?' login touch
try 'mitome-ask: no' desktop 1 no 'Log in' 'Log in at a.example?' login touch
try 'mitome-ask: closed' desktop 2 '' 'Log in' 'Log in at a.example?' login touch
try 'mitome-ask: a finger has no button' desktop 2 '' 'Log in' 'lay your finger' login finger
try 'mitome-ask: what is told asks nothing' desktop 2 yes 'Fingerprint' 'Please lift your finger' lift told
try 'and none is shown' test "$(grep -c action "$work/asked")" = 0
try 'mitome-ask: no markup of others' desktop 0 yes 'Log in' '<b>&x</b>' login touch
try 'it is shown as text' grep -qxF '&lt;b&gt;&amp;x&lt;/b&gt;' "$work/asked"
ASKED=$work/asked ANSWER=wait PATH="$work/bin:$PATH" "$ask" a b login touch >"$work/out" 2>"$work/err" &
running=$!
sleep 0.5
below=$(children "$running")
kill "$running"
ended=0
wait "$running" || ended=$?
running=
try 'mitome-ask: the prompt ends, and says nothing' test "$ended" = 2
# shellcheck disable=SC2086
try 'and its question goes from the screen' await_gone $below

echo "1..$count"
[ "$broken" = 0 ]
