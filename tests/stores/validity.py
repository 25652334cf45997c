"""Is a file a valid GeoPackage? Checked from the requirements of OGC 12-128r17, with plain SQLite and shapely only."""

from __future__ import annotations

import math
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {"GEOMETRY": None, "POINT": 0, "LINESTRING": 1, "POLYGON": 3, "MULTIPOINT": 4, "MULTILINESTRING": 5, "MULTIPOLYGON": 6}
EVENTS = ("insert", "update", "delete")


def faults(path: Path) -> list[str]:
    """Requirements the file does not meet, in words."""
    found: list[str] = []
    head = path.read_bytes()[:100]
    if head[:16] != b"SQLite format 3\0":
        return ["R1: no SQLite 3 file"]
    if head[68:72] != b"GPKG":
        found.append("R2: application_id")
    if int.from_bytes(head[60:64], "big") < 10200:
        found.append("R2: user_version")
    with closing(sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)) as db:
        if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            found.append("R6: integrity_check")
        if db.execute("PRAGMA foreign_key_check").fetchall():
            found.append("R7: foreign_key_check")
        tables = {n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table','view')")}
        missing = {"gpkg_spatial_ref_sys", "gpkg_contents", "gpkg_geometry_columns"} - tables
        if missing:
            return [*found, f"R10/R13/R21: no {missing}"]
        systems = {s for (s,) in db.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
        if not {-1, 0, 4326} <= systems:
            found.append("R11: systems -1, 0, 4326")
        for name, change in db.execute("SELECT table_name, last_change FROM gpkg_contents").fetchall():
            if name not in tables:
                found.append(f"R14: {name} is no table")
            if not (len(change) == 24 and change[10] == "T" and change.endswith("Z")):
                found.append(f"R15: last_change {change}")
        if "gpkg_extensions" in tables:
            for name, extension, scope in db.execute("SELECT table_name, extension_name, scope FROM gpkg_extensions").fetchall():
                if name is not None and name not in tables:
                    found.append(f"R60: extension of {name}")
                if scope not in ("read-write", "write-only"):
                    found.append(f"R64: scope of {extension}")
        for row in db.execute("SELECT g.*, c.min_x, c.min_y, c.max_x, c.max_y, c.srs_id FROM gpkg_geometry_columns g"
                              " JOIN gpkg_contents c USING (table_name)").fetchall():  # fmt: skip
            found += _layer(db, tables, row)
        if "gpkg_ogr_contents" in tables:
            for name, count in db.execute("SELECT table_name, feature_count FROM gpkg_ogr_contents").fetchall():
                if count is not None and db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] != count:
                    found.append(f"count of {name}")
    return found


def _layer(db: sqlite3.Connection, tables: set[str], row: tuple) -> list[str]:
    table, column, declared, srs, z, m, x0, y0, x1, y1, contents_srs = row
    found = [] if srs == contents_srs else [f"R146: srs_id of {table}"]
    key = next((n for _, n, t, _, _, pk in db.execute(f'PRAGMA table_info("{table}")') if pk and t.upper() == "INTEGER"), None)
    if key is None:
        return [*found, f"R29: {table} has no integer primary key"]
    boxes = {}
    for fid, blob in db.execute(f'SELECT "{key}", "{column}" FROM "{table}"'):
        if blob is None:
            continue
        problem, box = _geometry(blob, declared.upper(), srs, z, m)
        found += [f"{table} {fid}: {problem}"] if problem else []
        if box is not None:
            boxes[fid] = box
            if x0 is None or not (x0 <= box[0] and y0 <= box[1] and box[2] <= x1 and box[3] <= y1):
                found.append(f"bounds of {table} leave {fid} out")
    rtree = f"rtree_{table}_{column}"
    if rtree in tables:
        kept = {i: b for i, *b in db.execute(f'SELECT id, minx, miny, maxx, maxy FROM "{rtree}"')}
        if kept.keys() != boxes.keys():
            found.append(f"R77: {rtree} has {sorted(kept.keys() ^ boxes.keys())[:5]}")
        for fid, box in boxes.items():
            if fid in kept and not all(abs(a - b) <= abs(b) * 2**-22 + 1e-30 for a, b in zip(kept[fid], box, strict=True)):
                found.append(f"R77: {rtree} of {fid} is {kept[fid]}, not {box}")
        if db.execute("SELECT rtreecheck(?)", (rtree,)).fetchone() != ("ok",):
            found.append(f"R77: rtreecheck {rtree}")
        triggers = {n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        found += [f"R75: no trigger {rtree}_{e}" for e in EVENTS if not any(t.startswith(f"{rtree}_{e}") for t in triggers)]
    return found


def _geometry(blob: bytes, declared: str, srs: int, z: int, m: int) -> tuple[str, tuple[float, ...] | None]:
    if blob[:2] != b"GP" or blob[2] != 0:
        return "R19: no GeoPackage geometry", None
    order = "<" if blob[3] & 1 else ">"
    code, empty = (blob[3] >> 1) & 7, bool(blob[3] & 0x10)
    if code > 4:
        return "R19: envelope code", None
    if struct.unpack_from(f"{order}i", blob, 4)[0] != srs:
        return "R33: srs_id of the blob", None
    size = (0, 32, 48, 48, 64)[code]
    shape = shapely.from_wkb(blob[8 + size :])
    if shape.is_empty != empty:
        return "R152: empty flag", None
    if TYPES.get(declared) not in (None, shapely.get_type_id(shape)):
        return f"R32: {shape.geom_type} in {declared}", None
    if (z == 0 and shape.has_z) or (z == 1 and not shape.has_z) or (m == 0 and shape.has_m):
        return "R27: Z or M", None
    if empty:
        return "", None
    box = shape.bounds
    if size:
        a, b, c, d = struct.unpack_from(f"{order}4d", blob, 8)
        if (a, c, b, d) != box:
            return f"envelope {(a, c, b, d)} is not {box}", None
    return ("", box) if all(map(math.isfinite, box)) else ("coordinates", None)
