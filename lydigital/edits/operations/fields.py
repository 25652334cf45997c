"""Attributes from one layer to another: which field goes where, and what would be lost on the way."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING

from lydigital.errors import UsageError
from lydigital.model.issue import Issue
from lydigital.model.layerdef import FieldDef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.model.feature import Value

_YES = {"1", "true", "yes", "y", "t", "是", "有", "真"}
_NO = {"0", "false", "no", "n", "f", "否", "无", "假"}
_EXACT = 2**53  # integers beyond are not exact as reals


def mapping(source: Sequence[FieldDef], target: Sequence[FieldDef], given: Mapping[str, str]) -> dict[str, str]:
    """Source field → target field: as ``given``, else of the same name, else of the same title in either language.

    A ``given`` target of "" leaves the field out.

    Raises
    ------
    UsageError
        When ``given`` names a field that is not there.
    """
    names = {f.name: f for f in target}
    for origin, end in given.items():
        if origin not in {f.name for f in source} or (end and end not in names):
            raise UsageError(
                "No field {field} to map", hint="The fields are: {known}",
                field=origin if end in names or not end else end, known=", ".join(names) or "-",
            )  # fmt: skip
    found = {origin: end for origin, end in given.items() if end}
    taken = set(found.values())
    for same in (_same_name, _same_title):
        for f in source:
            if f.name in found or f.name in given:
                continue
            match = next((t.name for t in target if t.name not in taken and same(f, t)), None)
            if match is not None:
                found[f.name] = match
                taken.add(match)
    return found


def transferred(
    rows: Sequence[Mapping[str, Value]], fields: Mapping[str, str], target: Sequence[FieldDef], layer: str
) -> tuple[list[dict[str, Value]], tuple[Issue, ...]]:
    """Rows in the fields of another layer, and what of them has no place there."""
    types = {f.name: f.type for f in target}
    lost: Counter[tuple[str, str]] = Counter()
    out: list[dict[str, Value]] = []
    for row in rows:
        made: dict[str, Value] = {}
        for name, value in row.items():
            if value is None:
                continue
            end = fields.get(name)
            if end is None:
                lost[name, ""] += 1
                continue
            fits, new = converted(value, types[end])
            if fits:
                made[end] = new
            else:
                lost[name, end] += 1
        out.append(made)
    return out, tuple(_lost(name, end, types.get(end, ""), count, layer) for (name, end), count in lost.items())


def converted(value: Value, kind: str) -> tuple[bool, Value]:
    """Whether ``value`` can be kept as ``kind`` (a type of the catalogue) without losing anything, and as what."""
    if value is None:
        return True, None
    if isinstance(value, bytes):
        return kind not in ("text", "integer", "real", "boolean", "date", "datetime"), value
    if kind == "text":
        return True, value if isinstance(value, str) else str(value)
    text = str(value).strip()
    if kind == "boolean":
        low = text.casefold().removesuffix(".0")
        return low in _YES | _NO, low in _YES
    if kind in ("integer", "real"):
        return _number(value, text, kind)
    if kind in ("date", "datetime"):
        return _time(text, kind)
    return True, value


def _number(value: Value, text: str, kind: str) -> tuple[bool, Value]:
    if isinstance(value, int):
        exact = kind == "integer" or abs(value) <= _EXACT
        return exact, (int(value) if kind == "integer" else float(value))
    try:
        number = float(text)
    except ValueError:
        return False, None
    if kind == "real":
        return math.isfinite(number), number
    whole = math.isfinite(number) and number.is_integer() and abs(number) <= _EXACT
    return whole, int(number) if whole else None


def _time(text: str, kind: str) -> tuple[bool, Value]:
    try:
        if kind == "datetime":
            datetime.fromisoformat(text)
            return True, text if len(text) > 10 else f"{text}T00:00:00.000Z"
        if len(text) <= 10:
            return True, date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False, None
    midnight = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return midnight, moment.date().isoformat() if midnight else None


def column(name: str) -> FieldDef:
    """A column of a list as a field of text whose name and title it bears."""
    return FieldDef(name, name)


def _same_name(first: FieldDef, second: FieldDef) -> bool:
    return first.name.casefold() == second.name.casefold()


def _same_title(first: FieldDef, second: FieldDef) -> bool:
    titles = {t.casefold() for t in (second.title, second.title_en) if t}
    return any(t.casefold() in titles for t in (first.title, first.title_en) if t)


def _lost(name: str, end: str, kind: str, count: int, layer: str) -> Issue:
    if not end:
        return Issue(
            "field.dropped", "warning", "{layer} has no field for {field}: values left out: {count}",
            "Name a field for it in mapping if it should be kept.", layer, count=count,
            values={"layer": layer, "field": name, "count": str(count)},
        )  # fmt: skip
    return Issue(
        "field.unfit", "warning", "Values of {field} that do not fit into {target} ({type}) left out: {count}",
        "Map it to a text field to keep them.", layer, count=count,
        values={"field": name, "target": end, "type": kind, "count": str(count)},
    )  # fmt: skip
