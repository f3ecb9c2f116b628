#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much code and data authenticator/ is at -Os, without the libraries it stands on, and how much of it is the element:
its own rooms and those that it is linked with.

usage: code_size.py BUILD [LIMIT_KIB]

Compiles every source of authenticator/ that the build knows once more, with its own flags but -Os, and adds up
what `size` says of text and data, room by room: code, constants, tables, and what a debugger needs to unwind the
stack, which is told apart. With a limit for the element: exit status 1 above it."""
import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
import tempfile

DROPPED = ("-O", "-g", "-fsanitize", "-fno-omit-frame-pointer", "--coverage", "-fprofile", "-ftest-coverage", "-fno-sanitize",
           "-D_FORTIFY_SOURCE", "-W")
OF_THE_ELEMENT = ("element/", "apdu", "channel", "gate")


def commands(build):
    """One command a source: the first by which the build compiles it."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    seen = {}
    for entry in entries:
        source = os.path.relpath(os.path.join(entry["directory"], entry["file"]), os.path.join(build, ".."))
        if source.startswith("authenticator" + os.sep) and source.endswith(".c"):
            seen.setdefault(source, entry)
    return seen


def at_os(entry, output):
    arguments = [one for one in shlex.split(entry["command"]) if not one.startswith(DROPPED)]
    kept, skip = [], False
    for one in arguments:
        if skip:
            skip = False
        elif one in ("-o", "-MF", "-MQ"):
            skip = True
        elif one != "-MD":
            kept.append(one)
    return kept + ["-w", "-Os", "-fno-semantic-interposition", "-o", output]


def measure(source, entry, folder):
    output = os.path.join(folder, source.replace(os.sep, "_") + ".o")
    subprocess.run(at_os(entry, output), cwd=entry["directory"], check=True)
    table = subprocess.run(["size", "-A", output], check=True, capture_output=True, text=True).stdout.splitlines()
    sections = [(fields[0], int(fields[1])) for fields in map(str.split, table) if len(fields) == 3 and fields[0][0] == "."]
    loaded = sum(size for name, size in sections if name.startswith((".text", ".rodata", ".data")))
    return source, loaded, sum(size for name, size in sections if name.startswith(".eh_frame"))


def main():
    build, limit = os.path.abspath(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else None
    rooms, unwinding = {}, 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, size, frames in pool.map(lambda item: measure(*item, folder), commands(build).items()):
            room = "/".join(source.split(os.sep)[1:-1]) or "."
            rooms[room] = rooms.get(room, 0) + size
            unwinding += frames
    if not rooms:
        sys.exit("code_size.py: the build knows no source of authenticator/")
    for room, size in sorted(rooms.items()):
        print(f"{size / 1024:7.1f} KiB  authenticator/{room}")
    total = sum(rooms.values()) / 1024
    print(f"{unwinding / 1024:7.1f} KiB  more to unwind the stack, not counted")
    element = sum(size for room, size in rooms.items() if room.startswith(OF_THE_ELEMENT)) / 1024
    print(f"{total:7.1f} KiB  code and data of authenticator/ at -Os")
    print(f"{element:7.1f} KiB  of it the element" + (f", of {limit:g} allowed" if limit else ""))
    sys.exit(1 if limit and element > limit else 0)


main()
