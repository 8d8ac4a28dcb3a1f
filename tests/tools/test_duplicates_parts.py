"""Copies of pictures of which only a part is left, or that are a part of the copy, and what shares points by chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("cv2")

from tests.tools.test_duplicates_pictures import album, pairs, scene

from knnife import BadInput, duplicates
from knnife.encoders.keypoints import Keypoints
from knnife.tools._duplicates import shared_points, sides
from knnife.tools._duplicates.picture_tails import PicturePairs, read_tail
from knnife.tools._duplicates.shared_points import ALIKE, VOTES, sharing
from knnife.tools._duplicates.shortlist import NEAREST, Poses

Pixels = np.ndarray
ORIGINALS = range(10)


def letterbox(number: int) -> Pixels:
    return np.pad(scene(number), ((60, 40), (0, 0), (0, 0)), constant_values=255 * (number % 2))


def screenshot(number: int) -> Pixels:
    """Half as wide as the screen, under a bar and beside lines of letters."""
    screen = np.full((260, 320, 3), 250, np.uint8)
    screen[:24] = 210
    lines = np.random.default_rng(number).random((20, 35)) < 0.5
    screen[40:240, 180:320] = np.kron(lines, np.ones((10, 4)))[..., None] * np.uint8(220)
    screen[60:220, 10:170] = scene(number)
    return screen


def quarter(number: int) -> Pixels:
    return scene(number, 240)[120 * (number % 2) :, :][:120, 120 * (number // 2 % 2) :][:, :120]


def collage(number: int) -> Pixels:
    others = [scene(100 + 3 * number + place) for place in range(3)]
    return np.vstack([np.hstack([others[0], scene(number)]), np.hstack(others[1:])])


@pytest.mark.parametrize("placed", [letterbox, screenshot, quarter, collage])
def test_a_part_is_found_and_nothing_else(placed: Callable[[int], Pixels]) -> None:
    originals = [scene(number, 240 if placed is quarter else 160) for number in ORIGINALS]
    found = duplicates([*album(originals), *album([placed(number) for number in range(4)], "copy")])
    assert pairs(found) == {(f"{number}", f"copy{number}") for number in range(4)}


def test_the_same_thing_taken_anew_is_no_copy() -> None:
    def anew(number: int) -> Pixels:
        """Other folds: each point moves a little, and its neighbours with it."""
        y, x = np.mgrid[0:160, 0:160]
        across, down = (4 * np.sin(along / 15 + number) for along in (y, x))
        places = np.clip(np.round(y + down), 0, 159), np.clip(np.round(x + across), 0, 159)
        return scene(number)[places[0].astype(int), places[1].astype(int)]

    things = [*album([scene(number) for number in ORIGINALS]), *album([anew(number) for number in ORIGINALS], "anew")]
    assert len(duplicates(things, by="surface")) <= 1


def test_how_many_copies_there_are_makes_no_difference_to_what_is_stated() -> None:
    random = np.random.default_rng(0)
    others = 1 - 0.35 * random.beta(1, 4, 60)
    stated = []
    for copies in (0, 20, 1_000):
        far = np.append(others, random.uniform(0.05, 0.8, copies)).astype(np.float32)
        exactly = np.append(np.full(60, 0.3), random.uniform(0.6, 1, copies)).astype(np.float32)
        rows = np.arange(len(far))
        compared = PicturePairs(rows, far, np.zeros(len(far), bool), exactly)
        stated.append(read_tail(compared, rows, rows + len(far), 2 * len(far)).tail.expected([0.6])[0])
    assert max(stated) < 2 * min(stated) + 0.05
    assert max(stated) < 0.5


def drawn_points(random: np.random.Generator, count: int, own: np.ndarray) -> Keypoints:
    """A picture with some points of its own, and some that others have as well, turned and sized as they are there."""
    own = own + random.normal(0, 0.02, own.shape)
    descriptors = np.abs(np.concatenate([own, random.random((count - len(own), 128)) ** 4]))
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    return Keypoints(
        random.uniform(0, 100, (count, 2)).astype(np.float32),
        random.uniform(3, 4, count).astype(np.float32),
        random.uniform(0, 0.3, count).astype(np.float32),
        np.round(255 * descriptors).astype(np.uint8),
        100,
        100,
        np.zeros((8, 8), np.uint8),
    )


def slowly(a: list[Keypoints], b: list[Keypoints]) -> set[tuple[int, int]]:
    """Pairs of pictures by all their keypoints, where all lie in one cell, all are upright, and sized alike."""
    close = {
        (p, i, q, j)
        for p, one in enumerate(a)
        for q, other in enumerate(b)
        for i, j in zip(
            *np.nonzero(one.descriptors.astype(float) @ other.descriptors.T.astype(float) > ALIKE * 255**2), strict=True
        )
    }
    ours, theirs = [key[:2] for key in close], [key[2:] for key in close]
    votes: dict[tuple[int, int], float] = {}
    for p, i, q, j in close:
        votes[p, q] = votes.get((p, q), 0) + 1 / max(ours.count((p, i)), theirs.count((q, j)))
    return {pair for pair, count in votes.items() if count >= VOTES}


def test_candidates_share_points_as_all_with_all_would_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_points, "TOGETHER", 10**6)  # one cell
    random = np.random.default_rng(3)
    own = [random.random((4, 128)) ** 4 for _ in range(5)]
    own = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in own]
    a = [drawn_points(random, 12, own[number % 5]) for number in range(6)]
    b = [drawn_points(random, 12, own[number]) for number in range(5)]
    quick = sharing(a, b, Poses())
    found = set(zip(quick.left.tolist(), quick.right.tolist(), strict=True))
    assert found == slowly(a, b)
    assert {(number, number % 5) for number in range(6)} <= found
    mirrored = sharing([each.mirrored() for each in a], b, Poses(mirrored=True))
    assert {(number, number % 5, True) for number in range(6)} <= set(
        zip(*map(np.ndarray.tolist, mirrored), strict=True)
    )
    within = sharing([*a, *b], None, Poses())
    assert {(0, 5), (0, 6), (4, 10)} <= set(zip(within.left.tolist(), within.right.tolist(), strict=True))
    assert (within.left < within.right).all()


def test_a_point_that_is_everywhere_makes_no_candidates() -> None:
    random = np.random.default_rng(4)
    letters = random.random((3, 128)) ** 4
    letters /= np.linalg.norm(letters, axis=1, keepdims=True)
    screens = [drawn_points(random, 9, letters) for _ in range(60)]
    found = sharing(screens, None, Poses())
    assert len(found.left) < len(screens)
    assert np.bincount(np.append(found.left, found.right), minlength=1).max() <= 2 * NEAREST


def test_pictures_without_points_have_no_candidates() -> None:
    blank = Keypoints(
        *(np.zeros(shape, np.float32) for shape in ((0, 2), 0, 0)),
        np.zeros((0, 128), np.uint8),
        9,
        9,
        np.zeros((9, 9), np.uint8),
    )
    assert len(sharing([blank, blank], None, Poses(True, True)).left) == 0
    assert len(sharing([blank], [], Poses()).left) == 0


def test_against_many_more_pictures_parts_are_looked_for_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "MANY", 5)
    asked, known = album([collage(1)], "copy"), album([scene(number) for number in ORIGINALS])
    assert len(duplicates(asked, known, parts=True)) == 1
    unless_told = duplicates(asked, known)
    assert unless_told.parts is False
    assert set(pairs(unless_told)) <= {("copy0", "1")}
    assert duplicates(known, asked).parts is True
    with pytest.raises(BadInput, match="parts= are for pictures"):
        duplicates(["a text", "another"], parts=True)
