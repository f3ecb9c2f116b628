#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OpenSC, OpenSSL and scriptor at the element, through pcscd: what a person with a My Number Card would run.
# usage: card_opensc.sh MITOME phone|card; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/reader.sh"
needs opensc-tool pkcs15-tool pkcs11-tool scriptor openssl
module=$(first_file /usr/lib/*/opensc-pkcs11.so)
[ -n "$module" ] || skip_all 'there is no opensc-pkcs11.so here'
inside "$here/card_opensc.sh" "$@"
mitome=$1 personality=$2

token() { # token ARGUMENT..: pkcs11-tool at the module
        call pkcs11-tool --module "$module" "$@"
}

tries_left() { # tries_left PIN PASSWORD: what pkcs15-tool shows
        call pkcs15-tool -D
        [ "$(sed -n 's/.*Tries left *: //p' "$work/out" | tr '\n' ' ')" = "$1 $2 " ]
}

ok() {
        [ "$got" = 0 ]
}

refused() {
        [ "$got" != 0 ]
}

# verified CERTIFICATE SIGNATURE: by OpenSSL alone, with the certificate that the card gave.
verified() {
        openssl x509 -in "$1" -noout -pubkey >"$work/key.pem" 2>>"$work/err" &&
                openssl dgst -sha256 -verify "$work/key.pem" -signature "$2" "$work/data" >>"$work/out" 2>>"$work/err"
}

jpki='00 A4 04 0C 0A D3 92 F0 00 26 01 00 00 00 01'
echo 'invented text to be signed' >"$work/data"
start_reader
start_element "$work/state" --provision-demo --personality "$personality"

# ---- recognition ----

call opensc-tool -n
test_that 'opensc-tool recognises a JPKI card' said jpki
call opensc-tool --serial
test_that 'opensc-tool finds no serial number, as on a My Number Card' said 'SC_CARDCTL_GET_SERIALNR, *) failed'
call opensc-tool --send-apdu 00A4040C0AD392F000260100000001
test_that 'opensc-tool sends an APDU' said 'SW1=0x90, SW2=0x00'
call pkcs15-tool -D
test_that 'pkcs15-tool lists PINs, keys and certificates' said 'PKCS#15 Card [JPKI]' 'User Authentication PIN' 'Digital Signature PIN' \
        'User Authentication Key' 'Digital Signature Key' 'User Authentication Certificate CA' 'Digital Signature Certificate CA'
test_that 'pkcs15-tool shows 3 and 5 tries' tries_left 3 5

# ---- certificates ----

call pkcs15-tool --read-certificate 3
cp "$work/out" "$work/user-ca.pem"
call pkcs15-tool --read-certificate 4
cp "$work/out" "$work/signing-ca.pem"
call pkcs15-tool --auth-id 1 --verify-pin --pin 1234 --read-certificate 1
grep -v '^Using' "$work/out" >"$work/user.pem" || true
call pkcs15-tool --auth-id 2 --verify-pin --pin PASSWORD1 --read-certificate 2
grep -v '^Using' "$work/out" >"$work/signing.pem" || true
call openssl verify -CAfile "$work/user-ca.pem" "$work/user.pem"
test_that 'the user-verification certificate is its CA'\''s' said ': OK'
call openssl verify -CAfile "$work/signing-ca.pem" "$work/signing.pem"
test_that 'the signing certificate is its CA'\''s' said ': OK'
call pkcs15-tool --read-certificate 1
case $personality in
phone) test_that 'a phone does not show the user-verification certificate without the PIN' refused ;;
card) test_that 'a card shows the user-verification certificate to anybody' cmp -s "$work/out" "$work/user.pem" ;;
esac
call pkcs15-tool --read-certificate 2
test_that 'the signing certificate is not read without the password' refused

# ---- PKCS#11 ----

token -L
test_that 'pkcs11-tool lists two slots with their tokens' said 'User Authentication PIN' 'Digital Signature PIN' 'token initialized'
token -O --slot 0 --login --pin 1234
test_that 'pkcs11-tool lists the key' said 'Private Key Object; RSA' 'Usage:      sign' 'never extractable'
if [ "$personality" = card ]; then
        test_that 'and its certificate' said 'Certificate Object; type = X.509 cert' 'Public Key Object; RSA 2048 bits'
fi
token --slot 0 --login --pin 1234 --sign --mechanism SHA256-RSA-PKCS --id 01 -i "$work/data" -o "$work/user.sig"
test_that 'the user-verification key signs after its PIN' verified "$work/user.pem" "$work/user.sig"
token --slot 1 --login --pin PASSWORD1 --sign --mechanism SHA256-RSA-PKCS --id 02 -i "$work/data" -o "$work/signing.sig"
test_that 'the signing key signs after its password' verified "$work/signing.pem" "$work/signing.sig"
call cmp "$work/user.sig" "$work/signing.sig"
test_that 'the two are different keys' refused
for mechanism in RSA-PKCS SHA1-RSA-PKCS SHA384-RSA-PKCS SHA512-RSA-PKCS; do
        openssl dgst -sha256 -binary "$work/data" >"$work/digest"
        token --slot 0 --login --pin 1234 --sign --mechanism "$mechanism" --id 01 -i "$work/digest" -o "$work/other.sig"
        test_that "the user-verification key signs with $mechanism" ok
done
rm -f "$work/none.sig"
token --slot 0 --sign --mechanism SHA256-RSA-PKCS --id 01 -i "$work/data" -o "$work/none.sig"
test_that 'nothing is signed without a PIN' [ ! -s "$work/none.sig" ]
for slot in '0 1234' '1 PASSWORD1'; do
        token --slot "${slot% *}" --login --pin "${slot#* }" --test
        test_that "pkcs11-tool --test finds no error, slot ${slot% *}" said 'Signatures' 'No errors'
done

# 44 ms an APDU, where acknowledgements are delayed, would make this 3 s and more.
began=$(date +%s%N)
token --slot 0 --login --pin 1234 --sign --mechanism SHA256-RSA-PKCS --id 01 -i "$work/data" -o "$work/user.sig"
took=$((($(date +%s%N) - began) / 1000000))
echo "# a session of pkcs11-tool with one signature: $took ms"
test_that 'a signing session waits for no delayed acknowledgement' [ "$took" -lt 1500 ]

# ---- OpenSSL ----

# The engine wants the public key of a certificate that it reads before it has a PIN: a card's certificate of user
# verification, and no other.
if [ "$personality" = card ] && [ -n "$(first_file /usr/lib/*/engines-3/libpkcs11.so)" ]; then
        key='pkcs11:token=JPKI%20%28User%20Authentication%20PIN%29;id=%01;type=private'
        url="$key;pin-value=1234"
        call openssl dgst -engine pkcs11 -keyform engine -sha256 -sign "$url" -out "$work/engine.sig" "$work/data"
        test_that 'openssl dgst signs through the engine' verified "$work/user.pem" "$work/engine.sig"
        call openssl cms -sign -engine pkcs11 -keyform engine -inkey "$url" -signer "$work/user.pem" -in "$work/data" -binary \
                -md sha256 -outform DER -nodetach -out "$work/signed.der"
        test_that 'openssl cms signs through the engine' ok
        call openssl cms -verify -inform DER -in "$work/signed.der" -CAfile "$work/user-ca.pem" -purpose any -binary -out "$work/content"
        test_that 'openssl cms verifies it, up to the CA of the card' said 'successful'
        call cmp "$work/data" "$work/content"
        test_that 'what was signed is what is in it' ok
        call openssl dgst -engine pkcs11 -keyform engine -sha256 -sign "$key;pin-value=0000" \
                -out "$work/wrong.sig" "$work/data"
        test_that 'openssl does not sign with a wrong PIN' [ ! -s "$work/wrong.sig" ]
        call pkcs15-tool --auth-id 1 --verify-pin --pin 1234
