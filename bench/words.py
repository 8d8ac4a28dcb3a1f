"""Asking word vectors: near words of one word and of a thousand, encoding texts, and what the built-in ones are worth.

100,000 words in 300 dimensions, learned from the corpus by knnife (one epoch; `--vectors` takes a file instead). The
rival is gensim's `most_similar` on the same vectors, its norms computed beforehand; both answer the same questions in
turns, half of them about the 3,000 most frequent words, and the answers are compared. How well texts are encoded is
told by the rank correlation with the scores of STS-B's dev split.
"""

from __future__ import annotations

import csv
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import knnife
from bench.data import CACHE, CORPUS
from bench.report import Report, called, options
from knnife import WordVectors
from knnife.geometry import unit

STS = CORPUS.parent / "sts" / "stsb-en-dev.csv"
ANALOGIES = CORPUS.parent / "words" / "questions-words.txt"
PAIRS = [CORPUS.parent / "words" / f"{name}.{end}" for name, end in (("wordsim353", "tsv"), ("simlex999", "txt"))]
WORDS, DIM = 100_000, 300
FREQUENT = 3_000
K = 10


def trained(dim: int) -> WordVectors:
    """Word vectors of the corpus, made once."""
    path = CACHE / f"words-{dim}.vectors"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = WordVectors.train(
            sorted(CORPUS.glob("*.jsonl.gz")), text="text", dim=dim, epochs=1, min_count=2, max_words=WORDS
        )
        made.save(path)
    return WordVectors.load(path)


def questions(vectors: WordVectors, count: int) -> list[str]:
    """Words to ask for, half of them frequent ones."""
    chance = np.random.default_rng(0)
    rows = [*chance.integers(0, FREQUENT, count // 2), *chance.integers(0, len(vectors), count - count // 2)]
    return [vectors.words[row] for row in chance.permutation(rows)]


def nearest(report: Report, vectors: WordVectors, count: int) -> None:
    """Milliseconds a question, one at a time and all at once; gensim knows only the first."""
    asked = questions(vectors, count)
    report.add("the first 30, and getting ready", "knnife", seconds(lambda: vectors.near(asked[:30])), "s")
    rival = called("gensim")
    ours, theirs = {}, {}
    if rival:
        from gensim.models import KeyedVectors

        keyed = KeyedVectors(vectors.dim)
        keyed.add_vectors(vectors.words, np.array(vectors.vectors))
        keyed.fill_norms()
        keyed.most_similar(asked[0], topn=K)
    for word in asked:  # in turns
        ours[word] = seconds(lambda word=word: vectors.near(word, K))
        if rival:
            theirs[word] = seconds(lambda word=word: keyed.most_similar(word, topn=K))
    report.add("one at a time", "knnife", 1000 * statistics.mean(ours.values()), "ms a question")
    if rival:
        report.add("one at a time", rival, 1000 * statistics.mean(theirs.values()), "ms a question")
        same = [vectors.near(word, K).words[0] == [w for w, _ in keyed.most_similar(word, topn=K)] for word in asked]
        report.add("one at a time", "knnife", statistics.mean(same), "answered as by gensim")
    report.add("all at once", "knnife", 1000 * seconds(lambda: vectors.near(asked, K)) / count, "ms a question")


def texts(report: Report, vectors: WordVectors, count: int) -> None:
    """Texts a second, and what the vectors are worth."""
    with STS.open(newline="", encoding="utf-8") as file:
        rows = [(a, b, float(score)) for a, b, score in csv.reader(file)]
    given = ([text for row in rows for text in row[:2]] * (1 + count // len(rows) // 2))[:count]
    report.add("encode", "knnife", count / seconds(lambda: vectors.encode(given)), "texts a second")
    scores = [score for *_, score in rows]
    for who, encode in (("weighted, common component removed", vectors.encode), ("plain mean", plain(vectors))):
        a, b = (unit(encode([row[side] for row in rows])) for side in (0, 1))
        report.add("STS-B dev", who, spearman((a * b).sum(axis=1), scores), "Spearman's rho")


def built_in(report: Report) -> None:
    """How well `knnife.words()` answers analogies and agrees with people, beside the vectors of the model alone."""
    words = knnife.words()
    model = (words.words, knnife.load_encoder("english").encode(words.words))
    for who, given in {"knnife.words()": words, "the model alone": model}.items():
        found = knnife.evaluate_words(given, analogies=[ANALOGIES], similarities=PAIRS, common=None)
        for sums in found.analogies[-3:]:
            report.add(f"analogies, {sums.section}", who, sums.right / sums.asked, "right")
        for path, each in zip(PAIRS, found.similarities, strict=True):
            report.add(path.stem, who, each.value, "Spearman's rho")


def plain(vectors: WordVectors) -> Callable[[Sequence[str]], np.ndarray]:
    """The mean of the vectors of a text's words, and nothing else."""
    from knnife.encoders._words.corpus import tokens

    def encode(given: Sequence[str]) -> np.ndarray:
        found = [rows[rows >= 0] for rows in (vectors.rows_of(tokens(text)) for text in given)]
        return np.array([vectors.vectors[rows].sum(axis=0) / max(1, len(rows)) for rows in found])

    return encode


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """The correlation of ranks, equal values sharing their mean rank."""
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)


def seconds(run: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--vectors", type=Path, help="a file of word vectors to measure with")
    parser.add_argument("--dim", type=int, default=DIM, help=f"of vectors that are made; {DIM} unless told")
    asked = parser.parse_args()
    os.environ["KNNIFE_CACHE"] = "off"
    report = Report("words", as_json=asked.json)
    vectors = WordVectors.load(asked.vectors) if asked.vectors else trained(asked.dim)
    report.note(f"{len(vectors):,} words, {vectors.dim} dimensions")
    nearest(report, vectors, 100 if asked.quick else 1_000)
    texts(report, vectors, 10_000 if asked.quick else 100_000)
    built_in(report)
    report.close()


if __name__ == "__main__":
    main()
