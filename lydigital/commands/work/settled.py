"""Villages and communities of the map, with what is told of them: areas, seats, people, township and county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.failing import Places
from lydigital.errors import BadDataError, LydError
from lydigital.model import columns
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.session import Session

AREAS, SEATS = "community", "village"


def layer_of(session: Session) -> str:
    """The layer that places are of."""
    return AREAS if _read(session, AREAS) is not None else SEATS


def places_of(session: Session, crs: Crs) -> Places:
    """Places by code: areas where the map has them, seats of the layer of villages, else the middle of the area.

    Raises
    ------
    BadDataError
        When the map has neither, or they have no codes.
    """
    areas, seats = _read(session, AREAS), _read(session, SEATS)
    table = areas if areas is not None else seats
    if table is None or "code" not in table.column_names or not len(table):
        raise BadDataError("The map has no layer of villages", hint="Add the layer community or village; they need codes.")
    order = np.argsort(np.array([str(c or "") for c in table.column("code").to_pylist()]), kind="stable")
    table = _taken(table, order).to_crs(crs)
    codes = _texts(table, "code")
    xy = _middles(table.geometry)
    if areas is not None and seats is not None and "code" in seats.column_names:
        there = seats.to_crs(crs)
        row = {code: i for i, code in enumerate(_texts(there, "code"))}
        own = _middles(there.geometry)
        for i, code in enumerate(codes):
            if code in row and np.isfinite(own[row[code]]).all():
                xy[i] = own[row[code]]
    lonlat = np.full_like(xy, np.nan)
    known = np.isfinite(xy).all(axis=1)
    if known.any():
        lonlat[known] = transformation(crs, Crs(CGCS2000)).points(np.ascontiguousarray(xy[known]))
    township, county = _names(session, "township"), _names(session, "county")
    return Places(
        table.fid, codes, _texts(table, "name"), [township.get(c[:9], "") for c in codes], [county.get(c[:6], "") for c in codes],
        table if areas is not None else None, xy, lonlat, _numbers(table, "population"), _numbers(table, "households"), crs,
    )  # fmt: skip


def _read(session: Session, layer: str) -> FeatureTable | None:
    if session.document.layer(layer) is None:
        return None
    try:
        found = session.table(layer)
    except LydError:
        return None
    return found if isinstance(found, FeatureTable) and len(found) else None


def _taken(table: FeatureTable, order: NDArray[np.int64]) -> FeatureTable:
    return FeatureTable(table.fid[order], table.columns.take(columns.rows(order)), table.geometry.take(order), table.crs)


def _middles(geometry: GeometryArray) -> NDArray[np.float64]:
    """A place in each feature ``(n, 2)``, NaN for empty ones."""
    if geometry.kind is GeometryKind.POINT:
        return np.ascontiguousarray(geometry.bounds[:, :2])
    import shapely

    inside = shapely.point_on_surface(geometry.to_shapely())
    return np.ascontiguousarray(shapely.bounds(inside)[:, :2])


def _texts(table: FeatureTable, field: str) -> list[str]:
    if field not in table.column_names:
        return [""] * len(table)
    return ["" if v is None else str(v) for v in table.column(field).to_pylist()]


def _numbers(table: FeatureTable, field: str) -> NDArray[np.float64]:
    """Figures of a field, NaN where there is none, or it is below zero or beyond all counting."""
    values = columns.numbers(table.column(field)) if field in table.column_names else np.full(len(table), np.nan)
    return np.where((values >= 0) & (values < 2.0**53), values, np.nan)


def _names(session: Session, layer: str) -> dict[str, str]:
    table = _read(session, layer)
    return {} if table is None else dict(zip(_texts(table, "code"), _texts(table, "name"), strict=True))
