"""Overlay agrees with GEOS on random shapes and with hand-made ones exactly."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital.domain.overlay import inside
from lydigital.errors import CrsError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

CITY = np.array([633000.0, 3833000.0])


def table(kind: GeometryKind, shapes: list[shapely.Geometry], crs: str = "EPSG:4546") -> FeatureTable:
    geometry = GeometryArray.from_shapely(kind, np.array(shapes, object))
    return FeatureTable(np.arange(len(shapes)), pa.table({"n": list(range(len(shapes)))}), geometry, Crs(crs))


def polygons(*shapes: shapely.Geometry) -> FeatureTable:
    return table(GeometryKind.POLYGON, list(shapes))


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(*(np.array([x0, y0, x1, y1]) + np.tile(CITY, 2)))


def blob(rng: np.random.Generator, spread: float, radius: float, *, hole: bool) -> shapely.Polygon:
    """A star with ``hole`` or without, anywhere within ``spread`` of the city."""
    n = 15
    centre = CITY + rng.uniform(-spread, spread, 2)
    angle = (np.arange(n) + rng.uniform(0, 0.9, n)) * 2 * np.pi / n
    reach = radius * rng.uniform(0.5, 1, n)
    star = shapely.Polygon(centre + np.column_stack([reach * np.cos(angle), reach * np.sin(angle)]))
    return star.difference(shapely.Point(centre).buffer(radius * 0.2, 4)) if hole else star


def test_a_square_half_inside_another():
    found = inside(polygons(box(0, 0, 10, 10), box(20, 0, 30, 10)), polygons(box(5, -5, 15, 15)))
    assert found.row.tolist() == [0]
    assert found.total.tolist() == [50.0]
    assert found.count.tolist() == [1]


def test_a_zone_in_a_building_and_a_building_in_a_hole():
    ring = box(-50, -50, 50, 50).difference(box(-20, -20, 20, 20))
    houses = polygons(box(-10, -10, 10, 10), box(-30, -30, 30, 30), box(40, 40, 45, 45))
    found = inside(houses, polygons(ring, box(-1, -1, 1, 1)))
    assert list(zip(found.zone.tolist(), found.row.tolist(), found.amount.tolist(), strict=True)) == [
        (0, 1, 2000.0), (0, 2, 25.0), (1, 0, 4.0), (1, 1, 4.0)
    ]  # fmt: skip


def test_orientation_of_rings_does_not_matter():
    square = box(0, 0, 10, 10)
    zone = box(5, 0, 50, 10).difference(box(6, 1, 8, 3))
    turned = [shapely.reverse(square), shapely.reverse(zone)]
    for a, b in ((square, zone), (turned[0], zone), (square, turned[1]), tuple(turned)):
        assert inside(polygons(a), polygons(b)).total[0] == pytest.approx(50 - 4)


def test_shared_borders_are_solved_too():
    """Zones snapped to borders: edges lie upon one another, and a neighbour only touches."""
    found = inside(polygons(box(0, 0, 10, 10), box(10, 0, 20, 10)), polygons(box(0, 0, 10, 10)))
    assert found.total[0] == pytest.approx(100.0)
    assert found.count[0] == 2  # touching counts as meeting, as everywhere in OGC simple features


@pytest.mark.parametrize("seed", range(4))
def test_random_shapes_agree_with_geos(seed: int):
    rng = np.random.default_rng(seed)
    zones = [blob(rng, 50, 60, hole=bool(k % 2)) for k in range(8)]
    houses = [blob(rng, 100, rng.uniform(1, 30), hole=k % 3 == 0) for k in range(120)]
    lines = [shapely.LineString(CITY + rng.uniform(-120, 120, (6, 2))) for _ in range(60)]
    points = [shapely.Point(CITY + rng.uniform(-120, 120, 2)) for _ in range(200)]
    zone_table = polygons(*zones)
    areas = inside(polygons(*houses), zone_table)
    lengths = inside(table(GeometryKind.LINE, lines), zone_table)
    counts = inside(table(GeometryKind.POINT, points), zone_table)
    for number, zone in enumerate(zones):
        assert areas.count[number] == shapely.intersects(zone, houses).sum()
        assert areas.total[number] == pytest.approx(
            shapely.area(shapely.intersection(zone, houses)).sum(), rel=1e-9
        )
        assert lengths.total[number] == pytest.approx(
            shapely.length(shapely.intersection(zone, lines)).sum(), rel=1e-9
        )
        assert counts.count[number] == shapely.contains(zone, points).sum()


def test_empty_geometries_meet_nothing():
    found = inside(polygons(shapely.Polygon(), box(0, 0, 1, 1)), polygons(shapely.Polygon(), box(0, 0, 2, 2)))
    assert (found.zone.tolist(), found.row.tolist()) == ([1], [1])


def test_degrees_are_refused():
    house = table(GeometryKind.POLYGON, [shapely.box(112, 34, 113, 35)], "EPSG:4490")
    with pytest.raises(CrsError, match="one projected system"):
        inside(house, house)


@pytest.mark.parametrize("kind", [GeometryKind.POINT, GeometryKind.LINE])
def test_a_partition_of_many_zones_takes_all_of_every_feature(kind: GeometryKind):
    """More zones than a thread takes at once, more pairs than the kernel has room for at first."""
    rng = np.random.default_rng(3)
    zones = polygons(*(box(10.0 * i, 10.0 * j, 10.0 * i + 10, 10.0 * j + 10) for i in range(12) for j in range(12)))
    ends = CITY + rng.uniform(0.5, 119.5, (1500, 2, 2))
    shapes = [shapely.Point(a) if kind is GeometryKind.POINT else shapely.LineString([a, b]) for a, b in ends]
    features = table(kind, shapes)
    found = inside(features, zones)
    assert (np.diff(found.zone) >= 0).all()
    whole = 1500 if kind is GeometryKind.POINT else sum(shape.length for shape in shapes)
    assert found.total.sum() == pytest.approx(whole, rel=1e-12)
    assert len(found.row) > 1024
    alone = inside(features, zones, threads=1)
    assert (alone.row == found.row).all()
    assert (alone.amount == found.amount).all()


def test_no_zones():
    assert inside(table(GeometryKind.POINT, [shapely.Point(CITY)]), polygons()).count.tolist() == []
