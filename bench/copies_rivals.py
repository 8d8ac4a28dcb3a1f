"""How copies of pictures are found without us: hashes, or a shortlist by HOG, then ORB matches and RANSAC."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from bench.report import called

SIDE = 400  # pixels of the longer side, for ORB
POINTS = 500  # of ORB, its default
NEAREST = 10  # of the shortlist
RATIO = 0.75  # a match is better than the next one by this (Lowe 2004)
OFF = 5.0  # pixels, within RANSAC
FOUR = 4  # matches make a homography

Scored = list[tuple[str, str, float]]
Finder = Callable[[list[str], list[str]], Scored]


def finders() -> dict[str, Finder]:
    """Those whose packages are installed, by name."""
    found: dict[str, Finder] = {}
    if (who := called("imagehash")) is not None:
        found[f"{who}, pHash 256 bits"] = by_hash
    if (who := called("opencv-python-headless")) is not None:
        found[f"HOG, ORB and RANSAC, {who}"] = by_geometry
    return found


def by_hash(copies: list[str], known: list[str]) -> Scored:
    """All pairs by the bits in which they agree, up to half of them."""
    a, b = hashes(copies).astype(np.float32), hashes(known).astype(np.float32)
    apart = a.sum(axis=1)[:, None] + b.sum(axis=1) - 2 * a @ b.T
    rows, columns = np.nonzero(apart < a.shape[1] / 2)
    return [(copies[row], known[column], -float(apart[row, column])) for row, column in zip(rows, columns, strict=True)]


def hashes(paths: list[str]) -> np.ndarray:
    import imagehash
    from PIL import Image

    def one(path: str) -> Any:
        with Image.open(path) as picture:
            return imagehash.phash(picture, 16).hash.ravel()

    with ThreadPoolExecutor() as pool:
        return np.array(list(pool.map(one, paths)))


def by_geometry(copies: list[str], known: list[str]) -> Scored:
    """The nearest by HOG of each copy and of its mirror image, each with the matches that one homography explains."""
    import cv2

    pictures = _read(known)
    outlines = _outlines(pictures)
    points = _points(pictures)
    best: dict[tuple[int, int], int] = {}
    for some in np.array_split(np.arange(len(copies)), max(1, len(copies) // 200)):
        asked = _read([copies[row] for row in some])
        for views in (asked, [cv2.flip(picture, 1) for picture in asked]):
            nearest = np.argsort(-_outlines(views) @ outlines.T, axis=1)[:, :NEAREST]
            pairs = [(a, b) for a, row in enumerate(nearest.tolist()) for b in row]
            own = _points(views)
            with ThreadPoolExecutor() as pool:
                counts = list(pool.map(lambda pair, own=own: _agreeing(own[pair[0]], points[pair[1]]), pairs))
            for (a, b), count in zip(pairs, counts, strict=True):
                key = int(some[a]), b
                best[key] = max(best.get(key, 0), count)
    return [(copies[a], known[b], float(count)) for (a, b), count in best.items() if count]


def _read(paths: list[str]) -> list[Any]:
    import cv2

    def one(path: str) -> Any:
        picture = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        scale = min(1.0, SIDE / max(picture.shape))
        return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, paths))


def _outlines(pictures: list[Any]) -> np.ndarray:
    """HOG of the picture squeezed to 64 x 64 pixels, of length 1."""
    import cv2

    hog = cv2.HOGDescriptor((64, 64), (16, 16), (8, 8), (8, 8), 9)
    squares = (cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA) for picture in pictures)
    found = np.array([hog.compute(square).ravel() for square in squares])
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


def _points(pictures: list[Any]) -> list[Any]:
    import cv2

    def one(picture: Any) -> Any:
        points, descriptors = cv2.ORB_create(POINTS).detectAndCompute(picture, None)
        return np.float32([point.pt for point in points]), descriptors

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, pictures))


def _agreeing(a: Any, b: Any) -> int:
    """How many matches one homography explains."""
    import cv2

    if min(len(a[0]), len(b[0])) < FOUR:
        return 0
    both = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(a[1], b[1], k=2)
    good = [pair[0] for pair in both if len(pair) > 1 and pair[0].distance < RATIO * pair[1].distance]
    if len(good) < FOUR:
        return 0
    left, right = a[0][[match.queryIdx for match in good]], b[0][[match.trainIdx for match in good]]
    _, inside = cv2.findHomography(left, right, cv2.RANSAC, OFF)
    return 0 if inside is None else int(inside.sum())
