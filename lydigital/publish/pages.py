"""A finished map sheet as PDF or PNG: title, map, grid, legend, scale, north, sources, review stamp."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from lydigital.errors import StoreUnavailableError, UsageError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.viewport import Viewport
from lydigital.publish import furniture
from lydigital.publish import legend as legends
from lydigital.publish.furniture import FAINT, GREY, Box, Paper
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from lydigital.publish.legend import Group
    from lydigital.render.drawlist import DrawList, SceneLayer
    from lydigital.render.painter.direct import Direct
    from lydigital.render.painter.fonts import QtFonts

_FORMATS_MM = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}
_MARGIN_MM = 10.0
_HEAD_MM = 14.0
_FOOT_MM = 15.0
_BAND_MM = 4.6  # between neat line and outer frame
_PDF_DPI = 1200
_SCALES = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 10)


@dataclass(frozen=True)
class Sheet:
    """What a sheet says besides the map.

    Attributes
    ----------
    titles
        Layer id → title of its group, title of the layer: what the legend names.
    sources, producer, height_datum
        Printed in the foot where given.
    approval
        Number of the map review (审图号). Without one the sheet is stamped as internal. Never invented.
    is_sample
        Whether any layer is synthetic: said on the sheet.
    """

    title: str
    subtitle: str = ""
    format: Literal["A4", "A3"] = "A4"
    portrait: bool = False
    titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sources: str = ""
    producer: str = ""
    height_datum: str = ""
    approval: str = ""
    is_sample: bool = False
    date: str = ""


@dataclass(frozen=True)
class _Plan:
    """Where things stand on the page, mm."""

    page: Box
    head: Box
    inner: Box
    legend: Box
    foot: Box
    columns: int


@dataclass(frozen=True)
class Leaf:
    """A page with one map on it.

    Attributes
    ----------
    page, inner
        The page and the place of the map on it, mm.
    viewport
        Window on the map, as many pixels as ``inner`` has at ``dpi``.
    furnish
        Draws all but the map, on top of it.
    """

    title: str
    page: Box
    inner: Box
    viewport: Viewport
    dpi: float
    fonts: QtFonts
    furnish: Callable[[Paper], None]


def write_sheet(
    path: Path, scene: Sequence[SceneLayer], bounds: tuple[float, float, float, float], crs: Crs, sheet: Sheet,
    *, dpi: int = 300,
) -> int:
    """Write a sheet showing at least ``bounds`` (map units of ``crs``) at a round scale.

    Parameters
    ----------
    path
        ``.pdf`` (vectors, selectable text) or ``.png``.
    scene
        Layers in ``crs``, bottom first.
    dpi
        Resolution of a PNG, and of relief in a PDF.

    Returns
    -------
    The scale denominator on the ground, as printed.

    Raises
    ------
    UsageError
        For another kind of file.
    StoreUnavailableError
        When the file cannot be written.
    """
    from lydigital.render.painter.fonts import QtFonts

    _check_kind(path)
    plan, groups, viewport = _arrange(sheet, scene, bounds, crs, dpi)
    leaf = Leaf(
        sheet.title, plan.page, plan.inner, viewport, dpi, QtFonts(),
        lambda paper: _furnish(paper, sheet, plan, groups, viewport),
    )  # fmt: skip
    write_leaf(path, leaf, scene)
    return round(1000 * metres_per_mm(viewport))


def write_leaf(path: Path, leaf: Leaf, scene: Sequence[SceneLayer]) -> None:
    """Write a page as PDF or PNG: the same list, with the same labels, for paper and pixels. Raises as :func:`write_sheet`."""
    from lydigital.render import drawlist

    _check_kind(path)
    picture = drawlist.build(scene, leaf.viewport, leaf.fonts, is_page=True)
    (_write_pdf if path.suffix.lower() == ".pdf" else _write_png)(path, leaf, picture)


def write_leaves(path: Path, leaves: Sequence[Leaf], scene: Sequence[SceneLayer]) -> None:
    """Write pages of one size into one PDF, each with its own window on the map. Raises as :func:`write_sheet`."""
    from lydigital.render import drawlist

    pictures: dict[Viewport, DrawList] = {}
    for leaf in leaves:
        if leaf.viewport not in pictures:
            pictures[leaf.viewport] = drawlist.build(scene, leaf.viewport, leaf.fonts, is_page=True)
    save(path, searchable(_pdf(leaves, [pictures[leaf.viewport] for leaf in leaves], None)))


def _check_kind(path: Path) -> None:
    kind = path.suffix.lower()
    if kind not in (".pdf", ".png"):
        raise UsageError(
            "A sheet cannot be written as {kind}", hint="Name the file .pdf or .png.", kind=kind or path.name
        )


def metres_per_mm(viewport: Viewport) -> float:
    """Ground metres a millimetre of the page, eastwards in its middle."""
    return viewport.units_per_px * viewport.dpi / MM_PER_INCH * _ground_metres(viewport.bounds, viewport.crs)


def _arrange(
    sheet: Sheet, scene: Sequence[SceneLayer], bounds: tuple[float, float, float, float], crs: Crs, dpi: int,
) -> tuple[_Plan, tuple[Group, ...], Viewport]:
    """Give the legend as many columns as it needs and the map the rest."""
    ground = _ground_metres(bounds, crs)
    most = 4 if sheet.portrait else (2 if sheet.format == "A4" else 3)
    for columns in range(1, most + 1):
        plan = _plan(sheet, columns if sheet.titles else 0, 99.0)
        viewport = _viewport(plan.inner, bounds, crs, ground=ground, dpi=dpi)
        groups = legends.of_scene(scene, sheet.titles, viewport.bounds, viewport.scale)
        rows = furniture.legend_rows(groups)
        if sheet.portrait:
            plan = _plan(sheet, most, rows / most * 5.0 + 8)
            viewport = _viewport(plan.inner, bounds, crs, ground=ground, dpi=dpi)
            groups = legends.of_scene(scene, sheet.titles, viewport.bounds, viewport.scale)
            break
        if rows * 4.2 <= plan.legend.height * columns * 0.94:
            break
    return plan, groups, viewport


def _plan(sheet: Sheet, columns: int, legend_mm: float) -> _Plan:
    long, short = _FORMATS_MM[sheet.format]
    width, height = (short, long) if sheet.portrait else (long, short)
    page = Box(0, 0, width, height)
    body = page.inset(_MARGIN_MM)
    head = Box(body.x, body.y, body.width, _HEAD_MM)
    foot = Box(body.x, body.bottom - _FOOT_MM, body.width, _FOOT_MM)
    top, bottom = head.bottom + 1.0, foot.y - 3.0
    if sheet.portrait:
        legend_mm = min(legend_mm, 0.3 * (bottom - top)) if columns else 0.0
        legend = Box(body.x, bottom - legend_mm, body.width, legend_mm)
        outer = Box(body.x, top, body.width, bottom - top - legend_mm - (5.0 if columns else 0.0))
    else:
        wide = columns * 40.0 + max(0, columns - 1) * 4.0
        legend = Box(body.right - wide, top, wide, bottom - top)
        outer = Box(body.x, top, body.width - (wide + 6.0 if columns else 0.0), bottom - top)
    return _Plan(page, head, outer.inset(_BAND_MM), legend, foot, max(1, columns))


def _ground_metres(bounds: tuple[float, float, float, float], crs: Crs) -> float:
    """Ground metres a map unit eastwards in the middle of ``bounds``, on the ellipsoid."""
    import pyproj

    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    step = 1e-3 if crs.is_geographic else 100.0 / crs.metres_per_unit
    to_geo = transformation(crs, Crs(CGCS2000))
    a, b = to_geo.point(x - step, y), to_geo.point(x + step, y)
    if not all(map(math.isfinite, (*a, *b))):
        return crs.metres_per_unit
    return float(pyproj.Geod(ellps="GRS80").inv(*a, *b)[2]) / (2 * step)


def _viewport(inner: Box, bounds: tuple[float, float, float, float], crs: Crs, *, ground: float, dpi: int) -> Viewport:
    """Window on ``bounds`` at the next round scale that shows all of it."""
    need = max((bounds[2] - bounds[0]) / inner.width, (bounds[3] - bounds[1]) / inner.height, 1e-9)  # units a mm
    exact = need * ground * 1000
    power = 10.0 ** math.floor(math.log10(exact))
    scale = next(s * power for s in _SCALES if s * power >= exact * (1 - 1e-6))
    centre = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    per_mm = dpi / MM_PER_INCH
    size = round(inner.width * per_mm), round(inner.height * per_mm)
    return Viewport(centre, scale / 1000 / ground / per_mm, *size, crs, dpi=dpi)


def _furnish(paper: Paper, sheet: Sheet, plan: _Plan, groups: tuple[Group, ...], viewport: Viewport) -> None:
    """Draw all but the map."""
    furniture.grid(paper, plan.inner, viewport)
    furniture.frame(paper, plan.inner, _BAND_MM)
    _head(paper, plan.head, sheet)
    if groups:
        left_out = furniture.legend(paper, plan.legend, groups, viewport.scale, plan.columns)
        if left_out:
            text = tr("and {count} more", count=left_out)
            paper.text(plan.legend.right, plan.legend.bottom + 2.2, text, 6.5, color=GREY, align="right")
    _foot(paper, plan.foot, sheet, viewport)


def _head(paper: Paper, box: Box, sheet: Sheet) -> None:
    """Title at the left; what may and may not be done with the sheet at the right."""
    left = box.right
    if sheet.approval:
        notice, color = [tr("Map review No. {number}", number=sheet.approval)], furniture.INK
    else:
        notice = [tr("Internal working map. Not reviewed. Not to be published."), tr("Boundaries do not settle claims.")]
        color = furniture.STAMP
    left -= furniture.stamp(paper, left, box.y + 1.6, notice, color=color)
    if sheet.is_sample:
        left -= 2.5
        left -= furniture.stamp(paper, left, box.y + 1.6, [tr("Sample data"), ""][: len(notice)], color=furniture.STAMP)
    room = left - box.x - 6
    size = 20.0 if sheet.format == "A3" else 16.0
    size = max(10.0, min(size, size * room / paper.width_mm(sheet.title, size, "bold")))
    paper.text(box.x, box.y + 8.4, sheet.title, size, weight="bold", most_mm=room)
    beside = paper.width_mm(sheet.title, size, "bold") + 4
    if sheet.subtitle and beside + paper.width_mm(sheet.subtitle, 9) < room:
        paper.text(box.x + beside, box.y + 8.4, sheet.subtitle, 9, color=GREY)


def _foot(paper: Paper, box: Box, sheet: Sheet, viewport: Viewport) -> None:
    metres = metres_per_mm(viewport)
    scale = round(metres * 1000)
    wide = min(62.0, box.width * 0.3)
    paper.text(box.x, box.y + 4.2, f"1:{scale:,}".replace(",", " "), 10, weight="bold")
    furniture.scale_bar(paper, box.x + 0.6, box.y + 12.6, metres, wide)
    furniture.north_arrow(paper, box.x + wide + 11, box.y + 0.2)
    when = sheet.date or date.today().isoformat()  # noqa: DTZ011 - the day on the wall is meant
    left = [
        tr("Coordinate system: {name} ({code})", name=viewport.crs.name, code=str(viewport.crs)),
        tr("Height datum: {name}", name=sheet.height_datum) if sheet.height_datum else "",
        tr("Grid: CGCS2000 longitude and latitude. North: grid north."),
    ]
    right = [
        tr("Sources: {names}", names=sheet.sources) if sheet.sources else "",
        tr("Producer: {name}", name=sheet.producer) if sheet.producer else "",
        tr("Drawn on {date} with lydigital", date=when),
    ]
    if sheet.is_sample:
        right.insert(0, tr("Contains synthetic sample data. Not facts, not for decisions."))
    x = box.x + wide + 25
    half = (box.right - x - 6) * 0.47
    paper.line(x - 6, box.y + 1.0, x - 6, box.bottom - 1.5, color=FAINT)
    for i, text in enumerate([t for t in left if t]):
        paper.text(x, box.y + 3.4 + 3.6 * i, text, 6.5, color=GREY, most_mm=half)
    for i, text in enumerate([t for t in right if t]):
        paper.text(x + half + 6, box.y + 3.4 + 3.6 * i, text, 6.5, color=GREY, most_mm=box.right - x - half - 6)


def _write_pdf(path: Path, leaf: Leaf, picture: DrawList) -> None:
    from lydigital.publish.image import deflate
    from lydigital.render.painter.direct import Direct

    direct = Direct()
    size = (leaf.viewport.width_px, leaf.viewport.height_px)
    pdf = direct.insert(searchable(_pdf([leaf], [picture], direct)), size, deflate)
    save(path, pdf or searchable(_pdf([leaf], [picture], None)))


def _pdf(leaves: Sequence[Leaf], pictures: Sequence[DrawList], direct: Direct | None) -> bytes:
    """The pages as Qt writes them, but for what ``direct`` takes over."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
    from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

    from lydigital.render.painter import vector

    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(leaves[0].title)
    writer.setCreator("lydigital")
    writer.setResolution(_PDF_DPI)
    size = QPageSize(QSizeF(leaves[0].page.width, leaves[0].page.height), QPageSize.Unit.Millimeter)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    painter = QPainter(writer)
    painter.scale(_PDF_DPI / MM_PER_INCH, _PDF_DPI / MM_PER_INCH)
    for number, (leaf, picture) in enumerate(zip(leaves, pictures, strict=True)):
        if number:
            writer.newPage()
        painter.save()
        painter.translate(leaf.inner.x, leaf.inner.y)
        painter.scale(MM_PER_INCH / leaf.dpi, MM_PER_INCH / leaf.dpi)
        vector.paint(picture, painter, leaf.fonts, solid_halos=True, direct=direct)
        painter.restore()
        leaf.furnish(Paper(painter, leaf.fonts))
    painter.end()
    buffer.close()
    return bytes(octets.data())


