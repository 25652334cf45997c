"""Views worth returning to: add, go, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QScrollArea, QSizePolicy, QToolButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.statusbar import scale_text
from lydigital.ui.widgets import Badge, IconButton, clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.session import Session


class BookmarksPanel(QWidget):
    """Everything goes through ``do(command, **parameters)``."""

    def __init__(self, session: Session, do: Callable[..., Any]) -> None:
        super().__init__()
        self._session = session
        self._do = do
        box = column(self, spacing=6)
        head = row(spacing=4)
        head.setContentsMargins(12, 0, 12, 0)
        self.field = QLineEdit()
        self.field.addAction(
            icons.icon("bookmark-plus-outline", "ink_faint"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.field.returnPressed.connect(self.add)
        self._add = QPushButton()
        self._add.clicked.connect(self.add)
        head.addWidget(self.field, 1)
        head.addWidget(self._add)
        box.addLayout(head)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        body.setObjectName("scroll-body")
        self._list = column(body, spacing=2)
        self._list.setContentsMargins(6, 0, 6, 8)
        scroll.setWidget(body)
        box.addWidget(scroll, 1)
        self.retranslate()

    def retranslate(self) -> None:
        self.field.setPlaceholderText(tr("Name for this view"))
        self.field.setAccessibleName(tr("Name for this view"))
        self._add.setText(tr("Add"))
        self.refresh()

    def add(self) -> None:
        """Keep the present view with its visible layers."""
        title = self.field.text().strip() or tr(
            "View {number}", number=len(self._session.document.bookmarks) + 1
        )
        self.field.clear()
        self._do("view.bookmark_add", title=title, layers=True)

    def refresh(self) -> None:
        """Show the document's bookmarks."""
        clear(self._list)
        marks = self._session.document.bookmarks
        for mark in marks:
            line = QWidget()
            box = row(line, spacing=0)
            button = QToolButton()
            button.setObjectName("hit")
            button.setText(f"{mark.title}  ·  {scale_text(mark.scale)}")
            button.setIcon(icons.icon("bookmark-outline"))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(
                tr("Go to this view with its layers") if mark.visible is not None else tr("Go to this view")
            )
            button.clicked.connect(
                lambda _=False, title=mark.title: self._do("view.bookmark_go", title=title)
            )
            remove = IconButton("close", "Remove bookmark", size=14)
            remove.setFixedSize(24, 24)
            remove.clicked.connect(
                lambda _=False, title=mark.title: self._do("view.bookmark_remove", title=title)
            )
            box.addWidget(button, 1)
            box.addWidget(remove)
            self._list.addWidget(line)
        if not marks:
            self._list.addWidget(_empty())
        self._list.addStretch(1)


def _empty() -> QWidget:
    frame = QWidget()
    box = column(frame, margin=16, spacing=6)
    box.addWidget(Badge("bookmark-outline", 38), 0, Qt.AlignmentFlag.AlignHCenter)
    words = label(
        tr("No bookmarks yet. Go to a view you will need again, name it above and press Enter; the visible layers are kept too."),
        "faint", wrap=True,
    )  # fmt: skip
    words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    box.addWidget(words)
    return frame
