r"""The file of weights that `_minilm.c` and its twin read where it lies: a header of 64 bytes, then arrays.

    header: "KNBERT\r\n", then uint32: version 1, tokens, positions, layers, width, inner, steps; zeros
    words   int8    (tokens, width)          and what a step of each is worth: float32 (tokens,)
    places  float32 (positions, width)       the vector of a position, that of the token type added
    norm    float32 (width,) twice           what each component is stretched by, and moved by
    for each layer: query, key, value side by side; out; norm; up; down; norm. Each of the four matrices is

        int8    (outputs / 32, inputs / 4, 32, 4)   64 bytes are 16 outputs of 4 inputs, as instructions take them
        float32 (outputs,)                          what the whole number 1 is worth where its row's largest is 127
        float32 (outputs,)                          the bias
        int32   (outputs,)                          -128 x the sum of the column: to C, 128 is the byte of 0

Numbers are little-endian, and every array begins at a multiple of 64 bytes. A head of attention has 32 components.
Weights take 64 steps to each side of 0, so that two products with bytes fit into 16 bits (2 x 255 x 64 < 2^15).

The file is mapped, not read: a process that asks one question is not kept waiting for 23 MB (.3 ms instead of 10),
and all processes share them. A file cut short while it is mapped would end the process (SIGBUS). So its size is
compared with its header when it is opened; and who installs packages replaces files and does not shorten them.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors

MAGIC: Final = b"KNBERT\r\n"  # a transfer as text would change its end
VERSION: Final = 1
HEADER: Final = struct.Struct("<8s7I28x")
HEAD: Final = 32  # components of a head, and columns of a panel
STEPS: Final = 64  # of weights, to each side of 0
MOST_POSITIONS: Final = 512  # sums of attention fit into 32 bits
MOST_INPUTS: Final = 2048  # 127 x 64 x 2,048 < 2^24: the twin's sums of products, in float32, are exact
MOST_LAYERS: Final = 256
MOST_TOKENS: Final = 1 << 24


class Product(NamedTuple):
    """A linear map of a layer in whole numbers: `(x @ matrix) * scales + biases`."""

    matrix: NDArray[np.int8]  # (inputs, outputs), from -64 to 64
    scales: Vectors  # (outputs,) what one step of each column is worth
    biases: Vectors  # (outputs,)


class Norm(NamedTuple):
    """What a layer learned to do with rows of mean 0 and variance 1."""

    stretch: Vectors  # (width,)
    shift: Vectors  # (width,)


class Layer(NamedTuple):
    """Tokens look at each other (`attend`, `out`), then each is worked on by itself (`up`, `down`)."""

    attend: Product  # query, key and value side by side: (width, 3 * width)
    out: Product  # (width, width)
    first: Norm
    up: Product  # (width, inner)
    down: Product  # (inner, width)
    second: Norm


class Parameters(NamedTuple):
    """All that the network has learned."""

    words: NDArray[np.int8]  # (tokens, width)
    scales: Vectors  # (tokens,) what one step of each is worth
    places: Vectors  # (positions, width)
    norm: Norm
    layers: list[Layer]


class Sizes(NamedTuple):
    """How large the network is."""

    tokens: int
    positions: int
    layers: int
    width: int
    inner: int


class WeightsFile:
    """A file of weights, mapped into memory, and its arrays where they lie."""

    def __init__(self, path: Path) -> None:
        """Raises NotFound where there is no file, BadInput where it is something else, cut short or changed."""
        try:
            with path.open("rb") as file:
                self.data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        except FileNotFoundError:
            raise NotFound(f"{path}: the weights are not there. Install the package again.") from None
        except ValueError:  # what mmap says of an empty file
            raise BadInput(f"{path}: an empty file, expected weights. Install the package again.") from None
        self.sizes = _sizes(self.data, path)
        places = _places(self.sizes)
        self.arrays = [self.data[start:end].view(kind).reshape(shape) for start, end, kind, shape in places]
        if not all(np.isfinite(array).all() for array in self.arrays if array.dtype.kind == "f"):
            raise BadInput(f"{path}: the weights hold numbers that are none (NaN, inf). Install the package again.")

    def parameters(self) -> Parameters:
        """The arrays by their names, matrices unpacked; `scales` of products are worth 127 times less (see above)."""
        arrays: Iterator[NDArray[Any]] = iter(self.arrays)

        def product() -> Product:
            packed, scales, biases, _ = (next(arrays) for _ in range(4))
            matrix = packed.transpose(1, 3, 0, 2).reshape(4 * packed.shape[1], -1)
            return Product(matrix, scales, biases)

        def norm() -> Norm:
            return Norm(next(arrays), next(arrays))

        words, scales, places = (next(arrays) for _ in range(3))
        first = norm()
        layers = [Layer(product(), product(), norm(), product(), product(), norm()) for _ in range(self.sizes.layers)]
        return Parameters(words, scales, places, first, layers)


def write(path: Path, parameters: Parameters) -> None:
    """Writes the file of weights. The same parameters make the same bytes.

    Raises BadInput where sizes do not fit together or into the limits above, or a weight has more than 64 steps.
    """
    words, layers = parameters.words, parameters.layers
    sizes = Sizes(len(words), len(parameters.places), len(layers), words.shape[1], layers[0].up.matrix.shape[1])
    _check(sizes, path)
    arrays = list(_arrays(parameters))
    places = list(_places(sizes))
    content = bytearray(places[-1][1])
    HEADER.pack_into(content, 0, MAGIC, VERSION, *sizes, STEPS)
    for array, (start, end, kind, shape) in zip(arrays, places, strict=True):
        if array.shape != shape:
            raise BadInput(f"an array of the network is {array.shape}, expected {shape}")
        content[start:end] = np.ascontiguousarray(array, kind).tobytes()
    path.write_bytes(content)


def _arrays(parameters: Parameters) -> Iterator[NDArray[Any]]:
    """All arrays as the file has them."""
    yield from (parameters.words, parameters.scales, parameters.places, *parameters.norm)
    for layer in parameters.layers:
        for product, norm in ((layer.attend, ()), (layer.out, layer.first), (layer.up, ()), (layer.down, layer.second)):
            yield from _packed(product)
            yield from norm


def _packed(product: Product) -> Iterator[NDArray[Any]]:
    matrix = product.matrix
    if matrix.dtype != np.int8 or np.abs(matrix.astype(int)).max() > STEPS:
        raise BadInput(f"weights are {matrix.dtype} from {matrix.min()} to {matrix.max()}, expected int8 to ±{STEPS}")
    inputs, outputs = matrix.shape
    yield matrix.reshape(inputs // 4, 4, outputs // HEAD, HEAD).transpose(2, 0, 3, 1)
    yield product.scales.astype(np.float32) * np.float32(1 / 127)
    yield product.biases
    yield -128 * matrix.sum(axis=0, dtype=np.int32)


def _places(sizes: Sizes) -> Iterator[tuple[int, int, str, tuple[int, ...]]]:
    """Where each array begins and ends in the file, its type and its shape."""
    end = HEADER.size
    for kind, *shape in _shapes(sizes):
        start = -(-end // 64) * 64
        end = start + int(np.prod(shape)) * np.dtype(kind).itemsize
        yield start, end, kind, tuple(shape)


def _shapes(sizes: Sizes) -> Iterator[tuple[Any, ...]]:
    tokens, positions, layers, width, inner = sizes
    norm = (("<f4", width), ("<f4", width))
    yield from (("i1", tokens, width), ("<f4", tokens), ("<f4", positions, width), *norm)
    products = ((width, 3 * width, ()), (width, width, norm), (width, inner, ()), (inner, width, norm))
    for inputs, outputs, then in layers * products:
        yield from (("i1", outputs // HEAD, inputs // 4, HEAD, 4), ("<f4", outputs), ("<f4", outputs), ("<i4", outputs))
        yield from then


def _sizes(data: NDArray[np.uint8], path: Path) -> Sizes:
    """The sizes in the header; raises BadInput where the file does not have them."""
    if len(data) < HEADER.size or data[: len(MAGIC)].tobytes() != MAGIC:
        raise BadInput(f"{path}: something else than weights of this network. Install the package again.")
    _, version, *numbers, steps = HEADER.unpack(data[: HEADER.size].tobytes())
    if version != VERSION or steps != STEPS:
        raise BadInput(f"{path}: weights in format {version} with {steps} steps; this knnife reads 1 with {STEPS}.")
    sizes = Sizes(*numbers)
    _check(sizes, path)
    expected = list(_places(sizes))[-1][1]
    if len(data) != expected:
        raise BadInput(f"{path}: {len(data):,} bytes, its header says {expected:,}. Install the package again.")
    return sizes


def _check(sizes: Sizes, path: Path) -> None:
    most = Sizes(MOST_TOKENS, MOST_POSITIONS, MOST_LAYERS, MOST_INPUTS, MOST_INPUTS)
    small = all(1 <= size <= limit for size, limit in zip(sizes, most, strict=True))
    if not small or sizes.width % HEAD or sizes.inner % HEAD:
        raise BadInput(f"{path}: a network of {sizes}; at most {most} is possible, width and inner multiples of {HEAD}")
