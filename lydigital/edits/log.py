r"""A file that only grows, of framed records: what was appended is there after a power cut, or is not there at all.

::

    file    LYDJNL\\x01\\n  frame*
    frame   mark u16 | kind u8 | length u32 | sequence u64 | CRC-32 u32 | payload    (little endian)

The checksum is of everything in the frame but itself. Sequence numbers count up by one: order never follows a clock.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lydigital.edits.disk import Disk

MAGIC = b"LYDJNL\x01\n"
_HEAD = struct.Struct("<HBIQ")
_CRC = struct.Struct("<I")
_MARK = 0xA5E7
_OVERHEAD = _HEAD.size + _CRC.size
_PIECE = 1 << 20  # bytes written at once; a frame of an ordinary step is far smaller

Payload: TypeAlias = tuple[int, bytes]
"""Kind and content of a frame to be written."""


class Frame(NamedTuple):
    """One record as it stands at ``start`` of a file."""

    kind: int
    sequence: int
    payload: bytes
    start: int


@dataclass(frozen=True)
class Reading:
    """What a file holds.

    Attributes
    ----------
    size
        Bytes up to the end of the last frame.
    torn
        Bytes after it that are the rest of a frame on its way when the power went.
    damaged
        Whether there are good frames after a bad one: a disk that failed, not a power cut.
    """

    frames: list[Frame]
    size: int
    torn: int = 0
    damaged: bool = False


def read(content: bytes) -> Reading:
    """The frames of a file up to the first that is not whole."""
    if content[: len(MAGIC)] != MAGIC:
        return Reading([], 0, len(content), damaged=len(content) > len(MAGIC))
    frames: list[Frame] = []
    at = len(MAGIC)
    while (frame := _frame(content, at)) is not None:
        if frames and frame.sequence != frames[-1].sequence + 1:
            break
        frames.append(frame)
        at += _OVERHEAD + len(frame.payload)
    rest = len(content) - at
    return Reading(frames, at, rest, damaged=rest > 0 and _goes_on(content, at))


class Log:
    """A log open for appending. Not safe to use from several threads."""

    def __init__(self, disk: Disk, path: Path, handle: int, size: int, sequence: int) -> None:
        self.path = path
        self.size = size
        self._disk = disk
        self._handle = handle
        self._sequence = sequence
        self._doubtful = False

    @classmethod
    def create(
        cls, disk: Disk, path: Path, payloads: Iterable[Payload], *, after: bytes = b"", replaced: Log | None = None
    ) -> Log:  # fmt: skip
        """A new log at ``path`` with ``payloads`` after the frames ``after``; a file there is replaced, in one step.

        ``replaced`` is the log open on that file.

        Raises
        ------
        OSError
            When it cannot be written; what stood at ``path`` still does.
        """
        temporary = path.with_name(path.name + ".new")
        handle = disk.create(temporary)
        log = cls(disk, temporary, handle, 0, 0)
        try:
            if after:
                log._sequence = read(after).frames[-1].sequence + 1
            log._write(_pieces(_chain(after or MAGIC, payloads, log)))
            disk.sync(handle)
        except BaseException:
            disk.close(handle)
            with contextlib.suppress(OSError):
                disk.remove(temporary)
            raise
        disk.close(handle)
        is_new = path.name not in disk.names(path.parent)
        try:
            if replaced is not None and os.name == "nt":  # Windows renames nothing over an open file
                replaced.close()
            disk.rename(temporary, path)
            disk.sync_folder(path.parent)
            log._handle = disk.open(path)
        except OSError:
            with contextlib.suppress(OSError):
                disk.remove(path if is_new else temporary)
                if replaced is not None and replaced._handle < 0:
                    replaced._handle = disk.open(path)
            raise
        log.path = path
        return log

    def append(self, payloads: Iterable[Payload]) -> bool:
        """Write frames and wait until the disk has them: one write where they are small.

        Returns
        -------
        bool
            Whether the file had to be made anew because it was gone.

        Raises
        ------
        OSError
            When they could not be written; the log is as before then.
        """
        gone = not self._disk.is_there(self._handle, self.path)
        if self._doubtful or gone:
            self._renew()
        size, sequence = self.size, self._sequence
        try:
            self._write(_pieces(_chain(b"", payloads, self)))
            self._doubtful = True  # what a failed sync leaves on the disk, nobody knows
            self._disk.sync(self._handle)
            self._doubtful = False
            if not self._disk.is_there(self._handle, self.path):
                gone = True
                self._renew()
        except BaseException:
            try:
                self.take_back(size, sequence)
            except OSError:
                self._doubtful = True
            raise
        return gone

    def take_back(self, size: int, sequence: int) -> None:
        """Forget what was appended after :attr:`size` and :attr:`sequence` were these."""
        self.size, self._sequence = size, sequence
        self._disk.truncate(self._handle, size)

    @property
    def sequence(self) -> int:
        """Number of the next frame."""
        return self._sequence

    def close(self) -> None:
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                self._disk.close(self._handle)
            self._handle = -1

    def _write(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            rest = piece
            while rest:
                written = self._disk.write(self._handle, rest)
                rest = rest[written:]
            self.size += len(piece)

    def _renew(self) -> None:
        """Write the file anew: it was removed behind our back, or the disk failed and may have lost part of it."""
        content = self._disk.read_back(self._handle, self.size)
        found = read(content)
        if found.size != self.size:
            raise OSError(5, "The journal on the disk is damaged")
        self._disk.make_folder(self.path.parent)
        other = Log.create(self._disk, self.path, (), after=content, replaced=self)
        self.close()
        self._handle, self._doubtful = other._handle, False


def _chain(first: bytes, payloads: Iterable[Payload], log: Log) -> Iterable[bytes]:
    if first:
        yield first
    for kind, payload in payloads:
        head = _HEAD.pack(_MARK, kind, len(payload), log._sequence)
        log._sequence += 1
        yield head + _CRC.pack(zlib.crc32(payload, zlib.crc32(head))) + payload


def _pieces(parts: Iterable[bytes]) -> Iterable[bytes]:
    """Small parts together, so that an ordinary record is one write, large ones without a copy of all."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _frame(content: bytes, at: int) -> Frame | None:
    if len(content) - at < _OVERHEAD:
        return None
    mark, kind, length, sequence = _HEAD.unpack_from(content, at)
    start = at + _OVERHEAD
    if mark != _MARK or length > len(content) - start:
        return None
    payload = content[start : start + length]
    crc = zlib.crc32(payload, zlib.crc32(content[at : at + _HEAD.size]))
    return Frame(kind, sequence, payload, at) if _CRC.unpack_from(content, at + _HEAD.size)[0] == crc else None


def _goes_on(content: bytes, at: int) -> bool:
    """Whether any whole frame stands after ``at``."""
    mark = _MARK.to_bytes(2, "little")
    found = content.find(mark, at + 1)
    while found >= 0:
        if _frame(content, found) is not None:
            return True
        found = content.find(mark, found + 1)
    return False
