"""What training reads: files, texts, tables of texts, or sequences of items, as blocks of words.

A word is a run of letters and digits, with the marks on them and single apostrophes inside, in lower case: "Don't
panic: it's 3.5 km!" is don't, panic, it's, 3, 5, km. A sentence is a line. `split="spaces"` takes what stands between
white space as it is. Text is split in blocks that fit the cache, by operations that Python has in compiled code.
"""

from __future__ import annotations

import glob
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from knnife.errors import BadInput, NotFound
from knnife.things import Reading, Thing, as_things, read
from knnife.things.documents import PARSERS
from knnife.things.files import LONGEST_LINE, STDIN, format_of, opened, read_on
from knnife.things.formats import PYTHON, TABLES, TEXTS
from knnife.things.reading import OnError, RowError
from knnife.things.values import decoded

Split = Literal["words", "spaces"]
Splitter = Callable[[str], list[bytes]]

END: Final = b"\0"  # stands between two sentences; no word holds it
BLOCK: Final = 1 << 17  # characters split at once; what comes of them stays in the cache
ITEMS: Final = 1 << 14  # items of sequences in a block
DOCUMENTS: Final = (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how they begin that are often taken for texts

_ASCII: Final = bytes(range(128))
_KEPT: Final = bytes(
    0 if c == ord("\n") else c if c > 127 or chr(c).isalnum() or chr(c) == "'" else ord(" ") for c in range(256)
)


class Corpus(NamedTuple):
    """blocks: lists of words in UTF-8, `END` between sentences; to be read once.

    fraction: how much of it has been read, None where nobody can know. broken: how many rows were left out.
    """

    blocks: Iterator[list[bytes]]
    fraction: Callable[[], float | None]
    broken: Callable[[], int]


def tokens(text: str) -> list[str]:
    """The words of a text, in small letters, by the rule that training has."""
    return split(text.lower())


def split(text: str) -> list[str]:
    """The words of a text by the same rule, with the letters as they are."""
    return [word.decode() for word in _words(text) if word != END]


def corpus(
    texts: Any, *, text: str | Sequence[str] | None = None, split: Split = "words", on_error: OnError = "stop"
) -> Corpus:
    """What is to be read.

    texts: a path or an iterable of paths (`os.PathLike`, globs too) of texts, tables, folders or "python:NAME", as
        `knnife.read` takes them, but any other file is plain text; or an iterable of texts; or one of sequences of
        items (lists of str), which are words as they stand; or a data frame or rows, of which `text` names the column.
    on_error: "skip" leaves out what cannot be read, "stop" raises BadRow.

    Raises BadInput for what is none of these, and, when it is read, what `knnife.read` raises.
    """
    if split not in get_args(Split):
        raise BadInput(f'split={split!r}: expected "words" or "spaces"')
    splitter: Splitter = (lambda text: _words(text.lower())) if split == "words" else _spaced
    if isinstance(texts, (str, os.PathLike)):
        return _files([texts], splitter, text, on_error)
    if isinstance(texts, Mapping) or not isinstance(texts, Iterable):
        raise BadInput(f"expected the path of a text, texts, or sequences of items; got {type(texts).__name__}")
    if hasattr(texts, "iloc") or hasattr(texts, "iter_rows") or hasattr(texts, "__arrow_c_stream__"):
        return _in_memory(_blocks(_values(as_things(texts, text=text)), splitter))
    return _iterable(iter(texts), splitter, text, on_error)


def _iterable(texts: Iterator[Any], splitter: Splitter, text: str | Sequence[str] | None, on_error: OnError) -> Corpus:
    """By what comes first, everything else has to be of its kind."""
    first = next(texts, None)
    if first is None:
        return _in_memory(iter(()))
    everything = chain([first], texts)
    if isinstance(first, os.PathLike):
        return _files(everything, splitter, text, on_error)
    if isinstance(first, str):
        if format_of(first) in {*TABLES, *PARSERS} and os.path.exists(first):
            raise BadInput(f"{first!r} is the name of a file, where texts were expected: write pathlib.Path({first!r})")
        return _in_memory(_blocks(_checked(everything), splitter))
    if isinstance(first, (Mapping, Thing)):
        return _in_memory(_blocks(_values(as_things(everything, text=text)), splitter))
    if isinstance(first, Iterable) and not isinstance(first, (bytes, bytearray)):
        return _in_memory(_item_blocks(everything))
    raise BadInput(f"expected texts, paths, or sequences of items to train on; got {type(first).__name__}")


def _in_memory(blocks: Iterator[list[bytes]]) -> Corpus:
    return Corpus(blocks, lambda: None, lambda: 0)


def _files(
    paths: Iterable[str | os.PathLike[str]], splitter: Splitter, text: str | Sequence[str] | None, on_error: OnError
) -> Corpus:
    """All files one after another."""
    names = [name for path in paths for name in expanded(os.fspath(path))]

    def blocks(readings: Iterable[Reading]) -> Iterator[list[bytes]]:
        for reading in readings:
            yield from _blocks(reading if _is_plain(reading.source) else _values(reading), splitter)

    return of_readings([_reading(name, text, on_error) for name in names], blocks)


def of_readings(readings: Sequence[Reading], blocks: Callable[[Iterable[Reading]], Iterator[list[bytes]]]) -> Corpus:
    """What `blocks` makes of them; the fraction is by the number of those read and how much of the present one is."""
    begun: list[Reading] = []

    def each() -> Iterator[Reading]:
        for reading in readings:
            begun.append(reading)
            yield reading

    def fraction() -> float | None:
        now = begun[-1].fraction if begun else 0.0
        return None if now is None else (max(0, len(begun) - 1) + now) / len(readings)

    return Corpus(blocks(each()), fraction, lambda: sum(reading.broken for reading in begun))


def expanded(name: str) -> list[str]:
    """The files that a glob stands for, or the name as it is."""
    if not glob.has_magic(name) or os.path.exists(name):
        return [name]
    found = sorted(glob.glob(name, recursive=True))
    if not found:
        raise NotFound(f"no file matches {name}")
    return found


def _is_plain(name: str) -> bool:
    """Whether the file is read block by block; tables, web pages, folders and packages have readers of their own."""
    ending = format_of(name)
    return name == STDIN or not (
        name.startswith(PYTHON)
        or ending in TABLES
        or (ending in PARSERS and ending not in TEXTS)
        or Path(name).is_dir()
    )


def _reading(name: str, text: str | Sequence[str] | None, on_error: OnError) -> Reading:
    if not _is_plain(name):
        return read(name, text=text, on_error=on_error)
    if text is not None:
        raise BadInput(f"{name} has no columns: leave out text=, which names one of a table")
    if name != STDIN and not os.path.exists(name):
        raise NotFound(f"no such file or folder: {name}")
    return Reading(name, _pieces, on_error)


def _pieces(reading: Reading) -> Iterator[Thing]:
    """A plain text in blocks, cut behind white space. A line that is no text is a fault."""
    lines, rest = 0, b""
    with opened(reading.source, reading) as stream:
        if stream.peek(1).startswith(DOCUMENTS):
            reading.fault(None, "this is a PDF, an archive or an office document: save the text in it as UTF-8")
            return
        while piece := read_on(stream, BLOCK):
            piece = rest + piece
            cut = max(piece.rfind(b"\n"), piece.rfind(b" ")) + 1
            rest = piece[cut:]
            yield _decoded(piece[:cut], lines, reading)
            lines += piece.count(b"\n", 0, cut)
            if len(rest) > LONGEST_LINE:
                reading.fault(lines + 1, f"more than {LONGEST_LINE >> 20} MB without a space: is this a text?")
                return
    yield _decoded(rest, lines, reading)


def _decoded(piece: bytes, line: int, reading: Reading) -> Thing:
    """The piece as a text, without the lines that cannot be read."""
    try:
        return Thing(None, decoded(piece))
    except RowError:
        good = []
        for number, each in enumerate(piece.split(b"\n"), line + 1):
            try:
                good.append(decoded(each))
            except RowError as error:
                reading.fault(number, error)
        return Thing(None, "\n".join(good))


def _values(things: Iterable[Thing]) -> Iterator[str]:
    """The texts of things, each of which ends a sentence."""
    return (f"{thing.value}\n" for thing in things if isinstance(thing.value, str))


def _checked(texts: Iterable[Any]) -> Iterator[str]:
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise BadInput(f"text {number} is no text but {type(text).__name__}; expected texts throughout")
        yield text + "\n"


def _blocks(texts: Iterable[str | Thing], splitter: Splitter) -> Iterator[list[bytes]]:
    """The words of texts, gathered to blocks."""
    gathered: list[str] = []
    size = 0
    for text in texts:
        gathered.append(text if isinstance(text, str) else str(text.value))
        size += len(gathered[-1])
        if size >= BLOCK:
            yield splitter("".join(gathered))
            gathered, size = [], 0
    yield splitter("".join(gathered))
    yield [END]


def _item_blocks(sequences: Iterable[Any]) -> Iterator[list[bytes]]:
    """Items as they are, `END` behind each sequence."""
    block: list[bytes] = []
    for number, sequence in enumerate(sequences, 1):
        if isinstance(sequence, (str, bytes)) or not isinstance(sequence, Iterable):
            raise BadInput(f"sequence {number} is {type(sequence).__name__}; expected lists of items throughout")
        block += [_item(item, number) for item in sequence]
        block.append(END)
        if len(block) > ITEMS:
            yield block
            block = []
    yield block


def _item(item: Any, number: int) -> bytes:
    if not isinstance(item, str):
        raise BadInput(f"sequence {number} holds {item!r:.40}; items are texts: write str(item)")
    if not item or "\0" in item:
        raise BadInput(f"sequence {number} holds {item!r:.40}: expected an item with a name and without NUL characters")
    return _utf8(item)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"{text[max(0, error.start - 20) : error.end + 20]!r} holds half a character") from error


