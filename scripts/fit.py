"""How the vectors of tokens learn: the sum of a text's tokens is turned towards what the teacher makes of the text.

The student is a matrix E (tokens, dim) and nothing else, and a text is a row x of counts, so its vector is x E. The
loss of a text is 1 - cos(x E, teacher's vector), summed over all dimensions and, with a third of the weight, over the
first 128 and the first 64 alone, so that a cut model is a model as well (Matryoshka, Kusupati et al., 2022). That the
teacher's vectors of sentences are what a static model should learn is the idea of tokenlearn (Minish Lab, 2024).
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.sparse import csr_array

from knnife.encoders._distil.fitting import adam
from knnife.geometry import Vectors, unit

PREFIXES = {64: 0.3, 128: 0.3}  # and their weights beside that of all dimensions, 1
PASSES, BATCH, RATE = 3, 1024, 5e-3
WARM_UP = 50  # steps until the rate is reached; from then on it falls in a straight line to 0


def fit(start: Vectors, counts: csr_array, targets: Vectors, seed: int = 0) -> Vectors:
    """The matrix `(tokens, dim)` that `start` becomes: counts `(n, tokens)` times it turn to targets `(n, dim)`."""
    rng = np.random.default_rng(seed)
    matrix = start.copy()
    mean, square = np.zeros_like(matrix), np.zeros_like(matrix)
    per_pass = len(targets) // BATCH
    for step in range(PASSES * per_pass):
        if step % per_pass == 0:
            order = rng.permutation(len(targets))
        some = order[step % per_pass * BATCH :][:BATCH]
        x = counts[some]
        loss, gradient = loss_and_gradient(x @ matrix, targets[some])
        rate = RATE * min(1, (step + 1) / WARM_UP) * (1 - step / (PASSES * per_pass))
        adam(matrix, x.T @ gradient, mean, square, rate, step + 1)
        if step % 20 == 0 or step == PASSES * per_pass - 1:
            print(f"\rstep {step + 1:,} of {PASSES * per_pass:,}, loss {loss:.4f}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return matrix


def loss_and_gradient(sums: Vectors, targets: Vectors) -> tuple[float, Vectors]:
    """The loss of a batch, and its gradient with respect to `sums` `(n, dim)`."""
    gradient = np.zeros_like(sums)
    loss = 0.0
    for dim, weight in [*PREFIXES.items(), (sums.shape[1], 1.0)]:
        lengths = np.maximum(np.linalg.norm(sums[:, :dim], axis=1, keepdims=True), 1e-6)
        ours, theirs = sums[:, :dim] / lengths, unit(targets[:, :dim])
        cosines = (ours * theirs).sum(axis=1, keepdims=True)
        loss += weight * float(1 - cosines.mean())
        gradient[:, :dim] += weight * (ours * cosines - theirs) / lengths
    gradient /= len(sums)
    return loss, gradient
