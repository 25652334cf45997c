"""Typed numbers at the cursor: length and direction, or X and Y, absolute or from the last vertex."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from lydigital.texts import tr
from lydigital.ui.widgets import label, row

LABELS = {"polar": ("Length (m)", "Azimuth (°)"), "xy": ("X", "Y"), "relative": ("ΔX", "ΔY")}
OPENS = re.compile(r"^[0-9.\-@]$")
WIDTH = 96


@dataclass(frozen=True)
class Typed:
    """What was typed; None for a field left empty. ``mode`` is polar, xy (absolute), relative, or one number."""

    mode: str
    first: float | None
    second: float | None

    @property
    def is_whole(self) -> bool:
        return self.first is not None and self.second is not None


def number(text: str) -> float | None:
    """A number as people write it: ``1,234.5``, full-width digits, a unit at the end; None when it is none."""
    plain = text.strip().translate(str.maketrans("０１２３４５６７８９．－，", "0123456789.-,")).replace(",", "").rstrip("m°米度 ")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class NumberEntry(QFrame):
    """Two fields that open at the cursor with the first digit typed.

    Tab changes between the fields, a comma goes to the second, ``@`` makes X and Y relative to the last vertex, ``X``
    changes from length and azimuth to X and Y and back. Enter takes what was typed: both numbers place the vertex, one
    alone stays locked for the next click.
    """

    taken = Signal(object)  # Typed
    changed = Signal(object)  # Typed, while typing
    dismissed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._map = parent
        self.mode = "polar"
        self._has_origin = True
        self._one = ""
        box = row(self, margin=6, spacing=6)
        self._titles = (label(role="faint"), label(role="faint"))
        self.fields = (QLineEdit(), QLineEdit())
        for title, field in zip(self._titles, self.fields, strict=True):
            field.setFixedWidth(WIDTH)
            field.installEventFilter(self)
            field.textEdited.connect(lambda _text: self.changed.emit(self.typed()))
            box.addWidget(title)
            box.addWidget(field)
        self.hide()

    def open_at(self, at: QPoint, first_key: str, *, steps: bool, one: str = "") -> None:
        """Open beside the cursor for a step (``steps``), for X and Y, or for ``one`` number of that name."""
        self._has_origin = steps and not one
        self._one = one
        self._set_mode("one" if one else "polar" if steps else "xy")
        for field in self.fields:
            field.clear()
            field.setProperty("bad", "false")
        self.adjustSize()
        room = self._map.rect()
        self.move(min(at.x() + 18, room.width() - self.width() - 6), min(at.y() + 22, room.height() - self.height() - 6))
        self.show()
        self.raise_()
        self.fields[0].setFocus(Qt.FocusReason.OtherFocusReason)
        if first_key == "@":
            self._set_mode("relative" if self._has_origin else self.mode)
        else:
            self.fields[0].setText(first_key)
        self.changed.emit(self.typed())

    def typed(self) -> Typed:
        return Typed(self.mode, number(self.fields[0].text()), number(self.fields[1].text()))

    def close_quietly(self) -> None:
        self.hide()
        self._map.setFocus(Qt.FocusReason.OtherFocusReason)

    def _set_mode(self, mode: str) -> None:
        self.mode = mode
        texts = LABELS.get(mode, (self._one, ""))
        for title, text, field in zip(self._titles, texts, self.fields, strict=True):
            title.setText(tr(text) if text else "")
            field.setAccessibleName(title.text())
            title.setVisible(bool(text))
            field.setVisible(bool(text))
        self.setToolTip(
            tr("Tab: other field. Comma: X and Y. @: from the last vertex. Enter: take it, one number alone is locked.")
        )
        self.adjustSize()

    def eventFilter(self, watched, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and watched in self.fields:
            event.accept()  # digits, Tab and Esc are the field's while it is open
            return False
        if event.type() == QEvent.Type.KeyPress and watched in self.fields and isinstance(event, QKeyEvent):
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key, text = event.key(), event.text()
        here = 0 if self.fields[0].hasFocus() else 1
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._go(1 - here if self.mode != "one" else 0)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        elif key == Qt.Key.Key_Escape:
            self.close_quietly()
            self.dismissed.emit()
        elif text in (",", "，", "<", ";") and self.mode != "one":
            if text != "<" and self.mode == "polar":
                self._set_mode("xy")
            self._go(1)
        elif text == "@" and self._has_origin:
            self._set_mode("relative")
            self.changed.emit(self.typed())
        elif text in ("x", "X") and self._has_origin:
            self._set_mode("xy" if self.mode == "polar" else "polar")
            self.changed.emit(self.typed())
        else:
            return False
        return True

    def _go(self, field: int) -> None:
        self.fields[field].setFocus(Qt.FocusReason.TabFocusReason)
        self.fields[field].selectAll()

    def _take(self) -> None:
        """Wrong text stays in its field, marked, instead of being taken for nothing."""
        wrong = [f for f in self.fields if f.text().strip() and number(f.text()) is None]
        for field in self.fields:
            field.setProperty("bad", "true" if field in wrong else "false")
            field.style().polish(field)
        typed = self.typed()
        if wrong:
            wrong[0].setFocus()
            wrong[0].selectAll()
            return
        if typed.mode in ("xy", "relative") and not typed.is_whole:
            self._go(0 if typed.first is None else 1)
            return
        if typed.first is None and typed.second is None:
            self.close_quietly()
            self.dismissed.emit()
            return
        self.close_quietly()
        self.taken.emit(typed)
