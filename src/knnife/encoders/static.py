"""A text is the weighted sum of the vectors of its tokens: no network runs, so thousands take a second.

The model is a folder in the format of model2vec (github.com/MinishLab/model2vec), read and written here:

    model.safetensors   embeddings (rows, dim) int8, float16 or float32
                        weights (tokens,), optional: what the row of each token is multiplied by
                        mapping (tokens,), optional: the row of each token, where tokens share rows
    tokenizer.json      splits a text into numbers of tokens (the format of the package tokenizers)
    config.json         only `normalize` is needed: whether vectors are scaled to length 1

Unlike model2vec a text is never cut off: it is read to its end, in pieces (text_blocks.py). Where the tokenizer works
word by word, compiled code reads the text (wordpiece.py); `_add_plainly` does the same with NumPy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Tokens, check_texts
from knnife.encoders.tensors import from_bytes, to_bytes
from knnife.encoders.text_blocks import Block, blocks
from knnife.encoders.tokenizing import Tokenizer, encoded, tokenizer_of
from knnife.encoders.wordpiece import WordpieceSums, vocabulary
from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors, lengths
from knnife.output_kinds import OutputKind
from knnife.outputs import whole_file
from knnife.threads import on_all_cores, quiet_forks

FILES: Final = ("model.safetensors", "tokenizer.json", "config.json")


quiet_forks()


def _holds_a_model(head: bytes, path: str) -> bool:
    """Whether the folder of a file holds a static model, and not one of another kind."""
    config = Path(path).with_name(FILES[2])
    return config.is_file() and b'"normalize"' in config.read_bytes()


class StaticEncoder:
    """Encodes texts with one stored vector per token. Safe to use from several threads at once."""

    kind = "text"
    cheap = True
    query_prefix = passage_prefix = ""

    def __init__(
        self,
        embeddings: NDArray[Any],
        tokenizer: bytes,
        *,
        weights: NDArray[Any] | None = None,
        mapping: NDArray[Any] | None = None,
        config: dict[str, Any] | None = None,
        name: str = "static",
    ) -> None:
        """An encoder of these parts: the tensors and files of the module's description, `tokenizer` as JSON.

        Raises BadInput when they do not fit together.
        """
        self.name = name
        self.dim = embeddings.shape[1] if embeddings.ndim == 2 else 0
        self.config = {"normalize": False, **(config or {})}
        self._tensors = {"embeddings": embeddings, "weights": weights, "mapping": mapping}
        self._tokenizer_json = tokenizer
        words = vocabulary(tokenizer)
        size = words.size if words else self._tokenizer.get_vocab_size()
        self._unknown = words.unknown if words else _unknown(self._tokenizer, tokenizer)
        self._rows = embeddings
        self._row_of = np.arange(size) if mapping is None else mapping
        self._weight_of = np.ones(size, np.float32) if weights is None else weights.astype(np.float32)
        _check(embeddings, self._weight_of, self._row_of, size)
        self._words: WordpieceSums | None = None
        if words and not words.added and words.highest < len(self._row_of):
            self._words = WordpieceSums(words, (self._row_of, self._weight_of, embeddings))
        self.fingerprint = self._fingerprint()

    @classmethod
    def load(cls, folder: str | Path, *, name: str | None = None, dim: int | None = None) -> StaticEncoder:
        """The model in `folder`; `dim` keeps its first components only (a PCA puts the strongest first).

        Raises NotFound when the folder or a file of it is missing, BadInput when a file cannot be used.
        """
        contents = [_read(Path(folder), file) for file in FILES]
        try:
            tensors = from_bytes(contents[0])
            config = json.loads(contents[2])
            if not isinstance(config, dict):
                raise ValueError("config.json: expected an object")
            if "embeddings" not in tensors:
                raise ValueError(f"model.safetensors: no tensor 'embeddings' among {sorted(tensors)}")
            embeddings = tensors["embeddings"]
            if dim is not None:
                if embeddings.ndim != 2 or not 1 <= dim <= embeddings.shape[1]:
                    raise BadInput(f"dim={dim}: expected 1 to {embeddings.shape[-1]}, the dimensions of this model")
                embeddings = np.ascontiguousarray(embeddings[:, :dim])
                config = {**config, "hidden_dim": dim}
            return cls(
                embeddings,
                contents[1],
                weights=tensors.get("weights"),
                mapping=tensors.get("mapping"),
                config=config,
                name=str(folder) if name is None else name,
            )
        except (ValueError, KeyError, RecursionError) as error:
            raise BadInput(
                f"{folder}: expected a static model ({', '.join(FILES)}) in the format of model2vec; {error}"
            ) from error

    def save(self, folder: str | Path) -> None:
        """Writes the model into `folder`, which is made when missing; `load` gives an equal encoder back."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor for name, tensor in self._tensors.items() if tensor is not None}
        contents = (to_bytes(tensors), self._tokenizer_json, (json.dumps(self.config, indent=2) + "\n").encode())
        with ExitStack() as stack:  # all three are whole before the first takes its place
            for name, content in zip(FILES, contents, strict=True):
                stack.enter_context(whole_file(folder / name, OutputKind("of a static model", _holds_a_model))).write(
                    content
                )

    def encode(self, values: Sequence[str]) -> Vectors:
        """The vectors of texts, float32 `(n, dim)`; a text without a known token gives zeros.

        Raises BadInput when a value is not a text, or `values` is itself one.
        """
        check_texts(values, self.name)
        vectors = np.empty((len(values), self.dim), np.float32)

        def scale(some: slice, sums: Vectors, counts: NDArray[np.int64]) -> None:
            by = lengths(sums) if self.config["normalize"] else counts[:, 0].astype(np.float32)
            np.divide(sums, np.where(by > 0, by, 1)[:, None], out=vectors[some])

        self._read(values, scale)
        return vectors

    def tokens(self, values: Sequence[str]) -> Tokens:
        """How many tokens each text has, and how many of them are unknown; nothing is ever cut off."""
        check_texts(values, self.name)
        known_and_not = np.empty((len(values), 2), np.int64)

        def keep(some: slice, sums: Vectors, counts: NDArray[np.int64]) -> None:
            known_and_not[some] = counts

        self._read(values, keep)
        return Tokens(known_and_not.sum(axis=1), known_and_not[:, 1].copy(), np.zeros(len(values), np.int64))

    def _read(self, texts: Sequence[str], take: Callable[[slice, Vectors, NDArray[np.int64]], None]) -> None:
        """Calls `take` for all the texts, some at a time, with their sums and their numbers of tokens."""
        parts: dict[tuple[int, int], tuple[Vectors, NDArray[np.int64]]] = {}

        def work(block: Block) -> None:
            if block.part is None:
                take(slice(block.first, block.first + block.texts), *self._sums(block))
            else:
                parts[block.first, block.part] = self._sums(block)

        on_all_cores(work, blocks(texts))
        for text, own in groupby(sorted(parts), key=lambda part: part[0]):
            sums, counts = zip(*(parts[part] for part in own), strict=True)
            total: Vectors = np.stack(sums).sum(axis=0, dtype=np.float64).astype(np.float32)
            take(slice(text, text + 1), total, np.stack(counts).sum(axis=0))

    def _sums(self, block: Block) -> tuple[Vectors, NDArray[np.int64]]:
        """For each text of a block the sum of its vectors, and how many tokens are known and how many not `(n, 2)`."""
        sums = np.zeros((block.texts, self.dim), np.float32)
        counts = np.zeros((block.texts, 2), np.int64)
        left: Iterable[int] = range(block.texts)
        if self._words is not None:
            left = self._words.add(block.pieces, block.owners, sums, counts).tolist()
        if left:
            self._add_plainly(block, set(left), sums, counts)
        return sums, counts

    def _add_plainly(self, block: Block, texts: set[int], sums: Vectors, counts: NDArray[np.int64]) -> None:
        """What `WordpieceSums.add` does, for these texts of a block."""
        owners = [owner for owner in block.owners.tolist() if owner in texts]
        pieces = [piece for piece, owner in zip(block.pieces, block.owners.tolist(), strict=True) if owner in texts]
        for owner, ids in zip(owners, self._token_ids(pieces), strict=True):
            known = ids[ids != self._unknown]
            sums[owner] += self._sum(known)
            counts[owner] += len(known), len(ids) - len(known)

    def _sum(self, ids: NDArray[np.int64]) -> Vectors:
        """The weighted sum of the vectors of these tokens, `(dim,)`."""
        try:
            rows = self._rows[self._row_of[ids]].astype(np.float32)  # (tokens, dim)
            total: Vectors = self._weight_of[ids] @ rows
        except IndexError as error:  # looking for gaps in the numbers of the tokens would slow down every start
            raise BadInput(
                f"{self.name}: the tokenizer has a token number {ids.max()}, "
                f"but there are vectors for {len(self._row_of)} tokens; its files do not belong together"
            ) from error
        return total

    def _token_ids(self, texts: list[str]) -> Iterator[NDArray[np.int64]]:
        """The numbers of the tokens of each text."""
        try:
            encodings = encoded(self._tokenizer, texts, special=False)
        except (TypeError, UnicodeError):  # half a surrogate pair: text that cannot be written as UTF-8
            texts = [text.encode("utf-8", "replace").decode() for text in texts]
            encodings = encoded(self._tokenizer, texts, special=False)
        for encoding in encodings:
            yield np.array(encoding.ids, np.int64)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """Set to read whole texts. Made only where it is needed, for its making takes longer than all the rest."""
        return tokenizer_of(self._tokenizer_json)[0]

    def _fingerprint(self) -> str:
        """A hash of all that the vectors depend on."""
        digest = hashlib.blake2b(digest_size=16)
        for name, tensor in self._tensors.items():
            if tensor is not None:
                digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
                digest.update(np.ascontiguousarray(tensor).data)
        digest.update(f"normalize {bool(self.config['normalize'])}".encode())
        digest.update(self._tokenizer_json)
        return digest.hexdigest()


