"""Groups without being told how many: how well they agree with the labels that people gave, and how fast.

The articles of BBC news (5 labels) and the items of AG News (4), encoded by the package; every method gets the same
vectors of length 1. k-means is told the true number of labels, HDBSCAN and knnife are not. HDBSCAN is run on the
vectors and on their first principal components, with clusters of 15 and of 50 members or more, and the best of the
four counts; its outliers are one more group. speed: 100,000 sentences of the corpus, k-means with as many clusters as
knnife found.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

os.environ["KNNIFE_CACHE"] = "off"

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, v_measure_score

from bench.data import real
from bench.report import Report, options
from knnife import clusters, load_encoder
from knnife.geometry import unit

NEWS = Path(__file__).parents[1] / ".." / "shared" / "data" / "films_news"
COMPONENTS = 32  # for k-means after PCA
FEW_COMPONENTS = 5  # for HDBSCAN, which finds next to nothing in many dimensions
LEAST = (15, 50)  # members of its clusters

Labels = np.ndarray
Method = Callable[[np.ndarray], Labels]


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


def reduced(vectors: np.ndarray, components: int) -> np.ndarray:
    return PCA(components, random_state=0).fit_transform(vectors)


def rivals(count: int, *, quick: bool) -> dict[str, list[Method]]:
    """Each rival in all its settings, of which the best will count."""
    kmeans = KMeans(count, n_init=10, random_state=0)
    rooms: list[Method] = [lambda x: reduced(x, FEW_COMPONENTS)]
    if not quick:
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


def measure(report: Report, work: str, vectors: np.ndarray, labels: list[str], *, quick: bool) -> None:
    """Agreement and seconds of everybody on one set."""
    methods: dict[str, list[Method]] = {"knnife": [lambda x: clusters(x).labels]}
    methods |= rivals(len(set(labels)), quick=quick)
    for who, settings in methods.items():
        found = []
        for method in settings:
            began = perf_counter()
            given = method(vectors)
            seconds = perf_counter() - began
            found.append((adjusted_rand_score(labels, given), v_measure_score(labels, given), seconds, given))
        best = max(found, key=lambda each: each[0])
        report.add(work, who, best[0], "adjusted Rand")
        report.add(work, who, best[1], "V-measure")
        report.add(work, who, len(set(best[3].tolist()) - {-1}), "clusters")
        report.add(work, who, best[2], "s")


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
    sets = {"bbc": bbc} if arguments.quick else {"bbc": bbc, "ag_news": ag_news}
    for work, read in sets.items():
        texts, labels = read()
        measure(report, work, unit(encoder.encode(texts)), labels, quick=arguments.quick)
    if not arguments.quick:
        measure_speed(report, 100_000)
    report.close()


if __name__ == "__main__":
    main()
