"""Layouts of the map and templates as pictures, to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QPushButton, QScrollArea, QSizePolicy, QToolButton, QWidget

from lydigital.commands import layout as layouts
from lydigital.errors import LydError
from lydigital.model.layout import Layout, MapItem
from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.designer.proof import arranged, drawn_map, painted
from lydigital.ui.desk import Desk
from lydigital.ui.panels.publishparts import paint_sheet
from lydigital.ui.widgets import Elided, column, label, row

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from lydigital.publish.arrange import Material
    from lydigital.ui.jobs import Job
    from lydigital.ui.window import Window

TILE = QSize(248, 226)
PICTURE_PX = 420  # longer side


@dataclass(frozen=True)
class Offer:
    """Something to begin with: a layout of the map, or a template."""

    id: str
    layout: Layout
    is_own: bool
    is_shipped: bool = False


def offers(window: Window) -> list[Offer]:
    """Layouts of the map, then templates; one that cannot be read is left out and said."""
    found = [Offer(made.id, made, is_own=True) for made in window.session.document.layouts if made.frame is None]
    office = layouts.folders()[0]
    for name, path in layouts.templates().items():
        try:
            found.append(Offer(name, layouts.template(name), is_own=False, is_shipped=path.parent != office))
        except LydError as error:
            window.failed(error)
    return found


class _Tile(QToolButton):
    """A page with its name below."""

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self.offer = offer
        self.image: QImage | None = None
        self.setObjectName("tile")
        self.setFixedSize(TILE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(offer.layout.name)
        self.setToolTip(offer.layout.note or offer.layout.name)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        t = theme.current()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        is_over = self.underMouse() or self.hasFocus()
        painter.setPen(QPen(t.color("accent" if is_over else "line"), 1.4 if is_over else 1))
        painter.setBrush(t.color("surface"))
        painter.drawRoundedRect(box, 9, 9)
        room = QRectF(12, 12, self.width() - 24, self.height() - 66)
        if self.image is not None:
            paint_sheet(painter, self.image, room, self.devicePixelRatioF())
        else:
            page = self.offer.layout.pages[0]
            scale = min(room.width() / page.width, room.height() / page.height)
            sheet = QRectF(0, 0, page.width * scale, page.height * scale)
            sheet.moveCenter(room.center())
            painter.setPen(QPen(t.color("line_strong"), 1))
            painter.setBrush(t.color("sunken"))
            painter.drawRect(sheet)
            icons.draw(painter, "map-outline", QRectF(sheet.center().x() - 12, sheet.center().y() - 12, 24, 24), t.color("line_strong"))
        painter.setPen(t.color("ink"))
        painter.setFont(theme.font(theme.FONT_PX, theme.font().Weight.DemiBold))
        line = QRectF(12, self.height() - 48, self.width() - 24, 20)
        left = int((Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value)
        painter.drawText(line, left, painter.fontMetrics().elidedText(self.offer.layout.name, Qt.TextElideMode.ElideRight, int(line.width())))
        painter.setPen(t.color("ink_faint"))
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.drawText(line.translated(0, 20), left, self._words())

    def _words(self) -> str:
        page, count = self.offer.layout.pages[0], len(self.offer.layout.pages)
        size = f"{page.width:g} × {page.height:g} mm"
        return f"{size} · {tr('{count} pages', count=count)}" if count > 1 else size


class Gallery(QWidget):
    """``chosen`` tells the id of a layout of the map that is to be opened; a template is made one first."""

    chosen = Signal(str)
    closed = Signal()

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window_ = window
        self.setObjectName("body")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk = Desk(window)
        self.tiles: list[_Tile] = []
        outer = column(self)
        head = row(spacing=10)
        head.setContentsMargins(28, 22, 28, 6)
        words = column(spacing=2)
        words.addWidget(Elided(tr("What do you begin with?"), role="title"))
        words.addWidget(Elided(tr("Layouts of this map, and templates with this map in them."), role="faint"))
        head.addLayout(words, 1)
        self.back = QPushButton(icons.icon("arrow-left"), tr("Back to the map"))
        self.back.clicked.connect(lambda _=False: self.closed.emit())
        head.addWidget(self.back)
        outer.addLayout(head)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        outer.addWidget(self._scroll, 1)
        self._body = QWidget()
        self._body.setObjectName("scroll-body")
        self._box = column(self._body, spacing=8)
        self._box.setContentsMargins(28, 8, 28, 24)
        self._scroll.setWidget(self._body)
        found = offers(window)
        own, rest = [o for o in found if o.is_own], [o for o in found if not o.is_own]
        self._grids: list[tuple[QGridLayout, list[_Tile]]] = []
        for title, group in ((tr("In this map"), own), (tr("Templates of the office"), [o for o in rest if not o.is_shipped]), (tr("Templates"), [o for o in rest if o.is_shipped])):
            if group:
                self._add_group(title, group)
        self._box.addStretch(1)
        self._columns = 0
        self._draw(0)

    def _add_group(self, title: str, group: list[Offer]) -> None:
        self._box.addSpacing(4)
        self._box.addWidget(label(title, "section"))
        grid = QGridLayout()
        grid.setSpacing(14)
        tiles = []
        for offer in group:
            tile = _Tile(offer)
            tile.clicked.connect(lambda _=False, offer=offer: self.choose(offer))
            tiles.append(tile)
        self.tiles += tiles
        line = row()
        holder = QWidget()
        holder.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        holder.setLayout(grid)
        grid.setContentsMargins(0, 0, 0, 0)
        line.addWidget(holder)
        line.addStretch(1)
        self._box.addLayout(line)
        self._grids.append((grid, tiles))

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        columns = max(1, (self.width() - 56 + 14) // (TILE.width() + 14))
        if columns != self._columns:
            self._columns = columns
            for grid, tiles in self._grids:
                for i, tile in enumerate(tiles):
                    grid.addWidget(tile, i // columns, i % columns)

    def choose(self, offer: Offer) -> None:
        """Open a layout, or make one from a template."""
        if offer.is_own:
            self.chosen.emit(offer.id)
            return
        window = self.window_
        before = {made.id for made in window.session.document.layouts}
        window.do("layout.add", template=offer.id)
        new = [made.id for made in window.session.document.layouts if made.id not in before]
        if new:
            self.chosen.emit(new[0])

    def _draw(self, number: int) -> None:
        """Pictures one after the other."""
        if number >= len(self.tiles):
            return
        tile, session = self.tiles[number], self.window_.session

        def work(_job: Job) -> QImage | None:
            try:
                return _picture(tile.offer.layout, layouts.material_of(session))
            except LydError:
                return None  # it is said when the layout is opened

        def done(image: QImage | None) -> None:
            tile.image = image
            tile.update()
            self._draw(number + 1)

        self._desk.start("tile", tr("Drawing the sheet"), work, done)

    def end(self) -> None:
        """No more pictures are wanted."""
        self._desk.forget_jobs()
        self.window_.jobs.failed.disconnect(self._desk._job_failed)
        self._desk.deleteLater()


def _picture(layout: Layout, material: Material) -> QImage:
    """The first page, small; the names on its maps could not be read and are left out."""
    items = tuple(msgspec.structs.replace(i, labels=False) if isinstance(i, MapItem) else i for i in layout.items if i.page == 0 or isinstance(i, MapItem))
    made = arranged(msgspec.structs.replace(layout, items=items), material)
    page = made.pages[0]
    return painted(page, made.fonts, QRectF(0, 0, page.width, page.height), PICTURE_PX / max(page.width, page.height), lambda m, dpi: drawn_map(m, dpi, made.fonts))
