"""Classes: from names, from 1, 8 or 64 examples of each, from thousands; "none of these"; and how long fitting takes.

Banking77's intents, with names and without; TREC's types of question and the sentiments of SST-2, learned from all
rows. Every method gets the same vectors and the same draws of examples, the mean of 5 seeds. Logistic regression is
scikit-learn's, with the C of bench/intent.py. "+unlabelled" shows knnife all other training rows, too, without labels.
"Calibration error" is the mean gap between the probability of the answer and how often it is right, over 15 bins. "None
of these" is told from sentences of TREC and SST-2, by area under the ROC curve; the harder question, from 20 of the 77
intents that no example was given of, stands beside it. Wrong labels are planted among training rows. `--dev` leaves the
test splits alone and judges on a fifth of the training rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from threadpoolctl import threadpool_limits

from bench.intent import C, Split, banking77, drawn, sst2, trec6
from bench.report import Report, called, interleaved, options
from knnife import Classifier, Encoder, classify, load_encoder
from knnife.errors import KnnifeError
from knnife.geometry import unit
from knnife.space import Sample, sample
from knnife.tools._classify.calibration import calibration_error

SEEDS, SHOTS, UNSEEN = 5, (1, 8, 64), 20
FEW = 8  # up to so many examples of a class the other rows are shown, too, without their labels
SKLEARN = called("scikit-learn") or "scikit-learn"
Predict = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # examples, their classes, asked -> classes


class Encoded(NamedTuple):
    """A split, and the vectors of both sides."""

    split: Split
    things: Sample  # of the training side
    asked: Sample  # of the test side
    train: np.ndarray
    test: np.ndarray


def encoded(encoder: Encoder, split: Split) -> Encoded:
    things = sample(split.train, encoder=encoder)
    asked = sample(split.test, encoder=encoder)
    return Encoded(split, things, asked, unit(things.vectors), unit(asked.vectors))


def logistic(train: np.ndarray, classes: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=C, max_iter=1_000).fit(train, classes)


LOGISTIC = f"logistic regression ({SKLEARN})"
NEIGHBOURS: dict[str, Predict] = {
    f"nearest centroid ({SKLEARN})": lambda a, b, q: NearestCentroid().fit(a, b).predict(q),
    f"5 nearest neighbours ({SKLEARN})": lambda a, b, q: (
        KNeighborsClassifier(min(5, len(a)), weights="distance").fit(a, b).predict(q)
    ),
}
RIVALS: dict[str, Predict] = {LOGISTIC: lambda a, b, q: logistic(a, b).predict(q)} | NEIGHBOURS


def few_shot(report: Report, who: str, data: Encoded, shots: Sequence[int], seeds: int) -> None:
    """Accuracy, and calibration error, for each number of examples; with few, beside all other rows unlabelled, too."""
    split = data.split
    labels, truth = np.unique(split.test_classes, return_inverse=True)
    for shot in shots:
        figures: dict[tuple[str, str, str], list[float]] = {}
        for seed in range(seeds):
            rows = drawn(split.train_classes, shot, seed)
            vectors, classes = data.train[rows], split.train_classes[rows]
            for name, predict in NEIGHBOURS.items():
                right = predict(vectors, classes, data.test) == split.test_classes
                figures.setdefault((f"banking77-{shot}", name, "accuracy"), []).append(float(right.mean()))
            heads = {
                ("", "knnife"): Classifier.fit(data.things.take(rows), classes),
                ("", "knnife, without names"): Classifier.fit(data.things.take(rows), classes, names=False),
                ("", "knnife, vectors alone"): Classifier.fit(vectors, classes),
                ("", LOGISTIC): logistic(vectors, classes),
            }
            if shot <= FEW:
                given = np.full(len(split.train), None, object)
                given[rows] = classes
                heads["+unlabelled", "knnife"] = Classifier.fit(data.things, given)
            for (more, name), head in heads.items():
                of_texts = isinstance(head, Classifier) and head.encoder
                probabilities = head.predict_proba(data.asked if of_texts else data.test)
                assert len(labels) == probabilities.shape[1]
                for measure, figure in (
                    ("accuracy", float((probabilities.argmax(axis=1) == truth).mean())),
                    ("calibration error", calibration_error(probabilities, truth)),
                ):
                    figures.setdefault((f"banking77-{shot}{more}", name, measure), []).append(figure)
        for (work, name, measure), values in figures.items():
            report.add(work, f"{who}: {name}", float(np.mean(values)), measure)


def zero_shot(report: Report, who: str, encoder: Encoder, data: Encoded) -> None:
    """Names alone."""
    labels = sorted(set(data.split.test_classes.tolist()))
    head = Classifier.zero_shot(labels, encoder=encoder)
    cosines = data.test @ unit(encoder.encode(labels)).T
    answers = {"knnife": head.predict(data.test), "cosine to names": [labels[i] for i in cosines.argmax(axis=1)]}
    for name, found in answers.items():
        right = np.array(found) == data.split.test_classes
        report.add("banking77-0", f"{who}: {name}", float(right.mean()), "accuracy")


def whole(report: Report, who: str, data: Encoded, work: str) -> None:
    """Accuracy after all training rows."""
    split = data.split
    answers = {name: predict(data.train, split.train_classes, data.test) for name, predict in RIVALS.items()}
    answers["knnife"] = np.array(Classifier.fit(data.things, split.train_classes).predict(data.asked))
    for name, found in answers.items():
        report.add(work, f"{who}: {name}", float((found == split.test_classes).mean()), "accuracy")


def none_of_these(report: Report, who: str, encoder: Encoder, data: Encoded, others: dict[str, np.ndarray]) -> None:
    """How well `fits` tells what belongs to a class from what belongs to none; 8 examples of each, or names."""
    split = data.split
    labels = np.unique(split.train_classes)
    rows = drawn(split.train_classes, 8, 0)
    head = Classifier.fit(data.train[rows], split.train_classes[rows])
    named = Classifier.zero_shot(labels.tolist(), encoder=encoder)
    for name, vectors in others.items():
        for how, each in (("8 examples", head), ("names", named)):
            figure = _area(each.fits(data.test), each.fits(vectors))
            report.add("none-of-these", f"{who}: knnife, {how}, from {name}", figure, "AUROC")
    unseen = np.random.default_rng(0).permutation(labels)[:UNSEEN]
    kept = rows[~np.isin(split.train_classes[rows], unseen)]
    heads = {
        "8 examples": Classifier.fit(data.train[kept], split.train_classes[kept]),
        "names and 8 examples": Classifier.fit(data.things.take(kept), split.train_classes[kept]),
    }
    is_unseen = np.isin(split.test_classes, unseen)
    for how, head in heads.items():
        fits = head.fits(data.asked if head.encoder else data.test)
        figure = _area(fits[~is_unseen], fits[is_unseen])
        report.add("none-of-these", f"{who}: knnife, {how}, from 20 unseen intents", figure, "AUROC")


def wrong_labels(report: Report, who: str, data: Encoded) -> None:
    """One label in twenty of 40 examples of each class is replaced by another; which are found?"""
    split, random = data.split, np.random.default_rng(0)
    rows = drawn(split.train_classes, 40, 0)
    given, labels = split.train_classes[rows].copy(), np.unique(split.train_classes)
    replaced = random.permutation(len(rows))[: len(rows) // 20]
    for row in replaced:
        given[row] = random.choice(labels[labels != given[row]])
    found = classify(data.things.take(rows), labels=given, check=True, because=0)
    assert found.wrong is not None
    is_wrong = np.isin(found.positions, replaced)
    surest = np.argsort(-found.probabilities.max(axis=1) * found.wrong)[: len(replaced) // 2]
    report.add("wrong-labels", f"{who}: knnife", float(found.wrong[is_wrong].mean()), "recall")
    report.add("wrong-labels", f"{who}: knnife", float(is_wrong[found.wrong].mean()), "precision")
    report.add("wrong-labels", f"{who}: knnife, the surest", float(is_wrong[surest].mean()), "precision")


def _area(inside: np.ndarray, outside: np.ndarray) -> float:
    which = np.r_[np.ones(len(inside)), np.zeros(len(outside))]
    return float(roc_auc_score(which, np.r_[inside, outside]))


def fitting(report: Report, repeats: int) -> None:
    """Seconds for 10,000 examples of 256 dimensions and 77 classes."""
    random = np.random.default_rng(0)
    classes = np.arange(10_000) % 77
    centres = random.standard_normal((77, 256), dtype=np.float32)
    vectors = unit(centres[classes] + 2 * random.standard_normal((10_000, 256), dtype=np.float32))
    runs = {
        "knnife": lambda: Classifier.fit(vectors, classes),
        LOGISTIC: lambda: logistic(vectors, classes),
    }
    for who, seconds in interleaved(runs, repeats).items():
        report.add("fit-10000", who, seconds, "s")


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--dev", action="store_true", help="judge on held-out training rows, not on the tests")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="The number of unique classes")  # so it is, with one example each
    warnings.filterwarnings("ignore", message="invalid value encountered in divide")  # of NearestCentroid, likewise
    report = Report("classify", as_json=arguments.json)
    seeds = 1 if arguments.quick else SEEDS
    for who in ("english",) if arguments.quick else ("english", "minilm"):
        try:
            encoder = load_encoder(who)
        except KnnifeError as error:
            report.note(f"left out: {who}: {error}")
            continue
        data, trec, film = (
            encoded(encoder, each) for each in (banking77(dev=arguments.dev), trec6(dev=arguments.dev), sst2())
        )
        zero_shot(report, who, encoder, data)
        with threadpool_limits(2):
            few_shot(report, who, data, SHOTS[:2] if arguments.quick else SHOTS, seeds)
            whole(report, who, trec, "trec6")
            whole(report, who, film, "sst2")
        wrong_labels(report, who, data)
        none_of_these(report, who, encoder, data, {"TREC": trec.test, "SST-2": film.test})
    fitting(report, 1 if arguments.quick else 3)
    report.close()


if __name__ == "__main__":
    main()
