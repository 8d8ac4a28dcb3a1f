"""Encoders and views: another encoder is refused, re-encoding makes a view, no index outlives what it is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.toys import Letters

from knnife import BadInput, EncoderMismatch, NotFound, Space, Thing


def test_a_view_asked_while_it_was_behind_knows_what_it_was_completed_with(words: Space, letters: Letters) -> None:
    words.reencode(Letters("2"), name="second")
    words.add([Thing("gag", "gag")])
    assert "gag" not in words.near(words.vectors(["egg"])[1], 10, view="letters").ids[0]
    words.reencode(letters)
    assert "gag" in words.near("gag", 2).ids[0]


def test_the_same_when_it_was_interrupted_before_the_switch(
    words: Space, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    words.reencode(Letters("2"), name="second")
    words.add([Thing("gag", "gag")])
    query = letters.encode(["gag"])
    assert "gag" not in words.near(query, 10, view="letters").ids[0]

    def stopped(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("knnife.space.reencoding._switch", stopped)
        words.reencode(letters)
    assert words.reencode(letters).encoded == 0
    assert "gag" in words.near(query, 2).ids[0]


def test_a_view_that_takes_the_number_of_a_dropped_one_is_not_taken_for_it(tmp_path: Path) -> None:
    class Backwards(Letters):
        def encode(self, values):
            return super().encode(values)[:, ::-1].copy()

    path = tmp_path / "s.knnife"
    with Space.open(path, Letters("1")) as space, Space.open(path) as other:
        space.add([Thing("a", "aab"), Thing("h", "hhg")])
        query = Letters().encode(["aaab"])
        space.reencode(Letters("2"), name="x")
        space.reencode(Letters("1"))
        assert other.near(query, 1, view="x").ids == [["a"]]
        space.drop("x")
        space.reencode(Backwards("3"), name="x")
        assert other.near(query, 1, view="x").ids == [["h"]]


def test_vectors_brought_along_are_refused_too_when_the_space_was_re_encoded(tmp_path: Path) -> None:
    letters = Letters()
    with Space.open(tmp_path / "s.knnife", letters) as space:
        space.add(["abba"])
        with Space.open(tmp_path / "s.knnife") as other:
            other.reencode(Letters("2"))
        with pytest.raises(EncoderMismatch, match="knnife reencode"):
            space.add(["cafe"], letters.encode(["cafe"]))
        assert len(space) == 1


def test_another_encoder_is_refused_with_the_command_that_helps(tmp_path: Path, letters: Letters) -> None:
    path = tmp_path / "s.knnife"
    with Space.open(path, letters) as space:
        space.add(["abba"])
    with pytest.raises(EncoderMismatch, match="knnife reencode .*s.knnife --encoder letters"):
        Space.open(path, Letters("2"))
    with Space.open(path, letters) as space:
        with Space.open(path, letters) as other:
            other.reencode(Letters("2"))
        for question in (
            lambda: space.near("abba"),
            lambda: space.search("abba"),
            lambda: space.add(["cafe"]),
        ):
            with pytest.raises(EncoderMismatch, match="cannot be compared"):
                question()


def test_reencoding_makes_a_new_view_and_keeps_the_old_until_dropped(words: Space, letters: Letters) -> None:
    report = words.reencode(Letters("2"), name="second")
    assert (report.view, report.before, report.encoded) == ("second", "letters", 6)
    assert [(view.name, view.default) for view in words.info().views] == [
        ("letters", False),
        ("second", True),
    ]
    assert words.near("dad", 1).ids == words.near("dad", 1, view="second").ids == [["dad"]]
    back = words.reencode(letters)
    assert (back.view, back.encoded) == ("letters", 0)  # the way back costs nothing
    with pytest.raises(BadInput, match="is the one that answers"):
        words.drop("letters")
    words.drop("second")
    assert [view.name for view in words.info().views] == ["letters"]
    with pytest.raises(NotFound, match="its views: letters"):
        words.near("dad", view="second")


def test_a_view_that_was_left_behind_is_completed_on_the_way_back(words: Space, letters: Letters) -> None:
    words.reencode(Letters("2"))
    words.add([Thing("gag", "gag")])
    assert words.reencode(letters).encoded == 1
    assert "gag" in words.near("gag", 2).ids[0]


def test_an_interrupted_reencoding_goes_on_where_it_stopped(tmp_path: Path, letters: Letters, monkeypatch: Any) -> None:
    monkeypatch.setattr("knnife.space.reencoding.SMALLEST_BATCH", 10)
    monkeypatch.setattr("knnife.space.reencoding.LARGEST_BATCH", 10)

    class Stops(Letters):
        def encode(self, values: Any) -> np.ndarray:
            if len(self.seen) >= 20:
                raise KeyboardInterrupt
            return super().encode(values)

    with Space.open(tmp_path / "s.knnife", letters) as space:
        space.add([f"abc {i}" for i in range(50)])
        with pytest.raises(KeyboardInterrupt):
            space.reencode(Stops("2"))
        assert space.near("abc", 1).scores[0, 0] == pytest.approx(1)  # the old view answers
        with pytest.raises(BadInput, match="not complete"):
            space.near("abc", view="letters-2")
        assert space.reencode(Letters("2")).encoded == 30
