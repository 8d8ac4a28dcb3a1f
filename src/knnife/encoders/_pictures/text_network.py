"""The network that reads: texts into the space of the pictures, for families such as CLIP and SigLIP.

Each text goes through the network by itself, so its vector never depends on its neighbours. SigLIP reads a text as a
whole and was trained on texts filled up to one length, so those are filled up; for CLIP that makes no difference.
"""

from __future__ import annotations

import json
import re
import string
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._pictures.preparation import read_json
from knnife.encoders.graph import FROM_TEXT, OnnxGraph, digest
from knnife.encoders.tokenizing import Tokenizer, encoded, tokenizer_of
from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors
from knnife.threads import cores

COMPARED: Final = ("text_embeds", "text_embeddings", "l2norm_text_embeddings", "text_features", "sentence_embedding")
UNSTATED: Final = 77  # tokens read where no file says how many, as of CLIP
MOST: Final = 1 << 20  # tokenizers without a limit of their own say 1e30
FILLED_UP: Final = ("siglip", "siglip2")  # families whose texts are filled up, and in small letters
PUNCTUATION: Final = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class TextPreparation:
    """What is done to a text before the network.

    most: how many tokens are read, special ones counted; filled: whether shorter texts are filled up to that.
    padding: the token they are filled up with, as the tokenizer writes it; None: the one that it names itself.
    lowercase: whether a text is put into small letters; plain: whether it loses its punctuation too.
    """

    most: int = UNSTATED
    filled: bool = False
    padding: str | None = None
    lowercase: bool = False
    plain: bool = False

    @classmethod
    def read(cls, folder: Path, tokenizer: Path) -> TextPreparation:
        """What the files of the model in `folder`, and beside its tokenizer, say. Raises BadInput."""
        tokenizer_config, config = (
            read_json(tokenizer.parent / "tokenizer_config.json"),
            read_json(folder / "config.json"),
        )
        open_clip = read_json(folder / "open_clip_config.json").get("model_cfg")
        try:
            return cls._said(tokenizer_config, config, (open_clip or config).get("text_cfg"))
        except (AttributeError, TypeError, ValueError) as error:
            raise BadInput(f"{folder}: what config.json says of texts cannot be understood ({error!r})") from error

    @classmethod
    def _said(
        cls, tokenizer_config: dict[str, Any], config: dict[str, Any], text: dict[str, Any] | None
    ) -> TextPreparation:
        """What the configurations of a tokenizer and a model say; `text` is that of open_clip for texts."""
        lengths = [
            tokenizer_config.get("model_max_length"),
            (config.get("text_config") or {}).get("max_position_embeddings"),
        ]
        if text is not None:
            lengths = [text.get("context_length", UNSTATED)]
        padding = tokenizer_config.get("pad_token")
        padding = padding.get("content") if isinstance(padding, dict) else padding
        known = [int(n) for n in lengths if isinstance(n, int | float) and 1 <= n <= MOST]
        family = config.get("model_type") in FILLED_UP
        return cls(
            most=min(known, default=64 if family else UNSTATED),
            filled=family or text is not None,
            padding=padding if isinstance(padding, str) else None,
            lowercase=family,
            plain=text is not None and (text.get("tokenizer_kwargs") or {}).get("clean") == "canonicalize",
        )

    def applied(self, text: str) -> str:
        """The text as the tokenizer gets it."""
        text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
        if self.plain:
            text = re.sub(r"\s+", " ", text.replace("_", " ").translate(PUNCTUATION)).strip()
        return text.lower() if self.lowercase or self.plain else text

    def describe(self) -> str:
        """The preparation as one line of JSON, the same everywhere: for fingerprints."""
        return json.dumps(asdict(self), sort_keys=True)


