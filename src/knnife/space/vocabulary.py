"""Words with vectors: what a tool that asks about words is given, wherever it comes from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from knnife.encoders import load_encoder
from knnife.encoders.english_words import english_words
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput
from knnife.geometry import as_vectors
from knnife.space.inputs import is_space
from knnife.space.sample import sample


def vocabulary(given: Any) -> WordTable:
    """What was given to a tool, as a table of words with vectors; None is the words of the built-in English model.

    given: None; WordVectors, or a file of some; words with vectors, `(words, vectors)`; a Space, or its path; or
        whatever else `sample` takes. Raises BadInput where there is no word, for unequal numbers, and for NaN; what
        `sample` raises.
    """
    if given is None:
        return english_words()
    if isinstance(given, WordTable):
        return given
    if isinstance(table := getattr(given, "table", None), WordTable):  # WordVectors, whose module only the loader knows
        return table
    if _is_pair(given):
        words, vectors = list(given[0]), as_vectors(given[1], what="vectors of words")
        if len(words) != len(vectors):
            raise BadInput(f"{len(words)} words were given with {len(vectors)} vectors; expected one for each")
        return _checked(WordTable(words, vectors))
    if isinstance(given, str | os.PathLike) and not is_space(given):
        if isinstance(table := getattr(load_encoder(os.fspath(given)), "table", None), WordTable):
            return table
        raise BadInput(f"{given!r:.80} holds no word vectors; expected a file of some, or a space whose ids are words")
    found = sample(given, what="words")
    words = list(given) if not isinstance(given, str) and _is_words(given) else list(found.ids)
    return _checked(WordTable(words, found.vectors))


def _is_words(given: Any) -> bool:
    return isinstance(given, Sequence) and bool(given) and all(isinstance(each, str) for each in given)


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and not isinstance(given[0], str) and _is_words(given[0])


def _checked(table: WordTable) -> WordTable:
    if not table.words:
        raise BadInput("there are no words; expected one or more with vectors")
    return table
