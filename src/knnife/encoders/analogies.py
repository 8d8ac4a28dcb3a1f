"""Many analogies at once: a is to b as c is to which word?

3CosAdd (Mikolov, Yih and Zweig, 2013, https://aclanthology.org/N13-1090) looks for the word x nearest to b - a + c:

    cos(x, b) - cos(x, a) + cos(x, c)

3CosMul (Levy and Goldberg, 2014, https://aclanthology.org/W14-1618) multiplies similarities brought to [0, 1], so that
none of the three dominates:

    cos(x, b) cos(x, c) / (cos(x, a) + 0.001)

Each different word is compared with all words once, in blocks; a question adds three rows of that, or their logarithms.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Progress
from knnife.geometry import Vectors, blocks, lengths, top_k, unit
from knnife.threads import cores

Method = Literal["add", "mul"]
METHODS: tuple[str, ...] = get_args(Method)
Rows = NDArray[np.int64]

EPSILON: Final = np.float32(1e-3)
ALMOST_NOTHING: Final = np.float32(1e-9)  # has a logarithm, unlike 0
FEW, MANY = 1024, 8192  # words at a time: few stay in the fastest memory, many have fewer lists of k to merge
CHUNK_BYTES: Final = 1 << 20


def solve(
    vectors: Vectors,
    asked: Vectors,
    questions: Rows,
    without: Rows,
    k: int,
    *,
    method: Method = "add",
    progress: Progress | None = None,
) -> tuple[Rows, Vectors]:
    """The k best answers to each of m questions, best first: rows of `vectors` and scores, `(m, k)`.

    vectors: of all n words `(n, d)`. asked: of the words that the questions are about `(u, d)`. questions: the rows in
    `asked` of a, b and c `(m, 3)`. without: the rows in `vectors` that are no answer `(m, e)`, -1 standing for none.
    Scores are the cosine with b - a + c, or the quotient above. There are fewer than k columns where fewer can answer.
    """
    asked, n, m = unit(asked), len(vectors), len(questions)
    k = min(k, n - _most_left_out(without))
    rows, scores = np.zeros((m, k), np.int64), np.full((m, k), -np.inf, np.float32)
    if not k or not m:
        return rows, scores
    width = FEW if k == 1 else MANY
    with ThreadPoolExecutor(cores()) as threads:
        for columns in blocks(n, 1, width):
            plus, minus = _terms(_cosines(asked, vectors[columns]), method)

            def ask(some: slice, start: int = columns.start, plus: Vectors = plus, minus: Vectors = minus) -> None:
                a, b, c = questions[some].T
                found = plus[b]
                found += plus[c]
                found -= minus[a]
                _leave_out(found, without[some] - start)
                _keep_best(rows[some], scores[some], found, start)

            list(threads.map(ask, blocks(m, 4 * width, CHUNK_BYTES)))
            if progress is not None:
                progress(m * columns.stop // n, columns.stop / n)
    return rows, _readable(scores, asked, questions, method)


def _cosines(points: Vectors, vectors: Vectors) -> Vectors:
    """Of points of length 1 (u, d) with vectors of any length (w, d): `(u, w)`; 0 for those of zeros."""
    size = lengths(vectors)
    like: Vectors = points @ vectors.T
    like /= np.where(size > 0, size, 1)
    return like


def _terms(like: Vectors, method: Method) -> tuple[Vectors, Vectors]:
    """What a similarity adds where it counts for an answer, and what it takes where it counts against it."""
    if method == "add":
        return like, like
    like += 1
    like /= 2
    return np.log(np.maximum(like, ALMOST_NOTHING)), np.log(np.maximum(like, 0) + EPSILON)


def _most_left_out(without: Rows) -> int:
    """How many different rows are no answer to a question, at most."""
    return max((len({row for row in each if row >= 0}) for each in without.tolist()), default=0)


def _leave_out(found: Vectors, places: Rows) -> None:
    """Sets the scores (m, w) at these columns (m, e), where they are among them, below all others."""
    question, which = np.nonzero((places >= 0) & (places < found.shape[1]))
    found[question, places[question, which]] = -np.inf


def _keep_best(rows: Rows, scores: Vectors, found: Vectors, start: int) -> None:
    """The k best of those so far and of the scores `found` (m, w), whose first column is row `start`; in place."""
    k = rows.shape[1]
    if k == 1:
        column = found.argmax(axis=1)[:, None]
        score = np.take_along_axis(found, column, axis=1)
    else:
        column, score = top_k(found, k)
    both = np.hstack([scores, score])
    order = np.argsort(-both, axis=1, kind="stable")[:, :k]
    scores[:] = np.take_along_axis(both, order, axis=1)
    rows[:] = np.take_along_axis(np.hstack([rows, column + start]), order, axis=1)


def _readable(scores: Vectors, asked: Vectors, questions: Rows, method: Method) -> Vectors:
    if method == "mul":
        return np.exp(scores)
    a, b, c = (asked[each] for each in questions.T)
    size = lengths(b - a + c)[:, None]
    return np.divide(scores, size, out=np.zeros_like(scores), where=size > 0)
