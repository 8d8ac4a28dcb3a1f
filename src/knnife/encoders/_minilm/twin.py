"""The network in NumPy, equal to `_minilm.c` to the last bit; it serves where nothing was compiled.

Where the bits come from is told in `_minilm.c`. Here every product of whole numbers is one of floats, which BLAS is
quick at, and exact in whatever order it adds: no sum of bytes exceeds 2^24, what float32 can count to, nor one of
attention 2^53, what float64 can. All else goes component by component, one operation after the other; NumPy fuses none.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._minilm.weights import HEAD, Norm, Parameters, Product
from knnife.geometry import Vectors

LANES: Final = 16  # a sum of many is made of this many at once
BYTE: Final = np.float32(127)
SMALLEST: Final = np.float32(1e-30)  # where all of a row is less, it is nothing
EPSILON: Final = np.float32(1e-12)
QUERY: Final = np.float32(5792)  # steps of queries and keys: 32 x 5,792^2 < 2^30, so differences fit into 32 bits too
SHARE: Final = np.float32(2047)  # steps of values, and of what is taken of them: 512 x 2,047^2 < 2^31
SCORE: Final = np.float32(0.255034854)  # 1 / sqrt(32) x 1 / log(2): powers are of two
LEAST: Final = np.float32(-30)  # of such a power; less is nothing
MAGIC: Final = np.float32(12582912)  # 1.5 x 2^23: what is added to it loses its fraction, rounded to even
# Polynomials with the least greatest error, the highest power first. 2,047 x 2^x, x from -1/2 to 1/2: off by 7e-5 of it
POWER: Final = np.array([112.9358902, 496.6250610, 1419.105347, 2046.852783], np.float32)
# (P(y) - 1/2) / y in y^2, for y from -4 to 4; P: the normal distribution's share below. GELU is off by 2e-4 at most
GELU: Final = np.array(
    [2.23576393e-08, -1.577128501e-06, 4.753387475e-05, -8.099869592e-04, 0.008753190748, -0.06453176588, 0.3978543878],
    np.float32,
)
GELU_ENDS: Final = np.float32(4)


class _Product(NamedTuple):
    """A matrix as floats, beside what else its product needs."""

    matrix: Vectors
    scales: Vectors
    biases: Vectors


def _floats(product: Product) -> _Product:
    return _Product(np.ascontiguousarray(product.matrix, np.float32), product.scales, product.biases)


class Twin:
    """The network with its matrices as floats, which take four times the memory of the file."""

    def __init__(self, parameters: Parameters) -> None:
        self._learned = parameters
        self._layers = [
            (
                _floats(layer.attend),
                _floats(layer.out),
                layer.first,
                _floats(layer.up),
                _floats(layer.down),
                layer.second,
            )
            for layer in parameters.layers
        ]

    def encode(self, ids: NDArray[np.int32], starts: NDArray[np.int64]) -> Vectors:
        """The vectors (n, width) of texts whose tokens are `ids[starts[i]:starts[i + 1]]`; none is empty."""
        sizes = np.diff(starts)
        rows = starts[:-1] - starts[0]
        alike = [rows[sizes == size, None] + np.arange(size) for size in np.unique(sizes)]  # texts of one length
        place = np.arange(len(ids)) - np.repeat(rows, sizes)
        learned = self._learned
        x = learned.words[ids] * learned.scales[ids, None] + learned.places[place]
        x = _normed(x, learned.norm)
        for attend, out, first, up, down, second in self._layers:
            mixed = _attention(_product(x, attend), alike)
            x = _normed(x + _product(mixed, out), first)
            x = _normed(x + _product(_gelu(_product(x, up)), down), second)
        sums: Vectors = np.zeros((len(sizes), x.shape[1]), np.float32)
        for size, texts in zip(np.unique(sizes), alike, strict=True):
            sums[sizes == size] = _sum_in_order(x[texts])
        lengths = np.sqrt(_total(sums * sums))
        sums /= np.where(lengths > 0, lengths, np.float32(1))
        return sums


def _sum_in_order(states: Vectors) -> Vectors:
    """The sums over the second of three axes, token by token."""
    sums = states[:, 0].copy()
    for i in range(1, states.shape[1]):
        sums += states[:, i]
    return sums


def _total(x: Vectors) -> Vectors:
    """The sums of rows (n, width) as (n, 1): halves added to each other while that goes, and the same with 16 left."""
    while x.shape[1] % (2 * LANES) == 0:
        x = x[:, : x.shape[1] // 2] + x[:, x.shape[1] // 2 :]
    lanes = x[:, :LANES]
    for start in range(LANES, x.shape[1], LANES):
        lanes = lanes + x[:, start : start + LANES]
    while lanes.shape[1] > 1:
        lanes = lanes[:, : lanes.shape[1] // 2] + lanes[:, lanes.shape[1] // 2 :]
    return lanes


def _normed(x: Vectors, learned: Norm) -> Vectors:
    """Rows of mean 0 and variance 1, stretched and moved. `x` is written to."""
    width = np.float32(x.shape[1])
    x -= _total(x) / width
    x *= np.float32(1) / np.sqrt(_total(x * x) / width + EPSILON)
    x *= learned.stretch
    x += learned.shift
    return x


def _steps(most: Vectors, steps: np.float32) -> Vectors:
    """How many steps 1 is, where `most` is to be `steps` of them."""
    return np.divide(steps, most, out=np.zeros_like(most), where=most >= SMALLEST)


def _product(x: Vectors, of: _Product) -> Vectors:
    """Rows as bytes, the largest component of each being 127, times a matrix of bytes."""
    most = np.maximum(x.max(axis=1, keepdims=True), -x.min(axis=1, keepdims=True))
    whole: Vectors = x * _steps(most, BYTE)
    np.rint(whole, out=whole)
    product: Vectors = whole @ of.matrix
    product *= of.scales
    product *= most
    product += of.biases
    return product


def _gelu(x: Vectors) -> Vectors:
    """About x times the normal distribution's share below x. `x` is written to."""
    y = np.clip(x, -GELU_ENDS, GELU_ENDS)
    square = y * y
    series = square * GELU[0]
    for coefficient in GELU[1:-1]:
        series += coefficient
        series *= square
    series += GELU[-1]
    series *= y
    series += np.float32(0.5)
    x *= series
    return x


