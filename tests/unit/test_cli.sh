#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program as a person meets it: help, exit statuses, inspect on good and broken input, the element's files.
# usage: test_cli.sh MITOME; prints TAP.
set -eu
export LC_ALL=C
mitome=$1
work=$(mktemp -d)
element=
trap '[ -z "$element" ] || kill "$element" 2>/dev/null; rm -rf "$work"' EXIT
umask 077

count=0
broken=0

report() {
        count=$((count + 1))
        if [ "$1" = 0 ]; then
                echo "ok $count - $2"
        else
                broken=$((broken + 1))
                echo "not ok $count - $2"
                sed 's/^/#   /' "$work/out" "$work/err"
        fi
}

# answers NAME STATUS WORD-ON-STDOUT WORD-ON-STDERR ARGUMENT..: runs the program; - is no output at all, . is any.
answers() {
        name=$1 status=$2 out=$3 err=$4
        shift 4
        got=0
        timeout 20 "$mitome" "$@" >"$work/out" 2>"$work/err" <"$work/in" || got=$?
        result=0
        [ "$got" = "$status" ] || { echo "exit status $got in place of $status" >>"$work/err"; result=1; }
        holds "$out" "$work/out" || result=1
        holds "$err" "$work/err" || result=1
        report "$result" "$name"
}

holds() {
        case $1 in
        -) [ ! -s "$2" ] ;;
        .) : ;;
        *) grep -qF -e "$1" "$2" ;;
        esac
}

# input DIGITS puts bytes, given as octal escapes of printf, on standard input.
input() {
        # shellcheck disable=SC2059 # the escapes are the input
        [ "$1" != -- ] || shift
        printf -- "$1" >"$work/in"
}

# ---- the program ----

input ''
answers '--help' 0 'inspect' - --help
answers '--version' 0 'mitome 0.' - --version
answers 'no subcommand' 2 - 'usage: mitome'
answers 'an unknown subcommand says what there is' 2 - "no subcommand 'frobnicate'" frobnicate
for subcommand in card element explain inspect verify; do
        answers "$subcommand --help" 0 "$subcommand" - "$subcommand" --help
        answers "$subcommand with an unknown option" 2 - . "$subcommand" --frobnicate
done
result=0
: >"$work/out"
"$mitome" --help >/dev/full 2>"$work/err" && result=1
report "$result" 'output that cannot be written is an error'

# ---- explain ----

answers 'explain a code' 0 'MITOME_E_INPUT_ENDS' - explain E112
answers 'explain a bare number' 0 'MITOME_E_INPUT_ENDS' - explain 112
answers 'explain what to do' 0 'What to do' - explain 603
answers 'explain an unknown code' 1 - 'docs/errors.md' explain E1
answers 'explain no number' 1 - 'no error' explain E
answers 'explain a number with a tail' 1 - 'no error' explain 112x

# ---- inspect ----

input '04\n'
answers 'inspect a CTAP request' 0 'authenticatorGetInfo' - inspect
input '\000\242\003\010\005\003'
answers 'inspect a CTAP response from bytes' 0 'CTAP2_OK' - inspect
input '00a4040007a0000001510000\n'
answers 'inspect a command APDU' 0 'SELECT' - inspect
input '00200080 04 31323334\n'
answers 'inspect shows no PIN' 0 'VERIFY, 4 bytes' - inspect
result=0
! grep -q 313233 "$work/out" || result=1
report "$result" 'really none'
input '63c2'
answers 'inspect a response APDU' 0 'tries left' - inspect
input 'oA\n'
answers 'inspect base64url' 0 '{}' - inspect --as cbor
input 'oWFhAQ\n'
answers 'inspect base64url, recognised' 0 '{"a": 1}' - inspect
input 'a1616101'
answers 'no colours but on a terminal' 0 'CTAP2 canonical CBOR, 4 bytes' - inspect
result=0
! grep -q "$(printf '\033')" "$work/out" || result=1
report "$result" 'really none'

# "none" attestation without credential data: {"fmt": "none", "attStmt": {}, "authData": 37 bytes}
hash=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
object=a363666d74646e6f6e656761747453746d74a068617574684461746158 # then the length and the data
object=${object}25${hash}0500000007
input "$object"
answers 'inspect an attestation object' 0 'signCount      7' - inspect
input "${hash}0500000007"
answers 'inspect authenticator data' 0 'UV user verified' - inspect
answers 'from a file' 0 'UV user verified' - inspect "$work/in"

input "${hash}1100000007"
answers 'inspect what is wrong within: all of it, and where' 1 'signCount      7' 'E117' inspect
answers 'and on the line where it stands' 1 '! E117' 'flags.BS' inspect
input '{"type":"webauthn.get","challenge":"AAAA","origin":"https://example.org","more":[1]}'
answers 'inspect client data' 0 'origin         "https://example.org"' - inspect
answers 'and the members that are not known' 0 'also           "more": [1]' - inspect
printf '{"name":"a case","kind":"registration","rp_id":"portal.example.jp"}\n' >"$work/in"
answers 'and take no other JSON for authenticator data' 1 - 'E813' inspect
input 'oWFhYis/\n'
answers 'inspect base64' 0 '{"a": "+?"}' - inspect --as cbor
input 'oWFhYQ==\n'
answers 'inspect base64 that is cut' 1 - 'E112' inspect --as cbor
input -- '-----BEGIN PRIVATE KEY-----\nMAMCAVo=\n-----END PRIVATE KEY-----\n'
answers 'inspect no private key' 1 - 'E813' inspect

