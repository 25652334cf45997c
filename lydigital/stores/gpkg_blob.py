"""Geometry as a GeoPackage keeps it (OGC 12-128r19 §2.1.3): a header with system and envelope, then ISO WKB."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.errors import BadDataError, RefusedError

if TYPE_CHECKING:
    import sqlite3

    import shapely

_ENVELOPES = (0, 32, 48, 48, 64)  # bytes by code
_NAMES = (
    "GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION",
    "CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE", "CURVE", "SURFACE",
)  # fmt: skip
_PLAIN = 7  # codes beyond are curves, which shapely does not know
_MULTI = {1: 4, 2: 5, 3: 6}
_AS_MULTI = {4: "multipoints", 5: "multilinestrings", 6: "multipolygons"}  # functions of shapely
_ACCEPTS = {"MULTICURVE": (2, 5), "MULTISURFACE": (3, 6), "CURVE": (2,), "SURFACE": (3,), "CURVEPOLYGON": (3,),
            "COMPOUNDCURVE": (2,), "GEOMETRYCOLLECTION": (7,)}  # fmt: skip


class Shape(NamedTuple):
    """What a geometry column asks for: its type, system, and whether Z and M are kept out (0), asked for (1) or free (2)."""

    layer: str
    type: str
    srs: int
    z: int
    m: int


def wkb_of(blob: bytes | None) -> bytes | None:
    """The ISO WKB within a blob; None for no geometry, or what is none."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        return None
    code = (blob[3] >> 1) & 7
    return bytes(blob[8 + _ENVELOPES[code] :]) if code < len(_ENVELOPES) else None


def habit(blob: bytes | None) -> int:
    """Code of the envelope of a blob."""
    return (blob[3] >> 1) & 7 if isinstance(blob, bytes) and len(blob) >= 8 else 0


def blob_of(wkb: bytes | None, srs: int, envelope: int) -> bytes | None:
    """Blob of ``wkb``, which is as :func:`stored` gives it, with an envelope of that code where it has extent."""
    import shapely

    if wkb is None:
        return None
    kind, z, _ = _code(wkb)
    code = envelope if z else min(envelope, 1)
    if not code and kind == 1:
        void = all(math.isnan(v) for v in struct.unpack_from("<2d", wkb, 5))
        return struct.pack("<2sBBi", b"GP", 0, 0x11 if void else 0x01, srs) + wkb
    with np.errstate(invalid="ignore"):
        shape = shapely.from_wkb(wkb)
    if shape.is_empty:
        return struct.pack("<2sBBi", b"GP", 0, 0x11, srs) + wkb
    return struct.pack("<2sBBi", b"GP", 0, 0x01 | code << 1, srs) + (_envelope(shape, code) if code else b"") + wkb


def stored(wkb: bytes | None, shape: Shape) -> bytes | None:
    """``wkb`` as the column keeps it: little-endian ISO WKB, single or multi as declared.

    Raises
    ------
    BadDataError
        When it is no geometry.
    RefusedError
        When it is of a kind that the layer does not hold.
    """
    import shapely

    if wkb is None:
        return None
    try:
        kind, z, m = _code(wkb)
    except (ValueError, IndexError):
        raise _no_geometry(shape) from None
    if kind > _PLAIN:
        raise RefusedError(
            "{layer} has curves, which this program draws but does not change",
            hint="Change the attributes only, or copy the layer into one with straight lines.", layer=shape.layer,
        )  # fmt: skip
    if (shape.z == 1 and not z) or (shape.m == 1 and not m):
        raise RefusedError(
            "{layer} asks for a height of every vertex, and the geometry has none",
            hint="Copy the layer into one without heights, and edit there.", layer=shape.layer,
        )  # fmt: skip
    geometry = _check(wkb, shape)
    if _is_as_stored(wkb, shape):
        return wkb
    declared = _declared(shape)
    if not _fits(kind, shape):
        geometry = _converted(geometry, kind, declared, shape)
    if (z and shape.z == 0) or (m and shape.m == 0):
        geometry = shapely.force_2d(geometry) if shape.z == 0 else geometry
    made: bytes = shapely.to_wkb(geometry, byte_order=1, flavor="iso")
    return made


def is_same(first: bytes | None, second: bytes | None, shape: Shape) -> bool:
    """Whether two geometries are one for the column."""
    if first == second:
        return True
    if first is None or second is None:
        return False
    try:
        one, other = (wkb if _is_as_stored(wkb, shape) else stored(wkb, shape) for wkb in (first, second))
    except (BadDataError, RefusedError, ValueError, IndexError):
        return False
    return one == other


def _is_as_stored(wkb: bytes, shape: Shape) -> bool:
    """Whether :func:`stored` gives the same bytes."""
    kind, z, m = _code(wkb)
    is_iso = wkb[0] == 1 and int.from_bytes(wkb[1:5], "little") < 4000
    return is_iso and _fits(kind, shape) and not (z and shape.z == 0) and not (m and shape.m == 0)


