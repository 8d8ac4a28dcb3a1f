"""Vectors to measure with: real ones, which are sentences, and synthetic ones, which flatter some methods.

Both are made once and then kept in a folder of the user's temporary directory.
"""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

CORPUS = Path(__file__).parents[1] / ".." / "shared" / "data" / "corpus"
CACHE = Path(tempfile.gettempdir()) / "knnife-bench"
DIM = 256
QUERIES = 1_000  # held out: they are not among the points

_SENTENCE = re.compile(r"(?<=[.!?;])[\"”’)]*\s+|\n+")
_CLAUSE = re.compile(r",\s+")


def sentences() -> Iterator[str]:
    """All sentences of the corpus, then, to have more than a million, the clauses of long ones; none twice."""
    seen: set[str] = set()
    long: list[str] = []
    for text in _texts():
        for part in _SENTENCE.split(text):
            sentence = " ".join(part.split())
            if len(sentence) >= 25 and sentence not in seen:
                seen.add(sentence)
                yield sentence
                if sentence.count(",") >= 2:
                    long.append(sentence)
    for sentence in long:
        for clause in _CLAUSE.split(sentence):
            if len(clause) >= 40 and clause not in seen:
                seen.add(clause)
                yield clause


def _texts() -> Iterator[str]:
    paths = sorted(CORPUS.glob("*.jsonl.gz"))
    if not paths:
        raise SystemExit(f"no corpus in {CORPUS}: the real vectors cannot be made; measure with --synthetic")
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def real(n: int) -> tuple[np.ndarray, np.ndarray]:
    """`n` sentence vectors of the model in the package, and QUERIES others that are held out: (n, d), (q, d)."""
    from knnife.encoders import load_encoder

    encoder = load_encoder("english")
    path = CACHE / f"sentences-{encoder.fingerprint[:12]}.npy"
    if not path.exists():
        texts = list(sentences())
        order = np.random.default_rng(0).permutation(len(texts))
        _keep(path, (encoder.encode([texts[i] for i in block]) for block in np.array_split(order, 100)))
    return _parted(path, n)


def synthetic(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The same from a mixture of 2,000 Gaussians, wide in few directions, of length 1: easier than sentences."""
    path = CACHE / f"synthetic-{n}.npy"
    if not path.exists():
        random = np.random.default_rng(0)
        widths = np.arange(1, DIM + 1, dtype=np.float32) ** -0.5
        centres = random.standard_normal((2_000, DIM), dtype=np.float32) * widths
        _keep(path, (_around(centres, widths, size, random) for size in _sizes(n + QUERIES, 50_000)))
    return _parted(path, n)


def _around(centres: np.ndarray, widths: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
    points = centres[random.integers(len(centres), size=n)]
    points += 0.6 * widths * random.standard_normal(points.shape, dtype=np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


def _sizes(n: int, most: int) -> list[int]:
    return [min(most, n - start) for start in range(0, n, most)]


def _keep(path: Path, blocks: Iterator[np.ndarray]) -> None:
    CACHE.mkdir(exist_ok=True)
    part = path.with_suffix(".part.npy")
    np.save(part, np.concatenate(list(blocks)).astype(np.float32))
    part.replace(path)


def _parted(path: Path, n: int) -> tuple[np.ndarray, np.ndarray]:
    vectors = np.load(path, mmap_mode="r")
    if len(vectors) < n + QUERIES:
        raise SystemExit(f"{path} holds {len(vectors)} vectors; {n + QUERIES} are needed")
    return np.array(vectors[QUERIES : QUERIES + n]), np.array(vectors[:QUERIES])
