"""What vectors of texts add to a model of a mixed table: the same logistic regression with several steps for texts.

Netflix titles, 8,807 rows. `netflix-audience`: for children, for the young or for adults, as its rating says;
`netflix-type`: film or series. Known are the title, the description, the country, the year and the month it was added,
and for the first task the type and the director, whom series seldom have. What gives the answer away (rating, duration,
genres) is left out.

Three times three fifths of the rows are learned from; on a fifth the strength of the regression (C) is chosen, for each
contender on its own; on the last fifth it is judged. Contenders: without the texts; with words (TF-IDF of words, and
pairs of them); with skrub's StringEncoder (TF-IDF of characters + SVD) of its 30 dimensions and of as many as ours;
with Embed; with words and Embed. `whole table` is one step for all columns: EmbedRows, and skrub's TableVectorizer.
"""

from __future__ import annotations

import csv
import gzip
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["KNNIFE_CACHE"] = "off"

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

import knnife
from bench.report import Report, called, options

FILE = Path(__file__).parents[1] / ".." / "shared" / "data" / "films_news" / "netflix_titles.csv.gz"
TEXTS = ["title", "description"]
AUDIENCE = {
    **dict.fromkeys(["TV-Y", "TV-Y7", "TV-Y7-FV", "TV-G", "G", "PG", "TV-PG"], "children"),
    **dict.fromkeys(["TV-14", "PG-13"], "young"),
    **dict.fromkeys(["TV-MA", "R", "NC-17"], "adults"),
}
QUICK = 2_000  # rows
STRENGTHS = (0.3, 1, 3, 10)


def netflix(rows: int | None) -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
    """The two tasks: their tables and what is to be told."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as lines:
        table = pd.DataFrame(list(csv.DictReader(lines)))
    table = table[table["rating"].isin(AUDIENCE)].sample(frac=1, random_state=0).head(rows or len(table))
    known = table[[*TEXTS, "director", "country", "type"]].reset_index(drop=True)
    known["year"] = table["release_year"].astype(float).to_numpy()
    known["added"] = (
        pd.to_datetime(table["date_added"].str.strip(), format="%B %d, %Y").dt.month.astype(float).to_numpy()
    )
    known["added"] = known["added"].fillna(0)
    return {
        "netflix-audience": (known, table["rating"].map(AUDIENCE).to_numpy(str)),
        "netflix-type": (known.drop(columns=["type", "director"]), table["type"].to_numpy(str)),
    }


def steps(*, quick: bool) -> dict[str, Callable[[], list[tuple[str, Any, Any]]]]:
    """For each contender the transformers of its texts."""

    def words() -> list[tuple[str, Any, Any]]:
        return [(text, TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), text) for text in TEXTS]

    found: dict[str, Callable[[], list[tuple[str, Any, Any]]]] = {
        "no texts": list,
        "TF-IDF of words": words,
        "knnife Embed english": lambda: [("texts", knnife.Embed(), TEXTS)],
        "TF-IDF of words + knnife Embed english": lambda: [*words(), ("texts", knnife.Embed(), TEXTS)],
    }
    if not quick:
        found["knnife Embed minilm"] = lambda: [("texts", knnife.Embed("minilm"), TEXTS)]
    if name := called("skrub"):
        from skrub import StringEncoder

        for dim in (30, 256):
            found[f"{name} StringEncoder {dim}"] = lambda dim=dim: [
                (text, StringEncoder(n_components=dim, random_state=0), text) for text in TEXTS
            ]
    return found


def columns_apart(table: pd.DataFrame, texts: list[tuple[str, Any, Any]]) -> Any:
    """A pipeline that gives each kind of column its step."""
    categories = [name for name in ("director", "country", "type") if name in table]
    return ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["year", "added"]),
            ("categories", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10), categories),
            *texts,
        ]
    )


def whole_tables() -> dict[str, Callable[[], Any]]:
    """One step for all columns."""
    found: dict[str, Callable[[], Any]] = {"knnife EmbedRows": knnife.EmbedRows}
    if name := called("skrub"):
        from skrub import TableVectorizer

        found[f"{name} TableVectorizer"] = lambda: make_pipeline(TableVectorizer(), StandardScaler())
    return found


def judged(step: Any, table: pd.DataFrame, labels: np.ndarray, seed: int) -> float:
    """Accuracy on the last fifth, of what was learned from three fifths with the strength that was best on one."""
    rest, test = train_test_split(np.arange(len(table)), test_size=0.2, stratify=labels, random_state=seed)
    train, dev = train_test_split(rest, test_size=0.25, stratify=labels[rest], random_state=seed)
    learned = step.fit_transform(table.iloc[train])
    held_out, last = (step.transform(table.iloc[rows]) for rows in (dev, test))
    models = [LogisticRegression(C=C, tol=1e-3, max_iter=1_000).fit(learned, labels[train]) for C in STRENGTHS]
    best = max(models, key=lambda model: model.score(held_out, labels[dev]))
    return float(best.score(last, labels[test]))


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("features", as_json=arguments.json)
    for work, (table, labels) in netflix(QUICK if arguments.quick else None).items():
        made = {who: columns_apart(table, texts()) for who, texts in steps(quick=arguments.quick).items()}
        made |= {f"whole table: {who}": make() for who, make in whole_tables().items()}
        for who, step in made.items():
            with threadpool_limits(1):
                step.fit_transform(table.head(200))  # models are loaded
                began = time.perf_counter()
                step.fit_transform(table)
                taken = time.perf_counter() - began
                accuracies = [judged(step, table, labels, seed) for seed in range(1 if arguments.quick else 3)]
            report.add(work, who, float(np.mean(accuracies)), "accuracy")
            report.add(work, who, taken, "s to fit and transform all rows")
    report.close()


if __name__ == "__main__":
    main()
