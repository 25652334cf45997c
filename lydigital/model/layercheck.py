"""What is wrong with a catalogue beyond what its types can say: references between fields, domains and styles."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital.errors import BadDataError
from lydigital.model import condition
from lydigital.model.issue import Issue
from lydigital.model.layerdef import parse_default
from lydigital.model.style import (
    AREA,
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    Fill,
    HeatSymbolizer,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Scaled,
    Shade,
    Share,
    Stroke,
    parse_color,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lydigital.model.layerdef import Catalogue, FieldDef, LayerDef
    from lydigital.model.style import Rule

RESERVED = ("fid", "geom")  # columns every table of a store has of its own
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FITTING = {
    "point": (PointSymbolizer, ChartSymbolizer, HeatSymbolizer, ClusterSymbolizer),
    "line": (LineSymbolizer,),
    "polygon": (PolygonSymbolizer, LineSymbolizer, PointSymbolizer, ChartSymbolizer, DotSymbolizer),
    "raster": (RasterSymbolizer,),
    "none": (),
}


def check(catalogue: Catalogue, *, glyphs: Collection[str] | None = None) -> tuple[Issue, ...]:
    """Every fault of a catalogue, by layer; no errors among them when all is well.

    Parameters
    ----------
    glyphs
        Names the icon font has; icons are not checked where left out.
    """
    issues = [
        _fault(name, "layer.twice", "The id is used twice")
        for name in _repeated(d.id for d in catalogue.layers)
    ]
    groups, systems = {g.id for g in catalogue.groups}, {s.id for s in catalogue.systems}
    for layer in catalogue.layers:
        if layer.group not in groups:
            issues.append(_fault(layer.id, "layer.group", "Unknown group {what}", what=layer.group))
        unknown = [system for system in layer.systems if system not in systems]
        issues += [
            _fault(layer.id, "layer.system", "Unknown system {what}", what=system) for system in unknown
        ]
        issues += _check_fields(layer)
        issues += _check_rules(layer)
        issues += _check_look(layer, glyphs)
    if glyphs is not None:
        icons = [g for g in catalogue.groups if g.icon not in glyphs]
        issues += [_fault(g.id, "group.icon", "The icon font has no {what}", what=g.icon) for g in icons]
    return tuple(issues)


def _fault(layer: str, code: str, message: str, **values: object) -> Issue:
    texts = {key: str(value) for key, value in values.items()}
    return Issue(
        code, "error", message, "Correct layers/{layer}.toml.", layer, values=texts | {"layer": layer}
    )


def _note(layer: str, code: str, message: str, **values: object) -> Issue:
    """Often meant: two layers of one table share a domain, or the lowest class stays invisible."""
    return msgspec.structs.replace(_fault(layer, code, message, **values), severity="note")


def _repeated(names: Iterator[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _check_fields(layer: LayerDef) -> Iterator[Issue]:
    for name in _repeated(f.name for f in layer.fields):
        yield _fault(layer.id, "field.twice", "The field {what} is defined twice", what=name)
    for field in layer.fields:
        if field.name in RESERVED or not _NAME.fullmatch(field.name):
            yield _fault(layer.id, "field.name", "{what} cannot be the name of a field", what=field.name)
        if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
            yield _fault(layer.id, "field.range", "The range of {what} is upside down", what=field.name)
        yield from _check_form(layer, field)
    for rule in layer.rules:
        yield from _check_condition(layer, [rule.check, *rule.fix.values()], [rule.field, *rule.fix])
    for role, name in _references(layer):
        if name and layer.field(name) is None:
            yield _fault(
                layer.id, "field.unknown", "{role} names an unknown field {what}", role=role, what=name
            )


def _check_form(layer: LayerDef, field: FieldDef) -> Iterator[Issue]:
    """Defaults, dependent domains and patterns."""
    if field.domain_of and (layer.field(field.domain_of) is None or not (field.allowed or field.codes)):
        yield _fault(layer.id, "field.domain_of", "The domain of {what} depends on nothing", what=field.name)
    odd = sorted({code for codes in field.allowed.values() for code in codes} - set(field.domain))
    if odd:
        yield _fault(layer.id, "field.allowed", "{what} is not in the domain of its field", what=", ".join(odd))
    if field.default.startswith("$") and parse_default(field.default) is None:
        yield _fault(layer.id, "field.default", "{what} is no default", what=field.default)
    try:
        re.compile(field.pattern)
    except re.error:
        yield _fault(layer.id, "field.pattern", "{what} is no regular expression", what=field.pattern)


def _check_condition(layer: LayerDef, texts: list[str], fields: list[str]) -> Iterator[Issue]:
    names = {name for name in fields if name}
    for text in texts:
        try:
            names |= condition.parse(text).names
        except BadDataError as error:
            yield _fault(layer.id, "rule.condition", "{what}", what=str(error))
    for name in sorted(names):
        if layer.field(name) is None:
            yield _fault(layer.id, "field.unknown", "{role} names an unknown field {what}", role="rules", what=name)


def _references(layer: LayerDef) -> Iterator[tuple[str, str]]:
    yield "title_field", layer.title_field
    yield "style.field", layer.style.field
    for below in (layer.style.divide_by, layer.style.second):
        yield "style.field", below if below != AREA else ""
    if layer.style.labels is not None:
        yield "labels.field", layer.style.labels.field
        yield "labels.order_field", layer.style.labels.order_field
    for part in _nouns(layer.style):
        if isinstance(part, PointSymbolizer):
            yield "rotation_field", part.rotation_field
        elif isinstance(part, (Scaled, Share)):
            yield "symbolizer", part.field if part.field != AREA else ""
        elif isinstance(part, HeatSymbolizer):
            yield "weight_field", part.weight_field


def _values(rule: Rule) -> list[str | int | bool]:
    return list(rule.values) if rule.value is None else [rule.value]


def _check_rules(layer: LayerDef) -> Iterator[Issue]:
    style = layer.style
    if layer.geometry != "none" and not style.rules:
        yield _fault(layer.id, "style.rules", "The style has no rules")
    if style.kind != "single" and not style.field:
        yield _fault(layer.id, "style.field", "The style names no field to classify by")
    field = layer.field(style.field)
    if style.kind == "categorized" and field is not None and field.domain:
        used = [str(value) for rule in style.rules for value in _values(rule)]
        covered = any(rule.is_else for rule in style.rules)
        for value in dict.fromkeys(used):
            if value not in field.domain:
                yield _fault(
                    layer.id,
                    "rule.value",
                    "A rule is for {what}, which {field} cannot be",
                    what=value,
                    field=field.name,
                )
        for value in field.domain:
            if value not in used and not covered:
                yield _note(
                    layer.id, "rule.missing", "No rule draws {field} = {what}", what=value, field=field.name
                )
    if style.kind == "graduated":
        steps = sorted(
            (r.minimum if r.minimum is not None else float("-inf"), r.maximum)
            for r in style.rules
            if not r.is_else
        )
        for (_, end), (begin, _) in pairwise(steps):
            if end != begin:
                yield _fault(
                    layer.id, "rule.steps", "The classes leave a gap or overlap at {what}", what=begin
                )
    for rule in style.rules:
        fitting = _FITTING[layer.geometry]
        for symbolizer in rule.symbolizers:
            if not isinstance(symbolizer, fitting):
                yield _fault(
                    layer.id,
                    "rule.symbolizer",
                    "A {what} does not fit a layer of kind {geometry}",
                    what=type(symbolizer).__name__,
                    geometry=layer.geometry,
                )


def _nouns(node: Any) -> Iterator[Any]:
    """Every part of a style, outermost first."""
    if isinstance(node, msgspec.Struct):
        yield node
        for name in node.__struct_fields__:
            yield from _nouns(getattr(node, name))
    elif isinstance(node, tuple):
        for part in node:
            yield from _nouns(part)


def _check_look(layer: LayerDef, glyphs: Collection[str] | None) -> Iterator[Issue]:
    for part in _nouns(layer.style):
        for color in _colors(part):
            try:
                parse_color(color)
            except BadDataError:
                yield _fault(layer.id, "style.color", "{what} is not a colour", what=color)
        if hasattr(part, "min_scale") and not 0 <= part.min_scale < part.max_scale:
            scales = f"{part.min_scale:g} – {part.max_scale:g}"
            yield _fault(layer.id, "style.scale", "The scale range {what} is empty", what=scales)
        for name in ("width_mm", "size_mm", "size_pt"):
            stops = getattr(part, name, ())
            if isinstance(stops, tuple) and [s for s, _ in stops] != sorted({s for s, _ in stops if s > 0}):
                yield _fault(layer.id, "style.stops", "The scales of {what} do not rise", what=name)
        if hasattr(part, "opacity") and not 0 <= part.opacity <= 1:
            yield _fault(
                layer.id, "style.opacity", "The opacity {what} is not between 0 and 1", what=part.opacity
            )
        if (
            isinstance(part, PointSymbolizer)
            and glyphs is not None
            and part.glyph
            and part.glyph not in glyphs
        ):
            yield _fault(layer.id, "style.glyph", "The icon font has no {what}", what=part.glyph)


def _colors(part: Any) -> list[str]:
    if isinstance(part, Stroke):
        return [part.color]
    if isinstance(part, Fill):
        return [part.color, *([part.ground] if part.ground else [])]
    if isinstance(part, PointSymbolizer):
        return [part.color, part.outline, part.glyph_color]
    if isinstance(part, (Shade, Share)):
        return [part.color]
    if isinstance(part, ClusterSymbolizer):
        return [part.color, part.text_color]
    if isinstance(part, HeatSymbolizer):
        return list(part.ramp)
    if isinstance(part, ChartSymbolizer):
        return [part.outline] if part.outline else []
    if isinstance(part, RasterSymbolizer):
        return [*(color for _, color in part.ramp), part.contour_color]
    if isinstance(part, LabelStyle):
        return [part.color, part.halo]
    return []
