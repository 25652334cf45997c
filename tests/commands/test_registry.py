"""Every command, once each: texts, icon, reasons, and undoing it gives back what was there."""

from __future__ import annotations

import msgspec
import pytest

from lydigital import paths, texts
from lydigital.commands import registry
from lydigital.commands.registry import Command, Workbench, commands, execute
from lydigital.edits.history import Entry, View
from lydigital.edits.journal import Journal
from lydigital.errors import LydError, RefusedError, UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import MapDocument
from lydigital.model.selection import Selection

ALL = list(commands().values())
OF_A_CITY = ("atlas.", "attachment.", "coverage.", "emergency.", "farmland.", "frame.", "framework.", "hazard.", "history.", "impact.", "incident.", "index.", "indicator.", "layout.", "network.", "roster.", "sheet.", "utility.", "warning.")  # they need tables of the catalogue, townships, rain, a trail: done in modules of their own
SMALL = [c for c in ALL if not c.id.startswith(OF_A_CITY)]
# What each command is called with; those left out take nothing.
PARAMETERS: dict[str, dict[str, object]] = {
    "file.open": {"project": "{city}"},
    "framework.open": {"system": "catv"},
    "indicator.compute": {"indicator": "phone_use"},
    "indicator.gaps": {"indicator": "school_equipped"},
    "indicator.map": {"indicator": "phone_use"},
    "indicator.whatif": {"indicator": "agri_townships", "sites": [(600_000, 3_830_000)]},
    "file.save_as": {"path": "{tmp}/new"},
    "layer.add": {"path": "{city}"},
    "layer.remove": {"layer": "way"},
    "layer.show": {"layer": "field"},
    "layer.hide": {"layer": "way"},
    "layer.toggle": {"layer": "way"},
    "layer.solo": {"layer": "spot"},
    "layer.move": {"layer": "field", "above": "way", "group": "net"},
    "layer.opacity": {"layer": "way", "opacity": 0.25},
    "layer.labels": {"layer": "way"},
    "layer.style": {"layer": "way", "style": {"rules": []}},
    "layer.zoom_to": {"layer": "spot"},
    "style.single": {"layer": "way", "color": "#123456"},
    "style.categorize": {"layer": "field", "field": "name"},
    "style.graduate": {"layer": "field", "field": "@area_km2", "classes": 2},
    "style.breaks": {"layer": "field", "breaks": [0.1]},
    "style.proportional": {"layer": "field", "field": "@area_km2"},
    "style.chart": {"layer": "field", "fields": ["@area_km2"]},
    "style.dots": {"layer": "field", "fields": ["@area_km2"]},
    "style.heat": {"layer": "spot"},
    "style.cluster": {"layer": "spot"},
    "style.bivariate": {"layer": "field", "field": "@area_km2", "second": "@area_km2", "classes": 2},
    "style.adjust": {"layer": "field", "blend": "multiply"},
    "style.labels": {"layer": "way", "field": "name"},
    "style.reset": {"layer": "field"},
    "label.pin": {"layer": "spot", "fid": 1, "dx_mm": 4.0, "dy_mm": -3.0},
    "label.unpin": {"layer": "way"},
    "group.toggle": {"group": "net"},
    "group.expand": {"group": "net"},
    "group.show_layers": {"groups": ["net", "land"]},
    "view.to_scale": {"scale": 5000},
    "view.go_to": {"x": 112.45, "y": 34.62},
    "view.bookmark_add": {"title": "这里", "layers": True},
    "view.bookmark_go": {"title": "b"},
    "view.bookmark_remove": {"title": "b"},
    "store.edit": {"layer": "spot"},
    "store.history": {"layer": "spot"},
    "history.changes_since": {"step": 0},
    "coverage.report": {"output": "{tmp}/report.html"},
    "feature.create": {"layer": "spot", "geometry": "POINT (600010 3830010)"},
    "feature.create_circle": {"layer": "field", "x": 600_100, "y": 3_830_700, "radius_m": 20},
    "feature.create_rectangle": {"layer": "field", "points": [(600_000, 3_830_700), (600_100, 3_830_700), (600_000, 3_830_750)]},
    "feature.create_regular": {"layer": "field", "x": 600_100, "y": 3_830_700, "radius_m": 20},
    "feature.create_freehand": {"layer": "way", "points": [(600_000, 3_830_700), (600_100, 3_830_700)], "tolerance": 1.0},
    "feature.create_many": {"layer": "spot", "points": [(600_100, 3_830_700)]},
    "feature.continue_line": {"layer": "way", "fid": 1, "points": [(601_100, 3_830_500)]},
    "feature.move": {"dx": 5.0, "dy": 5.0},
    "feature.rotate": {"angle_deg": 30.0},
    "feature.scale": {"factor_x": 2.0, "factor_y": 2.0},
    "feature.align": {"edge": "top"},
    "feature.paste": {"layer": "way"},
    "feature.split": {"line": "LINESTRING (600300 3829000, 600310 3832000)"},
    "feature.reshape": {"line": "LINESTRING (600100 3830000, 600200 3829900, 600300 3830000)"},
    "feature.offset": {"distance": 5.0},
    "feature.parallel": {"distance": 5.0},
    "feature.buffer": {"distance": 5.0, "into": "field"},
    "feature.simplify": {"tolerance": 5.0},
    "feature.add_hole": {"ring": "POLYGON ((600700 3830700, 600710 3830700, 600710 3830710, 600700 3830700))"},
    "feature.dissolve": {"field": "name"},
    "feature.clip": {"layer": "field", "fids": [1]},
    "feature.fill_gap": {"layer": "field", "x": 600_270, "y": 3_830_270},
    "geometry.set": {"layer": "spot", "fid": 1, "geometry": "POINT (600010 3830010)"},
    "vertex.move": {"layer": "way", "fid": 1, "vertices": [(0, 0, 0)], "dx": 1.0, "dy": 1.0},
    "vertex.add": {"layer": "way", "fid": 1, "part": 0, "ring": 0, "index": 1, "x": 600_500, "y": 3_830_510},
    "vertex.delete": {"layer": "field", "fid": 3, "vertices": [(0, 0, 1)]},
    "vertex.trace": {"start": (600_000, 3_830_500), "end": (600_500, 3_830_500)},
    "attribute.set": {"field": "name", "value": "新"},
    "attribute.set_many": {"values": {"name": "新"}},
    "attribute.preview": {"layer": "way", "field": "name", "expression": "upper(name)"},
    "attribute.calculate": {"layer": "way", "field": "name", "expression": "upper(name)"},
    "attribute.copy": {"layer": "way", "field": "name", "source": "name"},
    "attribute.replace": {"layer": "way", "field": "name", "find": "d"},
    "attribute.template": {"layer": "way", "values": {"name": "新"}},
    "attribute.preview_replace": {"layer": "way", "field": "name", "find": "d"},
    "attachment.add": {"layer": "spot", "fid": 1, "path": "{tmp}/project.lyd.toml"},
    "attachment.save": {"id": 1, "path": "{tmp}"},
    "attachment.remove": {"id": 1},
    "attachment.list": {"layer": "spot", "fid": 1},
    "layer.reload": {"layer": "spot"},
    "history.versions": {"layer": "spot", "fid": 1},
    "history.restore": {"layer": "spot", "fid": 1, "step": 1},
    "history.as_of": {"layer": "spot", "time": "2026-01-01T00:00:00Z"},
    "history.resolve": {"choices": []},
    "hazard.card": {"fid": 1},
    "emergency.cards": {"output": "{tmp}/cards.pdf"},
    "emergency.plan_sheet": {"output": "{tmp}/plan.json", "x": 600_010.0, "y": 3_830_010.0},
    "coverage.area": {"layer": "field", "reach_m": 100.0},
    "coverage.map": {"layer": "field", "reach_m": 100.0},
    "coverage.served": {"layer": "field", "reach_m": 100.0},
    "coverage.access": {"layer": "spot"},
    "coverage.access_map": {"layer": "spot"},
    "network.route": {"start": (600_000.0, 3_830_000.0), "end": (600_100.0, 3_830_000.0)},
    "network.route_map": {"start": (600_000.0, 3_830_000.0), "end": (600_100.0, 3_830_000.0)},
    "network.nearest": {"place": (600_000.0, 3_830_000.0), "layer": "spot"},
    "network.nearest_map": {"place": (600_000.0, 3_830_000.0), "layer": "spot"},
    "network.matrix": {"layer": "spot", "targets": "well"},
    "catalogue.export": {"output": "{tmp}/metadata.html"},
    "utility.section": {"start": (600_000.0, 3_830_000.0), "end": (600_100.0, 3_830_000.0)},
    "incident.open": {"name": "x", "kind": 2, "x": 600_010, "y": 3_830_010},
    "incident.log": {"incident": "1", "text": "x"},
    "incident.close": {"incident": "1"},
    "incident.show": {"incident": "1"},
    "web.write": {"path": "{tmp}/map.html"},
    "warning.word": {"output": "{tmp}/a.docx"},
    "warning.picture": {"output": "{tmp}/a.png"},
    "warning.package": {"output": "{tmp}"},
    "warning.set_level": {"township": "x", "level": 1, "reason": "x"},
    "warning.note": {"text": "x"},
    "warning.lift": {"reason": "x"},
    "map.render": {"path": "{tmp}/map.png", "width": 64, "height": 48, "labels": False},
}


