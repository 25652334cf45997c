"""Every error a user can meet: what happened, what to do, and the exit code of the command line.

Messages and hints are English templates; :func:`lydigital.texts.tr` translates them where they are shown.
"""

from __future__ import annotations

from typing import ClassVar

from lydigital.texts import tr


class LydError(Exception):
    """Base of all expected failures.

    Parameters
    ----------
    message
        English template naming what happened, with ``{named}`` places for ``values``.
    hint
        English template saying what the user can do about it. Never empty.
    values
        Filled into both templates after translation.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.values = values

    def __str__(self) -> str:
        return tr(self.message, **self.values)

    def hint_text(self) -> str:
        return tr(self.hint, **self.values)


class UsageError(LydError):
    """The command was called wrongly."""

    exit_code = 2


class BadDataError(LydError):
    """Input that cannot be read as what it claims to be."""

    exit_code = 3


class CrsError(BadDataError):
    """Unknown, missing or unsuitable coordinate reference system."""


class RefusedError(LydError):
    """A rule or permission stands against it."""

    exit_code = 4


class ConflictError(LydError):
    """Somebody else changed the same thing."""

    exit_code = 5


class StoreUnavailableError(LydError):
    """The store is missing, locked or out of reach."""

    exit_code = 6


class CancelledError(LydError):
    """The user stopped it."""

    exit_code = 4
