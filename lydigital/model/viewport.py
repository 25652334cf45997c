"""What part of the world is on the picture, and how large the picture is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lydigital.model.crs import Crs  # noqa: TC001 - part of the public dataclass
from lydigital.units import SCREEN_DPI, metres_per_px, scale_denominator


@dataclass(frozen=True)
class Viewport:
    """A north-up window on the map.

    Attributes
    ----------
    centre
        x, y in map units of ``crs``.
    units_per_px
        Map units a pixel, the same in x and y.
    width_px, height_px
        Size of the picture.
    dpi
        Pixels an inch; line widths and text follow it.
    """

    centre: tuple[float, float]
    units_per_px: float
    width_px: int
    height_px: int
    crs: Crs
    dpi: float = SCREEN_DPI

    @classmethod
    def of_bounds(
        cls,
        bounds: tuple[float, float, float, float],
        width_px: int,
        height_px: int,
        crs: Crs,
        *,
        dpi: float = SCREEN_DPI,
        margin: float = 0.0,
    ) -> Viewport:
        """The largest picture of ``bounds`` that fits, with a relative ``margin`` on each side."""
        x0, y0, x1, y1 = bounds
        grow = 1 + 2 * margin
        scale = max((x1 - x0) * grow / width_px, (y1 - y0) * grow / height_px, 1e-9)
        return cls(((x0 + x1) / 2, (y0 + y1) / 2), scale, width_px, height_px, crs, dpi)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax in map units."""
        w, h = self.width_px * self.units_per_px / 2, self.height_px * self.units_per_px / 2
        return (self.centre[0] - w, self.centre[1] - h, self.centre[0] + w, self.centre[1] + h)

    @property
    def scale(self) -> float:
        """Scale denominator."""
        return scale_denominator(self.units_per_px * self.crs.metres_per_unit, self.dpi)

    def to_px(self, x: float, y: float) -> tuple[float, float]:
        """Map to pixel; pixel (0, 0) is the outer corner at the north-west."""
        x0, _, _, y1 = self.bounds
        return ((x - x0) / self.units_per_px, (y1 - y) / self.units_per_px)

    def to_map(self, px: float, py: float) -> tuple[float, float]:
        x0, _, _, y1 = self.bounds
        return (x0 + px * self.units_per_px, y1 - py * self.units_per_px)

    def panned(self, dx_px: float, dy_px: float) -> Viewport:
        """The view after dragging the map by that many pixels (right, down)."""
        x, y = self.centre
        return replace(self, centre=(x - dx_px * self.units_per_px, y + dy_px * self.units_per_px))

    def zoomed(self, factor: float, px: float | None = None, py: float | None = None) -> Viewport:
        """``factor`` > 1 shows more detail; the map point under pixel (px, py) stays where it is."""
        px = self.width_px / 2 if px is None else px
        py = self.height_px / 2 if py is None else py
        x, y = self.to_map(px, py)
        unit = self.units_per_px / factor
        return replace(
            self,
            units_per_px=unit,
            centre=(x - (px - self.width_px / 2) * unit, y + (py - self.height_px / 2) * unit),
        )

    def at_scale(self, denominator: float) -> Viewport:
        return replace(self, units_per_px=metres_per_px(denominator, self.dpi) / self.crs.metres_per_unit)

    def resized(self, width_px: int, height_px: int) -> Viewport:
        return replace(self, width_px=max(1, width_px), height_px=max(1, height_px))
