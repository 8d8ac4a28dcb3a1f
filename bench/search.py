"""Search: how good its answers are on judged collections and real questions, and how long they take.

Quality: nDCG@10 on `cranfield` and `cisi` (bench/ranking.py says how it is counted); on `stdlib`, `films` and `known
items` the mean reciprocal rank of the first right answer among ten, and how many questions have one first, in three, in
ten. knnife answers as it does by default, then without its reader, by words alone, by meaning alone; beside it FTS5,
LanceDB's hybrid search with the same static vectors, and minilm, which has read the whole of every text.

`speed` is the median time of a question to the standard library and to the films: the first time it is asked, and
asked again, when what it reads was read before. Then that of a question of NQ-open among 100,000 sentences.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.data import CORPUS, sentences
from bench.ranking import Collection, cisi, cranfield, films, known_items, ndcg, reciprocal_rank, stdlib
from bench.report import Report, called, options
from knnife import Space, Thing, load_encoder

QUESTIONS = CORPUS.parent / "qa" / "NQ-open.dev.jsonl"
WAYS: dict[str, dict[str, Any]] = {
    "knnife": {},
    "knnife, no reader": {"reader": None},
    "knnife, words": {"by": "words"},
    "knnife, meaning": {"by": "meaning"},
}
WARM = "warm up"  # loads the models and the vectors, and reads what no question is about
FEW = 40  # queries of a judged collection in a quick run
Search = Callable[[str], list[str]]  # a query -> ids, best first; of a passage that of its whole


@contextmanager
def contenders(things: Sequence[Thing]) -> Iterator[dict[str, Search]]:
    """Everybody who can be asked at once, each holding all things."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Space.open(folder / "space.knnife", "english") as space:
            space.add(things)
            rivals = fts5(folder, things) | (lancedb(folder, things) if called("lancedb") else {})
            yield knnife(space) | rivals


def knnife(space: Space) -> dict[str, Search]:
    def by(options: dict[str, Any]) -> Search:
        return lambda query: [hit.part_of or hit.id for hit in space.search(query, 10, **options)]

    return {who: by(options) for who, options in WAYS.items()}


def fts5(folder: Path, things: Sequence[Thing]) -> dict[str, Search]:
    db = sqlite3.connect(folder / "fts5.db")
    db.execute("CREATE VIRTUAL TABLE words USING fts5(id UNINDEXED, text, tokenize='porter unicode61')")
    with db:
        db.executemany(
            "INSERT INTO words VALUES (?, ?)", [(thing.part_of or thing.id, thing.value) for thing in things]
        )
    sql = "SELECT id FROM words WHERE words MATCH ? ORDER BY rank LIMIT 10"

    def search(query: str) -> list[str]:
        words = dict.fromkeys(re.findall(r"\w+", query.lower()))
        return [name for (name,) in db.execute(sql, [" OR ".join(f'"{word}"' for word in words)])]

    return {"FTS5 as it comes": search}


def lancedb(folder: Path, things: Sequence[Thing]) -> dict[str, Search]:
    import lancedb as lance
    import pyarrow

    encoder = load_encoder("english")
    texts = [str(thing.value) for thing in things]
    vectors = pyarrow.array(list(encoder.encode(texts)), pyarrow.list_(pyarrow.float32(), encoder.dim))
    columns = {"id": [thing.part_of or thing.id for thing in things], "text": texts, "vector": vectors}
    table = lance.connect(folder / "lance").create_table("texts", pyarrow.table(columns))
    table.create_fts_index("text", stem=True, remove_stop_words=False)

    def search(query: str) -> list[str]:
        asked = table.search(query_type="hybrid").text(query).vector(encoder.encode([query])[0])
        return [row["id"] for row in asked.metric("cosine").limit(10).to_list()]

    return {"LanceDB hybrid (exact vectors)": search}


