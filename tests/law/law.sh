#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds the tree to its law (ARCHITECTURE.md, "The law"). Usage: law.sh SOURCE-TREE BUILD-FOLDER
set -eu

source=$1
build=$2
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

refuse() {
        printf 'FAIL  %s\n' "$*"
        failures=$((failures + 1))
}

holds() {
        printf 'ok    %s\n' "$*"
}

archive() {
        printf '%s/%s/lib%s.a' "$build" "$1" "$2"
}

undefined() {
        nm -u "$@" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u
}

defined() {
        nm --defined-only "$@" 2>/dev/null | awk '$2 ~ /^[A-Z]$/ { print $3 }' | sort -u
}

# 1. The core signs nothing: its archive asks for no operation with a private or secret key.
private='^(EVP_PKEY_sign|EVP_DigestSign|EVP_PKEY_keygen|EVP_PKEY_generate|EVP_PKEY_derive|EVP_PKEY_decrypt|EVP_PKEY_Q_keygen|EVP_.*_gen$|EC_|ECDSA_|ECDH_|RSA_|EVP_MAC_|EVP_Encrypt|EVP_Decrypt|EVP_Cipher|HMAC|crypto_sign|crypto_scalarmult|crypto_box|crypto_secretbox|crypto_aead|crypto_auth|crypto_kx|hmac_sha256|hkdf_sha256|p256_|pairing_|unlock_token_|scp03_)'
for room in core hid; do
        found=$(undefined "$(archive authenticator/$room $room)" | grep -E "$private" || true)
        [ -n "$(undefined "$(archive authenticator/$room $room)")" ] || refuse "authenticator/$room: its archive was not found"
        if [ -n "$found" ]; then
                refuse "authenticator/$room uses a private-key operation: $found"
        else
                holds "authenticator/$room uses no operation with a private or secret key"
        fi
done

# 2. The two halves do not need each other.
half() {
        for name in $1; do
                archive "${name%:*}" "${name#*:}"
                printf ' '
        done
}
authenticator=$(half 'authenticator/apdu:apdu authenticator/channel:channel authenticator/gate:gate authenticator/element:element authenticator/hid:hid authenticator/core:core')
attestation=$(half 'attestation/format:format attestation/trust:trust src/rp:rp')
for room in metadata level; do
        [ ! -f "$(archive attestation/$room $room)" ] || attestation="$attestation $(archive attestation/$room $room)"
done
# shellcheck disable=SC2086 # lists of paths
apart() {
        undefined $2 >"$work/wanted"
        defined $3 >"$work/given"
        [ -s "$work/wanted" ] && [ -s "$work/given" ] || refuse "$1: the archives were not found"
        shared=$(comm -12 "$work/wanted" "$work/given")
        if [ -n "$shared" ]; then
                refuse "$1: $shared"
        else
                holds "$1"
        fi
}
apart "the relying party's half links nothing of the authenticator's" "$attestation" "$authenticator"
apart "the authenticator's half links nothing of the relying party's" "$authenticator" "$attestation"
apart "src/base links nothing of ours" "$(archive src/base base)" "$authenticator $attestation"

# 3. The shipped libraries export what their headers declare, and nothing else.
for library in authenticator/libmitome-authenticator authenticator/libmitome-element src/rp/libmitome-rp; do
        file=$build/$library.so
        if [ ! -e "$file" ]; then
                refuse "$library.so was not built"
                continue
        fi
        nm -D --defined-only "$file" | awk '$2 ~ /^[B-Z]$/ { print $3 }' | sed 's/@.*//' | sort -u >"$work/exports"
        foreign=$(grep -v '^mitome_' "$work/exports" || true)
        [ -z "$foreign" ] && [ -s "$work/exports" ] && holds "$(basename $library) exports mitome_ symbols only" ||
                refuse "$(basename $library) exports: ${foreign:-nothing}"
        case $library in
        *-rp) grep -qx mitome_explain "$work/exports" && holds "libmitome-rp exports mitome_explain" || refuse "libmitome-rp lacks mitome_explain" ;;
        *) ! grep -qx mitome_explain "$work/exports" || refuse "$(basename $library) exports mitome_explain" ;;
        esac
done

# 4. A wrong include does not compile. The right compilation is shown first, so that the refusal means something.
wrong_include() {
        room=$1 file=$2 header=$3
        command=$(python3 "$source/tests/law/compile_command.py" "$build/compile_commands.json" "$room/$file")
        printf '#include "%s"\nint law_holds(void);\nint law_holds(void)\n{\n        return 0;\n}\n' "$header" >"$work/foreign.c"
        if ! (cd "$build" && sh -c "$command -I'$source/$room' -fsyntax-only '$source/$room/$file'") >"$work/log" 2>&1; then
                refuse "$room/$file itself does not compile: $(head -n 1 "$work/log")"
        elif (cd "$build" && sh -c "$command -I'$source/$room' -fsyntax-only '$work/foreign.c'") >"$work/log" 2>&1; then
                refuse "$room can include $header"
        elif ! grep -q "$header" "$work/log"; then
                refuse "$room with $header fails for another reason: $(head -n 1 "$work/log")"
        else
                holds "$room cannot include $header"
        fi
}
wrong_include authenticator/core get_info.c trust.h
wrong_include authenticator/core get_info.c store.h
wrong_include attestation/format packed.c unlock_token.h
wrong_include src/rp verify_registration.c apdu.h
wrong_include src/base cose.c core.h

# 5. Reading the tree: no include climbs out of its room, no two headers have one name, untrusted bytes are copied in one file.
cd "$source"
files=$(find include src authenticator attestation examples tests -name '*.[ch]')
# shellcheck disable=SC2086 # a list of paths without spaces
grep_files() {
        grep "$@" $files || true
}
climbing=$(grep_files -nE '#include "[^"]*\.\./')
[ -z "$climbing" ] && holds "no include climbs out of its room" || refuse "includes climb: $climbing"
twice=$(printf '%s\n' $files | grep '\.h$' | grep -v '^include/' | sed 's|.*/||' | sort | uniq -d)
[ -z "$twice" ] && holds "no two headers have the same name" || refuse "headers of one name: $twice"
copying=$(grep_files -lE '\b(memcpy|memmove|strcpy|strcat|sprintf|alloca|system|popen|cbor_load)\(' | grep -v '^tests/' | grep -v '^src/base/bytes.c$' || true)
[ -z "$copying" ] && holds "only src/base/bytes.c copies untrusted bytes" || refuse "raw copies or banned calls in: $copying"
long=$(printf '%s\n' $files | grep '\.c$' | grep -v '^tests/' | xargs awk 'FNR == 1 { start = 0 } /^\{/ { start = FNR } /^\}/ { if (start && FNR - start > 100) print FILENAME ":" start; start = 0 }')
[ -z "$long" ] && holds "no function is longer than 100 lines" || refuse "functions over 100 lines: $long"

# 6. The page of errors is the registry's.
"$build/mitome" explain --markdown >"$work/errors.md"
if cmp -s "$work/errors.md" docs/errors.md; then
        holds "docs/errors.md is what the registry says"
else
        refuse "docs/errors.md is not what \`mitome explain --markdown\` prints"
fi
numbers=$(grep -oE '^ *MITOME_ERROR\([0-9]+' include/mitome/errors.def | grep -oE '[0-9]+' | sort | uniq -d)
[ -z "$numbers" ] && holds "no error number is used twice" || refuse "error numbers used twice: $numbers"

[ "$failures" = 0 ]