@pytest.fixture
def session(small_session, tmp_path):
    """A session in which every command can be done: saved project, bookmark, something to undo and to redo, views."""
    execute(small_session, "view.bookmark_add", title="b", layers=True)
    execute(small_session, "layer.hide", layer="field")
    execute(small_session, "style.graduate", layer="field", field="@area_km2", classes=3)
    execute(small_session, "label.pin", layer="way", fid=1, dx_mm=1.0, dy_mm=1.0)
    execute(small_session, "file.save_as", path=str(tmp_path / "project"))
    for scale in (9000, 4000, 2000):
        small_session.move(small_session.viewport.at_scale(scale))
        small_session.history.trail._last_s = 0.0  # each a gesture of its own
    small_session.go_back()
    for layer in ("well", "spot"):
        execute(small_session, "layer.labels", layer=layer)
    execute(small_session, "edit.undo")
    execute(small_session, "file.save")
    left = Journal(small_session.project, small_session.document)
    view = View(None, Selection())
    left.step(Entry(ChangeSet("Hide", (Delta("document/theme", "light", "dark"),)), view, view))
    left._lock.close()
    return small_session


CHOSEN = {"feature.reshape": [1], "feature.fill_hole": [1], "feature.add_hole": [3], "feature.dissolve": [3],
          "feature.explode": [2, 3], "feature.merge": [2, 3], "feature.split": [1], "feature.avoid_overlap": [2]}  # fmt: skip
