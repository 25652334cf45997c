"""Reads layers in a thread of its own, so that frames show what is there already. No Qt in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lydigital.errors import CancelledError, LydError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.session import Session


class Reader:
    """Reads the layers of a session that are visible at the scale asked for last."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._came: Callable[[], object] = lambda: None
        self._failed: Callable[[BaseException], object] = lambda _error: None
        self._wake = threading.Condition()
        self._scale: float | None = None
        self._is_reading = False
        self._stop = False
        self._cancel = False
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def tell(self, came: Callable[[], object], failed: Callable[[BaseException], object]) -> None:
        """Call ``came()`` when a part of a layer was read, and when all are; both are called from the reader's thread."""
        self._came, self._failed = came, failed

    @property
    def is_reading(self) -> bool:
        return self._is_reading

    def want(self, scale: float) -> None:
        """Read what is visible at ``scale``."""
        with self._wake:
            self._scale = scale
            self._is_reading = True
            self._wake.notify_all()

    def wait(self, seconds: float) -> None:
        """Return when all is read, or after this time."""
        with self._wake:
            self._wake.wait_for(lambda: not self._is_reading, seconds)

    def cancel(self) -> None:
        """Leave the layer that is being read as it is."""
        self._cancel = self._is_reading

    def close(self) -> None:
        """End the thread; returns when it is gone, or busy with something that cannot be stopped."""
        with self._wake:
            self._stop = True
            self._wake.notify_all()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._stop or self._scale is not None)
                if self._stop:
                    return
                scale, self._scale = self._scale, None
            try:
                self._session.scene(scale, watch=self._watch)
            except Exception as error:  # noqa: BLE001 - a fault in reading must not end the thread; the window shows it
                self._failed(error)
            finally:
                with self._wake:
                    self._is_reading = self._scale is not None
                    self._cancel = False
                    self._wake.notify_all()
            if not self._stop:
                self._came()

    def _watch(self) -> None:
        if self._stop or self._cancel:
            self._cancel = False
            raise CancelledError("The reading was stopped", hint="Read the layer again to see all of it.")
        self._came()


def counts(session: Session) -> dict[str, int]:
    """Numbers of features by layer id, as far as the stores know them."""
    counts = {}
    for ref in session.document.layers:
        try:
            if session.definition(ref.id).geometry != "raster":
                counts[ref.id] = session.stores.describe(ref).feature_count
        except LydError:
            continue
    return counts
