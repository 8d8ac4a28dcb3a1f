"""Judged collections, and how good a ranking is: what the quality figures of bench/search.py rest on.

All are read from `../shared/data`, beside the repository. Of Cranfield and CISI a document is its title and its
abstract as they stand in the file (Cranfield's abstracts begin with the title once more). The gain of a document is
2^(5 - grade) - 1, so 15, 7, 3, 1 for Cranfield's grades 1 (best) to 4 and nothing for its -1 and 5; CISI knows only
relevant and not. Cranfield's judgements number the queries by position, 1 to 225, not by the number after `.I`. Queries
nobody judged are left out. Of the standard library and the films one answer, of those that are named, is enough.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from knnife import Thing, read

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
RETRIEVAL = DATA / "retrieval"
FILMS = DATA / "films_news" / "wikipedia-movies.jsonl.gz"


class Collection(NamedTuple):
    """Documents by id, queries by number, and for each query the gains of the documents that answer it.

    given: the documents as things, where they are more than texts; a passage answers where its whole does.
    """

    name: str
    documents: dict[str, str]
    queries: dict[str, str]
    gains: dict[str, dict[str, float]]
    given: Sequence[Thing] = ()

    @property
    def things(self) -> Sequence[Thing]:
        """The documents as things."""
        return self.given or [Thing(name, text) for name, text in self.documents.items()]


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


def stdlib(folder: Path = RETRIEVAL) -> Collection:
    """The documentation of Python's standard library as `python:stdlib` reads it, 30 questions."""
    queries, gains = _questions(folder / "stdlib-questions.tsv")
    return _of_things("stdlib", [*read("python:stdlib")], queries, gains)


def films(folder: Path = RETRIEVAL) -> Collection:
    """The lead paragraphs of 34,514 films, 23 questions about what happens in one."""
    things = _films()
    queries, titles = _questions(folder / "films-questions.tsv")
    return _of_things("films", things, queries, _called(things, titles))


def known_items(count: int = 200) -> Collection:
    """The titles of some films, to find them among all by."""
    things = _films()
    titles = random.Random(0).sample(sorted({str(thing.about["title"]) for thing in things}), count)
    queries = {str(n): title for n, title in enumerate(titles)}
    return _of_things("known items", things, queries, _called(things, {n: {t: 1.0} for n, t in queries.items()}))


def reciprocal_rank(ranked: Sequence[str], gains: dict[str, float], k: int = 10) -> float:
    """One over the rank of the first of the best k that answers; 0 where none does."""
    return next((1 / rank for rank, name in enumerate(ranked[:k], 1) if name in gains), 0.0)


def ndcg(ranked: Sequence[str], gains: dict[str, float], k: int = 10) -> float:
    """Normalised discounted cumulative gain: gains over log2(rank + 1); 1 is the best order."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    got = np.array([gains.get(name, 0.0) for name in ranked[:k]])
    best = np.sort(list(gains.values()))[::-1][:k]
    return float(got @ discounts[: len(got)] / (best @ discounts[: len(best)]))


def _questions(path: Path) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
    """The questions of a file by number, and what answers each: a line is the question, a tab, the answers."""
    lines = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    queries = {str(n): question for n, (question, _) in enumerate(lines)}
    return queries, {str(n): dict.fromkeys(answers.split("|"), 1.0) for n, (_, answers) in enumerate(lines)}


def _films() -> list[Thing]:
    """The films, called by their titles, those of one title numbered from the second on."""
    with gzip.open(FILMS, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    times: Counter[str] = Counter()
    things = []
    for row in rows:
        title = row["title"]
        times[title] += 1
        id = title if times[title] == 1 else f"{title} ({times[title]})"
        things.append(Thing(id, row.get("extract") or title, {"title": title, "year": row["year"]}))
    return things


def _called(things: list[Thing], titles: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """For each query the ids of the things that have a title that answers it."""
    by_title: dict[str, list[str]] = {}
    for thing in things:
        by_title.setdefault(str(thing.about["title"]), []).append(str(thing.id))
    return {n: {id: 1.0 for title in wanted for id in by_title[title]} for n, wanted in titles.items()}


def _of_things(
    name: str, things: list[Thing], queries: dict[str, str], gains: dict[str, dict[str, float]]
) -> Collection:
    return Collection(name, {str(each.id): str(each.value) for each in things}, queries, gains, things)


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
