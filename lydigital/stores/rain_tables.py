"""Tables of rain as people keep them, to the values of each gauge: CSV and XLSX, long or wide, in any usual coding."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lydigital.errors import BadDataError
from lydigital.model.issue import Issue
from lydigital.stores import rain_words as words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import timezone
    from pathlib import Path

    from lydigital.model.issue import Severity

_DAY_ENDS_H = 20


@dataclass
class Notes:
    """Issues on the way, equal ones counted."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, tuple[Severity, str, str]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, severity: Severity, message: str, hint: str = "", *, example: str = "", count: int = 1) -> None:
        self.kinds[code] = (severity, message, hint)
        self.counts[code] += count
        some = self.examples.setdefault(code, [])
        if example and example not in some and len(some) < 5:
            some.append(example)

    def issues(self) -> tuple[Issue, ...]:
        return tuple(
            Issue(f"rain.{code}", severity, message, hint, count=self.counts[code],
                  values={"count": str(self.counts[code]), "examples": ", ".join(self.examples[code]) or "-"})
            for code, (severity, message, hint) in self.kinds.items()
        )  # fmt: skip


@dataclass
class Gauge:
    """What a file says of one gauge: number, name, place as written, and cells by the end of their interval."""

    code: str = ""
    name: str = ""
    lon: Any = None
    lat: Any = None
    cells: list[tuple[datetime, Any]] = field(default_factory=list)


# --- the table as rows ----------------------------------------------------------------------------------------------


def text_rows(content: bytes, path: Path, notes: Notes) -> list[list[Any]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in content[:4096]:
        encodings = ()
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030":
            notes.add("encoding", "note", "The file is not UTF-8 and was read as GB 18030", "Save it as UTF-8 if names look wrong.")
        break
    else:
        raise BadDataError(
            "{path} is no text in UTF-8 or GB 18030", hint="Save it as CSV in UTF-8, or as XLSX.", path=str(path)
        )
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    head = "\n".join(lines[:10])  # a title often stands above the headings
    mark = max(",\t;，|", key=head.count)
    if not head.count(mark):
        return [line.split() for line in lines]
    if mark == "，":
        lines, mark = [line.replace("，", ",") for line in lines], ","
    try:
        return [list(row) for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=mark)]
    except csv.Error as error:
        raise BadDataError(
            "{path} is no table: {reason}", hint="Save it as CSV in UTF-8, or as XLSX.", path=str(path), reason=str(error)
        ) from error


def sheet_rows(content: bytes, path: Path, sheet: str) -> list[list[Any]]:
    import warnings

    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles it does not know
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            page = book[sheet] if sheet else book.worksheets[0]
            return [list(row) for row in page.iter_rows(values_only=True) if any(v not in (None, "") for v in row)]
    except KeyError as error:
        raise BadDataError(
            "{path} has no sheet {sheet}", hint="Sheets: {known}.", path=str(path), sheet=sheet, known=", ".join(book.sheetnames)
        ) from error
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise BadDataError(
            "{path} cannot be read as a workbook: {reason}", hint="Save it again as XLSX, or as CSV.", path=str(path),
            reason=str(error)[:200],
        ) from error  # fmt: skip


# --- rows to gauges -------------------------------------------------------------------------------------------------


def gauges_of(rows: list[list[Any]], path: Path, notes: Notes) -> list[Gauge]:
    at = _heading(rows, path)
    head, body = rows[at], rows[at + 1 :]
    roles = [words.role_of(cell) for cell in head]
    where: dict[str, int] = {}
    for i, role in enumerate(roles):
        if role is not None and role != "other":
            where.setdefault(role, i)
    zone = next((z for i, r in enumerate(roles) if r in ("time", "date") and (z := words.zone_of(head[i])) is not None), None)
    times = {i: m for i, role in enumerate(roles) if role is None and (m := words.moment(head[i], zone)) is not None}
    hours = {i: h for i, role in enumerate(roles) if role is None and (h := _hour(head[i])) is not None}
    has_gauge = "code" in where or "name" in where
    if has_gauge and "rain" in where and ("time" in where or "date" in where):
        return _long(body, where, zone, notes)
    if has_gauge and len(times) >= 1:
        return _by_rows(body, where, times, notes)
    if has_gauge and ("date" in where or "time" in where) and len(hours) >= 12:
        return _by_hours(body, where, hours, zone, notes)
    stations = {i: _code(head[i]) for i, role in enumerate(roles) if role is None and i not in times}
    if ("time" in where or "date" in where) and stations:
        return _by_columns(body, where, stations, zone, notes)
    raise BadDataError(
        "{path} is no table of rain: its columns are {columns}", path=str(path),
        columns=", ".join(words.plain(c) for c in head[:12]),
        hint="It needs gauge, time and rain (站号, 时间, 雨量), or one column for each gauge or each time.",
    )  # fmt: skip


def _heading(rows: list[list[Any]], path: Path) -> int:
    """Which of the first rows has the headings: titles often stand above them."""
    best, most = -1, 0
    for i, row in enumerate(rows[:10]):
        score = sum(words.role_of(c) not in (None, "other") for c in row)
        if score > most:
            best, most = i, score
    if best < 0 or best + 1 >= len(rows):
        raise BadDataError(
            "{path} has no row of headings with rain below it", path=str(path),
            hint="It needs headings such as 站号, 时间, 雨量 (or station, time, rain) in its first rows.",
        )  # fmt: skip
    return best


