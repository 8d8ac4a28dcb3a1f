"""How alike records are: for each pair, measures of every field, of the records as a whole, and of rivals.

A field of words gives the measures of `overlap`; one of numbers, days or codes those of `cells`. As tables part what
they say differently, the whole records are compared, too, and the name of each (its first field of names) with the
whole of the other. What is missing is NaN, and speaks neither for nor against a match.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from knnife.encoders import DEFAULT, Encoder, load_encoder
from knnife.geometry import unit
from knnife.tools._match.bags import Bag, Numbers, Rarity, Rows, Words, gram_bag, word_bag
from knnife.tools._match.candidate_pairs import candidates
from knnife.tools._match.cells import values
from knnife.tools._match.competition import Competitors, Twins, places_of_twins
from knnife.tools._match.differences import HOW, Differing, SignWords, differing, measures_of
from knnife.tools._match.fields import Field, Records
from knnife.tools._match.lexicon import Lexicon
from knnife.tools._match.overlap import Known, Measures, TableSide, letters, meaning, shared_words
from knnife.tools._match.values import SIGNS, folded, words

NEAREST = 5  # of each record, in the other table


@dataclass(frozen=True)
class Compared:
    """The measures of m pairs: `(m, f)`, NaN for what is missing; of each its group (a field, mostly) and its name.

    pairs: `(m, 2)`. candidates: all pairs that are looked at in the tables, which compete with these.
    """

    measures: Numbers
    names: Sequence[tuple[str, str]]
    pairs: Rows
    candidates: Competitors

    def of(self, group: str, name: str) -> Numbers:
        """One measure `(m,)`."""
        return self.measures[:, list(self.names).index((group, name))]


def whole(fields: Sequence[Field]) -> list[Field]:
    """The fields that make up the record as a whole: those with words, or all where none has any."""
    return [field for field in fields if field.kind in WORDED] or list(fields)


def measured(fields: Sequence[Field]) -> list[tuple[str, str]]:
    """The measures that these fields have, each with its group, in the order of `Compared`."""
    several = len(whole(fields)) > 1
    usual = (*USUAL, "letters", "meaning")
    found = []
    for field in fields:
        names = ("near", "same") if field.kind not in WORDS else usual if several else ()
        found += [(field.name, name) for name in names]
    found += [(RECORD, name) for name in (*usual, "numbers", "codes", "similarity")]
    if several and any(field.kind == "name" for field in fields):
        found += [(NAME, f"{name} {side}") for side in ("right", "left") for name in usual]
    found += [(RIVALS, name) for name in AHEAD]
    return found + [(DIFFERENCES, f"{sign} {how}") for how in HOW for sign in SIGNS]


@dataclass(frozen=True)
class ComparedColumn:
    """A column as it is compared: the words of each cell, and its text."""

    words: list[Words]
    texts: Cells

    @classmethod
    def of(cls, cells: Cells) -> ComparedColumn:
        """With the words read; case and accents make no difference from here on."""
        texts = [cell and folded(cell) for cell in cells]
        return cls([words(text) if text else [] for text in texts], texts)

    @classmethod
    def joined(cls, columns: Sequence[ComparedColumn]) -> ComparedColumn:
        """Several columns as one."""
        if len(columns) == 1:
            return columns[0]
        rows = zip(*(column.words for column in columns), strict=True)
        texts = zip(*(column.texts for column in columns), strict=True)
        joined: list[Words] = [list(chain.from_iterable(row)) for row in rows]
        return cls(joined, [" ".join(filter(None, row)) or None for row in texts])

    @cached_property
    def bags(self) -> tuple[Bag, Bag]:
        """The words and the runs of letters of each cell."""
        return word_bag(self.words), gram_bag(self.words)

    def side(self, known: Known, encoder: Encoder) -> TableSide:
        """Ready to be compared."""
        vectors = unit(encoder.encode([text or "" for text in self.texts]))
        vectors[[text is None for text in self.texts]] = 0
        return TableSide(*self.bags, vectors, known)


class Comparison:
    """Two tables, ready to have any pairs of their records compared. One table with itself: give it twice.

    rarities: how rare each word and each run of letters is: as given, else counted in both tables.
    """

    def __init__(
        self, left: Records, right: Records, fields: Sequence[Field], rarities: tuple[Rarity, Rarity] | None = None
    ) -> None:
        self.left, self.right, self.fields = left, right, fields
        self._known_candidates: Competitors | None = None
        worded = whole(fields)
        ours = [ComparedColumn.of(left.columns[field.left]) for field in worded]
        theirs = [ComparedColumn.of(right.columns[field.right]) for field in worded]
        self._whole = ComparedColumn.joined(ours), ComparedColumn.joined(theirs)
        bags = [column.bags for column in self._whole]
        self.rarities = rarities or (Rarity.of([bag for bag, _ in bags]), Rarity.of([bag for _, bag in bags]))
        grams = np.unique(np.concatenate([bag.keys for _, bag in bags]))
        self._known = Known(Lexicon(whole.words for whole in self._whole), grams, *self.rarities)
        encoder = load_encoder(DEFAULT)
        self._record = self._whole[0].side(self._known, encoder), self._whole[1].side(self._known, encoder)
        several = len(worded) > 1  # else the record as a whole is that field
        names = [field for field in worded if field.kind == "name"]
        self._soft = not any(field.kind == "text" for field in fields)  # of long texts too many words are nearly equal
        self._name = names[0] if several and names else None
        short = [column for column, field in enumerate(worded) if field.kind != "text"]
        self._short = None  # the same as the name
        if several and len(short) > 1:
            columns = (ComparedColumn.joined([side[column] for column in short]) for side in (ours, theirs))
            left_words, right_words = (SignWords.of(column.bags[0], self._known) for column in columns)
            self._short = left_words, right_words
        self._sides = {
            field: (a.side(self._known, encoder), b.side(self._known, encoder))
            for field, a, b in zip(worded, ours, theirs, strict=True)
            if several and field.kind in WORDS
        }

    def compare(self, pairs: Rows, rivals: Rows | None = None) -> Compared:
        """The measures of pairs of records `(m, 2)`.

        rivals: `(r, 2)`, the pairs looked at as rivals of these; None takes each record with its five nearest.
        """
        candidates = self._candidates(self.rivals if rivals is None else rivals)
        if candidates.pairs is pairs:
            return Compared(candidates.measures, measured(self.fields), pairs, candidates)
        measures = self._measures(pairs)
        self._add_rivals(measures, pairs, candidates.pairs, candidates.measures)
        return Compared(measures, measured(self.fields), pairs, candidates)

    def _candidates(self, rivals: Rows) -> Competitors:
        """What is asked for several times, with the same rivals."""
        if self._known_candidates is None or self._known_candidates.pairs is not rivals:
            measures = self._measures(rivals)
            self._add_rivals(measures, rivals, rivals, measures)
            similarity = measures[:, self._place(RECORD, "similarity")]
            twins = None
            if self.left is not self.right:
                twins = self._twins(rivals, similarity, 0), self._twins(rivals, similarity, 1)
            self._known_candidates = Competitors(rivals, measures, (len(self.left), len(self.right)), twins)
        return self._known_candidates

    def _twins(self, pairs: Rows, similarity: Numbers, side: int) -> Twins:
        best, other = places_of_twins(pairs, similarity, side)
        two = np.stack([pairs[best, side], pairs[other, side]], axis=1)
        return Twins(best, other, self.within(side)._measures(two))

    def _place(self, group: str, name: str) -> int:
        return measured(self.fields).index((group, name))

    def _measures(self, pairs: Rows) -> Numbers:
        """All measures of pairs `(m, f)` but those of rivals, which are 0."""
        found: dict[str, Measures] = {RIVALS: dict.fromkeys(AHEAD, np.zeros(len(pairs)))}
        for field in self.fields:
            if field in self._sides:
                found[field.name] = self._usual(self._sides[field], pairs, soft=field.kind != "text")
            elif field.kind not in WORDS:
                found[field.name] = values(field, self.left, self.right, pairs)
        found |= self._of_records(pairs)
        record = found[RECORD]
        alike, held = record["letters"], record["held"]
        if self._name:
            alike = found[self._name.name]["letters"]
            held = np.fmax(found[NAME]["held right"], found[NAME]["held left"])
        record["similarity"] = _mean(record["letters"], record["rare"], alike, held)
        found[DIFFERENCES] = measures_of(*self.differing(pairs), len(pairs), self._known.lexicon)
        return np.stack([found[group][name] for group, name in measured(self.fields)], axis=1)

    def _add_rivals(self, measures: Numbers, pairs: Rows, rivals: Rows, theirs: Numbers) -> None:
        """Writes by how much each pair is ahead of its rivals into its measures."""
        place = self._place(RECORD, "similarity")
        if self.left is self.right:  # whoever is a rival on one side is one on the other
            rivals, theirs = np.concatenate([rivals, rivals[:, ::-1]]), np.concatenate([theirs, theirs])
        for side, name in enumerate(AHEAD):
            found = ahead(pairs, measures[:, place], rivals, theirs[:, place], side)
            measures[:, self._place(RIVALS, name)] = found

    def within(self, side: int) -> Comparison:
        """One of both tables (0 left, 1 right) with itself, by the same fields and the same rarities."""
        other = copy(self)
        other.left = other.right = (self.left, self.right)[side]
        columns = [(field.left, field.right)[side] for field in self.fields]
        other.fields = [Field(name, name, field.kind) for name, field in zip(columns, self.fields, strict=True)]
        known = dict(zip(self.fields, other.fields, strict=True))
        other._sides = {known[field]: (two[side], two[side]) for field, two in self._sides.items()}
        other._record = self._record[side], self._record[side]
        other._whole = self._whole[side], self._whole[side]
        other._short = self._short and (self._short[side], self._short[side])
        other._name = self._name and known[self._name]
        other._known_candidates = None
        other.__dict__.pop("rivals", None)
        return other

    def differing(self, pairs: Rows) -> tuple[Differing, Differing]:
        """What one record of each pair `(m, 2)` has and the other lacks: of their names, and of all but long texts."""
        names = self._sides[self._name] if self._name else self._record
        found = differing(names, self._record, pairs, self._known.lexicon)
        if self._short is None:
            return found, found
        return found, differing(self._short, self._record, pairs, self._known.lexicon)

    def _usual(self, sides: tuple[TableSide, TableSide], pairs: Rows, *, soft: bool) -> Measures:
        shared = shared_words(*sides, pairs, self._known.lexicon, soft=soft)
        return shared | {"letters": letters(*sides, pairs), "meaning": meaning(*sides, pairs)}

    def _of_records(self, pairs: Rows) -> dict[str, Measures]:
        found = {RECORD: self._usual(self._record, pairs, soft=self._soft)}
        if self._name:
            left, right = self._sides[self._name]
            marked = shared_words(left, right, pairs, self._known.lexicon, soft=True)
            found[RECORD] |= {name: marked[name] for name in ("numbers", "codes")}
            there = self._usual((left, self._record[1]), pairs, soft=False)
            back = self._usual((self._record[0], right), pairs, soft=False)
            found[NAME] = {f"{name} right": there[name] for name in there}
            found[NAME] |= {f"{name} left": back[name] for name in back}
        return found

    @cached_property
    def rivals(self) -> Rows:
        """The pairs that are looked at as rivals where nobody names others `(r, 2)`."""
        texts = [[" ".join(cell) for cell in whole.words] for whole in self._whole]
        return nearest_rivals(texts[0], None if self.left is self.right else texts[1])


def _mean(*measures: Numbers) -> Numbers:
    """Of those that are there; 0 where none is."""
    there = np.sum(~np.isnan(measures), axis=0)
    found: Numbers = np.nansum(measures, axis=0) / np.maximum(there, 1)
    return found


def nearest_rivals(left: Sequence[str], right: Sequence[str] | None) -> Rows:
    """Pairs `(r, 2)` of each text with the closest of the other list, or of its own where `right` is None."""
    if right is None:
        found = candidates(left, k=NEAREST)
        return np.stack([found.left, found.right], axis=1).astype(np.int64)
    there, back = candidates(left, right, k=NEAREST), candidates(right, left, k=NEAREST)
    pairs = np.stack([np.append(there.left, back.right), np.append(there.right, back.left)], axis=1)
    return pairs.astype(np.int64)


def ahead(pairs: Rows, similarity: Numbers, rivals: Rows, theirs: Numbers, side: int) -> Numbers:
    """By how much each pair `(m, 2)` is closer than the closest rival of its record on one side (0 left, 1 right).

    similarity `(m,)`, theirs `(r,)`: of the pairs, and of the rivals `(r, 2)`, which may hold a pair itself. A record
    without a rival has one of similarity 0. Returns `(m,)`, negative where a rival is closer.
    """
    order = np.lexsort((rivals[:, 1 - side], -theirs, rivals[:, side]))
    records, others, theirs = rivals[order, side], rivals[order, 1 - side], np.append(theirs[order], 0.0)
    first = np.searchsorted(records, pairs[:, side])
    last = np.searchsorted(records, pairs[:, side], side="right")

    def own(place: Rows) -> Rows:
        """Where the pair itself stands there: it is no rival of its own, nor is it when it is named twice."""
        inside: Rows = np.flatnonzero(place < last)
        found: Rows = inside[others[place[inside]] == pairs[inside, 1 - side]]
        return found

    place = first.copy()
    while len(same := own(place)):
        place[same] += 1
    return similarity - np.where(place < last, theirs[place], 0.0)


AHEAD = ("ahead left", "ahead right")  # the measures of rivals: in [-1, 1], negative where one is closer
RECORD, NAME, RIVALS, DIFFERENCES = (
    "(record)",
    "(name in record)",
    "(rivals)",
    "(differences)",
)  # groups of measures that are of no one field
WORDS = ("name", "text", "category")  # kinds that are compared by their words
WORDED = (*WORDS, "code")  # and those that are part of the record as a whole
USUAL = ("words", "held", "rare")

Cells = Sequence[str | None]
