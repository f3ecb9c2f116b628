#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# libfido2's own programs, as Debian has them, at the authenticator behind a terminal.
# usage: client_fido2.sh MITOME; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/client.sh"
mitome=$1
needs fido2-token fido2-cred fido2-assert setsid openssl

pin=24680
new_pin=135792468
bad_pin=97531

# b64 TEXT
b64() {
        printf %s "$1" | openssl base64 -A
}

# line NUMBER FILE
line() {
        sed -n "$1p" "$2"
}

cdh=$(printf 'a challenge' | openssl dgst -sha256 -binary | openssl base64 -A)
other_cdh=$(printf 'another challenge' | openssl dgst -sha256 -binary | openssl base64 -A)

# register NAME RP USER TYPE OPTION..: a credential, its parts in $work/NAME.cred
register() {
        name=$1
        printf '%s\n%s\n%s\n%s\n' "$cdh" "$2" "$3" "$(b64 "$3")" >"$work/$name.wish"
        type=$4
        shift 4
        rm -f "$work/$name.cred"
        typing "$pin\n" fido2-cred -M "$@" -i "$work/$name.wish" -o "$work/$name.cred" "$device" "$type"
}

# verify_credential NAME TYPE OPTION..: leaves the key in $work/NAME.key and the id in `id`
verify_credential() {
        name=$1 type=$2
        shift 2
        call fido2-cred -V "$@" -i "$work/$name.cred" "$type"
        sed 1d "$work/out" >"$work/$name.key"
        id=$(line 1 "$work/out")
}

# log_in NAME RP OPTION..: an assertion with the credential's id, in $work/NAME.login
log_in() {
        name=$1
        printf '%s\n%s\n%s\n' "$cdh" "$2" "$(line 5 "$work/$name.cred")" >"$work/$name.ask"
        shift 2
        rm -f "$work/$name.login"
        typing "$pin\n" fido2-assert -G "$@" -i "$work/$name.ask" -o "$work/$name.login" "$device"
}

verify_login() { # verify_login NAME TYPE OPTION..
        name=$1 type=$2
        shift 2
        call fido2-assert -V "$@" -i "$work/$name.login" "$work/$name.key" "$type"
}

# ---- what it is ----

start_authenticator plain pty
# [6.4] [6.4 0x01] [6.4 0x02] [6.4 0x03] [6.4 0x04] [6.4 0x05] [6.4 0x06] [6.4 0x07] [6.4 0x08] [6.4 0x09] [6.4 0x14]
# [11.2.9.1.3] [11.2.4]
call fido2-token -I "$device"
test_that 'fido2-token -I reads it' status 0
test_that 'its versions' said U2F_V2 FIDO_2_0 FIDO_2_1
test_that 'its extensions' said credProtect hmac-secret credBlob largeBlobKey minPinLength
# [6.4 rk] [6.4 plat] [6.4 clientPin] [6.4 credMgmt] [6.8.1] [6.4 largeBlobs] [6.10.1] [6.4 authnrCfg] [6.4 setMinPINLength] [7.4.1] [6.4 pinUvAuthToken]
test_that 'its options' said 'rk' 'noplat' 'noclientPin' 'credMgmt' 'largeBlobs' 'authnrCfg' 'setMinPINLength' 'pinUvAuthToken'
# [6.4 0x0A]
test_that 'its algorithms' said 'es256' 'eddsa'
test_that 'both PIN protocols' said 'pin protocols: 2, 1'
# [6.4 0x0E]
test_that 'that touches come by themselves is told' never_said 'fwversion: 0x1$'

# ---- without a PIN ----

