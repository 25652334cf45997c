from __future__ import annotations

import shutil
import threading
from pathlib import Path  # noqa: TC003

import msgspec
import numpy as np
import pytest

import lydigital as ly
from lydigital import paths
from lydigital.commands.registry import execute
from lydigital.errors import BadDataError, ConflictError, StoreUnavailableError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import LayerRef, MapDocument
from lydigital.model.selection import Selection
from lydigital.openmap import OpenMap
from lydigital.session import Session, open_session

HIDE_WAY = ChangeSet("Hide {layer}", (Delta("layer/way/visible", True, False),), values={"layer": "道路"})


def heard(signal) -> list:
    got: list = []
    signal.connect(got.append)
    return got


def test_document_of_a_store_follows_the_catalogue(small_session):
    document = small_session.document
    assert document.order == ("spot", "well", "way", "field")
    assert [g.id for g in document.groups] == ["net", "land", "other"]
    assert document.group("land").expanded
    well = small_session.definition("well")
    assert (well.group, well.geometry, well.title_field, well.title) == ("other", "point", "name", "水井")
    assert small_session.is_saved


def test_scene_is_bottom_first_and_made_once(small_session):
    scene = small_session.scene()
    assert [layer.id for layer in scene] == ["field", "way", "well", "spot"]
    assert [len(layer.data) for layer in scene] == [3, 2, 1, 3]
    assert all(a is b for a, b in zip(scene, small_session.scene(), strict=True))
    execute(small_session, "layer.opacity", layer="way", opacity=0.5)
    again = small_session.scene()
    assert again[1].opacity == 0.5
    assert again[1].data is scene[1].data
    assert again[1].codes is scene[1].codes
    assert again[0] is scene[0]
    style = msgspec.structs.replace(scene[1].style, opacity=0.3)
    execute(small_session, "layer.style", layer="way", style=style)
    restyled = small_session.scene()[1]
    assert restyled.style.opacity == 0.3
    assert restyled.data is scene[1].data


def test_scene_at_a_scale_reads_only_what_shows(small_session):
    assert [layer.id for layer in small_session.scene(500_000, only_read=True)] == []
    small_session.scene(500_000)
    assert [layer.id for layer in small_session.scene(only_read=True)] == ["field", "way", "well"], "not spot"
    assert [layer.id for layer in small_session.scene(layer_ids=("spot", "field"))] == ["field", "spot"]


def test_hidden_layers_and_groups_are_not_in_the_scene(small_session):
    execute(small_session, "layer.hide", layer="field")
    execute(small_session, "group.toggle", group="net")
    assert [layer.id for layer in small_session.scene()] == ["well"]


