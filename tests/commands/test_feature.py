"""Commands of editing through the door everybody uses: ``ly.open(gpkg).run("feature.split", ...)``."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from lydigital.commands import registry
from lydigital.commands.clipboard import COPIED
from lydigital.commands.registry import Workbench
from lydigital.errors import BadDataError, LydError, RefusedError, UsageError
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import Catalogue, FieldDef, GroupDef, LayerDef
from lydigital.model.selection import Selection
from lydigital.model.style import Style
from lydigital.stores import create

X, Y = 632_000.0, 3_833_000.0
FIELDS = (FieldDef("name", "名称", "Name"), FieldDef("n", "编号", "Number", type="integer"))


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Six cells of a grid, once in the map's system and once in degrees, three ways, two spots."""
    cells = np.array([box(X + 10 * i, Y + 10 * j, X + 10 * i + 10, Y + 10 * j + 10) for i in range(3) for j in range(2)])
    ways = np.array([LineString([(X, Y + 5 * i), (X + 15, Y + 5 * i), (X + 30, Y + 5 * i)]) for i in range(3)])
    spots = np.array([Point(X + 1, Y + 1), Point(X + 25, Y + 15)])

    def layer(name, kind, **more):
        return LayerDef(name, name, "g", kind, Style(()), fields=FIELDS, **more)

    degree = layer("degree", "polygon", crs="EPSG:4490")
    layers = (layer("cell", "polygon"), degree, layer("way", "line"), layer("spot", "point"),
              LayerDef("other", "other", "g", "polygon", Style(()), fields=(FieldDef("title", "名称"), FieldDef("n", "x", type="text"))))  # fmt: skip
    catalogue = Catalogue(layers, (GroupDef("g", "g"),))
    path = tmp_path_factory.mktemp("editing") / "city.gpkg"
    create.create_gpkg(path, catalogue)
    from lydigital.edits.operations import ground
    from lydigital.model.crs import Crs, transformation

    in_degrees = ground.reprojected(cells, transformation(Crs("EPSG:4546"), Crs("EPSG:4490")))
    for definition, shapes in zip(layers, (cells, in_degrees, ways, spots), strict=False):
        n = len(shapes)
        create.write_layer(path, definition, {"name": [f"{definition.id}{i + 1}" for i in range(n)], "n": list(range(1, n + 1))}, shapes)
    create.write_layer(path, layers[4], {"title": [], "n": []}, GeometryArray.empty(GeometryKind.POLYGON))
    return path, catalogue


@pytest.fixture
def session(city):
    from lydigital.session import open_session

    path, catalogue = city
    opened = open_session(str(path), catalogue=catalogue, kind=Workbench, author="tester")
    for ref in opened.document.layers:
        opened.run("layer.show", layer=ref.id)
    COPIED.clear()
    yield opened
    opened.close()


def fid_of(session, layer, name):
    table = session.table(layer)
    return int(table.fid[table.column("name").to_pylist().index(name)])


def select(session, layer, *names):
    session.select(Selection.of(layer, [fid_of(session, layer, n) for n in names]))


def state(session):
    out = {}
    for ref in session.document.layers:
        fids = session.table(ref.id).fid.tolist()
        out[ref.id] = session.features.features(ref.id, sorted(fids))
    return out


def shapes(session, layer):
    return {f: shapely.from_wkb(x.wkb) for f, x in session.features.features(layer, session.table(layer).fid.tolist()).items()}


def undoes(session, before):
    after = state(session)
    assert after != before
    session.undo()
    assert state(session) == before
    session.redo()
    assert state(session) == after


def wkt(shape):
    return shapely.to_wkt(shape, rounding_precision=-1)


