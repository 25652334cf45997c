"""Controls of the style inspector: fields, ramps, sliders, class list. They say what is wanted; the panel does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QComboBox, QGridLayout, QSizePolicy, QSlider, QWidget

from lydigital.model import ramps
from lydigital.texts import tr
from lydigital.ui import icons, swatches, theme
from lydigital.ui.widgets import IconButton, label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lydigital.model.style import Symbolizer

ALIAS_PX = 64
_STRIP = QSize(96, 12)
SETTLE_MS = 60


class Choice(QComboBox):
    """One of some values, each with a text; tells only of choices of the user."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(4)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.activated.connect(lambda index: self.chosen.emit(self.itemData(index)))

    def wheelEvent(self, event) -> None:
        event.ignore()  # scrolling the panel must not change the map

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        box = QRectF(self.width() - 20, (self.height() - 14) / 2, 14, 14)
        icons.draw(QPainter(self), "chevron-down", box, theme.current().color("ink_faint"))

    def offer(self, items: Iterable[tuple[object, str]], current: object) -> None:
        """Values and texts; ``current`` is shown."""
        self.clear()
        for value, text in items:
            self.addItem(text, value)
        self.show_value(current)

    def show_value(self, value: object) -> None:
        self.setCurrentIndex(next((i for i in range(self.count()) if self.itemData(i) == value), -1))

    def choose(self, value: object) -> None:
        """Choose as the user does."""
        self.show_value(value)
        self.chosen.emit(value)


def strip(ramp_id: str, *, reverse: bool = False, size: QSize = _STRIP, ratio: float = 1.0) -> QPixmap:
    """A ramp in miniature."""
    picture = QPixmap(size * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setPen(Qt.PenStyle.NoPen)
    ramp = ramps.ramp_of(ramp_id)
    box = QRectF(0, 0, size.width(), size.height())
    if ramp.kind == "bivariate":
        square = ramps.square(ramp_id)
        rows, columns = len(square), len(square[0])
        for y, line in enumerate(square):
            for x, color in enumerate(line):
                painter.fillRect(QRectF(x * box.width() / columns, (rows - 1 - y) * box.height() / rows,
                                        box.width() / columns, box.height() / rows), QColor(color))  # fmt: skip
    elif ramp.kind == "categories":
        colors = ramps.colors(ramp_id, 8, reverse=reverse)
        for i, color in enumerate(colors):
            painter.fillRect(QRectF(i * box.width() / 8, 0, box.width() / 8 - 1, box.height()), QColor(color))
    else:
        gradient = QLinearGradient(QPointF(0, 0), QPointF(box.width(), 0))
        for i, color in enumerate(ramps.colors(ramp_id, 13, reverse=reverse)):
            gradient.setColorAt(i / 12, QColor(color))
        painter.setBrush(gradient)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(box, 2, 2)
    painter.end()
    return picture


class RampChoice(QWidget):
    """A ramp, and whether it runs the other way."""

    chosen = Signal(str, bool)

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__()
        self._kinds = kinds
        self._shown: tuple[bool, str] | None = None
        line = row(self, spacing=2)
        self.box = Choice()
        self.box.setIconSize(_STRIP)
        self.turn = IconButton("swap-horizontal", "Turn the colours round", size=16)
        self.turn.setCheckable(True)
        self.turn.setVisible("bivariate" not in kinds)
        line.addWidget(self.box, 1)
        line.addWidget(self.turn)
        self.box.chosen.connect(lambda _ramp: self._tell())
        self.turn.clicked.connect(lambda _on: self._tell())

    def show_ramp(self, ramp_id: str, *, reverse: bool) -> None:
        if (reverse, tr("None")) == self._shown:
            self.box.show_value(ramp_id)
            return
        self._shown = (reverse, tr("None"))  # the names follow the language
        self.turn.setChecked(reverse)
        self.box.clear()
        ratio = self.devicePixelRatioF()
        for ramp in ramps.RAMPS:
            if ramp.kind in self._kinds:
                icon = QIcon(strip(ramp.id, reverse=reverse, ratio=ratio))
                self.box.addItem(icon, ramp.name, ramp.id)
                at = self.box.count() - 1
                if ramp.safe:
                    self.box.setItemData(at, tr("Told apart with red-green blindness"), Qt.ItemDataRole.ToolTipRole)
        self.box.show_value(ramp_id)
        self.turn.retranslate()

    def _tell(self) -> None:
        self.chosen.emit(self.box.currentData(), self.turn.isChecked())


class SliderLine(QWidget):
    """A slider with its value; tells at most every few hundredths of a second."""

    moved = Signal(float)

    def __init__(self, least: float, most: float, step: float, unit: str = "", decimals: int = 1) -> None:
        super().__init__()
        self._least, self._step, self._unit, self._decimals = least, step, unit, decimals
        line = row(self, spacing=6)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round((most - least) / step))
        self.slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slider.wheelEvent = lambda event: event.ignore()  # type: ignore[method-assign]
        self.text = label(role="faint")
        self.text.setFixedWidth(52)
        self.text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.slider, 1)
        line.addWidget(self.text)
        self._settle = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(lambda: self.moved.emit(self.value))
        self.slider.valueChanged.connect(self._changed)

    @property
    def value(self) -> float:
        return round(self._least + self.slider.value() * self._step, 6)

    def show_value(self, value: float) -> None:
        if not self.slider.isSliderDown() and not self._settle.isActive():
            self.slider.blockSignals(True)
            self.slider.setValue(round((value - self._least) / self._step))
            self.slider.blockSignals(False)
            self._say()

    def _changed(self) -> None:
        self._say()
        if not self._settle.isActive():
            self._settle.start()

    def _say(self) -> None:
        self.text.setText(f"{self.value:.{self._decimals}f}{self._unit}")


