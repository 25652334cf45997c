"""A board over the map: a large page of cards or a table, beside the card at the right; Esc shows the map again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.widgets import Badge, Elided, IconButton, column, row, rule, soft_shadow

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent


class Board(QFrame):
    """Its head has a title, a line below it, a search field and what a board adds; ``body`` is the board's own.

    Texts are English templates; ``searched`` tells what is typed. It is shown by ``MapView.show_board``.
    """

    searched = Signal(str)
    closed = Signal()

    def __init__(self, icon: str, title: str, search: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self._texts = (title, search)
        outer = column(self, margin=1)
        head = QWidget()
        top = row(head, spacing=10)
        top.setContentsMargins(16, 12, 10, 10)
        top.addWidget(Badge(icon, 32))
        words = column(spacing=0)
        self._title = Elided(role="title")
        self._line = Elided(role="faint")
        words.addWidget(self._title)
        words.addWidget(self._line)
        top.addLayout(words, 2)
        self.tools = row(spacing=6)
        top.addLayout(self.tools)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(90)
        self.search.setMaximumWidth(180)
        self._glass = self.search.addAction(icons.icon("magnify", "ink_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self.searched)
        top.addWidget(self.search, 1)
        self._close = IconButton("close", "Close", "Esc")
        self._close.setFixedSize(26, 26)
        self._close.clicked.connect(self.closed)
        top.addWidget(self._close)
        outer.addWidget(head)
        outer.addWidget(rule())
        self.body = QWidget()
        outer.addWidget(self.body, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()

    def say(self, text: str) -> None:
        """The line below the title, already translated."""
        self._line.setText(text)

    def retranslate(self) -> None:
        title, search = self._texts
        self._title.setText(tr(title))
        self.setAccessibleName(tr(title))
        self.search.setPlaceholderText(tr(search))
        self.search.setAccessibleName(tr(search))
        self._close.retranslate()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event) -> None:
        event.accept()  # the map below must not zoom

    def mousePressEvent(self, event) -> None:
        event.accept()


class Shadow(QWidget):
    """Paints the shadow of what lies over the map; lets the mouse through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def below(self, widget: QWidget) -> None:
        """Lie under ``widget``, as long as it is seen."""
        self.setGeometry(widget.geometry().adjusted(-8, -7, 8, 9))
        self.setVisible(not widget.isHidden())
        self.stackUnder(widget)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        soft_shadow(painter, QRectF(self.rect()).adjusted(8, 7, -8, -9), theme.RADIUS_CARD)
