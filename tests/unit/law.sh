#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The law of the house (ARCHITECTURE.md), held against what was written and what was built.
# usage: law.sh SOURCE-ROOT BUILD-ROOT; prints TAP.
set -eu
export LC_ALL=C
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$source"

count=0
broken=0

# judge NAME FILE: the law NAME holds when FILE, the list of its violations, is empty.
judge() {
        count=$((count + 1))
        if [ -s "$2" ]; then
                broken=$((broken + 1))
                sed 's/^/#   /' "$2"
                say_not='not '
        else
                say_not=''
        fi
        printf '%sok %d - %s\n' "$say_not" "$count" "$1"
}

# sources FOLDER.. lists C sources and headers; outside a git tree, too.
sources() {
        find "$@" -name '*.[ch]' -type f 2>/dev/null | sort
}

# ---- what is written ----

sources src authenticator attestation include examples tests >"$work/all"

xargs grep -nE '#[[:space:]]*include[[:space:]]*["<][^">]*\.\./' <"$work/all" >"$work/out" || true
judge 'no include climbs out of its room' "$work/out"

# Public headers are included as <mitome/..>. A subcommand's file is named after the subcommand.
grep -v -e '^include/' -e '^src/cli/element\.c$' -e '^src/cli/explain\.c$' -e '^src/cli/verify\.c$' "$work/all" | sed 's|.*/||' | sort | uniq -d >"$work/out"
judge 'file names are unique' "$work/out"

grep -v -e '^tests/' "$work/all" | xargs grep -nE '\b(memcpy|memmove|mempcpy|bcopy)[[:space:]]*\(' | grep -v '^src/base/bytes\.c:' >"$work/out" || true
judge 'only src/base/bytes.c copies memory' "$work/out"

grep -v -e '^tests/' "$work/all" | xargs grep -nE '\b(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|alloca|system|popen|cbor_load|atoi|strtok)[[:space:]]*\(' >"$work/out" || true
judge 'no unbounded string, no shell, no cbor_load, no alloca' "$work/out"

xargs grep -LE '^/\* SPDX-License-Identifier: Apache-2\.0 \*/$' <"$work/all" >"$work/out" || true
judge 'every file carries its licence' "$work/out"

# allowed ROOM prints the folders that a room may include headers of; * is any.
allowed() {
        case $1 in
        src/base) echo src/base ;;
        src/rp) echo src/base attestation src/rp ;;
        attestation/*) echo src/base attestation ;;
        authenticator | authenticator/*) echo src/base authenticator ;;
        examples/party) echo src/base src/edge examples/party ;;
        examples/authority/ca) echo src/base examples/party examples/authority/ca ;;
        examples/authority/maker) echo src/base authenticator/gate attestation/evidence examples/party examples/authority/ca examples/authority/maker ;;
        examples/authority/*) echo src/base authenticator/apdu authenticator/channel authenticator/gate attestation/evidence examples/party examples/authority ;;
        examples/web) echo src/base examples/party examples/web ;;
        examples/portal/core) echo src/base src/edge src/rp attestation examples/party examples/portal/core ;;
        examples/portal/oidc) echo src/base src/edge examples/party examples/web examples/portal/core examples/portal/oidc ;;
        examples/portal/site) echo src/base src/edge src/rp attestation examples/party examples/web examples/portal ;;
        *) echo '*' ;;
        esac
}

{
        grep '\.h$' "$work/all" | grep -v '^include/'
        find src authenticator attestation examples -name '*.def' -type f # lists that headers are made of
} >"$work/headers"
xargs grep -nE '^#include "' <"$work/all" | sed -E 's|^([^:]*)/[^/:]*:([0-9]+):#include "([^"]*)".*|\1 \2 \3|' | sort -u >"$work/includes"
while read -r room line header; do
        home=$(grep -E "(^|/)$header\$" "$work/headers" || true)
        permitted=no
        [ -n "$home" ] || permitted=unknown
        for folder in $(set -f; allowed "$room"); do
                case $home in "$folder"/*) permitted=yes ;; esac
                [ "$folder" = '*' ] && [ -n "$home" ] && permitted=yes
        done
        [ "$permitted" = yes ] || echo "$room, line $line, includes $header of ${home:-nowhere}"
done <"$work/includes" >"$work/out"
judge 'every include is of a room that the law allows' "$work/out"

# Nothing knows of the edges, the program and the examples.
grep -E '^(src/base|src/rp|attestation[^ ]*|authenticator[^ ]*) ' "$work/includes" | while read -r room line header; do
        grep -E "^(src/edge|src/cli|src/evaluate|examples|tests)/(.*/)?$header\$" "$work/headers" | sed "s|^|$room includes |"