class ClassList(QWidget):
    """The classes of the map with their numbers of features, painted as one."""

    ROW = 22

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[Sequence[Symbolizer], str]] = []
        self._counts: Sequence[int] = ()

    def show_classes(self, lines: list[tuple[Sequence[Symbolizer], str]], counts: Sequence[int]) -> None:
        """Symbols and names; ``counts`` is empty while they are not known yet."""
        self._lines, self._counts = lines, counts
        self.setFixedHeight(self.ROW * len(lines))
        self.setAccessibleName(tr("Classes"))
        self.setAccessibleDescription("; ".join(title for _, title in lines))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL_PX))
        t = theme.current()
        total = sum(self._counts)
        side = Qt.AlignmentFlag.AlignVCenter
        for i, (symbolizers, title) in enumerate(self._lines):
            top = i * self.ROW
            swatches.paint(painter, QRectF(0, top + 1, 20, 20), symbolizers)
            part, number = "", ""
            if i < len(self._counts):
                number = f"{self._counts[i]:,}"
                part = f"{100 * self._counts[i] / total:.0f}%" if total else ""
            painter.setPen(t.color("ink_faint"))
            painter.drawText(QRectF(self.width() - 36, top, 36, self.ROW), side | Qt.AlignmentFlag.AlignRight, part)
            wide = painter.fontMetrics().horizontalAdvance(number)
            right = self.width() - 42
            painter.drawText(QRectF(right - wide, top, wide, self.ROW), side, number)
            painter.setPen(t.color("ink_soft"))
            room = QRectF(28, top, right - wide - 36, self.ROW)
            text = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, side, text)


class Square(QWidget):
    """The legend of two variables: a square of colours with both names along its sides."""

    def __init__(self) -> None:
        super().__init__()
        self._colors: Sequence[str] = ()
        self._counts: Sequence[int] = ()
        self._names = ("", "")
        self.setFixedHeight(132)

    def show_classes(self, colors: Sequence[str], counts: Sequence[int], across: str, up: str) -> None:
        """Colours and numbers by rows from below; ``counts`` is empty while they are not known yet."""
        self._colors, self._counts, self._names = colors, counts, (across, up)
        self.setAccessibleName(f"{across} × {up}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        t = theme.current()
        painter.setFont(theme.font(theme.SMALL_PX - 1))
        rows = max(1, round(len(self._colors) ** 0.5))
        cell, wide = 104.0 / rows, 168.0 / rows
        left, top = 26.0, 4.0
        for i, color in enumerate(self._colors[: rows * rows]):
            y, x = divmod(i, rows)
            box = QRectF(left + x * wide, top + (rows - 1 - y) * cell, wide - 1, cell - 1)
            painter.fillRect(box, QColor(color))
            painter.setPen(QColor("#ffffff" if ramps.lab_of(color)[0] < 0.62 else "#1f2a30"))
            if i < len(self._counts):
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{self._counts[i]:,}")
        painter.setPen(t.color("ink_soft"))
        room = QRectF(left, top + rows * cell + 2, self.width() - left, 18)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{self._names[0]} →")
        painter.translate(left - 6, top + rows * cell)
        painter.rotate(-90)
        painter.drawText(QRectF(0, -16, rows * cell + 20, 16), Qt.AlignmentFlag.AlignLeft, f"{self._names[1]} →")


class Form(QGridLayout):
    """Names at the left, controls at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(8)
        self.setVerticalSpacing(6)
        self.setColumnStretch(1, 1)

    def line(self, name: str, control: QWidget) -> None:
        at = self.rowCount()
        words = label(tr(name), "faint", wrap=True)
        words.setFixedWidth(ALIAS_PX)
        control.setAccessibleName(tr(name))
        self.addWidget(words, at, 0, Qt.AlignmentFlag.AlignVCenter)
        self.addWidget(control, at, 1)


def choice(items: Iterable[tuple[object, str]], current: object, chosen: Callable[[object], object]) -> Choice:
    """A made and connected :class:`Choice`."""
    box = Choice()
    box.offer(items, current)
    box.chosen.connect(chosen)
    return box
