"""Each fault, made by construction, is found, named and alone; a healthy space has none; a remedy mends."""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knnife import BadInput, NotFound, Space, Thing, doctor
from knnife.encoders.protocol import Tokens
from knnife.interfaces.cli.app import run
from knnife.tools.doctor import Checkup

DIM, THINGS = 32, 300


class Reader:
    """Gives each text a random vector of its own; reads `longest` words, and knows none that begins with x."""

    kind, dim = "text", DIM

    def __init__(self, name: str = "reader", longest: int = 1_000, **prefixes: str) -> None:
        self.name, self.longest, self.fingerprint = name, longest, f"{name} {longest} {prefixes}"
        self.query_prefix, self.passage_prefix = prefixes.get("query", ""), prefixes.get("passage", "")

    def encode(self, values: Any) -> np.ndarray:
        return np.array([self._vector(value) for value in values], np.float32).reshape(-1, DIM)

    def _vector(self, value: str) -> np.ndarray:
        seen = " ".join((self.passage_prefix + value).split()[: self.longest])
        random = np.random.default_rng(int.from_bytes(blake2b(seen.encode(), digest_size=8).digest()))
        return random.standard_normal(DIM) * (seen != "silence")

    def tokens(self, values: Any) -> Tokens:
        words = [value.split() for value in values]
        read = [len(each[: self.longest]) for each in words]
        unknown = [sum(word.startswith("x") for word in each[: self.longest]) for each in words]
        cut = [len(each[self.longest :]) for each in words]
        return Tokens(*(np.array(counts, np.int64) for counts in (read, unknown, cut)))


class Silent(Reader):
    """Tells nothing of how it reads."""

    tokens = None  # type: ignore[assignment]


def texts(n: int = THINGS) -> list[str]:
    return [f"the thing number {i} and what is said of it" for i in range(n)]