# Every truncation: exit status 1, nothing on stdout, a code and a place on stderr.
result=0
size=2
: >"$work/out"
: >"$work/err"
while [ "$size" -lt ${#object} ]; do
        printf "%.${size}s" "$object" >"$work/cut"
        got=0
        "$mitome" inspect "$work/cut" >"$work/cut.out" 2>"$work/cut.err" || got=$?
        if [ "$got" != 1 ] || [ -s "$work/cut.out" ] || ! grep -qE 'E[0-9]+ .* at byte [0-9]+' "$work/cut.err"; then
                result=1
                { echo "cut to $size digits: exit status $got"; cat "$work/cut.out" "$work/cut.err"; } >>"$work/err"
        fi
        size=$((size + 2))
done
report "$result" 'an attestation object is refused at every truncation, with the place'

input ''
answers 'inspect nothing' 1 - 'E118' inspect
input "${object}00"
answers 'inspect trailing bytes' 1 - 'E113' inspect
input 'a2616101616102'
answers 'inspect the same key twice' 1 - 'E204' inspect
input 'a261620161610 2'
answers 'inspect half a byte of hexadecimal text' 1 - 'E119' inspect
input 'a1616'
answers 'inspect an odd number of digits' 1 - 'E112' inspect
input '{"id": 1}'
answers 'inspect JSON' 1 - 'E813' inspect
input '\377\000\377'
answers 'inspect bytes of no kind' 1 - 'E813' inspect
input 'a16161010500'
answers 'inspect as another kind' 1 - 'E601' inspect --as apdu-command
answers 'inspect as no kind' 2 - 'usage' inspect --as frobnication
answers 'inspect a missing file' 2 - 'E806' inspect "$work/missing"
answers 'inspect a folder' 2 - 'E806' inspect "$work"
answers 'inspect two files' 2 - 'usage' inspect a b
dd if=/dev/zero of="$work/in" bs=1 count=1 seek=33554432 2>/dev/null
answers 'inspect what is too long' 2 - 'E114' inspect

# ---- element ----

input ''
key=00112233445566778899aabbccddeeff
printf '%s\n%s\n%s\n' $key $key $key >"$work/keys"
answers 'element without its options' 2 - 'usage' element
answers 'element that was never made' 2 - 'E802' element --state "$work/state" --unix "$work/socket"
for bad in "$key" "$key $key $key" "0x${key#00}" "-${key#0}" "${key}0"; do
        printf '%s\n%s\n%s\n' "$key" "$bad" "$bad" >"$work/bad"
        [ "$bad" != "$key" ] || printf '%s\n%s\n' "$key" "$key" >"$work/bad"
        answers "element with the key line '$bad'" 2 - 'E1' element --state "$work/new" --create --scp03-keys "$work/bad"
done
printf '%s\n%s\n%s\n\n' $key $key $key >"$work/bad"
answers 'element with a line too many' 2 - 'E113' element --state "$work/new" --create --scp03-keys "$work/bad"
cp "$work/keys" "$work/open"
chmod 644 "$work/open"
answers 'element with keys that others can read' 2 - 'E808' element --state "$work/new" --create --scp03-keys "$work/open"
answers 'element with missing keys' 2 - 'E806' element --state "$work/new" --create --scp03-keys "$work/missing"
for digits in 31 33 47 50 63 66; do
        cut=$(printf %.${digits}s "$key$key$key")
        printf '%s\n%s\n%s\n' "$cut" "$cut" "$cut" >"$work/bad"
        answers "element with keys of $digits digits" 2 - 'E117' element --state "$work/new" --create --scp03-keys "$work/bad"
done
printf '%s\n%s\n%s\n' "$key" "$key" "$key$key" >"$work/bad"
answers 'element with keys of two lengths' 2 - 'E117' element --state "$work/new" --create --scp03-keys "$work/bad"
for bad in 7 070 '7 ' xx; do
        answers "element with i '$bad'" 2 - 'E1' element --state "$work/new" --create --scp03-keys "$work/keys" --scp03-i "$bad"
done
for bad in 40 72 f0; do
        answers "element with i $bad" 2 - 'E111' element --state "$work/new" --create --scp03-keys "$work/keys" --scp03-i $bad
done
answers 'element is served with an i' 2 - 'usage' element --state "$work/new" --unix "$work/socket" --scp03-i 70
for long in "$key" "$key$(printf %.16s $key)" "$key$key"; do
        printf '%s\n%s\n%s\n' "$long" "$long" "$long" >"$work/long"
        chmod 600 "$work/long"
        answers "element with keys of ${#long} digits" 0 - - element --state "$work/of${#long}" --create --scp03-keys "$work/long" --scp03-i 71
done
answers 'element is made' 0 - - element --state "$work/state" --create --scp03-keys "$work/keys"
answers 'element is not made twice' 2 - 'E801' element --state "$work/state" --create --scp03-keys "$work/keys"
for wrong in '--vpcd a:1 --unix b' '--vpcd a:1 --create' '--personality card --vpcd a:1' '--provision-demo --personality cat' '--provision-demo --create' \
        '--provision-demo --vpcd a:1 --unix b' '--vpcd a:1 --scp03-keys x' '--write-cap jpki'; do
        # shellcheck disable=SC2086 # words
        answers "element with $wrong" 2 - 'usage' element --state "$work/new" $wrong
done
for wrong in nowhere :1 host: host:0 host:65536 host:1x; do
        answers "element in the reader '$wrong'" 2 - 'E117' element --state "$work/new" --provision-demo --vpcd "$wrong"
done
answers 'nothing was made of all that' 2 - 'E802' element --state "$work/new" --unix "$work/other"
answers 'element in the reader of a host that is none' 2 - 'E809' element --state "$work/state" --vpcd 999.999.999.999:1
answers 'a CAP file of no applet' 2 - 'E117' element --write-cap frobnicate
for applet in jpki fido ara stand-in; do
        answers "the CAP file of $applet" 0 "mitome native applet $applet" - element --write-cap $applet
done
for personality in phone card; do
        answers "a demonstration: $personality" 0 - 'DEMONSTRATION' element --state "$work/$personality" --provision-demo --personality $personality
        answers 'and not twice' 0 - 'nothing was personalised' element --state "$work/$personality" --provision-demo --personality $personality
        result=0
        [ "$(stat -c %a "$work/$personality/scp03-keys")" = 600 ] && [ "$(wc -c <"$work/$personality/scp03-keys")" = 99 ] || result=1
        report "$result" 'its keys are its owner'\''s alone'
done
answers 'a demonstration with keys of its own' 0 - 'DEMONSTRATION' element --state "$work/keyed" --provision-demo --scp03-keys "$work/keys" --scp03-i 60
answers 'a demonstration in a mode that it cannot be made in' 2 - 'E117' element --state "$work/keyed2" --provision-demo --scp03-i 71
result=0
[ ! -e "$work/keyed/scp03-keys" ] || result=1
report "$result" 'leaves no keys about'
# An older copy of an anchored state, put back: each start counts.
answers 'an anchored element' 0 - - element --state "$work/anchored" --create --scp03-keys "$work/keys" --anchor "$work/anchor"
cp -a "$work/anchored" "$work/older"
timeout 1 "$mitome" element --state "$work/anchored" --anchor "$work/anchor" --unix "$work/none" || true
answers 'its older state' 2 - 'E615' element --state "$work/older" --anchor "$work/anchor" --unix "$work/none"
answers 'its state without an anchor' 2 - 'E616' element --state "$work/anchored" --unix "$work/none"
answers 'an anchor and a CAP file' 2 - 'usage' element --anchor "$work/anchor" --write-cap jpki
answers 'element on a path that is a file' 2 - 'E809' element --state "$work/state" --unix "$work/keys"

answers 'metadata: the classes' 0 '6d69746f-6d65-4001-8000-736563330001' - metadata --list
answers 'metadata: the software model claims no chip' 0 '"keyProtection":["software"]' - metadata
answers 'metadata: a model that is not built names no root' 0 '"attestationRootCertificates":[]' - metadata --class secure-element-3
answers 'metadata: no such class' 2 - 'no class is called' metadata --class gold
answers 'metadata: a root that is no certificate' 2 - 'E' metadata --root "$work/keys"
answers 'metadata: nobody there' 2 - 'E' metadata --from "unix:$work/nobody"
answers 'metadata: a word too many' 2 - 'usage' metadata software

"$mitome" element --state "$work/state" --unix "$work/socket" 2>"$work/element.err" &
element=$!
tries=0
while [ ! -S "$work/socket" ] && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
done
answers 'a state in use is refused' 2 - 'E812' element --state "$work/state" --unix "$work/other"
kill "$element"
wait "$element" 2>/dev/null || true
element=

find "$work/state" -type f ! -name lock -size +0 >"$work/files"
while read -r file; do
        cp "$file" "$work/kept"
        dd if=/dev/zero of="$file" bs=1 count=1 seek=8 conv=notrunc 2>/dev/null
        cmp -s "$file" "$work/kept" && printf '\001' | dd of="$file" bs=1 count=1 seek=8 conv=notrunc 2>/dev/null
        cp "$file" "$work/damaged"
        answers "a damaged $(basename "$file") is refused" 2 - 'E80' element --state "$work/state" --unix "$work/socket"
        result=0
        cmp "$file" "$work/damaged" >"$work/out" 2>&1 || result=1
        report "$result" "and left as it is"
        cp "$work/kept" "$file"
done <"$work/files"

printf '1..%d\n' "$count"
[ "$broken" -eq 0 ]