DEEDS = [
    ("feature.create", {"layer": "cell", "geometry": wkt(box(X + 100, Y, X + 110, Y + 5)), "values": {"name": "new"}}, None),
    ("feature.create", {"layer": "spot", "geometry": "112.45, 34.62", "values": {"n": "7"}}, None),
    ("feature.create", {"layer": "way", "geometry": "112.45, 34.62; 112.46, 34.62"}, None),
    ("feature.create_circle", {"layer": "cell", "x": X, "y": Y, "radius_m": 50}, None),
    ("feature.create_rectangle", {"layer": "cell", "points": [(X, Y), (X + 9, Y), (X, Y - 4)]}, None),
    ("feature.create_regular", {"layer": "cell", "x": X, "y": Y, "radius_m": 5}, None),
    ("feature.create_freehand", {"layer": "way", "points": [(X, Y), (X + 1, Y), (X + 2, Y + 5)], "tolerance": 0.1}, None),
    ("feature.create_many", {"layer": "spot", "text": "name,x,y\na,112.45,34.62\nb,112.46,34.62"}, None),
    ("feature.create_many", {"layer": "spot", "points": [(X, Y), (X + 1, Y)]}, None),
    ("feature.delete", {}, ("cell", "cell1", "cell2")),
    ("feature.move", {"dx": 3, "dy": 4}, ("cell", "cell1", "cell2")),
    ("feature.move", {"dx": 3, "dy": 4}, ("degree", "degree1")),
    ("feature.rotate", {"angle_deg": 30}, ("cell", "cell1")),
    ("feature.scale", {"factor_x": 2, "factor_y": 2, "x": X, "y": Y}, ("way", "way1")),
    ("feature.align", {"edge": "left"}, ("cell", "cell1", "cell5")),
    ("feature.align", {"line": f"LINESTRING ({X} {Y}, {X + 90} {Y + 9})"}, ("spot", "spot1", "spot2")),
    ("feature.cut", {}, ("way", "way2")),
    ("feature.split", {"line": f"LINESTRING ({X + 5} {Y - 5}, {X + 5} {Y + 15})"}, ("cell", "cell1")),
    ("feature.merge", {}, ("cell", "cell1", "cell3")),
    ("feature.merge", {}, ("way", "way1", "way2")),
    ("feature.reshape", {"line": f"LINESTRING ({X + 2} {Y}, {X + 5} {Y - 3}, {X + 8} {Y})"}, ("cell", "cell1")),
    ("feature.offset", {"distance": 1}, ("cell", "cell1")),
    ("feature.parallel", {"distance": -2}, ("way", "way1")),
    ("feature.buffer", {"distance": 5, "into": "cell"}, ("spot", "spot1", "spot2")),
    ("feature.buffer", {"distance": 50, "merge": True}, ("degree", "degree1", "degree2")),
    ("feature.simplify", {"tolerance": 1}, ("way", "way1")),
    ("feature.smooth", {}, ("cell", "cell1")),
    ("feature.add_hole", {"ring": wkt(box(X + 2, Y + 2, X + 4, Y + 4))}, ("cell", "cell1")),
    ("feature.dissolve", {"field": "n"}, None),
    ("feature.clip", {"layer": "degree", "fids": [1]}, ("cell", "cell1", "cell2", "cell3", "cell4", "cell5", "cell6")),
    ("feature.fill_gap", {"layer": "cell", "ring": wkt(box(X - 5, Y - 5, X + 5, Y + 5))}, None),
    ("geometry.set", {"layer": "cell", "fid": 1, "geometry": wkt(box(X - 9, Y - 9, X - 1, Y - 1))}, None),
    ("vertex.move", {"layer": "cell", "fid": 1, "vertices": [(0, 0, 0)], "dx": 0.5, "dy": 0.5}, None),
    ("vertex.add", {"layer": "way", "fid": 1, "part": 0, "ring": 0, "index": 1, "x": X + 3, "y": Y + 3}, None),
    ("vertex.delete", {"layer": "way", "fid": 1, "vertices": [(0, 0, 1)]}, None),
    ("feature.continue_line", {"layer": "way", "fid": 1, "points": [(X + 40, Y)]}, None),
]  # fmt: skip


@pytest.mark.parametrize(("command", "given", "chosen"), DEEDS, ids=lambda v: v if isinstance(v, str) else None)
def test_what_was_done_is_undone_and_done_again(session, command, given, chosen):
    if command == "feature.dissolve":
        session.run("geometry.set", layer="cell", fid=1, geometry=wkt(box(X, Y, X + 9, Y + 9)))
        _same_number(session)
        chosen = ("cell", "cell1", "cell2", "cell3")
    if chosen:
        select(session, chosen[0], *chosen[1:])
    before, selected = state(session), session.selection
    changes = session.run(command, **given)
    assert changes
    left = session.selection
    assert type(session.history.entries[-1].changes).__name__ == "ChangeSet"
    undoes(session, before)
    assert session.selection == left
    session.undo()
    assert session.selection == selected, "undo selects what was selected"


