"""Networks as ONNX files, written operator by operator: what our own are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

EPSILON = 1e-12  # of the norms
MICROSOFT = "com.microsoft"  # operators that onnxruntime has beyond those of ONNX
OPSETS = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
IR_VERSION = 8  # both as old as the operators allow, so that older versions of onnxruntime read the file

Weights = dict[str, NDArray[np.float32]]


class OnnxGraph:
    """A list of operators that grows; what flows between them goes by names."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def run(self, operator: str, *inputs: str, domain: str = "", out: str = "", **attributes: Any) -> str:
        """Adds an operator; the name of what it gives."""
        out = out or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [out], domain=domain, **attributes))
        return out

    def constant(self, value: NDArray[Any]) -> str:
        """Adds a constant; its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name


def norm(graph: OnnxGraph, weights: Weights, name: str, x: str) -> str:
    """Each token brought to mean 0 and variance 1, then stretched and moved as learned."""
    learned = (graph.constant(weights[f"{name}.LayerNorm.{part}"]) for part in ("weight", "bias"))
    return graph.run("LayerNormalization", x, *learned, axis=-1, epsilon=EPSILON)
