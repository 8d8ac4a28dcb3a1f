"""What the texts of two columns share, for many pairs of rows at once.

All measures lie in [0, 1], higher is closer, and are NaN where one side has nothing to compare:

    words      weight of the shared words, as a share of the words of both
    held       the same, as a share of the words of the side that the other one holds more of
    rare       weight of the rarest shared word
    numbers    as `held`, of the words that hold digits; codes: of the names of models
    letters    cosine of weighted runs of three characters
    meaning    cosine of the vectors of the texts, 0 where it is negative

Words that are nearly equal count for a part of their weight: soft TF-IDF of Cohen, Ravikumar and Fienberg, "A
comparison of string distance metrics for name-matching tasks" (2003).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from knnife.geometry import Vectors, blocks, ranges
from knnife.tools._match.bags import Bag, Keys, Numbers, Rarity, Rows
from knnife.tools._match.lexicon import Lexicon, Marks

AT_ONCE = 1 << 21  # pieces, or pairs of words, that are compared at the same time

Measures = dict[str, Numbers]


class Known(NamedTuple):
    """What is known of the pieces of two tables: all words, all runs of letters, and how rare each is."""

    lexicon: Lexicon
    grams: Keys
    words_rarity: Rarity
    grams_rarity: Rarity


class TableSide:
    """A column of one table, or several as one, ready to be compared.

    words, grams: the pieces of each text; their ids are places among all that are known, their weights how much they
    say. lengths: `(n,)`, of the weighted grams of each text. vectors: `(n, d)`, of its meaning, zeros for no text.
    """

    def __init__(self, words: Bag, grams: Bag, vectors: Vectors, known: Known) -> None:
        self.words, self.grams, self.vectors = words, grams, vectors
        self.ids: Rows = np.searchsorted(known.lexicon.keys, words.keys)
        self.weights = known.words_rarity.weights(words.keys)
        self.gram_ids: Rows = np.searchsorted(known.grams, grams.keys)
        self.gram_weights = (1 + np.log(grams.times)) * known.grams_rarity.weights(grams.keys)
        self.lengths = np.sqrt(np.bincount(grams.rows, self.gram_weights**2, len(grams)))


class Shared(NamedTuple):
    """The pieces of pairs of rows: of those that both rows have, the pair and the places in both bags; of the others,
    the pair and the place, for the left rows and the right ones.
    """

    pair: Rows
    left: Rows
    right: Rows
    left_pair: Rows
    left_only: Rows
    right_pair: Rows
    right_only: Rows


def letters(left: TableSide, right: TableSide, pairs: Rows) -> Numbers:
    """The measure `letters` of pairs of rows `(m, 2)`: `(m,)`."""
    found = np.full(len(pairs), np.nan)
    for block in _blocks(left.grams.sizes[pairs[:, 0]] + right.grams.sizes[pairs[:, 1]]):
        part = pairs[block]
        shared = shared_pieces(left.grams, left.gram_ids, right.grams, right.gram_ids, part)
        products = left.gram_weights[shared.left] * right.gram_weights[shared.right]
        lengths = left.lengths[part[:, 0]] * right.lengths[part[:, 1]]
        np.divide(_sums(shared.pair, products, len(part)), lengths, out=found[block], where=lengths > 0)
    cut: Numbers = np.minimum(found, 1)
    return cut


def meaning(left: TableSide, right: TableSide, pairs: Rows) -> Numbers:
    """The measure `meaning` of pairs of rows `(m, 2)`: `(m,)`."""
    found = np.empty(len(pairs))
    for block in blocks(len(pairs), 8 * left.vectors.shape[1]):
        a, b = left.vectors[pairs[block, 0]], right.vectors[pairs[block, 1]]
        found[block] = np.clip(np.einsum("ij,ij->i", a, b), 0, 1)
        found[block][~(a.any(axis=1) & b.any(axis=1))] = np.nan
    return found


def shared_words(left: TableSide, right: TableSide, pairs: Rows, lexicon: Lexicon, *, soft: bool) -> Measures:
    """The other measures of pairs of rows `(m, 2)`, each `(m,)`; without `soft` only equal words count."""
    work = left.words.sizes[pairs[:, 0]] * right.words.sizes[pairs[:, 1]]
    parts = [_shared_words(left, right, pairs[block], lexicon, soft) for block in _blocks(work)]
    parts = parts or [_shared_words(left, right, pairs, lexicon, soft)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _shared_words(left: TableSide, right: TableSide, pairs: Rows, lexicon: Lexicon, soft: bool) -> Measures:
    shared, m = shared_pieces(left.words, left.ids, right.words, right.ids, pairs), len(pairs)
    lefts, rights = left.ids[shared.left_only], right.ids[shared.right_only]
    near = nearest(shared, lefts, rights, m, lexicon) if soft else (np.zeros(len(lefts)), np.zeros(len(rights)))

    def shares(kind: Marks) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Weights of the words of a kind that are shared, and of all of them; of the left rows and the right ones."""
        same = _sums(shared.pair, left.weights[shared.left] * kind[left.ids[shared.left]], m)
        sums = []
        for pair, weights, ids, similarity in (
            (shared.left_pair, left.weights[shared.left_only], lefts, near[0]),
            (shared.right_pair, right.weights[shared.right_only], rights, near[1]),
        ):
            weights = weights * kind[ids]
            sums += [same + _sums(pair, weights * similarity, m), same + _sums(pair, weights, m)]
        return sums[0], sums[1], sums[2], sums[3]

    got_left, all_left, got_right, all_right = shares(np.ones(len(lexicon), np.bool_))
    rare = np.zeros(m)
    np.maximum.at(rare, shared.pair, left.weights[shared.left])
    nothing = (all_left == 0) | (all_right == 0)
    found = {
        "words": _ratio(got_left + got_right, all_left + all_right, nothing),
        "held": _held(got_left, all_left, got_right, all_right),
        "rare": np.where(nothing, np.nan, rare),
    }
    return found | {"numbers": _held(*shares(lexicon.numbers)), "codes": _held(*shares(lexicon.codes))}


