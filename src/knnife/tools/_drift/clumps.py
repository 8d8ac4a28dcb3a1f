"""New things that stand together: in some neighbourhood there are more of them than chance puts in any.

Each thing with its nearest 5, 10, 20 or 40 is a window; how odd a window is, is the log-likelihood ratio of its share
of new things to that of all (the scan statistic of Kulldorff 1997, Communications in Statistics 26). Under labels given
out at random the oddest of all windows is drawn as well, which pays for having looked at all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.geometry import blocks
from knnife.tools._drift.pool import Floats, Labels, Rows
from knnife.tools._drift.statistics import Cloud, lengths

MOST = 3  # clumps that are told


class Clump(NamedTuple):
    """A window. rows: of the pool, the most central first; p_value: how often any window is as odd by chance."""

    rows: Rows
    p_value: float


def clumps(cloud: Cloud, labels: Labels, rate: float) -> list[Clump]:
    """The oddest windows that have no thing in common, at most MOST, with p-values up to `rate`."""
    share = float(labels[:, 0].mean())
    peaks = np.zeros(labels.shape[1])
    first = np.empty((len(labels), len(lengths(cloud.near))))
    for part in blocks(len(labels), 8 * labels.shape[1]):
        counts, start = labels[part].copy(), 0
        for number, k in enumerate(lengths(cloud.near)):
            for column in range(start, k):
                counts += labels[cloud.near[part, column]]
            start = k
            odd = _oddness(k + 1, share)[counts]
            first[part, number] = odd[:, 0]
            np.maximum(peaks, odd.max(axis=0), out=peaks)
    return _apart(cloud, first, np.sort(peaks), rate)


def _oddness(size: int, share: float) -> Floats:
    """The log-likelihood ratio of each number of new things in a window, from 0 to `size`; 0 where they are few."""
    new = np.arange(size + 1) / size
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(p > 0, p * np.log(p / q), 0) for p, q in ((new, share), (1 - new, 1 - share))]
    found: Floats = np.where(new > share, size * (parts[0] + parts[1]), 0)
    return found


def _apart(cloud: Cloud, odd: Floats, peaks: Floats, rate: float) -> list[Clump]:
    found: list[Clump] = []
    taken = np.zeros(len(odd), bool)
    for place in np.argsort(-odd, axis=None, kind="stable").tolist():
        row, number = divmod(place, odd.shape[1])
        p_value = float((len(peaks) - np.searchsorted(peaks, odd[row, number], "left")) / len(peaks))
        if p_value > rate or len(found) == MOST:
            break
        rows = np.concatenate([[row], cloud.near[row, : lengths(cloud.near)[number]]])
        if not taken[rows].any():
            taken[rows] = True
            found.append(Clump(rows, p_value))
    return found
