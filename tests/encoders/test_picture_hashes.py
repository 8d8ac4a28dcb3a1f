"""The plain hashes of pictures: the bits of the literature, and of the package imagehash."""

from __future__ import annotations

import io

import numpy as np
import pytest
from tests import drawn
from tests.conftest import shared

from knnife import BadInput, picture_hashes
from knnife.errors import BadPictures

Image = pytest.importorskip("PIL.Image")
SCENES = [drawn.scene(name) for name in drawn.SCENES]


def saved(picture, form: str = "PNG", **how) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, form, **how)
    return file.getvalue()


def differing(a, b):
    """In how many bits each row of `a` differs from each of `b`."""
    return np.unpackbits(a[:, None] ^ b[None], axis=2).sum(axis=2)


def slow_phash(picture, side: int) -> bytes:
    """The same, sum by sum."""
    n = 4 * side
    grey = np.asarray(Image.fromarray(picture).convert("L").resize((n, n), Image.Resampling.LANCZOS), float)
    place = 2 * np.arange(n) + 1
    low = [
        [(grey * np.outer(np.cos(np.pi * i * place / (2 * n)), np.cos(np.pi * j * place / (2 * n)))).sum()
         for j in range(side)]
        for i in range(side)
    ]  # fmt: skip
    return np.packbits(np.array(low) > np.median(low)).tobytes()


@pytest.mark.parametrize("bits", [64, 256])
def test_phash_is_which_low_frequencies_are_above_their_median(bits):
    found = picture_hashes([saved(SCENES[0])], "phash", bits=bits)
    assert found.shape == (1, bits // 8)
    assert found.dtype == np.uint8
    assert found.tobytes() == slow_phash(SCENES[0], {64: 8, 256: 16}[bits])


@pytest.mark.parametrize("bits", [64, 256])
def test_dhash_is_where_it_gets_brighter_to_the_right(bits):
    side = {64: 8, 256: 16}[bits]
    pixels = np.random.default_rng(0).integers(0, 256, (side, side + 1), dtype=np.uint8)  # nothing to resize
    found = picture_hashes([saved(np.repeat(pixels[:, :, None], 3, 2))], "dhash", bits=bits)
    expected = [pixels[row, column + 1] > pixels[row, column] for row in range(side) for column in range(side)]
    np.testing.assert_array_equal(np.unpackbits(found[0]), expected)


@pytest.mark.parametrize("kind", ["phash", "dhash"])
@pytest.mark.parametrize("bits", [64, 256])
def test_they_are_the_bits_of_imagehash(kind, bits):
    imagehash, turned = pytest.importorskip("imagehash"), pytest.importorskip("PIL.ImageOps")
    paths = sorted(shared("images/imagededup/base_images").glob("*.jpg"))
    hashed = [
        getattr(imagehash, kind)(turned.exif_transpose(Image.open(path)), {64: 8, 256: 16}[bits]) for path in paths
    ]
    found = picture_hashes([str(path) for path in paths], kind, bits=bits)
    assert [row.tobytes().hex() for row in found] == [str(each) for each in hashed]


@pytest.mark.parametrize("kind", ["phash", "dhash"])
@pytest.mark.parametrize("bits", [64, 256])
def test_copies_differ_in_few_bits_and_others_in_many(kind, bits):
    known = picture_hashes([saved(picture) for picture in SCENES], kind, bits=bits)
    copies = [saved(picture[::2, ::2], "JPEG", quality=40) for picture in SCENES]
    apart = differing(picture_hashes(copies, kind, bits=bits), known) / bits
    np.testing.assert_array_equal(apart.argmin(axis=1), np.arange(len(SCENES)))
    assert apart.diagonal().max() < 0.2
    assert np.median(apart[~np.eye(len(SCENES), dtype=bool)]) > 0.25


def test_nothing_in_gives_no_rows():
    assert picture_hashes([], bits=256).shape == (0, 32)


@pytest.mark.parametrize(("kind", "bits"), [("ahash", 64), ("phash", 63), ("dhash", 0)])
def test_other_kinds_and_sizes_are_refused(kind, bits):
    with pytest.raises(BadInput, match="expected 'phash' or 'dhash', with 64 or 256"):
        picture_hashes([saved(SCENES[0])], kind, bits=bits)


def test_what_cannot_be_read_is_named():
    with pytest.raises(BadPictures) as caught:
        picture_hashes([saved(SCENES[0]), b""])
    assert sorted(caught.value.faults) == [1]
