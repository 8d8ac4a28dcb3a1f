"""What differs between records, and candidates that compete: variants of one product are told apart without labels."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.tools.planted_records import Rows, planted

import knnife
from knnife import Matcher
from knnife.encoders.tensors import read_tensors, write_tensors
from knnife.tools._match.comparing import DIFFERENCES, Compared, Comparison, measured
from knnife.tools._match.competition import Competition, Twins
from knnife.tools._match.evidence import LEVELS
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


def test_signs_are_looked_for_in_all_columns_but_long_texts() -> None:
    plot = "a long text about it " * 5
    rows = [{"name": "rain jacket", "size": f"{size} mm", "text": f"{plot} {colour}"} for size, colour in (
        (9, "red"), (12, "blue")
    )]  # fmt: skip
    table = Records.of(rows)
    other = Records.of(rows)
    found = Comparison(table, other, fields_of(table, other)).compare(np.array([[0, 1]]))
    assert found.of(DIFFERENCES, "measure against")[0] > 0.5
    assert found.of(DIFFERENCES, "colour against")[0] == 0


def test_a_doubt_is_said_in_words_where_the_stated_number_may_not_hold() -> None:
    left, right, _ = variants(2)
    assert knnife.match(left, right).calibrated
    few = knnife.match(left[:3], right[:3])
    assert not few.calibrated
    assert "too few" in str(few.doubt)
    assert "one table" in str(knnife.match(left[:30]).doubt)


@pytest.mark.parametrize(("probability", "sure"), [(0.9, True), (0.7, False)])
def test_many_pairs_that_may_be_wrong_are_a_doubt_at_any_threshold(probability: float, sure: bool) -> None:
    """Tables that share nothing give such pairs; a low threshold of the user's own gives them too, and is no reason."""
    left, right, _ = variants(2)
    found = knnife.match(left, right)
    likely = replace(found, probability=np.where(found.probability >= 0.5, probability, 0.1))
    assert likely.calibrated == likely.at(0.05).calibrated == sure


def test_a_matcher_saved_before_differences_counted_says_what_it_said(tmp_path: Path) -> None:
    """It told four levels of a value apart, of which a half was added, and candidates did not compete."""
    left, right, truth = planted(30)
    labels = [(int(a), int(b), 1) for a, b in truth] + [(int(a), int(b) - 1, 0) for a, b in truth if b]
    matcher = Matcher.fit(left, right, labels)
    flat = matcher.evidence.weights[:, [0, 1, 2, 3, 3, 3]]
    evidence = matcher.evidence._replace(
        edges=np.tile(LEVELS, (len(flat), 1)), weights=flat,
        differences=np.zeros_like(matcher.evidence.differences), twins=np.full(2, np.inf),
    )  # fmt: skip
    assert matcher.learned is not None
    names = measured(matcher.fields)
    differing = np.array([group == DIFFERENCES for group, _ in names] + [False, False])
    line = matcher.learned.line
    line = line._replace(weights=np.where(differing, 0, line.weights))
    now = replace(matcher, evidence=evidence, learned=matcher.learned._replace(line=line, forest=None))
    now = replace(now, learned=now.learned and now.learned._replace(trust=now.learned.trust[:2]))
    now.save(path := tmp_path / "old.matcher")
    meta, tensors = read_tensors(path)
    tensors = {name: tensor for name, tensor in tensors.items() if name not in ("differences", "edges")}
    tensors["evidence"] = 2 * tensors["evidence"][:, :4]
    for name in ("centre", "width", "weights"):
        kept = ~differing[: len(tensors[f"line.{name}"])]
        tensors[f"line.{name}"] = tensors[f"line.{name}"][kept]
    about = json.loads(meta["meta"])
    del about["twins"]
    write_tensors(path, tensors, {"meta": json.dumps(about)}, "matcher")
    said = (each.probabilities(left, right, truth) for each in (now, Matcher.load(path)))
    assert np.allclose(next(said), next(said))


def test_a_matcher_saved_before_levels_were_read_from_the_tables_says_what_it_said(tmp_path: Path) -> None:
    """It told five levels apart, the same for all."""
    left, right, truth = planted(30)
    matcher = Matcher.fit(left, right)
    weights = matcher.evidence.weights[:, [0, 1, 2, 3, 4, 4]]
    now = replace(
        matcher, evidence=matcher.evidence._replace(edges=np.tile(LEVELS, (len(weights), 1)), weights=weights)
    )
    now.save(path := tmp_path / "old.matcher")
    meta, tensors = read_tensors(path)
    tensors = {name: tensor for name, tensor in tensors.items() if name != "edges"}
    write_tensors(path, tensors | {"evidence": weights[:, :5]}, meta, "matcher")
    said = (each.probabilities(left, right, truth) for each in (now, Matcher.load(path)))
    assert np.allclose(next(said), next(said))


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


def test_how_near_numbers_are_is_seen_in_what_others_have() -> None:
    """Songs in three versions that differ in their length alone, which is off by a second at most: 4:05 is not 4:12."""
    random = np.random.default_rng(0)
    songs = [" ".join("".join(random.choice([*"bdfgklmnrstvz"], 5)) for _ in range(2)) for _ in range(50)]
    lengths = random.integers(150, 300, (50, 3))
    both = [
        [
            {"song": song, "time": f"{some // 60}:{some % 60:02d}"}
            for song, three in zip(songs, off, strict=True)
            for some in three.tolist()
        ]
        for off in (lengths, lengths + random.integers(-1, 2, lengths.shape))
    ]
    found = knnife.match(*both)
    right = found.a[found.found] == found.b[found.found]
    assert right.sum() > 0.8 * len(both[0])
    assert right.mean() > 0.85


def test_candidates_share_what_is_probable_unless_they_are_the_same_thing() -> None:
    """Against the sums written out: two candidates of one record, and one of another."""
    pairs, log_odds = np.array([[0, 0], [0, 1], [1, 2]]), np.array([2.0, 1.0, 3.0])
    nobody = Twins(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 1)))
    two = Twins(np.array([0]), np.array([1]), np.zeros((1, 1)))
    for same in (0.0, 0.5, 1.0):
        competition = Competition.of(pairs, log_odds, (nobody, two), (np.zeros(0), np.array([same])))
        off = competition.taken_off(pairs, log_odds, np.ones(3))
        assert np.allclose(off, np.log1p([(1 - same) * np.exp(1), (1 - same) * np.exp(2), 0]))


def test_a_missing_number_costs_a_match_nothing() -> None:
    """Half of the years are not told: those pairs match as surely as similarity alone would have it."""
    random = np.random.default_rng(0)
    titles = [" ".join("".join(random.choice([*"bdfgklmnrstvz"], 5)) for _ in range(4)) for _ in range(120)]
    years = random.integers(1980, 2010, 120)
    left = [{"title": title, "year": str(year)} for title, year in zip(titles, years, strict=True)]
    right = [row | {"title": row["title"][:-5], "year": row["year"] if random.random() < 0.5 else ""} for row in left]
    found = knnife.match(left, right)
    assert (found.a[found.found] == found.b[found.found]).sum() > 0.95 * len(left)
