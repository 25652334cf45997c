"""Slow work off the main thread, with progress and cancel, one job at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from lydigital.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(eq=False)
class Job:
    """What a running job may ask and say. ``report`` raises ``CancelledError`` after the user stopped it."""

    title: str
    runner: Jobs
    cancelled: threading.Event = field(default_factory=threading.Event)

    def report(self, done: float, text: str = "") -> None:
        """``done`` from 0 to 1."""
        if self.cancelled.is_set():
            raise CancelledError(
                "{title} was stopped", hint="Start it again when it suits.", title=self.title
            )
        self.runner.told.emit("progressed", done, text or self.title)


class Jobs(QObject):
    """Runs jobs in threads; signals arrive on the main thread, none after :meth:`close`."""

    progressed = Signal(float, str)
    finished = Signal(object, object)  # the job, its result
    failed = Signal(object, object)  # the job, the error
    told = Signal(str, object, object)  # one of these, from the thread of the job

    def __init__(self) -> None:
        super().__init__()
        self._threads: dict[Job, threading.Thread] = {}
        self._done: dict[Job, Callable[[Any], None]] = {}
        self._is_closed = False
        self.told.connect(self._tell)

    @property
    def running(self) -> Job | None:
        return next((job for job, thread in self._threads.items() if thread.is_alive()), None)

    def start(self, title: str, work: Callable[[Job], Any], done: Callable[[Any], None] | None = None) -> Job:
        """Run ``work(job)``; ``done(result)`` is called on the main thread after :attr:`finished`."""
        job = Job(title, self)
        if self._is_closed:
            return job
        thread = threading.Thread(target=self._run, args=(job, work), name=f"job {title}", daemon=True)
        self._threads = {known: one for known, one in self._threads.items() if one.is_alive()}
        self._threads[job] = thread
        if done is not None:
            self._done[job] = done
        thread.start()
        return job

    def cancel(self) -> None:
        for job in self._threads:
            job.cancelled.set()

    def close(self) -> None:
        """Stop what runs; what it has still to say is for nobody."""
        self._is_closed = True
        self.cancel()
        for thread in self._threads.values():
            thread.join(timeout=20)
        self._threads.clear()

    def _run(self, job: Job, work: Callable[[Job], Any]) -> None:
        try:
            result = work(job)
        except Exception as error:  # noqa: BLE001 - whatever it was, the window says it
            self.told.emit("failed", job, error)
        else:
            self.told.emit("finished", job, result)

    def _tell(self, what: str, first: object, second: object) -> None:
        if self._is_closed:
            return
        getattr(self, what).emit(first, second)
        done = self._done.pop(first, None) if isinstance(first, Job) else None
        if done is not None and what == "finished":
            done(second)
