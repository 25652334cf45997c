"""The look of a raster's cells: ramp and hillshade, colours of bands, palette."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.kernels import grid as kernels
from lydigital.model.crs import transformation
from lydigital.model.style import RasterSymbolizer, parse_color

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.grid import Range, Raster

    Floats = NDArray[np.float64]

_RAMPS = {"linear": kernels.LINEAR, "classes": kernels.CLASSES, "codes": kernels.CODES}
_SIDES_DEG = (0.0, -90.0, -45.0, 45.0)  # of the multidirectional light around its azimuth; Mark's are 225 to 360
_NOTHING = RasterSymbolizer(contour_labels=False)


@dataclass(frozen=True)
class Look:
    """How cells become pixels; equal looks share their pixels. ``turn_deg`` is where map north lies in the raster."""

    symbolizer: RasterSymbolizer
    bgra: bool
    turn_deg: float = 0.0
    _hash: int = field(default=0, compare=False)

    @classmethod
    def of(cls, symbolizer: RasterSymbolizer, bgra: bool, turn_deg: float = 0.0) -> Look:
        """The look without what does not change pixels: opacity and contours."""
        plain = msgspec.structs.replace(
            symbolizer, opacity=1.0, contour_interval_m=0.0, contour_color=_NOTHING.contour_color, contour_labels=False,
            contour_width_mm=_NOTHING.contour_width_mm,
        )  # fmt: skip
        return cls(plain, bgra, turn_deg, hash((plain, bgra, turn_deg)))

    def __hash__(self) -> int:
        return self._hash

    def is_smooth(self, raster: Raster) -> bool:
        """Whether colours between cells mean anything."""
        s = self.symbolizer
        return s.steps != "codes" if s.ramp else not (raster.kind == "palette" and not s.bands and s.show != "terrain")

    def is_solid(self, raster: Raster) -> bool:
        """Whether every cell is opaque or nothing."""
        if self.symbolizer.ramp:
            return bool(np.isin(_ramp(self.symbolizer, self.bgra)[1][:, 3], (0.0, 255.0)).all())
        return self.symbolizer.show == "terrain" or (self.symbolizer.show == "auto" and raster.kind == "terrain")

    def draw(self, raster: Raster, level: int, rows: Range, columns: Range, out: NDArray[np.uint32]) -> None:
        """Pixels of some cells of a level into ``out``, premultiplied."""
        s = self.symbolizer
        if s.ramp or s.show == "terrain" or (s.show == "auto" and raster.kind == "terrain"):
            self._terrain(raster, level, rows, columns, out)
            return
        straight = raster.read_colors(level, rows, columns, s.bands, s.stretch or ())
        out[:] = premultiplied(straight, self.bgra)

    def _terrain(self, raster: Raster, level: int, rows: Range, columns: Range, out: NDArray[np.uint32]) -> None:
        s = self.symbolizer
        size = raster.levels[level]
        shaded = s.shade if s.show != "image" else 0.0
        reach = 1 if shaded > 0.0 else 0
        row0, column0 = max(0, rows[0] - reach), max(0, columns[0] - reach)
        around = (row0, min(size.rows, rows[1] + reach)), (column0, min(size.columns, columns[1] + reach))
        values = np.ascontiguousarray(raster.read(level, *around, s.bands[0] if s.bands else 1), np.float32)
        x_m, y_m = ground_m(raster, level, rows)
        stops, colors = _ramp(s, self.bgra)
        kernels.shade(
            values, rows[0] - row0, columns[0] - column0, out, x_m / s.z_factor, y_m / s.z_factor, stops, colors,
            _RAMPS[s.steps], _lights(s, self.turn_deg), shaded,
        )  # fmt: skip


def premultiplied(straight: NDArray[np.uint8], bgra: bool) -> NDArray[np.uint32]:
    """Pixels ``(rows, columns) uint32`` of straight red, green, blue, alpha ``(rows, columns, 4) uint8``."""
    alpha = straight[..., 3]
    if alpha.min(initial=255) < 255:
        wide = straight[..., :3].astype(np.uint16) * alpha[..., None].astype(np.uint16)
        straight = straight.copy()
        straight[..., :3] = (wide + 127) // 255
    if bgra:
        straight = straight[..., [2, 1, 0, 3]]
    return np.ascontiguousarray(straight).view(np.uint32)[..., 0]


@lru_cache(64)
def _ramp(s: RasterSymbolizer, bgra: bool) -> tuple[Floats, Floats]:
    colors = np.array([parse_color(text) for _, text in s.ramp], np.float64).reshape(-1, 4)
    if bgra:
        colors = np.ascontiguousarray(colors[:, [2, 1, 0, 3]])
    return np.array([value for value, _ in s.ramp], np.float64), colors


@lru_cache(64)
def _lights(s: RasterSymbolizer, turn_deg: float) -> Floats:
    """Unit vectors to the lights, and sine and cosine of their azimuths, ``(l, 5)``; the main one first."""
    up = math.radians(s.altitude_deg)
    out = []
    for side in _SIDES_DEG if s.multidirectional else (0.0,):
        a = math.radians(s.azimuth_deg + turn_deg + side)
        out.append((math.sin(a) * math.cos(up), math.cos(a) * math.cos(up), math.sin(up), math.sin(a), math.cos(a)))
    return np.array(out)


def ground_m(raster: Raster, level: int, rows: Range) -> tuple[Floats, Floats]:
    """Width and height of the cells of some rows on the ground, metres, ``(rows,)`` each; taken in the middle column."""
    size = raster.levels[level]
    y: Floats = raster.origin[1] - (np.arange(rows[0], rows[1]) + 0.5) * np.float64(size.cell[1])
    return _ground(raster.crs, raster.origin[0] + size.columns * size.cell[0] / 2, y, size.cell)


def _ground(crs: Crs, x: float, y: Floats, cell: tuple[float, float]) -> tuple[Floats, Floats]:
    unit = crs.metres_per_unit
    if crs.is_metric:  # a thousandth is no matter for light and shade, and PROJ takes its time to wake
        return np.full(len(y), cell[0]), np.full(len(y), cell[1])
    if crs.is_geographic:  # radii of curvature of the ellipsoid: Snyder 1987, eq. 4-18 to 4-21
        ellipsoid = crs.proj.ellipsoid
        assert ellipsoid is not None
        a = ellipsoid.semi_major_metre
        e2 = 1.0 - (ellipsoid.semi_minor_metre / a) ** 2
        phi = np.radians(np.clip(y, -89.99, 89.99))
        w = 1.0 - e2 * np.sin(phi) ** 2
        degree = math.pi / 180.0 * unit / 111319.49079327358
        return cell[0] * degree * a / np.sqrt(w) * np.cos(phi), cell[1] * degree * a * (1.0 - e2) / w**1.5
    import pyproj

    ends = y[[0, -1]]
    wide, high = np.array([cell[0] * unit] * 2), np.array([cell[1] * unit] * 2)
    geodetic = crs.proj.geodetic_crs
    if geodetic is not None and not crs.proj.is_engineering:
        to = pyproj.Transformer.from_crs(crs.proj, geodetic, always_xy=True)
        geod = crs.proj.get_geod()
        assert geod is not None
        for i, at in enumerate(ends):  # a cell across and a cell down
            lon, lat = to.transform([x - cell[0] / 2, x + cell[0] / 2, x, x], [at, at, at - cell[1] / 2, at + cell[1] / 2])
            if np.all(np.isfinite([*lon, *lat])):
                wide[i] = geod.inv(lon[0], lat[0], lon[1], lat[1])[2]
                high[i] = geod.inv(lon[2], lat[2], lon[3], lat[3])[2]
    t = (y - y[0]) / (y[-1] - y[0]) if len(y) > 1 else np.zeros(len(y))
    return wide[0] + t * (wide[1] - wide[0]), high[0] + t * (high[1] - high[0])


@lru_cache(256)
def north_deg(source: Crs, target: Crs, place: tuple[float, float]) -> float:
    """How far the target's north is turned clockwise in the source system at a place, whole degrees."""
    there, back = transformation(source, target), transformation(target, source)
    x, y = there.point(*place)
    step = 1000.0 / target.metres_per_unit
    x0, y0 = back.point(x, y)
    x1, y1 = back.point(x, y + step)
    east, north = x1 - x0, y1 - y0
    if source.is_geographic:
        east *= math.cos(math.radians(y0))
    angle = math.degrees(math.atan2(east, north))
    return float(round(angle)) if math.isfinite(angle) else 0.0