for type in es256 eddsa es384; do
        # [6.1.2 3.1.3] [6.1.2 5.5] [6.1.2 5.7] [6.1.2 10] [6.1.2 14] [6.1.2 16] [6.1.2 19]
        register "free-$type" example.org alice "$type"
        test_that "fido2-cred -M makes a credential with $type" status 0
        verify_credential "free-$type" "$type"
        test_that 'fido2-cred -V verifies its attestation' status 0
        # [6.2.2 4.5] [6.2.2 7] [6.2.2 9] [6.2.2 13]
        log_in "free-$type" example.org -p
        # [6.1.2 18] [6.2.2 11]
        test_that 'fido2-assert -G logs in with it' status 0
        verify_login "free-$type" "$type" -p
        test_that 'fido2-assert -V verifies the login' status 0
done
sed -i "1s|.*|$other_cdh|" "$work/free-es256.login"
verify_login free-es256 es256
test_that 'it does not verify for another challenge' failed
# [6.2.2 7.5] [6.2.2 7.6]
log_in free-es256 example.com -p
# [6.2.2 7.3]
test_that 'nor is there one for another relying party' said FIDO_ERR_NO_CREDENTIALS
# [6.1.2 3.2]
register refused example.org alice rs256
test_that 'RS256 is for the certificate alone' said FIDO_ERR_UNSUPPORTED_ALGORITHM
# [6.1.2 5.3] [6.1.2 5.3.2]
register refused example.org alice es256 -v
test_that 'nobody can be verified yet' failed
# [10.1] [11.2.9.1.1]
call fido2-cred -M -u -i "$work/free-es256.wish" "$device" es256
test_that 'U2F registers, too' status 0
cp "$work/out" "$work/u2f.cred"
verify_credential u2f es256
test_that 'and its attestation verifies' status 0
printf '%s\n%s\n%s\n' "$cdh" example.org "$(line 5 "$work/u2f.cred")" >"$work/u2f.ask"
call fido2-assert -G -u -i "$work/u2f.ask" -o "$work/u2f.login" "$device"
test_that 'U2F authenticates' status 0
verify_login u2f es256 -p
test_that 'and that verifies' status 0

# ---- the PIN ----

# [6.5.5.5 9]
typing "123\n123\n" fido2-token -S "$device"
test_that 'a PIN of three digits is refused' failed
# [6.5.5.4 5] [6.5.5.5 4] [6.5.5.5 5] [6.5.5.5 6] [6.5.5.5 8] [6.5.5.5 12]
typing "$pin\n$pin\n" fido2-token -S "$device"
test_that 'fido2-token -S sets a PIN' status 0
# [6.5.5.5 3]
typing "$pin\n$pin\n" fido2-token -S "$device"
test_that 'only where there is none' failed
# [6.5.5.6 6] [6.5.5.6 7.1] [6.5.5.6 7.1.2] [6.5.5.2]
typing "$bad_pin\n$new_pin\n$new_pin\n" fido2-token -C "$device"
test_that 'a change wants the one that is' said FIDO_ERR_PIN_INVALID
call fido2-token -I "$device"
test_that 'the miss was counted' said 'pin retries: 7'
# [6.5.5.6 5] [6.5.5.6 8] [6.5.5.6 9] [6.5.5.6 17] [6.5.5.6 18]
typing "$pin\n$new_pin\n$new_pin\n" fido2-token -C "$device"
test_that 'fido2-token -C changes it' status 0
call fido2-token -I "$device"
test_that 'and gave the tries back' said 'pin retries: 8'
pin=$new_pin
# [6.1.2 11.1] [6.5.5.7.2 10] [6.5.5.7.2 16] [6.5.5.7.2 17]
register verified example.org bob es256 -v
test_that 'a credential with the PIN' status 0
verify_credential verified es256 -v
test_that 'says so, and verifies' status 0
# [6.2.2 6.1] [6.2.2 9.4]
log_in verified example.org -v
test_that 'a login with the PIN' status 0
verify_login verified es256 -v
test_that 'says so, and verifies' status 0
log_in verified example.org -p
test_that 'a login with a touch' status 0
verify_login verified es256 -v
test_that 'does not pass for one with the PIN' failed
# [6.2.2 9.3]
log_in verified example.org -t up=false
test_that 'a login without a touch' status 0
verify_login verified es256 -p
test_that 'does not pass for one with a touch' failed

