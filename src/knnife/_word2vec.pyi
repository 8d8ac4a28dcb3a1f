"""Compiled training of word vectors (_word2vec.c). A build without a compiler lacks it; plain.py then serves."""

import numpy as np
from numpy.typing import NDArray

INSTRUCTIONS: str  # the widest instructions of this processor that are made use of

def train_block(
    weights: tuple[
        NDArray[np.float32],  # (V, stride) words
        NDArray[np.float32],  # (V, stride) outputs
        tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int32]] | None,  # rows of n-grams; weights.Grams
    ],
    sampler: tuple[NDArray[np.uint32], NDArray[np.uint32]],  # (V,) keep; (V, 2) aliases
    settings: tuple[int, int, int, bool],  # dim, window, negatives, cbow
    ids: NDArray[np.int32],  # (n,) with -1 between sentences
    rates: tuple[float, float],
    state: int,
) -> tuple[float, int]:
    """Changes the weights as encoders/_words/plain.py does: (loss summed, pairs it was summed over).

    Raises ValueError when an id is no word, or the arrays do not fit together.
    """
