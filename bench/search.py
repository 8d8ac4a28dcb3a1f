"""Search by words, by meaning and by both: how good it is on judged collections, and how long it takes.

Quality is nDCG@10 on Cranfield and CISI (bench/ranking.py says how it is counted), with the encoder in the
package. Speed is the median time of one search for a real question (NQ-open) among sentences and among
paragraphs; all contenders take turns on the same question, several times over.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.data import CORPUS, _texts, sentences
from bench.ranking import Collection, cisi, cranfield, ndcg
from bench.report import Report, called, options
from knnife import Space, Thing, load_encoder

QUESTIONS = CORPUS.parent / "qa" / "NQ-open.dev.jsonl"
Search = Callable[[str], list[str]]  # a query -> ids, best first
RRF = "reciprocal ranks of knnife's two"


def knnife(folder: Path, texts: dict[str, str]) -> dict[str, Search]:
    space = Space.open(folder / "space.knnife", "english")
    space.add(Thing(name, text) for name, text in texts.items())

    def by(how: str) -> Search:
        return lambda query: [hit.id for hit in space.search(query, 10, by=how)]

    def ranks(query: str) -> list[str]:  # not for the clock: it asks twice
        score: dict[str, float] = {}
        for how in ("words", "meaning"):
            for rank, hit in enumerate(space.search(query, 100, by=how), 1):
                score[hit.id] = score.get(hit.id, 0) + 1 / (60 + rank)
        return sorted(score, key=lambda name: -score[name])

    return {
        "knnife words": by("words"),
        "knnife meaning": by("meaning"),
        "knnife both": by("both"),
        RRF: ranks,
    }


def fts5(folder: Path, texts: dict[str, str]) -> dict[str, Search]:
    db = sqlite3.connect(folder / "fts5.db")
    db.execute("CREATE VIRTUAL TABLE words USING fts5(id UNINDEXED, text, tokenize='porter unicode61')")
    with db:
        db.executemany("INSERT INTO words VALUES (?, ?)", texts.items())
    sql = "SELECT id FROM words WHERE words MATCH ? ORDER BY rank LIMIT 10"

    def search(query: str) -> list[str]:
        words = dict.fromkeys(re.findall(r"\w+", query.lower()))
        return [name for (name,) in db.execute(sql, [" OR ".join(f'"{word}"' for word in words)])]

    return {"FTS5 as it comes": search}


def lancedb(folder: Path, texts: dict[str, str]) -> dict[str, Search]:
    import lancedb as lance
    import pyarrow

    encoder = load_encoder("english")
    vectors = pyarrow.array(list(encoder.encode([*texts.values()])), pyarrow.list_(pyarrow.float32(), encoder.dim))
    columns = {"id": [*texts], "text": [*texts.values()], "vector": vectors}
    table = lance.connect(folder / "lance").create_table("texts", pyarrow.table(columns))
    table.create_fts_index("text", stem=True, remove_stop_words=False)

    def search(query: str) -> list[str]:
        asked = table.search(query_type="hybrid").text(query).vector(encoder.encode([query])[0])
        return [row["id"] for row in asked.metric("cosine").limit(10).to_list()]

    return {"LanceDB hybrid (exact vectors)": search}


def contenders(folder: Path, texts: dict[str, str]) -> dict[str, Search]:
    """Everybody, each holding all texts."""
    searches = knnife(folder, texts) | fts5(folder, texts)
    return searches | lancedb(folder, texts) if called("lancedb") else searches


def quality(report: Report, collection: Collection) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for who, search in contenders(Path(folder), collection.documents).items():
            found = [ndcg(search(text), collection.gains[n]) for n, text in collection.queries.items()]
            report.add(collection.name, who, statistics.mean(found), "nDCG@10")


def speed(report: Report, work: str, texts: list[str], queries: list[str], repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        searches = contenders(Path(folder), {str(i): text for i, text in enumerate(texts)})
        del searches[RRF]
        times: dict[str, list[float]] = {who: [] for who in searches}
        for _ in range(repeats):
            for query in queries:
                for who, search in searches.items():
                    began = time.perf_counter()
                    search(query)
                    times[who].append(1_000 * (time.perf_counter() - began))
        for who, taken in times.items():
            report.add(f"{len(texts):,} {work}, p50", who, statistics.median(taken), "ms")


def paragraphs() -> Iterator[str]:
    for text in _texts():
        yield from (line for line in text.split("\n") if len(line) > 200)


def sample(texts: Iterator[str], n: int) -> list[str]:
    chosen = list(texts)
    random.Random(0).shuffle(chosen)
    return chosen[:n]


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("search", as_json=arguments.json)
    if not called("lancedb"):
        report.note("left out, not installed: lancedb")
    quality(report, cranfield())
    quality(report, cisi())
    n, asked, repeats = (10_000, 30, 2) if arguments.quick else (100_000, 100, 5)
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text().splitlines()[:asked]]
    speed(report, "sentences", sample(sentences(), n), questions, repeats)
    if not arguments.quick:
        speed(report, "paragraphs", sample(paragraphs(), n), questions, repeats)
    report.close()


if __name__ == "__main__":
    main()
