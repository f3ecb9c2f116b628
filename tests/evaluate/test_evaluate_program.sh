#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome evaluate`, as people call it. usage: test_evaluate_program.sh MITOME [MATCHER]; prints TAP.
set -u
export LC_ALL=C.UTF-8
mitome=$(realpath "$1") # it is called from a folder of its own
matcher=${2:+--matcher $(realpath "$2")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR="$work"
cd "$work" || exit 1
count=0
broken=0

# ok NAME: judges the last exit status.
ok() {
        status=$?
        count=$((count + 1))
        if [ "$status" -eq 0 ]; then
                echo "ok $count - $1"
        else
                broken=$((broken + 1))
                sed 's/^/# /' out err 2>/dev/null
                echo "not ok $count - $1"
        fi
}

# run STATUS ARGUMENT..: runs it; true when it ends so.
run() {
        wanted=$1
        shift
        # shellcheck disable=SC2086 # two words, or none
        "$mitome" evaluate $matcher "$@" >out 2>err </dev/null
        got=$?
        [ "$got" -eq "$wanted" ] || { echo "# ended with $got"; return 1; }
}

# refused NAME TEXT ARGUMENT..: it could not run, and says why.
refused() {
        name=$1 text=$2
        shift 2
        run 2 "$@" && grep -qF -- "$text" err
        ok "$name"
}

refused 'nothing said' 'TARGET is missing'
refused 'no target' 'usage:' --policy first-summary --out x
refused 'two targets' 'one target, not several' --policy first-summary --out x self self
refused 'no policy' '--policy NAME is missing' --out x self
refused 'no folder' 'mitome evaluate: --out DIR is missing' --policy first-summary self
refused 'an option that there is not' 'mitome evaluate: unrecognized option' --polity x
refused 'a PIN on the command line' 'pin-file' --pin 1234 --policy first-summary --out x self
refused 'a measurement of one finger' 'from 2 to 1000' --measure 1 --policy first-summary --out x self
refused 'a measurement of no number' 'from 2 to 1000' --measure 3x --policy first-summary --out x self
refused 'a measurement of another matcher' 'is for self' --measure 3 --policy first-summary --out x unix:/nonexistent
refused 'two ways to the PIN' 'not both' --pin-file a --ask-pin --policy first-summary --out x self
refused 'a probe that there is not' '"P99" is no probe' --probe P99 --policy first-summary --out x self
refused 'a replay of a probe that there is not' '"P99" is no probe' --replay P99 self
refused 'a time that is none' 'is no time' --at yesterday --policy first-summary --out x self
refused 'a day that there is not' 'is a time that there is not' --at 2026-02-30T10:00:00Z --policy first-summary --out x self
refused 'a language that it does not speak' 'is no language' --lang fr --policy first-summary --out x self
refused 'a target of no kind' 'usb:1' --policy first-summary --out x usb:1
refused 'a socket where nobody is' 'unix:/nonexistent: E809' --policy first-summary --out x unix:/nonexistent
refused 'a port that is none' 'udp:99999: E' --policy first-summary --out x udp:99999
refused 'a policy that there is not' 'nowhere:' --policy nowhere --out x self
refused 'a policy that there is not: which there are' 'android-cdd, ds-511, eidas, fido-authenticator, fido-biometric, first-summary, jp-' --policy nowhere --out x self
refused 'a level that is required of nobody' 'is not POLICY:LEVEL' --require other:AAL1 --policy first-summary --out x self
refused 'a level without a policy' 'is not POLICY:LEVEL' --require AAL1 --policy first-summary --out x self
refused 'a level that the policy does not have' 'has no such level' --require nist-800-63b-4:AAL9 --policy nist-800-63b-4 --out x self
refused 'a PIN file that is not there' 'pin-file' --pin-file nowhere --policy first-summary --out x self
for asks in '' '--policy first-summary --out x' '--replay P00'; do
        # shellcheck disable=SC2086
        "$mitome" evaluate $asks hid: >out 2>err </dev/null
        got=$?
        # A machine may have keys: each is a line, and only who asked for nothing else got what he asked for.
        if grep -q '^hid:/' out err; then
                [ $got -eq "$([ -z "$asks" ] && echo 0 || echo 2)" ]
        else
                [ $got -eq 2 ] && grep -q -e 'no key is plugged in' -e 'list of HID devices' -e libfido2 err && [ ! -s out ]
        fi
        ok "hid: without a path${asks:+, with $asks}"
done
[ ! -e x ]
ok 'what was refused left nothing'
printf '{"policy": 1}\n' >wrong.json
refused 'a policy that is none, with its place' 'wrong.json:1:' --policy wrong.json --out x self
printf '{"mitome_report": \n' >cut.json
refused 'a report that is none, with its place' 'cut.json:' --render cut.json --out y
refused 'a report that is not there' 'nofile.json: E806' --render nofile.json --out y
for more in '--policy eidas' '--require eidas:high' '--evidence nofile' '--probe P05' '--measure 3' '--resume' '--at 2026-11-22T10:00:00Z'; do
        # shellcheck disable=SC2086 # an option and its value
        refused "a report drawn again with $more" '--render takes' --render cut.json --out y $more
        # shellcheck disable=SC2086
        refused "a probe tried again with $more" '--replay judges nothing' --replay P05 $more self
done
for more in '--destructive' '--simulated' '--ask-pin' '--pin-file nowhere'; do
        # shellcheck disable=SC2086
        refused "a report drawn again with $more" '--render takes' --render cut.json --out y $more
done
refused 'a report drawn again without a folder' '--out DIR is missing' --render cut.json
run 0 --list --measure 3 && run 0 --help --replay P99
ok 'the list and the help look at no target'
printf '{}\n' >empty.json
refused 'a report of something else' 'E1433' --render empty.json --out y

run 0 --help && grep -q 'usage:' out
ok 'help'
run 0 --list && grep -q '^P01' out && grep -q '^P07' out
ok 'the list of probes'
grep -q '^P07  + ' out && grep -q '^P16  + ' out && grep -q '^P24  ! ' out && [ "$(grep -c -e '--destructive: ' out)" -eq 4 ]
ok 'the list says what each would do with leave'
run 0 --list --lang ja && grep -q '^P01' out && grep -q '作り直せない対象' out
ok 'the list of probes in Japanese'

two='--probe P00 --probe P05 --policy first-summary --at 2026-11-22T10:00:00Z --out report'
# shellcheck disable=SC2086 # lists of words, here and below
run 0 $two self && grep -q 'probes: 2 holds' out && grep -q simulated out
ok 'an evaluation of two probes'
grep -q '^first-summary: no level; .* row-10, .*row-8 (?)' out && grep -q '^  Judged: device, service$' out && ! grep -q 'Demanded by this level' out
ok 'where no level was reached nothing is said to stand beside it, and what was not tested is marked'
printf '{"mitome_evidence": 1, "items": [{"kind": "facts", "what": "a note", "by": "somebody", "facts": {"model.ava_van": "five"}}]}\n' >five.json
run 0 --probe P00 --policy android-cdd --evidence five.json --out five self && grep -q '^model.ava_van: what .* says cannot be used: ' out
ok 'evidence that cannot be used is named'
run 0 --lang ja --probe P00 --policy android-cdd --evidence five.json --out five-ja self && grep -q '^model.ava_van: .*の値は使えない' out
ok 'in Japanese, too'
[ "$(wc -l <report/journal.jsonl)" -eq 3 ] && head -n 1 report/journal.jsonl | grep -q '"target":"self"'
ok 'its journal has a header and a line for each'
for form in json html xccdf.xml oscal.json junit.xml sarif; do
        [ -s "report/report.$form" ] || echo "# no $form" >&2
done 2>missing
[ ! -s missing ] && [ -z "$(find report -name '.*.new')" ]
ok 'all forms are there, and nothing half-written'
[ -z "$(find "$work" -maxdepth 1 -name 'mitome-specimen-*')" ]
ok 'the specimen is gone'
if grep -q "$(printf '\033')" out err; then false; else true; fi
ok 'no colours where there is no terminal'

# The matcher is measured in the same run: rates with their trials, and a curve; and an evaluation anew is one.
if [ -n "$matcher" ]; then
        run 0 --probe P00 --policy android-cdd --measure 3 --out measured self && grep -q '"source": "grown:1"' measured/report.json &&
                grep -q '"threshold": 80' measured/report.json && grep -q '"id": "synthetic"' measured/report.json &&
                rm measured/journal.jsonl && run 0 --probe P00 --policy android-cdd --measure 2 --out measured self && grep -q '"trials": 1,' measured/report.json
        ok 'a measurement beside the probes gives rates and a curve'
else
        :
        ok 'a measurement beside the probes gives rates and a curve # SKIP no matcher'
fi
refused 'a measurement without a matcher' 'has no matcher' --matcher /nonexistent --probe P00 --policy first-summary --measure 2 --out x self

# This project's own by another way, with a name that a shell would take apart.
mkdir "it's"
"$mitome" authenticator --state state --hid "pty:it's/token" --touch auto >served 2>&1 </dev/null &
serves=$!
while [ ! -e "it's/token" ] && kill -0 $serves 2>/dev/null; do sleep 0.02; done
run 0 --probe P00 --policy first-summary --out by-hid "hid:$work/it's/token" && grep -q simulated out &&
        grep -q '"simulated": true' by-hid/report.json
ok 'it is simulated by whatever way it comes'
grep '"replay": ' by-hid/report.json >replay
sed -n 's/.*"replay": "\(.*\)".*/\1/p' replay | sed 's/\\\\/\\/g' | sed "s|^mitome|'$mitome'|; s|\$| --out by-hid|" >replay.sh
sh replay.sh >out 2>err && grep -q 'the same as is recorded' out
ok 'the replay of its report is a command for a shell'
# With leave: what is done with it is said before, noted before, and asked for again by the replay.
run 0 --destructive --probe P00 --probe P07 --policy first-summary --out harmed "hid:$work/it's/token" &&
        grep -q '^  P07 Other PINs are set' err && ! grep -q '^  P00' err
ok 'what a probe would do with leave is said before'
[ "$(grep -c '"result":"begun"' harmed/journal.jsonl)" -eq 1 ] && grep -q 'evaluate --replay P07 --destructive ' harmed/report.json &&
        grep -q 'evaluate --replay P00 ' harmed/report.json
ok 'it is noted before it is done, and its replay needs leave, too'
run 0 --destructive --lang ja --replay P07 "hid:$work/it's/token" && grep -q '元に戻せない害' err && grep -q '^  P07 別の' err
ok 'a replay says it, too, also in Japanese'
refused 'a replay without leave of what had it' 'E1432' --replay P07 --out harmed "hid:$work/it's/token"
kill $serves
wait $serves

run 0 --render report/report.json --out again && cmp report/report.html again/report.html &&
        cmp report/report.xccdf.xml again/report.xccdf.xml && cmp report/report.oscal.json again/report.oscal.json &&
        cmp report/report.junit.xml again/report.junit.xml && cmp report/report.sarif again/report.sarif
ok 'the forms are drawn again, byte for byte'
cp report/report.json before.json
# shellcheck disable=SC2086
run 0 --resume $two self && grep -c 'from the journal' out | grep -qx 2 && cmp before.json report/report.json
ok 'what was finished is not tried again, and its report is the same'
# shellcheck disable=SC2086
refused 'an evaluation where there is one' 'report/journal.jsonl is of an earlier evaluation: give another folder, or --resume' $two self
[ "$(wc -l <report/journal.jsonl)" -eq 3 ] && cmp before.json report/report.json
ok 'it is left as it was'
run 0 --resume --probe P05 --policy first-summary --at 2026-11-22T10:00:00Z --out report self && grep -q '^\[1/1\] P05 holds (from the journal)' out &&
        grep -q 'probes: 2 holds' out
ok 'who resumes one probe has all of the journal in the report'
# shellcheck disable=SC2086
run 0 --resume $two self && cmp before.json report/report.json
ok 'and the same report as before, asked for as before'
# shellcheck disable=SC2086
refused 'the journal of another target' 'E1432' --resume --policy first-summary --out report self:no-anchor

run 0 --replay P05 --out report self && grep -q 'the same as is recorded' out && grep -q '^ctap > ' out
ok 'a probe tried again comes out the same'
sed -i 's/"result":"holds"/"result":"broken"/' report/journal.jsonl
run 1 --replay P05 --out report self && grep -q 'otherwise than is recorded: broken' out
ok 'one that was recorded otherwise is told'
sed -n '1p; /"id":"P05"/s/"again":false/"again":true/p' report/journal.jsonl | sed 's/"partial":false/"partial":true/g; s/"result":"broken"/"result":"partly"/' >once
mkdir broken-off && cp once broken-off/journal.jsonl
run 0 --replay P05 --out broken-off self && grep -q 'the same as is recorded' out
ok 'a probe that had been broken off is tried again as such'
refused 'a replay against the record of another target' 'E1432' --replay P05 --out report self:no-anchor
refused 'a replay against the record of a run without leave' 'E1432' --replay P05 --destructive --out report self
refused 'a replay of what was never recorded' 'P07 is no probe' --replay P07 --out report self
refused 'a replay against a folder that is none' 'journal.jsonl' --replay P07 --out nowhere self
# shellcheck disable=SC2086
run 1 --resume $two self
ok 'a probe that is broken is an exit status of its own'
run 1 --require nist-800-63b-4:AAL3 --probe P00 --policy nist-800-63b-4 --out levels self && grep -q 'AAL3: not reached' out
ok 'a level that is required and not reached, too'
run 0 --lang ja --probe P05 --policy first-summary --out japanese self && grep -q '防いだ' out
ok 'what is said in Japanese'

run 1 --probe P07 --policy first-summary --out bare self:no-anchor && grep -q '^\[1/1\] P07 broken' out
ok 'an element without an anchor gives tries back, which is found'
run 1 --replay P07 --out bare self:no-anchor && grep -q 'the same as is recorded' out
ok 'what is broken is an exit status of its own, also where it was recorded so'

# Killed in the middle, it goes on.
# shellcheck disable=SC2086
"$mitome" evaluate $matcher --probe P00 --probe P04 --probe P05 --probe P07 --probe P13 --policy first-summary --out killed self >out 2>err </dev/null &
runs=$!
while [ "$(cat killed/journal.jsonl 2>/dev/null | wc -l)" -lt 3 ] && kill -0 $runs 2>/dev/null; do sleep 0.02; done
[ -z "$(find "$work"/mitome-specimen-* -name scp03-keys)" ]
ok 'the keys of a specimen are in no file while it is attacked'
kill -9 $runs 2>/dev/null
wait $runs 2>/dev/null
[ -n "$(find "$work" -maxdepth 1 -name 'mitome-specimen-*')" ]
ok 'who is killed leaves his specimen'
run 0 --resume --probe P00 --probe P04 --probe P05 --probe P07 --probe P13 --policy first-summary --out killed self &&
        [ "$(grep -c 'from the journal' out)" -ge 2 ] && grep -q 'probes: 5 holds' out
ok 'killed in the middle it goes on with what was found'
[ -z "$(find "$work" -maxdepth 1 -name 'mitome-specimen-*')" ]
ok 'the next one takes it away'

# Stopped when nothing was attacked yet: SIGINT is not passed to what runs in the background, SIGTERM is.
# shellcheck disable=SC2086
"$mitome" evaluate $matcher --probe P00 --policy first-summary --out early self >out 2>err </dev/null &
runs=$!
while [ -z "$(find "$work" -maxdepth 1 -name 'mitome-specimen-held-*')" ] && kill -0 $runs 2>/dev/null; do sleep 0.02; done
kill -TERM $runs
wait $runs
[ $? -eq 2 ] && [ -z "$(find "$work" -maxdepth 1 -name 'mitome-specimen-*')" ]
ok 'stopped while the specimen is made it leaves none'

printf '1..%d\n' "$count"
[ "$broken" -eq 0 ]
