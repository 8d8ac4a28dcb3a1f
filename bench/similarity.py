"""How well cosines agree with people: pairs of sentences that were judged alike, related or paraphrases.

Spearman's rank correlation of the cosines with the scores of STS-B dev, the trial part of SICK and two test
sets of SemEval; for the paraphrases of MSR the area under the ROC curve, which is the chance that a pair that
is one is closer than a pair that is not. None of these pairs trained any model of knnife; STS-B dev helped to choose
among its variants, so its figure is somewhat flattering, and the others show how far it carries.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import mannwhitneyu, spearmanr

from bench.report import Report, options
from bench.rivals import Encodes, contenders
from knnife.geometry import unit

STS = Path(__file__).parents[1] / ".." / "shared" / "data" / "sts"


class Pairs(NamedTuple):
    """Pairs of texts, and what people said of each."""

    work: str
    left: list[str]
    right: list[str]
    said: np.ndarray  # (n,): how alike, or whether they are paraphrases (bool)

    @property
    def unit(self) -> str:
        """What the agreement is measured by."""
        return "AUROC" if self.said.dtype == bool else "Spearman"


def works(folder: Path = STS) -> list[Pairs]:
    """All sets, in the order in which they are shown."""
    found = [
        _pairs("stsb-dev", [(s, a, b) for a, b, s in _rows(folder / "stsb-en-dev.csv")]),
        _pairs("sick-trial", [(s, a, b) for _, a, b, s, *_ in _rows(folder / "SICK_trial.txt")[1:]]),
    ]
    for path in sorted(folder.glob("semeval-*.test.tsv")):
        found.append(_pairs(path.name.removesuffix(".test.tsv"), [(s, a, b) for s, a, b in _rows(path) if s.strip()]))
    msr = _pairs("msr-para-val", [(s, a, b) for s, _, _, a, b in _rows(folder / "msr-para-val.tsv")[1:]])
    return [*found, msr._replace(said=msr.said == 1)]


def scores(encoder: Encodes, sets: list[Pairs] | None = None) -> dict[str, float]:
    """The figure of every set."""
    return {pairs.work: agreement(encoder, pairs) for pairs in (works() if sets is None else sets)}


def agreement(encoder: Encodes, pairs: Pairs) -> float:
    vectors = unit(encoder.encode([*pairs.left, *pairs.right]))
    n = len(pairs.left)
    cosines = np.einsum("ij,ij->i", vectors[:n], vectors[n:], dtype=np.float64)
    if pairs.said.dtype == bool:
        yes, no = cosines[pairs.said], cosines[~pairs.said]
        return float(mannwhitneyu(yes, no).statistic / (len(yes) * len(no)))
    return float(spearmanr(cosines, pairs.said).statistic)


def _pairs(work: str, rows: list[tuple[str, str, str]]) -> Pairs:
    said, left, right = zip(*rows, strict=True)
    return Pairs(work, [*left], [*right], np.array(said, np.float64))


def _rows(path: Path) -> list[list[str]]:
    """The fields of each line: commas part those of a .csv; tabs those of others, where quotes are just quotes."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        if path.suffix == ".csv":
            return list(csv.reader(lines))
        return [line.rstrip("\r\n").split("\t") for line in lines]


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("similarity", as_json=arguments.json)
    sets = works()
    for who, encoder in contenders(report, quick=arguments.quick).items():
        for pairs in sets:
            report.add(pairs.work, who, agreement(encoder, pairs), pairs.unit)
    report.close()


if __name__ == "__main__":
    main()
