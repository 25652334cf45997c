"""The few things a journal asks of the disk, in one place, so that a test can let each of them fail."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Lock(Protocol):
    """Held until it is closed, or the program ends in whatever way."""

    def close(self) -> None: ...


class Disk(Protocol):
    """Raises OSError for whatever the disk refuses."""

    def make_folder(self, folder: Path) -> None: ...

    def names(self, folder: Path) -> list[str]:
        """Files in a folder, none where there is no folder."""
        ...

    def read(self, path: Path) -> bytes: ...

    def create(self, path: Path) -> int:
        """A handle of a new, empty file, or of an old one made empty."""
        ...

    def open(self, path: Path) -> int:
        """A handle that reads, and writes at the end."""
        ...

    def write(self, handle: int, content: bytes) -> int:
        """Write some of ``content``, at the end; returns how much."""
        ...

    def sync(self, handle: int) -> None:
        """What was written outlasts a power cut."""
        ...

    def read_back(self, handle: int, size: int) -> bytes:
        """The first ``size`` bytes of an open file, even when its name is gone."""
        ...

    def truncate(self, handle: int, size: int) -> None: ...

    def is_there(self, handle: int, path: Path) -> bool:
        """Whether ``path`` still is the open file."""
        ...

    def close(self, handle: int) -> None: ...

    def rename(self, old: Path, new: Path) -> None:
        """Replaces ``new``, as one step."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Names made, changed and removed outlast a power cut."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file; nothing happens when it is not there."""
        ...

    def reserve(self, path: Path, size: int) -> None:
        """Make a file that takes ``size`` bytes of the disk."""
        ...

    def lock(self, path: Path) -> Lock | None:
        """Hold ``path``, made when needed; None when another program holds it."""
        ...


class RealDisk:
    """The computer's own."""

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    def names(self, folder: Path) -> list[str]:
        try:
            return [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            return []

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def create(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | _BINARY, 0o600)

    def open(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_APPEND | _BINARY)

    def write(self, handle: int, content: bytes) -> int:
        return os.write(handle, content)

    def sync(self, handle: int) -> None:
        os.fsync(handle)

    def read_back(self, handle: int, size: int) -> bytes:
        os.lseek(handle, 0, os.SEEK_SET)
        parts: list[bytes] = []
        while size and (part := os.read(handle, size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def truncate(self, handle: int, size: int) -> None:
        os.ftruncate(handle, size)

    def is_there(self, handle: int, path: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), os.stat(path))  # noqa: PTH116 - half the time of Path.stat
        except OSError:
            return False

    def close(self, handle: int) -> None:
        os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        old.replace(new)

    def sync_folder(self, folder: Path) -> None:
        if os.name != "posix":  # other systems write names down by themselves and open no folders
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def reserve(self, path: Path, size: int) -> None:
        handle = self.create(path)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, size)
            else:
                os.write(handle, bytes(size))
                os.fsync(handle)
        finally:
            os.close(handle)

    def lock(self, path: Path) -> Lock | None:
        file = path.open("ab")
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with suppress(OSError):
                file.close()
            return None
        return file


_BINARY = getattr(os, "O_BINARY", 0)
DISK = RealDisk()
