"""What belongs and is answered "none of these": examples of some classes, asked about the rest and about others.

Chosen on: half of Banking77's intents, AG News, kinds of film, photos of clothes, written digits, heaps by chance. Held
out: the other half of the intents, BBC, TREC, kinds of shows, faces of ORL, wines, other heaps. A fifth of the classes,
one at least, is given no example of. The interval is the one that is stated; observed is the mean over draws, each with
other examples. recall: of what belongs to none, the share that is answered so. Names alone are sought among texts of
which `share` are sentences of TREC; there at most the stated share of what belongs is turned away.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits, load_wine

from bench.intent import banking77, drawn, trec6
from bench.stated import Trial
from knnife import Classifier, SceneEncoder, load_encoder
from knnife.geometry import Metric

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
MOST = 4_000  # things of a set, by chance: more would tell little more
ASKED = 1_000  # of each side, at most
SHARES = (0.0, 0.01, 0.05, 0.15, 0.4)
STATED = (0.01, 0.05, 0.1)
Vectors = tuple[np.ndarray, np.ndarray]  # and the class of each


class Source(NamedTuple):
    """A set of things with classes. each: examples of a class, for each number of them that is tried."""

    data: str
    half: str
    things: Callable[[], Vectors]
    each: tuple[int, ...]
    metric: Metric = "cosine"


def texts(read: Callable[[], tuple[list[str], np.ndarray]], encoder: str = "english") -> Callable[[], Vectors]:
    @cache
    def things() -> Vectors:
        values, classes = read()
        rows = np.random.default_rng(0).permutation(len(values))[:MOST]
        return load_encoder(encoder).encode([values[row] for row in rows]), classes[rows]

    return things


def banking(odd: int) -> Callable[[], tuple[list[str], np.ndarray]]:
    """Every second intent; of the training rows."""

    def read() -> tuple[list[str], np.ndarray]:
        split = banking77(dev=False)
        rows = np.flatnonzero(np.isin(split.train_classes, np.unique(split.train_classes)[odd::2]))
        return [split.train[row] for row in rows], split.train_classes[rows]

    return read


def table(path: str, text: Callable[[list[str]], str], label: Callable[[list[str]], str], most: int = 12):
    """Rows of a csv file, of the most frequent classes."""

    def read() -> tuple[list[str], np.ndarray]:
        with gzip.open(DATA / path, "rt", encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        return _frequent([text(row) for row in rows], np.array([label(row) for row in rows]), most)

    return read


def lines(path: str, text: str, label: Callable[[dict], str], most: int = 12):
    """Objects of a file of JSON, of the most frequent classes."""

    def read() -> tuple[list[str], np.ndarray]:
        with gzip.open(DATA / path, "rt", encoding="utf-8") as file:
            rows = [row for row in map(json.loads, file) if row.get(text) and label(row)]
        return _frequent([row[text][:600] for row in rows], np.array([label(row) for row in rows]), most)

    return read


def _frequent(values: list[str], classes: np.ndarray, most: int) -> tuple[list[str], np.ndarray]:
    names, counts = np.unique(classes, return_counts=True)
    rows = np.flatnonzero(np.isin(classes, names[np.argsort(-counts)[:most]]))
    return [values[row] for row in rows], classes[rows]


def trec() -> tuple[list[str], np.ndarray]:
    split = trec6(dev=False)
    return split.train, split.train_classes


def photos(pattern: str) -> Callable[[], Vectors]:
    """Pictures in folders that are named as their classes, by an encoder that is learned from them."""

    @cache
    def things() -> Vectors:
        paths = sorted(DATA.glob(pattern))
        values = [path.read_bytes() for path in paths]
        return SceneEncoder.train(values).encode(values), np.array([path.parent.name for path in paths])

    return things


def rows_of(load: Callable) -> Callable[[], Vectors]:
    @cache
    def things() -> Vectors:
        found = load()
        values = found.data.astype(np.float32)
        return (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-6), found.target

    return things


def heaps(classes: int, dim: int, apart: float, tail: float) -> Callable[[], Vectors]:
    """Points around centres drawn by chance; tail: degrees of freedom of how they scatter."""

    @cache
    def things() -> Vectors:
        random = np.random.default_rng([classes, dim])
        codes = random.integers(classes, size=MOST)
        centres = apart * random.standard_normal((classes, dim))
        return (centres[codes] + random.standard_t(tail, (MOST, dim))).astype(np.float32), codes

    return things


FILMS, SHOWS = "films_news/wikipedia-movies.jsonl.gz", "films_news/netflix_titles.csv.gz"
NEWS, BBC = "films_news/ag_news-test.csv.gz", "films_news/bbc-news.jsonl.gz"
agnews = table(NEWS, lambda r: f"{r[1]}. {r[2]}", lambda r: r[0])
bbc = lines(BBC, "text", lambda r: r["label"])
SOURCES = [
    Source("banking77, even intents", "chosen", texts(banking(0)), (2, 8, 30)),
    Source("AG News", "chosen", texts(agnews), (8, 200)),
    Source("films", "chosen", texts(lines(FILMS, "extract", lambda r: "".join(r["genres"][:1]))), (8, 60)),
    Source("photos of clothes", "chosen", photos("images/clothing/*/*/*.jpg"), (8, 20)),
    Source("digits", "chosen", rows_of(load_digits), (4, 60), "euclidean"),
    Source("heaps, 10 in 16 dimensions", "chosen", heaps(10, 16, 0.8, 50.0), (8, 60), "euclidean"),
    Source("banking77, odd intents", "held out", texts(banking(1)), (2, 8, 30)),
    Source("banking77, odd intents, minilm", "held out", texts(banking(1), "minilm"), (8, 30)),
    Source("BBC", "held out", texts(bbc), (8, 100)),
    Source("TREC", "held out", texts(trec), (8, 200)),
    Source("shows", "held out", texts(table(SHOWS, lambda r: r[11], lambda r: r[10].split(", ")[0])), (8, 60)),
    Source("faces of ORL", "held out", photos("faces/att_faces/s*/*.pgm"), (4, 7)),
    Source("wines", "held out", rows_of(load_wine), (10, 25), "euclidean"),
    Source("heaps with heavy tails", "held out", heaps(25, 40, 0.6, 3.0), (4, 40), "euclidean"),
]


NAMED = [
    ("AG News", "chosen", ["world", "sports", "business", "science and technology"], agnews),
    ("BBC", "held out", ["business", "entertainment", "politics", "sport", "technology"], bbc),
]


class Judged(NamedTuple):
    """A head, and how well things fit that belong, and others."""

    head: Classifier
    belong: np.ndarray
    others: np.ndarray


def fits(source: Source, each: int, seed: int) -> Judged:
    """With so many examples of each class that is known."""
    vectors, classes = source.things()
    random = np.random.default_rng(seed)
    names = random.permutation(np.unique(classes))
    unseen = names[: max(1, len(names) // 5)]
    belongs = np.flatnonzero(~np.isin(classes, unseen))
    rows = belongs[drawn(classes[belongs], each, seed)]
    head = Classifier.fit(vectors[rows], classes[rows].tolist(), metric=source.metric, seed=seed)
    inside = random.permutation(np.setdiff1d(belongs, rows))[:ASKED]
    outside = random.permutation(np.flatnonzero(np.isin(classes, unseen)))[:ASKED]
    return Judged(head, head.fits(vectors[inside]), head.fits(vectors[outside]))


def trials(quick: bool) -> Iterator[Trial]:
    """Each set with some numbers of examples, then names."""
    for number, source in enumerate(SOURCES):
        if quick and number % 7 not in (0, 5):
            continue
        for each in source.each[-1:] if quick else source.each:
            found = [fits(source, each, seed) for seed in range(2 if quick else 5)]
            for stated in STATED[1:2] if quick else STATED:
                yield trial(f"{source.data}, {each} of each", source.half, 0.0, stated, found)
    for name, half, names, read in () if quick else NAMED:
        for share in SHARES:
            found = [named(names, read()[0], share, seed) for seed in range(3)]
            yield trial(f"{name}, names alone", half, share, STATED[1], found)


def named(names: list[str], values: list[str], share: float, seed: int) -> Judged:
    """A head by names alone, sought among texts of which `share` belong to none."""
    random = np.random.default_rng(seed)
    rows, others = random.permutation(len(values))[: 2 * ASKED], random.permutation(trec()[0])[: 2 * ASKED].tolist()
    half = len(rows) // 2
    count = round(share * half)
    among = [values[row] for row in rows[: half - count]] + others[:count]
    head = Classifier.zero_shot(names, encoder=load_encoder("english"), among=among)
    return Judged(head, head.fits([values[row] for row in rows[half:]]), head.fits(others[ASKED:]))


def trial(data: str, half: str, share: float, stated: float, found: list[Judged]) -> Trial:
    """The mean over draws."""
    told = [each.head.turned_away(stated) for each in found]
    return Trial(
        "classify",
        data,
        half,
        share,
        "turned away",
        stated,
        float(np.mean([np.mean(each.belong <= stated) for each in found])),
        float(np.mean([each.low for each in told])) if not share else 0.0,
        float(np.mean([each.high for each in told])),
        float(np.mean([np.mean(each.others <= stated) for each in found])),
        all(each.calibrated for each in told),
    )
