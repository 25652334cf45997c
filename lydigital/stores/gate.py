"""Turns at one file within this program: many may read, or one may write.

SQLite locks a file against other programs. Within one program that is not enough on POSIX: closing any handle of a file
(by GDAL with its own SQLite, or by looking at the header) drops all locks the process holds on it, the writer's too. So
whoever reads holds the gate as a reader, whoever writes holds it alone.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Gate:
    """One file. A thread may enter again; writers waiting go before new readers."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._readers = 0
        self._waiting = 0
        self._writer: int | None = None
        self._mine = threading.local()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        me = threading.get_ident()
        depth = getattr(self._mine, "depth", 0)
        enters = not depth and self._writer != me
        if enters:
            with self._free:
                self._free.wait_for(lambda: self._writer is None and not self._waiting)
                self._readers += 1
        self._mine.depth = depth + 1
        try:
            yield
        finally:
            self._mine.depth = depth
            if enters:
                with self._free:
                    self._readers -= 1
                    self._free.notify_all()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Alone at the file; a thread that reads may not ask for it."""
        assert not getattr(self._mine, "depth", 0)
        me = threading.get_ident()
        outer = self._writer == me
        if not outer:
            with self._free:
                self._waiting += 1
                try:
                    self._free.wait_for(lambda: self._writer is None and not self._readers)
                finally:
                    self._waiting -= 1
                self._writer = me
        try:
            yield
        finally:
            if not outer:
                with self._free:
                    self._writer = None
                    self._free.notify_all()


_gates: dict[Path, Gate] = {}
_lock = threading.Lock()


def of(path: Path) -> Gate:
    """The gate of the file ``path`` leads to."""
    real = path.resolve()
    with _lock:
        return _gates.setdefault(real, Gate())
