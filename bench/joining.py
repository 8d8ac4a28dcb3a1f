"""Two lists of 100,000 short strings, titles of films, books and articles, joined: how fast, how many are found.

The right list is the left one in another order, each title with one to three slips (letters left out, doubled, swapped
or wrong, words in another order, other case). seconds: from the two lists to the best partner of each title. found: the
share of titles whose partner is the right one. knnife compares k = 5 candidates of each and takes one-to-one matches of
any probability, so that all answer the same question. sparse_dot_topn multiplies TF-IDF vectors of 3-grams, made by
scikit-learn. RapidFuzz compares all with all (WRatio, all cores): measured on some titles, and the rest is reckoned
from that.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import knnife
from bench.data import sentences
from bench.report import Report, called, options

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
LETTERS = "abcdefghijklmnopqrstuvwxyz "
REPEATS = 3
ASKED = 200  # titles that RapidFuzz is asked for
K = 5

Join = Callable[[list[str], list[str]], np.ndarray]  # the row of the right for each of the left, -1 for none


def titles(n: int) -> list[str]:
    """`n` distinct titles in a random order that is always the same; short sentences where there are not enough."""
    found: dict[str, None] = {}
    for path in ("films_news/wikipedia-movies.jsonl.gz", "corpus/enwiki2018-articles.jsonl.gz"):
        with gzip.open(DATA / path, "rt", encoding="utf-8") as lines:
            found.update((json.loads(line)["title"], None) for line in lines)
    with gzip.open(DATA / "films_news" / "netflix_titles.csv.gz", "rt", encoding="utf-8") as file:
        found.update((row["title"], None) for row in csv.DictReader(file))
    with zipfile.ZipFile(DATA / "recsys" / "book_crossing.zip") as archive:
        items = io.TextIOWrapper(archive.open("book_crossing/items_info.dat"), encoding="utf-8", errors="replace")
        found.update((line.split("\t")[2], None) for line in list(items)[1:])
    for sentence in sentences():
        if len(found) >= n:
            break
        if len(sentence) < 50:
            found[sentence] = None
    names = sorted(name for name in found if len(name) > 3)
    random.Random(0).shuffle(names)
    return names[:n]


def with_slips(name: str, chance: random.Random) -> str:
    for _ in range(chance.choice([1, 1, 2, 3])):
        at, kind = chance.randrange(len(name) + 1), chance.random()
        if kind < 0.3:
            name = name[:at] + chance.choice(LETTERS) + name[at:]
        elif kind < 0.6 and len(name) > 1:
            name = name[:at] + name[at + 1 :]
        elif kind < 0.8:
            name = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
        elif kind < 0.9:
            words = name.split()
            chance.shuffle(words)
            name = " ".join(words) or name
        else:
            name = name.upper()
    return name


def ours(left: list[str], right: list[str]) -> np.ndarray:
    found = knnife.match(left, right, k=K, threshold=0.0, one_to_one=True)
    partner = np.full(len(left), -1)
    partner[found.a[found.found]] = found.b[found.found]
    return partner


def sparse_product(left: list[str], right: list[str]) -> np.ndarray:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sparse_dot_topn import sp_matmul_topn

    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32).fit([*left, *right])
    best = sp_matmul_topn(grams.transform(left), grams.transform(right).T.tocsr(), top_n=1, n_threads=2)
    partner = np.full(len(left), -1)
    rows = np.flatnonzero(np.diff(best.indptr))
    partner[rows] = best.indices[best.indptr[rows]]
    return partner


def all_with_all(left: list[str], right: list[str]) -> np.ndarray:
    from rapidfuzz.fuzz import WRatio
    from rapidfuzz.process import cdist
    from rapidfuzz.utils import default_process

    plain = [default_process(name) for name in right]
    scores = cdist([default_process(name) for name in left], plain, scorer=WRatio, dtype=np.uint8, workers=-1)
    return np.asarray(scores.argmax(axis=1))


def main() -> None:
    parser = options(__doc__ or "")
    args = parser.parse_args()
    report = Report("joining", as_json=args.json)
    left = titles(10_000 if args.quick else 100_000)
    chance = random.Random(1)
    place = np.array(chance.sample(range(len(left)), len(left)))  # where each title of the left stands on the right
    right = [""] * len(left)
    for name, at in zip(left, place.tolist(), strict=True):
        right[at] = with_slips(name, chance)
    work = f"strings {len(left)}"

    runs: dict[str, tuple[Join, int]] = {"knnife": (ours, len(left))}
    if who := called("sparse_dot_topn"):
        runs[who] = (sparse_product, len(left))
    if who := called("rapidfuzz"):
        runs[f"{who}, all with all"] = (all_with_all, ASKED)
    seconds: dict[str, list[float]] = {who: [] for who in runs}
    partners: dict[str, np.ndarray] = {}
    for _ in range(1 if args.quick else REPEATS):
        for who, (join, asked) in runs.items():
            began = time.perf_counter()
            partners[who] = join(left[:asked], right)
            seconds[who].append((time.perf_counter() - began) * len(left) / asked)
    for who, (_, asked) in runs.items():
        report.add(work, who, float(np.median(seconds[who])), "s")
        report.add(work, who, float((partners[who] == place[:asked]).mean()), "found")
    report.close()


if __name__ == "__main__":
    main()
