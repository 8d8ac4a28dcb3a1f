"""Which words of some texts are misspelled, and what was meant?

A word that is not in the vocabulary is compared with those within two edits and those that sound alike. They are ranked
by how people misspell, the keyboard, the sound, how common they are and, with word vectors, the words around.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from knnife.errors import BadInput, NotFound
from knnife.space import Space, is_space, opened
from knnife.things import as_things, numbered
from knnife.tools._typos.speller import OFTEN, SURE, Speller, Wrong


@dataclass(frozen=True)
class Typos:
    """The words of n texts that are not in the vocabulary.

    ids: of the texts, where they had none their numbers. texts: as they were given. mended: with the words that were
    corrected. wrong: for each text its words that the vocabulary lacks, in order.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    mended: Sequence[str]
    wrong: Sequence[Sequence[Wrong]]

    def __len__(self) -> int:
        return sum(word.corrected for words in self.wrong for word in words)

    def rows(self, unsure: bool = False) -> Iterator[dict[str, Any]]:
        """A row for each word that was corrected, with `unsure` for the other words that the vocabulary lacks, too.

        Columns:
            id (str): the text.
            word (str): as it is written.
            position (int): where it begins in its text, in characters from 0.
            suggestion (str): the likeliest word, "" where there is none.
            probability (float): of the suggestion.
            corrected (bool): whether it was put in.
            reason (str): why it is likely.
            others (list[str]): less likely words.
        """
        for id, found in zip(self.ids, self.wrong, strict=True):
            for word in found:
                if word.corrected or unsure:
                    yield {"id": id, **word._asdict()}

    def summary(self) -> dict[str, int]:
        """How many texts, texts with a correction, corrected words, and words that are neither known nor corrected."""
        lacking = sum(len(found) for found in self.wrong)
        changed = sum(any(word.corrected for word in found) for found in self.wrong)
        return {"texts": len(self.texts), "changed": changed, "corrected": len(self), "unknown": lacking - len(self)}


def typos(
    given: Any,
    vocabulary: Any = None,
    *,
    column: str | None = None,
    sure: float = SURE,
    often: int = OFTEN,
    vectors: Any = None,
    keyboard: str = "qwerty",
) -> Typos:
    """Finds the misspelled words of texts, and corrects them.

    Args:
        given: a text; texts; a Space; whatever `Space.add` takes (Things, what `knnife.read` gives); or the path of any
            of these.
        vocabulary: a Speller, or what makes one: None for English words, a mapping from words to counts, words, a file
            of words or of texts, a Space, WordVectors.
        column: of a table (a data frame, mappings), the column to look at; rows without it are empty texts.
        sure: the probability from which a word is corrected.
        often: words that the texts have so often are right, whatever they are.
        vectors: WordVectors, by which words that fit the words around them are preferred.
        keyboard: whose keys are neighbours: "qwerty", "qwertz", "azerty" or "dvorak".

    Raises:
        BadInput: what is given has no texts; what `Speller` raises.
        NotFound: no row has the column.

    """
    if not 0 <= sure <= 1 or often < 1:
        raise BadInput(f"sure={sure}, often={often}: expected a probability from 0 to 1 and a number from 1 up")
    ids, texts = _of_rows(given, column) if column is not None else _of(given)
    if isinstance(vocabulary, Speller):
        if vectors is not None:
            raise BadInput("a Speller has its vectors already; leave vectors= out, or give the vocabulary itself")
        speller = vocabulary
    else:
        speller = Speller(vocabulary, vectors=vectors, keyboard=keyboard)
    mended = list(speller.texts(texts, sure=sure, taken=speller.taken(texts, often)))
    return Typos(ids, texts, [each.text for each in mended], [each.wrong for each in mended])


def _of(given: Any) -> tuple[list[str], list[str]]:
    """Ids and texts."""
    if isinstance(given, str) and not (is_space(given) or os.path.isfile(given)):
        return ["0"], [given]
    with opened(given, what="texts") as readable:
        things = list(readable.things() if isinstance(readable, Space) else as_things(readable, blanks=True))
    for number, thing in enumerate(things):
        if not isinstance(thing.value, str):
            what = type(thing.value).__name__
            raise BadInput(f"thing {thing.id or number!r} has no text, only {what}; expected texts")
    return [thing.id or "" for thing in numbered(things)], [str(thing.value) for thing in things]


def _of_rows(given: Any, column: str) -> tuple[list[str], list[str]]:
    """Ids and the texts of a column."""
    ids, texts, found = [], [], False
    with opened(given, row=True, what="the table") as table:
        for number, thing in enumerate(as_things(table, row=True, blanks=True)):
            cells = json.loads(thing.value) if isinstance(thing.value, str) else {}
            found = found or column in cells
            ids.append(str(number) if thing.id is None else thing.id)
            texts.append("" if cells.get(column) is None else str(cells[column]))
    if not found:
        raise NotFound(f"no row has a column {column!r}")
    return ids, texts
