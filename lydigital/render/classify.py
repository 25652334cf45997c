"""Which rule of a style every feature falls under, and the numbers that decide it."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from lydigital.errors import BadDataError
from lydigital.kernels import classes as kernels
from lydigital.kernels.classes import ring_areas
from lydigital.model import columns
from lydigital.model.style import AREA

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.model.style import Rule, Style
    from lydigital.model.table import FeatureTable
    from lydigital.render.drawlist import SceneLayer

    Floats = NDArray[np.float64]

_TRUTH = {"true": "1", "yes": "1", "是": "1", "false": "0", "no": "0", "否": "0"}


def codes(table: FeatureTable, style: Style) -> NDArray[np.int16]:
    """Number of the rule every feature falls under, ``(n,) int16``, -1 for none.

    The first rule that fits counts; what fits none goes to the first rule without a condition. Rules that differ in
    nothing but scale share the number of the first of them.

    Raises
    ------
    BadDataError
        When the style looks at a field the table does not have, or compares text with numbers.
    """
    n = len(table)
    rest = next((i for i, rule in enumerate(style.rules) if rule.is_else), -1)
    if style.kind == "single":
        return np.zeros(n, np.int16) if style.rules else np.full(n, -1, np.int16)
    if style.kind == "bivariate":
        return _two_classes(table, style, rest)
    if style.kind == "graduated":
        return _number_classes(table, style, rest)
    if style.field not in table.column_names:
        raise _no_field(style.field)
    return _categories(table.column(style.field), style, rest)


def _text(value: object, *, truth: bool) -> str:
    """A value as it is compared: whole numbers without a point, true and false as 1 and 0."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return _TRUTH.get(text.lower(), text) if truth else text


def _categories(column: pa.ChunkedArray, style: Style, rest: int) -> NDArray[np.int16]:
    import pyarrow as pa

    truth = pa.types.is_boolean(column.type)
    wanted: dict[str, int] = {}
    for number, rule in enumerate(style.rules):
        for value in (*((rule.value,) if rule.value is not None else ()), *rule.values):
            wanted.setdefault(_text(value, truth=truth), number)
    at, values = columns.coded(column)
    of_value = [rest if v is None else wanted.get(_text(v, truth=truth), rest) for v in values]
    lookup = np.array([*of_value, rest], np.int16)  # the last is for -1: no value
    out: NDArray[np.int16] = lookup[at]
    return out


def _number_classes(table: FeatureTable, style: Style, rest: int) -> NDArray[np.int16]:
    values = numbers(table, style.field, style.divide_by, style.per)
    limits, ranges = _steps([(r.minimum, r.maximum) for r in style.rules])
    at = [next((i for i, r in enumerate(style.rules) if not r.is_else and _within(r, low, high)), rest)
          for low, high in ranges]  # fmt: skip
    return kernels.classify(values, limits, np.array(at, np.int16), rest)


def _two_classes(table: FeatureTable, style: Style, rest: int) -> NDArray[np.int16]:
    first, second = numbers(table, style.field, style.divide_by, style.per), numbers(table, style.second)
    x_limits, x_ranges = _steps([(r.minimum, r.maximum) for r in style.rules])
    y_limits, y_ranges = _steps([r.second or (None, None) for r in style.rules])
    lookup = np.full((len(x_ranges) + 1, len(y_ranges) + 1), rest, np.int16)  # the last of each: no number
    for x, (x0, x1) in enumerate(x_ranges):
        for y, (y0, y1) in enumerate(y_ranges):
            for i, r in enumerate(style.rules):
                low, high = r.second or (None, None)
                if not r.is_else and _within(r, x0, x1) and _holds(low, high, y0, y1):
                    lookup[x, y] = i
                    break
    across = kernels.classify(first, x_limits, np.arange(len(x_ranges), dtype=np.int16), len(x_ranges))
    up = kernels.classify(second, y_limits, np.arange(len(y_ranges), dtype=np.int16), len(y_ranges))
    out: NDArray[np.int16] = lookup[across, up]
    return out