def _spaced(text: str) -> list[bytes]:
    """What stands between white space, as it is."""
    return _utf8(text.replace("\0", " ").replace("\n", " \0 ")).split()


def _words(text: str) -> list[bytes]:
    """The words, `END` for each end of a line."""
    data = _utf8(_ascii_marks(text)).translate(_KEPT).replace(END, b" \0 ")
    if b"'" in data:  # those that are not inside of a word
        data = b" %b " % data.replace(b"''", b" ")
        data = data.replace(b" '", b" ").replace(b"' ", b" ")
    return data.split()


def _ascii_marks(text: str) -> str:
    """With a space for each character outside of ASCII that is no part of a word."""
    if text.isascii():
        return text.replace("\0", " ")
    text = text.replace("\0", " ").replace("’", "'")
    if any(map(_may_change, _strange(text))):
        text = unicodedata.normalize("NFC", text)
    for character in _strange(text):
        if not _is_part(character):
            text = text.replace(character, " ")
    return text


def _strange(text: str) -> set[str]:
    """The different characters outside of ASCII."""
    return set(_utf8(text).translate(None, _ASCII).decode())


@cache
def _may_change(character: str) -> bool:
    """Whether NFC may make another of a character: alone, as a mark, or as a part of a syllable in Hangul."""
    in_hangul = "\u1100" <= character <= "\u11ff"
    is_mark = unicodedata.category(character).startswith("M")
    return in_hangul or is_mark or not unicodedata.is_normalized("NFC", character)


@cache
def _is_part(character: str) -> bool:
    """Whether a character is a part of words: a letter, a digit, or a mark on one (vowels in Hindi, for instance)."""
    return character.isalnum() or unicodedata.category(character).startswith("M")
