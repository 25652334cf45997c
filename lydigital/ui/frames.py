"""The frame worker: one thread that turns the latest request into pixels, and forgets the ones in between."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from lydigital.errors import CancelledError, LydError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.model.viewport import Viewport

STALE_AFTER_S = (
    0.25  # an outdated frame that has taken this long is given up; a faster one is shown: it moves the map
)


@dataclass(frozen=True, eq=False)
class FrameImage:
    """A true frame: the picture of ``viewport`` and what it cost."""

    image: QImage
    viewport: Viewport
    seconds: float
    unplaced: int = 0
    number: int = 0
    is_whole: bool = True  # else some layers are still being read, or labels placed


class FrameWorker(QObject):
    """Renders in a thread of its own; signals arrive on the main thread.

    ``render(viewport, cancelled)`` returns BGRA pixels ``(h, w, 4) uint8``, the number of labels left out and whether
    all layers and labels are on it; it may take its time and raises ``CancelledError`` once ``cancelled()`` is true.
    """

    framed = Signal(object)  # FrameImage
    failed = Signal(object)  # the error
    busy = Signal(bool)

    def __init__(self, render: Callable[[Viewport, Callable[[], bool]], tuple[Any, int, bool]]) -> None:
        super().__init__()
        self._render = render
        self._wake = threading.Condition()
        self._next: tuple[int, Viewport] | None = None
        self._stop = False
        self._drop = False
        self._number = 0
        self._started = 0.0
        self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
        self._thread.start()

    def request(self, viewport: Viewport, *, drop_current: bool = False) -> int:
        """Ask for a frame of ``viewport``; ``drop_current`` gives up the running one (its content is outdated)."""
        with self._wake:
            self._number += 1
            self._next = (self._number, viewport)
            self._drop = self._drop or drop_current
            self._wake.notify()
            return self._number

    @property
    def latest(self) -> int:
        """Number of the newest request; the frame with it is the present one."""
        return self._number

    def close(self) -> None:
        """End the thread; returns when it is gone."""
        with self._wake:
            self._stop = True
            self._wake.notify()
        self._thread.join(timeout=20)

    def _cancelled(self) -> bool:
        if self._stop or self._drop:
            return True
        return self._next is not None and time.perf_counter() - self._started > STALE_AFTER_S

    def _run(self) -> None:
        was_busy = False
        while True:
            with self._wake:
                if self._next is None and was_busy and not self._stop:
                    was_busy = False
                    self.busy.emit(False)
                while self._next is None and not self._stop:
                    self._wake.wait()
                if self._stop:
                    return
                assert self._next is not None
                number, viewport = self._next
                self._next = None
                self._drop = False
                self._started = time.perf_counter()
            if not was_busy:
                was_busy = True
                self.busy.emit(True)
            self._one(number, viewport)
            with self._wake:
                self._started = 0.0

    def _one(self, number: int, viewport: Viewport) -> None:
        start = time.perf_counter()
        try:
            pixels, unplaced, is_whole = self._render(viewport, self._cancelled)
        except CancelledError:
            return
        except LydError as error:
            self.failed.emit(error)
            return
        except Exception as error:  # noqa: BLE001 - a fault in drawing must not end the thread; the window shows it
            self.failed.emit(error)
            return
        if self._stop:
            return
        self.framed.emit(
            FrameImage(image_of(pixels), viewport, time.perf_counter() - start, unplaced, number, is_whole)
        )


def image_of(pixels: Any) -> QImage:
    """A QImage over BGRA pixels ``(h, w, 4) uint8``; it keeps the array alive."""
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
    image._pixels = pixels  # type: ignore[attr-defined]
    return image
