"""Learns how people misspell words: spelling/ranking.npz, by which suggestions are ranked.

    python -m scripts.spelling          # ten minutes; needs torch and symspellpy, reads ../shared/data/typos
    python -m scripts.spelling --dev    # learns from six of seven right words, says how well it does on the others

Learned from two lists: spell-errors (what people wrote by hand) without all right words of spell-testset1, and the
lines of codespell's list that bench/typos.py does not test with. Codespell also has words of spell-testset1, which are
left out as well. Every misspelling is looked up with three vocabularies (SymSpell's, that of knnife, and one without
counts), for what is learned should hold for any. Words that are spelled well are among them, so that a rare word that
is like a frequent one may be a slip, and a frequent one hardly ever is.

The loss is the cross-entropy of a softmax over the candidates of a word and "none of these", whose score is 0.
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from bench import typos as bench
from numpy.typing import NDArray

from knnife.spelling.candidate_words import candidates
from knnife.spelling.english import english
from knnife.spelling.features import LEVELS, NUMBERS, TOKENS, SpelledPairs, Words, evidence
from knnife.spelling.ranking import frequencies
from knnife.spelling.spelled import folded
from knnife.spelling.vocabulary import Vocabulary

TARGET = Path(__file__).parents[1] / "src" / "knnife" / "spelling" / "ranking.npz"

HIDDEN = (32, 16)
EPOCHS, BATCH = 2, 512  # words
RATE, TOKEN_RATE = 3e-3, 5e-3  # of Adam, falling to 0
DROPPED = 0.3  # tokens left out at random, so that no one is relied on
SHRINKING = 2e-4  # of the weights of tokens, squared
HAND = 3.0  # what is written by hand, and what is right, counts so much more than codespell: there is less of it
AGAIN = 0.6  # each of n misspellings of a word counts n to the power -AGAIN
WELL = 10_000  # words that are spelled well
SHARES = {"symspell": 1.0, "knnife": 0.4, "no counts": 0.15}  # of the misspellings, with each vocabulary
FOLDS = 7
EVIDENCE_OF = 500  # words at once

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Lesson:
    """A misspelling, what was meant, where it is from, and how much it counts."""

    typed: str
    right: frozenset[str]
    source: str
    weight: float = 1.0

    @property
    def fold(self) -> int:
        """All misspellings of a word are in the same."""
        return zlib.crc32(min(self.right).encode()) % FOLDS


@dataclass(frozen=True)
class Examples:
    """Lessons with their candidates. Those of word i are pairs starts[i] to starts[i + 1], whose edits are likewise
    edits[p] to edits[p + 1].
    """

    lessons: list[Lesson]
    starts: Ints
    edits: Ints
    numbers: torch.Tensor  # (pairs, NUMBERS)
    tokens: torch.Tensor  # (edits, LEVELS), different numbers for each level
    right: torch.Tensor  # (pairs,)
    weights: torch.Tensor  # (lessons,)


class Net(torch.nn.Module):  # type: ignore[misc]  # there are no types of torch here
    """The network of ranking.py, to be learned; its numbers come with a mean of 0 and a deviation of 1."""

    def __init__(self, numbers: torch.Tensor) -> None:
        super().__init__()
        self.mean, self.deviation = numbers.mean(0), numbers.std(0) + 1e-3
        sizes = (NUMBERS + LEVELS, *HIDDEN, 1)
        self.tokens = torch.nn.Parameter(torch.zeros(LEVELS * TOKENS))
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in pairwise(sizes))

    def forward(self, numbers: torch.Tensor, tokens: torch.Tensor, pair: torch.Tensor) -> torch.Tensor:
        """The score of each pair, by numbers, and by tokens of edits and the pair each is of."""
        said = self.tokens[tokens]
        if self.training:
            said = said * (torch.rand_like(said) > DROPPED) / (1 - DROPPED)
        said = torch.zeros(len(numbers), LEVELS).index_add_(0, pair, said)
        x = torch.cat([(numbers - self.mean) / self.deviation, said], 1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)[:, 0] + said.sum(1)


def lessons() -> list[Lesson]:
    """All there is to learn from, with nothing that is tested."""
    tested, others = bench.codespell()
    testset = bench.norvig()
    words = frozenset[str]().union(*(slip.right for slip in testset))
    typed = {slip.typed for slip in [*tested, *testset]}
    found = [Lesson(folded(s.typed), s.right, "hand") for s in bench.spell_errors()]
    found += [Lesson(folded(s.typed), s.right, "code") for s in others]
    kept = [lesson for lesson in found if lesson.typed and lesson.typed not in typed and not lesson.right & words]
    times = Counter((lesson.source, min(lesson.right)) for lesson in kept)
    return [
        Lesson(
            each.typed,
            each.right,
            each.source,
            times[each.source, min(each.right)] ** -AGAIN * (HAND if each.source == "hand" else 1.0),
        )
        for each in kept
    ]


def spelled_well(vocabulary: Vocabulary, n: int, rng: np.random.Generator) -> list[Lesson]:
    """`n` words of the vocabulary, frequent ones sooner."""
    chances = np.sqrt(vocabulary.counts)
    rows = rng.choice(len(vocabulary), n, replace=False, p=chances / chances.sum())
    return [Lesson(vocabulary.keys[i], frozenset([vocabulary.keys[i]]), "well", HAND) for i in rows.tolist()]


def examples(vocabulary: Vocabulary, lessons: list[Lesson]) -> Examples:
    """Candidates for all lessons, and what speaks for them."""
    typed = [lesson.typed for lesson in lessons]
    known, often = Words.of(vocabulary.keys), frequencies(vocabulary)
    numbers, tokens, pairs, queries, words, before = [], [], [], [], [], 0
    for first in range(0, len(typed), EVIDENCE_OF):
        some = typed[first : first + EVIDENCE_OF]
        found = candidates(vocabulary, some)
        asked = SpelledPairs(Words.of(some), known, found.query.astype(np.int64), found.word.astype(np.int64))
        given = evidence(asked, often)
        order = np.argsort(given.pair, kind="stable")
        numbers.append(given.numbers)
        tokens.append(given.tokens[:, order].T + TOKENS * np.arange(LEVELS, dtype=np.int32))
        pairs.append(given.pair[order] + before)
        queries.append(found.query.astype(np.int64) + first)
        words.append(found.word)
        before += len(found.word)
    query, word = np.concatenate(queries), np.concatenate(words)
    meant = [{vocabulary.row_of.get(folded(right)) for right in lesson.right} for lesson in lessons]
    right = [row in meant[i] for i, row in zip(query.tolist(), word.tolist(), strict=True)]
    return Examples(
        lessons,
        np.searchsorted(query, np.arange(len(typed) + 1)),
        np.searchsorted(np.concatenate(pairs), np.arange(len(query) + 1)),
        torch.from_numpy(np.concatenate(numbers)),
        torch.from_numpy(np.concatenate(tokens)),
        torch.tensor(right),
        torch.tensor([lesson.weight for lesson in lessons], dtype=torch.float32),
    )


def scored(net: Net, given: Examples, words: Ints) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of the candidates of some words: their scores, of which word each is, and whether it is right."""
    pairs, of = _ranges(given.starts[words], given.starts[words + 1])
    edits, pair = _ranges(given.edits[pairs], given.edits[pairs + 1])
    scores = net(given.numbers[pairs], given.tokens[edits], torch.from_numpy(pair))
    return scores, torch.from_numpy(of), given.right[pairs]


