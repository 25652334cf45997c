"""The icon font: Material Design Icons 6, which the installed ``qtawesome`` package carries.

The font file is found without importing qtawesome, whose import costs 0.4 s.
"""

from __future__ import annotations

import difflib
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lydigital.errors import BadDataError, LydError

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEM = "materialdesignicons6-webfont"


@cache
def icon_file() -> Path:
    """Find the TrueType file of the icon font.

    Raises
    ------
    LydError
        When qtawesome, or the font in it, is not installed.
    """
    return _find("*.ttf")


def _find(ending: str) -> Path:
    spec = find_spec("qtawesome")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        for path in sorted(Path(folder, "fonts").glob(_STEM + ending)):
            return path
    raise LydError("The icon font is missing", hint="Install the package qtawesome again: pip install qtawesome.")


@cache
def charmap() -> Mapping[str, str]:
    """Icon name → its character in the icon font."""
    raw: dict[str, str] = json.loads(_find("*charmap*.json").read_text(encoding="utf-8"))
    return {name: chr(int(code, 16)) for name, code in raw.items()}


def check(name: str) -> str:
    """``name`` when the icon font knows it (or it is empty).

    Raises
    ------
    BadDataError
        Naming the nearest known icons.
    """
    known = charmap()
    if not name or name in known:
        return name
    near = difflib.get_close_matches(name, known, n=3) or ["map-marker"]
    raise BadDataError(
        "There is no icon named {name}", hint="Use a Material Design Icons name, for example {near}.",
        name=name, near=", ".join(near),
    )


@cache
def icon_font() -> tuple[str, Mapping[str, str]]:
    """Family of the icon font, made known to Qt's application fonts, and its names; needs a Qt application."""
    from PySide6.QtGui import QFontDatabase

    number = QFontDatabase.addApplicationFont(str(icon_file()))
    families = QFontDatabase.applicationFontFamilies(number)
    if not families:
        raise LydError(
            "The icon font {path} cannot be loaded", hint="Install the package qtawesome again: pip install qtawesome.",
            path=str(icon_file()),
        )
    return families[0], charmap()
