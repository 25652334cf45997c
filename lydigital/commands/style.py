"""Thematic maps: each verb gives one layer another style and is one step to undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from lydigital.commands.layer import find, title_of
from lydigital.commands.registry import Command
from lydigital.commands.style_parameters import (
    Adjust,
    Bivariate,
    Breaks,
    Categorize,
    Chart,
    Cluster,
    Dots,
    Graduate,
    Heat,
    Labels,
    OneLayer,
    Proportional,
    Single,
)
from lydigital.domain import classes, thematic
from lydigital.errors import BadDataError, UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.style import (
    AREA,
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    HeatSymbolizer,
    LabelStyle,
    PointSymbolizer,
    PolygonSymbolizer,
    Scaled,
    Scheme,
    Shade,
    Style,
)
from lydigital.texts import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.document import LayerRef
    from lydigital.model.style import Method, Symbolizer
    from lydigital.model.table import FeatureTable
    from lydigital.session import Session

def _changes(session: Session, ref: LayerRef, words: str, style: Style | None) -> ChangeSet:
    deltas = (Delta(f"layer/{ref.id}/style", ref.style, style),) if style != ref.style else ()
    return ChangeSet(words, deltas, values={"layer": title_of(session, ref)})


def _table(session: Session, ref: LayerRef) -> FeatureTable:
    from lydigital.model.table import FeatureTable

    table = session.table(ref.id)
    if not isinstance(table, FeatureTable):
        raise UsageError(
            "{layer} has no features to make a thematic map of", hint="Choose a layer of points, lines or areas.",
            layer=title_of(session, ref),
        )  # fmt: skip
    return table


def _symbol(session: Session, ref: LayerRef) -> Symbolizer:
    known = session.definition(ref.id)
    return thematic.template(_geometry(session, ref), session.style(ref.id), known.style)


def _geometry(session: Session, ref: LayerRef) -> Literal["point", "line", "polygon"]:
    from lydigital.model.geometry import type_names

    return type_names[int(_table(session, ref).geometry.kind)]  # type: ignore[return-value]


def _numbers(table: FeatureTable, field: str, divide_by: str = "", per: float = 1.0) -> NDArray[np.float64]:
    from lydigital.render.classify import numbers

    return numbers(table, field, divide_by, per)


def unit_of(session: Session, layer: str, field: str, divide_by: str = "", per: float = 1.0) -> str:
    """Unit of a field, of two divided: "人/km²", "1000 × 家/人"; "" where the catalogue knows none."""
    known = session.definition(layer)

    def unit(name: str) -> str:
        found = known.field(name)
        return "km²" if name == AREA else found.unit if found is not None else ""

    own, below = unit(field), unit(divide_by) if divide_by else ""
    if per == 100.0 and divide_by and own == below:
        return "%"
    text = f"{own or '1'}/{below}" if below else own
    return f"{per:g} × {text}".rstrip(" ×") if per != 1.0 and text else text


def _names(session: Session, layer: str, field: str) -> tuple[str, str]:
    if field == AREA:
        return ("面积", "Area")
    found = session.definition(layer).field(field)
    return (found.title, found.title_en or found.title) if found is not None else (field, field)


def _scheme(
    session: Session, layer: str, p: Graduate | Proportional | Bivariate, *, method: Method = "manual", ramp: str = "",
    reverse: bool = False, second: str = "",
) -> Scheme:  # fmt: skip
    """How a style came about, with the name and unit of its numbers."""
    words = list(_names(session, layer, p.field))
    for sign, other in (("÷", p.divide_by), ("×", second)):
        if other:
            words = [f"{w} {sign} {o}" for w, o in zip(words, _names(session, layer, other), strict=True)]
    return Scheme(method, ramp, reverse, unit_of(session, layer, p.field, p.divide_by, p.per), *words)


def _single(session: Session, p: Single) -> ChangeSet:
    ref = find(session, p.layer)
    style = thematic.single(session.style(ref.id), _symbol(session, ref), p.color)
    return _changes(session, ref, "One look for {layer}", style)


def _categorize(session: Session, p: Categorize) -> ChangeSet:
    ref = find(session, p.layer)
    table = _table(session, ref)
    _need(table, p.field)
    counted = table.columns.column(p.field).value_counts()
    pairs = [(e["values"], e["counts"]) for e in counted.to_pylist()]
    known = session.definition(ref.id).field(p.field)
    order = list(known.domain) if known is not None else []
    missing = any(v is None for v, _ in pairs)
    found = sorted(((v, n) for v, n in pairs if v is not None), key=lambda e: (-e[1], str(e[0])))
    kept = [v for v, _ in found[: p.limit]]
    kept.sort(key=lambda v: order.index(str(v)) if str(v) in order else len(order))
    values = []
    for value in kept:
        plain = value if isinstance(value, (str, int, bool)) else str(_whole(value))
        names = known.domain.get(str(value)) if known is not None else None
        values.append((plain, names or (str(value), "")))
    over = len(found) - len(kept)
    rest = ("其他", "Other") if over and not missing else ("其他与无数据", "Other and no value") if over else None
    rest = ("无数据", "No value") if missing and not over else rest
    scheme = Scheme("manual", p.ramp, False, "", *_names(session, ref.id, p.field))
    style = thematic.categorized(session.style(ref.id), _symbol(session, ref), p.field, values, scheme, rest=rest)
    return _changes(session, ref, "Categories of {layer}", style)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _need(table: FeatureTable, field: str) -> None:
    if field not in table.columns.column_names:
        raise UsageError(
            "The layer has no field {field}", hint="Its fields are: {known}", field=field,
            known=", ".join(table.columns.column_names) or "-",
        )  # fmt: skip


def _graduate(session: Session, p: Graduate) -> ChangeSet:
    ref = find(session, p.layer)
    values = _numbers(_table(session, ref), p.field, p.divide_by, p.per)
    by_hand = p.method == "manual" and p.breaks
    limits = _limits(p.breaks) if by_hand else classes.breaks(values, p.method, p.classes)
    scheme = _scheme(session, ref.id, p, method=p.method, ramp=p.ramp, reverse=p.reverse)
    style = _graded(session, ref, p, limits, values=values, scheme=scheme)
    return _changes(session, ref, "Classes of {layer}", style)


def _graded(
    session: Session, ref: LayerRef, p: Graduate, limits: tuple[float, ...], *, values: NDArray[np.float64],
    scheme: Scheme,
) -> Style:  # fmt: skip
    known = classes.finite(values)
    spread = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    symbol = _symbol(session, ref)
    by = p.by if not isinstance(symbol, PolygonSymbolizer) else "color"
    return thematic.graduated(
        session.style(ref.id), symbol, p.field, limits, spread=spread, scheme=scheme, divide_by=p.divide_by,
        per=p.per, missing=len(known) < len(values), by=by,
    )  # fmt: skip


def _limits(breaks: tuple[float, ...]) -> tuple[float, ...]:
    limits = tuple(sorted(set(breaks)))
    if not all(np.isfinite(limits)) or len(limits) >= classes.MOST:
        raise UsageError("These are no limits of classes", hint="Give up to eleven different numbers.")
    return limits


def _breaks(session: Session, p: Breaks) -> ChangeSet:
    ref = find(session, p.layer)
    now = session.style(ref.id)
    if now.kind != "graduated":
        raise UsageError("{layer} has no classes to move", hint="Give it classes first.", layer=title_of(session, ref))
    limits = _limits(p.breaks)
    values = _numbers(_table(session, ref), now.field, now.divide_by, now.per)
    scheme = msgspec.structs.replace(now.scheme or Scheme(ramp="teal"), method="manual")
    known = [r for r in now.rules if not r.is_else]
    if now.scheme is None or len(known) != len(limits) + 1:
        p2 = Graduate(ref.id, now.field, now.divide_by, now.per)
        style = _graded(session, ref, p2, limits, values=values, scheme=scheme)
    else:  # the looks stay, only the limits move
        finite = classes.finite(values)
        spread = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
        ends = [None, *limits, None]
        rules = [
            msgspec.structs.replace(rule, title=title, title_en="", minimum=ends[i], maximum=ends[i + 1])
            for i, (rule, title) in enumerate(zip(known, classes.titles(limits, *spread), strict=True))
        ]
        rest = tuple(r for r in now.rules if r.is_else)
        style = msgspec.structs.replace(now, rules=(*rules, *rest), scheme=scheme)
    return _changes(session, ref, "Limits of the classes of {layer}", style)


def _largest(values: NDArray[np.float64], field: str) -> float:
    known = classes.finite(values)
    largest = float(known.max()) if len(known) else 0.0
    if largest <= 0:
        raise BadDataError(
            "No feature has a {field} above zero, so nothing can be drawn by it", hint="Choose another field.",
            field=field,
        )  # fmt: skip
    return largest


def _proportional(session: Session, p: Proportional) -> ChangeSet:
    ref = find(session, p.layer)
    value = _largest(_numbers(_table(session, ref), p.field, p.divide_by, p.per), p.field)
    scaled = Scaled(p.field, value, p.divide_by, p.per, 0.5716 if p.flannery else 0.5)
    style = thematic.proportional(
        session.style(ref.id), _symbol(session, ref), scaled, _scheme(session, ref.id, p), color=p.color,
        size_mm=p.size_mm, shape=p.shape,
    )  # fmt: skip
    return _changes(session, ref, "Proportional symbols of {layer}", style)


def _parts(session: Session, ref: LayerRef, fields: tuple[str, ...]) -> tuple[NDArray[np.float64], str]:
    if not 1 <= len(fields) <= classes.MOST:
        raise UsageError("A chart needs one to twelve fields", hint="Choose fields of numbers of the same unit.")
    table = _table(session, ref)
    values = np.column_stack([_numbers(table, f) for f in fields])
    units = {unit_of(session, ref.id, f) for f in fields}
    return np.maximum(np.nan_to_num(values, posinf=0.0), 0.0), units.pop() if len(units) == 1 else ""


def _chart(session: Session, p: Chart) -> ChangeSet:
    ref = find(session, p.layer)
    values, unit = _parts(session, ref, p.fields)
    _largest(values.ravel(), ", ".join(p.fields))
    value = float(values.max()) if p.shape == "bar" else float(values.sum(axis=1).max()) if p.sized else 0.0
    parts = thematic.shares([(f, *_names(session, ref.id, f)) for f in p.fields])
    symbol = ChartSymbolizer(parts, p.shape, p.size_mm, value)
    style = thematic.charts(session.style(ref.id), _symbol(session, ref), symbol, Scheme("manual", "clear", unit=unit))
    return _changes(session, ref, "Charts of {layer}", style)


def _dots(session: Session, p: Dots) -> ChangeSet:
    ref = find(session, p.layer)
    if _geometry(session, ref) != "polygon":
        raise UsageError("Dot density needs areas", hint="Use proportional symbols or a heat map for points.")
    values, unit = _parts(session, ref, p.fields)
    total = float(values.sum())
    _largest(values.ravel(), ", ".join(p.fields))
    value = p.value or _round_value(total / 20_000)
    _refuse_too_many(total / value)
    parts = thematic.shares([(f, *_names(session, ref.id, f)) for f in p.fields])
    style = thematic.dots(
        session.style(ref.id), _symbol(session, ref), DotSymbolizer(parts, value, p.size_mm),
        Scheme("manual", "clear", unit=unit),
    )  # fmt: skip
    return _changes(session, ref, "Dot density of {layer}", style)


def _refuse_too_many(dots: float) -> None:
    from lydigital.render.thematic import MOST_DOTS

    if dots > 0.9 * MOST_DOTS:
        raise UsageError(
            "{count} million dots are too many", hint="Let one dot stand for more.", count=f"{dots / 1e6:.1f}"
        )


def _round_value(value: float) -> float:
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(f * power for f in (1.0, 2.0, 5.0, 10.0) if f * power >= value * 0.999))


def _heat(session: Session, p: Heat) -> ChangeSet:
    from lydigital.model import ramps

    ref = find(session, p.layer)
    table = _table(session, ref)
    if _geometry(session, ref) != "point":
        raise UsageError("A heat map needs points", hint="Use classes or dot density for areas.")
    if p.field:
        _largest(_numbers(table, p.field), p.field)
    symbol = HeatSymbolizer(ramps.colors(p.ramp, 9, reverse=p.reverse), p.radius_mm, p.radius_m, p.field)
    unit = unit_of(session, ref.id, p.field) if p.field else ""
    words = _names(session, ref.id, p.field) if p.field else ("", "")
    style = thematic.heat(session.style(ref.id), symbol, Scheme("manual", p.ramp, p.reverse, unit, *words))
    return _changes(session, ref, "Heat map of {layer}", style)


def _cluster(session: Session, p: Cluster) -> ChangeSet:
    ref = find(session, p.layer)
    if _geometry(session, ref) != "point":
        raise UsageError("Only points can be gathered", hint="Choose a layer of points.")
    point = _symbol(session, ref)
    assert isinstance(point, PointSymbolizer)
    symbol = ClusterSymbolizer(point, p.radius_mm, p.color)
    return _changes(session, ref, "Gather the points of {layer}", thematic.clustered(session.style(ref.id), symbol))


def _bivariate(session: Session, p: Bivariate) -> ChangeSet:
    ref = find(session, p.layer)
    table = _table(session, ref)
    first, second = _numbers(table, p.field, p.divide_by, p.per), _numbers(table, p.second)
    limits = (classes.breaks(first, p.method, p.classes), classes.breaks(second, p.method, p.classes))
    names = (_names(session, ref.id, p.field), _names(session, ref.id, p.second))
    missing = bool(np.isnan(first).any() or np.isnan(second).any())
    style = thematic.bivariate(
        session.style(ref.id), _symbol(session, ref), (p.field, p.second), limits,
        names=names, scheme=_scheme(session, ref.id, p, method=p.method, ramp=p.ramp, second=p.second),
        divide_by=p.divide_by, per=p.per, missing=missing,
    )  # fmt: skip
    return _changes(session, ref, "Two variables of {layer}", style)


def _adjust(session: Session, p: Adjust) -> ChangeSet:
    ref = find(session, p.layer)
    now = session.style(ref.id)
    for symbol in (s for r in now.rules for s in r.symbolizers):
        if p.value is not None and isinstance(symbol, DotSymbolizer):
            _refuse_too_many(float(_parts(session, ref, tuple(s.field for s in symbol.shares))[0].sum()) / p.value)
    rules = tuple(
        msgspec.structs.replace(r, symbolizers=tuple(_patched(s, p) for s in r.symbolizers)) for r in now.rules
    )
    style = msgspec.structs.replace(now, rules=rules)
    if p.opacity is not None:
        style = msgspec.structs.replace(style, opacity=p.opacity)
    if p.blend is not None:
        style = msgspec.structs.replace(style, blend=p.blend)
    return _changes(session, ref, "Look of {layer}", style if style != now else ref.style)


def _patched(symbol: Symbolizer, p: Adjust) -> Symbolizer:
    changes: dict[str, object] = {}
    for name in ("size_mm", "radius_mm", "radius_m", "value", "maximum", "rotation_field"):
        new = getattr(p, name)
        if new is not None and hasattr(symbol, name):
            changes[name] = new
    if p.inner_mm is not None and isinstance(symbol, PolygonSymbolizer):
        color = symbol.stroke.color if symbol.stroke is not None else symbol.fill.color if symbol.fill else "#444444"
        changes["inner"] = Shade(color[:7], p.inner_mm) if p.inner_mm > 0 else None
    return msgspec.structs.replace(symbol, **changes) if changes else symbol


def _labels(session: Session, p: Labels) -> ChangeSet:
    ref = find(session, p.layer)
    now = session.style(ref.id)
    labels = None
    if p.field:
        _need(_table(session, ref), p.field)
        place: dict[str, Literal["area", "line", "point"]] = {"polygon": "area", "line": "line"}
        base = now.labels or session.definition(ref.id).style.labels
        base = base or LabelStyle(p.field, placement=place.get(_geometry(session, ref), "point"))
        labels = msgspec.structs.replace(base, field=p.field, size_pt=p.size_pt)
    return _changes(session, ref, "Labels of {layer}", msgspec.structs.replace(now, labels=labels))


def _reset(session: Session, p: OneLayer) -> ChangeSet:
    return _changes(session, find(session, p.layer), "Style of {layer} from the catalogue", None)


def _no_layers(session: Session) -> str | None:
    return None if session.document.layers else tr("The map has no layers yet; add one first")


COMMANDS = (
    Command("style.single", "One look", _single, Single, disabled=_no_layers, icon="square-outline"),
    Command("style.categorize", "Categories", _categorize, Categorize, disabled=_no_layers, icon="shape-outline"),
    Command("style.graduate", "Classes by number", _graduate, Graduate, disabled=_no_layers, icon="format-list-numbered"),
    Command("style.breaks", "Limits of the classes", _breaks, Breaks, disabled=_no_layers, icon="tune-vertical", merges=True),
    Command("style.proportional", "Proportional symbols", _proportional, Proportional, disabled=_no_layers, icon="circle-multiple-outline"),
    Command("style.chart", "Charts on the map", _chart, Chart, disabled=_no_layers, icon="chart-pie"),
    Command("style.dots", "Dot density", _dots, Dots, disabled=_no_layers, icon="dots-grid"),
    Command("style.heat", "Heat map", _heat, Heat, disabled=_no_layers, icon="blur"),
    Command("style.cluster", "Gather near points", _cluster, Cluster, disabled=_no_layers, icon="group"),
    Command("style.bivariate", "Two variables", _bivariate, Bivariate, disabled=_no_layers, icon="grid"),
    Command("style.adjust", "Adjust the look", _adjust, Adjust, disabled=_no_layers, icon="tune", merges=True),
    Command("style.labels", "Label field", _labels, Labels, disabled=_no_layers, icon="format-text", merges=True),
    Command("style.reset", "Style of the catalogue", _reset, OneLayer, disabled=_no_layers, icon="restore"),
)  # fmt: skip
