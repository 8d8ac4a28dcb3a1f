"""Pictures as values: where the bytes of one are, and what it is known by.

The value of a picture is its path, or its bytes as they stand in a file. A path may lead into an archive:
"photos.zip/summer/beach.jpg". `PicturePath` is a path that also knows what lies behind it, so that a space sees
when the picture has changed though its name has not.
"""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import Final, Self

from knnife.errors import BadInput

ENDINGS: Final = frozenset(
    [
        ".bmp",
        ".gif",
        ".heic",
        ".heif",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    ]
)
ARCHIVE: Final = ".zip"
LARGEST: Final = 512 << 20  # bytes of one picture's file
SHOWN: Final = 200  # characters of a path in an error: it may be a text that was taken for one

Value = str | bytes


class PicturePath(str):
    """The path of a picture, and the hash of what lies there (`content`, 16 bytes)."""

    content: bytes

    def __new__(cls, path: str, content: bytes) -> Self:
        """A path, and the hash of what lies there."""
        made = super().__new__(cls, path)
        made.content = content
        return made

    def __getnewargs__(self) -> tuple[str, bytes]:  # type: ignore[override]  # so that it can be copied and pickled
        return str(self), self.content

    @classmethod
    def of(cls, path: str, data: bytes) -> Self:
        """A path behind which `data` lies."""
        return cls(path, content(data))


def content(value: Value) -> bytes:
    """The hash of the bytes of a picture, 16 bytes; equal for equal files, wherever they lie."""
    if isinstance(value, PicturePath):
        return value.content
    data = picture_bytes(value) if isinstance(value, str) else value
    return blake2b(data, digest_size=16, person=b"picture").digest()


def is_picture(name: str) -> bool:
    """Is this the name of a picture, by its ending?"""
    return os.path.splitext(name)[1].lower() in ENDINGS


def picture_bytes(path: str) -> bytes:
    """What is in the file of a picture, which may lie in a zip archive ("photos.zip/beach.jpg").

    Raises NotFound where there is none, BadInput where it cannot be read, is empty, or is larger than 512 MB.
    """
    shown = path if len(path) <= SHOWN else f"{path[:SHOWN]}…"
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)  # to open a pipe would wait for whoever writes into it
        data = Path(path).read_bytes() if is_file and os.path.getsize(path) <= LARGEST else None
    except (FileNotFoundError, NotADirectoryError):
        from knnife.things.archives import archived  # costs as much to import as all of this

        is_file, data = True, archived(path, shown)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise BadInput(f"{shown!r} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not is_file:
        raise BadInput(f"{shown} is no file; expected a picture")
    if data is not None and not data:
        raise BadInput(f"{shown} is empty (0 bytes); expected a picture")
    if data is None:
        raise BadInput(f"{shown} has more than {LARGEST >> 20} MB; expected a picture")
    return data