done >"$work/out"
judge 'nothing below includes an edge' "$work/out"

# ---- what is compiled ----

# flags FILE prints the directory and the command by which FILE was compiled into its own room.
compile_command() {
        awk -v want="$1" -F'"' '
                /"directory":/ { directory = $4 }
                /"command":/ { sub(/^[^:]*: "/, ""); sub(/",$/, ""); command = $0 }
                /"file":/ { file = $4
                        if (substr(file, length(file) - length(want) + 1) == want && command !~ /tests\//) {
                                print directory; print command; exit } }' "$build/compile_commands.json"
}

# compiles FILE HEADER tells whether FILE still compiles with one include more (none: - ), by its very flags.
compiles() {
        compile_command "$1" >"$work/command"
        [ -s "$work/command" ] || { echo "no compile command of $1" >"$work/log"; return 2; }
        cp "$1" "$work/probe.c"
        [ "$2" = - ] || printf '#include "%s"\n' "$2" >>"$work/probe.c"
        # Only the input and the outputs change; -iquote is where FILE itself stands, which quotes search first.
        command=$(sed -n 2p "$work/command" | sed -E 's| -M[DQF]( [^ ]*\.o(\.d)?)?||g; s| -o [^ ]*||; s| -c [^ ]*$||; s|\\"|"|g')
        (cd "$(sed -n 1p "$work/command")" && eval "$command -iquote '$source/$(dirname "$1")' -fsyntax-only '$work/probe.c'") >"$work/log" 2>&1
}

# headers_compile COMPILER..: what it says of each public header alone, and of all of them in one file.
headers_compile() {
        find include/mitome -name '*.h' | sort | sed 's|^include/\(.*\)|#include <\1>|' >"$work/together"
        [ -s "$work/together" ] || echo 'no public headers'
        while read -r line; do
                echo "$line" | "$@" -Wall -Werror -pedantic -Iinclude -fsyntax-only - 2>&1 | sed "s|^|$line alone: |"
        done <"$work/together"
        "$@" -Wall -Werror -pedantic -Iinclude -fsyntax-only - <"$work/together" 2>&1
}

find include/mitome -name '*.h' | sed 's|.*/||' | while read -r header; do
        grep -qF "'$header'" include/mitome/meson.build || echo "$header is not installed"
done >"$work/out"
judge 'all public headers are installed' "$work/out"

headers_compile "$(command -v cc || command -v gcc || command -v clang)" -std=c11 -x c >"$work/out" || true
judge 'all public headers compile, each alone and all in one file' "$work/out"

: >"$work/out"
cxx=$(command -v c++ || command -v clang++ || command -v g++) || true
[ -z "$cxx" ] || headers_compile "$cxx" -std=c++11 -x c++ >"$work/out" || true
[ -n "$cxx" ] && in_cxx='' || in_cxx=' # SKIP there is no C++ compiler here'
judge "and so in C++$in_cxx" "$work/out"

