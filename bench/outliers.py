"""How well odd things are found, unsupervised, by one default for all; how fast; and what a few labels add.

The area under the ROC curve over 19 tables of ADBench and 3 sets of embeddings (shared data, at most 10,000 rows each,
drawn with seed 0), for each and on average (`mean`). The rivals are those of PyOD with its defaults, which get the
same arrays. `speed`: 100,000 rows of 30 columns, fitted and scored. `labels-5`, `labels-10`: half of each table with so
many of its odd things labelled, judged on the other half; knnife without labels beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import knnife
from bench.report import Report, called, interleaved, options

TABLES = Path(__file__).parents[1] / ".." / "shared" / "data" / "outlier"
ROWS = 10_000
SMALL = ("14_glass", "42_WBC", "45_wine", "4_breastw", "40_vowels", "18_Ionosphere")  # of --quick

Scores = Callable[[np.ndarray], np.ndarray]


def tables(quick: bool) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, rows `(n, d)` and which of them are odd `(n,)`."""
    paths = sorted(TABLES.glob("adbench*/*.npz"))
    if not paths:
        raise SystemExit(f"no tables in {TABLES}")
    for path in paths:
        if quick and path.stem not in SMALL:
            continue
        with np.load(path, allow_pickle=False) as table:
            rows, odd = table["X"].astype(np.float64), table["y"].ravel().astype(bool)
        if len(rows) > ROWS:
            some = np.random.default_rng(0).choice(len(rows), ROWS, replace=False)
            rows, odd = rows[some], odd[some]
        yield path.stem, rows, odd


def auroc(odd: np.ndarray, scores: np.ndarray) -> float:
    """The share of pairs of an odd and an ordinary thing in which the odd one scores higher; a tie is a half."""
    ordinary = np.sort(scores[~odd])
    below = np.searchsorted(ordinary, scores[odd], "left") + np.searchsorted(ordinary, scores[odd], "right")
    return float(below.mean() / (2 * len(ordinary)))


def contenders(report: Report) -> dict[str, Scores]:
    """Everybody who scores the rows of a table, by name."""
    found: dict[str, Scores] = {"knnife": lambda rows: knnife.outliers(rows).scores}
    version = called("pyod")
    if version is None:
        report.note("PyOD is not installed, so there are no rivals")
        return found
    from pyod.models import copod, ecod, iforest, inne, knn, lof

    classes = {"IForest": iforest.IForest, "INNE": inne.INNE, "KNN": knn.KNN}
    classes |= {"COPOD": copod.COPOD, "ECOD": ecod.ECOD, "LOF": lof.LOF}
    for name, each in classes.items():
        seeded = {"random_state": 0} if name in ("IForest", "INNE") else {}
        found[f"{name}, {version}"] = lambda rows, each=each, seeded=seeded: each(**seeded).fit(rows).decision_scores_
    return found


def quality(report: Report, quick: bool) -> None:
    """AUROC of everybody on each table, and the mean."""
    everybody = contenders(report)
    figures: dict[str, list[float]] = {who: [] for who in everybody}
    for work, rows, odd in tables(quick):
        for who, scores in everybody.items():
            figures[who].append(auroc(odd, np.nan_to_num(scores(rows))))
            report.add(work, who, figures[who][-1], "AUROC")
    for who, values in figures.items():
        report.add("mean of a few" if quick else "mean", who, float(np.mean(values)), "AUROC")


def speed(report: Report, quick: bool) -> None:
    """Seconds for 100,000 rows of 30 columns."""
    n = 10_000 if quick else 100_000
    rows = np.random.default_rng(0).normal(size=(n, 30))
    rows[: n // 100] *= 3
    everybody = {who: run for who, run in contenders(report).items() if who.split(",")[0] in ("knnife", "IForest")}
    runs = {who: (lambda run=run: run(rows)) for who, run in everybody.items()}
    for who, seconds in interleaved(runs, 1 if quick else 3).items():
        report.add("speed" if not quick else "speed, 10,000 rows", who, seconds, "s")


def labels(report: Report, quick: bool, known: int, draws: int = 3) -> None:
    """AUROC on the half of each table that was not seen, with so many labelled odd things in the other half."""
    plain, taught, worse = [], [], 0
    for _, rows, odd in tables(quick):
        for seed in range(draws):
            train, test = np.array_split(np.random.default_rng(seed).permutation(len(rows)), 2)
            chosen = train[odd[train]][:known]
            if len(chosen) < known or odd[test].sum() < 5:
                continue
            without = knnife.Detector.fit(rows[train])
            learned = knnife.Detector.fit(rows[train], labels=np.isin(train, chosen))
            plain.append(auroc(odd[test], without.score(rows[test])))
            taught.append(auroc(odd[test], learned.score(rows[test])))
            worse += taught[-1] < plain[-1] - 0.01
    report.add(f"labels-{known}", "knnife, without labels", float(np.mean(plain)), "AUROC")
    report.add(f"labels-{known}", f"knnife, {known} labelled", float(np.mean(taught)), "AUROC")
    report.add(f"labels-{known}", "knnife, worse by 0.01 with labels", 100 * worse / len(plain), "% of draws")


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("outliers", as_json=arguments.json)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the rivals
        quality(report, arguments.quick)
        speed(report, arguments.quick)
        for known in (5, 10):
            labels(report, arguments.quick, known, draws=1 if arguments.quick else 3)
    report.close()


if __name__ == "__main__":
    main()
