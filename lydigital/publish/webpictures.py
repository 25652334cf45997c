"""Pictures inside a web map: made by our own engine in the projection of web maps, small enough for the file."""

from __future__ import annotations

import base64
import math
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from lydigital.model.crs import Crs, transformation
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.render import drawlist, raster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.render.drawlist import Fonts, SceneLayer

MERCATOR, DEGREES = Crs("EPSG:3857"), Crs("EPSG:4326")
_HALF = math.pi * 6_378_137.0
_SIDES = (900, 1800, 3600)  # px; each picture shows twice the detail of the one before
_QUALITY = 78
_GROUND = (247, 246, 242, 255)

Bounds = tuple[float, float, float, float]


def data_uri(pixels: NDArray[np.uint8], kind: str) -> str:
    """``pixels`` ``(h, w, 3 or 4) uint8`` straight, as a PNG, JPEG or WEBP inside an address."""
    octets = encoded(pixels, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(octets).decode()}"


def encoded(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """The file of such a picture."""
    import rasterio
    from rasterio.io import MemoryFile

    height, width, bands = pixels.shape
    options: dict[str, Any] = {} if kind == "PNG" else {"quality": _QUALITY}
    with warnings.catch_warnings(), MemoryFile() as memory:
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with memory.open(driver=kind, width=width, height=height, count=bands, dtype="uint8", **options) as file:
            file.write(np.moveaxis(pixels, 2, 0))
        octets: bytes = memory.read()
    return octets


def viewport_of(bounds: Bounds, side_px: int) -> Viewport:
    """A picture of ``bounds`` (degrees), its longer side so many pixels."""
    x0, y0, x1, y1 = transformation(DEGREES, MERCATOR).bounds(bounds)
    units = max(x1 - x0, y1 - y0) / side_px
    width, height = max(1, round((x1 - x0) / units)), max(1, round((y1 - y0) / units))
    return Viewport(((x0 + x1) / 2, (y0 + y1) / 2), units, width, height, MERCATOR)


def _moved(scene: Sequence[SceneLayer]) -> list[SceneLayer]:
    """The layers in the projection of web maps, nothing chosen; names are set by the browser."""
    out = []
    for layer in scene:
        made = replace(layer, data=layer.data.to_crs(MERCATOR)) if isinstance(layer.data, FeatureTable) else layer
        out.append(replace(made, labels=False, selected=np.zeros(0, np.int32)))
    return out


def _drawn(scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts | None, ground: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    made = drawlist.build(scene, viewport, fonts, background=ground)
    return raster.draw(made, fonts=fonts).pixels[:, :, :3]


def _entry(viewport: Viewport, src: str) -> dict[str, Any]:
    west, south, east, north = transformation(MERCATOR, DEGREES).bounds(viewport.bounds)
    zoom = math.log2(2 * _HALF / 256 / viewport.units_per_px)
    return {"src": src, "bounds": [[south, west], [north, east]], "zoom": round(zoom, 2)}


def base(scene: Sequence[SceneLayer], bounds: Bounds, room: int, fonts: Fonts | None) -> list[dict[str, Any]]:
    """Opaque pictures of ``scene`` at rising detail, as many as go into ``room`` bytes; at least the first."""
    moved, spent = _moved(scene), 0
    out: list[dict[str, Any]] = []
    for side in _SIDES:
        viewport = viewport_of(bounds, side)
        src = data_uri(np.ascontiguousarray(_drawn(moved, viewport, fonts, _GROUND)), "JPEG")
        spent += len(src)
        if out and spent > room:
            break
        out.append(_entry(viewport, src))
    return out


def overlay(layer: SceneLayer, bounds: Bounds, fonts: Fonts | None, side: int = 2400) -> dict[str, Any]:
    """One layer on a transparent ground, whatever scales its style is for."""
    rules = tuple(msgspec.structs.replace(rule, min_scale=0.0, max_scale=math.inf) for rule in layer.style.rules)
    style = msgspec.structs.replace(layer.style, rules=rules, min_scale=0.0, max_scale=math.inf, blend="normal")
    viewport, moved = viewport_of(bounds, side), _moved([replace(layer, style=style)])
    # drawn on black and on white: what differs is how much of the ground is seen
    dark = _drawn(moved, viewport, fonts, (0, 0, 0, 255)).astype(np.int32)
    light = _drawn(moved, viewport, fonts, (255, 255, 255, 255)).astype(np.int32)
    alpha = np.clip(255 - (light - dark).max(axis=2), 0, 255)
    straight = np.minimum(255, dark * 255 // np.maximum(alpha, 1)[:, :, None])
    rgba = np.dstack([straight, alpha]).astype(np.uint8)
    return _entry(viewport, data_uri(rgba, "WEBP"))
