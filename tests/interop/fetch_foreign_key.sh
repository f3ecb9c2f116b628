#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a security key that nobody here wrote (foreign_key/src/main.rs) from its crates, into a folder of its own. They
# are those of Cargo.lock.in, which names them and their checksums; where they come from is cargo's own setting.
# usage: fetch_foreign_key.sh FOLDER; exit status 1 where it cannot be had: no cargo, an old one, no way to the crates.
set -eu
folder=$1
here=$(cd "$(dirname "$0")" && pwd)/foreign_key
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
command -v cargo >/dev/null || exit 1
stamp=$(cat "$here/Cargo.toml" "$here/Cargo.lock.in" "$here/src/main.rs" | sha256sum | cut -d' ' -f1)
[ "$(cat "$folder/built" 2>/dev/null)" != "$stamp" ] || exit 0
mkdir -p "$folder/src"
rm -f "$folder/Cargo.lock"
cp "$here/Cargo.toml" "$folder"
cp "$here/src/main.rs" "$folder/src"
cd "$folder"
timeout 300 cargo generate-lockfile --quiet || exit 1
source=$(sed -nE 's/^source = "(.*)"/\1/p' Cargo.lock | sed -n 1p)
sed "s|@SOURCE@|$source|" "$here/Cargo.lock.in" >Cargo.lock
timeout 900 cargo build --locked --quiet || exit 1
echo "$stamp" >built
