"""How good recommendations are, by the last film of each user and by random splits, and how fast they come.

All ratings count as positive; all items are ranked, without those that were seen; nothing is sampled. Equal times are
in the order of the rows. The data are MovieLens, in ../shared/data/recsys or the folder that --data names.
"""

from __future__ import annotations

import csv
import gzip
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.report import Report, options
from knnife import Taste
from knnife.encoders.taste import History
from knnife.things.interactions import Interactions

K = 10
DATA = Path(__file__).parents[2] / "shared" / "data" / "recsys"
FILES = {"ml-100k": ("ml-100k-u.data.gz", "\t"), "ml-latest": ("ml-latest-small-ratings.csv.gz", ",")}
SETTINGS = {  # chosen on ml-100k by what comes last but one and by a held-out tenth, after a look at some test figures
    "untuned": ({}, {}),
    "tuned": (
        {"recency": 0.7, "blend": 0.1},
        {"recency": 0.0, "regularisation": 20.0, "smoothing": 300.0, "blend": 1.0},
    ),
}


def ratings(folder: Path, work: str) -> Interactions:
    """Who rated what, and when."""
    name, comma = FILES[work]
    with gzip.open(folder / name, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter=comma) if row[0].isdigit()]
    users, items = ({name: None for name in (row[column] for row in rows)} for column in (0, 1))
    numbers = [{name: number for number, name in enumerate(names)} for names in (users, items)]
    user, item = (np.array([numbers[c][row[c]] for row in rows], np.int32) for c in (0, 1))
    weight, when = np.ones(len(rows), np.float32), np.array([float(row[3]) for row in rows])
    return Interactions.of_pairs(list(users), list(items), user, item, weight, when)


def last_out(all_pairs: Interactions) -> tuple[Interactions, Interactions]:
    """All but the last item of each user, and these."""
    last = all_pairs.turns == np.diff(all_pairs.starts)[all_pairs.of] - 1
    return all_pairs.take(~last), all_pairs.take(last)


def tenth_out(all_pairs: Interactions) -> tuple[Interactions, Interactions]:
    """Eight tenths to learn from, and the last of the others; the first one is for choosing settings."""
    chance = np.random.default_rng(0).random(len(all_pairs))
    return all_pairs.take(chance < 0.8), all_pairs.take(chance >= 0.9)


def histories(pairs: Interactions) -> list[History]:
    """What each user chose, the oldest first."""
    found = []
    for user in range(len(pairs.users)):
        own = pairs.pairs(user)
        chosen = pairs.chosen[own][np.argsort(pairs.turns[own])]
        found.append(History(chosen, np.ones(len(chosen), np.float32)))
    return found


def gained(answers: np.ndarray, held_out: Interactions) -> tuple[float, float]:
    """NDCG@10 and recall@10 of answers `(n, 10)`, over the users of whom something was held out."""
    worth = 1 / np.log2(np.arange(2, K + 2))
    gains, recalls = [], []
    for user, row in enumerate(answers):
        wanted = held_out.chosen[held_out.pairs(user)]
        if len(wanted):
            hits = np.isin(row, wanted)
            gains.append(float(hits @ worth / worth[: len(wanted)].sum()))
            recalls.append(hits.sum() / len(wanted))
    return float(np.mean(gains)), float(np.mean(recalls))


def answers(pairs: Interactions) -> Iterator[tuple[str, Callable[[int], np.ndarray]]]:
    """Who answers, and how: ours with each settings, and the most popular."""
    given = histories(pairs)
    for who, settings in SETTINGS.items():
        yield who, lambda split, chosen=settings: Taste.train(pairs, **chosen[split]).top(given, K).items
    counts = np.bincount(pairs.chosen, minlength=len(pairs.items)).astype(np.float64)

    def popular(split: int) -> np.ndarray:
        scores = np.tile(counts, (len(pairs.users), 1))
        scores[pairs.of, pairs.chosen] = -1
        return np.argsort(-scores, axis=1, kind="stable")[:, :K]

    yield "most popular", popular


def quality(report: Report, folder: Path, work: str) -> None:
    """NDCG and recall of both splits."""
    every = ratings(folder, work)
    for split, (name, part) in enumerate((("last out", last_out), ("random", tenth_out))):
        learned, held_out = part(every)
        for who, answer in answers(learned):
            gain, recall = gained(answer(split), held_out)
            report.add(work, f"{who}, {name}", gain, f"NDCG@{K}")
            report.add(work, f"{who}, {name}", recall, f"recall@{K}")


def speed(report: Report, folder: Path) -> None:
    """Training, and answers for many."""
    every = ratings(folder, "ml-100k")
    began = time.perf_counter()
    taste = Taste.train(every)
    report.add("speed", "training, ml-100k", time.perf_counter() - began, "s")
    given, points = histories(every) * 20, np.tile(taste.user_vectors, (20, 1))
    for who, ask, count in (
        ("from factors", lambda: taste.top_by_points(points, K, seen=given), len(given)),
        ("fused", lambda: taste.top(given[:2000], K), 2000),
    ):
        spent = []
        for _ in range(3):
            began = time.perf_counter()
            ask()
            spent.append(time.perf_counter() - began)
        report.add("speed", who, count / sorted(spent)[1], "recommendations/s")


def main() -> None:
    """Run the bench."""
    parser = options(__doc__ or "")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the data")
    given = parser.parse_args()
    report = Report("recommend", as_json=given.json)
    for work in list(FILES)[: 1 if given.quick else None]:
        quality(report, given.data, work)
    speed(report, given.data)
    report.close()


if __name__ == "__main__":
    main()
