#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The portal's colours, counted: WCAG 2.2 1.4.3 (text 4.5 : 1) and 1.4.11 (what a control is known by, 3 : 1), in the
light scheme and in the dark one. usage: test_portal_colours.py PORTAL.CSS; prints TAP."""

import re
import sys

TEXT = [
    ("ink", "ground"), ("ink", "paper"), ("ink", "tint"), ("ink", "alarm-tint"),
    ("quiet", "ground"), ("quiet", "paper"), ("quiet", "tint"),
    ("accent", "ground"), ("accent", "paper"), ("accent", "tint"), ("accent-deep", "tint"), ("accent-deep", "paper"),
    ("on-accent", "accent"), ("on-accent", "accent-deep"),
    ("alarm", "ground"), ("alarm", "paper"), ("alarm", "alarm-tint"), ("good", "ground"), ("good", "paper"),
]
LINES = [("edge", "paper"), ("accent", "ground"), ("accent", "paper"), ("alarm", "paper")]


def colours(text):
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))


def luminance(colour):
    def channel(at):
        value = int(colour[at:at + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        blocks = re.findall(r":root \{(.*?)\}", file.read(), re.S)
    light = colours(blocks[0])
    schemes = {"light": light, "dark": {**light, **colours(blocks[1])}}
    count, bad = 0, 0
    for scheme, known in schemes.items():
        for least, pairs in ((4.5, TEXT), (3.0, LINES)):
            for front, back in pairs:
                count += 1
                got = contrast(known[front], known[back])
                bad += got < least
                print(f"{'ok' if got >= least else 'not ok'} {count} - {scheme}: {front} on {back} is {got:.2f} : 1, at least {least}")
    # The measure itself: black on white is 21 : 1, and a grey that is known to fail fails.
    count += 1
    right = abs(contrast("#000000", "#ffffff") - 21) < 1e-9 and contrast("#808080", "#ffffff") < 4.5
    print(f"{'ok' if right else 'not ok'} {count} - the measure can say no")
    print(f"1..{count}")
    return 1 if bad or not right else 0


if __name__ == "__main__":
    sys.exit(main())
