#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# myna-card, a library in Rust for My Number Cards that nobody here wrote, at the element: tests/interop/myna_card.
# usage: card_myna.sh MITOME FOLDER phone|card; FOLDER keeps what is built. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/reader.sh"
needs opensc-tool cargo
if [ "${MITOME_INSIDE:-}" != yes ]; then # the namespaces have no network
        mkdir -p "$2/source"
        cp -r "$here/myna_card/." "$2/source/"
        CARGO_TARGET_DIR="$2/target" timeout 500 cargo build --quiet --release --manifest-path "$2/source/Cargo.toml" >"$2/log" 2>&1 ||
                skip_all 'myna-card cannot be had or built here (Rust 1.85, crates)'
fi
inside "$here/card_myna.sh" "$@"
mitome=$1 client=$2/target/release/myna-card-client personality=$3
start_reader
start_element "$work/state" --provision-demo --personality "$personality"
timeout 60 "$client" "$personality"
