"""The foot of the window: where, at what scale, what happened, what is going on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QGuiApplication
from PySide6.QtWidgets import QComboBox, QFrame, QMenu, QProgressBar, QToolButton, QWidget

from lydigital.model.coordinates import NOTATIONS, notation, write
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.notices import MessageLine
from lydigital.ui.widgets import IconButton, label, row

if TYPE_CHECKING:
    from lydigital.model.viewport import Viewport

SCALES = (500, 1000, 2000, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
PAUSE_MS = 100  # between two steps of progress: each is painted at once, with all that waits for paint
ZONE_EDGE = 112.5  # degrees: zones 37 and 38 meet inside the city
_SCALE = re.compile(r"^\s*(?:1\s*[:：/]\s*)?([\d,，. ]+)\s*([万mMkK]?)\s*$")


def parse_scale(text: str) -> float | None:
    """``1:50,000``, ``50000``, ``1:5万`` or ``50k`` as a scale denominator; None when it is none."""
    found = _SCALE.match(text)
    if not found:
        return None
    try:
        number = float(re.sub(r"[,， ]", "", found[1]))
    except ValueError:
        return None
    factor = {"万": 1e4, "k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6}.get(found[2], 1.0)
    value = number * factor
    return value if 1 <= value <= 1e9 else None


def scale_text(denominator: float) -> str:
    """``1:50,000``; three significant figures are enough to read, and exact scales stay exact."""
    digits = max(0, len(str(round(denominator))) - 3)
    rounded = round(denominator, -digits)
    exact = round(denominator)
    return f"1:{exact if abs(exact - rounded) < 0.5 else round(rounded):,}"


class StatusBar(QFrame):
    """Coordinates, scale, zone; messages and progress at the right."""

    scale_chosen = Signal(float)
    notation_chosen = Signal(str)
    copied = Signal(str)
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusbar")
        self.setFixedHeight(30)
        self.notation = NOTATIONS[0]
        self._point: tuple[float, float, Crs] | None = None
        box = row(self, spacing=4)
        box.setContentsMargins(8, 0, 8, 0)

        self.coordinates = QToolButton()
        self.coordinates.setIcon(icons.icon("crosshairs-gps"))
        self.coordinates.setIconSize(QSize(14, 14))
        self.coordinates.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.coordinates.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.coordinates.clicked.connect(self._open_menu)
        box.addWidget(self.coordinates)
        self.zone = label(role="faint")
        box.addWidget(self.zone)
        box.addSpacing(8)

        self.scale = QComboBox()
        self.scale.setEditable(True)
        self.scale.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.scale.setFixedWidth(118)
        self.scale.addItems([scale_text(s) for s in SCALES])
        self.scale.setCurrentIndex(-1)
        self.scale.textActivated.connect(self._scale_typed)
        line_edit = self.scale.lineEdit()
        assert line_edit is not None
        line_edit.returnPressed.connect(lambda: self._scale_typed(self.scale.currentText()))
        self._shown_scale = ""
        box.addWidget(self.scale)
        box.addStretch(1)

        self.message = MessageLine()
        box.addWidget(self.message)
        self._told = QElapsedTimer()
        self._told.start()
        self._busy = QWidget()
        busy = row(self._busy, spacing=8)
        self._what = label(role="faint")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(96)
        self._cancel = IconButton("close", "Cancel", size=14)
        self._cancel.setFixedSize(22, 22)
        self._cancel.clicked.connect(self.cancelled)
        busy.addWidget(self._what)
        busy.addWidget(self._bar)
        busy.addWidget(self._cancel)
        self._busy.hide()
        box.addWidget(self._busy)
        self.retranslate()

    def retranslate(self) -> None:
        self.coordinates.setToolTip(tr("Coordinates: click to choose how they are written, or to copy"))
        self.scale.setToolTip(tr("Scale: choose one or type, for example 1:25000 or 2.5万"))
        self.scale.setAccessibleName(tr("Scale"))
        self._cancel.retranslate()
        self.message.retranslate()
        self._say()

    def set_notation(self, notation_id: str) -> None:
        self.notation = notation(notation_id)
        self._say()

    def show_point(self, x: float, y: float, crs: Crs) -> None:
        self._point = (x, y, crs)
        self._say()

    def show_view(self, viewport: Viewport) -> None:
        text = scale_text(viewport.scale)
        line_edit = self.scale.lineEdit()
        if text != self._shown_scale and line_edit is not None and not line_edit.hasFocus():
            self._shown_scale = text
            self.scale.setEditText(text)

    def show_progress(self, text: str, share: float | None, *, can_cancel: bool = False) -> None:
        """``share`` from 0 to 1, None while it is unknown."""
        if not self._busy.isHidden() and share is not None and self._told.elapsed() < PAUSE_MS:
            return
        self._told.restart()
        self._what.setText(text)
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(share * 1000))
        self._cancel.setVisible(can_cancel)
        self._busy.show()

    def end_progress(self) -> None:
        self._busy.hide()

    def _say(self) -> None:
        if self._point is None:
            return
        x, y, crs = self._point
        text = write(x, y, crs, self.notation)
        self.coordinates.setText(f" {text}" if text else tr("outside the system"))
        self.coordinates.setAccessibleName(tr("Coordinates") + " " + text)
        lon, _ = transformation(crs, Crs(CGCS2000)).point(x, y)
        system, warned = self._system(lon)
        self.zone.setText(system)
        role = "chip-warn" if warned else "faint"
        if self.zone.property("role") != role:
            self.zone.setProperty("role", role)
            self.zone.style().unpolish(self.zone)
            self.zone.style().polish(self.zone)

    def _system(self, lon: float) -> tuple[str, bool]:
        """Short name of the system shown, and whether the point lies outside its zone."""
        middle = {"cm111": 111, "zone37": 111, "cm114": 114, "zone38": 114}.get(self.notation.id)
        if middle is None:
            return ("WGS 84" if self.notation.id == "wgs84" else "CGCS2000"), False
        if abs(lon - middle) > 1.5:
            return tr("CGCS2000 · {cm}°E · beyond the zone edge at 112.5°E", cm=middle), True
        return tr("CGCS2000 · {cm}°E", cm=middle), False

    def _open_menu(self) -> None:
        if self._point is None:
            return
        x, y, crs = self._point
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        menu.addAction(tr("Write coordinates as")).setEnabled(False)
        group = QActionGroup(menu)
        for each in NOTATIONS:
            action = menu.addAction(tr(each.title))
            action.setToolTip(tr(each.note) if each.note else tr(each.title))
            action.setCheckable(True)
            action.setChecked(each is self.notation)
            group.addAction(action)
            action.triggered.connect(lambda _=False, each=each: self._choose(each.id))
        menu.addSeparator()
        copy = menu.addMenu(icons.icon("content-copy"), tr("Copy this point"))
        for each in NOTATIONS:
            text = write(x, y, crs, each)
            action = copy.addAction(text)
            action.setToolTip(tr(each.title))
            action.triggered.connect(lambda _=False, text=text: self.copy(text))
        menu.popup(
            self.coordinates.mapToGlobal(self.coordinates.rect().topLeft())
            - QPoint(0, menu.sizeHint().height() + 4)
        )

    def _choose(self, notation_id: str) -> None:
        self.set_notation(notation_id)
        self.notation_chosen.emit(notation_id)

    def copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(text)

    def _scale_typed(self, text: str) -> None:
        value = parse_scale(text)
        self._shown_scale = ""
        line_edit = self.scale.lineEdit()
        if line_edit is not None:
            line_edit.clearFocus()
        if value is not None:
            self.scale_chosen.emit(value)
        else:
            self.scale_chosen.emit(float("nan"))
