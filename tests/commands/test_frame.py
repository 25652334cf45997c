"""The paper frame on the map by commands."""

from __future__ import annotations

import math

import pytest

import lydigital as ly
from lydigital.errors import UsageError
from lydigital.model.frame import Frame

pytest.importorskip("PySide6")


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("LYDIGITAL_HOME", str(tmp_path))
    opened = ly.open("sample")
    yield opened
    opened.close()


def test_a_frame_is_remembered_changed_and_undone(session):
    session.run("frame.set", changes={"format": "A3", "portrait": True})
    session.run("view.theme")
    session.run("frame.set", changes={"scale": 50_000})
    kept = session.document.layout("frame")
    assert kept.frame == Frame(format="A3", portrait=True, scale=50_000)
    assert (kept.pages[0].width, kept.pages[0].height) == (297, 420)
    session.undo()
    assert session.document.layout("frame").frame == Frame(format="A3", portrait=True)
    session.run("frame.set", changes={"format": "A0"}, anew=True)
    assert session.document.layout("frame").frame == Frame(format="A0")
    assert not session.run("frame.set", changes={"format": "A0"})


def test_where_it_stands_is_told_on_paper_and_on_the_ground(session):
    told = session.run("frame.show", changes={"centre": (600_000, 3_830_000), "scale": 10_000, "turn": 90})
    assert not told["kept"]
    assert told["paper"] == [297, 210]
    assert told["scale"] == pytest.approx(10_000, abs=1)
    x, y, width, _height = told["map"]
    upper_left, upper_right, lower_right, _ = told["corners"]
    assert math.dist(upper_left, upper_right) == pytest.approx(width * told["units_per_mm"])
    assert upper_right[1] > upper_left[1], "north points to the right, so the upper edge runs north"
    assert upper_left[0] < lower_right[0]
    assert math.dist(told["paper_corners"][0], upper_left) == pytest.approx(math.hypot(x, y) * told["units_per_mm"])


def test_it_is_written_as_seen_and_taken_further_as_a_layout(session, tmp_path):
    session.run("frame.set", changes={"format": "half", "title": "半页图", "scale": 300_000})
    written = session.run("frame.export", path=str(tmp_path / "a.pdf"))
    assert (tmp_path / "a.pdf").read_bytes()[:5] == b"%PDF-"
    assert written["scales"]["main"] == pytest.approx(300_000, abs=30)
    assert session.run("layout.export", layout="frame", path=str(tmp_path / "b.pdf"))["scales"] == written["scales"]
    session.run("frame.keep")
    kept = session.document.layouts[-1]
    assert (kept.id, kept.title, kept.frame) == ("sheet", "半页图", None)
    assert kept.main_map is not None
    with pytest.raises(UsageError):
        session.run("layout.edit", layout="frame", title="x")


def test_it_is_saved_with_the_map(session, tmp_path):
    session.run("frame.set", changes={"format": "A2", "centre": (600_000.5, 3_830_000), "turn": -12.5, "chart": "township/kind"})
    session.run("file.save_as", path=str(tmp_path / "own"))
    kept, path = session.document.layout("frame"), str(session.project)
    session.close()
    again = ly.open(path)
    assert again.document.layout("frame") == kept
    again.close()


def test_what_no_frame_can_be_is_refused(session):
    with pytest.raises(UsageError) as told:
        session.run("frame.set", changes={"format": "A9"})
    assert "A9" in str(told.value)
    with pytest.raises(UsageError):
        session.run("frame.set", changes={"colour": "red"})
    assert session.document.layout("frame") is None


def test_the_map_as_a_pdf_is_such_a_sheet(session, tmp_path):
    given = {"centre": (112.45, 34.62), "scale": 60_000, "layers": ("county", "river"), "width": 600, "height": 900}
    written = session.run("map.render", path=str(tmp_path / "a.pdf"), **given)
    assert written["scale"] == pytest.approx(60_000, abs=1)
    assert set(written["layers"]) == {"county", "river"}
    from pypdf import PdfReader

    (page,) = PdfReader(tmp_path / "a.pdf").pages
    assert page.mediabox.height > page.mediabox.width
    assert "1:60" in page.extract_text()
