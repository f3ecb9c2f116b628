#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which step of CTAP stands where: docs/ctap-conformance.md, from the marks in code, tests and clients' scripts.

usage: conformance.py SOURCE-ROOT; prints the page.

A mark is a bracket with the clause and the step, by its number or, where it has none, by the word that it is about:
[6.1.2 3.1], [6.5.5.5 minPINLength], and for what a later version than 2.1 says, [2.2 6.4 0x19]. In code a sentence of ours follows that says what is done; in a test or a
client's script the bracket alone tells that this step is tried there."""
import os
import re
import sys

MARK = re.compile(r"\[((?:2\.[0-9] )?(?:(?:[5-9]|1[0-2])(?:\.[0-9]+)+|8(?= [a-z]))(?: (?:0x[0-9A-Fa-f]{2}|[0-9]+(?:\.[0-9a-z]+)*|[A-Za-z][A-Za-z0-9_ ]*))?)\]")
BROKEN = re.compile(r"\[(?:2\.[0-9] )?[0-9]+(?:\.[0-9]+)+$")  # at the end of a line, by a formatter
BESIDE = re.compile(r"^(?:[\s,/]*(?:and|to|or)?\s*" + MARK.pattern + r")+")  # marks that share what follows
FUNCTION = re.compile(r"^[a-z][a-z0-9_ *]*?\b\*?([a-z_0-9]+)\(")
CODE = ("authenticator", "src")
TESTS = ("tests/unit", "tests/fault", "tests/fuzz")
CLIENTS = ("tests/interop", "tests/vm")
OUR_CLIENTS = ("client_finger.sh", "test_finger_client.c", "test_reader.c")  # nobody else's: they count as tests
TITLES = {
    "5": "Data model", "6.1": "authenticatorMakeCredential", "6.2": "authenticatorGetAssertion", "6.3": "authenticatorGetNextAssertion",
    "6.4": "authenticatorGetInfo", "6.5": "authenticatorClientPIN", "6.6": "authenticatorReset", "6.7": "authenticatorBioEnrollment",
    "6.8": "authenticatorCredentialManagement", "6.9": "authenticatorSelection", "6.10": "authenticatorLargeBlobs",
    "6.11": "authenticatorConfig", "7.1": "Enterprise attestation", "7.2": "Always require user verification",
    "7.4": "Set minimum PIN length", "8": "Message encoding", "8.1": "Command numbers", "8.2": "Status codes",
    "10.1": "U2F messages (CTAP1)", "10.2": "makeCredential and U2F", "10.3": "getAssertion and U2F",
    "11.2": "USB (CTAPHID)", "11.3": "ISO 7816 and NFC",
    "12.1": "credProtect", "12.2": "credBlob", "12.3": "largeBlobKey", "12.4": "minPinLength", "12.5": "hmac-secret",
    "2.2 12.6": "pinComplexityPolicy", "2.2 12.8": "hmac-secret-mc", "2.2 12.9": "thirdPartyPayment",
}


def files(root, folders):
    for folder in folders:
        for at, _, names in sorted(os.walk(os.path.join(root, folder))):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".sh", ".py")) and name != "conformance.py":
                    yield os.path.relpath(os.path.join(at, name), root)


def function_at(lines, number):
    """The function that line `number` stands in, or, of a comment between functions, the one that follows."""
    between = lines[number].startswith(("/*", " *"))
    order = range(number, len(lines)) if between else range(number, -1, -1)
    for i in order:
        found = FUNCTION.match(lines[i])
        if found and not lines[i].rstrip().endswith(";"):
            return found.group(1)
        if not between and lines[i].startswith("}") and i < number:
            break
    return ""


