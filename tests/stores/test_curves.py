from __future__ import annotations

import math
import struct

import numpy as np
import pytest
import shapely

from lydigital.stores.curves import straightened


def string(code, *points):
    return struct.pack(f"<BII{2 * len(points)}d", 1, code, len(points), *(c for p in points for c in p))


def many(code, *members, order="<"):
    return struct.pack(order + "BII", order == "<", code, len(members)) + b"".join(members)


def test_an_arc_lies_on_its_circle():
    shape = shapely.from_wkb(straightened(string(8, (-1, 0), (0, 1), (1, 0))))
    xy = shapely.get_coordinates(shape)
    assert xy[0].tolist() == [-1, 0]
    assert xy[-1].tolist() == [1, 0]
    assert np.allclose(np.hypot(*xy.T), 1)
    assert (xy[1:-1, 1] > 0).all()
    assert shape.length == pytest.approx(math.pi, rel=1e-3)
    down = shapely.from_wkb(straightened(string(8, (-1, 0), (0, -1), (1, 0))))
    assert (shapely.get_coordinates(down)[1:-1, 1] < 0).all()


def test_a_circle_a_straight_arc_and_a_chain():
    circle = shapely.from_wkb(straightened(string(8, (1, 0), (-1, 0), (1, 0))))
    assert shapely.Polygon(circle).area == pytest.approx(math.pi, rel=2e-3)
    flat = shapely.from_wkb(straightened(string(8, (0, 0), (1, 1), (2, 2))))
    assert flat.wkt == "LINESTRING (0 0, 1 1, 2 2)"
    chain = shapely.from_wkb(straightened(string(8, (0, 0), (1, 1), (2, 0), (3, -1), (4, 0))))
    assert chain.length == pytest.approx(2 * math.pi, rel=1e-3)


def test_compound_curves_and_curve_polygons():
    compound = many(9, string(2, (-1, -2), (-1, 0)), string(8, (-1, 0), (0, 1), (1, 0)), string(2, (1, 0), (1, -2), (-1, -2)))
    polygon = shapely.from_wkb(straightened(many(10, compound)))
    assert polygon.is_valid
    assert polygon.area == pytest.approx(4 + math.pi / 2, rel=1e-3)
    several = shapely.from_wkb(straightened(many(12, many(10, compound), many(3))))
    assert several.geom_type == "MultiPolygon"
    assert shapely.from_wkb(straightened(many(11, compound))).geom_type == "MultiLineString"
    mixed = shapely.from_wkb(straightened(many(7, string(8, (-1, 0), (0, 1), (1, 0)), struct.pack("<BIdd", 1, 1, 5, 6))))
    assert [g.geom_type for g in mixed.geoms] == ["LineString", "Point"]


def test_heights_byte_order_and_geopackage_header():
    arc = struct.pack(">BII9d", 0, 1008, 3, -1, 0, 9, 0, 1, 9, 1, 0, 9)
    plain = straightened(string(8, (-1, 0), (0, 1), (1, 0)))
    assert straightened(arc) == plain
    assert straightened(b"GP\0\3" + struct.pack("<i4d", 4546, -1, 1, 0, 1) + arc) == plain


@pytest.mark.parametrize("blob", [b"", b"\x01", struct.pack("<BII", 1, 8, 0xFFFFFFFF), many(10, b"\x01" * 9), many(9) * 40,
                                  struct.pack("<BII", 1, 7, 1) * 4000])  # fmt: skip
def test_what_cannot_be_read_stays(blob):
    assert straightened(blob) in (blob, struct.pack("<BII", 1, 2, 0))
