"""How little a simple classifier needs to see: logistic regression on plain vectors of the encoder.

Banking77 with 1, 8 and 64 examples of each of its 77 intents (all there are, where there are fewer), drawn
20, 10 and 3 times with fixed seeds; the mean accuracy on the test split. TREC's six types of question and the
sentiments of SST-2 are trained on everything. The classifier is the same for everybody: multinomial, on
vectors of length 1, with a C that was chosen with the rival's vectors and then left alone. `--dev` leaves the
test splits alone: it measures on a fifth of the training rows, held out, and is what variants of a model are
chosen by.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from bench.report import Report, options
from bench.rivals import Encodes, contenders
from knnife.geometry import unit

INTENT = Path(__file__).parents[1] / ".." / "shared" / "data" / "intent"
DRAWS = {1: 20, 8: 10, 64: 3}  # examples of a class -> draws: the fewer there are, the more hangs on which
C = 10.0  # of 1, 3, 10, 30 and 100 the best for the plain distillation over all three numbers of examples


class Split(NamedTuple):
    """Texts to learn from and texts to be judged on, each with its class."""

    train: list[str]
    train_classes: np.ndarray
    test: list[str]
    test_classes: np.ndarray


def banking77(*, dev: bool, folder: Path = INTENT) -> Split:
    """Customers' questions to a bank: 10,003 to learn from, 3,080 of the test."""
    train, test = (_csv(folder / f"banking77-{part}.csv") for part in ("train", "test"))
    return _held_out(train) if dev else _split(train, test)


def trec6(*, dev: bool, folder: Path = INTENT) -> Split:
    """What a question asks for: 5,452 to learn from, 500 of the test."""
    train, test = (
        [
            (line.split(" ", 1)[1], line[0])
            for line in (folder / f"trec6-{part}.txt").read_text("latin-1").split("\n")
            if line
        ]
        for part in ("train", "test")
    )
    return _held_out(train) if dev else _split(train, test)


def sst2(folder: Path = INTENT) -> Split:
    """Sentiment of sentences from reviews: 6,920 to learn from, and the dev split, 872."""
    train, test = (
        [tuple(line.rsplit("\t", 1)) for line in (folder / f"sst2-{part}.tsv").read_text("utf-8").split("\n") if line]
        for part in ("train", "dev")
    )
    return _split(train, test)


def scores(
    encoder: Encodes, shots: Sequence[int] = (1, 8, 64), *, dev: bool = True, quick: bool = False
) -> dict[str, float]:
    """Mean accuracy on banking77 for each number of examples of a class; quick: a third of the draws."""
    split = banking77(dev=dev)
    train, test = _vectors(encoder, split)

    def figure(shot: int) -> float:
        draws = DRAWS[shot] // 3 if quick else DRAWS[shot]
        chosen = (drawn(split.train_classes, shot, seed) for seed in range(draws))
        return float(np.mean([accuracy(train[r], split.train_classes[r], test, split.test_classes) for r in chosen]))

    return {f"banking77-{shot}": figure(shot) for shot in shots}


def whole(encoder: Encodes, split: Split) -> float:
    """Accuracy after all of the training rows."""
    train, test = _vectors(encoder, split)
    return accuracy(train, split.train_classes, test, split.test_classes)


def accuracy(train: np.ndarray, classes: np.ndarray, test: np.ndarray, right: np.ndarray) -> float:
    with threadpool_limits(1), warnings.catch_warnings():  # on matrices this small, threads wait for each other
        warnings.filterwarnings("ignore", message="The number of unique classes")  # so it is, with one example each
        model = LogisticRegression(C=C, max_iter=1_000).fit(train, classes)
        return float(np.mean(model.predict(test) == right))


def drawn(classes: np.ndarray, shot: int, seed: int) -> np.ndarray:
    """The positions of `shot` rows of each class, without repeating one."""
    order = np.random.default_rng(seed).permutation(len(classes))
    return np.concatenate([order[classes[order] == one][:shot] for one in np.unique(classes)])


def _vectors(encoder: Encodes, split: Split) -> tuple[np.ndarray, np.ndarray]:
    vectors = unit(encoder.encode([*split.train, *split.test]))
    return vectors[: len(split.train)], vectors[len(split.train) :]


def _csv(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [(text, category) for text, category in list(csv.reader(lines))[1:]]


def _held_out(rows: Sequence[tuple[str, ...]]) -> Split:
    """The same fifth of the rows each time, to judge on; the others to learn from."""
    order = np.random.default_rng(77).permutation(len(rows))
    test, train = np.split(order, [len(rows) // 5])
    return _split([rows[i] for i in train], [rows[i] for i in test])


def _split(train: Sequence[tuple[str, ...]], test: Sequence[tuple[str, ...]]) -> Split:
    texts, classes = zip(*train, strict=True)
    test_texts, test_classes = zip(*test, strict=True)
    return Split([*texts], np.array(classes), [*test_texts], np.array(test_classes))


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--dev", action="store_true", help="judge on held-out training rows, not on the tests")
    arguments = parser.parse_args()
    report = Report("intent", as_json=arguments.json)
    others = {"trec6": trec6(dev=arguments.dev), "sst2-dev": sst2()}
    for who, encoder in contenders(report, quick=arguments.quick).items():
        found = scores(encoder, dev=arguments.dev, quick=arguments.quick)
        found |= {work: whole(encoder, split) for work, split in others.items()}
        for work, figure in found.items():
            report.add(f"{work} (held out)" if arguments.dev and work != "sst2-dev" else work, who, figure, "accuracy")
    report.close()


if __name__ == "__main__":
    main()
