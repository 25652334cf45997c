"""Making a store from the catalogue, and filling it: the GeoPackage of a city.

The same catalogue and the same rows give the same bytes (with one version of SQLite): times are parameters, nothing is
taken from the clock.

>>> create_gpkg(path, catalogue)                                                    # doctest: +SKIP
>>> write_layer(path, catalogue.layer("school"), {"name": names}, points)           # doctest: +SKIP
>>> finish(path)                                                                    # doctest: +SKIP
"""

# ruff: noqa: S608 - identifiers go through gpkg_schema.quoted, values through parameters
from __future__ import annotations

import math
import sqlite3
import struct
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.errors import BadDataError, ConflictError, StoreUnavailableError
from lydigital.model.crs import Crs
from lydigital.stores import gpkg_schema as gs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from lydigital.model.geometry import GeometryArray
    from lydigital.model.layerdef import Catalogue, FieldDef, LayerDef

WRITTEN = "2006-01-01T00:00:00.000Z"  # the plan's year, where the caller names no time
_SQL_TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "DATETIME",
    "blob": "BLOB",
}
_GEOMETRY_TYPES = {"point": "POINT", "line": "MULTILINESTRING", "polygon": "MULTIPOLYGON"}
_MULTI_TYPE_IDS = {"line": (1, 5), "polygon": (3, 6)}  # shapely type ids, single and multi


def is_stored(layer: LayerDef) -> bool:
    """Whether ``layer`` has a table in a new store: rasters, layers with a file of their own and ``on_demand`` ones have none."""
    return layer.geometry != "raster" and not layer.file and not layer.on_demand


def create_gpkg(path: Path, catalogue: Catalogue, *, when: str = WRITTEN, rtree: bool = True) -> None:
    """Write a valid GeoPackage with one empty table for every layer :func:`is_stored` of the catalogue.

    Parameters
    ----------
    path
        Must not exist yet.
    when
        ``last_change`` of every layer, as ``YYYY-MM-DDTHH:MM:SS.sssZ``.
    rtree
        Whether tables carry the R-tree other programs search with (about 50 bytes a feature).

    Raises
    ------
    ConflictError
        When ``path`` exists.
    StoreUnavailableError
        When it cannot be written.
    """
    if path.exists():
        raise ConflictError(
            "{path} exists already", hint="Choose another name, or delete the file.", path=str(path)
        )
    try:
        _create(path, [layer for layer in catalogue.layers if is_stored(layer)], when=when, rtree=rtree)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _create(path: Path, layers: list[LayerDef], *, when: str, rtree: bool) -> None:
    titles = [layer.title for layer in layers]
    with closing(_open(path)) as db, db:
        db.executescript("BEGIN;" + gs.TABLES)
        db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", gs.UNDEFINED_SYSTEMS)
        db.executemany("INSERT INTO gpkg_extensions VALUES (?,?,?,?,?)", gs.SCHEMA_EXTENSION)
        _put_crs(db, Crs("EPSG:4326"))  # the standard asks for this one whether used or not
        for layer in layers:
            unique = layer.title if titles.count(layer.title) == 1 else f"{layer.title} ({layer.id})"
            _create_table(db, layer, identifier=unique, when=when, rtree=rtree)


