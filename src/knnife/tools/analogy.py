"""a is to b as c is to which word?

The words nearest to b - a + c (3CosAdd), or whose quotient of similarities is largest (3CosMul). The three words are no
answers. Nor is b in another number (kings for king), unless a and c differ in number; nor c, unless a and b do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import word_table
from knnife.encoders.analogies import METHODS, Method, solve
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput
from knnife.geometry import Vectors
from knnife.space.vocabulary import vocabulary

_PAIRS: Final = (
    ("child", "children"), ("person", "people"), ("foot", "feet"), ("tooth", "teeth"), ("goose", "geese"),
    ("mouse", "mice"),
)  # fmt: skip
IRREGULAR: Final = dict([*_PAIRS, *((many, one) for one, many in _PAIRS)])
ENDINGS: Final = (  # what a word ends with -> what it ends with in another number
    ("", "s"), ("s", ""), ("y", "ies"), ("ies", "y"), ("man", "men"), ("men", "man"),
    *((hiss, hiss + "es") for hiss in ("s", "x", "z", "ch", "sh", "o")),
    *((hiss + "es", hiss) for hiss in ("s", "x", "z", "ch", "sh", "o")),
)  # fmt: skip

Words = str | Sequence[str]


@dataclass(frozen=True)
class Analogies:
    """The k best answers to each of m questions, best first.

    questions: a, b and c of each. words: m lists of k. positions: where these stand among all words `(m, k)`. scores:
    `(m, k)`, higher is better: the cosine with b - a + c, or for "mul" the quotient, which may well be above 1.
    missing: the words asked about that have no vector, and what is said of each; their questions have no words, the
    positions -1 and the scores NaN.
    """

    questions: Sequence[tuple[str, str, str]]
    words: Sequence[Sequence[str]]
    positions: NDArray[np.int64]
    scores: Vectors
    missing: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row an answer, the best of each question first.

        Columns:
            a (str): the first word of the question.
            b (str): what it is to.
            c (str): the third word.
            rank (int): of the answer, from 1.
            word (str): the answer.
            score (float): how good it is, higher is better.
            position (int): where the word stands among all.
        """
        for question, (a, b, c) in enumerate(self.questions):
            for place, word in enumerate(self.words[question]):
                yield {
                    "a": a,
                    "b": b,
                    "c": c,
                    "rank": place + 1,
                    "word": word,
                    "score": float(self.scores[question, place]),
                    "position": int(self.positions[question, place]),
                }


def analogy(
    given: Any, a: Words, b: Words, c: Words, *, method: Method = "add", k: int = 10, plurals: bool = False
) -> Analogies:
    """What is to c as b is to a? `analogy(None, "man", "king", "woman")` is the queen.

    Args:
        given: word vectors; words and vectors, `(words, vectors)`; a space, or whatever else a tool takes, whose ids
            are the words; None for the words of the built-in English model.
        a: a word; or a list of m words, for m questions at once.
        b: likewise, what a is to.
        c: likewise, for which the fourth word is wanted.
        method: "add" is 3CosAdd (Mikolov, Yih and Zweig, 2013), "mul" is 3CosMul (Levy and Goldberg, 2014).
        k: how many answers, at most.
        plurals: True lets b and c answer in another number, as in the papers. By their spelling, in English.

    Raises:
        NotFound: no question has three words with vectors; with words that are spelled alike.
        BadInput: lists of different lengths; k below 1; another method; no words.

    """
    if method not in METHODS:
        raise BadInput(f"method {method!r}: expected one of {', '.join(METHODS)}")
    if k < 1:
        raise BadInput(f"k is {k}; expected 1 or more")
    questions = _questions(a, b, c)
    table = vocabulary(given)
    asked = list(dict.fromkeys(word for question in questions for word in question))
    points, known = word_table.found(table, asked)
    place = {word: i for i, word in enumerate(asked)}
    numbers = np.array([[place[word] for word in question] for question in questions], np.int64).reshape(-1, 3)
    whole: NDArray[np.bool_] = np.asarray(known[numbers].all(axis=1), np.bool_)
    missing = word_table.missing(table, asked, known, whole.any())
    answered = [question for question, one in zip(questions, whole.tolist(), strict=True) if one]
    without = _no_answers(table, answered, plurals)
    positions, scores = solve(table.vectors, points, numbers[whole], without, k, method=method)
    words = iter([[table.words[row] for row in rows] for rows in positions.tolist()])
    return Analogies(
        questions,
        [next(words) if one else [] for one in whole.tolist()],
        _spread(positions, whole, -1),
        _spread(scores, whole, np.nan),
        missing,
    )


def _spread(answers: NDArray[Any], whole: NDArray[np.bool_], nothing: float) -> NDArray[Any]:
    """The answers to the questions that are whole `(m,)`, and for the others nothing."""
    spread = np.full((len(whole), answers.shape[1]), nothing, answers.dtype)
    spread[whole] = answers
    return spread


def _questions(a: Words, b: Words, c: Words) -> list[tuple[str, str, str]]:
    sides = [[side] if isinstance(side, str) else side for side in (a, b, c)]
    for side in sides:
        if not isinstance(side, Sequence) or not all(isinstance(word, str) for word in side):
            raise BadInput(f"{side!r:.60}: expected a word or a list of words")
    if len({len(side) for side in sides}) > 1:
        raise BadInput(
            f"a, b and c are {', '.join(str(len(side)) for side in sides)} words; expected as many of each, for a "
            "question takes one of each"
        )
    return list(zip(*sides, strict=True))


def _no_answers(table: WordTable, questions: Sequence[tuple[str, str, str]], plurals: bool) -> NDArray[np.int64]:
    """The rows of the words that do not answer each question `(m, e)`, filled up with -1."""
    left_out = []
    for a, b, c in questions:
        forms = set() if plurals else _in_another_number(b, unless=(a, c)) | _in_another_number(c, unless=(a, b))
        left_out.append(word_table.rows(table, [a, b, c, *sorted(forms)]))
    rows = np.full((len(left_out), max(map(len, left_out), default=0)), -1, np.int64)
    for question, each in enumerate(left_out):
        rows[question, : len(each)] = each
    return rows


def _in_another_number(word: str, unless: tuple[str, str]) -> set[str]:
    """The plural or singular forms of `word`; none where the two others differ in number, as the answer then may."""
    one, other = (each.lower() for each in unless)
    return set() if other in _numbers(one) else _numbers(word)


def _numbers(word: str) -> set[str]:
    """The plural of an English word, or its singular, as far as the spelling tells; some of them are no words."""
    found = {IRREGULAR[word]} if word in IRREGULAR else set()
    for ending, becomes in ENDINGS:
        if word.endswith(ending):
            found.add(word.removesuffix(ending) + becomes)
    if word.endswith("ss"):  # princess is no plural of princes
        found.discard(word[:-1])
    return found
