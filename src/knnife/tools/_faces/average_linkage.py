"""Which faces belong to one person: average linkage (Sokal & Michener 1958), the most alike groups joined first.

Faces of one photo are different people and are never joined; nor are those with different names, and those with the
same name always are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, blocks, connected, members
from knnife.tools._faces.error_rates import Codes

NEVER, ALWAYS = -np.inf, 4.0  # likenesses that no cosine has


def group(points: Vectors, photos: Codes, names: Codes, at_least: float) -> Codes:
    """The group of each face `(n,)`, the largest group 0, equal ones in the order of their first face.

    points: of length 1, `(n, d)`. photos: the number of the photo of each `(n,)`, -1 for none that is known. names:
    the number of the person whose name it has, -1 for none. at_least: how alike groups have to be to be joined.
    """
    n = len(points)
    left, right = _alike(points, photos, names, at_least)
    label = np.arange(n)
    # Groups are only ever joined along pairs that are alike enough, so each connected part can be looked at alone.
    for rows in members(connected(n, left, right)):
        label[rows] = rows[_joined(_likenesses(points, photos, names, rows, rows), at_least)]
    _, label, sizes = np.unique(label, return_inverse=True, return_counts=True)
    place = np.empty(len(sizes), np.int64)
    place[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return place[label]


def _alike(points: Vectors, photos: Codes, names: Codes, at_least: float) -> tuple[Codes, Codes]:
    """All pairs of rows that are alike enough."""
    every = np.arange(len(points))
    lefts, rights = [every[:0]], [every[:0]]
    for block in blocks(len(points), 16 * len(points)):
        left, right = np.nonzero(_likenesses(points, photos, names, every[block], every) >= at_least)
        left += block.start
        lefts.append(left[left < right])
        rights.append(right[left < right])
    return np.concatenate(lefts), np.concatenate(rights)


def _likenesses(points: Vectors, photos: Codes, names: Codes, left: Codes, right: Codes) -> NDArray[np.float32]:
    """How alike the faces of some rows are to those of others, where it is not known otherwise."""
    found = points[left] @ points[right].T
    both_named = (names[left, None] >= 0) & (names[None, right] >= 0)
    same_name = names[left, None] == names[None, right]
    one_photo = (photos[left, None] >= 0) & (photos[left, None] == photos[None, right])
    found[one_photo | (both_named & ~same_name)] = NEVER
    found[both_named & same_name] = ALWAYS
    return found


def _joined(likenesses: NDArray[np.float32], at_least: float) -> Codes:
    """The label of each row `(m,)`, the smallest row of its group, by average linkage on `(m, m)`, which is used up."""
    rows = np.arange(len(likenesses))
    likenesses[rows, rows] = NEVER
    label, sizes = rows.copy(), np.ones(len(rows))
    best = likenesses.argmax(axis=1)  # of each group the one that is most alike, and how alike that is
    value = likenesses[rows, best]
    while value[first := int(value.argmax())] >= at_least:
        keep, drop = sorted((first, int(best[first])))
        mean = (sizes[keep] * likenesses[keep] + sizes[drop] * likenesses[drop]) / (sizes[keep] + sizes[drop])
        likenesses[keep] = likenesses[:, keep] = mean
        likenesses[drop] = likenesses[:, drop] = NEVER
        likenesses[keep, keep] = value[drop] = NEVER
        label[label == drop] = keep
        sizes[keep] += sizes[drop]
        # A mean is never above both of its parts, so only those that had one of them as their best need another look.
        looked = np.flatnonzero(((best == keep) | (best == drop) | (rows == keep)) & (rows != drop))
        best[looked] = likenesses[looked].argmax(axis=1)
        value[looked] = likenesses[looked, best[looked]]
    return label