"""Fields that commands on the selection work on; all others get both ways."""


def prepare(command: Command, session: object) -> None:
    """Select and copy what an editing command is about."""
    if command.id.partition(".")[0] not in ("feature", "geometry", "vertex", "attribute"):
        return
    execute(session, "layer.show", layer="field")
    layer, fids = ("field", CHOSEN[command.id]) if command.id in CHOSEN else ("way", [1, 2])
    session.select(Selection.of(layer, fids))
    execute(session, "feature.copy")
    if command.id == "feature.dissolve":
        execute(session, "feature.paste")
        session.select(Selection.of("field", [3, *session.selection.fids["field"]]))
    elif command.id == "feature.explode":
        execute(session, "feature.merge")


def features(session):
    return {ref.id: session.features.features(ref.id, range(1, 20)) for ref in session.document.layers}


def arguments(command: Command, city: object, tmp: object) -> dict[str, object]:
    given = PARAMETERS.get(command.id, {})
    return {k: v.format(city=city, tmp=tmp) if isinstance(v, str) else v for k, v in given.items()}


@pytest.mark.parametrize("command", ALL, ids=lambda c: c.id)
def test_texts_icon_and_shortcut(command):
    noun, _, verb = command.id.partition(".")
    assert noun.isidentifier()
    assert verb.isidentifier()
    texts.use("zh", paths.translations_dir())
    assert command.name != command.title
    assert command.icon
    assert set(PARAMETERS.get(command.id, {})) <= set(command.parameters.__struct_fields__)
    shortcuts = [c.shortcut for c in ALL if c.shortcut]
    assert len(shortcuts) == len(set(shortcuts))


