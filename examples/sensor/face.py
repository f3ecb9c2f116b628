#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A sensor for mitome-matcher: faces, from a camera that leaves its pictures in a file (PGM, grey).

    mitome-matcher --sensor 'command:/path/of/face.py /path/of/picture.pgm' ..

It compares the directions of edges. That tells a few people in the same light from each other, and is no protection
against a photograph: docs/sensors.md says what a sensor owes its user beyond this."""
import hashlib, math, os, re, select, sys

GRID, CELLS, BINS, SAMPLES, ALIKE, CONTRAST = 64, 8, 8, 3, 0.85, 32

class Ended(Exception):  # a request, otherwise than with a comparison
    pass

def say(*words):
    os.write(1, (' '.join(words) + '\n').encode())

class Matcher:
    rest = b''
    def line(self, seconds=None):
        """The words of its next line; None when there is none in time."""
        while b'\n' not in self.rest:
            if not select.select([0], [], [], seconds)[0]:
                return None
            self.rest += os.read(0, 65536) or sys.exit(0)
        line, _, self.rest = self.rest.partition(b'\n')
        return line.decode('ascii').split(' ')

def shrink(data):
    """The picture as GRID x GRID means, or None for one that is of no use."""
    head = re.match(rb'P5\s+(\d{1,4})\s+(\d{1,4})\s+255\s', data)
    width, height, pixels = (int(head[1]), int(head[2]), data[head.end():]) if head else (0, 0, b'')
    if min(width, height) < GRID or max(width, height) > 1000 or len(pixels) != width * height:
        return None
    rows = [[y * height // GRID, (y + 1) * height // GRID] for y in range(GRID)]
    columns = [[x * width // GRID, (x + 1) * width // GRID] for x in range(GRID)]
    means = [sum(sum(pixels[y * width + left:y * width + right]) for y in range(top, bottom))
             / ((bottom - top) * (right - left)) for top, bottom in rows for left, right in columns]
    return means if max(means) - min(means) >= CONTRAST else None

def describe(means):
    """How strongly the edges of each cell run in each direction: a byte each, each cell for itself."""
    cells = [[0.0] * BINS for _ in range(CELLS * CELLS)]
    for y in range(1, GRID - 1):
        for x in range(1, GRID - 1):
            across = means[y * GRID + x + 1] - means[y * GRID + x - 1]
            down = means[(y + 1) * GRID + x] - means[(y - 1) * GRID + x]
            direction = int((math.atan2(down, across) / math.pi + 1) * BINS / 2) % BINS
            cells[y * CELLS // GRID * CELLS + x * CELLS // GRID][direction] += math.hypot(across, down)
    return bytes(int(255 * edges / (math.hypot(*cell) + 20)) for cell in cells for edges in cell)

def alike(one, other):
    dot = sum(a * b for a, b in zip(one, other))
    return dot >= ALIKE * math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))

def capture(matcher, picture, seen, enrols):
    """What describes the next good picture. The very same one again is a replay, whatever it shows."""
    while True:
        say('ready')
        while not os.path.exists(picture):
            if matcher.line(0.02) == ['cancel']:
                raise Ended('cancelled')
        data = open(picture, 'rb').read(1100000)
        os.remove(picture)
        digest, means = hashlib.sha256(data).digest(), shrink(data)
        if digest in seen and not enrols:
            raise Ended('same')
        if means and digest not in seen:
            seen.add(digest)
            return describe(means)
        say('retry', 'same' if digest in seen else 'poor')

def answer(matcher, request, picture, seen, known):
    if request == 'enrol':
        kept = b''
        for remaining in reversed(range(SAMPLES)):
            kept += capture(matcher, picture, seen, True)
            say('sample', str(remaining))
        return 'enrolled ' + kept.hex()
    if request == 'verify':
        sample = capture(matcher, picture, seen, False)
        found = [name for name, kept in known.items() for at in range(0, len(kept), len(sample))
                 if alike(sample, kept[at:at + len(sample)])]
        return 'match ' + found[0] if found else 'no-match'
    return {'list': 'survey -', 'remove': 'removed'}[request]  # nothing is kept here

matcher, seen, known = Matcher(), set(), {}
say('mitome-sensor', '1', 'face-example', 'face', 'convenience', str(SAMPLES))
while True:
    words = matcher.line()
    if words[0] == 'finger':  # so they are all called, faces too
        known[words[1]] = bytes.fromhex(words[2].replace('-', ''))
    elif words[0] != 'cancel':  # one that came too late
        try:
            say(answer(matcher, words[0], sys.argv[1], seen, known))
        except Ended as end:
            say(str(end))
        known = {}
