"""Faults of the cloud of points, in plain arrays, and faults of upkeep: each alone, made by construction."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import shared
from tests.tools.test_doctor import THINGS, Made, Reader, complaints, edit, made, texts

from knnife import Space, Thing, doctor, load_encoder
from knnife.geometry import unit

__all__ = ["made"]  # the fixture


def gaussian(n: int = 600, d: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def along(vectors: np.ndarray, more: float) -> np.ndarray:
    """The same, farther along the first axis."""
    return vectors + more * np.eye(vectors.shape[1], dtype=np.float32)[0]


def hubs() -> np.ndarray:
    """Directions around an axis, and a hundredth of them so close to it that they are everybody's neighbours."""
    vectors = along(unit(gaussian(d=64)), 0.9)
    vectors[:6] = along(0.1 * unit(gaussian(6, 64, seed=1)), 1)
    return vectors


def near_copies() -> np.ndarray:
    vectors = gaussian()
    vectors[300:400] = vectors[:100] + 0.05 * gaussian(100, seed=1)
    return vectors


ARRAYS = {
    "healthy": (gaussian(), {}),
    "healthy, wide": (gaussian(d=256), {}),
    "healthy, two dimensions": (gaussian(d=2), {}),
    "cone": (along(gaussian(d=16), 12), {"direction": "bad"}),
    "half a cone": (along(gaussian(d=16), 5), {"direction": "warning"}),
    "one strong direction": (gaussian(d=64) * np.where(np.arange(64) == 0, 5.5, 1), {"direction": "warning"}),
    "flat": (gaussian(d=6) @ gaussian(6, 64, seed=1), {"dimension": "warning"}),
    "half of it constant": (np.hstack([gaussian(), np.zeros((600, 32))]), {"dimension": "warning"}),
    "hubs": (hubs(), {"hubs": "bad"}),
    "copies": (np.vstack([gaussian(), gaussian(20)]), {"copies": "warning"}),
    "near copies": (near_copies(), {"near copies": "warning"}),
    "zeros": (np.vstack([gaussian(), np.zeros((1, 32))]), {"zero vectors": "warning"}),
    "NaN": (np.where(np.arange(600)[:, None] == 9, np.nan, gaussian()), {"vectors": "bad"}),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_told_its_fault_and_no_other(name: str) -> None:
    vectors, expected = ARRAYS[name]
    assert complaints(doctor(vectors)) == expected


def test_a_line_is_bad() -> None:
    found = doctor(gaussian(d=1) @ gaussian(1, 64, seed=1) + 0.01 * gaussian(d=64))
    assert found["dimension"].state == "bad"
    assert found["dimension"].figures["directions_used"] == pytest.approx(1, abs=0.2)


def test_rows_of_an_array_are_named_by_their_numbers() -> None:
    vectors = gaussian()
    vectors[9, 3] = np.inf
    vectors[11] = 0
    vectors[20] = vectors[2]
    found = doctor(vectors)
    assert [found[check].ids for check in ("vectors", "zero vectors", "copies")] == [(9,), (11,), (20,)]
    assert set(doctor(hubs())["hubs"].ids) <= set(range(6))


@pytest.mark.parametrize(
    ("name", "check"),
    [("cone", "direction"), ("flat", "dimension"), ("copies", "copies"), ("NaN", "vectors"), ("zeros", "zero vectors")],
)
def test_the_remedy_of_an_array_mends_it(name: str, check: str) -> None:
    names = {"numpy": np, "vectors": ARRAYS[name][0]}
    exec(str(doctor(ARRAYS[name][0])[check].remedy), names)
    assert complaints(doctor(names["vectors"])) == {}


def test_few_points_have_no_shape() -> None:
    assert doctor(gaussian(99))["shape"].state == "unknown"


@pytest.mark.parametrize("metric", ["dot", "euclidean", "manhattan"])
def test_every_metric_is_checked(made: Made, metric: str) -> None:
    found = doctor(made(None, unit(gaussian(THINGS, 16)), metric=metric))
    assert complaints(found) == {}


WANTS = {"query": "query: ", "passage": "passage: "}  # as the catalogue says of e5-small-v2


def test_prefixes_that_a_model_wants_and_does_not_get_are_missing(made: Made) -> None:
    found = doctor(made(encoder=Reader("e5-small-v2")))
    assert complaints(found) == {"prefixes": "bad"}
    assert str(found["prefixes"].remedy).endswith("--encoder e5-small-v2")


def test_prefixes_that_are_put_by_the_encoder_are_good(made: Made) -> None:
    assert doctor(made(encoder=Reader("e5-small-v2", **WANTS)))["prefixes"].state == "good"


def test_prefixes_that_would_come_twice_are_bad_and_can_be_taken_away(made: Made) -> None:
    space = made([f"passage: {text}" for text in texts()], encoder=Reader("e5-small-v2", **WANTS))
    found = doctor(space)
    assert complaints(found) == {"prefixes": "bad"}
    assert "removeprefix('passage: ')" in str(found["prefixes"].remedy)


def test_texts_with_prefixes_of_their_own_want_them_in_questions_too(made: Made) -> None:
    space = made([f"passage: {text}" for text in texts()], encoder=Reader("hf:intfloat/e5-small-v2"))
    assert complaints(doctor(space)) == {"prefixes": "warning"}


def test_an_encoder_that_cannot_be_had_is_bad(made: Made) -> None:
    space = made()
    with Space.open(space.path, read_only=True) as later:
        assert complaints(doctor(later)) == {"encoder": "bad"}


def test_an_encoder_that_is_another_by_now_is_bad(made: Made) -> None:
    space = made()
    edit(space, "UPDATE views SET encoder = 'english'")
    with Space.open(space.path, read_only=True) as later:
        found = doctor(later)
    assert complaints(found) == {"encoder": "bad"}
    assert str(found["encoder"].remedy).endswith("--encoder english")


def test_vectors_that_were_brought_need_no_encoder(made: Made) -> None:
    found = doctor(made(None, gaussian(THINGS)))
    assert (complaints(found), found["encoder"].state, found["texts read"].state) == ({}, "good", "unknown")


def test_an_endpoint_is_not_asked(made: Made) -> None:
    space = made()
    edit(space, "UPDATE views SET encoder = 'openai:model'")
    with Space.open(space.path, read_only=True) as later:
        assert doctor(later)["encoder"].state == "unknown"


class Failing(Reader):
    """Stops after some texts, as a process that is killed."""

    def encode(self, values):
        if any("number 299" in value for value in values):
            raise KeyboardInterrupt
        return super().encode(values)


def test_a_re_encoding_that_was_interrupted_is_told(made: Made) -> None:
    space = made()
    with pytest.raises(KeyboardInterrupt):
        space.reencode(Failing("other", longest=900))
    found = doctor(space)
    assert complaints(found) == {"views": "warning"}
    assert "--encoder other" in str(found["views"].remedy)
    assert complaints(doctor(space, view="other")).get("views") == "bad"


@pytest.mark.parametrize(("longest", "state"), [(1, "good"), (150, "warning")])
def test_rounding_that_costs_much_is_told(made: Made, longest: int, state: str) -> None:
    """One component that is much greater than all others takes the steps of int8 for itself."""
    vectors = gaussian(THINGS, 256)
    vectors[:, 0] = longest
    assert doctor(made(None, vectors, dtype="int8"))["rounding"].state == state


def test_room_that_removed_things_left_can_be_given_back(made: Made) -> None:
    space = made([f"{text} {'and so on ' * 300}{i}" for i, text in enumerate(texts(3_000))])
    space.remove([f"t{i}" for i in range(THINGS, 3_000)])
    space.close()
    with Space.open(space.path, Reader()) as roomy:
        found = doctor(roomy)
    assert complaints(found) == {"file": "warning"}
    exec(str(found["file"].remedy), {})
    with Space.open(space.path, Reader()) as smaller:
        assert complaints(doctor(smaller)) == {}
        assert len(smaller.search("number 7 said", k=3)) == 3


def test_an_index_that_is_missing_or_spoiled_is_told_and_built_again(tmp_path: Path) -> None:
    with Space.open(tmp_path / "large.knnife", durable=False) as space:
        n = 3_300
        space.add([Thing(str(i), None) for i in range(n)], gaussian(n, 1_000))  # too many numbers to do without one
        found = doctor(space, sample=100)
        assert complaints(found) == {"index": "warning"}
        exec(str(found["index"].remedy), {})
        assert doctor(space, sample=100)["index"].state == "good"
        [index] = tmp_path.glob("*-index1")
        index.write_bytes(b"no index")
        assert complaints(doctor(space, sample=100)) == {"index": "warning"}


def test_real_abstracts_are_healthy() -> None:
    """Cranfield has neither copies nor hubs; what the packaged model makes of it is called healthy."""
    path = shared("retrieval/cran.all.1400.gz")
    with gzip.open(path, "rt") as file:
        values = re.findall(r"\.W\n(.*?)(?=\n\.I|\Z)", file.read(), re.DOTALL)
    found = doctor(load_encoder("english").encode([value for value in values if value.strip()]))
    assert complaints(found) == {}
