"""Labelled pairs of records, as DeepMatcher and Ditto have them: a pair a line, "COL a VAL x ..." twice and 0 or 1."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

DATA = Path(__file__).parents[1] / ".." / "shared" / "data" / "matching"
WORKS = {
    "abt-buy": "magellan-Textual-Abt-Buy",
    "amazon-google": "magellan-Structured-Amazon-Google",
    "fodors-zagats": "magellan-Structured-Fodors-Zagats",
    "beer": "magellan-Structured-Beer",
    "itunes-amazon": "magellan-Structured-iTunes-Amazon",
    "itunes-amazon, dirty": "magellan-Dirty-iTunes-Amazon",
    "dblp-scholar": "magellan-Structured-DBLP-GoogleScholar",
}
SAMPLED = ("beer", "itunes-amazon", "itunes-amazon, dirty")  # of whose matches only some are labelled
ANSWERS = {"fodors-zagats": "class"}  # columns that give the answer away
SPLITS = ("train", "valid", "test")

Row = dict[str, str]


class CandidatePairs(NamedTuple):
    """Two tables; m pairs of positions in them `(m, 2)`, whether they match, and which split they are of (0, 1, 2)."""

    left: list[Row]
    right: list[Row]
    pairs: np.ndarray
    labels: np.ndarray
    split: np.ndarray

    def without(self, column: str) -> CandidatePairs:
        """The same without a column."""
        left, right = (
            [{name: cell for name, cell in row.items() if name != column} for row in table]
            for table in (self.left, self.right)
        )
        return self._replace(left=left, right=right)

    def cells(self, name: str) -> tuple[list[str], list[str]]:
        """What both records of each pair have in a column."""
        left, right = ([row.get(name, "") for row in table] for table in (self.left, self.right))
        return [left[a] for a in self.pairs[:, 0]], [right[b] for b in self.pairs[:, 1]]

    def texts(self) -> tuple[list[str], list[str]]:
        """Both records of each pair, as one text each."""
        ours, theirs = ([" ".join(row.values()) for row in table] for table in (self.left, self.right))
        return [ours[a] for a in self.pairs[:, 0]], [theirs[b] for b in self.pairs[:, 1]]


def read_pairs(paths: dict[str, Path]) -> CandidatePairs:
    """The pairs in files of the Ditto format, one a split."""
    tables: tuple[dict[str, int], dict[str, int]] = ({}, {})
    pairs, labels, splits = [], [], []
    for number, split in enumerate(SPLITS):
        for line in _lines(paths[split]) if split in paths else ():
            left, right, label = line.rstrip("\n").split("\t")
            both = zip(tables, (left.strip(), right.strip()), strict=True)
            pairs.append([table.setdefault(text, len(table)) for table, text in both])
            labels.append(int(label))
            splits.append(number)
    left_rows, right_rows = ([_row(text) for text in table] for table in tables)
    return CandidatePairs(left_rows, right_rows, np.array(pairs), np.array(labels), np.array(splits))


def _lines(path: Path) -> Iterator[str]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from filter(str.strip, data.decode("utf-8").split("\n"))


def _row(text: str) -> Row:
    parts = re.split(r"(?:^|\s)COL (\S+) VAL(?=\s|$)", text)
    return {name: value.strip() for name, value in zip(parts[1::2], parts[2::2], strict=True)}


def paths_of(work: str, folder: Path | None) -> dict[str, Path]:
    """The file of each split that there is."""
    if folder is None:
        paths = {split: DATA / f"{WORKS[work]}-{split}.txt.gz" for split in SPLITS}
        return {split: path for split, path in paths.items() if path.exists()}
    both = {split: (folder / f"{split}.txt", folder / f"{split}.txt.gz") for split in SPLITS}
    return {split: path for split, paths in both.items() for path in paths[::-1] if path.exists()}