: >"$work/out"
for pair in \
        authenticator/core/core.c:verify_case.h authenticator/core/core.c:ceremony.h authenticator/core/core.c:trust.h \
        authenticator/core/core.c:signing_key.h authenticator/element/card/signing_key.c:core.h authenticator/element/card/element.c:card_link.h \
        authenticator/core/core.c:access_decision.h src/rp/ceremony.c:core.h src/rp/ceremony.c:apdu.h attestation/format/packed.c:ceremony.h attestation/trust/trust.c:apdu.h \
        authenticator/hid/ctaphid.c:core.h authenticator/apdu/apdu.c:scp03.h src/base/bytes.c:apdu.h; do
        file=${pair%%:*}
        header=${pair##*:}
        if ! compiles "$file" -; then
                echo "$file does not compile as it is"
                cat "$work/log"
        elif compiles "$file" "$header"; then
                echo "$file compiles with $header"
        elif ! grep -qE "$header.*(No such file|not found)" "$work/log"; then
                echo "$file with $header fails for another reason"
                cat "$work/log"
        fi >>"$work/out"
done
judge 'a wrong include does not compile' "$work/out"

# ---- what is built ----

# archives FOLDER.. lists the rooms' static libraries.
archives() {
        for folder; do
                find "$build/$folder" -name 'lib*.a' ! -name 'libmitome-*' 2>/dev/null
        done
}

# wanted and given print the symbols that archives need from elsewhere, and those that they define for others.
wanted() {
        nm -u "$@" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u >"$work/wanted.all"
        given "$@" >"$work/wanted.own"
        comm -23 "$work/wanted.all" "$work/wanted.own"
}

given() {
        nm -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u
}

authenticator_rooms=$(archives authenticator)
rp_rooms=$(archives src/rp attestation)
base_rooms=$(archives src/base)
edge_rooms=$(archives src/edge src/cli src/evaluate examples)
{
        [ "$(echo "$authenticator_rooms" | wc -l)" -ge 6 ] || echo "too few archives of authenticator/: $authenticator_rooms"
        [ "$(echo "$rp_rooms" | wc -l)" -ge 3 ] || echo "too few archives of src/rp and attestation/: $rp_rooms"
        [ -n "$base_rooms" ] || echo 'no archive of src/base'
        [ -n "$edge_rooms" ] || echo 'no archive of src/edge'
} >"$work/out"
judge 'the rooms have been built' "$work/out"

# shellcheck disable=SC2086 # lists of words, here and below
given $base_rooms >"$work/base.given"
# shellcheck disable=SC2086
wanted $base_rooms >"$work/base.wanted"
# shellcheck disable=SC2086
wanted $authenticator_rooms | comm -23 - "$work/base.given" >"$work/authenticator.wanted"
# shellcheck disable=SC2086
wanted $rp_rooms | comm -23 - "$work/base.given" >"$work/rp.wanted"
# shellcheck disable=SC2086
given $authenticator_rooms | comm -23 - "$work/base.given" >"$work/authenticator.given"
# shellcheck disable=SC2086
given $rp_rooms | comm -23 - "$work/base.given" >"$work/rp.given"
# shellcheck disable=SC2086
given $edge_rooms | comm -23 - "$work/base.given" >"$work/edge.given"

comm -12 "$work/rp.wanted" "$work/authenticator.given" >"$work/out"
judge 'src/rp and attestation/ link nothing of authenticator/' "$work/out"
comm -12 "$work/authenticator.wanted" "$work/rp.given" >"$work/out"
judge 'authenticator/ links nothing of src/rp and attestation/' "$work/out"
sort -u "$work/authenticator.given" "$work/rp.given" "$work/edge.given" | comm -12 "$work/base.wanted" - >"$work/out"
judge 'src/base links nothing of ours' "$work/out"
sort -u "$work/authenticator.wanted" "$work/rp.wanted" "$work/base.wanted" >"$work/below.wanted"
comm -23 "$work/edge.given" "$work/authenticator.given" | comm -23 - "$work/rp.given" | comm -12 "$work/below.wanted" - >"$work/out"
judge 'nothing below links an edge' "$work/out"

machine='time|clock|clock_gettime|gettimeofday|localtime|localtime_r|getenv|secure_getenv|getrandom|getentropy|rand|random|srand|arc4random.*|randombytes.*|RAND_.*|f?open(64|at|at64)?|read|write|close|socket|connect|fork|execv.*|posix_spawn.*|dlopen|f?printf|puts|fputs|putc?har|perror|syslog|std(in|out|err)|pthread_create|__(f|)printf_chk'
grep -xE "$machine" "$work/below.wanted" >"$work/out" || true
judge 'below the edge there is no clock, no randomness, no environment, no I/O' "$work/out"

# Sections, not nm: tables of pointers are constant but relocated (.data.rel.ro).
# shellcheck disable=SC2086
objdump -t $base_rooms $authenticator_rooms $rp_rooms 2>/dev/null | awk '
        { for (i = 2; i < NF; i++)
                if ($i ~ /^\.t?(data|bss)(\.[^r].*)?$/ && $(i + 1) !~ /^0+$/ && $NF != $i) print $NF, "in", $i }' >"$work/out"
judge 'below the edge there are no global variables' "$work/out"

# What signs, agrees on keys or makes them. Verifying is not among it.
private='EVP_PKEY_sign.*|EVP_DigestSign.*|EVP_Sign.*|EVP_PKEY_keygen.*|EVP_PKEY_generate|EVP_PKEY_Q_keygen|EVP_PKEY_paramgen.*|EVP_EC_gen|EVP_RSA_gen|EVP_PKEY_derive.*|EVP_PKEY_decrypt.*|EVP_PKEY_new_raw_private_key.*|EVP_PKEY_new_mac_key|d2i_.*(PrivateKey|PKCS8).*|PEM_read.*PrivateKey.*|EC_KEY_.*|ECDSA_.*|ECDH_.*|RSA_.*|DSA_.*|EVP_MAC.*|HMAC.*|CMAC.*|crypto_(sign|scalarmult|box|kx|auth|secretbox|aead).*'
public='crypto_sign(_ed25519)?_verify.*'

# closure OBJECT-ARCHIVE: what the core's archive needs, and what the parts of base and apdu that it pulls in need.
# shellcheck disable=SC2086
nm -A -g $authenticator_rooms $base_rooms 2>/dev/null | awk '
        NF >= 3 { where = $1; sub(/:[0-9a-f]*$/, "", where); name = $NF; kind = $(NF - 1)
          if (kind ~ /^[TDBRVWC]$/) home[name] = where
          else if (kind == "U") needs[where] = needs[where] " " name
          if (where ~ /libcore\.a/) todo[where] = 1 }
        END {
          do { moved = 0
                for (where in todo) if (!(where in done)) { done[where] = 1; moved = 1
                        n = split(needs[where], list, " ")
                        for (i = 1; i <= n; i++) if (list[i] in home) todo[home[list[i]]] = 1
                        else print list[i] } } while (moved) }' | sort -u >"$work/core.closure"
{
        [ -s "$work/core.closure" ] || echo 'the core needs nothing, which cannot be'
        grep -xE "$private" "$work/core.closure" | grep -vxE "$public"
} >"$work/out" || true
judge 'the core links no private-key operation, itself or through what it pulls in' "$work/out"

# The same list must find something where keys are used, or it would prove nothing.
# shellcheck disable=SC2046
wanted $(archives authenticator/element authenticator/gate authenticator/channel) >"$work/element.wanted"
{
        for symbol in EVP_DigestSign EVP_PKEY_ EVP_MAC; do
                grep -E "^$symbol" "$work/element.wanted" | grep -qxE "$private" || echo "the list does not see $symbol.. in the element"
        done
} >"$work/out"
judge 'the list of private-key operations finds them in the element' "$work/out"

# exported LIBRARY prints what a program can call.
exported() {
        nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

# declared HEADER prints the functions that a public header declares, without comments.
declared() {
        sed -e 's|/\*.*\*/||' -e '/\/\*/,/\*\//d' "$@" | grep -oE '\bmitome_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

: >"$work/out"
for library in authenticator:authenticator element:element rp:rp; do
        name=libmitome-${library%%:*}
        file=$(find "$build" -name "$name.so" | head -n 1)
        [ -n "$file" ] || { echo "$name.so is not built" >>"$work/out"; continue; }
        exported "$file" >"$work/exported"
        grep -v '^mitome_' "$work/exported" | sed "s|^|$name exports |" >>"$work/out" || true
        # What is not the other two libraries' is the relying party's.
        case $name in
        libmitome-rp) find include/mitome -name '*.h' ! -name authenticator.h ! -name element.h ! -name enforcer.h ! -name guidance.h ;;
        libmitome-authenticator) printf '%s\n' include/mitome/authenticator.h include/mitome/enforcer.h include/mitome/guidance.h ;;
        *) echo "include/mitome/${library##*:}.h" ;;
        esac | sort >"$work/public"
        # shellcheck disable=SC2046
        declared $(cat "$work/public") >"$work/declared"
        comm -23 "$work/exported" "$work/declared" | sed "s|^|undeclared in $name: |" >>"$work/out"
        comm -13 "$work/exported" "$work/declared" | sed "s|^|not exported by $name: |" >>"$work/out"
