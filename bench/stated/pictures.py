"""Copies of pictures: how many pairs are found that are none, where one is stated, and how many planted copies.

The sets and their halves are in bench/stated/picture_sets.py; each is measured with copies planted by the four edits of
its half in bench/placed.py (a letterbox, a screenshot, a quarter, a collage) and by seven of bench/edits.py. The
constants of src/knnife/tools/_duplicates/picture_copies.py and shared_points.py were chosen in sight of "chosen".
The interval is that of the number observed (95%, Poisson).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ["KNNIFE_CACHE"] = "off"

from bench.stated import Trial
from bench.stated.picture_sets import SETS, Labelled, planted
from knnife import Thing, duplicates
from knnife.statistics.intervals import share_interval

SHARES = (0.0, 0.01, 0.05, 0.15, 0.4)
PICTURES = 120  # of a set
MANY = 1_000_000  # a share of so many is as rare as a number


def trials(quick: bool) -> Iterator[Trial]:
    """Each set with each share of copies; quick: two drawn sets of twenty pictures."""
    for half, sets in SETS.items():
        for name, load in sets.items():
            if quick and not name.startswith("drawn"):
                continue
            pictures = load(20 if quick else PICTURES)
            for share in (0.15,) if quick else SHARES:
                if pictures:
                    yield measured(name, half, share, planted(half, pictures, share, seed=1))


def measured(name: str, half: str, share: float, given: Labelled) -> Trial:
    """What `knnife.duplicates` finds at its default."""
    found = duplicates([Thing(str(row), file) for row, file in enumerate(given.files)], encoder="copies")
    pairs = [(row["position_a"], row["position_b"]) for row in found.rows()]
    wrong = sum(not given.shows[a] & given.shows[b] for a, b in pairs)
    originals = given.edits.count("")
    copies = range(originals, len(given.files))
    met = {b for a, b in pairs if a < originals <= b and given.shows[a] & given.shows[b]}
    low, high = share_interval(wrong / MANY, MANY)
    return Trial(
        "pictures",
        name,
        half,
        share,
        "false pairs",
        found.false_pairs,
        wrong,
        low * MANY if wrong else 0.0,
        high * MANY,
        len(met) / len(copies) if copies else None,
        found.calibrated,
    )
