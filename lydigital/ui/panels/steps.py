"""A workspace as steps from top to bottom: each says its state in a line that folds the rest away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.spaces import SpacePage
from lydigital.ui.widgets import Badge, IconButton, column, label, row, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

STATES = {"todo": "ink_faint", "now": "accent", "done": "good", "warn": "warn"}


class Step(QFrame):
    """One step: its number, title and state in a line that folds the rest away."""

    folded = Signal()

    def __init__(self, number: int, title: str, *, opened: bool = False) -> None:
        super().__init__()
        self.number = number
        self._title = title
        self._state = ("todo", "")
        box = column(self)
        self.head = _Head()
        self.body = QWidget()
        self.head.clicked.connect(lambda: self.open(on=self.body.isHidden()))
        box.addWidget(self.head)
        self.box = column(self.body, spacing=6)
        self.box.setContentsMargins(16, 2, 14, 12)
        box.addWidget(self.body)
        self.body.setVisible(opened)
        self.retranslate()

    @property
    def is_open(self) -> bool:
        return not self.body.isHidden()

    def build(self) -> None:
        """Make what stands below the line, in the language of the day."""

    def rebuild(self) -> None:
        """Make it anew, in another language or for another map."""
        self.build()
        self.retranslate()

    def open(self, *, on: bool = True) -> None:
        if on == self.body.isHidden():
            self.body.setVisible(on)
            self.retranslate()
            self.folded.emit()
            if on:
                self.opened()

    def opened(self) -> None:
        """What is to be done each time it has been unfolded."""

    def say(self, state: str, text: str) -> None:
        """The state in words, and in the colour of its number."""
        if self._state != (state, text):
            self._state = (state, text)
            self.retranslate()

    @property
    def state(self) -> str:
        return self._state[1]

    def retranslate(self) -> None:
        state, text = self._state
        self.head.show_step(self.number, tr(self._title), text, state, opened=self.is_open)


class _Head(QToolButton):
    """Painted, so that title and state share the line as their lengths want."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = (0, "", "", "todo", False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(38)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_step(self, number: int, title: str, text: str, state: str, *, opened: bool) -> None:
        self._shown = (number, title, text, state, opened)
        self.setAccessibleName(f"{number} {title}")
        self.setAccessibleDescription(text)
        self.setToolTip(f"{title}: {text}" if text else title)
        self.update()

    def keyPressEvent(self, event) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        number, title, text, state, opened = self._shown
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            painter.fillRect(self.rect(), t.color("hover"))
        high = self.height()
        ball = QRectF(14, (high - 20) / 2, 20, 20)
        ink = t.color(STATES[state])
        painter.setPen(QPen(ink, 1.4))
        painter.setBrush(ink if state in ("now", "done") else t.color("surface"))
        painter.drawEllipse(ball)
        if state == "done":
            icons.draw(painter, "check", ball.adjusted(3, 3, -3, -3), t.color("surface"))
        else:
            painter.setPen(t.color("surface") if state == "now" else ink)
            painter.setFont(theme.font(theme.SMALL_PX))
            painter.drawText(ball, Qt.AlignmentFlag.AlignCenter, str(number) if number else "≡")
        face = theme.font(theme.FONT_PX)
        face.setWeight(face.Weight.DemiBold)
        painter.setFont(face)
        painter.setPen(t.color("ink"))
        wide = painter.fontMetrics().horizontalAdvance(title)
        painter.drawText(QRectF(44, 0, wide + 2, high), Qt.AlignmentFlag.AlignVCenter, title)
        icons.draw(painter, "chevron-up" if opened else "chevron-down", QRectF(self.width() - 26, (high - 14) / 2, 14, 14), t.color("ink_faint"))
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(t.color("warn" if state == "warn" else "ink_soft"))
        room = QRectF(44 + wide + 12, 0, self.width() - 44 - wide - 12 - 32, high)
        said = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, said)
        if self.hasFocus():
            painter.setPen(QPen(t.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4.5, 2.5, -4.5, -2.5), 5, 5)


class StepsPage(SpacePage):
    """Every step shows its state when it is folded; ``title``, ``purpose`` are English templates."""

    extra_px = 44  # lists and figures need more room than a feature

    def __init__(self, icon: str, title: str, purpose: str, steps: Sequence[Step]) -> None:
        super().__init__()
        self._texts = (title, purpose)
        self.steps = tuple(steps)
        outer = column(self)
        head = self._head = QWidget()
        top = row(head, spacing=10)
        top.setContentsMargins(16, 12, 10, 8)
        top.addWidget(Badge(icon, 32))
        words = column(spacing=0)
        self._title = label(role="title")
        self._purpose = label(role="faint", wrap=True)
        words.addWidget(self._title)
        words.addWidget(self._purpose)
        top.addLayout(words, 1)
        self._close = IconButton("close", "Close", "Esc")
        self._close.setFixedSize(26, 26)
        self._close.clicked.connect(self.closed)
        top.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        outer.addWidget(head)
        outer.addWidget(rule())
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = self._body = QWidget()
        body.setObjectName("scroll-body")
        self._box = column(body)
        for step in self.steps:
            self._box.addWidget(step)
            self._box.addWidget(rule())
            step.folded.connect(self.relayout)
        self._box.addStretch(1)
        self.area.setWidget(body)
        outer.addWidget(self.area, 1)
        self._settle = QTimer(self, interval=0, singleShot=True)
        self._settle.timeout.connect(self.resized.emit)
        self._say()

    def _say(self) -> None:
        title, purpose = self._texts
        self._title.setText(tr(title))
        self._purpose.setText(tr(purpose))
        self._close.retranslate()

    def retranslate(self) -> None:
        self._say()
        for step in self.steps:
            step.rebuild()
        self.relayout()

    def ideal_height(self, width: int) -> int:
        self._box.invalidate()
        inner = self._box.heightForWidth(width) if self._box.hasHeightForWidth() else self._box.sizeHint().height()
        head = self._head.heightForWidth(width) if self._head.hasHeightForWidth() else self._head.sizeHint().height()
        return head + inner + 6

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._body.setMaximumWidth(self.width())  # a long word may not push the page aside

    def relayout(self) -> None:
        """The page is higher or lower now."""
        self._settle.start()

    def come_to(self, step: Step) -> None:
        """A step was asked for from elsewhere."""
        self.go_to(step)

    def go_to(self, step: Step) -> None:
        """Open a step, fold the others, and bring it up."""
        for other in self.steps:
            other.open(on=other is step)
        QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(step.head, 0, 200))
