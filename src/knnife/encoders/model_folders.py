"""Encoders from folders and files, by what is in them; and the folder of a model of the hub.

Only the encoder that fits is imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from knnife.encoders import formats, hub
from knnife.encoders.forms import restore
from knnife.encoders.protocol import Encoder, Prefixes, Progress
from knnife.encoders.recipe import Recipe
from knnife.errors import BadInput, NotFound

OTHERS: Final[dict[str, tuple[tuple[str, ...], bytes]]] = {  # by their endings, or by how they begin (or 4 bytes on)
    "TensorFlow Lite": ((".tflite", ".lite"), b"TFL3"),
    "TensorFlow": ((".pb",), b""),
    "Keras": ((".h5", ".hdf5", ".keras"), b"\x89HDF"),
    "llama.cpp": ((".gguf", ".ggml"), b"GGUF"),
    "PyTorch": ((".pt", ".pth", ".ckpt"), b""),
    "Core ML": ((".mlmodel", ".mlpackage"), b""),
    "OpenVINO or Caffe": ((".caffemodel", ".prototxt"), b""),
    "MNN, ncnn or MediaPipe": ((".mnn", ".param", ".task"), b""),
}

Known = Callable[[str], Prefixes | None]  # the prefixes of the model at a hub's address


def hub_folder(name: str, *, download: bool = False, progress: Progress | None = None) -> Path:
    """The folder in the cache with the files of the model `name`; fetched first where `download` allows it.

    `progress(bytes, fraction)` is called during a download. What is cached is not requested again: for another state
    of a model, name its commit.

    Raises BadInput for what is no name, or a model that knnife does not read; NotFound when it is not cached, or not
    at the hub; Offline when the network is forbidden or out of reach; DiskFull and ReadOnly where it cannot be written.
    """
    model = hub.HubModel.parse(name)
    found = model.snapshot()
    if found is not None and hub.is_whole(found):
        return found
    if not download:
        state = "is not in" if found is None else "is only in part in"
        raise NotFound(
            f"the model {name} {state} the cache {hub.cache()}: to download it once, knnife models get {name}"
        )
    from knnife.encoders.download import download as fetch  # imports what speaks HTTP: 40 ms

    return fetch(model, progress or (lambda size, fraction: None))


def folder_encoder(folder: Path, name: str, what: str, known: Known) -> Encoder:
    """The model in `folder`, by the kind of its files. `what` is it in words, for errors."""
    form = formats.choose(folder, formats.files(folder), what=what)
    if form == "static":
        from knnife.encoders.static import StaticEncoder

        return StaticEncoder.load(folder, name=name)
    if form == "onnx":
        from knnife.encoders.onnx import OnnxEncoder

        return OnnxEncoder.load(folder, name=name, recipe=_recipe(folder, known))
    if form == "onnx-pictures":
        from knnife.encoders.onnx_pictures import OnnxPictureEncoder

        return OnnxPictureEncoder.load(folder, name=name)
    from knnife.encoders.sentence_transformers import SentenceTransformerEncoder

    return SentenceTransformerEncoder.load(folder, name=name, recipe=_recipe(folder, known))


def file_encoder(path: Path) -> Encoder:
    """The model in a file: a network for faces or for pictures, an adapter of another encoder, or word vectors."""
    if path.suffix.lower() == ".onnx":
        from knnife.encoders.graph import OnnxGraph
        from knnife.encoders.onnx_faces import OnnxFaceEncoder
        from knnife.encoders.onnx_pictures import OnnxPictureEncoder

        if OnnxFaceEncoder.knows(graph := OnnxGraph(path)):
            return OnnxFaceEncoder(graph, name=os.path.abspath(path))

        return OnnxPictureEncoder.load(path, name=os.path.abspath(path))
    if path.suffix.lower() == ".adapter":
        return restore("adapted", path.read_bytes())
    _check_makers(path)
    from knnife.encoders.word_vectors import WordVectors

    return WordVectors.load(path)


def _check_makers(path: Path) -> None:
    """Raises BadInput for the file of a model that other programs run."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:  # who reads it says what is wrong
        return
    for maker, (endings, magic) in OTHERS.items():
        if path.name.lower().endswith(endings) or (magic and magic in (start[: len(magic)], start[4 : 4 + len(magic)])):
            raise BadInput(
                f"{path} is a model of {maker}, which knnife does not run: expected its *.onnx (many models have one "
                "at the hub, converters write others), the folder of a model, or a file of word vectors"
            )


def _recipe(folder: Path, known: Known) -> Recipe:
    """What the files say; of a model whose files name no prefixes, though it wants some, those that are `known`."""
    recipe, address = Recipe.read(folder), hub.address(folder)
    prefixes = known(address) if address else None
    if prefixes is None or recipe.query_prefix or recipe.passage_prefix:
        return recipe
    return replace(recipe, query_prefix=prefixes.query_prefix, passage_prefix=prefixes.passage_prefix)