def searchable(pdf: bytes) -> bytes:
    """Correct the characters behind the glyphs of a PDF made by Qt.

    Qt names a glyph by the first code point it finds, which for 白 or 山 is a radical of the same shape and for
    a blank a tabulator, so that a search for the place finds nothing. Its tables are plain text; the correction keeps their length.
    """
    from lydigital.render.painter.fonts import radicals

    common = {0x09: 0x20, **radicals()}

    def name(code: re.Match[bytes]) -> bytes:
        number = int(code[1], 16)
        return b"<%04X>" % common.get(number, number)

    def table(found: re.Match[bytes]) -> bytes:
        return re.sub(
            rb"(?<=\[)[^\]]*|(?<=> )<[0-9A-F]{4}>(?=\n)",
            lambda part: re.sub(rb"<([0-9A-F]{4})>", name, part[0]), found[0],
        )

    return re.sub(rb"beginbfrange.*?endbfrange", table, pdf, flags=re.DOTALL)


def _write_png(path: Path, leaf: Leaf, picture: DrawList) -> None:
    """Pixels of the map through the engine that draws the screen; Qt adds what stands around it."""
    import numpy as np
    from PySide6.QtGui import QImage, QPainter

    from lydigital.publish.image import encode_png
    from lydigital.render import raster

    per_mm = leaf.dpi / MM_PER_INCH
    width, height = round(leaf.page.width * per_mm), round(leaf.page.height * per_mm)
    pixels = np.full((height, width, 4), 255, np.uint8)
    frame = raster.draw(picture, bgra=True, fonts=leaf.fonts).pixels
    left, top = round(leaf.inner.x * per_mm), round(leaf.inner.y * per_mm)
    pixels[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.scale(per_mm, per_mm)
    leaf.furnish(Paper(painter, leaf.fonts))
    painter.end()
    save(path, encode_png(pixels[:, :, 2::-1], leaf.dpi))


def save(path: Path, octets: bytes) -> None:
    """Write beside and rename, so that no half sheet is left behind."""
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(octets)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check folder, permission and free space, or choose another place.",
            path=str(path), reason=str(error),
        ) from error
