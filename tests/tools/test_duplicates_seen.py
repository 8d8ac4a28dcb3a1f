"""One thing at a time: a stream is told what `duplicates` would tell of all of it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.tools.test_duplicates import sentences, typo

from knnife import BadInput, Seen, duplicates


def test_copies_are_known_and_what_is_new_is_taken_in() -> None:
    random = np.random.default_rng(0)
    texts, later = sentences(500), sentences(40, seed=9)
    seen = Seen(texts)
    for i in range(40):
        assert [copy.position for copy in seen.copies(typo(texts[i], random))] == [i]
    assert [len(seen.take(text)) for text in later] == [0] * 40
    assert len(seen) == 540
    for i in range(40):
        assert [copy.position for copy in seen.take(typo(later[i], random).upper())] == [500 + i]
    assert len(seen) == 540


def test_a_stream_finds_what_the_whole_finds() -> None:
    points = np.random.default_rng(0).standard_normal((300, 6)).astype(np.float32)
    seen, told = Seen(points[:0], threshold=0.95), []
    for row, point in enumerate(points):
        told += [(copy.position, row) for copy in seen.copies(point)]
        seen.add(point)
    whole = duplicates(points, threshold=0.95)
    assert sorted(told) == sorted((row["position_a"], row["position_b"]) for row in whole.rows())


def test_ids_and_similarities_come_with_a_copy() -> None:
    seen = Seen([], by="surface", threshold=0.5)
    seen.add("one two three four", "x")
    (copy,) = seen.copies("One two three five")
    assert (copy.id, copy.position) == ("x", 0)
    assert copy.surface == pytest.approx(12 / 20)
    assert np.isnan(copy.similarity)
    assert list(seen.new(["one, two, three, four", "else", "ELSE", "more"])) == ["else", "more"]


def test_what_is_no_such_thing_is_refused() -> None:
    with pytest.raises(BadInput, match="expected a text"):
        Seen(["a"], threshold=0.9).take(np.ones(3))
    with pytest.raises(BadInput, match="one thing at a time"):
        Seen(np.eye(3), threshold=0.9).take(np.eye(3))
    with pytest.raises(BadInput, match="expected 3 dimensions"):
        Seen(np.eye(3), threshold=0.9).take(np.ones(4))
