"""A text is the weighted sum of the vectors of its tokens: no network runs, so thousands take a second.

The model is a folder in the format of model2vec (github.com/MinishLab/model2vec), read and written here:

    model.safetensors   embeddings (rows, dim) int8, float16 or float32
                        weights (tokens,), optional: what the row of each token is multiplied by
                        mapping (tokens,), optional: the row of each token, where tokens share rows
    tokenizer.json      splits a text into numbers of tokens (the format of the package tokenizers)
    config.json         only `normalize` is needed: whether vectors are scaled to length 1

Unlike model2vec a text is never cut off: it is read to its end, in pieces, however long it is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from tokenizers import Tokenizer

from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors, unit

PIECE: Final = 1 << 12  # characters summed as one: what that needs stays in the cache; a text is a sum of pieces
BLOCK: Final = 1 << 18  # characters handed to the tokenizer at once, so that it can use every core
FILES: Final = ("model.safetensors", "tokenizer.json", "config.json")


class StaticEncoder:
    """Encodes texts with one stored vector per token. Safe to use from several threads at once."""

    kind = "text"

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
        self._tokenizer, self._unknown = _tokenizer(tokenizer)
        tokens = self._tokenizer.get_vocab_size()
        self._rows = embeddings
        self._row_of = np.arange(tokens) if mapping is None else mapping
        self._weight_of = np.ones(tokens, np.float32) if weights is None else weights.astype(np.float32)
        _check(embeddings, self._weight_of, self._row_of, tokens)
        self.fingerprint = self._fingerprint()

    @classmethod
    def load(cls, folder: str | Path, *, name: str | None = None, dim: int | None = None) -> StaticEncoder:
        """The model in `folder`; `dim` keeps its first components only (a PCA puts the strongest first).

        Raises NotFound when the folder or a file of it is missing, BadInput when a file cannot be used.
        """
        contents = [_read(Path(folder), file) for file in FILES]
        try:
            tensors = load(contents[0])
            config = json.loads(contents[2])
            if not isinstance(config, dict):
                raise ValueError("config.json: expected an object")
            if "embeddings" not in tensors:
                raise ValueError(f"model.safetensors: no tensor 'embeddings' among {sorted(tensors)}")
            embeddings = tensors["embeddings"]
            if dim is not None:
                embeddings = _first_components(embeddings, dim)
                config = {**config, "hidden_dim": dim}
            return cls(
                embeddings,
                contents[1],
                weights=tensors.get("weights"),
                mapping=tensors.get("mapping"),
                config=config,
                name=str(folder) if name is None else name,
            )
        except (SafetensorError, ValueError, KeyError, RecursionError) as error:
            raise BadInput(
                f"{folder}: expected a static model ({', '.join(FILES)}) in the format of model2vec; {error}"
            ) from error

    def save(self, folder: str | Path) -> None:
        """Writes the model into `folder`, which is made when missing; `load` gives an equal encoder back."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: np.ascontiguousarray(t) for name, t in self._tensors.items() if t is not None}
        (folder / FILES[0]).write_bytes(save(tensors))
        (folder / FILES[1]).write_bytes(self._tokenizer_json)
        (folder / FILES[2]).write_text(json.dumps(self.config, indent=2) + "\n", encoding="utf-8")

    def encode(self, values: Sequence[str]) -> Vectors:
        """The vectors of texts, float32 `(n, dim)`; a text without a known token gives zeros.

        Raises BadInput when a value is not a text, or `values` is itself one.
        """
        if isinstance(values, str):
            raise BadInput("encode takes a list of texts, and was given one text: write [text]")
        for i, value in enumerate(values):
            if not isinstance(value, str):
                raise BadInput(f"value {i} is of type {type(value).__name__}; {self.name!r} encodes texts (str) only")
        sums = np.zeros((len(values), self.dim), np.float32)
        counts = np.zeros(len(values), np.int64)
        for owners, pieces in _blocks(values):
            for owner, ids in zip(owners, self._token_ids(pieces), strict=True):
                sums[owner] += self._sum(ids)
                counts[owner] += len(ids)
        if self.config["normalize"]:
            return unit(sums)
        sums /= np.maximum(counts, 1, dtype=np.float32)[:, None]
        return sums

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
        """The numbers of the known tokens of each text."""
        try:
            encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        except (TypeError, UnicodeError):  # half a surrogate pair: text that cannot be written as UTF-8
            texts = [text.encode("utf-8", "replace").decode() for text in texts]
            encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        for encoding in encodings:
            ids = np.array(encoding.ids, np.int64)
            yield ids[ids != self._unknown]

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


def _tokenizer(definition: bytes) -> tuple[Tokenizer, int]:
    """The tokenizer, set to read whole texts, and the number of its token for the unknown (-1: none)."""
    try:
        tokenizer = Tokenizer.from_buffer(definition)
    except Exception as error:  # the package raises bare Exception
        raise BadInput(f"tokenizer.json: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    token = getattr(tokenizer.model, "unk_token", None)
    if token is None and not hasattr(tokenizer.model, "unk_token"):  # Unigram names it by its number
        unknown = json.loads(definition)["model"].get("unk_id")
    else:
        unknown = None if token is None else tokenizer.token_to_id(token)
    return tokenizer, -1 if unknown is None else int(unknown)


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


def _first_components(embeddings: NDArray[Any], dim: int) -> NDArray[Any]:
    if embeddings.ndim != 2 or not 1 <= dim <= embeddings.shape[1]:
        raise BadInput(f"dim={dim}: expected 1 to {embeddings.shape[-1]}, the dimensions of this model")
    return np.ascontiguousarray(embeddings[:, :dim])


def _blocks(texts: Sequence[str]) -> Iterator[tuple[list[int], list[str]]]:
    """The texts in pieces, about `BLOCK` characters at a time: the numbers of their texts, and the pieces."""
    owners: list[int] = []
    pieces: list[str] = []
    size = 0
    for owner, text in enumerate(texts):
        for piece in _pieces(text):
            owners.append(owner)
            pieces.append(piece)
            size += len(piece)
            if size >= BLOCK:
                yield owners, pieces
                owners, pieces, size = [], [], 0
    if pieces:
        yield owners, pieces


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most `PIECE` characters, cut before white space where there is any."""
    start = 0
    while len(text) - start > PIECE:
        end = start + PIECE
        space = max(text.rfind(white, start + 1, end) for white in " \n\t")
        cut = space if space > 0 else end
        yield text[start:cut]
        start = cut
    yield text[start:]


def _quiet_forks() -> None:
    """Lets a process fork after encoding: the child's tokenizer works on one thread, without a warning.

    The threads of the tokenizer do not survive a fork. The package notices and prints a warning, unless the
    environment has decided; so the environment is set for the moment of the fork, and stays set in the child.
    """
    variable = "TOKENIZERS_PARALLELISM"
    ours: list[bool] = []

    def before() -> None:
        ours.append(variable not in os.environ)
        if ours[-1]:
            os.environ[variable] = "false"

    def after_in_parent() -> None:
        if ours.pop():
            del os.environ[variable]

    os.register_at_fork(before=before, after_in_parent=after_in_parent)


if hasattr(os, "register_at_fork"):
    _quiet_forks()
