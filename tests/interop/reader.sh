# SPDX-License-Identifier: Apache-2.0
# Sourced by tests/interop/card_*.sh: an element in a virtual reader of a pcscd of its own, inside network and mount
# namespaces, so that nothing listens on this machine and nothing of it is touched. Prints TAP.
#
# The script sets `mitome` and `work` by calling `inside "$@"` first; everything after that runs in the namespaces.
. "$here/tap.sh"

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