done
judge 'the three libraries export what their headers declare, and only the relying party explains' "$work/out"

core_library=$(find "$build" -name 'libmitome-authenticator.so' | head -n 1)
# src/base is linked in whole, and with it HMAC, which the core does not call (above).
nm -D -u "$core_library" | awk '{ sub(/@.*/, "", $2); print $2 }' | grep -xE "$private" | grep -vxE "$public|crypto_auth_hmacsha256_.*" >"$work/out" || true
judge 'libmitome-authenticator as shipped links no private-key operation' "$work/out"

grep '\.c$' "$work/all" | grep -v '^tests/' | xargs awk '
        FNR == 1 { start = 0 }
        /^\{/ { start = FNR }
        /^\}/ { if (start && FNR - start > 100) print FILENAME ", line " start; start = 0 }' >"$work/out"
judge 'no function is longer than 100 lines' "$work/out"

"$build/mitome" explain --markdown | diff docs/errors.md - >"$work/out" || true
judge 'docs/errors.md is what `mitome explain --markdown` prints' "$work/out"

python3 tests/unit/conformance.py . | diff docs/ctap-conformance.md - >"$work/out" || true
judge 'docs/ctap-conformance.md is what tests/unit/conformance.py makes of the marks' "$work/out"

python3 tests/unit/conformance.py . | awk -F '|' '/^\| [0-9]/ && ($3 ~ /^ *$/ || $5 ~ /^ *$/) { print $2 }' >"$work/out"
judge 'every step of CTAP that the code marks says what is done, and is tried by a test' "$work/out"

