"""Documents cut into passages: what a search should show is a place, not a file.

A passage is 100 to 200 words where the text allows: neighbouring paragraphs of one section together, a long paragraph
cut between sentences, a longer sentence between words. It never crosses a heading. Its value is the headings above it
(without them, "Remove it with pip" says nothing), then the text from `about["start"]` of the document on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knnife.things.thing import Thing

GOAL, LONGEST = 100, 200  # words
REST = 30  # words; fewer than these at the end of a section stay with what is before them
LONGEST_HEADING = 500  # characters; what is longer is a text in heading's clothes

_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n\s*")
_WORD = re.compile(r"\S{1,20}")  # a longer one counts as several: not all scripts put spaces between words
_UNBROKEN = re.compile(r"\S+")

Span = tuple[int, int, int]  # start, end, number of words


@dataclass(frozen=True)
class Section:
    """What stands under one heading: `text[start:end]` of its document. headings: outermost first."""

    headings: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """A text, cut where its headings are. The sections are in order and do not overlap."""

    title: str
    text: str
    sections: list[Section]


def passages(document: Document, name: str) -> Iterator[Thing]:
    """The passages of a document, called `<name>#<position>`, positions from 1, and part of `name`."""
    position = 0
    for section in document.sections:
        heading = " > ".join(section.headings)
        for start, end, _ in _gathered(_units(document.text, section.start, section.end)):
            position += 1
            body = document.text[start:end]
            yield Thing(
                f"{name}#{position}",
                f"{heading}\n\n{body}" if heading else body,
                {"title": document.title, "heading": heading or None, "position": position, "start": start},
                name,
            )


def _gathered(units: Iterator[Span]) -> list[Span]:
    """Neighbouring units together, up to LONGEST words; one that has GOAL words takes no more long ones."""
    gathered: list[Span] = []
    for start, end, words in units:
        first, _, before = gathered[-1] if gathered else (start, end, LONGEST)
        if before + words <= LONGEST and (before < GOAL or words < GOAL):
            gathered[-1] = first, end, before + words
        else:
            gathered.append((start, end, words))
    if len(gathered) > 1 and gathered[-1][2] < REST:
        _, end, words = gathered.pop()
        gathered[-1] = gathered[-1][0], end, gathered[-1][2] + words
    return gathered


def _units(text: str, start: int, end: int) -> Iterator[Span]:
    """What passages are made of: paragraphs, sentences of long ones, runs of words of long sentences."""
    for paragraph in _cut(text, start, end, _PARAGRAPH_END):
        if paragraph[2] <= LONGEST:
            yield paragraph
            continue
        for sentence in _cut(text, *paragraph[:2], _SENTENCE_END):
            if sentence[2] <= LONGEST:
                yield sentence
            else:
                yield from _runs(text, *sentence[:2])


def _cut(text: str, start: int, end: int, border: re.Pattern[str]) -> Iterator[Span]:
    """The pieces of `text[start:end]` that end where a match of `border` ends, without space around them."""
    ends = [match.end() for match in border.finditer(text, start, end)]
    for stop in [*ends, end]:
        words = [match.span() for match in _WORD.finditer(text, start, stop)]
        if words:
            yield words[0][0], words[-1][1], len(words)
        start = stop


def _runs(text: str, start: int, end: int) -> Iterator[Span]:
    """`text[start:end]` in runs of at most LONGEST words. A word alone may be of any length."""
    words = [match.span() for match in _UNBROKEN.finditer(text, start, end)]
    for first in range(0, len(words), LONGEST):
        run = words[first : first + LONGEST]
        yield run[0][0], run[-1][1], len(run)
