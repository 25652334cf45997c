"""Lists of coordinates as people have them: typed or pasted in any notation, CSV with columns, GPX, NMEA of receivers."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from lydigital.errors import BadDataError
from lydigital.model import coordinates
from lydigital.model.crs import CGCS2000, WGS84, Crs, transformation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lydigital.model.coordinates import Place

MOST = 1_000_000
_EAST = ("x", "e", "east", "easting", "lon", "lng", "long", "longitude", "经度", "东坐标", "横坐标", "x坐标", "东")
_NORTH = ("y", "n", "north", "northing", "lat", "latitude", "纬度", "北坐标", "纵坐标", "y坐标", "北")
_UP = ("z", "h", "ele", "alt", "elevation", "altitude", "height", "高程", "海拔", "高度")
_SEPARATORS = re.compile(r"[;；|\n\r]+")
_TOKENS = re.compile(r"[,，\s]+")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


class Row(NamedTuple):
    """One place of a list: map units of the document, height or NaN, and the other columns."""

    x: float
    y: float
    z: float
    values: dict[str, str]


class _Raw(NamedTuple):
    readings: list[Place]
    z: float
    values: dict[str, str]
    text: str


def read(text: str, document_crs: Crs, source_crs: str = "") -> list[Row]:
    """Every place of ``text``, in order.

    Without ``source_crs`` the notations are those of the search box, and all rows are read in one system: the likeliest
    that all of them fit.

    Raises
    ------
    BadDataError
        Naming the first line that is no place.
    """
    stripped = text.strip().lstrip("\ufeff")
    if stripped.startswith("<"):
        raw = list(_gpx(stripped))
    elif stripped.startswith("$G"):
        raw = list(_nmea(stripped))
    else:
        table = _table(stripped, document_crs, source_crs)
        raw = list(_lines(stripped, document_crs, source_crs)) if table is None else table
    if not raw:
        raise BadDataError("There are no coordinates in this text", hint="Write one place a line, as 112.45, 34.62.")
    return _in_one_system(raw, document_crs)


def _in_one_system(raw: Sequence[_Raw], document_crs: Crs) -> list[Row]:
    for row in raw:
        if not row.readings:
            raise BadDataError(
                "{text} is no place", hint="Write one place a line, as 112.45, 34.62 or 632982 3833393.", text=row.text[:80]
            )
    common = [p.crs.definition for p in raw[0].readings]
    for row in raw:
        known = {p.crs.definition for p in row.readings}
        common = [c for c in common if c in known]
    if not common:
        raise BadDataError(
            "The places are written in different systems", hint="Give the lines of each system apart, or name it in crs."
        )
    chosen = [next(p for p in row.readings if p.crs.definition == common[0]) for row in raw]
    move = transformation(Crs(common[0]), document_crs)
    out = []
    for row, place in zip(raw, chosen, strict=True):
        x, y = move.point(place.x, place.y)
        out.append(Row(x, y, row.z, row.values))
    return out


def _lines(text: str, document_crs: Crs, source_crs: str) -> Iterator[_Raw]:
    for line in _SEPARATORS.split(text):
        if line.strip():
            yield _line(line.strip(), document_crs, source_crs)


def _line(line: str, document_crs: Crs, source_crs: str) -> _Raw:
    tokens = [t for t in _TOKENS.split(line) if t]
    is_number = [_NUMBER.fullmatch(t) is not None for t in tokens]
    if not source_crs:
        readings = coordinates.parse(line, document_crs)
        if readings:
            return _Raw(readings, math.nan, {}, line)
    # name, coordinates, height: as survey instruments write them
    first = 0 if is_number[:2] == [True, True] and len(tokens) != 4 else 1
    values = {} if first == 0 else {"name": tokens[0]}
    if is_number[first : first + 2] != [True, True]:
        return _Raw([], math.nan, {}, line)
    z = float(tokens[first + 2]) if len(tokens) > first + 2 and is_number[first + 2] else math.nan
    return _Raw(_pair(tokens[first], tokens[first + 1], document_crs, source_crs), z, values, line)


def _pair(a: str, b: str, document_crs: Crs, source_crs: str) -> list[Place]:
    if not source_crs:
        return coordinates.parse(f"{a}, {b}", document_crs)
    try:
        return [coordinates.Place(float(a), float(b), Crs(source_crs), source_crs)]
    except ValueError:
        return []


def _table(text: str, document_crs: Crs, source_crs: str) -> list[_Raw] | None:
    """Rows of a CSV whose first line names the columns of coordinates; None when it does not."""
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    names = [name.strip() for name in rows[0]] if rows else []
    east, north, up = (_column(names, known) for known in (_EAST, _NORTH, _UP))
    if east is None or north is None:
        return None
    out = []
    for row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(east, north):
            out.append(_Raw([], math.nan, {}, delimiter.join(row)))
            continue
        cells = [cell.strip() for cell in row]
        z = math.nan
        if up is not None and up < len(cells) and _NUMBER.fullmatch(cells[up]):
            z = float(cells[up])
        rest = {n: c for i, (n, c) in enumerate(zip(names, cells, strict=False)) if i not in (east, north) and c}
        out.append(_Raw(_pair(cells[east], cells[north], document_crs, source_crs), z, rest, delimiter.join(row)))
    return out


def _column(names: Sequence[str], known: Sequence[str]) -> int | None:
    plain = [re.sub(r"[\s（(\[].*$", "", n.casefold()) for n in names]
    return next((plain.index(k) for k in known if k in plain), None)


def _gpx(text: str) -> Iterator[_Raw]:
    """Waypoints, or else points of routes and tracks, of GPX 1.0 and 1.1 (WGS 84)."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(text)
    except (ParseError, DefusedXmlException) as error:
        raise BadDataError(
            "This GPX cannot be read: {reason}", hint="Export it again from the receiver.", reason=str(error)
        ) from error
    nodes = list(root.iter())
    for wanted in ("wpt", "rtept", "trkpt"):
        chosen = [n for n in nodes if _tag(n.tag) == wanted]
        for node in chosen:
            below = {_tag(child.tag): (child.text or "").strip() for child in node}
            z = float(below["ele"]) if _NUMBER.fullmatch(below.get("ele", "")) else math.nan
            rest = {k: v for k, v in below.items() if v and k in ("name", "desc", "cmt", "time", "sym")}
            yield _wgs84(node.get("lon", ""), node.get("lat", ""), z, rest)
        if chosen:
            return


