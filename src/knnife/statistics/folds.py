"""Folds for cross-validation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stratified_folds(
    codes: NDArray[np.int64] | NDArray[np.bool_], count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """A fold from 0 to count - 1 for each of n things `(n,)`, drawn at random, of sizes that differ by 1 at most.

    codes: `(n,)`, the class of each thing. Each class is spread over the folds: its shares of them differ by 1 thing at
    most. Kohavi, "A study of cross-validation and bootstrap for accuracy estimation and model selection", IJCAI 1995.
    """
    order = random.permutation(len(codes))
    by_class = order[np.argsort(codes[order], kind="stable")]
    folds = np.empty(len(codes), np.int64)
    folds[by_class] = np.arange(len(codes)) % count
    return folds
