#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""matrix.py MITOME MATCHER GOLDEN [--own] [--golden] [--out FILE] [--jobs N] NAME=KIND=PROGRAM=DEFECT..

Tries probes on the sound authenticator and on those with a defect each, and holds the results against each other:
the probe of a defect must find it (broken), no other probe may say anything else than it says of the sound one, and
the facts that change must be those that the defect's own line names, each of them and no other. What is found out
about the sound one must be what GOLDEN says, all of it and no more. --own tries the defect's probe alone; else all are
tried, and the matrix is printed as a table. --golden prints what GOLDEN has to say, for a look at it before it is
kept."""
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

LETTERS = {'holds': '.', 'partly': 'o', 'broken': 'X', 'not testable here': '-', 'target failed': '!'}

# The judgement plays no part, but no evaluation goes without one.
POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../attestation/level/policies/first-summary.json')

# What else a defect is: docs/detection.md says why. Who guesses PINs finds that they cost nothing, and who searches the
# memory what a comparison keeps there; and where every signature says "verified" there is none to strip that of.
ALSO = {'p05': {'P14'}, 'p07': {'P20', 'P24'}, 'p08': {'P22'}}


def value_of(fact):
    """A rate by its errors among so many trials: its bound follows from them."""
    value = fact['value']
    text = f"{value['errors']}/{value['trials']}" if isinstance(value, dict) else json.dumps(value)
    return text + (' partial' if fact['partial'] else '')


def evaluate(program, matcher, probes):
    """What each probe says, by its ID, and the facts that probes found out, by their names."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, 'evaluate', '--policy', POLICY, '--matcher', matcher, '--out', folder]
        for probe in probes:
            command += ['--probe', probe]
        done = subprocess.run(command + ['self'], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f'{" ".join(command)}: {done.returncode}\n{done.stderr}')
        with open(f'{folder}/report.json', encoding='utf-8') as file:
            report = json.load(file)
    facts = {fact['name']: value_of(fact) for fact in report['facts'] if re.match(r'P\d\d', fact['from'])}
    return {probe['id']: probe for probe in report['probes']}, facts


def read_lines(path):
    with open(path, encoding='utf-8') as file:
        return dict(line.rstrip('\n').split(': ', 1) for line in file if line.strip() and line[0] != '#')


def facts_of(defect):
    return set(read_lines(defect)['facts'].split(', ')) - {'none'}


def compare_with_golden(facts, golden, whole):
    """By itself a probe may have seen in part what another one sees as well."""
    def said(value):
        return value if whole or value is None else value.removesuffix(' partial')
    wrong = [f"{name} of the sound one: {value}, not {golden.get(name, 'found out')}"
             for name, value in facts.items() if said(golden.get(name)) != said(value)]
    missing = golden.keys() - facts.keys() if whole else ()
    return wrong + [f'{name} of the sound one was not found out' for name in sorted(missing)]


def compare(name, defect, sound, found, own):
    """What is wrong with what was said of one with a defect, beside what was said of the sound one."""
    probe, (said, facts), (says, finds) = name[:3].upper(), sound, found
    wrong = []
    if said[probe]['result'] in ('broken', 'target failed', 'not testable here'):
        wrong.append(f"{probe} says of the sound one: {said[probe]['result']}: {said[probe]['why']}")
    if says[probe]['result'] != 'broken':
        wrong.append(f"{probe} does not find its defect: {says[probe]['result']}: {says[probe]['why']}")
    for other in said:
        if other != probe and other not in ALSO.get(name, ()) and says[other]['result'] != said[other]['result']:
            wrong.append(f"{other} finds the defect {name}: {says[other]['result']}: {says[other]['why']}")
    changed = {fact for fact in facts.keys() | finds.keys() if facts.get(fact) != finds.get(fact)}
    expected = facts_of(defect) & (facts.keys() | finds.keys()) if own else facts_of(defect)
    wrong += [f'{name}: {fact} does not change: {finds.get(fact)}' for fact in sorted(expected - changed)]
    wrong += [f'{name}: {fact} changes: {facts.get(fact)} -> {finds.get(fact)}' for fact in sorted(changed - expected)]
    return wrong


def option(rest, name, other):
    return rest[rest.index(name) + 1] if name in rest else other


def main():
    mitome, matcher, golden_path, *rest = sys.argv[1:]
    own = '--own' in rest
    out = open(option(rest, '--out', None), 'w', encoding='utf-8') if '--out' in rest else sys.stdout
    defects = [word.split('=', 3) for word in rest if '=' in word]
    jobs = int(option(rest, '--jobs', os.cpu_count()))
    wrong = []

    def try_defect(entry):
        name, kind, program, _ = entry
        pair = (program, matcher) if kind == 'mitome' else (mitome, program)
        probes = [name[:3].upper()] if own else []
        return evaluate(mitome, matcher, probes) if own else None, evaluate(*pair, probes)

    sound = None
    if not own:
        sound = evaluate(mitome, matcher, [])
        if '--golden' in rest:
            print('\n'.join(f'{name}: {value}' for name, value in sound[1].items()), file=out)
            return
        wrong += compare_with_golden(sound[1], read_lines(golden_path), True)
        print('| defect | ' + ' | '.join(sound[0]) + ' |', file=out)
        print('|---' * (len(sound[0]) + 1) + '|', file=out)
        print('| none | ' + ' | '.join(LETTERS[p['result']] for p in sound[0].values()) + ' |', file=out, flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        for (name, _, _, defect), (of_sound, found) in zip(defects, pool.map(try_defect, defects)):
            if own:
                wrong += compare_with_golden(of_sound[1], read_lines(golden_path), False)
            else:
                print(f'| {name.capitalize()} | ' + ' | '.join(LETTERS[found[0][i]['result']] for i in sound[0]) + ' |',
                      file=out, flush=True)
            wrong += compare(name, defect, of_sound if own else sound, found, own)
    print('\n'.join(wrong), file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
