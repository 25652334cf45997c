"""Pieces of the workspace 覆盖: tabs, a figure against its aim, a list that can be searched, the legend of a unit map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QToolButton, QWidget

from lydigital.domain import classes
from lydigital.model import ramps
from lydigital.texts import pick, tr
from lydigital.ui import icons, theme
from lydigital.ui.panels.ranking import RankList, Row, target_bar
from lydigital.ui.widgets import Elided, column, label, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtGui import QPaintEvent

    from lydigital.ui.panels.coverageboard import Headline
    from lydigital.ui.unitmap import UnitMap

SEARCHED_FROM = 20  # rows; fewer are seen at a glance


class Tabs(QWidget):
    """One of several pages below it; ``chosen`` tells its id."""

    chosen = Signal(str)

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        """``items`` are id and text, already translated."""
        super().__init__()
        line = row(self, spacing=14)
        group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        for item, text in items:
            button = QToolButton()
            button.setObjectName("tab")
            button.setCheckable(True)
            button.setText(text)
            button.setFixedHeight(28)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, item=item: self.chosen.emit(item))
            group.addButton(button)
            line.addWidget(button)
            self.buttons[item] = button
        line.addStretch(1)
        next(iter(self.buttons.values())).setChecked(True)

    @property
    def current(self) -> str:
        return next((item for item, button in self.buttons.items() if button.isChecked()), "")

    def choose(self, item: str) -> None:
        """Choose as the user does."""
        self.buttons[item].setChecked(True)
        self.chosen.emit(item)

    def say(self, item: str, text: str, *, there: bool = True) -> None:
        """Another text, as with a count; a page without anything is not offered."""
        self.buttons[item].setText(text)
        self.buttons[item].setVisible(there)


class Figure(QWidget):
    """One number, what it is measured against, and the bar between."""

    def __init__(self) -> None:
        super().__init__()
        box = column(self, spacing=3)
        line = row(spacing=8)
        self.value = label()
        self.value.setFont(theme.font(20, theme.font().weight().DemiBold))
        self.unit = Elided(role="faint")
        self.unit.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        self.aim = label(role="faint")
        self.aim.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
        line.addWidget(self.value)
        line.addWidget(self.unit, 1)
        line.addWidget(self.aim)
        box.addLayout(line)
        self.bar = _AimBar()
        box.addWidget(self.bar)
        self.note = label(role="faint", wrap=True)
        box.addWidget(self.note)

    def show_figure(self, head: Headline, note: str = "") -> None:
        self.value.setText(head.number)
        self.unit.setText(head.unit)
        self.aim.setText(head.aim)
        self.bar.show_share(head.share, meets=head.meets)
        self.bar.setVisible(head.share is not None)
        self.note.setText(note)
        self.note.setVisible(bool(note))


class _AimBar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(16)
        self._share: float | None = None
        self._meets: bool | None = None

    def show_share(self, share: float | None, *, meets: bool | None) -> None:
        self._share, self._meets = share, meets
        if share is not None:
            said = tr("{share} of the target", share=f"{100 * share:.1f} %")
            self.setAccessibleName(said)
            self.setToolTip(said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        target_bar(painter, QRectF(0, 4, self.width() - 2, 8), self._share, meets=self._meets)


class FoundList(QWidget):
    """A list with a field that narrows it down, offered where the list is long; ``chosen`` tells the code of a row."""

    chosen = Signal(str)

    def __init__(self, search: str, most_rows: int = 10) -> None:
        super().__init__()
        box = column(self, spacing=4)
        self.search = QLineEdit()
        self.search.setPlaceholderText(search)
        self.search.setAccessibleName(search)
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icons.icon("magnify", "ink_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(lambda _text: self._fill())
        box.addWidget(self.search)
        self.list = RankList(most_rows)
        self.list.chosen.connect(self.chosen)
        box.addWidget(self.list)
        self._rows: Sequence[Row] = ()

    def show_rows(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self.search.setVisible(len(rows) > SEARCHED_FROM)
        if len(rows) <= SEARCHED_FROM:
            self.search.clear()
        self._fill()

    def choose(self, code: str) -> None:
        if self.search.text() and code and all(r.code != code for r in self.list.rows):
            self.search.clear()
        self.list.choose(code)

    def _fill(self) -> None:
        words = self.search.text().casefold().split()
        self.list.show_rows([r for r in self._rows if not words or all(w in f"{r.name} {r.place} {r.note} {r.text} {r.code}".casefold() for w in words)])


class UnitLegend(QWidget):
    """The classes of colour of a unit map side by side: how many units each has, and the limits between them."""

    _HIGH = 18

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(self._HIGH + 16)
        self._boxes: list[tuple[str, int]] = []
        self._limits: tuple[str, ...] = ()
        self._void = 0

    def show_map(self, units: UnitMap | None) -> None:
        self.setVisible(units is not None and bool(units.values))
        if units is None or not units.values:
            return
        rules = [(rule, count) for rule, count in zip(units.style.rules, units.counts, strict=True) if not rule.is_else]
        self._boxes = [(rule.symbolizers[0].fill.color, count) for rule, count in rules]  # type: ignore[union-attr]
        limits = [rule.maximum for rule, _ in rules[:-1] if rule.maximum is not None]
        decimals = classes.decimals_for(limits)
        self._limits = tuple(classes.number_text(v, decimals) for v in limits)
        self._void = sum(count for rule, count in zip(units.style.rules, units.counts, strict=True) if rule.is_else)
        said = [f"{pick(rule.title, rule.title_en)}: {count}" for rule, count in rules]
        if self._void:
            said.append(tr("not known: {count}", count=self._void))
        self.setToolTip("\n".join(said))
        self.setAccessibleName(tr("Classes"))
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = theme.current()
        painter.setFont(theme.font(11))
        room = float(self.width())
        if self._void:
            text = tr("not known: {count}", count=self._void)
            said = painter.fontMetrics().horizontalAdvance(text) + 12.0
            room -= said + 6
            box = QRectF(self.width() - said, 0, said, self._HIGH)
            painter.fillRect(box, QColor(ramps.NO_DATA))
            painter.setPen(QColor("#1f2a30"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        wide = room / max(len(self._boxes), 1)
        for i, (color, count) in enumerate(self._boxes):
            box = QRectF(i * wide, 0, wide - 1, self._HIGH)
            painter.fillRect(box, QColor(color))
            painter.setPen(QColor("#ffffff" if ramps.lab_of(color)[0] < 0.62 else "#1f2a30"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(count))
        painter.setPen(t.color("ink_faint"))
        for i, text in enumerate(self._limits, 1):
            painter.drawText(QRectF(i * wide - 40, self._HIGH, 80, 16), Qt.AlignmentFlag.AlignCenter, text)
