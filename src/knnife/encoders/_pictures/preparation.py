"""How a picture becomes what a network takes: to which size it is brought, what is cut off, how its colours are scaled.

Models say so in files beside them:

    preprocessor_config.json, processor_config.json      of transformers: CLIP, SigLIP, DINO, ViT, MobileNet…
    preprocess_cfg.json, open_clip_config.json           of open_clip
    config.json, "pretrained_cfg"                        of timm

A bare network does not say how colours are scaled, and a wrong guess costs accuracy without any error, so none is made
unless the network takes bytes (uint8) and scales them itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.things.pixels import Pixels, Resampling, resized

RESAMPLING: Final[dict[int, Resampling]] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box"}
NAMED: Final[dict[str, Resampling]] = {"bilinear": "bilinear", "bicubic": "bicubic", "nearest": "nearest"}
# Image processors whose "size", where it is a plain number, is that of the shorter side.
SHORTER_SIDE: Final = ("CLIP", "Bit", "ConvNext", "Levit", "MobileNet", "MobileViT", "PoolFormer")
OPENAI_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)  # of CLIP; what open_clip takes where nothing else is said
OPENAI_STD: Final = (0.26862954, 0.26130258, 0.27577711)
EXAMPLE: Final = (
    '{"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "resample": 2, '
    '"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}'
)
MOST_EXTREME: Final = 16  # times as long as wide; brought to size, 100,000 x 10 pixels would fill the memory
MOST: Final = 4096  # pixels of a side; larger ones would be a slip of the file, and take all memory

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Preparation:
    """What is done to a picture before the network, which takes (height, width).

    whole: the size of the whole picture, of which the middle is cut out: its shorter side, or (height, width), whatever
    that does to its proportions. how: of resizing. scale, mean, std: a colour c (0 to 255) becomes (c * scale - mean) /
    std. bgr: blue comes first.
    """

    height: int
    width: int
    whole: int | tuple[int, int]
    how: Resampling = "bicubic"
    scale: float = 1 / 255
    mean: Colour = (0.0, 0.0, 0.0)
    std: Colour = (1.0, 1.0, 1.0)
    bgr: bool = False

    @classmethod
    def read(cls, folder: Path, size: tuple[int | None, int | None] = (None, None)) -> Preparation | None:
        """What the files in `folder` say; None where they say nothing. `size` is that of the network, as far as known.

        Raises BadInput, naming the file, when one cannot be understood, or speaks of another size than the network.
        """
        for path, config, understand in _statements(folder):
            try:
                made: Preparation = understand(config, size)
            except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
                if isinstance(error, BadInput):
                    raise BadInput(f"{path}: {error}") from error
                raise BadInput(f"{path} cannot be understood ({error!r}); expected for example {EXAMPLE}") from error
            if (size[0] or made.height, size[1] or made.width) != (made.height, made.width):
                raise BadInput(
                    f"{path}: pictures of {made.height} x {made.width} pixels, but the network beside it takes "
                    f"{size[0]} x {size[1]}"
                )
            return made
        return None

    def __post_init__(self) -> None:
        for number in (self.height, self.width, *_pair(self.whole)):
            if not 1 <= number <= MOST:
                raise BadInput(f"a side of {number} pixels; expected 1 to {MOST}")
        if not all(map(math.isfinite, (self.scale, *self.mean, *self.std))) or 0 in self.std:
            raise BadInput(f"mean {self.mean} and std {self.std}: expected finite numbers, and no std of 0")

    @property
    def enough(self) -> int:
        """The shorter side of a picture beyond which more pixels change nothing that matters: twice what is wanted."""
        return 2 * max(self.height, self.width, *_pair(self.whole))

    def applied(self, picture: Pixels) -> NDArray[np.float32]:
        """The picture as the network takes it, `(height, width, 3)`."""
        whole = self.whole
        if isinstance(whole, int):
            shorter = min(picture.shape[:2])
            picture = _middle(picture, MOST_EXTREME * shorter, MOST_EXTREME * shorter)  # the rest is cut off anyway
            high, wide = picture.shape[:2]
            longer = int(whole * max(high, wide) / shorter)  # rounded down, as all makers do
            whole = (whole, longer) if wide > high else (longer, whole)
        fitted = resized(picture, whole[1], whole[0], self.how)
        fitted = _bordered(_middle(fitted, self.height, self.width), self.height, self.width)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        values: NDArray[np.float32] = (fitted.astype(np.float32) * np.float32(self.scale) - mean) / std
        return values[..., ::-1] if self.bgr else values

    def describe(self) -> str:
        """The preparation as one line of JSON, the same everywhere: for fingerprints."""
        return json.dumps(asdict(self), sort_keys=True)


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty when there is no such file. Raises BadInput for anything else."""
    try:
        found = json.loads(path.read_bytes()) if path.exists() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path} cannot be read as JSON ({error}); get the model's files again") from error
    if not isinstance(found, dict):
        raise BadInput(f"{path}: expected a JSON object")
    return found


Size = tuple[int | None, int | None]


