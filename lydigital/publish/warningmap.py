"""A warning as a picture to send round: portrait and landscape PNG for telephones and screens, A4 PDF for the wall."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from lydigital.errors import StoreUnavailableError
from lydigital.model.crs import CGCS2000, Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import Fill, LabelStyle, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.model.warning import Level
from lydigital.publish import furniture
from lydigital.publish.bulletin import INK_ON, RGB
from lydigital.publish.furniture import FAINT, GREY, STAMP, Box
from lydigital.render.drawlist import SceneLayer
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lydigital.publish.bulletin import Bulletin, LevelPart
    from lydigital.publish.furniture import Paper
    from lydigital.render.painter.fonts import QtFonts

Form = Literal["portrait", "landscape", "a4", "map"]
_DPI = 192.0
_PAPER_DPI = 300.0
_PIXELS = {"portrait": (1080, 1920), "landscape": (1920, 1080), "map": (1440, 1320)}
_HATCH = {
    Level.RED: ("cross", 45.0), Level.ORANGE: ("hatch", 45.0), Level.YELLOW: ("hatch", 135.0), Level.BLUE: ("dots", 0.0)
}  # fmt: skip
_DARK = {Level.RED: "#9f0f0a", Level.ORANGE: "#b35300", Level.YELLOW: "#8a7400", Level.BLUE: "#1c3f94"}
_SHADE = {Level.RED: "#7d0b07", Level.ORANGE: "#8f4200", Level.YELLOW: "#6d5b00", Level.BLUE: "#142f70"}


@dataclass(frozen=True)
class Ground:
    """What lies under a warning.

    Attributes
    ----------
    scene
        Layers in ``crs``, bottom first, without townships and warning zones.
    townships
        Polygons with ``code``, in ``crs``; without them the zones alone are drawn.
    approval
        Number of the map review (审图号).
    """

    crs: Crs
    scene: tuple[SceneLayer, ...] = ()
    townships: FeatureTable | None = None
    approval: str = ""
    is_sample: bool = False
    producer: str = ""
    over: tuple[SceneLayer, ...] = field(default=())


def write(path: Path, bulletin: Bulletin, ground: Ground, form: Form = "portrait") -> tuple[int, int]:
    """Write the picture; ``a4`` as PDF, the others as PNG, ``map`` without band and text for a document.

    Returns
    -------
    Its width and height in pixels, of a PDF those at 300 dpi.

    Raises
    ------
    LydError
        When a zone is broken or the file cannot be written.
    """
    from lydigital.publish.pages import Leaf, write_leaf

    dpi = _PAPER_DPI if form == "a4" else _DPI
    page = Box(0, 0, 210, 297) if form == "a4" else Box(0, 0, *(p / _DPI * MM_PER_INCH for p in _PIXELS[form]))
    fonts = _fonts()
    plan = _plan(page, form, bulletin, is_stamped=bool(_said(bulletin, ground)))
    scene, bounds = layers(bulletin, ground)
    size = round(plan.inner.width * dpi / MM_PER_INCH), round(plan.inner.height * dpi / MM_PER_INCH)
    viewport = Viewport.of_bounds(bounds, *size, ground.crs, margin=0.06)
    viewport = Viewport(viewport.centre, viewport.units_per_px, *size, ground.crs, dpi=dpi)
    leaf = Leaf(bulletin.title, page, plan.inner, viewport, dpi, fonts, lambda paper: _furnish(paper, plan, bulletin, ground, (viewport, _warned(scene))))
    write_leaf(path, leaf, scene)
    return round(page.width * dpi / MM_PER_INCH), round(page.height * dpi / MM_PER_INCH)


def _fonts() -> QtFonts:
    try:
        from lydigital.render.painter.fonts import QtFonts

        return QtFonts()
    except ImportError:
        raise StoreUnavailableError(
            "Pictures of warnings need PySide6, which is not installed", hint="Install it; text, CAP and lists are made without it."
        ) from None


def layers(bulletin: Bulletin, ground: Ground) -> tuple[tuple[SceneLayer, ...], tuple[float, float, float, float]]:
    """What the map shows, bottom first, and the bounds of what is warned of in ``ground.crs``."""
    marked, boxes = [], []
    if ground.townships is not None:
        table = _named(bulletin, ground.townships)
        if len(table):
            marked.append(_by_level("warned_township", table, bulletin, label="label"))
            boxes.append(table.geometry.total_bounds)
    zones = _zones(bulletin, ground.crs)
    if zones is not None:
        style_of = _by_level("warned_zone", zones, bulletin, outline=bool(marked))
        marked.append(style_of)
        boxes.append(zones.geometry.total_bounds)
    if not boxes:
        boxes = [la.data.geometry.total_bounds for la in ground.scene if isinstance(la.data, FeatureTable) and len(la.data)]
    if not boxes:
        boxes = [(0.0, 0.0, 1.0, 1.0)]
    x0, y0 = min(b[0] for b in boxes), min(b[1] for b in boxes)
    x1, y1 = max(b[2] for b in boxes), max(b[3] for b in boxes)
    least = 30_000.0 / ground.crs.metres_per_unit if ground.crs.is_metric else 0.3  # a single township keeps its surroundings
    dx, dy = max(0.0, least - (x1 - x0)) / 2, max(0.0, least - (y1 - y0)) / 2
    return (*ground.scene, *marked, *ground.over), (x0 - dx, y0 - dy, x1 + dx, y1 + dy)


def _named(bulletin: Bulletin, townships: FeatureTable) -> FeatureTable:
    """The townships of the issue, with level and label."""
    import pyarrow as pa

    own = {t.code: t for t in bulletin.issue.townships}
    codes = [str(c) for c in townships.column("code").to_pylist()]
    rows = np.array([i for i, c in enumerate(codes) if c in own], np.int64)
    some = [own[codes[i]] for i in rows]
    numerals = {p.level: p.numeral for p in bulletin.levels}
    names = [t.name.partition("（")[0] for t in some]
    columns = pa.table({
        "code": [t.code for t in some], "level": [int(t.level) for t in some],
        "label": [f"{name} {numerals[t.level]}" for name, t in zip(names, some, strict=True)],
    })  # fmt: skip
    return FeatureTable(townships.fid[rows], columns, townships.geometry.take(rows), townships.crs)


def _zones(bulletin: Bulletin, crs: Crs) -> FeatureTable | None:
    import pyarrow as pa

    from lydigital.publish.areas import shape_of

    zones = bulletin.issue.zones
    if not zones:
        return None
    shapes = np.array([shape_of(z) for z in zones], dtype=object)
    numerals = {p.level: p.numeral for p in bulletin.levels}
    columns = pa.table({"level": [int(z.level) for z in zones], "label": [numerals.get(z.level, "") for z in zones]})
    table = FeatureTable(np.arange(1, len(zones) + 1), columns, GeometryArray.from_shapely(GeometryKind.POLYGON, shapes), Crs(CGCS2000))
    return table.to_crs(crs)


def _by_level(name: str, table: FeatureTable, bulletin: Bulletin, *, label: str = "", outline: bool = False) -> SceneLayer:
    """A layer coloured and hatched by level; ``outline`` draws borders only."""
    rules = tuple(
        Rule(_outline(level) if outline else _area(level), value=int(level), title=words.colour)
        for level, words in ((Level(n), w) for n, w in sorted(bulletin.wording.levels.items()))
    )
    size = 8.0 if len(table) <= 15 else 7.0 if len(table) <= 40 else 6.2
    labels = LabelStyle(
        "label", size_pt=size, color="#1c1f24", halo="#fffffff0", halo_mm=0.45, weight="bold", placement="centre", priority=99,
    ) if label or not outline else None  # fmt: skip
    levels = np.array(table.column("level").to_pylist(), np.int16)
    return SceneLayer(name, table, Style(rules, kind="categorized", field="level", labels=labels), levels - 1)


def _area(level: Level) -> tuple[PolygonSymbolizer, ...]:
    pattern, angle = _HATCH[level]
    hatch = Fill(
        _SHADE[level], opacity=0.42, pattern=pattern, angle_deg=angle, spacing_mm=1.6, width_mm=0.16  # type: ignore[arg-type]
    )
    return (
        PolygonSymbolizer(Fill(RGB[level], opacity=0.72)), PolygonSymbolizer(hatch),
        PolygonSymbolizer(stroke=Stroke("#ffffff", width_mm=0.3, opacity=0.95)),
    )  # fmt: skip


def _outline(level: Level) -> tuple[PolygonSymbolizer, ...]:
    return (
        PolygonSymbolizer(stroke=Stroke("#ffffff", width_mm=1.1, opacity=0.9)),
        PolygonSymbolizer(stroke=Stroke(_DARK[level], width_mm=0.55, dash_mm=(2.2, 0.9), cap="butt")),
    )


# --- the page -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """Where things stand, mm; ``unit`` is the size of ordinary text in points."""

    page: Box
    head: Box
    side: Box
    inner: Box
    foot: Box
    strip: Box
    is_wide: bool
    unit: float


def _plan(page: Box, form: Form, bulletin: Bulletin, *, is_stamped: bool) -> _Plan:
    strip_mm = 8.0 if is_stamped else 0.0
    if form == "map":
        strip, foot = Box(0, 0, page.width, strip_mm), Box(0, page.bottom - 12, page.width, 12)
        inner, none = Box(0, strip.bottom, page.width, foot.y - strip.bottom), Box(0, 0, 0, 0)
        return _Plan(page, none, none, inner, foot, strip, is_wide=False, unit=9.0)
    if form == "landscape":
        head = Box(0, 0, page.width, 27)
        strip = Box(0, head.bottom, page.width, strip_mm)
        foot = Box(0, page.bottom - 9, page.width, 9)
        rows = sum(1 + len(line) // 26 for part in bulletin.levels for line in part.lines)
        wide = 86 + min(34.0, 2.2 * max(0, rows - 14))  # long lists take of the map: a township left out may be somebody's
        side = Box(0, strip.bottom, wide, foot.y - strip.bottom)
        inner = Box(side.right, strip.bottom, page.width - side.right, side.height)
        return _Plan(page, head, side, inner, foot, strip, is_wide=True, unit=9.0)
    head = Box(0, 0, page.width, 36)
    strip = Box(0, head.bottom, page.width, strip_mm)
    foot = Box(0, page.bottom - 12, page.width, 12)
    unit = 9.0 if form == "portrait" else 10.5
    lines = sum(2 + sum(1 + len(line) // 34 for line in part.lines) for part in bulletin.levels)
    low, high = (0.22, 0.42) if form == "portrait" else (0.18, 0.36)
    height = min(high * page.height, max(low * page.height, lines * unit * 0.52 + 22))
    side = Box(0, foot.y - height, page.width, height)
    return _Plan(page, head, side, Box(0, strip.bottom, page.width, side.y - strip.bottom), foot, strip, is_wide=False, unit=unit)


def _furnish(paper: Paper, plan: _Plan, bulletin: Bulletin, ground: Ground, view: tuple[Viewport, NDArray[np.float64]]) -> None:
    viewport, warned = view
    _watermark(paper, plan, bulletin)
    if plan.head.height:
        _head(paper, plan, bulletin)
        _side(paper, plan, bulletin)
    _strip(paper, plan, bulletin, ground)
    _on_map(paper, plan, bulletin, viewport, warned)
    _foot(paper, plan, ground, viewport)


def _warned(scene: Sequence[SceneLayer]) -> NDArray[np.float64]:
    """Points of the borders of what is warned of, in map units."""
    own = [la.data.geometry.coords for la in scene if la.id.startswith("warned_") and isinstance(la.data, FeatureTable)]
    return np.concatenate(own) if own else np.zeros((0, 2))


def _on_map(paper: Paper, plan: _Plan, bulletin: Bulletin, viewport: Viewport, warned: NDArray[np.float64]) -> None:
    """Legend where it hides least of what is warned of, scale bar and north arrow in other corners."""
    from lydigital.publish.pages import metres_per_mm

    inner, (x0, y0, x1, y1) = plan.inner, viewport.bounds
    x = inner.x + (warned[:, 0] - x0) / (x1 - x0) * inner.width
    y = inner.y + (y1 - warned[:, 1]) / (y1 - y0) * inner.height

    def hidden(box: Box) -> int:
        return int(((x > box.x - 2) & (x < box.right + 2) & (y > box.y - 2) & (y < box.bottom + 2)).sum())

    def corners(width: float, height: float) -> list[Box]:
        return [
            Box(at_x, at_y, width, height) for at_y in (inner.bottom - height - 4, inner.y + 4)
            for at_x in (inner.x + 4, inner.right - width - 4)
        ]  # fmt: skip

    legend = min(corners(31, 5.2 * (len(bulletin.levels) + bool(bulletin.issue.zones)) + 7.4), key=hidden)

    def free(boxes: list[Box]) -> list[Box]:
        return [b for b in boxes if b.right < legend.x or b.x > legend.right or b.bottom < legend.y or b.y > legend.bottom]

    _legend(paper, legend, bulletin)
    metres = metres_per_mm(viewport)
    length = furniture.nice(metres * 36, (1, 2, 4, 8)) / metres
    bar = min(free(corners(length + 14, 8)[:2]), key=hidden)
    paper.box(bar, fill="#ffffff", color=FAINT, width_mm=0.2)
    furniture.scale_bar(paper, bar.x + 4, bar.bottom - 1.6, metres, 36)
    arrow = min(free(corners(9, 13)[2:]), key=hidden)
    furniture.north_arrow(paper, arrow.x + 4.5, arrow.y + 1, 11)


def _head(paper: Paper, plan: _Plan, bulletin: Bulletin) -> None:
    """A band in the colour of the highest level, grey when it was lifted: numeral, title, number, validity."""
    level, box, part = bulletin.levels[0].level, plan.head, bulletin.levels[0]
    ink = "#ffffff" if bulletin.lifted else INK_ON[level]
    fill, dark = ("#5b6470", "#3d444d") if bulletin.lifted else (RGB[level], _DARK[level])
    paper.box(box, fill=fill)
    paper.box(Box(box.x, box.bottom - 1.2, box.width, 1.2), fill=dark)
    pad = 7.0
    badge = Box(pad, (box.height - 1.2) / 2 - 9.5, 19, 19)
    paper.box(badge, fill="#ffffff", color=dark, width_mm=0.5)
    paper.text(badge.x + 9.5, badge.y + 11.4, part.numeral, 30, weight="bold", color=dark, align="centre")
    named = bulletin.wording.stamps["lifted"] if bulletin.lifted else part.colour
    paper.text(badge.x + 9.5, badge.y + 17.0, named, 9, weight="bold", color=dark, align="centre")
    x = badge.right + 6
    room = box.right - x - pad
    title = bulletin.title
    size = min(26.0, 26.0 * room / max(1.0, paper.width_mm(title, 26, "bold")))
    size = max(11.0, size)
    middle = box.height / 2 - 0.6
    top = middle - (1.2 if plan.is_wide else 4.0)
    paper.text(x, top, title, size, weight="bold", color=ink, most_mm=room)
    paper.text(x, top + 6.8, bulletin.period, 12.5, weight="bold", color=ink, most_mm=room)
    said = bulletin.dateline.strip("（）")
    if plan.is_wide:
        paper.text(x, top + 12.0, f"{said}　{bulletin.issuers}", 8, color=ink, most_mm=room)
        return
    paper.text(x, top + 12.0, said, 8, color=ink, most_mm=room)
    small = max(6.0, min(8.0, 8.0 * room / max(1.0, paper.width_mm(bulletin.issuers, 8))))
    paper.text(x, top + 16.2, bulletin.issuers, small, color=ink, most_mm=room)


def _side(paper: Paper, plan: _Plan, bulletin: Bulletin) -> None:
    """Levels with their counties and townships, and the slogans."""
    box = plan.side
    paper.box(box, fill="#ffffff")
    inner = Box(box.x + 7, box.y + 5, box.width - 14, box.height - 9)
    slogans = bulletin.wording.lines.slogans
    slogan_mm = 8.4 if not plan.is_wide else 6.0 * len(slogans) + 4
    bottom = inner.bottom - slogan_mm
    lines = [(part, line) for part in bulletin.levels for line in part.lines]
    size = plan.unit * 1.3
    while size > 5.5 and _height(paper, bulletin, inner.width, size) > bottom - inner.y:
        size -= 0.25
    step, y, drawn = size * 0.56, inner.y, 0
    if bulletin.lifted:
        for line in _wrapped(paper, bulletin.lifted, size + 1, inner.width):
            y += step * 1.1
            paper.text(inner.x, y, line, size + 1, weight="bold")
        y += step
    for part in bulletin.levels:
        if y + 2.4 * step > bottom:
            break
        _chip(paper, inner.x, y, part, size)
        wide = size * 0.353 * 5.4
        short = _short(part, bulletin)
        fit = min(size, 0.97 * size * (inner.width - wide) / max(1.0, paper.width_mm(short, size, "bold")))
        paper.text(inner.x + wide, y + size * 0.395, short, max(6.0, fit), weight="bold", most_mm=inner.width - wide)
        y += step * 1.25
        for line in part.lines:
            rows = _wrapped(paper, line, size, inner.width - 3)
            if y + len(rows) * step > bottom:
                break
            for k, row in enumerate(rows):
                paper.text(inner.x + (3 if k == 0 else 6), y + step * 0.8, row, size, color="#33383f")
                y += step
            drawn += 1
        y += step * 0.4
    if drawn < len(lines):
        paper.text(inner.right, bottom + 0.6, tr("and {count} more", count=len(lines) - drawn), 6.5, color=GREY, align="right")
    _slogans(paper, Box(inner.x, bottom + 2.4, inner.width, slogan_mm), slogans, RGB[Level.RED], is_column=plan.is_wide)


def _height(paper: Paper, bulletin: Bulletin, width: float, size: float) -> float:
    step = size * 0.56
    rows = sum(len(_wrapped(paper, line, size, width - 3)) for part in bulletin.levels for line in part.lines)
    lifted = len(_wrapped(paper, bulletin.lifted, size + 1, width)) * 1.1 + 1 if bulletin.lifted else 0
    return step * (rows + 1.65 * len(bulletin.levels) + lifted)


def _short(part: LevelPart, bulletin: Bulletin) -> str:
    words = bulletin.wording.levels[int(part.level)]
    return f"{part.totals}　{words.chance}"


def _wrapped(paper: Paper, text: str, size: float, width: float) -> list[str]:
    """``text`` in lines no wider than ``width`` mm (the hanging indent is part of it); no line begins with a mark or inside a number."""
    rows, row, used = [], "", 0.0
    for part in re.findall(r"\d{1,12}|.", text):
        wide = paper.width_mm(part, size)
        if row and used + wide > width - 3 and part not in "、，。；：）":
            rows.append(row)
            row, used = "", 0.0
        row += part
        used += wide
    return [*rows, row] if row else rows


def _chip(paper: Paper, x: float, y: float, part: LevelPart, size: float) -> None:
    em = size * 0.353
    box = Box(x, y, em * 4.8, em * 1.5)
    paper.box(box, fill=RGB[part.level])
    paper.text(box.x + box.width / 2, box.y + em * 1.12, f"{part.colour} {part.numeral}", size, weight="bold", color=INK_ON[part.level], align="centre")


def _slogans(paper: Paper, box: Box, slogans: Sequence[str], color: str, *, is_column: bool) -> None:
    if is_column:
        for i, text in enumerate(slogans):
            paper.box(Box(box.x, box.y + 6.0 * i, 1.0, 4.4), fill=color)
            paper.text(box.x + 3, box.y + 6.0 * i + 3.6, text, 10, weight="bold", most_mm=box.width - 3)
        return
    size, gap = 10.0, 5.0
    total = sum(paper.width_mm(s, size, "bold") for s in slogans) + gap * (len(slogans) - 1)
    size = min(size, size * box.width / max(total, 1.0))
    gap *= size / 10.0
    total = sum(paper.width_mm(s, size, "bold") for s in slogans) + gap * (len(slogans) - 1)
    x = box.x + (box.width - total) / 2
    paper.line(box.x, box.y, box.right, box.y, color=FAINT)
    for i, text in enumerate(slogans):
        wide = paper.width_mm(text, size, "bold")
        paper.text(x, box.y + 5.6, text, size, weight="bold", color=color)
        if i + 1 < len(slogans):
            paper.box(Box(x + wide + gap / 2 - 0.5, box.y + 3.7, 1.0, 1.0), fill=FAINT)
        x += wide + gap


def _legend(paper: Paper, box: Box, bulletin: Bulletin) -> None:
    """A card on the map: true symbols, colour, numeral."""
    rows = [(part.level, f"{part.numeral} {part.colour}") for part in bulletin.levels]
    paper.box(box, fill="#ffffff", color=FAINT, width_mm=0.2)
    paper.text(box.x + 3, box.y + 4.9, "预警等级", 8, weight="bold")
    y = box.y + 6.6
    for level, text in rows:
        furniture.swatch(paper, Box(box.x + 3, y, 9, 3.9), _area(level), 1.0)
        paper.text(box.x + 14, y + 3.1, text, 8)
        y += 5.2
    if bulletin.issue.zones:
        dashed = (PolygonSymbolizer(stroke=Stroke(_DARK[bulletin.levels[0].level], width_mm=0.5, dash_mm=(2.2, 0.9), cap="butt")),)
        furniture.swatch(paper, Box(box.x + 3.3, y + 0.3, 8.4, 3.3), dashed, 1.0)
        paper.text(box.x + 14, y + 3.1, "预警区", 8)


def notices(ground: Ground) -> list[str]:
    """What may and may not be done with the map."""
    said = [tr("Map review No. {number}", number=ground.approval)] if ground.approval else [
        tr("Internal working map. Not reviewed. Not to be published."), tr("Boundaries do not settle claims.")
    ]  # fmt: skip
    if ground.is_sample:
        said.append(tr("Contains synthetic sample data. Not facts, not for decisions."))
    return said


def _foot(paper: Paper, plan: _Plan, ground: Ground, viewport: Viewport) -> None:
    box = plan.foot
    paper.box(box, fill="#f3f4f6")
    said = notices(ground)
    paper.text(box.x + 7, box.y + box.height / 2 + (1.0 if plan.is_wide else -0.4), "　".join(said), 6.5,
               color=GREY if ground.approval else STAMP, most_mm=box.width - (95 if plan.is_wide else 14))  # fmt: skip
    right = tr("Coordinate system: {name} ({code})", name=viewport.crs.name, code=str(viewport.crs))
    who = f"{tr('Producer: {name}', name=ground.producer)}　{right}" if ground.producer else right
    if plan.is_wide:
        paper.text(box.right - 7, box.y + box.height / 2 + 1.0, who, 6.5, color=GREY, align="right", most_mm=88)
    else:
        paper.text(box.x + 7, box.y + box.height / 2 + 3.4, who, 6.5, color=GREY, most_mm=box.width - 14)


def _said(bulletin: Bulletin, ground: Ground) -> list[str]:
    return [*bulletin.stamps, *([tr("Sample data")] if ground.is_sample else [])]


def _strip(paper: Paper, plan: _Plan, bulletin: Bulletin, ground: Ground) -> None:
    """What has to be stamped, across the page above the map."""
    box, said = plan.strip, "　·　".join(_said(bulletin, ground))
    if not said:
        return
    paper.box(box, fill="#2b2f36")
    size = min(12.0, 12.0 * (box.width - 12) / max(1.0, paper.width_mm(said, 12, "bold")))
    paper.text(box.x + box.width / 2, box.y + box.height / 2 + size * 0.13, said, size, weight="bold", color="#ffd9d3", align="centre")


def _watermark(paper: Paper, plan: _Plan, bulletin: Bulletin) -> None:
    """What is no real, signed warning says so over its whole map."""
    words = bulletin.wording.stamps
    said = [t for t in bulletin.stamps if t != words["uncalibrated"]]
    if not said:
        return
    inner, text = plan.inner, " ".join(said)
    size = min(60.0, 60.0 * 0.8 * inner.width / max(1.0, paper.width_mm(text, 60, "bold")))
    paper.text(
        inner.x + inner.width / 2, inner.y + inner.height / 2 + size * 0.13, text, size, weight="bold", color="#48b3261e",
        align="centre", turn_deg=-18.0,
    )  # fmt: skip


__all__ = ["Form", "Ground", "layers", "notices", "write"]