grep -oE '^MITOME_ERROR\([0-9]+' include/mitome/errors.def | sort | uniq -d >"$work/out"
judge 'no error number is used twice' "$work/out"

# Each row names files, and behind each of them tests in backquotes.
tr -d '\n' <docs/gate-attacks.md | grep -oE '`tests/[a-z_/]+\.c`: `[a-z0-9_]+`(, `[a-z0-9_]+`)*' | tr -d '`,:' >"$work/attacks" || true
[ "$(wc -l <"$work/attacks")" -ge 50 ] && : >"$work/out" || echo 'too few attacks' >"$work/out"
while read -r file names; do
        for name in $names; do
                grep -qE "\\($name[,)]" "$file" || echo "$file has no test $name" >>"$work/out"
        done
done <"$work/attacks"
judge 'docs/gate-attacks.md names tests that run' "$work/out"

# So does each claim; a row may name several files.
grep -oE '`tests/[a-z_/]+\.c`: `[a-z0-9_]+`(, `[a-z0-9_]+`)*' docs/claims.md | tr -d '`,:' >"$work/claims" || true
[ "$(wc -l <"$work/claims")" -ge 40 ] && : >"$work/out" || echo 'too few claims' >"$work/out"
while read -r file names; do
        for name in $names; do
                grep -qE "(\\(|^ +)$name[,)]" "$file" || echo "$file has no test $name" >>"$work/out"
        done