# ---- the extensions ----

# [12.1]
for level in 1 2 3; do
        # [12.1 makeCredential]
        register "protect$level" protect.example "user$level" es256 -v -r -c "$level"
        test_that "a credential of protection $level" status 0
        verify_credential "protect$level" es256 -v -c "$level"
        test_that 'says so' status 0
done
log_in protect1 protect.example -p
test_that 'protection 1 logs in by its id and a touch' status 0
log_in protect2 protect.example -p
test_that 'and so does protection 2' status 0
# [6.2.2 7.4]
log_in protect3 protect.example -p
test_that 'protection 3 does not' said FIDO_ERR_NO_CREDENTIALS
log_in protect3 protect.example -v
test_that 'it does with the PIN' status 0
printf '%s\n%s\n' "$cdh" protect.example >"$work/all.ask"
# [6.2.2 7.2] [6.2.2 12.2.1] [6.2.2 12.2.2] [6.2.2 12.3] [6.3 4] [6.3 7] [6.2.2 12] [6.2.2 12.2] [6.3 5] [6.3 8]
typing "$pin\n" fido2-assert -G -r -v -i "$work/all.ask" "$device"
test_that 'all three are found without an id, with the PIN' said "$(b64 user1)" "$(b64 user2)" "$(b64 user3)"
call fido2-assert -G -r -p -i "$work/all.ask" "$device"
test_that 'with a touch only the first' said "$(b64 user1)"
test_that 'and none of the others' never_said "$(b64 user2)" "$(b64 user3)"

# [12.5]
register secret example.org carol es256 -h
test_that 'a credential with hmac-secret' status 0
verify_credential secret es256 -h
test_that 'says so' status 0
salt=$(printf '%032d' 7 | openssl base64 -A)
printf '%s\n%s\n%s\n%s\n' "$cdh" example.org "$id" "$salt" >"$work/secret.ask"
for time in 1 2; do
        call fido2-assert -G -h -i "$work/secret.ask" "$device"
        line 5 "$work/out" >"$work/secret$time"
done
# [12.5 getAssertion]
test_that 'gives a secret for a salt, the same each time' cmp -s "$work/secret1" "$work/secret2"
test_that 'of 32 bytes' [ "$(openssl base64 -d -A -in "$work/secret1" | wc -c)" = 32 ]
typing "$pin\n" fido2-assert -G -h -v -i "$work/secret.ask" "$device"
line 5 "$work/out" >"$work/secret3"
different() {
        ! cmp -s "$@"
}
# [12.5 getAssertion]
test_that 'and another one to a verified user' different "$work/secret1" "$work/secret3"

# ---- resident keys ----

# [6.1.2 5.4] [6.1.2 17] [6.1.2 17.1]
register resident1 resident.example dora eddsa -r -v
register resident2 resident.example emil es256 -r -v
test_that 'two resident keys' status 0
# [6.8.2]
typing "$pin\n" fido2-token -I -c "$device"
test_that 'fido2-token -I -c counts them with the three' said 'existing rk(s): 5'
# [6.8.3]
typing "$pin\n" fido2-token -L -r "$device"
test_that 'fido2-token -L -r lists both relying parties' said protect.example resident.example
# [6.8.4]
typing "$pin\n" fido2-token -L -k resident.example "$device"
test_that 'fido2-token -L -k lists the two of one' said "$(line 5 "$work/resident1.cred")" "$(line 5 "$work/resident2.cred")"
test_that 'and nothing of the other' never_said "$(line 5 "$work/protect1.cred")"
typing "$pin\n" fido2-token -I -k resident.example -i "$(line 5 "$work/resident1.cred")" "$device"
test_that 'fido2-token -I -k shows the key of one' said 'BEGIN PUBLIC KEY'
# [6.8.6]
typing "$pin\n" fido2-token -S -c -i "$(line 5 "$work/resident1.cred")" -k "$(b64 dora)" -n doris -p 'Doris D.' "$device"
test_that 'fido2-token -S -c renames its user' status 0
typing "$pin\n" fido2-token -L -k resident.example "$device"
test_that 'who is then called so' said 'Doris D.'
# [6.8.5]
typing "$pin\n" fido2-token -D -i "$(line 5 "$work/resident1.cred")" "$device"
test_that 'fido2-token -D -i deletes it' status 0
log_in resident1 resident.example -v
test_that 'it logs in no more' said FIDO_ERR_NO_CREDENTIALS
typing "$bad_pin\n" fido2-token -L -r "$device"
test_that 'nothing is listed for another PIN' said FIDO_ERR_PIN_INVALID