def test_scene_from_another_thread_gives_the_same_objects(small_session):
    found: list = []
    threads = [threading.Thread(target=lambda: found.append(small_session.scene())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(a is b for scene in found for a, b in zip(scene, found[0], strict=True))


def test_identify_finds_what_is_read_and_shown(small_session):
    small_session.move(small_session.viewport.at_scale(5000))
    assert small_session.identify(600_500, 3_830_500) == [], "nothing is read yet"
    small_session.scene()
    hits = small_session.identify(600_500, 3_830_500)
    assert [(h.layer, small_session.table(h.layer).record(h.row)["name"]) for h in hits] == [
        ("spot", "g"), ("way", "d"), ("way", "e"),
    ]  # fmt: skip
    small_session.move(small_session.viewport.at_scale(200_000))
    assert "spot" not in {h.layer for h in small_session.identify(600_500, 3_830_500)}


def test_commit_undo_redo_and_what_is_heard(small_session):
    changes = heard(small_session.changed)
    before = small_session.document
    small_session.commit(HIDE_WAY)
    assert not small_session.document.layer("way").visible
    assert not small_session.is_saved
    assert small_session.history.undo_text == "Undo Hide 道路"
    small_session.undo()
    assert small_session.document == before
    assert small_session.is_saved
    small_session.redo()
    assert not small_session.document.layer("way").visible
    assert [c.deltas[0].new for c in changes] == [False, True, False]
    assert changes[0].author == "tester"


def test_change_that_does_not_fit_leaves_everything_as_it_was(small_session):
    before = small_session.document
    changes = heard(small_session.changed)
    with pytest.raises(ConflictError):
        small_session.commit(ChangeSet("x", (Delta("layer/way/visible", False, True),)))
    assert small_session.document is before
    assert changes == []
    assert small_session.history.undo_text is None


def test_selection_is_heard_and_highlighted(small_session):
    got = heard(small_session.selected)
    before = small_session.scene()
    small_session.select(Selection.of("spot", [3, 1]))
    small_session.select(Selection.of("spot", [1, 3]))
    assert len(got) == 1
    after = {layer.id: layer for layer in small_session.scene()}
    table = after["spot"].data
    assert sorted(table.fid[after["spot"].selected]) == [1, 3]
    assert after["way"] is before[1]


def test_moves_can_be_walked_back(small_session):
    got = heard(small_session.moved)
    start = small_session.viewport
    small_session.move(start.zoomed(2))
    small_session.move(start.zoomed(2))
    assert len(got) == 1
    assert small_session.go_back()
    assert small_session.viewport == start
    assert small_session.go_forward()
    assert small_session.viewport == start.zoomed(2)
    assert not small_session.go_forward()


def test_home_shows_all_of_the_city_or_where_the_project_was_left(small_session, small_catalogue):
    x0, y0, x1, y1 = small_session.home(800, 600).bounds
    assert x0 < 600_000
    assert x1 > 601_000
    assert y0 < 3_830_000
    assert y1 > 3_831_000
    document = msgspec.structs.replace(small_session.document, centre=(600_500.0, 3_830_500.0), scale=2500.0)
    view = Session(document, small_catalogue).viewport
    assert view.centre == (600_500.0, 3_830_500.0)
    assert view.scale == pytest.approx(2500)


def test_map_without_layers_opens_on_luoyang(small_catalogue):
    empty = Session(MapDocument(), small_catalogue)
    x0, y0, x1, y1 = empty.bounds()
    assert (x0 + x1) / 2 == pytest.approx(597_000, abs=20_000)
    assert (y0 + y1) / 2 == pytest.approx(3_799_000, abs=20_000)
    assert empty.scene() == ()


def test_missing_source_is_an_issue_and_the_rest_stays(small_city, small_catalogue):
    document = MapDocument(
        layers=(LayerRef("spot", "/nowhere/gone.gpkg", "spot"), LayerRef("way", str(small_city), "way"))
    )
    session = Session(document, small_catalogue)
    assert [layer.id for layer in session.scene()] == ["way"]
    (issue,) = session.issues
    assert (issue.layer, issue.code, issue.severity) == ("spot", "layer.unavailable", "error")
    assert "gone.gpkg" in issue.values["path"]
    assert session.identify(600_500, 3_830_500) is not None
    unknown = Session(MapDocument(layers=(LayerRef("other", "/nowhere/gone.shp"),)), small_catalogue)
    assert unknown.definition("other").geometry == "none"
    assert unknown.scene() == ()


def test_reload_tries_a_failed_layer_again(tmp_path, small_city, small_catalogue):
    late = tmp_path / "late.gpkg"
    session = Session(MapDocument(layers=(LayerRef("way", str(late), "way"),)), small_catalogue)
    assert session.scene() == ()
    shutil.copy(small_city, late)
    assert session.scene() == (), "not tried at every frame"
    session.reload()
    assert [layer.id for layer in session.scene()] == ["way"]
    assert session.issues == ()


def test_every_commit_is_journaled_and_a_save_settles_it(small_session, small_city, small_catalogue, tmp_path):
    folder = paths.state_dir() / "journal"
    assert not folder.exists(), "looking keeps nothing"
    small_session.commit(HIDE_WAY)
    assert len(list(folder.glob("*.journal"))) == 1
    small_session.undo()
    assert recoverable_elsewhere(small_city, small_catalogue) == [], "this program is alive"
    small_session.redo()
    small_session._keeper._journal._lock.close()  # as after a crash
    (found,) = recoverable_elsewhere(small_city, small_catalogue)
    assert not found.document.layer("way").visible
    execute(small_session, "file.save_as", path=str(tmp_path / "mine"))
    assert (tmp_path / "mine.lyd.toml").exists()
    assert recoverable_elsewhere(small_city, small_catalogue) == []


def recoverable_elsewhere(city, catalogue):
    other = open_session(str(city), catalogue=catalogue)
    try:
        return other.recoverable()
    finally:
        other.close()


def test_full_disk_is_said_and_work_on_the_map_goes_on(small_session, monkeypatch):
    def refuse(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(small_session._keeper._journal._disk, "write", refuse)
        small_session.commit(HIDE_WAY)
        assert not small_session.document.layer("way").visible
        assert [i.code for i in small_session.issues] == ["autosave.failed"]
    small_session.undo()
    assert small_session.issues == ()


def test_layers_in_another_system_land_in_the_documents(small_city, small_catalogue):
    document = MapDocument(crs="EPSG:4547", layers=(LayerRef("way", str(small_city), "way"),))
    (layer,) = Session(document, small_catalogue).scene()
    assert layer.data.crs.definition == "EPSG:4547"
    x = layer.data.geometry.total_bounds[0]
    assert abs(x - 600_000) > 100_000, "three degrees further west"


def test_open_in_a_script(small_city, tmp_path):
    session = ly.open(small_city)
    session.run("layer.hide", layer="well")
    assert not session.document.layer("well").visible
    session.run("file.save_as", path=str(tmp_path / "a"))
    again = ly.open(str(tmp_path / "a.lyd.toml"))
    assert not again.document.layer("well").visible
    assert again.history.path == tmp_path / "a.lyd.toml"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("gone.lyd.toml", None, StoreUnavailableError),
        ("gone.gpkg", None, StoreUnavailableError),
        ("broken.lyd.toml", b"schema = \n", BadDataError),
        ("binary.lyd.toml", b"\xff\xfe\x00", BadDataError),
        ("text.gpkg", b"hello", BadDataError),
        ("odd.xyz", b"hello", BadDataError),
    ],
)
def test_bad_input_is_one_clear_error(tmp_path: Path, small_catalogue, name, content, kind):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(kind) as caught:
        open_session(str(tmp_path / name), catalogue=small_catalogue)
    assert name in str(caught.value)
    assert caught.value.hint_text()


def test_seven_attributes_and_four_signals():
    """Session must not become the place where everything is kept."""
    session = Session(MapDocument(), msgspec.convert({"layers": [], "groups": []}, type=_catalogue()))
    public = {name for name in vars(session) if not name.startswith("_")}
    assert public == {"document", "features", "history", "selection", "viewport", "stores", "catalogue"}
    signals = {name for kind in (Session, OpenMap) for name, value in vars(kind).items() if type(value).__name__ == "Signal"}
    assert signals == {"changed", "selected", "moved", "progressed"}


def _catalogue():
    from lydigital.model.layerdef import Catalogue

    return Catalogue


def test_rows_of_a_selection_unknown_to_the_table_are_none(small_session):
    small_session.select(Selection({"spot": np.array([99], np.int64)}))
    assert all(len(layer.selected) == 0 for layer in small_session.scene())
