#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""matrix.py MITOME MATCHER [--own] [--out FILE] NAME=KIND=PROGRAM..

Tries probes on the sound authenticator and on those with a defect each, and holds the results against each
other: the probe of a defect must find it (broken), and no other probe may say anything else than it says of the
sound one. --own tries the defect's probe alone; else all are tried, and the matrix is printed as a table."""
import json
import os
import subprocess
import sys
import tempfile

LETTERS = {'holds': '.', 'partly': 'o', 'broken': 'X', 'not testable here': '-', 'target failed': '!'}

# The judgement plays no part, but no evaluation goes without one.
POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../attestation/level/policies/first-summary.json')

# Who guesses PINs finds that they cost nothing, whatever else he is there for.
ALSO = {'P07': {'P20', 'P24'}}


def evaluate(program, matcher, probes):
    """The result of each probe, by its ID."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, 'evaluate', '--policy', POLICY, '--matcher', matcher, '--out', folder]
        for probe in probes:
            command += ['--probe', probe]
        done = subprocess.run(command + ['self'], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f'{" ".join(command)}: {done.returncode}\n{done.stderr}')
        with open(f'{folder}/report.json', encoding='utf-8') as file:
            return {probe['id']: probe for probe in json.load(file)['probes']}


def main():
    mitome, matcher, *rest = sys.argv[1:]
    own = '--own' in rest
    out = open(rest[rest.index('--out') + 1], 'w', encoding='utf-8') if '--out' in rest else sys.stdout
    defects = [word.split('=', 2) for word in rest if '=' in word]
    sound = {} if own else evaluate(mitome, matcher, [])
    wrong = []
    if not own:
        print('| defect | ' + ' | '.join(sound) + ' |', file=out)
        print('|---' * (len(sound) + 1) + '|', file=out)
        print('| none | ' + ' | '.join(LETTERS[probe['result']] for probe in sound.values()) + ' |', file=out)
    for name, kind, program in defects:
        probe = name[:3].upper()
        if own:
            sound = evaluate(mitome, matcher, [probe])
        found = evaluate(program if kind == 'mitome' else mitome, program if kind == 'matcher' else matcher,
                         [probe] if own else [])
        if not own:
            print(f'| {name.capitalize()} | ' + ' | '.join(LETTERS[found[i]['result']] for i in sound) + ' |', file=out, flush=True)
        if sound[probe]['result'] in ('broken', 'target failed', 'not testable here'):
            wrong.append(f"{probe} says of the sound one: {sound[probe]['result']}: {sound[probe]['why']}")
        if found[probe]['result'] != 'broken':
            wrong.append(f"{probe} does not find its defect: {found[probe]['result']}: {found[probe]['why']}")
        for other in sound:
            if other != probe and other not in ALSO.get(probe, ()) and found[other]['result'] != sound[other]['result']:
                wrong.append(f"{other} finds the defect of {probe}: {found[other]['result']}: {found[other]['why']}")
    print('\n'.join(wrong), file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
