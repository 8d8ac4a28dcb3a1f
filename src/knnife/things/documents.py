"""Documents, alone or by the folder: text, Markdown and HTML files, each cut into passages."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from knnife.errors import BadInput, BadRow, NotFound
from knnife.things.files import format_of, opened
from knnife.things.html import html
from knnife.things.kinds import kind_of_file
from knnife.things.markdown import markdown
from knnife.things.passages import Document, Section, passages
from knnife.things.reading import Reading, RowError
from knnife.things.thing import Thing
from knnife.things.values import check_text

LARGEST = 256 << 20  # bytes; one document at a time is in memory

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)


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
    try:
        text = data.decode(_declared(data) if parse is html else "utf-8")
        check_text(text)
    except UnicodeDecodeError as error:
        reading.fault(data.count(b"\n", 0, error.start) + 1, "invalid UTF-8: save the file as UTF-8", name)
    except RowError as error:
        reading.fault(data.count(b"\n", 0, max(0, data.find(b"\0"))) + 1, error, name)
    else:
        yield from passages(parse(text, Path(name).name.split(".")[0]), name)


def read_documents(names: Sequence[str], reading: Reading) -> Iterator[Thing]:
    """The passages of the documents among these files, in order. Raises BadInput where there are none."""
    found = [name for name in names if is_document(name)]
    reading.skipped = len(names) - len(found)
    reading.pictures_skipped = sum(1 for _ in filter(kind_of_file, names))
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
        with opened(name, reading, measure=False) as stream:
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


def _declared(page: bytes) -> str:
    """The encoding that an HTML page says it has; UTF-8 when it says nothing that is known."""
    found = _CHARSET.search(page, 0, 2048)
    try:
        return codecs.lookup(found[1].decode()).name if found else "utf-8"
    except LookupError:
        return "utf-8"
