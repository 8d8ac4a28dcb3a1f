"""The encoder "copies": copies of a picture stay close, however they were made, and others do not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests import drawn
from tests.conftest import shared

from knnife import BadInput, CopyEncoder, Space, load_encoder
from knnife.encoders import copies
from knnife.errors import BadPictures

Image = pytest.importorskip("PIL.Image")
PLAIN, MIRRORED = 0, 4  # variants


def png(picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "PNG")
    return file.getvalue()


def jpg(picture, quality: int = 90) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def grain(seed: int, size: int = 192):
    """A picture that is like no other: coloured squares upon each other, coarse and fine."""
    chance = np.random.default_rng(seed)
    made = np.zeros((size, size, 3))
    for coarse in (8, 24, 64):
        made += np.repeat(np.repeat(chance.normal(0, 35, (-(-size // coarse),) * 2 + (3,)), coarse, 0), coarse, 1)[
            :size, :size
        ]
    return np.clip(made + 128, 0, 255).astype(np.uint8)


SCENES = [drawn.scene(name) for name in drawn.SCENES] + [grain(seed) for seed in range(20)]


def captioned(picture):
    made = picture.copy()
    high = round(0.12 * len(made))
    made[-high:] = 0
    made[-high + 4 : -4, 20:-20:9] = 255
    return made


EDITS = {
    "as it is": png,
    "saved badly": lambda picture: jpg(picture, 30),
    "half as large": lambda picture: jpg(picture[::2, ::2]),
    "twice as large": lambda picture: jpg(np.repeat(np.repeat(picture, 2, 0), 2, 1)),
    "cropped": lambda picture: jpg(picture[: round(0.9 * len(picture)), round(0.1 * picture.shape[1]) :]),
    "brighter": lambda picture: jpg(np.clip(picture * 1.2, 0, 255).astype(np.uint8)),
    "darker": lambda picture: jpg((picture * 0.8).astype(np.uint8)),
    "rotated": lambda picture: jpg(np.asarray(Image.fromarray(picture).rotate(5, Image.Resampling.BICUBIC))),
    "captioned": lambda picture: jpg(captioned(picture)),
    "grey": lambda picture: jpg(np.repeat(picture.mean(axis=2, keepdims=True), 3, 2).astype(np.uint8)),
}


@pytest.fixture(scope="module")
def encoder():
    return CopyEncoder()


@pytest.fixture(scope="module")
def vectors(encoder):
    return encoder.encode([png(picture) for picture in SCENES])


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_picture_is_nearest_to_its_original(encoder, vectors, edit):
    found = encoder.encode([EDITS[edit](picture) for picture in SCENES]) @ vectors.T
    np.testing.assert_array_equal(found.argmax(axis=1), np.arange(len(SCENES)))
    assert found.diagonal().min() > 0.5


def test_different_pictures_are_far_apart(vectors):
    others = (vectors @ vectors.T)[~np.eye(len(vectors), dtype=bool)]
    assert np.quantile(others, 0.9) < 0.5


@pytest.mark.parametrize("variant", range(8))
def test_variants_are_the_vectors_of_the_turned_and_mirrored_pictures(encoder, vectors, variant):
    turned = [np.rot90(np.fliplr(picture) if variant >= 4 else picture, variant % 4) for picture in SCENES]
    expected = encoder.encode([png(picture) for picture in turned])
    # Not to the last bit: pixels are rounded when they are resized, first across, then down.
    assert (encoder.variants(vectors)[variant] * expected).sum(axis=1).min() > 0.99


def test_the_first_variant_is_the_picture_itself_and_mirroring_twice_undoes_it(encoder, vectors):
    variants = encoder.variants(vectors)
    assert variants.shape == (8, len(SCENES), encoder.dim)
    np.testing.assert_array_equal(variants[PLAIN], vectors)
    np.testing.assert_array_equal(encoder.variants(variants[MIRRORED])[MIRRORED], vectors)
    assert not np.allclose(variants[MIRRORED], vectors, atol=0.1)


def test_variants_of_other_vectors_are_refused(encoder):
    with pytest.raises(BadInput, match="578"):
        encoder.variants(np.ones((2, 64), np.float32))


@pytest.mark.parametrize("direction", range(copies.DIRECTIONS))
def test_edges_of_one_direction_are_counted_as_that(direction):
    across = direction * np.pi / copies.DIRECTIONS  # of the stripes: the direction in which brightness changes
    y, x = np.mgrid[0:192, 0:192]
    wave = 127 + 100 * np.sin((x * np.cos(across) + y * np.sin(across)) / 6)
    vector = copies.described(np.repeat(wave[:, :, None], 3, 2).astype(np.uint8))
    each = vector[:-2].reshape(copies.GRID, copies.GRID, copies.DIRECTIONS + 3)[..., : copies.DIRECTIONS]
    assert (each.argmax(axis=-1)[1:-1, 1:-1] == direction).all()


def test_pictures_of_one_colour_have_vectors_too(encoder):
    black, white, black_again = encoder.encode(
        [png(np.full((40, 60, 3), value, np.uint8)) for value in (0, 255)] + [png(np.zeros((90, 20, 3), np.uint8))]
    )
    np.testing.assert_allclose(np.linalg.norm([black, white], axis=1), 1, atol=1e-6)
    assert black @ black_again > 0.999
    assert black @ white < 0.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3), (63, 65)])
def test_tiny_and_narrow_pictures_are_taken(encoder, shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    vector = encoder.encode([png(picture)])
    assert np.isfinite(vector).all()
    np.testing.assert_allclose(np.linalg.norm(vector), 1, atol=1e-6)


def test_a_path_its_bytes_and_a_member_of_an_archive_have_one_vector(encoder, tmp_path: Path):
    data = jpg(SCENES[0])
    (tmp_path / "a.jpg").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("in/a.jpg", data)
    found = encoder.encode([str(tmp_path / "a.jpg"), data, str(tmp_path / "all.zip" / "in" / "a.jpg")])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_a_batch_gives_what_one_by_one_gives_and_nothing_gives_no_rows(encoder, vectors):
    np.testing.assert_array_equal(np.concatenate([encoder.encode([png(each)]) for each in SCENES[:5]]), vectors[:5])
    assert encoder.encode([]).shape == (0, encoder.dim)
    assert encoder.encode([]).dtype == np.float32


def test_what_cannot_be_read_is_named_all_of_it(encoder):
    with pytest.raises(BadPictures) as caught:
        encoder.encode([png(SCENES[0]), b"no picture", png(SCENES[1]), png(SCENES[0])[:2000], b"<svg></svg>"])
    assert sorted(caught.value.faults) == [1, 3, 4]


def test_it_is_had_by_its_name_and_fills_a_space(tmp_path: Path):
    assert load_encoder("copies").fingerprint == CopyEncoder().fingerprint
    drawn.write(tmp_path)
    photos = sorted(str(path) for path in (tmp_path / "photos").glob("*.*"))
    with Space.open(tmp_path / "photos.knnife", encoder="copies") as space:
        space.add([{"id": Path(path).stem, "value": path} for path in photos])
        found = space.near(str(tmp_path / "photos" / "copies" / "city-darker.jpg"), k=2)
    assert found.ids[0][0] == "city"
    assert found.scores[0, 0] > 0.9 > found.scores[0, 1]


def test_real_photos_are_found_by_their_copies(encoder):
    """Photos with copies that the makers of the data set made: mirrored, resized, turned, grey."""
    folder = shared("images/imagededup")
    base = sorted((folder / "base_images").glob("*.jpg"))
    copies = sorted(path for path in (folder / "mixed_images").glob("ukbench00120_*.jpg"))
    known = encoder.variants(encoder.encode([str(path) for path in base]))
    asked = encoder.encode([str(path) for path in [*copies, folder / "ukbench00120_gray.jpg"]])
    similar = np.einsum("qd,vnd->qvn", asked, known).max(axis=1)
    assert [base[row].stem for row in similar.argmax(axis=1)] == ["ukbench00120"] * (len(copies) + 1)


def test_the_fingerprint_stands_for_these_numbers(encoder):
    """Where they change, vectors that are kept somewhere no longer compare: then the fingerprint has to change too."""
    y, x = np.mgrid[0:64, 0:64]  # of the size that is looked at, so that nothing is resized
    picture = np.stack([x * y % 256, (3 * x + y * y // 8) % 256, 5 * y % 256], axis=2).astype(np.uint8)
    found = copies.described(picture)
    expected = [-0.0071, 0.0482, -0.0239, -0.0034, -0.0193, -0.0243, 0.0063, -0.0405, 0.0329, 0.0502]
    np.testing.assert_allclose(found[[0, 1, 5, 6, 7, 8, 100, 300, -2, -1]], expected, atol=1e-4)
    np.testing.assert_allclose(np.abs(found).sum(), 20.5219, atol=1e-3)
    assert encoder.fingerprint == "copies-1"