def _attention(together: Vectors, alike: list[NDArray[np.int64]]) -> Vectors:
    """What tokens take from the others of their text: queries, keys and values (n, 3 * width) -> (n, width)."""
    mixed = np.empty((len(together), together.shape[1] // 3), np.float32)
    for rows in alike:
        texts, length = rows.shape
        parts = together[rows].reshape(texts, length, 3, -1, HEAD).transpose(2, 0, 3, 1, 4)  # 3, texts, heads, length
        given = _attend(*parts)
        mixed[rows] = given.transpose(0, 2, 1, 3).reshape(texts, length, -1)
    return mixed


def _attend(queries: Vectors, keys: Vectors, values: Vectors) -> Vectors:
    """Heads of texts of one length, each by itself: (texts, heads, length, 32)."""
    whole_queries, query = _whole(queries, QUERY)
    whole_keys, key = _whole(keys, QUERY)
    whole_values, value = _whole(values, SHARE)
    scores = whole_queries @ whole_keys.swapaxes(2, 3)  # (texts, heads, queries, keys)
    scores -= scores.max(axis=3, keepdims=True)
    shares = _power(scores.astype(np.float32) * (query * key * SCORE)).astype(np.float64)
    sums = shares.sum(axis=3, keepdims=True).astype(np.float32)
    given: Vectors = (shares @ whole_values).astype(np.float32) * (value / sums)
    return given


def _whole(x: Vectors, steps: np.float32) -> tuple[NDArray[np.float64], Vectors]:
    """Each head of each text in whole numbers up to `steps`, as float64, and what one is worth."""
    most = np.abs(x).max(axis=(2, 3), keepdims=True)
    return np.rint(x * _steps(most, steps)).astype(np.float64), most / steps


def _power(x: Vectors) -> Vectors:
    """2^x for x up to 0, in steps of 1 / 2,047. `x` is written to."""
    np.maximum(x, LEAST, out=x)
    whole = x + MAGIC
    x -= whole - MAGIC
    series: Vectors = x * POWER[0]
    for coefficient in POWER[1:-1]:
        series += coefficient
        series *= x
    series += POWER[-1]
    bits = series.view(np.int32)
    bits += whole.view(np.int32) << 23
    np.rint(series, out=series)
    return series