elif [ "$personality" = card ]; then
        skip 'openssl dgst and cms through the engine' 'there is no libengine-pkcs11-openssl here'
fi

# ---- wrong PINs ----

token --slot 0 --login --pin 9999 --sign --mechanism SHA256-RSA-PKCS --id 01 -i "$work/data" -o "$work/none.sig"
test_that 'a wrong PIN is told as one' said CKR_PIN_INCORRECT
test_that 'a wrong PIN costs a try' tries_left 2 5
call pkcs15-tool --auth-id 2 --verify-pin --pin WRONGPASS1
test_that 'a wrong password costs a try of its own' tries_left 2 4
call pkcs15-tool --auth-id 1 --verify-pin --pin 1234
call pkcs15-tool --auth-id 2 --verify-pin --pin password1
test_that 'the right ones give them back, and letters have no case' tries_left 3 5

# ---- raw APDUs ----

apdus 'scriptor: files, tries, reading' <<END
$jpki = 9000
00 A4 02 0C 02 00 18 = 9000
00 20 00 80 = 63C3
00 A4 02 0C 02 00 1B = 9000
00 20 00 80 = 63C5
00 A4 02 0C 02 00 0B = 9000
00 B0 00 00 04 = 9000 3082
00 B0 00 00 00 = 9000 3082
00 B0 7F FF 01 = 6B00
00 A4 02 0C 02 00 01 = 9000
00 B0 00 00 00 = 6982
00 A4 02 0C 02 12 34 = 6A82
00 A4 04 0C 07 A0 00 00 00 03 00 00 = 6A82
00 84 00 00 08 = 9000
00 FE 00 00 = 6D00
E0 A4 00 00 = 6881
END

