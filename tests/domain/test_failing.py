"""Coverage × hazard on a small land: who is in danger, what fails there, whom to call."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital.domain import failing
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

CRS = Crs("EPSG:4546")
X, Y = 600_000.0, 3_800_000.0
CODES = ["410327208201", "410327208202", "410327208203", "410328104001"]


def box(x0, y0, x1, y1):
    return shapely.box(X + x0, Y + y0, X + x1, Y + y1)


def land(people=(100.0, 200.0, np.nan, 0.0), *, areas=True) -> failing.Places:
    """Four squares of 100 m in a row; each seat is in the middle."""
    shapes = [box(100 * i, 0, 100 * i + 100, 100) for i in range(4)]
    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(shapes, object))
    table = FeatureTable(np.arange(4), pa.table({}), geometry, CRS)
    seats = np.array([[X + 100 * i + 50, Y + 50] for i in range(4)])
    return failing.Places(
        np.arange(1, 5), CODES, list("abcd"), ["T"] * 4, ["C"] * 4, table if areas else None, seats, np.full((4, 2), 112.0),
        np.array(people), np.array([30.0, 60.0, 10.0, 0.0]), CRS,
    )  # fmt: skip


def danger(*zones, townships=None) -> failing.Danger:
    return failing.Danger(
        np.array([z for z, _, _ in zones], object), np.array([v for _, v, _ in zones], np.int64), [t for _, _, t in zones],
        townships or {},
    )  # fmt: skip


def of(places, found, known, contacts=()):
    return failing.board(
        places, found, known, contacts, hazard="zones", title="t", levels=(1, 2), zones=1, area_km2=1.0
    )


ALL = dict.fromkeys(failing.CHANNELS, True)


def test_by_seat_and_by_share():
    found = failing.hit(land(), danger((box(0, 0, 115, 100), 2, "orange"), (box(170, 0, 205, 100), 1, "red")))
    assert found.level.tolist() == [2, 1, 0, 0]  # the second: 30 % red; the third: 5 % red
    assert found.share == pytest.approx([1.0, 0.45, 0.05, 0.0])
    assert list(found.zone[:3]) == ["orange", "red", ""]


def test_levels_add_up_with_the_higher_ones():
    found = failing.hit(land(), danger((box(0, 0, 6, 100), 1, "red"), (box(6, 0, 12, 100), 2, "orange")))
    assert found.level.tolist() == [2, 0, 0, 0]
    assert found.share[0] == pytest.approx(0.12)


def test_overlapping_zones_are_no_more_than_the_whole():
    found = failing.hit(land(), danger((box(0, 0, 100, 100), 2, "a"), (box(0, 0, 100, 100), 2, "b")))
    assert found.share[0] == pytest.approx(1.0)


def test_without_areas_the_seat_tells():
    found = failing.hit(land(areas=False), danger((box(0, 0, 160, 100), 1, "red")))
    assert found.level.tolist() == [1, 1, 0, 0]
    assert np.isnan(found.share).all()
    assert found.zone[1] == "red"


def test_a_warning_names_townships():
    found = failing.hit(land(), danger(townships={"410328104": (2, "W")}))
    assert found.level.tolist() == [0, 0, 0, 2]
    assert found.zone[3] == "W"


def test_who_is_behind_each_channel():
    places = land()
    found = failing.hit(places, danger((box(0, 0, 400, 100), 2, "z")))
    known = {CODES[0]: ALL | {"tv": False, "phone": False}, CODES[1]: ALL | {"tv": False, "mobile": None}, CODES[2]: dict.fromkeys(ALL, False)}
    made = of(places, found, known)
    assert [p.name for p in made.places] == ["c", "a", "b", "d"]  # most missing channels first
    lost = {c.channel: c for c in made.channels}
    assert (lost["tv"].places, lost["tv"].people, lost["tv"].households) == (3, 300, 100)
    assert (lost["phone"].places, lost["phone"].people) == (2, 100)
    assert (lost["mobile"].places, lost["mobile"].unknown_places, lost["mobile"].unknown_people) == (1, 2, 200)
    assert (made.people, made.without_figure, made.cut_off, made.cut_off_people) == (300, 1, 1, None)
    assert [i.code for i in made.issues].count("failing.unknown") == 5
    assert {"failing.no_people", "failing.empty_places", "failing.nobody"} <= {i.code for i in made.issues}
    assert set(made.nobody) == set(CODES[:3])


def test_nothing_known_is_not_nothing_lost():
    places = land()
    made = of(places, failing.hit(places, danger((box(0, 0, 400, 100), 2, "z"))), {})
    assert not any(c.is_known for c in made.channels)
    assert all(c.people is None for c in made.channels)
    assert made.failing == ()
    assert made.cut_off == 0


def test_empty_zones():
    places = land()
    made = of(places, failing.hit(places, danger()), {})
    assert made.places == ()
    assert made.people is None
    assert [i.code for i in made.issues] == ["failing.empty"]


def test_calls_are_of_failing_places_only():
    places = land()
    found = failing.hit(places, danger((box(0, 0, 200, 100), 1, "z")))
    known = {CODES[0]: ALL, CODES[1]: ALL | {"phone": False}}
    contacts = [failing.Contact(CODES[0], "monitor", "x", "1"), failing.Contact(CODES[1], "monitor", "y", "2", "slope", 8)]
    made = of(places, found, known, contacts)
    assert [(c.place, c.name, c.at, c.people, c.level) for c in made.calls] == [("b", "y", "slope", 8, 1)]
    assert made.nobody == ()


def test_services_of_the_newest_year_and_of_old_codes():
    rows = [
        {"village_code": "410381001001", "year": 2005, "phone": False, "tv": None},
        {"village_code": "410381001001", "year": 2006, "phone": True, "tv": 0},
        {"village_code": "", "year": 2006, "phone": True},
        {"village_code": "410327208201", "year": 2007, "phone": True},
    ]
    found, year = failing.services(rows, renewed={"410381": "410307"})
    assert year == 2007
    assert found["410307001001"] == {"phone": True, "mobile": None, "broadband": None, "tv": False, "station": None}
    assert failing.services(rows, 2005)[0]["410381001001"]["phone"] is False
    assert failing.services([], 0) == ({}, None)