def _ranges(starts: Ints, stops: Ints) -> tuple[Ints, Ints]:
    sizes = stops - starts
    return np.arange(sizes.sum()) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes), np.repeat(
        np.arange(len(sizes)), sizes
    )


def loss(net: Net, given: Examples, words: Ints) -> torch.Tensor:
    """The mean cross-entropy; several words may be right, and where none is, "none of these" is."""
    scores, of, right = scored(net, given, words)
    odds = torch.exp(scores.clamp(max=25))
    total = torch.ones(len(words)).index_add_(0, of, odds)
    hit = torch.zeros(len(words)).index_add_(0, of, odds * right)
    lost = torch.log(total) - torch.log(torch.where(hit == 0, 1.0, hit))
    weights = given.weights[words]
    return (lost * weights).sum() / weights.sum() + SHRINKING * (net.tokens**2).sum()


def fit(net: Net, sets: Sequence[Examples], epochs: int, rng: np.random.Generator) -> None:
    """Adam, with a rate that falls to zero."""
    net.train()
    groups = [{"params": net.layers.parameters()}, {"params": [net.tokens]}]
    adam = torch.optim.Adam(groups)
    steps = epochs * sum(len(given.lessons) // BATCH for given in sets)
    for step, (given, words) in enumerate(_batches(sets, epochs, rng)):
        for group, rate in zip(adam.param_groups, (RATE, TOKEN_RATE), strict=True):
            group["lr"] = rate * (1 - step / steps)
        adam.zero_grad()
        lost = loss(net, given, words)
        lost.backward()
        adam.step()
        if step % 100 == 0:
            print(f"step {step} of {steps}: {lost.item():.3f}", flush=True)


def _batches(sets: Sequence[Examples], epochs: int, rng: np.random.Generator) -> Iterator[tuple[Examples, Ints]]:
    for _ in range(epochs):
        parts = [
            (given, np.sort(part))
            for given in sets
            for part in np.split(rng.permutation(len(given.lessons)), range(BATCH, len(given.lessons), BATCH))
            if len(part) == BATCH
        ]
        for i in rng.permutation(len(parts)).tolist():
            yield parts[i]


def save(net: Net) -> None:
    """Weights of tokens as bytes with a scale for each level; the first layer takes numbers as they are."""
    with torch.no_grad():
        first = net.layers[0]
        first.weight[:, :NUMBERS] /= net.deviation
        first.bias -= first.weight[:, :NUMBERS] @ net.mean
    tokens = net.tokens.detach().numpy().reshape(LEVELS, TOKENS)
    scales = (np.abs(tokens).max(axis=1) / 127).astype(np.float32)
    tensors = {"tokens": np.round(tokens / scales[:, None]).astype(np.int8), "scales": scales}
    for i, layer in enumerate(net.layers):
        tensors[f"weights{i}"] = np.ascontiguousarray(layer.weight.detach().numpy().T)
        tensors[f"biases{i}"] = layer.bias.detach().numpy()
    np.savez_compressed(TARGET, **tensors)


def told(net: Net, given: Examples) -> None:
    """How often the right word comes first and within five, by source."""
    net.eval()
    with torch.no_grad():
        for source in dict.fromkeys(lesson.source for lesson in given.lessons):
            words = np.flatnonzero([lesson.source == source for lesson in given.lessons])
            scores, of, right = (each.numpy() for each in scored(net, given, words))
            order = np.lexsort((-scores, of))
            place = np.arange(len(order)) - np.searchsorted(of[order], of[order])
            hits = [len(np.unique(of[order][right[order] & (place < within)])) / len(words) for within in (1, 5)]
            print(f"{source}: {len(words):,} words, first {hits[0]:.4f}, within five {hits[1]:.4f}")


def main() -> None:
    """Learns, and keeps what was learned or says how good it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="hold a seventh of the right words out, and save nothing")
    dev = parser.parse_args().dev
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    symspell = Vocabulary.of(bench.dictionary())
    every = lessons()
    learned = [lesson for lesson in every if not dev or lesson.fold]
    vocabularies = {
        "symspell": symspell,
        "knnife": english(),
        "no counts": Vocabulary.of((word, 1.0) for word in symspell.keys),
    }
    sets = []
    for name, vocabulary in vocabularies.items():
        some = rng.permutation(len(learned))[: int(SHARES[name] * len(learned))]
        well = [each for each in spelled_well(vocabulary, int(SHARES[name] * WELL), rng) if not dev or each.fold]
        sets.append(examples(vocabulary, [learned[i] for i in some.tolist()] + well))
    net = Net(torch.cat([given.numbers for given in sets]))
    fit(net, sets, EPOCHS, rng)
    if dev:
        for name, vocabulary in vocabularies.items():
            print(f"with the vocabulary {name}:")
            well = spelled_well(vocabulary, WELL, rng)
            told(net, examples(vocabulary, [lesson for lesson in every + well if not lesson.fold]))
    else:
        save(net)


if __name__ == "__main__":
    main()
