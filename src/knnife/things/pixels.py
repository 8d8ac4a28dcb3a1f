"""Pictures decoded to upright RGB pixels. The one file that knows Pillow.

Nothing is trusted: what has more than MOST_PIXELS is refused before it is decoded, and only the formats of photographs
are tried (no PostScript, no fonts, no SVG).
"""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput, BadPictures, KnnifeError, MissingPackage
from knnife.things.pictures import Value, picture_bytes
from knnife.things.thing import Scalar
from knnife.threads import cores

Pixels = NDArray[np.uint8]  # (height, width, 3), red green blue, upright
Resampling = Literal["nearest", "box", "bilinear", "bicubic", "lanczos"]
T = TypeVar("T")

MOST_PIXELS: Final = 150_000_000  # in one picture: half a gigabyte when decoded, and three times that meanwhile
LARGE: Final = 32_000_000  # pixels: beyond, one picture is decoded at a time, however many cores there are
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
AVIF_BRANDS: Final = {b"avif", b"avis"}
HEIF_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
MOST_BRANDS: Final = 256  # bytes
OTHERS: Final = (  # how files begin that are taken for pictures
    (b"\0\0\0\x0cjP  ", "it is JPEG 2000 (save it as JPEG or PNG)"),
    (b"\xff\x4f\xff\x51", "it is JPEG 2000 (save it as JPEG or PNG)"),
    (b"\0\0\0\x0cJXL ", "it is JPEG XL (save it as JPEG or PNG)"),
    (b"\xff\x0a", "it is JPEG XL (save it as JPEG or PNG)"),
    (b"8BPS", "it is a document of Photoshop (export it as PNG)"),
    (b"%PDF-", "it is a PDF"),
    (b"%!PS", "it is PostScript"),
    (b"\0\0\1\0", "it is an icon (export it as PNG)"),
    (b"OggS", "it is a sound or a video"),
    (b"ID3", "it is a sound"),
    (b"fLaC", "it is a sound"),
    (b"PK\3\4", "it is a zip archive, or an office document"),
    (b"version https://git-lfs", "it is a pointer of Git LFS (fetch the file itself: git lfs pull)"),
)
ORIENTATION: Final = 0x0112  # the EXIF tag that says how the camera was held
SIDEWAYS: Final = (5, 6, 7, 8)  # values of that tag by which width and height change places
TAKEN: Final = ((0x8769, 0x9003, 0x9011), (0x8769, 0x9004, 0x9012), (None, 0x0132, None))  # block, time, zone
FORMAT_NAMES: Final = {"heif": "heic", "mpo": "jpeg", "ppm": "pnm"}  # as people say instead of what Pillow says
TURNS: Final[dict[int, Callable[[NDArray[Any]], NDArray[Any]]]] = {  # by the value of that tag
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: p.swapaxes(0, 1)[:, ::-1],
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: p.swapaxes(0, 1)[::-1],
}


def pixels(value: Value, side: int | None = None, *, least: int | None = None) -> Pixels:
    """The picture with this path or these bytes: uint8 `(height, width, 3)`, turned as its EXIF data say.

    side: the longer side has at most so many pixels; a smaller picture is not enlarged. What is transparent becomes
    white; of an animated picture it is the first frame; 16 bits and CMYK become 8 bits and RGB.
    least: a JPEG may be decoded at a half, a quarter or an eighth where its shorter side keeps so many pixels.

    Raises BadInput (damaged, empty, of another format, too large), NotFound, MissingPackage (Pillow; pi-heif for HEIC).
    """
    name = "the picture given as bytes" if isinstance(value, bytes | bytearray) else str(value)
    if not isinstance(value, str | bytes | bytearray):
        raise BadInput(f"a picture is a path or bytes, not {type(value).__name__}: {value!r:.60}")
    data = picture_bytes(value) if isinstance(value, str) else bytes(value)
    if not data:
        raise BadInput(f"{name} is empty (0 bytes)")
    with _faults_named(name):
        return _decoded(data, name, side, least)