# ---- large blobs ----

# [12.3 makeCredential]
register blob blob.example frida es256 -r -v -b
test_that 'a credential with a key for a large blob' status 0
line 8 "$work/blob.cred" >"$work/blob.key64"
test_that 'of 32 bytes' [ "$(openssl base64 -d -A -in "$work/blob.key64" | wc -c)" = 32 ]
# [12.3 getAssertion]
log_in blob blob.example -b -v
test_that 'a login tells the same' grep -qxF -e "$(cat "$work/blob.key64")" "$work/blob.login"
printf 'what somebody keeps with a credential' >"$work/blob"
# [6.10] [6.10.2 5.2] [6.10.2 5.5] [6.10.2 5.5.4] [6.10.2 5.5.5] [6.10.2 5.10] [6.10.2 5.10.2]
typing "$pin\n" fido2-token -S -b -k "$work/blob.key64" "$work/blob" "$device"
test_that 'fido2-token -S -b writes a blob' status 0
typing "$pin\n" fido2-token -L -b "$device"
test_that 'fido2-token -L -b lists it' status 0
# [6.10.2 4.5]
call fido2-token -G -b -k "$work/blob.key64" "$work/blob.read" "$device"
test_that 'fido2-token -G -b reads it' cmp -s "$work/blob" "$work/blob.read"
head -c 900 /dev/urandom >"$work/blob"
# [6.10.2 5.8] [6.10.2 5.9] [6.10.2 5.11]
typing "$pin\n" fido2-token -S -b -n blob.example "$work/blob" "$device"
rm -f "$work/blob.read"
typing "$pin\n" fido2-token -G -b -n blob.example "$work/blob.read" "$device"
test_that 'another in its place, found by the relying party' cmp -s "$work/blob" "$work/blob.read"
head -c 100000 /dev/urandom >"$work/too_large"
typing "$pin\n" fido2-token -S -b -k "$work/blob.key64" "$work/too_large" "$device"
test_that 'one that is too large is refused' failed

# ---- the configuration ----

