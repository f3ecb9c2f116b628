#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts what the guest needs and this machine should not install into a folder, unpacked: Debian's stock kernel, which
# has uhid and hidraw, and an SSH server. From the mirror that this machine uses.
# usage: fetch_guest.sh FOLDER; exit status 1 where it cannot be had.
set -eu
folder=$1
# Two tests want it, and may begin together.
exec 9>"$folder.lock"
flock 9 || exit 1
[ ! -e "$folder/complete" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || exit 1
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

# The package without a version in its name only points at the kernel of today.
kernel=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*-amd64\)$/\1/p' | head -n 1)
[ -n "$kernel" ] || exit 1
for package in "$kernel" openssh-server libwrap0; do
        timeout 200 apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=1 -o Acquire::http::Timeout=20 download "$package" || exit 1
done
for package in ./*.deb; do
        dpkg-deb -x "$package" .
        rm "$package"
done
mv boot/vmlinuz-* vmlinuz

# Of 4,000 modules the guest needs three; they name each other.
for module in hid hid-generic uhid; do
        found=$(find lib usr -name "$module.ko" 2>/dev/null | head -n 1)
        [ -n "$found" ] || exit 1
        mv "$found" "./$module.ko"
done
mv usr/sbin/sshd sshd
find lib usr -name 'libwrap.so.0' -exec cp -L {} . \;
rm -rf boot lib usr etc var
: >complete
