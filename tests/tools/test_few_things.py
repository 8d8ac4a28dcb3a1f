"""Nothing, or next to nothing: every verb and every tool answers, or says what it needs; no warning of NumPy comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import knnife
from knnife import KnnifeError, Space

TEXTS = ["a red car", "the blue sky", "a green tree"]
SAID = ("rows", "summary", "sets", "groups", "borderline", "picture", "things", "clean")
TOOLS: dict[str, Callable[[Any], Any]] = {
    "analogy": lambda given: knnife.analogy(given, "0", "1", "2"),
    "changes": lambda given: knnife.changes(given, ["a car"], before="english", after="english"),
    "classify": lambda given: knnife.classify(given, labels="label"),
    "classify asked": lambda given: knnife.classify(given, TEXTS[:1], labels=["a", "b", "a"][: len(given)]),
    "classify nothing": lambda given: knnife.classify(given, [], labels="label"),
    "clusters": knnife.clusters,
    "doctor": knnife.doctor,
    "drift": lambda given: knnife.drift(given, given),
    "duplicates": knnife.duplicates,
    "duplicates against": lambda given: knnife.duplicates(given, given),
    "evaluate": lambda given: knnife.evaluate(given, ["english"]),
    "match": knnife.match,
    "match two": lambda given: knnife.match(given, given),
    "outliers": knnife.outliers,
    "outliers new": lambda given: knnife.outliers(given, given),
    "outliers labels": lambda given: knnife.outliers(given, labels="label"),
    "similarity": lambda given: knnife.similarity(given, given),
    "typos": knnife.typos,
}


@pytest.fixture(params=[0, 1, 2, 3])
def few(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture(params=["file", "memory"])
def space(request: pytest.FixtureRequest, few: int, tmp_path: Path) -> Iterator[Space]:
    """A space of which most was removed."""
    with Space.open(":memory:" if request.param == "memory" else tmp_path / "s.knnife") as made:
        made.add([{"id": f"gone {number}", "text": f"gone {number}"} for number in range(5)])
        kept = TEXTS[:few]
        made.add([{"id": str(n), "text": text, "label": "ab"[n % 2], "year": 1990 + n} for n, text in enumerate(kept)])
        made.remove([f"gone {number}" for number in range(5)])
        yield made


def look_at_all(answer: Any) -> None:
    for name in SAID:
        found = getattr(answer, name, None)
        with suppress(KnnifeError):
            found = found() if callable(found) else found
            list(found if hasattr(found, "__iter__") else [])


@pytest.mark.parametrize("where", [None, "year >= 1990", "year > 3000"])
def test_a_space_of_few_things_answers(space: Space, few: int, where: str | None) -> None:
    left = 0 if where == "year > 3000" else few
    for by in ("both", "meaning", "words"):
        for page in (1, 2):
            for more in (False, True):
                found = space.search("a red car", by=by, where=where, page=page, fold=more, explain=more)  # type: ignore[arg-type]
                assert len(found) <= left
    assert [len(ids) for ids in space.near(["red", "blue"], where=where).ids] == [left, left]
    assert len(list(space.things(where))) == left
    space.near("red", where=where, view={"english": 1.0} if few else None)
    space.near(ids=[str(thing.id) for thing in space], where=where)
    space.within("red", 0.1, where=where)
    space.info(check=True)
    space.index()


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_a_tool_takes_few_things_or_says_how_many_it_needs(few: int, space: Space, tool: Callable[[Any], Any]) -> None:
    chance = np.random.default_rng(0)
    for given in (space, TEXTS[:few], chance.normal(size=(few, 5)).astype(np.float32), ["the same"] * few):
        with suppress(KnnifeError):
            look_at_all(tool(given))
