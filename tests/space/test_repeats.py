"""Ids that come twice within one add: an error that names both places, or what the user says; never lost unsaid."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.toys import Letters

from knnife import BadInput, Space, Thing, read
from knnife.space import batching
from knnife.space.memory.store import MemoryStore
from knnife.space.records import Row
from knnife.space.repeats import Repeats
from knnife.space.sqlite.tokens import tokens
from knnife.things import numbered

PLAYS = [("Hamlet", "a"), ("Lear", "b"), ("Hamlet", "c"), ("Hamlet", "a"), ("Hamlet (2)", "d"), ("Hamlet", "e")]


def things(pairs: list[tuple[str, str]]) -> list[Thing]:
    return [Thing(id, text) for id, text in pairs]


def held(space: Space) -> dict[str | None, Any]:
    return {thing.id: thing.value for thing in space}


@pytest.fixture(params=[1, 3, 256], ids=["batches of 1", "batches of 3", "one batch"])
def space(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Space]:
    monkeypatch.setattr(batching, "SMALLEST_BATCH", request.param)
    monkeypatch.setattr(batching, "LARGEST_BATCH", request.param)
    with Space.open(":memory:", Letters()) as made:
        yield made


def test_two_things_with_one_id_are_an_error_that_names_both_places(space: Space) -> None:
    with pytest.raises(
        BadInput, match=r"'Hamlet' is the id of rows 1 and 3 of what was given, and they differ: .*twice="
    ):
        space.add(things(PLAYS))
    assert held(space).get("Hamlet", "a") == "a"  # what came before may be stored, the other is not


def test_the_place_is_that_of_the_file(space: Space, tmp_path: Path) -> None:
    lines = [json.dumps({"id": id, "text": text}) for id, text in PLAYS]
    (tmp_path / "plays.jsonl").write_text("\n".join([lines[0], "broken", *lines[1:]]))
    with pytest.raises(BadInput, match=r"rows 1 and 4 of .*plays.jsonl"):
        space.add(read(tmp_path / "plays.jsonl", on_error="skip"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Thing("x", "a", {"n": 1}), Thing("x", "a", {"n": 2})),
        (Thing("x", "a", {}, "whole"), Thing("x", "a", {}, "part")),
        (Thing("x", "a", {}, None, [1.0, 0.0]), Thing("x", "a", {}, None, [0.0, 1.0])),
        (Thing("x", "a"), Thing("x", "b")),
    ],
)
def test_things_differ_by_all_that_is_kept(first: Thing, second: Thing) -> None:
    with Space.open(":memory:", None if first.vector else Letters()) as space:
        assert space.add([first, first]).unchanged == 1
        with pytest.raises(BadInput, match="is the id of rows 1 and 2"):
            space.add([first, second])
    with pytest.raises(BadInput, match="is the id of rows 1 and 2 of films.csv, and they differ"):
        numbered([first, second], "films.csv")
    assert len(numbered([first, first])) == 2


@pytest.mark.parametrize(
    ("twice", "expected", "repeated"),
    [
        ("last", {"Hamlet": "e", "Lear": "b", "Hamlet (2)": "d"}, 3),
        ("first", {"Hamlet": "a", "Lear": "b", "Hamlet (2)": "d"}, 2),
    ],
)
def test_the_user_says_which_counts(space: Space, twice: Any, expected: dict[str, str], repeated: int) -> None:
    for _ in range(2):
        assert space.add(things(PLAYS), twice=twice).repeated == repeated
        assert held(space) == expected


def test_numbered_things_are_all_kept_and_an_id_of_the_source_is_not_taken(space: Space) -> None:
    report = space.add(things(PLAYS), twice="number")
    found = held(space)
    assert sorted(found.values()) == ["a", "b", "c", "d", "e"]
    assert (found["Hamlet"], report.added, report.unchanged, report.repeated) == ("a", 5, 1, 0)
    again = space.add(things(PLAYS), twice="number")
    assert (held(space), again.added, again.updated, again.unchanged) == (found, 0, 0, 6)


def test_numbered_things_leave_alone_what_the_space_holds() -> None:
    with Space.open(":memory:", Letters()) as space:
        space.add(things([("Hamlet (2)", "foreign")]))
        space.add(things(PLAYS[:3]), twice="number")
        assert held(space) == {"Hamlet (2)": "foreign", "Hamlet": "a", "Lear": "b", "Hamlet (3)": "c"}


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "a (2)", "a (3)"]), st.sampled_from("uvw")), max_size=12), st.data()
)
def test_nothing_is_lost_however_the_batches_fall(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    pairs = [(id, f"{text} of {id}") for id, text in pairs]
    with Space.open(":memory:", Letters()) as space:
        for _ in range(2):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(batching, "SMALLEST_BATCH", data.draw(st.integers(1, 12)))
                space.add(things(pairs), twice="number")
            assert Counter(held(space).values()) == Counter(text for _, text in set(pairs))
            for id, text in dict(reversed(pairs)).items():
                assert id.startswith("a (") or held(space)[id] == text  # the first keeps the name
        assert len(space) == len(set(pairs))


def test_across_adds_it_stays_an_upsert(space: Space) -> None:
    space.add(things([("Hamlet", "a")]))
    assert space.add(things([("Hamlet", "c")])).updated == 1
    assert held(space) == {"Hamlet": "c"}


def test_what_is_no_way_to_take_them_is_refused(space: Space) -> None:
    with pytest.raises(BadInput, match="twice='newest': expected one of 'error', 'last', 'first', 'number'"):
        space.add(things(PLAYS), twice="newest")  # type: ignore[arg-type]


def test_a_hundred_thousand_ids_take_a_few_megabytes() -> None:
    repeats = Repeats("error", MemoryStore(tokens), None)
    tracemalloc.start()
    for start in range(0, 100_000, 5_000):
        numbers = range(start, start + 5_000)
        rows = [Row(f"{number} {'long' * 20}", "x", "{}", None, b"", None) for number in numbers]
        assert len(repeats.settle(rows, numbers).rows) == 5_000
        del rows
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 6_000_000
    with pytest.raises(BadInput, match="is the id of rows 7 and 100,000 of"):
        repeats.settle([Row(f"7 {'long' * 20}", "y", "{}", None, b"y", None)], [100_000])
    assert np.all(np.diff(repeats._runs[0][:, 0]) >= 0)
