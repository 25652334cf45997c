"""What the command line gives to groups of subcommands (``*_line``), one noun a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import click

    from lydigital.commands.registry import Workbench


class Show(Protocol):
    """Writes a result: ``values`` as JSON, or ``text`` for people."""

    def __call__(self, values: dict[str, Any], text: str, *, as_json: bool) -> None: ...


@dataclass(frozen=True)
class Door:
    """What the command line does for all subcommands.

    Attributes
    ----------
    session
        Opens a project for as long as the context lasts, with progress on a terminal.
    show, say
        Results on standard output, everything else on standard error.
    common
        The options of every subcommand (``--lang``, ``--json``).
    """

    session: Callable[[str], AbstractContextManager[Workbench]]
    show: Show
    say: Callable[[str, str], None]
    common: Callable[[], list[click.Parameter]]
