"""Maps on which north is not up: a system of its own, derived from that of the map by a turn about the middle of the window.

Whatever knows systems is right on such a map without knowing of it: grids, scale, rasters, georeference. Labels stand upright
because they are placed on what has been turned.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Style
from lydigital.model.table import FeatureTable
from lydigital.render.drawlist import SceneLayer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from lydigital.model.viewport import Viewport

VEIL = "clip"
_WHOLE = 20_000  # features of a layer, that are all turned; of larger ones only those near the window
_REACH = 0.1  # of the window, that is turned around it


def place(centre: tuple[float, float], right: float, up: float, turn: float) -> tuple[float, float]:
    """Map place ``right`` and ``up`` of the centre on a page on which north points ``turn`` degrees clockwise from up."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return centre[0] + right * c - up * s, centre[1] + right * s + up * c


@lru_cache(maxsize=64)
def system(base: Crs, centre: tuple[float, float], turn: float) -> Crs:
    """``base``, projected, turned about ``centre`` (its units): EPSG method 9624, as ISO 19111 derived projected system."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    (x, y) = centre
    of_x, of_y = (x - c * x - s * y, c, s), (y + s * x - c * y, -s, c)
    described = json.loads(base.proj.to_json())
    if base.proj.axis_info[0].direction == "north":  # what PROJ takes in has the order of the authority
        of_x, of_y = (of_x[0], of_x[2], of_x[1]), (of_y[0], of_y[2], of_y[1])
    unit = described["coordinate_system"]["axis"][0].get("unit", "metre")
    codes = zip(("A0", "A1", "A2", "B0", "B1", "B2"), (*of_x, *of_y), (8623, 8624, 8625, 8639, 8640, 8641), strict=True)
    derived = {
        "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json", "type": "DerivedProjectedCRS", "name": base.name, "base_crs": described,
        "conversion": {
            "name": f"{turn:g}", "method": {"name": "Affine parametric transformation", "id": {"authority": "EPSG", "code": 9624}},
            "parameters": [{"name": name, "value": value, "unit": unit if name.endswith("0") else "unity", "id": {"authority": "EPSG", "code": code}}
                           for name, value, code in codes],
        },
        "coordinate_system": {"subtype": "Cartesian", "axis": [
            {"name": name, "abbreviation": name[0], "direction": name.lower(), "unit": unit} for name in ("East", "North")
        ]},
    }  # fmt: skip
    return Crs(json.dumps(derived))


def layers(scene: Iterable[SceneLayer], view: Viewport, base: Crs, turn: float) -> tuple[SceneLayer, ...]:
    """``scene`` in the turned system of ``view``, as far as it may be seen there."""
    side = math.hypot(view.width_px, view.height_px) * view.units_per_px * (0.5 + _REACH)
    x, y = view.centre
    near = (x - side, y - side, x + side, y + side)
    return tuple(_turned(layer, near, view, base, turn) for layer in scene)


def _turned(layer: SceneLayer, near: tuple[float, float, float, float], view: Viewport, base: Crs, turn: float) -> SceneLayer:
    data = layer.data
    if not isinstance(data, FeatureTable) or data.crs != base:
        return layer
    if len(data) <= _WHOLE or layer.style.scheme is not None:  # whose classes are counted
        return replace(layer, data=FeatureTable(data.fid, data.columns, moved(data.geometry, view.centre, turn), view.crs))
    rows = data.rows_in(near)
    lit = np.zeros(len(data), np.bool_)
    lit[layer.selected] = True
    some = pa.Array.from_buffers(pa.int32(), len(rows), [None, pa.py_buffer(rows)])  # of a NumPy array it would import pandas
    table = FeatureTable(data.fid[rows], data.columns.take(some), moved(data.geometry.take(rows), view.centre, turn), view.crs)
    codes = None if layer.codes is None else layer.codes[rows]
    return replace(layer, data=table, codes=codes, selected=np.flatnonzero(lit[rows]).astype(np.int32))


def moved(geometry: GeometryArray, centre: tuple[float, float], turn: float) -> GeometryArray:
    """Turned clockwise about ``centre``."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    out = (geometry.coords - centre) @ np.array([[c, -s], [s, c]]) + centre
    return GeometryArray(
        geometry.kind, np.ascontiguousarray(out), geometry.ring_offsets, geometry.part_offsets, geometry.geom_offsets, importance=geometry.importance
    )


def veil(area: GeometryArray, view: Viewport) -> SceneLayer:
    """A layer that pales all of the window but ``area`` (one feature, in the system of the window)."""
    w, h = view.width_px * view.units_per_px, view.height_px * view.units_per_px
    x, y = view.centre
    rings = [area.coords[a:b] for a, b in zip(area.ring_offsets[:-1], area.ring_offsets[1:], strict=True)]
    around = np.array([(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h), (x - w, y - h)])
    firsts = set(area.part_offsets[:-1].tolist())
    outer, inner = [r for i, r in enumerate(rings) if i in firsts], [r for i, r in enumerate(rings) if i not in firsts]
    parts = [[around, *outer], *([ring] for ring in inner)]
    sizes = [len(ring) for part in parts for ring in part]
    shape = GeometryArray(
        GeometryKind.POLYGON, np.concatenate([ring for part in parts for ring in part]), np.cumsum([0, *sizes]).astype(np.int64),
        np.cumsum([0, *map(len, parts)]).astype(np.int64), np.array([0, len(parts)], np.int64),
    )  # fmt: skip
    table = FeatureTable(np.zeros(1, np.int64), pa.table({"name": [""]}), shape, view.crs)
    return SceneLayer(VEIL, table, Style((Rule((PolygonSymbolizer(Fill("#ffffff", 0.62)),)),)), np.zeros(1, np.int16))


def inside(area: GeometryArray, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of ``(n, 2)`` points lie in ``area`` (one feature)."""
    import shapely

    (shape,) = area.to_shapely()
    shapely.prepare(shape)
    found: NDArray[np.bool_] = shapely.contains_xy(shape, points[:, 0], points[:, 1])
    return found
