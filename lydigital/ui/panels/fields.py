"""Editors of one attribute: text, number, date, yes or no, one of a list. They say what is wanted; the form does it."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QPointF, QRectF, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QCompleter, QLineEdit

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.search import score

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lydigital.model.layerdef import FieldDef
    from lydigital.ui.panels.calendar import Calendar

LISTED = 200  # entries of a list shown at once
_DATE = re.compile(r"(?:(\d{4})\D+)?(\d{1,2})\D+(\d{1,2})\D*")
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Editor(QLineEdit):
    """A value of one field, or of many features at once.

    ``typed`` tells of every keystroke, ``committed`` of a value that is meant: by Enter, Tab, or leaving the field.
    """

    hint = ""  # what to write, where nothing stands
    typed = Signal(object)
    committed = Signal(object)
    gave_up = Signal()

    def __init__(self, known: FieldDef) -> None:
        super().__init__()
        self.known = known
        self._value: Any = None
        self._mixed = False
        self.setProperty("field", "true")
        self.setAccessibleName(known.alias)
        self.setMinimumWidth(40)
        if known.note:
            self.setToolTip(known.note)
        self.textEdited.connect(lambda _text: self.typed.emit(self.value))

    # what it holds

    @property
    def value(self) -> Any:
        """What was typed, as a value; the text itself where it is none."""
        text = self.text().strip()
        return self.parsed(text) if text else None

    def parsed(self, text: str) -> Any:
        return text

    def shown(self, value: Any) -> str:
        return "" if value is None else str(value)

    def show_value(self, value: Any, *, mixed: bool = False) -> None:
        """Show what is stored; ``mixed`` where features differ. What is being typed stays."""
        if self.is_changed and self.hasFocus():
            return
        self._value, self._mixed = value, mixed
        text = "" if mixed else self.shown(value)
        self.setText(text)
        self.setToolTip("\n".join(part for part in (text if len(text) > 10 else "", self.known.note) if part))
        self.setCursorPosition(0)
        self.setPlaceholderText(tr("several values") if mixed else self.hint)

    @property
    def is_changed(self) -> bool:
        return self.isModified() and (self._mixed or self.text() != self.shown(self._value))

    def mark(self, *, bad: bool, missing: bool = False) -> None:
        """Look as what is wrong, or is still to be filled in."""
        now = (bool(self.property("bad")), bool(self.property("missing")))
        if now != (bad, missing):
            self.setProperty("bad", "true" if bad else None)
            self.setProperty("missing", "true" if missing else None)
            self.style().unpolish(self)
            self.style().polish(self)
        if missing and not self.placeholderText():
            self.setPlaceholderText(tr("to be filled in"))

    # keys

    @property
    def is_partial(self) -> bool:
        """Whether what was typed so far may still become a value."""
        return False

    def commit(self) -> None:
        if self.is_changed:
            value = self.value
            self.setModified(False)
            self.committed.emit(value)

    def give_up(self) -> None:
        self.setModified(False)
        self.show_value(self._value, mixed=self._mixed)
        self.gave_up.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            self.commit()
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Escape and self.is_changed:
            self.give_up()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.commit()
            self.deselect()
            self.setCursorPosition(0)


class NumberEditor(Editor):
    """Numbers as people write them: 1,234.5 or １２."""

    def parsed(self, text: str) -> Any:
        plain = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "").removesuffix(self.known.unit)
        try:
            return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else float(plain)
        except ValueError:
            return text

    def shown(self, value: Any) -> str:
        if isinstance(value, float):
            return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
        return super().shown(value)


class DateEditor(Editor):
    """Dates and times: 2025-7-15, 7.15, 20250715, 今天; times with 8:30 behind them, in the time of this machine."""

    def __init__(self, known: FieldDef) -> None:
        super().__init__(known)
        self.hint = tr("year-month-day") if known.type == "date" else tr("year-month-day hour:minute")
        self.setTextMargins(0, 0, 16, 0)

    def open(self) -> Calendar:
        """Show a month; the day chosen is meant, at the time of day that stands there."""
        from lydigital.ui.panels.calendar import Calendar

        day, _, _clock = self.text().strip().partition(" ")
        made = Calendar(self, _day(day) or datetime.now().astimezone().date())
        made.chosen.connect(self.take)
        made.open_below(self)
        return made

    def take(self, day: date) -> None:
        """Choose a day."""
        _, _, clock = self.text().strip().partition(" ")
        self.setText(day.isoformat() + (f" {clock or '00:00'}" if self.known.type == "datetime" else ""))
        self.setModified(True)
        self.commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_F4):
            self.open()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.position().x() > self.width() - 22:
            self.open()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.underMouse() or self.hasFocus():
            _mark(self, "calendar-month-outline")

    def parsed(self, text: str) -> Any:
        day, _, clock = unicodedata.normalize("NFKC", text).replace("T", " ").partition(" ")
        found = _day(day)
        if found is None:
            return text
        if self.known.type == "date":
            return found.isoformat()
        hour, minute, second = ([int(part) for part in re.findall(r"\d+", clock)] + [0, 0, 0])[:3]
        try:
            moment = datetime(found.year, found.month, found.day, hour, minute, second).astimezone()
        except ValueError:
            return text
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def shown(self, value: Any) -> str:
        if value is None or self.known.type == "date":
            return super().shown(value)
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return str(value)
        local = moment.astimezone() if moment.tzinfo is not None else moment
        return local.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


def _day(text: str) -> date | None:
    today = datetime.now().astimezone().date()
    word = text.strip().casefold()
    if word in ("今天", "today"):
        return today
    if word in ("昨天", "yesterday"):
        return today - timedelta(days=1)
    if re.fullmatch(r"\d{8}", word):
        word = f"{word[:4]}-{word[4:6]}-{word[6:]}"
    found = _DATE.fullmatch(word)
    if found is None:
        return None
    try:
        return date(int(found[1] or today.year), int(found[2]), int(found[3]))
    except ValueError:
        return None


class ListEditor(Editor):
    """One of a list: typing finds by name, code, pinyin or initials; ``choices`` gives codes and names as they are now."""

    def __init__(self, known: FieldDef, choices: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(known)
        self._choices = choices
        self._model = QStringListModel(self)
        self._found: dict[str, str] = {}
        completer = QCompleter(self._model, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(9)
        self._completer = completer
        completer.setWidget(self)
        completer.activated.connect(self._picked)
        self.textEdited.connect(self._narrow)
        self.setTextMargins(0, 0, 16, 0)

    @property
    def popup(self) -> QAbstractItemView:
        return cast("QAbstractItemView", self._completer.popup())

    def names(self) -> Mapping[str, str]:
        return self._choices()

    def offered(self, words: str) -> dict[str, str]:
        """Text and code of the entries that fit ``words``, best first."""
        entries = [(code, name if name == code else f"{name}  {code}") for code, name in self.names().items()]
        wanted = words.strip().casefold()
        if wanted:
            scored = [(score(wanted, (name.casefold(), code.casefold())), -at, code, text)
                      for at, (code, text) in enumerate(entries) for name in (self.names()[code],)]  # fmt: skip
            entries = [(code, text) for s, _, code, text in sorted(scored, reverse=True) if s > 0]
        return {text: code for code, text in entries[:LISTED]}

    def open(self, words: str = "") -> None:
        """Show the list, or what of it fits."""
        self._found = self.offered(words)
        self._model.setStringList(list(self._found))
        popup = self.popup
        if not self._found:
            popup.hide()
            return
        self._completer.complete()
        popup.setCurrentIndex(self._model.index(0, 0) if words else popup.currentIndex())

    def _narrow(self, words: str) -> None:
        if words.strip():
            self.open(words)
        else:
            self.popup.hide()

    def _picked(self, text: str) -> None:
        code = self._found.get(text)
        if code is not None:
            QTimer.singleShot(0, self, lambda: self.take(code))  # the completer writes its own text afterwards

    def take(self, code: str) -> None:
        """Choose an entry."""
        self.setText(self.shown(code))
        self.setModified(True)
        self.commit()

    def parsed(self, text: str) -> Any:
        names = self.names()
        if text in names:
            return _coded(self.known, text)
        same = [code for code, name in names.items() if text in (name, f"{name}  {code}")]
        if len(same) == 1:
            return _coded(self.known, same[0])
        return text

    def shown(self, value: Any) -> str:
        if value is None:
            return ""
        text = str(int(value)) if isinstance(value, (bool, float)) else str(value)
        return self.names().get(text) or self.known.decode(value)

    @property
    def is_partial(self) -> bool:
        text = self.text().strip()
        return bool(text) and self.parsed(text) == text and bool(self.offered(text))

    def commit(self) -> None:
        """A few letters that fit one entry only mean that entry."""
        if self.is_changed and (text := self.text().strip()):
            known = self.parsed(text)
            fitting = self.offered(text) if known == text and text not in self.names() else {}
            if len(fitting) == 1:
                self.setText(self.shown(next(iter(fitting.values()))))
                self.setModified(True)
        super().commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        popup = self.popup
        if event.key() == Qt.Key.Key_Down and not popup.isVisible():
            self.open()
            return
        if popup.isVisible() and event.key() in _ENTER:
            at = popup.currentIndex()
            popup.hide()
            code = self._found.get(str(at.data())) if at.isValid() else None
            if code is not None:
                self.take(code)
                self.focusNextChild()
                return
        if popup.isVisible() and event.key() == Qt.Key.Key_Escape:
            popup.hide()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.position().x() > self.width() - 22:
            self.open()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self.open()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.underMouse() or self.hasFocus():
            _mark(self, "chevron-down")


def _mark(editor: Editor, icon: str) -> None:
    """Paint at the right what opens a list or a month."""
    box = QRectF(QPointF(editor.width() - 19, (editor.height() - 14) / 2), QPointF(editor.width() - 5, (editor.height() + 14) / 2))
    icons.draw(QPainter(editor), icon, box, theme.current().color("ink_faint"))


def _coded(known: FieldDef, code: str) -> Any:
    if known.type in ("integer", "real"):
        return int(code) if known.type == "integer" else float(code)
    return code == "1" if known.type == "boolean" else code


def editor_for(known: FieldDef, choices: Callable[[], Mapping[str, str]] | None) -> Editor:
    """The editor that suits a field."""
    if choices is not None:
        return ListEditor(known, choices)
    if known.type == "boolean":
        return ListEditor(known, lambda: {"1": tr("yes"), "0": tr("no")})
    if known.type in ("integer", "real"):
        return NumberEditor(known)
    if known.type in ("date", "datetime"):
        return DateEditor(known)
    return Editor(known)
