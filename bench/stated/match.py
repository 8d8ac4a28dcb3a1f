"""Matches that are wrong: the number that is expected of the probabilities against how many are, in whole tables.

Chosen in sight of: the tables of Abt and Buy, iTunes and Amazon, DBLP and Scholar, people, products, and tables that
share less than these do. Held out: Amazon and Google, iTunes and Amazon with cells in wrong columns, Fodors and Zagats,
Beer, people who moved, products with few codes. `share` is of the records of the left table that have a partner. The
tool states no interval: low and high are that of the observed share (95%). With labels, 50 pairs of all candidates
were drawn at random; what it learns from labels was chosen in sight of Amazon and Google, iTunes and Amazon, Fodors
and Zagats, and people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

import knnife
from bench.record_tables import TABLES, RecordTables, overlapping
from bench.stated import Trial
from knnife.statistics.intervals import share_interval
from knnife.tools.match import Matches

LABELS = 50


class Source(NamedTuple):
    """Tables, and what share of the records is to have a partner; None leaves them as they are."""

    tables: str
    half: str
    share: float | None = None


SOURCES = [
    Source("people", "chosen"),
    *(Source("products", "chosen", share) for share in (0.0, 0.05, 0.15, 0.4, 0.9)),
    Source("abt-buy", "chosen"),
    *(Source("abt-buy", "chosen", share) for share in (0.0, 0.05, 0.4)),
    Source("itunes-amazon", "chosen"),
    Source("dblp-scholar", "chosen"),
    Source("beer", "held out"),
    Source("fodors-zagats", "held out"),
    *(Source("fodors-zagats", "held out", share) for share in (0.0, 0.4)),
    Source("itunes-amazon, dirty", "held out"),
    *(Source("people who moved", "held out", share) for share in (0.0, 0.05, 0.15, 0.4, 0.9)),
    *(Source("products, few codes", "held out", share) for share in (0.0, 0.15, 0.9)),
    Source("amazon-google", "held out"),
    *(Source("amazon-google", "held out", share) for share in (0.0, 0.15, 0.4)),
]
QUICK = [Source("beer", "held out"), Source("products", "chosen", 0.0), Source("products", "chosen", 0.9)]
LEARNING = ("amazon-google", "itunes-amazon", "fodors-zagats", "people")  # seen when learning from labels was chosen


def trials(quick: bool) -> Iterator[Trial]:
    """Each source without labels, and those as they are with labels, too."""
    for source in QUICK if quick else SOURCES:
        tables = TABLES[source.tables]()
        if source.share is not None:
            tables = overlapping(tables, source.share)
        found = knnife.match(tables.left, tables.right)
        yield trial(source, "wrong matches", source.half, tables, found)
        if source.share is None and not quick:
            half = "chosen" if source.tables in LEARNING else source.half
            yield trial(source, f"wrong matches, {LABELS} labels", half, tables, taught(tables, found))


def taught(tables: RecordTables, found: Matches) -> Matches:
    """The same with labels."""
    rows = np.random.default_rng(0).permutation(len(found.a))[:LABELS]
    pairs = zip(found.a[rows].tolist(), found.b[rows].tolist(), strict=True)
    return knnife.match(tables.left, tables.right, labels=[(a, b, (a, b) in tables.truth) for a, b in pairs])


def trial(source: Source, what: str, half: str, tables: RecordTables, found: Matches) -> Trial:
    """One answer: the share of its matches that is expected to be wrong, and the share that is, where that is known."""
    taken = np.flatnonzero(found.found).tolist()
    pairs = [(int(found.a[pair]), int(found.b[pair])) for pair in taken]
    known = [tables.known is None or pair in tables.known for pair in pairs]
    wrong = np.array([pair not in tables.truth for pair in pairs])[known]
    chances = found.probability[taken][known]
    stated, observed = (float(each.mean()) if len(each) else 0.0 for each in (1 - chances, wrong))
    low, high = share_interval(observed, len(wrong)) if len(wrong) else (0.0, 1.0)
    share = len({a for a, _ in tables.truth}) / len(tables.left)
    recall = int((~wrong).sum()) / len(tables.truth) if tables.truth else None
    return Trial("match", source.tables, half, share, what, stated, observed, low, high, recall, found.calibrated)
