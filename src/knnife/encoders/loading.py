"""An encoder by what users call it: a name of the catalogue, a model of a hub, an endpoint, a folder or a file.

    english                        of the catalogue: built in, of an installed package, or an open model
    hf:BAAI/bge-small-en-v1.5      of the Hugging Face hub, as far as it is cached; "@revision" may follow
    openai:text-embedding-3-small  computed elsewhere, by an endpoint that speaks like OpenAI's
    ./model                        a folder with a static model, *.onnx or *.safetensors
    mobilenet.onnx                 a network for pictures, with the files that say how beside it
    wiki.vectors                   a file of word vectors

Only the encoder that is named is imported, and no network is used unless `download` or an endpoint needs it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import trusted
from knnife.encoders.catalogue import DEFAULT, about, find, models
from knnife.encoders.entry import HUB
from knnife.encoders.forms import restore, written
from knnife.encoders.protocol import Encoder, Progress, as_encoder
from knnife.encoders.trusted import ENDPOINT
from knnife.errors import NotFound

if TYPE_CHECKING:
    from knnife.encoders.word_vectors import WordVectors

BASE: Final = "base"  # the array that holds the bytes of an encoder below another one that has no name
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

    download: whether a model of the hub that is not cached may be fetched; progress(bytes, fraction) is called then.

    Raises NotFound when there is nothing of that name here, with the command that fetches it where there is one;
    BadInput when what is there is no encoder, or holds pickles only; MissingPackage, with the line that installs it.
    """
    if not isinstance(encoder, str | Path):
        return as_encoder(encoder, "the encoder given")
    loaded = _loaded(encoder, download, progress)
    trusted.note(os.path.abspath(encoder) if isinstance(encoder, Path) else encoder)
    return loaded


def words() -> WordVectors:
    """The 28,721 words that the built-in English model knows, the frequent ones first, with vectors `(n, 416)`.

    Near words, similarities and the odd one out without a file and without training. Words are English and in small
    letters; a word that is not among them has no vector, which is said.
    """
    from knnife.encoders.english_words import english_words
    from knnife.encoders.word_vectors import WordVectors

    return WordVectors(english_words(), about={"model": DEFAULT}, name="english words")


def load_kept(name: str, holder: str | Path) -> Encoder:
    """The encoder that the file `holder` names: `load_encoder`, but for names that need the user's yes (trusted.py).

    Raises Untrusted where this user has not named it, before anything is read or sent.
    """
    trusted.check(name, holder)
    return _loaded(name, False, None)


def packed_base(base: Encoder) -> tuple[dict[str, str | None], dict[str, NDArray[np.uint8]]]:
    """What an encoder over another one writes of it: its name; or its form and all of it, where it was trained."""
    trained = written(base)
    about = {"base": base.name, "fingerprint": base.fingerprint, "base form": None if trained is None else trained[0]}
    return about, {} if trained is None else {BASE: np.frombuffer(trained[1], np.uint8)}


def restored_base(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], holder: str) -> Encoder:
    """The encoder that `packed_base` wrote down. Raises ValueError where it is another by now; NotFound."""
    name, form = about["base"], about["base form"]
    base = load_kept(name, holder) if form is None else restore(form, arrays[BASE].tobytes())
    if base.fingerprint != about["fingerprint"]:
        raise ValueError(f"the encoder {name!r:.80} is another than the one whose vectors are changed")
    return base


def _loaded(encoder: str | Path, download: bool, progress: Progress | None) -> Encoder:
    name = str(encoder)
    if name.startswith(HUB):
        from knnife.encoders.model_folders import folder_encoder, hub_folder

        return folder_encoder(hub_folder(name, download=download, progress=progress), name, f"the model {name}", about)
    if name.startswith(ENDPOINT):
        from knnife.encoders.openai import OpenAIEncoder

        model = name.removeprefix(ENDPOINT)
        return OpenAIEncoder.named(model, about(model))
    is_here = os.path.exists(encoder)
    if isinstance(encoder, str) and not (is_here and _is_path(name)) and (entry := find(name)) is not None:
        return entry.load(download=download, progress=progress)
    if not is_here:
        raise _nothing(encoder)
    from knnife.encoders.model_folders import file_encoder, folder_encoder  # who opens a space need not wait for it

    if not Path(encoder).is_dir():
        return file_encoder(Path(encoder))
    return folder_encoder(Path(encoder), os.path.abspath(encoder), f"the folder {encoder}", about)


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
