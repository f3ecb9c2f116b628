#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# python-fido2 at the authenticator, over a terminal or a socket.
# usage: client_python.sh MITOME FOLDER pty|unix; FOLDER keeps python-fido2. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/client.sh"
mitome=$1 packages=$2 way=$3
needs python3
sh "$here/fetch_python.sh" "$packages" >"$work/out" 2>"$work/err" || skip_all 'python-fido2 could not be had from PyPI'
result=0
"$packages/bin/python3" "$here/client_python.py" "$mitome" "$work" "$way" || result=$?
exit "$result"