def _hour(cell: Any) -> int | None:
    text = words.plain(cell).removesuffix("时").removesuffix(":00").removesuffix("h")
    return int(text) if text.isdecimal() and int(text) <= 24 else None


class _Rows:
    """Gauges by number or name, with the places that rows give them."""

    def __init__(self, where: Mapping[str, int]) -> None:
        self.where = where
        self.gauges: dict[str, Gauge] = {}

    def cell(self, row: Sequence[Any], role: str) -> Any:
        i = self.where.get(role, -1)
        return row[i] if 0 <= i < len(row) else None

    def of(self, row: Sequence[Any]) -> Gauge | None:
        code, name = _code(self.cell(row, "code")), words.plain(self.cell(row, "name"))
        if not (code or name):
            return None
        found = self.gauges.setdefault(code or name, Gauge(code, name))
        found.name = found.name or name
        if found.lon is None:
            found.lon, found.lat = self.cell(row, "lon"), self.cell(row, "lat")
        return found


def _code(value: Any) -> str:
    """A number of a gauge: Excel makes 53845 of it, or 53845.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return words.plain(value)


def _times(notes: Notes, zone: timezone | None) -> Callable[[Any], words.Moment | None]:
    """Reader of times that remembers what it has read."""
    kept: dict[Any, words.Moment | None] = {}

    def read(value: Any) -> words.Moment | None:
        key = value if isinstance(value, datetime) else str(value)
        if key not in kept:
            kept[key] = words.moment(value, zone)
        found = kept[key]
        if found is not None and not found.has_zone:
            _beijing(notes)
        return found

    return read


def _beijing(notes: Notes) -> None:
    notes.kinds.setdefault("beijing", ("note", "Times without a zone were taken as Beijing time", ""))
    notes.counts["beijing"] = 1
    notes.examples.setdefault("beijing", [])


def _end_of_day(at: datetime, notes: Notes) -> datetime:
    notes.kinds.setdefault("days", ("note", "Days were taken to end at 20:00 Beijing time", "Give times with hours if they end otherwise."))
    notes.counts["days"] = 1
    notes.examples.setdefault("days", [])
    return at + timedelta(hours=_DAY_ENDS_H)


def _bad(notes: Notes, row: Iterable[Any]) -> None:
    notes.add("bad_row", "warning", "{count} rows without a gauge or time were left out: {examples}",
              example=" ".join(words.plain(c) for c in list(row)[:4]))  # fmt: skip


def _long(body: list[list[Any]], where: dict[str, int], zone: timezone | None, notes: Notes) -> list[Gauge]:
    rows, read = _Rows(where), _times(notes, zone)
    for row in body:
        gauge = rows.of(row)
        found = read(rows.cell(row, "time" if "time" in where else "date"))
        if gauge is None or found is None:
            _bad(notes, row)
            continue
        at = found.at
        hour = rows.cell(row, "hour") if not found.has_hour else None
        if hour is not None and (number := _hour(_code(hour))) is not None:
            at += timedelta(hours=number)
        elif not found.has_hour:
            at = _end_of_day(at, notes)
        gauge.cells.append((at, rows.cell(row, "rain")))
    return list(rows.gauges.values())


def _by_rows(
    body: list[list[Any]], where: dict[str, int], times: dict[int, words.Moment], notes: Notes
) -> list[Gauge]:
    rows = _Rows(where)
    ends = {}
    for i, found in times.items():
        if not found.has_zone:
            _beijing(notes)
        ends[i] = found.at if found.has_hour else _end_of_day(found.at, notes)
    for row in body:
        gauge = rows.of(row)
        if gauge is None:
            _bad(notes, row)
            continue
        gauge.cells += [(at, row[i] if i < len(row) else None) for i, at in ends.items()]
    return list(rows.gauges.values())


def _by_columns(
    body: list[list[Any]], where: dict[str, int], stations: dict[int, str], zone: timezone | None, notes: Notes
) -> list[Gauge]:
    rows, read = _Rows(where), _times(notes, zone)
    gauges = {i: Gauge(name) for i, name in stations.items()}
    for row in body:
        found = read(rows.cell(row, "time" if "time" in where else "date"))
        if found is None:
            _bad(notes, row)
            continue
        hour = _hour(_code(rows.cell(row, "hour"))) if not found.has_hour else None
        at = found.at + timedelta(hours=hour) if hour is not None else found.at
        at = at if found.has_hour or hour is not None else _end_of_day(at, notes)
        for i, gauge in gauges.items():
            gauge.cells.append((at, row[i] if i < len(row) else None))
    return list(gauges.values())


def _by_hours(
    body: list[list[Any]], where: dict[str, int], hours: dict[int, int], zone: timezone | None, notes: Notes
) -> list[Gauge]:
    """A day a row, an hour a column: from 1 to 24, or from 21 of the day before to 20."""
    rows, read = _Rows(where), _times(notes, zone)
    first = next(iter(hours.values()))
    evening = first == _DAY_ENDS_H + 1
    if evening:
        notes.add("evening", "note", "Hours 21 to 24 were taken as those of the evening before the day")
    for row in body:
        gauge, found = rows.of(row), read(rows.cell(row, "date" if "date" in where else "time"))
        if gauge is None or found is None:
            _bad(notes, row)
            continue
        for i, hour in hours.items():
            back = 24 if evening and hour > _DAY_ENDS_H else 0
            gauge.cells.append((found.at + timedelta(hours=hour - back), row[i] if i < len(row) else None))
    return list(rows.gauges.values())
