"""Pages as pictures: PNG, JPEG, TIFF and GeoTIFF, made and written strip by strip, so that A0 at 600 dpi needs little memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import StoreUnavailableError, UsageError
from lydigital.publish import arrange
from lydigital.publish.furniture import Paper
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affine import Affine
    from numpy.typing import NDArray

    from lydigital.publish.arrange import Arranged, ArrangedPage, PlacedMap
    from lydigital.render.painter.fonts import QtFonts

KINDS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_WORLD = {".png": ".pgw", ".jpg": ".jgw", ".jpeg": ".jgw", ".tif": ".tfw", ".tiff": ".tfw"}
_WHOLE_PX = 24_000_000  # pictures up to this size are made at once
_STRIP_PX = 6_000_000
_MOST_JPEG = 65_500
_QUALITY = 92


def write(path: Path, sheets: Sequence[Arranged], dpi: float | None = None) -> list[Path]:
    """Every page as a picture, numbered where there are several; a TIFF knows where it lies, others have a world file beside them.

    Raises
    ------
    UsageError
        When a JPEG would be larger than the format allows.
    StoreUnavailableError
        When a file cannot be written; nothing half-written is left behind.
    """
    made = [(sheet, page) for sheet in sheets for page in sheet.pages]
    out = []
    for number, (sheet, page) in enumerate(made, 1):
        own = path if len(made) == 1 else path.with_name(f"{path.stem}-{number:03d}{path.suffix}")
        _write(own, page, sheet.fonts, dpi or sheet.layout.dpi)
        out.append(own)
    return out


def size_of(page: ArrangedPage, dpi: float) -> tuple[int, int]:
    """Width and height of a page in pixels."""
    per_mm = dpi / MM_PER_INCH
    return round(page.width * per_mm), round(page.height * per_mm)


def pixels(page: ArrangedPage, fonts: QtFonts, dpi: float) -> NDArray[np.uint8]:
    """A page as ``(height, width, 3) uint8`` RGB."""
    return np.concatenate(list(strips(page, fonts, dpi)))


def strips(page: ArrangedPage, fonts: QtFonts, dpi: float) -> Iterator[NDArray[np.uint8]]:
    """A page from top to bottom in strips ``(rows, width, 3) uint8``: maps through the engine that draws the screen, Qt adds the rest."""
    width, height = size_of(page, dpi)
    rows = height if width * height <= _WHOLE_PX else max(64, _STRIP_PX // width)
    for top in range(0, height, rows):
        yield _strip(page, fonts, dpi, (top, min(top + rows, height)))


def _strip(page: ArrangedPage, fonts: QtFonts, dpi: float, rows: tuple[int, int]) -> NDArray[np.uint8]:
    from PySide6.QtGui import QImage, QPainter

    from lydigital.render import raster

    per_mm = dpi / MM_PER_INCH
    width, height = size_of(page, dpi)[0], rows[1] - rows[0]
    octets = np.full((height, width, 4), 255, np.uint8)
    image = QImage(octets.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    hints = QPainter.RenderHint
    try:
        painter.setRenderHints(hints.Antialiasing | hints.TextAntialiasing | hints.SmoothPixmapTransform)
        painter.translate(0, -rows[0])
        painter.scale(per_mm, per_mm)
        paper = Paper(painter, fonts)
        for placed in page.placed:
            if placed.map is not None:
                left, top = round(placed.box.x * per_mm), round(placed.box.y * per_mm)
                high = round(placed.box.height * per_mm)
                first, end = max(0, rows[0] - top), min(high, rows[1] - top)
                if first < end:
                    part = None if (first, end) == (0, high) else (first, end)
                    frame = raster.draw(arrange.at_dpi(placed.map, dpi, part), bgra=True, fonts=fonts).pixels
                    at = top + first - rows[0]
                    columns = slice(max(0, left), min(width, left + frame.shape[1]))
                    octets[at : at + len(frame), columns] = frame[:, columns.start - left : columns.stop - left]
            for draw in (placed.paint, placed.over):
                if draw is not None:
                    draw(paper)
    finally:
        painter.end()
    return octets[:, :, 2::-1]


def _write(path: Path, page: ArrangedPage, fonts: QtFonts, dpi: float) -> None:
    from lydigital.publish.image import PngStream

    kind = path.suffix.casefold()
    width, height = size_of(page, dpi)
    main = max(page.maps, key=lambda m: m.box.width * m.box.height, default=None)
    with _beside(path) as half:
        if kind == ".png":
            with half.open("wb") as file:
                stream = PngStream(file, width, height, dpi)
                for strip in strips(page, fonts, dpi):
                    stream.add(strip)
        elif kind in (".tif", ".tiff"):
            _tiff(half, page, fonts, dpi, main)
        else:
            if max(width, height) > _MOST_JPEG:
                raise UsageError("A JPEG of {width} × {height} pixels is not possible", hint="Choose PNG or TIFF, or fewer dpi.", width=width, height=height)
            with tempfile.TemporaryDirectory(dir=half.parent) as folder:
                whole = Path(folder) / "page.tif"
                _tiff(whole, page, fonts, dpi, None)
                _jpeg(whole, half, dpi)
    if main is not None:
        _world(path.with_suffix(_WORLD[kind]), main, dpi)


def transform(main: PlacedMap, dpi: float) -> Affine:
    """Pixel corners of the page's picture to map units of its main map."""
    from affine import Affine

    view = main.viewport
    unit = view.units_per_px * arrange.REFERENCE_DPI / dpi
    west, _, _, north = view.bounds
    per_mm = dpi / MM_PER_INCH
    place = Affine(unit, 0, west - round(main.box.x * per_mm) * unit, 0, -unit, north + round(main.box.y * per_mm) * unit)
    return Affine.rotation(main.turn, view.centre) @ place if main.turn else place


