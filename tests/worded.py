"""Word vectors made by hand: words are sums of what they mean, so that king - man + woman is queen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from knnife import WordVectors
from knnife.encoders.word_table import WordTable

MEANINGS = {  # word -> what it is made of
    "the": "common",
    "of": "common",
    "and": "common",
    "a": "common",
    "man": "person male",
    "woman": "person female",
    "king": "person male royal",
    "queen": "person female royal",
    "prince": "person male royal young",
    "princess": "person female royal young",
    "boy": "person male young",
    "girl": "person female young",
    "paris": "city france",
    "london": "city england",
    "rome": "city italy",
    "france": "country france",
    "england": "country england",
    "italy": "country italy",
    "cat": "animal small",
    "dog": "animal loud",
    "horse": "animal large",
    "breakfast": "meal morning",
    "lunch": "meal noon",
    "dinner": "meal evening",
    "red": "colour warm",
    "blue": "colour cold",
    "car": "thing fast",
    "sky": "thing high",
    "new_york": "city america large",
    "america": "country america large",
}
DIM = 60


def vectors(seed: int = 0) -> np.ndarray:
    """One row a word, float32 `(n, 60)`: the sum of its meanings, a share that all words have, a little chance."""
    chance = np.random.default_rng(seed)
    names = sorted({name for made_of in MEANINGS.values() for name in made_of.split()})
    axes = dict(zip(names, np.linalg.qr(chance.standard_normal((DIM, DIM)))[0], strict=False))
    everywhere = chance.standard_normal(DIM) / np.sqrt(DIM)
    rows = [
        sum(axes[name] for name in made_of.split()) + 0.3 * everywhere + 0.02 * chance.standard_normal(DIM)
        for made_of in MEANINGS.values()
    ]
    return np.array(rows, np.float32)


def wiki() -> WordVectors:
    """The same in every process; the more frequent words first."""
    counts = 1_000 // np.arange(1, len(MEANINGS) + 1)
    return WordVectors(
        WordTable(list(MEANINGS), vectors(), counts), about={"dim": DIM, "epochs": 5, "words seen": 4_000}
    )


def write(folder: Path) -> Path:
    """wiki.vectors in a folder, for the examples of the command line."""
    wiki().save(folder / "wiki.vectors")
    return folder / "wiki.vectors"
