"""Pieces of the workspace 出图: the picture of a sheet, and the board that shows it large."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QToolButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.board import Board
from lydigital.ui.widgets import IconButton, column, soft_shadow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QImage, QPaintEvent

MOST_PX = 236


class SheetPicture(QToolButton):
    """The first page of a sheet, small; a click shows it large."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._words = ""
        self._pages = 1
        self.setObjectName("sheet-picture")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(MOST_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tr("Show the sheet large"))
        self.setAccessibleName(tr("Picture of the sheet"))

    def show_image(self, image: QImage | None, words: str = "", pages: int = 1) -> None:
        """``words`` stand where there is no picture."""
        self._image, self._words, self._pages = image, words, pages
        if image is not None:
            wide = max(self.width(), 200) - 16
            self.setFixedHeight(round(min(MOST_PX, wide * image.height() / image.width() + 16)))
        else:
            self.setFixedHeight(MOST_PX // 2)
        self.setEnabled(image is not None)
        self.update()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if self._image is not None and event.size().width() != event.oldSize().width():
            self.show_image(self._image, self._words, self._pages)

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        t = theme.current()
        room = QRectF(self.rect())
        painter.setPen(QPen(t.color("accent") if self.hasFocus() else t.color("line"), 1))
        painter.setBrush(t.color("sunken"))
        painter.drawRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        if self._image is None:
            painter.setFont(theme.font(theme.SMALL_PX))
            painter.setPen(t.color("ink_faint"))
            painter.drawText(room.adjusted(14, 6, -14, -6), int((Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap).value), self._words or tr("Drawing the sheet"))
            return
        paint_sheet(painter, self._image, room.adjusted(8, 8, -8, -8), self.devicePixelRatioF())
        if self._pages > 1:
            painter.setFont(theme.font(11))
            painter.setPen(t.color("ink_faint"))
            painter.drawText(room.adjusted(0, 0, -8, -4), int((Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom).value), tr("{count} pages", count=self._pages))


def paint_sheet(painter: QPainter, image: QImage, room: QRectF, ratio: float) -> None:
    """A page with its shadow, as large as fits into ``room``."""
    size = image.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
    box = QRectF(0, 0, size.width(), size.height())
    box.moveCenter(room.center())
    soft_shadow(painter, box, 1.0, 5)
    small = image.scaled(size * ratio, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    painter.drawImage(box, small)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(31, 42, 48, 60), 1))
    painter.drawRect(box)


class _Pages(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), theme.current().color("sunken"))
        if self.image is not None:
            paint_sheet(painter, self.image, QRectF(self.rect()).adjusted(18, 16, -18, -16), self.devicePixelRatioF())


class SheetBoard(Board):
    """The sheet as large as the map, page by page."""

    def __init__(self) -> None:
        super().__init__("file-eye-outline", "The sheet as it will be", "")
        self.search.hide()
        self.before = IconButton("chevron-left", "Page before")
        self.after = IconButton("chevron-right", "Next page")
        self.before.clicked.connect(lambda: self._turn(-1))
        self.after.clicked.connect(lambda: self._turn(1))
        self.tools.addWidget(self.before)
        self.tools.addWidget(self.after)
        self._pages = _Pages()
        column(self.body).addWidget(self._pages)
        self._images: Sequence[QImage] = ()
        self._at = 0
        self.retranslate()

    def retranslate(self) -> None:
        super().retranslate()
        self.search.setPlaceholderText("")
        self.before.retranslate()
        self.after.retranslate()

    def show_images(self, images: Sequence[QImage], words: str) -> None:
        self._images = images
        self._at = min(self._at, len(images) - 1)
        self.say(words)
        self._turn(0)

    def _turn(self, step: int) -> None:
        self._at = max(0, min(len(self._images) - 1, self._at + step))
        self._pages.image = self._images[self._at] if self._images else None
        for button in (self.before, self.after):
            button.setVisible(len(self._images) > 1)
        self.before.setEnabled(self._at > 0)
        self.after.setEnabled(self._at + 1 < len(self._images))
        self._pages.update()


class Chip(QToolButton):
    """Something that is on the sheet or not."""

    def __init__(self, text: str, icon: str = "") -> None:
        super().__init__()
        self.setObjectName("kind")
        self.setCheckable(True)
        self.setText(tr(text))
        if icon:
            self.setIcon(icons.icon(icon))
            self.setIconSize(QSize(14, 14))
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setAccessibleName(tr(text))
        self.setFixedHeight(25)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)


class NumberLine(QLineEdit):
    """A number with its unit, typed; ``typed`` tells it when it is another one within its limits."""

    typed = Signal(float)

    def __init__(self, name: str, least: float, most: float, unit: str) -> None:
        super().__init__()
        self._least, self._most, self._unit, self._value = least, most, unit, least
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setAccessibleName(tr(name))
        self.setToolTip(tr(name))
        self.editingFinished.connect(self._typed)

    def show_value(self, value: float) -> None:
        self._value = value
        if not self.hasFocus():
            self.setText(f"{value:g}{self._unit}")

    def _typed(self) -> None:
        try:
            value = float(self.text().removesuffix(self._unit.strip()).strip())
        except ValueError:
            value = math.nan
        if self._least <= value <= self._most and value != self._value:
            self._value = value
            self.typed.emit(value)
        self.setText(f"{self._value:g}{self._unit}")
