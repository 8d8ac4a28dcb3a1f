"""How well whole tables are matched at the default threshold: with no labels, and with 50, beside rivals.

All that is compared of two tables is judged, as a user would have it: precision, recall and F1 at probability .5, how
many of the matches are expected to be wrong, and how many are. Matches that no candidate is are missed. Where only some
of the matches are labelled (Beer, iTunes and Amazon), pairs without a label are not counted. Labels are
drawn from the labelled pairs of the train split (of the valid one where there is none), at random or as many matches
as others; they are left out of what is counted. Rivals judge the same candidates: TF-IDF of runs of three letters with
the threshold that is best on all labelled pairs, which is more than anybody knows, and a random forest with 50 labels.
"""

from __future__ import annotations

import numpy as np

import knnife
from bench.matching import FEW, KNNIFE, LEARNERS, best_threshold, similarities, tfidf
from bench.matching_data import ANSWERS, SAMPLED, WORKS, CandidatePairs, paths_of, read_pairs
from bench.report import Report, options
from knnife import Matcher

DRAWS = 20
FOREST = "random forest"


class WholeTables:
    """Two tables. pairs: `(m, 2)`, the candidates; match: `(m,)`; missed: how many matches are no candidate; known:
    `(m,)`, of which candidates it is known.
    """

    def __init__(self, work: str, data: CandidatePairs) -> None:
        self.data = data
        self.found = knnife.match(data.left, data.right)
        self.pairs = np.column_stack([self.found.a, self.found.b])
        self.comparison = self.found.matcher.comparison(data.left, data.right)
        true = {tuple(pair) for pair in data.pairs[data.labels == 1].tolist()}
        self.match = np.array([tuple(pair) in true for pair in self.pairs.tolist()])
        labelled = {tuple(pair) for pair in data.pairs.tolist()}
        self.known = np.array([work not in SAMPLED or tuple(pair) in labelled for pair in self.pairs.tolist()])
        self.missed = len(true) - int(self.match.sum())

    def taught(self, rows: np.ndarray) -> np.ndarray:
        """The probabilities of all candidates, with these labelled pairs."""
        labels = {tuple(self.data.pairs[row].tolist()): int(self.data.labels[row]) for row in rows}
        matcher = Matcher.of(self.comparison, [(*pair, label) for pair, label in labels.items()], self.pairs)
        return matcher.judge(self.comparison, self.pairs, rivals=self.pairs).probabilities

    def others(self, rows: np.ndarray) -> np.ndarray:
        """Which candidates are not among these labelled pairs."""
        shown = {tuple(pair) for pair in self.data.pairs[rows].tolist()}
        return self.known & np.array([tuple(pair) not in shown for pair in self.pairs.tolist()])

    def f1(self, taken: np.ndarray, among: np.ndarray) -> float:
        """Of what is taken for a match, among some of the candidates."""
        hits = int((taken & self.match & among).sum())
        return 2 * hits / max(1, int((taken & among).sum() + (self.match & among).sum()) + self.missed)


def drawn(data: CandidatePairs, seed: int, balanced: bool) -> np.ndarray:
    """FEW labelled pairs."""
    draw = np.random.default_rng(seed)
    rows = draw.permutation(np.flatnonzero(data.split == data.split.min()))
    if not balanced:
        return rows[:FEW]
    kinds = [rows[data.labels[rows] == kind] for kind in (0, 1)]
    few = min(FEW // 2, len(kinds[1]) // 2)
    return np.concatenate([kinds[1][:few], kinds[0][: FEW - few]])


def measure(work: str, data: CandidatePairs, draws: int, report: Report) -> None:
    """All rows of one data set."""
    tables = WholeTables(work, data)
    chances, everybody = tables.found.probability, tables.known
    taken = (chances >= 0.5) & everybody
    hits = int((taken & tables.match).sum())
    report.add(f"{work}, no labels", KNNIFE, tables.f1(taken, everybody), "F1")
    report.add(f"{work}, no labels", KNNIFE, hits / max(1, int(taken.sum())), "precision")
    report.add(f"{work}, no labels", KNNIFE, hits / max(1, int(tables.match.sum()) + tables.missed), "recall")
    report.add(f"{work}, no labels", KNNIFE, float((1 - chances[taken]).sum()), "expected wrong")
    report.add(f"{work}, no labels", KNNIFE, int(taken.sum()) - hits, "wrong")
    candidates = data._replace(pairs=tables.pairs)
    limit = best_threshold(tfidf(data), data.labels)
    report.add(f"{work}, no labels", "TF-IDF of 3-grams", tables.f1(tfidf(candidates) > limit, everybody), "F1")
    labelled, asked = similarities(data), similarities(candidates)
    for how, balanced in ((f"{FEW} labels", False), (f"{FEW} labels, half of them matches", True)):
        rows = [drawn(data, seed, balanced) for seed in range(draws)]
        rest = [tables.others(some) for some in rows]
        ours = [tables.f1(tables.taught(some) >= 0.5, among) for some, among in zip(rows, rest, strict=True)]
        gain = [f1 - tables.f1(taken, among) for f1, among in zip(ours, rest, strict=True)]
        report.add(f"{work}, {how}", KNNIFE, float(np.mean(ours)), f"F1, mean of {draws}")
        report.add(f"{work}, {how}", KNNIFE, float(np.mean(gain)), "more than with none, mean")
        report.add(f"{work}, {how}", KNNIFE, float(np.min(gain)), "more than with none, least")
        theirs = []
        for seed, (some, among) in enumerate(zip(rows[:5], rest[:5], strict=True)):
            if 0 < data.labels[some].sum() < len(some):
                forest = LEARNERS[FOREST](seed).fit(labelled[some], data.labels[some])
                theirs.append(tables.f1(forest.predict_proba(asked)[:, 1] >= 0.5, among))
        report.add(f"{work}, {how}", FOREST, float(np.mean(theirs)), f"F1, mean of {len(theirs)}")


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("work", nargs="*", help=f"which of {', '.join(WORKS)}; all unless told, beer with --quick")
    arguments = parser.parse_args()
    report = Report("matching_tables", as_json=arguments.json)
    for work in arguments.work or (["beer"] if arguments.quick else [*WORKS]):
        if work not in WORKS:
            parser.error(f"expected some of {', '.join(WORKS)}, got {work}")
        data = read_pairs(paths_of(work, None))
        data = data.without(ANSWERS[work]) if work in ANSWERS else data
        measure(work, data, 3 if arguments.quick else DRAWS, report)
    report.close()


if __name__ == "__main__":
    main()
