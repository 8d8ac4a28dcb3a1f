"""How well pairs of records are matched: F1 on the test splits of labelled pairs; with no labels, with 50, with all.

The data are those of DeepMatcher and Ditto: a pair a line, "COL a VAL x ..." twice and 0 or 1, in three splits.
A record is known by its text, so that the records of all splits make up two tables. Nobody sees the labels of the test
split. The rule for everybody: scores above the threshold that is best on the valid split are matches.

    no labels    knnife.Matcher.fit(left, right), which sees both tables and no labels; TF-IDF of runs of three letters
                 (the rival that does best) and the token sets of RapidFuzz, of whole records
    50 labels    pairs drawn at random from the train split, those draws left out that lack two of a kind; the mean over
                 draws, the same for all: logistic regression and a random forest on similarities of each column
    all labels   the whole train split

The matcher sees what else in the two tables the records of a pair could be matched with; the others see the two records
of a pair alone. "knnife, pairs alone" is the matcher with its eyes shut to that, as like is to be compared with like.

In fodors-zagats the column class is the answer: equal for all matches, and for no other pair. So it is measured once as
it is, as everybody does, and once without that column. A test split of 14 or 22 matches, as the two small data sets
have, moves by 0.02 to 0.04 with a single pair.
`--folder` measures data of one's own: train.txt, valid.txt and test.txt in that format, or the same with .gz.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.matching_data import ANSWERS, SPLITS, CandidatePairs, paths_of, read_pairs
from bench.report import Report, called, options
from knnife import Matcher
from knnife.tools._match.comparing import Comparison
from knnife.tools._match.fields import Records, fields_of
from knnife.tools._match.learning import LearnedMatching, MeasuredPairs

WORKS = ("abt-buy", "amazon-google", "fodors-zagats", "beer")
FEW, DRAWS = 50, 10
KNNIFE, ALONE = "knnife", "knnife, pairs alone"

LEARNERS: dict[str, Callable[[int], Any]] = {
    "logistic regression": lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
    "random forest": lambda seed: RandomForestClassifier(300, min_samples_leaf=2, random_state=seed),
}


def f1_on_test(scores: np.ndarray, data: CandidatePairs) -> float:
    """F1 on the test split, with the threshold that is best on the valid split."""
    threshold = best_threshold(scores[data.split == 1], data.labels[data.split == 1])
    found, right = scores[data.split == 2] > threshold, data.labels[data.split == 2]
    return 2 * float((found & (right == 1)).sum()) / max(1, int(found.sum() + right.sum()))


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> float:
    """The threshold with the best F1: halfway between the last score above and the first below."""
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(scores) + 1) + labels.sum())
    f1[:-1][scores[1:] == scores[:-1]] = 0  # equal scores cannot be parted
    best = int(f1.argmax())
    return float(scores[best] + scores[min(best + 1, len(scores) - 1)]) / 2


def tfidf(data: CandidatePairs) -> np.ndarray:
    """The cosine of TF-IDF vectors of runs of three letters, of whole records."""
    return _cosines(*data.texts(), analyzer="char_wb", ngram_range=(3, 3))


def token_sets(data: CandidatePairs) -> np.ndarray:
    """RapidFuzz's token_set_ratio of whole records."""
    return np.array([fuzz.token_set_ratio(a, b) for a, b in zip(*data.texts(), strict=True)])


def similarities(data: CandidatePairs) -> np.ndarray:
    """What the rivals learn from, of each column and of the whole records: edit distances, shared words, TF-IDF."""
    names = list(dict.fromkeys(name for table in (data.left, data.right) for row in table for name in row))
    cells = [data.cells(name) for name in names]
    return np.column_stack([_similarities(*both) for both in [*cells, data.texts()]])


def _similarities(left: list[str], right: list[str]) -> np.ndarray:
    scorers = (fuzz.token_set_ratio, fuzz.token_sort_ratio, fuzz.partial_ratio, fuzz.ratio)
    found = [[scorer(a, b) / 100 for a, b in zip(left, right, strict=True)] for scorer in scorers]
    found.append([JaroWinkler.similarity(a, b) for a, b in zip(left, right, strict=True)])
    sets = [(set(a.split()), set(b.split())) for a, b in zip(left, right, strict=True)]
    found.append([len(a & b) / max(1, len(a | b)) for a, b in sets])
    found.append([len(a & b) / max(1, min(len(a), len(b))) for a, b in sets])
    counts = Counter(word for both in sets for one in both for word in one)
    found.append([max((1 / counts[word] for word in a & b), default=0) for a, b in sets])
    found.append([_near(a, b) for a, b in zip(left, right, strict=True)])
    for how in ({"analyzer": "char_wb", "ngram_range": (3, 3)}, {"token_pattern": r"\S+"}):
        found.append(_cosines(left, right, **how))
    there = np.array([bool(a and b) for a, b in zip(left, right, strict=True)])
    return np.column_stack([np.array(found).T * there[:, None], there])


def _near(a: str, b: str) -> float:
    """How near two numbers are; 0 for what is none."""
    try:
        x, y = float(a), float(b)
    except ValueError:
        return 0.0
    return 1 - min(1.0, abs(x - y) / max(abs(x), abs(y), 1e-9))


