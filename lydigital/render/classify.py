"""Which rule of a style every feature falls under."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import BadDataError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.model.style import Style
    from lydigital.model.table import FeatureTable

_TRUTH = {"true": "1", "yes": "1", "是": "1", "false": "0", "no": "0", "否": "0"}


def codes(table: FeatureTable, style: Style) -> NDArray[np.int16]:
    """Number of the rule every feature falls under, ``(n,) int16``, -1 for none.

    The first rule that fits counts; what fits none goes to the first rule without a condition. Rules that differ in
    nothing but scale share the number of the first of them.

    Raises
    ------
    BadDataError
        When the style looks at a field the table does not have, or compares text with numbers.
    """
    n = len(table)
    rest = next((i for i, rule in enumerate(style.rules) if rule.is_else), -1)
    if style.kind == "single":
        return np.zeros(n, np.int16) if style.rules else np.full(n, -1, np.int16)
    if style.field not in table.columns.column_names:
        raise BadDataError(
            "The style needs the field {field}, which the layer does not have",
            hint="Choose another field for the style, or add the field to the layer.", field=style.field,
        )
    column = table.columns.column(style.field)
    return _categories(column, style, rest) if style.kind == "categorized" else _classes(column, style, rest)


def _text(value: object, *, truth: bool) -> str:
    """A value as it is compared: whole numbers without a point, true and false as 1 and 0."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return _TRUTH.get(text.lower(), text) if truth else text


def _categories(column: pa.ChunkedArray, style: Style, rest: int) -> NDArray[np.int16]:
    import pyarrow as pa

    truth = pa.types.is_boolean(column.type)
    wanted: dict[str, int] = {}
    for number, rule in enumerate(style.rules):
        for value in (*((rule.value,) if rule.value is not None else ()), *rule.values):
            wanted.setdefault(_text(value, truth=truth), number)
    encoded = column.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks) if encoded.num_chunks else pa.array([], column.type)
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    of_value = [rest if v is None else wanted.get(_text(v, truth=truth), rest) for v in encoded.dictionary.to_pylist()]
    lookup = np.array([*of_value, rest], np.int16)
    index = encoded.indices.fill_null(len(of_value)).to_numpy(zero_copy_only=False)
    out: NDArray[np.int16] = lookup[index]
    return out


def _classes(column: pa.ChunkedArray, style: Style, rest: int) -> NDArray[np.int16]:
    import pyarrow as pa

    try:
        values = column.cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadDataError(
            "The field {field} holds no numbers, so it cannot be put into classes",
            hint="Choose a field of numbers, or a style of categories.", field=style.field,
        ) from error
    out = np.full(len(values), rest, np.int16)
    for number in range(len(style.rules) - 1, -1, -1):
        rule = style.rules[number]
        if rule.minimum is None and rule.maximum is None:
            continue
        low = -np.inf if rule.minimum is None else rule.minimum
        high = np.inf if rule.maximum is None else rule.maximum
        out[(values >= low) & ((values < high) | ((values == high) & (high == np.inf)))] = number
    return out
