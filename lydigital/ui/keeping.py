"""What the window remembers from one start to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QByteArray, QSettings

from lydigital import settings
from lydigital.texts import tr
from lydigital.ui.notices import Notice

if TYPE_CHECKING:
    from lydigital.ui.window import Window

FIRST_SIZE = (1600, 1000)


def _state(window: Window) -> QSettings:
    return QSettings(str(window.preferences.window_state_path), QSettings.Format.IniFormat)


def _map_key(window: Window) -> str:
    return window.session.project.replace("/", "_").replace("\\", "_") or "map"


def keep_preferences(window: Window, **changes: Any) -> None:
    """Change preferences and write them down; a folder that cannot be written to is said, not fatal."""
    window.preferences = msgspec.structs.replace(window.preferences, **changes)
    if window.transient:
        return
    try:
        settings.write(window.preferences)
    except OSError as error:
        window.say(Notice("warning", tr("The preferences cannot be written: {reason}", reason=str(error))))


def restore(window: Window) -> None:
    """Size, panels, workspace and notation as they were; as large as the screen allows at the first start."""
    state = _state(window)
    kept = state.value("geometry")
    if not (isinstance(kept, QByteArray) and window.restoreGeometry(kept)):
        screen = window.screen().availableGeometry()
        width, height = min(FIRST_SIZE[0], screen.width()), min(FIRST_SIZE[1], screen.height())
        window.setGeometry(screen.x(), screen.y(), width, height)
    sizes = state.value("splitter")
    if isinstance(sizes, QByteArray):
        window.splitter.restoreState(sizes)
    window.status.set_notation(str(state.value("notation", "dd")))
    window.workspace = str(state.value("workspace", "browse"))
    if state.value("side", "true") == "false":
        window.toggle_side()
    groups = state.value(f"expanded/{_map_key(window)}")
    if isinstance(groups, (str, list)):
        window.layers.restore_expanded([groups] if isinstance(groups, str) else groups)


def keep(window: Window) -> None:
    state = _state(window)
    state.setValue("geometry", window.saveGeometry())
    state.setValue("splitter", window.splitter.saveState())
    state.setValue("notation", window.status.notation.id)
    state.setValue("workspace", window.workspace)
    state.setValue("side", "false" if window.side.isHidden() else "true")
    state.setValue(f"expanded/{_map_key(window)}", window.layers.expanded_state())
    state.sync()
