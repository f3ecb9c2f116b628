#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `mitome card` at a My Number Card, at a phone's element and at nothing, through pcscd.
# usage: card_mitome.sh MITOME PCSC-TEST; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/reader.sh"
needs opensc-tool openssl python3 scriptor pkcs15-tool
inside "$here/card_mitome.sh" "$@"
mitome=$1 pcsc_test=$2

card() { # card ARGUMENT..
        call "$mitome" card "$@"
}

status() { # status NUMBER TEXT..: how the last call ended, and what it said
        wanted=$1
        shift
        [ "$got" = "$wanted" ] || {
                echo "exit status $got in place of $wanted" >>"$work/err"
                return 1
        }
        said "$@"
}

json() { # json EXPRESSION: true of the object `card` that was printed
        python3 -c 'import json, sys; card = json.load(open(sys.argv[1])); sys.exit(not eval("(" + sys.argv[2] + ")"))' "$work/out" "$1" 2>>"$work/err"
}

# sign PASSWORD ARGUMENT..: the password comes by a descriptor of its own
sign() {
        password=$1
        shift
        got=0
        printf '%s\n' "$password" >"$work/password"
        timeout 60 "$mitome" card sign-application --password-fd 7 "$@" >"$work/out" 2>"$work/err" </dev/null 7<"$work/password" || got=$?
}

# ---- no service, no reader, no card ----

card
if grep -q E814 "$work/err"; then
        skip_all 'mitome was built without PC/SC'
fi
test_that 'no service is told as such' status 2 E815
start_reader
readers_are_there() {
        "$mitome" card --list 2>/dev/null | grep -q 'Virtual PCD 00 00'
}
test_that '--list names the readers' await readers_are_there
card --list
test_that '--list tells that they are empty' status 0 'empty    Virtual PCD 00 00' 'empty    Virtual PCD 00 01'
card
test_that 'no card is told as such' status 2 E817
card --reader 'Virtual PCD 00 01'
test_that 'no card in the reader that was named' status 2 E817
card --reader 'None of that name'
test_that 'a reader that is not there is told as such' status 2 E816

# ---- what may be said together ----

for wrong in '--frobnicate' 'frobnicate' '--list --json' '--nonce abc' 'sign-application' 'sign-application --nonce a --in b' \
        'sign-application --in b --kind both' 'sign-application --nonce a --password-fd x' 'sign-application --nonce a --password-fd -1' \
        'sign-application --nonce a --password-fd 99999' 'sign-application --nonce a --json' 'sign-application more --nonce a' \
        'sign-application --nonce a --device X' 'sign-application --nonce a --purpose issue' 'sign-application --in b --device X --purpose issue' '--device X'; do
        # shellcheck disable=SC2086 # words
        card $wrong
        test_that "refused: $wrong" status 2 'usage: mitome card'
done

# ---- a My Number Card ----

start_element "$work/card" --provision-demo --personality card
card --list
test_that '--list tells which holds a card' status 0 'card     Virtual PCD 00 00'
card
test_that 'it says what it is, in words' status 0 'a My Number Card' 'JPKIAPICCTOKEN2' '3 tries left' '5 tries left' 'valid by its dates' \
        'not shown without the signing password' 'an authenticator         no' '8f8f00'
card --json --reader 'Virtual PCD 00 00'
test_that 'and in JSON' json 'card["kind"] == "my-number-card" and card["token_label"] == "JPKIAPICCTOKEN2" and card["authenticator"] is False
        and card["applets"] == {"jpki": True, "mitome_fido": False, "fido": False, "issuer_security_domain": True}
        and card["pin_tries_left"] == 3 and card["password_tries_left"] == 5 and card["availability"] == "8F8F00"
        and card["certificates"]["user_verification"]["readable"] and card["certificates"]["signing"]["status_word"] == "6982"
        and card["certificates"]["signing_ca"]["validity"] == "valid by its dates" and card["atr"] == "3BE000FF8131FE4514"'

