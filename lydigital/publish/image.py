"""Pictures as files, without Qt: PNG with its resolution (W3C PNG, third edition)."""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from lydigital import paths
from lydigital.errors import StoreUnavailableError
from lydigital.kernels import png
from lydigital.units import MM_PER_INCH, SCREEN_DPI

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVEL = 2  # of zlib: maps are flat colours, higher levels cost much and save little
_STRIP_BYTES = 2 << 20  # rows are filtered and compressed in strips of about this size, several at a time


def encode_png(rgb: NDArray[np.uint8], dpi: float = SCREEN_DPI) -> bytes:
    """PNG of ``rgb`` ``(height, width, 3) uint8``, 8 bits a channel, opaque, with its physical resolution."""
    height, width, _ = rgb.shape
    lines = np.empty((height, 1 + width * 3), np.uint8)
    px_per_m = round(dpi / MM_PER_INCH * 1000)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    physical = struct.pack(">IIB", px_per_m, px_per_m, 1)
    return b"".join(
        (_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"sRGB", b"\0"), _chunk(b"pHYs", physical),
         _chunk(b"IDAT", _compress(lines, rgb)), _chunk(b"IEND", b""))
    )  # fmt: skip


class PngStream:
    """A PNG written some rows at a time: what is written is forgotten, so that the size of the picture does not matter."""

    def __init__(self, file: BinaryIO, width: int, height: int, dpi: float = SCREEN_DPI) -> None:
        self._file, self._left, self._adler = file, height, 1
        px_per_m = round(dpi / MM_PER_INCH * 1000)
        file.write(_SIGNATURE + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + _chunk(b"sRGB", b"\0"))
        file.write(_chunk(b"pHYs", struct.pack(">IIB", px_per_m, px_per_m, 1)) + _chunk(b"IDAT", b"\x78\x5e"))

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """The next rows, ``(rows, width, 3) uint8``."""
        rows, width, _ = rgb.shape
        lines = np.empty((rows, 1 + width * 3), np.uint8)
        step = max(1, _STRIP_BYTES // lines.shape[1])
        self._left -= rows

        def strip(row: int) -> bytes:
            last = self._left == 0 and row + step >= rows
            png.filtered(lines, rgb, row, min(row + step, rows))
            return _strip(lines[row : row + step].reshape(-1).data, last=last)

        packed = b"".join(_parallel(strip, range(0, rows, step)))
        self._adler = zlib.adler32(lines.reshape(-1).data, self._adler)
        end = struct.pack(">I", self._adler) if self._left == 0 else b""
        self._file.write(_chunk(b"IDAT", packed + end))
        if self._left == 0:
            self._file.write(_chunk(b"IEND", b""))


def write_png(path: Path, rgb: NDArray[np.uint8], dpi: float = SCREEN_DPI) -> None:
    """Write ``rgb`` ``(height, width, 3) uint8`` as one step.

    Raises
    ------
    StoreUnavailableError
        When the folder is missing or may not be written.
    """
    write(path, encode_png(rgb, dpi))


def write(path: Path, content: bytes) -> None:
    """Write a file as one step.

    Raises
    ------
    StoreUnavailableError
        When the folder is missing or may not be written.
    """
    try:
        paths.write_atomically(path, content)
    except FileNotFoundError as error:
        raise StoreUnavailableError(
            "The folder {path} does not exist",
            hint="Make the folder or name another one.",
            path=str(path.parent),
        ) from error
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check folder, permission and free space, or choose another place.",
            path=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _compress(lines: NDArray[np.uint8], rgb: NDArray[np.uint8]) -> bytes:
    """One zlib stream of filtered rows, deflated by several threads."""
    rows = max(1, _STRIP_BYTES // lines.shape[1])

    def strip(row: int) -> bytes:
        last = row + rows >= len(lines)
        png.filtered(lines, rgb, row, min(row + rows, len(lines)))
        return _strip(lines[row : row + rows].reshape(-1).data, last=last)

    strips = _parallel(strip, range(0, len(lines), rows))
    return _zlib(strips, lines.reshape(-1).data)


def deflate(data: bytes) -> bytes:
    """``data`` as one zlib stream, compressed by several threads (zlib releases the interpreter)."""
    view = memoryview(data)
    starts = range(0, max(1, len(data)), _STRIP_BYTES)
    strips = _parallel(lambda at: _strip(view[at : at + _STRIP_BYTES], last=at + _STRIP_BYTES >= len(data)), starts)
    return _zlib(strips, view)


def _parallel(work: Callable[[int], bytes], starts: range) -> list[bytes]:
    with ThreadPoolExecutor(max_workers=2) as workers:
        return list(workers.map(work, starts))


def _zlib(strips: list[bytes], data: memoryview) -> bytes:
    return b"".join((b"\x78\x5e", *strips, struct.pack(">I", zlib.adler32(data))))


def _strip(data: memoryview, *, last: bool) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    body = packer.compress(data)
    return body + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
