"""One step of training over a piece of the corpus: compiled where it can be (`_word2vec.c`), else the plain way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words import plain_training_step
from knnife.encoders._words.weights import Sampler, TrainingWeights

try:
    from knnife import _word2vec
except ImportError:  # installed where there was no compiler
    KERNEL = "none"
else:
    KERNEL = f"compiled; instructions: {_word2vec.INSTRUCTIONS}"


def train_block(
    weights: TrainingWeights, sampler: Sampler, ids: NDArray[np.int32], rate_from: float, rate_to: float, state: int
) -> tuple[float, int]:
    """Learns from the words `ids` (n,), with -1 between sentences, and changes `weights`.

    The learning rate goes evenly from `rate_from` to `rate_to`. `state` (64 bits) decides all that is drawn, so give
    each block of each epoch its own; then, with one thread, the same numbers come out each time. Threads may share
    the weights. Gives the summed loss (negative log likelihood) of the pairs it was measured for, and their number.

    Raises ValueError where an id is no row of `weights`, or the arrays do not fit together.
    """
    if KERNEL == "none":
        return plain_training_step.train_block(weights, sampler, ids, rate_from, rate_to, state)
    ngrams = (weights.ngrams, *sampler.grams) if weights.ngrams is not None and sampler.grams is not None else None
    return _word2vec.train_block(
        (weights.words, weights.outputs, ngrams),
        (sampler.keep, sampler.aliases),
        (weights.dim, sampler.window, sampler.negatives, sampler.cbow),
        ids,
        (rate_from, rate_to),
        state,
    )
