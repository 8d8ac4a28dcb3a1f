"""Pictures as values: where the bytes of one are, and what it is known by.

The value of a picture is its path, or its bytes as they stand in a file. A path may lead into an archive:
"photos.zip/summer/beach.jpg". `PicturePath` is a path that also knows what lies behind it, so that a space sees
when the picture has changed though its name has not.
"""

from __future__ import annotations

import os
import zipfile
from hashlib import blake2b
from pathlib import Path
from typing import Final, Self

from knnife.errors import BadInput, NotFound

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

Value = str | bytes


class PicturePath(str):
    """The path of a picture, and the hash of what lies there (`content`, 16 bytes)."""

    content: bytes

    @classmethod
    def of(cls, path: str, data: bytes) -> Self:
        """A path behind which `data` lies."""
        made = cls(path)
        made.content = blake2b(data, digest_size=16, person=b"picture").digest()
        return made


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
    if "\0" in path:
        raise BadInput(f"{path!r}: a path holds no NUL characters")
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        data = _archived(path)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not data:
        raise BadInput(f"{path} is empty (0 bytes); expected a picture")
    if len(data) > LARGEST:
        raise BadInput(f"{path} has more than {LARGEST >> 20} MB; expected a picture")
    return data


def _archived(path: str) -> bytes:
    """The bytes of a member of the archive that a path leads into."""
    for parent in Path(path).parents:
        if parent.suffix.lower() == ARCHIVE and parent.is_file():
            break
    else:
        raise NotFound(f"no such picture: {path}")
    member = Path(path).relative_to(parent).as_posix()
    try:
        with zipfile.ZipFile(parent) as archive, archive.open(member) as file:
            return file.read(LARGEST + 1)
    except KeyError as error:
        raise NotFound(f"no such picture: {member} is not in {parent}") from error
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        raise BadInput(f"{path} cannot be read out of the archive: {error}") from error
