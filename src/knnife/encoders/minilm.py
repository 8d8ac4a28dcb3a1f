"""The sentence model all-MiniLM-L6-v2, which comes with knnife: better than the static model, and slower.

In a folder beside this file lie the network in whole numbers (weights.py says how), the tokenizer of its makers, and
the sum of the network's file. scripts/export_minilm.py writes them. A text is read as its makers read it: at most 256
tokens, [CLS] and [SEP] among them; its vector is the mean of the states of all its tokens, of length 1.

All that is computed is computed in whole numbers or in floats of one order: every processor gives the same bits, with
compiled code and without, and a text has one vector in whatever company.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._minilm.network import SentenceNetwork
from knnife.encoders.protocol import Tokens, check_texts
from knnife.encoders.token_ids import TokenReader
from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors

FILES: Final = ("weights.bin", "tokenizer.json", "config.json")
LONGEST: Final = 256  # tokens: what sentence_bert_config.json of its makers says, for they trained it on no longer ones
AROUND: Final = (101, 102)  # [CLS] and [SEP]
UNKNOWN: Final = 100  # [UNK]
ARITHMETIC: Final = 1  # another number where the same files would give other bits
WINDOW: Final = 1 << 18  # characters that are read at once, and sorted by their numbers of tokens
TEXTS: Final = 1 << 12  # and the most texts


class MiniLMEncoder:
    """Encodes English texts with the network. Safe to use from several threads at once.

    succeeds: "minilm" as onnxruntime ran it until 0.1. From one processor to another its vectors had cosines of 0.998,
    and so they have to these; a space that was made with it is asked and added to as it was before.
    """

    name, kind, cheap = "minilm", "text", False
    query_prefix = passage_prefix = ""
    succeeds = ("e28a595cd8dadda1f0a3a18d2eab9916",)

    def __init__(self, place: Path) -> None:
        """The encoder in a folder. Raises NotFound where a file is missing, BadInput where one is something else."""
        weights, tokenizer, config = (place / file for file in FILES)
        self._network = SentenceNetwork(weights)
        definition = _read(tokenizer)
        self._reader = TokenReader(definition, AROUND, LONGEST)
        self.dim = self._network.dim
        about = f"minilm {ARITHMETIC} {LONGEST} {_sum_of_weights(config)}".encode()
        self.fingerprint = hashlib.blake2b(about + definition, digest_size=16).hexdigest()

    def encode(self, values: Sequence[str]) -> Vectors:
        """The vectors of texts, float32 `(n, 384)` of length 1. Raises BadInput when a value is not a text."""
        check_texts(values, self.name)
        vectors = np.empty((len(values), self.dim), np.float32)
        for some in _windows(values):
            ids, starts, _ = self._reader.read(values[some])
            vectors[some] = self._network.encode(ids, starts)
        return vectors

    def encode_query(self, values: Sequence[str]) -> Vectors:
        """The vectors of queries: those of `encode`, for the model makes no difference."""
        return self.encode(values)

    def tokens(self, values: Sequence[str]) -> Tokens:
        """How many tokens of each text are read (with [CLS] and [SEP]), unknown, and cut off at the end."""
        check_texts(values, self.name)
        counts: NDArray[np.int64] = np.zeros((3, len(values)), np.int64)
        for some in _windows(values):
            ids, starts, cut = self._reader.read(values[some], whole=True)
            counts[:, some] = np.diff(starts), np.add.reduceat(ids == UNKNOWN, starts[:-1], dtype=np.int64), cut
        return Tokens(*counts)


def minilm() -> MiniLMEncoder:
    """The encoder that comes with knnife."""
    return MiniLMEncoder(folder())


def folder() -> Path:
    """Where its files lie."""
    return Path(__file__).parent / "models" / "minilm"


def _windows(values: Sequence[str]) -> Iterator[slice]:
    """The texts, some at a time, so that memory does not grow with their number."""
    start = size = 0
    for end, value in enumerate(values, 1):
        size += len(value)
        if size >= WINDOW or end - start == TEXTS or end == len(values):
            yield slice(start, end)
            start, size = end, 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read ({error.strerror}); expected one of {', '.join(FILES)}") from error


def _sum_of_weights(path: Path) -> str:
    """The sum of the file of weights as it was written: to add it up again would take longer than to ask."""
    config = _read(path)
    try:
        return str(json.loads(config)["weights"])
    except (ValueError, LookupError, TypeError) as error:
        raise BadInput(f"{path}: expected the sum of the weights. Install the package again.") from error
