"""Copies of texts: how many pairs are found that are none, where one is stated, and how many planted copies.

Into each set copies of some of its texts are planted, by the edits of its half (bench/stated/text_edits.py). What the
sets hold of near-copies themselves is taken out first where its texts are long: all but one of those with 0.35 of their
pieces in common. The constants of src/knnife/statistics/neighbours.py were chosen in sight of "chosen" and of
bench/planted.py; whatever else of AG News was looked at is in bench/README.md. The interval is that which `duplicates`
states.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from typing import Final

os.environ["KNNIFE_CACHE"] = "off"

import numpy as np

from bench.data import CORPUS
from bench.stated import Trial
from bench.stated.text_edits import EDITS
from knnife import duplicates

DATA: Final = CORPUS.parent
SHARES: Final = (0.0, 0.01, 0.05, 0.15, 0.4)
TEXTS: Final = 3_000  # of a set
NEAR: Final = 0.35  # of the pieces of a long text in common: near-copies that nobody planted
LONG: Final = 100  # characters of the middle text of a set


def trials(quick: bool) -> Iterator[Trial]:
    """Each set with each share of copies; quick: made-up words alone."""
    for half, sets in SETS.items():
        for name, load in sets.items():
            if quick and load is not _made_up:
                continue
            texts = _apart(load(), 600 if quick else TEXTS)
            for share in (0.0, 0.15) if quick else SHARES:
                yield measured(name, half, share, texts)


def measured(name: str, half: str, share: float, texts: list[str]) -> Trial:
    """What `knnife.duplicates` finds at its default."""
    random = np.random.default_rng(len(texts))
    edits = [*EDITS[half].values()]
    sources = random.permutation(len(texts))[: round(share * len(texts))]
    made = [edits[number % len(edits)](texts[source], random) for number, source in enumerate(sources)]
    origin = np.concatenate([np.arange(len(texts)), sources])
    order = random.permutation(len(origin))
    found = duplicates([(texts + made)[row] for row in order])
    pairs = {(order[row["position_a"]], order[row["position_b"]]) for row in found.rows()}
    wrong = sum(bool(origin[a] != origin[b]) for a, b in pairs)
    met = {max(a, b) for a, b in pairs if origin[a] == origin[b]}
    recall = len(met) / len(made) if made else None
    return Trial(
        "duplicates", name, half, share, "false pairs", found.false_pairs, wrong, *found.false_between, recall,
        found.calibrated,
    )  # fmt: skip


def _apart(texts: list[str], count: int) -> list[str]:
    """So many different texts, in a drawn order, without near-copies where they are long."""
    different = [*dict.fromkeys(texts)]
    drawn = [different[row] for row in np.random.default_rng(0).permutation(len(different))[: 2 * count]]
    if np.median([len(text) for text in drawn]) >= LONG:
        drawn = [drawn[row] for row in duplicates(drawn, by="surface", threshold=NEAR).kept]
    return drawn[:count]


def _csv(path: str, column: str | tuple[int, ...], separator: str = ",") -> list[str]:
    """A column of a table with a heading, or some of one without, as one text."""
    opened = gzip.open if path.endswith(".gz") else open
    with opened(DATA / path, "rb") as file:
        lines = csv.reader(io.TextIOWrapper(file, encoding="utf-8", errors="replace"), delimiter=separator)
        names = next(lines) if isinstance(column, str) else []
        places = (names.index(column),) if isinstance(column, str) else column
        return [" ".join(line[place] for place in places) for line in lines if len(line) > max(places)]


def _jsonl(path: str, field: str) -> list[str]:
    with gzip.open(DATA / path, "rt", encoding="utf-8") as lines:
        found = (json.loads(line).get(field) or "" for line in lines)
        return [text.split("\n")[0][:2_000] for text in found if text]


def _cranfield() -> list[str]:
    with gzip.open(DATA / "retrieval" / "cran.all.1400.gz", "rt", encoding="latin-1") as file:
        return [" ".join(part.split(".W", 1)[1].split()) for part in file.read().split(".I ")[1:]]


def _questions() -> list[str]:
    path = DATA / "intent" / "trec6-train.txt"
    return [line.split(" ", 1)[1] for line in path.read_text(encoding="latin-1").splitlines()]


def _made_up() -> list[str]:
    """Texts of made-up words, the frequencies of which fall as those of a language do."""
    random = np.random.default_rng(3)
    parts = [a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]
    words = ["".join(random.choice(parts, random.integers(1, 4))) for _ in range(4_000)]
    drawn = random.zipf(1.3, (TEXTS, 25)) % len(words)
    return [" ".join(words[place] for place in text) + "." for text in drawn]


SETS: Final[dict[str, dict[str, Callable[[], list[str]]]]] = {
    "chosen": {
        "made-up words": _made_up,
        "AG News": lambda: _csv("films_news/ag_news-test.csv.gz", (1, 2)),
        "wiki paragraphs": lambda: _jsonl("corpus/enwiki2018-articles.jsonl.gz", "text"),
        "leads on films": lambda: _jsonl("films_news/wikipedia-movies.jsonl.gz", "extract"),
        "bank questions": lambda: _csv("intent/banking77-train.csv", "text"),
    },
    "held out": {
        "Netflix": lambda: _csv("films_news/netflix_titles.csv.gz", "description"),
        "Cranfield": _cranfield,
        "German sentences": lambda: _csv("sts/stsb-de-train.csv", (0,)),
        "BBC News": lambda: _jsonl("films_news/bbc-news.jsonl.gz", "text"),
        "products": lambda: _csv("matching/AbtBuy_Abt.csv.gz", "title"),
        "short questions": _questions,
    },
}
