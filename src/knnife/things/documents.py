"""Documents, alone or by the folder: text, Markdown and HTML files, each cut into passages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from knnife.errors import BadInput, BadRow, NotFound
from knnife.things.encodings import LOOKED_AT, advice, known, marked
from knnife.things.files import bare, format_of
from knnife.things.html import html
from knnife.things.markdown import markdown
from knnife.things.passages import Document, Section, passages
from knnife.things.passing_over import told_apart
from knnife.things.reading import Reading, RowError
from knnife.things.thing import Thing
from knnife.things.values import check_text

LARGEST = 64 << 20  # bytes; one document at a time is in memory

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)


_UNKNOWN_TO_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")


def plain(text: str, name: str) -> Document:
    """A text without headings."""
    return Document(name, text, [Section((), 0, len(text))])


PARSERS = {
    ".htm": html,
    ".html": html,
    ".markdown": markdown,
    ".md": markdown,
    ".rst": plain,
    ".text": plain,
    ".txt": plain,
    ".xhtml": html,
}


def read_document(name: str, reading: Reading) -> Iterator[Thing]:
    """The passages of the file `name`. Too large, no UTF-8, or a NUL inside: a fault as a whole."""
    data = _bytes(name, reading)
    if data is None:
        return
    parse = PARSERS[format_of(name)]
    encoding, length = marked(data)
    encoding = encoding or reading.written.encoding or (_declared(data) if parse is html else "utf-8")
    data = data[length:]
    try:
        text = data.decode(encoding)
        check_text(text)
    except UnicodeDecodeError as error:
        reading.fault(data.count(b"\n", 0, error.start) + 1, _undecodable(data, encoding), name)
    except RowError as error:
        reading.fault(data.count(b"\n", 0, max(0, data.find(b"\0"))) + 1, error, name)
    else:
        empty = True
        for passage in passages(parse(text, Path(name).name.split(".")[0]), name):
            empty = False
            yield passage
        if empty:
            reading.emptied.append(name)


def read_documents(names: Sequence[str], reading: Reading) -> Iterator[Thing]:
    """The passages of the documents among these files, in order. Raises BadInput where there are none."""
    found = [name for name in names if is_document(name)]
    reading.passed_over = told_apart(set(names) - set(found))
    if not found:
        raise BadInput(
            f"{reading.source}: no documents there, expected files that end in {' '.join(PARSERS)}, or pictures; "
            f"tables are read by their own names"
        )
    done = 0
    reading.progress = lambda: done / len(found)
    for name in found:
        yield from read_document(name, reading)
        done += 1


def _bytes(name: str, reading: Reading) -> bytes | None:
    """What is in a file; None when that was a fault: it cannot be opened, is damaged, or too large."""
    try:
        with bare(name, reading, measure=False) as stream:
            data = stream.read(LARGEST + 1)
            if len(data) <= LARGEST:
                return data
            reading.fault(None, f"a document of more than {LARGEST >> 20} MB", name)
    except BadRow:
        raise
    except (BadInput, NotFound) as error:
        reading.fault(None, str(error).removeprefix(f"{name} "), name)
    return None


def is_document(name: str) -> bool:
    """Is this the name of a document, by its ending?"""
    return format_of(name) in PARSERS


def _undecodable(data: bytes, encoding: str) -> str:
    """What is wrong with a document that is not written in the encoding that it should be in."""
    if encoding != "utf-8":
        return f"some bytes mean nothing in {encoding}, which this document is said to be written in"
    strange = [line for line in data.split(b"\n") if not line.isascii()]
    return f"invalid UTF-8: {advice(b' '.join(strange)[:LOOKED_AT])}"


def _declared(page: bytes) -> str:
    """The encoding that an HTML page says it has; UTF-8 when it says nothing that is known.

    As browsers do: a page that can say UTF-16 in ASCII is not in UTF-16, and Latin-1 is cp1252, which has more of it.
    """
    found = _CHARSET.search(page, 0, 2048)
    try:
        name = known(found[1].decode()) if found else "utf-8"
    except BadInput:
        return "utf-8"
    if name.startswith(("utf-16", "utf-32")):
        return "utf-8"
    return "cp1252" if name in ("iso8859-1", "ascii") and not _UNKNOWN_TO_CP1252.intersection(page) else name
