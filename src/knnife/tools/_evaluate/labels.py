"""Labels: which things answer a query, which texts are alike, and what can be made of texts that nobody labelled.

Queries and pairs come from a file that `knnife.read` understands, or from Python: rows with the same names.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from knnife.errors import BadInput
from knnife.things import Thing, as_things, read

SHORTEST_TITLE: Final = 3  # words; "Dr." is no sentence

_SENTENCE_END = re.compile(r"[.!?;:][\"”’)]*\s+")
_CSV = re.compile(r"\.[ct]sv(\.gz)?$", re.IGNORECASE)


class Query(NamedTuple):
    """A question and the ids of what answers it, each with how well it does (above 0)."""

    text: str
    gains: dict[str, float]


class Pair(NamedTuple):
    """Two texts and how alike people found them."""

    a: str
    b: str
    score: float


def read_queries(queries: Any) -> list[Query]:
    """The queries of a file, of `{text: ids}`, or of rows with `query`, `relevant` and perhaps `grade`.

    `relevant` is an id, a list of ids, or `{id: grade}`; rows with the same query are put together. A grade is the
    gain of nDCG, 1 unless told; what has 0 or less does not answer the query. Raises BadInput, naming the row.
    """
    if isinstance(queries, Mapping):
        queries = [{"query": text, "relevant": answers} for text, answers in queries.items()]
    gains: dict[str, dict[str, float]] = {}
    for row, thing in enumerate(_query_rows(queries), 1):
        answers = _answers(thing.about, f"queries, row {row}")
        gains.setdefault(str(thing.value), {}).update({id: gain for id, gain in answers.items() if gain > 0})
    found = [Query(text, answers) for text, answers in gains.items() if answers]
    if not found:
        raise BadInput("queries: there are none with a relevant thing; expected rows with query and relevant")
    return found


def read_pairs(pairs: Any) -> list[Pair]:
    """The pairs of a file, or of rows with `a`, `b` and `score`, or of tuples of these three.

    Raises BadInput for a row without them, and when all scores are equal.
    """
    if not isinstance(pairs, str | os.PathLike):
        pairs = [dict(zip(("a", "b", "score"), row, strict=False)) if isinstance(row, tuple) else row for row in pairs]
    found = []
    for row, thing in enumerate(_rows(pairs, "a"), 1):
        other, score = thing.about.get("b"), thing.about.get("score")
        if other is None or not isinstance(score, int | float):
            raise BadInput(f"pairs, row {row}: expected a, b and a number score; b is {other!r}, score is {score!r}")
        found.append(Pair(str(thing.value), str(other), float(score)))
    if len({pair.score for pair in found}) < 2:
        raise BadInput(f"pairs: expected at least two different scores; there are {len(found)} pairs")
    return found


def draw(things: Iterable[Thing], most: int, seed: int, keep: frozenset[str]) -> tuple[list[Thing], int]:
    """At most `most` things with a text, shuffled, and how many have one; those of `keep`, by id or part, first.

    Nothing else is held in memory (reservoir sampling, Vitter 1985). A thing without an id is called by its place.
    """
    kept: list[Thing] = []
    others: list[Thing] = []
    chance = random.Random(seed)
    total = 0
    for place, thing in enumerate(things):
        if not isinstance(thing.value, str) or not thing.value.strip():
            continue
        total += 1
        named = thing if thing.id is not None else thing._replace(id=str(place))
        if named.id in keep or named.part_of in keep:
            kept.append(named)
        elif len(others) < most:
            others.append(named)
        elif (slot := chance.randrange(total - len(kept))) < most:
            others[slot] = named
    chance.shuffle(others)
    drawn = [*kept, *others[: max(0, most - len(kept))]]
    chance.shuffle(drawn)
    return drawn, total


def title_and_body(thing: Thing, title: str | None) -> tuple[str, str] | None:
    """What a thing is called and what is left of it; None where one of them is missing.

    title: the field that holds it ("id": its id), which the text may begin with. None: the first line of a text of
    several lines, or else its first sentence.
    """
    text = str(thing.value).strip()
    if title is None:
        head, _, rest = text.partition("\n")
        if not rest.strip():
            head, rest = _first_sentence(text)
    else:
        field = thing.about.get(title, thing.id if title == "id" else None)
        head = "" if field is None else str(field).strip()
        rest = text[len(head) :] if head and text.casefold().startswith(head.casefold()) else text
    head, rest = head.strip(), rest.strip(" \t\r\n.:;-")
    return (head, rest) if head and rest else None


def perturb(text: str, chance: random.Random, share: float = 0.1) -> str:
    """The text with about one word in ten left out and one in ten mistyped (two letters in it changed places)."""
    words = text.split()
    kept = [word for word in words if chance.random() >= share] or words
    typed = [_mistyped(word, chance) if chance.random() < share else word for word in kept]
    if typed == words:  # a short text is changed, too
        place = chance.randrange(len(words))
        typed[place] = _mistyped(words[place], chance)
    return " ".join(typed)


def _mistyped(word: str, chance: random.Random) -> str:
    if len(word) < 4:
        return word
    at = chance.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _first_sentence(text: str) -> tuple[str, str]:
    for end in _SENTENCE_END.finditer(text):
        if len(text[: end.start()].split()) >= SHORTEST_TITLE:
            return text[: end.end()], text[end.end() :]
    return text, ""


def _rows(given: Any, text: str) -> Iterable[Thing]:
    return read(given, text=text) if isinstance(given, str | os.PathLike) else as_things(given, text=text)


def _query_rows(given: Any) -> Iterable[Thing]:
    """Rows of queries. Out of a csv file ids come as they are written: 1501.00010 is no number, it would lose a 0."""
    if isinstance(given, str | os.PathLike) and _CSV.search(os.fspath(given)):
        return (
            thing._replace(about={**thing.about, "relevant": thing.id})
            for thing in read(given, text="query", id="relevant")
        )
    return _rows(given, "query")


def _answers(about: Mapping[str, Any], where: str) -> dict[str, float]:
    """The ids in the field `relevant`, or in fields called `relevant.ID`, with their grades."""
    inside = {name.removeprefix("relevant."): value for name, value in about.items() if name.startswith("relevant.")}
    if inside:
        return {id: _grade(value, where) for id, value in inside.items()}
    given = about.get("relevant")
    if given is None:
        raise BadInput(f"{where}: no relevant; expected the id of what answers the query, or a list of ids")
    ids: Sequence[Any] = given if isinstance(given, list) else [given]
    return {str(id): _grade(about.get("grade", 1), where) for id in ids}


def _grade(value: Any, where: str) -> float:
    if not isinstance(value, int | float):
        raise BadInput(f"{where}: the grade is {value!r}; expected a number, higher for a better answer")
    return float(value)
