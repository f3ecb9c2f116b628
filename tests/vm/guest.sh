#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The authenticator behind Linux's own HID stack, in a guest, and other people's clients: guest_clients.sh.
# usage: guest.sh MITOME FOLDER; FOLDER keeps the unpacked packages. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../interop/tap.sh"
mitome=$1 packages=$2
needs fido2-cred fido2-assert ssh ssh-keygen pamu2fcfg script
. "$here/guest_machine.sh"

place "$mitome" usr/bin/mitome
place_commands fido2-token fido2-cred fido2-assert ssh ssh-keygen pamu2fcfg script
# The last two have no other place: OpenSSH looks for its helper where Debian put it.
first_place usr/bin/login /bin/login /usr/bin/login
first_place usr/lib/openssh/ssh-sk-helper /usr/lib/openssh/ssh-sk-helper
place "$packages/sshd" usr/sbin/sshd
for module in pam_u2f pam_permit pam_deny; do
        first_place "usr/lib/security/$module.so" /lib/*/security/$module.so /usr/lib/*/security/$module.so /lib64/security/$module.so
done
# PAM looks for its modules where its own package puts them.
folder=$(dirname "$(first_file /lib/*/security/pam_permit.so /usr/lib/*/security/pam_permit.so /lib64/security/pam_permit.so)")
mkdir -p "$(dirname "$root$folder")"
[ -e "$root$folder" ] || ln -s /usr/lib/security "$root$folder"
run_guest "$here/guest_clients.sh"
