"""Whether two pictures show the same, by points that lie alike."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests import drawn
from tests.conftest import shared

from knnife.encoders import picture_matching
from knnife.encoders.keypoints import SIDE, Keypoints, keypoints
from knnife.encoders.picture_matching import COPIED, SURE, matched
from knnife.things.pixels import jpeg, pixels

pytest.importorskip("cv2")
Pixels = NDArray[np.uint8]
NAMES = list(drawn.SCENES)


def seen(picture: Pixels) -> Keypoints:
    """As the tools do it: encoded once, decoded at SIDE."""
    return keypoints(pixels(jpeg(np.ascontiguousarray(picture), 90), SIDE))


def captioned(picture: Pixels) -> Pixels:
    """With a bar of strong patterns at the bottom, the same on every picture."""
    changed = picture.copy()
    bar = drawn.scene("market", picture.shape[1], 40)
    changed[-40:] = np.where(bar > 120, 255, 0)
    return changed


EDITS = {
    "as it is": lambda p: p,
    "half": lambda p: p[::2, ::2],
    "darker": lambda p: (p * 0.8).astype(np.uint8),
    "brighter": lambda p: np.clip(p * 1.2, 0, 255).astype(np.uint8),
    "cropped": lambda p: p[12:228, 10:298],
    "turned by 90": lambda p: np.rot90(p),
    "turned by 180": lambda p: np.rot90(p, 2),
    "captioned": captioned,
}


@pytest.fixture(scope="module")
def scenes() -> dict[str, Keypoints]:
    return {name: seen(drawn.scene(name)) for name in NAMES}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_copy_is_one(edit: str, scenes: dict[str, Keypoints]) -> None:
    for name in NAMES[:4]:
        found = matched(scenes[name], seen(EDITS[edit](drawn.scene(name))))
        assert found.copy, name
        assert found.evidence > 20
        assert len(found) >= 10


def test_other_pictures_have_nothing_in_common(scenes: dict[str, Keypoints]) -> None:
    for a, b in combinations(NAMES, 2):
        found = matched(scenes[a], scenes[b], mirrored=True)
        assert found.evidence < 2, (a, b)
        assert not found.same


def test_pictures_under_one_caption_share_the_caption_and_are_no_copies() -> None:
    found = matched(seen(captioned(drawn.scene("beach"))), seen(captioned(drawn.scene("lake"))))
    assert found.same
    assert not found.copy
    assert found.agreement < COPIED - 0.1


def test_the_map_takes_points_of_one_picture_to_the_other() -> None:
    picture = drawn.scene("road", 240, 240)
    found = matched(keypoints(picture), keypoints(np.ascontiguousarray(np.rot90(picture)[20:, :200])))
    assert found.transform is not None
    # rot90 takes (x, y) to (y, 239 - x); the crop then takes 20 off y
    expected = np.array([[0, 1, 0], [-1, 0, 239 - 20]], float)
    assert np.abs(found.transform[:, :2] - expected[:, :2]).max() < 0.01
    assert np.abs(found.transform[:, 2] - expected[:, 2]).max() < 1
    moved = found.a_points @ found.transform[:, :2].T + found.transform[:, 2]
    assert np.linalg.norm(moved - found.b_points, axis=1).max() < picture_matching.TIGHT * SIDE + 0.1
    assert found.overlap == pytest.approx((220 * 200 / 240**2, 1), abs=0.06)


def test_a_mirrored_picture_is_found_if_asked(scenes: dict[str, Keypoints]) -> None:
    picture = drawn.scene("harbour")
    other = seen(picture[:, ::-1])
    assert not matched(scenes["harbour"], other).copy
    found = matched(scenes["harbour"], other, mirrored=True)
    assert found.copy
    assert found.mirrored
    assert found.transform is not None
    assert np.linalg.det(found.transform[:, :2]) < 0
    moved = found.a_points @ found.transform[:, :2].T + found.transform[:, 2]
    assert np.linalg.norm(moved - found.b_points, axis=1).max() < picture_matching.TIGHT * SIDE + 0.1
    again = matched(scenes["harbour"], scenes["harbour"], mirrored=True)
    assert not again.mirrored


def test_what_is_nearly_symmetric_does_not_hide_its_mirror_image() -> None:
    picture = drawn.scene("city")
    picture[:, 160:] = picture[:, :160][:, ::-1]
    picture[40:80, 30:70] = drawn.scene("road")[:40, :40]
    own = seen(picture)
    assert matched(own, seen(picture[:, ::-1])).copy  # by what is symmetric
    assert matched(own, seen(picture[:, ::-1]), mirrored=True).mirrored
    assert not matched(own, seen(picture), mirrored=True).mirrored


def test_pictures_without_points_have_nothing_in_common(scenes: dict[str, Keypoints]) -> None:
    flat = keypoints(np.full((100, 100, 3), 128, np.uint8))
    for a, b in ((flat, flat), (flat, scenes["lake"]), (scenes["lake"], flat)):
        found = matched(a, b, mirrored=True)
        assert (found.same, found.evidence, len(found), found.transform) == (False, 0.0, 0, None)


def test_any_affine_map_is_fitted_exactly() -> None:
    chance = np.random.default_rng(0)
    z = chance.normal(size=30) + 1j * chance.normal(size=30)
    made = picture_matching._fitted(z, (0.8 + 0.4j) * z + (0.1 - 0.05j) * z.conj() + (3 - 2j))
    assert np.allclose(made, [0.8 + 0.4j, 0.1 - 0.05j, 3 - 2j])
    points = np.column_stack([z.real, z.imag, np.ones(30)]) @ made.matrix().T
    assert np.allclose(points[:, 0] + 1j * points[:, 1], made(z))


@pytest.mark.parametrize(("n", "k", "chance"), [(20, 8, 0.001), (50, 10, 0.01), (300, 5, 0.002), (12, 12, 0.3)])
def test_evidence_is_the_logarithm_of_the_expected_number(n: int, k: int, chance: float) -> None:
    expected = (n - 3) * math.comb(n, k) * math.comb(k, 3) * chance ** (k - 3)
    assert picture_matching._evidence(n, k, chance) == pytest.approx(max(0, -math.log10(expected)), abs=1e-6)


def test_matches_at_random_agree_no_more_often_than_stated() -> None:
    """In 600 pairs of pictures whose matches are all wrong, evidence of e is as rare as 10^-e, or rarer."""
    chance = np.random.default_rng(1)
    evidence = np.array([random_evidence(chance, n) for n in (8, 20, 60) for _ in range(200)])
    assert (evidence >= 1).mean() <= 0.1
    assert (evidence >= 2).mean() <= 0.01
    assert evidence.max() < SURE


def random_evidence(chance: np.random.Generator, n: int) -> float:
    """Of n matches between points that lie anywhere, clustered as those of pictures are."""
    middles = chance.uniform(0, SIDE, (2, 4, 2))
    places = middles[:, chance.integers(0, 4, n)] + chance.normal(0, 30, (2, n, 2))
    places = np.clip(places, 0, SIDE).astype(np.float32)
    z, w = (picture_matching._complex(each) for each in places)
    turned = chance.normal(0, 0.4, n).astype(np.float32)  # most pictures are upright
    sized = chance.normal(0, 0.4, n).astype(np.float32)
    best, agree = picture_matching._best(z, w, turned, sized)
    empty = np.empty((0, 128), np.uint8)
    b = Keypoints(places[1], sized, turned, empty, SIDE, SIDE, empty)
    count = min(picture_matching._places(z[agree]), picture_matching._places(w[agree]))
    return picture_matching._evidence(n, count, picture_matching._chance(best, z, w, b))


def test_real_copies_and_real_others_are_told_apart() -> None:
    folder = shared("images/imagededup")
    names = ["ukbench00120", "ukbench09268"]
    a, b = (keypoints(pixels(str(folder / "mixed_images" / f"{name}.jpg"), SIDE)) for name in names)
    assert not matched(a, b, mirrored=True).same
    for edit in ("_resize", "_rotation", "_hflip"):
        copy = keypoints(pixels(str(folder / "mixed_images" / f"{names[0]}{edit}.jpg"), SIDE))
        assert matched(a, copy, mirrored=True).copy, edit
