# SPDX-License-Identifier: Apache-2.0
# Sourced by tests/interop/client_*.sh: `mitome authenticator` as a program of its own, with a fresh state folder for
# each start_authenticator of a new name, and clients of others at it. The script sets `mitome` first.
. "$here/tap.sh"

work=$(mktemp -d)
export HOME="$work/home" # nothing is read from this machine's settings, and nothing left in them
mkdir "$work/home"
umask 077
: >"$work/out"
: >"$work/err"
: >"$work/authenticator.log"
authenticator=''
client_seconds=20
device=$work/device
leave() {
        [ -z "$authenticator" ] || { kill "$authenticator" 2>/dev/null; wait "$authenticator" 2>/dev/null || true; }
        rm -rf "$work"
}
trap 'leave' EXIT
trap 'exit 130' INT TERM

# How long it takes to make keys is the machine's business: what has not ended is waited for. (One that has ended is a
# zombie until somebody waits for it.)
authenticator_lives() {
        process=''
        read -r process 2>/dev/null <"/proc/$authenticator/stat" || true
        case $process in '' | *') Z '*) return 1 ;; esac
}

# start_authenticator STATE HID OPTION..: HID is pty or unix; the way to it is $device. Users of tests touch at once.
start_authenticator() {
        state=$work/$1
        way=$2
        shift 2
        "$mitome" authenticator --state "$state" --hid "$way:$device" --touch auto "$@" >>"$work/authenticator.log" 2>&1 </dev/null &
        authenticator=$!
        while ! [ -e "$device" ] && authenticator_lives; do
                sleep 0.1
        done
        [ -e "$device" ] || {
                sed 's/^/# /' "$work/authenticator.log"
                echo 'Bail out! the authenticator does not start'
                exit 1
        }
}

stop_authenticator() {
        [ -z "$authenticator" ] || { kill "$authenticator" 2>/dev/null; wait "$authenticator" 2>/dev/null || true; }
        authenticator=''
        rm -f "$device"
}

# typing TEXT COMMAND..: a client that finds no terminal reads what it would ask there from standard input. TEXT is for
# printf: \n ends an answer. The client must not lead its session, or the device becomes the terminal that it asks.
typing() {
        text=$1
        shift
        got=0
        # shellcheck disable=SC2059 # the text is the format
        printf "$text" | timeout "$client_seconds" setsid -w sh -c '"$@"; exit $?' sh "$@" >"$work/out" 2>"$work/err" || got=$?
}

log_is_clean() { # log_is_clean TEXT..: none of them ever stood in what the authenticator printed
        for text in "$@"; do
                if grep -aqF -e "$text" "$work/authenticator.log"; then
                        echo "its log says: $text" >>"$work/err"
                        return 1
                fi
        done
}
