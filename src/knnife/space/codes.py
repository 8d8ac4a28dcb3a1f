"""Compact codes of vectors, which tell quickly which ones deserve an exact look.

Three steps, all from the literature, chosen by measurement (bench/README.md):

1. The vectors are turned by a random rotation, which spreads what they say evenly over their components. (On
   sentence vectors sorted by a PCA this halves the codes that a recall needs, as well as OPQ's learned
   rotation does: Ge et al., "Optimized product quantization", CVPR 2013.)
2. Each group of a few components becomes 4 bits, the number of one of 16 centroids (Jégou et al., "Product
   quantization for nearest neighbor search", PAMI 2011), laid out so that one instruction looks up 32 to 64
   of them at once (André et al., "Cache locality is not enough", VLDB 2015; FAISS calls it fastscan).
3. The codes lie in lists, one for each cell around a centroid; a search reads the lists nearest to the query:
   some of them, or all.

What the codes find are candidates. They are re-ranked with the exact vectors (exact.py), so codes decide how
fast a search is and how often it misses, never what it says about what it found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Vectors, blocks
from knnife.space.exact import Rows, threads

faiss: Any = _faiss  # its own type hints lag behind it

BITS = 4
LEARN_CENTROIDS = 10_000  # vectors that 16 centroids a group are learned from; more did not help
LEARN_LISTS = 40  # vectors a list that the cells are learned from
ROUNDS = 10  # of k-means
ROTATED_BYTES = 64 << 20  # what is rotated at a time


@dataclass(frozen=True)
class Codes:
    """The codes of the first `n` rows of an index."""

    structure: Any  # faiss.IndexIVFPQFastScan; searched by many threads at once, never changed
    rotation: Vectors  # (d, groups * width)

    @classmethod
    def learn(cls, vectors: Vectors, metric: Metric, *, lists: int, width: int, seed: int) -> Codes:
        """The codes of `vectors` (n, d): `lists` cells, 4 bits for every `width` components."""
        random = np.random.default_rng(seed)
        n, dim = vectors.shape
        groups = -(-dim // width)
        rotation = _rotation(dim, groups * width, random)
        wanted = min(n, max(LEARN_CENTROIDS, LEARN_LISTS * lists))
        sample = vectors[np.sort(random.choice(n, wanted, replace=False))] @ rotation
        by_distance = metric in ("euclidean", "manhattan")
        cells = (faiss.IndexFlatL2 if by_distance else faiss.IndexFlatIP)(groups * width)
        structure = faiss.IndexIVFPQFastScan(
            cells,
            groups * width,
            lists,
            groups,
            BITS,
            faiss.METRIC_L2 if by_distance else faiss.METRIC_INNER_PRODUCT,
        )
        structure.by_residual = False  # one table of distances a query, not one a list
        structure.cp.niter = structure.pq.cp.niter = ROUNDS
        structure.cp.spherical = metric == "cosine"
        structure.cp.max_points_per_centroid = max(LEARN_LISTS, wanted // lists + 1)
        structure.cp.seed = structure.pq.cp.seed = seed + 1
        with threads(1):  # k-means here is many small steps: threads would wait for each other, on a busy machine long
            structure.train(sample)
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
    def unpacked(cls, data: NDArray[np.uint8], rotation: Vectors) -> Codes:
        """Codes from the bytes of `packed`. FAISS trusts them: check first that they are the ones that were written."""
        return cls(faiss.deserialize_index(data), rotation)


def _rotation(dim: int, width: int, random: np.random.Generator) -> Vectors:
    """A random rotation `(dim, width)`; the components from `dim` on are zeros, there to fill the last group."""
    turn, triangle = np.linalg.qr(random.standard_normal((dim, dim)))
    turn *= np.sign(np.diag(triangle))  # makes it uniform over all rotations
    return np.pad(turn, ((0, 0), (0, width - dim))).astype(np.float32)
