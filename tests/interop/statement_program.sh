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
# The certificates are of today, and so is the report.
today=$(date -u +%Y-%m-%d) over=$(date -u -d '+90 days' +%Y-%m-%d)
sed "s/\"at\": \"2026-11-22T10:00:00Z\"/\"at\": \"${today}T00:00:00Z\"/" "$sample" >report.json

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
        if [ "$got" = "$wanted" ] && { [ -z "$words" ] || cat out err | grep -qF -e "$words"; }; then
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
        "$mitome" statement verify --accept-simulation "$@"
}
aaguid=00112233445566778899aabbccddeeff

test_program 'an evaluator signs' 0 '' sign evaluator evaluator.statement
test_program 'another signs with Ed25519' 0 '' sign other other.statement
test_program 'it is believed' 0 '"build": "element 1.2"' verify --evaluator evaluator.pem --aaguid $aaguid --report report.json evaluator.statement
test_program 'it says what was found' 0 '"name": "pin.tries"' verify --evaluator evaluator.pem evaluator.statement
test_program 'it says that the element is simulated' 0 '"simulated": true' verify --evaluator evaluator.pem evaluator.statement
test_program 'so is the other, by who believes him' 0 '"expires": "'"$over"'T00:00:00Z"' verify --evaluator other.pem other.statement
test_program 'of two that are believed either may sign' 0 "$aaguid" verify --evaluator other.pem --evaluator evaluator.pem evaluator.statement
test_program 'it is not believed of another' 1 E1438 verify --evaluator other.pem evaluator.statement
test_program 'nor of another model' 1 E1440 verify --evaluator evaluator.pem --aaguid 11112233445566778899aabbccddeeff evaluator.statement
test_program 'nor when its time is over' 1 E1439 "$mitome" statement verify --accept-simulation --at "${over}T00:00:00Z" --evaluator evaluator.pem evaluator.statement
test_program 'nor of another policy' 1 payload.policies verify --evaluator evaluator.pem --policy nist-800-63b-4 evaluator.statement
test_program 'what is no policy is none to hold it against' 2 '' verify --evaluator evaluator.pem --policy report.json evaluator.statement
test_program 'nor is a name of none' 2 E806 verify --evaluator evaluator.pem --policy nothing evaluator.statement
test_program 'nor of a simulation, where nobody accepts that' 1 E1440 "$mitome" statement verify --evaluator evaluator.pem evaluator.statement
test_program '.. and it says what would' 1 '--accept-simulation' "$mitome" statement verify --evaluator evaluator.pem evaluator.statement
test_program '.. as does mitome verify' 0 '--accept-simulation' "$mitome" verify --level nist-800-63b-4 --evaluation evaluator.statement --evaluator evaluator.pem /dev/null
sed "s/${today}T00:00:00Z/${today}T00:00:01Z/" report.json >changed.json
test_program 'nor of a changed report' 1 E1440 verify --evaluator evaluator.pem --report changed.json evaluator.statement
printf x | cat evaluator.statement - >longer.statement
test_program 'nor with a byte behind it' 1 E113 verify --evaluator evaluator.pem longer.statement
test_program 'nor what is none' 1 E112 verify --evaluator evaluator.pem report.json

# The evaluator's CA takes his certificate back: a list says so to both programs.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -subj /CN=root -days 3650 -out root.pem 2>err
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out hired.key 2>err
openssl req -new -key hired.key -subj /CN=hired -out hired.csr 2>err
printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n' >leaf.ext
openssl x509 -req -in hired.csr -CA root.pem -CAkey root.key -set_serial 7 -days 3650 -extfile leaf.ext -out hired.pem 2>err
test_program 'one whom a CA certified signs' 0 '' sign hired hired.statement
test_program 'and is believed by his CA' 0 '"build": "element 1.2"' "$mitome" statement verify --accept-simulation --evaluator root.pem hired.statement
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=3650\n' >ca.cnf
printf 'R\t360101000000Z\t250101000000Z\t07\tunknown\t/CN=hired\n' >index.txt
echo 01 >crlnumber
openssl ca -config ca.cnf -gencrl -keyfile root.key -cert root.pem -out root.crl 2>err
test_program 'and no more when he was revoked' 1 E1005 verify --evaluator root.pem --crl root.crl hired.statement
printf 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' >leaf.ext
cp hired.key server.key
openssl x509 -req -in hired.csr -CA root.pem -CAkey root.key -set_serial 8 -days 3650 -extfile leaf.ext -out server.pem 2>err

# ---- what the evaluator gets wrong ----

test_program 'a server certifies no authenticator' 2 E1056 sign server no.statement
test_program 'what stands there is not written over' 2 'exists already' sign evaluator report.json
count=$((count + 1))
if ! grep -qF "${today}T00:00:00Z" report.json || [ "$(stat -c %a evaluator.statement)" != 600 ]; then
        broken=$((broken + 1))
        printf 'not '
fi
echo "ok $count - nor is it changed, and the mask of who signs holds"
ln -s elsewhere no.statement
test_program 'nor is anything made behind a link' 2 E807 sign evaluator no.statement
rm no.statement

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
if [ -e no.statement ] || [ -e elsewhere ]; then
        broken=$((broken + 1))
        printf 'not '
fi
echo "ok $count - what was refused left no file"
test_program 'without an evaluator nobody is believed' 2 Usage "$mitome" statement verify evaluator.statement
test_program 'it tells how it is used' 0 'mitome statement sign' "$mitome" statement --help
test_program 'another word is none of its' 2 Usage "$mitome" statement seal

echo "1..$count"
[ "$broken" -eq 0 ]
