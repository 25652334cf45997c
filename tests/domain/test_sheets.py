"""Standard map sheets (GB/T 13989-2012)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.domain import sheets
from lydigital.errors import UsageError

BEIJING = (116 + 28 / 60 + 13 / 3600, 39 + 54 / 60 + 23 / 3600)


@pytest.mark.parametrize(
    ("scale", "number"),
    [(1_000_000, "J50"), (500_000, "J50B001001"), (250_000, "J50C001002"), (100_000, "J50D001005"), (50_000, "J50E001010"), (10_000, "J50G003040")],
)
def test_numbers_of_a_place_in_beijing(scale, number):
    """Worked out by hand from the widths of the standard: 39°54′23″ N lies 5′37″ below the north edge, 116°28′13″ E 2°28′13″ from the west edge."""
    sheet = sheets.at(*BEIJING, scale)
    assert sheet.number == number
    assert sheets.parse(number) == sheet


def test_a_sheet_of_luoyang_has_the_corners_of_the_standard():
    sheet = sheets.at(112.45, 34.62, 50_000)
    assert sheet.number == "I49E009018"
    assert sheet.bounds == pytest.approx((112.25, 34.5, 112.5, 34 + 40 / 60))
    assert sheet.neighbour(1, 0).number == "I49E009019"
    assert sheet.neighbour(0, 1).number == "I49E008018"


def test_neighbours_cross_the_edge_of_a_zone():
    sheet = sheets.at(113.99, 35.99, 10_000)
    assert sheet.number == "I49G001096"
    assert sheet.neighbour(1, 1).number == "J50G096001"


@given(st.floats(73, 135), st.floats(3, 54), st.sampled_from([1_000_000, *sheets.SCALES]))
@settings(max_examples=200, deadline=None)
def test_a_sheet_holds_its_place_and_is_found_by_its_number(longitude, latitude, scale):
    sheet = sheets.at(longitude, latitude, scale)
    west, south, east, north = sheet.bounds
    assert west - 1e-7 <= longitude <= east + 1e-7
    assert south - 1e-7 <= latitude <= north + 1e-7
    assert sheets.parse(sheet.number) == sheet


def test_sheets_cover_the_city_without_gaps():
    bounds = (111.1324, 33.5723, 112.9786, 35.0710)
    found = list(sheets.covering(bounds, 50_000))
    assert len({s.number for s in found}) == len(found) == 8 * 10
    assert min(s.bounds[0] for s in found) <= bounds[0]
    assert min(s.bounds[1] for s in found) <= bounds[1]
    assert max(s.bounds[2] for s in found) >= bounds[2]
    assert max(s.bounds[3] for s in found) >= bounds[3]


@pytest.mark.parametrize("number", ["", "I4", "I61", "I49E000001", "I49E025001", "I49E1", "W49", "I49Z001001", "I49J001001", "I49E0090181"])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(UsageError):
        sheets.parse(number)


@pytest.mark.parametrize(("longitude", "latitude", "scale"), [(112.0, -1.0, 50_000), (112.0, 89.0, 50_000), (112.0, 34.0, 30_000), (float("nan"), 34.0, 50_000)])
def test_places_without_sheets_are_refused(longitude, latitude, scale):
    with pytest.raises(UsageError):
        sheets.at(longitude, latitude, scale)