def sentence(lines, number, end):
    """What stands behind a mark, up to the next one or the end of the comment."""
    text = lines[number][end:]
    for line in lines[number + 1:number + 4]:
        if "*/" in text or line.strip() == "*/" or MARK.search(BESIDE.sub("", text)):
            break
        text += " " + line.strip().lstrip("*/# ").strip()
    text = BESIDE.sub("", text.split("*/")[0])
    text = MARK.split(text)[0]
    text = re.sub(r"\s+", " ", text).strip(" .:;,-")
    text = re.sub(r"[,;]? (?:and|or)$", "", text)  # that led to the next mark
    return text if len(text) <= 200 else text[:200].rsplit(" ", 1)[0] + " .."


def mend(lines):
    """Puts marks together that stand on two lines."""
    for i in range(len(lines) - 1):
        rest = re.match(r"[\s/*#]*([^\[\]]{1,40}\])(.*)", lines[i + 1])
        if BROKEN.search(lines[i]) and rest:
            lines[i] += " " + rest.group(1)
            lines[i + 1] = " * " + rest.group(2)
    return lines


def collect(root, folders):
    """{mark: [(path, function, sentence)]}"""
    found = {}
    for path in files(root, folders):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            lines = mend(file.read().splitlines())
        for number, line in enumerate(lines):
            for mark in MARK.finditer(line):
                place = (path, function_at(lines, number), sentence(lines, number, mark.end()))
                found.setdefault(mark.group(1), []).append(place)
    return found


def order(mark):
    """By clause, then by step, then by version."""
    parts = mark.split()
    version = parts.pop(0) if len(parts) > 1 and re.fullmatch(r"2\.[0-9]", parts[0]) and "." in parts[1] else "2.1"
    clause = [int(n) for n in parts[0].split(".")]
    step = " ".join(parts[1:])
    named = bool(step) and step[0].isalpha()
    numbers = [] if named else [int(step, 16)] if step.startswith("0x") else [int(n) if n.isdigit() else ord(n[0]) for n in step.split(".") if n]
    return clause, numbers, step if named else "", version


def title(mark):
    clause, _, _, version = order(mark)
    clause = ".".join(str(n) for n in clause[:2])
    later = version + " " + clause  # a clause that 2.1 has not, or has by another number
    if later in TITLES:
        return later, TITLES[later]
    return clause, TITLES.get(clause) or TITLES.get(clause.split(".")[0], "")


def places(found, mark, with_function=True):
    seen = []
    for path, function, _ in found.get(mark, []):
        name = os.path.basename(path) + (" " + function if function and with_function else "")
        link = f"[{name}](../{path})"
        if link not in seen:
            seen.append(link)
    return "<br>".join(seen)


def main():
    root = sys.argv[1]
    code, tests, clients = (collect(root, folders) for folders in (CODE, TESTS, CLIENTS))
    for mark, found in clients.items():
        ours = [place for place in found if os.path.basename(place[0]) in OUR_CLIENTS]
        clients[mark] = [place for place in found if place not in ours]
        if ours:
            tests.setdefault(mark, []).extend(ours)
    clients = {mark: found for mark, found in clients.items() if found}
    marks = sorted(code, key=order)
    tried = sum(mark in tests for mark in marks)
    shown = sum(mark in clients for mark in marks)
    astray = sorted((set(tests) | set(clients)) - set(code), key=order)
    print("# CTAP, step by step\n")
    print("Made by `tests/unit/conformance.py` from the marks in the sources; do not edit. Clauses are those of CTAP 2.1 (2021-06-15), "
          "others say their version. The words are ours.\n")
    print(f"{len(marks)} steps have a mark in the code; {tried} of them are tried by a test of ours, {shown} by a client that others wrote.")
    last = None
    for mark in marks:
        group = title(mark)
        if group != last:
            print(f"\n## {group[0]} {group[1]}\n\n| step | what is done | code | test | client |\n|---|---|---|---|---|")
            last = group
        says = next((s for _, _, s in code[mark] if s), "").replace("|", "\\|")
        print(f"| {mark} | {says} | {places(code, mark)} | {places(tests, mark)} | {places(clients, mark, False)} |")
    if astray:
        print("\n## Tried, but without a mark in the code\n\n" + ", ".join(astray))


main()
