"""What form a file of word vectors has: told by its first bytes, as names tell little. Its name decides in writing."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from knnife.encoders._words import fasttext, native
from knnife.encoders._words.rows import GAP, number
from knnife.encoders._words.texts import HEADER, shown
from knnife.errors import BadInput

FORMS: Final = ("vectors", "word2vec", "word2vec-binary", "glove", "fasttext", "npy", "projector")
ENDINGS: Final = {
    ".vectors": "vectors",
    ".txt": "word2vec",
    ".vec": "word2vec",
    ".bin": "word2vec-binary",
    ".npy": "npy",
    ".tsv": "projector",
}
MAPPED: Final = ("vectors", "npy")  # into memory, which gzip forbids
NUMPY: Final = b"\x93NUMPY"
PICKLES: Final = tuple(bytes([0x80, protocol]) for protocol in range(2, 8))
ARCHIVE: Final = b"PK\x03\x04"
NUMERIC: Final = re.compile(rb"[-+.0-9eEnaifNAIF \t\r\n]*")
CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
CLEAN: Final = 4096  # bytes; so many of floats are never clean
START: Final = 1 << 16  # bytes that a form is told from


def given(form: str) -> str:
    """A form that was asked for by name."""
    if form not in FORMS:
        raise BadInput(f"unknown form {form!r} of word vectors: expected one of {', '.join(FORMS)}")
    return form


def by_name(path: Path) -> str:
    """The form in which to write a file of this name; *.gz is passed over."""
    ending = Path(path.name.removesuffix(".gz")).suffix
    if ending not in ENDINGS:
        raise BadInput(f"{path}: expected a name that ends with {', '.join(ENDINGS)} (and perhaps .gz), or a form")
    return ENDINGS[ending]


def by_content(start: bytes, size: int | None, path: Path) -> str:
    """The form of a file that begins with `start`, of `size` bytes if that is known. Raises BadInput if it is none."""
    if not start.strip():
        raise BadInput(f"{path} is empty: expected word vectors")
    if start.startswith(NUMPY):
        return "npy"
    if start.startswith(fasttext.MAGIC):
        return "fasttext"
    if native.is_safetensors(start, len(start) if size is None else size):
        return "vectors"
    _refuse_programs(start, path)
    return _of_text(start, path)


def _refuse_programs(start: bytes, path: Path) -> None:
    if start.startswith(PICKLES):
        raise BadInput(
            f"{path} is a pickle, as `save` of gensim writes them; to read one is to run the programs in it. "
            "Where it came from, write it with kv.save_word2vec_format('words.bin', binary=True); model.wv is a kv"
        )
    if start.startswith(ARCHIVE):
        raise BadInput(f"{path} is an archive (zip): unpack it, and give the file of word vectors in it")


def _of_text(start: bytes, path: Path) -> str:
    line, _, rest = start.partition(b"\n")
    if header := HEADER.fullmatch(line):
        word_ends = rest.find(b" ") + 1
        in_line = 2 * int(header[2]) - 1  # bytes, if only numbers of one digit follow the word
        text = NUMERIC.fullmatch(rest, word_ends, word_ends + in_line) or _is_clean(rest[:CLEAN])
        return "word2vec" if text else "word2vec-binary"
    fields = GAP.split(line.rstrip())
    if len(start) == START and len(line) == START:
        fields.pop()  # which may be cut
    numbers = [number(field) is not None for field in fields]
    if all(numbers) and (b"\t" in line or path.name.removesuffix(".gz").endswith(".tsv")):
        return "projector"
    if len(numbers) > 1 and numbers[-1]:
        return "glove"
    raise BadInput(
        f"{path} holds no word vectors of a known form ({', '.join(FORMS)}): its first line is {shown(line)}; "
        "expected a word and its numbers, or the numbers of words and of dimensions"
    )


def _is_clean(start: bytes) -> bool:
    """Whether bytes, perhaps cut within a character, are UTF-8 without control characters, as floats hardly are."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return CONTROL.search(start) is None
