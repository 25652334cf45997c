"""What features of a layer must be: required values, domains, ranges, conditions, sound geometry in its place.

Rules are declared in the layer definition and checked here, feature by feature while a person types, or over a whole
table. An error keeps a feature from being saved; a warning explains. Each comes with what would make it good.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping  # noqa: TC003 - dataclasses and msgspec look at run time
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from lydigital.edits.operations.fields import converted
from lydigital.model import columns
from lydigital.model.condition import parse
from lydigital.model.feature import Value  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.issue import Issue, Severity
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterator

    import shapely
    from numpy.typing import NDArray

    from lydigital.model.feature import Feature
    from lydigital.model.layerdef import FieldDef, LayerDef, RuleDef
    from lydigital.model.table import FeatureTable

SAME = 0.02  # share by which an area or length typed by hand may differ from the one on the map
_OVERLAP = 1e-3  # square map units: less is the noise of coordinates
_KINDS = {"point": 0, "line": 1, "polygon": 2}


class Fix(msgspec.Struct, frozen=True):
    """What makes it good: values for fields, or a command. ``title`` is an English template, filled from ``texts``."""

    title: str
    texts: dict[str, str] = {}
    values: dict[str, Value] = {}
    command: str = ""
    parameters: dict[str, Any] = {}

    @property
    def name(self) -> str:
        return tr(self.title, **self.texts)


class Finding(msgspec.Struct, frozen=True):
    """A rule that is not met; ``field`` is "" for the geometry, ``fids`` those of a whole table."""

    issue: Issue
    field: str = ""
    fix: Fix | None = None
    fids: tuple[int, ...] = ()

    @property
    def blocks(self) -> bool:
        return self.issue.severity == "error"

    @property
    def text(self) -> str:
        return tr(self.issue.message, **self.issue.values)

    @property
    def key(self) -> tuple[str, str]:
        """What it is about, the same for the same fault of two versions of a feature."""
        return self.issue.code, self.field or self.issue.values.get("rule", "")


@dataclass(frozen=True)
class Around:
    """What a feature stands among; whatever is not known is not checked.

    Attributes
    ----------
    codes
        For fields with a list of codes: the codes possible for a feature with these values, and their names.
    taken
        Whether another feature has this value in this field.
    measured
        Value that a field computed from the geometry (``$area_m2`` …) would have, by field.
    city
        All of the city, in the layer's own system.
    neighbours
        Other areas of the layer near by, in its own system, with their fids.
    """

    codes: Mapping[str, Callable[[Mapping[str, Value]], Mapping[str, str]]] = field(default_factory=dict)
    taken: Callable[[str, Value], bool] | None = None
    measured: Mapping[str, float] = field(default_factory=dict)
    city: shapely.Geometry | None = None
    neighbours: tuple[tuple[int, shapely.Geometry], ...] = ()


NOTHING_KNOWN = Around()


def check(layer: LayerDef, feature: Feature, around: Around = NOTHING_KNOWN, *, fid: int | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with a feature, its fields first."""
    return (
        *check_values(layer, feature.values, around, fid=fid),
        *check_geometry(layer, feature.wkb, around, fid=fid),
    )


def check_values(
    layer: LayerDef, values: Mapping[str, Value], around: Around = NOTHING_KNOWN, *, fid: int | None = None
) -> tuple[Finding, ...]:
    """What is wrong with the fields of a feature."""
    found: list[Finding] = []
    for known in layer.fields:
        value = values.get(known.name)
        fault = _value_fault(known, value) or _domain_fault(known, values, around) or _taken_fault(layer, known, value, around)
        if fault is not None:
            found.append(_finding(layer, fid, known, fault, value))
        elif known.name in around.measured:
            found += _measure_finding(layer, fid, known, value, around.measured[known.name])
    found += (_rule_finding(layer, fid, rule, values) for rule in layer.rules if _is_broken(rule, values))
    return tuple(found)


# --- one value ------------------------------------------------------------------------------------------------------

