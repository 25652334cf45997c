"""Farmland of two surveys on squares whose answers are known, and what stands on protected land."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lydigital.domain.farmland import Parcels, Things, Tolerance, Units, compare, occupied, planar
from lydigital.model.crs import Crs
from lydigital.model.measures import areas_m2

CRS = Crs("EPSG:4546")
X, Y = 500_000.0, 3_830_000.0
UNITS = Units(("410301", "410302"), ("甲", "乙"), ("", ""))


def square(x, y, w, h=None):
    return shapely.box(X + x, Y + y, X + x + w, Y + y + (h or w))


def parcels(*rows, date="2020"):
    """Rows of shape, kind, protected, unit."""
    shapes = np.empty(len(rows), object)
    shapes[:] = [r[0] for r in rows]
    return Parcels(
        np.arange(1, len(rows) + 1), shapes, tuple(r[1] for r in rows), np.array([r[2] for r in rows], bool),
        np.array([r[3] for r in rows], np.int64), date,
    )  # fmt: skip


def ha(shape):
    return float(areas_m2(np.array([shape], object), CRS)[0]) / 1e4


def codes(found):
    return {issue.code for issue in found.issues}


def test_lost_gained_and_kept_by_unit():
    before = parcels((square(0, 0, 1000), "旱地", True, 0), (square(2000, 0, 1000), "旱地", False, 1))
    after = parcels((square(200, 0, 800, 1000), "水浇地", True, 0), (square(2000, 0, 1500, 1000), "旱地", False, 1), date="2025")
    found = compare(before, after, UNITS, CRS)
    lost, gained = ha(square(0, 0, 200, 1000)), ha(square(3000, 0, 500, 1000))
    assert found.city.lost_ha == pytest.approx(lost, rel=1e-6)
    assert found.city.gained_ha == pytest.approx(gained, rel=1e-6)
    assert found.city.protected_lost_ha == pytest.approx(lost, rel=1e-6)
    one, two = found.units
    assert (one.code, one.name, one.net_ha) == ("410301", "甲", pytest.approx(-lost, rel=1e-6))
    assert two.lost_ha == pytest.approx(0, abs=1e-6)
    assert two.net_share == pytest.approx(0.5, rel=1e-4)
    (turned,) = found.turned
    assert (turned.before, turned.after) == ("旱地", "水浇地")
    assert turned.area_ha == pytest.approx(ha(square(200, 0, 800, 1000)), rel=1e-6)
    assert [(p.change, p.fid, p.unit) for p in found.parts] == [("gained", 2, "410302"), ("lost", 1, "410301")]
    assert len(found.outlines[0]) == 2
    assert found.residual_ha < 1e-6 * found.city.before_ha
    assert "farmland.protected_lost" in codes(found)
    assert "farmland.net_loss" not in codes(found)  # more was gained


def test_the_same_survey_changes_nothing():
    rows = ((square(0, 0, 900), "旱地", False, 0), (square(900, 0, 900), "水浇地", True, 1))
    found = compare(parcels(*rows), parcels(*rows), UNITS, CRS)
    assert not found.parts
    assert not found.turned
    assert found.city.net_ha == pytest.approx(0, abs=1e-9)
    assert not found.issues


def test_slivers_count_and_are_not_shown():
    before = parcels((square(0, 0, 1000), "旱地", False, 0))
    after = parcels((square(0.4, 0, 999.6, 1000), "旱地", False, 0))
    found = compare(before, after, UNITS, CRS)
    assert not found.parts
    assert found.slivers == 1
    assert found.city.lost_ha == pytest.approx(0.04, rel=1e-3)
    assert found.sliver_ha == pytest.approx(found.city.lost_ha, rel=1e-9)
    assert "farmland.slivers" in codes(found)
    assert len(compare(before, after, UNITS, CRS, tolerance=Tolerance(0, 0)).parts) == 1


def test_overlaps_count_once_and_lost_codes_are_told():
    before = parcels((square(0, 0, 1000), "旱地", False, 0), (square(500, 0, 1000), "旱地", False, -1))
    after = parcels((square(0, 0, 1500, 1000), "旱地", False, 0))
    found = compare(before, after, UNITS, CRS)
    assert found.city.before_ha == pytest.approx(found.city.after_ha, rel=1e-7)
    assert {"farmland.twice", "farmland.no_unit", "farmland.moved"} <= codes(found)
    assert found.units[-1].code == ""


def test_a_broken_outline_is_repaired():
    bow = shapely.Polygon([(X, Y), (X + 100, Y + 100), (X + 100, Y), (X, Y + 100)])
    shapes = np.empty(1, object)
    shapes[0] = bow
    made, twice = planar(shapes)
    assert shapely.area(made[0]) == pytest.approx(5_000)
    assert twice == 0


def test_every_change_of_one_or_many_is_conserved():
    rng = np.random.default_rng(7)
    for _ in range(5):
        surveys = [
            parcels(*((square(x, y, w), "旱地", bool(p), int(p)) for x, y, w, p in zip(
                rng.uniform(0, 3000, 12), rng.uniform(0, 3000, 12), rng.uniform(200, 900, 12), rng.integers(0, 2, 12), strict=True)))
            for _ in range(2)
        ]  # fmt: skip
        found = compare(*surveys, UNITS, CRS)
        assert found.residual_ha < 1e-6 * found.city.before_ha
        assert sum(u.lost_ha for u in found.units) == pytest.approx(found.city.lost_ha)
        assert sum(p.area_ha for p in found.parts) + found.sliver_ha == pytest.approx(found.city.lost_ha + found.city.gained_ha)


def things(*shapes, layer="building"):
    out = np.empty(len(shapes), object)
    out[:] = shapes
    names = tuple(f"b{i}" for i in range(len(shapes)))
    return Things(layer, layer, np.arange(10, 10 + len(shapes)), out, names, ("",) * len(shapes))


def test_what_stands_on_protected_land():
    land = parcels((square(0, 0, 1000), "旱地", True, 0), (square(1000, 0, 1000), "旱地", False, 1))
    found = occupied(land, [things(square(900, 0, 200, 100), square(1500, 0, 100), square(5000, 0, 100), square(999.99, 500, 50))], UNITS, CRS)
    (row,) = found.rows
    assert (row.fid, row.unit, row.parcels) == (10, "410301", (1, 2))
    assert row.protected_ha == pytest.approx(ha(square(900, 0, 100)), rel=1e-6)
    assert row.other_ha == pytest.approx(row.protected_ha, rel=1e-4)
    assert found.slivers == 1  # half a square metre on protected land
    assert {"farmland.red_line", "farmland.small"} == codes(found)
    everything = occupied(land, [things(square(1500, 0, 100))], UNITS, CRS, everything=True)
    assert everything.rows[0].protected_ha == 0
    assert "farmland.red_line" not in codes(everything)


def test_ground_below_two_things_counts_once():
    land = parcels((square(0, 0, 1000), "旱地", True, 0))
    found = occupied(land, [things(square(0, 0, 100)), things(square(50, 0, 100), layer="settlement")], UNITS, CRS)
    assert found.protected_ha == pytest.approx(ha(square(0, 0, 150, 100)), rel=1e-6)
    assert sum(r.protected_ha for r in found.rows) > found.protected_ha
    assert [(name, count) for name, count, _ in found.by_layer] == [("building", 1), ("settlement", 1)]
