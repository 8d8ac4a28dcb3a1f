"""What differs between two records: the words of one that the other has not, by what kind of sign they are.

Two variants of a product share nearly everything; what tells them apart is one sign that stands against another: 2 GB
against 16 GB, black against white, DSC-W120 against DSC-W130, 2007 against 2008. So of each kind of sign it is measured
how much of it is on both sides and stands against the other (`against`), how much is on one side alone (`alone`), and
how much is shared (`same`): of words, and of all that is shared, by how rare they are; else how many there are.

Words that differ are looked for in the names of records, other signs in all columns but long texts; they are missing
only if the whole other record lacks them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.tools._match.bags import Bag, Numbers, Rows
from knnife.tools._match.lexicon import Lexicon
from knnife.tools._match.overlap import Known, TableSide, nearest, shared_pieces
from knnife.tools._match.values import SIGNS

HOW = ("against", "alone", "same")
WORD = SIGNS.index("word")
MOST = 2.0  # weights of one kind on one side that count; a word that nobody else has weighs 1


class SignWords(NamedTuple):
    """The words of each record of a table: of some columns, as one text. ids, weights: as of a `TableSide`."""

    words: Bag
    ids: Rows
    weights: Numbers

    @classmethod
    def of(cls, bag: Bag, known: Known) -> SignWords:
        """These words, with what is known of them."""
        return cls(bag, np.searchsorted(known.lexicon.keys, bag.keys), known.words_rarity.weights(bag.keys))


class Only(NamedTuple):
    """Words that one record of a pair has and the other lacks: the pair, which word, and how much of it is missing."""

    pair: Rows
    word: Rows
    weight: Numbers


class Differing(NamedTuple):
    """What only the left and only the right records of pairs have, and what both have."""

    left: Only
    right: Only
    both: Only


def differing(
    names: tuple[TableSide | SignWords, TableSide | SignWords],
    whole: tuple[TableSide, TableSide],
    pairs: Rows,
    lexicon: Lexicon,
) -> Differing:
    """What differs between pairs of records `(m, 2)`, given their names and the records as a whole."""
    left, right = names
    shared = shared_pieces(left.words, left.ids, right.words, right.ids, pairs)
    ours, theirs = left.ids[shared.left_only], right.ids[shared.right_only]
    near = nearest(shared, ours, theirs, len(pairs), lexicon)
    both = Only(shared.pair, left.ids[shared.left], left.weights[shared.left])
    found = []
    for side, (pair, place, word, similarity) in enumerate(
        ((shared.left_pair, shared.left_only, ours, near[0]), (shared.right_pair, shared.right_only, theirs, near[1]))
    ):
        other = whole[1 - side]
        elsewhere = _held(other, pairs[:, 1 - side], pair, word, len(lexicon)) if other is not names[1 - side] else 0
        # A colour that many have tells as much as one that few have, where it stands against another.
        weight = np.where(lexicon.signs[word] == WORD, names[side].weights[place], 1.0)
        missing = (1 - np.maximum(similarity, elsewhere)) * weight
        some = missing > 0
        found.append(Only(pair[some], word[some], missing[some]))
    return Differing(found[0], found[1], both)


def measures_of(names: Differing, signs: Differing, m: int, lexicon: Lexicon) -> dict[str, Numbers]:
    """For each kind of sign the three measures of m pairs, each `(m,)`.

    Words count where they are in names; other signs in any column that is no long text.
    """
    kinds = len(SIGNS)

    def sums(some: Only) -> Numbers:
        found = np.bincount(some.pair * kinds + lexicon.signs[some.word], some.weight, m * kinds)
        cut: Numbers = np.minimum(found.reshape(m, kinds), MOST)
        return cut

    left, right, both = map(sums, signs)
    for found, of_names in zip((left, right, both), map(sums, names), strict=True):
        found[:, WORD] = of_names[:, WORD]
    three = np.minimum(left, right), np.abs(left - right), both
    return {
        f"{sign} {how}": found[:, kind]
        for how, found in zip(HOW, three, strict=True)
        for kind, sign in enumerate(SIGNS)
    }


def _held(side: TableSide | SignWords, rows: Rows, pair: Rows, word: Rows, width: int) -> Numbers:
    """Whether the row of each pair has these words, 1 or 0."""
    places, owner = side.words.of(rows)
    held = owner * width + side.ids[places]  # ascends
    asked = pair * width + word
    if not len(held):
        return np.zeros(len(asked))
    at = np.minimum(np.searchsorted(held, asked), len(held) - 1)
    found: Numbers = (held[at] == asked).astype(np.float64)
    return found
