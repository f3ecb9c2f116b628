#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What openssl says of the phones' certificates in the story of the life cycle, which has been played: of each that was
# registered with the portal the answer that the portal had then, and what the authority publishes of it now.
# usage: story_witness.sh BUILD-ROOT STORY-FOLDER; prints TAP.
set -eu
build=$(realpath "$1") story=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/interop/tap.sh
. "$here/tap.sh"
needs openssl
work=$(mktemp -d)
service=
leave() {
        [ -z "$service" ] || { kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; }
        rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM
cd "$work"
: >out
: >err

# The authority goes on where the story left it.
"$build/examples/authority/jlis/authority" --folder "$story/authority" --directory "$story/directory.json" \
        --device-ca "$story/device-ca.cer" >listens 2>err &
service=$!
is_there() { grep -q 'http://' listens; }
test_that 'the authority goes on' await is_there
url=$(grep -o 'http://[^ ]*' listens)
get() { "$build/examples/fetch" --plain-http "$url$1" "$2"; }
get /ca/user-verification.cer ca.cer
openssl x509 -inform DER -in ca.cer -out ca.pem
get /crl/user-verification.crl list.crl
openssl crl -inform DER -in list.crl -out list.pem
call openssl crl -in list.pem -CAfile ca.pem -noout
test_that 'its list verifies' said 'verify OK'

# state ANSWER: of the certificate, in an answer of openssl ocsp
state() { sed -n 's/^leaf\.pem: \([a-z]*\)$/\1/p' out; }

phones=0 revoked=0
for leaf in "$story"/ocsp-*-certificate.cer; do
        beside=${leaf%-certificate.cer}
        openssl x509 -inform DER -in "$leaf" -out leaf.pem
        at=$(openssl x509 -in leaf.pem -noout -startdate | cut -d = -f 2)
        phones=$((phones + 1))
        call openssl verify -x509_strict -CAfile ca.pem leaf.pem
        test_that "phone $phones: openssl verify finds the path, of $at" said 'leaf.pem: OK'
        call openssl ocsp -reqin "$beside-request.der" -respin "$beside-response.der" -CAfile ca.pem -issuer ca.pem
        test_that "phone $phones: the answer that the portal had verifies" said 'Response verify OK'
        call openssl ocsp -sha256 -no_nonce -issuer ca.pem -cert leaf.pem -respin "$beside-response.der" -CAfile ca.pem
        test_that "phone $phones: and said of this certificate that it was good" [ "$(state)" = good ]
        call openssl ocsp -sha256 -issuer ca.pem -cert leaf.pem -CAfile ca.pem -url "$url/ocsp"
        test_that "phone $phones: the responder answers for it" said 'Response verify OK'
        now=$(state)
        call openssl verify -x509_strict -CAfile ca.pem -crl_check -extended_crl -CRLfile list.pem leaf.pem
        if [ "$now" = revoked ]; then
                revoked=$((revoked + 1))
                test_that "phone $phones: it is revoked by now, and openssl verify finds it on the list" said 'certificate revoked'
        else
                test_that "phone $phones: it is good, and on no list" said 'leaf.pem: OK'
        fi
done
test_that 'there were phones, some of which have been lost or handed on' [ "$phones" -gt 2 ]
test_that 'whose certificates are revoked' [ "$revoked" -gt 0 ]
finish
