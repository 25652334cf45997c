"""Drawn sections: what stands on them, in every format and in every odd case."""

from __future__ import annotations

import dataclasses
import html
import re
from itertools import pairwise

import msgspec
import pytest

pytest.importorskip("PySide6")

from lydigital import paths, texts
from lydigital.errors import UsageError
from lydigital.model.issue import Issue
from lydigital.model.utility import Buried, Clearance, Section
from lydigital.publish import section as drawing
from lydigital.publish.charts import DARK
from lydigital.publish.furniture import Box
from lydigital.publish.svg import SvgPaper

TRADES = drawing.Trades({"JS": "#2d6fd2", "PS": "#8a5a34"}, {"JS": "给水", "PS": "排水"})
WATER = Buried(1, "JS1", "JS", 5.0, 5.0, 0.0, 600.0, None, 1.0, 1.0, 1.6, 0.6, 0.6, ground_m=100.0)
DRAIN = Buried(2, "PS1", "PS", 6.0, 6.0, 0.0, 800.0, None, 3.0, 2.2, 3.0, 0.8, 0.8, ground_m=100.0)
NEAR = Clearance("horizontal", (1, 2), ("JS1", "PS1"), ("JS", "PS"), 1.5, 0.3, 5.5, 0.0, 5.5)


def section(*pipes, ground=((0.0, 100.0), (20.0, 100.4)), clearances=(), **more) -> Section:
    return Section((0.0, 0.0), (20.0, 0.0), 20.0, pipes, ground, "facility", clearances, "1", "标准", "EPSG:4546", **more)


def drawn(made, **more) -> str:
    paper = SvgPaper()
    drawing.draw(paper, Box(0, 0, 250, 140), made, TRADES, **more)
    return "".join(paper.parts)


def words(svg) -> list[str]:
    return [html.unescape(text) for text in re.findall(r">([^<>]+)</text>", svg)]


def test_pipes_stand_where_they_lie():
    svg = drawn(section(WATER, DRAIN))
    rings = re.findall(r'<polygon points="([^"]+)" fill="(#2d6fd2|#8a5a34)"', svg)
    assert len(rings) == 2
    ends = []
    for points, _ in rings:
        xy = [tuple(map(float, p.split(","))) for p in points.split()]
        ends.append((min(x for x, _ in xy), max(x for x, _ in xy), min(y for _, y in xy), max(y for _, y in xy)))
    (ax0, ax1, ay0, ay1), (bx0, bx1, by0, _) = ends
    across = (sum((bx0, bx1)) - sum((ax0, ax1))) / 2  # millimetres for the metre between them
    assert ax1 - ax0 == pytest.approx(0.6 * across, rel=0.02)
    assert bx1 - bx0 == pytest.approx(0.8 * across, rel=0.02)
    down = (ay1 - ay0) / 0.6
    assert by0 - ay0 == pytest.approx(1.2 * down, rel=0.02)
    assert 1.0 <= down / across <= 3.01


def test_the_table_says_sizes_depths_and_what_is_too_near():
    said = words(drawn(section(WATER, DRAIN, clearances=(NEAR,))))
    assert {"JS1", "PS1", "DN600", "1.00", "2.20", "99.00", "0.30<1.5"} <= set(said)
    met = msgspec.structs.replace(NEAR, clear_m=2.0)
    assert "2.00" in words(drawn(section(WATER, DRAIN, clearances=(met,))))
    unknown = msgspec.structs.replace(NEAR, clear_m=None)
    assert "?" in words(drawn(section(WATER, DRAIN, clearances=(unknown,))))


def test_without_table_pipes_are_numbered():
    assert {"1", "2"} <= set(words(drawn(section(WATER, DRAIN), table=False)))


def test_what_is_not_known_is_a_question():
    deep = Buried(3, "JS9", "JS", 8.0, 8.0, 0.0, ground_m=100.0)
    sizeless = Buried(4, "JS8", "JS", 9.0, 9.0, 0.0, depth_m=1.0, top_m=1.0, ground_m=100.0)
    said = words(drawn(section(deep, sizeless)))
    assert said.count("?") >= 4
    assert not any("nan" in s.lower() for s in said)


def test_no_ground_no_pipes_many_pipes():
    svg = drawn(section(ground=()))
    assert "No pipe crosses this section" in words(svg)
    assert "Depth (m)" in words(svg)
    flat = [msgspec.structs.replace(WATER, ground_m=None), msgspec.structs.replace(DRAIN, ground_m=None)]
    assert "1.00" in words(drawn(section(*flat, ground=())))
    crowd = [msgspec.structs.replace(WATER, fid=i, code=f"JS{i}", at_m=0.1 * i) for i in range(120)]
    assert any("120" in s for s in words(drawn(section(*crowd))))
    twenty = words(drawn(section(*crowd[:20])))
    assert {f"JS{i}" for i in range(20)} <= set(twenty)


def test_columns_keep_apart_and_in_order():
    view = drawing._View(Box(10, 0, 100, 50), 20.0, 1.0, 0.0)
    places, wide = drawing._columns(view, [msgspec.structs.replace(WATER, at_m=a) for a in (9.9, 10.0, 10.1, 19.99)])
    assert all(b - a >= wide - 1e-9 for a, b in pairwise(places))
    assert places[-1] <= 110 - wide / 2 + 1e-9


@pytest.mark.parametrize("kind", ["pdf", "png", "svg"])
def test_files(tmp_path, kind):
    texts.use("zh", paths.translations_dir())
    path = tmp_path / f"s.{kind}"
    made = section(WATER, DRAIN, clearances=(NEAR,), is_sample=True, is_sensitive=True, issues=(Issue("section.dem", "note", "Levels of the ground are those of the terrain model", ""),))
    drawing.write(path, made, TRADES, title="太康路断面")
    if kind == "png":
        assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        return
    if kind == "pdf":
        import pypdf

        text = pypdf.PdfReader(path).pages[0].extract_text()
    else:
        text = path.read_text(encoding="utf-8")
    for wanted in ("太康路断面", "JS1", "示例数据", "敏感资料", "地面高程取自地形模型", "标准"):
        assert wanted in text


def test_another_ending_is_refused_and_dark_is_dark(tmp_path):
    with pytest.raises(UsageError):
        drawing.write(tmp_path / "s.gif", section(), TRADES)
    paper = SvgPaper()
    drawing.draw(paper, Box(0, 0, 100, 80), section(WATER), dataclasses.replace(TRADES, look=DARK), table=False)
    assert drawing._EARTH_DARK in "".join(paper.parts)
