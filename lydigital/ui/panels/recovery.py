"""Work a program left unsaved: what it is, where it lies, and whether it comes back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QWidget

from lydigital.edits.history import words
from lydigital.edits.story import layers_of
from lydigital.errors import LydError
from lydigital.model.crs import Crs
from lydigital.model.patch import patch_of
from lydigital.model.style import (
    Fill,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.texts import tr
from lydigital.ui.frames import image_of
from lydigital.ui.widgets import Badge, Elided, IconButton, Page, clear, column, label, row, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.edits.recovery import Recovery
    from lydigital.edits.story import Done
    from lydigital.render.drawlist import SceneLayer
    from lydigital.session import Session

SHOWN = 100  # steps listed, the newest first
DRAWN = 2000  # features of a layer on the little map
PREVIEW = (282, 150)
_COLOR = "#e4572e"
_STYLES = {
    "point": Style((Rule((PointSymbolizer(size_mm=3.0, color=_COLOR),)),)),
    "line": Style((Rule((LineSymbolizer(Stroke(_COLOR, width_mm=0.8)),)),)),
    "polygon": Style((Rule((PolygonSymbolizer(Fill(_COLOR, 0.35), Stroke(_COLOR, width_mm=0.5)),)),)),
}


class RecoveryPage(Page):
    """Lists the steps; restore, look later, or discard, which asks once more."""

    closed = Signal()
    resized = Signal()

    def __init__(self, session: Session, recovery: Recovery, do: Callable[..., object]) -> None:
        super().__init__()
        self._session, self._recovery, self._do = session, recovery, do
        self._box = column(self)
        self._body: QWidget | None = None
        self._is_asking = False
        self.retranslate()

    def retranslate(self) -> None:
        if self._body is not None:
            self._body.setParent(None)
            self._body.deleteLater()
        self._body = QWidget()
        self._box.addWidget(self._body)
        box = column(self._body, spacing=8)
        box.setContentsMargins(16, 14, 16, 16)
        box.addLayout(self._head())
        picture = preview(self._session, self._recovery, self.devicePixelRatioF())
        if picture is not None:
            shown = QLabel()
            shown.setPixmap(picture)
            shown.setAccessibleName(tr("Where the unsaved work lies"))
            box.addWidget(shown)
        found = self._recovery
        if found.is_damaged:
            box.addWidget(_warning(tr("The journal is damaged: what came after the last step below is lost")))
        if found.unfit:
            box.addWidget(_warning(tr(
                "{count} steps no longer fit, because the data was changed since; they stay in the journal",
                count=len(found.unfit),
            )))  # fmt: skip
        box.addWidget(rule())
        box.addWidget(label(tr("What was done"), "section"))
        box.addWidget(self._list(), 1)
        self._choices = row(spacing=8)
        box.addLayout(self._choices)
        self._fill_choices()
        self._body.show()

    def ideal_height(self, width: int) -> int:
        self._box.invalidate()
        return self._box.heightForWidth(width) if self._box.hasHeightForWidth() else self.sizeHint().height()

    def _head(self):
        found = self._recovery
        top = row(spacing=12)
        top.addWidget(Badge("history", 38, "warn"), 0, Qt.AlignmentFlag.AlignTop)
        texts = column(spacing=2)
        texts.addWidget(label(tr("Unsaved work found"), "title"))
        when = found.time.astimezone().strftime("%Y-%m-%d %H:%M")
        features = sum(len(fids) for fids in found.touched().values())
        said = tr("Last change {when}; {steps} steps, {features} features", when=when, steps=len(found.steps), features=features)
        texts.addWidget(label(said, "soft", wrap=True))
        top.addLayout(texts, 1)
        close = IconButton("close", "Close", "Esc")
        close.setFixedSize(26, 26)
        close.clicked.connect(self.closed)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        return top

    def _list(self) -> QScrollArea:
        body = QWidget()
        body.setObjectName("scroll-body")
        lines = column(body, spacing=4)
        for done in self._recovery.steps[: -SHOWN - 1 : -1]:
            lines.addLayout(self._line(done, "circle-medium"))
        for done in self._recovery.unfit[: -SHOWN - 1 : -1]:
            lines.addLayout(self._line(done, "close"))
        lines.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        area.setFixedHeight(min(220, 12 + 24 * (len(self._recovery.steps) + len(self._recovery.unfit))))
        return area

    def _line(self, done: Done, icon: str):
        line = row(spacing=8)
        changes = done.step.entry.changes
        line.addWidget(label(changes.time.astimezone().strftime("%H:%M"), "faint"))
        text = words(changes)
        if done.kind.name == "UNDO":
            text = tr("Undo {what}", what=text)
        elif done.kind.name == "REDO":
            text = tr("Redo {what}", what=text)
        if icon == "close":
            text = tr("{what} (no longer fits)", what=text)
        line.addWidget(Elided(text), 1)
        counts = Counter(d.target.split("/")[1] for d in done.changes.deltas if layers_of(done.changes))
        layers = ", ".join(f"{self._name(layer)} {self._count(done, layer)}" for layer in counts)
        if layers:
            line.addWidget(label(layers, "faint"))
        return line

    def _count(self, done: Done, layer: str) -> int:
        parts = (d.target.split("/") for d in done.changes.deltas)
        return len({p[2] for p in parts if p[1] == layer and len(p) > 2})

    def _name(self, layer: str) -> str:
        try:
            return self._session.definition(layer).name
        except KeyError:
            return layer

    def _fill_choices(self) -> None:
        line = self._choices
        clear(line)
        if self._is_asking:
            line.addWidget(label(tr("Give this work up for good?"), "soft", wrap=True), 1)
            self._button(line, tr("Discard"), self._discard)
            self._button(line, tr("Keep"), lambda: self._ask(asking=False), primary=True)
            return
        self._button(line, tr("Restore"), self._restore, primary=True)
        self._button(line, tr("Look later"), self.closed.emit)
        line.addStretch(1)
        self._button(line, tr("Discard…"), lambda: self._ask(asking=True))

    def _button(self, line, text: str, action: Callable[[], object], *, primary: bool = False) -> None:
        button = QPushButton(text)
        if primary:
            button.setProperty("primary", "true")
        button.clicked.connect(lambda _checked=False: action())
        line.addWidget(button)

    def _ask(self, *, asking: bool) -> None:
        self._is_asking = asking
        self._fill_choices()
        self.resized.emit()

    def _restore(self) -> None:
        self.closed.emit()
        self._do("file.recover")

    def _discard(self) -> None:
        self.closed.emit()
        self._do("file.recover", discard=True)


def preview(session: Session, recovery: Recovery, dpr: float = 1.0) -> QPixmap | None:
    """A little map of the features recovered, on the layers read so far; None where only the map itself changed."""
    from lydigital.render import drawlist, raster

    marked = [layer for layer in (_marked(session, recovery, *each) for each in recovery.touched().items()) if layer]
    boxes = [layer.data.geometry.total_bounds for layer in marked if isinstance(layer.data, FeatureTable) and len(layer.data)]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    bounds = (min(west), min(south), max(east), max(north))
    width, height = (round(v * dpr) for v in PREVIEW)
    view = Viewport.of_bounds(bounds, width, height, Crs(session.document.crs), dpi=96.0 * dpr, margin=0.3)
    if view.scale < 2000:
        view = view.at_scale(2000)
    scene = session.scene(view.scale, only_read=True)
    picture = QPixmap.fromImage(image_of(raster.draw(drawlist.build((*scene, *marked), view), bgra=True).pixels).copy())
    picture.setDevicePixelRatio(dpr)
    return picture


def _marked(session: Session, recovery: Recovery, layer: str, fids: set[int]) -> SceneLayer | None:
    """The features of a layer as they will be, removed ones as they were, in a colour nobody overlooks."""
    import numpy as np

    from lydigital.render.drawlist import SceneLayer

    try:
        chosen = sorted(fids)[:DRAWN]
        now, then = session.features.features(layer, chosen), recovery.features.features(layer, chosen)
        ref, table = session.document.layer(layer), session.table(layer)
        if ref is None or not isinstance(table, FeatureTable):
            return None
        found = {fid: then.get(fid) or now.get(fid) for fid in chosen}
        patch = patch_of(table, found, session.stores.stored_crs(ref))
    except (LydError, KeyError):
        return None
    style = _STYLES[table.geometry.kind.name.lower()]
    return SceneLayer(f"{layer}:recovered", patch.table, style, np.zeros(len(patch.table), np.int16), labels=False)


def _warning(text: str) -> QWidget:
    frame = QWidget()
    box = row(frame, spacing=8)
    box.addWidget(Badge("alert-outline", 24, "warn"), 0, Qt.AlignmentFlag.AlignTop)
    box.addWidget(label(text, "soft", wrap=True), 1)
    return frame
