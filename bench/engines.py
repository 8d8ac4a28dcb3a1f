"""Whole engines beside each other: one query at a time, ids, texts and metadata included, at equal recall.

Each engine holds the same 100,000 points with text and metadata. Its effort is raised until recall@10 on queries that
are not among the points reaches 0.98, half of the queries for choosing, the other half for the figures; then all are
asked in turns. With filters that one thing in a hundred and in a thousand meets, on metadata that nobody declared an
index for (Qdrant Edge is shown with a declared one, too).
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench import data
from bench.ingest import RIVALS, Rows, things
from bench.report import Report, called, options
from knnife import Space

WANTED, K = 0.98, 10
IN_TURN = 25  # queries to one engine before the next has its turn, as a service that is in use would see them
Ask = Callable[[np.ndarray, str | None], list[str]]


class Engine(NamedTuple):
    """An open engine: how to ask it, with a filter on `shelf` or None, at each effort; the least comes first."""

    who: str
    efforts: list[Ask]


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("engines", as_json=arguments.json)
    n = 11_000 if arguments.quick else 100_000
    kinds = {"real": data.real} if arguments.quick else {"real": data.real, "synthetic": data.synthetic}
    for kind, make in kinds.items():
        rows = Rows(n)
        rows.vectors, queries = make(n)
        queries = queries[: 100 if arguments.quick else 400]
        rows.about = [{**a, "shelf": f"shelf {i % 100}", "box": f"box {i % 1000}"} for i, a in enumerate(rows.about)]
        with tempfile.TemporaryDirectory() as folder, opened(rows, Path(folder)) as engines:
            measure(report, kind, rows, queries, engines)
    report.close()


@contextmanager
def opened(rows: Rows, folder: Path) -> Iterator[list[Engine]]:
    """All engines that are installed, filled."""
    engines, spaces = [], []
    for package, make in {"knnife": knnife, "chromadb": chroma, "lancedb": lancedb, "qdrant-edge-py": qdrant}.items():
        who = called(package)
        if who:
            place = folder / package
            place.mkdir()
            engine, space = make(who, rows, place)
            engines += engine
            spaces.append(space)
    try:
        yield engines
    finally:
        for space in spaces:
            with space:
                pass


def measure(report: Report, kind: str, rows: Rows, queries: np.ndarray, engines: list[Engine]) -> None:
    """Recall and median milliseconds of every engine, without a filter and with two."""
    units = rows.vectors / np.linalg.norm(rows.vectors, axis=1, keepdims=True)
    for work, field, values in (("all", None, 1), ("1%", "shelf", 100), ("0.1%", "box", 1_000)):
        wheres = [None if field is None else f"{field}={field} {i * 7 % values}" for i in range(len(queries))]
        truth = [nearest(units, query, where) for query, where in zip(queries, wheres, strict=True)]
        half = len(queries) // 2
        chosen: dict[str, Ask] = {}
        for engine in engines:
            for ask in engine.efforts:
                chosen[engine.who] = ask
                if recall(ask, queries[:half], wheres[:half], truth[:half]) >= WANTED:
                    break
        seconds: dict[str, list[float]] = {who: [] for who in chosen}
        for start in range(half, len(queries), IN_TURN):
            for who, ask in chosen.items():
                for i in range(start, min(start + IN_TURN, len(queries))):
                    began = time.perf_counter()
                    ask(queries[i], wheres[i])
                    seconds[who].append(time.perf_counter() - began)
        for who, ask in chosen.items():
            found = recall(ask, queries[half:], wheres[half:], truth[half:])
            report.add(f"{kind} {len(rows.ids):,} {work}: recall@10", who, found, "")
            report.add(f"{kind} {len(rows.ids):,} {work}: p50", who, 1000 * statistics.median(seconds[who]), "ms")


def nearest(units: np.ndarray, query: np.ndarray, where: str | None) -> set[str]:
    scores = units @ query
    rows = np.arange(len(units))
    if where is not None:
        field, value = where.split("=")
        number = int(value.split()[1])
        rows = rows[rows % (100 if field == "shelf" else 1_000) == number]
    best = rows[np.argpartition(-scores[rows], K - 1)[:K]]
    return {f"s{i}" for i in best}


def recall(ask: Ask, queries: np.ndarray, wheres: list[str | None], truth: list[set[str]]) -> float:
    found = [len(set(ask(q, w)) & t) / K for q, w, t in zip(queries, wheres, truth, strict=True)]
    return float(np.mean(found))


def knnife(who: str, rows: Rows, place: Path) -> tuple[list[Engine], Any]:
    spaces = contextlib.ExitStack()
    asks: list[Ask] = []
    for recall in (0.98, 0.985, 0.99):  # of the space's own points; other queries may find a little less
        space = spaces.enter_context(Space.open(place / f"{recall}.knnife", recall=recall))
        space.add(things(rows), rows.vectors)
        asks.append(_knnife_with(space))
    return [Engine(who, asks)], spaces


def _knnife_with(space: Space) -> Ask:
    def ask(query: np.ndarray, where: str | None) -> list[str]:
        condition = None if where is None else dict([where.split("=")])
        return [str(thing.id) for thing in space.get(space.near(query, K, where=condition).ids[0])]

    return ask


def chroma(who: str, rows: Rows, place: Path) -> tuple[list[Engine], Any]:
    import chromadb

    settings = chromadb.Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(str(place), settings=settings)
    asks: list[Ask] = []
    for ef in (100, 400):  # fixed when a collection is made, which takes a minute each
        asks.append(_chroma_with(client, rows, ef))
    return [Engine(who, asks)], nullcontext()


def _chroma_with(client: Any, rows: Rows, ef: int) -> Ask:
    collection: list[Any] = []

    def ask(query: np.ndarray, where: str | None) -> list[str]:
        if not collection:  # filled when it is its turn
            made = client.create_collection(
                f"s{ef}", embedding_function=None, configuration={"hnsw": {"space": "cosine", "ef_search": ef}}
            )
            for start in range(0, len(rows.ids), 5_000):
                part = slice(start, start + 5_000)
                made.add(rows.ids[part], rows.vectors[part], rows.about[part], rows.texts[part])
            collection.append(made)
        condition = None if where is None else dict([where.split("=")])
        include = ["documents", "metadatas", "distances"]
        answer = collection[0].query(query_embeddings=[query], n_results=K, where=condition, include=include)
        return list(answer["ids"][0])

    return ask


def lancedb(who: str, rows: Rows, place: Path) -> tuple[list[Engine], Any]:
    import lancedb as lance

    RIVALS["lancedb"](rows, place)
    table = lance.connect(place).open_table("s")
    table.create_index("cosine", vector_column_name="vector", index_type="IVF_HNSW_SQ")

    def asker(probes: int, ef: int, refine: int) -> Ask:
        def ask(query: np.ndarray, where: str | None) -> list[str]:
            search = table.search(query).distance_type("cosine").nprobes(probes).ef(ef).refine_factor(refine).limit(K)
            if where is not None:
                field, value = where.split("=")
                search = search.where(f"{field} = '{value}'", prefilter=True)
            return [row["id"] for row in search.to_list()]

        return ask

    return [Engine(who, [asker(*e) for e in ((20, 100, 2), (20, 200, 4), (50, 400, 5), (100, 800, 8))])], nullcontext()


def qdrant(who: str, rows: Rows, place: Path) -> tuple[list[Engine], Any]:
    import qdrant_edge as edge

    engines = []
    for declared in (False, True):
        folder = place / f"declared-{declared}"
        folder.mkdir()
        RIVALS["qdrant-edge-py"](rows, folder)
        shard = edge.EdgeShard.load(str(folder / "shard"))
        if declared:
            for field in ("shelf", "box"):
                shard.update(edge.UpdateOperation.create_field_index(field, edge.PayloadSchemaType.Keyword))
        shard.optimize()
        name = f"{who}, indexes declared" if declared else who
        engines.append(Engine(name, [_qdrant_with(edge, shard, ef) for ef in (32, 64, 128, 256, 512)]))
    return engines, nullcontext()


def _qdrant_with(edge: Any, shard: Any, ef: int) -> Ask:
    params = edge.SearchParams(hnsw_ef=ef)

    def ask(query: np.ndarray, where: str | None) -> list[str]:
        condition = None
        if where is not None:
            field, value = where.split("=")
            condition = edge.Filter(must=[edge.FieldCondition(field, match=edge.MatchValue(value))])
        request = edge.QueryRequest(
            limit=K, query=edge.Query.Nearest(query.tolist()), filter=condition, params=params, with_payload=True
        )
        return [f"s{point.id}" for point in shard.query(request)]

    return ask


if __name__ == "__main__":
    main()
