"""Messages without dialogs: one line at the foot of the window, and the list of all behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QToolButton, QWidget

from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.widgets import Badge, Elided, IconButton, clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.model.issue import Issue

Level = Literal["note", "warning", "error"]
ICONS = {"note": ("information-outline", "accent"), "warning": ("alert-outline", "warn"),
         "error": ("alert-circle-outline", "danger")}  # fmt: skip
KEPT = 50
FADES_AFTER_MS = 8000


@dataclass(frozen=True)
class Notice:
    """What happened and what to do, already in the user's language."""

    level: Level
    text: str
    hint: str = ""
    time: str = ""
    layer: str = ""  # that could be read again

    @classmethod
    def of_error(cls, error: BaseException) -> Notice:
        if isinstance(error, LydError):
            return cls("error", str(error), error.hint_text())
        return cls(
            "error",
            tr("Something went wrong: {what}", what=f"{type(error).__name__}: {error}"),
            tr("Your work is kept. If it happens again, report it with this text."),
        )

    @classmethod
    def of_issue(cls, issue: Issue) -> Notice:
        return cls(
            issue.severity,
            tr(issue.message, **issue.values),
            tr(issue.hint, **issue.values) if issue.hint else "",
            layer=issue.layer if issue.code.startswith("layer.") else "",
        )


class MessageLine(QToolButton):
    """The latest message; a click opens the list."""

    def __init__(self) -> None:
        super().__init__()
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(15, 15))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCheckable(True)
        self._whole = ""
        self._fade = QTimer(self, interval=FADES_AFTER_MS, singleShot=True)
        self._fade.timeout.connect(self.retranslate)
        self._count = 0
        self.retranslate()

    def show_notice(self, notice: Notice, count: int) -> None:
        self._count = count
        icon, role = ICONS[notice.level]
        self.setIcon(icons.icon(icon, role))
        self._set(f"{notice.text}  {notice.hint}" if notice.hint else notice.text)
        if notice.level == "note":
            self._fade.start()
        else:
            self._fade.stop()

    def set_count(self, count: int) -> None:
        self._count = count
        self.retranslate()

    def retranslate(self) -> None:
        self.setIcon(icons.icon("bell-outline"))
        self._set(tr("Messages: {count}", count=self._count) if self._count else "")
        self.setVisible(self._count > 0)

    def _set(self, text: str) -> None:
        self._whole = text
        self.setVisible(True)
        self.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 420))
        self.setToolTip(text)
        self.setAccessibleName(text or tr("Messages"))


class NoticeList(QFrame):
    """All messages, newest first; lies over the map above the message line."""

    emptied = Signal()
    reload_asked = Signal(str)  # layer

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._notices: list[Notice] = []
        box = column(self, margin=12, spacing=8)
        head = row()
        self._title = label(role="title")
        self._clear = QPushButton()
        self._clear.setProperty("link", "true")
        self._clear.clicked.connect(self.clear)
        close = IconButton("close", "Close", "Esc")
        close.clicked.connect(self.hide)
        self._close = close
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._clear)
        head.addWidget(close)
        box.addLayout(head)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        body.setObjectName("scroll-body")
        self._list = column(body, spacing=6)
        scroll.setWidget(body)
        box.addWidget(scroll, 1)
        self.hide()
        self.retranslate()

    @property
    def notices(self) -> list[Notice]:
        return list(self._notices)

    def add(self, notice: Notice) -> Notice:
        stamped = replace(notice, time=datetime.now().astimezone().strftime("%H:%M"))
        self._notices.insert(0, stamped)
        del self._notices[KEPT:]
        if self.isVisible():
            self._fill()
        return stamped

    def clear(self) -> None:
        self._notices.clear()
        self.hide()
        self.emptied.emit()

    def open_above(self, foot_y: int, right: int) -> None:
        """Show the list with its lower right corner at ``right, foot_y`` of the parent."""
        self._fill()
        height = min(420, 64 + 62 * max(1, len(self._notices)))
        self.setGeometry(right - 420, foot_y - height, 420, height)
        self.show()
        self.raise_()

    def retranslate(self) -> None:
        self._title.setText(tr("Messages"))
        self._clear.setText(tr("Clear"))
        self._close.retranslate()

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _fill(self) -> None:
        clear(self._list)
        for notice in self._notices:
            self._list.addWidget(_row(notice, self.reload_asked.emit))
        self._list.addStretch(1)


def _row(notice: Notice, reload: Callable[[str], object]) -> QFrame:
    frame = QFrame()
    frame.setObjectName("notice")
    frame.setProperty("level", notice.level)
    box = row(frame, margin=8, spacing=8)
    icon, role = ICONS[notice.level]
    box.addWidget(Badge(icon, 26, role), 0, Qt.AlignmentFlag.AlignTop)
    words = column(spacing=2)
    text = label(notice.text, wrap=True)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    words.addWidget(text)
    if notice.hint:
        words.addWidget(label(notice.hint, "faint", wrap=True))
    if notice.layer:
        again = QPushButton(tr("Read again"))
        again.setProperty("link", "true")
        again.clicked.connect(lambda: reload(notice.layer))
        words.addWidget(again, 0, Qt.AlignmentFlag.AlignLeft)
    box.addLayout(words, 1)
    box.addWidget(label(notice.time, "faint"), 0, Qt.AlignmentFlag.AlignTop)
    return frame


class InlineBar(QFrame):
    """A question above the map that does not stop the work: text, what can be done, close."""

    def __init__(
        self, text: str, actions: list[tuple[str, Callable[[], object]]], icon: str = "history"
    ) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setFixedHeight(40)
        box = row(self, spacing=8)
        box.setContentsMargins(12, 0, 8, 0)
        box.addWidget(Badge(icon, 24, "warn"))
        box.addWidget(Elided(text), 1)
        for number, (title, action) in enumerate(actions):
            button = QPushButton(title)
            if number == 0:
                button.setProperty("primary", "true")
            button.clicked.connect(self.close_bar)
            button.clicked.connect(lambda _=False, action=action: action())
            box.addWidget(button)
        self.setAccessibleName(text)
        self.setMinimumWidth(theme.ROW)

    def close_bar(self) -> None:
        self.hide()
        self.deleteLater()
