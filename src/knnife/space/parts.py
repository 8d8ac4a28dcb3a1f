"""What a reader reads of a thing: its text in parts, of which the best speaks for it.

A text of up to WHOLE words is read in one piece. Of a longer one its beginning is read, for what it is about as a
whole, and its sentences: in one vector, the sentence that answers drowns among casts of films or details of
experiments. Short sentences go with the next, long ones are cut between words. A heading (a first paragraph of a few
words: a name, the titles above a passage) is read with each: without it, "Remove it with pip" says nothing.

For a question the beginning is read and the two sentences that hold most of its words. Measured on half of eight
sets and shown on the other half (mean of MRR or nDCG@10): beginnings alone .585 / .581, beginnings and one sentence
.607 / .600, and two .605 / .602; whole texts of up to 256 tokens instead of beginnings gain nothing, and cost more.

The parts depend on the value alone, which a position keeps for ever, so what was read never gets stale.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log
from typing import Final

from knnife.things import Thing

WHOLE: Final = 50  # words
BEGINNING: Final = 90
LEAST: Final = 8  # words of a part, where the text allows
MOST: Final = 60
HEADING: Final = 12  # words; a longer paragraph is text
UNSPACED: Final = 10  # characters that count as a word: not all scripts put spaces between words
CHARACTERS: Final = 20_000  # what follows them is not read
SENTENCES: Final = 2  # sentences of a thing that are read for a question, beside its beginning
STEM: Final = 6  # letters that make two words the same here
REMEMBERED: Final = 4_096  # texts whose parts are, for the next questions: cutting takes longer than all else then

_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[^\sa-z])|(?<=\s[.!?])\s+|(?<=[。！？])")
_NO_END = re.compile(r"(?:^|[\s(.])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|St|Jr|Sr|vs|No|Vol|Fig|Eq|etc|cf|ca|al)\.\s*$")
_LETTERS = re.compile(r"\w+")
_WORD = re.compile(r"\S{1,20}")


def parts(thing: Thing) -> list[str]:
    """The texts that may speak for a thing, in order, each read by itself; none where there is no text."""
    return [*_cut(thing.value[:CHARACTERS])] if isinstance(thing.value, str) else []


@lru_cache(maxsize=REMEMBERED)
def _cut(text: str) -> tuple[str, ...]:
    paragraphs = [" ".join(each.split()) for each in _PARAGRAPH_END.split(text)]
    paragraphs = [each for each in paragraphs if each]
    heading = ""
    if len(paragraphs) > 1 and _words(paragraphs[0]) <= HEADING:
        heading = paragraphs.pop(0) + "\n"
    if sum(map(_words, paragraphs)) <= WHOLE:
        found = ["\n".join(paragraphs)] if paragraphs else []
    else:
        sentences = [part for paragraph in paragraphs for part in _gathered(_sentences(paragraph))]
        found = [_beginning(" ".join(paragraphs)), *sentences]
    return tuple(heading + part for part in found)


def telling(question: str, texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Of the parts of each thing the first, and the few that hold most of a question's words, by their rarity here."""
    asked = _stems(question)
    held = [[_stems(part) & asked for part in each] for each in texts]
    times = Counter(stem for each in held for stems in each for stem in stems)
    total = sum(map(len, texts))
    worth = {stem: log((total + 1) / (n + 0.5)) for stem, n in times.items()}

    def best(each: Sequence[str], stems: Sequence[frozenset[str]]) -> list[str]:
        if len(each) <= SENTENCES + 1:
            return [*each]
        order = sorted(range(1, len(each)), key=lambda at: -sum(worth[stem] for stem in sorted(stems[at])))
        return [*each[:1], *(each[at] for at in order[:SENTENCES])]

    return [best(each, stems) for each, stems in zip(texts, held, strict=True)]


@lru_cache(maxsize=REMEMBERED)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in _LETTERS.findall(text.casefold()))


def _words(text: str) -> int:
    """How many words a text has, about."""
    return max(text.count(" ") + 1, len(text) // UNSPACED)


def _beginning(text: str) -> str:
    return next(_runs(text, BEGINNING))


def _gathered(sentences: Iterator[str]) -> Iterator[str]:
    """Sentences, the short ones with the next."""
    held: list[str] = []
    for sentence in sentences:
        held.append(sentence)
        if _words(" ".join(held)) >= LEAST:
            yield " ".join(held)
            held = []
    if held:
        yield " ".join(held)


def _sentences(paragraph: str) -> Iterator[str]:
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        if not _NO_END.search(paragraph, max(start, match.start() - 8), match.end()):
            yield from _runs(paragraph[start : match.end()].strip())
            start = match.end()
    yield from _runs(paragraph[start:].strip())


def _runs(text: str, most: int = MOST) -> Iterator[str]:
    """A text in runs of at most so many words."""
    if _words(text) <= most:
        yield text
        return
    start = words = 0
    for match in _WORD.finditer(text):
        words += 1
        if words == most:
            yield text[start : match.end()].strip()
            start, words = match.end(), 0
    if words:
        yield text[start:].strip()
