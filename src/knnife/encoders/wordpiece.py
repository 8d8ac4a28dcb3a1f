"""Reading texts word by word in compiled code, where a tokenizer allows it.

A tokenizer as BERT has it changes single characters (to lower case, without accents), splits at white space and around
punctuation, then takes each word apart by itself, into the longest pieces in its vocabulary. So three tables suffice:
what becomes of each character, the number of each token, the vector of each. `_kernels.c` reads texts with them, some
fifty bytes a microsecond, and sums up vectors (static.py) or writes down numbers (token_ids.py).

What becomes of a character is found by running the tokenizer on it between two letters, 256 characters at a time, when
they first occur. All of Unicode takes 9 MB; English takes 10 kB.

Texts with a character that may change places with its neighbour (a combining mark which survives the removal of
accents) are left to the tokenizer itself, and all texts where there is no compiled code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.normalizers import NFD

from knnife.geometry import Vectors

try:
    from knnife import _kernels
except ImportError:  # installed where there was no compiler
    KERNELS = "none"
else:
    KERNELS = f"compiled; instructions: {_kernels.INSTRUCTIONS}"

KINDS: Final = ("BertNormalizer", "BertPreTokenizer", "WordPiece")
VOCABULARY: Final = re.compile(rb'"vocab"\s*:\s*\{')  # of JSON: within a text, quotation marks have a backslash
USUAL: Final = ("##", "[UNK]")  # what continues a word begins with, and the token for words not known
LONGEST_WORD: Final = 255  # characters; the kernel has room for no more
PAGE: Final = 256
PAGES: Final = 0x110000 // PAGE
SPACE, LETTER, ALONE, STRANGE = range(4)  # ends a word; is part of one; is a word; must be left to the tokenizer
LONGEST_FORM: Final = 31  # bytes that a character may become; 9 are the most that one does


class WordpieceVocabulary(NamedTuple):
    """What there is to know of a tokenizer that works on words."""

    size: int  # how many tokens
    highest: int  # the greatest number of a token
    unknown: int  # the token for words not known
    table: tuple[bytes, bytes, int, int, int]  # as the kernel wants it
    tokenizer: Tokenizer  # the same with hardly a token, for asking what becomes of a character
    added: tuple[str, ...]  # what is a token wherever it stands in a text, before all else: "[SEP]"


class Alphabet(NamedTuple):
    """What becomes of the characters that the tokenizer was asked for. Never changed, so threads can share it."""

    page_of: NDArray[np.uint16]  # (PAGES,) the page of entries for each 256 characters, 0: not asked for
    entries: NDArray[np.uint32]  # (pages, PAGE) kind + 8 * length + 256 * place among the forms
    forms: NDArray[np.uint8]  # the bytes that characters become


def vocabulary(definition: bytes) -> WordpieceVocabulary | None:
    """The vocabulary of a tokenizer.json; None where it is of another kind or faulty, or nothing is compiled."""
    if KERNELS == "none":
        return None
    try:
        parts, read = _parts(definition)
        model = parts["model"]
        longest = model["max_input_chars_per_word"]
        if (parts["normalizer"]["type"], parts["pre_tokenizer"]["type"], model["type"]) != KINDS:
            return None
        if not 0 <= longest <= LONGEST_WORD:
            return None
        *tables, unknown, size, highest = read or _indexed(model)
        added = tuple(each["content"] for each in parts["added_tokens"])
        model["vocab"] = {model["unk_token"]: 0}
        parts |= {"added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
        bare = Tokenizer.from_str(json.dumps(parts))
        return WordpieceVocabulary(size, highest, unknown, (*tables, unknown, longest), bare, added)
    except Exception:  # the package raises bare Exception
        return None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return None


def _parts(definition: bytes) -> tuple[dict[str, Any], tuple[Any, ...] | None]:
    """What a tokenizer.json says; and of its vocabulary, which is nearly all of it, what `_indexed` gives.

    That is None where the vocabulary has to be read like all else, which takes five times as long.
    """
    definition.decode()  # raises UnicodeDecodeError, a ValueError
    if len(found := list(VOCABULARY.finditer(definition))) == 1:
        start = found[0].end()
        read = _kernels.read_vocabulary(definition, start, *USUAL)
        if read is not None:
            *tables, end = read
            parts = json.loads(definition[:start] + definition[end - 1 :])
            model = parts["model"]
            if model["vocab"] == {} and (model["continuing_subword_prefix"], model["unk_token"]) == USUAL:
                return parts, tuple(tables)
    return json.loads(definition), None


def _indexed(model: dict[str, Any]) -> tuple[Any, ...]:
    """Slots, keys, longest key; the token for the unknown, how many tokens there are, the highest of their numbers."""
    tokens = model["vocab"]
    table = _kernels.index_words(tokens, model["continuing_subword_prefix"])
    return *table, tokens[model["unk_token"]], len(tokens), max(tokens.values())


class WordpieceReader:
    """Reads texts, with what it has learned so far of their characters. Threads may share it."""

    def __init__(self, vocabulary: WordpieceVocabulary) -> None:
        self._vocabulary = vocabulary
        nothing = Alphabet(np.zeros(PAGES, np.uint16), np.zeros((1, PAGE), np.uint32), np.zeros(0, np.uint8))
        self._alphabet = self._extended(nothing, [0])

    def _read(self, read: Callable[[Alphabet], bytes]) -> None:
        """Calls `read` until it misses no character of the alphabet."""
        alphabet = self._alphabet
        while missing := read(alphabet):
            alphabet = self._extended(alphabet, np.flatnonzero(np.frombuffer(missing, np.uint8)).tolist())
            self._alphabet = alphabet  # if two threads ask at once, one of them has asked in vain

    def _extended(self, known: Alphabet, pages: list[int]) -> Alphabet:
        """The alphabet with these pages of 256 characters as well."""
        page_of = known.page_of.copy()
        entries = [*known.entries]
        forms = bytearray(known.forms)
        for page in pages:
            page_of[page] = len(entries)
            entries.append(np.empty(PAGE, np.uint32))
            for i in range(PAGE):
                kind, form = self._ask(PAGE * page + i)
                entries[-1][i] = kind + 8 * len(form) + 256 * len(forms)
                forms += form
        return Alphabet(page_of, np.array(entries), np.frombuffer(bytes(forms), np.uint8))

    def _ask(self, code: int) -> tuple[int, bytes]:
        """What becomes of a character: its kind and its bytes."""
        if 0xD800 <= code < 0xE000:  # half a surrogate pair, which UTF-8 does not have
            return STRANGE, b""
        tokenizer = self._vocabulary.tokenizer
        between = tokenizer.normalizer.normalize_str(f"a{chr(code)}a")
        match [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(between)]:
            case ["a", "a"]:
                return SPACE, b""
            case ["a", form, "a"] if _keeps_its_place(form):
                return ALONE, form.encode()
            case [word] if word[0] == word[-1] == "a" and _keeps_its_place(word[1:-1]):
                return LETTER, word[1:-1].encode()
        return STRANGE, b""


class WordpieceSums(WordpieceReader):
    """Adds up the vectors of the words of texts."""

    def __init__(self, vocabulary: WordpieceVocabulary, model: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]) -> None:
        """`model`: the row and the weight of each token, and the rows; every token has them."""
        super().__init__(vocabulary)
        row_of, weight_of, rows = model
        self._model = (
            np.ascontiguousarray(row_of, np.int32),
            np.ascontiguousarray(weight_of, np.float32),
            np.ascontiguousarray(rows, np.int8 if rows.dtype == np.int8 else np.float32),
        )

    def add(
        self, texts: tuple[str, ...], owners: NDArray[np.uint32], sums: Vectors, counts: NDArray[np.int64]
    ) -> NDArray[np.intp]:
        """Adds the vectors of texts[i] to sums[owners[i]], and how many tokens are known and not, to counts (n, 2).

        Gives the rows that it left alone because a text of theirs must go the plain way.
        """
        table, model = self._vocabulary.table, self._model
        self._read(lambda alphabet: _kernels.sum_words(texts, owners, alphabet, table, model, sums, counts))
        left = np.flatnonzero(counts[:, 0] < 0)
        counts[left] = 0
        return left


class WordpieceNumbers(WordpieceReader):
    """Reads texts as numbers of tokens, between one that begins every text and one that ends it."""

    def __init__(self, vocabulary: WordpieceVocabulary, around: tuple[int, int], most: int) -> None:
        """`most`: how many tokens of each text are read, those around it among them."""
        super().__init__(vocabulary)
        self._around, self._room = around, most - len(around)

    def read(
        self, texts: tuple[str, ...], *, whole: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
        """The tokens of text i are ids[starts[i] : starts[i + 1]]; cut[i] more were not read: `whole` counts them all.

        A text that must go the plain way has none, and -1 for cut.
        """
        n, room = len(texts), self._room
        ids, starts, cut = np.empty(n * (room + 2), np.int32), np.zeros(n + 1, np.int64), np.zeros(n, np.int64)
        table, around = self._vocabulary.table, self._around
        self._read(
            lambda alphabet: _kernels.number_words(texts, alphabet, table, around, room, whole, ids, starts, cut)
        )
        return ids[: starts[-1]], starts, cut


def _keeps_its_place(form: str) -> bool:
    """Whether its characters stay where they are when a text is decomposed, whatever stands beside them.

    Combining marks are put in order by their class, so a mark is noticed next to one of the lowest class (1, U+0334)
    and one of the highest (240, U+0345). See section 3.11 of the Unicode standard.
    """
    between = f"\u0345{form}\u0334"
    return len(form.encode()) <= LONGEST_FORM and (form.isascii() or bool(NFD().normalize_str(between) == between))