def each_picture(
    values: Sequence[Value], work: Callable[[Pixels], T], side: int | None = None, *, least: int | None = None
) -> list[T]:
    """What `work` makes of the pixels of each picture, in order; decoded and worked on by all cores.

    Raises BadPictures, naming all that cannot be read, once the others were tried; BadInput for a single picture.
    """
    if isinstance(values, str | bytes | bytearray | os.PathLike) or not isinstance(values, Iterable):
        raise BadInput(f"expected a list of pictures, got {type(values).__name__}; for one of them write [picture]")

    def one(value: Value) -> T | KnnifeError:
        try:
            return work(pixels(value, side, least=least))
        except MissingPackage:
            raise
        except KnnifeError as error:
            return error

    _pillow()  # a missing package is one fault, not one of each picture
    if len(values) == 1:
        done = [one(values[0])]
    else:
        with ThreadPoolExecutor(cores()) as pool:
            done = list(pool.map(one, values))
    faults = {place: str(made) for place, made in enumerate(done) if isinstance(made, KnnifeError)}
    if faults:
        raise BadPictures(faults, len(values))
    return [made for made in done if not isinstance(made, KnnifeError)]


def resized(picture: Pixels, width: int, height: int, how: Resampling = "bicubic") -> Pixels:
    """A picture brought to another size; each pixel of a smaller one is a weighted mean of all that fall into it."""
    pillow = _pillow()
    source = pillow.fromarray(np.ascontiguousarray(picture))
    return np.asarray(source.resize((width, height), pillow.Resampling[how.upper()]))


