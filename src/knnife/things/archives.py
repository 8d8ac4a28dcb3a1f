"""Pictures in zip archives: which there are, and the bytes of one. Nothing is unpacked."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock

from knnife.errors import BadInput, NotFound
from knnife.things.pictures import ARCHIVE, LARGEST, is_picture


def members(archive: str) -> tuple[list[str], int]:
    """The paths of the pictures in a zip archive, sorted, and the number of other files in it.

    Hidden files, and what macOS packs beside files, are left out. Raises BadInput where it is no archive.
    """
    with _broken_archive(archive):
        names = [each.filename for each in _Archive.at(archive).zip.infolist() if not each.is_dir()]
    plain = {name for name in names if not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))}
    found = sorted(f"{archive}/{name}" for name in plain if is_picture(name) and not name.startswith("/"))
    return found, len(plain) - len(found)


def archived(path: str, shown: str) -> bytes:
    """The bytes of a member of the archive that a path leads into."""
    for parent in Path(path).parents:
        if parent.suffix.lower() == ARCHIVE and parent.is_file():
            break
    else:
        raise NotFound(f"no such picture: {shown}")
    member = Path(path).relative_to(parent).as_posix()
    with _broken_archive(shown):
        data = _Archive.at(str(parent)).read(member)
    if data is None:
        raise NotFound(f"no such picture: {member} is not in {parent}")
    return data


class _Archive:
    """A zip archive that stays open: to open one means to read its whole list of contents."""

    def __init__(self, path: str) -> None:
        self.zip = zipfile.ZipFile(path)
        self._lock = Lock()

    @staticmethod
    def at(path: str) -> _Archive:
        """The archive at a path, as it is now."""
        status = os.stat(path)
        return _archive(path, status.st_mtime_ns, status.st_size, status.st_ino)

    def read(self, member: str) -> bytes | None:
        """The bytes of a member; None where there is none. What is too large by its own account is not unpacked."""
        with self._lock, suppress(KeyError):
            known = self.zip.getinfo(member)
            if known.file_size > LARGEST:
                raise ValueError(f"it has more than {LARGEST >> 20} MB; expected a picture")
            return self.zip.read(known)  # which never gives more than the size it tells
        return None


@lru_cache(maxsize=4)
def _archive(path: str, *_: int) -> _Archive:
    return _Archive(path)


@contextmanager
def _broken_archive(path: str) -> Iterator[None]:
    """Raises BadInput for whatever is wrong with an archive, or with the member that a path leads to."""
    try:
        yield
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        raise BadInput(f"{path} cannot be read out of a zip archive: {error}") from error