def write_layer(
    path: Path,
    layer: LayerDef,
    columns: Mapping[str, Any],
    geometry: GeometryArray | ArrayLike | None = None,
    *,
    fid: ArrayLike | None = None,
    when: str = WRITTEN,
) -> int:
    """Append features to the table of ``layer`` and bring R-tree, bounds and count up to date.

    Parameters
    ----------
    columns
        Field name to a sequence, numpy array or Arrow array of ``n`` values (an Arrow table does as well). Fields left
        out become NULL; None and NaN are NULL. Dates as ``date`` or ISO text, times as aware ``datetime`` or ISO text
        with zone.
    geometry
        :class:`GeometryArray`, or ``n`` shapely geometries in the layer's own coordinate system (``layer.crs``), single
        or multi; for point layers ``(n, 2) float64`` x, y as well. None for a layer without geometry.
    fid
        ``n`` whole numbers; counted on from the last feature where left out.

    Returns
    -------
    int
        Number of features written.

    Raises
    ------
    BadDataError
        When columns or geometry do not fit the definition; nothing is written then.
    """
    blobs, bounds = _blobs(layer, geometry)
    rows = _rows(layer, columns, None if blobs is None else len(blobs))
    count = len(rows)
    table = gs.quoted(layer.id)
    with closing(_open(path)) as db, db:
        db.execute("BEGIN IMMEDIATE")
        last = db.execute(f"SELECT coalesce(max({gs.KEY_COLUMN}), 0) FROM {table}").fetchone()[0]
        ids = range(last + 1, last + 1 + count) if fid is None else np.asarray(fid, np.int64).tolist()
        if len(ids) != count:
            raise _misfit(layer, f"{len(ids)} fid, {count}")
        has_rtree = _has_rtree(db, layer.id)
        kept = gs.triggers(layer.id, rtree=has_rtree)
        for name, _ in kept:  # they call functions that only spatial programs have; their work is done below
            db.execute(f"DROP TRIGGER IF EXISTS {gs.quoted(name)}")
        fields = [f.name for f in layer.fields]
        names = [gs.KEY_COLUMN, *([gs.GEOMETRY_COLUMN] if blobs is not None else []), *fields]
        places = ",".join("?" * len(names))
        geometries: Iterable[tuple[bytes | None, ...]] = (
            ((b,) for b in blobs) if blobs is not None else (() for _ in ids)
        )
        try:
            db.executemany(
                f"INSERT INTO {table} ({','.join(map(gs.quoted, names))}) VALUES ({places})",
                ((i, *g, *row) for i, g, row in zip(ids, geometries, rows, strict=True)),
            )
        except sqlite3.IntegrityError as error:
            raise _misfit(layer, str(error)) from error
        if bounds is not None:
            if has_rtree:
                db.executemany(
                    f"INSERT INTO {gs.quoted(gs.rtree_name(layer.id))} VALUES (?,?,?,?,?)",
                    (
                        (i, *b)
                        for i, b in zip(ids, bounds[:, [0, 2, 1, 3]].tolist(), strict=True)
                        if b[0] == b[0]
                    ),
                )
            _extend_bounds(db, layer.id, bounds)
        for _, sql in kept:
            db.execute(sql)
        db.execute(
            "UPDATE gpkg_ogr_contents SET feature_count = feature_count + ? WHERE table_name = ?",
            (count, layer.id),
        )
        db.execute("UPDATE gpkg_contents SET last_change = ? WHERE table_name = ?", (when, layer.id))
    return count


def finish(path: Path) -> None:
    """Rewrite the file as small as it gets."""
    with closing(_open(path)) as db:
        db.execute("VACUUM")


def _open(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"PRAGMA application_id = {gs.APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {gs.USER_VERSION}")
    except sqlite3.Error as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}",
            hint="Check that the folder exists, that you may write there and that no other program uses the file.",
            path=str(path),
            reason=str(error),
        ) from error
    return db


def _put_crs(db: sqlite3.Connection, crs: Crs) -> int:
    authority = crs.proj.to_authority()
    if authority is None or not authority[1].isdigit():
        raise BadDataError(
            "{crs} has no EPSG number, so a GeoPackage cannot name it",
            hint="Use a system with an EPSG number.",
            crs=crs.definition[:80],
        )
    organization, code = authority[0], int(authority[1])
    db.execute(
        "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)",
        (crs.name, code, organization, code, crs.proj.to_wkt("WKT1_GDAL"), None),
    )
    return code


def add_table(db: sqlite3.Connection, layer: LayerDef, *, when: str) -> None:
    """An empty table for ``layer`` in a file that has none, with the R-tree other programs search with."""
    taken = {title for (title,) in db.execute("SELECT identifier FROM gpkg_contents")}
    identifier = layer.title if layer.title not in taken else f"{layer.title} ({layer.id})"
    _create_table(db, layer, identifier=identifier, when=when, rtree=True)