def _nmea(text: str) -> Iterator[_Raw]:
    """Fixes (GGA) of NMEA 0183: ddmm.mmmm."""
    for line in text.splitlines():
        cells = line.split("*", 1)[0].split(",")
        if not cells[0].endswith("GGA") or len(cells) < 10 or cells[6] in ("", "0"):
            continue
        lat, lon = (_minutes(cells[i], cells[i + 1]) for i in (2, 4))
        z = float(cells[9]) if _NUMBER.fullmatch(cells[9]) else math.nan
        yield _wgs84(lon, lat, z, {"time": cells[1]})


def _minutes(cell: str, letter: str) -> str:
    if not _NUMBER.fullmatch(cell):
        return ""
    degrees, minutes = divmod(float(cell), 100.0)
    return repr((degrees + minutes / 60.0) * (-1 if letter in ("S", "W") else 1))


def _wgs84(lon: str, lat: str, z: float, values: dict[str, str]) -> _Raw:
    text = f"{lon}, {lat}"
    try:
        x, y = float(lon), float(lat)
    except ValueError:
        return _Raw([], z, values, text)
    fits = abs(x) <= 180 and abs(y) <= 90
    # the two datums differ by decimetres that no one knows, see the notation of the status bar
    reading = coordinates.Place(x, y, Crs(WGS84), CGCS2000)
    return _Raw([reading] if fits else [], z, values, text)


def _tag(name: object) -> str:
    return str(name).rpartition("}")[2]
