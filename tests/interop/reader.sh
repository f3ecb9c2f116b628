# SPDX-License-Identifier: Apache-2.0
# Sourced by tests/interop/card_*.sh: an element in a virtual reader of a pcscd of its own, inside network and mount
# namespaces, so that nothing listens on this machine and nothing of it is touched. Prints TAP.
#
# The script sets `mitome` and `work` by calling `inside "$@"` first; everything after that runs in the namespaces.
export LC_ALL=C

count=0
broken=0

skip_all() {
        echo "1..0 # SKIP $*"
        exit 0
}

# first_file PATH..: the first that is there.
first_file() {
        for path in "$@"; do
                [ ! -e "$path" ] || {
                        echo "$path"
                        return
                }
        done
}

# needs PROGRAM..: without them there is nothing to test.
needs() {
        for program in "$@"; do
                command -v "$program" >/dev/null || skip_all "there is no $program here"
        done
}

# inside SCRIPT MITOME ..: goes into the namespaces and starts SCRIPT again there.
inside() {
        script=$1
        shift
        driver=$(first_file /usr/lib/pcsc/drivers/serial/libifdvpcd.so /usr/lib/*/pcsc/drivers/serial/libifdvpcd.so)
        [ -n "$driver" ] || skip_all 'there is no vpcd (vsmartcard-vpcd) here'
        needs pcscd unshare ip mount
        if [ "${MITOME_INSIDE:-}" != yes ]; then
                for way in '' '-r'; do
                        # shellcheck disable=SC2086 # one word or none
                        if unshare $way -n -m sh -c 'ip link set lo up && mount -t tmpfs tmpfs /run' 2>/dev/null; then
                                exec env MITOME_INSIDE=yes unshare $way -n -m sh "$script" "$@"
                        fi
                done
                skip_all 'namespaces are refused here'
        fi
        work=$(mktemp -d)
        reader_process='' element_process=''
        trap 'leave' EXIT
        trap 'exit 130' INT TERM
        umask 077
        ip link set lo up
        mount -t tmpfs tmpfs /run
        mkdir "$work/readers" "$work/home"
        export HOME="$work/home" # nothing is cached beyond the test
        printf 'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH %s\nCHANNELID 0x8C7B\n' "$driver" >"$work/readers/vpcd"
        : >"$work/out"
        : >"$work/err"
}

leave() {
        stop_element
        stop_reader
        rm -rf "$work"
}

start_reader() {
        mkdir -p /run/pcscd
        pcscd --foreground --config "$work/readers" >"$work/pcscd.log" 2>&1 &
        reader_process=$!
}

stop_reader() {
        [ -z "$reader_process" ] || { kill "$reader_process" 2>/dev/null; wait "$reader_process" 2>/dev/null || true; }
        reader_process=''
}

# start_element DIR OPTION..: puts it into the reader and waits until a client sees it.
start_element() {
        "$mitome" element --state "$@" --vpcd 127.0.0.1:35963 2>>"$work/element.log" &
        element_process=$!
        await_card
}

# The exit status of the element is left in element_status. The reader needs a moment to see that it is gone.
stop_element() {
        element_status=0
        [ -n "$element_process" ] || return 0
        kill "$element_process" 2>/dev/null
        wait "$element_process" 2>/dev/null || element_status=$?
        element_process=''
        [ -z "$reader_process" ] || await card_is_gone
}

# Polls a condition for 20 seconds at most.
await() {
        tries=0
        until "$@"; do
                tries=$((tries + 1))
                [ "$tries" -lt 200 ] || return 1
                sleep 0.1
        done
}

card_is_there() {
        opensc-tool -l 2>/dev/null | grep -q '^0 *Yes'
}

card_is_gone() {
        opensc-tool -l 2>/dev/null | grep -q '^0 *No'
}

await_card() {
        await card_is_there || {
                sed 's/^/# /' "$work/element.log" "$work/pcscd.log"
                echo 'Bail out! the card does not come into the reader'
                exit 1
        }
}

# report STATUS NAME: a line of TAP; what the last client said is shown when it failed.
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

skip() {
        count=$((count + 1))
        echo "ok $count - $1 # SKIP $2"
}

# call COMMAND..: what it says goes to $work/out and $work/err, its exit status into `got`.
call() {
        got=0
        timeout 60 "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
}

# said TEXT..: each stands on one of the lines that the last call printed.
said() {
        for text in "$@"; do
                cat "$work/out" "$work/err" | grep -qF -e "$text" || {
                        echo "it did not say: $text" >>"$work/err"
                        return 1
                }
        done
}

# never_said TEXT..
never_said() {
        for text in "$@"; do
                if cat "$work/out" "$work/err" | grep -qF -e "$text"; then
                        echo "it said: $text" >>"$work/err"
                        return 1
                fi
        done
}

# test_that NAME CONDITION..: a condition is a command.
test_that() {
        name=$1
        shift
        result=0
        "$@" || result=1
        report "$result" "$name"
}

# apdus NAME: sends the lines of standard input, COMMAND = STATUS [DATA], in one session of scriptor, and holds each
# answer to its status word (x is any digit) and, where it is given, to the beginning of its data.
apdus() {
        name=$1
        sed -e 's/#.*//' -e '/^ *$/d' >"$work/lines"
        sed 's/=.*//' "$work/lines" >"$work/commands"
        call scriptor -r 'Virtual PCD 00 00' -p T=1 "$work/commands"
        # "< 90 00 : Normal processing." after each command; data may go on over several lines.
        awk '/^< / { if (line != "") print line; line = $0; next } /^> / { if (line != "") print line; line = ""; next }
             { if (line != "") line = line " " $0 } END { if (line != "") print line }' "$work/out" |
                sed -e 's/^< //' -e 's/ : .*//' -e 's/[^0-9A-Fa-f]//g' >"$work/answers"
        result=0
        [ "$(wc -l <"$work/answers")" = "$(wc -l <"$work/lines")" ] || result=1
        paste -d '|' "$work/lines" "$work/answers" >"$work/pairs"
        while IFS='|' read -r line answer; do
                wanted=${line#*=}
                # shellcheck disable=SC2086 # two words
                set -- $wanted
                case $answer in
                *) word=$(printf %s "$answer" | tail -c 4) data=${answer%????} ;;
                esac
                # shellcheck disable=SC2254 # a pattern
                case $word in
                $(printf %s "$1" | tr x '?')) ;;
                *)
                        echo "$line: answered $answer" >>"$work/err"
                        result=1
                        ;;
                esac
                case $data in
                "${2:-}"*) ;;
                *)
                        echo "$line: answered $answer" >>"$work/err"
                        result=1
                        ;;
                esac
        done <"$work/pairs"
        report "$result" "$name"
}

finish() {
        echo "1..$count"
        [ "$broken" -eq 0 ]
}
