"""Standard map sheets on paper."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6")

import lydigital as ly
from lydigital.domain import sheets
from lydigital.errors import BadDataError, UsageError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.publish import standard_sheet

CRS = Crs("EPSG:4546")
SHEET = sheets.parse("I49E009018")


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("LYDIGITAL_HOME", str(tmp_path / "home"))
    opened = ly.open("sample")
    yield opened
    opened.close()


def test_the_neat_line_runs_along_meridians_and_parallels():
    ring = standard_sheet.outline(SHEET, CRS)
    places = transformation(CRS, Crs(CGCS2000)).points(ring)
    west, south, east, north = SHEET.bounds
    on_edge = np.isclose(places[:, 0], west) | np.isclose(places[:, 0], east) | np.isclose(places[:, 1], south) | np.isclose(places[:, 1], north)
    assert on_edge.all()
    np.testing.assert_allclose(ring[0], ring[-1])


def test_the_paper_is_as_large_as_the_scale_asks_for():
    layout = standard_sheet.layout_of(SHEET, CRS, "洛阳")
    main = layout.main_map
    assert main.scale == 50_000
    assert main.width == pytest.approx(22_970 / 50, rel=0.02)  # 15′ of longitude at 34.6° N, and the slant of the meridians
    assert layout.values["sheet_number"] == "I49E009018"
    texts = {item.id: item.text for item in layout.items if hasattr(item, "text")}
    assert texts["near_12"] == "I49E009019"
    assert texts["longitude_nw"] == "112°15′E"
    assert texts["latitude_sw"] == "34°30′N"


def test_a_sheet_of_the_city_is_written_with_its_scale(qapp, session, tmp_path):
    from pypdf import PdfReader

    written = session.run("sheet.export", path=str(tmp_path / "a.pdf"), number="I49E009018", title="洛阳市")
    assert written["scale"] == 50_000
    text = PdfReader(tmp_path / "a.pdf").pages[0].extract_text().replace("\n", "")
    for said in ("I49E009018", "I49E008018", "112°30′E", "洛阳市"):
        assert said in text, said
    found = session.run("sheet.find", place=(112.45, 34.62))
    assert found["number"] == "I49E009018"
    assert found["neighbours"]["north"] == "I49E008018"


def test_no_name_stands_beyond_the_neat_line(qapp, session):
    from lydigital.commands.layout import material_of
    from lydigital.model.geometry import GeometryArray, GeometryKind
    from lydigital.publish import turning

    made = standard_sheet.arranged(SHEET, material_of(session))
    area = GeometryArray.from_rings(GeometryKind.POLYGON, [[[standard_sheet.outline(SHEET, CRS).tolist()]]])
    view = made.maps[0].viewport
    labels = list(made.maps[0].picture.labels)
    assert len(labels) > 30
    for label in labels:
        corners = np.array([view.to_map(x, y) for x in label.box[::2] for y in label.box[1::2]])
        assert turning.inside(area, corners).all(), label.text


@pytest.mark.parametrize(("number", "error"), [("I49E001001", BadDataError), ("nonsense", UsageError)])
def test_a_sheet_that_is_none_or_elsewhere_is_refused(session, tmp_path, number, error):
    with pytest.raises(error):
        session.run("sheet.export", path=str(tmp_path / "a.pdf"), number=number)
