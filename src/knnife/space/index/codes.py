"""Compact codes of vectors, which tell quickly which ones deserve an exact look; chosen by measurement (bench/).

1. The vectors are turned by a random rotation, which spreads variance evenly over their components. (On sentence
   vectors sorted by a PCA this halves the codes that a recall needs, as OPQ's learned rotation does: Ge et al.,
   "Optimized product quantization", CVPR 2013.)
2. Each group of a few components becomes 4 bits, the number of one of 16 centroids (Jégou et al., "Product quantization
   for nearest neighbor search", PAMI 2011), laid out so that one instruction looks up 32 to 64 of them at once (André
   et al., "Cache locality is not enough", VLDB 2015; FAISS calls it fastscan).
3. The codes lie in lists, one for each cell around a centroid; a search reads the lists nearest to the query, or all.

What the codes find are candidates, re-ranked with the exact vectors (exact.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Vectors, blocks
from knnife.space.index.exact import Rows, threads
from knnife.statistics.kmeans import centroids

faiss: Any = _faiss  # its own type hints lag behind it

BITS = 4
LEARN_CODES = 10_000  # vectors that the 16 centroids of each group are learned from; more did not help
LEARN_LISTS = 24  # vectors a list that the cells are learned from
ROUNDS = 6  # of k-means
ROTATED_BYTES = 64 << 20  # what is rotated at a time
KIND, LISTS = b"IwPf", b"ilbl"  # how FAISS marks such a structure, and its lists, among bytes
PER_BLOCK = 32  # codes that lie together

_lock = threading.Lock()


@dataclass(frozen=True)
class Codes:
    """The codes of the first `n` rows of an index."""

    structure: Any  # faiss.IndexIVFPQFastScan; searched by many threads at once, never changed
    rotation: Vectors  # (d, groups * width)

    @classmethod
    def learn(cls, vectors: Vectors, metric: Metric, *, cells: Vectors, width: int, seed: int) -> Codes:
        """The codes of `vectors` (n, d): a list for each of `cells`, 4 bits for every `width` components."""
        random = np.random.default_rng(seed)
        dim = vectors.shape[1]
        groups = -(-dim // width)
        rotation = _rotation(dim, groups * width, random)
        quantizer = (faiss.IndexFlatL2 if by_distance(metric) else faiss.IndexFlatIP)(groups * width)
        quantizer.add(cells @ rotation)
        kind = faiss.METRIC_L2 if by_distance(metric) else faiss.METRIC_INNER_PRODUCT
        structure = faiss.IndexIVFPQFastScan(quantizer, groups * width, len(cells), groups, BITS, kind)
        structure.by_residual = False  # one table of distances a query, not one a list
        structure.pq.cp.niter, structure.pq.cp.seed = ROUNDS, seed + 1
        with threads(1):  # many small steps: threads would wait for each other, on a busy machine long
            structure.train(_sample(vectors, LEARN_CODES, random) @ rotation)
        codes = cls(structure, rotation)
        codes._append(vectors)
        return codes

    @property
    def n(self) -> int:
        """How many rows have a code."""
        return int(self.structure.ntotal)

    @property
    def lists(self) -> int:
        """How many lists there are."""
        return int(self.structure.nlist)

    @property
    def width(self) -> int:
        """How many components share 4 bits."""
        return int(self.structure.pq.dsub)

    def extended(self, parts: Iterable[Vectors]) -> Codes:
        """Codes with those of more vectors behind; these stay as they are."""
        longer = Codes(faiss.clone_index(self.structure), self.rotation)
        for vectors in parts:
            longer._append(vectors)
        return longer

    def candidates(self, queries: Vectors, count: int, lists: int, mask: NDArray[np.uint8] | None) -> Rows:
        """The rows `(m, count)` that look closest in the `lists` nearest lists; -1 where there are no more.

        mask: one bit a row, the lowest bit of a byte first: rows whose bit is 0 are passed over.
        """
        selector = None if mask is None else faiss.IDSelectorBitmap(mask)
        parameters = faiss.SearchParametersIVF(nprobe=lists, sel=selector)
        rows: Rows = self.structure.search(queries @ self.rotation, count, params=parameters)[1]
        return rows

    def _append(self, vectors: Vectors) -> None:
        for block in blocks(len(vectors), self.rotation.nbytes // len(self.rotation), ROTATED_BYTES):
            self.structure.add(vectors[block] @ self.rotation)

    def packed(self) -> NDArray[np.uint8]:
        """The FAISS structure as bytes."""
        data: NDArray[np.uint8] = faiss.serialize_index(self.structure)
        return data

    @classmethod
    def unpacked(cls, data: NDArray[np.uint8], rotation: Vectors, rows: int) -> Codes:
        """Codes of the first of `rows` rows, from the bytes of `packed`.

        Raises ValueError for bytes that FAISS would follow out of its memory: a file may come from anybody.
        """
        with _lock:  # the limit is one for the whole process
            before = faiss.get_deserialization_vector_byte_limit()
            faiss.set_deserialization_vector_byte_limit(len(data))
            try:
                structure = faiss.deserialize_index(data) if data[:4].tobytes() == KIND else None
            except (RuntimeError, MemoryError) as error:
                raise ValueError(f"codes that FAISS does not read: {error}") from error
            finally:
                faiss.set_deserialization_vector_byte_limit(before)
        if not (isinstance(structure, faiss.IndexIVFPQFastScan) and _is_sound(structure, rotation.shape[1])):
            raise ValueError("codes of another make")
        if not np.array_equal(faiss.serialize_index(structure), data) or not _are_lists_sound(data, structure, rows):
            raise ValueError("lists of codes that do not fit together")
        return cls(structure, rotation)


def _is_sound(structure: Any, width: int) -> bool:
    """Whether the sizes in a FAISS structure are those that `Codes.learn` gives it, for vectors of `width` numbers."""
    quantizer, pq = faiss.downcast_index(structure.quantizer), structure.pq
    lists = faiss.downcast_InvertedLists(structure.invlists)
    if not isinstance(quantizer, faiss.IndexFlat) or not isinstance(lists, faiss.BlockInvertedLists):
        return False
    groups = pq.M
    return bool(
        (structure.d, quantizer.d, pq.d, groups * pq.dsub) == (width,) * 4
        and (pq.nbits, pq.ksub, structure.by_residual, structure.is_trained) == (BITS, 1 << BITS, False, True)
        and (quantizer.ntotal, lists.nlist) == (structure.nlist,) * 2
        and quantizer.codes.size() == 4 * width * structure.nlist
        and pq.centroids.size() == width << BITS
        and (structure.M, structure.M2, structure.bbs) == (groups, groups + groups % 2, lists.n_per_block)
        and lists.n_per_block == PER_BLOCK
        and lists.block_size == structure.M2 * PER_BLOCK // 2
        and quantizer.metric_type == structure.metric_type
    )


def _are_lists_sound(data: NDArray[np.uint8], structure: Any, rows: int) -> bool:
    """Whether each list has as many codes as numbers of rows, and all lists together each row up to `n` once.

    They are the end of what FAISS writes: "ilbl", four sizes, then for each list two arrays, each with its length.
    """
    if structure.ntotal > rows:
        return False
    raw, seen = data.tobytes(), np.zeros(structure.ntotal, bool)
    start = raw.find(LISTS)
    while start >= 0:
        at, ids = start + len(LISTS) + 4 * 8, list[NDArray[np.int64]]()
        for _ in range(structure.nlist):
            count = int.from_bytes(raw[at : at + 8], "little")
            ids.append(np.frombuffer(raw[at + 8 : at + 8 + 8 * count], np.int64))
            at += 8 + 8 * count
            size = int.from_bytes(raw[at : at + 8], "little")
            at += 8 + size
            if at > len(raw) or size < -(-count // PER_BLOCK) * structure.M2 * PER_BLOCK // 2:
                break
        else:
            every = np.concatenate(ids)
            if at == len(raw) and len(every) == len(seen) and not ((every < 0) | (every >= len(seen))).any():
                seen[every] = True
                return bool(seen.all())
        start = raw.find(LISTS, start + 1)
    return False


def learn_cells(vectors: Vectors, metric: Metric, lists: int, seed: int) -> Vectors:
    """The centroids `(lists, d)` that k-means finds among a sample of `vectors`."""
    sample = _sample(vectors, LEARN_LISTS * lists, np.random.default_rng(seed))
    return centroids(sample, lists, rounds=ROUNDS, seed=seed + 1, spherical=metric == "cosine")


def nearest_cells(vectors: Vectors, cells: Vectors, metric: Metric, count: int) -> Rows:
    """The numbers `(n, count)` of the cells nearest to vectors, as lists are chosen; the nearest first."""
    kind = faiss.METRIC_L2 if by_distance(metric) else faiss.METRIC_INNER_PRODUCT
    numbers: Rows = faiss.knn(vectors, cells, count, metric=kind)[1]
    return numbers


def by_distance(metric: Metric) -> bool:
    """Whether codes compare by Euclidean distance (for "manhattan" that only proposes) or by inner product."""
    return metric in ("euclidean", "manhattan")


def _sample(vectors: Vectors, count: int, random: np.random.Generator) -> Vectors:
    n = len(vectors)
    rows = np.sort(random.choice(n, min(n, count), replace=False))
    return np.ascontiguousarray(vectors[rows])


def _rotation(dim: int, width: int, random: np.random.Generator) -> Vectors:
    """A random rotation `(dim, width)`; the components from `dim` on are zeros, there to fill the last group."""
    turn, triangle = np.linalg.qr(random.standard_normal((dim, dim)))
    turn *= np.sign(np.diag(triangle))  # makes it uniform over all rotations
    return np.pad(turn, ((0, 0), (0, width - dim))).astype(np.float32)
