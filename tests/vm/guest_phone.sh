# SPDX-License-Identifier: Apache-2.0
# What the holder of the phone on the screen does in the guest: sets it up on its page (curl is the browser), and logs in
# on this machine, which finds the phone by the kernel's hidraw. libfido2's programs know nothing of it. Prints TAP.
. /root/guest_device.sh
index=0 ring=2 stranger=3 pin=1234
page=http://127.0.0.1:8090
cookie='' csrf=''

# ---- the phone and its page ----

# ask PATH [BODY]: what the page answers goes to $work/answer; fails when it refuses.
ask() {
        path=$1
        shift
        [ $# = 0 ] || set -- -H 'Content-Type: application/json' -d "$1"
        curl -s -f -D "$work/head" -o "$work/answer" -H "Origin: $page" -H "Cookie: phone=$cookie" -H "X-CSRF: $csrf" "$@" "$page$path"
}

# member NAME: a text or number of the last answer.
member() {
        sed -nE "s/.*\"$1\":\"?([^\",}]*).*/\1/p" "$work/answer"
}

# await_page NAME VALUE: on the screen, for as long as the phone lives. How fast a guest is, is nobody's business.
await_page() {
        until ask /api/screen && [ "$(member "$1")" = "$2" ]; do
                kill -0 "$phone" 2>/dev/null || return 1
                sleep 0.5
        done
}

# touch_with FINGER: for the prompt that the last answer showed.
touch_with() {
        ask /api/touch "{\"prompt\":$(member prompt),\"finger\":$1}"
}

start_phone() {
        : >"$work/phone.out"
        phone --folder /root/phone --listen "${page#http://}" --uhid --program /usr/bin/mitome --matcher /usr/bin/mitome-matcher \
                --pages /root/pages >"$work/phone.out" 2>"$work/phone.log" &
        phone=$!
        until grep -q '^phone is at ' "$work/phone.out"; do
                kill -0 "$phone" 2>/dev/null || return 1
                sleep 0.5
        done
        cookie='' csrf=''
        ask /api/open "{\"secret\":\"$(sed 's/.*#//' "$work/phone.out")\"}" || return 1
        cookie=$(sed -nE 's/^Set-Cookie: phone=([0-9a-f]*);.*/\1/p' "$work/head")
        csrf=$(member csrf)
}

# ---- a client, while its user is busy with the page ----

# begin COMMAND..: what it says goes to $work/out and $work/err, its exit status to $work/ended.
begin() {
        rm -f "$work/ended"
        {
                call "$@"
                echo "$got" >"$work/ended"
        } &
}

has_ended() {
        [ -e "$work/ended" ]
}

# await_end: its exit status into `got`.
await_end() {
        wait "$!"
        got=$(cat "$work/ended")
}

# The page shows that FINGER is wanted, and for whom; then it is laid. Without one the client ends at some time.
lay() { # lay FINGER
        wanted_for=''
        until ask /api/screen && [ "$(member state)" = finger ]; do
                ! has_ended || return 1
                sleep 0.5
        done
        wanted_for=$(member rp_id)
        touch_with "$1"
}

register_by() { # register_by FINGER
        begin fido2-cred -M -v -i "$work/wish" -o "$work/cred" "$device" es256
        lay "$1"
        await_end
}

log_in_by() { # log_in_by FINGER
        rm -f "$work/login"
        begin fido2-assert -G -t uv=true -i "$work/ask" -o "$work/login" "$device"
        lay "$1"
        await_end
}

verify_login() {
        call fido2-assert -V -v -i "$work/login" "$work/key" es256
}

# ---- its holder sets it up ----

test_that 'nothing is there before the phone starts' device_is_gone
begin_holding() {
        start_phone && await device_is_there && call fido2-token -L && find_device && [ -n "$device" ]
}
begin_holding || {
        sed 's/^/# /' "$work/phone.out" "$work/phone.log"
        test_that 'the phone starts, and the kernel shows a device' false
        finish
        exit 1
}
call fido2-token -I "$device"
test_that 'fido2-token finds a key with fingers and a PIN' said 'options: ' ' uv,' ' clientPin,' 'transport strings: usb, internal'

challenge=$(printf '%032d' 0 | base64)
printf '%s\nexample.org\nhanako\n%s\n' "$challenge" "$(printf hanako | base64)" >"$work/wish"
register_by $index
test_that 'on a machine that was just started no finger opens anything before the PIN' said FIDO_ERR_UV_BLOCKED
test_that 'and none is asked for' [ -z "$wanted_for" ]

enrol() { # enrol FINGER PIN CODE
        ask /api/wish '{"wish":"enrol","name":"ring finger"}' || return 1
        errand=$(member errand)
        await_page state question && ask /api/reply "{\"prompt\":$(member prompt),\"yes\":true,\"secret\":\"$2\"}" || return 1
        until ask /api/screen && [ "$(member last_errand)" = "$errand" ]; do
                kill -0 "$phone" 2>/dev/null || return 1
                [ "$(member state)" != finger ] || touch_with "$1" || true
                sleep 0.5
        done
        cp "$work/answer" "$work/out"
        [ "$(member last_code)" = "$3" ]
}
test_that 'a wrong PIN enrols no finger' enrol $ring 9999 692
test_that 'the PIN does, on its page' enrol $ring $pin 0

# ---- and registers and logs in on this machine ----

register_by $ring
test_that 'fido2-cred registers by that finger, and nobody asks for a PIN' status 0
test_that 'the page showed for whom' [ "$wanted_for" = example.org ]
call fido2-cred -V -v -i "$work/cred" es256
test_that 'the attestation verifies, and says that the user was verified' status 0
sed 1d "$work/out" >"$work/key"
printf '%s\nexample.org\n%s\n' "$challenge" "$(sed -n 5p "$work/cred")" >"$work/ask"
log_in_by $ring
test_that 'fido2-assert logs in by it' status 0
verify_login
test_that 'and that verifies, with the user verified' status 0

# ---- whom it refuses ----

log_in_by $stranger
test_that "a stranger's finger logs in nobody" said FIDO_ERR_UV_INVALID
test_that 'and leaves nothing' [ ! -s "$work/login" ]
call fido2-token -I "$device"
test_that 'it cost a try' said 'uv retries: 4'
decline() {
        await_page state finger && ask /api/reply "{\"prompt\":$(member prompt),\"yes\":false}"
}
begin fido2-assert -G -t uv=true -i "$work/ask" -o "$work/login" "$device"
test_that 'the holder declines on the page' decline
await_end
test_that 'and the client is told so' said FIDO_ERR_OPERATION_DENIED
test_that 'and has nothing' [ ! -s "$work/login" ]

# ---- what it keeps ----

kill "$phone"
got=0
wait "$phone" || got=$?
test_that 'it ends when it is told to' status 0
test_that 'and with it the device' await device_is_gone
test_that 'it comes back when it is started again' begin_holding
log_in_by $ring
test_that 'with its passkeys and its fingers' status 0
verify_login
test_that 'for it logs in as before' status 0
call fido2-token -I "$device"
test_that 'which gave the tries back' said 'uv retries: 5'
kill "$phone"
wait "$phone"
finish
