"""Values that new features begin with: the template of the layer, then what its definition says or computes.

What was typed is never written over.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from lydigital.edits.operations.fields import converted
from lydigital.edits.rules import rounded
from lydigital.model.layerdef import parse_default
from lydigital.model.measures import M2_OF_MU

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from lydigital.model.feature import Value
    from lydigital.model.layerdef import FieldDef, LayerDef

_CODE = re.compile(r"(?P<head>.*?)(?P<number>\d{1,12})(?P<tail>\D*)", re.DOTALL)
_FACTORS = {"area_m2": 1.0, "area_ha": 1e-4, "area_km2": 1e-6, "area_mu": 1 / M2_OF_MU, "length_m": 1.0, "length_km": 1e-3}
MEASURES = tuple(_FACTORS)


class Facts(Protocol):
    """What is known of a feature besides its fields; None where it is not."""

    @property
    def area_m2(self) -> float | None: ...
    @property
    def length_m(self) -> float | None: ...
    @property
    def places(self) -> Mapping[str, float]:
        """``x``, ``y`` in map units, ``lon``, ``lat`` in degrees."""
        ...

    @property
    def operator(self) -> str: ...
    @property
    def now(self) -> datetime: ...
    def there(self, layer: str, field: str) -> Value:
        """A field of the feature of another layer at this place."""
        ...

    def codes(self, field: str) -> Iterable[str]:
        """Values of a field in the layer."""
        ...


def filled(
    layer: LayerDef, values: Mapping[str, Value], facts: Facts, only: Collection[str] = ()
) -> dict[str, Value]:  # fmt: skip
    """Values for the fields that are empty, of ``only`` or of all."""
    out: dict[str, Value] = {}
    wanted = [f for f in layer.fields if f.default and (not only or f.name in only) and values.get(f.name) in (None, "")]
    for known in sorted(wanted, key=lambda f: f.default.startswith("$next")):  # series go by other fields
        value = _value(known, {**values, **out}, facts)
        if value is not None and value != "":
            fits, kept = converted(value, known.type)
            if fits:
                out[known.name] = kept
    return out


def measured(known: FieldDef, facts: Facts) -> float | None:
    """What a field computed from the geometry would be."""
    parsed = parse_default(known.default)
    if parsed is None or parsed[0] not in _FACTORS or parsed[1]:
        return None
    size = facts.area_m2 if parsed[0].startswith("area") else facts.length_m
    return None if size is None else size * _FACTORS[parsed[0]]


def _value(known: FieldDef, values: Mapping[str, Value], facts: Facts) -> Value:
    if not known.default.startswith("$"):
        return known.default
    parsed = parse_default(known.default)
    if parsed is None:
        return None
    word, of = parsed
    if word == "next":
        return next_code(facts.codes(known.name), values.get(of) if of else None)
    if of:
        return facts.there(word, of)
    if word in _FACTORS:
        size = measured(known, facts)
        return None if size is None else rounded(known, size)
    if word in ("x", "y", "lon", "lat"):
        place = facts.places.get(word)
        return None if place is None else round(place, 3 if word in "xy" else 7)
    if word == "operator":
        return facts.operator
    return _time(known, word, facts.now)


def _time(known: FieldDef, word: str, now: datetime) -> Value:
    if word == "year":
        return now.year
    if word == "today" or known.type == "date":
        return now.date().isoformat()
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def next_code(codes: Iterable[str], series: Value = None) -> str | None:
    """The code after the last of a series: ``HD0007`` after ``HD0006``.

    ``series`` is what the codes wanted begin with, else the head that most codes have; None where there is no series.
    """
    parts = [found for code in codes if (found := _CODE.fullmatch(code)) is not None]
    if series is not None and series != "":
        head = str(series)
        mine = [(c[len(head) :], "") for f in parts if (c := f[0]).startswith(head) and c[len(head) :].isdecimal()]
        return head + _after([number for number, _ in mine], _width(parts, len(head)))
    if not parts:
        return None
    (head, tail), _ = Counter((f["head"], f["tail"]) for f in parts).most_common(1)[0]
    return head + _after([f["number"] for f in parts if (f["head"], f["tail"]) == (head, tail)], 4) + tail


def _width(parts: list[re.Match[str]], head: int) -> int:
    """Digits after the head of a series that has none yet, as its neighbours have them."""
    widths = Counter(len(f[0]) - head for f in parts if len(f[0]) > head)
    return widths.most_common(1)[0][0] if widths else 4


def _after(numbers: list[str], width: int) -> str:
    if not numbers:
        return "1".zfill(width)
    last = max(numbers, key=int)
    return str(int(last) + 1).zfill(len(last))
