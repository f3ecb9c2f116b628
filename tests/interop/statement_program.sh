#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome statement`: openssl makes the evaluator's key and certificate, he signs a report, and a relying party believes
# that, and nothing else. Prints TAP.
# usage: statement_program.sh MITOME SAMPLE-REPORT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
mitome=$(realpath "$1") sample=$(realpath "$2")
needs openssl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077
cp "$sample" report.json

# evaluator NAME ALGORITHM..: key and certificate, good for years.
evaluator() {
        name=$1
        shift
        openssl genpkey "$@" -out "$name.key" 2>err
        openssl req -x509 -new -key "$name.key" -subj "/CN=$name" -days 3650 -addext basicConstraints=critical,CA:FALSE \
                -out "$name.pem" 2>err
}
evaluator evaluator -algorithm EC -pkeyopt ec_paramgen_curve:P-256
evaluator other -algorithm ED25519

# test NAME EXIT WORDS COMMAND..: it exits so, and says the words.
test_program() {
        name=$1 wanted=$2 words=$3
        shift 3
        count=$((count + 1)) got=0
        "$@" >out 2>err || got=$?
        if [ "$got" = "$wanted" ] && { [ -z "$words" ] || cat out err | grep -qF "$words"; }; then
                echo "ok $count - $name"
        else
                broken=$((broken + 1))
                echo "# exit $got"
                cat out err | head -n 20 | sed 's/^/# /'
                echo "not ok $count - $name"
        fi
}
sign() {
        "$mitome" statement sign --key "$1.key" --certificate "$1.pem" --build 'element 1.2' --days 90 --out "$2" report.json
}
verify() {
        "$mitome" statement verify --at 2026-12-01T00:00:00Z "$@"
}
aaguid=00112233445566778899aabbccddeeff

test_program 'an evaluator signs' 0 '' sign evaluator evaluator.statement
test_program 'another signs with Ed25519' 0 '' sign other other.statement
test_program 'it is believed' 0 '"build": "element 1.2"' verify --evaluator evaluator.pem --aaguid $aaguid --report report.json evaluator.statement
test_program 'it says what was found' 0 '"name": "pin.tries"' verify --evaluator evaluator.pem evaluator.statement
test_program 'it says that the element is simulated' 0 '"simulated": true' verify --evaluator evaluator.pem evaluator.statement
test_program 'so is the other, by who believes him' 0 '"expires": "2027-02-20T10:00:00Z"' verify --evaluator other.pem other.statement
test_program 'of two that are believed either may sign' 0 "$aaguid" verify --evaluator other.pem --evaluator evaluator.pem evaluator.statement
test_program 'it is not believed of another' 1 E1438 verify --evaluator other.pem evaluator.statement
test_program 'nor of another model' 1 E1440 verify --evaluator evaluator.pem --aaguid 11112233445566778899aabbccddeeff evaluator.statement
test_program 'nor when its time is over' 1 E1439 "$mitome" statement verify --at 2027-02-20T10:00:00Z --evaluator evaluator.pem evaluator.statement
test_program 'nor of another policy' 1 E1440 verify --evaluator evaluator.pem --policy report.json evaluator.statement
test_program 'nor of a simulation, where that is refused' 1 E1440 verify --evaluator evaluator.pem --no-simulation evaluator.statement
sed 's/"at": "2026-11-22/"at": "2026-11-23/' report.json >changed.json
test_program 'nor of a changed report' 1 E1440 verify --evaluator evaluator.pem --report changed.json evaluator.statement
printf x | cat evaluator.statement - >longer.statement
test_program 'nor with a byte behind it' 1 E113 verify --evaluator evaluator.pem longer.statement
test_program 'nor what is none' 1 E112 verify --evaluator evaluator.pem report.json

# ---- what the evaluator gets wrong ----

chmod 644 evaluator.key
test_program 'a key that others can read is not used' 2 E808 sign evaluator no.statement
chmod 600 evaluator.key
cp other.pem mixed.pem
cp evaluator.key mixed.key
test_program 'a key of another certificate is refused' 2 E1080 sign mixed no.statement
openssl req -x509 -new -key evaluator.key -subj /CN=ca -days 10 -out ca.pem 2>err
cp evaluator.key ca.key
test_program 'a CA does not sign' 2 E1056 sign ca no.statement
openssl pkcs8 -topk8 -in evaluator.key -passout pass:secret -out locked.key 2>err
cp evaluator.pem locked.pem
test_program 'an encrypted key is refused' 2 E117 sign locked no.statement
test_program 'a folder is no key' 2 E806 "$mitome" statement sign --key . --certificate evaluator.pem --build b --days 9 --out no.statement report.json
test_program 'no days are too few' 2 Usage "$mitome" statement sign --key evaluator.key --certificate evaluator.pem --build b --days 0 --out no.statement report.json
test_program 'four years are too many' 2 E117 "$mitome" statement sign --key evaluator.key --certificate evaluator.pem --build b --days 1461 --out no.statement report.json
test_program 'what is no report is not signed' 2 E1433 "$mitome" statement sign --key evaluator.key --certificate evaluator.pem --build b --days 9 --out no.statement evaluator.pem
count=$((count + 1))
if [ -e no.statement ] || [ -e no.statement.new ]; then
        broken=$((broken + 1))
        printf 'not '
fi
echo "ok $count - what was refused left no file"
test_program 'without an evaluator nobody is believed' 2 Usage "$mitome" statement verify evaluator.statement
test_program 'it tells how it is used' 0 'mitome statement sign' "$mitome" statement --help
test_program 'another word is none of its' 2 Usage "$mitome" statement seal

echo "1..$count"
[ "$broken" -eq 0 ]