def _same_number(session):
    from lydigital.model.changeset import ChangeSet, Delta

    fid = fid_of(session, "cell", "cell2")
    session.commit(ChangeSet("x", (Delta(f"value/cell/{fid}/n", 2, 1),)))


def test_new_features_are_selected_and_get_numbers_of_their_own(session):
    changes = session.run("feature.create", layer="cell", geometry=wkt(box(X + 50, Y, X + 60, Y + 9)), values={"n": "8"})
    first = session.selection.fids["cell"].tolist()
    assert len(first) == 1
    assert session.features.features("cell", first)[first[0]].values["n"] == 8
    session.undo()
    session.run("feature.create", layer="cell", geometry=wkt(box(X + 50, Y, X + 60, Y + 9)))
    assert session.selection.fids["cell"].tolist() != first, "a number is never given twice"
    assert changes.annotation == "Create in {layer}"


def test_split_keeps_area_attributes_and_the_neighbours_border(session):
    select(session, "cell", "cell1")
    session.run("feature.split", line=f"LINESTRING ({X - 1} {Y + 4}, {X + 10} {Y + 7})")  # ends on the border of cell3
    now = shapes(session, "cell")
    assert len(now) == 7
    assert sum(s.area for s in now.values()) == 600
    assert shapely.coverage_is_valid(np.array(list(now.values()), object))
    pieces = session.features.features("cell", session.selection.fids["cell"].tolist())
    assert {f.values["name"] for f in pieces.values()} == {"cell1"}


@pytest.mark.parametrize("layer", ["cell", "degree"])
def test_a_shared_corner_moves_in_all_and_the_rest_stays_bit_by_bit(session, layer):
    before = {f: shapely.get_coordinates(s) for f, s in shapes(session, layer).items()}
    fid = fid_of(session, layer, f"{layer}1")
    table = session.table(layer)
    row = table.geometry.take(table.rows_of(np.array([fid])))
    index = int(np.argmin(np.hypot(*(row.coords[:-1] - (X + 10, Y + 10)).T)))
    changes = session.run("vertex.move", layer=layer, fid=fid, vertices=[(0, 0, index)], dx=1.5, dy=-0.5, topological=True)
    assert len(changes.deltas) == 4, "four cells meet there, in one step"
    after = {f: shapely.get_coordinates(s) for f, s in shapes(session, layer).items()}
    for f, old in before.items():
        assert (old != after[f]).any(axis=1).sum() <= 2, "one vertex, twice where the ring closes on it"
    new = {tuple(c) for f in before for c in after[f][(before[f] != after[f]).any(axis=1)].tolist()}
    assert len(new) == 1
    assert shapely.coverage_is_valid(np.array(list(shapes(session, layer).values()), object))


def test_what_is_untouched_is_no_delta(session):
    select(session, "degree", "degree1", "degree2", "degree3", "degree4", "degree5", "degree6")
    before = state(session)
    assert not session.run("feature.repair", tolerance=0.01)
    assert not session.run("feature.avoid_overlap")
    assert not session.run("feature.move", dx=0, dy=0)
    assert state(session) == before


def test_merge_keeps_the_largest_and_says_what_differed(session):
    session.run("geometry.set", layer="cell", fid=fid_of(session, "cell", "cell3"), geometry=wkt(box(X + 10, Y, X + 20, Y + 9)))
    select(session, "cell", "cell1", "cell3")
    changes = session.run("feature.merge")
    assert [i.code for i in changes.issues] == ["merge.attributes"]
    left = session.features.features("cell", session.selection.fids["cell"].tolist())
    assert [f.values["name"] for f in left.values()] == ["cell1"]
    select(session, "cell", "cell1")
    with pytest.raises(RefusedError):
        session.run("feature.merge")


def test_explode_undoes_gathering(session):
    select(session, "cell", "cell1", "cell5")
    session.run("feature.merge")
    before = shapes(session, "cell")
    session.run("feature.explode")
    assert len(shapes(session, "cell")) == len(before) + 1
    with pytest.raises(RefusedError):
        session.run("feature.explode")


