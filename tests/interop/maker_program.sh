#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The maker's program and the SEI-TSM's, as processes: a phone is made, and its keys arrive where they belong.
# usage: maker_program.sh MITOME MAKER SEI-TSM; prints TAP.
set -eu
export LC_ALL=C
mitome=$1 maker=$2 sei_tsm=$3
work=$(mktemp -d)
pids=
end() {
        for pid in $pids; do kill "$pid" 2>/dev/null || true; done
        for pid in $pids; do wait "$pid" 2>/dev/null || true; done
        rm -rf "$work"
}
trap end EXIT

count=0
broken=0
test_that() { # test_that NAME COMMAND..
        name=$1
        shift
        count=$((count + 1))
        if "$@"; then
                echo "ok $count - $name"
        else
                broken=$((broken + 1))
                echo "not ok $count - $name"
                cat "$work"/*.out "$work"/*.err 2>/dev/null | head -40 | sed 's/^/#   /'
        fi
}

await() { # await COMMAND..: until it is so, half a minute at most
        for _ in $(seq 150); do
                "$@" && return 0
                sleep 0.2
        done
        return 1
}

address() { # address NAME: where a program says that it listens
        sed -n 's/.* listens on //p' "$work/$1.out"
}
listens() { [ -n "$(address "$1")" ]; }

# say URL KIND IDENTITY: {1: identity}, of fewer than 24 characters, as a phone says it; the answer in hex and the status
say() {
        # shellcheck disable=SC2059 # the format is made here
        printf "\\241\\001\\$(printf '%o' $((96 + ${#3})))$3" |
                curl -s -m 10 -o "$work/answer" -w '%{http_code} ' --data-binary @- "$1/phone/$2"
        od -An -tx1 "$work/answer" | tr -d ' \n'
}

for _ in 1 2 3; do head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n'; echo; done >"$work/keys"
chmod 600 "$work/keys"
"$mitome" element --state "$work/element" --create --scp03-keys "$work/keys" >"$work/create.out" 2>&1
"$mitome" element --state "$work/element" --unix "$work/element.sock" >"$work/element.out" 2>&1 &
pids="$pids $!"

maker_is=$("$maker" --folder "$work/maker" --identity) sei_is=$("$sei_tsm" --folder "$work/sei" --identity)
directory() { # directory URL-OF-SEI-TSM
        printf '{"parties": [%s, %s]}\n' "$maker_is" "$(echo "$sei_is" | sed "s|}|, \"url\": \"$1\"}|")"
}
directory '' >"$work/first.json"
"$sei_tsm" --folder "$work/sei" --directory "$work/first.json" >"$work/sei.out" 2>"$work/sei.err" &
pids="$pids $!"
test_that 'the SEI-TSM listens' await listens sei
sei=$(address sei)
directory "$sei" >"$work/directory.json"
# The SEI-TSM tells nobody which phones it knows; its journal, which it gives out while it runs, does.
known() { "$sei_tsm" --folder "$work/sei" --journal "$work/sei.journal" 2>>"$work/sei.err" && grep -aq 'device:MT-1-0009' "$work/sei.journal"; }
unknown() { ! known && [ -e "$work/sei.journal" ]; }
test_that 'it knows no phone yet' unknown
silent() { say "$sei" open MT-1-0009 | grep -q '^404 '; }
test_that 'and nobody can ask it for one' silent

"$maker" --folder "$work/maker" --directory "$work/directory.json" --make MT-1-0009 --element "$work/element.sock" \
        --element-keys "$work/keys" --platform "$(printf 'its own software' | sha256sum | cut -d ' ' -f 1)" \
        >"$work/maker.out" 2>"$work/maker.err" &
pids="$pids $!"
test_that 'the maker listens' await listens maker
at=$(address maker)
test_that 'it makes the phone' await grep -q 'maker made the phone MT-1-0009' "$work/maker.out"
test_that 'whose keys arrive at the SEI-TSM' await known
begins() { say "$at" begin-reset MT-1-0009 | grep -q '^200 a20150'; }
test_that 'and which can begin to set itself back' begins
stranger() { say "$at" begin-reset XX-1 | grep -q '^200 a20150'; }
test_that 'and whoever names another phone hears the same' stranger
ca() { curl -s -m 10 "$at/device-ca" | openssl x509 -inform DER -noout -subject 2>>"$work/maker.err" | grep -q 'CN = Device CA 1'; }
test_that 'the CA of its phones is a certificate' ca
attestation() { curl -s -m 10 "$at/attestation-ca" | openssl x509 -inform DER -noout -subject 2>>"$work/maker.err" | grep -q 'CN = Attestation CA 1'; }
test_that 'and so is the one of the passkeys they make' attestation
modes() { [ "$(stat -c %a "$work/sei/vault.key" "$work/sei/party.key" "$work/sei/party.db" "$work/maker/party.db" | sort -u)" = 600 ]; }
test_that 'nobody else reads what they keep' modes
for wrong in '--make MT-1-0010' '--make A/B --element x --element-keys y' '--make MT-1 --element x --element-keys y --platform zz' \
        '--make MT-1 --element x --element-keys y'; do
        refused() {
                # shellcheck disable=SC2086 # words
                ! timeout 10 "$maker" --folder "$work/other" --directory "$work/directory.json" $wrong >"$work/wrong.out" 2>&1 &&
                        grep -q -e '--make' -e '--element' -e '--platform' "$work/wrong.out"
        }
        test_that "refused: $wrong" refused
done
echo "1..$count"
[ "$broken" -eq 0 ]
