"""Texts among which copies are planted: 13,000 first paragraphs of the wiki corpus, and 2,000 copies of some of them.

The paragraphs are those of 20 words or more, each once, in an order drawn with seed 0. Natural near-copies are taken
out first: a paragraph goes when its character 5-grams (case folded; everything but letters and digits one space) have a
Jaccard similarity of 0.35 or more with those of an earlier one that stays, all pairs compared. 2,000 of the first
13,000 left are copied once each, 500 in each of four ways:

    typos      each character with probability 0.05: another letter, none, one more, or its place changed
    cut        the last fifth of the words is missing
    reordered  its sentences rotated by a random number (its clauses where there is one sentence, else its halves)
    case       all in capitals or all in small letters, and half of the punctuation replaced by a dash or a space
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from bench.data import CACHE, CORPUS

NEAR = 0.35
TYPOS = 0.05

_OTHER = re.compile(r"[\W_]+")
_MARKS = re.compile(r"""[.,;:!?()"'-]""")


class Planted(NamedTuple):
    """Texts, and the pairs of positions that are copies, the smaller first."""

    texts: list[str]
    copies: set[tuple[int, int]]


def planted(*, base: int = 13_000, copies: int = 2_000, seed: int = 1) -> Planted:
    """The set described above; fewer for a quick run."""
    texts = _different(base)
    random = np.random.default_rng(seed)
    sources = random.permutation(base)[:copies]
    made = [WAYS[number % len(WAYS)](texts[source], random) for number, source in enumerate(sources)]
    order = random.permutation(base + copies)
    place = np.argsort(order)
    together = [*texts, *made]
    pairs = {_pair(place[source], place[base + number]) for number, source in enumerate(sources)}
    return Planted([together[i] for i in order], pairs)


def grams(text: str) -> set[str]:
    """The character 5-grams of a text, as described above."""
    plain = f" {_OTHER.sub(' ', text.casefold()).strip()} "
    return {plain[i : i + 5] for i in range(len(plain) - 4)}


def _pair(a: int, b: int) -> tuple[int, int]:
    return int(min(a, b)), int(max(a, b))


def _different(count: int) -> list[str]:
    """So many paragraphs without near-copies; kept in a file, as comparing all takes minutes."""
    path = CACHE / f"paragraphs-{count}-{NEAR}.json"
    if not path.exists():
        paragraphs = _paragraphs()[: round(count * 1.6)]
        near = _near_earlier(paragraphs)
        left = [text for text, taken in zip(paragraphs, near, strict=True) if not taken][:count]
        if len(left) < count:
            raise SystemExit(f"only {len(left)} of {count} paragraphs are left without their near-copies")
        CACHE.mkdir(exist_ok=True)
        path.write_text(json.dumps(left), encoding="utf-8")
    found: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _paragraphs() -> list[str]:
    found = {}
    with gzip.open(CORPUS / "enwiki2018-articles.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["text"].split("\n")[0].strip()
            if len(text.split()) >= 20:
                found[text] = None
    texts = [*found]
    return [texts[i] for i in np.random.default_rng(0).permutation(len(texts))]


def _near_earlier(texts: list[str]) -> np.ndarray:
    """Which texts are near-copies of an earlier one that is none itself."""
    sets = [grams(text) for text in texts]
    number: dict[str, int] = {}
    columns = np.array([number.setdefault(gram, len(number)) for each in sets for gram in each])
    sizes = np.array([len(each) for each in sets])
    rows = np.repeat(np.arange(len(texts)), sizes)
    matrix = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(texts), len(number)))
    turned = matrix.T.tocsr()
    taken = np.zeros(len(texts), bool)
    for start in range(0, len(texts), 500):
        shared = (matrix[start : start + 500] @ turned).tocoo()
        one, other = shared.row + start, shared.col
        near = (other < one) & (shared.data >= NEAR * (sizes[one] + sizes[other] - shared.data))
        for i in np.flatnonzero(near)[np.argsort(one[near], kind="stable")]:
            taken[one[i]] |= not taken[other[i]]
    return taken


def _typos(text: str, random: np.random.Generator) -> str:
    made: list[str] = []
    for letter in text:
        if random.random() >= TYPOS:
            made.append(letter)
            continue
        kind, other = random.integers(4), chr(97 + int(random.integers(26)))
        if kind == 3:  # before the one before it
            made.insert(max(0, len(made) - 1), letter)
        else:
            made += [[other], [], [letter, other]][kind]
    return "".join(made)


def _cut(text: str, random: np.random.Generator) -> str:
    words = text.split()
    return " ".join(words[: int(0.8 * len(words))])


def _reordered(text: str, random: np.random.Generator) -> str:
    parts = re.split(r"(?<=[.!?])\s+", text)
    if len(parts) < 2:
        parts = re.split(r"(?<=[,;])\s+", text)
    if len(parts) < 2:
        words = text.split()
        parts = [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])]
    turn = int(random.integers(1, len(parts)))
    return " ".join(parts[turn:] + parts[:turn])


def _case(text: str, random: np.random.Generator) -> str:
    text = text.upper() if random.random() < 0.5 else text.lower()
    return _MARKS.sub(lambda mark: mark[0] if random.random() < 0.5 else " - "[int(random.integers(2)) :], text)


WAYS: list[Callable[[str, np.random.Generator], str]] = [_typos, _cut, _reordered, _case]