# [6.11 2] [6.11.1]
typing "$pin\n" fido2-token -S -a "$device"
test_that 'enterprise attestation is not the user'"'"'s to switch on' failed
# [6.11 3.4] [6.11 4] [6.11.2] [7.2]
typing "$pin\n" fido2-token -S -u "$device"
test_that 'fido2-token -S -u demands verification always' status 0
call fido2-token -I "$device"
test_that 'it says so, and U2F is off' said ' alwaysUv'
test_that 'with its version' never_said U2F_V2
printf '%s\n%s\n%s\n' "$cdh" example.org "$(line 5 "$work/free-es256.cred")" >"$work/always.ask"
# [6.2.2 5]
call fido2-assert -G -p -i "$work/always.ask" "$device"
# [6.2.2 5.5]
test_that 'a touch alone logs in no more' failed
# [7.2.4]
call fido2-assert -G -u -i "$work/u2f.ask" "$device"
test_that 'nor does U2F' failed
typing "$pin\n" fido2-token -D -u "$device"
test_that 'fido2-token -D -u takes it back' status 0
call fido2-assert -G -p -i "$work/always.ask" "$device"
test_that 'and a touch does again' status 0
# [6.11.4]
typing "$pin\n" fido2-token -S -l 9 "$device"
test_that 'fido2-token -S -l makes PINs longer' status 0
call fido2-token -I "$device"
# [6.4 0x0D]
test_that 'it says so' said 'minpinlen: 9'
# [6.5.5.6 12]
typing "$pin\n12345678\n12345678\n" fido2-token -C "$device"
test_that 'a shorter one is refused' failed
typing "$pin\n" fido2-token -S -l 8 "$device"
# [6.11.4 newMinPINLength]
test_that 'and never is it made shorter' failed
# [7.4] [6.11.4 minPinLengthRPIDs]
typing "$pin\n" fido2-token -S -m example.org "$device"
test_that 'fido2-token -S -m names who may learn that' status 0
# [6.11.4 forceChangePin] [6.4 0x0C]
typing "$pin\n" fido2-token -S -f "$device"
test_that 'fido2-token -S -f forces a change' status 0
call fido2-token -I "$device"
test_that 'it says so' said 'pin change required: true'
# [6.5.5.7.2 11]
log_in verified example.org -v
test_that 'until then the PIN opens nothing' failed
# [6.5.5.6 13]
typing "$pin\n$pin\n$pin\n" fido2-token -C "$device"
test_that 'the same PIN is no change' failed
# [6.5.5.6 16]
typing "$pin\n246813579\n246813579\n" fido2-token -C "$device"
test_that 'another one is' status 0
pin=246813579
log_in verified example.org -v
test_that 'and opens' status 0

# ---- a stop in between ----

stop_authenticator
start_authenticator plain pty
log_in verified example.org -v
test_that 'it knows its credentials and its PIN after a start' status 0
verify_login verified es256 -v
test_that 'the login verifies' status 0
call fido2-token -G -b -k "$work/blob.key64" "$work/blob.again" "$device"
test_that 'and its large blobs' cmp -s "$work/blob" "$work/blob.again"

# ---- misses ----

# three in a row block until a power cycle, eight for good
# [6.5.5.7.2 8] [6.5.5.7.2 9.1] [6.5.5.7.2 9.1.1] [6.5.5.7.2 9.1.2]
for miss in 1 2; do
        typing "$bad_pin\n" fido2-token -L -r "$device"
        test_that "miss $miss" said FIDO_ERR_PIN_INVALID
done
typing "$bad_pin\n" fido2-token -L -r "$device"
test_that 'the third asks for a power cycle' said FIDO_ERR_PIN_AUTH_BLOCKED
typing "$pin\n" fido2-token -L -r "$device"
test_that 'until then the right one is not looked at' said FIDO_ERR_PIN_AUTH_BLOCKED
call fido2-token -I "$device"
test_that 'and costs nothing' said 'pin retries: 5'
# [6.5.5.7.2 5]
for round in 4 7; do
        stop_authenticator
        start_authenticator plain pty
        for miss in 0 1 2; do
                [ $((round + miss)) -gt 8 ] || typing "$bad_pin\n" fido2-token -L -r "$device"
        done
done
# [6.5.2.2]
test_that 'the eighth locks' said FIDO_ERR_PIN_BLOCKED
stop_authenticator
start_authenticator plain pty
typing "$pin\n" fido2-token -L -r "$device"
test_that 'for good' said FIDO_ERR_PIN_BLOCKED

# ---- reset ----

# [6.6]
call fido2-token -R "$device"
test_that 'fido2-token -R resets it right after a start' status 0
call fido2-token -I "$device"
test_that 'no PIN is left' said 'noclientPin'
test_that 'and no longer one' said 'minpinlen: 4'
call fido2-assert -G -p -i "$work/always.ask" "$device"
test_that 'nor a credential' said FIDO_ERR_NO_CREDENTIALS
call fido2-token -G -b -k "$work/blob.key64" "$work/blob.none" "$device"
# [6.6 largeBlobs]
test_that 'nor a blob' failed
sleep 11
call fido2-token -R "$device"
# [6.6 window]
test_that 'ten seconds later it is too late for that' failed
stop_authenticator

