"""The network in NumPy, equal to `_minilm.c` to the last bit; it serves where nothing was compiled.

Where the bits come from is told in `_minilm.c`. Here every product of whole numbers is one of floats, which BLAS is
quick at, and exact in whatever order it adds: no sum of bytes exceeds 2^24, what float32 can count to, nor one of
attention 2^53, what float64 can. All else goes component by component, one operation after the other; NumPy fuses none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._minilm.blas import OneThread
from knnife.encoders._minilm.weights import HEAD, Norm, Parameters, Product
from knnife.geometry import Vectors

BLOCK: Final = 1 << 15  # floats
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


ONE_THREAD: Final = OneThread()


class _Product(NamedTuple):
    """A matrix as floats, beside what else its product needs."""

    matrix: Vectors
    scales: Vectors
    biases: Vectors


class _Room(NamedTuple):
    """What products are made in, again and again: to ask the system for memory each time takes as long as they do."""

    whole: Vectors
    product: Vectors


def _floats(product: Product) -> _Product:
    return _Product(np.ascontiguousarray(product.matrix, np.float32), product.scales, product.biases)


class Twin:
    """The network with its matrices as floats, which take four times the memory of the file."""

    def __init__(self, parameters: Parameters) -> None:
        self._learned = parameters
        self._layers = [
            (_floats(each.attend), _floats(each.out), each.first, _floats(each.up), _floats(each.down), each.second)
            for each in parameters.layers
        ]

    def encode(self, ids: NDArray[np.int32], starts: NDArray[np.int64]) -> Vectors:
        """The vectors (n, width) of texts whose tokens are `ids[starts[i]:starts[i + 1]]`; none is empty."""
        sizes = np.diff(starts)
        rows = starts[:-1] - starts[0]
        alike = _alike(sizes, self._learned.words.shape[1])
        learned = self._learned
        place = np.arange(len(ids)) - np.repeat(rows, sizes)
        x: Vectors = learned.words[ids] * learned.scales[ids, None] + learned.places[place]
        _norm(x, learned.norm)
        widest = max(len(layer.up.biases) for layer in learned.layers)
        room = _Room(*(np.empty(len(ids) * max(widest, 3 * x.shape[1]), np.float32) for _ in range(2)))
        with ONE_THREAD:
            for attend, out, first, up, down, second in self._layers:
                mixed = _attention(_product(x, attend, room), alike)
                x += _product(mixed, out, room)
                _norm(x, first)
                x += _product(_product(x, up, room, bent=True), down, room)
                _norm(x, second)
        sums: Vectors = np.concatenate([_sums(x[some].reshape(-1, length, x.shape[1])) for some, length in alike])
        lengths = np.sqrt(_total(sums * sums))
        sums /= np.where(lengths > 0, lengths, np.float32(1))
        return sums


def _alike(sizes: NDArray[np.int64], width: int) -> list[tuple[slice, int]]:
    """Texts of one length that follow each other, as many as stay in the cache: their rows, and that length."""
    found, row = [], 0
    for run in np.split(sizes, np.flatnonzero(np.diff(sizes)) + 1):
        length = int(run[0])
        step = max(1, BLOCK // (length * width))
        for first in range(0, len(run), step):
            rows = min(step, len(run) - first) * length
            found.append((slice(row, row + rows), length))
            row += rows
    return found


def _sums(states: Vectors) -> Vectors:
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


def _norm(x: Vectors, learned: Norm) -> None:
    """Rows get mean 0 and variance 1, and are stretched and moved; in place."""
    width = np.float32(x.shape[1])
    x -= _total(x) / width
    x *= np.float32(1) / np.sqrt(_total(x * x) / width + EPSILON)
    x *= learned.stretch
    x += learned.shift


def _steps(most: Vectors, steps: np.float32 | Vectors) -> Vectors:
    """How many steps 1 is, where `most` is to be `steps` of them."""
    return np.divide(steps, most, out=np.zeros_like(most), where=most >= SMALLEST)


def _product(x: Vectors, of: _Product, room: _Room, *, bent: bool = False) -> Vectors:
    """Rows as bytes, the largest component of each being 127, times a matrix of bytes; `bent` by GELU if so wanted.

    It lies in the room, where the next product overwrites it.
    """
    whole = room.whole[: x.size].reshape(x.shape)
    most = np.empty((len(x), 1), np.float32)
    for some in _blocks(x):
        np.maximum(x[some].max(axis=1, keepdims=True), -x[some].min(axis=1, keepdims=True), out=most[some])
        np.multiply(x[some], _steps(most[some], BYTE), out=whole[some])
        np.rint(whole[some], out=whole[some])
    product = room.product[: len(x) * len(of.biases)].reshape(len(x), -1)
    np.matmul(whole, of.matrix, out=product)
    for some in _blocks(product):
        rows = product[some]
        rows *= of.scales
        rows *= most[some]
        rows += of.biases
        if bent:
            _bend(rows)
    return product


def _blocks(x: Vectors) -> Iterator[slice]:
    """Rows that stay in the cache of a core while one operation after the other goes over them."""
    step = max(1, BLOCK // x.shape[1])
    return (slice(start, start + step) for start in range(0, len(x), step))


def _bend(x: Vectors) -> None:
    """GELU, in place: x times the share of the normal distribution below x, about."""
    y = np.maximum(x, -GELU_ENDS)
    np.minimum(y, GELU_ENDS, out=y)
    square = y * y
    series = square * GELU[0]
    for coefficient in GELU[1:-1]:
        series += coefficient
        series *= square
    series += GELU[-1]
    series *= y
    series += np.float32(0.5)
    x *= series


def _attention(together: Vectors, alike: list[tuple[slice, int]]) -> Vectors:
    """What tokens take from the others of their text: queries, keys and values (n, 3 * width) -> (n, width)."""
    mixed = np.empty((len(together), together.shape[1] // 3), np.float32)
    for some, length in alike:
        mixed[some] = _attend(together[some].reshape(-1, length, together.shape[1]))
    return mixed


def _attend(x: Vectors) -> Vectors:
    """The same for texts of one length, each head by itself: (texts, length, 3 * width) -> (texts * length, width).

    `x` is written to.
    """
    texts, length, width = len(x), x.shape[1], x.shape[2] // 3
    most = np.maximum(x.max(axis=1), -x.min(axis=1)).reshape(texts, 3, -1, HEAD).max(axis=3)  # of each head
    steps = np.array([QUERY, QUERY, SHARE])[:, None]
    x *= np.repeat(_steps(most, steps).reshape(texts, 1, -1), HEAD, axis=2)
    np.rint(x, out=x)
    parts = x.reshape(texts, length, 3, -1, HEAD).transpose(2, 0, 3, 1, 4).astype(np.float64)
    queries, keys, values = parts.reshape(3, -1, length, HEAD)  # (texts * heads, length, 32)
    query, key, value = (most / steps).transpose(1, 0, 2).reshape(3, -1, 1, 1)  # what a step is worth
    given = np.empty(values.shape, np.float32)
    step = max(1, BLOCK // length**2)
    for some in (slice(start, start + step) for start in range(0, len(given), step)):
        scores = queries[some] @ keys[some].swapaxes(1, 2)  # (some, queries, keys)
        scores -= scores.max(axis=2, keepdims=True)
        shares = scores.astype(np.float32)
        shares *= query[some] * key[some] * SCORE
        _power(shares)
        given[some] = shares.astype(np.float64) @ values[some]
        given[some] *= value[some] / shares.sum(axis=2, keepdims=True)  # whole numbers: every order gives the same
    return given.reshape(texts, -1, length, HEAD).swapaxes(1, 2).reshape(-1, width)


def _power(x: Vectors) -> None:
    """2^x for x up to 0, in steps of 1 / 2,047; in place."""
    np.maximum(x, LEAST, out=x)
    whole = x + MAGIC
    x -= whole - MAGIC
    series = x * POWER[0]
    for coefficient in POWER[1:-1]:
        series += coefficient
        series *= x
    series += POWER[-1]
    bits = series.view(np.int32)
    bits += whole.view(np.int32) << 23
    np.rint(series, out=x)
