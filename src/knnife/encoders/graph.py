"""An *.onnx file: which one of a folder, what it takes and gives, and running it with onnxruntime.

It runs on the thread that calls it and starts none of its own, so callers may run it on as many threads as they like,
and fork.
"""

from __future__ import annotations

import hashlib
import mmap
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.recipe import Recipe
from knnife.errors import BadInput, MissingPackage, NotFound
from knnife.geometry import Vectors

# Which file is the network. Those for other machines (model_fp16, model_O4, model_qint8_arm64…) are not guessed at.
NETWORKS: Final = ("model.onnx", "model_quantized.onnx", "model_int8.onnx", "model_uint8.onnx")
FROM_TEXT: Final = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
MEASURES_ITS_BATCH: Final = (b"DynamicQuantize", b"QAttention")


class Network:
    """The network of an *.onnx file: what it takes, which of its outputs counts, and a hash of its files."""

    def __init__(self, path: Path, recipe: Recipe) -> None:
        """The network in `path`. Raises BadInput when it is not one that makes vectors of texts."""
        self.path, self._session = path, _session(path)
        self._takes = {given.name: given.type[len("tensor(") : -1] for given in self._session.get_inputs()}
        for name, kind in self._takes.items():
            if name not in FROM_TEXT or kind not in ("int64", "int32"):
                raise BadInput(f"{path}: the network wants {name} ({kind}), which knnife does not make of a text")
        self._gives = _output(path, {made.name: len(made.shape or ()) for made in self._session.get_outputs()}, recipe)
        self.digest, self.measures_its_batch = _digest(path)

    def run(self, ids: NDArray[np.int64]) -> Vectors:
        """States `(texts, length, dim)`, or vectors `(texts, dim)`, of tokens `(texts, length)` without padding."""
        made = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.zeros_like(ids) + np.arange(ids.shape[1]),
        }
        feed = {name: made[name].astype(kind) for name, kind in self._takes.items()}
        try:
            states = np.asarray(self._session.run([self._gives], feed)[0], np.float32)
        except Exception as error:  # onnxruntime has a dozen errors, without a parent of their own
            raise BadInput(f"{self.path}: fails for {len(ids)} texts of {ids.shape[1]} tokens: {error}") from error
        if states.shape[:-1] not in (ids.shape, ids.shape[:1]):
            raise BadInput(f"{self.path}: {self._gives} has shape {states.shape} for tokens of shape {ids.shape}")
        return states


def _session(path: Path) -> Any:
    """What onnxruntime makes of the file."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackage("onnxruntime", "onnx", f"the network {path}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it would keep a plan for every length and number of texts
    options.log_severity_level = 4  # what goes wrong is raised; nothing is printed
    try:
        return onnxruntime.InferenceSession(
            path,
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # the fused operator takes six times as long as its parts
        )
    except Exception as error:
        raise BadInput(f"{path}: onnxruntime {onnxruntime.__version__} cannot load it: {error}") from error


def _output(path: Path, axes: dict[str, int], recipe: Recipe) -> str:
    """The output to take, of these with their numbers of axes: states of tokens, else a vector for each text."""
    whole = [name for name in ("sentence_embedding", "text_embeds", "pooler_output") if name in axes]
    if recipe.beyond:  # only a model exported with its last steps has them
        if "sentence_embedding" not in axes:
            raise BadInput(
                f"{path}: holds the network only, and this model goes on with {', '.join(recipe.beyond)}; "
                'load its safetensors: pip install "knnife[sentence-transformers]"'
            )
        return "sentence_embedding"
    states = [name for name in ("last_hidden_state", "token_embeddings") if axes.get(name, 2) != 2]
    states += [name for name, count in axes.items() if count == 3]
    found = states or whole or [name for name, count in axes.items() if count == 2]
    if not found:
        raise BadInput(f"{path}: expected an output with states of tokens, or vectors of texts, among {axes}")
    return found[0]


def find(folder: Path) -> Path:
    """The file of the network. Raises NotFound without one, BadInput when it is not clear which one is meant."""
    places = [folder, folder / "onnx"]
    for name in NETWORKS:
        for place in places:
            if (place / name).is_file():
                return place / name
    found = sorted(path for place in places for path in place.glob("*.onnx"))
    if not found:
        raise NotFound(f"{folder}: no network in it; expected model.onnx, or onnx/model.onnx")
    if len(found) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in found)
        raise BadInput(f"{folder} has several networks ({names}): name the one that suits this machine model.onnx")
    return found[0]


def _digest(path: Path) -> tuple[bytes, bool]:
    """A hash of the file and of those beside it that hold its tensors; and whether the network measures its batch."""
    digest = hashlib.blake2b(digest_size=16)
    measures = False
    for file in sorted(path.parent.iterdir()):
        if not file.name.startswith(path.name) or not file.stat().st_size:  # model.onnx, model.onnx_data
            continue
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            digest.update(content)
            measures |= file == path and any(content.find(name) >= 0 for name in MEASURES_ITS_BATCH)
    return digest.digest(), measures
