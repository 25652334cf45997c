"""The keys of the window: those of the commands, and its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

from lydigital.commands import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.ui.window import Window


def listen(window: Window) -> None:
    """Have every key do what it is for."""
    found: list[tuple[str, Callable[[], object]]] = [
        (c.shortcut, partial(window.run, c.id)) for c in registry.commands().values() if c.shortcut
    ]
    found += [
        ("Ctrl+Y", partial(window.run, "edit.redo")),
        ("Ctrl+K", window.open_palette),
        ("Ctrl+F", window.open_palette),
        ("Ctrl+Q", window.close),
        ("F9", window.toggle_side),
        ("Ctrl+I", window.cards.toggle),
        ("F6", lambda: window.canvas.setFocus(Qt.FocusReason.ShortcutFocusReason)),
    ]
    for key, action in found:
        QShortcut(QKeySequence(key), window).activated.connect(action)
