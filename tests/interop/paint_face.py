#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A camera before a face that belongs to nobody: paint_face.py FACE PICTURE leaves a look at it in PICTURE (PGM) whenever
there is none, each one moved, lit and noisy in its own way, until it is ended."""
import os, random, sys, time

SIDE = 96

def blots(face):
    draw = random.Random(face)
    return [(draw.randrange(SIDE), draw.randrange(SIDE), draw.randrange(60, 260), draw.randrange(-100, 100)) for _ in range(12)]

def look(face, number):
    draw = random.Random(1000 * face + number)
    x0, y0, light = draw.randrange(-1, 2), draw.randrange(-1, 2), draw.randrange(-15, 16)
    grey = bytearray()
    for y in range(SIDE):
        for x in range(SIDE):
            level = 128 + light + draw.randrange(-6, 7)
            for across, down, size, depth in blots_of_face:
                level += depth * size // (size + (x - across - x0) ** 2 + (y - down - y0) ** 2)
            grey.append(min(255, max(0, level)))
    return b'P5\n%d %d\n255\n' % (SIDE, SIDE) + grey

face, picture = int(sys.argv[1]), sys.argv[2]
blots_of_face = blots(face)
number = os.getpid()
while True:
    with open(picture + '.new', 'wb') as file:
        file.write(look(face, number))
    os.rename(picture + '.new', picture)
    number += 1
    while os.path.exists(picture):
        time.sleep(0.02)
