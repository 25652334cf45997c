"""What single commands do beyond what holds for all of them."""

from __future__ import annotations

import os

import pytest

from lydigital.commands.registry import Workbench, execute
from lydigital.errors import (
    BadDataError,
    ConflictError,
    CrsError,
    RefusedError,
    StoreUnavailableError,
    UsageError,
)
from lydigital.session import open_session


def visible(session) -> list[str]:
    return [ref.id for ref in session.document.layers if session.document.is_visible(ref)]


def test_layers_are_found_by_title_in_both_languages(small_session):
    execute(small_session, "layer.hide", layer="道路")
    execute(small_session, "layer.hide", layer="Spot")
    execute(small_session, "layer.hide", layer="水井")
    assert visible(small_session) == ["field"]


def test_show_opens_the_group_too(small_session):
    execute(small_session, "group.toggle", group="net")
    execute(small_session, "layer.show", layer="way")
    assert "way" in visible(small_session)


def test_solo_leaves_one(small_session):
    execute(small_session, "layer.solo", layer="way")
    assert visible(small_session) == ["way"]


@pytest.mark.parametrize(
    ("where", "order"),
    [
        ({"above": "well"}, ("spot", "field", "well", "way")),
        ({"below": "well"}, ("spot", "well", "field", "way")),
        ({}, ("field", "spot", "well", "way")),
        ({"below": "way"}, ("spot", "well", "way", "field")),
        ({"above": "field"}, ("spot", "well", "way", "field")),
    ],
)
def test_move(small_session, where, order):
    execute(small_session, "layer.move", layer="field", **where)
    assert small_session.document.order == order


def test_added_file_lies_on_top_and_is_drawn(small_session, tmp_path):
    pytest.importorskip("pyogrio")
    (tmp_path / "新井.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"x"},'
        '"geometry":{"type":"Point","coordinates":[112.1,34.6]}}]}'
    )
    execute(small_session, "layer.add", path=str(tmp_path / "新井.geojson"))
    added = small_session.document.layers[0]
    assert added.group == "other"
    assert [layer.id for layer in small_session.scene()][-1] == added.id
    x = small_session.scene()[-1].data.geometry.coords[0, 0]
    assert 500_000 < x < 700_000, "in the map's own system"
    execute(small_session, "layer.remove", layer=added.id)
    assert small_session.document.layer(added.id) is None


def test_unknown_system_or_file_adds_nothing(small_session, small_city, tmp_path):
    before = small_session.document
    with pytest.raises(CrsError):
        execute(small_session, "layer.add", path=str(small_city), crs="EPSG:999999")
    with pytest.raises(StoreUnavailableError):
        execute(small_session, "layer.add", path=str(tmp_path / "gone.gpkg"))
    with pytest.raises(BadDataError):
        execute(small_session, "layer.add", path=str(small_city), table="nothing")
    assert small_session.document is before


def test_zoom_to_one_point_stops_at_a_sensible_scale(small_session):
    execute(small_session, "layer.zoom_to", layer="well")
    assert small_session.viewport.scale == pytest.approx(1000)
    assert small_session.viewport.centre == (600_300.0, 3_830_700.0)


def test_go_to_takes_degrees_and_other_systems(small_session):
    execute(small_session, "view.go_to", x=112.0, y=34.6, scale=2000)
    assert small_session.viewport.scale == pytest.approx(2000)
    x, y = small_session.viewport.centre
    assert x == pytest.approx(591_700, abs=500)
    assert y == pytest.approx(3_830_300, abs=1500)
    execute(small_session, "view.go_to", x=600_000, y=3_830_000, crs="EPSG:4546")
    assert small_session.viewport.centre == (600_000, 3_830_000)
    with pytest.raises(BadDataError, match="no place"):
        execute(small_session, "view.go_to", x=3_830_000, y=600_000)


def test_bookmark_brings_back_view_and_layers(small_session):
    execute(small_session, "layer.hide", layer="spot")
    mark = small_session.viewport
    execute(small_session, "view.bookmark_add", title="a", layers=True)
    execute(small_session, "layer.show", layer="spot")
    execute(small_session, "layer.hide", layer="way")
    small_session.move(mark.zoomed(8))
    execute(small_session, "view.bookmark_go", title="a")
    assert small_session.viewport.centre == mark.centre
    assert small_session.viewport.scale == pytest.approx(mark.scale)
    assert visible(small_session) == ["well", "way", "field"]


def test_save_keeps_view_and_does_not_eat_anothers_changes(small_session, small_catalogue, tmp_path):
    path = tmp_path / "p.lyd.toml"
    execute(small_session, "view.to_scale", scale=3000)
    execute(small_session, "file.save_as", path=str(path))
    assert small_session.is_saved
    other = open_session(str(path), catalogue=small_catalogue, kind=Workbench)
    assert other.viewport.scale == pytest.approx(3000)
    other.run("layer.hide", layer="way")
    other.run("file.save")
    os.utime(path, (1, 1))
    execute(small_session, "layer.hide", layer="spot")
    with pytest.raises(ConflictError, match="another program"):
        execute(small_session, "file.save")
    with pytest.raises(RefusedError, match="exists"):
        execute(small_session, "file.save_as", path=str(path))
    execute(small_session, "file.save", overwrite=True)
    assert small_session.is_saved


def test_open_refuses_to_lose_changes(small_session, small_city):
    execute(small_session, "layer.hide", layer="way")
    with pytest.raises(RefusedError, match="not saved"):
        execute(small_session, "file.open", project=str(small_city))
    execute(small_session, "file.open", project=str(small_city), discard=True)
    assert small_session.document.layer("way").visible
    assert small_session.history.undo_text is None


def test_recover_brings_back_the_work_of_a_crash(small_session, small_city, small_catalogue):
    execute(small_session, "layer.hide", layer="way")
    lost = small_session.document
    small_session._keeper._journal._lock.close()  # killed
    again = open_session(str(small_city), catalogue=small_catalogue, autosave=True)
    assert again.recoverable()[0].document == lost
    said = execute(again, "file.recover")
    assert said.startswith("Recovered the work of ")
    assert again.document == lost
    assert again.history.undo_text == "Undo Hide Way"
    assert not again.is_saved
    again._keeper._journal._lock.close()  # killed again, before anything was saved
    third = open_session(str(small_city), catalogue=small_catalogue)
    assert third.recoverable()[0].document == lost
    with pytest.raises(UsageError):
        execute(third, "file.recover", number=1)
    execute(third, "file.recover", discard=True)
    assert third.recoverable() == []


def test_info_names_layers_counts_and_problems(small_session, small_city, small_catalogue, tmp_path):
    told = execute(small_session, "file.info")
    assert [(layer["id"], layer["count"], layer["geometry"]) for layer in told["layers"]] == [
        ("spot", 3, "point"), ("well", 1, "point"), ("way", 2, "line"), ("field", 3, "polygon"),
    ]  # fmt: skip
    assert told["layers"][0]["fields"] == [{"name": "name", "title": "Name", "type": "text", "unit": ""}]
    assert told["bounds"] == [600_000.0, 3_830_000.0, 601_000.0, 3_831_000.0]
    assert told["issues"] == []
    project = tmp_path / "p.lyd.toml"
    project.write_text(f'schema = 1\n[[layers]]\nid = "way"\nsource = "{small_city}"\ntable = "rood"\n')
    told = execute(open_session(str(project), catalogue=small_catalogue), "file.info")
    assert told["layers"][0]["available"] is False
    assert "rood" in told["issues"][0]["message"]
