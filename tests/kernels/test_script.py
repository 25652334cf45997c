"""Geometry as text."""

from __future__ import annotations

import numpy as np

from lydigital.kernels import script
from lydigital.model.geometry import GeometryArray, GeometryKind


def written(geometry, codes, heads, tail, *, closed, tolerance=0.0, importance=None):
    out = np.zeros(4000, np.uint8)
    text = np.frombuffer(b"".join(heads) or b"\0", np.uint8)
    n = script.outline(
        out, 0.0, 100.0, 1.0, tolerance, geometry.coords, np.zeros(0, np.float32) if importance is None else importance,
        geometry.ring_offsets, geometry.geom_rings, np.arange(len(geometry), dtype=np.int32), np.array(codes, np.int16),
        text, np.cumsum([0, *map(len, heads)]), np.frombuffer(tail, np.uint8), closed,
    )
    return out[:n].tobytes().decode().split("\n")


def test_rings_are_closed_and_colours_set_where_they_change():
    square = [[[(0.0, 100.0), (10.4, 100.0), (10.4, -1234.6), (0.0, 100.0)]]]
    three = GeometryArray.from_rings(GeometryKind.POLYGON, [square] * 3)
    lines = written(three, [0, 0, 1], [b"A\n", b"B\n"], b"f*\n", closed=True)
    ring = ["0 0 m", "10 0 l", "10 1335 l", "h", "f*"]
    assert lines == ["A", *ring, *ring, "B", *ring, ""]


def test_lines_are_thinned_and_what_is_no_number_is_left_out():
    path = [[[(-5.0, 100.0), (1.0, 99.0), (np.nan, 3.0), (1.0, 99.0), (20.0, 90.0)]]]
    line = GeometryArray.from_rings(GeometryKind.LINE, [path])
    assert written(line, [0], [b""], b"", closed=False) == ["-5 0 m", "1 1 l", "20 10 l", ""]
    weights = np.array([9, 0, 0, 0, 9], np.float32)
    assert written(line, [0], [b""], b"", closed=False, tolerance=1.0, importance=weights) == ["-5 0 m", "20 10 l", ""]


def test_marks_are_called_at_every_point():
    spots = GeometryArray.from_points(np.array([(1.0, 99.0), (2.0, 98.0), (3.0, 97.0)]))
    out = np.zeros(400, np.uint8)
    n = script.marks(
        out, 0.0, 100.0, 100.0, spots.coords, spots.ring_offsets, spots.geom_rings, np.arange(3, dtype=np.int32),
        np.array([0, -1, 1], np.int16), np.frombuffer(b"A\nBB\n", np.uint8), np.array([0, 2, 5]),
    )
    assert out[:n].tobytes() == b"q 1 0 0 1 100 100 A\nq 1 0 0 1 300 300 BB\n"
