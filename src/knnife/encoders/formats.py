"""Which kind of model a folder holds, by its files; and which files of a repository it takes to load one.

    static                  one vector per token, in the format of model2vec      needs nothing beyond knnife
    onnx                    a network for texts in an *.onnx file                  extra "onnx"
    onnx-pictures           one for pictures, perhaps with one for texts beside    extras "onnx" and "pictures"
    sentence-transformers   a network whose weights are in *.safetensors           extra "sentence-transformers"

Pickles (pytorch_model.bin, *.pt, *.pkl) are never read: to unpickle a file is to run the programs written in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, NamedTuple

from knnife.encoders.graph import NETWORKS
from knnife.encoders.recipe import Recipe
from knnife.errors import BadInput, MissingPackage, NotFound

Format = Literal["static", "onnx", "onnx-pictures", "sentence-transformers"]

STATIC: Final = ("config.json", "tokenizer.json", "model.safetensors")
TENSORS: Final = re.compile(r"model(-\d+-of-\d+)?\.safetensors")
PICKLES: Final = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
SMALL: Final = frozenset(  # what says how the weights are used; of the rest of a repository nothing is needed
    {
        "added_tokens.json",
        "config.json",
        "config_sentence_transformers.json",
        "merges.txt",
        "model.safetensors.index.json",
        "modules.json",
        "open_clip_config.json",
        "preprocess_cfg.json",
        "preprocessor_config.json",
        "processor_config.json",
        "sentence_bert_config.json",
        "sentence_roberta_config.json",
        "sentence_xlm-roberta_config.json",
        "sentencepiece.bpe.model",
        "special_tokens_map.json",
        "spiece.model",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "vocab.json",
        "vocab.txt",
    }
)
# Where the networks of a model for pictures and texts are, that of the pictures first; and which variant is taken.
PAIRS: Final = (("vision_model", "text_model"), ("visual", "textual"), ("visual/model", "textual/model"))
VARIANTS: Final = ("", "_quantized", "_int8", "_uint8")
PICTURES_BY: Final = ("image_mean", "crop_size", "image_processor_type", "image_processor", "do_resize", "resample")


class Networks(NamedTuple):
    """The files of a model for pictures: its network, and for one that knows words that network and its tokenizer."""

    pictures: str
    words: str | None
    tokenizer: str | None


def is_static(folder: Path, names: Collection[str]) -> bool:
    """Networks name their architecture in config.json; the static models of knnife have no name, others "model2vec"."""
    if not {"model.safetensors", "config.json"} <= set(names):
        return False
    config = _json(folder / "config.json")
    kind = config.get("model_type") if isinstance(config, dict) else None
    return kind == "model2vec" or (kind is None and "modules.json" not in names and not sees(folder, names))


def small(folder: Path, names: Iterable[str]) -> list[str]:
    """Those of the files `names` ("1_Pooling/config.json") that describe a network and its steps."""
    places = _places(folder, names := list(names))
    return [name for name in names if PurePosixPath(name).name in SMALL and _place(name) in places]


def sees(folder: Path, names: Collection[str]) -> bool:
    """Is it a model for pictures? Its files say how pictures are prepared, or its network has such a name."""
    if any(_pair(names)[:1]) or {"preprocess_cfg.json", "open_clip_config.json"} & set(names):
        return True
    for name in ("preprocessor_config.json", "processor_config.json"):
        config = _json(folder / name) if name in names else {}
        if isinstance(config, dict) and any(key in config for key in PICTURES_BY):
            return True
    config = _json(folder / "config.json") if "config.json" in names else {}
    return isinstance(config, dict) and any(key in config for key in ("pretrained_cfg", "vision_config", "vision_cfg"))


def networks(names: Collection[str], graph: str | None = None) -> Networks:
    """The files of a model for pictures among `names`; `graph` is its network where it is not under a usual name."""
    tokenizer = next((name for name in ("tokenizer.json", "textual/tokenizer.json") if name in names), None)
    pictures, words = _pair(names)
    if pictures is None:
        pictures = words = graph
    return Networks(pictures or "", words if tokenizer else None, tokenizer)


def choose(folder: Path, names: Iterable[str], *, what: str) -> Format:
    """How to load a model that has the files `names`, of which the small ones lie in `folder`.

    Where there are several ways, the one whose package is installed; ONNX before safetensors, as it starts sooner.
    `what` is the model in words, for errors. Raises BadInput when there are only pickles, NotFound when there is no
    model, MissingPackage when what it takes is not installed.
    """
    names = sorted(names)
    if is_static(folder, names):
        return "static"
    if sees(folder, names) and "modules.json" not in names:
        return _for_pictures(names, what)
    tensors, pickles = _tensors(folder, names), _pickles(folder, names)
    graphs = _graphs(names)
    if tensors and ("tokenizer.json" not in names or Recipe.read(folder).beyond):
        graphs = []  # which need that file, and hold nothing that comes behind the network
    if graphs and find_spec("onnxruntime"):
        return "onnx" if "tokenizer.json" in names else "onnx-pictures"
    if tensors and not pickles and (find_spec("sentence_transformers") or not graphs):
        if not find_spec("sentence_transformers"):
            raise MissingPackage("sentence-transformers", "sentence-transformers", what)
        return "sentence-transformers"
    if graphs:
        raise MissingPackage("onnxruntime", "onnx", what)
    raise _unusable(names, pickles, what)


def check_tensors(folder: Path, names: Collection[str], *, what: str) -> None:
    """Raises BadInput when weights are there only as pickles, NotFound when there are none."""
    pickles = _pickles(folder, sorted(names))
    if pickles or not _tensors(folder, sorted(names)):
        raise _unusable(sorted(names), pickles, what)


def needed(folder: Path, names: Iterable[str], form: Format) -> list[str]:
    """The files that loading as `form` takes, the large ones last."""
    names = sorted(names)
    if form == "static":
        return list(STATIC)
    if form == "onnx-pictures":
        own = {name for name in _pair(names) if name} or set(_graphs(names))
        return small(folder, names) + [name for name in names if name.startswith(tuple(own))]
    return small(folder, names) + (_graphs(names) if form == "onnx" else _tensors(folder, names))


def files(folder: Path) -> list[str]:
    """The names of the files in a folder and in the folders in it, as a repository lists them."""
    found = [*folder.glob("*"), *folder.glob("*/*")]
    return sorted(path.relative_to(folder).as_posix() for path in found if path.is_file())


def _for_pictures(names: list[str], what: str) -> Format:
    """The way to load a model for pictures: by its *.onnx."""
    if not _graphs(names) and not any(_pair(names)):
        raise BadInput(
            f"{what} is for pictures, and knnife runs those as *.onnx only, which it has not: expected a copy that has "
            "them (`knnife models search image` lists some; many are at the hub under onnx-community), or export it: "
            "optimum-cli export onnx --model OWNER/NAME FOLDER"
        )
    if not find_spec("onnxruntime"):
        raise MissingPackage("onnxruntime", "onnx,pictures", what)
    return "onnx-pictures"


def _pair(names: Collection[str]) -> tuple[str | None, str | None]:
    """The networks for pictures and for texts where they are two files, of one variant."""
    for place in ("", "onnx/"):
        for pictures, words in PAIRS:
            for variant in VARIANTS:
                found = [f"{place}{stem}{variant}.onnx" for stem in (pictures, words)]
                if found[0] in names:
                    return found[0], found[1] if found[1] in names else None
    return None, None


def _unusable(names: list[str], pickles: list[str], what: str) -> BadInput | NotFound:
    if pickles:
        return BadInput(
            f"{what} has weights only as a pickle ({pickles[0]}), and to read one is to run the programs in it: "
            "expected *.safetensors or *.onnx, which other revisions or copies of a model often have"
        )
    return NotFound(
        f"{what} holds no model: expected a static one ({', '.join(STATIC)}), *.onnx or *.safetensors; "
        f"found {', '.join([name for name in names if '/' not in name][:8]) or 'nothing'}"
    )


def _graphs(names: list[str]) -> list[str]:
    """The network among `names` that `graph.find` will take, with the files of its tensors if it keeps them outside.

    Repositories have a dozen variants beside it, for other machines. Where it is not clear which one is meant, all.
    """
    graphs = [name for name in names if name.endswith(".onnx") and _place(name) in (".", "onnx")]
    known = (place + network for network in NETWORKS for place in ("", "onnx/"))
    best = tuple(next(([name] for name in known if name in graphs), graphs))
    return [name for name in names if name.startswith(best)]


def _tensors(folder: Path, names: list[str]) -> list[str]:
    """The weights of the network and of the steps behind it, without the copies meant for other programs."""
    places = _places(folder, names)
    return [name for name in names if TENSORS.fullmatch(PurePosixPath(name).name) and _place(name) in places]


def _pickles(folder: Path, names: list[str]) -> list[str]:
    """The pickled weights that have no copy in safetensors beside them."""
    safe = {_place(name) for name in _tensors(folder, names)}
    return [n for n in names if n.endswith(PICKLES) and _place(n) in _places(folder, names) - safe]


def _places(folder: Path, names: Collection[str]) -> set[str]:
    """The folders of the steps, by modules.json: "." and the like of "1_Pooling"."""
    modules = _json(folder / "modules.json") if "modules.json" in names else []
    paths = {str(module.get("path", "")) for module in modules if isinstance(module, dict)}
    halves = {"visual", "textual"} if _pair(names)[0] in ("visual/model.onnx", "onnx/visual/model.onnx") else set()
    return {".", *(str(PurePosixPath(path)) for path in paths), *halves}


def _place(name: str) -> str:
    return str(PurePosixPath(name).parent)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path} cannot be read as JSON ({error})") from error
