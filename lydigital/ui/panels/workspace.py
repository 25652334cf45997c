"""What a workspace is for: what is possible in it today, and what is still to come, said plainly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.spaces import SpacePage
from lydigital.ui.widgets import Badge, IconButton, column, label, row, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.session import Session


@dataclass(frozen=True)
class Workspace:
    """A workspace's card. Texts are English templates; ``groups`` are those of the layer tree it works on."""

    id: str
    title: str
    icon: str
    purpose: str
    groups: tuple[str, ...]
    now: tuple[str, ...]
    later: tuple[str, ...]


SPACES = {
    w.id: w
    for w in (
        Workspace(
            "publish", "Publish", "file-image-outline", "A map that can go into a report today.",
            (),
            ("Save the view as PNG or PDF with the same labels as on screen",),
            ("Drag a paper frame on the map", "PDF, PNG, SVG and Word with title, legend, scale and sources",
             "One click for all counties"),
        ),
    )
}  # fmt: skip


class WorkspacePanel(SpacePage):
    """The card of a workspace that is still growing."""

    def __init__(
        self, space: Workspace, session: Session, do: Callable[..., Any], ask: Callable[[str], object]
    ) -> None:
        super().__init__()
        self._ask = ask
        self.space = space
        self._session = session
        self._do = do
        self._box = column(self)
        self._body: QWidget | None = None
        self.retranslate()

    def retranslate(self) -> None:
        if self._body is not None:
            self._body.setParent(None)
            self._body.deleteLater()
        self._body = QWidget()
        self._box.addWidget(self._body)
        box = column(self._body, spacing=6)
        box.setContentsMargins(16, 14, 10, 16)
        space = self.space
        top = row(spacing=12)
        top.addWidget(Badge(space.icon, 38), 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=2)
        words.addWidget(label(tr(space.title), "title"))
        words.addWidget(label(tr(space.purpose), "soft", wrap=True))
        top.addLayout(words, 1)
        close = IconButton("close", "Close", "Esc")
        close.setFixedSize(26, 26)
        close.clicked.connect(self.closed)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        box.addLayout(top)
        box.addSpacing(6)
        box.addWidget(rule())
        box.addSpacing(2)
        box.addWidget(label(tr("Possible today"), "section"))
        for text in space.now:
            box.addLayout(_line("check", text, "good"))
        groups = self._groups()
        if groups or not space.groups:
            button = QPushButton(icons.icon("layers-outline", "on_accent"), tr("Show these layers"))
            button.clicked.connect(self.show_layers)
            if not space.groups:
                button = QPushButton(icons.icon("content-save-outline", "on_accent"), tr("Save this view"))
                button.clicked.connect(lambda: self._ask("map.render"))
            button.setProperty("primary", "true")
            box.addSpacing(4)
            box.addWidget(button)
        box.addSpacing(6)
        box.addWidget(label(tr("Coming in a later version"), "section"))
        for text in space.later:
            box.addLayout(_line("circle-small", text, "ink_faint"))

    def document_replaced(self) -> None:
        self.retranslate()

    def ideal_height(self, width: int) -> int:
        self._box.invalidate()
        return self._box.heightForWidth(width) if self._box.hasHeightForWidth() else self.sizeHint().height()

    def show_layers(self) -> None:
        """Switch the workspace's layers on."""
        self._do("group.show_layers", groups=tuple(self._groups()))

    def _groups(self) -> list[str]:
        return [g for g in self.space.groups if self._session.document.group(g) is not None]


def _line(icon: str, text: str, role: str):
    line = row(spacing=8)
    mark = label()
    mark.setPixmap(icons.icon(icon, role).pixmap(16, 16))
    line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(label(tr(text), "soft", wrap=True), 1)
    return line
