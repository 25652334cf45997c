"""Charts: what is drawn where, by a pencil that takes notes."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

import pytest

from lydigital.model.report import Chart, Series
from lydigital.publish import charts
from lydigital.publish.furniture import Box

NAMES = ("涧西区", "西工区", "洛龙区", "汝阳县")
PLACE = Box(0.0, 0.0, 170.0, 60.0)


@dataclass
class Notes:
    """A pencil that remembers."""

    texts: list[tuple[float, float, str]] = field(default_factory=list)
    boxes: list[tuple[Box, str]] = field(default_factory=list)
    lines: list[tuple[tuple[float, float], ...]] = field(default_factory=list)
    dots: list[tuple[float, float]] = field(default_factory=list)

    def width_mm(self, text, size_pt, weight="regular"):
        return len(text) * size_pt * 0.3

    def text(self, x, y, text, size_pt, **how):
        self.texts.append((x, y, text))

    def line(self, x0, y0, x1, y1, **how):
        self.lines.append(((x0, y0), (x1, y1)))

    def path(self, points, color, width_mm=0.15, dash_mm=()):
        self.lines.append(tuple(points))

    def box(self, box, **how):
        self.boxes.append((box, how.get("fill", "")))

    def dot(self, x, y, radius, fill, **how):
        self.dots.append((x, y))

    def bars(self, color):
        return [box for box, fill in self.boxes if fill == color]


def drawn(chart):
    notes = Notes()
    spots = charts.draw(notes, PLACE, chart)
    return notes, spots


def test_rows_are_as_long_as_their_values():
    notes, spots = drawn(Chart("", "hbar", NAMES, (Series("", (10.0, 5.0, None, 0.0)),)))
    first, second, last = notes.bars(charts.Look().series[0])
    assert second.width == pytest.approx(first.width / 2)
    assert last.width == 0.0
    assert [t for _, _, t in notes.texts if t in ("10.0", "5.0", "–", "0.0")] == ["–", "10.0", "5.0", "0.0"]
    assert [(s.series, s.label) for s in spots] == [(0, k) for k in range(4)]
    assert all(PLACE.x <= b.x and b.right <= PLACE.right for b in (first, second, last))


def test_negative_values_go_the_other_way():
    notes, _ = drawn(Chart("", "hbar", NAMES[:2], (Series("", (4.0, -2.0)),)))
    up, down = notes.bars(charts.Look().series[0])
    assert down.right == pytest.approx(up.x)
    assert down.width == pytest.approx(up.width / 2)


def test_columns_stand_on_their_line_and_the_target_lies_where_it_belongs():
    notes, _ = drawn(Chart("", "bar", NAMES, (Series("", (10.0, 5.0, 2.5, None)),), target=5.0))
    bars = notes.bars(charts.Look().series[0])
    assert len({round(b.bottom, 6) for b in bars}) == 1
    assert [b.height / bars[0].height for b in bars] == pytest.approx([1.0, 0.5, 0.25])
    assert any(line[0][1] == line[1][1] == pytest.approx(bars[1].y) for line in notes.lines)
    assert any("5.0" in t and "Target" in t for _, _, t in notes.texts)


def test_a_stack_adds_up():
    notes, spots = drawn(Chart("", "stack", NAMES[:2], (Series("甲", (1.0, 2.0)), Series("乙", (3.0, None)))))
    look = charts.Look()
    first = [s.box for s in spots if s.label == 0]
    assert first[1].width == pytest.approx(3 * first[0].width, rel=0.02)
    assert first[1].x >= first[0].right
    assert len(notes.bars(look.series[1])) == 2  # one part and its square in the legend
    assert {"4.0", "2.0"} <= {t for _, _, t in notes.texts}


def test_targets_stand_in_one_line_whatever_the_units():
    chart = Chart("", "target", NAMES, (Series("", (50.0, 8.0, None, 30.0)),), targets=(100.0, 8.0, 3.0, 3.0), texts=("50%", "8", "?", "30"))
    notes, _ = drawn(chart)
    look = charts.Look()
    tracks = notes.bars(look.track)
    assert len({round(t.right, 6) for t in tracks}) == 1
    (half,) = (b for b in notes.bars(look.series[1]) if b.width > 5)
    assert half.width == pytest.approx(tracks[0].width / 2)
    over = max(notes.bars(look.series[0]), key=lambda b: b.width)
    assert over.width == pytest.approx(1.25 * tracks[0].width)  # ten times the target is cut, and said
    assert {"50%", "8", "?", "30"} <= {t for _, _, t in notes.texts}


def test_a_line_has_a_gap_where_nothing_is_known():
    notes, _ = drawn(Chart("", "line", ("1", "2", "3", "4", "5"), (Series("", (1.0, 2.0, None, 4.0, 5.0)),)))
    runs = [line for line in notes.lines if len(line) == 2 and line[0][0] != line[1][0] and line[0][1] != line[1][1]]
    assert len(runs) == 2
    assert len(notes.dots) == 4


@pytest.mark.parametrize("kind", ["bar", "hbar", "line", "stack", "target"])
@pytest.mark.parametrize("values", [(), (None,), (0.0,), (5.0,), (1e9, 1e-9), (None, 3.0)])
def test_nothing_few_and_extreme_values_are_drawn(kind, values):
    labels = tuple(f"名{k}" for k in range(len(values)))
    chart = Chart("甲", kind, labels, (Series("乙", values),), targets=tuple(1.0 for _ in values))
    notes, spots = drawn(chart)
    assert notes.texts
    assert all(abs(v) < 1e6 and v == v for x, y, _ in notes.texts for v in (x, y))
    if not any(v is not None for v in values):
        assert spots == ()
        assert "No values" in notes.texts[0][2]
    svg = charts.svg(chart)
    assert svg.startswith("<svg xmlns")
    assert "nan" not in svg


def test_svg_text_is_text_and_escaped():
    svg = charts.svg(Chart("<甲>&", "hbar", ("<b>", "乙"), (Series("", (1.0, 2.0)),)))
    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg
    assert 'aria-label="&lt;甲&gt;&amp;"' in svg
    assert not re.search(r"http(?!://www.w3.org/2000/svg)", svg)


def test_png_has_its_size():
    pytest.importorskip("PySide6")
    octets = charts.png(Chart("", "bar", NAMES, (Series("", (1.0, 2.0, 3.0, 4.0)),)), 100.0, 50.0, dpi=127.0)
    assert octets[:4] == b"\x89PNG"
    assert (int.from_bytes(octets[16:20]), int.from_bytes(octets[20:24])) == (500, 250)


def test_names_below_narrow_columns_stand_upright_and_years_are_thinned():
    def below(labels, width):
        notes = Notes()
        charts.draw(notes, Box(0.0, 0.0, width, 60.0), Chart("", "bar", labels, (Series("", tuple(float(k) for k in range(len(labels)))),)))
        return [t for _, _, t in notes.texts]

    wide, narrow = below(NAMES, 170.0), below(NAMES, 24.0)
    assert set(NAMES) <= set(wide)
    assert narrow.count("区") == 3
    years = tuple(str(y) for y in range(1990, 2010))
    shown = [t for t in below(years, 60.0) if t in years]
    assert shown[0] == "1990"
    assert 2 < len(shown) < 20
    assert len({int(b) - int(a) for a, b in itertools.pairwise(shown)}) == 1
