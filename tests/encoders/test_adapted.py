"""The encoder "adapted": a base bent by examples of what belongs together, kept only where it helps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.encoders.test_whitened import Numbers, told

from knnife import AdaptedEncoder, BadInput, NotFound, Space, Thing, load_encoder
from knnife.encoders._adapted.belonging import Belonging
from knnife.encoders._adapted.neighbourhood import _gradient
from knnife.encoders.forms import restore
from knnife.geometry import unit

DIM = 16


class Wide(Numbers):
    """Texts of 16 numbers are their own vectors."""

    name, dim, fingerprint = "wide", DIM, "wide-1"

    def __init__(self) -> None:
        self.asked = 0

    def encode(self, values: Any) -> Any:
        self.asked += len(values)
        return np.array([value.split() for value in values], np.float32).reshape(-1, DIM)


def kinds(count: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Things whose kind shows in four faint components, under twelve loud ones that mean nothing."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, 1, (count, 4))
    kind = np.repeat(np.arange(count), each)
    faint = centres[kind] + chance.normal(0, 0.2, (len(kind), 4))
    return np.hstack([faint, chance.normal(0, 1.2, (len(kind), DIM - 4))]), kind


def accuracy(encoder: Any) -> float:
    (known, kind), (asked, right) = kinds(8, 6), kinds(8, 25, seed=1)
    near = (unit(encoder.encode(told(asked))) @ unit(encoder.encode(told(known))).T).argmax(axis=1)
    return float(np.mean(kind[near] == right))


@pytest.fixture(scope="module")
def adapted() -> AdaptedEncoder:
    vectors, kind = kinds(8, 6)
    return AdaptedEncoder.train(Wide(), told(vectors), labels=kind.tolist())


def test_things_of_a_kind_come_to_lie_near_each_other_also_those_nobody_labelled(adapted):
    assert accuracy(Wide()) < 0.6
    assert accuracy(adapted) > accuracy(Wide()) + 0.1
    assert adapted.held_out.helps
    assert adapted.held_out.after > adapted.held_out.before


def test_pairs_teach_what_labels_do_and_triplets_keep_apart():
    vectors, kind = kinds(8, 6)
    texts = told(vectors)
    pairs = [(texts[a], texts[a + 1]) for a in range(len(kind) - 1) if kind[a] == kind[a + 1]]
    labelled = AdaptedEncoder.train(Wide(), texts, labels=kind.tolist())
    assert AdaptedEncoder.train(Wide(), pairs).fingerprint == labelled.fingerprint
    other = " ".join(["1"] * DIM)
    triplets = AdaptedEncoder.train(Wide(), [(a, b, other) for a, b in pairs])
    assert triplets.held_out.examples == labelled.held_out.examples  # what belongs to nothing is not asked for
    assert accuracy(triplets) > accuracy(Wide())


@pytest.mark.parametrize("seed", range(4))
def test_examples_that_mean_nothing_are_refused_and_kept_only_when_asked(seed):
    vectors, kind = kinds(8, 6)
    mixed = np.random.default_rng(seed).permutation(kind).tolist()
    with pytest.raises(BadInput, match=r"does not help: of 48 examples held out, .*% have one of their group"):
        AdaptedEncoder.train(Wide(), told(vectors), labels=mixed)
    assert not AdaptedEncoder.train(Wide(), told(vectors), labels=mixed, anyway=True).held_out.helps


def test_the_same_examples_and_seed_give_the_same_encoder_and_another_base_another_one(adapted):
    vectors, kind = kinds(8, 6)
    again = AdaptedEncoder.train(Wide(), told(vectors), labels=kind.tolist())
    assert again.fingerprint == adapted.fingerprint
    assert AdaptedEncoder.train(Wide(), told(vectors), labels=kind.tolist(), seed=1).fingerprint != again.fingerprint


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 2), min_size=2, max_size=7))
@settings(max_examples=25)
def test_the_gradient_is_that_of_the_chances(seed, groups):
    chance = np.random.default_rng(seed)
    numbers = np.array(groups)
    vectors, map_ = unit(chance.normal(size=(len(groups), 3))), np.eye(3) + chance.normal(0, 0.3, (3, 3))

    def loss(map_: Any) -> float:
        units = unit(vectors @ map_)
        scores = np.exp(units @ units.T / 0.1)
        np.fill_diagonal(scores, 0)
        own = (scores * (numbers[:, None] == numbers)).sum(axis=1)
        paired = own > 0
        return -float(np.log(own[paired] / scores.sum(axis=1)[paired]).sum()) / len(numbers)

    found = _gradient(vectors, numbers, map_)
    for place in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[place] = 1e-5
        slope = (loss(map_ + step) - loss(map_ - step)) / 2e-5
        assert found[place] == pytest.approx(slope, rel=2e-2, abs=2e-2)


def test_it_is_kept_as_bytes_and_in_a_file_and_nothing_else_is_taken_for_one(tmp_path, monkeypatch):
    monkeypatch.setattr("knnife.encoders._adapted.neighbourhood.STEPS", 8)
    texts = [f"{what} {number}" for what in ("a red car", "the blue sea", "my old dog") for number in "abcdefgh"]
    labels = [text.split()[1] for text in texts]
    made = AdaptedEncoder.train("english", texts, labels=labels, anyway=True)
    again = restore("adapted", made.to_bytes())
    np.testing.assert_array_equal(again.encode(texts), made.encode(texts))
    assert (again.fingerprint, again.held_out) == (made.fingerprint, made.held_out)
    made.save(tmp_path / "my.adapter")
    assert load_encoder(str(tmp_path / "my.adapter")).fingerprint == made.fingerprint
    for data in (b"", b"not this", made.to_bytes()[:-9]):
        with pytest.raises(BadInput):
            AdaptedEncoder.from_bytes(data)
    with pytest.raises(NotFound, match=r"no\.adapter"):
        load_encoder(tmp_path / "no.adapter")


def test_a_space_takes_it_over_without_encoding_anything_again(adapted):
    vectors, kind = kinds(8, 6)
    with Space.open(":memory:", base := adapted.base) as space:
        space.add([Thing(str(n), text, {"kind": int(kind[n])}) for n, text in enumerate(told(vectors))])
        before, asked = space.vectors()[1], base.asked
        done = space.reencode(adapted)
        assert base.asked == asked
        assert done.encoded == len(kind)
        np.testing.assert_allclose(space.vectors()[1], adapted.bent(before), atol=1e-6)
        text = told(vectors)[0]
        assert space.near(text, k=1).ids == [["0"]]
        space.add([Thing("new", told(kinds(8, 6, seed=5)[0])[0])])
        assert base.asked == asked + 2  # the question, and the new thing


@pytest.mark.parametrize(
    ("examples", "labels", "why"),
    [
        (["a", "a"], [1, 2], "'a' has two labels, 1 and 2"),
        (["a"], [1, 2], "1 things and 2 labels"),
        (["a", "b"], [1, None], "'b' has no label"),
        ([("a",)], None, "example 1: expected"),
        ([("a", "b"), "ab"], None, "example 2: expected"),
        ([("a", "")], None, "nothing in one place"),
        ([("a", "b"), ("b", "c", "a")], None, "are said to belong together, and not to"),
        ([("a", "b")], None, "2 examples belong to another one, in 1 groups; expected 10 or more"),
    ],
)
def test_examples_that_cannot_be_are_told(examples, labels, why):
    with pytest.raises(BadInput, match=why):
        AdaptedEncoder.train("english", examples, labels=labels)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_pairs_join_as_paths_do(pairs):
    found = Belonging.paired(pairs)
    near: dict[int, set[int]] = {}
    for a, b in pairs:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    for a, group in zip(found.values, found.groups.tolist(), strict=True):
        reached, todo = {a}, [a]
        while todo:
            new = near[todo.pop()] - reached
            reached |= new
            todo += new
        assert {b for b, other in zip(found.values, found.groups.tolist(), strict=True) if other == group} == reached
