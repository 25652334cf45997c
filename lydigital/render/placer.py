"""Labels that may lag behind: geometry is drawn at once, labels follow when their places are found."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from lydigital.render import labels
from lydigital.render.lettered import LabelSet, MissingSet, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import Fonts, SceneLayer
    from lydigital.render.lettered import Solution

_PATIENCE_S = 0.012  # a picture waits that long for its own labels
_HOPELESS = 3.0  # but not when the ones before took so many times that long
_MOST_ZOOM = 4.0  # labels of a scale farther away are not shown in their stead


class Placer:
    """Places labels in a thread of its own; the latest request wins.

    ``ready`` is called from that thread when labels were placed that a picture did not wait for: the picture should be
    drawn again. Used by one frame worker at a time.

    Attributes
    ----------
    is_behind
        Whether the labels of the last picture were not its own.
    """

    def __init__(self, ready: Callable[[], None], patience_s: float = _PATIENCE_S) -> None:
        self._ready = ready
        self._patience = patience_s
        self._wake = threading.Condition()
        self._next: tuple[Sequence[SceneLayer], Viewport, Fonts] | None = None
        self._last: Solution | None = None
        self._error: Exception | None = None
        self._cost = 0.0  # seconds of the last placing
        self.is_behind = False
        self._asked = self._done = 0
        self._missed = False
        self._stop = False
        self._thread: threading.Thread | None = None

    def place(self, scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts) -> tuple[LabelSet, MissingSet]:
        """The labels of ``viewport``, or for now the latest ones, moved along with what they name."""
        solution = labels.known(scene, viewport, fonts) or self._ask(scene, viewport, fonts)
        margin = labels.margin(viewport)
        self.is_behind = solution is None
        if solution is not None:
            return solution.seen(viewport, margin)
        return self._stand_in(viewport).seen(viewport, margin, {la.id for la in scene if la.labels})

    def close(self) -> None:
        with self._wake:
            self._stop = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=20)

    def _ask(self, scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts) -> Solution | None:
        with self._wake:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="labels", daemon=True)
                self._thread.start()
            self._asked += 1
            mine = self._asked
            self._next = (scene, viewport, fonts)
            self._missed = False
            self._wake.notify_all()
            patience = self._patience if self._cost < _HOPELESS * self._patience else 0.0
            if self._wake.wait_for(lambda: self._done >= mine or self._stop, patience) and self._last is not None:
                return self._last
            self._missed = True
            return None

    def _stand_in(self, viewport: Viewport) -> Solution:
        with self._wake:
            last = self._last
        if last is not None and last.view.crs == viewport.crs and last.view.dpi == viewport.dpi:
            ratio = last.view.units_per_px / viewport.units_per_px
            if 1 / _MOST_ZOOM < ratio < _MOST_ZOOM:
                return last
        return joined(viewport, [])

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._next is not None or self._stop)
                if self._stop or self._next is None:
                    return
                (scene, viewport, fonts), number = self._next, self._asked
                self._next = None
            start = time.perf_counter()
            try:  # the same may have been asked for again while it was worked out
                solution = labels.known(scene, viewport, fonts) or labels.solve(scene, viewport, fonts)
            except Exception as error:  # noqa: BLE001 - told to the next picture, as an error of its own
                with self._wake:
                    self._error, self._done = error, number
                    self._wake.notify_all()
                self._ready()
                continue
            with self._wake:
                self._last = solution
                self._cost = time.perf_counter() - start
                self._done = number
                self._wake.notify_all()
                missed, self._missed = self._missed, False
            if missed:
                self._ready()
