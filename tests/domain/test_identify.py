from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest

from lydigital.domain.identify import identify
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
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

CRS = Crs("EPSG:4546")
VIEW = Viewport((50.0, 50.0), 1.0, 100, 100, CRS)  # one metre a pixel, scale about 3,780
SYMBOLS = {
    GeometryKind.POINT: PointSymbolizer(size_mm=4.0),
    GeometryKind.LINE: LineSymbolizer(Stroke("#000000", width_mm=2.0)),
    GeometryKind.POLYGON: PolygonSymbolizer(Fill("#cccccc")),
}


@dataclass
class Layer:
    id: str
    data: object
    style: Style
    codes: np.ndarray | None = None
    more: list = field(default_factory=list)


def layer(layer_id: str, geometry: GeometryArray, *, codes=None, style=None) -> Layer:
    n = len(geometry)
    table = FeatureTable(np.arange(n, dtype=np.int64) + 100, pa.table({"n": list(range(n))}), geometry, CRS)
    codes = np.zeros(n, np.int16) if codes is None else np.array(codes, np.int16)
    return Layer(layer_id, table, style or Style((Rule((SYMBOLS[geometry.kind],)),)), codes)


def square(x: float, y: float, side: float) -> list[tuple[float, float]]:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]


def found(scene, x, y, tolerance_px=3.0):
    return [(h.layer, h.fid) for h in identify(scene, x, y, VIEW, tolerance_px=tolerance_px)]


AREAS = layer(
    "area", GeometryArray.from_rings(GeometryKind.POLYGON, [[[square(0, 0, 90)]], [[square(40, 40, 20)]]])
)
WAYS = layer(
    "way", GeometryArray.from_rings(GeometryKind.LINE, [[[[(0, 50), (100, 50)]]], [[[(0, 56), (100, 56)]]]])
)
SPOTS = layer("spot", GeometryArray.from_points(np.array([[50.0, 50.0], [54.0, 50.0], [90.0, 10.0]])))


def test_topmost_layer_first_then_nearest_then_smallest():
    assert found([AREAS, WAYS, SPOTS], 50.0, 50.0) == [
        ("spot", 100), ("spot", 101), ("way", 100), ("way", 101), ("area", 101), ("area", 100),
    ]  # fmt: skip
    assert found([SPOTS, AREAS], 5.0, 5.0) == [("area", 100)]
    assert found([AREAS, WAYS, SPOTS], 99.0, 99.0) == []


def test_mark_and_line_width_count_as_the_feature():
    half_mark = 4.0 / 25.4 * 96 / 2  # 7.6 px
    assert found([SPOTS], 90.0, 10.0 + half_mark + 2.9) == [("spot", 102)]
    assert found([SPOTS], 90.0, 10.0 + half_mark + 3.1) == []
    half_width = 2.0 / 25.4 * 96 / 2
    assert found([WAYS], 20.0, 50.0 - half_width - 2.9) == [("way", 100)]
    assert found([WAYS], 20.0, 50.0 - half_width - 3.1) == []


def test_what_no_rule_draws_is_not_found():
    hidden = layer("spot", SPOTS.data.geometry, codes=[-1, 0, 0])
    assert found([hidden], 50.0, 50.0) == [("spot", 101)]


@pytest.mark.parametrize(
    ("low", "high", "is_found"), [(0, 5000, True), (5000, 9000, False), (0, 3000, False)]
)
def test_scale_ranges_of_layer_and_rule(low, high, is_found):
    symbol = SYMBOLS[GeometryKind.POINT]
    by_rule = Style((Rule((symbol,), min_scale=low, max_scale=high),))
    by_layer = Style((Rule((symbol,)),), min_scale=low, max_scale=high)
    for style in (by_rule, by_layer):
        assert bool(found([layer("spot", SPOTS.data.geometry, style=style)], 90.0, 10.0)) is is_found


def test_distance_is_in_pixels_and_limit_holds():
    (hit,) = identify([SPOTS], 90.0, 14.0, VIEW, tolerance_px=3)
    assert hit.distance_px == pytest.approx(4.0)
    assert len(identify([AREAS, WAYS, SPOTS], 50.0, 50.0, VIEW, tolerance_px=3, limit=2)) == 2


def test_empty_tables_and_grids_are_passed_over():
    empty = layer("none", GeometryArray.empty(GeometryKind.POLYGON))
    assert found([empty, Layer("grid", object(), Style(()))], 50.0, 50.0) == []
