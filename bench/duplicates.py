"""Copies and near copies: how many are found, and how fast.

planted: F1 of the pairs found among 15,000 paragraphs with 2,000 planted copies (bench/planted.py says how they are
made). Rivals stand at their best threshold of all; we stand at our best and at our default, which nobody has to
choose. mrpc: F1 of telling paraphrases in the labelled pairs of MRPC train, each at its best threshold. speed: 100,000
sentences of 15 to 25 words, encoding included. exact: all pairs of a 100,000 x 256 array with a cosine of 0.9 or more,
against one matrix product of all with all, by NumPy, in blocks.

semhash's own model has to be downloaded, so it encodes with ours, through its protocol for encoders; the vectors are
then the same for both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

os.environ["KNNIFE_CACHE"] = "off"

import numpy as np

from bench.data import real, sentences, synthetic
from bench.planted import Planted, grams, planted
from bench.report import Report, called, interleaved, options
from knnife import duplicates, load_encoder
from knnife.geometry import unit

MRPC = Path(__file__).parents[1] / ".." / "shared" / "data" / "sts" / "msr-para-train.tsv"
THRESHOLDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)  # of semhash; its default is 0.9
PERMUTATIONS = 128  # of datasketch, its default
LOW = 0.3  # threshold of its index: copies are more alike than that

Scored = dict[tuple[int, int], float]


def f1(pairs: Scored, true: set[tuple[int, int]]) -> float:
    """The best F1 over all thresholds."""
    order = sorted(pairs, key=lambda pair: -pairs[pair])
    scores = np.array([pairs[pair] for pair in order])
    hits = np.cumsum([pair in true for pair in order])
    at = 2 * hits / (np.arange(1, len(order) + 1) + len(true))
    last = np.append(scores[1:] != scores[:-1], True)
    return float(at[last].max(initial=0))


def scored(rows: Iterable[dict[str, Any]], of: Callable[[dict[str, Any]], float]) -> Scored:
    return {(row["position_a"], row["position_b"]): of(row) for row in rows}


def measure_planted(report: Report, *, quick: bool) -> None:
    made = planted(base=2_600, copies=400) if quick else planted()
    found = duplicates(made.texts)
    pairs = scored(found.rows(), lambda row: -row["expected"])
    hits = len(pairs.keys() & made.copies)
    report.add("planted", "knnife, default", 2 * hits / (len(pairs) + len(made.copies)), "F1")
    wide = found.at(false_pairs=found.explored)
    report.add("planted", "knnife, best", f1(scored(wide.rows(), lambda row: -row["expected"]), made.copies), "F1")
    for way in ("surface", "vectors"):
        alone = duplicates(made.texts, by=way)
        alone = alone.at(false_pairs=alone.explored)
        report.add("planted", f"knnife, {way} alone, best", f1(scored(alone.rows(), closeness), made.copies), "F1")
    if who := called("semhash"):
        report.add("planted", f"{who}, best", best_of_semhash(made), "F1")
    if who := called("datasketch"):
        for what, parts in (("words", words), ("5-grams", grams)):
            report.add("planted", f"{who}, {what}, best", f1(of_datasketch(made, parts), made.copies), "F1")


def closeness(row: dict[str, Any]) -> float:
    return max(row["surface"] or -1.0, row["similarity"] or -1.0)


def words(text: str) -> set[str]:
    return set(text.lower().split())


class Ours:
    """Our static model, with the one method that semhash asks for."""

    def __init__(self) -> None:
        self.encoder = load_encoder("english")

    def encode(self, inputs: Sequence[str], **_: Any) -> np.ndarray:
        """The vectors of texts, `(n, d)`."""
        return self.encoder.encode(list(inputs))


def best_of_semhash(made: Planted) -> float:
    """The best F1 over its thresholds; it tells of each text that it leaves out one other which that is a copy of."""
    from semhash import SemHash

    place = {text: position for position, text in reversed(list(enumerate(made.texts)))}
    index = SemHash.from_records(made.texts, model=Ours())
    best = 0.0
    for threshold in THRESHOLDS:
        done = index.self_deduplicate(threshold=threshold)
        pairs = {tuple(sorted((place[each.record], place[each.duplicate_of]))) for each in done.filtered}
        best = max(best, 2 * len(pairs & made.copies) / (len(pairs) + len(made.copies)))
    return best


def run_semhash(texts: Sequence[str]) -> object:
    """Its default, encoding included."""
    from semhash import SemHash

    return SemHash.from_records(texts, model=Ours()).self_deduplicate()


def of_datasketch(made: Planted, parts: Callable[[str], set[str]]) -> Scored:
    """Pairs that the index of datasketch gives, with the similarity that it estimates."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=LOW, num_perm=PERMUTATIONS)
    sketches = []
    found: Scored = {}
    for position, text in enumerate(made.texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([part.encode("utf-8") for part in parts(text)])
        for other in index.query(sketch):
            found[other, position] = sketch.jaccard(sketches[other])
        index.insert(position, sketch)
        sketches.append(sketch)
    return found


def measure_mrpc(report: Report) -> None:
    rows = [line.split("\t") for line in MRPC.read_text(encoding="utf-8-sig").splitlines()[1:]]
    texts = [row[3] for row in rows] + [row[4] for row in rows]
    n = len(rows)
    true = {(i, n + i) for i, row in enumerate(rows) if row[0] == "1"}
    labelled = {(i, n + i) for i in range(n)}
    for who, by in (
        ("knnife, both", "both"),
        ("knnife, vectors alone", "vectors"),
        ("knnife, surface alone", "surface"),
    ):
        found = scored(duplicates(texts, by=by, threshold=0.2).rows(), closeness)
        of_first = _positions(texts)
        scores = {pair: found.get(_first(pair, of_first), 1.0 if _same(pair, of_first) else -1.0) for pair in labelled}
        report.add("mrpc", who, f1(scores, true), "F1")


def _positions(texts: Sequence[str]) -> list[int]:
    """Of each text the first that is an exact copy of it, which stands for it among the pairs."""
    first: dict[frozenset[str] | str, int] = {}
    plain = [" ".join(sorted(grams(text))) for text in texts]
    return [first.setdefault(text, position) for position, text in enumerate(plain)]


def _first(pair: tuple[int, int], first: Sequence[int]) -> tuple[int, int]:
    a, b = sorted((first[pair[0]], first[pair[1]]))
    return a, b


def _same(pair: tuple[int, int], first: Sequence[int]) -> bool:
    return first[pair[0]] == first[pair[1]]


def measure_speed(report: Report, *, quick: bool) -> None:
    count = 5_000 if quick else 100_000
    texts = list(islice((text for text in sentences() if 15 <= len(text.split()) <= 25), count))
    runs: dict[str, Callable[[], object]] = {"knnife": lambda: duplicates(texts)}
    if who := called("semhash"):
        runs[who] = lambda: run_semhash(texts)
    seconds = interleaved(runs, 1 if quick else 3)
    work = f"speed-{count}" if quick else "speed"
    for name, taken in seconds.items():
        report.add(work, name, taken, "s")
    if who:
        report.add(work, f"{who} / knnife", seconds[who] / seconds["knnife"], "times as long")


def measure_exact(report: Report, *, quick: bool) -> None:
    count = 10_000 if quick else 100_000
    for kind, make in (("sentences", real), ("synthetic", synthetic)):
        vectors = unit(make(count)[0])
        seconds = interleaved(
            {"one product": lambda v=vectors: product(v), "knnife": lambda v=vectors: duplicates(v, threshold=0.9)},
            1 if quick else 3,
        )
        for name, taken in seconds.items():
            report.add(f"exact-{count}-{kind}", name, taken, "s")
        report.add(f"exact-{count}-{kind}", "knnife / product", seconds["knnife"] / seconds["one product"], "times")


def product(vectors: np.ndarray) -> None:
    """All with all, in blocks that fit into memory."""
    for start in range(0, len(vectors), 2_000):
        vectors[start : start + 2_000] @ vectors.T


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--work", choices=["planted", "mrpc", "speed", "exact"], help="only this")
    arguments = parser.parse_args()
    report = Report("duplicates", as_json=arguments.json)
    report.note("semhash encodes with the model of knnife: its own cannot be downloaded here")
    works = {
        "planted": lambda: measure_planted(report, quick=arguments.quick),
        "mrpc": lambda: measure_mrpc(report),
        "speed": lambda: measure_speed(report, quick=arguments.quick),
        "exact": lambda: measure_exact(report, quick=arguments.quick),
    }
    for name, work in works.items():
        if arguments.work in (None, name):
            work()
    report.close()


if __name__ == "__main__":
    main()
