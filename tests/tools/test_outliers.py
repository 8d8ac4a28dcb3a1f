"""Outliers: what is found, why, by labels, for new things and out of a file; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file
from tests.conftest import shared
from tests.toys import Letters

import knnife
from knnife import BadInput, Detector, EncoderMismatch, NotFound, RowEncoder, Space, Thing, outliers

RANDOM = np.random.default_rng(0)
CLOUD = RANDOM.normal(size=(300, 4))


def auroc(truth: np.ndarray, scores: np.ndarray) -> float:
    """The share of pairs of an odd and an ordinary thing in which the odd one scores higher."""
    odd, ordinary = scores[truth == 1], scores[truth == 0]
    return float(((odd[:, None] > ordinary) + 0.5 * (odd[:, None] == ordinary)).mean())


def test_a_thing_far_from_all_others_comes_first_and_its_column_is_named() -> None:
    points = CLOUD.copy()
    points[17, 2] = 12
    found = outliers(points)
    first = next(found.rows(1))
    assert (first["id"], first["position"], first["odd"], found.odd.sum()) == ("17", 17, True, 1)
    assert (first["columns"][0]["column"], first["columns"][0]["value"]) == ("2", 12)
    assert first["columns"][0]["share"] > 0.8
    assert abs(first["columns"][0]["usual"]) < 3
    assert len(first["like"]) == 3
    assert "17" not in first["like"]


def test_a_broken_correlation_is_odd_though_each_column_is_usual() -> None:
    x = RANDOM.normal(size=400)
    points = np.column_stack([x, x + 0.05 * RANDOM.normal(size=400)])
    points[5] = [1.5, -1.5]
    assert outliers(points).order[0] == 5


def test_a_small_group_far_from_the_rest_is_odd_though_its_members_are_close() -> None:
    points = CLOUD.copy()
    points[:12] = 9 + 0.01 * RANDOM.normal(size=(12, 4))
    assert set(outliers(points).order[:12].tolist()) == set(range(12))


def test_what_lies_between_groups_is_odd_though_it_is_in_the_middle_of_all() -> None:
    groups = [place + RANDOM.normal(size=(100, 2)) for place in ([0, 0], [20, 0], [0, 20], [20, 20])]
    assert outliers(np.vstack([*groups, [[10, 10]]])).order[0] == 400


def test_new_things_are_judged_one_by_one_as_together() -> None:
    detector = Detector.fit(CLOUD)
    new = RANDOM.normal(size=(20, 4)) * 2
    together = detector.score(new)
    assert np.allclose([detector.score(each[None])[0] for each in new], together, atol=1e-4)
    found = outliers(detector, new)
    assert np.array_equal(found.scores, together)
    assert np.array_equal(found.scores, outliers(CLOUD, new).scores)
    assert next(found.rows(1))["position"] == int(together.argmax())


def test_the_same_seed_gives_the_same_scores_and_copies_change_little() -> None:
    assert np.array_equal(outliers(CLOUD, seed=3).scores, outliers(CLOUD, seed=3).scores)
    assert np.corrcoef(outliers(CLOUD, seed=3).scores, outliers(CLOUD, seed=4).scores)[0, 1] > 0.98


def test_more_things_than_the_reference_holds_are_all_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.tools._outliers.scoring.REFERENCE", 100)
    points = CLOUD.copy()
    points[250] = 8
    found = outliers(points)
    assert (len(found.scores), len(found.detector.reference), found.order[0]) == (300, 100, 250)
    assert set(next(found.rows(1))["like"]) <= set(found.detector.reference.ids)


def test_a_detector_comes_back_from_its_file(tmp_path: Path) -> None:
    labels = CLOUD[:, 0] > 1.5
    detector = Detector.fit(pd.DataFrame(CLOUD, columns=list("abcd")), labels=labels)
    detector.save(tmp_path / "d")
    again = Detector.load(tmp_path / "d")
    new = RANDOM.normal(size=(9, 4))
    assert np.array_equal(again.score(new), detector.score(new))
    assert np.array_equal(again.p_values(again.score(new)), detector.p_values(detector.score(new)))
    assert list(outliers(again, new).rows()) == list(outliers(detector, new).rows())
    assert [file.name for file in tmp_path.iterdir()] == ["d"]


def test_a_space_of_texts_and_new_texts(tmp_path: Path) -> None:
    about = ["card", "payment", "transfer", "account"]
    texts = [f"why was my {a} {b} {c}" for a in about for b in ("refused", "late", "charged") for c in ("now", "twice")]
    with Space.open(tmp_path / "s.knnife") as space:
        space.add([*texts, "the orchestra tunes its violins"])
        found = outliers(space)
        assert next(found.rows(1))["text"] == "the orchestra tunes its violins"
        assert next(found.rows(1))["columns"] == []
        found.detector.save(tmp_path / "d")
    low, high = Detector.load(tmp_path / "d").score(["why was my card refused today", "penguins on the ice"])
    assert high > low + 1


def test_rows_of_a_mixed_table_name_their_columns(tmp_path: Path) -> None:
    rows = [{"id": str(i), "amount": 20 + i % 7, "country": "FR" if i % 3 else "DE"} for i in range(120)]
    rows[40]["amount"] = 9000
    with Space.open(tmp_path / "s.knnife", RowEncoder.train(rows)) as space:
        space.add(rows)
        found = outliers(space)
        first = next(found.rows(1))
        assert (first["id"], first["columns"][0]["column"], first["columns"][0]["value"]) == ("40", "amount", 9000)
        assert 20 <= first["columns"][0]["usual"] <= 27
        found.detector.save(tmp_path / "d")
    scores = Detector.load(tmp_path / "d").score([{"amount": 22, "country": "FR"}, {"amount": -800, "country": "FR"}])
    assert scores[1] > scores[0] + 1


class Parted(Letters):
    """As Letters, and tells which components are which column."""

    parts = {"first half": slice(0, 4), "second half": slice(4, 8)}


def test_columns_of_several_components_are_named_by_the_encoder(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife", Parted(), metric="euclidean") as space:
        space.add([Thing(str(i), "ab" * (i % 5 + 1) + "e" * (i % 3)) for i in range(40)])
        space.add([Thing("odd", "abefgh" * 9)])
        first = next(outliers(space).rows(1))
    assert (first["id"], first["columns"][0]["column"]) == ("odd", "second half")


def test_new_things_are_compared_as_the_reference_is(tmp_path: Path) -> None:
    detector = Detector.fit(CLOUD)  # by distances; a space compares directions unless told
    with Space.open(tmp_path / "s.knnife") as space:
        space.add([Thing(str(i), None, vector=point) for i, point in enumerate(CLOUD[:5] * 3)])
        assert np.allclose(detector.score(space), detector.score(CLOUD[:5] * 3), atol=1e-5)


def test_labels_teach_what_distances_do_not_tell() -> None:
    points = RANDOM.normal(size=(2_000, 6))
    fraud = points[:, 0] + points[:, 1] > 2.4  # within the cloud: nothing odd about most of them
    labels, new = np.zeros(1_000, bool), points[1_000:]
    labels[np.flatnonzero(fraud[:1_000])[:8]] = True
    plain, taught = Detector.fit(points[:1_000]), Detector.fit(points[:1_000], labels=labels)
    assert taught.learned is not None
    assert taught.learned.weight > 0
    assert auroc(fraud[1_000:], taught.score(new)) > auroc(fraud[1_000:], plain.score(new)) + 0.1


def test_labels_that_teach_nothing_change_nothing() -> None:
    weights = []
    for seed in range(8):
        random = np.random.default_rng(seed)
        points, labels = random.normal(size=(200, 5)), np.zeros(200, bool)
        labels[random.choice(200, 6, replace=False)] = True
        taught = Detector.fit(points, labels=labels)
        assert taught.learned is not None
        weights.append(taught.learned.weight)
        if not taught.learned.weight:
            assert np.array_equal(taught.scores, Detector.fit(points).scores)
    assert np.mean(np.array(weights) == 0) >= 0.5


def test_labels_may_be_a_field(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife") as space:
        things = [Thing(str(i), None, {"fraud": i < 4}, vector=point) for i, point in enumerate(CLOUD)]
        space.add(things)
        assert np.flatnonzero(outliers(space, labels="fraud").detector.odd).tolist() == [0, 1, 2, 3]
        with pytest.raises(BadInput, match=r"no thing has a field 'froud'; the fields are: fraud"):
            outliers(space, labels="froud")


@pytest.mark.parametrize("name", ["4_breastw", "14_glass", "40_vowels", "6_cardio"])
def test_real_tables(name: str) -> None:
    with np.load(shared(f"outlier/adbench/{name}.npz")) as table:
        found = outliers(table["X"])
        assert auroc(table["y"].ravel(), found.scores) > {"14_glass": 0.82}.get(name, 0.88)


def test_constant_columns_and_duplicates_are_no_trouble() -> None:
    points = np.hstack([CLOUD, np.full((300, 1), 1e6)])
    points[3, 0] = 11
    assert outliers(points).order[0] == 3
    found = outliers(np.ones((50, 3)))
    assert np.allclose(found.scores, 0, atol=0.01)
    assert np.ptp(found.scores) < 1e-3
    assert not found.odd.any()
    points = np.vstack([np.ones((60, 2)), [[1, 5]]])
    assert outliers(points).order[0] == 60
    assert outliers(np.ones((60, 2)), [[1, 1], [9, 9]]).scores.argmax() == 1


@pytest.mark.parametrize(
    ("given", "options", "part"),
    [
        (CLOUD[:7], {}, "7 things; to find those that are unlike, 8 are needed"),
        (np.empty((0, 3)), {}, "0 things"),
        ([], {}, "0 things"),
        (np.where(CLOUD > 2, np.nan, CLOUD), {}, "NaN"),
        (CLOUD, {"new": CLOUD[:, :2]}, "4 dimensions"),
        (CLOUD, {"labels": [True] * 300}, "mark 300 of 300"),
        (CLOUD, {"labels": [False] * 300}, "mark 0 of 300"),
        (CLOUD, {"labels": [True, True] + [None] * 298}, "mark 2 of 300 .* 3 at least"),
        (CLOUD, {"labels": [True] * 5}, "5 labels were given for 300 things"),
        (CLOUD, {"labels": ["maybe"] * 300}, "'maybe' is neither true nor false"),
        (CLOUD, {"false_alarms": 1.0}, "false_alarms is 1.0"),
        (pd.DataFrame({"a": [1.0] * 9, "b": ["x"] * 9}), {}, "not numbers; encode its rows"),
    ],
)
def test_what_cannot_be_judged_is_refused(given: Any, options: dict, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        outliers(given, **options)


def test_a_detector_wants_new_things() -> None:
    detector = Detector.fit(pd.DataFrame(CLOUD, columns=list("abcd")))
    assert len(outliers(detector, np.empty((0, 4))).scores) == 0
    with pytest.raises(BadInput, match="expected new things"):
        outliers(detector)
    with pytest.raises(BadInput, match="the columns are b, a, c, d"):
        detector.score(pd.DataFrame(CLOUD, columns=list("bacd")))


def test_things_of_another_encoder_are_refused(tmp_path: Path) -> None:
    words = [Thing(str(i), "abcdefgh"[: i % 8 + 1] * (i % 3 + 1)) for i in range(30)]
    with Space.open(tmp_path / "a", Letters("1")) as a, Space.open(tmp_path / "b", Letters("2")) as b:
        for space in (a, b):
            space.add(words)
        detector = Detector.fit(a)
        detector.save(tmp_path / "d")
        with pytest.raises(EncoderMismatch, match="different encoders"):
            detector.score(b)
        with pytest.raises(EncoderMismatch, match="different encoders"):
            Detector.load(tmp_path / "d").score(b)
        assert len(Detector.load(tmp_path / "d").score(a)) == 30
    with Space.open(tmp_path / "c", Letters()) as empty, pytest.raises(BadInput, match="0 things"):
        outliers(empty)


@pytest.mark.parametrize("harm", ["scores", "orders", "means", "reference", "missing", "meta", "format"])
def test_a_damaged_detector_is_refused(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "d"
    Detector.fit(CLOUD).save(path)
    tensors = load_file(path)
    meta = {"meta": "[]"} if harm == "meta" else {"meta": '{"format": "knnife-detector-9"}'}
    if harm in ("scores", "means", "reference"):
        tensors[harm] = np.full_like(tensors[harm], np.nan)
    elif harm == "orders":
        tensors[harm] = tensors[harm] + 5
    elif harm == "missing":
        del tensors["axes.1.origin"]
    if harm not in ("meta", "format"):
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            meta = file.metadata()
    save_file(tensors, path, meta)
    with pytest.raises(BadInput, match="expected a detector"):
        Detector.load(path)


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(b"SQLite format 3\0" + bytes(100))
    with pytest.raises(BadInput, match="expected a detector"):
        Detector.load(tmp_path / "d")
    with pytest.raises(NotFound, match="--save"):
        knnife.Detector.load(tmp_path / "nothing")
