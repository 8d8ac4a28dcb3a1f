"""Groups without being told how many: how well they agree with the labels that people gave, and how fast.

Articles of BBC news (5 sections), items of AG News (4 topics), films by genre (6), questions and sentences of 24
articles (xquad), types of question (trec6) and what customers of a bank want (banking77), encoded by the package;
every method gets the same vectors of length 1. k-means is told the true number of labels, HDBSCAN and knnife are not.
HDBSCAN is run on the first principal components, and on the whole vectors of the news, with clusters of 15 and of 50
members or more, and the best counts; its outliers are one more group. knnife runs with several seeds, of which the mean
and the least are told. speed: 100,000 sentences of the corpus, k-means with as many clusters as knnife found.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

os.environ["KNNIFE_CACHE"] = "off"

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, v_measure_score

from bench import intent
from bench.data import real
from bench.report import Report, options
from knnife import clusters, load_encoder
from knnife.geometry import unit

NEWS = Path(__file__).parents[1] / ".." / "shared" / "data" / "films_news"
COMPONENTS = 32  # for k-means after PCA
FEW_COMPONENTS = 5  # for HDBSCAN, which finds next to nothing in many dimensions
LEAST = (15, 50)  # members of its clusters

TARGETS = ("bbc", "ag-news")  # where HDBSCAN, which then takes a minute, sees all of the vectors too
GENRES = frozenset(["Western", "Horror", "Science Fiction", "Musical", "War", "Crime"])

Method = Callable[[np.ndarray], np.ndarray]


class Found(NamedTuple):
    """What one method found: its agreement with the labels, how many clusters, and the seconds."""

    rand: float
    v: float
    clusters: float
    seconds: float

    @classmethod
    def of(cls, method: Method, vectors: np.ndarray, labels: list[str]) -> Found:
        """Runs the method."""
        began = perf_counter()
        given = method(vectors)
        seconds = perf_counter() - began
        count = len(set(given.tolist()) - {-1})
        return cls(adjusted_rand_score(labels, given), v_measure_score(labels, given), count, seconds)


def bbc() -> tuple[list[str], list[str]]:
    """2,225 articles with their titles, and the section of each."""
    with gzip.open(NEWS / "bbc-news.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [f"{row['title']}. {row['text']}" for row in rows], [row["label"] for row in rows]


def ag_news() -> tuple[list[str], list[str]]:
    """7,600 headlines with their descriptions, and the topic of each."""
    with gzip.open(NEWS / "ag_news-test.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    return [f"{title}. {text}" for _, title, text in rows], [label for label, _, _ in rows]


def films() -> tuple[list[str], list[str]]:
    """What 6,000 films are about, and the genre of each, of those with one of six."""
    with gzip.open(NEWS / "wikipedia-movies.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found = [(row["extract"], GENRES.intersection(row["genres"])) for row in rows if row.get("extract")]
    found = [(text, genres) for text, genres in found if len(genres) == 1]
    drawn = [found[i] for i in np.random.default_rng(0).permutation(len(found))[:6000]]
    return [text for text, _ in drawn], [min(genres) for _, genres in drawn]


def xquad() -> tuple[list[str], list[str]]:
    """Questions and sentences of 24 articles, and the article of each."""
    articles = json.loads((NEWS.parent / "qa" / "xquad-even.en.json").read_text(encoding="utf-8"))["data"]
    texts, labels = [], []
    for number, article in enumerate(articles):
        for paragraph in article["paragraphs"]:
            found = [each["question"] for each in paragraph["qas"]]
            found += re.split(r"(?<=[.])\s+", paragraph["context"])
            texts += found
            labels += [str(number)] * len(found)
    return texts, labels


def trec() -> tuple[list[str], list[str]]:
    """5,452 questions, and the type of each."""
    split = intent.trec6(dev=False)
    return split.train, split.train_classes.tolist()


def banking() -> tuple[list[str], list[str]]:
    """3,080 questions to a bank, and the intent of each, of 77."""
    split = intent.banking77(dev=False)
    return split.test, split.test_classes.tolist()


def reduced(vectors: np.ndarray, components: int) -> np.ndarray:
    return PCA(components, random_state=0).fit_transform(vectors)


def rivals(count: int, *, whole: bool) -> dict[str, list[Method]]:
    """Each rival in all its settings, of which the best will count."""
    kmeans = KMeans(count, n_init=10, random_state=0)
    rooms: list[Method] = [lambda x: reduced(x, FEW_COMPONENTS)]
    if whole:
        rooms.append(lambda x: x)
    return {
        "k-means, true k": [lambda x: kmeans.fit_predict(x)],
        "PCA, k-means, true k": [lambda x: kmeans.fit_predict(reduced(x, COMPONENTS))],
        "HDBSCAN, best of its settings": [
            lambda x, room=room, least=least: HDBSCAN(min_cluster_size=least, copy=True).fit_predict(room(x))
            for room in rooms
            for least in LEAST
        ],
    }


def measure(report: Report, work: str, vectors: np.ndarray, labels: list[str], seeds: int, *, whole: bool) -> None:
    """Agreement and seconds of everybody on one set."""
    found = [Found.of(lambda x, seed=seed: clusters(x, seed=seed).labels, vectors, labels) for seed in range(seeds)]
    means = [float(np.mean(each)) for each in zip(*found, strict=True)]
    _tell(report, work, "knnife", Found(*means))
    report.add(work, "knnife, least of its seeds", min(each.rand for each in found), "adjusted Rand")
    report.add(work, "knnife, least of its seeds", min(each.v for each in found), "V-measure")
    for who, settings in rivals(len(set(labels)), whole=whole).items():
        _tell(report, work, who, max(Found.of(method, vectors, labels) for method in settings))


def _tell(report: Report, work: str, who: str, found: Found) -> None:
    for figure, what in zip(found, ("adjusted Rand", "V-measure", "clusters", "s"), strict=True):
        report.add(work, who, figure, what)


def measure_speed(report: Report, n: int) -> None:
    vectors = unit(real(n)[0])
    began = perf_counter()
    count = len(clusters(vectors))
    report.add("speed", "knnife", perf_counter() - began, f"s for {n:,} ({count} clusters)")
    for tries in (1, 10):
        began = perf_counter()
        KMeans(max(2, count), n_init=tries, random_state=0).fit(vectors)
        report.add("speed", f"k-means, n_init {tries}", perf_counter() - began, f"s for {n:,} ({count} clusters)")


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("clusters", as_json=arguments.json)
    encoder = load_encoder("english")
    sets = {"bbc": bbc, "xquad": xquad}
    if not arguments.quick:
        sets |= {"ag-news": ag_news, "films": films, "trec6": trec, "banking77": banking}
    for work, read in sets.items():
        texts, labels = read()
        vectors = unit(encoder.encode(texts))
        whole = not arguments.quick and work in TARGETS
        measure(report, work, vectors, labels, 3 if arguments.quick else 5, whole=whole)
    if not arguments.quick:
        measure_speed(report, 100_000)
    report.close()


if __name__ == "__main__":
    main()
