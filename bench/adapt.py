"""Does an adapter bring what belongs together nearer? `python -m bench.adapt [--quick] [--json] [--dev]`.

Five examples of each class are drawn (seeds 0 to 4), the adapter is learned from them, and every text of the test split
is asked for its nearest example: the share that is of its class, by the frozen vectors, by whitening with the same
labels and by scikit-learn's linear discriminant of these vectors (shrinkage by Ledoit and Wolf), which is the usual
choice. Settings were chosen on banking77's training split (--dev); BBC and Netflix were looked at once. Classes mixed
up at random have to be refused.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from bench.intent import Split, banking77, trec6
from bench.report import Report, called, options
from knnife import AdaptedEncoder, BadInput, WhitenedEncoder, load_encoder
from knnife.geometry import unit

DATA = Path(__file__).parents[1] / ".." / "shared" / "data" / "films_news"
EACH, DRAWS = 5, 5  # examples of a class, draws


def main() -> None:
    """Asks all sets, and shows the table."""
    parser = options(__doc__ or "")
    parser.add_argument("--dev", action="store_true", help="a fifth of the training rows instead of the test splits")
    asked = parser.parse_args()
    report = Report("adapt", as_json=asked.json)
    sets: dict[str, Callable[[], Split]] = {"banking77": lambda: banking77(dev=asked.dev)}
    if not asked.quick:
        sets |= {"trec": lambda: trec6(dev=asked.dev), "bbc": bbc, "netflix": netflix}
    for name, split in sets.items():
        measure(report, name, split(), 2 if asked.quick else DRAWS)
    report.close()


def measure(report: Report, name: str, split: Split, draws: int) -> None:
    """The shares of one set, of all draws."""
    encoder = load_encoder("english")
    asked, right = unit(encoder.encode(split.test)), split.test_classes
    found: dict[str, list[float]] = {}
    refused, seconds = 0, []
    for seed in range(draws):
        rows = drawn(split.train_classes, seed)
        texts, labels = [split.train[row] for row in rows], split.train_classes[rows]
        known = unit(encoder.encode(texts))
        began = time.perf_counter()
        adapted = AdaptedEncoder.train(encoder, texts, labels=labels.tolist(), seed=seed, anyway=True)
        seconds.append(time.perf_counter() - began)
        whitened = WhitenedEncoder.train(encoder, texts, labels=labels.tolist())
        discriminant = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(known, labels)
        for who, bent in {
            "frozen english": (known, asked),
            "knnife": (adapted.bent(known), adapted.bent(asked)),
            "knnife, whitened": (whitened.encode(texts), whitened.encode(split.test)),
            f"{called('scikit-learn')}, LDA": (
                unit(discriminant.transform(known)),
                unit(discriminant.transform(asked)),
            ),
        }.items():
            found.setdefault(who, []).append(share(*bent, labels, right))
        refused += is_refused(encoder, texts, np.random.default_rng(seed).permutation(labels).tolist())
        report.note(f"{name}, draw {seed}: helps {adapted.held_out.helps}, {adapted.held_out}")
    for who, shares in found.items():
        report.add(name, who, mean(shares), "accuracy of the nearest example")
    report.add(name, "knnife", mean(seconds), "seconds to learn, with the check")
    report.add(name, "knnife", refused / draws, "mixed-up classes refused")


def share(known: Any, asked: Any, labels: Any, right: Any) -> float:
    """How many of those asked have an example of their class nearest."""
    return float(np.mean(labels[(asked @ known.T).argmax(axis=1)] == right))


def is_refused(encoder: Any, texts: list[str], labels: list[Any]) -> bool:
    """Whether classes that mean nothing are told to be no help."""
    try:
        AdaptedEncoder.train(encoder, texts, labels=labels)
    except BadInput:
        return True
    return False


def drawn(classes: Any, seed: int) -> Any:
    """The rows of five examples of each class."""
    chance = np.random.default_rng(seed)
    return np.concatenate([chance.permutation(np.flatnonzero(classes == each))[:EACH] for each in np.unique(classes)])


def bbc() -> Split:
    """News of five kinds; every second one is asked."""
    with gzip.open(DATA / "bbc-news.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return halves([row["text"] for row in rows], [row["label"] for row in rows])


def netflix() -> Split:
    """Descriptions by their first genre, the ten most frequent ones; every second one is asked."""
    with gzip.open(DATA / "netflix_titles.csv.gz", "rt", encoding="utf-8") as file:
        rows = [(row["description"], row["listed_in"].split(",")[0]) for row in csv.DictReader(file)]
    names, counts = np.unique([genre for _, genre in rows], return_counts=True)
    kept = {*names[np.argsort(-counts)[:10]]}
    rows = [row for row in rows if row[1] in kept]
    return halves([text for text, _ in rows], [genre for _, genre in rows])


def halves(texts: list[str], classes: list[str]) -> Split:
    """Every second row is asked."""
    return Split(texts[::2], np.array(classes[::2]), texts[1::2], np.array(classes[1::2]))


if __name__ == "__main__":
    main()
