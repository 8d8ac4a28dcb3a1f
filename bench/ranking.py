"""Judged collections, and how good a ranking is: what the quality figures of bench/search.py rest on.

Cranfield and CISI are read from `../shared/data/retrieval`, beside the repository. A document is its title
and its abstract as they stand in the file (Cranfield's abstracts begin with the title once more). The gain of
a document is 2^(5 - grade) - 1, so 15, 7, 3, 1 for Cranfield's grades 1 (best) to 4 and nothing for its -1
and 5; CISI knows only relevant and not. Cranfield's judgements number the queries by position, 1 to 225, not
by the number after `.I`. Queries nobody judged are left out.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

RETRIEVAL = Path(__file__).parents[1] / ".." / "shared" / "data" / "retrieval"


class Collection(NamedTuple):
    """Documents by id, queries by number, and for each query the gains of the documents that answer it."""

    name: str
    documents: dict[str, str]
    queries: dict[str, str]
    gains: dict[str, dict[str, float]]


def cranfield(folder: Path = RETRIEVAL) -> Collection:
    """1,400 abstracts on aerodynamics, 225 queries."""
    gains: dict[str, dict[str, float]] = {}
    for query, document, grade in _judgements(folder / "cranqrel.gz"):
        if 1 <= int(grade) <= 4:
            gains.setdefault(query, {})[document] = 2.0 ** (5 - int(grade)) - 1
    asked = [fields["W"] for _, fields in _smart(folder / "cran.qry.gz")]
    queries = {str(i): text for i, text in enumerate(asked, 1) if str(i) in gains}
    return Collection("cranfield", _documents(folder / "cran.all.1400.gz"), queries, gains)


def cisi(folder: Path = RETRIEVAL) -> Collection:
    """1,460 abstracts on information science, 76 judged queries."""
    gains: dict[str, dict[str, float]] = {}
    for query, document, *_ in _judgements(folder / "CISI.REL.gz"):
        gains.setdefault(query, {})[document] = 1.0
    queries = {number: fields["W"] for number, fields in _smart(folder / "CISI.QRY.gz") if number in gains}
    return Collection("cisi", _documents(folder / "CISI.ALL.gz"), queries, gains)


def ndcg(ranked: Sequence[str], gains: dict[str, float], k: int = 10) -> float:
    """Normalised discounted cumulative gain: gains over log2(rank + 1); 1 is the best order."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    got = np.array([gains.get(name, 0.0) for name in ranked[:k]])
    best = np.sort(list(gains.values()))[::-1][:k]
    return float(got @ discounts[: len(got)] / (best @ discounts[: len(best)]))


def _documents(path: Path) -> dict[str, str]:
    texts = {number: "\n".join(fields[x] for x in "TW" if fields.get(x)) for number, fields in _smart(path)}
    return {number: text for number, text in texts.items() if text}  # two of Cranfield's are empty


def _judgements(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if fields := line.split():
                yield fields


def _smart(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The blocks of a SMART file: `.I number`, then fields, each a line `.X` and the text below it."""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        blocks = ("\n" + file.read()).split("\n.I ")[1:]
    for block in blocks:
        number, *lines = block.split("\n")
        fields: dict[str, list[str]] = {}
        text: list[str] = []
        for line in lines:
            if len(line.rstrip()) == 2 and line[0] == "." and line[1].isupper():
                text = fields.setdefault(line[1], [])
            else:
                text.append(line)
        yield str(int(number)), {name: " ".join(" ".join(text).split()) for name, text in fields.items()}
