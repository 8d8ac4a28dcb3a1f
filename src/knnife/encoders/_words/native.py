"""knnife's own form of word vectors, "*.vectors": a safetensors file, mapped into memory.

    vectors     float32 (n, d)        one row a word
    words       uint8 (bytes,)        the words in UTF-8, one behind the other
    word_ends   int64 (n,)            where each of them ends
    counts      int64 (n,)            how often each word occurred; optional
    ngrams      float32 (buckets, d)  vectors of character n-grams; optional

and, as metadata, `format`, `version`, `about` (JSON: how the vectors were made) and `ngram_lengths` ("3 6").
safetensors copies what it reads, so the header is parsed here, and compared with the size of the file before use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.word_rows import words_at
from knnife.encoders.word_table import Subwords, WordTable
from knnife.errors import BadInput

FORMAT: Final = "knnife word vectors"
VERSION: Final = 1
LONGEST_HEADER: Final = 100_000_000  # bytes; as the package safetensors has it
ALIGNMENT: Final = 64  # bytes, of a line of the cache
BLOCK: Final = 4096  # rows that are looked at or written at once


class Layout(NamedTuple):
    """What a part of the file is."""

    name: str  # of its numbers, in safetensors
    number: np.dtype[Any]
    axes: int


NUMBERS: Final = Layout("I64", np.dtype("<i8"), 1)
ROWS: Final = Layout("F32", np.dtype("<f4"), 2)
KINDS: Final = {
    "vectors": ROWS,
    "words": Layout("U8", np.dtype("u1"), 1),
    "word_ends": NUMBERS,
    "counts": NUMBERS,
    "ngrams": ROWS,
}
NONE: Final = Layout("", np.dtype("u1"), 0)

Arrays = dict[str, NDArray[Any]]


def write(table: WordTable, stream: BinaryIO, about: Mapping[str, Any]) -> None:
    """Writes a table that `files.write_table` has checked. Raises BadInput where `about` is no JSON."""
    try:
        metadata = {"format": FORMAT, "version": str(VERSION), "about": json.dumps(dict(about), allow_nan=False)}
    except (TypeError, ValueError) as error:
        raise BadInput(f"`about` must be of plain JSON values ({error})") from error
    encoded = [word.encode() for word in table.words]
    arrays: Arrays = {"vectors": table.vectors}
    if table.subwords is not None:
        arrays["ngrams"] = table.subwords.vectors
        metadata["ngram_lengths"] = f"{table.subwords.shortest} {table.subwords.longest}"
    if table.counts is not None:
        arrays["counts"] = table.counts
    arrays["word_ends"] = np.cumsum([len(word) for word in encoded], dtype=np.int64)
    arrays["words"] = np.frombuffer(b"".join(encoded), np.uint8)
    write_arrays(stream, arrays, KINDS, metadata)


def write_arrays(stream: BinaryIO, arrays: Arrays, kinds: Mapping[str, Layout], metadata: dict[str, str]) -> None:
    """Writes a safetensors file, some rows at a time, so that it takes no memory to speak of."""
    stream.write(_header(arrays, kinds, metadata))
    for name, array in arrays.items():
        at_once = BLOCK if array.ndim == 2 else 1 << 20
        for start in range(0, len(array), at_once):
            stream.write(np.ascontiguousarray(array[start : start + at_once], kinds[name].number).data)


def read(path: Path, limit: int | None = None) -> tuple[WordTable, dict[str, Any]]:
    """The table of a file, mapped into memory, and what it says about itself. Raises BadInput where it is damaged."""
    if not path.stat().st_size:
        raise _damaged(str(path), "it is empty")
    return _table(np.asarray(np.memmap(path, np.uint8, "r")), str(path), limit)


def pack(table: WordTable, about: Mapping[str, Any]) -> bytes:
    """The content of such a file."""
    stream = BytesIO()
    write(table, stream, about)
    return stream.getvalue()


def unpack(content: bytes, what: str = "these bytes") -> tuple[WordTable, dict[str, Any]]:
    """What `pack` was given. Raises BadInput where the bytes are damaged; `what` names them in the message."""
    return _table(np.frombuffer(content, np.uint8), what, None)


def is_safetensors(start: bytes, size: int) -> bool:
    """Whether a file of `size` bytes begins like a safetensors file."""
    return (
        len(start) > 8 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= min(size - 8, LONGEST_HEADER)
    )


def _header(arrays: Arrays, kinds: Mapping[str, Layout], metadata: dict[str, str]) -> bytes:
    entries: dict[str, Any] = {"__metadata__": metadata}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.size * kinds[name].number.itemsize
        entries[name] = {"dtype": kinds[name].name, "shape": list(array.shape), "data_offsets": [start, end]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _table(content: NDArray[np.uint8], what: str, limit: int | None) -> tuple[WordTable, dict[str, Any]]:
    arrays, metadata = _parts(content, what)
    try:
        vectors, ends, spelled = arrays["vectors"], arrays["word_ends"], arrays["words"]
        about = json.loads(metadata["about"])
        subwords = _subwords(arrays, metadata)
    except (KeyError, ValueError, RecursionError) as error:
        raise _damaged(what, f"a part is missing or cannot be read: {error}") from error
    counts = arrays.get("counts")
    if len(ends) != len(vectors) or (counts is not None and len(counts) != len(vectors)) or not vectors.size:
        raise _damaged(what, f"{len(vectors)} vectors, {len(ends)} words")
    if subwords is not None and subwords.vectors.shape[1] != vectors.shape[1]:
        raise _damaged(what, f"words of {vectors.shape[1]} dimensions, n-grams of {subwords.vectors.shape[1]}")
    if not isinstance(about, dict):
        raise _damaged(what, "`about` is no mapping")
    starts = np.concatenate([[0], ends[:-1]])
    if ends[-1] != len(spelled) or (starts > ends).any() or starts.min() < 0:
        raise _damaged(what, "the ends of the words are not in order")
    places = np.stack([starts, ends], axis=1)[:limit]
    try:
        words = words_at(spelled, places, "strict")
    except UnicodeDecodeError as error:
        raise _damaged(what, f"words that are no UTF-8 ({error})") from error
    return WordTable(words, vectors[:limit], None if counts is None else counts[:limit], subwords), about


def _subwords(arrays: Arrays, metadata: Mapping[str, str]) -> Subwords | None:
    if "ngrams" not in arrays:
        return None
    shortest, longest = map(int, metadata["ngram_lengths"].split())
    if not (0 < shortest <= longest) or not len(arrays["ngrams"]):
        raise ValueError(f"n-grams of {shortest} to {longest} characters in {len(arrays['ngrams'])} rows")
    return Subwords(shortest, longest, arrays["ngrams"])


def _parts(content: NDArray[np.uint8], what: str) -> tuple[Arrays, dict[str, str]]:
    """The arrays of the file, which share its memory, and the metadata."""
    start = 8 + int.from_bytes(content[:8].tobytes(), "little")
    if not is_safetensors(content[:9].tobytes(), len(content)):
        raise _damaged(what, "no header where one should be")
    try:
        entries = json.loads(content[8:start].tobytes().decode())
    except (ValueError, RecursionError) as error:
        raise _damaged(what, f"the header is no JSON ({error})") from error
    metadata = entries.pop("__metadata__", None)
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise BadInput(f"{what} is a safetensors file, but not one of word vectors that knnife wrote")
    if metadata.get("version") != str(VERSION):
        raise BadInput(
            f"{what} is of version {metadata.get('version')}, this knnife reads {VERSION}: install a newer one"
        )
    if not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged(what, "metadata that are no text")
    return dict(_arrays(entries, content[start:], what)), metadata


def _arrays(entries: Mapping[str, Any], data: NDArray[np.uint8], what: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """Each array; together they cover the data without gap or overlap."""
    found: list[tuple[int, int, str, str, list[Any]]] = []
    for name, entry in entries.items():
        match entry:
            case {"dtype": str(given), "shape": list(shape), "data_offsets": [int(start), int(end)]}:
                found.append((start, end, name, given, shape))
            case _:
                raise _damaged(what, f"the entry of {name!r} cannot be read")
    reached = 0
    for start, end, name, given, shape in sorted(found, key=itemgetter(0)):
        kind = KINDS.get(name, NONE)
        sizes = [n for n in shape if type(n) is int and 0 <= n <= len(data)]
        if given != kind.name or len(sizes) != kind.axes or len(shape) != kind.axes:
            raise _damaged(what, f"{name!r} is {given} {shape}: not a part of such a file")
        size = kind.number.itemsize
        for n in sizes:
            size *= n
        if start != reached or end - start != size or end > len(data):
            raise _damaged(what, f"{name!r} takes {size:,} bytes from {start:,} to {end:,} of {len(data):,}")
        reached = end
        yield name, np.require(data[start:end].view(kind.number).reshape(sizes), requirements=["A", "C"])
    if reached != len(data):
        raise _damaged(what, f"{len(data) - reached:,} bytes more than its header says")


def _damaged(what: str, why: str) -> BadInput:
    return BadInput(f"{what} is damaged or truncated: {why}. Make or fetch it again")
