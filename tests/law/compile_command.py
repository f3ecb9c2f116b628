# SPDX-License-Identifier: Apache-2.0
"""Prints the compiler and flags by which a source file is built: compile_command.py COMPILE_COMMANDS FILE"""

import json
import shlex
import sys

commands, name = sys.argv[1:]
for entry in json.load(open(commands)):
    if entry["file"].endswith("/" + name):
        words = iter(shlex.split(entry["command"]))
        kept = []
        for word in words:
            if word in ("-o", "-MQ", "-MF"):
                next(words)
            elif word not in ("-c", "-MD") and not word.endswith("/" + name):
                kept.append(shlex.quote(word))
        print(" ".join(kept))
        break
else:
    sys.exit(f"{name} is not compiled by {commands}")