Made = Callable[..., Space]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Makes a space of texts, by default a healthy one."""
    spaces = []

    def make(values: list[str] | None = None, vectors: Any = None, encoder: Any = None, **options: Any) -> Space:
        model = (encoder or Reader()) if vectors is None else None
        spaces.append(Space.open(tmp_path / "things.knnife", model, **options))
        values = texts() if values is None else values
        spaces[-1].add([Thing(f"t{i}", value) for i, value in enumerate(values)], vectors)
        return spaces[-1]

    yield make
    for space in spaces:
        space.close()


def complaints(found: Checkup) -> dict[str, str]:
    """What is not in order: check -> state."""
    return {f.check: f.state for f in found.findings if f.state in ("warning", "bad")}


def edit(space: Space, sql: str, *parameters: Any) -> None:
    with sqlite3.connect(space.path) as db:
        db.execute(sql, parameters)
    db.close()


def mend(space: Space, remedy: str | None) -> None:
    """Runs a remedy as a user would; but the toy encoder has no name to load it by, and is given."""
    assert remedy
    if not remedy.startswith("knnife "):
        if space.info().views[0].encoder:
            remedy = remedy.replace("knnife') as space", "knnife', Reader()) as space")
        exec(remedy, {"Reader": Reader})
        return
    for line in remedy.splitlines():
        assert run(shlex.split(line, comments=True)[1:]) == 0


def test_a_healthy_space_has_nothing_to_complain_of(made: Made) -> None:
    found = doctor(made())
    assert complaints(found) == {}
    assert (found.state, found.things, found.sample) == ("good", THINGS, THINGS)
    assert not any(finding.remedy for finding in found.findings)


def test_nothing_is_changed(made: Made) -> None:
    space = made()
    before = sorted(space.path.parent.iterdir()), space.path.read_bytes()
    doctor(space)
    assert (sorted(space.path.parent.iterdir()), space.path.read_bytes()) == before


def test_rows_are_plain_data(made: Made) -> None:
    rows = list(doctor(made()).rows())
    assert json.loads(json.dumps(rows)) == [{**row, "ids": list(row["ids"])} for row in rows]
    assert {"check", "state", "means", "figures", "looked_at", "remedy", "ids"} == set(rows[0])


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_damaged_vectors_are_bad_and_can_be_made_again(made: Made, number: float) -> None:
    space = made()
    edit(space, "UPDATE vectors_1 SET vector = ? WHERE pos = 8", np.full(DIM, number, "<f4").tobytes())
    found = doctor(space)
    assert complaints(found) == {"file": "bad", "vectors": "bad"}
    assert (found["vectors"].figures["damaged"], found["vectors"].ids) == (1, ("t7",))
    mend(space, found["vectors"].remedy)
    assert doctor(space).state == "good"


def test_vectors_that_are_missing_are_bad_and_can_be_made_again(made: Made) -> None:
    space = made()
    edit(space, "DELETE FROM vectors_1 WHERE pos = 3")
    found = doctor(space)
    assert complaints(found) == {"file": "bad", "vectors": "bad"}
    assert (found["vectors"].figures["missing"], found["vectors"].ids) == (1, ("t2",))
    mend(space, found["vectors"].remedy)
    assert doctor(space).state == "good"


def test_a_vector_of_another_length_is_a_damaged_file(made: Made) -> None:
    space = made()
    edit(space, "UPDATE vectors_1 SET vector = x'0102' WHERE pos = 8")
    assert complaints(doctor(space)) == {"file": "bad"}


def test_pages_of_noise_are_a_damaged_file(made: Made) -> None:
    space = made(texts(2_000))
    space.close()
    with space.path.open("r+b") as file:
        file.seek(space.path.stat().st_size // 2)
        file.write(np.random.default_rng(0).bytes(100_000))
    with Space.open(space.path, Reader(), read_only=True) as damaged:
        found = doctor(damaged)
        assert found["file"].state == "bad"
        assert "rescued" in str(found["file"].remedy)


def test_zero_vectors_are_named(made: Made) -> None:
    space = made([*texts(), "silence"])
    found = doctor(space)
    assert complaints(found) == {"zero vectors": "warning"}
    assert found["zero vectors"].ids == (f"t{THINGS}",)


def test_lengths_matter_where_the_metric_reads_them(made: Made) -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((THINGS, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors *= random.uniform(0.7, 1, (THINGS, 1)).astype(np.float32)
    space = made(None, vectors, metric="euclidean")
    found = doctor(space)
    assert complaints(found) == {"lengths": "warning"}
    assert found["lengths"].ids[0] == f"t{np.linalg.norm(vectors, axis=1).argmax()}"
    mend(space, found["lengths"].remedy)
    with Space.open(space.path.with_stem("things-cosine")) as other:
        assert (len(other), other.metric) == (THINGS, "cosine")
        assert complaints(doctor(other)) == {}


@pytest.mark.parametrize(("copies", "state"), [(2, None), (10, "warning"), (200, "bad")])
def test_texts_that_come_twice_are_counted_and_can_be_removed(made: Made, copies: int, state: str | None) -> None:
    space = made([*texts(), *texts(copies)])
    found = doctor(space)
    assert complaints(found) == ({"copies": state} if state else {})
    assert found["copies"].figures["copies"] == copies
    assert found["copies"].ids[0] == f"t{THINGS}"
    if state:
        mend(space, found["copies"].remedy)
        assert (len(space), doctor(space)["copies"].figures["copies"]) == (THINGS, 0)


def test_texts_that_the_model_cannot_tell_apart_are_named(made: Made) -> None:
    found = doctor(made([*texts(), *(f"{text} again" for text in texts(30))], encoder=Silent(longest=10)))
    assert complaints(found) == {"told apart": "warning"}
    assert found["told apart"].figures["share"] == pytest.approx(30 / 330)
    assert found["told apart"].ids == ("t0", "t300")


def test_without_tokens_it_cannot_be_told_what_is_read(made: Made) -> None:
    found = doctor(made(encoder=Silent()))
    assert found["texts read"].state == "unknown"
    assert "words known" not in {finding.check for finding in found.findings}


@pytest.mark.parametrize(("longest", "share", "state"), [(10, 0.0, None), (9, 0.1, "warning"), (4, 0.6, "bad")])
def test_texts_that_are_cut_are_found(made: Made, longest: int, share: float, state: str | None) -> None:
    found = doctor(
        made([f"{i} {text.split(' ', 1)[1]}" for i, text in enumerate(texts())], encoder=Reader(longest=longest))
    )
    expected = {} if state is None else {"texts read": state}
    assert {check: s for check, s in complaints(found).items() if check != "told apart"} == expected
    assert found["texts read"].figures["tokens_cut"] == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(("unknown", "state"), [(3, None), (60, "warning"), (290, "bad")])
def test_words_that_the_model_does_not_know_are_found(made: Made, unknown: int, state: str | None) -> None:
    values = [f"xyz xzy {i} is unknown here" if i < unknown else text for i, text in enumerate(texts())]
    found = doctor(made(values))
    assert complaints(found) == ({"words known": state} if state else {})
    if state:
        assert found["words known"].ids[0] == "t0"


def test_blank_texts_are_named_and_can_be_removed(made: Made) -> None:
    space = made([*texts(), "…", " \n\t"])
    found = doctor(space)
    assert complaints(found) == {"blank texts": "warning"}
    assert found["blank texts"].ids == ("t300", "t301")
    mend(space, found["blank texts"].remedy)
    assert doctor(space).state == "good"


def test_vectors_that_their_texts_do_not_give_are_found_and_can_be_made_again(made: Made) -> None:
    space = made()
    strangers = np.random.default_rng(0).standard_normal((THINGS, DIM))
    for pos, vector in enumerate(strangers[:8], 1):  # the first is among those that are encoded anew
        edit(space, "UPDATE vectors_1 SET vector = ? WHERE pos = ?", vector.astype("<f4").tobytes(), pos)
    found = doctor(space)
    assert complaints(found) == {"file": "bad", "remade": "warning"}  # the checksums of eight vectors
    assert found["remade"].ids == ("t0",)
    mend(space, found["remade"].remedy)
    assert doctor(space)["remade"].state == "good"


def test_a_view_that_is_not_there_is_named(made: Made) -> None:
    with pytest.raises(NotFound, match="reader"):
        doctor(made(), view="plot")


def test_an_empty_space_cannot_be_judged(tmp_path: Path) -> None:
    with Space.open(tmp_path / "empty.knnife") as space:
        assert [finding.state for finding in doctor(space).findings] == ["unknown"]


def test_a_space_in_memory_has_no_file_to_be_damaged() -> None:
    with Space.open(":memory:") as space:
        space.add(["a cat sat on the mat", "the court ruled today"])
        found = doctor(space)["file"]
    assert (found.state, found.remedy) == ("good", None)


def test_a_sample_is_drawn_and_said(made: Made) -> None:
    space = made()
    found = doctor(space, sample=100, seed=3)
    assert (found.things, found.sample, found["vectors"].looked_at, found["direction"].looked_at) == (
        300,
        100,
        300,
        100,
    )
    assert list(found.rows()) == list(doctor(space, sample=100, seed=3).rows())
    assert found["direction"].figures != doctor(space, sample=100, seed=4)["direction"].figures


def test_progress_goes_from_reading_to_comparing(made: Made) -> None:
    told: list[tuple[int, float | None]] = []
    doctor(made(), progress=lambda done, fraction: told.append((done, fraction)))
    fractions = [fraction for _, fraction in told if fraction is not None]
    assert fractions == sorted(fractions)
    assert (told[-1], fractions[-1]) == ((THINGS, 1.0), 1.0)


@pytest.mark.parametrize("given", ["text", [["a"]], [[[1.0]]], {"a": 1}, None])
def test_what_is_neither_space_nor_vectors_is_refused(given: object) -> None:
    with pytest.raises(BadInput):
        doctor(given)


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(BadInput, match="100 or more"):
        doctor(np.eye(3), sample=10)
