"""Networks whose weights lie in *.safetensors, run by the package sentence-transformers (sbert.net) on PyTorch.

For models without an ONNX file, or with steps after the network that one cannot hold; the packages take more than a
gigabyte and some seconds to import. Pooling, scaling and later steps are done by the package as modules.json says; the
words put before texts come from the model's recipe.

Nothing is fetched, and no program beside a model is run: only classes of the package itself are accepted.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from knnife.encoders import formats
from knnife.encoders.protocol import Tokens, check_texts
from knnife.encoders.recipe import Recipe
from knnife.errors import BadInput, MissingPackage, NotFound
from knnife.geometry import Vectors

TOKENS: Final = 1 << 13  # in one batch, with the padding: it bounds the memory, however long the texts are
OWN: Final = "sentence_transformers."


class SentenceTransformerEncoder:
    """Encodes texts with a model of sentence-transformers. Safe to use from several threads, which take turns."""

    kind = "text"

    def __init__(self, model: Any, recipe: Recipe, *, name: str, fingerprint: str) -> None:
        """An encoder of a loaded SentenceTransformer and its recipe."""
        self.name, self.fingerprint = name, fingerprint
        self.query_prefix, self.passage_prefix = recipe.query_prefix, recipe.passage_prefix
        self._model, self._recipe = model, recipe
        self._turn = threading.Lock()  # the tokenizer keeps state between calls
        self.dim = int(self._run(["dimension"], "").shape[1])

    @classmethod
    def load(
        cls, folder: str | Path, *, name: str | None = None, recipe: Recipe | None = None, device: str = "cpu"
    ) -> SentenceTransformerEncoder:
        """The model in `folder`, used by what its files say unless a recipe is given; `device` as PyTorch calls it.

        Raises BadInput when a file cannot be used, has weights only as pickles, or wants programs of its own to be run;
        NotFound when the folder or its weights are missing; MissingPackage without sentence-transformers.
        """
        folder = Path(folder)
        files = formats.files(folder)
        formats.check_tensors(folder, files, what=f"the folder {folder}")
        _check_types(folder / "modules.json")
        recipe = recipe or Recipe.read(folder)
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # read when the package of the hub, which it uses, is imported
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingPackage("sentence-transformers", "sentence-transformers", f"the model {folder}") from error
        try:
            with _quietly():
                model = SentenceTransformer(
                    str(folder),
                    device=device,
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
        except Exception as error:  # whatever the package and those beneath it raise for files they do not like
            raise BadInput(f"{folder}: sentence-transformers cannot load this model: {error}") from error
        fingerprint = _fingerprint(folder, formats.needed(folder, files, "sentence-transformers"), recipe)
        return cls(model, recipe, name=str(folder) if name is None else name, fingerprint=fingerprint)

    def encode(self, values: Sequence[str]) -> Vectors:
        """The vectors of passages, float32 `(n, dim)`. Raises BadInput when a value is not a text."""
        return self._encode(values, self.passage_prefix)

    def encode_query(self, values: Sequence[str]) -> Vectors:
        """The vectors of queries: as `encode`, with the words that the model wants before queries."""
        return self._encode(values, self.query_prefix)

    def tokens(self, values: Sequence[str]) -> Tokens:
        """How many tokens of each passage are read, unknown, and cut off behind the longest input of the model."""
        texts = [self.passage_prefix + text for text in _texts(values, self.name)]
        with self._turn:
            ids = [np.array(row, np.int64) for row in self._ids(texts)]
        most, unknown = self._most(), getattr(self._model.tokenizer, "unk_token_id", None)
        read = np.array([min(len(row), most) for row in ids], np.int64)
        return Tokens(
            read=read,
            unknown=np.array([(row[:most] == (-1 if unknown is None else unknown)).sum() for row in ids], np.int64),
            cut=np.array([len(row) for row in ids], np.int64) - read,
        )

    def _encode(self, values: Sequence[str], prefix: str) -> Vectors:
        texts = _texts(values, self.name)
        vectors = np.empty((len(texts), self.dim), np.float32)
        with self._turn:
            for numbers in self._batches([prefix + text for text in texts]):
                vectors[numbers] = self._run([texts[i] for i in numbers], prefix)
        return vectors

    def _run(self, texts: list[str], prefix: str) -> Vectors:
        """The vectors of one batch. The package puts the prefix on: some models leave it out of the mean."""
        made = self._model.encode(
            texts,
            prompt=prefix,
            batch_size=len(texts),
            show_progress_bar=False,
            normalize_embeddings=self._recipe.normalize,
        )
        return np.asarray(made, np.float32)

    def _batches(self, texts: list[str]) -> Iterator[list[int]]:
        """The numbers of the texts from short to long, at most `TOKENS` at a time once padded to the longest."""
        most = self._most()
        lengths = [min(len(row), most) for row in self._ids(texts)]
        batch: list[int] = []
        for i in sorted(range(len(texts)), key=lengths.__getitem__):
            if batch and (len(batch) + 1) * lengths[i] > TOKENS:
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch

    def _ids(self, texts: list[str]) -> list[list[int]]:
        """The numbers of the tokens of each text, to its end."""
        if not texts:
            return []
        tokenizer = self._model.tokenizer
        texts = [text.lower() for text in texts] if self._recipe.lowercase else texts
        if hasattr(tokenizer, "encode_batch"):  # that of a static model
            return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
        ids: list[list[int]] = tokenizer(texts, truncation=False, padding=False, verbose=False)["input_ids"]
        return ids

    def _most(self) -> int:
        """The longest input, in tokens."""
        most = getattr(self._model, "max_seq_length", None)
        return 1 << 24 if most is None else int(min(most, 1 << 24))


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the bar that transformers draws while it reads weights."""
    from transformers.utils import logging

    drawn = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            logging.enable_progress_bar()


def _texts(values: Sequence[str], name: str) -> list[str]:
    check_texts(values, name)
    return [value.encode("utf-8", "replace").decode() for value in values]  # half a surrogate pair is no text


def _check_types(path: Path) -> None:
    """Raises BadInput where modules.json names classes of others: they would be imported, that is, run."""
    if not path.exists():
        return
    try:
        types = [str(module["type"]) for module in json.loads(path.read_bytes())]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{path} cannot be read as a list of modules ({error})") from error
    for kind in types:
        if not kind.startswith(OWN):
            raise BadInput(f"{path}: the module {kind} is a program of the model's own, which knnife does not run")


def _fingerprint(folder: Path, files: list[str], recipe: Recipe) -> str:
    """A hash of the files that the vectors depend on, and of the recipe."""
    digest = hashlib.blake2b(recipe.describe().encode(), digest_size=16)
    for name in sorted(files):
        digest.update(f"\0{name}\0".encode())
        try:
            with (folder / name).open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
        except OSError as error:
            raise NotFound(f"{folder / name} cannot be read ({error.strerror})") from error
    return digest.hexdigest()
