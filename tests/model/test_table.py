from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.model.crs import CGCS2000, PROJECT_DEFAULT, Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import BLOCK, FeatureTable


def points(xy, crs=PROJECT_DEFAULT):
    n = len(xy)
    columns = pa.table({"name": [f"n{i}" for i in range(n)], "height": np.arange(n, dtype=float)})
    return FeatureTable(
        np.arange(100, 100 + n),
        columns,
        GeometryArray.from_points(np.asarray(xy, float).reshape(-1, 2)),
        Crs(crs),
    )


@pytest.fixture
def scattered():
    return points(np.random.default_rng(7).uniform(0, 1000, (3000, 2)))


def test_record_and_row(scattered):
    assert scattered.record(3) == {"name": "n3", "height": 3.0}
    assert scattered.row_of[103] == 3
    assert len(scattered) == 3000


def test_sorting_moves_everything_together(scattered):
    order = scattered.sorted_by_hilbert()
    assert sorted(order.fid.tolist()) == scattered.fid.tolist()
    for row in (0, 1500, 2999):
        source = int(order.fid[row]) - 100
        assert order.record(row)["name"] == f"n{source}"
        assert order.geometry.coords[row].tolist() == scattered.geometry.coords[source].tolist()


def test_sorting_brings_neighbours_together(scattered):
    def step(table):
        return np.hypot(*np.diff(table.geometry.coords, axis=0).T).mean()

    assert step(scattered.sorted_by_hilbert()) < step(scattered) / 10


def test_blocks_cover_their_features(scattered):
    table = scattered.sorted_by_hilbert()
    assert len(table.block_bounds) == -(-3000 // BLOCK)
    for block, box in enumerate(table.block_bounds):
        part = table.geometry.bounds[block * BLOCK : (block + 1) * BLOCK]
        assert box.tolist() == [*part[:, :2].min(axis=0), *part[:, 2:].max(axis=0)]


@settings(max_examples=30)
@given(st.tuples(st.floats(-50, 1050), st.floats(-50, 1050), st.floats(0, 500), st.floats(0, 500)))
def test_a_window_finds_what_lies_in_it_and_nothing_else(window):
    table = points(np.random.default_rng(7).uniform(0, 1000, (1000, 2))).sorted_by_hilbert()
    x, y, w, h = window
    xs, ys = table.geometry.coords.T
    inside = np.flatnonzero((xs >= x) & (xs <= x + w) & (ys >= y) & (ys <= y + h))
    assert table.rows_in((x, y, x + w, y + h)).tolist() == inside.tolist()


def test_empty_geometry_is_never_found_and_never_lost():
    square = [(0, 0), (1, 0), (1, 1), (0, 0)]
    array = GeometryArray.from_rings(GeometryKind.POLYGON, [[[square]], [], [[square]]])
    table = FeatureTable(
        np.arange(3), pa.table({"n": [0, 1, 2]}), array, Crs(PROJECT_DEFAULT)
    ).sorted_by_hilbert()
    found = table.fid[table.rows_in((-9, -9, 9, 9))]
    assert sorted(found.tolist()) == [0, 2]
    assert sorted(table.fid.tolist()) == [0, 1, 2]


def test_reprojection_moves_geometry_only():
    table = points([(112.45, 34.62), (111.62, 33.78)], CGCS2000)
    moved = table.to_crs(Crs(PROJECT_DEFAULT))
    assert np.allclose(
        moved.geometry.coords, [[632981.941, 3833392.921], [557426.239, 3739431.712]], atol=2e-3
    )
    assert np.allclose(moved.geometry.bounds[:, :2], moved.geometry.coords)
    assert moved.crs.definition == PROJECT_DEFAULT
    assert moved.columns is table.columns
    assert moved.fid is table.fid
    assert table.to_crs(Crs(CGCS2000)) is table


def test_no_features():
    table = points(np.zeros((0, 2))).sorted_by_hilbert()
    assert len(table) == 0
    assert table.rows_in((0, 0, 1, 1)).tolist() == []
    assert len(table.to_crs(Crs(CGCS2000))) == 0
