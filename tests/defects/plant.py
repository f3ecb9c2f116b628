#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""plant.py DEFECT SOURCE OUTPUT: writes the source with the defect in it. Fails unless what it changes stands
there exactly once: a defect that is not planted would be found by nobody, and nobody would know."""
import sys

defect, source, output = sys.argv[1:]
with open(defect, encoding='utf-8') as file:
    fields = dict(line.rstrip('\n').split(': ', 1) for line in file)
with open(source, encoding='utf-8') as file:
    text = file.read()
if sorted(fields) != ['facts', 'file', 'is', 'was', 'what'] or fields['was'] == fields['is']:
    sys.exit(f'{defect}: not file, what, facts, was, is')
if text.count(fields['was']) != 1:
    sys.exit(f"{defect}: {text.count(fields['was'])} times in {source}: {fields['was']}")
with open(output, 'w', encoding='utf-8') as file:
    file.write(text.replace(fields['was'], fields['is']))
