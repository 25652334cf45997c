"""Pieces of the page of pipes: tabs, lines with a mark, findings, the drawn section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolButton, QWidget

from lydigital.publish import section as drawing
from lydigital.publish.furniture import Box, Paper
from lydigital.texts import tr
from lydigital.ui.chart import PX_PER_MM, fonts, look
from lydigital.ui.panels.hazardparts import Notes
from lydigital.ui.widgets import label, link, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from PySide6.QtWidgets import QVBoxLayout

    from lydigital.model.issue import Issue
    from lydigital.model.utility import Section

SECTION_PX = 270


class Tabs(QFrame):
    """One of several, side by side; texts are English templates."""

    chosen = Signal(str)

    def __init__(self, items: Iterable[tuple[str, str]], current: str) -> None:
        super().__init__()
        self.setObjectName("segments")
        self.setStyleSheet("QToolButton { padding: 0 2px; }")  # four of them in the width of a card
        self.setFixedHeight(30)
        line = row(self, margin=2, spacing=2)
        self.buttons: dict[str, QToolButton] = {}
        for item, text in items:
            button = QToolButton()
            button.setText(tr(text))
            button.setAccessibleName(tr(text))
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setChecked(item == current)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setToolTip(tr(text))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, item=item: self.chosen.emit(item))
            line.addWidget(button, 1)
            self.buttons[item] = button


class SectionView(QWidget):
    """A cross-section in the colours of the theme; pipes carry their number in the list."""

    def __init__(self, section: Section, colours: Mapping[str, str], names: Mapping[str, str]) -> None:
        super().__init__()
        self._section, self._colours, self._names = section, colours, names
        self.setFixedHeight(SECTION_PX)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Cross-section of underground pipes"))

    def sizeHint(self) -> QSize:
        return QSize(200, SECTION_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.scale(PX_PER_MM, PX_PER_MM)
        box = Box(0.3, 1.5, self.width() / PX_PER_MM - 0.6, self.height() / PX_PER_MM - 1.8)
        drawing.draw(Paper(painter, fonts()), box, self._section, drawing.Trades(self._colours, self._names, look()), table=False)
        painter.end()


def swatch(colour: str) -> QPixmap:
    """A dot in the colour of a trade."""
    made = QPixmap(12, 12)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(1, 1, 10, 10)
    painter.end()
    return made


def fact(box: QVBoxLayout, name: str, value: str, role: str = "") -> None:
    """A faint name at the left, what it is at the right."""
    line = row(spacing=8)
    line.addWidget(label(name, "faint"))
    said = label(value, role, wrap=True)
    said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    line.addWidget(said, 1)
    box.addLayout(line)


def listed(box: QVBoxLayout, lines: Sequence[tuple[str, str, Callable[[], object]]], most: int) -> None:
    """Links at the left, what is to be said of each at the right; the rest is counted."""
    for text, value, action in lines[:most]:
        line = row(spacing=6)
        line.addWidget(link(text, action))
        line.addStretch(1)
        line.addWidget(label(value, "faint"))
        box.addLayout(line)
    if len(lines) > most:
        box.addWidget(label(tr("and {count} more", count=len(lines) - most), "faint"))


def findings(box: QVBoxLayout, issues: Iterable[Issue]) -> None:
    """What is wrong, then what is to be known."""
    some = list(issues)
    for level, wanted in (("warning", ("warning", "error")), ("note", ("note",))):
        texts = [(tr(i.message, **i.values), tr(i.hint, **i.values)) for i in some if i.severity in wanted]
        if texts:
            notes = Notes()
            box.addWidget(notes)
            notes.show_texts(texts, level)
