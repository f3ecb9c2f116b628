# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that drive other people's programs: each test is a line of TAP. What the last client said
# stands in $work/out and $work/err, its exit status in `got`.
export LC_ALL=C

count=0
broken=0
client_seconds=60

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

# Polls a condition for 20 seconds at most.
await() {
        tries=0
        until "$@"; do
                tries=$((tries + 1))
                [ "$tries" -lt 200 ] || return 1
                sleep 0.1
        done
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
        timeout "$client_seconds" "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
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

# status NUMBER, failed: how the last call ended.
status() {
        [ "$got" = "$1" ] || {
                echo "exit status $got in place of $1" >>"$work/err"
                return 1
        }
}

failed() {
        [ "$got" != 0 ] || {
                echo 'exit status 0 where a refusal was due' >>"$work/err"
                return 1
        }
}

# test_that NAME CONDITION..: a condition is a command.
test_that() {
        name=$1
        shift
        result=0
        "$@" || result=1
        report "$result" "$name"
}

finish() {
        echo "1..$count"
        [ "$broken" -eq 0 ]
}
