"""Who notices that something new came in, at the same rate of false alarms?

Two samples are drawn of news (BBC by TF-IDF and SVD to 64 dimensions fitted on the old labels, each label being the
new one in turn; AG News by the packaged model), in the new one a share of a label that the old one lacks: `bbc-10`
mixes 10% into n = 200, `bbc-5` 5% into n = 800, `ag-10` 10% into n = 400, `ag-200` into n = 200; `intents` mixes 10% of
an intent of banking77 into n = 200 of the others, by the packaged model; `-unit` are the same with vectors of length
1, which hides some of what the SVD says. Everybody is given the same draws and as many permutations, in turns; power is
the share of draws that are called drift, and false alarms are counted on draws without the new label. Rivals are given
fewer draws where a figure needs many; the unit tells how many.
`elec` are half-hours of an electricity market, in weeks: random weeks of a quiet period against others (no drift, but
neighbouring half-hours are alike), six weeks against the next six, and the weeks around the known change. `monitor` is
a stream of random numbers, then one whose mean moves, looked at a hundred times.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.report import Report, options

os.environ.setdefault("KNNIFE_CACHE", "off")
DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
RATE, PERMUTATIONS, SEED = 0.05, 299, 2
WEEK, CHANGE, WEEKS = 336, 17_760, 6  # half-hours; of the row where more columns begin to be measured
Draw = tuple[np.ndarray, np.ndarray]
Test = Callable[[np.ndarray, np.ndarray, int], float]


# Who takes part: p-values of two samples (n, d), (m, d)


def ours(old: np.ndarray, new: np.ndarray, seed: int) -> float:
    import knnife

    return float(knnife.drift(old, new, metric="euclidean", permutations=PERMUTATIONS, seed=seed).p_value)


def mmd(old: np.ndarray, new: np.ndarray, seed: int) -> float:
    """Gaussian kernel, the median of squared distances as its width."""
    squares = _squares(np.vstack([old, new]))
    kernel = np.exp(-squares / np.median(squares[np.triu_indices(len(squares), 1)]))
    labels = _labels(len(old), len(new), seed)
    weights = labels / len(new) - (1 - labels) / len(old)
    return _p((weights * (kernel @ weights)).sum(axis=0), seed)


def neighbours(old: np.ndarray, new: np.ndarray, seed: int, *, k: int = 10, both: bool = True) -> float:
    """How many of the k nearest are of the same sample; or only those of the new things."""
    squares = _squares(np.vstack([old, new]))
    np.fill_diagonal(squares, np.inf)
    near = np.argpartition(squares, k, axis=1)[:, :k]
    labels = _labels(len(old), len(new), seed)
    counts = np.zeros(labels.shape)
    for column in range(k):
        counts += labels[near[:, column]]
    found = (counts * labels).sum(axis=0)
    return _p(found + ((k - counts) * (1 - labels)).sum(axis=0) if both else found, seed)


def one_side(old: np.ndarray, new: np.ndarray, seed: int) -> float:
    return neighbours(old, new, seed, both=False)


def classifier(old: np.ndarray, new: np.ndarray, seed: int) -> float:
    """Logistic regression learns from half of both samples to tell them apart; AUC on the other half."""
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(seed)
    points, labels = np.vstack([old, new]), np.repeat([0, 1], [len(old), len(new)])
    order = random.permutation(len(points))
    learned, judged = np.array_split(order, 2)
    model = LogisticRegression(max_iter=500).fit(points[learned], labels[learned])
    ranks = model.decision_function(points[judged]).argsort().argsort().astype(float)
    given = labels[judged]
    shuffled = random.permuted(np.tile(given, (PERMUTATIONS, 1)), axis=1)
    return _p(np.vstack([given, shuffled]) @ ranks, seed)


TESTS: dict[str, Test] = {
    "knnife": ours,
    "MMD, median width": mmd,
    "kNN test": neighbours,
    "kNN test, new side": one_side,
    "logistic regression": classifier,
}


def _squares(points: np.ndarray) -> np.ndarray:
    lengths = (points**2).sum(axis=1)
    found: np.ndarray = np.maximum(lengths[:, None] + lengths - 2 * points @ points.T, 0)
    return found


def _labels(n: int, m: int, seed: int) -> np.ndarray:
    """As they are, then permuted: `(n + m, PERMUTATIONS + 1)`."""
    labels = np.repeat([0.0, 1.0], [n, m])
    shuffled = np.random.default_rng(seed).permuted(np.tile(labels, (PERMUTATIONS, 1)), axis=1)
    found: np.ndarray = np.vstack([labels, shuffled]).T
    return found


def _p(values: np.ndarray, seed: int) -> float:
    """Randomised among ties, as ours is, so that everybody has the rate that is asked for."""
    lot = np.random.default_rng([seed, 1]).uniform()
    return float(((values > values[0]).sum() + lot * (values == values[0]).sum()) / len(values))


# What they are given


def bbc(new: str) -> tuple[np.ndarray, np.ndarray]:
    """The articles of old labels and of the new one."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    with gzip.open(DATA / "films_news" / "bbc-news.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts, is_new = [f"{row['title']}\n{row['text']}" for row in rows], np.array([row["label"] == new for row in rows])
    words = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2)
    words.fit([text for text, other in zip(texts, is_new, strict=True) if not other])
    counts = words.transform(texts)
    vectors = TruncatedSVD(64, random_state=0).fit(counts[~is_new]).transform(counts)
    return vectors[~is_new].astype(np.float32), vectors[is_new].astype(np.float32)