def jpeg(picture: Pixels, quality: int = 85) -> bytes:
    """A picture `(height, width, 3)` as the bytes of a JPEG file."""
    file = io.BytesIO()
    _pillow().fromarray(np.ascontiguousarray(picture)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def described(data: bytes, name: str) -> dict[str, Scalar]:
    """The metadata in the head of a picture's file: width and height (upright), format, bytes, and when it was taken.

    taken: ISO 8601, with the zone where the camera noted one; left out where it is unknown. Raises as `pixels` does.
    """
    with _faults_named(name), _opened(data, name) as picture:
        (width, height), exif = picture.size, None
        with suppress(Exception):  # damaged EXIF data are no reason to refuse the picture
            exif = picture.getexif()
        if exif and exif.get(ORIENTATION) in SIDEWAYS:
            width, height = height, width
        kind = str(picture.format).lower()
    about: dict[str, Scalar] = {
        "width": width,
        "height": height,
        "format": FORMAT_NAMES.get(kind, kind),
        "bytes": len(data),
    }
    taken = _taken(exif) if exif else None
    return about | ({"taken": taken} if taken else {})


def _taken(exif: Any) -> str | None:
    """When the camera says that it took the picture: the moment of exposure, of scanning, or of the file."""
    for block, time, zone in TAKEN:
        with suppress(Exception):
            tags = exif if block is None else exif.get_ifd(block)
            noted = datetime.strptime(str(tags[time]).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # raises for "0000:00:00 …"
            offset = str(tags.get(zone, "")).strip("\0 ")
            return noted.isoformat() + (offset if _ZONE.fullmatch(offset) else "")
    return None


@contextmanager
def _faults_named(name: str) -> Iterator[None]:
    """Raises BadInput, naming the picture, for whatever a decoder raises at damaged data."""
    try:
        yield
    except KnnifeError:
        raise
    except MemoryError as error:
        raise BadInput(f"{name}: there is not enough memory to decode this picture") from error
    except Exception as error:
        raise BadInput(f"{name} is damaged, or no picture: {error}") from error


def _opened(data: bytes, name: str) -> Any:
    """The picture, of which only the head was read. Raises BadInput for what is none, or too large to be decoded."""
    pillow = _pillow()
    try:
        picture = pillow.open(io.BytesIO(data), formats=[*FORMATS, *_more_formats(data, name)])
    except pillow.DecompressionBombError as error:
        many = re.search(r"\d+", str(error))  # it states its own limit as well, which is not ours
        raise _too_large(name, f"{int(many[0]):,} pixels" if many else str(error)) from error
    except pillow.UnidentifiedImageError as error:
        raise BadInput(f"{name} is no picture that can be read: {_looks_like(data)}; expected {_FORMATS}") from error
    width, height = picture.size
    if width * height > MOST_PIXELS:
        picture.close()
        raise _too_large(name, f"{width:,} x {height:,} pixels")
    return picture


def _decoded(data: bytes, name: str, side: int | None, least: int | None) -> Pixels:
    with _opened(data, name) as picture:
        turn = None
        with suppress(Exception):  # damaged EXIF data are no reason to refuse the picture
            turn = TURNS.get(picture.getexif().get(ORIENTATION, 1))
        if (wanted := least or side) is not None:
            picture.draft("RGB", (wanted, wanted))  # a JPEG may be decoded smaller, but not below that
        with _alone if picture.width * picture.height > LARGE else nullcontext():
            upright = _eight_bits(picture)
            if side is not None and max(upright.size) > side:
                # Pillow's BILINEAR takes in all pixels that fall into one: an average, without moiré
                upright.thumbnail((side, side), _pillow().Resampling.BILINEAR)
            found: Pixels = np.asarray(upright)
    return np.ascontiguousarray(turn(found)) if turn is not None else found


def _eight_bits(picture: Any) -> Any:
    """Any mode of Pillow as RGB, over white where it is transparent."""
    pillow = _pillow()
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        numbers = np.asarray(picture, np.float32)
        top = 65_535.0 if picture.mode != "F" or numbers.max(initial=0) > 255 else 255.0 if numbers.max() > 1 else 1.0
        return pillow.fromarray((np.clip(numbers / top, 0, 1) * 255 + 0.5).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        shown = picture.convert("RGBA")
        white = pillow.new("RGBA", shown.size, (255, 255, 255, 255))
        return pillow.alpha_composite(white, shown).convert("RGB")
    if picture.mode == "RGB":
        picture.load()  # a copy, as `convert` makes one, costs a quarter of decoding
        return picture
    return picture.convert("RGB")


@cache
def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingPackage("pillow", "pictures", "reading pictures") from error
    # Its warning at half the size that it refuses: we have a limit of our own.
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    return Image


def _more_formats(data: bytes, name: str) -> list[str]:
    """The format of data that only some Pillow reads, made ready: HEIC and AVIF."""
    brands = _brands(data)
    if brands & AVIF_BRANDS:
        from PIL import features

        if not features.check("avif"):
            raise MissingPackage(
                "pillow of 11.3 or later, built with AVIF", "pictures", f"{name} is AVIF, and reading it"
            )
        return ["AVIF"]
    if brands & HEIF_BRANDS:
        try:
            import pi_heif
        except ImportError as error:
            raise MissingPackage("pi-heif", "heic", f"{name} is a HEIC picture, and reading it") from error
        pi_heif.register_heif_opener()
        return ["HEIF"]
    return []


def _brands(data: bytes) -> set[bytes]:
    """What a file says it is like, if it is of the family of HEIC, AVIF and videos: the first brand and its others."""
    if not data.startswith(b"ftyp", 4):
        return set()
    end = min(int.from_bytes(data[:4], "big"), MOST_BRANDS)
    return {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}


def _looks_like(data: bytes) -> str:
    head = data[:512].lstrip().lower()
    if head.startswith((b"<svg", b"<?xml")) and b"svg" in data[:4096].lower():
        return "it is SVG, a drawing and no photograph (export it as PNG)"
    if head.startswith((b"<!doctype html", b"<html")):
        return "it is a web page"
    if data.startswith(b"RIFF"):
        return "it is a sound or a video"
    if _brands(data):
        return "it is a video, or a picture of a kind that is not read"
    return next((what for mark, what in OTHERS if data.startswith(mark)), f"it begins with {data[:8]!r}")


def _too_large(name: str, size: str) -> BadInput:
    return BadInput(f"{name} is too large to be decoded safely: {size}; expected at most {MOST_PIXELS:,} pixels")


_alone: Final = Lock()
_ZONE: Final = re.compile(r"[+-]\d\d:\d\d|Z")
_FORMATS: Final = "JPEG, PNG, WebP, GIF, BMP, TIFF, PNM, HEIC or AVIF"
