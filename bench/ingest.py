"""Adding rows with text (full-text indexed), metadata and given vectors; adding them again; opening and asking.

The rows are real sentences (bench/data.py) with two fields of metadata and 256-d vectors. Rivals keep what they keep:
Chroma, LanceDB and Qdrant Edge get the same ids, texts, metadata and vectors, and index the text only where they do so
by themselves. The first question after opening is asked in a process of its own.
"""

from __future__ import annotations

import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from bench import data
from bench.report import Report, called, options
from knnife import Space, Thing, read

BATCH = 5_000
FIRST_QUESTION = """
import sys, time
from knnife import Space
import numpy
vector = numpy.load(sys.argv[2])
began = time.perf_counter()
with Space.open(sys.argv[1]) as space:
    found = space.near(vector, 10)
    print(time.perf_counter() - began)
"""


class Rows:
    """What is added: parallel lists."""

    def __init__(self, n: int) -> None:
        self.texts = list(islice(data.sentences(), n))
        self.ids = [f"s{i}" for i in range(n)]
        self.about = [{"year": 1900 + i % 120, "shelf": f"shelf {i % 100}"} for i in range(n)]
        self.vectors, self.queries = data.real(n)


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("ingest", as_json=arguments.json)
    n, repeats = (20_000, 2) if arguments.quick else (100_000, 5)
    rows = Rows(n)
    engines: dict[str, Callable[[Rows, Path], None]] = {
        called("knnife") or "knnife": add_knnife,
        **({name: run for package, run in RIVALS.items() if (name := called(package))}),
    }
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(repeats):
        for name, run in engines.items():
            if turn and name.startswith("chromadb"):
                continue  # a minute each; once will do
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                run(rows, Path(folder))
                seconds[name].append(time.perf_counter() - began)
    for name, taken in seconds.items():
        report.add(f"add {n:,}", name, n / statistics.median(taken), "rows/s")
    again(report, rows, repeats)
    growing(report, rows, 100_000 if arguments.quick else 1_000_000)
    report.close()


def add_knnife(rows: Rows, folder: Path) -> None:
    with Space.open(folder / "s.knnife") as space:
        space.add(things(rows), rows.vectors)


def things(rows: Rows) -> list[Thing]:
    return [Thing(*row) for row in zip(rows.ids, rows.texts, rows.about, strict=True)]


def again(report: Report, rows: Rows, repeats: int) -> None:
    """The same csv file a second time, and the first question to a space that was closed."""
    who = called("knnife") or "knnife"
    with tempfile.TemporaryDirectory() as folder:
        source, path, query = (Path(folder) / name for name in ("rows.csv", "s.knnife", "query.npy"))
        np.save(query, rows.queries[0])
        with source.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["id", "text", "year", "shelf"])
            table.writerows((i, t, *a.values()) for i, t, a in zip(rows.ids, rows.texts, rows.about, strict=True))
        with Space.open(path, "english") as space:
            began = time.perf_counter()
            space.add(read(source, text="text", id="id"))
            report.add(
                f"add csv of {len(rows.ids):,}, encoded",
                who,
                len(rows.ids) / (time.perf_counter() - began),
                "rows/s",
            )
            taken = []
            for _ in range(repeats):
                began = time.perf_counter()
                same = space.add(read(source, text="text", id="id"))
                taken.append(time.perf_counter() - began)
                assert same.unchanged == len(rows.ids)
                assert same.encoded == 0
            report.add(
                f"add the same {len(rows.ids):,} again",
                who,
                len(rows.ids) / statistics.median(taken),
                "rows/s",
            )
            space.near(rows.queries[0])
        command = [sys.executable, "-c", FIRST_QUESTION, str(path), str(query)]
        opened = [
            float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(2 * repeats + 1)
        ]
        report.add(f"open {len(rows.ids):,} and answer", who, statistics.median(opened), "s")


def growing(report: Report, rows: Rows, n: int) -> None:
    """Does it stay as fast as the space grows? The first tenth against the last."""
    who = called("knnife") or "knnife"
    marks: list[tuple[int, float]] = [(0, time.perf_counter())]
    size = len(rows.ids)

    def endless() -> object:
        for i in range(n):
            yield Thing(f"n{i}", rows.texts[i % size], rows.about[i % size], None, rows.vectors[i % size])

    with tempfile.TemporaryDirectory() as folder, Space.open(Path(folder) / "s.knnife") as space:
        marks[0] = (0, time.perf_counter())
        space.add(endless(), progress=lambda done, _: marks.append((done, time.perf_counter())))
    for label, low, high in (("first", 0, n // 10), ("last", n - n // 10, n)):
        inside = [mark for mark in marks if low <= mark[0] <= high]
        rate = (inside[-1][0] - inside[0][0]) / (inside[-1][1] - inside[0][1])
        report.add(f"{label} tenth of {n:,}", who, rate, "rows/s")


def add_chroma(rows: Rows, folder: Path) -> None:
    import chromadb

    client = chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))
    collection = client.create_collection("sentences", embedding_function=None)
    for start in range(0, len(rows.ids), BATCH):
        part = slice(start, start + BATCH)
        collection.add(rows.ids[part], rows.vectors[part], rows.about[part], rows.texts[part])


def add_lancedb(rows: Rows, folder: Path) -> None:
    import lancedb
    import pyarrow as pa

    table = None
    for start in range(0, len(rows.ids), BATCH):
        part = slice(start, start + BATCH)
        flat = pa.array(rows.vectors[part].reshape(-1))
        columns = {
            "id": rows.ids[part],
            "text": rows.texts[part],
            **{name: [about[name] for about in rows.about[part]] for name in rows.about[0]},
            "vector": pa.FixedSizeListArray.from_arrays(flat, rows.vectors.shape[1]),
        }
        block = pa.table(columns)
        if table is None:
            table = lancedb.connect(folder).create_table("s", block)
        else:
            table.add(block)


def add_qdrant(rows: Rows, folder: Path) -> None:
    import qdrant_edge as edge

    place = folder / "shard"
    place.mkdir()
    config = edge.EdgeConfig(vectors=edge.EdgeVectorParams(size=rows.vectors.shape[1], distance=edge.Distance.Cosine))
    shard = edge.EdgeShard.create(str(place), config)
    for start in range(0, len(rows.ids), BATCH):
        points = [
            edge.Point(id=i, vector=rows.vectors[i].tolist(), payload={**rows.about[i], "text": rows.texts[i]})
            for i in range(start, min(start + BATCH, len(rows.ids)))
        ]
        shard.update(edge.UpdateOperation.upsert_points(points))
    shard.close()


RIVALS: dict[str, Callable[[Rows, Path], None]] = {
    "chromadb": add_chroma,
    "lancedb": add_lancedb,
    "qdrant-edge-py": add_qdrant,
}

if __name__ == "__main__":
    main()
