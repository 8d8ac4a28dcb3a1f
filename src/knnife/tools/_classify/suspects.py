"""Which given labels look wrong? Those that a head which did not see them confidently contradicts.

"Confident learning" (Northcutt, Jiang and Chuang, JAIR 70, 2021): an example is confidently of a class when its
probability is at least the average that examples labelled so have. It is suspect when the likeliest of its confident
classes is not the one it was given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.tools._classify.softmax import Codes


def suspects(probabilities: Vectors, codes: Codes) -> NDArray[np.bool_]:
    """Which examples (n,) look wrong, by the probabilities (n, K) of heads that did not see them."""
    classes = probabilities.shape[1]
    counts = np.bincount(codes, minlength=classes)
    own = probabilities[np.arange(len(codes)), codes]
    usual = np.bincount(codes, own, minlength=classes) / np.maximum(counts, 1)
    usual[counts == 0] = np.inf  # a class of which none was judged
    confident = np.where(probabilities >= usual, probabilities, 0)
    found: NDArray[np.bool_] = (confident.max(axis=1) > 0) & (confident.argmax(axis=1) != codes)
    return found