def _create_table(
    db: sqlite3.Connection, layer: LayerDef, *, identifier: str, when: str, rtree: bool
) -> None:
    spatial = layer.geometry in _GEOMETRY_TYPES
    srs = _put_crs(db, Crs(layer.crs)) if spatial else None
    columns = [f"{gs.quoted(gs.KEY_COLUMN)} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"]
    if spatial:
        columns.append(f"{gs.quoted(gs.GEOMETRY_COLUMN)} {_GEOMETRY_TYPES[layer.geometry]}")
    columns += [
        f"{gs.quoted(f.name)} {_SQL_TYPES[f.type]}{' NOT NULL' if f.required else ''}" for f in layer.fields
    ]
    columns += [f"UNIQUE ({', '.join(map(gs.quoted, names))})" for names in layer.keys]
    db.execute(f"CREATE TABLE {gs.quoted(layer.id)} ({', '.join(columns)})")
    source = ("示例数据 · " if layer.sample else "") + layer.source
    db.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)"
        " VALUES (?,?,?,?,?,?)",
        (
            layer.id,
            "features" if spatial else "attributes",
            identifier,
            source.removesuffix(" · "),
            when,
            srs,
        ),
    )
    db.execute("INSERT INTO gpkg_ogr_contents VALUES (?, 0)", (layer.id,))
    if spatial:
        db.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?,?,?,?,0,0)",
            (layer.id, gs.GEOMETRY_COLUMN, _GEOMETRY_TYPES[layer.geometry], srs),
        )
        if rtree:
            db.execute(
                f"CREATE VIRTUAL TABLE {gs.quoted(gs.rtree_name(layer.id))} USING rtree(id, minx, maxx, miny, maxy)"
            )
            db.execute(
                "INSERT INTO gpkg_extensions VALUES (?,?,?,?,?)",
                (layer.id, gs.GEOMETRY_COLUMN, *gs.RTREE_EXTENSION),
            )
    for _, sql in gs.triggers(layer.id, rtree=spatial and rtree):
        db.execute(sql)
    aliases = [field.title for field in layer.fields]
    for field in layer.fields:  # the standard wants them unique
        alias = field.title if aliases.count(field.title) == 1 else f"{field.title} ({field.name})"
        _describe_column(db, layer, field, alias)


def _describe_column(db: sqlite3.Connection, layer: LayerDef, field: FieldDef, alias: str) -> None:
    constraint = None
    put = "INSERT INTO gpkg_data_column_constraints VALUES (?,?,?,?,?,?,?,?)"
    if field.domain:
        constraint = f"{layer.id}_{field.name}".lower()
        for value, (zh, _) in field.domain.items():
            db.execute(put, (constraint, "enum", value, None, None, None, None, zh))
    elif field.minimum is not None or field.maximum is not None:
        constraint = f"{layer.id}_{field.name}".lower()
        db.execute(put, (constraint, "range", None, field.minimum, 1, field.maximum, 1, None))
    unit = f" ({field.unit})" if field.unit else ""
    db.execute(
        "INSERT INTO gpkg_data_columns VALUES (?,?,?,?,?,NULL,?)",
        (layer.id, field.name, alias, f"{field.title}{unit}", field.note or None, constraint),
    )


def _has_rtree(db: sqlite3.Connection, table: str) -> bool:
    return (
        db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (gs.rtree_name(table),)).fetchone()
        is not None
    )


def _extend_bounds(db: sqlite3.Connection, table: str, bounds: NDArray[np.float64]) -> None:
    known = bounds[~np.isnan(bounds[:, 0])]
    if not len(known):
        return
    low, high = known[:, :2].min(axis=0).tolist(), known[:, 2:].max(axis=0).tolist()
    db.execute(
        "UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?1), ?1), min_y = min(coalesce(min_y, ?2), ?2),"
        " max_x = max(coalesce(max_x, ?3), ?3), max_y = max(coalesce(max_y, ?4), ?4) WHERE table_name = ?5",
        (*low, *high, table),
    )


# --- rows -----------------------------------------------------------------------------------------------------------


def _misfit(layer: LayerDef, reason: str) -> BadDataError:
    return BadDataError(
        "The rows do not fit the layer {layer}: {reason}",
        hint="Compare them with layers/{layer}.toml.",
        layer=layer.id,
        reason=reason,
    )


