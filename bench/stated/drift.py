"""False alarms of `drift`, and what is noticed: 200 things against 200, again and again.

Chosen on: AG News with World or Business as the other kind, every second intent of banking77, TREC, BBC, a Gaussian,
half-hours of electricity in any order. Held out: AG News with Sports or Sci/Tech, the other intents, SST-2, genres of
films, genres of Netflix, days of weather, a table of ADBench whose outliers are the other kind, equal rows. `share` is
of the other kind: for false alarms both samples have as many of it, beside it stands how often it is noticed where only
the new sample has it. MMD and a classifier are beside in bench/drift.py. The interval is that of the observed share.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.stated import Trial
from knnife import drift, load_encoder
from knnife.statistics.intervals import share_interval

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
SIZE, RATE, PERMUTATIONS = 200, 0.05, 199
SHARES = (0.0, 0.01, 0.05, 0.15, 0.4)
FULL, QUICK = (120, 20), (40, 0)  # draws without the other kind, and with each share of it
Labelled = tuple[np.ndarray, np.ndarray]  # vectors (n, d), and the label of each


class Source(NamedTuple):
    """Where things come from. others: labels that may be the other kind, one in each draw; None: any."""

    data: str
    half: str
    things: Callable[[], Labelled]
    others: tuple[str, ...] | None = None
    metric: str = "cosine"


def encoded(texts: list[str], labels: list[str]) -> Labelled:
    return load_encoder("english").encode(texts), np.array(labels)


@cache
def ag_news() -> Labelled:
    with gzip.open(DATA / "films_news/ag_news-test.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    return encoded([f"{title}. {text}" for _, title, text in rows], [row[0] for row in rows])


def intents(first: int) -> Labelled:
    """Every second intent, from the first or from the second on."""
    with (DATA / "intent/banking77-train.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    names = set(sorted({row[1] for row in rows})[first::2])
    chosen = [row for row in rows if row[1] in names]
    return encoded([row[0] for row in chosen], [row[1] for row in chosen])


def bbc() -> Labelled:
    with gzip.open(DATA / "films_news/bbc-news.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return encoded([f"{row['title']}\n{row['text']}" for row in rows], [row["label"] for row in rows])


def lines_of(name: str, between: str, label: int) -> Labelled:
    """A file with a label on each line, before or after the text."""
    with (DATA / "intent" / name).open(encoding="utf-8", errors="replace") as lines:
        rows = [line.rstrip("\n").split(between, 1) for line in lines if between in line]
    return encoded([row[1 - label] for row in rows], [row[label] for row in rows])


def films() -> Labelled:
    with gzip.open(DATA / "films_news/wikipedia-movies.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row.get("extract") and row["genres"]][::4]
    return encoded([row["extract"] for row in rows], [row["genres"][0] for row in rows])


def netflix() -> Labelled:
    with gzip.open(DATA / "films_news/netflix_titles.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return encoded([row["description"] for row in rows], [row["listed_in"].split(",")[0] for row in rows])


def table(name: str, columns: slice) -> Labelled:
    """Rows of numbers, each column of variance 1; the last column is the label."""
    with gzip.open(DATA / "drift" / name, "rt", encoding="utf-8") as lines:
        rows = [line.strip().split(",") for line in lines][1:]
    numbers = np.array([row[columns] for row in rows], np.float32)
    return (numbers - numbers.mean(axis=0)) / (numbers.std(axis=0) + 1e-9), np.array([row[-1] for row in rows])


def adbench(name: str) -> Labelled:
    with np.load(next((DATA / "outlier/adbench").glob(f"*{name}*.npz"))) as file:
        numbers, labels = file["X"].astype(np.float32), file["y"].astype(str)
    return (numbers - numbers.mean(axis=0)) / (numbers.std(axis=0) + 1e-9), labels


def drawn(equal: bool) -> Labelled:
    """A Gaussian in 16 dimensions and a narrow one beside it; equal: of few different rows."""
    draw = np.random.default_rng(0)
    points = draw.standard_normal((4_000, 16)).astype(np.float32)
    other = 0.3 * draw.standard_normal((1_000, 16)).astype(np.float32) + 1
    both = np.vstack([points, other])
    return np.round(both[:, :2]) if equal else both, np.repeat(["0", "1"], [4_000, 1_000])


SOURCES = [
    Source("Gaussian, 16 dimensions", "chosen", partial(drawn, False), ("1",), "euclidean"),
    Source("AG News, World or Business", "chosen", ag_news, ("1", "3")),
    Source("banking77, intents 1, 3, 5 ...", "chosen", partial(intents, 0)),
    Source("TREC", "chosen", partial(lines_of, "trec6-train.txt", " ", 0)),
    Source("BBC", "chosen", bbc),
    Source("electricity, in any order", "chosen", partial(table, "elec.csv.gz", slice(1, 6)), None, "euclidean"),
    Source("equal rows", "held out", partial(drawn, True), ("1",), "euclidean"),
    Source("AG News, Sports or Sci/Tech", "held out", ag_news, ("2", "4")),
    Source("banking77, intents 2, 4, 6 ...", "held out", partial(intents, 1)),
    Source("SST-2", "held out", partial(lines_of, "sst2-train.tsv", "\t", 1)),
    Source("films by genre", "held out", films),
    Source("Netflix by genre", "held out", netflix),
    Source("weather", "held out", partial(table, "weather-noaa.csv.gz", slice(0, 8)), None, "euclidean"),
    Source("ADBench, cardio", "held out", partial(adbench, "cardio"), ("1", "1.0"), "euclidean"),
]


def draw(
    source: Source, things: Labelled, before: float, after: float, random: np.random.Generator
) -> list[np.ndarray]:
    """The reference and the new sample, of whose things such shares are of one other kind."""
    vectors, labels = things
    names, counts = np.unique(labels, return_counts=True)
    enough = names[(counts >= SIZE * (before + after)) & (counts <= len(labels) - 2 * SIZE)]
    others = enough if source.others is None else enough[np.isin(enough, source.others)]
    other = labels == random.choice(others)
    plain, strange = (iter(random.permutation(np.flatnonzero(side))) for side in (~other, other))
    found = []
    for share in (before, after):
        come = round(share * SIZE)
        rows = [next(plain) for _ in range(SIZE - come)] + [next(strange) for _ in range(come)]
        found.append(vectors[random.permutation(rows)])
    return found


def trial(source: Source, share: float, count: int) -> Trial:
    """One source with one share."""
    things, random = source.things(), np.random.default_rng(3)
    called, noticed, calibrated = [], [], []
    for seed in range(count):
        for into, before in ((called, share), (noticed, 0.0)):
            if into is called or share:
                sides = draw(source, things, before, share, random)
                found = drift(*sides, metric=source.metric, permutations=PERMUTATIONS, rate=RATE, seed=seed)
                into.append(found.drifted)
                calibrated.append(found.calibrated)
    observed = float(np.mean(called))
    low, high = share_interval(observed, count)
    sure = bool(np.mean(calibrated) > 0.5)
    power = float(np.mean(noticed)) if share else None
    return Trial("drift", source.data, source.half, share, "false alarms", RATE, observed, low, high, power, sure)


def trials(quick: bool) -> Iterator[Trial]:
    """Each source with each share; quick: the first one, without."""
    alone, mixed = QUICK if quick else FULL
    for source in SOURCES[:1] if quick else SOURCES:
        things = source.things()
        kept = source._replace(things=lambda things=things: things)
        for share in SHARES[:1] if quick else SHARES:
            if share and source.others is None and not _rich(kept, share):
                continue
            yield trial(kept, share, mixed if share else alone)


def _rich(source: Source, share: float) -> bool:
    """Whether some label has enough things for such a share of both samples."""
    labels = source.things()[1]
    counts = np.unique(labels, return_counts=True)[1]
    return bool(((counts >= 2 * SIZE * share) & (counts <= len(labels) - 2 * SIZE)).any())
