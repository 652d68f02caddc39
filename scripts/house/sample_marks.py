#!/usr/bin/python3
"""Sees that every page of a PDF carries the large grey SAMPLE that a test office draws from corner to corner.

usage: scripts/house/sample_marks.py FILE.pdf        exit 0: on every page; 1: not

The word is drawn as outlines, so no text search finds it. Each page is rendered without smoothing, and the pixels of that one
grey are counted where each of the six letters should be.
"""

import math
import subprocess
import sys

GREY = 184  # 0.72 of white
LEAST = 100  # pixels of a letter's outline at 50 dpi; about 900 are usual


def pages(file):
    """Width, height and grey pixels of each page."""
    drawing = subprocess.run(["pdftoppm", "-r", "50", "-gray", "-aa", "no", "-aaVector", "no", file], capture_output=True)
    if drawing.returncode:
        sys.exit(f"{file}: pdftoppm cannot read it: {drawing.stderr.decode(errors='replace').strip()}")
    data = drawing.stdout
    while data:
        kind, size, _, rest = data.split(b"\n", 3)
        if kind != b"P5":
            sys.exit(f"{file}: pdftoppm wrote something else than a picture")
        width, height = map(int, size.split())
        yield width, height, rest[: width * height]
        data = rest[width * height:]


def letters(width, height, pixels):
    """How many pixels of the grey lie at each of six places along the rising diagonal, of which the word takes 72 percent."""
    diagonal = math.hypot(width, height)
    places = [0] * 6
    position = pixels.find(GREY)
    while position >= 0:
        y, x = divmod(position, width)
        along = ((x - width / 2) * width + (height / 2 - y) * height) / diagonal
        place = math.floor((along / (0.72 * diagonal) + 0.5) * 6)
        if 0 <= place < 6:
            places[place] += 1
        position = pixels.find(GREY, position + 1)
    return places


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: scripts/house/sample_marks.py FILE.pdf")
    number, bare = 0, []
    for number, page in enumerate(pages(sys.argv[1]), start=1):
        places = letters(*page)
        if min(places) < LEAST:
            bare.append(f"page {number} has no SAMPLE: {places} grey pixels where its letters should be")
    if not number:
        bare.append("no page at all")
    if bare:
        sys.exit("\n".join(bare))


if __name__ == "__main__":
    main()