def _fits(kind: int, shape: Shape) -> bool:
    return _declared(shape) in (0, kind) or kind in _ACCEPTS.get(shape.type, ())


def _declared(shape: Shape) -> int:
    return _NAMES.index(shape.type) if shape.type in _NAMES else 0


def add_functions(db: sqlite3.Connection) -> None:
    """The functions that R-tree triggers of every GeoPackage call, see its §3.1.3 of the R-tree extension."""
    last: list[tuple[bytes | None, tuple[float, ...] | None]] = [(None, None)]

    def box(blob: bytes | None) -> tuple[float, ...] | None:
        if blob is None:
            return None
        if blob != last[0][0]:
            last[0] = (blob, bounds(blob))
        return last[0][1]

    def side(i: int) -> object:
        def value(blob: bytes | None) -> float | None:
            found = box(blob)
            return None if found is None else found[i]

        return value

    for name, i in (("ST_MinX", 0), ("ST_MinY", 1), ("ST_MaxX", 2), ("ST_MaxY", 3)):
        db.create_function(name, 1, side(i), deterministic=True)  # type: ignore[arg-type]
    db.create_function("ST_IsEmpty", 1, lambda b: None if b is None else int(box(b) is None), deterministic=True)


def bounds(blob: bytes | None) -> tuple[float, float, float, float] | None:
    """xmin, ymin, xmax, ymax of a blob; None where it is empty."""
    import shapely

    wkb = wkb_of(blob)
    if wkb is None or blob is None:
        return None
    if habit(blob) and not blob[3] & 0x10:
        x0, x1, y0, y1 = struct.unpack_from("<4d" if blob[3] & 1 else ">4d", blob, 8)
        return None if math.isnan(x0) else (x0, y0, x1, y1)
    if wkb[0] == 1 and wkb[1:5] == b"\1\0\0\0":
        x, y = struct.unpack_from("<2d", wkb, 5)
        return None if math.isnan(x) else (x, y, x, y)
    if _code(wkb)[0] > _PLAIN:  # no envelope and curves: written by nobody we know
        return None
    with np.errstate(invalid="ignore"):
        x0, y0, x1, y1 = shapely.from_wkb(wkb).bounds
    return None if math.isnan(x0) else (x0, y0, x1, y1)


def _check(wkb: bytes, shape: Shape) -> shapely.Geometry:
    import shapely

    try:
        with np.errstate(invalid="ignore"):  # said below, and of empty points it is no fault
            geometry = shapely.from_wkb(wkb)
    except shapely.errors.ShapelyError:
        raise _no_geometry(shape) from None
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise BadDataError(
            "A geometry of {layer} has coordinates that are no numbers",
            hint="Draw the feature again.", layer=shape.layer,
        )  # fmt: skip
    return geometry


def _no_geometry(shape: Shape) -> BadDataError:
    return BadDataError(
        "What should be saved in {layer} is no geometry", hint="Draw the feature again.", layer=shape.layer
    )


def _converted(geometry: shapely.Geometry, kind: int, declared: int, shape: Shape) -> shapely.Geometry:
    import shapely

    if _MULTI.get(kind) == declared:
        return getattr(shapely, _AS_MULTI[declared])([geometry] if not geometry.is_empty else [])
    if _MULTI.get(declared) == kind:
        parts = shapely.get_parts(geometry)
        if len(parts) == 1:
            return parts[0]
        if not len(parts):
            return shapely.from_wkt(f"{shape.type} EMPTY")
        raise RefusedError(
            "{layer} holds features of one part, and this one has {count}",
            hint="Explode the feature into its parts first.", layer=shape.layer, count=len(parts),
        )  # fmt: skip
    raise RefusedError(
        "{layer} holds {wanted}, not {kind}", hint="Put the feature into a layer of its kind.",
        layer=shape.layer, wanted=shape.type, kind=_NAMES[kind],
    )  # fmt: skip


def _code(wkb: bytes) -> tuple[int, bool, bool]:
    """Type, Z and M of ISO or extended WKB."""
    order = "little" if wkb[0] == 1 else "big"
    raw = int.from_bytes(wkb[1:5], order)  # type: ignore[arg-type]
    code, iso = raw & 0x0FFFFFFF, (raw & 0x0FFFFFFF) // 1000
    if len(wkb) < 5 or wkb[0] > 1 or not 0 < code % 1000 < len(_NAMES) or iso > 3:
        raise ValueError(raw)
    return code % 1000, bool(raw & 0x80000000) or iso in (1, 3), bool(raw & 0x40000000) or iso in (2, 3)


def _envelope(shape: shapely.Geometry, code: int) -> bytes:
    import shapely

    x0, y0, x1, y1 = shape.bounds
    sides = [x0, x1, y0, y1]
    if code in (2, 3, 4):
        places = shapely.get_coordinates(shape, include_z=code != 3, include_m=code != 2)
        for column in range(2, places.shape[1]):
            sides += [float(places[:, column].min()), float(places[:, column].max())]
    return struct.pack(f"<{len(sides)}d", *sides)