def _rows(layer: LayerDef, columns: Mapping[str, Any], count: int | None) -> list[tuple[Any, ...]]:
    given = {name: columns[name] for name in getattr(columns, "column_names", columns)}
    unknown = [name for name in given if layer.field(name) is None]
    if unknown:
        raise _misfit(layer, f"unknown {', '.join(unknown)}")
    lists = {f.name: _plain(given[f.name], f.type) for f in layer.fields if f.name in given}
    lengths = {len(values) for values in lists.values()} | ({count} if count is not None else set())
    if len(lengths) > 1:
        raise _misfit(layer, f"columns of {', '.join(map(str, sorted(lengths)))} rows")
    n = lengths.pop() if lengths else 0
    return list(zip(*(lists.get(f.name) or [None] * n for f in layer.fields), strict=True)) or [()] * n


def _plain(values: Any, kind: str) -> list[Any]:
    """Python values SQLite can store."""
    if hasattr(values, "to_pylist"):
        values = values.to_pylist()
    elif hasattr(values, "tolist"):
        values = values.tolist()
    if kind == "datetime":
        values = [datetime.fromisoformat(v) if isinstance(v, str) else v for v in values]
    return [_stored(value) for value in values]


def _stored(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadDataError(
                "{time} names no time zone", hint="Give times with their zone.", time=str(value)
            )
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return value.isoformat()
    return value


# --- geometry -------------------------------------------------------------------------------------------------------


def _blobs(
    layer: LayerDef, geometry: GeometryArray | ArrayLike | None
) -> tuple[list[bytes | None] | None, NDArray[np.float64] | None]:
    """GeoPackage blobs and bounds ``(n, 4)``; both None for a layer without geometry.

    Blobs carry no envelope of their own: the R-tree has it, and a third of a small file would be envelopes.
    """
    if layer.geometry not in _GEOMETRY_TYPES:
        return None, None
    if geometry is None:
        raise _misfit(layer, "no geometry")
    import shapely

    srs = int((Crs(layer.crs).proj.to_authority() or ("", "0"))[1])
    shapes = _shapes(layer, geometry)
    empty = shapely.is_empty(shapes)
    blobs: list[bytes | None] = [
        None if blob is None else struct.pack("<2sBBi", b"GP", 0, 0x11 if void else 0x01, srs) + blob
        for blob, void in zip(shapely.to_wkb(shapely.force_2d(shapes), byte_order=1), empty, strict=True)
    ]
    return blobs, shapely.bounds(shapes).reshape(-1, 4)


def _shapes(layer: LayerDef, geometry: GeometryArray | ArrayLike) -> NDArray[np.object_]:
    """``(n,)`` shapely geometries of the one type the table declares."""
    import shapely

    from lydigital.model.geometry import GeometryArray

    if isinstance(geometry, GeometryArray):
        shapes = geometry.to_shapely()
    else:
        array = np.asarray(geometry)
        shapes = shapely.points(array.astype(np.float64)) if array.ndim == 2 else np.asarray(array, object)
    types = shapely.get_type_id(shapes)
    if layer.geometry == "point":
        several = np.flatnonzero((types == 4) & (shapely.get_num_geometries(shapes) <= 1))
        shapes = shapes.copy()
        for i in several.tolist():
            shapes[i] = shapely.get_geometry(shapes[i], 0) or shapely.Point()
        wrong = ~np.isin(shapely.get_type_id(shapes), (-1, 0))
    else:
        single, multi = _MULTI_TYPE_IDS[layer.geometry]
        wrong = ~np.isin(types, (-1, single, multi))
        singles = np.flatnonzero(types == single)
        if len(singles):
            join = shapely.multilinestrings if layer.geometry == "line" else shapely.multipolygons
            shapes = shapes.copy()
            shapes[singles] = join(shapes[singles], indices=np.arange(len(singles)))
    if wrong.any():
        raise _misfit(layer, f"{shapes[int(np.flatnonzero(wrong)[0])].geom_type} in a {layer.geometry} layer")
    return shapes
