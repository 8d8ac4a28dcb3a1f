"""A classifier without its last layer: what goes into that layer describes a picture.

The *.onnx file is read as protocol buffers, messages of numbered fields, as far as its nodes. An output is added by
appending bytes: of a message that occurs twice, the format merges the parts. (github.com/onnx/onnx, onnx/onnx.proto;
protobuf.dev, "Encoding".)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from knnife.errors import BadInput

GRAPH, NODE, OUTPUT, VALUE_NAME = 7, 1, 12, 1  # fields of a model, of its graph twice, of an output
INPUTS, OUTPUTS, OPERATOR = 1, 2, 4  # fields of a node
BYTES: Final = 2  # the wire type of texts and of messages
WIDTHS: Final = {1: 8, 5: 4}  # of other wire types, in bytes
LAYERS: Final = ("Gemm", "MatMul", "Conv", "QLinearMatMul", "QLinearConv", "QGemm", "MatMulInteger", "ConvInteger")
BEHIND: Final = (  # what may stand between the last layer and the output
    "Add", "Cast", "DequantizeLinear", "Flatten", "Identity", "LogSoftmax", "Mul", "QLinearAdd", "QuantizeLinear",
    "Reshape", "Sigmoid", "Softmax", "Squeeze",
)  # fmt: skip
STEPS: Final = 32  # between the last layer and the output, at most


class Node(NamedTuple):
    """One operator of a network."""

    operator: str
    inputs: list[str]
    outputs: list[str]


def before_the_last_layer(model: bytes, output: str) -> str:
    """What goes into the last layer before `output` of an *.onnx file, by name. Raises BadInput where none is found."""
    nodes = list(_nodes(model))
    makers = {name: node for node in nodes for name in node.outputs}
    name = output
    for _ in range(STEPS):
        node = makers.get(name)
        if node is None:
            break
        made = [each for each in node.inputs if each in makers]  # not the weights, which nobody makes
        if node.operator in LAYERS:
            return made[0] if made else node.inputs[0]
        if node.operator not in BEHIND or not made:
            break
        name = made[0]
    raise BadInput(
        f"the output {output} is that of a classifier, and its last layer is not found; expected one of "
        f"{', '.join(LAYERS[:3])} before it. Export the network without its classifier"
    )


def with_output(model: bytes, name: str) -> bytes:
    """The same network, which also gives the tensor `name` of its inside."""
    return model + _field(GRAPH, _field(OUTPUT, _field(VALUE_NAME, name.encode())))


def _nodes(model: bytes) -> Iterator[Node]:
    for number, content in _fields(memoryview(model)):
        if number == GRAPH:
            for inner, node in _fields(content):
                if inner == NODE:
                    parts = list(_fields(node))
                    texts = {
                        field: [bytes(part).decode(errors="replace") for at, part in parts if at == field]
                        for field in (1, 2, 4)
                    }
                    yield Node("".join(texts[OPERATOR][:1]), texts[INPUTS], texts[OUTPUTS])


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields of a message that hold bytes, by their numbers; the others are passed over."""
    place = 0
    while place < len(message):
        key, place = _number(message, place)
        if key & 7 == BYTES:
            size, place = _number(message, place)
            if place + size > len(message):
                raise BadInput("the file of the network is cut off")
            yield key >> 3, message[place : place + size]
            place += size
        elif key & 7 == 0:
            _, place = _number(message, place)
        elif key & 7 in WIDTHS:
            place += WIDTHS[key & 7]
        else:
            raise BadInput(f"the file of the network is damaged: a field of the type {key & 7}")


def _number(message: memoryview, place: int) -> tuple[int, int]:
    """A whole number, seven bits in each byte, and the place behind it."""
    value = shift = 0
    while place < len(message) and shift < 64:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
    raise BadInput("the file of the network is cut off, or damaged")


def _field(number: int, content: bytes) -> bytes:
    size, head = len(content), bytearray([number << 3 | BYTES])
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    return bytes(head) + bytes([size]) + content
