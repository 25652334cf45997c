"""Figures of reports: the map, its classes, its legend out of the way."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
import shapely

pytest.importorskip("PySide6")

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable
from lydigital.publish import figure

CRS = Crs("EPSG:4546")


def squares(count=4):
    """Squares of 10 km in a row along the lower edge."""
    shapes = np.array([shapely.box(500_000 + 10_000 * k, 3_800_000, 510_000 + 10_000 * k, 3_810_000) for k in range(count)], object)
    columns = pa.table({"name": [f"县{k}" for k in range(count)]})
    return FeatureTable(np.arange(1, count + 1), columns, GeometryArray.from_shapely(GeometryKind.POLYGON, shapes), CRS)


def test_classes_are_round_and_what_is_not_known_is_grey():
    layer = figure.choropleth("units", squares(), [1.234, 20.5, None, 61.7])
    titles = [r.title for r in layer.style.rules]
    assert titles[-1] == "无数据"
    assert layer.codes.tolist()[2] == len(titles) - 1
    limits = [r.minimum for r in layer.style.rules if r.minimum is not None]
    assert limits == sorted(limits)
    assert all(v == round(v) for v in limits)
    assert len({layer.codes[k] for k in (0, 1, 3)}) == 3


@pytest.mark.parametrize("values", [[None] * 4, [5.0] * 4, [5.0, None, None, None], [99.91, 99.92, 99.93, 100.0], [0.0, -3.0, 1e9, 2.0]])
def test_odd_values_are_drawn(values):
    layer = figure.choropleth("units", squares(), values)
    octets = figure.png([layer], (500_000, 3_800_000, 540_000, 3_810_000), CRS, width_mm=80.0, height_mm=60.0, dpi=60, title="甲", titles={"units": ("", "甲")})
    assert octets[:4] == b"\x89PNG"


def test_the_legend_stands_where_nothing_is():
    from PIL import Image

    layer = figure.choropleth("units", squares(), [1.0, 2.0, 3.0, 4.0], label="")
    bounds = (500_000, 3_800_000, 540_000, 3_830_000)  # the squares lie along the lower edge
    size = {"width_mm": 120.0, "height_mm": 90.0, "dpi": 100.0}
    plain = np.asarray(Image.open(io.BytesIO(figure.png([layer], bounds, CRS, **size))), np.int16)
    legend = np.asarray(Image.open(io.BytesIO(figure.png([layer], bounds, CRS, **size, title="甲", titles={"units": ("", "甲")}))), np.int16)
    rows = np.nonzero((plain != legend).any(axis=(1, 2)))[0]
    assert len(rows)
    assert rows.max() < plain.shape[0] * 0.6


def test_the_same_figure_twice():
    layer = figure.choropleth("units", squares(), [1.0, 2.0, 3.0, 4.0])
    first, second = (figure.png([layer, figure.outline("edge", squares(), label="name")], (500_000, 3_800_000, 540_000, 3_810_000), CRS, dpi=60) for _ in range(2))
    assert first == second
