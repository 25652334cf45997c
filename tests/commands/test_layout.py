"""Layouts made, edited and written by commands."""

from __future__ import annotations

import msgspec
import pytest

import lydigital as ly
from lydigital.commands import layout as commands
from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError, UsageError


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("LYDIGITAL_HOME", str(tmp_path))
    opened = ly.open("sample")
    yield opened
    opened.close()


def test_templates_are_listed_and_every_one_reads(session):
    listed = session.run("layout.list")["layouts"]
    assert {found["id"] for found in listed} >= {"planning"}
    assert all(found["title"] and found["note"] for found in listed)


def test_a_layout_is_made_edited_and_undone(session):
    session.run("layout.add", template="planning", title="我的图")
    session.run("layout.add", template="planning")
    first, second = session.document.layouts
    assert (first.id, first.title, first.template) == ("planning", "我的图", "planning")
    assert second.id == "planning_2"
    moved = msgspec.structs.replace(first.item("title"), x=40.0)
    session.run("layout.edit", layout="我的图", items=msgspec.to_builtins(first.with_item(moved).items))
    assert session.document.layout("planning").item("title").x == 40.0
    session.undo()
    assert session.document.layout("planning") == first
    session.run("layout.remove", layout="planning_2")
    assert session.document.layouts == (first,)
    session.undo()
    assert session.document.layouts == (first, second)


def test_an_edit_that_breaks_the_layout_is_refused(session):
    session.run("layout.add", template="planning")
    (layout,) = session.document.layouts
    with pytest.raises(BadDataError):
        session.run("layout.edit", layout="planning", items=msgspec.to_builtins(layout.without("main").items))
    assert session.document.layouts == (layout,)


def test_an_unknown_name_is_told_with_near_ones(session):
    with pytest.raises(UsageError) as told:
        session.run("layout.export", layout="planing", path="a.pdf")
    assert "planning" in told.value.hint_text()


def test_the_offices_own_template_goes_before_the_one_shipped(session, tmp_path):
    own = tmp_path / "config" / "pages"
    own.mkdir(parents=True)
    (own / "planning.toml").write_text('id = "planning"\ntitle = "本局"\n', encoding="utf-8")
    assert commands.template("planning").title == "本局"


def test_a_layout_is_written(session, tmp_path):
    pytest.importorskip("PySide6")
    path = tmp_path / "a.pdf"
    written = session.run("layout.export", layout="planning", path=str(path), values={"title": "附图一"}, bounds=session.bounds(("county",)))
    assert written["output"] == [str(path)]
    assert path.read_bytes().startswith(b"%PDF")
    assert set(written["scales"]) == {"main", "overview"}
    assert written["labels"] > 10


def test_a_layout_is_written_for_archives_with_what_the_gate_said(session, tmp_path):
    pytest.importorskip("PySide6")
    import pikepdf

    path = tmp_path / "a.pdf"
    session.run("layout.export", layout="planning", path=str(path), bounds=session.bounds(("county",)), pdf_a=True)
    with pikepdf.open(path) as made:
        with made.open_metadata() as xmp:
            assert xmp.pdfa_status == "2B"
        assert str(made.docinfo["/Verdict"])
        names = [str(group.Name) for group in made.Root.OCProperties.D.Order]
        assert names[:2] == ["Title, legend and notes", "Labels"]
        assert not [name for name in names if name in {ref.id for ref in session.document.layers}]  # called by their titles
        assert len(made.pages[0].VP) == 2


def test_the_gate_decides_and_its_verdict_is_kept_beside_the_file(session, tmp_path):
    import json

    pytest.importorskip("PySide6")
    path = tmp_path / "a.pdf"
    with pytest.raises(RefusedError) as told:
        session.run("layout.export", layout="planning", path=str(path), audience="public")
    assert told.value.exit_code == 4
    assert not path.exists()
    checked = session.run("gate.check", layout="planning", audience="public")
    assert not checked["open"]
    assert {f["rule"] for f in checked["findings"] if f["weight"] == "block"} >= {"approval", "sample"}
    written = session.run("layout.export", layout="planning", path=str(path))
    kept = json.loads((tmp_path / "a.pdf.verdict.json").read_text(encoding="utf-8"))
    assert kept["open"]
    assert kept["findings"] == written["verdict"]["findings"]


def test_a_layout_is_kept_as_a_template_for_every_map(session, tmp_path):
    session.run("layout.add", template="planning")
    (layout,) = session.document.layouts
    fixed = msgspec.structs.replace(layout.main_map, centre=(37_600_000.0, 3_850_000.0), scale=50_000.0)
    session.run("layout.edit", layout="planning", items=msgspec.to_builtins(layout.with_item(fixed).items))
    told = session.run("layout.keep", layout="planning", title="我的 A3/图")
    assert told["template"] == "我的_a3_图"
    kept = commands.template("我的_a3_图")
    assert kept.title == "我的 A3/图"
    assert kept.main_map == msgspec.structs.replace(layout.main_map, scale=50_000.0), "of another map it shows the view"
    assert kept.without("main").items == layout.without("main").items
    assert session.run("layout.keep", layout="planning", title="我的 A3/图")["template"] == "我的_a3_图_2"
    folder = commands.folders()[0]
    for path in folder.glob("*.toml"):
        path.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    with pytest.raises(StoreUnavailableError):
        session.run("layout.keep", layout="planning")
