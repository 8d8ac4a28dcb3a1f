"""Training word vectors: words a second, memory, and what the vectors are worth, beside gensim at equal settings.

Skip-gram, 5 negatives, window 5, words seen 5 times, two threads, one epoch, in 100 and in 300 dimensions, on the
corpus of the workplace: one sentence a line, its words in small letters with spaces between. Both read the same file,
gensim through `corpus_file`, its fastest way. Each training has a process of its own; they take turns, each time
with another seed, and medians are told. Words a second are those of the corpus (before any is passed over) by the
seconds of training alone; "total" has reading and counting, too. The lowest and highest scores of all seeds say how
much of a difference is chance. A small run takes 1,500,000 words from all over it, once.

Each learns at its own usual rate: knnife from 0.05 as fastText, gensim from 0.025; `--rate` sets another for both.
(With `corpus_file` and two workers gensim's rate falls half of the way only in the last epoch, as each worker counts
its own words as part of all; so at one epoch and the same first rate it learns faster than it seems to.)
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.data import CACHE, CORPUS
from bench.report import Report, called, options

TESTS = CORPUS.parent / "words"
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
END = re.compile(r"(?<=[.!?;])[\"”’)]*\s+|\n+")
THREADS = 2
SEEDS, QUICK_WORDS = 3, 1_500_000
SETTINGS = {"window": 5, "epochs": 1, "min_count": 5, "sample": 1e-3}  # --epochs sets another number


class Run(NamedTuple):
    """What a process of its own found out about one training."""

    training: float  # seconds
    total: float
    memory: float  # MB at most, before anything is evaluated
    scores: dict[str, float]


def prepared(limit: int | None) -> tuple[Path, int]:
    """The corpus, one sentence a line, made once, and its words; with a limit so many of them, from all over it."""
    path = CACHE / f"train-words-{limit or 'all'}.txt"
    count = path.with_suffix(".count")
    if not count.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part, due, words = limit / prepared(None)[1] if limit else 1.0, 0.0, 0
        with path.open("w", encoding="utf-8") as file:
            for sentence in sentences():
                due += part
                if due >= 1:
                    file.write(" ".join(sentence) + "\n")
                    words += len(sentence)
                    due -= 1
        count.write_text(str(words))
    return path, int(count.read_text())


def sentences() -> Iterator[list[str]]:
    """The words of each sentence of the corpus."""
    paths = sorted(CORPUS.glob("*.jsonl.gz"))
    if not paths:
        raise SystemExit(f"no corpus in {CORPUS}: there is nothing to train on")
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield from filter(None, (WORD.findall(part) for part in END.split(json.loads(line)["text"].lower())))


def knnife(path: Path, dim: int, seed: int, rate: float | None) -> tuple[list[str], np.ndarray, float]:
    """The words, their vectors, and the seconds that training took after reading."""
    from knnife import WordVectors

    made = WordVectors.train(
        path, split="spaces", dim=dim, negatives=5, rate=rate or 0.05, seed=seed, threads=THREADS, **SETTINGS
    )
    return made.words, made.vectors, made.about["seconds"]


def gensim(path: Path, dim: int, seed: int, rate: float | None) -> tuple[list[str], np.ndarray, float]:
    """The same by gensim."""
    from gensim.models import Word2Vec

    model = Word2Vec(vector_size=dim, sg=1, negative=5, alpha=rate or 0.025, seed=seed, workers=THREADS, **SETTINGS)
    model.build_vocab(corpus_file=str(path))
    began = time.perf_counter()
    model.train(
        corpus_file=str(path),
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=model.epochs,
    )
    return model.wv.index_to_key, model.wv.vectors, time.perf_counter() - began


def once(who: str, path: Path, dim: int, seed: int, rate: float | None) -> Run:
    """Train, then evaluate."""
    began = time.perf_counter()
    words, vectors, training = {"knnife": knnife, "gensim": gensim}[who](path, dim, seed, rate)
    total = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Run(training, total, memory, scores(words, vectors))


def scores(words: list[str], vectors: np.ndarray) -> dict[str, float]:
    """Rank correlations with people's scores, and the share of analogies solved among the 30,000 first words."""
    from knnife import evaluate_words

    pairs = [TESTS / "wordsim353.tsv", TESTS / "simlex999.txt"]
    found = evaluate_words((words, vectors), analogies=TESTS / "questions-words.txt", similarities=pairs)
    solved = [each for each in found.analogies if each.section == "all"]
    return {Path(each.file).stem: each.value for each in found.similarities} | {"analogies": solved[-1].value}


def in_a_process(who: str, path: Path, dim: int, seed: int, rate: float | None) -> Run:
    """One training in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "bench.train_words", "--once", who, str(path), str(dim), str(seed)]
    command += ["--epochs", str(SETTINGS["epochs"])] + ([] if rate is None else ["--rate", str(rate)])
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Run(**json.loads(told.splitlines()[-1]))


def measure(report: Report, dim: int, seeds: int, path: Path, words: int, rate: float | None) -> None:
    """All figures of one number of dimensions."""
    who = {"knnife": "knnife"}
    if importlib.util.find_spec("gensim"):
        who["gensim"] = called("gensim") or "gensim"
    runs: dict[str, list[Run]] = {name: [] for name in who}
    for seed in range(1, seeds + 1):
        for name in who:
            runs[name].append(in_a_process(name, path, dim, seed, rate))
    for name, shown in who.items():
        report.add(
            f"{dim}",
            shown,
            words * SETTINGS["epochs"] / statistics.median(run.training for run in runs[name]),
            "words a second",
        )
    for name, shown in who.items():
        report.add(f"{dim} total", shown, statistics.median(run.total for run in runs[name]), "s")
    for name, shown in who.items():
        report.add(f"{dim} memory", shown, statistics.median(run.memory for run in runs[name]), "MB at most")
    for test in runs["knnife"][0].scores:
        for name, shown in who.items():
            figures = [run.scores[test] for run in runs[name]]
            unit = "accuracy" if test == "analogies" else "Spearman's rho"
            report.add(f"{dim} {test}", shown, statistics.median(figures), unit)
            if len(figures) > 1:
                report.add(f"{dim} {test}", shown, min(figures), f"{unit}, lowest of {len(figures)} seeds")
                report.add(f"{dim} {test}", shown, max(figures), f"{unit}, highest of {len(figures)} seeds")


def parsed() -> Any:
    parser = options(__doc__ or "")
    parser.add_argument("--dim", type=int, action="append", help="of the vectors; 100 and 300 unless told")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"trainings of each; {SEEDS} unless told")
    parser.add_argument("--words", type=int, help="so many words of the corpus instead of all")
    parser.add_argument("--epochs", type=int, default=1, help="of both; 1 unless told")
    parser.add_argument("--rate", type=float, help="the first learning rate of both")
    parser.add_argument("--once", nargs=4, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    asked = parsed()
    SETTINGS["epochs"] = asked.epochs
    os.environ |= {"KNNIFE_CACHE": "off", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    if asked.once:
        who, path, dim, seed = asked.once
        print(json.dumps(once(who, Path(path), int(dim), int(seed), asked.rate)._asdict()))
        return
    report = Report("train_words", as_json=asked.json)
    path, words = prepared(QUICK_WORDS if asked.quick else asked.words)
    report.note(f"{words:,} words, {asked.epochs} epoch(s)")
    for dim in asked.dim or [100, 300]:
        measure(report, dim, 1 if asked.quick else asked.seeds, path, words, asked.rate)
    report.close()


if __name__ == "__main__":
    main()
