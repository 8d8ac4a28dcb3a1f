"""The tokens of a student: the frequent words of its texts, and pieces for all others.

A word that is not among them falls into the longest pieces that are (WordPiece): n-grams of characters, and each
character by itself, so that a word has no vector only where it holds a character that the texts lack. Scripts without
spaces are read by the same pieces; each Han character is a word.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

import numpy as np

from knnife.encoders._distil.sparse import Rows
from knnife.encoders.tokenizing import encoded, tokenizer_of

UNKNOWN, INNER = "[UNK]", "##"
LONGEST_PIECE: Final = 4  # characters
LONGEST_WORD: Final = 30
LONGEST_RUN: Final = 255  # characters that are taken apart; what is longer is unknown
PIECES: Final = 0.3  # the share of the tokens that pieces may take
TWICE: Final = 2  # what is seen less often is no token of its own
BATCH: Final = 10_000  # texts that are split at once


def tokenizer_json(tokens: list[str]) -> bytes:
    """A tokenizer as BERT has it, with these tokens: small letters, words, pieces of words; accents are kept."""
    definition: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": False,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": {"type": "WordPiece", "prefix": INNER, "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": INNER,
            "max_input_chars_per_word": LONGEST_RUN,
            "vocab": {token: number for number, token in enumerate(tokens)},
        },
    }
    return json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode()


def tokens_of(texts: list[str], most: int) -> tuple[list[str], int]:
    """At most `most` tokens: the unknown, words (how many is the second answer), pieces; the frequent ones first."""
    splitter = tokenizer_of(tokenizer_json([UNKNOWN]))[0]
    counts = Counter[str]()
    for text in texts:
        normal = splitter.normalizer.normalize_str(text)
        counts.update(word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normal))
    ordered = sorted((-n, word) for word, n in counts.items() if n >= TWICE and len(word) <= LONGEST_WORD)
    words = [word for _, word in ordered[: max(round(most * (1 - PIECES)), 1)]]
    known = {*words}
    characters = Counter[str]()
    pieces = Counter[str]()
    for word, n in counts.items():
        for each in word:
            characters[each] += n
        if word not in known:
            for piece in _pieces(word):
                pieces[piece] += n
    single = [form for each in sorted(characters) for form in (each, INNER + each) if form not in known]
    longer = sorted((-n, piece) for piece, n in pieces.items() if n >= TWICE and piece not in known)
    room = max(most - 1 - len(words) - len(single), 0)
    rest = [*single, *(piece for _, piece in longer[:room])]
    return [UNKNOWN, *words, *rest][: max(most, 2)], min(len(words), most)


def _pieces(word: str) -> list[str]:
    """All its parts of two characters up to the longest."""
    return [
        (INNER if start else "") + word[start : start + size]
        for size in range(2, LONGEST_PIECE + 1)
        for start in range(len(word) - size + 1)
    ]


def counted(texts: list[str], tokenizer: bytes) -> Rows:
    """The tokens of each text; the unknown is left out."""
    split = tokenizer_of(tokenizer)[0]
    ids = [
        np.array([number for number in encoding.ids if number], np.int64)
        for at in range(0, len(texts), BATCH)
        for encoding in encoded(split, texts[at : at + BATCH], special=False)
    ]
    return Rows.of(ids)
