"""The words that the built-in English model has a vector of its own for, most of them common.

That model encodes texts by pieces of words (static.py). Here those pieces that are whole words become a table of words:
what one can ask for synonyms and analogies without training or fetching anything. Their order is that of the model's
vocabulary, which has the frequent words of BERT's texts first.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from knnife.encoders._words.table import Table

VOCABULARY = Path(__file__).parents[1] / "models" / "english" / "tokenizer.json"
OF_ONE_LETTER = ("a", "i")


@cache
def english_words() -> Table:
    """The 28,721 whole words of the model called "english", with the vectors `(n, 256)` that it gives each of them."""
    from knnife.encoders.loading import load_encoder

    numbers: dict[str, int] = json.loads(VOCABULARY.read_bytes())["model"]["vocab"]
    pieces = sorted(numbers, key=numbers.__getitem__)
    # Continuations begin with "##", names of unknown and masked pieces with "["; neither is of letters only.
    words = [
        piece for piece in pieces if piece.isascii() and piece.isalpha() and (len(piece) > 1 or piece in OF_ONE_LETTER)
    ]
    return Table(words, load_encoder("english").encode(words))
