"""An encoder by what users call it: a name of the catalogue, a model of a hub, an endpoint, a folder or a file.

    english                        of the catalogue: built in, of an installed package, or an open model
    hf:BAAI/bge-small-en-v1.5      of the Hugging Face hub, as far as it is cached; "@revision" may follow
    openai:text-embedding-3-small  computed elsewhere, by an endpoint that speaks like OpenAI's
    ./model                        a folder with a static model, *.onnx or *.safetensors
    mobilenet.onnx                 a network for pictures, with the files that say how beside it
    wiki.vectors                   a file of word vectors

Only the one encoder that is asked for is imported, and no network is used unless `download` or an endpoint asks for it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from knnife.encoders import formats, hub
from knnife.encoders.catalogue import DEFAULT, about, find, models
from knnife.encoders.entry import HUB, Progress
from knnife.encoders.protocol import Encoder, as_encoder
from knnife.encoders.recipe import Recipe
from knnife.errors import NotFound

ENDPOINT = "openai:"
LEARNED = {  # what people may take for a name
    "scenes": "knnife add SPACE PHOTOS --encoder scenes, or knnife.SceneEncoder.train(pictures)",
    "rows": "knnife add SPACE TABLE --row, or knnife.RowEncoder.train(rows)",
    "faces": "knnife faces add, or knnife.FaceEncoder.train(crops, people)",
}


def load_encoder(
    encoder: str | Path | Encoder = DEFAULT, *, download: bool = False, progress: Progress | None = None
) -> Encoder:
    """The encoder called so; one that is given is returned as it is.

    A name goes before a folder or file of that name: that is "./english", or Path("english"). The encoder of a folder
    or file bears the absolute path as its name, so that a space finds it again from wherever it is opened.

    download: whether a model of the hub that is not cached may be fetched; progress(bytes, fraction) is told how far.

    Raises NotFound when there is nothing of that name here, with the command that fetches it where there is one;
    BadInput when what is there is no encoder, or holds pickles only; MissingPackage, with the line that installs it.
    """
    if not isinstance(encoder, str | Path):
        return as_encoder(encoder, "the encoder given")
    name = str(encoder)
    if name.startswith(HUB):
        return _of_folder(hub.folder(name, download=download, progress=progress), name, f"the model {name}")
    if name.startswith(ENDPOINT):
        from knnife.encoders.openai import OpenAIEncoder

        return OpenAIEncoder.named(name.removeprefix(ENDPOINT))
    is_here = Path(encoder).exists()
    if isinstance(encoder, str) and not (is_here and _is_path(name)) and (entry := find(name)) is not None:
        return entry.load(download=download, progress=progress)
    if not is_here:
        raise _nothing(encoder)
    if not Path(encoder).is_dir():
        return _of_file(Path(encoder))
    return _of_folder(Path(encoder), os.path.abspath(encoder), f"the folder {encoder}")


def _of_folder(folder: Path, name: str, what: str) -> Encoder:
    """The model in `folder`, by the kind of its files."""
    form = formats.choose(folder, formats.files(folder), what=what)
    if form == "static":
        from knnife.encoders.static import StaticEncoder

        return StaticEncoder.load(folder, name=name)
    if form == "onnx":
        from knnife.encoders.onnx import OnnxEncoder

        return OnnxEncoder.load(folder, name=name, recipe=_recipe(folder))
    if form == "onnx-pictures":
        from knnife.encoders.onnx_pictures import OnnxPictureEncoder

        return OnnxPictureEncoder.load(folder, name=name)
    from knnife.encoders.sentence_transformers import SentenceTransformerEncoder

    return SentenceTransformerEncoder.load(folder, name=name, recipe=_recipe(folder))


def _of_file(path: Path) -> Encoder:
    """The model in a file: a network for faces or for pictures, or word vectors."""
    if path.suffix.lower() == ".onnx":
        from knnife.encoders.graph import Graph
        from knnife.encoders.onnx_faces import OnnxFaceEncoder
        from knnife.encoders.onnx_pictures import OnnxPictureEncoder

        if OnnxFaceEncoder.knows(graph := Graph(path)):
            return OnnxFaceEncoder(graph, name=os.path.abspath(path))

        return OnnxPictureEncoder.load(path, name=os.path.abspath(path))
    from knnife.encoders.word_vectors import WordVectors

    return WordVectors.load(path)


def _recipe(folder: Path) -> Recipe:
    """What the files say; of a model whose files name no prefixes, though it wants some, those of the catalogue."""
    recipe, address = Recipe.read(folder), hub.address(folder)
    entry = about(address) if address else None
    if entry is None or recipe.query_prefix or recipe.passage_prefix:
        return recipe
    return replace(recipe, query_prefix=entry.query_prefix, passage_prefix=entry.passage_prefix)


def _is_path(name: str) -> bool:
    return "/" in name or os.sep in name or name.startswith(("~", "."))


def _nothing(encoder: str | Path) -> NotFound:
    """The error that says what there is instead."""
    from difflib import get_close_matches  # rarely needed

    name = str(encoder)
    if _is_path(name) or isinstance(encoder, Path):
        maybe = f"; a model of the hub is written hf:{name}" if name.count("/") == 1 and name[0].isalnum() else ""
        where = os.path.abspath(name)
        return NotFound(f"there is no {where}: expected a folder with a model, or a file of word vectors{maybe}")
    if name in LEARNED:
        return NotFound(f"no encoder {name!r} to load: it is learned from your own things: {LEARNED[name]}")
    near = get_close_matches(name, [entry.name for entry in models()], n=3)
    return NotFound(
        f"no encoder {name!r}: expected {' or '.join(near) or DEFAULT}, another name from `knnife models`, "
        "hf:owner/name for a model of the hub, the folder of a model, or a file of word vectors"
    )
