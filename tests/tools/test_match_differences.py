"""What differs between records, and candidates that compete: variants of one product are told apart without labels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.tools.planted_records import Rows

import knnife
from knnife.tools._match.comparing import DIFFERENCES, Compared, Comparison
from knnife.tools._match.competition import Competition, Twins
from knnife.tools._match.fields import Records, fields_of
from knnife.tools._match.values import sign_of, words


def compared(left: str, right: str) -> Compared:
    ours, theirs = (Records.of([{"name": text}, {"name": "something else here"}]) for text in (left, right))
    pairs = np.array([[0, 0]])
    return Comparison(ours, theirs, fields_of(ours, theirs)).compare(pairs, pairs)


@pytest.mark.parametrize(
    ("word", "sign"),
    [
        ("dscw120", "code"), ("4961332", "code"), ("2gb", "measure"), ("13.5inch", "measure"), ("4:05", "time"),
        ("2007", "year"), ("7", "number"), ("iii", "number"), ("black", "colour"), ("without", "negation"),
        ("kettle", "word"),
    ],
)  # fmt: skip
def test_a_word_is_one_kind_of_sign(word: str, sign: str) -> None:
    assert sign_of(word) == sign


def test_a_number_and_its_unit_are_one_word_however_they_are_written() -> None:
    assert words("2 gb") == words("2gb") == words("2-gigabyte") == words("2 gigabytes")
    assert words('13.5" and 4:05 of 3 packs') == ["13.5inch", "and", "4:05", "of", "3pack"]


@pytest.mark.parametrize(
    ("left", "right", "sign"),
    [
        ("veltron stick 2 GB", "Veltron stick 16 GB", "measure"),
        ("veltron stick black", "veltron stick red", "colour"),
        ("veltron stick X120", "veltron stick X130", "code"),
        ("veltron stick 2007", "veltron stick 2008", "year"),
        ("veltron song 4:05", "veltron song 3:59", "time"),
        ("veltron part 2", "veltron part 3", "number"),
    ],
)
def test_what_stands_against_each_other_is_measured_by_its_kind(left: str, right: str, sign: str) -> None:
    found = compared(left, right)
    against = {name: found.of(*name)[0] for name in found.names if name[0] == DIFFERENCES and "against" in name[1]}
    assert against.pop((DIFFERENCES, f"{sign} against")) > 0.5
    assert not any(against.values())


def test_what_one_record_has_alone_stands_against_nothing() -> None:
    found = compared("veltron stick black 2 GB", "veltron stick")
    assert found.of(DIFFERENCES, "colour alone")[0] > 0 < found.of(DIFFERENCES, "measure alone")[0]
    assert not any(found.of(*name)[0] for name in found.names if "against" in name[1])


def variants(seed: int) -> tuple[Rows, Rows, set[tuple[int, int]]]:
    """Products in sizes and colours, of which either shop has some, and calls them otherwise."""
    random = np.random.default_rng(seed)
    left: Rows = []
    right: Rows = []
    truth = set()
    for number in range(60):
        maker, what = ("".join(random.choice([*"bdfgklmnrstvz"], 6)) for _ in range(2))
        for size, colour in itertools.product(("4", "16", "64"), ("black", "red")):
            ours, theirs = random.random(2) < 0.6
            if ours:
                left.append({"title": f"{maker} {what} {number} stick {size} GB {colour}"})
            if theirs:
                right.append({"title": f"{what} {number} by {maker}, ({colour}) {size}gb usb"})
            if ours and theirs:
                truth.add((len(left) - 1, len(right) - 1))
    return left, right, truth


def test_variants_are_no_matches_and_that_is_stated_rightly() -> None:
    left, right, truth = variants(0)
    found = knnife.match(left, right)
    taken = {*zip(found.a[found.found].tolist(), found.b[found.found].tolist(), strict=True)}
    assert len(taken & truth) > 0.9 * len(truth)
    assert len(taken - truth) <= 0.1 * len(taken)
    assert found.summary()["expected wrong"] < 0.15 * len(taken)


def test_tables_that_have_nothing_in_common_have_no_matches() -> None:
    """Variants of which either shop has those that the other has not."""
    left, right, truth = variants(1)
    gone = {b for _, b in truth}
    found = knnife.match(left, [row for place, row in enumerate(right) if place not in gone])
    assert len(found) <= 0.05 * len(left)


def test_candidates_share_what_is_probable_unless_they_are_the_same_thing() -> None:
    """Against the sums written out: two candidates of one record, and one of another."""
    pairs, log_odds = np.array([[0, 0], [0, 1], [1, 2]]), np.array([2.0, 1.0, 3.0])
    nobody = Twins(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 1)))
    two = Twins(np.array([0]), np.array([1]), np.zeros((1, 1)))
    for same in (0.0, 0.5, 1.0):
        competition = Competition.of(pairs, log_odds, (nobody, two), (np.zeros(0), np.array([same])))
        off = competition.taken_off(pairs, log_odds, np.ones(3))
        assert np.allclose(off, np.log1p([(1 - same) * np.exp(1), (1 - same) * np.exp(2), 0]))