done <"$work/claims"
awk -F '|' '/^\| / && NF == 6 && $2 !~ /claim/ && $5 !~ /`tests/ { print $2, "names no test" }' docs/claims.md >>"$work/out"
grep -oE '`(authenticator|attestation|src)/[a-z_/.]+`' docs/security-target.md | tr -d '`' | sort -u | while read -r path; do
        [ -e "$path" ] || echo "docs/security-target.md names $path" >>"$work/out"
done
judge 'docs/claims.md names tests that run, and docs/security-target.md files that are there' "$work/out"

# Each seeded defect, as its data says it.
for file in tests/defects/p*.defect; do
        probe=$(basename "$file" .defect | tr p P)
        facts=$(sed -n 's/^facts: //p' "$file" | sed '/^none$/!s/[a-z0-9_.]\{1,\}/`&`/g')
        row="| $probe | $(sed -n 's/^what: //p' "$file") | \`$(sed -n 's/^file: //p' "$file")\` | $facts |"
        grep -qxF "$row" docs/detection.md || echo "docs/detection.md lacks $row"
done >"$work/out"
[ "$(awk -F '|' '/^\| P/ && NF == 6' docs/detection.md | wc -l)" -eq "$(find tests/defects -name '*.defect' | wc -l)" ] || echo 'it has others' >>"$work/out"
judge 'docs/detection.md has each seeded defect' "$work/out"

# names_tests PAGE LEAST WORDS FILE..: names of at least so many words in backquotes are tests in these files.
names_tests() {
        page=$1 least=$2 words=$3
        shift 3
        grep -oE "\`[a-z0-9]+(_[a-z0-9]+){$((words - 1)),}\`" "$page" | tr -d '`' | sort -u >"$work/names" || true
        [ "$(wc -l <"$work/names")" -ge "$least" ] || echo "$page names too few tests" >>"$work/out"
        while read -r name; do
                grep -qE "(\\(|^ +)$name[,)]" "$@" || echo "$page names $name" >>"$work/out"
        done <"$work/names"
}

: >"$work/out"
for page in docs/push.md docs/ja/push.md docs/new-phone.md docs/ja/new-phone.md; do
        names_tests "$page" 8 4 tests/unit/test_push*.c tests/unit/test_account*.c tests/interop/test_push_world.c \
                tests/unit/test_leave_applet.c tests/unit/test_verify_binding.c tests/unit/test_bind_passkey.c tests/interop/test_binding.c tests/unit/test_sp_orders.c
done
names_tests docs/plan.md 80 2 tests/*/test_*.c
judge 'docs/plan.md, docs/push.md and docs/new-phone.md name tests that run' "$work/out"

# What a party, or a phone, may ask stands in the page of the parties, in both languages.
find examples -name '*.c' -exec awk '
        /^(static )?const struct (party|phone)_desk [a-z_]*\[/ { inside = 1 }
        inside { while (match($0, /"[a-z-]+"/)) { print substr($0, RSTART + 1, RLENGTH - 2); $0 = substr($0, RSTART + RLENGTH) } }
        /};/ { inside = 0 }' {} + | sort -u >"$work/asked"
: >"$work/out"
[ -s "$work/asked" ] || echo 'no desks were found' >>"$work/out"
for page in docs/authority.md docs/ja/authority.md; do
        while read -r kind; do
                grep -qF "\`$kind\`" "$page" || echo "$page lacks $kind" >>"$work/out"
        done <"$work/asked"
done
judge 'docs/authority.md has each thing that is asked of a party' "$work/out"

printf '1..%d\n' "$count"
[ "$broken" -eq 0 ]
