from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lydigital import paths, texts
from lydigital.edits.history import GESTURE_S, Entry, History, Trail, View
from lydigital.errors import ConflictError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.crs import Crs
from lydigital.model.document import Bookmark, Group, LayerRef, MapDocument
from lydigital.model.selection import Selection
from lydigital.model.viewport import Viewport

DOCUMENT = MapDocument(
    layers=(LayerRef("road", "a.gpkg", "road"), LayerRef("river", "a.gpkg", "river")),
    groups=(Group("g", "组"),),
)
NOW = datetime(2025, 7, 1, tzinfo=UTC)
VIEW = View(None, Selection())


def opacity(old: float, new: float, seconds: float = 0) -> ChangeSet:
    return ChangeSet(
        "Opacity of {layer}",
        (Delta("layer/road/opacity", old, new),),
        time=NOW + timedelta(seconds=seconds),
        values={"layer": "道路"},
    )


def push(history: History, changes: ChangeSet, **more: bool) -> None:
    history.push(Entry(changes, VIEW, VIEW), **more)


def test_undo_and_redo_walk_the_same_steps():
    history = History(DOCUMENT)
    first, second = opacity(1.0, 0.5), ChangeSet("Hide {layer}", (Delta("layer/river/visible", True, False),))
    push(history, first)
    push(history, second)
    assert history.undo().changes is second
    assert history.undo().changes is first
    assert history.undo() is None
    assert history.redo().changes is first
    push(history, opacity(0.5, 0.1))
    assert history.redo() is None, "a new step ends what was undone"


def test_one_gesture_is_one_step():
    history = History(DOCUMENT)
    for i in range(5):
        push(history, opacity(1 - i / 10, 1 - (i + 1) / 10, i * 0.1), merge=True)
    (entry,) = history.entries
    assert entry.changes.deltas == (Delta("layer/road/opacity", 1.0, 0.5),)
    push(history, opacity(0.5, 0.2, 60), merge=True)
    assert len(history.entries) == 2, "a minute later it is another gesture"
    push(history, opacity(0.2, 0.5, 61), merge=True)
    assert len(history.entries) == 1, "a gesture that ends where it began leaves nothing to undo"


def test_a_gesture_that_was_ended_is_not_joined():
    history = History(DOCUMENT)
    push(history, opacity(1.0, 0.9), merge=True)
    history.end_gesture()
    push(history, opacity(0.9, 0.8, 0.1), merge=True)
    push(history, opacity(0.8, 0.7, 0.2), merge=True)
    assert [entry.changes.deltas[0].new for entry in history.entries] == [0.9, 0.7]


def test_steps_of_different_things_stay_apart():
    history = History(DOCUMENT)
    push(history, opacity(1.0, 0.5), merge=True)
    push(
        history,
        ChangeSet("Opacity of {layer}", (Delta("layer/river/opacity", 1.0, 0.5),), time=NOW),
        merge=True,
    )
    assert len(history.entries) == 2


def test_menu_text_in_both_languages():
    history = History(DOCUMENT)
    assert history.undo_text is None
    push(
        history,
        ChangeSet("Hide {layer}", (Delta("layer/road/visible", True, False),), values={"layer": "道路"}),
    )
    assert history.undo_text == "Undo Hide 道路"
    texts.use("zh", paths.translations_dir())
    assert history.undo_text == "撤销 隐藏 道路"
    history.undo()
    assert history.redo_text == "重做 隐藏 道路"


def test_limit_forgets_the_oldest():
    history = History(DOCUMENT, limit=3)
    for i in range(5):
        push(history, opacity(i, i + 1))
    assert [e.changes.deltas[0].old for e in history.entries] == [2, 3, 4]


def test_saved_means_the_same_content_wherever_the_view_is(tmp_path):
    history = History(DOCUMENT)
    looked = MapDocument(
        layers=DOCUMENT.layers, groups=(Group("g", "组", expanded=True),), centre=(1.0, 2.0), scale=5000.0
    )
    assert history.is_saved(looked)
    assert not history.is_saved(MapDocument(layers=DOCUMENT.layers[:1], groups=DOCUMENT.groups))


def test_trail_counts_a_gesture_once_and_goes_both_ways():
    views = [Viewport((float(i), 0.0), 1.0, 100, 100, Crs("EPSG:4546")) for i in range(6)]
    trail = Trail()
    now = 0.0
    for view in views[:4]:  # one drag: leaves 0, 1, 2, 3 quickly
        trail.leave(view, now)
        now += GESTURE_S / 3
    trail.leave(views[4], now + 10)
    assert trail.back(views[5]) is views[4]
    assert trail.back(views[4]) is views[0]
    assert trail.back(views[0]) is None
    assert trail.forward(views[0]) is views[4]
    assert trail.forward(views[4]) is views[5]
    assert not trail.can_go_forward


# --- the document applies deltas ------------------------------------------------------------------------------------

CHANGES = {
    "field": (Delta("layer/road/visible", True, False),),
    "document": (Delta("document/theme", "light", "dark"),),
    "bookmarks": (Delta("document/bookmarks", (), (Bookmark("b", (1.0, 2.0), 500.0),)),),
    "order": (Delta("document/order", ("road", "river"), ("river", "road")),),
    "add": (
        Delta("layer/well", None, LayerRef("well", "b.gpkg")),
        Delta("document/order", ("road", "river", "well"), ("well", "road", "river")),
    ),
    "remove": (
        Delta("document/order", ("road", "river"), ("river", "road")),
        Delta("layer/road", DOCUMENT.layers[0], None),
    ),
    "group": (Delta("group/other", None, Group("other")), Delta("group/g/visible", True, False)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_inverse_restores_the_document(name):
    changes = ChangeSet("x", CHANGES[name])
    changed = DOCUMENT.applied(changes)
    assert changed != DOCUMENT
    assert changed.applied(~changes) == DOCUMENT


def test_removed_layer_is_gone_and_added_one_is_on_top():
    assert DOCUMENT.applied(ChangeSet("x", CHANGES["remove"])).order == ("river",)
    assert DOCUMENT.applied(ChangeSet("x", CHANGES["add"])).order == ("well", "road", "river")


@pytest.mark.parametrize(
    "delta",
    [
        Delta("layer/road/opacity", 0.3, 0.5),
        Delta("layer/none/opacity", 1.0, 0.5),
        Delta("layer/road", None, LayerRef("road", "c.gpkg")),
        Delta("document/order", ("road", "river"), ("road",)),
        Delta("document/layers", DOCUMENT.layers, ()),
        Delta("document/nothing", 1, 2),
        Delta("feature/road/1", 1, 2),
    ],
)
def test_change_that_does_not_start_from_here_is_refused(delta):
    with pytest.raises(ConflictError):
        DOCUMENT.applied(ChangeSet("x", (delta,)))


def test_opening_a_group_does_not_stand_against_undoing_its_making():
    made = ChangeSet("x", (Delta("group/other", None, Group("other")),))
    opened = ChangeSet("y", (Delta("group/other/expanded", False, True),))
    assert DOCUMENT.applied(made).applied(opened).applied(~made) == DOCUMENT
