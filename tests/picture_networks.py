"""Tiny networks for pictures in *.onnx files, in folders as hubs have them; their vectors can be worked out by hand.

The vector of a picture is the mean of its colours, as they were prepared. That of a text is the sum of what its words
are in COLOURS: "red" lies where red pictures do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers, processors

SIDE = 8
COLOURS = {
    "<pad>": (0, 0, 0),
    "<start>": (0, 0, 0),
    "<end>": (0, 0, 0),
    "a": (0, 0, 0),
    "red": (2, -1, -1),
    "green": (-1, 2, -1),
    "blue": (-1, -1, 2),
    "picture": (0, 0, 0),
}
CLIP = {  # brought to the shorter side, cut, scaled to -1 … 1
    "image_processor_type": "CLIPImageProcessor",
    "size": {"shortest_edge": SIDE},
    "crop_size": {"height": SIDE, "width": SIDE},
    "do_center_crop": True,
    "resample": 3,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}
CONFIG = {"model_type": "clip", "vision_config": {}, "text_config": {"max_position_embeddings": 12}}


def png(colour: Sequence[int], width: int = 20, height: int = 10) -> bytes:
    """A picture of one colour, as the bytes of a PNG file."""
    return encoded(np.full((height, width, 3), colour, np.uint8))


def encoded(picture: NDArray[np.uint8]) -> bytes:
    """A picture as the bytes of a PNG file, which loses nothing."""
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def sees(
    outputs: Sequence[str] = ("image_embeds",),
    *,
    given: str = "pixel_values",
    shape: Sequence[Any] = ("n", 3, "height", "width"),
    kind: str = "FLOAT",
    factor: float = 1,
) -> Any:
    """A network for pictures, an onnx.ModelProto: each output the mean of the colours, in the form its name tells."""
    from onnx import TensorProto, helper, numpy_helper

    last = shape[3] == 3
    nodes = [
        helper.make_node("Cast", [given], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["numbers"], ["first"], perm=[0, 3, 1, 2] if last else [0, 1, 2, 3]),
        helper.make_node("Mul", ["first", "factor"], ["times"]),
        helper.make_node("GlobalAveragePool", ["times"], ["map"]),
        helper.make_node("Flatten", ["map"], ["mean"]),
        helper.make_node("Unsqueeze", ["mean", "one"], ["token"]),
        helper.make_node("Neg", ["token"], ["other"]),
        helper.make_node("Concat", ["token", "other", "other"], ["states"], axis=1),
        *([helper.make_node("Gemm", ["mean", "classes"], ["scores"])] if "logits" in outputs else []),
    ]
    sources = {"last_hidden_state": ("states", 3), "feature_map": ("map", 4), "logits": ("scores", 2)}
    made = []
    for name in outputs:
        source, axes = sources.get(name, ("mean", 2))
        nodes.append(helper.make_node("Identity", [source], [name]))
        made.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * axes))
    constants = [
        numpy_helper.from_array(np.array(factor, np.float32), "factor"),
        numpy_helper.from_array(np.array([1]), "one"),
        numpy_helper.from_array(np.random.default_rng(0).normal(size=(3, 1000)).astype(np.float32), "classes"),
    ]
    taken = [helper.make_tensor_value_info(given, TensorProto.DataType.Value(kind), list(shape))]
    return _model(nodes, taken, made, constants)


def reads(
    output: str = "text_embeds",
    *,
    given: str = "input_ids",
    kind: str = "INT64",
    length: Any = "length",
    mask: bool = False,
) -> Any:
    """A network for texts: the sum of what its tokens are. Tokens of padding count -100 where nothing masks them."""
    from onnx import TensorProto, helper, numpy_helper

    rows = np.array(list(COLOURS.values()), np.float32)
    rows[0] = -100
    nodes = [helper.make_node("Gather", ["rows", given], ["all" if mask else "states"])]
    if mask:
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["weights"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["weights", "last"], ["weight"]),
            helper.make_node("Mul", ["all", "weight"], ["states"]),
        ]
    nodes.append(helper.make_node("ReduceSum", ["states", "middle"], [output], keepdims=0))
    names = [given, *(["attention_mask"] if mask else [])]
    taken = [helper.make_tensor_value_info(name, TensorProto.DataType.Value(kind), ["n", length]) for name in names]
    constants = [
        numpy_helper.from_array(rows, "rows"),
        numpy_helper.from_array(np.array([-1]), "last"),
        numpy_helper.from_array(np.array([1]), "middle"),
    ]
    return _model(nodes, taken, [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", 3])], constants)


def both() -> Any:
    """Both in one network, as the exports of whole CLIP models are."""
    from onnx import compose

    merged = compose.merge_models(sees(), compose.add_prefix(reads(), "t/"), io_map=[])
    renamed = {"t/input_ids": "input_ids", "t/text_embeds": "text_embeds"}
    for node in merged.graph.node:
        for names in (node.input, node.output):
            names[:] = [renamed.get(name, name) for name in names]
    for value in (*merged.graph.input, *merged.graph.output):
        value.name = renamed.get(value.name, value.name)
    return merged


def tokenizer() -> bytes:
    """Words at white space, between <start> and <end>."""
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(COLOURS)}, unk_token="a"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 2)]
    )
    return made.to_str().encode()


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    """A folder with these files: networks, bytes, or what is to be JSON."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if hasattr(content, "SerializeToString"):
            content = content.SerializeToString()
        (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


def clip() -> dict[str, Any]:
    """The files of a CLIP as the hub has its exports."""
    return {
        "config.json": CONFIG,
        "preprocessor_config.json": CLIP,
        "tokenizer.json": tokenizer(),
        "tokenizer_config.json": {"pad_token": "<pad>", "model_max_length": 12},
        "onnx/vision_model.onnx": sees(),
        "onnx/text_model.onnx": reads(),
    }


def seeing() -> dict[str, Any]:
    """The files of a network for pictures only."""
    return {"preprocessor_config.json": CLIP, "model.onnx": sees()}


def encoder() -> Any:
    """An encoder of pictures and texts."""
    from knnife.encoders.onnx_pictures import OnnxPictureEncoder

    with TemporaryDirectory() as folder:
        made: Any = OnnxPictureEncoder.load(write(Path(folder), clip()), name="clip")
        made.encode_text(["red"])  # while its files are there
        return made


def _model(nodes: list[Any], taken: list[Any], made: list[Any], constants: list[Any]) -> Any:
    from onnx import helper

    graph = helper.make_graph(nodes, "tiny", taken, made, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
