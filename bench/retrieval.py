"""How good the first ten answers are, by meaning alone and fused with words, on judged collections.

nDCG@10 on Cranfield and CISI (bench/ranking.py says how it is counted). "alone" is the exact cosine between
the vectors of the query and of every document; "fused" is a space asked by="both". Both collections helped to
choose among ways to fuse and among variants of the model, so all figures of knnife are somewhat flattering.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np

from bench.ranking import Collection, cisi, cranfield, ndcg
from bench.report import Report, called, options
from bench.rivals import Encodes, contenders
from bench.search import Search, fts5
from knnife import Space, Thing
from knnife.encoders import Encoder
from knnife.geometry import Vectors, unit

K = 10
UNIT = "nDCG@10"
By = Literal["both", "meaning", "words"]


def collections() -> list[Collection]:
    return [cranfield(), cisi()]


def scores(encoder: Encodes, sets: list[Collection] | None = None) -> dict[str, float]:
    """nDCG@10 of the encoder alone, by exact cosine, on each collection."""
    return {each.name: alone(encoder, each, encoded(encoder, each)) for each in sets or collections()}


def fused(encoder: Encoder, sets: list[Collection] | None = None) -> dict[str, float]:
    """nDCG@10 of a space with this encoder that is asked for words and meaning together."""
    return {each.name: in_space(encoder, each, encoded(encoder, each)) for each in sets or collections()}


def encoded(encoder: Encodes, collection: Collection) -> Vectors:
    """The vectors of its documents, of length 1."""
    return unit(encoder.encode([*collection.documents.values()]))


def alone(encoder: Encodes, collection: Collection, documents: Vectors) -> float:
    names = [*collection.documents]
    queries = unit(getattr(encoder, "encode_query", encoder.encode)([*collection.queries.values()]))
    best = np.argsort(-(queries @ documents.T), axis=1, kind="stable")[:, :K]
    found = {query: [names[i] for i in row] for query, row in zip(collection.queries.values(), best, strict=True)}
    return quality(collection, found.__getitem__)


def in_space(encoder: Encoder, collection: Collection, documents: Vectors, by: By = "both") -> float:
    with tempfile.TemporaryDirectory() as folder, Space.open(Path(folder) / "space.knnife", encoder) as space:
        space.add([Thing(name, text) for name, text in collection.documents.items()], documents)
        return quality(collection, lambda query: [hit.id for hit in space.search(query, K, by=by)])


def quality(collection: Collection, search: Search) -> float:
    """The mean over all queries of nDCG@10."""
    return statistics.mean(ndcg(search(text), collection.gains[n], K) for n, text in collection.queries.items())


def words(report: Report, collection: Collection) -> None:
    """Search without an encoder: knnife's, SQLite's as it comes, and BM25 by itself."""
    with tempfile.TemporaryDirectory() as folder:
        searches = fts5(Path(folder), collection.documents)
        if who := called("bm25s"):
            searches[f"{who} (BM25)"] = bm25s(collection.documents)
        for who, search in searches.items():
            report.add(collection.name, who, quality(collection, search), UNIT)


def bm25s(texts: dict[str, str]) -> Search:
    """BM25 as that package has it by default: English stop words left out, no stemming."""
    import bm25s as library

    names = [*texts]
    index = library.BM25()
    index.index(library.tokenize([*texts.values()], show_progress=False), show_progress=False)

    def search(query: str) -> list[str]:
        rows, _ = index.retrieve(library.tokenize(query, show_progress=False), k=K, show_progress=False)
        return [names[i] for i in rows[0]]

    return search


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("retrieval", as_json=arguments.json)
    encoders = contenders(report, quick=arguments.quick)
    for collection in collections():
        words(report, collection)
        for who, encoder in encoders.items():
            documents = encoded(encoder, collection)
            if who == "knnife":
                found = in_space(encoder, collection, documents, "words")
                report.add(collection.name, "knnife words", found, UNIT)
            report.add(collection.name, who, alone(encoder, collection, documents), UNIT)
            report.add(collection.name, f"{who} fused", in_space(encoder, collection, documents), UNIT)
    report.close()


if __name__ == "__main__":
    main()
