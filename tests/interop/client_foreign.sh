#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome evaluate` at a security key that nobody here wrote (foreign_key): what is written of it is what it is, and it is
# left as it was found.
# usage: client_foreign.sh MITOME SET_PIN FOLDER; FOLDER keeps the key's crates and program. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home=$HOME # where cargo has its settings
. "$here/client.sh"
mitome=$1 set_pin=$2 folder=$3
needs python3
HOME=$home sh "$here/fetch_foreign_key.sh" "$folder" >"$work/out" 2>"$work/err" ||
        skip_all 'the foreign key could not be built: it takes a cargo of today, and its crates'
port=$((20000 + $$ % 20000))
target=udp:$port
pin=135790
printf '%s\n' "$pin" >"$work/pin"

start_key() {
        "$folder/target/debug/foreign-key" "$port" >"$work/key.log" 2>&1 &
        authenticator=$!
        for _ in 1 2 3 4 5 6 7 8 9 10; do
                ! grep -q udp "$work/key.log" || return 0
                sleep 0.2
        done
        echo 'Bail out! the foreign key does not start'
        exit 1
}

# evaluate STATUS OUT OPTION..: its exit status is 0 when no probe found anything broken, else 1.
evaluate() {
        wanted=$1 out=$2
        shift 2
        timeout 300 "$mitome" evaluate --policy nist-800-63b-4 --policy android-cdd --policy first-summary "$@" --out "$work/$out" "$target" \
                >"$work/out" 2>"$work/err" && got=0 || got=$?
        status "$wanted"
}

replay() {
        timeout 60 "$mitome" evaluate --replay "$1" --pin-file "$work/pin" --out "$work/again" "$target" >"$work/out" 2>"$work/err"
}

# says OUT CONDITION: a condition on the report, in Python: r the report, probes its results by id, facts its values.
says() {
        python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
probes = {p["id"]: p["result"] for p in r["probes"]}
facts = {f["name"]: f["value"] for f in r["facts"]}
levels = {p["id"]: p["level"] for p in r["policies"]}
sys.exit(0 if eval(sys.argv[2]) else print({"probes": probes, "facts": facts, "levels": levels}) or 1)' "$work/$1/report.json" "$2"
}

start_key
test_that 'a key without a PIN is evaluated as it is' evaluate 0 plain
test_that 'each probe has its result, and none failed the key' says plain 'len(probes) == 25 and not set(probes.values()) & {"broken", "target failed"}'
test_that 'what takes more than CTAP is not testable, and not guessed' says plain 'probes["P16"] == probes["P15"] == probes["P22"] == "not testable here"'
test_that 'its login was verified by a relying party' says plain 'facts["login.origin_bound"] and facts["login.user_present"] and facts["key.strength_bits"] == 128'
test_that 'by presence alone it reaches AAL1 and no more' says plain 'levels["nist-800-63b-4"] == "AAL1" and levels["android-cdd"] is None'
test_that 'and it is what it says: no secure element of ours, not called simulated by us' says plain '"self" != r["target"]["kind"]'
test_that 'it gets a PIN' "$set_pin" "$target" "$pin"
test_that 'and is evaluated with it' evaluate 1 pinned --pin-file "$work/pin"
test_that 'the login now verifies the user' says pinned 'probes["P00"] in ("holds", "partly") and facts["login.user_verified"] and facts["pin.offered"]'
# CTAP 2.1, 6.2.2: what a token permits is over once it has served. The key's application takes it again: a finding, of
# this version of it (0.4.0-rc.4) on its simulated platform. When a later one mends it, this test says so.
test_that 'its token serves two logins: found, and nothing else is broken' \
        says pinned 'probes["P04"] == "broken" and list(probes.values()).count("broken") == 1 and facts["op.fresh_verification"] is False'
test_that 'for that it misses AAL2, by name' says pinned 'levels["nist-800-63b-4"] == "AAL1" and "PEROP" in [b for p in r["policies"] for b in p["blockers"]]'
test_that 'no PIN is in what was written' sh -c '! grep -r -q "$1" "$2"' - "$pin" "$work/pinned"
test_that 'and none of its tries was used up: it is evaluated again' evaluate 1 again --pin-file "$work/pin"
test_that 'with the same results' says again 'probes == {p["id"]: p["result"] for p in json.load(open(sys.argv[1].replace("again", "pinned")))["probes"]}'
test_that 'a probe is replayed, and sees the same' replay P14
test_that 'guessing its PIN to the end is done when it is asked for' evaluate 0 destroyed --destructive --probe P00 --probe P07 --pin-file "$work/pin"
test_that 'and its end was seen: eight tries' says destroyed 'facts["pin.tries"] == 8'
finish
