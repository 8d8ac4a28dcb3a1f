"""Copies of photos: how many are found, whatever was done to them, and how fast pictures are described.

Every shared photo is edited in eight ways (bench/edits.py), and all these copies are sought among the photos and 400
pictures of 40 faces, ten of each, which are alike and no copies. Of each way of finding there is one threshold for all
edits, at which 99% of the pairs found are right; jpeg, half, crop, brighter, darker, rotated, mirrored, captioned: the
recall of each edit there; worst: the lowest of them. announced: what `knnife.duplicates` does by default, where one
false pair is announced. letterbox, screenshot, quarter, collage: likewise, by the edits of bench/placed.py; the method
was chosen in sight of one half of them. shortlist: how many originals are among the first k by the descriptor alone,
mirrored ones sought by their variants. speed: seconds for 10,000 pictures of 400 pixels, decoding included, on all
cores.

Rivals (bench/copies_rivals.py): the 256-bit pHash of imagehash by the number of bits that differ, and a shortlist of
ten by HOG with their ORB matches counted within a homography by RANSAC, asked with the picture and its mirror image.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

os.environ["KNNIFE_CACHE"] = "off"

import numpy as np

from bench import copies_rivals as rivals, placed
from bench.edits import DATA, EDITS, originals, write
from bench.report import Report, called, interleaved, options
from knnife import CopyEncoder, duplicates, read

PRECISION = 0.99
FIRST = (1, 5, 10, 20)
MANY = 10_000  # pictures of the speed test
MIRRORED = 4  # the variant of the vectors

Made = Mapping[str, tuple[str, Path]]
Scored = list[tuple[str, str, float]]  # a copy, a picture that it may be one of, how surely


def recalls(pairs: Scored, made: Made, edits: Iterable[str] = EDITS) -> dict[str, float]:
    """The recall of each edit at the lowest threshold at which PRECISION of all pairs found are right."""
    scores = np.array([score for _, _, score in pairs])
    right = np.array([made[copy][1] == Path(known) for copy, known, _ in pairs])
    order = np.argsort(-scores, kind="stable")
    precise = np.cumsum(right[order]) >= PRECISION * np.arange(1, len(pairs) + 1)
    whole = np.append(scores[order][1:] != scores[order][:-1], True)  # equal scores are found together, or not
    ends = np.flatnonzero(precise & whole)
    count = int(ends[-1]) + 1 if len(ends) else 0
    found = [made[pairs[place][0]][0] for place in order[:count].tolist() if right[place]]
    each = len(made) // len([*edits])
    return {edit: found.count(edit) / each for edit in edits}


def tell(report: Report, who: str, scored: Scored, made: Made, seconds: float) -> None:
    found = recalls(scored, made)
    for edit, recall in found.items():
        report.add(edit, who, recall, "recall at 99% precision")
    report.add("worst", who, min(found.values()), "recall at 99% precision")
    report.add("time", who, seconds, "s")


def measure_knnife(report: Report, made: Made, known: list[Path]) -> None:
    began = time.perf_counter()
    found = duplicates(read(list(made)), read([str(path) for path in known]), mirrored=True)
    seconds = time.perf_counter() - began
    rows = list(found.at(false_pairs=found.explored).rows())
    order = sorted(range(len(rows)), key=lambda row: (rows[row]["expected"], -(rows[row]["surface"] or 0)))
    scored = [(rows[row]["a"], rows[row]["b"], -float(place)) for place, row in enumerate(order)]
    tell(report, "knnife", scored, made, seconds)
    right = [made[row["a"]][0] for row in found.rows() if made[row["a"]][1] == Path(row["b"])]
    worst = min(right.count(edit) for edit in EDITS) / (len(made) // len(EDITS))
    report.add("announced", "knnife", worst, "recall of the worst edit")
    report.add("announced", "knnife", len(found) - len(right), "false pairs")


def measure_placed(report: Report, paths: list[Path], faces: list[Path], folder: Path) -> None:
    """Of every other photo the four edits of each half; the photos between stand beside them in collages."""
    known = [*paths[::2], *faces]
    for half in placed.PLACED:
        made = placed.write(half, paths[::2], paths[1::2], folder)
        began = time.perf_counter()
        rows = list(duplicates(read(list(made)), read([str(path) for path in known])).rows())
        seconds = time.perf_counter() - began
        right = [made[row["a"]][0] for row in rows if made[row["a"]][1] == Path(row["b"])]
        for edit in placed.PLACED[half]:
            report.add(f"{edit}, {half}", "knnife", right.count(edit) / len(paths[::2]), "recall, announced")
        report.add(f"placed, {half}", "knnife", len(rows) - len(right), "false pairs")
        report.add(f"placed, {half}", "knnife", seconds, "s")
        for who, find in rivals.finders().items():
            scored = find(list(made), [str(path) for path in known])
            for edit, recall in recalls(scored, made, placed.PLACED[half]).items():
                report.add(f"{edit}, {half}", who, recall, "recall at 99% precision")


def measure_shortlist(report: Report, made: Made, known: list[Path]) -> None:
    encoder = CopyEncoder()
    points = encoder.encode([str(path) for path in known])
    vectors = encoder.encode(list(made))
    similar = np.maximum(vectors @ points.T, encoder.variants(vectors)[MIRRORED] @ points.T)
    place = {path: row for row, path in enumerate(known)}
    own = np.array([place[path] for _, path in made.values()])
    rank = (similar >= similar[np.arange(len(own)), own][:, None]).sum(axis=1)
    edits = np.array([edit for edit, _ in made.values()])
    for k in FIRST:
        worst = min(float((rank[edits == edit] <= k).mean()) for edit in EDITS)
        report.add("shortlist", f"knnife, the first {k}", worst, "recall of the worst edit")


def measure_speed(report: Report, *, quick: bool) -> None:
    """Each run describes some of the photos of 400 pixels; they are read once beforehand."""
    paths = [path for path in originals() if "clothing" in path.parts]
    some = [str(path) for path in paths[: 60 if quick else len(paths)]]
    runs = {"knnife": lambda: CopyEncoder().encode(some)}
    if (who := called("imagehash")) is not None:
        runs[f"{who}, pHash 256 bits"] = lambda: rivals.hashes(some)
    for who, seconds in interleaved(runs, 2 if quick else 3).items():
        report.add("speed", who, seconds * MANY / len(some), "s for 10,000 pictures")


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("copies", as_json=arguments.json)
    paths = originals()[:: 16 if arguments.quick else 1]
    faces = sorted((DATA / "faces" / "att_faces").glob("*/*.pgm"))[:: 4 if arguments.quick else 1]
    with tempfile.TemporaryDirectory() as folder:
        made = write(paths, Path(folder))
        known = [*paths, *faces]
        report.note(f"{len(made):,} copies of {len(paths):,} photos, among {len(known):,} pictures")
        measure_knnife(report, made, known)
        for who, find in rivals.finders().items():
            began = time.perf_counter()
            scored = find(list(made), [str(path) for path in known])
            tell(report, who, scored, made, time.perf_counter() - began)
        measure_shortlist(report, made, known)
        measure_placed(report, paths, faces, Path(folder))
    measure_speed(report, quick=arguments.quick)
    report.close()


if __name__ == "__main__":
    main()
