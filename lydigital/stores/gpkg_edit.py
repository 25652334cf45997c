"""Single features of a GeoPackage: fetched just as they are stored, and changed with all that depends on them.

R-tree and feature count are kept true by the file's own triggers where it has them, and by us where it has none.
"""

# ruff: noqa: S608 - identifiers go through gpkg_schema.quoted, values through parameters
from __future__ import annotations

import math
import re
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from lydigital.errors import BadDataError, ConflictError, RefusedError
from lydigital.model.conflict import GEOMETRY, WHOLE, Conflict, ConflictsError
from lydigital.model.feature import Feature, parse_target, same
from lydigital.stores import gpkg_blob
from lydigital.stores.gpkg_blob import Shape, wkb_of
from lydigital.stores.gpkg_schema import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lydigital.model.changeset import ChangeSet, Delta
    from lydigital.model.feature import Target, Value
    from lydigital.stores.gpkg_rows import Source

_CHUNK = 500  # parameters of one statement
_KNOWN_EXTENSIONS = ("gpkg_rtree_index", "gpkg_schema", "gpkg_metadata", "gpkg_crs_wkt", "gpkg_geom_")
_DOES_NO_HARM = "lydigital_"
ATTACHMENTS = "attachment"  # the table whose rows name a layer and one of its features


def fetch(db: sqlite3.Connection, source: Source, fids: Sequence[int]) -> dict[int, Feature]:
    """Features by fid; those the table does not have are left out."""
    names = [f.name for f in source.fields]
    return _fetch(db, (source.table, source.key, source.geometry), names, fids)


def _fetch(
    db: sqlite3.Connection, where: tuple[str, str, str], names: Sequence[str], fids: Sequence[int]
) -> dict[int, Feature]:
    table, key, geometry = where
    columns = [key, *([geometry] if geometry else []), *names]
    query = f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(table)} WHERE {quoted(key)} IN "
    first = 2 if geometry else 1
    found: dict[int, Feature] = {}
    for at in range(0, len(fids), _CHUNK):
        some = [int(fid) for fid in fids[at : at + _CHUNK]]
        for row in db.execute(f"{query}({','.join('?' * len(some))})", some):
            wkb = wkb_of(row[1]) if geometry else None
            found[row[0]] = Feature(wkb, dict(zip(names, row[first:], strict=True)))
    return found


# --- tables as they are now -----------------------------------------------------------------------------------------


class _Field(NamedTuple):
    """A column: the affinity SQLite gives it (text, integer, real or none), and the most characters it holds, 0 for any."""

    affinity: str
    most: int


