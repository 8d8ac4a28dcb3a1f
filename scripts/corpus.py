"""The texts that the English model learns from: articles and books, as sentences, passages and bits of both.

Read from ../shared/data/corpus, beside the repository (its README names the sources): 35,052 articles of the English
Wikipedia and 99 books, 850,000 sentences. No data set of similarities or judgements is read.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[1] / ".." / "shared" / "data" / "corpus"
ARTICLES, BOOKS = "enwiki2018-articles.jsonl.gz", "classic-books-sample.jsonl.gz"

SENTENCES, FRAGMENTS, PASSAGES, WORDS, TITLES = 240_000, 100_000, 36_000, 30_000, 20_000  # how many are drawn
PASSAGE = range(90, 160)  # words: paragraphs are put together until they have 90, and cut off at 160
FRAGMENT = range(3, 11)  # words

_BETWEEN_SENTENCES = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?]["”’)]))\s+(?=["“‘(]?[A-Z0-9])""")
_CLAUSE = re.compile(r"[,;:—()]| - ")
_WORD = re.compile(r"[a-z]+")


class Text(NamedTuple):
    """An article or a book."""

    title: str
    paragraphs: list[str]


def read(folder: Path = FOLDER) -> Iterator[Text]:
    """Every article and book."""
    for row in _rows(folder / ARTICLES):
        yield Text(row["title"], _long_enough(row["text"].split("\n"), 8))
    for row in _rows(folder / BOOKS):
        paragraphs = row["text"].replace("\r\n", "\n").split("\n\n")
        yield Text(row["title"], _long_enough([" ".join(p.split()).strip(" #") for p in paragraphs], 4))


def new_words(texts: list[Text], known: set[str], n: int) -> list[str]:
    """The `n` words of more than three letters that stand in the most texts and are not known."""
    texts_with = Counter[str]()
    for text in texts:
        texts_with.update({*_WORD.findall(" ".join(text.paragraphs).lower())})
    found = sorted((-count, word) for word, count in texts_with.items() if word not in known and len(word) > 3)
    return [word for _, word in found[:n]]


def draw(texts: list[Text], words: list[str], seed: int = 0) -> list[str]:
    """What the teacher is asked: sentences, parts of sentences, passages, titles, and one to three random `words`.

    Parts of sentences are as short as questions are, and cost the teacher little. Random words reach the
    tokens that the texts do not.
    """
    rng = random.Random(seed)
    sentences = [s for text in texts for p in text.paragraphs for s in sentences_of(p) if len(s.split()) <= 60]
    passages = [p for text in texts for p in passages_of(text.paragraphs)]
    drawn = rng.sample(sentences, SENTENCES)
    drawn += [_fragment(rng.choice(sentences), rng) for _ in range(FRAGMENTS)]
    drawn += rng.sample(passages, PASSAGES)
    drawn += [" ".join(rng.choices(words, k=rng.randint(1, 3))) for _ in range(WORDS)]
    drawn += rng.sample([text.title for text in texts], TITLES)
    rng.shuffle(drawn)
    return drawn


def sentences_of(paragraph: str) -> list[str]:
    """Its sentences of three words and more."""
    return [s for s in _BETWEEN_SENTENCES.split(paragraph) if len(s.split()) >= 3]


def passages_of(paragraphs: list[str]) -> Iterator[str]:
    """Paragraphs put together until they are long enough; a short rest is left out."""
    words: list[str] = []
    for paragraph in paragraphs:
        words += paragraph.split()
        if len(words) >= PASSAGE.start:
            yield " ".join(words[: PASSAGE.stop])
            words = []


def _fragment(sentence: str, rng: random.Random) -> str:
    """A clause of the sentence, or some words of it that stand together."""
    clauses = [c.strip() for c in _CLAUSE.split(sentence) if len(c.split()) in FRAGMENT]
    if clauses and rng.random() < 0.6:
        return rng.choice(clauses)
    words = sentence.split()
    size = rng.randint(FRAGMENT.start, min(FRAGMENT.stop - 1, len(words)))
    start = rng.randint(0, len(words) - size)
    return " ".join(words[start : start + size])


def _long_enough(paragraphs: list[str], words: int) -> list[str]:
    return [p.strip() for p in paragraphs if len(p.split()) >= words and not p.startswith("---")]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
