"""The network that sees: a prepared picture in, one vector out.

The vector is the output made for comparing (CLIP's `image_embeds`), else what sums up a picture (`pooler_output`, the
state of the first token, the mean of a map of features), else what goes into the last layer of a classifier
(headless.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._pictures.headless import before_the_last_layer, with_output
from knnife.encoders._pictures.preparation import MOST
from knnife.encoders.graph import FROM_TEXT, OnnxGraph
from knnife.errors import BadInput
from knnife.geometry import Vectors

COMPARED: Final = (
    "image_embeds", "image_embeddings", "l2norm_image_embeddings", "image_features", "sentence_embedding",
)  # fmt: skip
STATES: Final = ("last_hidden_state", "hidden_states")
FIRST_TOKEN: Final = ("beit", "deit", "dinov2", "dinov2_with_registers", "dinov3_vit", "vit", "vit_mae", "vit_msn")
CLASSES: Final = (1000, 1001, 21841, 21842, 21843)  # of ImageNet, with and without "background"
NAMING: Final = ("logits", "prob", "softmax", "class", "scores")  # parts of what outputs of classifiers are called
NUMBERS: Final = {"float": np.float32, "float16": np.float16, "uint8": np.uint8}


class PictureNetwork:
    """A network for pictures in an *.onnx file: the size that it takes, and which of its outputs counts."""

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        """The network in `path`, about which `config` (its config.json) says more. Raises BadInput for any other."""
        self.path = path
        self._graph = OnnxGraph(path)
        self.digest = self._graph.digest
        taken = {name: tensor for name, tensor in self._graph.takes.items() if len(tensor.axes) == 4}
        if len(taken) != 1:
            given = ", ".join(f"{name} {tensor.axes}" for name, tensor in self._graph.takes.items())
            raise BadInput(f"{path}: expected a network with one input of four axes for pictures; it takes {given}")
        (self._input, tensor), *_ = taken.items()
        self._type, axes = tensor.type, tensor.axes
        self._channels_last = axes[3] == 3 and axes[1] != 3
        channels, height, width = (axes[3], *axes[1:3]) if self._channels_last else axes[1:]
        fits = channels in (3, None) and axes[0] in (1, None) and max(height or 1, width or 1) <= MOST
        if not fits or self._type not in NUMBERS:
            raise BadInput(
                f"{path}: {self._input} has the axes {axes} of {self._type}; expected single pictures in colour, "
                f"(1, 3, height, width) or (1, height, width, 3) of {', '.join(NUMBERS)}, up to {MOST} pixels a side"
            )
        self.size = (height, width)
        self.takes_bytes = self._type == "uint8"
        self._beside = self._words()
        self.takes_words = bool(self._beside)
        self.output, self._first = self._choose(config)

    def vector(self, prepared: NDArray[np.float32]) -> Vectors:
        """The vector `(d,)` of a picture `(height, width, 3)` that was prepared for the network."""
        if self.takes_bytes:
            prepared = np.clip(np.rint(prepared), 0, 255)
        laid = prepared if self._channels_last else prepared.transpose(2, 0, 1)
        given = {self._input: np.ascontiguousarray(laid[None], NUMBERS[self._type]), **self._beside}
        (made,) = self._graph.run(given, [self.output])
        states: Vectors = np.asarray(made, np.float32)
        if states.ndim not in (2, 3, 4) or len(states) != 1 or not states.size:
            raise BadInput(
                f"{self.path}: {self.output} has shape {states.shape} for one picture; expected a vector (1, d), "
                "states of tokens (1, tokens, d), or a map of features with four axes"
            )
        if states.ndim == 3:  # (1, tokens, d)
            vector: Vectors = states[0, 0] if self._first else states[0].mean(axis=0)
        elif states.ndim == 4:
            vector = states[0].mean(axis=_places(states.shape[1:], self._channels_last))
        else:
            vector = states.reshape(-1)
        if not np.isfinite(vector).all():
            raise BadInput(f"{self.path}: {self.output} holds NaN or infinity for this picture")
        return vector

    def _words(self) -> dict[str, NDArray[Any]]:
        """A text for networks that take pictures and texts at once, and which has no say in the vector of a picture."""
        others = {name: tensor for name, tensor in self._graph.takes.items() if name != self._input}
        for name, tensor in others.items():
            if name not in (*FROM_TEXT, "text") or tensor.type not in ("int64", "int32") or len(tensor.axes) != 2:
                raise BadInput(f"{self.path}: the network wants {name} ({tensor.type}), which knnife does not make")
        return {
            name: np.ones((tensor.axes[0] or 1, tensor.axes[1] or 2), tensor.type) for name, tensor in others.items()
        }

    def _choose(self, config: dict[str, Any]) -> tuple[str, bool]:
        """The output that counts; and whether, of the states of tokens, it is the first one's."""
        axes = {name: tensor.axes for name, tensor in self._graph.gives.items()}
        vision = config.get("vision_config")
        kinds = {str(config.get("model_type")), str(vision.get("model_type")) if isinstance(vision, dict) else ""}
        first = bool(kinds & set(FIRST_TOKEN))
        compared = [name for name in COMPARED if name in axes]
        states = [name for name in STATES if name in axes]
        pooled = [name for name in ("pooler_output", "pooled_output") if name in axes]
        if compared:
            return compared[0], False
        if self._beside:
            raise BadInput(f"{self.path}: takes texts too, and has none of the outputs {', '.join(COMPARED[:3])}")
        if ranked := (states + pooled if first else pooled + states):
            # without a word of the family: the first token where that is the only way to one vector
            return ranked[0], first or ranked[0] in STATES
        plain = [name for name, made in axes.items() if len(made) in (2, 3, 4)]
        if not plain:
            raise BadInput(f"{self.path}: expected an output with a vector for each picture, among {axes}")
        if self._names_classes(plain[0], axes[plain[0]], config):
            return self._reveal(plain[0]), False
        return plain[0], first

    def _names_classes(self, output: str, axes: tuple[int | None, ...], config: dict[str, Any]) -> bool:
        """Is it the output of a classifier?"""
        makers = str(config.get("architectures"))
        return (
            "ForImageClassification" in makers
            or any(part in output.lower() for part in NAMING)
            or any(axis in CLASSES for axis in axes[1:])
            or config.get("num_classes", 0) in axes[1:]
        )

    def _reveal(self, output: str) -> str:
        """Make what goes into the last layer an output; its name."""
        content = self.path.read_bytes()
        try:
            name = before_the_last_layer(content, output)
        except BadInput as error:
            raise BadInput(f"{self.path}: {error}") from error
        self._graph = OnnxGraph(self.path, with_output(content, name))
        return name


def _places(shape: tuple[int, ...], channels_last: bool) -> tuple[int, int]:
    """The two axes of places of a map of features: they are equally long, or stand where pictures have them."""
    first, middle, last = shape
    if (first == middle) != (middle == last):
        return (0, 1) if first == middle else (1, 2)
    return (0, 1) if channels_last else (1, 2)
