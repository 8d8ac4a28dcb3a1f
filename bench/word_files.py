"""How long one waits for word vectors: read from text and binary files of word2vec, or opened where they were kept.

The files are written by gensim, except those in knnife's own form. A file counts as read when it has given the vector
of its last word. Memory is what the process grew by at its peak, without the packages. gensim's own files
are mapped into memory, too; their words are a pickle.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors

import knnife
from bench.data import CACHE
from bench.report import Report, called, interleaved, options

MEASURED = """
import re, sys
from pathlib import Path
who, work, path, last = sys.argv[1:]
from bench.word_files import RUNS
def now(what):
    return int(re.search(what + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
before = now("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
RUNS[work][who](path, last)
print(now("VmHWM") - before)
"""


def knnife_reads(path: str, word: str) -> np.ndarray:
    return knnife.WordVectors.load(path)[word]


def gensim_reads(path: str, word: str) -> np.ndarray:
    return KeyedVectors.load_word2vec_format(path, binary=path.endswith(".bin"))[word]


def gensim_maps(path: str, word: str) -> np.ndarray:
    return KeyedVectors.load(path.replace(".vectors", ".kv"), mmap="r")[word]


RUNS: dict[str, dict[str, Callable[[str, str], np.ndarray]]] = {
    "load-text": {"knnife": knnife_reads, "gensim": gensim_reads},
    "load-gz": {"knnife": knnife_reads, "gensim": gensim_reads},
    "load-binary": {"knnife": knnife_reads, "gensim": gensim_reads},
    "load-own": {"knnife": knnife_reads, "gensim": gensim_maps},
}
ENDINGS = {"load-text": ".txt", "load-gz": ".txt.gz", "load-binary": ".bin", "load-own": ".vectors"}


def files(n: int, dim: int) -> tuple[Path, str]:
    """The path of the files without their ending, and the last word in them; written once and kept."""
    words = [f"{'kitchen'[: i % 8]}{i:x}" for i in range(n)]
    stem = CACHE / f"words-{n}-{dim}"
    if not stem.with_suffix(".kv").exists():
        CACHE.mkdir(exist_ok=True)
        vectors = KeyedVectors(dim)
        vectors.add_vectors(words, np.random.default_rng(0).normal(0, 0.1, (n, dim)).astype(np.float32))
        vectors.save_word2vec_format(str(stem.with_suffix(".txt")))
        vectors.save_word2vec_format(str(stem.with_suffix(".txt.gz")))
        vectors.save_word2vec_format(str(stem.with_suffix(".bin")), binary=True)
        knnife.WordVectors.load(stem.with_suffix(".bin")).save(stem.with_suffix(".vectors"))
        vectors.save(str(stem.with_suffix(".kv")))
    return stem, words[-1]


def memory(who: str, work: str, path: str, word: str) -> float:
    """MB that a process of its own grows by at its peak; the kernel (Linux) counts them."""
    command = [sys.executable, "-c", MEASURED, who, work, path, word]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    return int(done.stdout) / 1024


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("works", nargs="*", default=list(RUNS), help=" ".join(RUNS))
    arguments = parser.parse_args()
    report = Report("word_files", as_json=arguments.json)
    n, dim = (10_000, 100) if arguments.quick else (100_000, 300)
    stem, word = files(n, dim)
    for work in arguments.works:
        path = f"{stem}{ENDINGS[work]}"
        assert knnife_reads(path, word).shape == (dim,)  # and the file is in the cache of the system
        seconds = interleaved({who: partial(run, path, word) for who, run in RUNS[work].items()}, 3)
        for who in RUNS[work]:
            report.add(f"{work}, {n:,} x {dim}", called(who) or who, seconds[who], "s")
            report.add(f"{work}, {n:,} x {dim}", called(who) or who, memory(who, work, path, word), "MB")
    report.close()


if __name__ == "__main__":
    main()
