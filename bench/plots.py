"""Do the ten nearest plots have a genre in common? `python -m bench.plots [--quick] [--json]`.

Articles about films in two halves by a hash of the title: the first chose how names are told, the second was looked at
meanwhile.
Netflix, BBC, AG News and banking77 are beside them, as texts that are not full of names. BM25 is the usual formula over
scikit-learn's counts (k1 1.2, b .75).
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from bench.report import Report, options
from knnife import load_encoder
from knnife.geometry import unit

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
ASKED, NEAREST = 1_000, 10
Set = tuple[list[str], list[set[str]]]  # texts, and the labels of each


def main() -> None:
    """Asks every set, and shows the table."""
    asked = options(__doc__ or "").parse_args()
    report = Report("plots", as_json=asked.json)
    for name, (texts, labels) in sets(quick=asked.quick):
        rows = np.random.default_rng(1).permutation(len(texts))[:ASKED]
        scores = {"BM25": bm25(texts, rows)}
        for who in ("english", "topics"):
            vectors = unit(load_encoder(who).encode(texts))
            scores[f"knnife, {who}"] = vectors[rows] @ vectors.T
        for who, each in scores.items():
            report.add(name, who, agreement(each, rows, labels), f"share of {NEAREST} nearest with a label in common")
    report.close()


def agreement(scores: NDArray[np.float32], rows: NDArray[np.int64], labels: list[set[str]]) -> float:
    """The share of the nearest that have a label in common with what was asked; itself is left out."""
    scores[np.arange(len(rows)), rows] = -np.inf
    nearest = np.argpartition(-scores, NEAREST, axis=1)[:, :NEAREST]
    pairs = zip(rows.tolist(), nearest.tolist(), strict=True)
    return float(np.mean([not labels[row].isdisjoint(labels[other]) for row, near in pairs for other in near]))


def bm25(texts: list[str], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The scores of all texts for those of some rows."""
    counts = CountVectorizer().fit_transform(texts).tocsr().astype(np.float32)
    held = np.bincount(counts.indices, minlength=counts.shape[1])
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    weights = counts.copy()
    norm = 1.2 * (0.25 + 0.75 * np.repeat(lengths / lengths.mean(), np.diff(counts.indptr)))
    rarity = np.log(1 + (len(texts) - held + 0.5) / (held + 0.5))
    weights.data = (weights.data * 2.2 / (weights.data + norm) * rarity[weights.indices]).astype(np.float32)
    asked = counts[rows]
    asked.data[:] = 1
    found: NDArray[np.float32] = (asked @ weights.T).toarray()
    return found


def sets(*, quick: bool) -> Iterator[tuple[str, Set]]:
    """The texts and labels, by name."""
    with gzip.open(DATA / "films_news" / "wikipedia-movies.jsonl.gz", "rt", encoding="utf-8") as file:
        films = [film for film in map(json.loads, file) if film.get("extract") and film.get("genres")]
    for half, name in enumerate(("films, chosen", "films, other half")):
        own = [film for film in films if int(hashlib.sha1(film["title"].encode()).hexdigest(), 16) % 2 == half]
        yield name, ([film["extract"] for film in own], [{*film["genres"]} for film in own])
    if quick:
        return
    with gzip.open(DATA / "films_news" / "netflix_titles.csv.gz", "rt", encoding="utf-8") as file:
        shows = list(csv.DictReader(file))
    yield "netflix", ([show["description"] for show in shows], [{*show["listed_in"].split(", ")} for show in shows])
    with gzip.open(DATA / "films_news" / "bbc-news.jsonl.gz", "rt", encoding="utf-8") as file:
        news = [json.loads(line) for line in file]
    yield "bbc", ([each["text"] for each in news], [{each["label"]} for each in news])
    with gzip.open(DATA / "films_news" / "ag_news-test.csv.gz", "rt", encoding="utf-8") as file:
        items = list(csv.reader(file))
    yield "ag news", ([f"{each[1]}. {each[2]}" for each in items], [{each[0]} for each in items])
    with (DATA / "intent" / "banking77-test.csv").open(encoding="utf-8") as file:
        questions = list(csv.reader(file))[1:]
    yield "banking77", ([each[0] for each in questions], [{each[1]} for each in questions])


if __name__ == "__main__":
    main()
