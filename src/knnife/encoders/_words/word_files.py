"""Word vectors of every program, read from files and written to them.

    vectors           *.vectors           knnife's own, mapped into memory                         native.py
    word2vec          *.txt *.vec         text under a line "words dimensions"; fastText's .vec    word2vec_files.py
    word2vec-binary   *.bin               the same with floats as they lie in memory               word2vec_files.py
    glove                                 text without that first line                             word2vec_files.py
    fasttext          *.bin               models of fastText, with n-grams; only read              fasttext.py
    npy               *.npy               an array, and x.words.txt with the words                 sidecar.py
    projector         *.tsv               the TensorFlow projector's, with metadata.tsv            sidecar.py

All but those that are mapped may be packed by gzip (*.gz). gensim reads "word2vec" and "word2vec-binary" with
`KeyedVectors.load_word2vec_format`. Pickles, as gensim's `save` writes them, are refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from knnife.encoders._words import fasttext, native, sidecar, word2vec_files
from knnife.encoders._words.disk import reading, size_of, writing
from knnife.encoders._words.word2vec_files import HEADER, shown
from knnife.encoders._words.word_rows import GAP, check_finite, number
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput, NotFound
from knnife.output_kinds import WORD_VECTORS, OutputKind, text_named_like
from knnife.things.encodings import marked

FORMS: Final = ("vectors", "word2vec", "word2vec-binary", "glove", "fasttext", "npy", "projector")
ENDINGS: Final = {
    ".vectors": "vectors",
    ".txt": "word2vec",
    ".vec": "word2vec",
    ".bin": "word2vec-binary",
    ".npy": "npy",
    ".tsv": "projector",
}
TEXTS: Final = {"word2vec", "glove", "projector"}  # which are told apart by a line or two
MAPPED: Final = ("vectors", "npy")  # into memory, which gzip forbids
NUMPY: Final = b"\x93NUMPY"
PICKLES: Final = tuple(bytes([0x80, protocol]) for protocol in range(2, 8))
ARCHIVE: Final = b"PK\x03\x04"
NUMERIC: Final = re.compile(rb"[-+.0-9eEnaifNAIF \t\r\n]*")
CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
CLEAN: Final = 4096  # bytes; so many of floats are never clean
START: Final = 1 << 16  # bytes that a form is recognised by
CANNOT_HOLD: Final = {  # what a word cannot hold in a form
    "vectors": None,
    "npy": re.compile(r"[\r\n]+"),
    "projector": re.compile(r"[\t\r\n]+"),
}
WHITE: Final = re.compile(r"[ \t\r\n]+")  # nor in the other forms


def read_words(
    path: str | Path, *, form: str | None = None, limit: int | None = None
) -> tuple[WordTable, dict[str, Any]]:
    """The words of a file with their vectors, and what the file says about them (plain JSON).

    form: one of `FORMS`; by default, what the content of the file says. limit: the first so many words, which
    are the most frequent ones in the files of most programs. A word that comes twice keeps its first vector; `about`
    says how many others there were. Raises NotFound, and BadInput where the file is damaged or none of word vectors.
    """
    path = Path(path)
    if limit is not None and (type(limit) is not int or limit < 1):
        raise BadInput(f"limit={limit!r}: expected how many words to read, 1 or more")
    found = _form_of(path, form)
    if found == "vectors":
        return native.read(path, limit)
    if found == "npy":
        return sidecar.read_npy(path, limit)
    if found == "projector":
        return sidecar.read_projector(path, limit)
    with reading(path, text=found in ("word2vec", "glove")) as stream:
        if found == "fasttext":
            return fasttext.read(stream, str(path), limit)
        if found == "word2vec-binary":
            return word2vec_files.read_binary(stream, str(path), limit)
        return word2vec_files.read_text(stream, str(path), limit, headed=found == "word2vec")


def write_table(
    table: WordTable, path: str | Path, *, form: str | None = None, about: Mapping[str, Any] | None = None
) -> None:
    """Writes a file, whole or not at all, in a form that by default follows from its name.

    Only "vectors" keeps all: counts (the projector's table does, too), n-grams, and `about`, how the vectors were made.
    White space in a word becomes "_" where the form cannot hold it. Raises BadInput, DiskFull, ReadOnly.
    """
    path = Path(path)
    wanted = given(form) if form else by_name(path)
    if wanted == "fasttext":
        raise BadInput(f"{path}: models of fastText are only read; as its *.vec, write form 'word2vec'")
    if wanted in MAPPED and path.suffix == ".gz":
        raise BadInput(f"{path}: {wanted} files are mapped into memory, so they are not packed: leave .gz out")
    _check(table)
    table = replace(table, words=_words_for(table, wanted))
    with ExitStack() as open_files:
        if wanted in ("npy", "projector"):
            beside = sidecar.words_beside(path)
            sidecar.write_words(table, open_files.enter_context(writing(beside, text_named_like(beside.name))), path)
        stream = open_files.enter_context(writing(path, kind_of_form(wanted)))
        if wanted == "vectors":
            native.write(table, stream, about or {})
        elif wanted == "npy":
            sidecar.write_npy(table, stream)
        elif wanted == "projector":
            sidecar.write_projector(table, stream)
        elif wanted == "word2vec-binary":
            word2vec_files.write_binary(table, stream)
        else:
            word2vec_files.write_text(table, stream, headed=wanted == "word2vec")


def kind_of_form(form: str) -> OutputKind:
    """The files that word vectors of a form may take the place of: those of that form."""
    if form == "vectors":  # not any file of safetensors
        return WORD_VECTORS

    def known(head: bytes, path: str) -> bool:
        try:
            found = _form_of(Path(path), None)
        except (BadInput, NotFound):
            return False
        return found == form or {found, form} <= TEXTS

    return OutputKind(f"word vectors ({form})", known)


def _form_of(path: Path, form: str | None) -> str:
    """The form that was given, or the one that a file has."""
    with reading(path) as stream:
        start, size = stream.read(START), size_of(stream)
    if marked(start)[0] and not native.is_safetensors(start, len(start) if size is None else size):
        with reading(path, text=True) as stream:
            start = stream.read(START)
    found = given(form) if form else by_content(start, size, path)
    if found in MAPPED and size is None:
        raise BadInput(f"{path} is packed by gzip, and {found} files are mapped into memory: unpack it (gunzip) first")
    return found


def _check(table: WordTable) -> None:
    """Raises BadInput where a table cannot be written: every form is read back as it was."""
    n = len(table.words)
    if not n or table.vectors.ndim != 2 or len(table.vectors) != n or not table.vectors.shape[1]:
        raise BadInput(f"{n:,} words and vectors of shape {table.vectors.shape}: expected one vector for each word")
    if len(table.row_of) != n:
        raise BadInput(f"{n - len(table.row_of):,} of {n:,} words come twice: a word has one vector")
    check_finite(table.vectors, "the table to write")


def _words_for(table: WordTable, form: str) -> list[str]:
    """The words as a form can hold them."""
    forbidden = CANNOT_HOLD.get(form, WHITE)
    words = table.words if forbidden is None else [forbidden.sub("_", word) for word in table.words]
    try:
        "".join(words).encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"a word holds half a character ({error}), which UTF-8 does not have") from error
    if form != "vectors" and "" in table.row_of:
        raise BadInput(f"one word is empty, which {form!r} cannot hold: write *.vectors, or leave the word out")
    if len(set(words)) != len(words):
        raise BadInput(f"white space is written as '_' in {form!r}, and then two words are the same: write *.vectors")
    return words


def given(form: str) -> str:
    """A form that was given by its name."""
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
    begins = f"its first line is {shown(line)}" if _is_clean(start[:CLEAN]) else "it is no text, but binary"
    raise BadInput(
        f"{path} holds no word vectors of a known form ({', '.join(FORMS)}): {begins}; "
        "expected a word and its numbers, or the numbers of words and of dimensions"
    )


def _is_clean(start: bytes) -> bool:
    """Whether bytes, perhaps cut within a character, are UTF-8 without control characters, as floats hardly are."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return CONTROL.search(start) is None
