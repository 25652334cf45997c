"""One window on the small city; it must close without leaving a thread behind."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("PySide6.QtWidgets")

from lydigital.settings import Settings
from lydigital.ui import app, theme


@pytest.fixture
def application(qapp):
    """The program's application in the light theme and English."""
    app.application("en", "light")
    yield qapp
    theme.apply(qapp, "light")


@pytest.fixture
def window(application, qtbot, small_session):
    """The real window with its first true frame on it."""
    made = app.shown(small_session, size=(1200, 800), lang="en")
    qtbot.addWidget(made)
    yield made
    made.close()
    left = [t.name for t in threading.enumerate() if t.name.startswith(("frames", "job", "preload"))]
    assert not left, left


@pytest.fixture
def settings():
    return Settings(language="en")


@pytest.fixture
def framed(qtbot):
    """``with framed(window): …`` waits for the frame of what was done inside."""
    from contextlib import contextmanager

    @contextmanager
    def waiting(window):
        yield
        qtbot.waitUntil(window.is_current, timeout=30_000)

    return waiting