def minilm(things: Sequence[Thing]) -> dict[str, Search]:
    """What it finds that has read everything, before anything is asked."""
    encoder = load_encoder("minilm")
    vectors = encoder.encode([str(thing.value) for thing in things])
    ids = [thing.part_of or str(thing.id) for thing in things]

    def search(query: str) -> list[str]:
        return [ids[at] for at in np.argsort(-(vectors @ encoder.encode([query])[0]), kind="stable")[:10]]

    return {"minilm over everything": search}


def judged(report: Report, collection: Collection, quick: bool) -> None:
    """nDCG@10 of everybody."""
    with contenders(collection.things) as searches:
        if not quick:
            searches |= minilm(collection.things)
        asked = [*collection.queries.items()][: FEW if quick else None]
        for who, search in searches.items():
            found = [ndcg(search(text), collection.gains[n]) for n, text in asked]
            report.add(collection.name, who, statistics.mean(found), "nDCG@10")


def answered(report: Report, collection: Collection, quick: bool) -> None:
    """Where the first right answer stands, and how long it took: the first time, and asked again."""
    with contenders(collection.things) as searches:
        for who, search in searches.items():
            search(WARM)
            first, took = asked_once(search, collection.queries)
            again, took_again = asked_once(search, collection.queries)
            assert first == again, f"{who} answers otherwise when it is asked again"
            _ranks(report, collection, who, first)
            report.add("speed", f"{who}, {collection.name}, first time", took, "ms")
            report.add("speed", f"{who}, {collection.name}, read before", took_again, "ms")
        if not quick:
            for who, search in minilm(collection.things).items():
                _ranks(report, collection, who, asked_once(search, collection.queries)[0])


def asked_once(search: Search, queries: dict[str, str]) -> tuple[dict[str, list[str]], float]:
    """The answers to all queries, and the median milliseconds of one."""
    answers, took = {}, []
    for n, query in queries.items():
        began = time.perf_counter()
        answers[n] = search(query)
        took.append(1_000 * (time.perf_counter() - began))
    return answers, statistics.median(took)


def _ranks(report: Report, collection: Collection, who: str, answers: dict[str, list[str]]) -> None:
    found = [reciprocal_rank(names, collection.gains[n]) for n, names in answers.items()]
    report.add(collection.name, who, statistics.mean(found), "MRR")
    for unit, within in (("first", 1), ("in three", 3), ("in ten", 10)):
        report.add(collection.name, who, sum(each >= 1 / within for each in found), unit)


def speed(report: Report, texts: Sequence[str], queries: Iterable[str], repeats: int) -> None:
    """The median time of a question among many short texts, in turns."""
    things = [Thing(str(i), text) for i, text in enumerate(texts)]
    with contenders(things) as searches:
        times: dict[str, list[float]] = {who: [] for who in searches}
        for _ in range(repeats):
            for query in queries:
                for who, search in searches.items():
                    began = time.perf_counter()
                    search(query)
                    times[who].append(1_000 * (time.perf_counter() - began))
        for who, taken in times.items():
            report.add("speed", f"{who}, {len(texts):,} sentences", statistics.median(taken), "ms")


def sample(texts: Iterator[str], n: int) -> list[str]:
    chosen = list(texts)
    random.Random(0).shuffle(chosen)
    return chosen[:n]


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("search", as_json=arguments.json)
    if not called("lancedb"):
        report.note("left out, not installed: lancedb")
    for collection in (cranfield(), cisi()):
        judged(report, collection, arguments.quick)
    answered(report, stdlib(), arguments.quick)
    answered(report, films(), arguments.quick)
    answered(report, known_items(30 if arguments.quick else 200), arguments.quick)
    if not arguments.quick:
        questions = [json.loads(line)["question"] for line in QUESTIONS.read_text("utf-8").splitlines()[:100]]
        speed(report, sample(sentences(), 100_000), questions, 3)
    report.close()


if __name__ == "__main__":
    main()
