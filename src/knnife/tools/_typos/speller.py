"""What a misspelled word was meant to be: `Speller`, for words, texts, and streams of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.spelling.spelled import LONGEST, folded
from knnife.spelling.suggesting import APART, NOTHING, Ranked, Suggesting, more_common, reasons
from knnife.spelling.texts import Place, dressed, is_form, is_word, places, without_possessive
from knnife.spelling.vocabulary import Vocabulary
from knnife.tools._typos.counting import vocabulary_of

SURE = 0.5  # probability from which a word is corrected
# Log-odds by which an unknown word is sooner right as it is, measured on news with and without misspellings put in.
NAMED = 5.0  # with a capital within a sentence
FORM = 3.0  # a regular form of a known word
OFTEN = 5  # times that a word of texts is taken for right
AROUND = 60  # characters before and behind a word that are its context
TEXTS = 256  # texts of a stream that are looked at together
OTHERS = 4  # suggestions beside the first that are kept for a word of a text


@dataclass(frozen=True)
class Suggestions:
    """What each of m words may have been meant to be, best first.

    asked: the words. positions: in the vocabulary `(m, k)`, -1 where there are fewer, -2 for two words of it.
    probabilities: that each is meant `(m, k)`, 0 where there is nothing; what is missing to 1 is that none is.
    """

    asked: Sequence[str]
    positions: NDArray[np.int32]
    probabilities: NDArray[np.float32]
    _apart: Sequence[str]
    _vocabulary: Vocabulary
    _keyboard: str

    def __len__(self) -> int:
        return len(self.asked)

    @cached_property
    def words(self) -> list[list[str]]:
        """The suggestions for each word, with its capitals."""
        spelled = self._vocabulary.words
        return [
            [dressed(apart if row == APART else spelled[row], word) for row in rows if row != NOTHING]
            for word, apart, rows in zip(self.asked, self._apart, self.positions.tolist(), strict=True)
        ]

    def reasons(self, numbers: Sequence[int] | None = None) -> list[list[list[str]]]:
        """Why each suggestion for each word is one, in plain words; of the words of these numbers, or of all."""
        vocabulary, typed, right, ratios, sizes = self._vocabulary, [], [], [], []
        for number in range(len(self)) if numbers is None else numbers:
            rows = [row for row in self.positions[number].tolist() if row != NOTHING]
            counts = [0.0 if row == APART else float(vocabulary.counts[row]) for row in rows] + [0.0]
            typed += [folded(self.asked[number])] * len(rows)
            right += [self._apart[number] if row == APART else vocabulary.keys[row] for row in rows]
            ratios += [more_common(*two) for two in pairwise(counts)]
            sizes.append(len(rows))
        explained = iter(zip(reasons(typed, right, self._keyboard), ratios, strict=True))
        return [[why + ratio for why, ratio in islice(explained, size)] for size in sizes]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each suggestion: the word, its rank from 1, the suggestion, how probable it is, and why."""
        explained = self.reasons()
        for number, word in enumerate(self.asked):
            for rank, (suggestion, why) in enumerate(zip(self.words[number], explained[number], strict=True)):
                yield {
                    "word": word,
                    "rank": rank + 1,
                    "suggestion": suggestion,
                    "probability": float(self.probabilities[number, rank]),
                    "reason": "; ".join(why),
                }


class Wrong(NamedTuple):
    """A word of a text that is not in the vocabulary.

    position: where in the text it begins, in characters. suggestion: the likeliest word, "" where there is none, and
    its probability. corrected: whether it was put in. others: less likely ones. reason: why the suggestion is one.
    """

    word: str
    position: int
    suggestion: str
    probability: float
    corrected: bool
    reason: str
    others: list[str]


class Mended(NamedTuple):
    """A text with its wrong words replaced, and all its words that are not in the vocabulary."""

    text: str
    wrong: list[Wrong]