def _held(got_left: Numbers, all_left: Numbers, got_right: Numbers, all_right: Numbers) -> Numbers:
    nothing = (all_left == 0) | (all_right == 0)
    return np.maximum(_ratio(got_left, all_left, nothing), _ratio(got_right, all_right, nothing))


def _ratio(part: Numbers, whole: Numbers, nothing: Marks) -> Numbers:
    found: Numbers = np.divide(part, whole, out=np.full(len(part), np.nan), where=~nothing)
    return found


def nearest(shared: Shared, lefts: Rows, rights: Rows, m: int, lexicon: Lexicon) -> tuple[Numbers, Numbers]:
    """The similarity of the most similar word of the other row, for each word (`lefts`, `rights`) that one row has."""
    found = np.zeros(len(lefts)), np.zeros(len(rights))
    counts = np.bincount(shared.right_pair, minlength=m)
    times = counts[shared.left_pair]  # each word on the left meets all on the right of its pair
    theirs, ours = ranges((np.cumsum(counts) - counts)[shared.left_pair], times)
    two, where = np.unique(lefts[ours] * len(lexicon) + rights[theirs], return_inverse=True)
    similarity = lexicon.near(*np.divmod(two, max(len(lexicon), 1)))[where]
    some = np.flatnonzero(similarity)
    np.maximum.at(found[0], ours[some], similarity[some])
    np.maximum.at(found[1], theirs[some], similarity[some])
    return found


def shared_pieces(left: Bag, left_ids: Rows, right: Bag, right_ids: Rows, pairs: Rows) -> Shared:
    """Which pieces the rows of pairs `(m, 2)` share; ids: of the pieces, in the same order as their keys."""
    left_places, left_pair = left.of(pairs[:, 0])
    right_places, right_pair = right.of(pairs[:, 1])
    width = 1 + max(left_ids.max(initial=0), right_ids.max(initial=0))
    ours, theirs = left_pair * width + left_ids[left_places], right_pair * width + right_ids[right_places]
    if not len(theirs):
        nothing = np.empty(0, np.int64)
        return Shared(nothing, nothing, nothing, left_pair, left_places, nothing, nothing)
    at = np.minimum(np.searchsorted(theirs, ours), len(theirs) - 1)  # both ascend
    same = theirs[at] == ours
    alone = np.ones(len(theirs), np.bool_)
    alone[at[same]] = False
    both = left_pair[same], left_places[same], right_places[at[same]]
    return Shared(*both, left_pair[~same], left_places[~same], right_pair[alone], right_places[alone])


def _sums(which: Rows, values: Numbers, m: int) -> Numbers:
    return np.bincount(which, values, m).astype(np.float64)  # without any it would count, in integers


def _blocks(work: Rows) -> Iterator[slice]:
    """Slices of pairs, each of about AT_ONCE pieces of work."""
    done = np.cumsum(work + 1)
    total = int(done[-1]) if len(done) else 0
    start = 0
    for end in [*np.searchsorted(done, np.arange(AT_ONCE, total, AT_ONCE)).tolist(), len(work)]:
        if end > start:
            yield slice(start, end)
            start = end