def _steps(pairs: Iterable[tuple[float | None, float | None]]) -> tuple[Floats, list[tuple[float, float]]]:
    """All finite limits, rising, and the ranges between them from -inf to inf."""
    found = sorted({v for pair in pairs for v in pair if v is not None and math.isfinite(v)})
    return np.array(found, np.float64), list(itertools.pairwise((-math.inf, *found, math.inf)))


def _holds(minimum: float | None, maximum: float | None, low: float, high: float) -> bool:
    return (minimum is None or minimum <= low) and (maximum is None or high <= maximum)


def _within(rule: Rule, low: float, high: float) -> bool:
    return _holds(rule.minimum, rule.maximum, low, high)


_kept: WeakKeyDictionary[FeatureTable, dict[tuple[str, str, float], Floats]] = WeakKeyDictionary()
_KEPT = 8  # arrays of numbers a table


def numbers(table: FeatureTable, field: str, divide_by: str = "", per: float = 1.0) -> Floats:
    """Values of a field, ``(n,) float64``, NaN where there is none; divided by another field or the area, times ``per``.

    Raises
    ------
    BadDataError
        When the table lacks a field or it holds no numbers.
    """
    kept = _kept.setdefault(table, {})
    key = (field, divide_by, per)
    found = kept.get(key)
    if found is None:
        found = areas_km2(table) if field == AREA else _column(table, field)
        if divide_by:
            below = areas_km2(table) if divide_by == AREA else _column(table, divide_by)
            with np.errstate(divide="ignore", invalid="ignore"):
                found = np.where(below != 0, found / below, np.nan)
        if per != 1.0:
            found = found * per
        found = np.ascontiguousarray(found, np.float64)
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = found
    return found


def _column(table: FeatureTable, field: str) -> Floats:
    import pyarrow as pa

    if field not in table.column_names:
        raise _no_field(field)
    column = table.column(field)
    try:
        return columns.numbers(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadDataError(
            "The field {field} holds no numbers, so it cannot be put into classes",
            hint="Choose a field of numbers, or a style of categories.", field=field,
        ) from error


def areas_km2(table: FeatureTable) -> Floats:
    """Area of every polygon on its ellipsoid, km², ``(n,)``; NaN for other geometries and empty ones.

    Measured in the cylindrical equal-area projection of the ellipsoid (Snyder 1987, p. 81), edges straight in it.
    """
    from lydigital.model.crs import Crs, transformation
    from lydigital.model.geometry import GeometryKind

    g = table.geometry
    if g.kind is not GeometryKind.POLYGON:
        return np.full(len(table), np.nan)
    ellipsoid = table.crs.proj.ellipsoid
    shape = f"+a={ellipsoid.semi_major_metre} +rf={ellipsoid.inverse_flattening}" if ellipsoid else "+ellps=GRS80"
    datum = Crs(f"+proj=longlat {shape} +no_defs")
    base = table.crs.proj.geodetic_crs
    geographic = table.crs if table.crs.is_geographic or base is None else Crs(base.to_wkt())
    degrees = transformation(table.crs, geographic).points(g.coords)
    xy = transformation(datum, Crs(f"+proj=cea {shape} +units=m +no_defs")).points(degrees)
    return ring_areas(xy, g.ring_offsets, g.part_offsets, g.geom_offsets) / 1e6


def _no_field(field: str) -> BadDataError:
    return BadDataError(
        "The style needs the field {field}, which the layer does not have",
        hint="Choose another field for the style, or add the field to the layer.", field=field,
    )


def counts(layer: SceneLayer) -> NDArray[np.int64]:
    """How many features fall under each rule, and last those under none, ``(rules + 1,)``; kept with the layer."""
    found = _counted.get(layer)
    if found is None:
        size = len(layer.style.rules)
        found = np.zeros(size + 1, np.int64)
        if layer.codes is not None:
            found = np.bincount(np.where(layer.codes < 0, size, layer.codes), minlength=size + 1)
        _counted[layer] = found
    return found


_counted: WeakKeyDictionary[SceneLayer, NDArray[np.int64]] = WeakKeyDictionary()
