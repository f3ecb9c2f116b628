#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts GPShell, a card-management client that Debian 12 has no package of, into a folder: the packages of the next
# Debian, unpacked and not installed; they run with the libraries of this one. From the mirror that this machine uses.
# usage: fetch_gpshell.sh FOLDER; exit status 1 where it cannot be had.
set -eu
version='2.4.0+dfsg-3' suite=trixie
folder=$1
[ ! -x "$folder/usr/bin/gpshell" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || exit 1
mkdir -p "$folder"
cd "$folder"
folder=$(pwd)
trap 'rm -rf "$folder/apt"' EXIT
rm -rf apt
mkdir -p apt/lists/partial apt/cache/archives/partial

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -nE -e 's/^URIs: *([^ ]*).*/\1/p' -e 's/^deb (\[[^]]*\] *)?([^ ]*) .*/\2/p' | grep -E '/debian/?$' | head -n 1)
[ -n "$mirror" ] || exit 1
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keys" ] || exit 1
echo "deb [signed-by=$keys] $mirror $suite main" >apt/sources.list

# The lists are this folder's own: what is installed on the machine, and what it could install, stays as it is.
private() {
        timeout 200 apt-get -qq -o Dir::Etc::sourcelist="$folder/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
                -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root \
                -o Acquire::Languages=none -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@"
}
private update || exit 1
cd apt
private download "gpshell=$version" "libglobalplatform7=$version" "libgppcscconnectionplugin1=$version" || exit 1
for package in ./*.deb; do
        dpkg-deb -x "$package" unpacked
done
mkdir -p "$folder/usr"
cp -r unpacked/usr/lib "$folder/usr/"
cp -r unpacked/usr/bin "$folder/usr/"
