"""Raster files through rasterio, read-only: in parts at the resolution asked for, or whole into memory.

A file with overviews, however large, is never read further than a picture needs. A smaller one without them is read
whole once, so that its overviews can be made (and kept in the cache).
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.grid import Grid, Level, grey, span_of
from lydigital.model.issue import Issue
from lydigital.stores import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lydigital.model.grid import Range, RasterKind

SMALL_CELLS = 8_000_000  # read whole anyway: 32 MB
MAX_CELLS = 40_000_000  # without overviews and yet read whole: 160 MB
_SMALLEST_OVERVIEW = 256  # cells a side
_BLOCKS_BYTES = 64 << 20  # what GDAL keeps of decompressed blocks, all files together
_MEAN = 8  # reductions up to this many times take the mean of all cells, beyond one cell of many
_KEPT_OPEN = 2  # handles a level, for threads that read at the same time


def open_raster(
    path: Path, *, crs: str = "", keep: Callable[[RasterFile], Grid] | None = None
) -> Grid | RasterFile:
    """A raster ready to be drawn; ``crs`` is the user's word on its system.

    ``keep`` reads a file whole, by default :func:`read_grid`; it is asked for single bands that are small or have no
    overviews.

    Raises
    ------
    StoreUnavailableError
        When the file is missing or may not be read.
    BadDataError
        When it is no raster, turned, or has no place on the map.
    """
    file = RasterFile(path, crs=crs)
    is_small = file.cells <= SMALL_CELLS and max(file.levels[0][:2]) > _SMALLEST_OVERVIEW and not file.issues
    if file.kind != "terrain" or not (
        is_small or (not file.has_overviews and _SMALLEST_OVERVIEW**2 < file.cells <= MAX_CELLS)
    ):
        return file
    with contextlib.closing(file):
        return (read_grid if keep is None else keep)(file)


def read_grid(file: RasterFile) -> Grid:
    """The first band whole, with averaged overviews.

    Raises
    ------
    BadDataError
        When a part of it cannot be read.
    """
    level = file.levels[0]
    values = file.read(0, (0, level.rows), (0, level.columns), strict=True)
    return with_overviews(Grid(values, file.origin, level.cell, file.crs))


def with_overviews(grid: Grid) -> Grid:
    """The same grid with overviews of half, quarter, ... resolution, each cell the mean of its four with a value."""
    from lydigital.kernels import grid as kernels

    made: list[Grid] = []
    values, cell = grid.values, grid.cell
    while max(values.shape) > _SMALLEST_OVERVIEW:
        values, cell = kernels.halve(np.ascontiguousarray(values)), (cell[0] * 2, cell[1] * 2)
        made.append(Grid(values, grid.origin, cell, grid.crs))
    return Grid(grid.values, grid.origin, grid.cell, grid.crs, tuple(made))


def identity(path: Path) -> str:
    """Text that changes whenever a read could give something else."""
    beside = (path.with_name(path.name + end) for end in (".aux.xml", ".ovr", ".msk"))
    return f"raster|{path.absolute()}|{store.stamp(path, *beside)}"


class RasterFile:
    """A raster that stays on disk. Implements :class:`~lydigital.model.grid.Raster`.

    Levels are the file's own overviews and, beyond the coarsest, further halves of it read on demand.
    """

    def __init__(self, path: Path, *, crs: str = "") -> None:
        store.check_file(path)
        _bound_blocks()
        self.path = path
        self._lock = threading.Lock()
        self._free: dict[int, list[Any]] = {}
        self._spans: dict[int, tuple[float, float]] = {}
        self._broken = 0
        self._closed = False
        with self._translated():
            source = self._open(0)
        self._check(source)
        bounds = tuple(map(float, source.bounds))
        self.bounds = (bounds[0], bounds[1], bounds[2], bounds[3])
        self._crs_missing = not crs and source.crs is None
        self.crs = Crs(crs) if crs else _crs(source, self.bounds)
        self.bands = int(source.count)
        self.origin = (float(source.transform.c), float(source.transform.f))
        self._palette = _palette(source)
        self._own_bands = _own_bands(source)
        self.kind: RasterKind = "terrain"
        if self._palette is not None:
            self.kind = "palette"
        elif len(self._own_bands) > 1 or np.issubdtype(np.dtype(source.dtypes[0]), np.unsignedinteger):
            self.kind = "image"
        own = source.overviews(1)
        self.has_overviews = bool(own)
        self.cells = source.width * source.height
        self._give_back(0, source)
        self.levels, self._reads = self._measure(len(own))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for handles in self._free.values():
                for handle in handles:
                    handle.close()
            self._free.clear()

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is wrong with the file, as far as is known."""
        found = []
        if self._crs_missing:
            found.append(store.missing_crs(self.path.stem, self.crs.definition))
        if not self.has_overviews and self.cells > MAX_CELLS:
            found.append(Issue(
                "raster.overviews", "warning",
                "The raster has {count} million cells and no overviews; small scales are slow and show one cell of many",
                "Make them once: gdaladdo -r average {file} (or convert it with gdal_translate -of COG).",
                self.path.stem, values={"count": str(self.cells // 1_000_000), "file": self.path.name},
            ))  # fmt: skip
        if self._broken:
            found.append(Issue(
                "raster.broken", "error", "Parts of {file} cannot be read and are left empty",
                "Check that the copy is complete, or export it again.", self.path.stem, count=self._broken,
                values={"file": self.path.name},
            ))  # fmt: skip
        return tuple(found)

    def read(
        self, level: int, rows: Range, columns: Range, band: int = 1, *, strict: bool = False
    ) -> NDArray[np.float32]:
        """Cells of one band ``(rows, columns) float32``; NaN where there is no value.

        Raises
        ------
        BadDataError
            When they cannot be read and ``strict`` is set; otherwise they have no value.
        """
        made = self._read(level, rows, columns, (band,), strict=strict)
        if made is None:
            return np.full((rows[1] - rows[0], columns[1] - columns[0]), np.nan, np.float32)
        (cells,), known = made
        values: NDArray[np.float32] = cells.astype(np.float32)
        values[~known] = np.nan
        if np.issubdtype(cells.dtype, np.floating):
            values[~np.isfinite(values)] = np.nan
        return values

    def read_colors(
        self,
        level: int,
        rows: Range,
        columns: Range,
        bands: tuple[int, ...] = (),
        stretch: tuple[float, ...] = (),
    ) -> NDArray[np.uint8]:
        """Cells as straight red, green, blue, alpha ``(rows, columns, 4) uint8``."""
        use = tuple(b for b in bands if 1 <= b <= self.bands) or self._own_bands
        made = self._read(level, rows, columns, use, alpha=True)
        if made is None:
            return np.zeros((rows[1] - rows[0], columns[1] - columns[0], 4), np.uint8)
        cells, alpha = made
        if self._palette is not None and not bands:
            shown: NDArray[np.uint8] = self._palette[np.clip(cells[0], 0, len(self._palette) - 1)]
            shown[..., 3] = np.minimum(shown[..., 3], alpha)
            return shown
        spans: list[tuple[float, ...]] = (
            [tuple(stretch)] if stretch else [self._shown(b, cells.dtype) for b in use]
        )
        out = grey(cells, alpha > 0, spans)
        out[..., 3] = alpha
        return out

    def span(self, band: int = 1) -> tuple[float, float]:
        """The 2nd and 98th percentile of a band's values, at the coarsest level."""
        if band not in self._spans:
            last = len(self.levels) - 1
            level = self.levels[last]
            self._spans[band] = span_of(self.read(last, (0, level.rows), (0, level.columns), band))
        return self._spans[band]

    # --- inside ---

    def _shown(self, band: int, dtype: np.dtype[Any]) -> tuple[float, float]:
        return (0.0, 255.0) if dtype == np.uint8 else self.span(band)

    def _measure(self, overviews: int) -> tuple[tuple[Level, ...], tuple[tuple[int, int], ...]]:
        """All levels, and for each the overview that it is read from (-1 is the file itself) and by how much reduced."""
        x0, y0, x1, y1 = self.bounds
        levels, reads = [], []
        for own in range(overviews + 1):
            with self._translated(), self._handle(own) as source:
                size = (int(source.height), int(source.width))
            levels.append(Level(*size, ((x1 - x0) / size[1], (y1 - y0) / size[0])))
            reads.append((own, 1))
        base, factor = levels[-1], 1
        while max(levels[-1].rows, levels[-1].columns) > _SMALLEST_OVERVIEW:
            factor *= 2
            cell = (base.cell[0] * factor, base.cell[1] * factor)
            levels.append(Level(max(1, base.rows // factor), max(1, base.columns // factor), cell))
            reads.append((overviews, factor))
        return tuple(levels), tuple(reads)

    def _read(
        self,
        level: int,
        rows: Range,
        columns: Range,
        bands: tuple[int, ...],
        *,
        alpha: bool = False,
        strict: bool = False,
    ) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """Cells ``(bands, rows, columns)`` and which of them are known (or their alpha); None where that failed."""
        from rasterio.enums import MaskFlags, Resampling
        from rasterio.windows import Window

        own, factor = self._reads[level]
        shape = (rows[1] - rows[0], columns[1] - columns[0])
        try:
            with self._translated(), self._handle(own) as source:
                x, y = columns[0] * factor, rows[0] * factor
                window = Window(
                    x, y, min(shape[1] * factor, source.width - x), min(shape[0] * factor, source.height - y)
                )
                how = (
                    Resampling.average
                    if 1 < factor <= _MEAN and self._palette is None
                    else Resampling.nearest
                )
                cells = source.read(
                    list(bands), window=window, out_shape=(len(bands), *shape), resampling=how
                )
                flags = source.mask_flag_enums[bands[0] - 1]
                known: NDArray[Any]
                if alpha:
                    known = source.dataset_mask(window=window, out_shape=shape, resampling=how)
                elif MaskFlags.per_dataset in flags:
                    known = source.read_masks(bands[0], window=window, out_shape=shape) > 0
                elif source.nodata is not None:
                    known = cells[0] != np.array(source.nodata).astype(cells.dtype)
                else:
                    known = np.ones(shape, np.bool_)
                scale, offset = source.scales[bands[0] - 1], source.offsets[bands[0] - 1]
                if (scale, offset) != (1.0, 0.0) and not alpha:
                    cells = cells * np.float64(scale) + np.float64(offset)
        except BadDataError:
            if strict:
                raise
            self._broken += 1
            return None
        return cells, known

    @contextlib.contextmanager
    def _handle(self, own: int) -> Iterator[Any]:
        with self._lock:
            free = self._free.get(own)
            handle = free.pop() if free else None
        if handle is None:
            handle = self._open(own)
        try:
            yield handle
        finally:
            self._give_back(own, handle)

    def _give_back(self, own: int, handle: Any) -> None:
        with self._lock:
            free = self._free.setdefault(own, [])
            if len(free) < _KEPT_OPEN and not self._closed:
                free.append(handle)
                return
        handle.close()

    def _open(self, own: int) -> Any:
        import rasterio

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            options = {"OVERVIEW_LEVEL": own - 1} if own else {}
            return rasterio.open(self.path, **options)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Faults of rasterio as our own."""
        import rasterio

        try:
            yield
        except (rasterio.errors.RasterioError, rasterio.errors.RasterioIOError, MemoryError) as error:
            raise BadDataError(
                "{path} cannot be read as a raster: {reason}",
                hint="Check that the copy is complete, or export it again.",
                path=str(self.path), reason=str(error)[:300],
            ) from error  # fmt: skip

    def _check(self, source: Any) -> None:
        t = source.transform
        if t.b or t.d or t.a <= 0 or t.e >= 0:
            placed = source.crs is not None or (t.b, t.d, t.a, t.e) != (0.0, 0.0, 1.0, 1.0)
            source.close()
            if not placed:
                raise BadDataError(
                    "{path} has no place on the map: neither position nor coordinate system",
                    hint="Give it a world file or georeference it first.", path=str(self.path),
                )  # fmt: skip
            raise BadDataError(
                "{path} is not a north-up grid",
                hint="Resample it to a north-up grid (gdalwarp does).", path=str(self.path),
            )  # fmt: skip


@cache
def _bound_blocks() -> None:
    """Hold GDAL to a few megabytes; by itself it takes a twentieth of the machine."""
    from rasterio.env import set_gdal_config

    set_gdal_config("GDAL_CACHEMAX", _BLOCKS_BYTES)


def _palette(source: Any) -> NDArray[np.uint8] | None:
    from rasterio.enums import ColorInterp

    if source.count != 1 or source.colorinterp[0] != ColorInterp.palette:
        return None
    colors = source.colormap(1)
    out = np.zeros((max(colors) + 1, 4), np.uint8)
    for code, color in colors.items():
        out[code] = color
    return out


def _own_bands(source: Any) -> tuple[int, ...]:
    """The bands a file shows: red, green, blue if it names them, else its first three, else one."""
    from rasterio.enums import ColorInterp

    named = list(source.colorinterp)
    rgb = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(c in named for c in rgb):
        return tuple(named.index(c) + 1 for c in rgb)
    shown = [i + 1 for i, c in enumerate(named) if c != ColorInterp.alpha]
    return tuple(shown[:3]) if len(shown) >= 3 else tuple(shown[:1]) or (1,)


def _crs(source: Any, bounds: tuple[float, float, float, float]) -> Crs:
    if source.crs is None:
        return Crs(store.guess_crs(bounds))
    code = source.crs.to_epsg()
    return Crs(f"EPSG:{code}" if code else source.crs.to_wkt())
