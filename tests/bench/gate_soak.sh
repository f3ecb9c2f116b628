#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: gate_soak.sh BENCH_GATE MATCHER: some hundred logins by finger, through matchers that are replaced.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
"$1" --matcher "$2" --folder "$work" --soak 300
