"""Terrain derivatives and distances."""

from __future__ import annotations

import numpy as np
import pytest

from lydigital.domain import terrain
from lydigital.domain.interpolation import Lattice
from lydigital.errors import CrsError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid


def test_a_slope_in_degrees_is_that_in_metres():
    """One in ten up to the north, 100 m cells: the same in a grid of degrees."""
    rows = np.arange(20, dtype=np.float32)[:, None].repeat(20, 1)
    metric = Grid(-10 * rows, (500_000.0, 3_800_000.0), (100.0, 100.0), Crs("EPSG:4546"))
    slope = terrain.derive(metric, ("slope",))["slope"]
    assert slope[10, 10] == pytest.approx(np.degrees(np.arctan(0.1)), abs=1e-3)
    step = 0.001
    north = 110_950 * step  # metres of a thousandth of a degree of latitude near 34.6°
    geographic = Grid(np.float32(-0.1 * north) * rows, (112.0, 34.6), (step, step), Crs("EPSG:4490"))
    found = terrain.derive(geographic, ("slope", "aspect"))
    assert found["slope"][10, 10] == pytest.approx(np.degrees(np.arctan(0.1)), rel=1e-3)
    assert found["aspect"][10, 10] == pytest.approx(180.0)


def test_cells_in_degrees_on_the_ellipsoid():
    grid = Grid(np.zeros((1, 1), np.float32), (112.0, 34.65), (0.1, 0.1), Crs("EPSG:4490"))
    across, down = terrain.cell_metres(grid)
    import pyproj

    geod = pyproj.Geod(ellps="GRS80")
    assert across[0] == pytest.approx(geod.inv(112.0, 34.6, 112.1, 34.6)[2], rel=1e-5)
    assert down[0] == pytest.approx(geod.inv(112.0, 34.55, 112.0, 34.65)[2], rel=1e-6)


def test_web_mercator_and_false_degrees_are_refused():
    values = np.zeros((3, 3), np.float32)
    with pytest.raises(CrsError, match="Web Mercator"):
        terrain.derive(Grid(values, (0.0, 0.0), (30.0, 30.0), Crs("EPSG:3857")), ("slope",))
    with pytest.raises(CrsError, match="said to be in degrees"):
        terrain.derive(Grid(values, (500_000.0, 3_800_000.0), (30.0, 30.0), Crs("EPSG:4490")), ("slope",))


def test_relief_and_wetness():
    z = np.zeros((21, 21), np.float32)
    z[10, 10] = 80.0
    z[0, 0] = np.nan
    found = terrain.derive(Grid(z, (0.0, 2100.0), (100.0, 100.0), Crs("EPSG:4546")), ("relief", "twi"), relief_m=300)
    assert found["relief"][10, 13] == 80.0
    assert found["relief"][10, 14] == 0.0
    assert np.isnan(found["relief"][0, 0])
    flat = found["twi"][20, 0]  # at least its own cell, on ground counted as 1/1000 steep
    assert flat >= np.log(100.0 / 1e-3) - 1e-3


def test_distance_to_a_line():
    lattice = Lattice(10, 10, 0.0, 1000.0, 100.0, Crs("EPSG:4546"))
    line = GeometryArray.from_rings(GeometryKind.LINE, [[[[(50.0, 0.0), (50.0, 1000.0)]]]])
    found = terrain.distance(line, lattice)
    assert found[5].tolist() == [100.0 * k for k in range(10)]
    nothing = terrain.distance(GeometryArray.empty(GeometryKind.LINE), lattice, reach_m=7.0)
    assert (nothing == 7.0).all()