_Fault = tuple[str, str, dict[str, str], Fix | None]  # code, template, texts, fix
_TAKEN: _Fault = ("field.taken", "Another feature has {value} too", {}, None)


def _value_fault(known: FieldDef, value: Value) -> _Fault | None:
    """What is wrong with a value whatever the others are."""
    if value is None or value == "":
        return ("field.required", "{field} must be filled in", {}, _usual(known)) if known.required else None
    fits, kept = converted(value, known.type)
    if not fits and not known.domain:  # what is not in a list is told so
        return "field.type", "{value} is no {type}", {"type": tr(known.type)}, None
    if isinstance(value, str):
        if known.length and len(value) > known.length:
            cut = value[: known.length]
            return "field.length", "Longer than {most} characters", {"most": str(known.length)}, _set(known, cut)
        if value != value.strip():
            return "field.blank", "Begins or ends with a blank", {}, _set(known, value.strip())
        if known.pattern and re.fullmatch(known.pattern, value) is None:
            near = re.sub(r"\s", "", value).upper()
            fix = _set(known, near) if re.fullmatch(known.pattern, near) else None
            return "field.pattern", "{value} does not have the form {pattern}", {"pattern": known.pattern}, fix
    if isinstance(kept, (int, float)) and not isinstance(kept, bool):
        return _range_fault(known, kept)
    return None


def _range_fault(known: FieldDef, value: float) -> _Fault | None:
    low, high = known.minimum, known.maximum
    if low is not None and value < low:
        return "field.low", "Less than {limit}", {"limit": known.decode(low)}, _set(known, _as(known, low))
    if high is not None and value > high:
        return "field.high", "More than {limit}", {"limit": known.decode(high)}, _set(known, _as(known, high))
    return None


def _domain_fault(known: FieldDef, values: Mapping[str, Value], around: Around) -> _Fault | None:
    value = values.get(known.name)
    if value is None or value == "":
        return None
    if known.name in around.codes:
        names: Mapping[str, str] = around.codes[known.name](values)
        if not names and not known.domain_of:
            return None  # the list could not be read
    elif known.domain:
        names = possible(known, values)
    else:
        return None
    text = _text(value)
    if text in names:
        return None
    if text in known.domain:
        return "field.unfit", "{value} does not go with {other}", {"other": known.domain_of}, _only(known, names)
    return "field.domain", "{value} is not in the list", {}, _nearest(known, text, names)


def possible(known: FieldDef, values: Mapping[str, Value]) -> dict[str, str]:
    """Values of a domain that go with the other ``values``, and their names."""
    names = {code: known.decode(code) for code in known.domain}
    parent = values.get(known.domain_of) if known.domain_of else None
    fitting = known.allowed.get(_text(parent)) if parent is not None else None
    return names if fitting is None else {code: names[code] for code in fitting if code in names}


def is_unique(layer: LayerDef, known: FieldDef) -> bool:
    """Whether no value of a field may stand twice."""
    return known.unique or (known.name,) in layer.keys


def _taken_fault(layer: LayerDef, known: FieldDef, value: Value, around: Around) -> _Fault | None:
    if around.taken is None or not is_unique(layer, known) or value is None or value == "" or not around.taken(known.name, value):
        return None
    fix = None
    if known.default.startswith("$next"):
        fix = Fix("Next in the series", command="attribute.defaults", parameters={"fields": (known.name,)})
    return (*_TAKEN[:3], fix)


def _usual(known: FieldDef) -> Fix | None:
    """The default, or the only value there is."""
    if known.default.startswith("$"):
        return Fix("Fill in", command="attribute.defaults", parameters={"fields": (known.name,)})
    if known.default:
        return _set(known, converted(known.default, known.type)[1])
    return _only(known, {code: known.decode(code) for code in known.domain})


def _only(known: FieldDef, names: Mapping[str, str]) -> Fix | None:
    return _set(known, converted(next(iter(names)), known.type)[1]) if len(names) == 1 else None