def english() -> StaticEncoder:
    """The model that comes with knnife; scripts/distill.py makes it."""
    return StaticEncoder.load(english_folder(), name="english")


def english_folder() -> Path:
    """Where that model lies."""
    return Path(__file__).parent / "models" / "english"


def _read(folder: Path, file: str) -> bytes:
    try:
        return (folder / file).read_bytes()
    except OSError as error:
        raise NotFound(
            f"{folder / file} cannot be read ({error.strerror}); "
            f"expected a folder with the files of a static model: {', '.join(FILES)}"
        ) from error


def _unknown(tokenizer: Tokenizer, definition: bytes) -> int:
    """The number of the token for the unknown; -1: there is none."""
    token = getattr(tokenizer.model, "unk_token", None)
    if token is None and not hasattr(tokenizer.model, "unk_token"):  # Unigram names it by its number
        number = json.loads(definition)["model"].get("unk_id")
    else:
        number = None if token is None else tokenizer.token_to_id(token)
    return -1 if number is None else int(number)


def _check(rows: NDArray[Any], weight_of: NDArray[Any], row_of: NDArray[Any], tokens: int) -> None:
    """Raises BadInput unless every token has a weight and a row of finite numbers."""
    if rows.ndim != 2 or 0 in rows.shape or rows.dtype not in (np.int8, np.float16, np.float32, np.float64):
        raise BadInput(f"embeddings: expected numbers of shape (rows, dim), got {rows.dtype} of shape {rows.shape}")
    for name, array in ("weights", weight_of), ("mapping", row_of):
        if array.ndim != 1 or len(array) < tokens:
            raise BadInput(f"{name}: expected one for each of {tokens} tokens, got shape {array.shape}")
    if not np.issubdtype(row_of.dtype, np.integer) or row_of.min() < 0 or row_of.max() >= len(rows):
        raise BadInput(f"the tokens point to the rows {row_of.min()} to {row_of.max()}, but there are {len(rows)} rows")
    if not np.isfinite(weight_of).all() or (rows.dtype != np.int8 and not np.isfinite(rows).all()):
        raise BadInput("embeddings and weights must be finite numbers; some are NaN or infinity")
