"""Coordinate reference systems and transformations between them.

Axis order is always x, y = easting, northing or longitude, latitude, whatever the authority says. A transformation
that PROJ can only guess at ("ballpark") says so: domain of the datum problem of Beijing 1954 and Xian 1980.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import CrsError

if TYPE_CHECKING:
    import pyproj
    from numpy.typing import NDArray

    from lydigital.model.pipeline import Step

PROJECT_DEFAULT = "EPSG:4546"  # CGCS2000 / 3-degree Gauss-Kruger CM 111E
CGCS2000 = "EPSG:4490"
WGS84 = "EPSG:4326"


# Gauss-Kruger systems of CGCS2000, Xian 1980 and Beijing 1954 for Luoyang, UTM 49N: projected, in metres. Known without
# PROJ, whose import (0.15 s) nothing else needs on the way to the first frame.
_METRES = frozenset(
    f"EPSG:{code}"
    for code in (4546, 4547, 4525, 4526, 4508, 4497, 2382, 2383, 2361, 2362, 2344, 2333, 2434, 2435, 2413, 2414, 32649)
)


@dataclass(frozen=True)
class Crs:
    """A coordinate reference system by its definition: ``EPSG:n``, WKT or a PROJ string.

    Raises
    ------
    CrsError
        On first use of a definition PROJ does not know.
    """

    definition: str

    @cached_property
    def proj(self) -> pyproj.CRS:
        return _parse(self.definition)

    @property
    def name(self) -> str:
        return str(self.proj.name)

    @cached_property
    def is_geographic(self) -> bool:
        if self.definition in _METRES:
            return False
        return bool(self.proj.is_geographic)

    @cached_property
    def metres_per_unit(self) -> float:
        """Metres a map unit; for geographic systems a degree of the equator (111,319.49 m on CGCS2000)."""
        if self.definition in _METRES:
            return 1.0
        if self.is_geographic:
            return 111319.49079327358
        return float(self.proj.axis_info[0].unit_conversion_factor)

    @property
    def is_metric(self) -> bool:
        """Whether it is one of the usual projected systems here, whose scale is true to a thousandth."""
        return self.definition in _METRES

    def __str__(self) -> str:
        return self.definition


@cache
def _parse(definition: str) -> pyproj.CRS:
    import pyproj

    try:
        return pyproj.CRS.from_user_input(definition)
    except pyproj.exceptions.CRSError as error:
        raise CrsError(
            "Unknown coordinate reference system {definition}",
            hint="Name it as EPSG:4546 (CGCS2000, central meridian 111°E) or EPSG:4547 (114°E), or give its WKT.",
            definition=definition[:80],
        ) from error


@dataclass(frozen=True)
class Transformation:
    """From one system to another, with what PROJ knows of its accuracy.

    Attributes
    ----------
    accuracy_m
        Metres, or -1 where PROJ does not know.
    is_ballpark
        True when no datum shift is applied although the datums differ.
    """

    source: Crs
    target: Crs

    @cached_property
    def _proj(self) -> pyproj.Transformer:
        return _transformer(self.source.definition, self.target.definition)

    @cached_property
    def is_identity(self) -> bool:
        return self.source.definition == self.target.definition or self.source.proj == self.target.proj

    @property
    def accuracy_m(self) -> float:
        return 0.0 if self.is_identity else float(self._proj.accuracy)

    @property
    def is_ballpark(self) -> bool:
        return not self.is_identity and (self._proj.accuracy < 0 or "allpark" in self._proj.description)

    def points(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transform ``(n, 2) float64`` x, y; unreachable points become inf."""
        if self.is_identity:
            return xy
        from lydigital.kernels import spread

        out = np.empty((len(xy), 2))
        if self._steps is None or not _project(self._steps, np.ascontiguousarray(xy, np.float64), out):
            spread.over(len(xy), lambda first, last: self._through_proj(xy, out, first, last))
        return out

    def _through_proj(self, xy: NDArray[np.float64], out: NDArray[np.float64], first: int, last: int) -> None:
        x, y = xy[first:last, 0].astype(np.float64), xy[first:last, 1].astype(np.float64)
        self._proj.transform(x, y, inplace=True)
        out[first:last, 0], out[first:last, 1] = x, y

    @cached_property
    def _steps(self) -> tuple[Step, ...] | None:
        """What our kernels do instead of PROJ, where its own pipeline is just that; None where it is more."""
        if self.is_ballpark or self.accuracy_m > 0:
            return None
        from lydigital.model import pipeline  # kernels take half a second to import

        return pipeline.read(self._proj.definition)

    def point(self, x: float, y: float) -> tuple[float, float]:
        if self.is_identity:
            return x, y
        px, py = self._proj.transform(x, y)  # as exact as the kernels
        return float(px), float(py)

    def bounds(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Bounds in the target that cover ``box`` of the source (edges densified)."""
        if self.is_identity:
            return box
        x0, y0, x1, y1 = self._proj.transform_bounds(*box, densify_pts=21)
        return float(x0), float(y0), float(x1), float(y1)


def _project(steps: tuple[Step, ...], xy: NDArray[np.float64], out: NDArray[np.float64]) -> bool:
    """Take points through ``steps``; false where one of them is out of reach of the kernels."""
    from lydigital.kernels import projection, spread

    done: list[bool] = []

    def work(first: int, last: int) -> None:
        source = xy
        for step in steps:
            if not (projection.inverse if step.inverse else projection.forward)(step.c, source, out, first, last):
                done.append(False)
                return
            source = out

    spread.over(len(xy), work)
    return not done


@cache
def _transformer(source: str, target: str) -> pyproj.Transformer:
    import pyproj

    return pyproj.Transformer.from_crs(_parse(source), _parse(target), always_xy=True)


@cache
def transformation(source: Crs, target: Crs) -> Transformation:
    """The cached transformation between two systems."""
    return Transformation(source, target)
