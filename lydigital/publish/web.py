"""The map as one HTML file that needs no network: folium's page and Leaflet, our layers, pictures and looks inside.

Nothing of the data is ever markup: it lies in the file as JSON without ``<``, ``>`` and ``&``, and the script sets it as
text. A policy in the file lets the browser run the scripts by their digests only, and load nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from lydigital import paths
from lydigital.errors import StoreUnavailableError
from lydigital.texts import language

if TYPE_CHECKING:
    from pathlib import Path

_POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src {scripts}"
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_IMAGE = re.compile(r"url\(\s*images/([\w.-]+)\s*\)")
_CONTENT_ID = "lydigital-content"


class _Plain(Element):
    """Text that is written as it is; an element of branca would read it as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render(self, **_given: object) -> str:
        return self._text


@dataclass(frozen=True)
class WebMap:
    """What the file says, ready for the browser.

    Attributes
    ----------
    title
        Of the page.
    bounds
        West, south, east, north in degrees.
    content
        Layers, pictures, sprites, legend, words: see ``resources/web/map.js``.
    """

    title: str
    bounds: tuple[float, float, float, float]
    content: dict[str, Any] = field(repr=False)


def leaflet() -> Path:
    """Folder of Leaflet's files.

    Raises
    ------
    StoreUnavailableError
        When its package is not installed.
    """
    from importlib import util
    from pathlib import Path

    try:
        found = util.find_spec("xstatic.pkg.leaflet")
    except ModuleNotFoundError:
        found = None
    folder = Path(found.origin).parent / "data" if found is not None and found.origin else None
    if folder is None or not (folder / "leaflet.js").is_file():
        raise StoreUnavailableError(
            "Web maps need the package XStatic-Leaflet, which is not installed",
            hint="Run make setup, or install lydigital with all its packages.",
        )
    return folder


def fixed_bytes() -> int:
    """Roughly what the file holds besides the map: Leaflet and the script."""
    folder = leaflet()
    return sum(len(text.encode()) for text in (*_styles(folder), *_scripts(folder))) + 4_000


def html(made: WebMap) -> bytes:
    """The file.

    Raises
    ------
    StoreUnavailableError
        When Leaflet is not installed.
    """
    folder = leaflet()
    west, south, east, north = made.bounds
    chart = folium.Map(location=((south + north) / 2, (west + east) / 2), tiles=None, zoom_start=10, zoom_control=False, zoomSnap=1)
    chart._id = "main"
    chart.default_js, chart.default_css = [], []  # folium's own lead to servers
    root = chart.get_root()
    assert isinstance(root, Figure)
    root.title = escape(made.title)
    head = root.header
    for number, text in enumerate(_styles(folder)):
        head.add_child(_Plain(f"<style>{text}</style>"), name=f"style_{number}")
    for number, text in enumerate(_scripts(folder)):
        head.add_child(_Plain(f"<script>{text}</script>"), name=f"script_{number}")
    stored = _Plain(f'<script type="application/json" id="{_CONTENT_ID}">{_inert(made.content)}</script>')
    root.html.add_child(stored, name="content")
    start = MacroElement()  # type: ignore[no-untyped-call]
    start._template = Template(
        "{% macro script(this, kwargs) %}lydigital({{ this._parent.get_name() }}, "
        f'JSON.parse(document.getElementById("{_CONTENT_ID}").textContent));{{% endmacro %}}'
    )
    chart.add_child(start, name="start")
    return _guarded(root.render()).encode()


def _guarded(page: str) -> str:
    """The page in its language, with the policy before everything else."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in _SCRIPT.findall(page)]
    policy = _POLICY.format(scripts=" ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(digests)))
    head = f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}" />\n<meta name="generator" content="lydigital" />'
    tongue = "zh-CN" if language() == "zh" else "en"
    return page.replace("<html>", f'<html lang="{tongue}">', 1).replace("<head>", head, 1)


def _inert(content: object) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _styles(folder: Path) -> tuple[str, str]:
    def image(found: re.Match[str]) -> str:
        octets = (folder / "images" / found[1]).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(octets).decode()})"

    own = paths.resources_dir() / "web" / "map.css"
    return _IMAGE.sub(image, _read(folder / "leaflet.css")), _read(own)


def _scripts(folder: Path) -> tuple[str, str]:
    library = re.sub(r"//[#@] sourceMappingURL=\S+", "", _read(folder / "leaflet.js"))
    return library, _read(paths.resources_dir() / "web" / "map.js")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip().replace("\r\n", "\n")
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be read: {reason}", hint="Check that the file exists and may be read.", path=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip
