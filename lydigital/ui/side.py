"""The left side of the window: layers and bookmarks under two tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QToolButton, QWidget

from lydigital.texts import tr
from lydigital.ui.panels.layers import LayersPanel
from lydigital.ui.widgets import IconButton, column, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.session import Session
    from lydigital.ui.panels.bookmarks import BookmarksPanel

TABS = {"layers": "Layers", "bookmarks": "Bookmarks"}


class Side(QWidget):
    """Bookmarks are made when they are first needed."""

    folded = Signal()

    def __init__(self, session: Session, do: Callable[..., Any]) -> None:
        super().__init__()
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(200)
        self.setMaximumWidth(460)
        self._session = session
        self._do = do
        self._bookmarks: BookmarksPanel | None = None
        box = column(self, spacing=6)
        tabs = row(spacing=14)
        tabs.setContentsMargins(14, 6, 6, 0)
        group = QButtonGroup(self)
        self._tabs: dict[str, QToolButton] = {}
        for name in TABS:
            button = QToolButton()
            button.setObjectName("tab")
            button.setCheckable(True)
            button.setFixedHeight(30)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, name=name: self.choose(name))
            group.addButton(button)
            self._tabs[name] = button
            tabs.addWidget(button)
        tabs.addStretch(1)
        self._fold = IconButton("chevron-double-left", "Hide the panel", "F9", size=16)
        self._fold.clicked.connect(self.folded)
        tabs.addWidget(self._fold)
        box.addLayout(tabs)
        self._pages = column()
        box.addLayout(self._pages, 1)
        self.layers = LayersPanel(session, do)
        self._pages.addWidget(self.layers)
        self._tabs["layers"].setChecked(True)
        self.retranslate()

    @property
    def bookmarks(self) -> BookmarksPanel:
        if self._bookmarks is None:
            from lydigital.ui.panels.bookmarks import BookmarksPanel

            self._bookmarks = BookmarksPanel(self._session, self._do)
            self._pages.addWidget(self._bookmarks)
        return self._bookmarks

    def choose(self, name: str) -> None:
        """Show the layers or the bookmarks."""
        if self.isHidden():
            self.folded.emit()
        self._tabs[name].setChecked(True)
        self.layers.setVisible(name == "layers")
        if name == "bookmarks" or self._bookmarks is not None:
            self.bookmarks.setVisible(name == "bookmarks")

    def document_changed(self, *, structure: bool, bookmarks: bool) -> None:
        self.layers.document_changed(structure=structure)
        if bookmarks and self._bookmarks is not None:
            self._bookmarks.refresh()

    def retranslate(self) -> None:
        for name, button in self._tabs.items():
            button.setText(tr(TABS[name]))
        self._fold.retranslate()
        self.layers.retranslate()
        if self._bookmarks is not None:
            self._bookmarks.retranslate()
