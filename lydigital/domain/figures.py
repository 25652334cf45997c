"""Figures of features: conditions and expressions over the fields of a table, figures of other layers, units of measurement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.errors import BadDataError
from lydigital.model import columns
from lydigital.model.condition import parse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.domain.amounts import Material
    from lydigital.model.indicator import Term
    from lydigital.model.table import FeatureTable

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

_SCALES = {"十": 10.0, "百": 100.0, "千": 1_000.0, "万": 10_000.0, "亿": 100_000_000.0}
_OTHER = re.compile(r"([a-z_]\w*)\.([a-z_]\w*)")


def texts(table: FeatureTable, name: str) -> list[str]:
    """A column as texts, "" for nothing."""
    if name not in table.column_names:
        return [""] * len(table)
    return ["" if value is None else str(value) for value in table.column(name).to_pylist()]


def matching(table: FeatureTable, where: str, layer: str) -> NDArray[np.bool_]:
    """Which features meet a condition; an unknown answer is no.

    Raises
    ------
    BadDataError
        When the condition names a field that is not there.
    """
    if not where:
        return np.ones(len(table), bool)
    found = _asked(table, where, layer)
    return np.array([value is not None and bool(value) for value in found[0]], bool)[found[1]]


def figures(table: FeatureTable, field: str, code: str, layer: str, material: Material) -> Floats:
    """As :func:`numbers`; ``layer.field`` is that of the feature of another layer with the same code."""
    found = _OTHER.fullmatch(field)
    if found is None:
        return numbers(table, field, layer)
    other = material.need(found[1])
    value = dict(zip(texts(other, "code"), numbers(other, field_of(other, found[2], found[1]), found[1]).tolist(), strict=True))
    return np.array([value.get(c, np.nan) for c in texts(table, code)], np.float64)


def fitting(table: FeatureTable, where: str, layer: str, material: Material) -> NDArray[np.bool_]:
    """As :func:`matching`, asked once."""
    return material.keep(("fits", id(table), where), lambda: matching(table, where, layer))  # type: ignore[no-any-return]


def numbers(table: FeatureTable, expression: str, layer: str) -> Floats:
    """A field or an expression of fields as ``(n,) float64``, NaN where it has no value."""
    if expression in table.column_names:
        import pyarrow as pa

        try:
            return columns.numbers(table.column(expression))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise BadDataError(
                "The field {field} of {layer} holds no numbers", hint="Correct the indicator, or the layer.",
                field=expression, layer=layer,
            ) from error  # fmt: skip
    values, number = _asked(table, expression, layer)
    return np.array([np.nan if v is None else float(v) for v in values] or [np.nan])[number] if len(table) else np.zeros(0)


def field_of(table: FeatureTable, name: str, layer: str) -> str:
    if name not in table.column_names:
        raise BadDataError(
            "The layer {layer} has no field {field}", hint="Correct the indicator, or the layer.", layer=layer, field=name
        )
    return name


def scales(term: Term, table: FeatureTable) -> tuple[Floats, list[str]]:
    """By what the figure of each feature is multiplied to be in the term's unit, NaN where it cannot be."""
    number, values = columns.coded(table.column(field_of(table, term.unit_field, term.layer)))
    power, base = _split(term.unit)
    each, strange = [], []
    for value in [*values, None]:
        of, mine = _split(str(value or ""))
        fits = bool(value) and mine == base
        each.append(of / power if fits else np.nan)
        if not fits:
            strange.append(str(value or "–"))
    return np.array(each)[number], strange


def _split(unit: str) -> tuple[float, str]:
    scale = 1.0
    while unit[:1] in _SCALES and len(unit) > 1:
        scale, unit = scale * _SCALES[unit[0]], unit[1:]
    return scale, unit


# --- inside -----------------------------------------------------------------------------------------------------------


def _asked(table: FeatureTable, text: str, layer: str) -> tuple[list[Any], Rows]:
    """The value of an expression for each combination of values of its fields, and which of them each feature has."""
    condition = parse(text)
    for name in condition.names:
        if name not in table.column_names:
            raise BadDataError(
                "The layer {layer} has no field {field}", hint="Correct the indicator, or the layer.", layer=layer, field=name
            )
    names = sorted(condition.names)
    coded = [columns.coded(table.column(name)) for name in names]
    key = np.zeros(len(table), np.int64)
    for number, values in coded:
        key = key * (len(values) + 1) + number + 1
        _, key = np.unique(key, return_inverse=True)  # stays small however many fields there are
    _, first, key = np.unique(key, return_index=True, return_inverse=True)
    rows = [
        {name: None if number[i] < 0 else values[number[i]] for name, (number, values) in zip(names, coded, strict=True)}
        for i in first.tolist()
    ]
    return [condition(row) for row in rows], key
