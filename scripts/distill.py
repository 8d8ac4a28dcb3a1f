"""Makes the English model that ships with knnife: a static student of the sentence encoder all-MiniLM-L6-v2.

    make model        # installs what this needs, then runs python -m scripts.distill: under an hour on two cores

1. The vocabulary is that of the teacher, without pieces of other alphabets, and the 7,000 words more that stand in
   the most texts of the corpus.
2. Each token goes through the teacher alone, which gives its first vector (model2vec, Tulkens and van Dongen, 2024).
3. The teacher, as the encoder minilm, encodes 426,000 sentences, parts of sentences, passages, titles and words
   of the corpus. Its vectors are centred, turned to their 256 principal axes and half evened out: divided by the
   deviation to the power 0.35. The strongest come first, so that a prefix of them is a model as well.
4. The vectors of the tokens learn to sum up to that (fit.py).
5. How much a token counts is the length of its vector. What was learned of a rare one is noisy, so lengths are
   brought a third of the way to what is usual at their frequency. Imitating a teacher on long sentences makes the
   commonest words count too little in short ones, so these count 1.3 times what they learned.
6. Rows are rounded to int8, with a float32 scale for each.

What the teacher says is kept in build/english in parts, so a run that was stopped goes on from there. The same seed
draws the same texts; the teacher rounds otherwise on another processor, so there the model differs a little.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.sparse import csr_array
from tokenizers import Tokenizer

from knnife.encoders import load_encoder
from knnife.encoders.static import StaticEncoder
from knnife.geometry import Vectors, unit
from scripts import corpus
from scripts.fit import fit
from scripts.teacher import teacher_folder, token_vectors

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "knnife" / "encoders" / "models" / "english"
KEPT = ROOT / "build" / "english"

DIM = 256
NEW_WORDS = 7_000
EVENING = 0.35  # 0 leaves the principal components as they are, 1 makes them equally strong
COMMON = 4e-5  # at the start a token of this probability counts half: a / (a + p), Arora et al., 2017
STEADIER = 0.3  # how far lengths go to what is usual at their frequency
COMMONEST, COUNTS_MORE = 200, 1.3
PART = 20_000  # texts whose vectors are kept in one file
UNKNOWN, START, END = "[UNK]", "[CLS]", "[SEP]"

BARE: dict[str, Any] = {"truncation": None, "padding": None, "added_tokens": [], "post_processor": None}  # a tokenizer
CONFIG: dict[str, Any] = {
    "model_type": "model2vec",
    "architectures": ["StaticModel"],
    "tokenizer_name": "sentence-transformers/all-MiniLM-L6-v2",
    "apply_pca": DIM,
    "hidden_dim": DIM,
    "seq_length": 1_000_000,
    "max_length": None,
    "normalize": True,
    "embedding_dtype": "int8",
}


def main() -> None:
    """Reads the teacher and the corpus, makes the student, writes the folder of the model."""
    folder = teacher_folder()
    definition = json.loads((folder / "tokenizer.json").read_bytes())
    texts = [*corpus.read()]
    tokens = vocabulary(definition["model"]["vocab"], texts)
    drawn = corpus.draw(texts, [token for token in tokens if token.isascii() and token.isalpha() and len(token) > 2])
    del texts
    tokenizer = student_tokenizer(definition, tokens)
    counts = counted(drawn, tokenizer, len(tokens))
    taught = teacher_vectors(drawn)

    centre, axes = principal_axes(taught, DIM, EVENING)
    alone = alone_vectors(folder, definition, tokens)
    frequency = counts.sum(axis=0) + 1
    start = unit((alone - alone.mean(axis=0)) @ axes)
    start *= (COMMON / (COMMON + frequency / frequency.sum()))[:, None].astype(np.float32)
    start[0] = 0  # the unknown

    matrix = fit(start, counts, ((taught - centre) @ axes).astype(np.float32, copy=False))
    matrix *= adjusted(np.linalg.norm(matrix, axis=1), frequency)[:, None]
    write(matrix, tokenizer)


def vocabulary(known: dict[str, int], texts: list[corpus.Text]) -> list[str]:
    """The tokens of the student: the unknown, those of the teacher that are text, new words."""
    old = [token for token in sorted(known, key=known.__getitem__) if is_text(token)]
    return [UNKNOWN, *old, *corpus.new_words(texts, {*known}, NEW_WORDS)]


def is_text(token: str) -> bool:
    """Not [CLS], [PAD], [unused17]…, nor an inner piece of a word in letters other than English ones."""
    special = len(token) >= 3 and token.startswith("[") and token.endswith("]")
    return not special and (token.isascii() or not token.startswith("##"))


def student_tokenizer(definition: dict[str, Any], tokens: list[str]) -> bytes:
    """The tokenizer of the teacher with the vocabulary `tokens`; it reads whole texts, adds nothing."""
    model = {**definition["model"], "vocab": {token: i for i, token in enumerate(tokens)}}
    return json.dumps({**definition, **BARE, "model": model}, ensure_ascii=False, separators=(",", ":")).encode()


def counted(texts: list[str], tokenizer: bytes, tokens: int) -> csr_array:
    """How often each text has each token, `(texts, tokens)`; the unknown is not counted."""
    split = Tokenizer.from_buffer(tokenizer)
    ids = [
        np.array([i for i in encoding.ids if i], np.int32)
        for at in range(0, len(texts), PART)
        for encoding in split.encode_batch_fast(texts[at : at + PART], add_special_tokens=False)
    ]
    ends = np.cumsum([0, *map(len, ids)])
    return csr_array((np.ones(ends[-1], np.float32), np.concatenate(ids), ends), shape=(len(texts), tokens))


def teacher_vectors(texts: list[str]) -> Vectors:
    """What the teacher makes of the texts `(n, 384)`, part by part, each kept in a file."""
    teacher = load_encoder("minilm")
    KEPT.mkdir(parents=True, exist_ok=True)
    parts = []
    began = time.perf_counter()
    for at in range(0, len(texts), PART):
        path = KEPT / f"{teacher.fingerprint[:8]}-{PART}-{at}.npy"
        if not path.exists():
            half = path.with_suffix(".part")
            with half.open("wb") as file:
                np.save(file, teacher.encode(texts[at : at + PART]).astype(np.float16))
            os.replace(half, path)
        parts.append(np.load(path).astype(np.float32))
        minutes = (time.perf_counter() - began) / 60
        read = min(at + PART, len(texts))
        print(f"\rthe teacher has read {read:,} of {len(texts):,}, {minutes:.1f} min", end="", file=sys.stderr)
    print(file=sys.stderr)
    return np.concatenate(parts)


def alone_vectors(folder: Path, definition: dict[str, Any], tokens: list[str]) -> Vectors:
    """Each token through the teacher alone, `(tokens, 384)`; a new word goes in the pieces the teacher knows."""
    known: dict[str, int] = definition["model"]["vocab"]
    pieces = Tokenizer.from_buffer(json.dumps({**definition, **BARE}).encode())
    ids = [[known[t]] if t in known else pieces.encode(t, add_special_tokens=False).ids for t in tokens]
    return token_vectors(load_file(folder / "model.safetensors"), ids, known[START], known[END])


def principal_axes(vectors: Vectors, dim: int, evening: float) -> tuple[Vectors, Vectors]:
    """The centre `(d,)`, and axes `(d, dim)`: those of most variance, strongest first, divided by deviation^evening."""
    centre = vectors.mean(axis=0)
    centred = vectors - centre
    variances, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64) / len(vectors))  # ascending
    variances, axes = variances[::-1][:dim], axes[:, ::-1][:, :dim]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(dim)])  # a solver may return either sign
    return centre, (axes / variances ** (evening / 2)).astype(np.float32)


def adjusted(lengths: Vectors, frequency: NDArray[Any]) -> Vectors:
    """What the vector of each token is multiplied by, `(tokens,)`: see 5. at the top."""
    logs = np.log(frequency)
    known = lengths > 0
    usual = np.polyval(np.polyfit(logs[known], np.log(lengths[known]), 3), logs)
    factors = np.exp(STEADIER * (usual - np.log(np.maximum(lengths, 1e-9))))
    factors[~known] = 0
    factors[np.argsort(-frequency, kind="stable")[:COMMONEST]] *= COUNTS_MORE
    return factors.astype(np.float32)


def as_int8(vectors: Vectors) -> tuple[NDArray[np.int8], Vectors]:
    """Rows of whole numbers up to 127 and a scale for each row: their product is close to `vectors`."""
    scales = np.maximum(np.abs(vectors).max(axis=1) / 127, np.float32(1e-12))
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


def write(matrix: Vectors, tokenizer: bytes) -> None:
    """The model, into its folder."""
    rows, scales = as_int8(matrix)
    scales[0] = 0
    student = StaticEncoder(rows, tokenizer, weights=scales, config=CONFIG)
    student.save(TARGET)
    size = sum(file.stat().st_size for file in TARGET.iterdir())
    print(f"{TARGET}: {len(rows):,} tokens x {DIM}, {size / 1e6:.1f} MB, fingerprint {student.fingerprint}")


if __name__ == "__main__":
    main()
