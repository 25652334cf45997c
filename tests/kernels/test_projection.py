"""Krüger's series against PROJ, over the city and three degrees around it."""

import numpy as np
import pyproj
import pytest

from lydigital.kernels import projection
from lydigital.model import pipeline
from lydigital.model.crs import Crs, transformation

# lon, lat, then easting and northing in EPSG:4546, 4547 and 32649 (WGS 84)
KNOWN = [
    ((112.45, 34.62), {4546: (632981.941, 3833392.921), 4547: (357846.116, 3833529.373), 32649: (632928.749, 3831859.564)}),
    ((111.62, 33.78), {4546: (557426.239, 3739431.712), 4547: (279534.603, 3741805.749)}),
]  # fmt: skip


def places(n=40_000):
    random = np.random.default_rng(11)
    return np.column_stack([random.uniform(108.1, 116.0, n), random.uniform(30.5, 38.1, n)])


def test_known_places():
    for degrees, systems in KNOWN:
        for code, expected in systems.items():
            source = Crs("EPSG:4326" if code == 32649 else "EPSG:4490")
            move = transformation(source, Crs(f"EPSG:{code}"))
            assert move._steps is not None
            assert move.points(np.array([degrees]))[0] == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize("code", [4546, 4547, 4525, 4526, 4508])
def test_as_proj_to_a_thousandth_of_a_millimetre(code):
    degrees, geographic, projected = places(), Crs("EPSG:4490"), Crs(f"EPSG:{code}")
    there, back = transformation(geographic, projected), transformation(projected, geographic)
    assert there._steps is not None
    assert back._steps is not None
    proj = pyproj.Transformer.from_crs(4490, code, always_xy=True)
    expected = np.column_stack(proj.transform(*degrees.T))
    assert np.abs(there.points(degrees) - expected).max() < 1e-6
    again = np.column_stack(proj.transform(*expected.T, direction="INVERSE"))
    assert np.abs(back.points(expected) - again).max() * 111_320 < 1e-6


def test_from_zone_to_zone():
    xy = transformation(Crs("EPSG:4490"), Crs("EPSG:4546")).points(places())
    move = transformation(Crs("EPSG:4546"), Crs("EPSG:4526"))
    assert len(move._steps) == 2
    expected = np.column_stack(pyproj.Transformer.from_crs(4546, 4526, always_xy=True).transform(*xy.T))
    assert np.abs(move.points(xy) - expected).max() < 1e-6


def test_one_point_is_as_many():
    move = transformation(Crs("EPSG:4490"), Crs("EPSG:4546"))
    assert move.point(112.45, 34.62) == pytest.approx(move.points(np.array([[112.45, 34.62]]))[0].tolist(), abs=1e-6)


@pytest.mark.parametrize("odd", [(150.0, 34.0), (112.0, 95.0), (np.nan, 34.0), (np.inf, 34.0), (112.0, 89.9)])
def test_what_is_out_of_reach_goes_to_proj(odd):
    degrees = np.array([(112.45, 34.62), odd, (111.0, 33.0)])
    move = transformation(Crs("EPSG:4490"), Crs("EPSG:4546"))
    expected = np.column_stack(pyproj.Transformer.from_crs(4490, 4546, always_xy=True).transform(*degrees.T))
    assert np.array_equal(move.points(degrees), expected, equal_nan=True)
    back = transformation(Crs("EPSG:4546"), Crs("EPSG:4490"))
    far = np.array([(5e6, 3.8e6), (5e5, 3.8e6), (np.inf, 0.0)])
    expected = np.column_stack(pyproj.Transformer.from_crs(4546, 4490, always_xy=True).transform(*far.T))
    assert np.array_equal(back.points(far), expected, equal_nan=True)


def test_no_kernel_where_the_datum_changes():
    for source, target in (("EPSG:4326", "EPSG:4546"), ("EPSG:2382", "EPSG:4546"), ("EPSG:4214", "EPSG:4326")):
        assert transformation(Crs(source), Crs(target))._steps is None
        assert transformation(Crs(source), Crs(target)).is_ballpark


@pytest.mark.parametrize(
    "definition",
    [
        "proj=noop ellps=GRS80",
        "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad step proj=merc lon_0=0 ellps=GRS80",
        "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad step proj=tmerc lat_0=30 lon_0=111 ellps=GRS80",
        "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad step proj=tmerc approx lon_0=111 ellps=GRS80",
        "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad step proj=tmerc lon_0=111 units=us-ft ellps=GRS80",
        "proj=pipeline step proj=axisswap order=2,1 step proj=tmerc lon_0=111 ellps=GRS80",
        "proj=pipeline step proj=unitconvert xy_in=grad xy_out=rad step proj=tmerc lon_0=111 ellps=GRS80",
        "proj=pipeline step inv proj=tmerc lon_0=111 ellps=GRS80 step proj=tmerc lon_0=114 ellps=WGS84",
        "proj=pipeline step inv proj=tmerc lon_0=111 ellps=GRS80",
        "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad step proj=tmerc lon_0=111 a=1 rf=2",
        "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad step proj=tmerc lon_0=east ellps=GRS80",
        "unavailable until proj_trans is called",
        "",
    ],
)
def test_other_pipelines_are_left_to_proj(definition):
    assert pipeline.read(definition) is None


def test_pipelines_with_numbers_for_the_ellipsoid():
    step = "step proj=tmerc lon_0=112 k_0=0.9999 x_0=500000 a=6378137 rf=298.257222101"
    (read,) = pipeline.read(f"proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad {step}")
    expected = projection.coefficients(6378137, 298.257222101, 112, 0.9999, 500000, 0)
    assert np.array_equal(read.c, expected)
    assert not read.inverse