def _nearest(known: FieldDef, text: str, names: Mapping[str, str]) -> Fix | None:
    """The code whose name was typed, or one much like it."""
    by_name = {word: code for code, words in known.domain.items() if code in names for word in words}
    by_name |= {name: code for code, name in names.items()} | {code: code for code in names}
    near = [text] if text in by_name else get_close_matches(text, by_name, 1, 0.7)
    return _set(known, converted(by_name[near[0]], known.type)[1]) if near else None


def _set(known: FieldDef, value: Value) -> Fix:
    return Fix("Set to {value}", {"value": known.decode(value)}, {known.name: value})


def _as(known: FieldDef, value: float) -> Value:
    return int(value) if known.type == "integer" else float(value)


def _text(value: Value) -> str:
    return str(int(value)) if isinstance(value, (bool, float)) and float(value).is_integer() else str(value)


def _finding(layer: LayerDef, fid: int | None, known: FieldDef, fault: _Fault, value: Value = None) -> Finding:
    code, message, texts, fix = fault
    severity: Severity = "warning" if code in ("field.blank", "field.measure") else "error"
    other = layer.field(texts.get("other", ""))
    texts = {"field": known.alias, "value": _shown(value), **texts}
    if other is not None:
        texts["other"] = other.alias
    return Finding(Issue(code, severity, message, "", layer.id, fid, values=texts), known.name, fix)


def _shown(value: Value) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


# --- fields together ------------------------------------------------------------------------------------------------


def _measure_finding(layer: LayerDef, fid: int | None, known: FieldDef, value: Value, now: float) -> Iterator[Finding]:
    if isinstance(value, (int, float)) and not math.isclose(value, now, rel_tol=SAME, abs_tol=0.5 * 10**-3):
        texts = {"measured": known.decode(rounded(known, now))}
        fix = _set(known, rounded(known, now))
        yield _finding(layer, fid, known, ("field.measure", "On the map it is {measured}", texts, fix), value)


def rounded(known: FieldDef, value: float) -> Value:
    """A measure as a field keeps it: whole numbers, or as many places as surveys give."""
    if known.type == "integer":
        return round(value)
    if known.type == "text":
        return f"{value:.2f}"
    return round(value, 1 if known.unit in ("m", "m²") else 3)


def _is_broken(rule: RuleDef, values: Mapping[str, Value]) -> bool:
    answer = parse(rule.check)(values)
    return answer is not None and not answer


def _rule_finding(layer: LayerDef, fid: int | None, rule: RuleDef, values: Mapping[str, Value]) -> Finding:
    fixed: dict[str, Value] = {}
    for name, expression in rule.fix.items():
        known = layer.field(name)
        value = parse(expression)(values)
        if known is not None and value is not None:
            fixed[name] = converted(value, known.type)[1]
    fix = None
    if fixed:
        texts = [f.decode(v) for n, v in fixed.items() if (f := layer.field(n)) is not None]
        fix = Fix("Set to {value}", {"value": ", ".join(texts)}, fixed)
    issue = Issue("rule", rule.severity, "{rule}", "", layer.id, fid, values={"rule": rule.name})
    return Finding(issue, rule.field or next(iter(rule.fix), ""), fix)


# --- geometry -------------------------------------------------------------------------------------------------------


def check_geometry(
    layer: LayerDef, wkb: bytes | None, around: Around = NOTHING_KNOWN, *, fid: int | None = None
) -> tuple[Finding, ...]:
    """What is wrong with the geometry of a feature, in the layer's own system."""
    import shapely

    wanted = _KINDS.get(layer.geometry)
    if wanted is None:
        return ()
    name = "" if fid is None else str(fid)

    def finding(code: str, severity: Severity, message: str, fix: Fix | None = None, **texts: str) -> Finding:
        return Finding(Issue(code, severity, message, "", layer.id, fid, values={"fid": name, **texts}), "", fix)

    shape = None if wkb is None else shapely.from_wkb(wkb, on_invalid="ignore")
    if shape is None or shape.is_empty:
        return (finding("geometry.missing", "error", "It has no place on the map", _command("Delete it", "feature.delete", layer, fid)),)
    if int(shapely.get_dimensions(shape)) != wanted:
        return (finding("geometry.kind", "error", "The layer holds {kind} features only", kind=tr(layer.geometry)),)
    if not shapely.is_valid(shape):
        reason = str(shapely.is_valid_reason(shape))
        return (finding("geometry.invalid", "error", "Its outline crosses itself: {reason}",
                        _command("Repair it", "feature.repair", layer, fid), reason=reason),)  # fmt: skip
    return tuple(_placed(layer, shape, around, finding, fid))


