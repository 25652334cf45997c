"""Vectors computed with PROJ 9.5.1 for points in Luoyang."""

from __future__ import annotations

import numpy as np
import pytest

from lydigital.errors import CrsError
from lydigital.model import crs
from lydigital.model.crs import CGCS2000, PROJECT_DEFAULT, WGS84, Crs, transformation

GEOGRAPHIC = Crs(CGCS2000)


@pytest.mark.parametrize(
    ("lon", "lat", "code", "x", "y"),
    [
        (112.45, 34.62, 4546, 632981.941, 3833392.921),
        (112.45, 34.62, 4547, 357846.116, 3833529.373),
        (112.45, 34.62, 32649, 632928.749, 3831859.564),
        (112.45, 34.62, 3857, 12517876.740, 4112359.824),
        (111.62, 33.78, 4546, 557426.239, 3739431.712),
        (111.62, 33.78, 4547, 279534.603, 3741805.749),
        (112.45, 34.62, 4525, 37632981.941, 3833392.921),
        (112.45, 34.62, 4526, 38357846.116, 3833529.373),
    ],
)
def test_projections_give_easting_then_northing(lon, lat, code, x, y):
    move = transformation(GEOGRAPHIC, Crs(f"EPSG:{code}"))
    assert move.point(lon, lat) == pytest.approx((x, y), abs=2e-3)
    back = transformation(Crs(f"EPSG:{code}"), GEOGRAPHIC).point(x, y)
    assert back == pytest.approx((lon, lat), abs=3e-8)


def test_many_points_at_once():
    move = transformation(GEOGRAPHIC, Crs(PROJECT_DEFAULT))
    xy = np.array([[112.45, 34.62], [111.62, 33.78]])
    assert np.allclose(move.points(xy), [[632981.941, 3833392.921], [557426.239, 3739431.712]], atol=2e-3)


def test_a_point_beyond_the_projection_is_infinite():
    moved = transformation(GEOGRAPHIC, Crs(PROJECT_DEFAULT)).points(np.array([[112.0, 95.0]]))
    assert np.isinf(moved).all()


@pytest.mark.parametrize("code", [4610, 4214])
def test_a_missing_datum_shift_is_not_silent(code):
    """Xian 1980 and Beijing 1954: PROJ has no parameters for Luoyang and returns the point unchanged."""
    move = transformation(Crs(f"EPSG:{code}"), GEOGRAPHIC)
    assert move.is_ballpark
    assert move.accuracy_m == -1


def test_within_a_datum_nothing_is_guessed():
    move = transformation(Crs("EPSG:4546"), Crs("EPSG:4547"))
    assert not move.is_ballpark
    assert not move.is_identity


def test_identity():
    move = transformation(Crs("EPSG:4546"), Crs(Crs("EPSG:4546").proj.to_wkt()))
    xy = np.array([[1.0, 2.0]])
    assert move.is_identity
    assert not move.is_ballpark
    assert move.accuracy_m == 0
    assert move.points(xy) is xy
    assert move.point(1, 2) == (1, 2)
    assert move.bounds((0, 0, 1, 1)) == (0, 0, 1, 1)


def test_bounds_cover_the_bent_edges():
    box = (111.1324, 33.5723, 112.9786, 35.0710)
    move = transformation(GEOGRAPHIC, Crs(PROJECT_DEFAULT))
    x0, y0, x1, y1 = move.bounds(box)
    edges = np.array([(x, y) for x in np.linspace(box[0], box[2], 9) for y in np.linspace(box[1], box[3], 9)])
    moved = move.points(edges)
    assert (moved >= np.array([x0, y0]) - 0.5).all()
    assert (moved <= np.array([x1, y1]) + 0.5).all()


@pytest.mark.parametrize("definition", ["EPSG:999999", "Mars", "", "PROJCS[broken"])
def test_an_unknown_system_is_an_error_with_a_remedy(definition):
    with pytest.raises(CrsError) as caught:
        _ = Crs(definition).proj
    assert "EPSG:4546" in caught.value.hint_text()
    assert caught.value.exit_code == 3


def test_units():
    assert Crs(PROJECT_DEFAULT).metres_per_unit == 1
    assert Crs(WGS84).metres_per_unit == pytest.approx(111319.4908)
    assert Crs("EPSG:2263").metres_per_unit == pytest.approx(0.3048006)  # feet
    assert Crs(WGS84).is_geographic
    assert not Crs(PROJECT_DEFAULT).is_geographic


def test_name_and_text():
    assert Crs("EPSG:4546").name == "CGCS2000 / 3-degree Gauss-Kruger CM 111E"
    assert str(Crs("EPSG:4546")) == "EPSG:4546"


def test_systems_known_without_proj_are_what_proj_says():
    for definition in crs._METRES:
        known = Crs(definition)
        assert known.metres_per_unit == known.proj.axis_info[0].unit_conversion_factor == 1.0
        assert known.is_geographic is known.proj.is_geographic is False
