"""How the pages will be: arranged as for every format, painted for the screen, beside the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QImage, QPainter

from lydigital.commands import layout as layouts
from lydigital.errors import LydError
from lydigital.publish import arrange
from lydigital.render.painter.fonts import QtFonts
from lydigital.texts import tr
from lydigital.ui.desk import Desk
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.model.changeset import ChangeSet
    from lydigital.model.layout import Layout
    from lydigital.publish.arrange import Arranged, ArrangedPage, Drawn, Material, PlacedMap
    from lydigital.ui.designer.drawing import Drawing
    from lydigital.ui.jobs import Job
    from lydigital.ui.window import Window

SETTLE_MS = 120
MOST_MAPS = 16  # drawn ones that are kept
MOST_PX = 9_000_000  # of a map on the screen; larger ones are stretched
_HINTS = QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing | QPainter.RenderHint.SmoothPixmapTransform


@dataclass(frozen=True, eq=False)
class Proof:
    """A part of a page as it will be: ``region`` in mm, ``per_mm`` pixels a millimetre."""

    made: Arranged
    page: int
    region: QRectF
    per_mm: float
    image: QImage


class ProofDesk(Desk):
    """``changed`` also tells ``made`` (arranged anew) and ``proof`` (a new picture)."""

    def __init__(self, window: Window, drawing: Drawing) -> None:
        super().__init__(window)
        self.drawing = drawing
        self.made: Arranged | None = None
        self.made_of: Layout | None = None
        self.proof: Proof | None = None
        self.trouble = ""
        self._fonts = QtFonts()
        self._drawn: Drawn = {}
        self._pictures: dict[tuple[int, float], tuple[PlacedMap, QImage]] = {}
        self._wanted: tuple[int, QRectF, float] | None = None
        self._later = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._later.timeout.connect(self._paint)

    def is_current(self) -> bool:
        """Whether what is seen is the layout as it is."""
        return self.made_of is self.drawing.layout and not self.busy and not self._later.isActive() and not self._waiting

    def is_painted(self) -> bool:
        """Whether the picture is of the layout as it is."""
        return self.made_of is self.drawing.layout and self.proof is not None and self.proof.made is self.made

    def document_changed(self, changes: ChangeSet) -> None:
        """Maps drawn before stay as long as only pages changed."""
        if any(not delta.target.startswith("layout/") for delta in changes.deltas) or not changes.deltas:
            self._drawn, self._pictures = {}, {}
        self.arrange()

    def arrange(self) -> None:
        session, drawing, drawn, fonts = self.session, self.drawing, self._drawn, self._fonts
        if not drawing.is_there:
            return

        def work(_job: Job) -> tuple[Layout | None, Arranged | None, str]:
            if not drawing.is_there:
                return None, None, ""
            layout = drawing.layout  # as it is now: it may have waited
            try:
                return layout, arranged(layout, layouts.material_of(session), fonts, drawn), ""
            except LydError as error:
                return layout, None, f"{error} {error.hint_text()}"

        def done(result: tuple[Layout | None, Arranged | None, str]) -> None:
            self.made_of, found, self.trouble = result
            if found is not None:
                self.made = found
                self._forget_old(found)
            self.changed.emit("made")
            self._paint()

        self.start("arrange", tr("Drawing the sheet"), work, done)

    def _forget_old(self, made: Arranged) -> None:
        used = {id(m.picture) for m in made.maps}
        for key in [k for k, (picture, _) in self._drawn.items() if id(picture) not in used]:
            if len(self._drawn) > MOST_MAPS:
                del self._drawn[key]
        kept = {id(picture) for picture, _ in self._drawn.values()}
        self._pictures = {key: value for key, value in self._pictures.items() if key[0] in kept}

    def want(self, page: int, region: QRectF, per_mm: float, *, now: bool = False) -> None:
        """A picture of a part of a page is wanted as soon as the hand rests."""
        wanted = (page, region, per_mm)
        if wanted != self._wanted:
            self._wanted = wanted
            self._later.start(0 if now else SETTLE_MS)

    def _paint(self) -> None:
        if self.made is None or self._wanted is None:
            return

        def work(_job: Job) -> Proof | None:
            made, wanted, pictures = self.made, self._wanted, self._pictures  # as they are now: it may have waited
            if made is None or wanted is None or wanted[0] >= len(made.pages):
                return None
            page, region, per_mm = wanted
            return Proof(made, page, region, per_mm, painted(made.pages[page], made.fonts, region, per_mm, lambda m, dpi: _map_image(pictures, made, m, dpi)))

        def done(proof: Proof | None) -> None:
            if proof is not None:
                self.proof = proof
                self._keep_few(proof.per_mm)
                self.changed.emit("proof")

        self.start("proof", tr("Drawing the sheet"), work, done)

    def _keep_few(self, per_mm: float) -> None:
        """Of each map the pictures of this size and a few others."""
        others = [key for key in self._pictures if abs(key[1] - per_mm * MM_PER_INCH) > 1e-6]
        for key in others[: -2 * MOST_MAPS]:
            del self._pictures[key]

    def write(self, path: str, done: Callable[[Any], None]) -> None:
        """The layout into a file, as the gate lets it through."""

        def work(job: Job) -> Any:
            job.report(0.02, tr("Writing {file}", file=path.replace("\\", "/").rsplit("/", 1)[-1]))
            return self.perform(job, "layout.export", layout=self.drawing.layout_id, path=path)

        self.start("export", tr("Export layout"), work, done)

    def end(self) -> None:
        """Nothing is wanted any more."""
        self._later.stop()
        self.forget_jobs()
        self.window.jobs.failed.disconnect(self._job_failed)
        self.deleteLater()


def arranged(layout: Layout, material: Material, fonts: QtFonts | None = None, drawn: Drawn | None = None) -> Arranged:
    """A layout as it will be; one for a series as the sheet of its first feature. Raises as :func:`arrange.arrange`."""
    driver, values = None, {}
    if layout.atlas is not None:
        from lydigital.publish import atlas, typeset

        table, known = material.table(layout.atlas.layer), material.definition(layout.atlas.layer)
        rows = atlas.rows_of(layout.atlas, table)
        if rows:
            driver = atlas.driver_of(layout.atlas.layer, table, known, int(table.fid[rows[0]]), personal=material.personal)
            if "title" not in layout.values:
                values["title"] = typeset.fill(layout.atlas.name, {f"feature.{name}": value for name, value in driver.values.items()})[0]
    return arrange.arrange(layout, material, driver=driver, values=values, fonts=fonts, drawn=drawn)


def painted(
    page: ArrangedPage, fonts: QtFonts, region: QRectF, per_mm: float, map_image: Callable[[PlacedMap, float], QImage]
) -> QImage:
    """A part of a page as every format has it; maps through the engine of the screen, at most :data:`MOST_PX` of each."""
    from lydigital.publish.furniture import Paper

    image = QImage(max(1, round(region.width() * per_mm)), max(1, round(region.height() * per_mm)), QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.setRenderHints(_HINTS)
    painter.scale(per_mm, per_mm)
    painter.translate(-region.x(), -region.y())
    paper = Paper(painter, fonts)
    for placed in page.placed:
        box = QRectF(placed.box.x, placed.box.y, placed.box.width, placed.box.height)
        if placed.map is not None and box.intersects(region):
            dpi = per_mm * MM_PER_INCH
            most = (MOST_PX / max(box.width() * box.height(), 1e-6)) ** 0.5 * MM_PER_INCH
            found = map_image(placed.map, min(dpi, most))
            if dpi <= most:  # pixel for pixel
                painter.save()
                painter.resetTransform()
                painter.drawImage(round((box.x() - region.x()) * per_mm), round((box.y() - region.y()) * per_mm), found)
                painter.restore()
            else:
                painter.drawImage(box, found)
        for draw in (placed.paint, placed.over):
            if draw is not None:
                draw(paper)
    painter.end()
    return image


def drawn_map(placed: PlacedMap, dpi: float, fonts: QtFonts) -> QImage:
    """A map at a resolution, with the labels it has everywhere."""
    from lydigital.render import raster

    pixels = raster.draw(arrange.at_dpi(placed, dpi), bgra=True, fonts=fonts).pixels
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def _map_image(pictures: dict[tuple[int, float], tuple[PlacedMap, QImage]], made: Arranged, placed: PlacedMap, dpi: float) -> QImage:
    key = (id(placed.picture), round(dpi, 6))
    if key not in pictures:
        pictures[key] = (placed, drawn_map(placed, dpi, made.fonts))
    return pictures[key][1]