def _cosines(left: list[str], right: list[str], **how: Any) -> np.ndarray:
    vectors = TfidfVectorizer(**how)
    try:
        vectors.fit([*left, *right])
    except ValueError:  # no words at all
        return np.zeros(len(left))
    return np.asarray(vectors.transform(left).multiply(vectors.transform(right)).sum(axis=1)).ravel()


def few_of(data: CandidatePairs, seed: int) -> np.ndarray:
    """50 pairs of the train split, at random; those draws are passed over that lack two of a kind."""
    train = np.flatnonzero(data.split == 0)
    random = np.random.default_rng(seed)
    while True:
        rows = random.permutation(train)[:FEW]
        if 2 <= data.labels[rows].sum() <= len(rows) - 2:
            return rows


class Knnife:
    """knnife.Matcher on one data set: the tables are made ready once."""

    def __init__(self, data: CandidatePairs) -> None:
        left, right = Records.of(data.left), Records.of(data.right)
        self.data, self.comparison = data, Comparison(left, right, fields_of(left, right))
        nobody = np.empty((0, 2), np.int64)
        self.compared = {
            KNNIFE: self.comparison.compare(data.pairs),
            ALONE: self.comparison.compare(data.pairs, nobody),
        }
        self.evidence = Matcher.of(self.comparison).evidence
        shown = self.comparison.rivals  # what the tables show without labels
        tables = {KNNIFE: self.comparison.compare(shown), ALONE: self.comparison.compare(shown, nobody)}
        self.tables = {who: MeasuredPairs(seen.measures, self.evidence.log_odds(seen)) for who, seen in tables.items()}

    def scores(self, who: str, rows: np.ndarray | None = None) -> np.ndarray:
        """The log-odds of all pairs, after the labels of these rows; without any it sees the tables only."""
        measures, start = self.compared[who].measures, self.evidence.log_odds(self.compared[who])
        if rows is None:
            return start
        labels = self.data.labels.astype(float)
        # Records of one text are one here, and a few of those pairs are labelled twice: the last one counts.
        rows = np.array([*{tuple(self.data.pairs[row].tolist()): row for row in rows.tolist()}.values()])
        labelled = MeasuredPairs(measures[rows], start[rows])
        return LearnedMatching.fit(labelled, labels[rows], self.tables[who], 0).log_odds(measures, start)


def calibration(log_odds: np.ndarray, data: CandidatePairs) -> float:
    """By how much probabilities are off on the test split: expected calibration error, ten bins of equal width."""
    rows = data.split == 2
    chance, right = 1 / (1 + np.exp(-log_odds[rows])), data.labels[rows]
    bins = np.minimum((10 * chance).astype(int), 9)
    return sum(abs(chance[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / len(chance)


def measure(work: str, data: CandidatePairs, draws: int, report: Report) -> None:
    """All rows of one data set."""
    knnife, seen = Knnife(data), similarities(data)
    unlabelled = {who: knnife.scores(who) for who in (KNNIFE, ALONE)} | {"TF-IDF of 3-grams": tfidf(data)}
    unlabelled[f"token sets of {called('rapidfuzz')}"] = token_sets(data)
    for who, scores in unlabelled.items():
        report.add(f"{work}, no labels", who, f1_on_test(scores, data), "F1")
    report.add(f"{work}, no labels", KNNIFE, calibration(unlabelled[KNNIFE], data), "calibration error")

    def learned(who: str, rows: np.ndarray, seed: int) -> np.ndarray:
        if who in (KNNIFE, ALONE):
            return knnife.scores(who, rows)
        model = LEARNERS[who](seed).fit(seen[rows], data.labels[rows])
        return np.asarray(model.predict_proba(seen)[:, 1])

    everything, few = np.flatnonzero(data.split == 0), [few_of(data, seed) for seed in range(draws)]
    for who in (KNNIFE, ALONE, *LEARNERS):
        found = [f1_on_test(learned(who, rows, seed), data) for seed, rows in enumerate(few)]
        report.add(f"{work}, {FEW} labels", who, float(np.mean(found)), f"F1, mean of {draws}")
    for who in (KNNIFE, ALONE, *LEARNERS):
        scores = learned(who, everything, 0)
        report.add(f"{work}, all labels", who, f1_on_test(scores, data), "F1")
        if who == KNNIFE:
            report.add(f"{work}, all labels", who, calibration(scores, data), "calibration error")


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument(
        "work", nargs="*", help=f"which of {', '.join(WORKS)}; unless told all, the two small with --quick"
    )
    parser.add_argument("--folder", type=Path, help="other data: train.txt, valid.txt and test.txt of the Ditto format")
    arguments = parser.parse_args()
    report = Report("matching", as_json=arguments.json)
    works = arguments.work or ([*WORKS[2:]] if arguments.quick else [*WORKS])
    if not set(works) <= set(WORKS):
        parser.error(f"expected some of {', '.join(WORKS)}, got {' '.join(works)}")
    works = [arguments.folder.name] if arguments.folder else works
    for work in works:
        paths = paths_of(work, arguments.folder)
        if missing := [split for split in SPLITS if split not in paths]:
            report.note(f"{work}: left out, it has no split {', '.join(missing)}")
            continue
        data, draws = read_pairs(paths), 5 if arguments.quick else DRAWS
        measure(work, data, draws, report)
        if work in ANSWERS:
            measure(f"{work} without {ANSWERS[work]}", data.without(ANSWERS[work]), draws, report)
    report.close()


if __name__ == "__main__":
    main()
