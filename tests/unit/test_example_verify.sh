#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a relying party begins with: the library as it is installed, the examples compiled against that and nothing else,
# a first registration and login; and that the pages show the code that was run.
# usage: test_example_verify.sh SOURCE-ROOT BUILD-ROOT BROWSE VERIFY FIRST-SITE [sanitized]; prints TAP.
set -eu
export LC_ALL=C
source=$1
build=$2
browse=$3
verify=$4
first_site=$5
embed=$build/examples/embed
sanitized=${6-}
work=$(mktemp -d)
element=''
leave() {
        [ -z "$element" ] || { kill "$element" 2>/dev/null; wait "$element" 2>/dev/null || true; }
        rm -rf "$work"
}
trap leave EXIT
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

# answers NAME STATUS WORD-ON-STDOUT WORD-ON-STDERR COMMAND..: - is no output at all, . is any. Reads $work/in.
answers() {
        name=$1 status=$2 out=$3 err=$4
        shift 4
        got=0
        timeout 60 "$@" >"$work/out" 2>"$work/err" <"$work/in" || got=$?
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

: >"$work/in"
: >"$work/out"

# ---- installing and compiling ----

# A sanitizer's libraries are of no use to a program that was compiled without.
if [ -z "$sanitized" ]; then
        answers 'the library installs' 0 . . env DESTDIR="$work/root" meson install -C "$build" --no-rebuild --quiet
        PKG_CONFIG_SYSROOT_DIR=$work/root
        PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name libmitome-rp.pc)")
        LD_LIBRARY_PATH=$(dirname "$(find "$work/root" -name libmitome-rp.so)")
        export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH LD_LIBRARY_PATH
        answers 'the installed program finds the policies of levels' 0 - - \
                "$(find "$work/root" -path '*/bin/mitome')" verify --level nist-800-63b-4
        verify=$work/verify
        first_site=$work/first-site
        # The command of docs/first-login.md. shellcheck disable=SC2046 # flags are words
        answers 'examples/verify.c compiles with the flags of pkg-config alone' 0 - - \
                cc -Wall -Wextra -Werror -o "$verify" "$source/examples/verify.c" $(pkg-config --cflags --libs libmitome-rp)
        # shellcheck disable=SC2046
        answers 'examples/first_site.c, too' 0 - - \
                cc -Wall -Wextra -Werror -o "$first_site" "$source/examples/first_site.c" $(pkg-config --cflags --libs libmitome-rp)
        # shellcheck disable=SC2046
        answers 'examples/embed.c, with those of libmitome-authenticator' 0 - - \
                cc -Wall -Wextra -Werror -o "$work/embed" "$source/examples/embed.c" $(pkg-config --cflags --libs libmitome-authenticator)
        embed=$work/embed
        for header in "$source"/include/mitome/*.h; do
                name=$(basename "$header")
                printf '#include <mitome/%s>\n#include <mitome/%s>\nint main(void) { return 0; }\n' "$name" "$name" >"$work/alone.c"
                # shellcheck disable=SC2046
                answers "<mitome/$name> compiles alone" 0 - - cc -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only \
                        "$work/alone.c" $(pkg-config --cflags libmitome-rp)
        done
fi

# ---- examples/first_site.c ----

mkdir "$work/site" "$work/phone"
site() {
        "$first_site" "$work/site" "$@"
}

# offer STEP SESSION [ORIGIN]: the site's options, answered by the browser, in $work/in.
offer() {
        site "$1" "$2" >"$work/options"
        "$browse" "$work/phone" ${3+"$3"} <"$work/options" >"$work/in"
}

offer login-options hanako
answers 'nobody logs in before there is a record' 1 - E "$first_site" "$work/site" login hanako
offer register-options hanako
answers 'a challenge of another session is refused' 1 - 'E933' "$first_site" "$work/site" register mallory
answers 'a registration is accepted' 0 '"credential_id_b64url"' - "$first_site" "$work/site" register hanako
cp "$work/site/record.json" "$work/record"
answers 'and its challenge is spent' 1 - 'E935' "$first_site" "$work/site" register hanako
offer register-options hanako
answers 'a challenge for a registration is none for a login' 1 - 'E933' "$first_site" "$work/site" login hanako
offer login-options hanako https://example.com
answers 'a login at another site is refused' 1 - 'E903' "$first_site" "$work/site" login hanako
answers 'and its challenge is spent by that' 1 - 'E935' "$first_site" "$work/site" login hanako
offer login-options hanako
answers 'a login is accepted' 0 '"sign_count"' - "$first_site" "$work/site" login hanako
answers 'a replay is refused' 1 - 'E935' "$first_site" "$work/site" login hanako
result=0
cmp -s "$work/record" "$work/site/record.json" && result=1
report "$result" 'the login changed the record'
rm "$work/phone/browse.count"
offer login-options hanako
answers 'a counter that fell is a finding, not a refusal' 0 '"sign_count"' 'is there a copy' "$first_site" "$work/site" login hanako
: >"$work/in"
answers 'an unknown step shows the usage' 2 - 'usage:' "$first_site" "$work/site" frobnicate hanako
answers 'a folder that is none' 2 - 'No such file' "$first_site" "$work/nothing" login hanako

# ---- examples/verify.c ----

printf 'thirty-two bytes of a challenge.' >"$work/challenge"
challenge=$(base64 <"$work/challenge" | tr '+/' '-_' | tr -d '=')
rm -r "$work/phone"
mkdir "$work/phone"
printf '{"rp":{"id":"example.org"},"user":{"id":"AAEC"},"challenge":"%s"}' "$challenge" |
        "$browse" "$work/phone" >"$work/in"
run() { # NAME STATUS OUT ERR ORIGIN [RECORD]
        name=$1 status=$2 out=$3 err=$4 origin=$5
        shift 5
        answers "$name" "$status" "$out" "$err" "$verify" example.org "$origin" "$work/challenge" "$@"
}
run 'a registration is verified' 0 '"credential_id_b64url"' - https://example.org
cp "$work/out" "$work/record"
run 'another origin is refused, with clause' 1 - 'WebAuthn L3 7.1 #9' https://example.com
printf '{"rpId":"example.org","challenge":"%s"}' "$challenge" | "$browse" "$work/phone" >"$work/in"
run 'a login is verified by the record' 0 '"sign_count":2' - https://example.org "$work/record"
sed 's/.\("authenticatorData":"[^"]*\)[^"]"/\1_"/' "$work/in" >"$work/changed"
mv "$work/changed" "$work/in"
run 'a login that was changed is refused' 1 - 'E' https://example.org "$work/record"
# The smallest record (docs/coming-from.md): what another library's users have stored is enough.
printf '{"version":1,"minor":0,%s,%s,"rp_id":"example.org","sign_count":0,"backed_up":false,"uv_initialized":false,"trust":"none","created":1800000000}' \
        "$(grep -o '"credential_id_b64url":"[^"]*"' "$work/record")" "$(grep -o '"public_key_b64url":"[^"]*"' "$work/record")" >"$work/imported"
printf '{"rpId":"example.org","challenge":"%s"}' "$challenge" | "$browse" "$work/phone" >"$work/in"
run 'a login is verified by a record that was put together from ID and key' 0 '"sign_count":3' - https://example.org "$work/imported"
printf 'thirty-two bytes of another one.' >"$work/challenge"
run 'another challenge is refused' 1 - 'E' https://example.org "$work/record"
: >"$work/in"
run 'no response is refused' 1 - 'E' https://example.org
run 'no record cannot be read' 2 - 'usage:' https://example.org "$work/nothing"

# ---- examples/embed.c ----

"$build/mitome" element --state "$work/element" --provision-demo --unix "$work/socket" >"$work/element.log" 2>&1 &
element=$!
for moment in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ ! -S "$work/socket" ] || break
        sleep 1
done
echo >"$work/in"
answers 'an authenticator in a program of its own tells what it is, and is touched' 0 'command 0B: status 00 and 0 bytes' - "$embed" "$work/socket"
answers 'by getInfo, too' 0 'command 04: status 00 and ' - "$embed" "$work/socket"
echo n >"$work/in"
answers 'a touch that is declined is OPERATION_DENIED' 0 'command 0B: status 27 and 0 bytes' - "$embed" "$work/socket"
answers 'no element, no authenticator' 2 - 'No such file' "$embed" "$work/nowhere"
kill "$element"
wait "$element" || true
element=''

# ---- the pages show what was run ----

# squeeze: a C text as one line without white space, so that a page may indent as it likes.
squeeze() {
        tr -d ' \t\n'
}

cat "$source/examples/verify.c" "$source/examples/first_site.c" "$source/examples/embed.c" | squeeze >"$work/code"
for page in docs/first-login.md docs/ja/first-login.md docs/authenticator.md docs/ja/authenticator.md; do
        case $page in *authenticator.md) wanted=1 ;; *) wanted=4 ;; esac
        : >"$work/out"
        : >"$work/err"
        awk -v folder="$work" '/^```c$/ { n++; on = 1; next } /^```$/ { on = 0 } on { print >(folder "/block." n) }' "$source/$page"
        blocks=0
        for block in "$work"/block.*; do
                [ -f "$block" ] || continue
                blocks=$((blocks + 1))
                squeeze <"$block" >"$work/block"
                grep -qF -f "$work/block" "$work/code" || cat "$block" >>"$work/out"
                rm "$block"
        done
        result=0
        [ "$blocks" -ge "$wanted" ] || { result=1; echo "only $blocks blocks of C" >>"$work/err"; }
        [ ! -s "$work/out" ] || result=1
        report "$result" "the C in $page is that of the examples"
done

# Each switch of the library, and each algorithm and format, has its line.
: >"$work/err"
sed -n 's/.*MITOME_SWITCH_[A-Z0-9_]*, "\([a-z0-9-]*\)".*/\1/p' "$source/src/rp/switches.c" >"$work/switches"
sed -n 's/.*\.name = "\([a-z0-9-]*\)".*/\1/p' "$source"/attestation/format/*.c >"$work/formats"
sed -n 's/.*{ COSE_[A-Z0-9_]*, "\([A-Za-z0-9-]*\)", COSE_FORM.*/\1/p' "$source/src/base/cose.c" | sed 's/^ML-DSA//' >"$work/algorithms"
for page in docs docs/ja; do
        : >"$work/out"
        while read -r name; do
                grep -qF "\`$name\`" "$source/$page/switches.md" || echo "$page/switches.md lacks $name" >>"$work/out"
        done <"$work/switches"
        while read -r name; do
                grep -qF "\`$name\`" "$source/$page/relying-party.md" || echo "$page/relying-party.md lacks $name" >>"$work/out"
        done <"$work/formats"
        while read -r name; do
                grep -qF -e "$name" "$source/$page/relying-party.md" || echo "$page/relying-party.md lacks $name" >>"$work/out"
        done <"$work/algorithms"
        result=0
        [ "$(wc -l <"$work/switches")" -ge 6 ] && [ "$(wc -l <"$work/formats")" -ge 8 ] && [ "$(wc -l <"$work/algorithms")" -ge 20 ] ||
                { result=1; wc -l "$work/switches" "$work/formats" "$work/algorithms" >>"$work/err"; }
        [ ! -s "$work/out" ] || result=1
        report "$result" "$page knows every switch, format and algorithm"
