"""How the vectors of tokens learn: the sum of a text's tokens is turned towards what the teacher makes of the text.

The loss of a text is 1 - cosine, over all dimensions and, with a third of the weight, over the first half and quarter
alone, so that a cut model is a model as well (Matryoshka, Kusupati et al., 2022). That the teacher's vectors of texts
are what a static model should learn is the idea of tokenlearn (Minish Lab, 2024).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._distil.sparse import Rows
from knnife.geometry import Vectors, lengths, unit

PASSES, LEAST_STEPS, BATCH, RATE = 3, 300, 1024, 5e-3
WARM_UP: Final = 50  # steps until the rate is reached; from then on it falls in a straight line to 0
MOMENTUM, SQUARES, TINY = 0.9, 0.999, 1e-8  # of Adam (Kingma and Ba, 2015)
SHORTER: Final = 0.3  # the weight of the loss of the first half, and of the first quarter
EVENING: Final = 0.35  # 0 leaves the principal components as they are, 1 makes them equally strong
COMMON: Final = 4e-5  # at the start a token of this probability counts half: a / (a + p), Arora et al., 2017
STEADIER: Final = 0.3  # how far lengths go to what is usual at their frequency
COMMONEST, COUNTS_MORE = 1 / 178, 1.3  # the share of the tokens that count more than they learned from long texts


def principal_axes(vectors: Vectors, dim: int) -> tuple[Vectors, Vectors]:
    """The centre `(d,)`, and axes `(d, dim)`: those of most variance first, divided by deviation^EVENING."""
    centre: Vectors = vectors.mean(axis=0)
    centred = vectors - centre
    variances, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64) / len(vectors))  # ascending
    variances, axes = variances[::-1][:dim], axes[:, ::-1][:, :dim]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(dim)])  # a solver may return either sign
    floor = variances[0] * 1e-6  # what has no variance is no direction to blow up
    return centre, (axes / np.maximum(variances, floor) ** (EVENING / 2)).astype(np.float32)


def learned(alone: Vectors, counts: Rows, targets: Vectors, seed: int, done: Callable[[int, float], None]) -> Vectors:
    """The vectors `(tokens, dim)`: from those of tokens by themselves to those whose sums are the targets `(n, dim)`.

    Row 0 is the unknown, and stays zero. done: told how many texts were seen, and the fraction of all.
    """
    frequency = np.bincount(counts.columns, minlength=len(alone)).astype(np.float64) + 1
    start = unit(alone) * (COMMON / (COMMON + frequency / frequency.sum()))[:, None].astype(np.float32)
    start[0] = 0
    matrix = _fitted(start, counts, targets, seed, done)
    matrix *= _adjusted(lengths(matrix), frequency)[:, None]
    return matrix


def _fitted(matrix: Vectors, counts: Rows, targets: Vectors, seed: int, done: Callable[[int, float], None]) -> Vectors:
    """Adam over batches of texts; `matrix` changes."""
    rng = np.random.default_rng(seed)
    mean, square = np.zeros_like(matrix), np.zeros_like(matrix)
    batch = min(BATCH, -(-len(targets) // 4))
    per_pass = len(targets) // batch
    steps = max(PASSES * per_pass, LEAST_STEPS)
    order = rng.permutation(len(targets))
    for step in range(steps):
        if step % per_pass == 0:
            order = rng.permutation(len(targets))
        some = order[step % per_pass * batch :][:batch]
        x = counts.taken(some)
        there, sums = x.transposed_times(_gradient(x.times(matrix), targets[some]), len(matrix))
        gradient = np.zeros_like(matrix)
        gradient[there] = sums
        rate = RATE * min(1, (step + 1) / WARM_UP) * (1 - step / steps)
        adam(matrix, gradient, mean, square, rate, step + 1)
        done((step + 1) * batch, (step + 1) / steps)
    return matrix


def _gradient(sums: Vectors, targets: Vectors) -> Vectors:
    """The gradient of the loss of a batch with respect to `sums` `(n, dim)`."""
    gradient = np.zeros_like(sums)
    dim = sums.shape[1]
    for first, weight in (dim // 4, SHORTER), (dim // 2, SHORTER), (dim, 1.0):
        if first:
            norms = np.maximum(lengths(sums[:, :first]), 1e-6)[:, None]
            ours, theirs = sums[:, :first] / norms, unit(targets[:, :first])
            cosines = (ours * theirs).sum(axis=1, keepdims=True)
            gradient[:, :first] += weight * (ours * cosines - theirs) / norms
    gradient /= len(sums)
    return gradient


def adam(matrix: Vectors, gradient: Vectors, mean: Vectors, square: Vectors, rate: float, step: int) -> None:
    """One step of Adam; `matrix`, `mean` and `square` change."""
    mean += (1 - MOMENTUM) * (gradient - mean)
    square += (1 - SQUARES) * (gradient * gradient - square)
    change = np.sqrt(square / np.float32(1 - SQUARES**step))
    change += TINY
    np.divide(mean, change, out=change)
    change *= rate / (1 - MOMENTUM**step)
    matrix -= change


def _adjusted(norms: Vectors, frequency: NDArray[np.float64]) -> Vectors:
    """What the vector of each token is multiplied by: lengths go towards what is usual at their frequency."""
    logs = np.log(frequency)
    known = norms > 0
    factors = np.ones(len(norms))
    if len(np.unique(logs[known])) > 10:  # fewer say nothing of what is usual
        usual = np.polyval(np.polyfit(logs[known], np.log(norms[known]), 3), logs)
        factors = np.exp(STEADIER * (usual - np.log(np.maximum(norms, 1e-9))))
    factors[~known] = 0
    factors[np.argsort(-frequency, kind="stable")[: round(COMMONEST * len(norms))]] *= COUNTS_MORE
    return factors.astype(np.float32)


def as_int8(vectors: Vectors) -> tuple[NDArray[np.int8], Vectors]:
    """Rows of whole numbers up to 127 and a scale for each row: their product is close to `vectors`."""
    scales = np.maximum(np.abs(vectors).max(axis=1) / 127, np.float32(1e-12)).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales
