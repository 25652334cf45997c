"""What a workspace has in hand. Each workspace has a desk of its own kind; its page shows it and asks it to act."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from lydigital.commands import registry
from lydigital.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.ui.jobs import Job
    from lydigital.ui.window import Window


class Desk(QObject):
    """``changed`` names what is other now, ``busy`` the kind of job that runs for the desk ("" for none).

    One job of a desk runs at a time; of those that wait, the latest of each kind is kept.
    """

    changed = Signal(str)

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window
        self.session = window.session
        self.busy = ""
        self._job: Job | None = None
        self._waiting: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], None]]] = {}
        window.jobs.failed.connect(self._job_failed)

    def start(self, kind: str, title: str, work: Callable[[Any], Any], done: Callable[[Any], None]) -> None:
        """Run ``work(job)`` beside the window, now or after what runs; then ``done(result)``."""
        if self.busy:
            self._waiting[kind] = (title, work, done)
            return

        def finished(result: Any) -> None:
            if self._job is job:
                self.free()
                done(result)
                self._next()

        self.busy = kind
        job = self._job = self.window.jobs.start(title, work, finished)
        self.changed.emit("busy")

    def perform(self, job: Job, command: str, *, unless: Callable[[], bool] = bool, **given: object) -> Any:
        """A command inside a job; it stops where it says how far it is, once the job is cancelled or ``unless()`` is true.

        Raises
        ------
        CancelledError
            When it stopped.
        """
        mine = threading.get_ident()

        def listen(*_said: object) -> None:
            if threading.get_ident() == mine and (job.cancelled.is_set() or unless()):
                raise CancelledError("{title} was stopped", hint="Start it again when it suits.", title=job.title)

        self.session.progressed.connect(listen)
        try:
            return registry.execute(self.session, command, **given)
        finally:
            self.session.progressed.disconnect(listen)

    def waits(self, kind: str) -> bool:
        """Whether a job of this kind runs or will."""
        return self.busy == kind or kind in self._waiting

    def free(self) -> None:
        """The job is over, or its result no longer wanted."""
        self.busy, self._job = "", None
        self.changed.emit("busy")

    def forget_jobs(self) -> None:
        """Nothing that runs or waits is wanted any more."""
        self._waiting.clear()
        if self.busy:
            self.free()

    def _next(self) -> None:
        if self._waiting and not self.busy:
            kind = next(iter(self._waiting))
            self.start(kind, *self._waiting.pop(kind))

    def _job_failed(self, job: object, _error: object) -> None:
        if job is self._job:
            self.free()
            self._next()
