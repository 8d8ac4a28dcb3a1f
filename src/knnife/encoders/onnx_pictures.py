"""Networks for pictures in *.onnx files: CLIP and its kin, DINO, MobileNet, ResNet, and others that give one vector.

How pictures are prepared is read from the model's own files (_pictures/preparation.py). Where the model has a network
for texts in the same space, its encoder has `encode_text`. Pictures go through the network one by one, each on the core
that decoded it, so that a vector never depends on its neighbours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from knnife.encoders import formats
from knnife.encoders._pictures.picture_network import PictureNetwork
from knnife.encoders._pictures.preparation import EXAMPLE, Preparation, read_json
from knnife.encoders._pictures.text_network import DeferredTextNetwork, TextPreparation
from knnife.encoders.graph import find
from knnife.encoders.protocol import check_list, check_texts
from knnife.errors import BadInput
from knnife.geometry import Vectors, unit
from knnife.things.pictures import Value
from knnife.things.pixels import Pixels, each_picture


class OnnxPictureEncoder:
    """Encodes pictures with a network in an *.onnx file. Safe to use from several threads at once."""

    kind = "image"

    def __init__(self, network: PictureNetwork, preparation: Preparation, *, name: str = "onnx") -> None:
        """An encoder of these parts. Raises BadInput when they do not fit together."""
        self.name, self.preparation = name, preparation
        self._network = network
        grey = np.full((preparation.height, preparation.width, 3), 128, np.uint8)
        self.dim = len(network.vector(preparation.applied(grey)))
        own = f"{preparation.describe()} {network.output} ".encode()
        self.fingerprint = hashlib.blake2b(own + network.digest, digest_size=16).hexdigest()

    @classmethod
    def load(cls, path: str | Path, *, name: str | None = None) -> OnnxPictureEncoder:
        """The model in a folder, or in an *.onnx file with its other files beside it, or around its folder "onnx".

        One that knows words too comes as an OnnxClipEncoder.

        Raises NotFound when a file is missing, BadInput when one cannot be used or there are several networks to
        choose from, MissingPackage without onnxruntime.
        """
        path = Path(path)
        folder = _folder(path)
        found = _networks(folder, path)
        network = PictureNetwork(folder / found.pictures, read_json(folder / "config.json"))
        preparation = _preparation(folder, network)
        name = str(path) if name is None else name
        if found.words == found.pictures and not network.takes_words:  # one file may hold both networks
            found = found._replace(words=None)
        if found.words is None or found.tokenizer is None:
            return OnnxPictureEncoder(network, preparation, name=name)
        tokenizer = folder / found.tokenizer
        words = DeferredTextNetwork(folder / found.words, tokenizer, TextPreparation.read(folder, tokenizer))
        return OnnxClipEncoder(network, preparation, words, name=name)

    def encode(self, values: Sequence[Value]) -> Vectors:
        """The vectors of pictures (paths or bytes), float32 `(n, dim)`, of length 1.

        Raises BadPictures, naming those that cannot be read; MissingPackage without Pillow.
        """
        check_list(values, "picture")
        vectors = each_picture(values, self._vector, least=self.preparation.enough)
        return unit(np.stack(vectors)) if vectors else np.zeros((0, self.dim), np.float32)

    def _vector(self, picture: Pixels) -> Vectors:
        return self._network.vector(self.preparation.applied(picture))


class OnnxClipEncoder(OnnxPictureEncoder):
    """Encodes pictures, and texts into the same space."""

    def __init__(
        self, network: PictureNetwork, preparation: Preparation, words: DeferredTextNetwork, *, name: str = "clip"
    ) -> None:
        """An encoder of these parts. Raises BadInput when they do not fit together."""
        super().__init__(network, preparation, name=name)
        self._words = words
        self.fingerprint = hashlib.blake2b(self.fingerprint.encode() + words.digest, digest_size=16).hexdigest()

    def encode_text(self, values: Sequence[str]) -> Vectors:
        """The vectors of texts, float32 `(n, dim)`, of length 1: near those of pictures that show what they say.

        Raises BadInput when a value is not a text, or the network for texts does not fit.
        """
        check_texts(values, self.name)
        if not values:
            return np.zeros((0, self.dim), np.float32)
        vectors = self._words.vectors(values)
        if vectors.shape[1] != self.dim:
            raise BadInput(
                f"{self._words.path} gives texts {vectors.shape[1]} dimensions, and pictures have {self.dim}: the two "
                "are not of one space; expected networks exported with their projection (image_embeds, text_embeds)"
            )
        return unit(vectors)


def _folder(path: Path) -> Path:
    """Where the files are that describe a model; hubs have its networks in a folder "onnx" beside them."""
    if path.is_dir():
        return path
    inside = path.parent.name == "onnx" and not (path.parent / "preprocessor_config.json").exists()
    return path.parent.parent if inside else path.parent


def _networks(folder: Path, path: Path) -> formats.Networks:
    """The files of the model in a folder; or of the one in a file, which is then its network."""
    if path != folder:
        tokenizers = [file.name for file in folder.glob("tokenizer.json")]
        return formats.networks(tokenizers, path.relative_to(folder).as_posix())
    names = formats.files(path)
    found = formats.networks(names)
    return found if found.pictures else formats.networks(names, find(path).relative_to(path).as_posix())


def _preparation(folder: Path, network: PictureNetwork) -> Preparation:
    """What the files say; of a network that takes bytes and scales them itself, what follows from its size."""
    found = Preparation.read(folder, network.size)
    height, width = network.size
    if found is None and network.takes_bytes and height and width:
        found = Preparation(height=height, width=width, whole=min(height, width))
    if found is not None and network.takes_bytes:
        found = replace(found, scale=1.0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    if found is None:
        raise BadInput(
            f"{network.path}: nothing beside it says how pictures are prepared for it, and to guess would cost "
            f"accuracy unseen; expected {folder / 'preprocessor_config.json'} with the numbers of its makers, such as "
            f"{EXAMPLE}"
        )
    return found
