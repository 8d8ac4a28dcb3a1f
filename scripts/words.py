"""Makes what `knnife.words()` knows of the words of the English model, beyond the model itself (english_words.py).

    make model        # ends with this: python -m scripts.words, five minutes; needs the teacher, reads the corpus

alone: what the teacher makes of each word by itself, on its 64 principal axes. company: word vectors that are learned
from the corpus, with one thread, so always the same; on their 96 principal axes. Both are int8, and no scale is kept:
they are brought to length 1 when they are read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife import WordVectors
from knnife.encoders.english_words import english_names
from knnife.encoders.tensors import to_bytes
from knnife.geometry import Vectors, unit
from scripts import corpus, distill
from scripts.teacher import teacher_folder

TARGET: Final = distill.TARGET.with_name("english_words") / "words.safetensors"
ALONE, COMPANY = 64, 96  # components
LEARNED: Final = {"dim": 200, "epochs": 4, "min_count": 4, "max_words": 80_000, "threads": 1}


def main() -> None:
    """Asks the teacher, learns, writes the file."""
    folder, names = teacher_folder(), english_names()
    definition = json.loads((folder / "tokenizer.json").read_bytes())
    alone = distill.alone_vectors(folder, definition, names)
    learned = WordVectors.train([corpus.FOLDER / corpus.BOOKS, corpus.FOLDER / corpus.ARTICLES], text="text", **LEARNED)
    write(TARGET, {"alone": strongest(alone, ALONE), "company": strongest(company(learned, names), COMPANY)})


def company(learned: WordVectors, names: list[str]) -> Vectors:
    """The learned vector of each word `(n, d)`, of length 1; zeros for those that the corpus hardly has."""
    rows = learned.rows_of(names)
    found: Vectors = unit(learned.vectors[np.maximum(rows, 0)])
    found[rows < 0] = 0
    return found


def strongest(vectors: Vectors, dim: int) -> Vectors:
    """Vectors of length 1 on their `dim` principal axes, around their centre `(n, dim)`; zeros stay zeros."""
    known = np.abs(vectors).any(axis=1)
    points = unit(vectors[known])
    centre, axes = distill.principal_axes(points, dim, 0.0)
    turned = np.zeros((len(vectors), dim), np.float32)
    turned[known] = (points - centre) @ axes
    return turned


def write(path: Path, parts: dict[str, Vectors]) -> None:
    """The parts as int8, without their scales."""
    rounded: dict[str, NDArray[np.int8]] = {name: distill.as_int8(vectors)[0] for name, vectors in parts.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(rounded))
    print(f"{path}: {len(rounded['alone']):,} words, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