def _placed(
    layer: LayerDef, shape: shapely.Geometry, around: Around, finding: Callable[..., Finding], fid: int | None
) -> Iterator[Finding]:
    severity = {"refuse": "error", "warn": "warning"}
    if around.city is not None and layer.outside != "allow" and not around.city.intersects(shape):
        yield finding("geometry.outside_city", severity[layer.outside], "It lies outside the city")
    elif around.city is not None and layer.outside == "refuse" and not around.city.covers(shape):
        yield finding("geometry.leaves_city", "warning", "A part of it lies outside the city")
    if layer.overlap != "allow" and layer.geometry == "polygon":
        over = [other for other, area in around.neighbours if other != fid and _overlaps(shape, area)]
        if over:
            fix = _command("Cut the overlap off", "feature.avoid_overlap", layer, fid)
            yield finding("geometry.overlap", severity[layer.overlap], "It overlaps {count} others of its layer: {fids}",
                          fix, count=str(len(over)), fids=", ".join(map(str, over[:5])))  # fmt: skip


def _overlaps(first: shapely.Geometry, second: shapely.Geometry) -> bool:
    return bool(first.intersects(second)) and first.intersection(second).area > _OVERLAP


def _command(title: str, command: str, layer: LayerDef, fid: int | None) -> Fix | None:
    return None if fid is None else Fix(title, command=command, parameters={"layer": layer.id, "fids": (fid,)})


# --- a whole table --------------------------------------------------------------------------------------------------


def check_table(layer: LayerDef, table: FeatureTable, around: Around = NOTHING_KNOWN) -> tuple[Finding, ...]:
    """What is wrong with a whole layer: one finding for every rule that is broken, with the features it is broken by.

    Every distinct value of a field is looked at once. Geometry is checked in the table's system.
    """
    found: list[Finding] = []
    for known in layer.fields:
        if known.name in table.column_names:
            found += _column_findings(layer, known, table, around)
    found += (finding for rule in layer.rules if (finding := _table_rule(layer, rule, table)) is not None)
    found += _geometry_findings(layer, table, around)
    return tuple(found)


def _column_findings(layer: LayerDef, known: FieldDef, table: FeatureTable, around: Around) -> Iterator[Finding]:
    codes, distinct = columns.coded(table.column(known.name))
    depends = bool(known.domain_of) and (bool(known.allowed) or known.name in around.codes)
    faults: dict[str, list[tuple[int, _Fault, Value]]] = {}
    for code, value in enumerate([*distinct, None]):
        kept = _plain(value)
        fault = _value_fault(known, kept)
        if fault is None and not depends:
            fault = _domain_fault(known, {known.name: kept}, around)
        if fault is not None:
            faults.setdefault(fault[0], []).append((code if value is not None else -1, fault, kept))
    for some in faults.values():
        rows = np.flatnonzero(np.isin(codes, [code for code, _, _ in some]))
        if len(rows):
            yield _many(_finding(layer, None, known, some[0][1], some[0][2]), table.fid[rows])
    if depends:
        yield from _dependent_findings(layer, known, table, around)
    if is_unique(layer, known) and len(distinct):
        counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
        rows = np.flatnonzero((codes >= 0) & (counts[codes] > 1))
        if len(rows):
            value = _plain(distinct[codes[rows[0]]])
            yield _many(_finding(layer, None, known, _TAKEN, value), table.fid[rows])


