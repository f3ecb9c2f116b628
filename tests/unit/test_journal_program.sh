#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome journal` as a person meets it: verdicts, exit statuses, the time line, who let it happen.
# usage: test_journal_program.sh MITOME WRITE-JOURNALS; prints TAP.
set -eu
export LC_ALL=C
mitome=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/few" "$work/many"
"$2" "$work/few"
"$2" "$work/many" 50000
cd "$work/few"

count=0
broken=0

# answers NAME STATUS ERE ARGUMENT..: the exit status, and a line of the output (- none is looked for).
answers() {
        name=$1 status=$2 line=$3
        shift 3
        got=0
        timeout 100 "$mitome" journal "$@" >"$work/out" 2>&1 </dev/null || got=$?
        count=$((count + 1))
        if [ "$got" = "$status" ] && { [ "$line" = - ] || grep -Eq -- "$line" "$work/out"; }; then
                echo "ok $count - $name"
        else
                broken=$((broken + 1))
                echo "not ok $count - $name"
                { echo "exit status $got"; head -40 "$work/out"; } | sed 's/^/#   /'
        fi
}

both='sp-tsm.journal authority.journal'
keys='--directory directory.json'
# Words of two lists are meant to be split.
# shellcheck disable=SC2086
{
answers 'sound journals verify' 0 '^5 entries: sound$' verify $keys $both
answers 'each party is named with its head' 0 '^authority +1 entries, signed, head [0-9a-f]{64}$' verify $keys $both
answers 'without keys nothing is called verified' 1 'anybody may have written them' verify $both
answers 'one journal alone is sound, and says whose is missing' 0 \
        'note: the journal of authority was not given; sp-tsm saw its entry 1 \(in entry 3\)' verify $keys sp-tsm.journal
answers 'a journal that was cut is found' 1 'entry 1 of a party is not believed' verify $keys sp-tsm.journal cut.journal
answers 'an empty journal that may be the one somebody saw is not sound' 1 'NOT SOUND' \
        verify $keys sp-tsm.journal empty.journal
answers 'an empty journal of whoever decided nothing is noted' 0 '^empty.journal: note: there is no entry in it$' \
        verify $keys $both empty.journal
answers 'of nothing but an empty journal nothing is shown' 1 '^0 entries: nothing is shown$' \
        verify $keys empty.journal
answers 'nor is it in JSON' 1 '^\{"verdict":\{"sound":false,"signatures_checked":true,"entries":0\}\}$' \
        verify --json $keys empty.journal
answers 'a rewritten journal is found, and who saw it' 1 \
        'entry 1 is not the one that sp-tsm saw \(in entry 3\)' verify $keys sp-tsm.journal rewritten.journal
answers 'a forged journal is found' 1 'E404' verify $keys sp-tsm.journal forged.journal
answers 'two journals of one party are found' 1 'authority has two journals: entry 1' \
        verify $keys $both rewritten.journal
answers 'findings are JSON as well' 1 '^\{"finding":\{"code":1218,"fault":true,.*"seen_by":"sp-tsm","seen_at":3' \
        verify --json $keys sp-tsm.journal rewritten.journal
answers 'the verdict is JSON as well' 0 '^\{"verdict":\{"sound":true,"signatures_checked":true,"entries":5\}\}$' \
        verify --json $keys $both

answers 'the time line has all entries' 0 \
        '^2025-11-20T14:00:00Z  authority 1: issue-certificate done, serial:0a1b; on letter 014c0000, application 07410000; saw sp-tsm 2$' \
        show $keys $both
awk '/ [0-9]+: /{ print $2, $3 }' "$work/out" >"$work/line"
count=$((count + 1))
if [ "$(tr '\n' ' ' <"$work/line")" = 'sp-tsm 1: sp-tsm 2: authority 1: sp-tsm 3: sp-tsm 4: ' ]; then
        echo "ok $count - a clock that is a day behind does not break the order"
else
        broken=$((broken + 1))
        echo "not ok $count - a clock that is a day behind does not break the order"
        sed 's/^/#   /' "$work/line"
fi
answers 'of a certificate, who decided is said' 0 '^decided by authority 1: issue-certificate done, serial:0a1b$' \
        show $keys --subject serial:0a1b $both
answers 'and who asked' 0 '^      asked by sp-tsm 2: ask-issue asked' show $keys --subject serial:0a1b $both
answers 'and on what' 0 '^      and sp-tsm 1: take-application done, order:01$' show $keys --subject serial:0a1b $both
answers 'what has to do with it is marked' 0 '^\* 2025-11-20T14:00:00Z  authority 1' show $keys --subject serial:0a1b $both
answers 'several subjects are one time line' 0 '^\* .* sp-tsm 4: personalise' \
        show $keys --subject serial:0a1b --subject 'device:MTM 1' $both
answers 'a decision without evidence is called that' 0 '^    on no evidence$' show $keys --subject 'device:MTM 1' $both
answers 'a subject is taken as it stands there, too' 0 '^    on no evidence$' show $keys --subject 'device:MTM%201' $both
answers 'the time line is JSON as well' 0 \
        '"evidence":\[\{"kind":"letter","sha256":"014c[0-9a-f]{60}","also":\[\{"party":"sp-tsm","number":2\},\{"party":"sp-tsm","number":3\}\]' \
        show --json $keys --subject serial:0a1b $both
answers 'a time line of an unsound journal says so' 1 'NOT SOUND' show $keys sp-tsm.journal rewritten.journal
answers 'a subject that is nowhere has no line' 0 - show $keys --subject serial:ffff $both

answers 'a file that is not there' 2 '^mitome journal: E806 nowhere.journal' verify $keys nowhere.journal
answers 'a directory that is none' 2 'mitome journal: ' verify --directory sp-tsm.journal $both
answers 'a subject is of the time line only' 2 'Usage' verify --subject serial:0a1b $both
answers 'no file' 2 'Usage' verify
answers 'no such word' 2 'Usage' judge $both
answers 'help' 0 'Usage' --help
cd "$work/many"
start=$(date +%s)
answers 'a hundred thousand entries are shown' 0 '^100000 entries: sound$' show $keys $both
took=$(($(date +%s) - start))
echo "# in $took s"
# Each letter there has the digest of hundreds.
answers 'what too many entries name joins nothing' 0 '^\* .* authority 50000: ' show $keys --subject serial:0a1b $both
count=$((count + 1))
if grep -q '^  20' "$work/out"; then
        broken=$((broken + 1))
        echo "not ok $count - and nothing else is in the line"
else
        echo "ok $count - and nothing else is in the line"
fi
}
echo "1..$count"
exit $((broken > 0))
