"""Search: the best things for a text, by meaning, by words, or by both (fusion.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Positions, Vectors
from knnife.space import fusion, misspelled
from knnife.space.alike import gathered
from knnife.space.answers import Hit, Hits
from knnife.space.fusion import Ranking
from knnife.space.neighbours import NearQuery
from knnife.space.parts import parts, telling
from knnife.space.protocols import Neighbourhood, Snapshot
from knnife.space.reader import Reader, Readings, Which
from knnife.space.records import View
from knnife.things import Thing

By = Literal["both", "meaning", "words"]
Named = tuple[Positions, Positions]  # what is called as was asked, and what is called so in the end
CANDIDATES = 100  # of each side, at least; pages that lie in the first half of them are cut from one ranking


class Question(NamedTuple):
    """What is asked: see `Space.search`."""

    text: str
    k: int
    by: By
    page: int
    fold: bool
    explain: bool
    reader: Which = None
    as_written: bool = False
    apart: bool = False

    def checked(self) -> Question:
        """The question itself; raises BadInput where it cannot be asked."""
        if not isinstance(self.text, str) or not self.text.strip():
            raise BadInput(
                f"the query is {'empty' if isinstance(self.text, str) else repr(self.text)}; expected a text"
            )
        if self.by not in get_args(By):
            raise BadInput(f"by {self.by!r}: expected one of {', '.join(get_args(By))}")
        return self


def search(asked: NearQuery, question: Question, view: View | None, readings: Readings) -> Hits:
    """The page of hits that a question asks for, by meaning as a view has it, the best of them read by a reader."""
    reader = readings.reader(question.reader, view, question.by)
    if view is None:
        return Hits(question.text, (), searched_for=question.text)
    named = asked.snapshot.words.named(question.text, asked.among)
    if question.as_written or any(map(len, named)):
        return _search(asked, question, view, reader, named)
    text, corrections = misspelled.read(question.text, asked.snapshot.words)
    if not corrections:
        return _search(asked, question, view, reader, named)
    named = asked.snapshot.words.named(text, asked.among)
    found = _search(asked, question._replace(text=text), view, reader, named)
    return replace(found, query=question.text, corrections=corrections)


def _search(asked: NearQuery, question: Question, view: View, reader: Reader | None, named: Named) -> Hits:
    """The same, for a question that has no misspelled words, or is taken as it is written."""
    meaning = None
    if question.by != "words":
        meaning = asked.points(view), asked.models.encode_text(asked.snapshot, view, [question.text])
    first = (question.page - 1) * question.k
    wanted = first + question.k
    depth = max(CANDIDATES, 2 * wanted)
    while True:
        ranking = _ranking(asked, question, depth, meaning, np.concatenate(named))
        ranking, passages = _reread(asked, question, ranking, reader)
        ranking = fusion.first(ranking, *named)
        places = _folded(asked.snapshot, ranking) if question.fold else np.arange(len(ranking.positions))
        groups = _gathered(asked.snapshot, question, ranking, places, wanted)
        if len(groups) >= wanted or len(ranking.positions) < depth:  # enough, or there is no more
            return _hits(asked.snapshot, question, ranking, passages, groups[first:wanted], first + 1)
        depth *= 4  # too few are left: look deeper


def _ranking(
    asked: NearQuery,
    question: Question,
    depth: int,
    meaning: tuple[Neighbourhood, Vectors] | None,
    named: Positions,
) -> Ranking:
    """The `depth` best, and what is named so.

    meaning: the points and the vector `(1, d)` of the query; None where only words are asked.
    """
    words = asked.snapshot.words
    if meaning is None:
        found = words.find(question.text, depth, asked.among)
        others = _beyond(found.positions, named)
        none = _none(found.positions)
        alone = Ranking(found.positions, found.scores, none, _places(found.positions), none)
        return fusion.further(alone, others, words.score(found, others)) if len(others) else alone
    points, vector = meaning
    positions, scores = (rows[0] for rows in points.near(vector, depth, asked.among))
    if question.by == "meaning":
        others = _beyond(positions, named)
        alone = Ranking(positions, scores, _places(positions), _none(positions), _none(positions))
        return fusion.further(alone, others, points.similarities(vector, others)[0]) if len(others) else alone
    found = words.find(question.text, depth, asked.among)
    candidates = fusion.candidates(fusion.candidates(positions, found.positions), named)
    similarities = points.similarities(vector, candidates)[0]
    there = np.isfinite(similarities)  # the index may show a newer state, in which some are gone
    candidates, similarities = candidates[there], similarities[there]
    mean, std = fusion.mean_and_std(points.similarities(vector, points.sample(fusion.SAMPLE)))
    by_words = fusion.by_share(words.score(found, candidates), words.share(found, candidates))
    return fusion.fuse(
        candidates,
        fusion.Side(positions, similarities, std, mean),
        fusion.Side(found.positions, by_words, found.std),
    )


def _reread(
    asked: NearQuery, question: Question, ranking: Ranking, reader: Reader | None
) -> tuple[Ranking, dict[int, str]]:
    """A ranking whose first things were read by a reader, each as its best part is; by position, that part."""
    passages: dict[int, str] = {}
    if reader is None:
        return ranking, passages
    first = ranking.positions[: fusion.READ].tolist()
    things = asked.snapshot.things(first)
    found = telling(question.text, [parts(things[pos]) if pos in things else [] for pos in first])
    texts = [(place, pos, text) for place, pos in enumerate(first) for text in found[place]]
    best = np.full(len(first), np.nan)
    if texts:
        similarities = reader.similarities(asked.snapshot, question.text, [text[1:] for text in texts])
        for (place, pos, text), similarity in zip(texts, similarities.tolist(), strict=True):
            if not similarity <= best[place]:
                best[place], passages[pos] = similarity, text
    return fusion.reread(ranking, best), passages


def _beyond(positions: Positions, named: Positions) -> Positions:
    """What is named as was asked, and was not found."""
    found = {*positions.tolist()} if len(named) else ()
    return np.array([pos for pos in named.tolist() if pos not in found], np.int64)


def _places(positions: Positions) -> Positions:
    return np.arange(1, len(positions) + 1)


def _none(positions: Positions) -> Positions:
    return np.zeros(len(positions), np.int64)


def _folded(snapshot: Snapshot, ranking: Ranking) -> Positions:
    """The places in a ranking of the first thing of each whole."""
    things = snapshot.things(ranking.positions.tolist())
    wholes: dict[str | None, int] = {}
    for place, pos in enumerate(ranking.positions.tolist()):
        if pos in things:
            wholes.setdefault(things[pos].part_of or things[pos].id, place)
    return np.fromiter(wholes.values(), np.int64, len(wholes))


def _gathered(
    snapshot: Snapshot, question: Question, ranking: Ranking, places: Positions, wanted: int
) -> list[list[int]]:
    """Of `places` in a ranking those that stay, each with those of nearly equal things behind it."""
    if question.by != "both" or question.apart:
        return [[place] for place in places.tolist()]

    def things() -> Iterator[tuple[int, Thing]]:
        for first in range(0, len(places), 2 * wanted):
            some = places[first : first + 2 * wanted].tolist()
            found = snapshot.things(ranking.positions[some].tolist())
            yield from ((place, found[pos]) for place in some if (pos := int(ranking.positions[place])) in found)

    return gathered(things(), wanted)


def _hits(
    snapshot: Snapshot,
    question: Question,
    ranking: Ranking,
    passages: dict[int, str],
    groups: list[list[int]],
    first: int,
) -> Hits:
    places = [group[0] for group in groups]
    positions = ranking.positions[places].tolist()
    things = snapshot.things(ranking.positions[[place for group in groups for place in group]].tolist())
    found = snapshot.words.matched(question.text, positions) if question.explain else [()] * len(positions)
    hits = []
    for group, pos, matched in zip(groups, positions, found, strict=True):
        if (thing := things.get(pos)) is None:
            continue  # the index shows a newer state of the file, in which another thread added or removed
        hits.append(
            Hit(
                id=thing.id or "",
                score=float(ranking.scores[min(group)]),
                value=thing.value,
                about=thing.about,
                part_of=thing.part_of,
                position=pos,
                meaning_rank=int(ranking.meaning_ranks[group[0]]) or None,
                words_rank=int(ranking.words_ranks[group[0]]) or None,
                reader_rank=int(ranking.reader_ranks[group[0]]) or None,
                words=matched,
                passage=passages.get(pos) if question.explain else None,
                also=tuple(other.id or "" for at in group[1:] if (other := things.get(int(ranking.positions[at])))),
            )
        )
    return Hits(question.text, tuple(hits), first, question.text)
