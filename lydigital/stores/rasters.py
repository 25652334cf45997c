"""Grids from raster files through rasterio, read-only."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.grid import Grid
from lydigital.stores import store

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

MAX_CELLS = 100_000_000  # 400 MB
_SMALLEST_OVERVIEW = 256  # cells a side


def read_grid(path: Path, target: Crs | None = None, *, max_cells: int = MAX_CELLS) -> Grid:
    """Read the first band of a raster whole, with averaged overviews.

    Parameters
    ----------
    target
        System the grid shall be in: it is resampled bilinearly where the file's own differs.
    max_cells
        Rasters with more cells are refused.

    Raises
    ------
    StoreUnavailableError
        When the file is missing or may not be read.
    BadDataError
        When it is no raster, too large, rotated, or names no coordinate system.
    """
    import rasterio
    from rasterio.warp import Resampling

    store.check_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        try:
            with rasterio.open(path) as source:
                _check(source, path, max_cells)
                crs = _crs(source)
                if target is None or target.proj == crs.proj:
                    move, values = (
                        source.transform,
                        source.read(1, out_dtype=np.float32, masked=True).filled(np.nan),
                    )
                else:
                    from rasterio.vrt import WarpedVRT

                    with WarpedVRT(
                        source,
                        crs=target.proj.to_wkt(),
                        resampling=Resampling.bilinear,
                        nodata=_nodata(source),
                    ) as moved:
                        _check(moved, path, max_cells)
                        move, values = (
                            moved.transform,
                            moved.read(1, out_dtype=np.float32, masked=True).filled(np.nan),
                        )
                    crs = target
        except (rasterio.errors.RasterioError, MemoryError) as error:
            raise BadDataError(
                "{path} cannot be read as a raster: {reason}",
                hint="Check that the copy is complete, or export it again.",
                path=str(path),
                reason=str(error)[:300],
            ) from error
    values = np.ascontiguousarray(values, np.float32)
    values[~np.isfinite(values)] = np.nan
    return with_overviews(Grid(values, (float(move.c), float(move.f)), (float(move.a), float(-move.e)), crs))


def with_overviews(grid: Grid) -> Grid:
    """The same grid with overviews of half, quarter, ... resolution, each cell the mean of its four with a value."""
    made: list[Grid] = []
    values, cell = grid.values, grid.cell
    while max(values.shape) > _SMALLEST_OVERVIEW:
        values, cell = _halved(values), (cell[0] * 2, cell[1] * 2)
        made.append(Grid(values, grid.origin, cell, grid.crs))
    return Grid(grid.values, grid.origin, grid.cell, grid.crs, tuple(made))


def identity(path: Path) -> str:
    return f"raster|{path.absolute()}|{store.stamp(path, path.with_name(path.name + '.aux.xml'))}"


def _halved(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = values.shape
    even = np.full((rows + rows % 2, columns + columns % 2), np.nan, np.float32)
    even[:rows, :columns] = values
    four = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2)
    known = ~np.isnan(four)
    count = known.sum(axis=(1, 3), dtype=np.float32)
    total = np.where(known, four, np.float32(0)).sum(axis=(1, 3), dtype=np.float32)
    return np.where(count > 0, total / np.maximum(count, 1), np.float32(np.nan)).astype(np.float32)


def _check(source: Any, path: Path, max_cells: int) -> None:
    if source.width * source.height > max_cells:
        raise BadDataError(
            "{path} has {width} × {height} cells, more than the {limit} million this version can hold",
            hint="Cut out the part you need, or store it at a coarser resolution.",
            path=str(path),
            width=source.width,
            height=source.height,
            limit=max_cells // 1_000_000,
        )
    if source.transform.b or source.transform.d or source.transform.a <= 0 or source.transform.e >= 0:
        raise BadDataError(
            "{path} is not a north-up grid",
            hint="Resample it to a north-up grid (gdalwarp does).",
            path=str(path),
        )
    if source.crs is None:
        raise BadDataError(
            "{path} names no coordinate system",
            hint="Assign one, such as EPSG:4546 (gdal_edit -a_srs does).",
            path=str(path),
        )


def _crs(source: Any) -> Crs:
    code = source.crs.to_epsg()
    return Crs(f"EPSG:{code}" if code else source.crs.to_wkt())


def _nodata(source: Any) -> float:
    """What marks cells outside the source after warping."""
    if source.nodata is not None:
        return float(source.nodata)
    return (
        float("nan")
        if np.issubdtype(np.dtype(source.dtypes[0]), np.floating)
        else float(np.iinfo(source.dtypes[0]).min)
    )
