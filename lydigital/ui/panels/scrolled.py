"""A page of the card with a head, a body that scrolls where it is too long, and buttons at the foot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QPushButton, QScrollArea, QWidget

from lydigital.ui.widgets import Badge, Elided, IconButton, Page, clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QBoxLayout, QVBoxLayout


class ScrolledPage(Page):
    """Built anew by :meth:`retranslate`, which asks :meth:`build` for the content."""

    closed = Signal()
    resized = Signal()
    icon = "history"

    def __init__(self) -> None:
        super().__init__()
        box = column(self)
        self._head, self._foot = QWidget(), QWidget()
        self._head_box, self._foot_box = column(self._head, spacing=6), column(self._foot, spacing=6)
        self._head_box.setContentsMargins(16, 14, 10, 8)
        self._foot_box.setContentsMargins(16, 8, 16, 12)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box.addWidget(self._head)
        box.addWidget(self._scroll, 1)
        box.addWidget(self._foot)

    def title(self) -> tuple[str, str]:
        """The title, and a line below it."""
        raise NotImplementedError

    def build(self, box: QVBoxLayout) -> None:
        """Fill the body."""
        raise NotImplementedError

    def build_foot(self, box: QVBoxLayout) -> None:
        """Fill the foot; it stays away where this adds nothing."""

    def retranslate(self) -> None:
        """Build all of it anew in the present language."""
        at = self._scroll.verticalScrollBar().value()
        clear(self._head_box)
        clear(self._foot_box)
        self._build_head()
        body = QWidget()
        body.setObjectName("scroll-body")
        box = column(body, spacing=8)
        box.setContentsMargins(16, 2, 16, 12)
        self.build(box)
        box.addStretch(1)
        self._scroll.setWidget(body)
        self.build_foot(self._foot_box)
        self._foot.setVisible(self._foot_box.count() > 0)
        self.resized.emit()
        QTimer.singleShot(0, self, self.resized.emit)  # once the style sheet has had its say on the fonts
        QTimer.singleShot(0, self, lambda: self._scroll.verticalScrollBar().setValue(at))

    def ideal_height(self, width: int) -> int:
        body = self._scroll.widget()
        boxes = [self._head_box, body.layout() if body is not None else None]
        boxes += [] if self._foot.isHidden() else [self._foot_box]
        return sum(_height(box, width) for box in boxes if box is not None) + 2

    def set_scrolling(self, needed: bool) -> None:
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if needed else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._scroll.setVerticalScrollBarPolicy(policy)

    def _build_head(self) -> None:
        title, below = self.title()
        top = row(spacing=10)
        top.addWidget(Badge(self.icon, 34), 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=2)
        words.addWidget(Elided(title, "title"))
        if below:
            words.addWidget(label(below, "soft", wrap=True))
        top.addLayout(words, 1)
        close = IconButton("close", "Close", "Esc")
        close.setFixedSize(24, 24)
        close.clicked.connect(self.closed)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._head_box.addLayout(top)


def button(box: QBoxLayout, text: str, action: Callable[[], object], *, primary: bool = False) -> QPushButton:
    """Add a button to a row."""
    made = QPushButton(text)
    if primary:
        made.setProperty("primary", "true")
    made.clicked.connect(lambda _checked=False: action())
    box.addWidget(made)
    return made


def _height(box, width: int) -> int:
    box.invalidate()
    wanted = box.heightForWidth(width) if box.hasHeightForWidth() else 0
    return wanted if wanted > 0 else box.sizeHint().height()
