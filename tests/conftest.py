"""Every test runs away from the user's own folders; compiled kernels are shared between tests."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

if os.environ.get("LYDIGITAL_TEST_WITHOUT_QT"):
    sys.modules["PySide6"] = None  # type: ignore[assignment]  # as if it were not installed

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("LYDIGITAL_HOME", tempfile.mkdtemp(prefix="lydigital-test-"))

from lydigital import paths, texts

IN_CI = bool(os.environ.get("CI"))


def need(condition: bool, reason: str) -> None:
    """Skip on a developer's machine, fail in CI: the set-up must have installed it."""
    if condition:
        return
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Configuration and state of each test in its own folder."""
    for name in ("config", "state"):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.setattr(paths, f"{name}_dir", lambda folder=folder: folder)
    yield
    texts.use("en", paths.translations_dir())
