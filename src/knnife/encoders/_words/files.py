"""Word vectors of every program, read from files and written to them.

    vectors           *.vectors           knnife's own, mapped into memory                         native.py
    word2vec          *.txt *.vec         text under a line "words dimensions"; fastText's .vec    texts.py
    word2vec-binary   *.bin               the same with floats as they lie in memory               binaries.py
    glove                                 text without that first line                             texts.py
    fasttext          *.bin               models of fastText, with n-grams; only read              fasttext.py
    npy               *.npy               an array, and x.words.txt with the words                 beside.py
    projector         *.tsv               the TensorFlow projector's, with metadata.tsv            beside.py

All but those that are mapped may be packed by gzip (*.gz). gensim reads "word2vec" and "word2vec-binary" with
`KeyedVectors.load_word2vec_format`. Pickles, as gensim's `save` writes them, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from knnife.encoders._words import beside, binaries, fasttext, forms, native, texts
from knnife.encoders._words.disk import reading, size_of, writing
from knnife.encoders._words.gathering import check_finite
from knnife.encoders._words.table import Table
from knnife.errors import BadInput

CANNOT_HOLD: Final = {  # what a word cannot hold in a form
    "vectors": None,
    "npy": re.compile(r"[\r\n]+"),
    "projector": re.compile(r"[\t\r\n]+"),
}
WHITE: Final = re.compile(r"[ \t\r\n]+")  # nor in the other forms
BLOCK: Final = 4096  # rows that are looked at at once


def read_words(path: str | Path, *, form: str | None = None, limit: int | None = None) -> tuple[Table, dict[str, Any]]:
    """The words of a file with their vectors, and what the file says about them (plain JSON).

    form: one of `forms.FORMS`; by the content of the file where it is not told. limit: the first so many words, which
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
        return beside.read_npy(path, limit)
    if found == "projector":
        return beside.read_projector(path, limit)
    with reading(path) as stream:
        if found == "fasttext":
            return fasttext.read(stream, str(path), limit)
        if found == "word2vec-binary":
            return binaries.read(stream, str(path), limit)
        return texts.read(stream, str(path), limit, headed=found == "word2vec")


def write_table(
    table: Table, path: str | Path, *, form: str | None = None, about: Mapping[str, Any] | None = None
) -> None:
    """Writes a file, in one step, in a form told by its name where it is not given.

    Only "vectors" keeps all: counts (the projector's table does, too), n-grams, and `about`, how the vectors were made.
    White space in a word becomes "_" where the form cannot hold it. Raises BadInput, DiskFull, ReadOnly.
    """
    path = Path(path)
    wanted = forms.given(form) if form else forms.by_name(path)
    if wanted == "fasttext":
        raise BadInput(f"{path}: models of fastText are only read; as its *.vec, write form 'word2vec'")
    if wanted in forms.MAPPED and path.suffix == ".gz":
        raise BadInput(f"{path}: {wanted} files are mapped into memory, so they are not packed: leave .gz out")
    _check(table)
    table = replace(table, words=_words_for(table, wanted))
    with ExitStack() as open_files:
        if wanted in ("npy", "projector"):
            beside.write_words(table, open_files.enter_context(writing(beside.words_beside(path))), path)
        stream = open_files.enter_context(writing(path))
        if wanted == "vectors":
            native.write(table, stream, about or {})
        elif wanted == "npy":
            beside.write_npy(table, stream)
        elif wanted == "projector":
            beside.write_projector(table, stream)
        elif wanted == "word2vec-binary":
            binaries.write(table, stream)
        else:
            texts.write(table, stream, headed=wanted == "word2vec")


def _form_of(path: Path, form: str | None) -> str:
    """The form that was asked for, or that a file has."""
    with reading(path) as stream:
        start, size = stream.read(forms.START), size_of(stream)
    found = forms.given(form) if form else forms.by_content(start, size, path)
    if found in forms.MAPPED and size is None:
        raise BadInput(f"{path} is packed by gzip, and {found} files are mapped into memory: unpack it (gunzip) first")
    return found


def _check(table: Table) -> None:
    """Raises BadInput where a table cannot be written: every form is read back as it was."""
    n = len(table.words)
    if not n or table.vectors.ndim != 2 or len(table.vectors) != n or not table.vectors.shape[1]:
        raise BadInput(f"{n:,} words and vectors of shape {table.vectors.shape}: expected one vector for each word")
    if len(table.row_of) != n:
        raise BadInput(f"{n - len(table.row_of):,} of {n:,} words come twice: a word has one vector")
    for start in range(0, n, BLOCK):
        check_finite(table.vectors[start : start + BLOCK], start, "the table to write")


def _words_for(table: Table, form: str) -> list[str]:
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
