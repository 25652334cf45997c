"""Interface texts: English in the code, looked up in ``resources/translations/<language>/*.json``.

The language is one process-wide choice, set once by the two doors (window and command line).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("zh", "en")

_catalogue: dict[str, str] = {}
_language = "en"


def use(language: str, folder: Path) -> None:
    """Switch to ``language``; ``folder/<language>`` holds JSON objects, English text → translation, one file an area."""
    global _language  # noqa: PLW0603 - one language a process, as in every desktop program
    _catalogue.clear()
    for path in sorted((folder / language).glob("*.json")):
        _catalogue.update(json.loads(path.read_text(encoding="utf-8")))
    _language = language


def language() -> str:
    return _language


def tr(text: str, /, **values: object) -> str:
    """Translate ``text`` and fill its ``{named}`` places."""
    out = _catalogue.get(text, text)
    return out.format(**values) if values else out


def pick(zh: str, en: str) -> str:
    """Choose between a Chinese and an English name carried by data; Chinese where English is missing."""
    return en if _language == "en" and en else zh
