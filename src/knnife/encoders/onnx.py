"""A network in an *.onnx file, run by onnxruntime: the light way to run a sentence model on a processor.

The folder of a model holds the network (`model.onnx`, or in the folder `onnx`), tokenizer.json, and the files of which
recipe.py reads what is done before and after the network.

Only texts of equal length form a batch. So nothing is padded, and the vector of a text never depends on its neighbours.
Each core runs a batch of its own: as quick as all cores on one batch, with the same bits on any number of cores.

Some networks measure a whole batch to round it to whole numbers (DynamicQuantizeLinear): they get one text at a time.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.graph import TextGraph, find
from knnife.encoders.protocol import Tokens, check_texts
from knnife.encoders.recipe import Recipe
from knnife.encoders.tokenizing import Tokenizer, encoded, tokenizer_of
from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors, unit
from knnife.threads import on_all_cores

TOKENS: Final = 1 << 9  # in one batch: their states stay in the cache of a core, which is quicker than more at once
LONG: Final = 1 << 11  # tokens; attention takes the square of that in memory, so longer texts take turns
WINDOW: Final = 1 << 20  # characters that are sorted by length together
UNSTATED: Final = 512  # tokens read where no file says how many: what BERT and most of its children were made for

Batch = tuple[list[int], NDArray[np.int64]]  # the numbers of its texts, and their tokens (texts, length)


class OnnxEncoder:
    """Encodes texts with a network in an *.onnx file. Safe to use from several threads at once."""

    kind = "text"

    def __init__(
        self, network: TextGraph, tokenizer: bytes, recipe: Recipe, *, name: str = "onnx", threads: int | None = None
    ) -> None:
        """An encoder of these parts, `tokenizer` as JSON; `threads` is how many batches run at once (None: all cores).

        Raises BadInput when they do not fit together.
        """
        if threads is not None and threads < 1:
            raise BadInput(f"threads={threads}: expected 1 or more, or None for all cores")
        self.name, self.recipe = name, recipe
        self.query_prefix, self.passage_prefix = recipe.query_prefix, recipe.passage_prefix
        self._network = network
        self._threads = threads
        self._tokenizer, self._unknown = _tokenizer(tokenizer)
        self._most = recipe.max_tokens or UNSTATED
        self._turn = threading.Lock()
        if self._most <= (special := self._tokenizer.num_special_tokens_to_add(is_pair=False)):
            raise BadInput(f"{name}: its longest input is {self._most} tokens, of which {special} are not of the text")
        self.dim = int(self._vectors(np.array([_ids(self._tokenizer, ["a"], self._most)[0][0]])).shape[1])
        own = f"{recipe.describe()} {self._most}".encode()
        self.fingerprint = hashlib.blake2b(own + network.digest + tokenizer, digest_size=16).hexdigest()

    @classmethod
    def load(
        cls, folder: str | Path, *, name: str | None = None, recipe: Recipe | None = None, threads: int | None = None
    ) -> OnnxEncoder:
        """The model in `folder`, which says how it is used unless a recipe does; see Recipe for what is assumed.

        Raises NotFound when a file is missing, BadInput when one cannot be used or there are several networks to
        choose from, MissingPackage without onnxruntime.
        """
        folder = Path(folder)
        recipe = recipe or Recipe.read(folder)
        network = TextGraph(find(folder), recipe)
        try:
            tokenizer = (folder / "tokenizer.json").read_bytes()
        except OSError as error:
            raise NotFound(
                f"{folder / 'tokenizer.json'} cannot be read ({error.strerror}); a model needs it"
            ) from error
        try:
            return cls(network, tokenizer, recipe, name=str(folder) if name is None else name, threads=threads)
        except BadInput as error:
            raise BadInput(f"{folder}: {error}") from error

    def encode(self, values: Sequence[str]) -> Vectors:
        """The vectors of passages, float32 `(n, dim)`. Raises BadInput when a value is not a text."""
        return self._encode(values, self.passage_prefix)

    def encode_query(self, values: Sequence[str]) -> Vectors:
        """The vectors of queries: as `encode`, with the words that the model wants before queries."""
        return self._encode(values, self.query_prefix)

    def tokens(self, values: Sequence[str]) -> Tokens:
        """How many tokens of each passage are read (with the special ones), unknown, and cut off at the end."""
        counts = np.zeros((3, len(values)), np.int64)
        for start, texts in self._windows(values, self.passage_prefix):
            for i, (ids, cut) in enumerate(_ids(self._tokenizer, texts, self._most), start):
                counts[:, i] = len(ids), np.count_nonzero(ids == self._unknown), cut
        return Tokens(*counts)

    def _encode(self, values: Sequence[str], prefix: str) -> Vectors:
        vectors = np.zeros((len(values), self.dim), np.float32)

        def work(batch: Batch) -> None:
            numbers, ids = batch
            vectors[numbers] = self._vectors(ids)

        for start, texts in self._windows(values, prefix):
            ids = [read for read, _ in _ids(self._tokenizer, texts, self._most)]
            on_all_cores(work, _batches(ids, start, alone=self._network.measures_its_batch), self._threads)
        return vectors

    def _vectors(self, ids: NDArray[np.int64]) -> Vectors:
        """The vectors of texts of equal length, from their tokens `(texts, length)`."""
        with self._turn if ids.shape[1] > LONG else nullcontext():
            states = self._network.run(ids)
        vectors = _pooled(states, self.recipe) if states.ndim == 3 else states
        if not np.isfinite(vectors).all():
            raise BadInput(f"{self.name}: the network gives NaN or infinity for texts of {ids.shape[1]} tokens")
        return unit(vectors) if self.recipe.normalize else vectors

    def _windows(self, values: Sequence[str], prefix: str) -> Iterator[tuple[int, list[str]]]:
        """The texts as the tokenizer wants them, some at a time, and the number of the first of them."""
        check_texts(values, self.name)
        start, size = 0, 0
        texts: list[str] = []
        for i, value in enumerate(values):
            text = (prefix + value).encode("utf-8", "replace").decode()  # half a surrogate pair is no text
            texts.append(text.lower() if self.recipe.lowercase else text)
            size += len(text)
            if size >= WINDOW:
                yield start, texts
                start, size, texts = i + 1, 0, []
        if texts:
            yield start, texts


def _tokenizer(definition: bytes) -> tuple[Tokenizer, int]:
    """The tokenizer, set to read whole texts, and the number of its token for the unknown (-1: none)."""
    tokenizer, parts = tokenizer_of(definition)
    model = parts["model"]
    number = tokenizer.token_to_id(model["unk_token"]) if model.get("unk_token") else model.get("unk_id")
    return tokenizer, -1 if number is None else int(number)


def _ids(tokenizer: Tokenizer, texts: list[str], most: int) -> list[tuple[NDArray[np.int64], int]]:
    """The tokens of each text, at most `most`, and how many more there were. The special ones at its ends stay."""
    found = []
    for encoding in encoded(tokenizer, texts):
        ids = np.array(encoding.ids, np.int64)
        cut = max(len(ids) - most, 0)
        if cut:
            own = np.flatnonzero(np.array(encoding.special_tokens_mask) == 0)
            ids = np.delete(ids, own[-cut:])
        found.append((ids, cut))
    return found


def _batches(ids: list[NDArray[np.int64]], start: int, *, alone: bool) -> Iterator[Batch]:
    """Texts of equal length, at most `TOKENS` tokens together; the longest first, so that no core is late."""
    groups: dict[int, list[int]] = defaultdict(list)
    for i, own in enumerate(ids):
        groups[len(own)].append(i)
    groups.pop(0, None)  # nothing to read: the vector stays zero
    for length in sorted(groups, reverse=True):
        step = 1 if alone else max(1, TOKENS // length)
        for first in range(0, len(groups[length]), step):
            some = groups[length][first : first + step]
            yield [start + i for i in some], np.stack([ids[i] for i in some])


def _pooled(states: Vectors, recipe: Recipe) -> Vectors:
    """One vector for each text `(n, dim)` of the states of its tokens `(n, length, dim)`; there is no padding."""
    if recipe.pooling == "mean":
        pooled: Vectors = states.mean(axis=1)
    elif recipe.pooling == "max":
        pooled = states.max(axis=1)
    else:
        pooled = states[:, 0 if recipe.pooling == "cls" else -1]
    return pooled
