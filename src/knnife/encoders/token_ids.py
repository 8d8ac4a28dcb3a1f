"""Texts as the numbers of their tokens, which a network reads: compiled where the tokenizer works word by word.

What the package tokenizers makes of a text with the same tokenizer.json, to the last token; it is asked itself where
nothing is compiled, and for texts that are more than their words (wordpiece.py) or hold a special token such as
"[SEP]" in so many letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.tokenizing import Tokenizer, encoded, tokenizer_of
from knnife.encoders.wordpiece import WordpieceNumbers, vocabulary

HEAD: Final = 1 << 14  # characters, in which there are mostly more tokens than are read


class TokenIds(NamedTuple):
    """The tokens of some texts, those around each text among them."""

    ids: NDArray[np.int32]  # of all texts, one behind the other
    starts: NDArray[np.int64]  # (n + 1,) where each text begins among them, and where the last one ends
    cut: NDArray[np.int64]  # (n,) how many tokens at its end were not read, or just that there are some


class TokenReader:
    """Reads texts with a tokenizer that puts one token before each and one behind it, at most `most` tokens of each.

    Threads may share it.
    """

    def __init__(self, definition: bytes, around: tuple[int, int], most: int) -> None:
        self._definition, self._around, self._most = definition, around, most
        words = vocabulary(definition)
        self._added = words.added if words else ()
        self._words = None if words is None else WordpieceNumbers(words, around, most)

    def read(self, texts: Sequence[str], *, whole: bool = False) -> TokenIds:
        """The tokens of texts. `whole`: texts are read to their ends, so that all that is cut is counted."""
        if self._words is None:
            return _joined([self._plainly(text, whole) for text in texts])
        ids, starts, cut = self._words.read(tuple(texts), whole=whole)
        plain = [i for i, text in enumerate(texts) if cut[i] < 0 or any(token in text for token in self._added)]
        if not plain:
            return TokenIds(ids, starts, cut)
        read = [(ids[starts[i] : starts[i + 1]], int(cut[i])) for i in range(len(texts))]
        for i in plain:
            read[i] = self._plainly(texts[i], whole)
        return _joined(read)

    def _plainly(self, text: str, whole: bool) -> tuple[NDArray[np.int32], int]:
        """The same for one text by the package tokenizers, which takes a microsecond and 100 bytes for each word."""
        begin, end = self._around
        room = self._most - len(self._around)
        head = 0 if whole or len(text) <= HEAD else text.rfind(" ", 0, HEAD)  # cut between words, which stay words
        own = self._own(text[: max(head, 0)])
        if len(own) <= room:
            own = self._own(text)
        return np.array([begin, *own[:room], end], np.int32), max(len(own) - room, 0)

    def _own(self, text: str) -> list[int]:
        return encoded(self._tokenizer, [text.encode("utf-8", "replace").decode()], special=False)[0].ids

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """Made where it is needed only, which takes longer than all the rest."""
        return tokenizer_of(self._definition)[0]


def _joined(read: list[tuple[NDArray[np.int32], int]]) -> TokenIds:
    """Texts that were read one by one."""
    starts = np.cumsum([0, *(len(ids) for ids, _ in read)], dtype=np.int64)
    ids = np.concatenate([np.empty(0, np.int32), *(ids for ids, _ in read)])
    return TokenIds(ids, starts, np.array([cut for _, cut in read], np.int64))
