"""Every verb of the program, once: menu, palette, shortcut, command line, Python and tests all come through here.

A command returns a change set (or None, or a result to show); only :func:`execute` commits, so no command can forget
undo or the journal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
from psygnal import EmitLoopError

from lydigital.edits.edited import Edited
from lydigital.errors import CancelledError, RefusedError, UsageError
from lydigital.model.changeset import ChangeSet
from lydigital.session import Session
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable

_MODULES = ("file", "edit", "feature", "parts", "geometry", "vertex", "attribute", "attachment", "check", "layer", "style", "label", "view", "map", "layout", "frame", "web", "atlas", "gate", "sheet", "store", "history", "hazard", "impact", "network", "indicator", "framework", "index", "card", "susceptibility", "utility", "roster", "farmland", "metadata", "emergency", "emergencycard", "incident", "coverage", "coverage_report", "warning", "warning_paint", "product", "verification")


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what commands take; a misspelt name is an error."""

    @property
    def is_complete(self) -> bool:
        """Whether they name all that is worked on, so that nothing needs to be selected."""
        return False


def _always(_session: Session) -> str | None:
    return None


def later(module: str, function: str) -> Callable[[Session, Any], Any]:
    """A command's ``run`` that imports its module of ``commands.work``, and shapely with it, when it is first used."""

    def run(session: Session, given: Any) -> Any:
        return getattr(import_module(f"lydigital.commands.work.{module}"), function)(session, given)

    return run


@dataclass(frozen=True)
class Command:
    """One verb.

    Attributes
    ----------
    id
        ``noun.verb``.
    title
        English template of the menu text.
    run
        Takes session and parameters; returns a change set, a result, or None.
    parameters
        What it takes.
    disabled
        Why it cannot be done now, in the user's language, or None when it can.
    shortcut
        As in Qt's portable text.
    menu
        Menu it belongs to, "" for none.
    icon
        Name in the Material Design icon font.
    merges
        Repeated quickly it is one step to undo.
    undoable
        Whether its change is a step to undo; False for what only arranges the window.
    final
        Whether its change is in the store before it is shown, and can never be undone.
    """

    id: str
    title: str
    run: Callable[[Session, Any], Any]
    parameters: type[Parameters] = Parameters
    disabled: Callable[[Session], str | None] = _always
    shortcut: str = ""
    menu: str = ""
    icon: str = ""
    merges: bool = False
    undoable: bool = True
    final: bool = False

    @property
    def name(self) -> str:
        return tr(self.title)

    @property
    def needs_input(self) -> bool:
        """Whether it has parameters without a default: a menu entry must ask for them."""
        return any(f.required for f in msgspec.structs.fields(self.parameters))


@cache
def commands() -> dict[str, Command]:
    """All commands by id, in menu order."""
    found: dict[str, Command] = {}
    for name in _MODULES:
        module = import_module(f"lydigital.commands.{name}")
        found.update({command.id: command for command in module.COMMANDS})
    return found


def get(command_id: str) -> Command:
    """Find a command.

    Raises
    ------
    UsageError
        When there is none of that id, naming near ones.
    """
    try:
        return commands()[command_id]
    except KeyError:
        import difflib

        near = difflib.get_close_matches(command_id, commands(), 3) or list(commands())[:3]
        raise UsageError(
            "There is no command {command}",
            hint="Did you mean {near}?",
            command=command_id,
            near=", ".join(near),
        ) from None


def execute(session: Session, command_id: str, **parameters: Any) -> Any:
    """Do a command: the only door through which anything changes.

    Returns
    -------
    Any
        The change set that was committed, or the command's own result.

    Raises
    ------
    UsageError
        On an unknown command or parameters that do not fit.
    RefusedError
        When the command is disabled, with the reason.
    LydError
        Whatever the command meets.
    """
    command = get(command_id)
    if not all(map(_is_finite, parameters.values())):
        raise UsageError("{command}: a number is missing or without end", hint="Name finite numbers.", command=command.name)
    try:
        arguments = msgspec.convert(parameters, command.parameters, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(
            "{command}: {reason}", hint="The parameters are: {known}.", command=command_id, reason=str(error),
            known=", ".join(command.parameters.__struct_fields__) or "-",
        ) from None  # fmt: skip
    reason = None if arguments.is_complete else command.disabled(session)
    if reason is not None:
        raise RefusedError(
            "{command} is not possible now", hint="{reason}", command=command.name, reason=reason
        )
    try:
        result = command.run(session, arguments)
    except EmitLoopError as error:  # whoever listens to progress has stopped the work; psygnal wraps what he raises
        if isinstance(error.__cause__, CancelledError):
            raise error.__cause__ from None
        raise
    if isinstance(result, ChangeSet) and result:
        bare, selection = (result.bare, result.selected) if isinstance(result, Edited) else (result, None)
        if command.final:
            session.seal(bare)
            return result
        session.commit(bare, merge=command.merges, undoable=command.undoable, selection=selection)
    return result


def _is_finite(value: Any) -> bool:
    """Whether all numbers in what was given are finite: a coordinate or limit that is not spoils whatever is worked out of it."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, dict) or all(map(_is_finite, value.values()))


class Workbench(Session):
    """A session with the order book at hand, for scripts: ``lydigital.open("sample").run("layer.hide", layer="road")``."""

    def run(self, command_id: str, **parameters: Any) -> Any:
        """Do a command by id, see :func:`execute`."""
        return execute(self, command_id, **parameters)
