"""Libraries for nearest neighbours in memory, each behind the same two calls: build, and ask with an effort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import faiss
import numpy as np

from bench.report import called
from knnife.space.index.exact import threads_for
from knnife.space.index.index import Index

Ask = Callable[[np.ndarray, int, Any], np.ndarray]  # queries (m, d), k, an effort -> rows (m, k)

EF = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536)
K_FACTORS = (4, 10, 20, 40)


@dataclass
class Contender:
    """A library: `build` takes unit vectors and gives what is asked; the least effort comes first."""

    who: str
    build: Callable[[np.ndarray], Ask]
    efforts: Sequence[Any] = (None,)
    most: int = 10**9  # points it is measured with: more would take too long to build
    ask: Ask | None = field(default=None, repr=False)


def contenders(wanted: float) -> list[Contender]:
    """knnife, and all rivals that are installed."""
    name = called("faiss-cpu") or "faiss"
    lists = [(probes, factor) for probes in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0) for factor in K_FACTORS]
    found = [
        Contender(called("knnife") or "knnife", lambda vectors: knnife(vectors, wanted)),
        Contender(f"{name} flat", faiss_flat),
        Contender(f"{name} IVF-PQ fastscan, re-ranked", faiss_ivf_pq, lists),
        Contender(f"{name} HNSW32", faiss_hnsw, EF, 100_000),
        Contender(f"{name} HNSW32-SQ8, re-ranked", faiss_hnsw_sq8, [(ef, f) for ef in EF for f in (1, 2, 4)], 100_000),
    ]
    for package, make in {"hnswlib": hnswlib, "usearch": usearch, "scalable-vs": svs}.items():
        if who := called(package):
            found.append(Contender(who, make, EF, 100_000))
    return found


def knnife(vectors: np.ndarray, wanted: float) -> Ask:
    rows = np.arange(len(vectors), dtype=np.int64)
    index = Index.build(vectors, rows, [str(i) for i in rows], metric="cosine", recall=wanted)
    return lambda queries, k, effort: index.near(queries, k)[0]


def _faiss(index: faiss.Index, set_effort: Callable[[Any], None]) -> Ask:
    def ask(queries: np.ndarray, k: int, effort: Any) -> np.ndarray:
        set_effort(effort)
        with threads_for(len(queries)):  # as FAISS advises: one thread for one query
            return index.search(queries, k)[1]

    return ask


def faiss_flat(vectors: np.ndarray) -> Ask:
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return _faiss(index, lambda effort: None)


def faiss_ivf_pq(vectors: np.ndarray) -> Ask:
    n, dim = vectors.shape
    lists = round(n**0.5)
    base = faiss.index_factory(dim, f"IVF{lists},PQ{dim // 2}x4fs", faiss.METRIC_INNER_PRODUCT)
    base.train(vectors[: 64 * lists])
    index = faiss.IndexRefineFlat(base)
    index.add(vectors)

    def set_effort(effort: tuple[float, int]) -> None:
        base.nprobe, index.k_factor = max(1, round(effort[0] * lists)), effort[1]

    return _faiss(index, set_effort)


def faiss_hnsw(vectors: np.ndarray) -> Ask:
    index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 100
    index.add(vectors)
    return _faiss(index, lambda effort: setattr(index.hnsw, "efSearch", effort))


def faiss_hnsw_sq8(vectors: np.ndarray) -> Ask:
    dim = vectors.shape[1]
    base = faiss.IndexHNSWSQ(dim, faiss.ScalarQuantizer.QT_8bit, 32, faiss.METRIC_INNER_PRODUCT)
    base.hnsw.efConstruction = 100
    base.train(vectors[:20_000])
    index = faiss.IndexRefineFlat(base)
    index.add(vectors)

    def set_effort(effort: tuple[int, int]) -> None:
        base.hnsw.efSearch, index.k_factor = effort

    return _faiss(index, set_effort)


def hnswlib(vectors: np.ndarray) -> Ask:
    import hnswlib as library

    index = library.Index("ip", vectors.shape[1])
    index.init_index(len(vectors), M=16, ef_construction=200)
    index.add_items(vectors)

    def ask(queries: np.ndarray, k: int, effort: int) -> np.ndarray:
        index.set_ef(max(effort, k))
        return index.knn_query(queries, k, num_threads=1 if len(queries) == 1 else -1)[0]

    return ask


def usearch(vectors: np.ndarray) -> Ask:
    from usearch.index import Index as Library

    index = Library(ndim=vectors.shape[1], metric="ip", dtype="bf16", connectivity=16, expansion_add=128)
    index.add(np.arange(len(vectors)), vectors)

    def ask(queries: np.ndarray, k: int, effort: int) -> np.ndarray:
        index.expansion_search = effort
        return index.search(queries, k, threads=1 if len(queries) == 1 else 0).keys.reshape(len(queries), -1)

    return ask


def svs(vectors: np.ndarray) -> Ask:
    import svs as library

    parameters = library.VamanaBuildParameters(
        graph_max_degree=64, window_size=128, alpha=0.95, prune_to=60, max_candidate_pool_size=256
    )
    index = library.Vamana.build(parameters, vectors, library.DistanceType.MIP, num_threads=2)

    def ask(queries: np.ndarray, k: int, effort: int) -> np.ndarray:
        index.search_window_size = max(effort, k)
        threads = 1 if len(queries) == 1 else 2
        if index.num_threads != threads:
            index.num_threads = threads
        return index.search(queries, k)[0]

    return ask
