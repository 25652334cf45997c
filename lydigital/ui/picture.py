"""From the session to pixels: the one line the frame worker runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lydigital.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import SceneLayer
    from lydigital.render.placer import Placer
    from lydigital.session import Session
    from lydigital.ui.overlays import Overlay
    from lydigital.ui.reading import Reader

PATIENCE_S = 0.12  # reading that takes longer is shown as it goes


class Picture:
    """Renders viewports of one session; called from the frame worker only.

    ``reader`` reads layers meanwhile. ``prepared(done, total)`` hears of kernels being compiled at the first start of
    this version of the program. Labels are placed in a thread of their own and ``again`` is called from there when the
    present view should be drawn once more with them. ``dress`` gives a scene what belongs to no map: what changed, the past.
    """

    def __init__(
        self, session: Session, reader: Reader, prepared: Callable[[int, int], None], again: Callable[[], None],
        dress: Callable[[tuple[SceneLayer, ...]], tuple[SceneLayer, ...]] = tuple,
    ) -> None:
        self._session = session
        self._reader = reader
        self._prepared = prepared
        self._fonts: Any = None
        self._was_whole = True
        self._again = again
        self._dress = dress
        self._placer: Placer | None = None
        self.overlays: dict[str, Overlay] = {}  # what is being worked on and belongs to no map, by desk

    def lay(self, desk: str, *layers: SceneLayer, instead_of: tuple[str, ...] = ()) -> None:
        """Lay what a desk has in hand over the map, or take it away again; a new frame has to be asked for.

        Areas of the groups ``instead_of``, which would cover it, are left out meanwhile.
        """
        from lydigital.ui.overlays import Overlay

        rest = {name: over for name, over in self.overlays.items() if name != desk}
        self.overlays = {**rest, desk: Overlay(layers, instead_of)} if layers else rest

    def __call__(self, viewport: Viewport, cancelled: Callable[[], bool]) -> tuple[Any, int, bool]:
        """BGRA pixels ``(h, w, 4) uint8`` of ``viewport``, the number of labels left out, and whether all is on it.

        Raises
        ------
        CancelledError
            When ``cancelled()`` became true on the way.
        """
        from lydigital.render import drawlist, raster

        if self._fonts is None:
            self._prepare()
        scene, is_whole = self._session.scene_so_far(viewport.scale)
        if not is_whole:
            if not self._reader.is_reading:
                self._reader.want(viewport.scale)
            if self._was_whole:
                self._reader.wait(PATIENCE_S)
            scene, is_whole = self._session.scene_so_far(viewport.scale)
        self._was_whole = is_whole
        scene = self._dress(scene)
        overlays = self.overlays
        if overlays:
            from lydigital.ui.overlays import with_overlays

            scene = with_overlays(scene, overlays.values(), {ref.id: ref.group for ref in self._session.document.layers})
        if cancelled():
            raise _stopped()
        drawn = drawlist.build(scene, viewport, self._fonts, placer=self._placer)
        if self._placer is not None and self._placer.is_behind:
            is_whole = False
        if cancelled():
            raise _stopped()
        frame = raster.draw(drawn, bgra=True, fonts=self._fonts, cancelled=cancelled)
        return frame.pixels, drawn.unplaced, is_whole

    def close(self) -> None:
        """End the thread of the labels; nothing is rendered any more."""
        if self._placer is not None:
            self._placer.close()

    def _prepare(self) -> None:
        from lydigital.kernels import jit
        from lydigital.render.painter.fonts import QtFonts
        from lydigital.render.placer import Placer

        if not jit.is_ready():
            jit.prepare(self._prepared)
        self._placer = Placer(self._again)
        self._fonts = QtFonts()


def _stopped() -> CancelledError:
    return CancelledError("The drawing was stopped", hint="A newer picture is on its way.")