# ---- fingers ----

has_fingers() {
        call fido2-token -I "$device"
        grep -q bioEnroll "$work/out"
}
start_authenticator fingers pty
if has_fingers; then
        pin=24680
        # [6.7.1] [6.4 uv] [6.4 bioEnroll]
        test_that 'before the first finger it verifies nobody' said 'nouv' 'nobioEnroll'
        typing "$pin\n$pin\n" fido2-token -S "$device"
        # [6.7.4 4] [6.7.4 5] [6.7.4 8] [6.7.4 9]
        typing "$pin\n" fido2-token -S -e "$device"
        test_that 'fido2-token -S -e enrols a finger' status 0
        # [6.7.4 remainingSamples] [6.7.4 lastEnrollSampleStatus]
        test_that 'by several samples' said 'Sample ok' 'samples left'
        # [6.7.6]
        typing "$pin\n" fido2-token -L -e "$device"
        test_that 'fido2-token -L -e lists it' said '00: '
        finger=$(sed -n 's/^00: \([^ ]*\).*/\1/p' "$work/out")
        call fido2-token -I "$device"
        # [6.7.3] [6.4 0x12] [6.5.5.3]
        test_that 'it says what it has' said ' uv,' ' bioEnroll' 'uv modality: 0x2' 'uv retries: ' 'max samples:'
        # [6.7.7]
        typing "$pin\n" fido2-token -S -e -i "$finger" -n 'right index' "$device"
        test_that 'fido2-token -S -e -i names it' status 0
        typing "$pin\n" fido2-token -L -e "$device"
        test_that 'and the name is listed' said "$finger right index"
        typing "$bad_pin\n" fido2-token -L -e "$device"
        test_that 'not for another PIN' said FIDO_ERR_PIN_INVALID
        printf '%s\n%s\n%s\n%s\n' "$cdh" finger.example gina "$(b64 gina)" >"$work/finger.wish"
        # [6.1.2 11.2] [6.5.5.7.3 9] [6.5.5.7.3 13] [6.5.5.7.3 16]
        call fido2-cred -M -v -i "$work/finger.wish" -o "$work/finger.cred" "$device" es256
        test_that 'a credential by the finger, and nobody asks for a PIN' status 0
        verify_credential finger es256 -v
        test_that 'says that the user was verified' status 0
        printf '%s\n%s\n%s\n' "$cdh" finger.example "$(line 5 "$work/finger.cred")" >"$work/finger.ask"
        # [6.2.2 6.2]
        call fido2-assert -G -t uv=true -i "$work/finger.ask" -o "$work/finger.login" "$device"
        # [6.2.2 6] [6.2.2 6.2.2] [6.2.2 6.2.4]
        test_that 'a login by the finger' status 0
        verify_login finger es256 -v
        test_that 'says so, too' status 0
        # Another finger than the enrolled one: five tries, then the PIN.
        stop_authenticator
        start_authenticator fingers pty --finger grown:2
        rm -f "$work/finger.login"
        # [6.5.5.7.3 10.3] [6.2.2 6.2.3]
        call fido2-assert -G -t uv=true -i "$work/finger.ask" -o "$work/finger.login" "$device"
        # [6.2.2 6.2.3.2]
        test_that 'another finger logs in nobody' failed
        call fido2-token -I "$device"
        # [6.5.3.1]
        test_that 'and costs tries' never_said 'uv retries: 5'
        for try in 1 2 3 4 5 6; do
                call fido2-assert -G -t uv=true -i "$work/finger.ask" "$device"
        done
        call fido2-token -I "$device"
        # [6.5.5.7.3 7] [6.5.5.7.3 10.2]
        test_that 'until there are none' said 'uv retries: 0'
        log_in finger finger.example -v
        test_that 'the PIN still logs in' status 0
        call fido2-token -I "$device"
        # [6.5.2.2]
        test_that 'and gives the finger its tries back' said 'uv retries: 5'
        stop_authenticator
        start_authenticator fingers pty
        call fido2-assert -G -t uv=true -i "$work/finger.ask" -o "$work/finger.login" "$device"
        test_that 'so that the right finger logs in again' status 0
        # [6.7.8]
        typing "$pin\n" fido2-token -D -e -i "$finger" "$device"
        test_that 'fido2-token -D -e -i removes it' status 0
        call fido2-token -I "$device"
        test_that 'and nothing verifies any more' said 'nouv' 'nobioEnroll'
        call fido2-assert -G -t uv=true -i "$work/finger.ask" "$device"
        # [6.2.2 4.3] [6.2.2 4.3.2]
        test_that 'not even that finger' failed
        typing "$pin\n" fido2-token -L -e "$device"
        # [6.7.6 none]
        test_that 'nor is one listed' said FIDO_ERR_INVALID_OPTION
        typing "$pin\n" fido2-token -S -e "$device"
        # [6.7.4 remainingSamples]
        test_that 'it is enrolled again' status 0
        typing "$pin\n" fido2-token -L -e "$device"
        again=$(sed -n 's/^00: \([^ ]*\).*/\1/p' "$work/out")
        test_that 'and listed' [ -n "$again" ]
        test_that 'under another number' [ "$again" != "$finger" ]
        typing "$pin\n" fido2-token -D -e -i "$finger" "$device"
        # [6.7.8 unknown]
        test_that 'the former one removes nothing' failed
        rm -f "$work/finger.login"
        call fido2-assert -G -t uv=true -i "$work/finger.ask" -o "$work/finger.login" "$device"
        test_that 'and it logs in where it was registered' status 0
        verify_login finger es256 -v
        test_that 'verified' status 0
