"""Files that may be packed, opened as streams of bytes: .gz and .zst. Half an archive is an error, wherever it ends."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO

FAULTS = (gzip.BadGzipFile, zlib.error, EOFError)
"""What reading a broken archive raises."""


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked where its name says that it is packed."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]  # rb gives bytes
    if path.suffix.lower() == ".zst":
        return io.BufferedReader(_Zstandard(path), 1 << 16)
    return path.open("rb")


class _Zstandard(io.RawIOBase):
    """The bytes of all frames of a .zst file; the library's own reader takes a cut frame for the end."""

    def __init__(self, path: Path):
        import zstandard

        self._file, self._fault = path.open("rb"), zstandard.ZstdError
        self._new = zstandard.ZstdDecompressor().decompressobj
        self._frame: Any = None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if not (block := self._file.read(1 << 16)):
                if self._frame is not None:
                    raise EOFError("it ends within a frame")
                return 0
            self._ready = self._unpacked(block)
        n = min(len(buffer), len(self._ready))
        buffer[:n], self._ready = self._ready[:n], self._ready[n:]
        return n

    def _unpacked(self, block: bytes) -> bytes:
        found = b""
        while block:
            self._frame = self._frame or self._new()
            try:
                found += self._frame.decompress(block)
            except self._fault as error:
                raise EOFError(str(error)) from error
            block = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        return found

    def close(self) -> None:
        self._file.close()
        super().close()