class DeferredTextNetwork:
    """A network for texts, which is loaded when the first text comes: to add pictures takes none."""

    def __init__(self, path: Path, tokenizer: Path, preparation: TextPreparation) -> None:
        """The network in `path`, with the definition of its tokenizer. Raises NotFound where that cannot be read."""
        self.path, self._preparation = path, preparation
        try:
            self._tokenizer = tokenizer.read_bytes()
        except OSError as error:
            raise NotFound(f"{tokenizer} cannot be read ({error.strerror}); a model for words needs it") from error
        self.digest = digest(path)[0] + self._tokenizer + preparation.describe().encode()
        self._network: TextNetwork | None = None
        self._lock = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The vectors `(n, d)` of some texts, at least one. Raises BadInput when the network cannot be used."""
        with self._lock:
            if self._network is None:
                self._network = TextNetwork(self.path, self._tokenizer, self._preparation)
        return self._network.vectors(texts)


class TextNetwork:
    """A network for texts in an *.onnx file, with its tokenizer."""

    def __init__(self, path: Path, tokenizer: bytes, preparation: TextPreparation) -> None:
        """The network in `path`, which may also be that of the pictures. Raises BadInput for any other."""
        self.path, self._preparation = path, preparation
        self._graph = OnnxGraph(path)
        taken = {name: tensor for name, tensor in self._graph.takes.items() if len(tensor.axes) == 2}
        self._tokens = next((name for name in ("input_ids", "text") if name in taken), next(iter(taken), ""))
        if not self._tokens or not all(name in FROM_TEXT for name in taken if name != self._tokens):
            raise BadInput(f"{path}: expected a network for texts, with the input input_ids; it takes {list(taken)}")
        self._length = taken[self._tokens].axes[1]
        self._tokenizer = self._set_up(tokenizer)
        self._output = self._choose()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The vectors `(n, d)` of some texts, at least one."""
        read = encoded(self._tokenizer, [self._preparation.applied(text) for text in texts])
        if len(read) == 1:
            return self._vector(read[0])[None]
        with ThreadPoolExecutor(cores()) as pool:
            return np.stack(list(pool.map(self._vector, read)))

    def _vector(self, encoding: Any) -> Vectors:
        ids = np.array([encoding.ids], np.int64)
        if not ids.size:  # a tokenizer without special tokens, and a text without any of its own
            ids = np.zeros((1, 1), np.int64)
        made = {
            self._tokens: ids,
            "attention_mask": np.ones_like(ids) if self._preparation.filled else np.array([encoding.attention_mask]),
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.arange(ids.shape[1])[None],
        }
        given: dict[str, NDArray[Any]] = {}
        for name, (axes, kind) in self._graph.takes.items():
            if name in made:
                given[name] = made[name].astype(kind)
            else:  # a picture, for networks that take both at once; it has no say in the vector of a text
                given[name] = np.zeros([axis or (1, 3, 224, 224)[i] for i, axis in enumerate(axes)], "float32")
        vector = np.asarray(self._graph.run(given, [self._output])[0], np.float32)
        if vector.ndim != 2 or len(vector) != 1 or not np.isfinite(vector).all():
            raise BadInput(f"{self.path}: {self._output} has shape {vector.shape}, or NaN in it, for one text")
        found: Vectors = vector[0]
        return found

    def _choose(self) -> str:
        axes = {name: len(tensor.axes) for name, tensor in self._graph.gives.items()}
        known = [name for name in (*COMPARED, "pooler_output") if name in axes]
        plain = [name for name, count in axes.items() if count == 2 and not name.startswith(("image", "logits"))]
        if not known and not plain:
            raise BadInput(f"{self.path}: expected an output with a vector for each text, among {list(axes)}")
        return known[0] if known else plain[0]

    def _set_up(self, definition: bytes) -> Tokenizer:
        """The tokenizer, set to cut texts, and to fill them up where that is wanted."""
        try:
            tokenizer, parts = tokenizer_of(definition)
        except BadInput as error:
            raise BadInput(
                f"{self.path}: its tokenizer.json cannot be used: {str(error).removeprefix('tokenizer.json: ')}"
            ) from error
        own = parts.get("padding") or {}
        most = min(self._preparation.most, self._length or MOST)
        if most <= tokenizer.num_special_tokens_to_add(is_pair=False):
            raise BadInput(f"{self.path}: its longest input is {most} tokens, which leaves no room for a text")
        tokenizer.enable_truncation(most)
        if self._length or self._preparation.filled:
            padding = self._preparation.padding or own.get("pad_token")
            number = tokenizer.token_to_id(padding) if padding else None
            tokenizer.enable_padding(
                length=self._length or most, pad_id=number or 0, pad_token=padding if number else "[PAD]"
            )
        return tokenizer
