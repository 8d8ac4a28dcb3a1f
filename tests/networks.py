"""Tiny networks in *.onnx files, whose vectors can be worked out in one's head, in folders as hubs have them.

The state of a token is its row of `ROWS`, times its mask, plus 10 times its type, plus 100 times its position, as far
as the network takes these.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "blue", "car", "sky", "query:", "passage:"]
ROWS = np.array(
    [[9, 9], [0, 1], [1, 0], [0, -1], [4, 0], [0, 4], [2, 2], [3, 4], [8, 0], [0, 8]],
    np.float32,
)
POOLING = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens", "last": "lasttoken"}


def tokenizer(*, special: bool = True) -> bytes:
    """Words at white space; [CLS] and [SEP] around them where `special`. It pads and cuts, as files of hubs say."""
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.add_special_tokens(WORDS[:4])
    if special:
        made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.enable_padding(length=16)
    made.enable_truncation(16)
    return made.to_str().encode()


def network(
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    outputs: Sequence[str] = ("last_hidden_state",),
    *,
    rows: NDArray[Any] = ROWS,
    kind: str = "INT64",
    measured: bool = False,
) -> Any:
    """An onnx.ModelProto. `measured` rounds the states by the range of the whole batch; the rest is as named."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [helper.make_node("Gather", ["rows", "input_ids"], ["states_0"])]
    for i, (name, operator, factor) in enumerate(
        [("attention_mask", "Mul", 1), ("token_type_ids", "Add", 10), ("position_ids", "Add", 100)]
    ):
        if name in inputs:
            nodes += [
                helper.make_node("Cast", [name], [f"{name}_float"], to=TensorProto.FLOAT),
                helper.make_node("Unsqueeze", [f"{name}_float", "last"], [f"{name}_3"]),
                helper.make_node("Constant", [], [f"{name}_factor"], value_float=float(factor)),
                helper.make_node("Mul", [f"{name}_3", f"{name}_factor"], [f"{name}_times"]),
                helper.make_node(operator, [f"states_{i}", f"{name}_times"], [f"states_{i + 1}"]),
            ]
        else:
            nodes.append(helper.make_node("Identity", [f"states_{i}"], [f"states_{i + 1}"]))
    states = "states_3"
    if measured:
        nodes += [
            helper.make_node("DynamicQuantizeLinear", [states], ["bytes", "scale", "zero"]),
            helper.make_node("DequantizeLinear", ["bytes", "scale", "zero"], ["states_4"]),
        ]
        states = "states_4"
    given = []
    for name in outputs:
        whole = name in ("sentence_embedding", "pooler_output", "vectors")
        nodes.append(
            helper.make_node("ReduceSum", [states, "middle"], [name], keepdims=0)
            if whole
            else helper.make_node("Identity", [states], [name])
        )
        shape = ["n", rows.shape[1]] if whole else ["n", "length", rows.shape[1]]
        given.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    taken = [helper.make_tensor_value_info(name, TensorProto.DataType.Value(kind), ["n", "length"]) for name in inputs]
    constants = [
        numpy_helper.from_array(rows.astype(np.float32), "rows"),
        numpy_helper.from_array(np.array([-1]), "last"),
        numpy_helper.from_array(np.array([1]), "middle"),
    ]
    graph = helper.make_graph(nodes, "tiny", taken, given, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def write(
    folder: Path,
    model: Any = None,
    *,
    file: str = "model.onnx",
    pooling: str = "mean",
    normalize: bool = False,
    max_tokens: int = 16,
    prompts: dict[str, str] | None = None,
    special: bool = True,
) -> Path:
    """A folder with a network and the files of sentence-transformers that say how it is used."""
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes((network() if model is None else model).SerializeToString())
    (folder / "tokenizer.json").write_bytes(tokenizer(special=special))
    steps = ["Transformer", "Pooling", *(["Normalize"] if normalize else [])]
    paths = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    write_json(folder, "modules.json", [{"path": paths[s], "type": f"sentence_transformers.models.{s}"} for s in steps])
    write_json(folder, "1_Pooling/config.json", {f"pooling_mode_{POOLING[pooling]}": True})
    write_json(folder, "sentence_bert_config.json", {"max_seq_length": max_tokens})
    write_json(folder, "config_sentence_transformers.json", {"prompts": prompts or {}})
    return folder


def encoder() -> Any:
    """An OnnxEncoder of such a network."""
    from knnife.encoders.onnx import OnnxEncoder

    with TemporaryDirectory() as folder:
        return OnnxEncoder.load(write(Path(folder), normalize=True), name="tiny")


def write_json(folder: Path, name: str, content: object) -> None:
    """One file of a model."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
