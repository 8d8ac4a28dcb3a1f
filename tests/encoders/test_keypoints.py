"""Points of pictures, and what each looks like."""

from __future__ import annotations

import numpy as np
import pytest
from tests import drawn

import knnife
from knnife.encoders import keypoints as module
from knnife.encoders.keypoints import GLANCE, MOST, keypoints

pytest.importorskip("cv2")


def test_points_lie_in_the_picture_and_descriptors_are_of_length_one() -> None:
    found = keypoints(drawn.scene("city"))
    assert (found.width, found.height) == (320, 240)
    assert found.glance.shape == (48, GLANCE)
    assert 100 < len(found) <= MOST
    assert (found.points >= 0).all()
    assert (found.points <= (320, 240)).all()
    lengths = np.linalg.norm(found.descriptors / 255, axis=1)
    assert np.abs(lengths - 1).max() < 0.02  # but for rounding to bytes


def test_points_of_the_mirrored_picture_come_without_looking_at_it() -> None:
    picture = drawn.scene("market")
    made, seen = keypoints(picture).mirrored(), keypoints(picture[:, ::-1])
    apart = np.linalg.norm(made.points[:, None] - seen.points[None], axis=2)
    turned = np.abs(np.angle(np.exp(1j * (made.angles[:, None] - seen.angles[None]))))
    alike = (made.descriptors / 255) @ (seen.descriptors / 255).T
    pairs = (apart < 1) & (turned < 0.1)
    assert pairs.any(axis=1).mean() > 0.8
    assert np.median(alike[pairs]) > 0.97  # without turning the bins over it is far less
    assert np.median(((keypoints(picture).descriptors / 255) @ (seen.descriptors / 255).T)[pairs]) < 0.9
    assert np.array_equal(made.mirrored().descriptors, keypoints(picture).descriptors)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 7), (40, 40)])
def test_a_tiny_or_empty_picture_has_few_points_or_none(shape: tuple[int, int]) -> None:
    found = keypoints(np.full((*shape, 3), 90, np.uint8))
    assert len(found) == 0
    assert found.descriptors.shape == (0, 128)
    assert found.glance.size >= 1


def test_a_small_picture_is_enlarged_and_has_points_for_it() -> None:
    found = keypoints(drawn.scene("field")[:40, :60])
    assert max(found.width, found.height) == module.LEAST
    assert len(found) > 10


def test_without_opencv_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise knnife.MissingPackage("opencv-python-headless", "pictures", "this work with pictures")

    monkeypatch.setattr(module, "opencv", missing)
    with pytest.raises(knnife.MissingPackage, match=r"knnife\[pictures\]"):
        keypoints(drawn.scene("city"))
