#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# python-fido2 at the authenticator in a virtual card reader, through pcscd.
# usage: client_pcsc.sh MITOME FOLDER; FOLDER keeps python-fido2. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/reader.sh"
mitome=$1 packages=$2
# Before the namespaces: there no registry can be reached.
if [ "${MITOME_INSIDE:-}" != yes ]; then
        sh "$here/fetch_python.sh" "$packages" >/dev/null 2>&1 || skip_all 'python-fido2 could not be had from PyPI'
fi
"$packages/bin/python3" -c 'import smartcard' 2>/dev/null || skip_all 'there is no pyscard here'
inside "$here/client_pcsc.sh" "$@"
start_reader
service_is_there() {
        [ -e /run/pcscd/pcscd.comm ]
}
await service_is_there || {
        sed 's/^/# /' "$work/pcscd.log"
        echo 'Bail out! pcscd does not start'
        exit 1
}
# [11.3.3] [11.3.3 version] [11.3.5] [11.3.6] [11.3.6 response] [11.3.7.1] [11.3.7.2]
result=0
"$packages/bin/python3" "$here/client_python.py" "$mitome" "$work" pcsc || result=$?
exit "$result"