def intents() -> list[tuple[np.ndarray, np.ndarray]]:
    """Questions of other intents and of a new one, each seventh intent in turn."""
    import knnife

    with (DATA / "intent" / "banking77-train.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    vectors = knnife.load_encoder("english").encode([text for text, _ in rows])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = np.array([name for _, name in rows])
    return [(vectors[names != name], vectors[names == name]) for name in np.unique(names)[::7]]


def ag_news() -> list[tuple[np.ndarray, np.ndarray]]:
    import knnife

    with gzip.open(DATA / "films_news" / "ag_news-test.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    vectors = knnife.load_encoder("english").encode([f"{title}. {text}" for _, title, text in rows])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = np.array([row[0] for row in rows])
    return [(vectors[labels != label], vectors[labels == label]) for label in np.unique(labels)]


def mixed(spaces: list[tuple[np.ndarray, np.ndarray]], n: int, share: float) -> Iterator[Draw]:
    """Draws without end, the label that is new changing in turns."""
    random = np.random.default_rng(SEED)
    come = round(share * n)
    while True:
        for old, new in spaces:
            some = old[random.permutation(len(old))[: 2 * n - come]]
            yield some[:n], np.vstack([some[n:], new[random.permutation(len(new))[:come]]])


def electricity() -> np.ndarray:
    """Price, demand and transfer of each half-hour, each column of variance 1."""
    with gzip.open(DATA / "drift" / "elec.csv.gz", "rt", encoding="utf-8") as lines:
        columns = np.array([line.split(",")[1:6] for line in lines][1:], np.float32)
    found: np.ndarray = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return found


def weeks(rows: np.ndarray) -> np.ndarray:
    return rows[: len(rows) // WEEK * WEEK].reshape(-1, WEEK, rows.shape[1])


# The measuring


class Draws(NamedTuple):
    """How many: for power, for false alarms, and of the latter for the rivals."""

    power: int
    alarms: int
    of_rivals: int


FULL = {
    "bbc-10": Draws(200, 1_000, 200),
    "bbc-10-unit": Draws(200, 100, 100),
    "bbc-5": Draws(100, 100, 50),
    "bbc-5-unit": Draws(100, 50, 50),
    "ag-10": Draws(100, 100, 50),
    "ag-200": Draws(200, 100, 50),
    "intents": Draws(200, 100, 50),
}
QUICK = {work: Draws(10, 5, 5) if "bbc-5" in work else Draws(20, 20, 10) for work in FULL}
SIZES = {"bbc-10": (200, 0.1), "bbc-5": (800, 0.05), "ag-10": (400, 0.1), "ag-200": (200, 0.1), "intents": (200, 0.1)}


def text(report: Report, work: str, spaces: list[Draw], draws: Draws) -> None:
    """Power and false alarms of everybody, on one kind of news."""
    n, share = SIZES[work.removesuffix("-unit")]
    for what, mixed_in, count, of_rivals in (
        ("power", share, draws.power, draws.power),
        ("false alarms", 0.0, draws.alarms, draws.of_rivals),
    ):
        called: dict[str, list[bool]] = {who: [] for who in TESTS}
        for seed, draw in enumerate(islice(mixed(spaces, n, mixed_in), count)):
            for who, test in TESTS.items():
                if test is ours or seed < of_rivals:
                    called[who].append(test(*draw, seed) <= RATE)
        for who, found in called.items():
            report.add(work, who, float(np.mean(found)), f"{what} ({len(found)} draws)")


def unit(spaces: list[Draw]) -> list[Draw]:
    """The same, each vector of length 1."""
    return [tuple(each / np.linalg.norm(each, axis=1, keepdims=True) for each in both) for both in spaces]


def monitor(report: Report, streams: int) -> None:
    """A hundred looks at five things each; in the second half of some streams their mean moves by half a deviation."""
    import knnife

    for what, moved in (("false alarms ever", 0.0), ("power", 0.5)):
        alarms, count = 0, streams if not moved else max(5, streams // 10)
        for seed in range(count):
            random = np.random.default_rng([seed, 1])  # not what the monitor draws by
            watching = knnife.DriftMonitor.of(random.standard_normal((200, 8)), metric="euclidean", seed=seed)
            for look in range(100):
                watching.add(random.standard_normal((5, 8)) + (moved if look >= 50 else 0))
            alarms += watching.drifted
        report.add("monitor", "knnife.DriftMonitor", alarms / count, f"{what} ({count} streams of 100 looks)")


def elec(report: Report, k: int) -> None:
    import knnife

    rows, random = electricity(), np.random.default_rng(SEED)
    whole = {"first": weeks(rows[:CHANGE]), "second": weeks(rows[CHANGE:])}
    for who, block in (("knnife, block=336", WEEK), ("knnife, plain", 1)):

        def called(old: np.ndarray, new: np.ndarray, seed: int, block: int = block) -> bool:
            sides = [side.reshape(-1, rows.shape[1]) for side in (old, new)]
            return knnife.drift(
                *sides, metric="euclidean", block=block, permutations=PERMUTATIONS, seed=seed, most=6 * WEEK
            ).drifted

        found = []
        for seed in range(k):
            period = whole["first" if seed % 2 else "second"]
            chosen = period[random.permutation(len(period))[: 2 * WEEKS]]
            found.append(called(chosen[:WEEKS], chosen[WEEKS:], seed))
        report.add("elec", who, float(np.mean(found)), f"false alarms, random weeks ({k} draws)")
        found = [
            called(period[start : start + WEEKS], period[start + WEEKS : start + 2 * WEEKS], start)
            for period in whole.values()
            for start in list(range(0, len(period) - 2 * WEEKS, 2 * WEEKS))[: k // 2]
        ]
        report.add("elec", who, float(np.mean(found)), f"called drift, six weeks and the next six ({len(found)} pairs)")
        found = [
            called(whole["first"][len(whole["first"]) - WEEKS - i :][:WEEKS], whole["second"][j : j + WEEKS], i)
            for i in range(min(5, k // 2))
            for j in range(min(5, k // 2))
        ]
        report.add("elec", who, float(np.mean(found)), f"power around the change ({len(found)} pairs)")


def main() -> None:
    works = [*FULL, "elec", "monitor"]
    parser = options(__doc__ or "")
    parser.add_argument("--work", choices=works, action="append")
    arguments = parser.parse_args()
    report = Report("drift", as_json=arguments.json)
    chosen = arguments.work or works
    draws = QUICK if arguments.quick else FULL
    news: list[Draw] = []
    if any(work.startswith("bbc") for work in chosen):
        news = [bbc(label) for label in ("business", "entertainment", "politics", "sport", "tech")]
    for work in (work for work in FULL if work in chosen):
        if work == "intents":
            spaces = intents()
        else:
            spaces = ag_news() if work.startswith("ag") else unit(news) if work.endswith("-unit") else news
        text(report, work, spaces, draws[work])
    if "elec" in chosen:
        elec(report, 4 if arguments.quick else 20)
    if "monitor" in chosen:
        monitor(report, 50 if arguments.quick else 1_000)
    report.close()


if __name__ == "__main__":
    main()
