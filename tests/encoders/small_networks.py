"""Networks like all-MiniLM-L6-v2 of any size, of random numbers, and what they give in exact arithmetic."""

from __future__ import annotations

from math import erf
from pathlib import Path

import numpy as np

from knnife.encoders._minilm.network import SentenceNetwork
from knnife.encoders._minilm.weights import Layer, Norm, Parameters, Product, Sizes, write


def small_network(folder: Path, sizes: Sizes, seed: int = 0) -> SentenceNetwork:
    write(folder / "weights.bin", random_parameters(sizes, seed))
    return SentenceNetwork(folder / "weights.bin")


def random_parameters(sizes: Sizes, seed: int = 0) -> Parameters:
    rng = np.random.default_rng(seed)
    width, inner = sizes.width, sizes.inner

    def floats(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    def product(inputs: int, outputs: int) -> Product:
        matrix = rng.integers(-64, 65, (inputs, outputs)).astype(np.int8)
        return Product(matrix, np.abs(floats(outputs)) / np.float32(64 * inputs**0.5), floats(outputs) / 4)

    def norm() -> Norm:
        return Norm(1 + floats(width) / 4, floats(width) / 4)

    def layer() -> Layer:
        attend, out = product(width, 3 * width), product(width, width)
        return Layer(attend, out, norm(), product(width, inner), product(inner, width), norm())

    words = rng.integers(-127, 128, (sizes.tokens, width)).astype(np.int8)
    layers = [layer() for _ in range(sizes.layers)]
    return Parameters(words, np.abs(floats(sizes.tokens)) / 127, floats(sizes.positions, width) / 4, norm(), layers)


def reference(learned: Parameters, ids: np.ndarray) -> np.ndarray:
    """The vector of one text by the same weights: BERT as it is written down, in float64."""
    x = learned.words[ids] * learned.scales[ids, None].astype(float) + learned.places[: len(ids)]
    x = normed(x, learned.norm)
    for layer in learned.layers:
        parts = linear(x, layer.attend).reshape(len(ids), 3, -1, 32).transpose(1, 2, 0, 3)
        queries, keys, values = parts  # (heads, length, 32)
        scores = np.exp(queries @ keys.transpose(0, 2, 1) / np.sqrt(32))
        mixed = scores / scores.sum(axis=2, keepdims=True) @ values
        x = normed(x + linear(mixed.transpose(1, 0, 2).reshape(x.shape), layer.out), layer.first)
        inner = linear(x, layer.up)
        inner *= (1 + np.vectorize(erf)(inner / np.sqrt(2))) / 2
        x = normed(x + linear(inner, layer.down), layer.second)
    mean = x.mean(axis=0)
    vector: np.ndarray = mean / np.linalg.norm(mean)
    return vector


def linear(x: np.ndarray, product: Product) -> np.ndarray:
    """`scales`, as the file has them, are for rows whose largest component is 127."""
    return x @ (product.matrix * (product.scales.astype(float) * 127)) + product.biases


def normed(x: np.ndarray, learned: Norm) -> np.ndarray:
    x = x - x.mean(axis=1, keepdims=True)
    normed: np.ndarray = x / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-12) * learned.stretch + learned.shift
    return normed