def test_clip_sums_up_and_says_what_went(session):
    select(session, "way", "way1", "way2", "way3")
    changes = session.run("feature.clip", layer="cell", fids=[fid_of(session, "cell", "cell1")])
    assert sum(s.length for s in shapes(session, "way").values()) == 30
    assert not changes.issues
    select(session, "cell", "cell1", "cell6")
    changes = session.run("feature.clip", layer="cell", fids=[fid_of(session, "cell", "cell1")])
    assert [i.code for i in changes.issues] == ["clip.removed"]


def test_overlaps_and_gaps(session):
    ring = box(X + 25, Y + 5, X + 40, Y + 15)
    session.run("feature.create", layer="cell", geometry=wkt(ring), avoid_overlap=True)
    assert sum(s.area for s in shapes(session, "cell").values()) == 600 + 100
    session.undo()
    session.run("feature.create", layer="cell", geometry=wkt(ring))
    session.run("feature.avoid_overlap")
    assert sum(s.area for s in shapes(session, "cell").values()) == 600 + 100
    select(session, "cell", "cell1")
    session.run("feature.delete")
    session.run("feature.create", layer="cell", geometry=wkt(Polygon(box(X - 5, Y - 5, X + 10, Y + 10).exterior, [box(X, Y, X + 9, Y + 9).exterior])), avoid_overlap=True)
    before = sum(s.area for s in shapes(session, "cell").values())
    session.run("feature.fill_gap", layer="cell", x=X + 5, y=Y + 5)
    assert sum(s.area for s in shapes(session, "cell").values()) == before + 81


def test_copies_go_to_other_layers_and_say_what_is_lost(session):
    select(session, "cell", "cell1", "cell2")
    assert session.run("feature.copy") == {"copied": 2}
    changes = session.run("feature.paste", layer="other", mapping={"name": "title"})
    assert not [i for i in changes.issues if i.code == "field.dropped"]
    made = session.features.features("other", session.selection.fids["other"].tolist())
    assert [f.values for f in made.values()] == [{"title": "cell1", "n": "1"}, {"title": "cell2", "n": "2"}]
    changes = session.run("feature.paste", layer="other", mapping={"n": ""})
    assert {i.code for i in changes.issues} == {"field.dropped"}
    changes = session.run("feature.paste", dx=100.0)
    assert changes.selection.keys() == {"cell"}
    with pytest.raises(RefusedError):
        session.run("feature.paste", layer="way")


def test_pasting_where_it_was_is_exact(session):
    select(session, "degree", "degree1")
    session.run("feature.copy")
    session.run("feature.paste")
    old = session.features.features("degree", [fid_of(session, "degree", "degree1")])
    new = session.features.features("degree", session.selection.fids["degree"].tolist())
    first, second = (shapely.get_coordinates(shapely.from_wkb(next(iter(f.values())).wkb)) for f in (old, new))
    assert first == pytest.approx(second, abs=1e-12)


def test_trace_follows_edges(session):
    found = session.run("vertex.trace", start=(X, Y), end=(X + 20, Y), layers=["cell"])
    assert found["length"] == 20
    assert len(found["points"]) == 3


def test_buffers_are_metres_and_undone_in_one_step(session):
    select(session, "spot", "spot1")
    session.run("feature.buffer", distance=10, into="cell")
    made = session.features.features("cell", session.selection.fids["cell"].tolist())
    assert shapely.from_wkb(next(iter(made.values())).wkb).area == pytest.approx(np.pi * 100, rel=0.01)
    with pytest.raises(RefusedError):
        session.run("feature.buffer", distance=10, layer="spot", fids=[1])


