"""Undo and redo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.commands.registry import Command, Parameters
from lydigital.edits.history import words
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.session import Session


def _undo(session: Session, _parameters: Parameters) -> str | None:
    changes = session.undo()
    return None if changes is None else words(changes)


def _redo(session: Session, _parameters: Parameters) -> str | None:
    changes = session.redo()
    return None if changes is None else words(changes)


def _nothing_to_undo(session: Session) -> str | None:
    return tr("There is nothing to undo") if session.history.undo_text is None else None


def _nothing_to_redo(session: Session) -> str | None:
    return tr("There is nothing to redo") if session.history.redo_text is None else None


COMMANDS = (
    Command(
        "edit.undo", "Undo", _undo, disabled=_nothing_to_undo, shortcut="Ctrl+Z", menu="edit", icon="undo"
    ),
    Command(
        "edit.redo",
        "Redo",
        _redo,
        disabled=_nothing_to_redo,
        shortcut="Ctrl+Shift+Z",
        menu="edit",
        icon="redo",
    ),
)
