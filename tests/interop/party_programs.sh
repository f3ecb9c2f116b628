#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The parties that others reach, as programs and all at once: each starts, is one process's, outlives being killed,
# ends when it is told to, and leaves a journal that `mitome journal verify` finds sound.
# usage: party_programs.sh MITOME FETCH AUTHORITY MUNICIPALITY MAKER SEI-TSM SP-TSM; prints TAP.
set -eu
mitome=$(readlink -f "$1") fetch=$(readlink -f "$2") authority=$(readlink -f "$3") municipality=$(readlink -f "$4")
maker=$(readlink -f "$5") sei_tsm=$(readlink -f "$6") sp_tsm=$(readlink -f "$7")
# shellcheck source=tests/interop/tap.sh
. "$(dirname "$0")/tap.sh"
work=$(mktemp -d)
pids=
clean_up() {
        for pid in $pids; do
                kill "$pid" 2>/dev/null || true
                wait "$pid" 2>/dev/null || true
        done
        rm -rf "$work"
}
trap clean_up EXIT
: >"$work/out"
: >"$work/err"
cd "$work"

# program_of PARTY
program_of() {
        case $1 in
        authority) echo "$authority" ;;
        municipality) echo "$municipality" ;;
        maker) echo "$maker" ;;
        sei-tsm) echo "$sei_tsm" ;;
        sp-tsm) echo "$sp_tsm" ;;
        esac
}

# Of this machine's loopback network an address that is hardly anybody's: the directory wants ports before they are
# given out.
host=127.$(($$ % 200 + 20)).$(($$ / 200 % 200 + 20)).7
port_of() {
        case $1 in
        maker) echo 18701 ;;
        authority) echo 18702 ;;
        sei-tsm) echo 18703 ;;
        sp-tsm) echo 18704 ;;
        esac
}

# start PARTY OPTION..: its process's id is in pid_PARTY (with '_' for '-').
start() {
        party=$1
        shift
        : >"$party.out"
        "$(program_of "$party")" --folder "$party" --directory directory.json --listen "$host:$(port_of "$party")" "$@" \
                >"$party.out" 2>"$party.err" &
        eval "pid_$(echo "$party" | tr - _)=$!"
        pids="$pids $!"
}
listens() { grep -q "listens on http://$host:" "$1.out"; }

# stop PARTY SIGNAL: its exit status.
stop() {
        eval "pid=\$pid_$(echo "$1" | tr - _)"
        kill -"$2" "$pid"
        status=0
        wait "$pid" || status=$?
        return "$status"
}

# ---- who is who ----

result=0
for party in authority municipality maker sei-tsm sp-tsm; do
        "$(program_of "$party")" --folder "$party" --identity >"$party.json" 2>>err || result=1
        [ "$party" = municipality ] || sed -i "s|}\$|, \"url\": \"http://$host:$(port_of "$party")\"}|" "$party.json"
        [ "$(stat -c %a "$party/party.key")" = 600 ] || result=1
done
report "$result" 'each has a key of its own, which nobody else reads'
{
        printf '{"parties": ['
        separator=
        for party in authority municipality maker sei-tsm sp-tsm; do
                printf '%s' "$separator"
                cat "$party.json"
                separator=', '
        done
        printf ']}\n'
} >directory.json

# ---- all at once ----

start maker
test_that 'the maker listens' await listens maker
call "$fetch" "http://$host:$(port_of maker)/device-ca" device-ca.der
test_that 'and gives its CA of device keys' [ "$got" = 0 ]
start authority --device-ca device-ca.der
start sei-tsm
printf 'AB-1\t見本製作所\tA listed model\tyes\t2020-01-01\n' >devices.txt
start sp-tsm --maker-ca device-ca.der --devices devices.txt --apps 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
for party in authority sei-tsm sp-tsm; do
        test_that "the $party listens" await listens "$party"
done
call "$fetch" "http://$host:$(port_of sp-tsm)/devices" devices.html
result=0
grep -q '<td>AB-1</td><td>見本製作所</td><td>A listed model</td><td>あり yes</td><td>対応 supported</td>' devices.html || result=1
report "$result" 'the SP-TSM shows the device list that it was given'
printf 'AB-1\tA maker\n' >odd.txt
call "$sp_tsm" --folder another --directory directory.json --maker-ca device-ca.der --devices odd.txt
test_that 'and begins with no list that it cannot read' [ "$got" != 0 ]
call "$authority" --folder authority --directory directory.json
test_that 'a folder is one process'\''s' [ "$got" = 1 ]

# person NAME: registers somebody, and prints what the authority calls him.
person() {
        timeout 30 "$municipality" --folder municipality --directory directory.json register "$1" \
                '東京都見本区見本町一丁目1番1号' Tokyo-to Mihon-ku 2 1990-04-01 130001 2>>err | grep -oE '[0-9a-f]{32}' | head -n 1
}
first=$(person '見本 花子')
test_that 'a municipality registers somebody' [ -n "$first" ]

# ---- killed, and begun again ----

stop authority KILL || true
test_that 'nobody is registered while the authority is away' [ -z "$(person '見本 次郎')" ]
start authority --device-ca device-ca.der
test_that 'the authority is there again after it was killed' await listens authority
second=$(person '見本 太郎')
test_that 'and goes on' [ -n "$second" ]
test_that 'with another person' [ "$first" != "$second" ]

# ---- the end ----

for party in sp-tsm sei-tsm authority maker; do
        test_that "the $party ends when it is told to" stop "$party" TERM
done
result=0
for party in authority municipality maker sei-tsm sp-tsm; do
        "$(program_of "$party")" --folder "$party" --journal "$party.journal" >out 2>err || result=1
done
report "$result" 'each gives out its journal'
files=
for party in authority municipality maker sei-tsm sp-tsm; do
        [ ! -s "$party.journal" ] || files="$files $party.journal"
done
# shellcheck disable=SC2086 # a list of words
call "$mitome" journal verify --directory directory.json $files
test_that 'the journals are sound, together' [ "$got" = 0 ]
# shellcheck disable=SC2086
call "$mitome" journal show --directory directory.json $files
test_that 'and tell who was asked what' said 'register-person'
finish
