"""Pages as values."""

from __future__ import annotations

import pytest

from lydigital.errors import BadDataError, ConflictError
from lydigital.model import layout as layouts
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import MapDocument
from lydigital.model.layout import Layout, LegendItem, MapItem, Page, TextItem

MAP = MapItem(id="main", x=10, y=10, width=200, height=150)
OVERVIEW = MapItem(id="small", x=220, y=10, width=900, height=400, shows="main")
TITLE = TextItem(id="title", x=10, y=2, width=100, height=8, text="{title}")
LAYOUT = Layout("sheet", "图", items=(MAP, OVERVIEW, TITLE))


def test_the_main_map_is_no_overview_however_large():
    assert LAYOUT.main_map is MAP
    assert LAYOUT.map_of("") is MAP
    assert LAYOUT.map_of("title") is None


def test_an_item_is_put_in_its_place_or_on_top():
    moved = TextItem(id="title", x=20, y=2, width=100, height=8)
    assert LAYOUT.with_item(moved).items == (MAP, OVERVIEW, moved)
    assert LAYOUT.without("small", "title").items == (MAP,)


def test_layouts_are_made_changed_and_removed_by_change_sets():
    made = ChangeSet("Add layout", (Delta("layout/sheet", None, LAYOUT),))
    document = MapDocument().applied(made)
    retitled = ChangeSet("Title", (Delta("layout/sheet/title", "图", "新图"),))
    assert document.applied(retitled).layout("sheet").title == "新图"
    assert document.applied(retitled).applied(~retitled).applied(~made) == MapDocument()
    with pytest.raises(ConflictError):
        document.applied(retitled).applied(retitled)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('id = "a"\n[[items]]\ntype = "mapp"\nid = "m"', "mapp"),
        ('id = "a"\n[[items]]\ntype = "text"\nid = "t"\nx=0\ny=0\nwidth=1\nheight=1\nsise=3', "sise"),
        ('id = "a"\n[[items]]\ntype = "text"\nid = "t"\nx=0\ny=0\nwidth=1e9\nheight=1', "width"),
        ('id = "a"\n[[items', "end of"),
        ('id = "a"\n[[items]]\ntype="text"\nid="t"\nx=0\ny=0\nwidth=1\nheight=1\ncolor="javascript"', "color"),
    ],
)
def test_a_template_that_is_wrong_is_told_where(tmp_path, text, reason):
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataError, match=reason):
        layouts.read(path)


@pytest.mark.parametrize(
    "layout",
    [
        Layout("a", pages=()),
        Layout("a", items=(MAP, MAP)),
        Layout("a", items=(TextItem(id="t", x=0, y=0, width=1, height=1, page=1),)),
        Layout("a", items=(LegendItem(id="l", x=0, y=0, width=1, height=1, map="none"),)),
        Layout("a", pages=(Page(),) * 501),
    ],
)
def test_what_does_not_belong_together_is_refused(layout):
    with pytest.raises(BadDataError):
        layouts.check(layout)
