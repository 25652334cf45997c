"""Rasters: bands of values on a regular grid, in memory or read in parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.crs import Crs

RasterKind = Literal["terrain", "image", "palette"]
Range = tuple[int, int]  # first and before last


class Level(NamedTuple):
    """One resolution of a raster: its size in cells and their width and height in map units."""

    rows: int
    columns: int
    cell: tuple[float, float]


class Raster(Protocol):
    """A north-up raster of any size; every level begins at ``origin``, the finest comes first.

    Reading is safe from several threads. What cannot be read has no value, and the store says so in its issues: a
    picture is drawn all the same.
    """

    @property
    def origin(self) -> tuple[float, float]:
        """x, y of the outer corner of the north-west cell, map units."""

    @property
    def crs(self) -> Crs: ...

    @property
    def kind(self) -> RasterKind:
        """How it is drawn unless the style says otherwise."""

    @property
    def levels(self) -> tuple[Level, ...]: ...

    def read(self, level: int, rows: Range, columns: Range, band: int = 1) -> NDArray[np.float32]:
        """Cells of one band ``(rows, columns) float32``; NaN where there is no value."""

    def read_colors(
        self,
        level: int,
        rows: Range,
        columns: Range,
        bands: tuple[int, ...] = (),
        stretch: tuple[float, ...] = (),
    ) -> NDArray[np.uint8]:
        """Cells as straight red, green, blue, alpha ``(rows, columns, 4) uint8``.

        Parameters
        ----------
        bands
            One or three, from 1, instead of those the file itself means.
        stretch
            The two values shown black and white, instead of 0 and 255 for bytes and :meth:`span` for others.
        """

    def span(self, band: int = 1) -> tuple[float, float]:
        """The 2nd and 98th percentile of a band's values, at the coarsest level."""


@dataclass(frozen=True, eq=False)
class Grid:
    """One band in memory.

    Attributes
    ----------
    values
        ``(rows, columns) float32``; NaN where there is no value. Row 0 is the northernmost.
    origin
        x, y of the outer corner of the north-west cell, map units.
    cell
        Cell width and height in map units, both positive.
    overviews
        The same area at half, quarter, ... resolution (averages), coarser last.
    """

    values: NDArray[np.float32]
    origin: tuple[float, float]
    cell: tuple[float, float]
    crs: Crs
    overviews: tuple[Grid, ...] = field(default=())
    kind: RasterKind = "terrain"

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        rows, columns = self.values.shape
        x0, y1 = self.origin
        return (x0, y1 - rows * self.cell[1], x0 + columns * self.cell[0], y1)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        return tuple(Level(g.values.shape[0], g.values.shape[1], g.cell) for g in (self, *self.overviews))

    def read(self, level: int, rows: Range, columns: Range, band: int = 1) -> NDArray[np.float32]:  # noqa: ARG002 - there is one
        values = self.values if level == 0 else self.overviews[level - 1].values
        return values[rows[0] : rows[1], columns[0] : columns[1]]

    def read_colors(
        self,
        level: int,
        rows: Range,
        columns: Range,
        bands: tuple[int, ...] = (),  # noqa: ARG002 - there is one
        stretch: tuple[float, ...] = (),
    ) -> NDArray[np.uint8]:
        values = self.read(level, rows, columns)
        return grey(values[None], ~np.isnan(values), [stretch or self.span()])

    def span(self, band: int = 1) -> tuple[float, float]:  # noqa: ARG002 - there is one
        return span_of((self, *self.overviews)[-1].values)


def grey(
    bands: NDArray[np.generic], known: NDArray[np.bool_], spans: list[tuple[float, ...]]
) -> NDArray[np.uint8]:
    """One or three bands ``(b, rows, columns)``, each stretched from its span to 0-255, as ``(rows, columns, 4) uint8``."""
    out = np.empty((*known.shape, 4), np.uint8)
    for channel in range(3):
        index = min(channel, len(bands) - 1)
        low, high = spans[min(index, len(spans) - 1)][:2]
        if bands.dtype == np.uint8 and (low, high) == (0.0, 255.0):
            out[..., channel] = bands[index]
            continue
        part = (bands[index].astype(np.float32) - low) * (255.0 / max(high - low, 1e-12))
        out[..., channel] = np.clip(np.nan_to_num(part), 0, 255).astype(np.uint8)
    out[..., 3] = np.where(known, 255, 0)
    return out


def span_of(values: NDArray[np.float32]) -> tuple[float, float]:
    """The 2nd and 98th percentile of what is known; 0 and 1 where nothing is."""
    known = values[np.isfinite(values)]
    if not known.size:
        return (0.0, 1.0)
    low, high = np.percentile(known, (2.0, 98.0))
    return (float(low), float(high) if high > low else float(low) + 1.0)
