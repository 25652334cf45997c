"""The tables every GeoPackage has (OGC 12-128r17, version 1.3), as SQL.

Where the standard leaves freedom we follow GDAL, so that QGIS finds what it expects: ``gpkg_ogr_contents`` keeps the
feature counts, the R-tree triggers call the ``ST_`` functions that spatial readers bring along.
"""

# ruff: noqa: S608 - identifiers go through quoted()
from __future__ import annotations

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300
GEOMETRY_COLUMN = "geom"
KEY_COLUMN = "fid"

UNDEFINED_SYSTEMS = (
    (
        "Undefined Cartesian SRS",
        -1,
        "NONE",
        -1,
        "undefined",
        "undefined Cartesian coordinate reference system",
    ),
    (
        "Undefined geographic SRS",
        0,
        "NONE",
        0,
        "undefined",
        "undefined geographic coordinate reference system",
    ),
)

TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_ogr_contents (table_name TEXT NOT NULL PRIMARY KEY, feature_count INTEGER DEFAULT NULL);
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""

SCHEMA_EXTENSION = (
    (
        "gpkg_data_columns",
        None,
        "gpkg_schema",
        "http://www.geopackage.org/spec130/#extension_schema",
        "read-write",
    ),
    (
        "gpkg_data_column_constraints",
        None,
        "gpkg_schema",
        "http://www.geopackage.org/spec130/#extension_schema",
        "read-write",
    ),
)
RTREE_EXTENSION = ("gpkg_rtree_index", "http://www.geopackage.org/spec130/#extension_rtree", "write-only")


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string, for the places that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def rtree_name(table: str) -> str:
    return f"rtree_{table}_{GEOMETRY_COLUMN}"


def triggers(table: str, *, rtree: bool) -> tuple[tuple[str, str], ...]:
    """Name and SQL of the triggers that keep feature count and R-tree true while other programs edit ``table``."""
    t, name = quoted(table), literal(table)
    count = "UPDATE gpkg_ogr_contents SET feature_count = feature_count"
    made = [
        (
            f"trigger_insert_feature_count_{table}",
            f"AFTER INSERT ON {t} BEGIN {count} + 1 WHERE lower(table_name) = lower({name}); END",
        ),
        (
            f"trigger_delete_feature_count_{table}",
            f"AFTER DELETE ON {t} BEGIN {count} - 1 WHERE lower(table_name) = lower({name}); END",
        ),
    ]
    if rtree:
        made += _rtree_triggers(table)
    return tuple((trigger, f"CREATE TRIGGER {quoted(trigger)} {body}") for trigger, body in made)


def _rtree_triggers(table: str) -> list[tuple[str, str]]:
    t, r, g, i = quoted(table), quoted(rtree_name(table)), quoted(GEOMETRY_COLUMN), quoted(KEY_COLUMN)
    new = f"NEW.{i}, ST_MinX(NEW.{g}), ST_MaxX(NEW.{g}), ST_MinY(NEW.{g}), ST_MaxY(NEW.{g})"
    put = f"INSERT OR REPLACE INTO {r} VALUES ({new});"
    full, void = f"(NEW.{g} NOTNULL AND NOT ST_IsEmpty(NEW.{g}))", f"(NEW.{g} ISNULL OR ST_IsEmpty(NEW.{g}))"
    same, moved = f"OLD.{i} = NEW.{i}", f"OLD.{i} != NEW.{i}"
    cut = f"DELETE FROM {r} WHERE id = OLD.{i};"
    bodies = {
        "insert": f"AFTER INSERT ON {t} WHEN {full} BEGIN {put} END",
        "update1": f"AFTER UPDATE OF {g} ON {t} WHEN {same} AND {full} BEGIN {put} END",
        "update2": f"AFTER UPDATE OF {g} ON {t} WHEN {same} AND {void} BEGIN {cut} END",
        "update3": f"AFTER UPDATE ON {t} WHEN {moved} AND {full} BEGIN {cut} {put} END",
        "update4": f"AFTER UPDATE ON {t} WHEN {moved} AND {void} "
        f"BEGIN DELETE FROM {r} WHERE id IN (OLD.{i}, NEW.{i}); END",
        "delete": f"AFTER DELETE ON {t} WHEN OLD.{g} NOTNULL BEGIN {cut} END",
    }
    return [(f"{rtree_name(table)}_{event}", body) for event, body in bodies.items()]
