"""Words and how often they are used, from whatever a user has: counts, lists, files, texts, spaces, word vectors."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput, NotFound
from knnife.space import is_space, opened
from knnife.spelling.english import english
from knnife.spelling.spelled import folded
from knnife.spelling.texts import words
from knnife.spelling.vocabulary import Vocabulary
from knnife.things import Reading, Thing, files, read

TWICE = 2  # a word of texts counts as right when it was seen so often: misspellings are mostly seen once
MOSTLY = 0.8  # of the words of texts are English: so are the texts. Many short words of German are English words, too
LOOKED_AT = 200  # lines by which a list is told from a text

Counted = Mapping[str, float] | Iterable[tuple[str, float]]


def vocabulary_of(given: Any) -> Vocabulary:
    """A vocabulary, for None the English one that ships. Raises BadInput where no word is left, NotFound."""
    if isinstance(given, Vocabulary):
        return given
    if given is None:
        return english()
    return Vocabulary.of(_counted(given))


def of_texts(texts: Iterable[str]) -> dict[str, float]:
    """The words of texts seen twice or more; if the texts are English, with those of the list at equal weight.

    Raises BadInput where no word is left.
    """
    counts = Counter(word for text in texts for word in words(text))
    if not counts:
        raise BadInput("the vocabulary is empty: the texts have no words; expected texts, or a list of words")
    kept = {word: float(count) for word, count in counts.items() if count >= TWICE}
    known, total = english(), sum(counts.values())
    if sum(count for word, count in counts.items() if folded(word) in known.row_of) >= MOSTLY * total:
        weight = total / known.counts.sum()
        for word, count in zip(known.words, known.counts.tolist(), strict=True):
            kept[word] = kept.get(word, 0.0) + weight * count
    if not kept:
        raise BadInput(
            f"none of the {len(counts):,} words of the texts is there twice; expected more texts, or a list of words"
        )
    return kept


def _counted(given: Any) -> Counted:
    if isinstance(given, Mapping):
        return given
    if is_space(given):
        with opened(given) as space:
            return of_texts(thing.value for thing in space.things() if isinstance(thing.value, str))
    if isinstance(given, str | os.PathLike):
        return _of_file(Path(given))
    if isinstance(table := getattr(given, "table", given), WordTable):
        return zip(table.words, _counts(table), strict=True)
    if not isinstance(given, Iterable):
        raise BadInput(
            f"a vocabulary is words with counts, words, a file, a Space or WordVectors; got {type(given).__name__}"
        )
    return _of_items(given)


def _counts(table: WordTable) -> list[float]:
    """Those of the words; where they are not known, by rank, as Zipf found (files hold frequent words first)."""
    counts = table.counts if table.counts is not None else 1e9 / np.arange(1, len(table.words) + 1)
    found: list[float] = counts.astype(float).tolist()
    return found


def _of_items(items: Iterable[Any]) -> Iterator[tuple[str, float]]:
    """Words, or pairs of word and count. A word that comes again counts again."""
    for item in items:
        if isinstance(item, Thing):
            item = item.value
        if isinstance(item, tuple | list):
            if len(item) != 2:
                raise BadInput(f"the vocabulary holds {item!r:.60}; expected a word, or a word and its count")
            yield item[0], item[1]
        else:
            yield item, 1.0


def _of_file(path: Path) -> Counted:
    """The words of a list, one a line with or without a count, or those of whatever else can be read as texts."""
    if not os.path.exists(path):
        raise NotFound(f"{path}: there is no such file; expected a list of words, or texts")
    if path.is_file() and path.suffix in ("", ".txt", ".gz", ".tsv", ".dic") and _is_list(path):
        return _listed(path)
    return of_texts(thing.value for thing in read(path) if isinstance(thing.value, str))


def _is_list(path: Path) -> bool:
    lines = [line.split() for line in itertools.islice(_lines(path), LOOKED_AT)]
    lines = [line for line in lines if line]
    return bool(lines) and all(len(line) == 1 or (len(line) == 2 and _is_number(line[1])) for line in lines)


def _listed(path: Path) -> Iterator[tuple[str, float]]:
    for number, line in enumerate(_lines(path), 1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) > 2 or (len(parts) == 2 and not _is_number(parts[1])):
            raise BadInput(f"{path}, line {number}: expected a word, or a word and its count; got {line.strip()!r:.60}")
        yield parts[0], float(parts[1]) if len(parts) == 2 else 1.0


def _lines(path: Path) -> Iterator[str]:
    """The lines of a list. What is no UTF-8 in one is no word, and does no harm. Raises BadInput for NULs."""
    reading = Reading(str(path), lambda _: iter(()))
    with files.opened(reading.source, reading) as stream:
        for _, line in files.lines(stream, reading, reading.source):
            if b"\0" in line:
                raise BadInput(f"{path} is no text; expected a list of words, or texts")
            yield line.decode("utf-8", "replace")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
