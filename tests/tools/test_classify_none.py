"""What is answered "none of these": the share that is stated, with examples, with few of them, with names alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from tests.tools.test_classify import FOOD, KINDS, MONEY, TEXTS, clouds

from knnife import BadInput, Classifier, classify
from knnife.tools._classify.deciding import confused
from knnife.tools._classify.names import is_gibberish

NAMES = {"money": "banks and payments", "food": "cooking and eating"}


@pytest.mark.parametrize(("each", "low"), [(40, 0.035), (8, 0.025)])
def test_the_stated_share_is_turned_away_on_average(each: int, low: float) -> None:
    """So many examples of each of 6 classes that overlap; with few of them it is less."""
    shares, inside = [], []
    for seed in range(12):
        points, codes = clouds(1_000, 6, apart=0.8, seed=seed)
        rows = np.concatenate([np.flatnonzero(codes == code)[:each] for code in range(6)])
        head = Classifier.fit(points[rows], codes[rows], metric="euclidean")
        fits = head.fits(np.delete(points, rows, axis=0))
        shares.append(np.mean(fits <= 0.05))
        stated = head.turned_away()
        inside.append(stated.low <= shares[-1] <= stated.high)
        assert (stated.share, stated.calibrated, stated.why) == (0.05, True, "")
    assert low < np.mean(shares) < 0.06
    assert np.mean(inside) > 0.8


def test_a_class_that_nobody_gave_lies_amid_the_others_and_is_told_all_the_same() -> None:
    found = []
    for seed in range(5):
        points, codes = clouds(2_000, 6, apart=0.8, seed=seed)
        known = np.flatnonzero(codes[:500] > 0)
        head = Classifier.fit(points[known], codes[known], metric="euclidean")
        fits = head.fits(points[500:])
        found.append(np.mean(fits[codes[500:] == 0][:, None] < fits[codes[500:] > 0]))
    assert np.mean(found) > 0.75  # the area under the ROC curve


def test_copies_of_examples_do_not_make_them_more_familiar() -> None:
    points, codes = clouds(200, 3, apart=1)
    new, _ = clouds(500, 3, apart=1, seed=1)
    once = Classifier.fit(points, codes, metric="euclidean").fits(new)
    twice = Classifier.fit(np.vstack([points, points]), np.r_[codes, codes], metric="euclidean").fits(new)
    assert np.mean(twice <= 0.1) == pytest.approx(np.mean(once <= 0.1), abs=0.03)


def test_what_cannot_be_stated_is_said() -> None:
    points, codes = clouds(200, 5, apart=2)
    first = np.array([np.flatnonzero(codes == code)[0] for code in range(5)])
    single = Classifier.fit(points[first], codes[first]).turned_away()
    assert not single.calibrated
    assert "every class has one example" in single.why
    few = Classifier.fit(points[:12], codes[:12] % 2).turned_away()
    assert not few.calibrated
    assert "12 examples state no share below 7.7%; for 5.0% expected 19 or more" in few.why
    assert Classifier.fit(points[:12], codes[:12] % 2).turned_away(0.1).calibrated
    assert Classifier.fit(points, codes).turned_away(0).high == 0
    named = Classifier.zero_shot(NAMES).turned_away()
    assert (named.share, named.low, named.high, named.calibrated) == (None, 0, 1, False)
    answer = classify(None, ["fry an egg"], labels=NAMES)
    assert answer.turned_away == named


def test_names_are_sought_among_things_that_say_where_none_of_these_begins() -> None:
    among = [f"{text} {more}" for text in TEXTS for more in ("today", "for Anna", "please", "on Monday", "again")]
    head = Classifier.zero_shot(NAMES, among=among)
    assert head.unlabelled == len(among)
    stated = head.turned_away(0.1)
    assert stated.calibrated
    assert stated.low <= np.mean(head.fits(among) <= 0.1) <= stated.high
    assert head.predict(MONEY + FOOD) == KINDS
    found = classify(None, ["whales sing in the ocean", "fry an egg"], labels=NAMES, among=among)
    assert found.labels == [None, "food"]
    with pytest.raises(BadInput, match="among= goes with names alone"):
        classify(TEXTS, ["an egg"], labels=KINDS, among=among)
    with pytest.raises(BadInput, match="no texts that english encoded"):
        Classifier.zero_shot(NAMES, among=np.eye(3))


def test_texts_without_a_known_word_are_of_no_class() -> None:
    found = classify(None, ["xyzzy plugh", "fry an egg", "42"], labels={**NAMES, "frobnicate": "xyzzys"}, none=0.01)
    assert found.labels[1] == "food"
    assert classify(None, ["plugh qwrtz"], labels=NAMES, none=0.01).labels == [None]
    assert is_gibberish("Xyzzy, plugh!", ["name: money"])
    for text in ("xyzzy bread", "42", "", None, "xyzzy"):
        assert not is_gibberish(text, ["name: xyzzy"])


def test_names_that_mean_the_same_are_told() -> None:
    labels = ["finance", "plan a meeting", "arrange a meeting", "sport", "cooking"]
    assert Classifier.zero_shot(labels).alike == (("plan a meeting", "arrange a meeting"),)
    assert Classifier.zero_shot(["finance", "sport", "cooking", "weather"]).alike == ()


def test_classes_whose_examples_cannot_be_told_apart_are_told() -> None:
    """Classes 3 and 4 are one, parted by chance."""
    points, codes = clouds(400, 4, apart=2)
    parted = np.where((codes == 3) & (np.random.default_rng(0).random(400) < 0.5), 4, codes)
    assert Classifier.fit(points, parted, metric="euclidean").alike == ((3, 4),)
    assert Classifier.fit(points, codes, metric="euclidean").alike == ()


def test_few_mistakes_are_no_confusion() -> None:
    codes = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    logits = np.eye(3, dtype=np.float32)[codes]
    assert confused(logits, codes) == []
    logits[:8] = logits[:8][:, [1, 0, 2]]  # all of two classes
    assert confused(logits, codes) == [(0, 1)]
    assert confused(logits[1:], codes[1:]) == []  # seven are too few to tell


def test_files_written_before_there_were_least_squares_are_read(tmp_path: Path) -> None:
    """They lack some arrays and facts; nearness alone says what is familiar, as it did."""
    for head, asked in (
        (Classifier.fit(TEXTS * 3, KINDS * 3), ["how do I pay", "a soup"]),
        (Classifier.zero_shot(NAMES), ["fry an egg"]),
    ):
        head.save(tmp_path / "head")
        with safe_open(tmp_path / "head", framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            metadata = file.metadata()
        about = json.loads(metadata["about"])
        for name in ("ridge", "names_centre"):
            tensors.pop(name, None)
        for name in ("penalty", "blend", "near", "explained", "background", "names_scale"):
            about.pop(name, None)
        metadata["about"] = json.dumps(about | {"least": 0.01})
        save_file(tensors, tmp_path / "old", metadata)
        old = Classifier.load(tmp_path / "old")
        assert old.predict(asked) == head.predict(asked)
        assert np.all((old.fits(asked) >= 0) & (old.fits(asked) <= 1))
        assert old.turned_away().calibrated == head.turned_away().calibrated
        assert classify(old, asked).because[0]
