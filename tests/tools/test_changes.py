"""How much answers change: known geometry, a slow oracle, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.toys import Letters

from knnife import BadInput, NotFound, Space, Thing, changes

RANKINGS = st.permutations(list("abcdefgh")).flatmap(lambda p: st.integers(0, 8).map(lambda n: list(p[:n])))


def oracle(a: list[str], b: list[str], p: float = 0.9, depth: int = 2_000) -> float:
    """Rank-biased overlap as it is defined, an infinite sum, over rankings that go on as equation 32 supposes."""
    short, long = sorted((a, b), key=len)
    if not short:
        return float(not long)
    total = agreement = 0.0
    for d in range(1, depth):
        if d <= len(long):
            met = len(set(short[:d]) & set(long[:d]))
            share = len(set(short) & set(long[: len(short)])) / len(short)  # that of the shorter one when it ended
            agreement = (met + share * max(0, d - len(short))) / d
        total += (1 - p) * p ** (d - 1) * agreement
    return total


@given(RANKINGS, RANKINGS)
def test_rank_biased_overlap_is_its_infinite_sum(a: list[str], b: list[str]) -> None:
    found = changes(None, ["q"], before=[a], after=[b]).rbo[0]
    assert found == pytest.approx(oracle(a, b), abs=1e-9)
    assert found == changes(None, ["q"], before=[b], after=[a]).rbo[0]
    assert 0 <= found <= 1 + 1e-12


def test_known_values() -> None:
    before = [["a", "b"], ["a", "b"], ["a", "b"], ["a", "b", "c", "d"], [], []]
    after = [["a", "b"], ["b", "a"], ["c", "d"], ["a", "x", "b", "y"], [], ["a"]]
    found = changes(None, list("uvwxyz"), before=before, after=after)
    assert found.overlap.tolist() == [1, 1, 0, 0.5, 1, 0]
    assert found.same_first.tolist() == [True, False, False, True, True, False]
    # Agreement at depth 1, 2, …: 0, 1, 1, … is 1 - 0.1; 1, 1/2, 2/3, 1/2, 1/2, … by hand
    swapped, mixed = 0.9, 0.1 * (1 + 0.9 / 2 + 0.81 * 2 / 3 + 0.729 / 2) + 0.9**4 / 2
    assert found.rbo == pytest.approx([1, swapped, 0, mixed, 1, 0])
    assert [row["came"] for row in found.rows()] == [[], [], ["c", "d"], ["x", "y"], [], ["a"]]
    assert [row["went"] for row in found.rows()] == [[], [], ["a", "b"], ["c", "d"], [], []]
    assert found.summary() == {
        "queries": 6,
        "overlap": pytest.approx(3.5 / 6),
        "overlap_median": 0.75,
        "rbo": pytest.approx((1 + swapped + mixed + 1) / 6),
        "rbo_median": pytest.approx((swapped + mixed) / 2),
        "same_first": 0.5,
    }


class Backwards(Letters):
    """Counts h to a: the nearest are the same."""

    name = "backwards"

    def encode(self, values):
        return super().encode(values)[:, ::-1].copy()


class Opposite(Letters):
    """As Letters for things; queries are turned round, so that the nearest become the farthest."""

    name = "opposite"

    def encode_query(self, values):
        return -self.encode(values)


@pytest.fixture
def space(tmp_path: Path):
    with Space.open(tmp_path / "s.knnife", Letters(), metric="dot") as space:
        space.add([Thing(str(n), "a" * n) for n in range(1, 7)])
        space.reencode(Backwards("b"), switch=False)
        space.reencode(Opposite("o"), switch=False)
        yield space


def test_a_view_that_is_as_good_changes_nothing(space: Space) -> None:
    found = changes(space, ["a", "aa"], before="letters", after="backwards", k=3)
    assert found.before == found.after == [["6", "5", "4"]] * 2
    assert found.summary() == {
        "queries": 2,
        "overlap": 1,
        "overlap_median": 1,
        "rbo": pytest.approx(1),
        "rbo_median": pytest.approx(1),
        "same_first": 1,
    }


def test_a_view_that_answers_the_opposite_changes_everything(space: Space) -> None:
    found = changes(space, ["a", "aa"], before="opposite", k=3)  # after: the default view
    assert found.before == [["1", "2", "3"]] * 2
    assert (found.overlap.tolist(), found.rbo.tolist(), found.same_first.tolist()) == ([0, 0], [0, 0], [False, False])
    assert changes(space, ["a"], before="opposite", k=4).overlap.tolist() == [0.5]


def test_answers_from_elsewhere_are_compared_with_a_view(space: Space) -> None:
    found = changes(space, ["a"], before=[["6", "x", "5"]], after="letters", k=2)
    assert list(found.rows()) == [
        {
            "query": "a",
            "overlap": 0.5,
            "rbo": pytest.approx(0.1 + 0.9 / 2),
            "same_first": True,
            "came": ["5"],
            "went": ["x"],
        }
    ]


def test_a_space_without_things_answers_nothing_and_changes_nothing(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife", Letters()) as space:
        assert changes(space, ["a"], before=[["x"]]).overlap.tolist() == [0]


def test_a_view_that_lacks_things_is_not_blamed_for_it(space: Space) -> None:
    space.add([Thing("7", "aaaaaaa")])
    with pytest.raises(
        BadInput, match="'backwards' has vectors of 6 of 7 .*knnife reencode .* --encoder .* --no-switch"
    ):
        changes(space, ["a"], before="letters", after="backwards")


@pytest.mark.parametrize(
    ("queries", "options", "part"),
    [
        ([], {"before": "letters"}, "no queries"),
        ("a", {"before": "letters"}, "a list of texts"),
        (["a"], {"before": [["x"], ["y"]]}, "2 lists of ids were given for 1 queries"),
        (["a"], {"before": [["x", "x"]]}, "twice"),
        (["a"], {"before": "letters", "k": 0}, "k is 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(space: Space, queries: object, options: dict, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        changes(space, queries, **options)


def test_views_need_a_space_that_has_them(space: Space) -> None:
    with pytest.raises(NotFound, match="nope"):
        changes(space, ["a"], before="nope")
    with pytest.raises(BadInput, match="without a space"):
        changes(None, ["a"], before="letters")
    with pytest.raises(BadInput, match="without a space"):
        changes(None, ["a"], before=[["x"]])


def test_arrays_of_ids_do_as_well() -> None:
    ids = np.array([["a", "b"], ["c", "d"]])
    assert changes(None, ["p", "q"], before=ids, after=ids[:, ::-1]).overlap.tolist() == [1, 1]