def _dependent_findings(layer: LayerDef, known: FieldDef, table: FeatureTable, around: Around) -> Iterator[Finding]:
    """Of values that depend on another field: every pair of both is looked at once."""
    if known.domain_of not in table.column_names:
        return
    mine, values = columns.coded(table.column(known.name))
    other, parents = columns.coded(table.column(known.domain_of))
    pairs, of_row = np.unique(np.stack([mine, other]), axis=1, return_inverse=True)
    wrong: list[tuple[int, _Fault, Value]] = []
    for at, (i, j) in enumerate(pairs.T.tolist()):
        row = {known.name: _plain(values[i]) if i >= 0 else None, known.domain_of: _plain(parents[j]) if j >= 0 else None}
        fault = _domain_fault(known, row, around)
        if fault is not None:
            wrong.append((at, fault, row[known.name]))
    rows = np.flatnonzero(np.isin(of_row.ravel(), [at for at, _, _ in wrong]))
    if len(rows):
        yield _many(_finding(layer, None, known, wrong[0][1], wrong[0][2]), table.fid[rows])


def _table_rule(layer: LayerDef, rule: RuleDef, table: FeatureTable) -> Finding | None:
    names = [name for name in parse(rule.check).names if name in table.column_names]
    lists = [[_plain(v) for v in table.column(name).to_pylist()] for name in names]
    rows = [at for at, row in enumerate(zip(*lists, strict=True)) if _is_broken(rule, dict(zip(names, row, strict=True)))]
    if not rows:
        return None
    first = {name: values[rows[0]] for name, values in zip(names, lists, strict=True)}
    return _many(_rule_finding(layer, None, rule, first), table.fid[np.array(rows)])


def _geometry_findings(layer: LayerDef, table: FeatureTable, around: Around) -> Iterator[Finding]:
    import shapely

    if layer.geometry not in _KINDS or not len(table):
        return
    shapes = table.geometry.to_shapely()
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    broken = ~empty & ~shapely.is_valid(shapes)
    faults = [("geometry.missing", "error", "It has no place on the map", empty),
              ("geometry.invalid", "error", "Its outline crosses itself", broken)]  # fmt: skip
    severity = {"refuse": "error", "warn": "warning"}
    if around.city is not None and layer.outside != "allow":
        shapely.prepare(around.city)
        away = ~empty & ~shapely.intersects(around.city, shapes)
        faults.append(("geometry.outside_city", severity[layer.outside], "It lies outside the city", away))
    if layer.overlap != "allow" and layer.geometry == "polygon":
        tree = shapely.STRtree(shapes)
        a, b = tree.query(shapes, predicate="intersects")
        a, b = a[a < b], b[a < b]
        sound = ~(broken[a] | broken[b])
        over = _overlapping(shapes, a[sound], b[sound])
        faults.append(("geometry.overlap", severity[layer.overlap], "It overlaps others of its layer", over))
    for code, level, message, wrong in faults:
        if wrong.any():
            yield _many(Finding(Issue(code, level, message, "", layer.id)), table.fid[wrong])  # type: ignore[arg-type]


def _overlapping(shapes: Any, first: Any, second: Any) -> Any:
    """Which of ``shapes`` share an area, of the pairs given: ``(n,) bool``."""
    import shapely

    area = shapely.area(shapely.intersection(shapes[first], shapes[second])) > _OVERLAP
    out = np.zeros(len(shapes), np.bool_)
    out[first[area]] = out[second[area]] = True
    return out


def _many(finding: Finding, fids: NDArray[np.int64]) -> Finding:
    issue = msgspec.structs.replace(finding.issue, count=len(fids), fid=int(fids[0]))
    return msgspec.structs.replace(finding, issue=issue, fids=tuple(fids.tolist()), fix=None)


def _plain(value: Any) -> Value:
    """A value of an Arrow column as a feature has it."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return None
    kept: Value = value
    return kept
