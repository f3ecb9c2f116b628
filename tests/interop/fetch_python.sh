#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts python-fido2 of today into a folder of its own (a virtual environment), from PyPI. Debian's pyscard is used from
# there, too.
# usage: fetch_python.sh FOLDER; exit status 1 where it cannot be had.
set -eu
folder=$1
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3 # the one that Debian's packages are for
works() {
        "$folder/bin/python3" -c 'import importlib.metadata as m; assert m.version("fido2") >= "2.2"' 2>/dev/null
}
! works || exit 0
rm -rf "$folder"
"$python" -m venv --system-site-packages "$folder" || exit 1
timeout 300 "$folder/bin/pip" --disable-pip-version-check --quiet install --retries 1 --timeout 20 'fido2>=2.2,<3' || exit 1
works
