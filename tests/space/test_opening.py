"""Names of spaces: mistyped, impossible, and what cannot be sent to another process."""

from __future__ import annotations

import copy
import os
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import knnife
from knnife import BadInput, KnnifeError, NotFound, Space


@pytest.fixture(autouse=True)
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Space.open("films.knnife") as space:
        space.add(["a heist goes wrong", "love at a station"])


ASKED: dict[str, Callable[[Space], Any]] = {
    "search": lambda space: list(space.search("a heist")),
    "near": lambda space: space.near("a heist").ids,
    "within": lambda space: space.within("a heist").ids,
    "duplicates": lambda space: list(knnife.duplicates(space).rows()),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_a_new_space_that_is_asked_says_that_it_is_empty(ask: Callable[[Space], Any]) -> None:
    said = r"flims.knnife is new and empty, so nothing is found \(did you mean films.knnife\?\)"
    for _ in range(2):  # also the next time, when the file is there
        with Space.open("flims.knnife") as space, pytest.warns(UserWarning, match=said):
            ask(space)


def test_a_space_that_was_emptied_answers_nothing_and_says_nothing() -> None:
    with Space.open("films.knnife") as space:
        space.remove(where='id != ""')
        assert (len(space.search("a heist")), space.near(["a", "b"]).ids) == (0, [[], []])
        assert space.near("a", view={"english": 1.0}).ids == [[]]


def test_what_is_new_is_filled_without_a_word() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Space.open("flims.knnife") as space:
            assert (list(space), len(space), "a" in space) == ([], 0, False)
            space.add(["a heist goes wrong"])
            assert len(space.search("a heist")) == 1


def test_a_space_that_is_not_there_is_asked_for_by_a_name_spelled_nearly_so() -> None:
    for ask in (lambda: Space.open("flims.knnife", create=False), lambda: knnife.duplicates("flims.knnife")):
        with pytest.raises(NotFound, match=r"no space flims.knnife.*\(did you mean films.knnife\?\)"):
            ask()
    with pytest.raises(NotFound, match=r"makes one$"):
        Space.open("entirely-other.knnife", read_only=True)
    assert sorted(os.listdir()) == ["films.knnife", "films.knnife-sums"]


@pytest.mark.parametrize("path", ["x" * 300 + ".knnife", "a/" * 3000 + "x.knnife", "x" * 5000, "a\0b.knnife", "a\0b"])
def test_a_path_that_no_file_can_have_is_an_error_of_ours(path: str) -> None:
    opening: list[Callable[[str], Any]] = [
        Space.open,
        lambda path: Space.open(path, read_only=True),
        lambda path: list(knnife.read(path)),
        lambda path: list(knnife.read(path + ".csv")),
        knnife.outliers,
        lambda path: knnife.match(path, path),
        knnife.Detector.load,
        knnife.Classifier.load,
        knnife.Matcher.load,
        knnife.DriftMonitor.load,
        knnife.WordVectors.load,
        knnife.load_encoder,
        knnife.Speller,
    ]
    for each in opening:
        with pytest.raises(KnnifeError):
            each(path)


@pytest.mark.parametrize("send", [pickle.dumps, copy.deepcopy])
@pytest.mark.parametrize(("path", "said"), [("films.knnife", "'films.knnife'.*Space.open"), (":memory:", "in a file")])
def test_an_open_space_cannot_be_sent_and_its_path_can(send: Callable[[Any], Any], path: str, said: str) -> None:
    with Space.open(path) as space, pytest.raises(BadInput, match=said):
        send(space)