class Table:
    """One table of a file within a transaction.

    Raises
    ------
    ConflictError
        When the file has no such layer any more.
    RefusedError
        When its schema is not one this program can write.
    """

    def __init__(self, db: sqlite3.Connection, layer: str) -> None:
        self.name = layer
        self._db = db
        kind = db.execute("SELECT type FROM sqlite_master WHERE lower(name) = lower(?)", (layer,)).fetchone()
        listed = db.execute("SELECT count(*) FROM gpkg_contents WHERE lower(table_name) = lower(?)", (layer,)).fetchone()
        if kind is None or not listed[0]:
            raise ConflictError(
                "The file no longer has the layer {layer}",
                hint="Another program removed or renamed it. Save a copy of the map's data, then open the file anew.",
                layer=layer,
            )
        described = db.execute(f"PRAGMA table_xinfo({quoted(layer)})").fetchall()
        keys = [(name, declared) for _, name, declared, _, _, key, _ in described if key]
        if kind[0] != "table" or len(keys) != 1 or str(keys[0][1]).upper() != "INTEGER":
            raise RefusedError(
                "{layer} cannot be edited: it is a view, or has no key of whole numbers",
                hint="Copy it into a GeoPackage with lydigital store copy, and edit the copy.", layer=layer,
            )  # fmt: skip
        self.key = str(keys[0][0])
        row = db.execute(
            "SELECT column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns"
            " WHERE lower(table_name) = lower(?)", (layer,),
        ).fetchone()  # fmt: skip
        self.geometry = str(row[0]) if row is not None else ""
        self.shape = Shape(layer, *((str(row[1]).upper(), *row[2:]) if row is not None else ("", 0, 0, 0)))
        self.fields = {
            str(name): _field(str(declared))
            for _, name, declared, _, _, key, hidden in described
            if not key and not hidden and name != self.geometry
        }
        self._check_extensions()
        self._rtree = f"rtree_{layer}_{self.geometry}"
        things = {str(n).lower() for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table','trigger')")}
        has_rtree = bool(self.geometry) and self._rtree.lower() in things
        self._indexes_itself = not has_rtree or f"{self._rtree}_insert".lower() in things
        self._has_rtree = has_rtree
        self._counts = "gpkg_ogr_contents" in things
        self._envelope: dict[int, int] = {}

    def fetch(self, fids: Iterable[int]) -> dict[int, Feature]:
        return _fetch(self._db, (self.name, self.key, self.geometry), list(self.fields), list(fids))

    def last_fid(self) -> int:
        """The largest fid this table ever gave, as far as the file knows."""
        highest: int = self._db.execute(
            f"SELECT coalesce(max({quoted(self.key)}), 0) FROM {quoted(self.name)}"
        ).fetchone()[0]
        if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
            row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE lower(name) = lower(?)", (self.name,)).fetchone()
            highest = max(highest, int(row[0] or 0) if row else 0)
        return highest

    def is_same(self, part: str, first: object, second: object) -> bool:
        """Whether two values of a part of a feature are one for this table."""
        if part == GEOMETRY:
            return gpkg_blob.is_same(first, second, self.shape)  # type: ignore[arg-type]
        if same(first, second):  # type: ignore[arg-type]
            return True
        try:
            return same(self.value(part, first), self.value(part, second))  # type: ignore[arg-type]
        except (BadDataError, RefusedError, ConflictError):
            return False

    def value(self, name: str, value: Value) -> Value:
        """``value`` as the column keeps it.

        Raises
        ------
        ConflictError
            When there is no such column any more.
        BadDataError
            When it does not fit.
        """
        field = self.fields.get(name)
        if field is None:
            raise ConflictError(
                "{layer} no longer has the field {field}",
                hint="Another program changed the table. Undo the changes of this field, or add the field again.",
                layer=self.name, field=name,
            )  # fmt: skip
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        if field.affinity == "text":
            text = value if isinstance(value, (str, bytes)) else str(value)
            if isinstance(text, str) and ("\0" in text or (field.most and len(text) > field.most)):
                raise self._misfit(name, text)
            return text
        if field.affinity == "integer":
            whole = int(value) if isinstance(value, (bool, int)) or (isinstance(value, float) and value.is_integer()) else None
            if whole is None or not -(2**63) <= whole < 2**63:
                raise self._misfit(name, value)
            return whole
        if field.affinity == "real":
            if not isinstance(value, (bool, int, float)):
                raise self._misfit(name, value)
            return float(value)
        return int(value) if isinstance(value, bool) else value

    def write(self, changes: Sequence[tuple[int, Feature | None, Feature | None]]) -> tuple[int, int, int]:
        """Bring the table from what it has to what it should have: fid, present and new feature of each.

        Returns
        -------
        made, changed, removed

        Raises
        ------
        LydError
            When something does not fit.
        sqlite3.Error
            Whatever the file meets.
        """
        before = self._count()
        made = changed = removed = 0
        boxes: list[tuple[float, float, float, float]] = []
        for fid, old, new in changes:
            box = None
            try:
                if new is None:
                    self._db.execute(f"DELETE FROM {quoted(self.name)} WHERE {quoted(self.key)} = ?", (fid,))
                    removed += 1
                elif old is None:
                    box = self._insert(fid, new)
                    made += 1
                else:
                    box = self._update(fid, old, new)
                    changed += 1
            except sqlite3.IntegrityError as error:
                if str(error).startswith("UNIQUE"):
                    raise ConflictError(
                        "{layer} has a row with these values already: {reason}",
                        hint="Somebody else was faster, or the values stand twice. Do it again: it starts from what is there now.",
                        layer=self.name, reason=str(error).partition(": ")[2],
                    ) from error  # fmt: skip
                raise RefusedError(
                    "{layer}, feature {fid} cannot be saved: {reason}",
                    hint="A field that must have a value is empty, or a value stands twice where it may not.",
                    layer=self.name, fid=fid, reason=str(error),
                ) from error  # fmt: skip
            if box is not None:
                boxes.append(box)
            if not self._indexes_itself:
                self._index(fid, new, box)
        self._keep_count(before, made - removed)
        self._extend(boxes)
        return made, changed, removed

    # -- inside ------------------------------------------------------------------------------------------------------

    def _insert(self, fid: int, new: Feature) -> tuple[float, float, float, float] | None:
        names, values = [self.key], [fid]
        blob = self._blob(new.wkb, None)
        if self.geometry:
            names.append(self.geometry)
            values.append(blob)  # type: ignore[arg-type]
        for name, value in new.values.items():
            names.append(name)
            values.append(self.value(name, value))  # type: ignore[arg-type]
        self._db.execute(
            f"INSERT INTO {quoted(self.name)} ({','.join(map(quoted, names))}) VALUES ({','.join('?' * len(names))})",
            values,
        )
        return gpkg_blob.bounds(blob)

    def _update(self, fid: int, old: Feature, new: Feature) -> tuple[float, float, float, float] | None:
        names, values = [], []
        blob: bytes | None = None
        if not self.is_same(GEOMETRY, old.wkb, new.wkb):
            blob = self._blob(new.wkb, fid)
            names.append(self.geometry)
            values.append(blob)
        for name, value in new.values.items():
            if name not in old.values or not same(old.values[name], value):
                names.append(name)
                values.append(self.value(name, value))  # type: ignore[arg-type]
        if names:
            self._db.execute(
                f"UPDATE {quoted(self.name)} SET {', '.join(f'{quoted(n)} = ?' for n in names)}"
                f" WHERE {quoted(self.key)} = ?", (*values, fid),
            )  # fmt: skip
        return gpkg_blob.bounds(blob)

    def _blob(self, wkb: bytes | None, fid: int | None) -> bytes | None:
        """A blob with the kind of envelope that this feature, or others of its layer, have."""
        if wkb is None:
            return None
        if not self.geometry:
            raise RefusedError(
                "{layer} is a table without geometry", hint="Put the feature into a layer of its kind.", layer=self.name
            )
        kept = gpkg_blob.stored(wkb, self.shape)
        assert kept is not None
        kind = kept[1]
        code = self._envelope.get(kind)
        if code is None:
            g, t = quoted(self.geometry), quoted(self.name)
            row = None
            if fid is not None:
                row = self._db.execute(f"SELECT substr({g}, 1, 8) FROM {t} WHERE {quoted(self.key)} = ?", (fid,)).fetchone()
            if row is None or row[0] is None:
                row = self._db.execute(f"SELECT substr({g}, 1, 8) FROM {t} WHERE {g} NOTNULL LIMIT 1").fetchone()
            code = self._envelope[kind] = gpkg_blob.habit(row[0]) if row is not None else int(kind != 1)
        return gpkg_blob.blob_of(kept, self.shape.srs, code)

    def _index(self, fid: int, new: Feature | None, box: tuple[float, float, float, float] | None) -> None:
        if new is not None and box is None and new.wkb is not None:
            return  # the geometry stayed
        self._db.execute(f"DELETE FROM {quoted(self._rtree)} WHERE id = ?", (fid,))
        if box is not None:
            x0, y0, x1, y1 = box
            self._db.execute(f"INSERT INTO {quoted(self._rtree)} VALUES (?,?,?,?,?)", (fid, x0, x1, y0, y1))

    def _count(self) -> int | None:
        if not self._counts:
            return None
        row = self._db.execute(
            "SELECT feature_count FROM gpkg_ogr_contents WHERE lower(table_name) = lower(?)", (self.name,)
        ).fetchone()
        return None if row is None else row[0]

    def _keep_count(self, before: int | None, more: int) -> None:
        if before is not None and more and self._count() == before:  # no trigger did it
            self._db.execute(
                "UPDATE gpkg_ogr_contents SET feature_count = ? WHERE lower(table_name) = lower(?)", (before + more, self.name)
            )

    def _extend(self, boxes: list[tuple[float, float, float, float]]) -> None:
        """Make the bounds of the layer hold ``boxes``; where the file has none, they come from the R-tree."""
        if not boxes:
            return
        here = "FROM gpkg_contents WHERE lower(table_name) = lower(?)"
        row = self._db.execute(f"SELECT min_x, min_y, max_x, max_y {here}", (self.name,)).fetchone()
        if None in row and self._has_rtree:
            row = self._db.execute(f"SELECT min(minx), min(miny), max(maxx), max(maxy) FROM {quoted(self._rtree)}").fetchone()
        elif None in row and self._db.execute(f"SELECT count(*) FROM {quoted(self.name)}").fetchone()[0] != len(boxes):
            return  # unknown they stay: half of them would be wrong
        if None not in row:
            boxes = [*boxes, row]
        low_x, low_y, high_x, high_y = zip(*boxes, strict=True)
        self._db.execute(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE lower(table_name) = lower(?)",
            (min(low_x), min(low_y), max(high_x), max(high_y), self.name),
        )

    def _check_extensions(self) -> None:
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'gpkg_extensions'").fetchone():
            return
        for (name,) in self._db.execute(
            "SELECT extension_name FROM gpkg_extensions WHERE lower(table_name) = lower(?)", (self.name,)
        ):
            if not str(name).startswith((*_KNOWN_EXTENSIONS, _DOES_NO_HARM)):
                raise RefusedError(
                    "{layer} uses an extension of GeoPackage that this program does not know: {extension}",
                    hint="Edit it with the program that made it, or copy it with lydigital store copy.",
                    layer=self.name, extension=name,
                )  # fmt: skip

    def _misfit(self, name: str, value: object) -> BadDataError:
        return BadDataError(
            "{value} does not fit the field {field} of {layer}", hint="Correct the value and save again.",
            value=str(value)[:60], field=name, layer=self.name,
        )  # fmt: skip


def _field(declared: str) -> _Field:
    word = declared.upper()
    limit = re.fullmatch(r"TEXT\s*\((\d+)\)", word.strip())
    if "INT" in word or word.startswith("BOOL"):
        return _Field("integer", 0)
    if any(part in word for part in ("CHAR", "CLOB", "TEXT")) or word in ("DATE", "DATETIME"):
        return _Field("text", int(limit[1]) if limit else 0)
    if any(part in word for part in ("REAL", "FLOA", "DOUB")):
        return _Field("real", 0)
    return _Field("", 0)


# --- what steps make of features ------------------------------------------------------------------------------------


class Outcome:
    """One feature: as the file has it, and as the steps leave it."""

    def __init__(self, table: Table, fid: int, theirs: Feature | None) -> None:
        self.table = table
        self.fid = fid
        self.theirs = theirs
        self.now = theirs
        self._whole = False
        self._first: dict[str, object] = {}  # what the steps start from, part by part
        self._made = False

    def take(self, delta: Delta, target: Target) -> None:
        if target.kind == "feature":
            if not self._whole:
                self._begin_whole(delta.old)
            self.now = delta.new
        else:
            part = GEOMETRY if target.kind == "geometry" else target.field
            if part != GEOMETRY:
                self.table.value(part, delta.new)  # or the schema is another by now
            if not self._whole:
                self._first.setdefault(part, delta.old)
            now = self.now if self.now is not None else Feature()
            self.now = Feature(delta.new, now.values) if part == GEOMETRY else now.replaced(**{part: delta.new})

    def _begin_whole(self, old: Feature | None) -> None:
        if old is None:
            self._made = not self._first
        else:
            self._first.setdefault(GEOMETRY, old.wkb)
            for name in old.values.keys() & self.table.fields.keys():
                self._first.setdefault(name, old.values[name])
        self._whole = True

    @property
    def is_there_already(self) -> bool:
        """Whether the file holds what the steps lead to."""
        if self.now is None or self.theirs is None:
            return self.now is self.theirs
        parts = {GEOMETRY: (self.theirs.wkb, self.now.wkb)} | {
            name: (self.theirs.values.get(name), value) for name, value in self.now.values.items()
        }
        return all(self.table.is_same(part, *sides) for part, sides in parts.items())

    @property
    def is_taken(self) -> bool:
        """Whether a new feature's fid was given to another one meanwhile."""
        return self._made and self.theirs is not None and not self.is_there_already

    def conflict(self) -> Conflict | None:
        """What others changed of what the steps start from, differently."""
        if self.is_there_already or (self._made and self.theirs is None):
            return None
        theirs = self.theirs
        if theirs is None:
            if self.now is None:
                return None
            base = self._laid_over(Feature())
            return Conflict(self.table.name, self.fid, base, self.now, None, (WHOLE,))
        changed = [
            part
            for part, old in self._first.items()
            if not self.table.is_same(part, old, _part(theirs, part))
            and (self.now is None or not self.table.is_same(part, _part(self.now, part), _part(theirs, part)))
        ]
        if not changed:
            return None
        parts = (WHOLE,) if self.now is None else tuple(changed)
        return Conflict(self.table.name, self.fid, self._laid_over(theirs), self.now, theirs, parts)

    def _laid_over(self, feature: Feature) -> Feature:
        """``feature`` with what the steps started from."""
        values = {name: value for name, value in self._first.items() if name != GEOMETRY}
        wkb = self._first.get(GEOMETRY, feature.wkb)
        return Feature(wkb, {**feature.values, **values})  # type: ignore[arg-type, dict-item]


def outcomes(tables: dict[str, Table], steps: Sequence[ChangeSet]) -> list[Outcome]:
    """What ``steps`` make of every feature they touch, over what the file has."""
    deltas = [(delta, parse_target(delta.target)) for step in steps for delta in step.deltas]
    touched: dict[str, dict[int, None]] = {}
    for _, target in deltas:
        touched.setdefault(target.layer, {})[target.fid] = None
    found: dict[tuple[str, int], Outcome] = {}
    for layer, fids in touched.items():
        theirs = tables[layer].fetch(fids)
        for fid in fids:
            found[layer, fid] = Outcome(tables[layer], fid, theirs.get(fid))
    for delta, target in deltas:
        found[target.layer, target.fid].take(delta, target)
    return list(found.values())


def check(found: Iterable[Outcome]) -> None:
    """Raise :class:`ConflictsError` naming all that others changed."""
    conflicts = [c for c in (outcome.conflict() for outcome in found) if c is not None]
    if conflicts:
        raise ConflictsError(conflicts)


def renumbered(steps: Sequence[ChangeSet], numbers: dict[tuple[str, int], int]) -> Iterator[ChangeSet]:
    """The same steps with other fids for features in ``numbers``, also where attachments name them."""
    import msgspec

    for step in steps:
        deltas = []
        for delta in step.deltas:
            target = parse_target(delta.target)
            fid = numbers.get((target.layer, target.fid))
            moved = delta if fid is None else msgspec.structs.replace(delta, target=str(target._replace(fid=fid)))
            if target.layer == ATTACHMENTS and isinstance(delta.new, Feature):
                of = numbers.get((str(delta.new.values.get("layer")), int(delta.new.values.get("feature") or 0)))
                moved = moved if of is None else msgspec.structs.replace(moved, new=delta.new.replaced(feature=of))
            deltas.append(moved)
        yield msgspec.structs.replace(step, deltas=tuple(deltas))


def _part(feature: Feature, part: str) -> object:
    return feature.wkb if part == GEOMETRY else feature.values.get(part)
