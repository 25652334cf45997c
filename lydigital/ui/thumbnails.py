"""Little maps of features as they were: drawn by the engine of the large one, on the layers read so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtGui import QPixmap

from lydigital.errors import LydError
from lydigital.model.crs import Crs
from lydigital.model.patch import patch_of
from lydigital.model.style import (
    Fill,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.ui.frames import image_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lydigital.model.feature import Feature
    from lydigital.render.drawlist import SceneLayer
    from lydigital.session import Session

NEAREST = 1000.0  # scale denominator: a single point is shown with its surroundings


class Look(NamedTuple):
    """How features of one state are marked; the dash tells them apart where colours do not."""

    color: str
    dashed: bool = False


THEN = Look("#c2334d", dashed=True)
NOW = Look("#0f766e")
OTHERS = Look("#7a3fb5")


def style_of(kind: str, look: Look) -> Style:
    """A style that nobody overlooks, for ``point``, ``line`` or ``polygon``."""
    dash = (2.0, 1.2) if look.dashed else ()
    if kind == "point":
        return Style((Rule((PointSymbolizer(size_mm=3.0 if look.dashed else 2.2, color=look.color),)),))
    if kind == "line":
        return Style((Rule((LineSymbolizer(Stroke("#ffffff", width_mm=1.1)), LineSymbolizer(Stroke(look.color, width_mm=0.6, dash_mm=dash)))),))
    fill = Fill(look.color, 0.08 if look.dashed else 0.22)
    return Style((Rule((PolygonSymbolizer(fill, Stroke(look.color, width_mm=0.5, dash_mm=dash)),)),))


def marked(session: Session, layer: str, features: Mapping[int, Feature], look: Look) -> SceneLayer | None:
    """Features of a layer as a layer of their own; None where they have no geometry or the layer cannot be read."""
    from lydigital.render.drawlist import SceneLayer

    shaped = {fid: f for fid, f in features.items() if f.wkb}
    try:
        ref, table = session.ref(layer), session.table(layer)
        if ref is None or not shaped or not isinstance(table, FeatureTable):
            return None
        shown = patch_of(table, shaped, session.stores.stored_crs(ref)).table
    except (LydError, KeyError):
        return None
    codes = np.zeros(len(shown), np.int16)
    return SceneLayer(f"{layer}:{look.color}", shown, style_of(table.geometry.kind.name.lower(), look), codes, labels=False)


def picture(
    session: Session, over: Iterable[SceneLayer | None], size: tuple[int, int], dpr: float = 1.0, *,
    bounds: tuple[float, float, float, float] | None = None,
) -> QPixmap | None:  # fmt: skip
    """A map of ``over`` on the layers read so far, or of ``bounds``; None where there is nothing to show."""
    from lydigital.render import drawlist, raster

    shown = [layer for layer in over if layer is not None]
    box = bounds if bounds is not None else bounds_of(shown)
    if box is None:
        return None
    width, height = (round(v * dpr) for v in size)
    view = Viewport.of_bounds(box, width, height, Crs(session.document.crs), dpi=96.0 * dpr, margin=0.25)
    if view.scale < NEAREST:
        view = view.at_scale(NEAREST)
    scene = session.scene(view.scale, only_read=True)
    made = QPixmap.fromImage(image_of(raster.draw(drawlist.build((*scene, *shown), view), bgra=True).pixels).copy())
    made.setDevicePixelRatio(dpr)
    return made


def bounds_of(layers: Iterable[SceneLayer | None]) -> tuple[float, float, float, float] | None:
    """What all of them cover together."""
    boxes = [
        layer.data.geometry.total_bounds for layer in layers
        if layer is not None and isinstance(layer.data, FeatureTable) and len(layer.data)
    ]  # fmt: skip
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return (min(west), min(south), max(east), max(north))
