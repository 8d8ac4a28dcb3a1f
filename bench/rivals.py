"""Whose vectors the quality benches measure: knnife's encoders, and how the models of the rivals are made.

The static rival is what `model2vec.distill` makes of all-MiniLM-L6-v2 when nothing is set: each token of the
vocabulary through the teacher alone, the mean of its states, 256 principal components, weights by Zipf's law
("smooth inverse frequency", 1e-4). That function needs torch and transformers; the same steps are taken here
with the teacher of scripts/teacher.py, and the folder is then read and run by model2vec itself. It is made
once, in about a minute, and kept in the user's temporary directory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bench import minilm
from bench.data import CACHE
from bench.report import Report, called
from knnife import load_encoder
from knnife.encoders import Encoder
from knnife.errors import KnnifeError
from knnife.geometry import Vectors

DIM = 256
COMMON = 1e-4  # model2vec's sif_coefficient
LONGEST = 512  # tokens, its max_length: the rest of a text is cut off
BATCH = 256
LEFT_OUT = "[CLS]", "[SEP]", "[MASK]"  # and [unused0] to [unused993]


class Encodes(Protocol):
    """All that measuring the quality of vectors takes."""

    def encode(self, values: Sequence[Any]) -> Vectors:
        """One vector for each text, float32 `(n, dim)`."""
        ...


@dataclass
class Rival:
    """A function from texts to vectors as an encoder, so that a space takes it as well."""

    name: str
    dim: int
    function: Callable[[list[str]], np.ndarray]
    kind: str = "text"
    fingerprint: str = "not needed, as nothing made with it is kept"

    def encode(self, values: Sequence[Any]) -> Vectors:
        """What the function makes of the texts."""
        if not values:
            return np.zeros((0, self.dim), np.float32)
        return np.asarray(self.function([*values]), np.float32)


def contenders(report: Report, *, quick: bool) -> dict[str, Encoder]:
    """Who is measured, by the name in the table; quick: without sentence models. A note says who is missing."""
    english = load_encoder("english")
    found: dict[str, Encoder] = {"knnife": english}
    for dim in (128, 64):
        found[f"knnife {dim}d"] = first(english, dim)
    for who, (make, is_static) in MAKERS.items():
        if is_static or not quick:
            try:
                found[who] = make()
            except (KnnifeError, ImportError, OSError) as error:
                report.note(f"left out: {who}: {error}")
    return found


def first(encoder: Encoder, dim: int) -> Rival:
    """The first components of an encoder's vectors alone."""
    return Rival(f"{encoder.name} {dim}d", dim, lambda texts: encoder.encode(texts)[:, :dim])


def plain_distillation() -> Rival:
    """all-MiniLM-L6-v2 distilled as model2vec does it, run by model2vec."""
    from model2vec import StaticModel

    folder = CACHE / "plain-distillation"
    if not (folder / "config.json").exists():
        distill(folder)
    model = StaticModel.from_pretrained(folder)
    return Rival("plain distillation", DIM, model.encode)


def distill(folder: Path) -> None:
    """Write that model into `folder`, in model2vec's format."""
    from safetensors.numpy import load_file
    from scripts.distill import student_tokenizer
    from scripts.teacher import teacher

    from knnife.encoders.static import StaticEncoder

    teacher_folder = minilm.weights_folder()
    weights = load_file(teacher_folder / "model.safetensors")
    definition = json.loads((teacher_folder / "tokenizer.json").read_bytes())
    numbers: dict[str, int] = definition["model"]["vocab"]
    tokens = [t for t in sorted(numbers, key=numbers.__getitem__) if t not in LEFT_OUT and not t.startswith("[unused")]
    start, end = numbers["[CLS]"], numbers["[SEP]"]
    sentences = np.array([(start, numbers[token], end) for token in tokens])
    blocks = np.split(sentences, range(BATCH, len(sentences), BATCH))
    vectors = np.concatenate([teacher(weights, block).mean(axis=1) for block in blocks])
    rows = strongest(vectors, DIM) * zipf(len(tokens))[:, None]
    config = {"normalize": True, "hidden_dim": DIM, "max_length": LONGEST}
    StaticEncoder(rows.astype(np.float16), student_tokenizer(definition, tokens), config=config).save(folder)


def strongest(vectors: np.ndarray, dim: int) -> np.ndarray:
    """The `dim` principal components of most variance, as they are."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # ascending
    strong: np.ndarray = centred @ axes[:, ::-1][:, :dim]
    return strong


def zipf(n: int) -> np.ndarray:
    """Weights a / (a + p) of tokens in the order of their numbers, p as if that were their rank."""
    probability = 1 / np.arange(2, n + 2)
    probability /= probability.sum()
    return COMMON / (COMMON + probability)


RUNTIME = called("onnxruntime") or "onnxruntime"
MAKERS: dict[str, tuple[Callable[[], Encoder], bool]] = {  # who -> how to get it, and whether it is a static model
    f"{called('model2vec') or 'model2vec'}, plain distillation": (plain_distillation, True),
    "knnife minilm": (lambda: load_encoder("minilm"), False),
    f"{RUNTIME}, MiniLM float32": (lambda: Rival("MiniLM float32", minilm.WIDTH, minilm.float32()), False),
    f"{RUNTIME}, MiniLM dynamic int8": (lambda: Rival("MiniLM dynamic", minilm.WIDTH, minilm.dynamic()), False),
}
