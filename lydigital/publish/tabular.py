"""Tables and charts of a layer on a page: which rows, in which words, and how a table is set in a box."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain import query
from lydigital.errors import UsageError
from lydigital.model.layout import ChartItem, TableItem
from lydigital.model.report import UNKNOWN, Chart, Number, Series, Table, text_of
from lydigital.publish import typeset
from lydigital.publish.calllist import masked_name, masked_phone
from lydigital.publish.furniture import FAINT, GREY, INK, Box
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from lydigital.model.layerdef import FieldDef, LayerDef
    from lydigital.model.report import Cell
    from lydigital.model.table import FeatureTable
    from lydigital.publish.arrange import Driver, PlacedMap
    from lydigital.publish.furniture import Paper

_MOST_FIELDS = 8
_GAP_MM, _LEAST_MM = 3.0, 6.0


def rows_of(item: TableItem | ChartItem, table: FeatureTable, within: PlacedMap | None, driver: Driver | None) -> NDArray[np.int64]:
    """Rows that an item asks for, in their order.

    Raises
    ------
    UsageError
        When its condition cannot be understood, or names a field that is not there.
    """
    chosen = np.ones(len(table), np.bool_)
    if item.where:
        chosen[:] = False
        chosen[query.rows_where(table, item.where)] = True
    if within is not None:
        seen = np.zeros(len(table), np.bool_)
        seen[_rows_within(table, within)] = True
        chosen &= seen
    if item.of_feature:
        _field(table, item.of_feature)
        wanted = None if driver is None else driver.values.get(item.feature_key)
        values = table.column(item.of_feature).to_pylist()
        chosen &= np.fromiter((wanted is not None and str(v) == str(wanted) for v in values), np.bool_, len(values))
    sort = item.sort if isinstance(item, TableItem) else ""
    if not sort:
        return np.flatnonzero(chosen)
    _field(table, sort.lstrip("-"))
    order = query.rows_sorted(table, sort.lstrip("-"), descending=sort.startswith("-"))
    return order[chosen[order]].astype(np.int64)


def _rows_within(table: FeatureTable, within: PlacedMap) -> NDArray[np.int32]:
    """Rows whose bounds meet the window of a map."""
    view = within.viewport
    if not within.turn:
        return table.rows_in(view.bounds)
    from lydigital.publish import turning

    x, y = view.centre
    side = math.hypot(view.width_px, view.height_px) * view.units_per_px / 2
    near = table.rows_in((x - side, y - side, x + side, y + side))
    west, south, east, north = view.bounds
    b = turning.moved(table.geometry.take(near), view.centre, within.turn).bounds
    return near[(b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south)]


def table_of(
    item: TableItem, table: FeatureTable, definition: LayerDef, within: PlacedMap | None = None, driver: Driver | None = None,
    *, personal: bool = False,
) -> Table:  # fmt: skip
    """The table of an item, all of its rows; personal values starred unless ``personal``. Raises as :func:`rows_of`."""
    fields = [_known(definition, table, name) for name in item.fields] or [
        f for f in definition.fields if f.name in table.column_names and f.name != "nature"
    ][:_MOST_FIELDS]
    rows = rows_of(item, table, within, driver)
    columns = [[_cell(f, v, personal=personal) for v in table.column(f.name).take(rows).to_pylist()] for f in fields]
    head = tuple(f"{f.alias}（{f.unit}）" if f.unit else f.alias for f in fields)
    return Table(item.title or definition.name, head, tuple(zip(*columns, strict=True)))


def chart_of(
    item: ChartItem, table: FeatureTable, definition: LayerDef, within: PlacedMap | None = None, driver: Driver | None = None
) -> Chart:
    """The chart of an item: the sum of a field, or the number of features, by category; the largest first. Raises as :func:`rows_of`."""
    rows = rows_of(item, table, within, driver)
    category = _known(definition, table, item.category) if item.category else None
    field = _known(definition, table, item.value) if item.value else None
    keys = table.column(category.name).take(rows).to_pylist() if category else [None] * len(rows)
    amounts = table.column(field.name).take(rows).to_pylist() if field else [1.0] * len(rows)
    sums: dict[object, float] = {}
    for key, amount in zip(keys, amounts, strict=True):
        if isinstance(amount, (int, float)) and np.isfinite(amount):
            sums[key] = sums.get(key, 0.0) + amount
    best = sorted(sums, key=lambda key: (-sums[key], str(key))) if item.kind != "line" else sorted(sums, key=str)
    best = best[: item.rows]
    labels = tuple((category.decode(key) if category else "") or UNKNOWN for key in best)
    name = field.alias if field else tr("Number of features")
    whole = all(float(sums[key]).is_integer() for key in best)
    series = Series(name, tuple(float(sums[key]) for key in best))
    return Chart(item.title or f"{definition.name} · {name}", item.kind, labels, (series,), unit=field.unit if field else "", step=1.0 if whole else 0.1)


def _field(table: FeatureTable, name: str) -> None:
    if name not in table.column_names:
        raise UsageError("There is no field {field}", hint="The fields are: {known}.", field=name, known=", ".join(table.column_names))


def _known(definition: LayerDef, table: FeatureTable, name: str) -> FieldDef:
    from lydigital.model.layerdef import FieldDef

    _field(table, name)
    return definition.field(name) or FieldDef(name, name)


def _cell(field: FieldDef, value: object, *, personal: bool) -> Cell:
    if value is None or value == "":
        return ""
    if field.personal and not personal:
        text = str(value)
        return masked_phone(text) if any(c.isdigit() for c in text) else masked_name(text)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not field.domain and field.unit:
        return Number(float(value), 1.0 if float(value).is_integer() else 0.01)
    return field.decode(value).removesuffix(f" {field.unit}") if field.unit else field.decode(value)


# --- on paper -----------------------------------------------------------------------------------------------------------


def draw(paper: Paper, box: Box, table: Table, size_pt: float, most_rows: int) -> int:
    """Set ``table`` in ``box``, as many rows as fit, no more than ``most_rows``; how many are left out."""
    row = typeset.size_mm(size_pt) * 1.75
    y = box.y
    if table.title:
        paper.text(box.x, y + row * 0.72, table.title, size_pt * 1.15, weight="bold", most_mm=box.width)
        y += row * 1.15
    fits = max(0, int((box.bottom - y - row * 1.1) / row))
    shown = table.rows[: min(fits, most_rows)]
    left_out = len(table.rows) - len(shown)
    if left_out and len(shown) == fits:
        shown = shown[: max(0, fits - 1)]
        left_out = len(table.rows) - len(shown)
    widths = _widths(paper, box.width, table, shown, size_pt)
    numeric = [bool(shown) and all(isinstance(r[i], Number) or r[i] == "" for r in shown) for i in range(len(table.head))]
    paper.line(box.x, y, box.right, y, color=INK, width_mm=0.3)
    _row(paper, (box.x, y + row * 0.70), zip(table.head, widths, numeric, strict=True), size_pt, "medium")
    y += row * 1.05
    paper.line(box.x, y, box.right, y, color=INK, width_mm=0.15)
    for i, cells in enumerate(shown):
        if i:
            paper.line(box.x, y, box.right, y, color=FAINT, width_mm=0.08)
        _row(paper, (box.x, y + row * 0.68), zip(map(text_of, cells), widths, numeric, strict=True), size_pt)
        y += row
    paper.line(box.x, y, box.right, y, color=INK, width_mm=0.3)
    if not table.rows:
        paper.text(box.x, y + row * 0.75, tr("Nothing to list"), size_pt, color=GREY)
    elif left_out:
        paper.text(box.right, y + row * 0.75, tr("and {count} more", count=left_out), size_pt * 0.92, color=GREY, align="right")
    return left_out


def _widths(paper: Paper, width: float, table: Table, rows: tuple[tuple[Cell, ...], ...], size_pt: float) -> list[float]:
    """Each column as wide as its widest cell; where that is too much, the wide ones give way."""
    wanted = np.array([
        max(paper.width_mm(text, size_pt, "medium") for text in (head, *(text_of(r[i]) for r in rows))) + _GAP_MM
        for i, head in enumerate(table.head)
    ])  # fmt: skip
    if not len(wanted):
        return []
    if wanted.sum() <= width:
        return [float(w) for w in wanted + (width - wanted.sum()) / len(wanted)]
    low, high = 0.0, float(wanted.max())
    for _ in range(40):  # the cap at which all columns together are just wide enough
        cap = (low + high) / 2
        low, high = (cap, high) if np.minimum(wanted, cap).sum() < width else (low, cap)
    return [float(w) for w in np.maximum(np.minimum(wanted, low), min(_LEAST_MM, width / len(wanted)))]


def _row(
    paper: Paper, place: tuple[float, float], cells: Iterable[tuple[str, float, bool]], size_pt: float, weight: typeset.Weight = "regular"
) -> None:  # fmt: skip
    x, y = place
    for text, wide, is_number in cells:
        if is_number:
            paper.text(x + wide - _GAP_MM / 2, y, text, size_pt, weight=weight, align="right", most_mm=wide - 0.5)
        else:
            paper.text(x + 0.3, y, text, size_pt, weight=weight, most_mm=wide - 0.8)
        x += wide
