"""The headings of a Markdown text (CommonMark): ATX and Setext ones, but no comment in a block of code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knnife.things.passages import LONGEST_HEADING, Document, Section

_FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*\r?\n(.*?)^(?:\1|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^title[ \t]*[:=](.*)$", re.MULTILINE | re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_NO_PARAGRAPH = re.compile(r"\s*$| {4}|\t| {0,3}(?:[-+*>|]|\d+[.)]\s)")  # what no Setext line makes a heading

Heading = tuple[int, int, int, str]  # start, end, level, words


def markdown(text: str, name: str) -> Document:
    """The sections of a Markdown text. Front matter is left out, but for its title."""
    start, title = 0, None
    front = _FRONT_MATTER.match(text)
    if front is not None:
        start = front.end()
        named = _TITLE.search(front[2])
        title = named[1].strip(" \t\r\"'") if named else None
    headings = list(_headings(text, start))
    if title is None:
        title = next((words for _, _, level, words in headings if level == 1 and words), name)
    return Document(title, text, list(_sections(headings, start, len(text))))


def _sections(headings: list[Heading], start: int, end: int) -> Iterator[Section]:
    path: list[tuple[int, str]] = []
    for heading in [*headings, (end, end, 0, "")]:
        yield Section(tuple(words for _, words in path if words), start, heading[0])
        start = heading[1]
        path = [outer for outer in path if outer[0] < heading[2]] + [(heading[2], heading[3])]


def _headings(text: str, start: int) -> Iterator[Heading]:
    fence = ""  # the characters that opened the block of code we are in
    before, before_at = "", start  # the line before, a Setext heading if this one underlines it
    for at, line in _lines(text, start):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            line = ""  # nothing in a block of code is underlined
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence, line = mark[1], ""
        elif len(line) > LONGEST_HEADING:
            line = ""
        elif atx := _ATX.match(line):
            yield at, at + len(line), len(atx[1]), _plain(_opened(line[atx.end() :].strip()))
            line = ""
        elif (setext := _SETEXT.match(line)) and not _NO_PARAGRAPH.match(before):
            yield before_at, at + len(line), 1 if setext[1][0] == "=" else 2, _plain(before)
            line = ""
        before, before_at = line, at


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Each line without its ending, and where it starts."""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, text[start:end].removesuffix("\r")
        start = end + 1


def _opened(heading: str) -> str:
    """Without the number signs that may close a heading."""
    words = heading.rstrip("#")
    return words.rstrip() if not words or words[-1] in " \t" else heading


def _plain(heading: str) -> str:
    """The words of a heading: links by their text, no marks of emphasis or code."""
    heading = re.sub(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", heading)
    return re.sub(r"[*`]|<[^>]*>", "", heading).strip()