@pytest.mark.parametrize("command", SMALL, ids=lambda c: c.id)
def test_undo_gives_back_what_was_there(command, session, small_city, tmp_path):
    prepare(command, session)
    before, features_before = session.document, features(session)
    undo_text = session.history.undo_text
    assert command.disabled(session) is None
    result = execute(session, command.id, **arguments(command, small_city, tmp_path))
    if not isinstance(result, ChangeSet) or not command.undoable:
        return
    assert result.author == "" or result.author == "tester"
    texts.use("zh", paths.translations_dir())
    assert texts.tr(result.annotation) != result.annotation, "what was done has its Chinese"
    if result:
        assert session.document != before or features(session) != features_before
        assert session.history.undo_text != undo_text
        execute(session, "edit.undo")
        assert session.document == before
        execute(session, "edit.redo")
        execute(session, "edit.undo")
        assert features(session) == features_before
    assert session.document == before


@pytest.mark.parametrize("command", ALL, ids=lambda c: c.id)
def test_on_an_empty_map_it_works_or_says_why(command, small_catalogue, small_city, tmp_path):
    empty = Workbench(MapDocument(), small_catalogue)
    reason = command.disabled(empty)
    if reason is None:
        caught = None
        try:
            empty.run(command.id, **arguments(command, small_city, tmp_path))
        except LydError as error:
            caught = error
        assert caught is None or caught.hint_text()
        return
    texts.use("zh", paths.translations_dir())
    translated = command.disabled(empty)
    assert translated != reason, "the reason has its Chinese"
    with pytest.raises(RefusedError) as refused:
        empty.run(command.id, **arguments(command, small_city, tmp_path))
    assert refused.value.hint_text() == translated


def test_ids_are_found_and_near_ones_named():
    assert registry.get("layer.hide").name == "Hide layer"
    with pytest.raises(UsageError, match=r"layer\.hid") as caught:
        registry.get("layer.hid")
    assert "layer.hide" in caught.value.hint_text()


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("layer.hide", {}),
        ("layer.hide", {"layer": "way", "loud": True}),
        ("layer.opacity", {"layer": "way", "opacity": 1.5}),
        ("layer.opacity", {"layer": "way", "opacity": "much"}),
        ("view.to_scale", {"scale": 0}),
        ("layer.hide", {"layer": "wya"}),
        ("layer.move", {"layer": "way", "above": "spot", "below": "field"}),
        ("group.toggle", {"group": "nte"}),
        ("view.bookmark_go", {"title": "nowhere"}),
    ],
)
def test_wrong_parameters_change_nothing(session, command, given):
    before = session.document
    with pytest.raises(UsageError) as caught:
        execute(session, command, **given)
    assert caught.value.hint_text()
    assert session.document is before


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_are_refused(session, number):
    before = session.document
    with pytest.raises(UsageError) as failure:
        execute(session, "layer.style", layer="way", style={"rules": [{"min_scale": number}]})
    assert "finite" in failure.value.hint
    with pytest.raises(UsageError):
        execute(session, "view.go_to", x=number, y=2.0)
    assert session.document is before


def test_doing_what_is_so_already_is_no_step(session):
    before = session.history.undo_text
    changes = execute(session, "layer.hide", layer="field")
    assert not changes
    assert session.history.undo_text == before


def test_slider_is_one_step(session):
    before = session.document
    for opacity in (0.9, 0.7, 0.4):
        execute(session, "layer.opacity", layer="way", opacity=opacity)
    assert session.document.layer("way").opacity == 0.4
    execute(session, "edit.undo")
    assert session.document == before


def test_opening_a_group_is_no_step_and_no_unsaved_change(session):
    before = session.history.undo_text
    execute(session, "group.expand", group="net", expanded=True)
    assert session.document.group("net").expanded
    assert session.history.undo_text == before
    assert session.is_saved


def test_needs_input_tells_menus_when_to_ask():
    assert registry.get("layer.hide").needs_input
    assert not registry.get("edit.undo").needs_input
    assert not registry.get("view.theme").needs_input


def test_parameters_can_be_shown_as_a_schema():
    for command in ALL:
        assert msgspec.json.schema(command.parameters)
