#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The authority, a municipality and a call centre as programs, and openssl as the witness of what is published:
# `openssl verify` with the lists in full and of a municipality, `openssl crl`, `openssl ocsp` over HTTP.
# usage: authority_pages.sh AUTHORITY MUNICIPALITY CALL-CENTRE FETCH; prints TAP.
set -eu
authority=$(realpath "$1") municipality=$(realpath "$2") call_centre=$(realpath "$3") fetch=$(realpath "$4")
command -v openssl >/dev/null || { echo '1..0 # SKIP no openssl'; exit 0; }
work=$(mktemp -d)
service=
finish() {
        [ -z "$service" ] || { kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; }
        rm -rf "$work"
}
trap finish EXIT

count=0 broken=0
# try WHAT COMMAND.. : it succeeds. deny WHAT COMMAND.. : it fails.
tell() {
        count=$((count + 1))
        [ "$1" = ok ] || { broken=$((broken + 1)); sed 's/^/# /' "$work/log"; }
        printf '%s %d - %s\n' "$1" "$count" "$2"
}
try() {
        what=$1
        shift
        if "$@" >"$work/log" 2>&1; then tell ok "$what"; else tell 'not ok' "$what"; fi
}
deny() {
        what=$1
        shift
        if "$@" >"$work/log" 2>&1; then tell 'not ok' "$what"; else tell ok "$what"; fi
}
# hears WORD COMMAND.. : it succeeds and says the word.
hears() {
        word=$1
        shift
        "$@" >"$work/said" 2>&1 && cat "$work/said" && grep -q -- "$word" "$work/said"
}

# ---- who is who ----

cd "$work"
for party in authority municipality call-centre; do
        case $party in
        authority) program=$authority ;;
        municipality) program=$municipality ;;
        *) program=$call_centre ;;
        esac
        "$program" --folder "$party" --identity >"$party.json"
done
write_directory() {
        { printf '{"parties": [\n'; cat authority.json; printf ',\n'; cat municipality.json; printf ',\n'; cat call-centre.json; printf ']}\n'; } >directory.json
}
write_directory
"$authority" --folder authority --directory directory.json >listens 2>service.log &
service=$!
for _ in $(seq 100); do
        grep -q 'http://' listens && break
        sleep 0.1
done
url=$(grep -o 'http://[^ ]*' listens)
[ -n "$url" ]
sed -i "s|}[[:space:]]*\$|, \"url\": \"$url\"}|" authority.json
grep -q '"url"' authority.json
# an entry that says already where it listens says so once
sed -i 's|"url": "", ||; s|, "url": ""||' authority.json
write_directory

at_municipality() { "$municipality" --folder municipality --directory directory.json "$@"; }
at_call_centre() { "$call_centre" --folder call-centre --directory directory.json "$@"; }

# ---- a card ----

person=$(at_municipality register '見本 花子' '東京都見本区見本町一丁目1番1号' Tokyo-to Mihon-ku 2 1990-04-01 130001 | grep -oE '[0-9a-f]{32}' | head -n 1)
# make_keys FOLDER: a card's, which have never been certified
make_keys() {
        mkdir "$1"
        for kind in signing user-verification; do
                openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1/$kind.key" 2>/dev/null
                openssl pkey -in "$1/$kind.key" -pubout -out "$1/$kind.pem"
        done
}
make_keys card
make_keys elsewhere
ends=$(($(date +%Y) + 4))-01-01
try 'a card is issued' at_municipality card "$person" "$ends" card
other=$(at_municipality register '見本 太郎' '大阪府見本市見本町2番' Osaka-fu Mihon-shi 1 1985-12-24 270001 | grep -oE '[0-9a-f]{32}' | head -n 1)
try 'and one in another municipality' at_municipality card "$other" "$ends" elsewhere
get() { "$fetch" --plain-http "$url$1" "$2"; }
for kind in signing user-verification; do
        openssl x509 -inform DER -in card/$kind.cer -out $kind.leaf
        get /ca/$kind.cer $kind.cer
        openssl x509 -inform DER -in $kind.cer -out $kind.ca
        cmp $kind.cer card/$kind-ca.cer
        openssl x509 -in $kind.leaf -noout -serial | sed 's/serial=//' | tr 'A-F' 'a-f' >$kind.serial
done

# ---- lists ----

fetch_list() {
        get "/crl/$1" list.der && openssl crl -inform DER -in list.der -out list.pem
}
verify() { openssl verify -x509_strict -CAfile "$1.ca" -crl_check -extended_crl -CRLfile list.pem "$1.leaf"; }
for kind in signing user-verification; do
        fetch_list $kind.crl
        try "openssl crl verifies the list of $kind" hears 'verify OK' openssl crl -in list.pem -CAfile $kind.ca -noout
        try "openssl verify takes the card's certificate: $kind" verify $kind
done
fetch_list signing/Tokyo-to/Mihon-ku.crl
try 'openssl verify takes the list of her municipality' verify signing
fetch_list signing/Osaka-fu/Mihon-shi.crl
deny 'openssl verify takes no other for it' verify signing
deny 'there is no list of a place that is none' get '/crl/signing/nowhere.crl' none
deny 'nor of one where nobody has a certificate' get '/crl/signing/Mihon-ken/Mihon-mura.crl' none

# ---- answers ----

ask() { openssl ocsp -issuer "$1.ca" -cert "$1.leaf" -CAfile "$1.ca" -url "$url/ocsp"; }
says() { hears "$1.leaf: $2" ask "$1" && grep -q 'Response verify OK' "$work/said" && ! grep -q WARNING "$work/said"; }
for kind in signing user-verification; do
        try "openssl ocsp hears that it is good: $kind" says $kind good
done
at_call_centre hold user-verification "$(cat user-verification.serial)" >/dev/null
try 'a hold by telephone is heard at once' says user-verification revoked
try 'and as a hold' hears certificateHold ask user-verification
at_municipality release user-verification "$(cat user-verification.serial)" >/dev/null
try 'its release as well' says user-verification good
begin=$(date +%s%N)
at_municipality revoke user-verification "$(cat user-verification.serial)" >/dev/null
try 'a revocation is heard at once' says user-verification revoked
took=$((($(date +%s%N) - begin) / 1000000))
printf '# from the clerk'"'"'s command to the answer: %d ms\n' "$took"
try 'within two seconds' test "$took" -lt 2000
try 'the signing certificate is another one, and good' says signing good

# ---- it goes on where it was ----

kill "$service"
wait "$service" 2>/dev/null || true
"$authority" --folder authority --directory directory.json --listen "${url#http://}" >listens 2>service.log &
service=$!
for _ in $(seq 100); do
        grep -q 'http://' listens && break
        sleep 0.1
done
try 'started anew it has the same CAs and forgets no revocation' says user-verification revoked
fetch_list user-verification.crl
deny 'nor is it missing on the new list' verify user-verification
try 'which openssl verify believes' hears 'certificate revoked' sh -c '"$@" || true' - openssl verify -CAfile user-verification.ca -crl_check -CRLfile list.pem user-verification.leaf

printf '1..%d\n' "$count"
[ "$broken" -eq 0 ]