@pytest.mark.parametrize(("command", "given", "error"), [
    ("feature.create", {"layer": "cell", "geometry": "POLYGON ((0 0, 1 1"}, BadDataError),
    ("feature.create", {"layer": "cell", "geometry": f"POINT ({X} {Y})"}, RefusedError),
    ("feature.create", {"layer": "spot", "geometry": "POINT (1e30 0)"}, BadDataError),
    ("feature.create", {"layer": "spot", "geometry": "POINT EMPTY"}, BadDataError),
    ("feature.create", {"layer": "spot", "geometry": "hello"}, BadDataError),
    ("feature.create", {"layer": "spot", "geometry": f"POINT ({X} {Y})", "values": {"nmae": 1}}, UsageError),
    ("feature.create", {"layer": "spot", "geometry": f"POINT ({X} {Y})", "values": {"n": "many"}}, BadDataError),
    ("feature.create", {"layer": "cell", "geometry": f"POLYGON (({X} {Y}, {X + 9} {Y + 9}, {X + 9} {Y}, {X} {Y + 9}, {X} {Y}))"}, BadDataError),
    ("feature.create_circle", {"layer": "cell", "x": float("inf"), "y": Y, "radius_m": 5}, UsageError),
    ("feature.create_circle", {"layer": "cell", "x": X, "y": Y, "radius_m": 0}, UsageError),
    ("feature.create_many", {"layer": "spot"}, UsageError),
    ("feature.create_many", {"layer": "spot", "path": "/nowhere/at.all"}, LydError),
    ("feature.delete", {"layer": "cell", "fids": [999]}, UsageError),
    ("feature.delete", {"fids": [1]}, UsageError),
    ("feature.move", {"layer": "cell", "fids": [1], "dx": float("nan"), "dy": 0}, UsageError),
    ("feature.scale", {"layer": "cell", "fids": [1], "factor_x": 0, "factor_y": 1}, UsageError),
    ("feature.rotate", {"layer": "cell", "fids": [1], "angle_deg": 5, "x": 1.0}, UsageError),
    ("feature.split", {"layer": "cell", "fids": [1], "line": "POINT (0 0)"}, BadDataError),
    ("feature.split", {"layer": "cell", "fids": [1], "line": "LINESTRING (0 0, 1 1)"}, RefusedError),
    ("feature.offset", {"layer": "cell", "fids": [1], "distance": -20}, BadDataError),
    ("feature.offset", {"layer": "cell", "fids": [1], "distance": float("inf")}, UsageError),
    ("feature.dissolve", {"layer": "cell", "fids": [1, 2], "field": "nothing"}, UsageError),
    ("feature.fill_gap", {"layer": "cell"}, UsageError),
    ("feature.fill_gap", {"layer": "cell", "x": X + 5, "y": Y + 5}, RefusedError),
    ("feature.fill_hole", {"layer": "cell", "fids": [1]}, RefusedError),
    ("geometry.set", {"layer": "cell", "fid": 999, "geometry": f"POINT ({X} {Y})"}, UsageError),
    ("vertex.move", {"layer": "cell", "fid": 1, "vertices": [(0, 0, 77)], "dx": 1, "dy": 1}, UsageError),
    ("vertex.move", {"layer": "cell", "fid": 1, "vertices": [(0, 0, 0)], "dx": float("inf"), "dy": 1}, UsageError),
    ("vertex.delete", {"layer": "cell", "fid": 1, "vertices": [(0, 0, 0), (0, 0, 1)]}, RefusedError),
    ("feature.move", {"dx": 1, "dy": 1}, RefusedError),
    ("feature.paste", {}, RefusedError),
])  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(session, command, given, error):
    before = state(session)
    with pytest.raises(error) as caught:
        session.run(command, **given)
    assert caught.value.hint_text()
    assert state(session) == before


def test_hidden_and_foreign_layers_are_refused(session, tmp_path):
    select(session, "cell", "cell1")
    session.run("layer.hide", layer="cell")
    assert "hidden" in registry.get("feature.delete").disabled(session)
    with pytest.raises(RefusedError):
        session.run("feature.delete")
    with pytest.raises(RefusedError):
        session.run("feature.create", layer="cell", geometry="POINT (0 0)")
    path = tmp_path / "a.geojson"
    path.write_text('{"type":"FeatureCollection","features":[{"type":"Feature","id":1,"properties":{},"geometry":{"type":"Point","coordinates":[112.4,34.6]}}]}')
    session.run("layer.add", path=str(path))
    with pytest.raises(LydError) as caught:
        session.run("feature.create", layer="a", geometry=f"POINT ({X} {Y})")
    assert "GeoPackage" in caught.value.hint_text()
    session.run("feature.copy", layer="a", fids=[int(session.table("a").fid[0])])
    session.run("feature.paste", layer="spot")


