"""From the session to pixels: the one line the frame worker runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from lydigital.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.model.viewport import Viewport
    from lydigital.session import Session

READING_SHOWN_FROM = 3  # layers to read at once before the reading is worth a progress bar


class Picture:
    """Renders viewports of one session; called from the frame worker only.

    ``prepared(done, total)`` hears of kernels being compiled at the first start of this version of the program.
    """

    def __init__(self, session: Session, prepared: Callable[[int, int], None]) -> None:
        self._session = session
        self._prepared = prepared
        self._fonts: Any = None
        self._lock = threading.Lock()

    def __call__(self, viewport: Viewport, cancelled: Callable[[], bool]) -> tuple[Any, int]:
        """BGRA pixels ``(h, w, 4) uint8`` of ``viewport``, and the number of labels left out.

        Raises
        ------
        CancelledError
            When ``cancelled()`` became true on the way.
        """
        from lydigital.render import drawlist, raster

        if self._fonts is None:
            self._prepare()
        scene = self._session.scene(viewport.scale)
        if cancelled():
            raise _stopped()
        drawn = drawlist.build(scene, viewport, self._fonts)
        if cancelled():
            raise _stopped()
        frame = raster.draw(drawn, bgra=True, fonts=self._fonts, cancelled=cancelled)
        return frame.pixels, drawn.unplaced

    def _prepare(self) -> None:
        from lydigital.kernels import jit
        from lydigital.render.painter.fonts import QtFonts

        if not jit.is_warm():
            jit.warm_up(self._prepared)
        self._fonts = QtFonts()


def _stopped() -> CancelledError:
    return CancelledError("The drawing was stopped", hint="A newer picture is on its way.")
