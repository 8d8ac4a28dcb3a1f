"""The text of an HTML page: headings and paragraphs, without scripts, styles, and what is on every page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from knnife.things.passages import LONGEST_HEADING, Document, Section

# What readers do not read. `header` stays: it holds the heading of an article as often as a banner.
_BOILERPLATE = re.compile("script|style|template|noscript|nav|footer|aside|svg|iframe|object")
_BLOCK = re.compile(
    "address|article|blockquote|body|caption|dd|details|div|dl|dt|fieldset|figcaption|figure|form|header|hr|li|"
    "main|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_MARKED_SECTION = re.compile(r"<!\[[^>]*>")  # <![CDATA[ ... and <![if IE]>: comments, to a browser
_SPACE = re.compile(r"[ \t\r\n\f]+")


def html(text: str, name: str) -> Document:
    """The readable text of a page, blocks apart by a blank line, in sections under its headings."""
    page = _Page()
    page.feed(_closed(text))
    page.close()
    page.end_heading("h6")
    page.end_section()
    first = next((section.headings[0] for section in page.sections if section.headings), "")
    return Document(page.title.strip() or first or name, "".join(page.pieces), page.sections)


def _closed(text: str) -> str:
    """`text` without marked sections, at which html.parser fails, and with what is never closed made plain.

    The parser looks for an end from each opening on: 100 KB of "<!--" take it minutes.
    """
    for opening, closing in (("<!--", "-->"), ("<", ">")):
        end = text.rfind(closing) + 1
        text = text[:end] + text[end:].replace(opening, "&lt;" + opening[1:])
    return _MARKED_SECTION.sub("", text)


class _Page(HTMLParser):
    """Gathers the text (`pieces`, `length` characters so far) and cuts it into `sections`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.pieces: list[str] = []
        self.length = 0
        self.sections: list[Section] = []
        self._start = 0
        self._path: list[tuple[str, str]] = []  # tag and words of the headings we are under
        self._heading: list[str] | None = None  # the words of the heading we are in
        self._skipped = ""  # the boilerplate element we are in, and how deep
        self._depth = 0
        self._in_title = False
        self._verbatim = 0

    def end_section(self) -> None:
        """What came since the last heading is a section."""
        self.sections.append(Section(tuple(words for _, words in self._path), self._start, self.length))
        self._start = self.length

    def end_heading(self, tag: str) -> None:
        """The words since the last heading tag are one, unless there is too much of them."""
        words = " ".join("".join(self._heading or []).split())
        self._heading = None
        self._break()
        if len(words) > LONGEST_HEADING:
            self._put(words)
        elif words:
            self.end_section()
            self._path = [outer for outer in self._path if outer[0] < tag] + [(tag, words)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self._skipped:
            self._depth += 1
        elif not self._skipped and _BOILERPLATE.fullmatch(tag):
            self._skipped, self._depth = tag, 1
        elif tag in ("main", "article"):
            self._skipped = ""  # whatever was not closed before, here the page itself starts
        if self._skipped:
            return
        if tag == "title" and not self.title:
            self._in_title = True
        elif tag in _HEADINGS:
            self.end_heading(tag)  # one that was not closed
            self._heading = []
        elif tag == "br":
            self._put("\n")
        elif _BLOCK.fullmatch(tag):
            self._break()
            self._verbatim += tag == "pre"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not _BOILERPLATE.fullmatch(tag):  # <svg/> opens nothing
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._depth -= tag == self._skipped
            self._skipped = self._skipped if self._depth else ""
        elif tag == "title":
            self._in_title = False
        elif tag in _HEADINGS:
            self.end_heading(tag)
        elif _BLOCK.fullmatch(tag):
            self._verbatim = max(0, self._verbatim - (tag == "pre"))
            self._break()

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += _SPACE.sub(" ", data)
        elif self._skipped:
            return
        elif self._heading is not None:
            self._heading.append(data)
        elif self._verbatim:
            self._put(data)
        else:
            data = _SPACE.sub(" ", data)
            self._put(data.lstrip() if not self.pieces or self.pieces[-1][-1:].isspace() else data)

    def _break(self) -> None:
        if self._heading is None and self.pieces and not self.pieces[-1].endswith("\n\n"):
            self._put("\n\n")

    def _put(self, text: str) -> None:
        if text and self._heading is None:
            self.pieces.append(text)
            self.length += len(text)
