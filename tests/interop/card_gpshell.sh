#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# GPShell, a management station that nobody here wrote, at the element's card manager: lists, deletes, loads, installs,
# stores, rotates keys, locks, and comes with wrong keys.
# usage: card_gpshell.sh MITOME FOLDER; FOLDER keeps the client. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/reader.sh"
needs opensc-tool pkcs15-tool python3 ldd
if [ "${MITOME_INSIDE:-}" != yes ]; then # the namespaces have no network
        sh "$here/fetch_gpshell.sh" "$2" >/dev/null 2>&1 || skip_all 'GPShell cannot be had here'
fi
inside "$here/card_gpshell.sh" "$@"
mitome=$1 client=$2
libraries=$(first_file "$client"/usr/lib/*/libglobalplatform.so.7)
LD_LIBRARY_PATH=$(dirname "$libraries") ldd "$client/usr/bin/gpshell" "$libraries" 2>/dev/null | grep -q 'not found' && skip_all 'libraries of GPShell are missing (libminizip1)'

isd=A0000001510000 jpki=D392F000260100000001 fido=F04D49544F4D4501 stand_in=F04D49544F4D4502 stand_in_file=F04D49544F4D458005
nobody=404142434445464748494a4b4c4d4e4f

# gp: runs the lines of standard input between connecting and disconnecting.
gp() {
        {
                printf 'mode_211\nenable_trace\nestablish_context\ncard_connect -readerNumber 1\n'
                cat
                printf 'card_disconnect\nrelease_context\n'
        } >"$work/script"
        call env LD_LIBRARY_PATH="$(dirname "$libraries")" "$client/usr/bin/gpshell" "$work/script"
        # What goes over the wire is shown twice; the plain text is what a person reads.
        grep -v -e '^Wrapped' -e '^Unwrapped' "$work/out" >"$work/plain" || true
        mv "$work/plain" "$work/out"
}

keys() { # keys ENC MAC DEK
        enc=$1 mac=$2 dek=$3
}

# opened LEVEL [AID]: the lines that open a secure channel to a security domain. 3: C-MAC and C-DEC, 51: all of level 33
opened() {
        printf 'select -AID %s\nget_secure_channel_protocol_details\n' "${2:-$isd}"
        printf 'open_sc -security %s -keyind 0 -keyver 0 -mac_key %s -enc_key %s -kek_key %s\n' "$1" "$mac" "$enc" "$dek"
}

fine() { # no command of the script was refused; 6283 is a SELECT on a locked card, and a success with a warning
        if grep ' returns 0x' "$work/out" | grep -v -e 0x80209000 -e 0x80216283 >>"$work/err"; then
                return 1
        fi
}

# answered COMMAND STATUS: a command sent by the script, as it was before wrapping, and its status word
answered() {
        awk -v command="Command --> $1" -v status="$2" '
                index($0, command) == 1 { asked = 1; next }
                asked && /^Response <-- / { good = substr($0, length($0) - 3) == status; asked = 0 }
                END { exit !good }' "$work/out" || {
                echo "$1 was not answered $2" >>"$work/err"
                return 1
        }
}

start_reader
start_element "$work/state" --provision-demo
# shellcheck disable=SC2046 # three words
keys $(cat "$work/state/scp03-keys")

# ---- what there is ----

gp <<END
select -AID $isd
get_card_recognition_data
get_key_information_templates
END
test_that 'card recognition data and keys are shown to anybody' said 'SCP: 3 SCP Impl: 70' 'A0000001510000' 'E012C00401018810C00402018810C00403018810'
for level in 1 3 17 19 51; do
        gp <<END
$(opened "$level")
END
        test_that "a channel at level $level" fine
done
gp <<END
$(opened 3)
get_status -element 80
get_status -element 40
get_status -element 20
get_status -element 10
END
test_that 'all lists are listed' fine
test_that 'the issuer, the applets and their load files are there' said 'OP Ready' "$(echo $jpki | tr A-F a-f)" "$(echo $fido | tr A-F a-f)" \
        'a00000015141434c00' "$(echo $stand_in_file | tr A-F a-f)" 'Authorized Management' 'Selectable' 'Loaded'

# ---- delete, load, install ----

"$mitome" element --write-cap stand-in >"$work/stand-in.cap"
gp <<END
$(opened 3)
delete -AID $stand_in
delete -AID $stand_in_file
get_status -element 40
END
test_that 'an applet and its load file are deleted' fine
test_that 'and are listed no more' never_said "$(echo $stand_in | tr A-F a-f) "
gp <<END
select -AID $stand_in
END
test_that 'nor selected' answered "00A4040008$stand_in" 6A82
gp <<END
$(opened 3)
install -file $work/stand-in.cap -priv 0
get_status -element 40
END
test_that 'a CAP file is loaded and installed' fine
test_that 'by INSTALL, LOAD and INSTALL' said 'Command --> 80E60200' 'Command --> 80E88000' 'Command --> 80E60C00'
gp <<END
select -AID $stand_in
END
test_that 'it is selected then' answered "00A4040008$stand_in" 9000
gp <<END
$(opened 3)
install -file $work/stand-in.cap -priv 0
END
test_that 'twice is refused' answered 80E602 6985
python3 - "$work/stand-in.cap" "$work/foreign.cap" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as ours, zipfile.ZipFile(sys.argv[2], "w") as foreign:
    for name in ours.namelist():
        foreign.writestr(name, ours.read(name).replace(b"native applet", b"foreign code!"))
END
gp <<END
$(opened 3)
delete -AID $stand_in
delete -AID $stand_in_file
install -file $work/foreign.cap -priv 0
END
test_that 'code of somebody else is not loaded' answered 80E880 6A80
gp <<END
$(opened 3)
get_status -element 20
install_for_load -pkgAID $stand_in_file -nvCodeLimit 200
load -file $work/stand-in.cap
install_for_install -priv 0 -AID $stand_in -pkgAID $stand_in_file -instAID F04D49544F4D450207 -nvDataLimit 100
END
test_that 'an instance by a name of its own, in single steps' fine
gp <<END
$(opened 3)
install_for_make_selectable -priv 0 -instAID F04D49544F4D450207
get_status -element 40
END
test_that 'made selectable' said f04d49544f4d450207
gp <<END
$(opened 3)
delete -AID F04D49544F4D450299
END
test_that 'what is not there is not deleted' answered 80E4 6A88

# ---- life cycles ----

gp <<END
$(opened 3)
send_apdu -sc 1 -APDU 80F040830AD392F000260100000001
END
test_that 'an applet is locked' answered 80F04083 9000
gp <<END
select -AID $jpki
END
test_that 'and is not selected' answered 00A404000A$jpki 6A82
gp <<END
$(opened 3)
get_status -element 40
send_apdu -sc 1 -APDU 80F040070AD392F000260100000001
END
test_that 'the list says so' said "${jpki}9F700183"
test_that 'it is unlocked' answered 80F04007 9000
gp <<END
select -AID $jpki
END
test_that 'and selected again' answered 00A404000A$jpki 9000
call pkcs15-tool -D
test_that 'with all that was in it' said 'Tries left     : 3' 'Tries left     : 5'
gp <<END
$(opened 3)
send_apdu -sc 1 -APDU 80F0800F
send_apdu -sc 1 -APDU 80F0807F
END
test_that 'the card is not secured before it is initialised' answered 80F0800F 6985
gp <<END
$(opened 3)
send_apdu -sc 1 -APDU 80F08007
send_apdu -sc 1 -APDU 80F0800F
send_apdu -sc 1 -APDU 80F0807F
END
test_that 'initialised, secured, locked' fine
gp <<END
select -AID $jpki
END
test_that 'a locked card selects no applet' answered 00A404000A$jpki 6A82
gp <<END
$(opened 3)
delete -AID F04D49544F4D450207
END
test_that 'nor has it anything deleted' answered 80E4 6985
gp <<END
$(opened 3)
send_apdu -sc 1 -APDU 80F0800F
delete -AID F04D49544F4D450207
END
test_that 'unlocked, all is as before' fine

# ---- store, keys ----

gp <<END
$(opened 3)
send_apdu -sc 1 -APDU 80E2900006420431323334
END
test_that 'STORE DATA keeps an issuer number' answered 80E29000 9000
gp <<END
select -AID $isd
send_apdu -sc 0 -APDU 80CA004200
END
test_that 'GET DATA gives it to anybody' said 420431323334
old_enc=$enc old_mac=$mac old_dek=$dek
gp <<END
$(opened 3)
put_sc_key -keyver 1 -newkeyver 1 -mac_key 606162636465666768696a6b6c6d6e6f -enc_key 505152535455565758595a5b5c5d5e5f -kek_key 707172737475767778797a7b7c7d7e7f
END
test_that 'the key set is replaced' fine
gp <<END
$(opened 3)
END
test_that 'the old keys open no channel' never_said 'Command --> 84'
keys 505152535455565758595a5b5c5d5e5f 606162636465666768696a6b6c6d6e6f 707172737475767778797a7b7c7d7e7f
gp <<END
$(opened 51)
END
test_that 'the new keys do' fine
gp <<END
$(opened 3)
put_sc_key -keyver 0 -newkeyver 2 -mac_key $old_mac -enc_key $old_enc -kek_key $old_dek
END
test_that 'a second key set is added' fine
gp <<END
select -AID $isd
get_key_information_templates
END
test_that 'both are listed' said C00401018810 C00402028810
gp <<END
select -AID $isd
get_secure_channel_protocol_details
open_sc -security 3 -keyind 0 -keyver 2 -mac_key $old_mac -enc_key $old_enc -kek_key $old_dek
END
test_that 'a channel opens with the second' fine
gp <<END
$(opened 3)
delete_key -keyver 2
END
test_that 'it is deleted' fine
gp <<END
select -AID $isd
get_secure_channel_protocol_details
open_sc -security 3 -keyind 0 -keyver 2 -mac_key $old_mac -enc_key $old_enc -kek_key $old_dek
END
test_that 'and is none any more' answered 8050 6A88

# ---- a security domain of the service provider ----

gp <<END
$(opened 3)
install_for_install -priv 128 -AID A000000151535041 -pkgAID A0000001515350 -instAID F04D49544F4D450901 -nvDataLimit 100
install_for_make_selectable -priv 128 -instAID F04D49544F4D450901
get_status -element 40
END
test_that 'a security domain is made' said f04d49544f4d450901 'Security Domain'

# ---- nobody without keys ----

for command in "80E4000A084F08$fido" 80F2400202 80D80081 80E62000 80F0807F 80E29000; do
        gp <<END
select -AID $isd
send_apdu -sc 0 -APDU $(case $command in 80E4*) echo "80E400000A4F08$fido" ;; 80F2*) echo 80F24002024F00 ;; *) echo "${command}00" ;; esac)
END
        test_that "without a channel: $(printf %.4s "$command")" never_said 'Response <-- 9000' 'Response <-- 009000'
done
keys $nobody $nobody $nobody
gp <<END
$(opened 3)
END
test_that 'wrong keys are told by the client itself' said 'mutual_authentication() returns' 'does not match'

# A client that does not check the card goes on, and is refused; too often, and the key set is closed.
wrong() {
        gp <<END
select -AID $isd
send_apdu -sc 0 -APDU 80500000080102030405060708
send_apdu -sc 0 -APDU 848203001000000000000000000000000000000000
END
}
wrong
test_that 'a wrong host cryptogram is refused' never_said 'Response <-- 9000'
keys 505152535455565758595a5b5c5d5e5f 606162636465666768696a6b6c6d6e6f 707172737475767778797a7b7c7d7e7f
gp <<END
$(opened 3)
END
test_that 'the right keys still open' fine

# ---- what the holder has was never touched ----

call pkcs15-tool -D
test_that 'the holder'\''s PIN and password are as they were' said 'Tries left     : 3' 'Tries left     : 5'

# ---- the end of a card ----

gp <<END
$(opened 3)
send_apdu -sc 1 -APDU 80F080FF
END
test_that 'the card is terminated' answered 80F080FF 9000
call pkcs15-tool -D
test_that 'and is nothing any more' never_said 'User Authentication Key'
stop_element
start_element "$work/state"
call pkcs15-tool -D
test_that 'not with a new start either' never_said 'User Authentication Key'
gp <<END
$(opened 3)
END
test_that 'nor by its keys' never_said 'Command --> 8482'

finish