else
        skip 'fingers' 'this build has no matcher'
fi
stop_authenticator

# ---- a person's authenticator ----

start_authenticator person pty --provision-demo
pin=1234
call fido2-token -I "$device"
test_that 'personalised: three tries' said 'pin retries: 3' ' clientPin'
typing "$pin\n12345\n12345\n" fido2-token -C "$device"
test_that 'its PIN has four digits' said FIDO_ERR_PIN_POLICY_VIOLATION
# [6.5.5.6 14]
typing "$pin\nabcd\nabcd\n" fido2-token -C "$device"
test_that 'and nothing else' said FIDO_ERR_PIN_POLICY_VIOLATION
# [2.2 6.11.4 pinComplexityPolicy]
typing "$pin\n" fido2-token -S -l 6 "$device"
test_that 'nor may it be made longer' said FIDO_ERR_PIN_POLICY_VIOLATION
typing "$pin\n5678\n5678\n" fido2-token -C "$device"
test_that 'but changed' status 0
pin=5678
register person person.example hana es256 -v
test_that 'it registers' status 0
verify_credential person es256 -v
test_that 'and says so' status 0
for miss in 1 2; do
        typing "9999\n1357\n1357\n" fido2-token -C "$device"
        test_that "miss $miss" said FIDO_ERR_PIN_INVALID
done
typing "9999\n1357\n1357\n" fido2-token -C "$device"
# [6.5.5.6 3]
test_that 'the third locks' said FIDO_ERR_PIN_BLOCKED
typing "$pin\n1357\n1357\n" fido2-token -C "$device"
test_that 'for good' said FIDO_ERR_PIN_BLOCKED
rm -f "$work/person.login"
printf '%s\n%s\n%s\n' "$cdh" person.example "$(line 5 "$work/person.cred")" >"$work/person.ask"
call fido2-assert -G -t uv=true -i "$work/person.ask" -o "$work/person.login" "$device"
test_that 'and its finger, too' failed
test_that 'no PIN ever stood in its log' log_is_clean 24680 "$new_pin" "$bad_pin" 246813579 5678
stop_authenticator
finish
