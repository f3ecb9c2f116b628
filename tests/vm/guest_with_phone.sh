#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The phone on the screen as a security key of a machine that is not its own: guest_phone.sh. Its first start, which makes
# a person, a card and a phone with certificates and fingers, is on this machine, and then it is carried into a guest.
# usage: guest_with_phone.sh MITOME FOLDER PHONE MATCHER PAGES; FOLDER keeps the unpacked packages. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../interop/tap.sh"
mitome=$1 packages=$2 phone=$3 matcher=$4 pages=$5
needs fido2-cred fido2-assert curl
. "$here/guest_machine.sh"

place "$mitome" usr/bin/mitome
place "$phone" usr/bin/phone
place "$matcher" usr/bin/mitome-matcher
place_commands fido2-token fido2-cred fido2-assert curl
mkdir "$root/root/pages"
cp -R "$pages/pages" "$pages/static" "$root/root/pages/"

# When it ends, its end of the pipe closes.
mkfifo "$work/said"
"$phone" --folder "$root/root/phone" --listen 127.0.0.1:0 --program "$mitome" --matcher "$matcher" >"$work/said" 2>"$work/phone.log" &
running=$!
read -r line <"$work/said" || line=''
kill "$running" 2>/dev/null || true
wait "$running" || true
running=''
case $line in
'phone is at '*) ;;
*)
        sed 's/^/# /' "$work/phone.log"
        echo 'Bail out! the phone does not start'
        exit 1
        ;;
esac
run_guest "$here/guest_phone.sh"