done

# What the authenticator says of itself, and each trouble that `mitome status` knows, has its place.
sed -n '/shown_text versions\[\]/,/};/p;/shown_text extensions\[\]/,/};/p' "$source/authenticator/core/get_info.c" |
        grep -o '"[A-Za-z0-9_-]*"' | tr -d '"' >"$work/names"
sed -n 's/^        { "\([a-z-]*\)", [a-z_]*,.*/\1/p' "$source/src/cli/status_text.c" >"$work/troubles"
for page in docs/authenticator.md docs/ja/authenticator.md; do
        : >"$work/out"
        cat "$work/names" "$work/troubles" | while read -r name; do
                grep -qF -e "$name" "$source/$page" || echo "$page lacks $name" >>"$work/out"
        done
        result=0
        [ "$(wc -l <"$work/names")" -ge 14 ] && [ "$(wc -l <"$work/troubles")" -ge 9 ] && [ ! -s "$work/out" ] || result=1
        wc -l "$work/names" "$work/troubles" >"$work/err"
        report "$result" "$page knows each version, extension and trouble"
done

# The manual page has every option of every subcommand's help.
: >"$work/out"
sed 's/\\-/-/g' "$source/docs/man/mitome.1" >"$work/page"
for subcommand in verify judge inspect authenticator status finger biometric element card explain; do
        "$build/mitome" "$subcommand" --help | grep -oE -e '--[a-z][a-z0-9-]+' | sort -u >"$work/options"
        [ -s "$work/options" ] || echo "$subcommand has no options" >>"$work/out"
        while read -r option; do
                grep -qE -e "$option([^a-z0-9-]|\$)" "$work/page" || echo "the page lacks $subcommand $option" >>"$work/out"
        done <"$work/options"
done
result=0
[ ! -s "$work/out" ] || result=1
report "$result" 'the manual page has every option'

printf '1..%d\n' "$count"
[ "$broken" -eq 0 ]
