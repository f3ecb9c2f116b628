# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that play the guest's user: the device that the kernel shows.
here=/root
. "$here/tap.sh"
work=/tmp/work
mkdir -p "$work"
: >"$work/out"
: >"$work/err"

device_is_there() {
        [ -n "$(fido2-token -L 2>/dev/null)" ]
}

device_is_gone() {
        ! device_is_there
}

# find_device leaves in `device` what the last `fido2-token -L` named first.
find_device() {
        device=$(sed -n 's/^\(\/dev\/hidraw[0-9]*\):.*/\1/p' "$work/out" | head -n 1)
}