class Speller:
    """Suggests and corrects words. Safe to use from several threads at once.

    len(speller) is the number of words it takes as right, `word in speller` whether it does so.
    """

    def __init__(self, vocabulary: Any = None, *, vectors: Any = None, keyboard: str = "qwerty") -> None:
        """A speller.

        Args:
            vocabulary: the words that are right: None for the English list that ships; a mapping from words to counts;
                words, or pairs of word and count; the path of a list of words (one a line, a count behind it if known)
                or of texts; a Space, whose texts have the words; or WordVectors. Of texts, words that were seen twice
                are right and, where the texts are English, those of the list.
            vectors: WordVectors by which words that fit what stands around them are preferred.
            keyboard: whose keys are neighbours: "qwerty", "qwertz", "azerty" or "dvorak".

        Raises BadInput for an empty vocabulary, what is no text, and counts that are no numbers from 0 up.

        """
        self.vocabulary, self.keyboard = vocabulary_of(vocabulary), keyboard
        self._suggesting = Suggesting(self.vocabulary, vectors, keyboard)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and (word in self.vocabulary or without_possessive(word) in self.vocabulary)

    def suggest(self, words: str | Sequence[str], k: int = 5, contexts: Sequence[str] | None = None) -> Suggestions:
        """The k likeliest words for each of some words, which may be right themselves.

        contexts: the text in which each stands, for a speller with vectors. Raises BadInput for what is no text, and
        for contexts of another number.
        """
        asked = _checked([words] if isinstance(words, str) else words, "words")
        if k < 1:
            raise BadInput(f"k is {k}; expected 1 or more")
        if contexts is not None and len(_checked(contexts, "contexts")) != len(asked):
            raise BadInput(f"{len(contexts)} contexts for {len(asked)} words; expected one for each")
        ranked = self._suggesting.rank(asked, k, contexts)
        return self._told(asked, ranked)

    @overload
    def correct(self, words: str, *, sure: float = SURE) -> str: ...  # type: ignore[overload-overlap]

    @overload
    def correct(self, words: Sequence[str], *, sure: float = SURE) -> list[str]: ...

    def correct(self, words: str | Sequence[str], *, sure: float = SURE) -> str | list[str]:
        """Each word as it was meant; those of the vocabulary and what has no letters stay as they are.

        So do words with letters that the vocabulary is not written with: of another script, or with accents that it
        lacks. What is no single word (#tags, addresses, code, words with hyphens) is looked at as a text. sure: the
        probability from which a word is replaced.
        """
        asked = _checked([words] if isinstance(words, str) else words, "words")
        one = [is_word(word) for word in asked]
        others = self.texts((word for word, alone in zip(asked, one, strict=True) if not alone), sure=sure)
        corrected = [word if alone else next(others).text for word, alone in zip(asked, one, strict=True)]
        unknown = [number for number, word in enumerate(asked) if one[number] and self._is_unknown(word)]
        found = self.suggest([asked[number] for number in unknown], k=1)
        for number, suggested, probability in zip(
            unknown, found.words, found.probabilities[:, 0].tolist(), strict=True
        ):
            if suggested and probability >= sure:
                corrected[number] = suggested[0]
        return corrected[0] if isinstance(words, str) else corrected

    def text(self, text: str, *, sure: float = SURE) -> Mended:
        """A text with its misspelled words replaced; see `texts`."""
        return next(self.texts([text], sure=sure))

    def texts(
        self, texts: Iterable[str], *, sure: float = SURE, taken: frozenset[str] = frozenset()
    ) -> Iterator[Mended]:
        """Each text of a stream with its misspelled words replaced, where a suggestion is at least so probable.

        Addresses, numbers, code, #tags, abbreviations and words with letters that the vocabulary is not written with
        are not looked at; names are left unless it is quite clear; capitals
        and words of the vocabulary stay. taken: further words, in small letters, to leave as they are; see `taken`.
        """
        texts = iter(texts)
        while some := _checked(list(islice(texts, TEXTS)), "texts"):
            found = [(number, place) for number, text in enumerate(some) for place in self._unknown(text, taken)]
            wrong: list[list[Wrong]] = [[] for _ in some]
            for (number, _), judged in zip(found, self._judged(found, some, sure), strict=True):
                wrong[number].append(judged)
            for text, words in zip(some, wrong, strict=True):
                yield Mended(_replaced(text, words), words)

    def taken(self, texts: Iterable[str], often: int = OFTEN) -> frozenset[str]:
        """The words, in small letters, that are not in the vocabulary and that texts use `often` times or more.

        A slip is hardly made so often, a name or a term is: leave them as they are by `texts(..., taken=)`.
        """
        counts = Counter(
            folded(without_possessive(place.word)) for text in texts for place in self._unknown(text, frozenset())
        )
        return frozenset(word for word, count in counts.items() if count >= often)

    def _told(self, asked: list[str], ranked: Ranked) -> Suggestions:
        return Suggestions(asked, ranked.rows, ranked.probabilities, ranked.apart, self.vocabulary, self.keyboard)

    def _unknown(self, text: str, taken: frozenset[str]) -> Iterator[Place]:
        for place in places(text):
            if self._is_unknown(place.word) and folded(without_possessive(place.word)) not in taken:
                yield place

    def _is_unknown(self, word: str) -> bool:
        return len(word) <= LONGEST and word not in self and self.vocabulary.spells(word)

    def _judged(self, found: list[tuple[int, Place]], texts: list[str], sure: float) -> Iterator[Wrong]:
        stems = [without_possessive(place.word) for _, place in found]
        contexts = [_around(texts[number], place) for number, place in found] if self._suggesting.vectors else None
        forms = [is_form(folded(stem), self.vocabulary.row_of) for stem in stems]
        doubts = [NAMED * place.named + FORM * form for (_, place), form in zip(found, forms, strict=True)]
        ranked = self._suggesting.rank(stems, 1 + OTHERS, contexts, np.array(doubts, np.float32))
        suggested = self._told(stems, ranked)
        put_in = np.flatnonzero((ranked.rows[:, 0] != NOTHING) & (ranked.probabilities[:, 0] >= sure)).tolist()
        explained = dict(zip(put_in, suggested.reasons(put_in), strict=True))
        for number, (_, place) in enumerate(found):
            words, ending = suggested.words[number], place.word[len(stems[number]) :]
            probability = float(ranked.probabilities[number, 0])
            corrected = number in explained
            why = "; ".join(explained[number][0]) if corrected else ""
            best, *others = [word + ending for word in words] or [""]
            yield Wrong(place.word, place.start, best, probability, corrected, why, others)


def _checked(words: Any, what: str) -> list[str]:
    """Texts as a list. Raises BadInput for anything else."""
    checked: list[str] = list(words)
    for word in checked:
        if not isinstance(word, str):
            raise BadInput(f"{what}: {word!r:.60} is {type(word).__name__}; expected texts")
    return checked


def _around(text: str, place: Place) -> str:
    return text[max(0, place.start - AROUND) : place.start] + text[place.stop : place.stop + AROUND]


def _replaced(text: str, words: list[Wrong]) -> str:
    parts, done = [], 0
    for wrong in words:
        if wrong.corrected:
            parts += [text[done : wrong.position], wrong.suggestion]
            done = wrong.position + len(wrong.word)
    return "".join([*parts, text[done:]])