def _tiff(path: Path, page: ArrangedPage, fonts: QtFonts, dpi: float, main: PlacedMap | None) -> None:
    """Deflated RGB with its resolution; with a main map a GeoTIFF (OGC 19-008)."""
    import rasterio
    from rasterio.windows import Window

    width, height = size_of(page, dpi)
    where = {}
    if main is not None:
        where = {"crs": main.crs.proj.to_wkt(), "transform": transform(main, dpi)}
    with rasterio.Env(GDAL_CACHEMAX=64), _quiet(), rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=3, dtype="uint8", compress="deflate", predictor=2, zlevel=2, tiled=True,
        photometric="rgb", bigtiff="if_safer", num_threads="all_cpus", **where,
    ) as file:  # fmt: skip
        file.update_tags(TIFFTAG_XRESOLUTION=str(dpi), TIFFTAG_YRESOLUTION=str(dpi), TIFFTAG_RESOLUTIONUNIT="2", TIFFTAG_SOFTWARE="lydigital")
        row = 0
        for strip in strips(page, fonts, dpi):
            file.write(np.moveaxis(strip, 2, 0), window=Window(0, row, width, len(strip)))
            row += len(strip)


def _jpeg(source: Path, target: Path, dpi: float) -> None:
    import rasterio.shutil

    with rasterio.Env(GDAL_CACHEMAX=64, GDAL_PAM_ENABLED="NO"), _quiet():
        rasterio.shutil.copy(source, target, driver="JPEG", quality=_QUALITY)
    with target.open("r+b") as file:  # GDAL writes no density into the JFIF header (ISO/IEC 10918-5)
        head = file.read(18)
        if head[6:11] == b"JFIF\0":
            file.seek(13)
            file.write(b"\x01" + round(dpi).to_bytes(2, "big") * 2)


@contextmanager
def _quiet() -> Iterator[None]:
    """A page without a map lies nowhere, and need not be told that it does not."""
    import warnings

    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def _world(path: Path, main: PlacedMap, dpi: float) -> None:
    place = transform(main, dpi)
    x, y = place @ (0.5, 0.5)
    with _beside(path) as half:
        half.write_text("".join(f"{v:.10f}\n" for v in (place.a, place.d, place.b, place.e, x, y)), encoding="ascii")


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its name once it is whole."""
    from rasterio.errors import RasterioError

    half = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield half
        half.replace(path)
    except (OSError, RasterioError) as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check folder, permission and free space, or choose another place.",
            path=str(path), reason=str(error),
        ) from error  # fmt: skip
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)
