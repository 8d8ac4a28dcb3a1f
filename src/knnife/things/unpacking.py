"""Packed files, seen through by how they begin: gzip, bzip2, xz, and zstd where Python reads it.

What could be unpacked is handed out before damage is reported, however small the file is. No memory is promised to a
file that asks for too much of it.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from typing import Any, Final, cast

from knnife.errors import BadInput

BUFFER: Final = 1 << 17
PACKED: Final = (".gz", ".bz2", ".xz", ".zst")  # endings that say nothing about what is inside
MOST_MEMORY: Final = 128 << 20  # bytes that an xz file may ask for; `xz -9` needs half of it

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_LONGEST_MARK: Final = 10
_GZIP_DAMAGE: Final = (EOFError, zlib.error, gzip.BadGzipFile)


class Damaged(Exception):
    """Packed data end too early, or are damaged. What came before was handed out."""


def unpacked(stream: io.BufferedReader, name: str) -> io.BufferedReader:
    """What a stream holds, unpacked where it is packed. Reading it raises Damaged.

    Raises BadInput where it is packed in a way that this Python does not know.
    """
    head = stream.peek(_LONGEST_MARK)
    if head.startswith(_GZIP):
        return _buffered(_Gzip(stream))
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        from bz2 import BZ2Decompressor

        return _buffered(_Streams(stream, BZ2Decompressor))
    if head.startswith(b"\xfd7zXZ\0"):
        from lzma import FORMAT_XZ, LZMADecompressor

        return _buffered(_Streams(stream, lambda: LZMADecompressor(FORMAT_XZ, memlimit=MOST_MEMORY)))
    if head.startswith(_ZSTD):
        return _buffered(_Streams(stream, _zstd(name)))
    return stream


def _zstd(name: str) -> Callable[[], Any]:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # from Python 3.14 on
    except ImportError as error:
        raise BadInput(f"{name} is packed by zstd, which Python reads from 3.14 on: unpack it (unzstd)") from error
    made: Callable[[], Any] = zstd.ZstdDecompressor
    return made


def _buffered(raw: io.RawIOBase) -> io.BufferedReader:
    return io.BufferedReader(raw, BUFFER)


class _Unpacked(io.RawIOBase):
    """Reads as much as there is at once, so that nobody loses it when the next reading fails."""

    def __init__(self) -> None:
        super().__init__()
        self._damage: Damaged | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """As of any raw stream. Raises Damaged, and again whenever it is asked."""
        if self._damage is not None:
            raise self._damage
        try:
            data = self._read(len(buffer))
        except Damaged as error:
            self._damage = error
            raise
        buffer[: len(data)] = data
        return len(data)

    def _read(self, size: int) -> bytes:
        raise NotImplementedError


class _Gzip(_Unpacked):
    def __init__(self, packed: io.BufferedReader) -> None:
        super().__init__()
        self._file = gzip.GzipFile(fileobj=cast(Any, packed))

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read1(size)
        except _GZIP_DAMAGE as error:
            raise Damaged(str(error)) from error


class _Streams(_Unpacked):
    """Packed streams one after another, each unpacked by an object as those of bz2 and lzma are."""

    def __init__(self, packed: io.BufferedReader, new: Callable[[], Any]) -> None:
        super().__init__()
        self._packed, self._new = packed, new
        self._unpacker = new()

    def _read(self, size: int) -> bytes:
        while True:
            data = self._more()
            if data is None:
                return b""
            try:
                found: bytes = self._unpacker.decompress(data, size)
            except MemoryError:
                raise
            except Exception as error:  # OSError of bz2, LZMAError, ZstdError, EOFError
                raise Damaged(str(error)) from error
            if found:
                return found

    def _more(self) -> bytes | None:
        """What is unpacked next; None at the end of the file."""
        if self._unpacker.eof:
            rest = self._unpacker.unused_data.lstrip(b"\0") or self._packed.read1(BUFFER).lstrip(b"\0")
            self._unpacker = self._new() if rest else self._unpacker
            return rest or None
        if not self._unpacker.needs_input:
            return b""
        data = self._packed.read1(BUFFER)
        if not data:
            raise Damaged("the file ends before the packed data do")
        return data
