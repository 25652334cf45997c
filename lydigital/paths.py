"""Where things lie: shipped folders and the user's own.

In a checkout the shipped folders stand beside the package; in an installed wheel under ``lydigital/_data``.
``LYDIGITAL_HOME`` moves everything of the user's into one folder (tests, portable installs).
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

VERSION = "0.1.0"  # of the program; here, where everything below the doors can read it
_PACKAGE = Path(__file__).resolve().parent
_APP = "lydigital"


@cache
def _shipped(name: str) -> Path:
    beside = _PACKAGE.parent / name
    return beside if (_PACKAGE.parent / "pyproject.toml").is_file() else _PACKAGE / "_data" / name


def layers_dir() -> Path:
    return _shipped("layers")


def resources_dir() -> Path:
    return _shipped("resources")


def translations_dir() -> Path:
    return _shipped("resources") / "translations"


def sample_dir() -> Path:
    return _shipped("sample_data")


def sample_store() -> Path:
    return sample_dir() / "luoyang.gpkg"


def sample_dem() -> Path:
    return sample_dir() / "luoyang_dem.tif"


def _user(kind: str) -> Path:
    home = os.environ.get("LYDIGITAL_HOME")
    if home:
        folder = Path(home) / kind
    else:
        import platformdirs

        folder = Path(getattr(platformdirs, f"user_{kind}_dir")(_APP, appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def config_dir() -> Path:
    """Window state, recent files, preferences."""
    return _user("config")


@cache
def cache_dir() -> Path:
    """Render caches and compiled kernels: safe to delete."""
    return _user("cache")


@cache
def state_dir() -> Path:
    """Autosaves, journals and logs: not safe to delete."""
    return _user("state")


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` as one step: after a crash the file is the old or the new one, never half.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    mode = path.stat().st_mode & 0o777 if path.exists() else _new_file_mode()
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name, too, outlasts a power cut
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@cache
def _new_file_mode() -> int:
    """Permissions of a file made in the ordinary way."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
