# SPDX-License-Identifier: Apache-2.0
# What the user of the guest does: looks for a security key, signs with SSH, logs in with SSH and through PAM. All
# programs but the authenticator are Debian's and find it themselves, by the kernel's hidraw. Prints TAP.
. /root/guest_device.sh
pin=24680 wrong_pin=13579
authenticator=''

start_authenticator() {
        mitome authenticator --state "$work/state" --hid uhid --touch auto >"$work/authenticator.log" 2>&1 &
        authenticator=$!
        await device_is_there
}

stop_authenticator() {
        kill "$authenticator" 2>/dev/null
        wait "$authenticator" 2>/dev/null
        await device_is_gone
}

# typing TEXT COMMAND..: without a terminal the clients read what they would ask there from standard input.
typing() {
        text=$1
        shift
        got=0
        printf "$text" | timeout 60 setsid "$@" >"$work/out" 2>"$work/err" || got=$?
}

# SSH asks for a PIN by a program.
printf '#!/bin/sh\ncat %s/answer\n' "$work" >"$work/askpass"
chmod 755 "$work/askpass"
export SSH_ASKPASS="$work/askpass" SSH_ASKPASS_REQUIRE=force DISPLAY=none
answer() {
        printf '%s\n' "$1" >"$work/answer"
}

# ---- the kernel's device ----

test_that 'nothing is there before it starts' device_is_gone
start_authenticator || {
        sed 's/^/# /' "$work/authenticator.log"
        test_that 'the kernel shows a device' false
        finish
        exit 1
}
call fido2-token -L
test_that 'fido2-token -L finds it by its report descriptor' said /dev/hidraw
find_device
test_that 'and names its maker' said vendor=0x
# [6.4] [11.2.8.2]
call fido2-token -I "$device"
test_that 'fido2-token -I reads what it is' said FIDO_2_0 FIDO_2_1 U2F_V2
# [6.5.5.5 12]
typing "$pin\n$pin\n" fido2-token -S "$device"
test_that 'it takes a PIN' status 0

# ---- SSH: signatures of files ----

answer "$pin"
echo 'signed on the guest' >"$work/message"
for type in ed25519-sk ecdsa-sk; do
        # [6.1.2 16] [6.1.2 19]
        call ssh-keygen -q -t $type -N '' -C "alice@guest" -f "$work/$type"
        test_that "ssh-keygen makes an $type key" status 0
        # [6.2.2 7] [6.2.2 9] [6.2.2 13]
        call ssh-keygen -Y sign -f "$work/$type" -n file "$work/message"
        test_that "and signs with it" status 0
        mv "$work/message.sig" "$work/$type.sig" 2>/dev/null
        printf 'alice@guest %s\n' "$(cat "$work/$type.pub" 2>/dev/null)" >"$work/allowed"
        got=0
        timeout 60 ssh-keygen -Y verify -f "$work/allowed" -I alice@guest -n file -s "$work/$type.sig" <"$work/message" >"$work/out" 2>"$work/err" || got=$?
        test_that 'ssh-keygen verifies it' status 0
        got=0
        echo 'something else' | timeout 60 ssh-keygen -Y verify -f "$work/allowed" -I alice@guest -n file -s "$work/$type.sig" >"$work/out" 2>"$work/err" || got=$?
        test_that 'and not of another text' failed
