"""An *.onnx file: which one of a folder, what it takes and gives, and running it with onnxruntime.

It runs on the thread that calls it and starts none of its own, so callers may run it on as many threads as they like,
and fork.

Since 1.32 onnxruntime reports to its makers: from the moment it is imported it resolves and connects to a host of
theirs, and keeps an id of the machine and a database in the user's cache. `onnxruntime()` switches that off first.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.recipe import Recipe
from knnife.errors import BadInput, MissingPackage, NotFound
from knnife.geometry import Vectors

# Which file is the network. Those for other machines (model_fp16, model_O4, model_qint8_arm64…) are not guessed at.
NETWORKS: Final = ("model.onnx", "model_quantized.onnx", "model_int8.onnx", "model_uint8.onnx")
FROM_TEXT: Final = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
MEASURES_ITS_BATCH: Final = (b"DynamicQuantize", b"QAttention")
TELEMETRY_OFF: Final = "ORT_DISABLE_TELEMETRY"
OUTSIDE: Final = b"\x0a\x08location\x12"  # before the name of a file with tensors (onnx.proto, external_data)


def onnxruntime() -> Any:
    """The module, which reports nothing. Raises ImportError where it is not installed.

    Only the variable is heeded, and only when the library is loaded: the call alone, or the variable later, let it
    report on. The call is for a program that imported onnxruntime before: of our networks nothing is reported then.
    """
    os.environ[TELEMETRY_OFF] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


class Tensor(NamedTuple):
    """An input or output of a network: its axes, None where they may be of any length, and the type of its numbers."""

    axes: tuple[int | None, ...]
    type: str  # "float", "uint8", "int64"…


class OnnxGraph:
    """The network of an *.onnx file as it is: arrays in by the names of `takes`, arrays out by those of `gives`."""

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        """The network in `path`, or in `content` if that was changed since it was read there.

        Raises BadInput when it cannot be loaded, MissingPackage without onnxruntime.
        """
        self.path, self._session = path, _session(path, content)
        self.takes = {each.name: _tensor(each) for each in self._session.get_inputs()}
        self.gives = {each.name: _tensor(each) for each in self._session.get_outputs()}

    @cached_property
    def digest(self) -> bytes:
        """A hash of its files."""
        return digest(self.path)[0]

    def run(
        self, given: dict[str, NDArray[Any]], wanted: list[str] | None = None, what: str | None = None
    ) -> list[NDArray[Any]]:
        """What it gives for arrays by the names of `takes`: the outputs `wanted`, else all in the order of `gives`.

        Only what the wanted outputs depend on is computed. `what`: the arrays in words, for the error.
        """
        options = onnxruntime().RunOptions()
        options.only_execute_path_to_fetches = wanted is not None
        options.log_severity_level = 4  # what goes wrong is raised; nothing is printed
        try:
            return [np.asarray(each) for each in self._session.run(wanted, given, options)]
        except Exception as error:  # onnxruntime has a dozen errors, without a parent of their own
            what = what or ", ".join(f"{name} {array.shape}" for name, array in given.items())
            raise BadInput(f"{self.path}: fails for {what}: {_why(error)}") from error


class TextGraph:
    """The network of an *.onnx file: what it takes, which of its outputs counts, and a hash of its files."""

    def __init__(self, path: Path, recipe: Recipe) -> None:
        """The network in `path`. Raises BadInput when it is not one that makes vectors of texts."""
        self.path, self._graph = path, OnnxGraph(path)
        for name, tensor in self._graph.takes.items():
            if name not in FROM_TEXT or tensor.type not in ("int64", "int32"):
                raise BadInput(
                    f"{path}: the network wants {name} ({tensor.type}), which knnife does not make of a text"
                )
        self._gives = _output(path, {name: len(tensor.axes) for name, tensor in self._graph.gives.items()}, recipe)
        self.digest, self.measures_its_batch = digest(path)

    def run(self, ids: NDArray[np.int64]) -> Vectors:
        """States `(texts, length, dim)`, or vectors `(texts, dim)`, of tokens `(texts, length)` without padding."""
        made = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.zeros_like(ids) + np.arange(ids.shape[1]),
        }
        feed = {name: made[name].astype(tensor.type) for name, tensor in self._graph.takes.items()}
        what = f"{len(ids)} texts of {ids.shape[1]} tokens"
        states = self._graph.run(feed, [self._gives], what)[0].astype(np.float32, copy=False)
        if states.shape[:-1] not in (ids.shape, ids.shape[:1]):
            raise BadInput(f"{self.path}: {self._gives} has shape {states.shape} for tokens of shape {ids.shape}")
        return states


def _tensor(node: Any) -> Tensor:
    axes = tuple(axis if isinstance(axis, int) and axis > 0 else None for axis in node.shape or ())
    return Tensor(axes, node.type.removeprefix("tensor(").removesuffix(")"))


def _session(path: Path, content: bytes | None = None) -> Any:
    """What onnxruntime makes of the file, or of its changed content."""
    try:
        runtime = onnxruntime()
    except ImportError as error:
        raise MissingPackage("onnxruntime", "onnx", f"the network {path}") from error
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it would keep a plan for every length and number of texts
    options.log_severity_level = 4  # what goes wrong is raised; nothing is printed
    if content is not None:  # whose tensors may still be in files beside the old one
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path.parent))
    try:
        return runtime.InferenceSession(
            path if content is None else content,
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # the fused operator takes six times as long as its parts
        )
    except Exception as error:
        raise BadInput(
            f"{path}: onnxruntime {runtime.__version__} cannot load it; get its files again, or a newer "
            f"onnxruntime: {_why(error)}"
        ) from error


def _why(error: Exception) -> str:
    """What onnxruntime says, on one line."""
    return " ".join(str(error).split())


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


def digest(path: Path) -> tuple[bytes, bool]:
    """A hash of the file and of those beside it that hold its tensors; and whether the network measures its batch."""
    content = _mapped(path)
    found = hashlib.blake2b(content, digest_size=16)
    for name in _outside(content):
        found.update(_mapped(path.parent / name))
    return found.digest(), any(content.find(name) >= 0 for name in MEASURES_ITS_BATCH)


def _mapped(path: Path) -> mmap.mmap | bytes:
    """The bytes of a file, which are read as they are looked at; none where there is no such file."""
    if not path.is_file() or not path.stat().st_size:
        return b""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _outside(content: mmap.mmap | bytes) -> list[str]:
    """The names of the files that hold tensors of a network, as its own file tells them: model.onnx_data and such."""
    names, at = set(), content.find(OUTSIDE)
    while at >= 0:
        start = at + len(OUTSIDE) + 1  # behind the length, which is one byte
        length = int.from_bytes(content[start - 1 : start])
        names.add(content[start : start + length].decode(errors="ignore"))
        at = content.find(OUTSIDE, start)
    return sorted(names)