apdus 'scriptor: CHANGE REFERENCE DATA asks for the old PIN in the same selection' <<END
$jpki = 9000
00 A4 02 0C 02 00 18 = 9000
00 24 01 80 04 35 36 37 38 = 6982
00 20 00 80 04 31 32 33 34 = 9000
$jpki = 9000
00 A4 02 0C 02 00 18 = 9000
00 24 01 80 04 35 36 37 38 = 6982
00 20 00 80 04 31 32 33 34 = 9000
00 24 01 80 04 35 36 37 38 = 9000
00 20 00 80 = 63C3
END
token --slot 0 --login --pin 1234 --sign --mechanism SHA256-RSA-PKCS --id 01 -i "$work/data" -o "$work/none.sig"
test_that 'the old PIN is wrong then' said CKR_PIN_INCORRECT
token --slot 0 --login --pin 5678 --sign --mechanism SHA256-RSA-PKCS --id 01 -i "$work/data" -o "$work/user.sig"
test_that 'the new PIN opens the key' verified "$work/user.pem" "$work/user.sig"

apdus 'scriptor: SIGN with each key, and nothing without its PIN' <<END
$jpki = 9000
00 A4 02 0C 02 00 17 = 9000
80 2A 00 80 04 01 02 03 04 00 = 6982
00 A4 02 0C 02 00 18 = 9000
00 20 00 80 04 35 36 37 38 = 9000
00 A4 02 0C 02 00 17 = 9000
80 2A 00 80 04 01 02 03 04 00 = 9000
80 2A 00 9A 04 01 02 03 04 00 = 6982
00 A4 02 0C 02 00 1A = 9000
80 2A 00 80 04 01 02 03 04 00 = 6982
END

# ---- locked ----

apdus 'scriptor: three wrong PINs lock, and locked is locked' <<END
$jpki = 9000
00 A4 02 0C 02 00 18 = 9000
00 20 00 80 04 39 39 39 39 = 63C2
00 20 00 80 04 39 39 39 39 = 63C1
00 20 00 80 04 39 39 39 39 = 63C0
00 20 00 80 04 35 36 37 38 = 6984
00 20 00 80 = 63C0
END
test_that 'pkcs15-tool still binds, and shows no tries' tries_left 0 5
token --slot 0 --login --pin 5678 --sign --mechanism SHA256-RSA-PKCS --id 01 -i "$work/data" -o "$work/none.sig"
test_that 'the right PIN is refused when it is locked' said 'C_Login failed'
test_that 'and nothing is signed' [ ! -s "$work/none.sig" ]
token --slot 1 --login --pin PASSWORD1 --sign --mechanism SHA256-RSA-PKCS --id 02 -i "$work/data" -o "$work/signing.sig"
test_that 'the signing key is not locked with it' verified "$work/signing.pem" "$work/signing.sig"

# ---- the reader goes, the element goes ----

stop_reader
start_reader
await_card
test_that 'the element comes back into a new reader' grep -q 'out of the reader' "$work/element.log"
stop_element
test_that 'a signal ends the element cleanly' [ "$element_status" = 0 ]
test_that 'the reader is empty then' card_is_gone
start_element "$work/state"
test_that 'what is locked stays so over a power cycle' tries_left 0 5

finish
