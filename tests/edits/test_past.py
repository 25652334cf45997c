from __future__ import annotations

import pytest

from lydigital import paths
from lydigital.commands.registry import execute
from lydigital.edits import past
from lydigital.edits.history import Entry, View
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import Bookmark, Group, LayerRef, MapDocument
from lydigital.model.selection import Selection
from lydigital.model.style import PointSymbolizer, Rule, Style
from lydigital.session import open_session

STYLE = Style((Rule((PointSymbolizer(),), max_scale=5000.0),))
DELTAS = (
    Delta("layer/a/opacity", 1.0, 0.5),
    Delta("layer/a/style", None, STYLE),
    Delta("layer/a", LayerRef("a", "x.gpkg", style=STYLE), None),
    Delta("group/g", None, Group("g", "组")),
    Delta("group/g/visible", True, False),
    Delta("document/order", ("a", "b"), ("b", "a")),
    Delta("document/bookmarks", (), (Bookmark("b", (1.0, 2.0), 500.0, ("a",)),)),
    Delta("document/theme", "light", "dark"),
)
MAP = MapDocument(title="x")


def entry(*deltas: Delta) -> Entry:
    view = View(None, Selection())
    return Entry(ChangeSet("Hide {layer}", deltas, values={"layer": "道路"}), view, view)


def test_every_kind_of_change_reads_back_the_same():
    past.keep("p", MAP, (entry(*DELTAS),))
    (back,) = past.recall("p", MAP)
    assert back.changes.deltas == DELTAS
    assert back.changes.values == {"layer": "道路"}


def test_only_for_the_map_they_led_to():
    past.keep("p", MAP, (entry(DELTAS[0]),))
    assert past.recall("p", MapDocument(title="changed elsewhere")) == ()
    assert past.recall("other", MAP) == ()
    assert len(past.recall("p", MapDocument(title="x", centre=(1.0, 1.0), scale=5.0))) == 1, (
        "the view does not matter"
    )


@pytest.mark.parametrize("content", [b"", b"\x81garbage", b"\xc0"])
def test_unreadable_is_as_if_there_were_none(content):
    past.keep("p", MAP, (entry(DELTAS[0]),))
    (path,) = (paths.state_dir() / "history").iterdir()
    path.write_bytes(content)
    assert past.recall("p", MAP) == ()


def test_unknown_target_is_as_if_there_were_none():
    past.keep("p", MAP, (entry(Delta("feature/road/1", 1, 2)),))
    assert past.recall("p", MAP) == ()


def test_undo_goes_on_after_save_and_restart(small_session, small_catalogue, tmp_path):
    path = tmp_path / "p.lyd.toml"
    execute(small_session, "layer.hide", layer="way")
    execute(small_session, "layer.remove", layer="well")
    execute(small_session, "file.save_as", path=str(path))
    small_session.close()
    again = open_session(str(path), catalogue=small_catalogue, autosave=True)
    assert again.history.undo_text == "Undo Remove 水井"
    again.undo()
    again.undo()
    assert again.document.layer("well") is not None
    assert again.document.layer("way").visible
    assert not again.is_saved
    again.close()