def test_drawn_loops_are_mended_on_request(session):
    bow = f"POLYGON (({X} {Y}, {X + 10} {Y + 10}, {X + 10} {Y}, {X} {Y + 10}, {X} {Y}))"
    changes = session.run("feature.create", layer="cell", geometry=bow, fix=True)
    assert [i.code for i in changes.issues] == ["geometry.mended"]


def test_what_lies_far_outside_is_said(session):
    changes = session.run("feature.create", layer="spot", geometry=f"POINT ({Y} {X})")
    assert [i.code for i in changes.issues] == ["geometry.outside"]


def test_saved_features_are_what_was_drawn(session, city, tmp_path):
    """Through the file and back."""
    import shutil

    from lydigital.session import open_session

    path = tmp_path / "copy.gpkg"
    shutil.copy(city[0], path)
    opened = open_session(str(path), catalogue=city[1], kind=Workbench, author="t")
    opened.run("layer.show", layer="cell")
    opened.run("feature.create", layer="cell", geometry=wkt(box(X + 90, Y, X + 91, Y + 1)), values={"name": "kept"})
    opened.save_features()
    opened.close()
    again = open_session(str(path), catalogue=city[1], kind=Workbench, author="t")
    assert "kept" in again.table("cell").column("name").to_pylist()
    again.close()


def test_what_crosses_itself_is_repaired_before_it_is_cut(session):
    from lydigital.model.changeset import ChangeSet, Delta

    fid = fid_of(session, "cell", "cell1")
    old = session.features.features("cell", [fid])[fid].wkb
    bow = shapely.MultiPolygon([Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])])
    session.commit(ChangeSet("x", (Delta(f"geometry/cell/{fid}", old, shapely.to_wkb(bow, byte_order=1)),)))
    select(session, "cell", "cell1")
    with pytest.raises(RefusedError) as caught:
        session.run("feature.split", line=f"LINESTRING ({X + 5} {Y - 5}, {X + 5} {Y + 15})")
    assert "Repair" in caught.value.hint_text()
    session.run("feature.repair")
    mended = shapes(session, "cell")[fid]
    assert mended.is_valid
    assert mended.area == 50


def test_heights_where_a_layer_has_them(session):
    for wrong in (f"POINT M ({X} {Y} 3)", f"GEOMETRYCOLLECTION (POINT ({X} {Y}))"):
        with pytest.raises(BadDataError):
            session.run("feature.create", layer="spot", geometry=wrong)
    fids = session.table("spot").fid.tolist()
    for fid in fids:
        session.run("geometry.set", layer="spot", fid=fid, geometry=f"POINT Z ({X} {Y} 7)")
    changes = session.run("feature.create", layer="spot", geometry=f"POINT ({X} {Y})")
    assert [i.code for i in changes.issues] == ["height.unknown"]
    assert shapely.from_wkb(changes.deltas[0].new.wkb).z == 0.0


@pytest.mark.slow
def test_a_hundred_thousand_features_move_and_come_back(tmp_path):
    from lydigital.session import open_session

    n = 100_000
    cells = np.array([box(X + 10 * (i % 400), Y + 10 * (i // 400), X + 10 * (i % 400) + 9, Y + 10 * (i // 400) + 9) for i in range(n)])
    definition = LayerDef("cell", "cell", "g", "polygon", Style(()), fields=FIELDS)
    catalogue = Catalogue((definition,), (GroupDef("g", "g"),))
    path = tmp_path / "big.gpkg"
    create.create_gpkg(path, catalogue)
    create.write_layer(path, definition, {"name": ["x"] * n, "n": list(range(n))}, cells)
    opened = open_session(str(path), catalogue=catalogue, kind=Workbench, author="t")
    opened.run("layer.show", layer="cell")
    fids = opened.table("cell").fid
    some = fids[::1000].tolist()
    before = opened.features.features("cell", some)
    opened.select(Selection.of("cell", fids))
    assert len(opened.run("feature.move", dx=1.0, dy=2.0).deltas) == n
    opened.undo()
    assert opened.features.features("cell", some) == before
    assert len(opened.run("feature.delete").deltas) == n
    assert not len(opened.table("cell"))
    opened.undo()
    assert opened.features.features("cell", some) == before
    opened.close()
