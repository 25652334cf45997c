"""From shapes to change sets: untouched vertices, heights, what fits a layer, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from lydigital.edits.drafts import Draft, LayerSpace, refuse_lossy, subjects
from lydigital.edits.edited import Edited
from lydigital.edits.operations import ground, parts, vertices
from lydigital.errors import BadDataError, RefusedError
from lydigital.model.crs import Crs, transformation
from lydigital.model.feature import Feature

MAP, DEGREES = Crs("EPSG:4546"), Crs("EPSG:4490")
X, Y = 632_000.0, 3_833_000.0


def space(kind="polygon", stored=MAP, multi=None):
    return LayerSpace("plot", "Plots", kind, multi, stored, MAP)


def blob(shape, stored=MAP):
    some = np.empty(1, object)
    some[0] = shape
    return shapely.to_wkb(ground.reprojected(some, transformation(MAP, stored))[0], byte_order=1, flavor="iso")


def vertices_of(wkb):
    return {c.tobytes() for c in shapely.get_coordinates(shapely.from_wkb(wkb))}


def test_untouched_vertices_keep_their_degrees_bit_by_bit():
    rng = np.random.default_rng(1)
    ring = [(X + 500 * np.cos(t) * r, Y + 500 * np.sin(t) * r)
            for t, r in zip(np.linspace(0, 6.2, 200), rng.uniform(0.8, 1.2, 200), strict=True)]  # fmt: skip
    shapes = {1: Polygon(ring), 2: box(X + 2000, Y, X + 2100, Y + 50)}
    here = space(stored=DEGREES)
    found = subjects(here, {fid: Feature(blob(s, DEGREES), {}) for fid, s in shapes.items()})
    draft = Draft()
    draft.put(found[0], vertices.moved(found[0].shape, [(0, 0, 7)], 3.0, 4.0))
    draft.put(found[1], found[1].shape)
    changes = draft.changes("x")
    assert [d.target for d in changes.deltas] == ["geometry/plot/1"]
    old, new = vertices_of(changes.deltas[0].old), vertices_of(changes.deltas[0].new)
    assert len(old - new) == 1
    assert len(new - old) == 1
    pieces = parts.split(found[0].shape, LineString([(X, Y - 900), (X, Y + 900)]))
    draft = Draft()
    draft.put(found[0], pieces[0])
    draft.make(here, 9, pieces[1], {})
    changes = draft.changes("x")
    stored = vertices_of(changes.deltas[0].new) | vertices_of(changes.deltas[1].new.wkb)
    assert old <= stored, "every old vertex is in one of the pieces, bit by bit"
    assert len(stored - old) == 2


def test_heights_are_kept_and_interpolated():
    here = space("polygon")
    raised = shapely.from_wkt(f"POLYGON Z (({X} {Y} 10, {X + 10} {Y} 20, {X + 10} {Y + 10} 20, {X} {Y + 10} 10, {X} {Y} 10))")
    subject = subjects(here, {1: Feature(blob(raised), {})})[0]
    draft = Draft()
    pieces = parts.split(subject.shape, LineString([(X + 5, Y - 1), (X + 5, Y + 11)]))
    draft.put(subject, pieces[0])
    draft.make(here, 2, pieces[1], {})
    changes = draft.changes("x")
    heights = {tuple(c) for d in changes.deltas for c in
               shapely.get_coordinates(shapely.from_wkb(d.new if isinstance(d.new, bytes) else d.new.wkb), include_z=True)}  # fmt: skip
    assert {h for x, _, h in heights if x == X} == {10.0}
    assert {h for x, _, h in heights if x == X + 5} == {15.0}
    draft = Draft()
    draft.put(subject, vertices.added(subject.shape, (0, 0, 1), (X + 2, Y)))
    new = shapely.from_wkb(draft.changes("x").deltas[0].new)
    assert new.exterior.coords[1] == (X + 2, Y, 12.0)


@pytest.mark.parametrize(("code", "big"), [(2003, False), (3002, True), (8, False), (7, False), (0x40000003, False), (1012, True)])
def test_measures_and_curves_are_refused(code, big):
    wkb = bytes([0 if big else 1]) + code.to_bytes(4, "big" if big else "little") + b"\0" * 8
    with pytest.raises(RefusedError) as caught:
        refuse_lossy(wkb, "Plots")
    assert caught.value.hint_text()


def test_what_is_stored_fits_the_layer():
    two = MultiPolygon([box(X, Y, X + 1, Y + 1), box(X + 5, Y, X + 6, Y + 1)])

    def stored(shape, multi, kind="polygon"):
        draft = Draft()
        draft.make(space(kind, multi=multi), 1, shape, {})
        return shapely.from_wkb(draft.changes("x").deltas[0].new.wkb).geom_type

    assert stored(two.geoms[0], multi=True) == "MultiPolygon"
    assert stored(two.geoms[0], multi=False) == "Polygon"
    assert stored(two, multi=None) == "MultiPolygon"
    with pytest.raises(RefusedError):
        stored(two, multi=False)
    with pytest.raises(RefusedError):
        stored(Point(X, Y), multi=None)
    assert stored(Point(X, Y), multi=None, kind="mixed") == "Point"


def test_crossings_are_refused_or_mended():
    bow = Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])
    draft = Draft()
    draft.make(space(), 1, bow, {})
    with pytest.raises(BadDataError) as caught:
        draft.changes("x")
    assert "fix" in caught.value.hint_text()
    draft = Draft(fix=True)
    draft.make(space(), 1, bow, {})
    changes = draft.changes("x")
    assert [i.code for i in changes.issues] == ["geometry.mended"]
    assert shapely.from_wkb(changes.deltas[0].new.wkb).area == 50


def test_what_was_broken_before_may_be_worked_on():
    bow = Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])
    subject = subjects(space(), {1: Feature(blob(bow), {})})[0]
    draft = Draft()
    draft.put(subject, vertices.moved(bow, [(0, 0, 0)], 0.0, 1.0))
    assert [i.code for i in draft.changes("x").issues] == ["geometry.invalid"]


@pytest.mark.parametrize("shape", [Polygon(), Polygon([(X, Y), (X + 1, Y + 1), (X + 2, Y + 2)]), box(X, Y, 1e12, Y + 1)])
def test_nothing_absurd_is_stored(shape):
    draft = Draft(fix=True)
    draft.make(space(), 1, shape, {})
    with pytest.raises(BadDataError):
        draft.changes("x")


def test_damaged_geometry_is_said():
    with pytest.raises(BadDataError):
        subjects(space(), {1: Feature(b"\x01\x03\x00\x00\x00\xff\xff", {})})


def test_values_and_features_without_geometry():
    subject = subjects(space(), {1: Feature(None, {"name": "a"})})[0]
    draft = Draft()
    draft.put(subject, subject.shape, {"name": "b"})
    changes = draft.changes("x", selection={"plot": [1]})
    assert [d.target for d in changes.deltas] == ["value/plot/1/name"]
    assert isinstance(changes, Edited)
    assert type(changes.bare).__name__ == "ChangeSet"
    assert changes.selected.fids["plot"].tolist() == [1]