sign PASSWORD1 --nonce Nonce-of_7 --out "$work/application.der"
test_that 'the card signs an application' status 0
call pkcs15-tool --read-certificate 4
cp "$work/out" "$work/signing-ca.pem"
call openssl cms -verify -inform DER -in "$work/application.der" -CAfile "$work/signing-ca.pem" -purpose any -out "$work/application.json"
test_that 'openssl verifies it, up to the CA of the card' status 0 successful
cp "$work/application.json" "$work/out"
test_that 'it says what is applied for' json 'card["application"] == "phone-certificate" and card["version"] == 1 and card["nonce"] == "Nonce-of_7"
        and card["kinds"] == ["user-verification", "signing"] and len(card["applied_at"]) == 20'
call openssl cms -cmsout -print -noout -inform DER -in "$work/application.der"
test_that 'time and certificate are signed, too' said 'signingTime' 'messageDigest' 'signingCertificateV2'
# One byte of the content, of the signed attributes, of the signature.
python3 - "$work/application.der" "$work/broken" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
for name, at in ("content", data.index(b"phone-certificate")), ("attributes", data.rindex(bytes.fromhex("2a864886f70d010904")) + 15), ("signature", len(data) - 9):
    broken = bytearray(data)
    broken[at] ^= 1
    open(sys.argv[2] + "." + name, "wb").write(broken)
END
for part in content attributes signature; do
        call openssl cms -verify -inform DER -in "$work/broken.$part" -CAfile "$work/signing-ca.pem" -purpose any -out /dev/null
        test_that "one bit of its $part changed, and it does not verify" never_said successful
done
for kind in user-verification signing; do
        sign password1 --nonce x --kind "$kind" --out "$work/one.der"
        call openssl cms -verify -inform DER -in "$work/one.der" -CAfile "$work/signing-ca.pem" -purpose any
        test_that "an application for $kind alone; the password has no case" said "\"kinds\": [\"$kind\"]"
done
sign PASSWORD1 --nonce x --kind signing --device 'MT-1 0001' --purpose renew --out "$work/phone.der"
call openssl cms -verify -inform DER -in "$work/phone.der" -CAfile "$work/signing-ca.pem" -purpose any
test_that 'an application names its phone and what it is for' said '{"application": "renew", "version": 1, "kinds": ["signing"], "device": "MT-1 0001", "applied_at": '
sign PASSWORD1 --nonce x --device 'MT"1' --purpose renew --out "$work/quote.der"
test_that 'a quote in an identity is refused' status 2 '--device'
sign PASSWORD1 --nonce x --device 'MT-1' --purpose steal --out "$work/steal.der"
test_that 'and so is a purpose that there is not' status 2 '--purpose'
head -c 65536 /dev/urandom >"$work/large"
sign PASSWORD1 --in "$work/large" --out "$work/large.der"
call openssl cms -verify -inform DER -in "$work/large.der" -CAfile "$work/signing-ca.pem" -purpose any -binary -out "$work/large.out"
test_that 'an application of 64 KiB, as somebody else wrote it' cmp -s "$work/large" "$work/large.out"
sign PASSWORD1 --in "$work/application.json"
cp "$work/out" "$work/stdout.der"
call openssl cms -verify -inform DER -in "$work/stdout.der" -CAfile "$work/signing-ca.pem" -purpose any
test_that 'without --out it goes to standard output' status 0 successful

# ---- the terminal ----