done
call ssh-keygen -q -t ed25519-sk -O resident -O verify-required -O application=ssh:guest -N '' -f "$work/resident"
test_that 'a resident key that wants the PIN each time' status 0
# [6.2.2 6.1]
call ssh-keygen -Y sign -f "$work/resident" -n file "$work/message"
test_that 'signs with the PIN' status 0
mv "$work/message.sig" "$work/resident.sig" 2>/dev/null
answer "$wrong_pin"
call ssh-keygen -Y sign -f "$work/resident" -n file "$work/message"
test_that 'and not with another' failed
answer "$pin"
mkdir -p "$work/downloaded"
cd "$work/downloaded" || exit 1
# [6.8.3] [6.8.4]
call ssh-keygen -K -N ''
cd "$here" || exit 1
test_that 'ssh-keygen -K brings the resident key to another machine' status 0
set -- "$work"/downloaded/*.pub
downloaded=${1%.pub}
call ssh-keygen -Y sign -f "$downloaded" -n file "$work/message"
test_that 'and there it signs' status 0
mv "$work/message.sig" "$work/downloaded.sig" 2>/dev/null
printf 'alice@guest %s\n' "$(cat "$work/resident.pub" 2>/dev/null)" >"$work/allowed"
got=0
timeout 60 ssh-keygen -Y verify -f "$work/allowed" -I alice@guest -n file -s "$work/downloaded.sig" <"$work/message" >"$work/out" 2>"$work/err" || got=$?
test_that 'as the same key' status 0

# ---- SSH: a login ----

mkdir -p /home/alice/.ssh
cat "$work/ed25519-sk.pub" "$work/resident.pub" >/home/alice/.ssh/authorized_keys
sed -i '2s/^/verify-required /' /home/alice/.ssh/authorized_keys
chown -R 1000:1000 /home/alice/.ssh
chmod -R go-rwx /home/alice/.ssh
ssh-keygen -q -t ed25519 -N '' -f "$work/host"
printf 'Port 22\nListenAddress 127.0.0.1\nHostKey %s\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n' "$work/host" >"$work/sshd_config"
printf 'localhost %s\n' "$(cat "$work/host.pub")" >"$work/known_hosts"
chmod 755 /run/sshd
/usr/sbin/sshd -D -e -f "$work/sshd_config" 2>"$work/sshd.log" &
log_in() { # log_in KEY
        call ssh -o UserKnownHostsFile="$work/known_hosts" -o IdentitiesOnly=yes -o IdentityAgent=none -i "$1" alice@localhost id -un
}
server_is_there() {
        grep -q 'Server listening' "$work/sshd.log"
}
if await server_is_there; then
        log_in "$work/ed25519-sk"
        test_that 'alice logs in over SSH with a touch' said alice
        log_in "$work/resident"
        test_that 'and with the PIN where her key wants it' said alice
        log_in "$work/ecdsa-sk"
        test_that 'not with a key that is not hers' failed
else
        sed 's/^/# /' "$work/sshd.log"
        test_that 'an SSH server runs' false
fi

# ---- PAM: the PIN is asked for a registration, and for a login where the mapping says so ----

# [6.1.2 14]
typing "$pin\n" pamu2fcfg -u alice
test_that 'pamu2fcfg registers the key for alice' said 'alice:'
cp "$work/out" "$work/mapping"
typing "$pin\n" pamu2fcfg -u alice -N
test_that 'and one that wants the PIN' said 'alice:'
cp "$work/out" "$work/mapping_pin"

# pam_service MAPPING OPTION..: what a login asks for
pam_service() {
        mapping=$1
        shift
        printf 'auth required pam_u2f.so authfile=%s origin=pam://guest appid=pam://guest cue %s\naccount required pam_permit.so\nsession required pam_permit.so\npassword required pam_deny.so\n' "$mapping" "$*" >/etc/pam.d/login
}
# terminal_login NAME TYPED..: /bin/login at a terminal of its own
terminal_login() {
        name=$1 typed=$2
        got=0
        (
                sleep 4
                [ -z "$typed" ] || printf '%s\n' "$typed"
                sleep 8
                printf 'id -un >/tmp/who; exit\n'
                sleep 3
        ) | timeout 60 script -q -c "/usr/bin/login -p $name" /dev/null >"$work/out" 2>"$work/err" || got=$?
}
is_logged_in() {
        [ "$(cat /tmp/who 2>/dev/null)" = alice ]
}
not_logged_in() {
        ! is_logged_in
}
typing "$pin\n" pamu2fcfg -u alice -o pam://guest -i pam://guest
cp "$work/out" "$work/mapping"
typing "$pin\n" pamu2fcfg -u alice -o pam://guest -i pam://guest -N
cp "$work/out" "$work/mapping_pin"

pam_service "$work/mapping"
terminal_login alice ''
test_that 'alice logs in at the terminal with a touch' is_logged_in
rm -f /tmp/who
pam_service "$work/mapping_pin" pinverification=1
terminal_login alice "$pin"
test_that 'and with the PIN' is_logged_in
rm -f /tmp/who
terminal_login alice "$wrong_pin"
test_that 'not with another PIN' not_logged_in
rm -f /tmp/who
stop_authenticator
pam_service "$work/mapping"
terminal_login alice ''
test_that 'nor without the key' not_logged_in
rm -f /tmp/who

# ---- what it keeps ----

start_authenticator
test_that 'it comes back when it is started again' device_is_there
call ssh-keygen -Y sign -f "$work/ed25519-sk" -n file "$work/message"
test_that 'and knows its keys' status 0
mv -f "$work/message.sig" "$work/again.sig" 2>/dev/null
stop_authenticator
start_authenticator
call fido2-token -L
find_device
# [6.6]
call fido2-token -R "$device"
test_that 'right after a start it can be reset' status 0
call ssh-keygen -Y sign -f "$work/ed25519-sk" -n file "$work/message"
test_that 'then nothing signs any more' failed
stop_authenticator
test_that 'and with its end the device is gone' device_is_gone
finish
