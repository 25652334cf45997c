"""Bounds, selection and order of ragged arrays."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.kernels import jit, ragged
from lydigital.model.geometry import GeometryArray, GeometryKind

SQUARE = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0)]
HOLE = [(0.5, 0.5), (0.5, 1.0), (1.0, 1.0), (0.5, 0.5)]
FAR = [(10.0, 10.0), (12.0, 10.0), (10.0, 13.0), (10.0, 10.0)]


def some() -> GeometryArray:
    return GeometryArray.from_rings(GeometryKind.POLYGON, [[[SQUARE, HOLE], [FAR]], [], [[FAR]]])


def test_bounds_cover_all_parts_and_empty_is_nan():
    bounds = some().bounds
    assert bounds[0].tolist() == [0, 0, 12, 13]
    assert np.isnan(bounds[1]).all()
    assert bounds[2].tolist() == [10, 10, 12, 13]


def test_take_reorders_and_names_its_sources():
    g = some()
    coords, rings, parts, geoms, source = ragged.take(
        g.coords, g.ring_offsets, g.part_offsets, g.geom_offsets, np.array([2, 1, 0, 0], np.int64)
    )
    assert geoms.tolist() == [0, 1, 1, 3, 5]
    assert parts.tolist() == [0, 1, 3, 4, 6, 7]
    assert rings.tolist() == [0, 4, 9, 13, 17, 22, 26, 30]
    assert np.array_equal(coords, g.coords[source])
    assert source[:4].tolist() == [9, 10, 11, 12] or coords[:4].tolist() == [list(p) for p in FAR]


def test_query_is_closed_and_never_meets_nan():
    g = some()
    blocks = ragged.block_bounds(g.bounds, 2)
    assert ragged.query(g.bounds, blocks, 2, 12.0, 13.0, 20.0, 20.0).tolist() == [0, 2]
    assert ragged.query(g.bounds, blocks, 2, 12.1, 13.0, 20.0, 20.0).tolist() == []
    assert ragged.query(g.bounds, blocks, 2, -1e9, -1e9, 1e9, 1e9).tolist() == [0, 2]
    nan = np.nan
    assert ragged.query(g.bounds, blocks, 2, nan, nan, nan, nan).tolist() == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(1, 9), st.integers(0, 10_000))
def test_query_finds_what_a_plain_comparison_finds(n, block, seed):
    random = np.random.default_rng(seed)
    low = random.random((n, 2)) * 10
    bounds = np.hstack([low, low + random.random((n, 2))])
    bounds[random.random(n) < 0.2] = np.nan
    x0, y0, x1, y1 = 2.0, 3.0, 6.0, 5.0
    found = ragged.query(bounds, ragged.block_bounds(bounds, block), block, x0, y0, x1, y1)
    plain = (bounds[:, 0] <= x1) & (bounds[:, 2] >= x0) & (bounds[:, 1] <= y1) & (bounds[:, 3] >= y0)
    assert found.dtype == np.int32
    assert found.tolist() == np.flatnonzero(plain).tolist()


def test_hilbert_order_keeps_neighbours_near_and_empty_last():
    x, y = np.meshgrid(np.arange(8.0), np.arange(8.0))
    points = np.column_stack([x.ravel(), y.ravel()])
    bounds = np.vstack([np.full((1, 4), np.nan), np.hstack([points, points])])
    order = ragged.hilbert_order(bounds)
    assert order[-1] == 0
    assert sorted(order.tolist()) == list(range(65))
    path = points[order[:-1] - 1]
    steps = np.abs(np.diff(path, axis=0)).sum(axis=1)
    assert steps.max() == 1  # a Hilbert curve on its own grid moves to a side neighbour each time


def test_order_of_nothing():
    assert ragged.hilbert_order(np.zeros((0, 4))).tolist() == []


def test_warm_up_reports_progress_and_is_remembered():
    seen = []
    jit.warm_up(lambda done, total: seen.append((done, total)))
    total = seen[0][1]
    assert seen == [(i, total) for i in range(total + 1)]
    assert jit.is_warm()
