"""The words of the built-in English model, as word vectors that need no training: `knnife.words()`.

The model is made for texts, where "king" and "kings" may be the same, and "Paris" and "Parisian". Who asks about words
wants to tell them apart, and to find what keeps their company. So a word is three vectors side by side, each of length
1, which count alike:

    own        256, from the model                what a text of that word alone means
    alone       64, principal axes of 384         what the teacher, all-MiniLM-L6-v2, makes of the word
    company     96, principal axes of 200         learned by `WordVectors.train` from the corpus of the model

The last two are models/english_words/words.safetensors, int8; scripts/words.py makes it, and bench/README.md has the
figures. 321 words that are too rare in the corpus keep no company: those 96 are zeros.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from knnife.encoders.catalogue import DEFAULT, find_model
from knnife.encoders.tensors import read_tensors
from knnife.encoders.word_table import WordTable
from knnife.geometry import unit

MODELS: Final = Path(__file__).parent / "models"
PARTS: Final = ("alone", "company")
_OF_ONE_LETTER: Final = ("a", "i")


def english_names() -> list[str]:
    """The whole words among the pieces of the model, the frequent ones first."""
    tokenizer = json.loads((MODELS / "english" / "tokenizer.json").read_bytes())
    numbers: dict[str, int] = tokenizer["model"]["vocab"]
    # Continuations begin with "##", names of unknown and masked pieces with "["; neither is of letters only.
    return [
        piece
        for piece in sorted(numbers, key=numbers.__getitem__)
        if piece.isascii() and piece.isalpha() and (len(piece) > 1 or piece in _OF_ONE_LETTER)
    ]


@cache
def english_words() -> WordTable:
    """Those words with their vectors `(n, 416)`, of length 1."""
    names = english_names()
    _, parts = read_tensors(MODELS / "english_words" / "words.safetensors")
    own = unit(find_model(DEFAULT).load().encode(names))
    return WordTable(names, unit(np.hstack([own, *(unit(parts[part].astype(np.float32)) for part in PARTS)])))
