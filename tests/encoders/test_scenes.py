"""The encoder "scenes": learned from pictures without labels, it puts together what looks alike."""

from __future__ import annotations

import io
import sqlite3
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests import drawn
from tests.conftest import shared

from knnife import BadInput, SceneEncoder, Space, read
from knnife.encoders import scenes
from knnife.encoders._pictures import gradients, patches, scene_descriptor
from knnife.encoders.forms import restore
from knnife.encoders.tensors import pack
from knnife.errors import BadPictures, NotASpace

Image = pytest.importorskip("PIL.Image")


def png(picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "PNG")
    return file.getvalue()


def striped(kind: int, seed: int):
    """One of four kinds of pictures: stripes of that direction on a shape of that kind, in any colours."""
    chance = np.random.default_rng([kind, seed])
    y, x = np.mgrid[0:72, 0:96] + chance.uniform(-8, 8, (2, 1, 1))
    angle = kind * np.pi / 6 + chance.normal(0, 0.08)
    waves = np.sin((np.cos(angle) * x + np.sin(angle) * y) / 2)
    inside = (np.maximum(abs(x - 48), abs(y - 36)) if kind % 2 else np.hypot(x - 48, y - 36)) < 24
    dark, light = chance.uniform(0, 120, 3), chance.uniform(120, 255, 3)
    shade = np.where(inside, waves, 0.2)[..., None]
    return np.clip(dark + (light - dark) * (shade + 1) / 2 + chance.normal(0, 8, (72, 96, 1)), 0, 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Fewer typical patches, learned from fewer: what holds of some holds of many."""
    monkeypatch.setattr(scene_descriptor, "TYPICAL", 40)
    monkeypatch.setattr(scene_descriptor, "SAMPLE", 4_000)


KINDS = np.arange(48) % 4
PICTURES = [png(striped(kind, seed)) for seed, kind in enumerate(KINDS.tolist())]
DAMAGED = PICTURES[1][:300]  # its head is whole
OTHERS = [png(striped(kind, 100 + seed)) for seed, kind in enumerate(KINDS[:20].tolist())]


@cache
def learned() -> SceneEncoder:
    return SceneEncoder.train(PICTURES)


@pytest.fixture
def encoder(quick) -> SceneEncoder:
    return learned()


def test_the_nearest_picture_is_of_the_same_kind(encoder):
    nearest = (encoder.encode(OTHERS) @ encoder.encode(PICTURES).T).argmax(axis=1)
    assert np.mean(KINDS[nearest] == KINDS[:20]) >= 0.9


def test_vectors_have_length_1_and_as_many_components_as_it_says(encoder):
    vectors = encoder.encode(OTHERS)
    assert vectors.shape == (20, encoder.dim)
    assert vectors.dtype == np.float32
    assert encoder.dim == 256  # though it learned from 48 pictures: parts of them joined in
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_mirrored_picture_has_the_same_vector(encoder):
    picture = drawn.scene("market", 96, 64)
    plain, mirrored, other = encoder.encode([png(picture), png(picture[:, ::-1]), png(picture[::-1])])
    np.testing.assert_allclose(plain, mirrored, atol=1e-3)
    assert plain @ other < 0.9


def test_outlines_are_those_that_plain_loops_find():
    picture = drawn.scene("city", 64, 64)
    square = np.sqrt(picture.astype(np.float64))
    cells = np.zeros((8, 8, 9))
    for y in range(64):
        for x in range(64):
            right = square[y, x + 1] - square[y, x - 1] if 0 < x < 63 else np.zeros(3)
            down = square[y + 1, x] - square[y - 1, x] if 0 < y < 63 else np.zeros(3)
            best = int((right**2 + down**2).argmax())
            place = np.arctan2(down[best], right[best]) % np.pi / np.pi * 9 - 0.5
            share = place - np.floor(place)
            strength = np.hypot(right[best], down[best]) / 64
            cells[y // 8, x // 8, int(np.floor(place)) % 9] += strength * (1 - share)
            cells[y // 8, x // 8, (int(np.floor(place)) + 1) % 9] += strength * share
    np.testing.assert_allclose(gradients._cells(square.astype(np.float32)), cells, atol=1e-4)


def test_patches_are_those_that_plain_loops_find():
    chance = np.random.default_rng(0)
    pictures = [chance.integers(0, 256, (17, 21, 3), np.uint8) for _ in range(3)]
    learned = patches.Patches.learn(pictures, 1, 5, 200, seed=0)
    rows, columns = 12, 16
    down, across = [0, 2, 4, 6, 8, 10, 12], [0, 2, 5, 8, 11, 14, 16]
    both = np.zeros((14, 5))
    for picture in (pictures[0], pictures[0][:, ::-1]):
        alike = np.zeros((rows, columns, 5))
        for y in range(rows):
            for x in range(columns):
                patch = np.moveaxis(picture[y : y + 6, x : x + 6].astype(float), 2, 0).ravel()
                patch = (patch - patch.mean()) / np.sqrt(patch.var() + patches.QUIET)
                alike[y, x] = np.maximum(learned.typical @ ((patch - learned.mean) @ learned.whitening) - 1, 0)
        parts = [
            alike[top:bottom, left:right]
            for wide in (6, 3, 2)
            for top, bottom in pairwise(down[::wide])
            for left, right in pairwise(across[::wide])
        ]
        both += [np.sqrt(part.mean(axis=(0, 1))) for part in parts]
    [found] = learned.describe(pictures[:1])
    np.testing.assert_allclose(found, both.ravel() / np.linalg.norm(both), atol=1e-5)


def test_what_it_learned_can_be_written_down_and_read_again(encoder):
    again = SceneEncoder.from_bytes(encoder.to_bytes())
    assert (again.fingerprint, again.dim, again.pictures) == (encoder.fingerprint, encoder.dim, 48)
    assert again.encode(OTHERS).tobytes() == encoder.encode(OTHERS).tobytes()
    assert restore("scenes", encoder.to_bytes()).fingerprint == encoder.fingerprint


def test_the_same_seed_learns_the_same_and_another_something_else():
    few = PICTURES[:6]
    first, again, other = (SceneEncoder.train(few, seed=seed).fingerprint for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "other form", "wrong shape", "not finite"])
def test_damaged_bytes_are_refused(encoder, damage):
    about, arrays = encoder._parts
    broken = {
        "cut": encoder.to_bytes()[:-100],
        "text": b"this is no encoder",
        "empty": b"",
        "other form": pack("rows", 1, about, arrays),
        "wrong shape": pack("scenes", 1, about, {**arrays, "axes": arrays["axes"][:-1]}),
        "not finite": pack("scenes", 1, about, {**arrays, "mean": arrays["mean"] * np.nan}),
    }[damage]
    with pytest.raises(BadInput, match="no encoder of the form 'scenes'"):
        SceneEncoder.from_bytes(broken)


def test_too_few_or_equal_pictures_are_nothing_to_learn_from():
    with pytest.raises(BadInput, match="0 of 0 pictures"):
        SceneEncoder.train([])
    with pytest.raises(BadInput, match="1 of 2 pictures can be read"):
        SceneEncoder.train([PICTURES[0], DAMAGED])
    grey = png(np.full((32, 32, 3), 90, np.uint8))
    with pytest.raises(BadInput, match="look the same"):
        SceneEncoder.train([grey, grey])


def test_pictures_that_cannot_be_read_are_left_out_of_learning_and_named_in_encoding(encoder):
    assert SceneEncoder.train([*PICTURES[:4], DAMAGED, PICTURES[4]]).pictures == 5
    many = [PICTURES[0]] * 70
    with pytest.raises(BadPictures) as told:
        encoder.encode([b"", *many, b"no picture"])
    assert sorted(told.value.faults) == [0, 71]


def test_one_picture_is_no_list_of_pictures(encoder):
    with pytest.raises(BadInput, match=r"write \[picture\]"):
        encoder.encode(PICTURES[0])


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (400, 2), (6, 6), (33, 31)])
def test_tiny_and_slim_pictures_have_vectors(encoder, shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    vectors = encoder.encode([png(picture), png(np.zeros((*shape, 3), np.uint8))])
    assert vectors.shape == (2, encoder.dim)
    assert np.isfinite(vectors).all()


def test_progress_is_told_to_the_end():
    told = []
    SceneEncoder.train(PICTURES[:5], progress=lambda done, fraction: told.append((done, fraction)))
    assert told[-1] == (5, 1.0)


def test_of_many_pictures_a_sample_is_learned_from(monkeypatch):
    monkeypatch.setattr(SceneEncoder, "SAMPLE", 7)
    monkeypatch.setattr(scenes, "PATCHES_OF", 3)
    assert SceneEncoder.train(PICTURES).pictures == 7


def test_parts_of_a_picture_lie_within_it():
    picture = drawn.scene("lake", 40, 30)
    assert len(scene_descriptor.glances(picture, 0)) == 1
    assert len(scene_descriptor.glances(picture, 5)) == 6
    assert len(scene_descriptor.glances(picture, 999)) == 1 + len(scene_descriptor.PARTS)


def test_a_space_keeps_the_encoder_and_finds_pictures_with_it(tmp_path: Path):
    drawn.write(tmp_path)
    photos = [str(path) for path in sorted((tmp_path / "photos").glob("*.*"))]
    with Space.open(tmp_path / "photos.knnife", SceneEncoder.train(photos)) as space:
        space.add(read(tmp_path / "photos"))
    with Space.open(tmp_path / "photos.knnife") as space:
        [ids] = space.near([str(tmp_path / "photos" / "copies" / "lake-mirrored.jpg")], k=2).ids
        assert {Path(id).name for id in ids} == {"lake-mirrored.jpg", "lake.jpg"}


def test_a_damaged_encoder_in_a_space_is_told(tmp_path: Path, encoder):
    with Space.open(tmp_path / "photos.knnife", encoder) as space:
        space.add(PICTURES[:2])
    with sqlite3.connect(tmp_path / "photos.knnife") as db:
        db.execute("UPDATE models SET bytes = ?", [b"damaged"])
    db.close()
    with Space.open(tmp_path / "photos.knnife") as space, pytest.raises(NotASpace, match="no encoder of the form"):
        space.near(PICTURES[:1])


def test_clothes_are_told_apart_better_than_by_chance():
    """A fifth of the photos to learn from, asked for among the others; the other split is the bench's."""
    photos = sorted(shared("images/clothing/train").glob("*/*.jpg"))
    kinds = np.array([photo.parent.name for photo in photos])
    held = np.arange(len(photos)) % 5 == 0
    known = [str(photo) for photo, out in zip(photos, held, strict=True) if not out][::2]
    encoder = SceneEncoder.train(known)
    asked = encoder.encode([str(photo) for photo, out in zip(photos, held, strict=True) if out])
    nearest = (asked @ encoder.encode(known).T).argmax(axis=1)
    assert np.mean(kinds[~held][::2][nearest] == kinds[held]) >= 0.25  # by chance 0.1
