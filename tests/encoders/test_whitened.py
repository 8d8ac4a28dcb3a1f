"""The encoder "whitened": what things share is taken from another encoder's vectors, and the rest is evened out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.toys import Letters

from knnife import BadInput, Space, WhitenedEncoder, load_encoder
from knnife.encoders import Encoder
from knnife.encoders.forms import restore
from knnife.geometry import Vectors, unit
from knnife.statistics.whitening import PrincipalWhitening

TEXTS = ["a red car", "the blue sky", "a heist goes wrong", "dogs bark at night", "music from afar", "red roses"]


class Numbers:
    """Texts of four numbers are their own vectors."""

    name, dim, kind, fingerprint, metric = "numbers", 4, "text", "numbers-1", "euclidean"

    def encode(self, values: Sequence[Any]) -> Vectors:
        return np.array([value.split() for value in values], np.float32).reshape(-1, 4)


def told(vectors: np.ndarray) -> list[str]:
    return [" ".join(map(str, vector)) for vector in vectors]


def shared_and_noisy(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two kinds of things: a lot is common to all, three loud components are noise, and a faint one tells the kinds."""
    chance = np.random.default_rng(seed)
    kinds = np.arange(n) % 2
    vectors = chance.normal(0, 1, (n, 4)) * [9, 9, 0.3, 9] + [30, 30, 0, 0]
    vectors[:, 2] += 2.0 * kinds
    return vectors, kinds


def accuracy(encoder: Encoder) -> float:
    (known, kinds), (asked, right) = shared_and_noisy(60, 0), shared_and_noisy(60, 1)
    nearest = (unit(encoder.encode(told(asked))) @ unit(encoder.encode(told(known))).T).argmax(axis=1)
    return float(np.mean(kinds[nearest] == right))


def test_what_all_share_no_longer_decides_and_labels_tell_what_is_noise():
    known, kinds = shared_and_noisy(60, 0)
    plain, labelled = Numbers(), WhitenedEncoder.train(Numbers(), told(known), labels=kinds)
    assert accuracy(plain) < 0.8
    assert accuracy(labelled) > 0.9


def test_the_whitening_is_the_inverse_root_of_the_covariance():
    vectors = np.random.default_rng(0).normal(0, [5, 2, 1, 0.1], (50, 4)).astype(np.float32)
    for some in (vectors, vectors[:3]):  # of three, one direction and more are unknown
        covariance = np.cov(some.T.astype(float), bias=True)
        strongest = np.linalg.eigvalsh(covariance)[-1]
        expected = np.linalg.inv(covariance + 0.1 * strongest * np.eye(4))
        found = PrincipalWhitening.of_all(some, 0.1).axes
        np.testing.assert_allclose(found @ found, expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_strong_components_are_the_first_and_scaled_alike():
    vectors = np.random.default_rng(0).normal(0, [5, 2, 1, 0.1], (400, 4)).astype(np.float32)
    for few, count in ((vectors, 2), (vectors[:3], 2)):
        whitening = PrincipalWhitening.learn(few, 2, 0.0)
        white = (few - whitening.mean) @ whitening.axes
        np.testing.assert_allclose(white.T @ white / len(few), np.eye(count), atol=1e-3)


def test_it_encodes_what_its_base_encodes():
    encoder = WhitenedEncoder.train("english", TEXTS)
    vectors = encoder.encode(TEXTS)
    assert (encoder.kind, encoder.dim, encoder.name) == ("text", 256, "english, whitened")
    assert (vectors.shape, vectors.dtype) == ((6, 256), np.float32)
    assert encoder.encode([]).shape == (0, 256)
    np.testing.assert_array_equal(encoder.encode_query(TEXTS), vectors)
    base = load_encoder("english").encode(TEXTS)
    apart = ~np.eye(6, dtype=bool)
    assert (vectors @ vectors.T)[apart].mean() < (unit(base) @ unit(base).T)[apart].mean()


def test_what_it_learned_can_be_written_down_and_read_again():
    encoder = WhitenedEncoder.train("english", TEXTS)
    again = WhitenedEncoder.from_bytes(encoder.to_bytes())
    assert (again.fingerprint, again.name, again.things) == (encoder.fingerprint, encoder.name, 6)
    np.testing.assert_array_equal(again.encode(TEXTS), encoder.encode(TEXTS))


def test_a_base_without_a_name_is_written_down_with_it():
    inner = WhitenedEncoder.train("english", TEXTS)
    outer = WhitenedEncoder.train(inner, TEXTS)
    again = restore("whitened", outer.to_bytes())
    assert again.fingerprint == outer.fingerprint
    np.testing.assert_array_equal(again.encode(TEXTS), outer.encode(TEXTS))


def test_a_base_that_has_changed_is_refused():
    class Other(Letters):
        fingerprint = "another"

    encoder = WhitenedEncoder.train(load_encoder("english"), TEXTS)
    encoder.base = Other()
    encoder.base.name = "english"
    with pytest.raises(BadInput, match="another than the one"):
        WhitenedEncoder.from_bytes(encoder.to_bytes())


@pytest.mark.parametrize("data", [b"", b"{}", b"\0" * 100])
def test_damaged_bytes_are_refused(data):
    with pytest.raises(BadInput, match="no encoder of the form 'whitened'"):
        WhitenedEncoder.from_bytes(data)


def test_nothing_to_learn_from_is_told():
    with pytest.raises(BadInput, match="1 thing to learn from"):
        WhitenedEncoder.train("english", ["one"])
    with pytest.raises(BadInput, match="the same vector"):
        WhitenedEncoder.train("english", ["one", "one"])
    with pytest.raises(BadInput, match="label by label, the same vector"):
        WhitenedEncoder.train("english", TEXTS, labels=TEXTS)
    with pytest.raises(BadInput, match="not as many labels"):
        WhitenedEncoder.train("english", TEXTS, labels=[1, 2])


def test_progress_is_told_to_the_end():
    steps = []
    WhitenedEncoder.train("english", TEXTS, progress=lambda done, fraction: steps.append((done, fraction)))
    assert steps[-1] == (6, 1.0)


def test_a_space_keeps_it(tmp_path: Path):
    with Space.open(tmp_path / "texts.knnife", WhitenedEncoder.train("english", TEXTS)) as space:
        space.add(TEXTS)
    with Space.open(tmp_path / "texts.knnife") as space:
        assert space.search("a red automobile", k=1)[0].value == "a red car"