# at_terminal TEXT ARGUMENT..: runs mitome with a terminal of its own and types the text at its prompt; what the
# terminal shows goes to $work/out.
at_terminal() {
        got=0
        timeout 60 python3 - "$@" >"$work/out" 2>"$work/err" <<'END' || got=$?
import os, pty, sys
process, terminal = pty.fork()
if process == 0:
    os.execv(sys.argv[2], sys.argv[2:])
shown, typed = b"", False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not typed and b"left): " in shown:
        os.write(terminal, sys.argv[1].encode() + b"\n")
        typed = True
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
END
}
at_terminal PASSWORD1 "$mitome" card sign-application --nonce a --out "$work/typed.der"
test_that 'the password is asked for, with the tries that are left' status 0 '5 tries left'
test_that 'and is not shown' never_said PASSWORD1
call openssl cms -verify -inform DER -in "$work/typed.der" -CAfile "$work/signing-ca.pem" -purpose any
test_that 'what was signed with it verifies' status 0 successful
at_terminal WRONGPASS2 "$mitome" card sign-application --nonce a --out "$work/typed.der"
test_that 'a wrong one is told, and not shown either' status 1 E821 '4 tries are left'
test_that 'not even that' never_said WRONGPASS2
at_terminal PASSWORD1 "$mitome" card sign-application --nonce a --out "$work/typed.der"
test_that 'and once more' status 0 '4 tries left'
got=0
setsid "$mitome" card sign-application --nonce a >"$work/out" 2>"$work/err" </dev/null || got=$?
test_that 'without a terminal nobody is asked' status 2 E806

# ---- refusals ----

printf x >>"$work/large"
sign PASSWORD1 --in "$work/large"
test_that 'one byte more is too much' status 2 E1
: >"$work/empty"
sign PASSWORD1 --in "$work/empty"
test_that 'nothing is no application' status 2 E1
sign PASSWORD1 --in "$work/missing"
test_that 'nor is a file that is not there' status 2 E806
for nonce in '' 'a b' '"' "$(head -c 129 /dev/zero | tr '\0' a)"; do
        sign PASSWORD1 --nonce "$nonce"
        test_that "refused as a nonce: '$(printf %.9s "$nonce")'" status 2 E1
done
sign PASSWORD1 --nonce a --kind everything
test_that 'refused as a kind: everything' status 2 E1
sign PASSWORD1 --nonce a --out "$work/no/such/folder"
test_that 'an output that cannot be written' status 2 E807
for password in '' short PASSWORDS 12345678 'PASS WORD1' PASSWORD123456789 'PÄSSWORD1'; do
        sign "$password" --nonce a
        test_that "no password can be '$password'" status 1 E823
done
call pkcs15-tool -D
test_that 'none of these has cost a try' said 'Tries left     : 5'
rm -f "$work/none.der"
for left in 4 3 2; do
        sign WRONGPASS1 --nonce a --out "$work/none.der"
        test_that "a wrong password leaves $left tries" status 1 E821 "$left tries are left"
done
sign WRONGPASS1 --nonce a
test_that 'a wrong password leaves 1 try' status 1 E821 '1 try is left'
sign PASSWORD1 --nonce a --out "$work/again.der"
test_that 'the right one gives them back' status 0
for i in 1 2 3 4; do
        sign WRONGPASS1 --nonce a
done
sign WRONGPASS1 --nonce a
test_that 'the last wrong one locks' status 1 E822
sign PASSWORD1 --nonce a --out "$work/none.der"
test_that 'and locked it is, for the right one, too' status 1 E822
test_that 'nothing was written' [ ! -e "$work/none.der" ]
card
test_that 'it says so' status 0 'signing password         LOCKED' 'user-verification PIN    3 tries left'
card --json
test_that 'and in JSON, a lock is no tries' json 'card["password_tries_left"] == 0'

# ---- a plain card is not an authenticator, an element in a reader is one ----

call "$pcsc_test" card
test_that 'no authenticator comes of a plain card' status 0 'PASSED'
stop_element
start_element "$work/phone" --provision-demo --personality phone
card
test_that 'a phone is told from a card' status 0 'Android phone' 'JPKIAPGPSETOKEN' 'an authenticator         yes' 'not shown without the user-verification PIN'
sign PASSWORD1 --nonce a
test_that 'a phone does not sign the application for a phone certificate' status 1 E820
call "$pcsc_test" phone
test_that 'an element in a reader is an authenticator' status 0 'PASSED'
cat "$work/out" "$work/err" | sed 's/^/# /'

stop_element
finish
