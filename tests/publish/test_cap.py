"""CAP 1.2: structure, identifiers, references, areas; validated against the schema of OASIS where it is at hand."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import shapely

from lydigital.errors import BadDataError
from lydigital.model.publishing import Publishing
from lydigital.publish import areas, cap
from lydigital.publish.bulletin import compose

OFFICE = Publishing()


def made(issue, *, internal=False, **more):
    octets = cap.message(compose(issue, internal=internal), OFFICE, internal=internal, **more)
    schema = os.environ.get("LYDIGITAL_CAP_XSD")
    if schema and Path(schema).is_file():
        from lxml import etree

        etree.XMLSchema(etree.parse(schema)).assertValid(etree.fromstring(octets))
    return octets


def test_an_issued_warning_is_an_actual_alert(given):
    octets = made(given.issue())
    read = cap.read(octets)
    assert read.identifier == "41030000000000_20250716173000_0"
    assert len(read.identifier) == 31
    assert (read.status, read.kind) == ("Actual", "Alert")
    assert read.townships == {"410324103": 2, "410324107": 2, "410326100": 3, "410326101": 3, "410327001": 3}
    assert (read.valid_from, read.valid_to) == (given.at(16, 20), given.at(17, 20))
    text = octets.decode()
    assert "<sent>2025-07-16T17:30:00+08:00</sent>" in text
    assert "<severity>Severe</severity>\n  <certainty>Likely</certainty>" in text
    assert "<severity>Moderate</severity>\n  <certainty>Possible</certainty>" in text
    assert "<valueName>GB/T 2260</valueName>\n    <value>410324</value>" in text
    assert "410308" not in text  # blue


@pytest.mark.parametrize(("more", "status"), [({"purpose": "exercise"}, "Exercise"), ({"purpose": "test"}, "Test"),
                                              ({"status": "draft", "issued_at": None}, "Test")])
def test_what_is_not_real_never_says_actual(given, more, status):
    octets = made(given.issue(**more), internal=True)
    assert cap.read(octets).status == status
    assert "<scope>Restricted</scope>" in octets.decode()
    assert cap.read(made(given.issue(), internal=True)).status == "Test"


def test_update_and_cancel_name_what_they_refer_to(given):
    before = given.issue(id="YJ2025-0011", status="superseded", number=11, issued_at=given.at(15, 17, 5))
    update = made(given.issue(references=("YJ2025-0011",)), known=[before])
    assert cap.read(update).kind == "Update"
    assert "<references>lydigital@410300,41030000000000_20250715170500_0,2025-07-15T17:05:00+08:00</references>" in update.decode()
    with pytest.raises(BadDataError):
        made(given.issue(references=("YJ2025-0011",)))
    end = msgspec.structs.replace(given.issue().notes[-1], at=given.at(17, 9), text="雨停", status="lifted")
    cancel = made(given.issue(status="lifted", version=5, notes=(*given.issue().notes, end)))
    assert cap.read(cancel).kind == "Cancel"
    assert cap.read(cancel).identifier == "41030000000000_20250717090000_1"
    assert "lydigital@410300,41030000000000_20250716173000_0,2025-07-16T17:30:00+08:00" in cancel.decode()
    assert "<responseType>AllClear</responseType>" in cancel.decode()


def test_hostile_texts_stay_texts(given):
    octets = made(given.hostile())
    assert b"<b>" not in octets
    assert b"<script>" not in octets
    assert len(cap.read(octets).townships) == 5


def test_holes_are_cut_and_rings_are_closed(given):
    zone = given.issue().zones[0]
    shape = areas.shape_of(zone)
    found = areas.rings(shape)
    for ring in found:
        assert len(ring) >= 4
        assert ring[0] == ring[-1]
        assert all(a != b for a, b in pairwise(ring))
    together = shapely.union_all([shapely.Polygon(r) for r in found])
    assert together.symmetric_difference(shape).area < 1e-9
    assert sum(shapely.Polygon(r).area for r in found) == pytest.approx(shape.area)  # nothing twice


def test_many_points_become_few(given):
    circle = shapely.Point(112, 34).buffer(0.2, quad_segs=5000)
    found = areas.rings(circle)
    assert len(found) == 1
    assert 4 <= len(found[0]) <= 400
    assert shapely.Polygon(found[0]).area == pytest.approx(circle.area, rel=0.02)
    tiny = shapely.Point(112, 34).buffer(1e-4)
    assert len(areas.rings(tiny)) == 1


@pytest.mark.parametrize("blob", [b"", b"x" * 20, "empty", "far"])
def test_broken_zones_are_refused(given, blob):
    if blob == "empty":
        blob = shapely.to_wkb(shapely.MultiPolygon())
    elif blob == "far":
        blob = given.wkb(shapely.box(600000, 3800000, 610000, 3810000))
    zone = msgspec.structs.replace(given.issue().zones[0], wkb=blob)
    with pytest.raises(BadDataError):
        made(given.issue(zones=(zone,)))


def test_a_bow_tie_is_mended(given):
    tie = shapely.Polygon([(112, 34), (112.2, 34.2), (112.2, 34), (112, 34.2), (112, 34)])
    zone = msgspec.structs.replace(given.issue().zones[0], wkb=given.wkb(tie))
    assert cap.read(made(given.issue(zones=(zone,)))).polygons == 2


@pytest.mark.parametrize("change", [{"organisation": "12"}, {"sender": "a b"}, {"sender": "a,b"}, {"adcode": "41030x"}])
def test_wrong_settings_are_refused(given, change):
    with pytest.raises(BadDataError):
        cap.message(compose(given.issue()), msgspec.structs.replace(OFFICE, **change))


@pytest.mark.parametrize("change", [
    ("<status>Actual</status>", "<status>Real</status>"), ("+08:00</sent>", "Z</sent>"), ("<scope>Public</scope>", ""),
    ("<urgency>Expected</urgency>\n  <severity>Severe</severity>", "<severity>Severe</severity>\n  <urgency>Expected</urgency>"),
    ("34.00000,112.20000 34.30000,112.20000", "34.00000,112.20001 34.30000,112.20000"), ("<alert ", "<!DOCTYPE a [<!ENTITY b 'c'>]><alert "),
    ("</alert>", ""), ("cap:1.2", "cap:1.1"),
])  # fmt: skip
def test_what_is_no_cap_is_found_out(given, change):
    text = made(given.issue()).decode()
    assert change[0] in text
    with pytest.raises(BadDataError):
        cap.read(text.replace(*change).encode())
