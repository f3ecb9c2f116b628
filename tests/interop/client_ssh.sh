#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ssh-keygen, as Debian has it, at the authenticator behind a terminal: keys of both kinds, resident ones, and those
# that want the PIN each time. Signing looks for its device by itself: tests/vm has that.
# usage: client_ssh.sh MITOME; prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/client.sh"
mitome=$1
needs ssh-keygen fido2-token setsid
[ -n "$(first_file /usr/lib/openssh/ssh-sk-helper /usr/libexec/ssh-sk-helper)" ] || skip_all 'the ssh-keygen here has no security keys'

# SSH asks for a PIN by a program.
printf '#!/bin/sh\ncat "%s/answer"\n' "$work" >"$work/askpass"
chmod 700 "$work/askpass"
export SSH_ASKPASS="$work/askpass" SSH_ASKPASS_REQUIRE=force DISPLAY=none
answer() {
        printf '%s\n' "$1" >"$work/answer"
}

new_key() { # new_key NAME TYPE OPTION..
        name=$1 type=$2
        shift 2
        answer "$pin"
        call ssh-keygen -q -t "$type" -O device="$device" "$@" -N '' -C "$name" -f "$work/$name"
}

is_a_key() { # is_a_key NAME TYPE
        call ssh-keygen -l -f "$work/$1.pub"
        said "$2"
}

pin=24680
start_authenticator keys pty
for type in ed25519-sk ecdsa-sk; do
        # [6.1.2 16] [6.1.2 19]
        new_key "plain-$type" "$type"
        test_that "ssh-keygen makes an $type key" status 0
        test_that 'which is one' is_a_key "plain-$type" "$(printf %s "$type" | tr a-z A-Z)"
        new_key "quiet-$type" "$type" -O no-touch-required
        test_that 'and one that wants no touch' status 0
done
typing "$pin\n$pin\n" fido2-token -S "$device"
test_that 'there is a PIN now' status 0
for type in ed25519-sk ecdsa-sk; do
        # [6.1.2 11.1] [12.1]
        new_key "verified-$type" "$type" -O verify-required
        test_that "an $type key that wants the PIN each time" status 0
        new_key "resident-$type" "$type" -O resident -O application=ssh:$type -O user=alice
        test_that 'one that stays on the authenticator' status 0
        new_key "both-$type" "$type" -O resident -O verify-required -O application=ssh:both-$type
        test_that 'one that does both' status 0
done
# With a challenge the attestation is written, too.
head -c 32 /dev/urandom >"$work/challenge"
new_key attested ecdsa-sk -O challenge="$work/challenge" -O write-attestation="$work/attestation"
test_that 'an attested one' [ -s "$work/attestation" ]
answer 13579
call ssh-keygen -q -t ed25519-sk -O device="$device" -O resident -O application=ssh:wrong -N '' -f "$work/wrong"
test_that 'another PIN makes none' failed

# [6.8.3]
typing "$pin\n" fido2-token -L -r "$device"
test_that 'the four that stay are listed' said ssh:ed25519-sk ssh:ecdsa-sk ssh:both-ed25519-sk ssh:both-ecdsa-sk
mkdir "$work/other-machine"
answer "$pin"
download() {
        cd "$work/other-machine"
        call ssh-keygen -K -O device="$device" -N ''
        cd "$here"
}
# [6.8.4]
download
if said 'sk' && [ "$got" != 0 ] && ! ls "$work/other-machine" | grep -q pub; then
        # Not every release takes the device's name there; the guest of tests/vm needs none.
        skip 'ssh-keygen -K brings the resident keys to another machine' 'this ssh-keygen -K looks for the device by itself'
else
        test_that 'ssh-keygen -K brings the resident keys to another machine' status 0
        cat "$work/other-machine"/*.pub 2>/dev/null | cut -d ' ' -f 1,2 | sort >"$work/brought"
        cat "$work"/resident-*.pub "$work"/both-*.pub 2>/dev/null | cut -d ' ' -f 1,2 | sort >"$work/kept"
        test_that 'all four' [ "$(wc -l <"$work/kept")" = 4 ]
        test_that 'and the very same' cmp -s "$work/brought" "$work/kept"
fi
test_that 'no PIN ever stood in its log' log_is_clean "$pin" 13579
stop_authenticator
finish