def _statements(folder: Path) -> Iterator[tuple[Path, dict[str, Any], Any]]:
    """The files that speak of it, the first first: path, what it says, and the function that understands it."""
    path = folder / "preprocessor_config.json"
    if stated := read_json(path):
        yield path, stated, _transformers
    path = folder / "processor_config.json"
    if stated := read_json(path).get("image_processor", {}):
        yield path, stated, _transformers
    for place in (folder / "visual", folder):
        path = place / "preprocess_cfg.json"
        if stated := read_json(path):
            yield path, stated, _open_clip
    path = folder / "open_clip_config.json"
    if stated := read_json(path):
        yield path, stated, _whole_open_clip
    path = folder / "config.json"
    if stated := read_json(path).get("pretrained_cfg", {}):
        yield path, stated, _timm


def _transformers(config: dict[str, Any], size: Size) -> Preparation:
    kind = str(config.get("image_processor_type") or config.get("feature_extractor_type") or "")
    for key in ("do_pad", "do_image_splitting", "rescale_offset", "patch_size"):
        if config.get(key):
            raise BadInput(f"{key} is {config[key]!r}, which knnife does not do; expected pictures of one size")
    if "mean" in config and "image_mean" not in config:  # as of open_clip, under the other name
        return _open_clip(config, size)
    if config.get("do_resize") is False:
        raise BadInput("do_resize is false; expected pictures that are brought to one size")
    whole = _whole(config, kind, size)
    height, width = _pair(whole)
    if "crop_pct" in config and isinstance(whole, int):  # of ConvNext: from 384 pixels on, nothing is cut off
        whole = int(whole / config["crop_pct"]) if whole < 384 else (whole, whole)
    elif "crop_size" in config and config.get("do_center_crop", True):
        height, width = _pair(config["crop_size"])
    scaled = config.get("do_normalize", "image_mean" in config or "MobileViT" not in kind)
    return Preparation(
        height=height,
        width=width,
        whole=whole,
        how=RESAMPLING[config.get("resample", 3 if "CLIP" in kind else 2)],
        scale=float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0,
        mean=_colour(config["image_mean"]) if scaled else (0.0, 0.0, 0.0),
        std=_colour(config["image_std"]) if scaled else (1.0, 1.0, 1.0),
        bgr=bool(config.get("do_flip_channel_order", False)),
    )


def _whole(config: dict[str, Any], kind: str, size: Size) -> int | tuple[int, int]:
    """The "size" of transformers: that of the shorter side, or (height, width)."""
    stated = config.get("size")
    if stated is None and "crop_size" in config:
        return _pair(config["crop_size"])
    if stated is None:
        return _known(size)
    if isinstance(stated, dict):
        if "shortest_edge" in stated:
            return int(stated["shortest_edge"])
        return _pair(stated)
    return int(stated) if kind.startswith(SHORTER_SIDE) or "ChineseCLIP" in kind else _pair(stated)


def _whole_open_clip(config: dict[str, Any], size: Size) -> Preparation:
    vision = config.get("model_cfg", {}).get("vision_cfg", {})
    return _open_clip({"size": vision.get("image_size"), **config.get("preprocess_cfg", {})}, size)


def _open_clip(config: dict[str, Any], size: Size) -> Preparation:
    stated, mode = config.get("size"), config.get("resize_mode") or "shortest"
    if mode not in ("shortest", "squash"):
        raise BadInput(f"resize_mode is {mode!r}; expected shortest or squash")
    height, width = _known(size) if stated is None else _pair(stated)
    return Preparation(
        height=height,
        width=width,
        whole=(height, width) if mode == "squash" else min(height, width),
        how=NAMED.get(config.get("interpolation") or "bicubic", "bicubic"),  # "random" while it is trained
        mean=_colour(config.get("mean") or OPENAI_MEAN),
        std=_colour(config.get("std") or OPENAI_STD),
    )


def _timm(config: dict[str, Any], size: Size) -> Preparation:
    _, height, width = config["input_size"]
    share, mode = float(config.get("crop_pct") or 0.875), config.get("crop_mode") or "center"
    if mode not in ("center", "squash"):
        raise BadInput(f"crop_mode is {mode!r}; expected center or squash")
    whole = math.floor(height / share), math.floor(width / share)
    return Preparation(
        height=int(height),
        width=int(width),
        whole=whole if mode == "squash" else min(whole),
        how=NAMED.get(config.get("interpolation") or "bilinear", "bicubic"),
        mean=_colour(config["mean"]),
        std=_colour(config["std"]),
    )


def _known(size: Size) -> tuple[int, int]:
    height, width = size
    if height is None or width is None:
        raise BadInput('no "size" is stated, and the network takes any; expected {"height": 224, "width": 224}')
    return height, width


def _pair(stated: Any) -> tuple[int, int]:
    """(height, width) of 224, [224, 224] or {"height": 224, "width": 224}."""
    if isinstance(stated, dict):
        return int(stated["height"]), int(stated["width"])
    if isinstance(stated, list | tuple):
        height, width = stated
        return int(height), int(width)
    return int(stated), int(stated)


def _colour(stated: Any) -> Colour:
    red, green, blue = stated
    return float(red), float(green), float(blue)


def _middle(picture: Pixels, height: int, width: int) -> Pixels:
    """The middle of a picture, of at most this size."""
    top, left = (max(0, picture.shape[i] - most) // 2 for i, most in enumerate((height, width)))
    return picture[top : top + height, left : left + width]


def _bordered(picture: Pixels, height: int, width: int) -> Pixels:
    """A picture in the middle of a black one of this size."""
    missing = (height - picture.shape[0], width - picture.shape[1])
    if not any(missing):
        return picture
    return np.pad(picture, [*(((more + 1) // 2, more // 2) for more in missing), (0, 0)])
