#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The authenticator behind Linux's own HID stack: a guest with Debian's kernel, emulated, so that no device of this
# machine is touched and no right of it is needed. An initrd brings the programs that are installed here; in the guest
# guest_init.sh plays the machine and guest_clients.sh its user.
# usage: guest.sh MITOME FOLDER; FOLDER keeps the unpacked packages. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../interop/tap.sh"
mitome=$1 packages=$2
needs qemu-system-x86_64 cpio ldd fido2-token ssh-keygen pamu2fcfg script
busybox=$(first_file /bin/busybox /usr/bin/busybox)
[ -n "$busybox" ] || skip_all 'there is no busybox here'
ldd "$busybox" >/dev/null 2>&1 && skip_all 'the busybox here is not a static one'
[ "$(uname -m)" = x86_64 ] || skip_all 'the guest is an x86_64 and takes the programs of this machine'
sh "$here/fetch_guest.sh" "$packages" || skip_all 'the kernel for the guest could not be had'
packages=$(cd "$packages" && pwd)
work=$(mktemp -d)
qemu=''
trap '[ -z "$qemu" ] || kill "$qemu" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/root
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/etc/pam.d" "$root/dev" "$root/proc" "$root/sys" "$root/run/sshd" \
        "$root/tmp" "$root/root" "$root/home/alice" "$root/var/empty"
for folder in bin sbin lib; do
        ln -s "usr/$folder" "$root/$folder"
done
ln -s usr/lib "$root/lib64"
ln -s lib "$root/usr/lib64"

# place FILE [PLACE] puts a program or a module of PAM into the guest, with the libraries that it names. All libraries
# go into one folder, which the guest's loader is told of.
place() {
        target=$root/${2:-$1}
        mkdir -p "$(dirname "$target")"
        cp -L "$1" "$target"
        LD_LIBRARY_PATH=$packages ldd "$1" 2>/dev/null | sed -nE 's/^[^/]*(\/[^ ]*) \(0x.*/\1/p' | while read -r library; do
                cp -Ln "$library" "$root/usr/lib/"
        done
}

# first_place PLACE PATH..: the first of the paths that is here.
first_place() {
        name=$1
        shift
        found=$(first_file "$@")
        [ -n "$found" ] || skip_all "there is no $name here"
        place "$found" "$name"
}

place "$busybox" usr/bin/busybox
place "$mitome" usr/bin/mitome
for program in fido2-token fido2-cred fido2-assert ssh ssh-keygen pamu2fcfg script; do
        place "$(command -v "$program")" "usr/bin/$program"
done
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
loader=$(ldd "$mitome" | sed -nE 's/^[^/]*(\/[^ ]*ld-linux[^ ]*) \(0x.*/\1/p')
[ -e "$root$loader" ] || ln -s "/usr/lib/$(basename "$loader")" "$root$loader"
mkdir "$root/modules"
cp "$packages"/*.ko "$root/modules/"
cp "$here/guest_clients.sh" "$here/../interop/tap.sh" "$root/root/"
cp "$here/guest_init.sh" "$root/init"
chmod 755 "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/initrd"

timeout 540 qemu-system-x86_64 -accel tcg -cpu max -m 768 -nodefaults -no-user-config -display none -no-reboot -nic none -serial "file:$work/console" \
        -serial "file:$work/tap" -kernel "$packages/vmlinuz" -initrd "$work/initrd" \
        -append 'console=ttyS0 quiet panic=-1 rdinit=/init' >"$work/qemu" 2>&1 </dev/null &
qemu=$!
result=0
wait "$qemu" || result=$?
qemu=''
tr -d '\r' <"$work/tap"
grep -q '^1\.\.[0-9]' "$work/tap" || {
        tail -n 30 "$work/qemu" "$work/console" | sed 's/^/# /'
        echo "Bail out! the guest ended early (status $result)"
        exit 1
}
