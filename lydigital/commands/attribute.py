"""Attributes of features: set, calculated, copied, found and replaced, filled in by default."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - msgspec resolves it at run time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from lydigital.commands import facts
from lydigital.commands.facts import values_for
from lydigital.commands.layer import find, title_of
from lydigital.commands.registry import Command, Parameters
from lydigital.commands.subjects import Some, chosen_features, no_layers, nothing_selected, writable
from lydigital.domain import calculate
from lydigital.domain.query import rows_where
from lydigital.edits import defaults
from lydigital.edits.edited import Edited
from lydigital.edits.operations.fields import converted
from lydigital.errors import BadDataError, RefusedError, UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import Feature, Value, parse_target, same
from lydigital.model.issue import Issue
from lydigital.model.layerdef import FieldDef
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.model.document import LayerRef
    from lydigital.session import Session

SHOWN = 5  # results of a preview


class SetValue(Some, frozen=True, kw_only=True):
    """``value`` for ``field``; null empties it."""

    field: str
    value: Any = None


class SetValues(Some, frozen=True, kw_only=True):
    """Values by field."""

    values: dict[str, Any]


class Fill(Some, frozen=True, kw_only=True):
    """What the layer's definition says for ``fields`` (all of them without); only empty ones, or all with ``again``."""

    fields: tuple[str, ...] = ()
    again: bool = False


class Which(Parameters, frozen=True, kw_only=True):
    """Features of ``layer``: those that meet the condition ``where``, of ``fids`` or of all."""

    layer: str
    field: str
    where: str = ""
    fids: tuple[int, ...] = ()


class Calculate(Which, frozen=True, kw_only=True):
    """``expression`` is SQL over the fields, with ``$area_m2 $length_m $x $y``. ``keep`` leaves values where it gives none."""

    expression: str
    keep: bool = False


class CopyField(Which, frozen=True, kw_only=True):
    """Into ``field`` from ``source``; ``only_empty`` leaves what is there."""

    source: str
    only_empty: bool = False


class Replace(Which, frozen=True, kw_only=True):
    """``find`` by ``replace`` in texts: everywhere in them, or where it is ``whole``; ``regex``: a regular expression."""

    find: str
    replace: str = ""
    whole: bool = False
    regex: bool = False
    match_case: bool = True


class Template(Parameters, frozen=True, kw_only=True):
    """Values that new features of ``layer`` begin with; none to forget them."""

    layer: str
    values: dict[str, Any] = msgspec.field(default_factory=dict)


# -- a few features --------------------------------------------------------------------------------------------------


def _set(session: Session, p: SetValue) -> Edited:
    return _set_all(session, p, {p.field: p.value})


def _set_many(session: Session, p: SetValues) -> Edited:
    return _set_all(session, p, p.values)


def _set_all(session: Session, p: Some, values: Mapping[str, Any]) -> Edited:
    deltas: list[Delta] = []
    names: list[str] = []
    found = chosen_features(session, p)
    if not found:
        raise RefusedError("Nothing is selected", hint="Select features on the map first.")
    for ref, features in found:
        kept = values_for(session, ref, {n: None if v == "" else v for n, v in values.items()})
        for fid, feature in features.items():
            deltas += _changed(ref.id, fid, feature, kept)
        names.append(title_of(session, ref))
    alias = ", ".join(_known(session, found[0][0], name).alias for name in values)
    return _edited("Set {field} of {count} features of {layer}", deltas, field=alias, layer=", ".join(names))


def _fill(session: Session, p: Fill) -> Edited:
    deltas: list[Delta] = []
    names: list[str] = []
    for ref, features in chosen_features(session, p):
        definition = session.definition(ref.id)
        given: list[str] = []
        for fid, feature in features.items():
            wanted = p.fields or tuple(f.name for f in definition.fields if f.default)
            begun = {n: v for n, v in feature.values.items() if not ((p.again or p.fields) and n in wanted)}
            known = facts.Facts(session, ref, facts._shape(session, ref, feature), given)
            found = defaults.filled(definition, begun, known, wanted)
            given = [*(v for v in found.values() if isinstance(v, str)), *given][:500]
            deltas += _changed(ref.id, fid, feature, {n: v for n, v in found.items() if n in feature.values})
        names.append(title_of(session, ref))
    return _edited("Fill in {count} features of {layer}", deltas, layer=", ".join(names))


def _changed(layer: str, fid: int, feature: Feature, values: Mapping[str, Value]) -> Iterable[Delta]:
    for name, value in values.items():
        old = feature.values.get(name)
        if not same(old, value):
            yield Delta(f"value/{layer}/{fid}/{name}", old, value)


def _edited(words: str, deltas: Sequence[Delta], issues: Sequence[Issue] = (), **values: object) -> Edited:
    count = len({delta.target.split("/", 3)[2] for delta in deltas})
    texts = {name: str(value) for name, value in values.items()} | {"count": str(count)}
    return Edited(words, tuple(deltas), values=texts, issues=tuple(issues))


def _template(session: Session, p: Template) -> ChangeSet:
    ref = find(session, p.layer)
    kept = {n: v for n, v in values_for(session, ref, p.values).items() if v is not None and not isinstance(v, bytes)}
    words = "Values for new features of {layer}" if kept else "Forget the values for new features of {layer}"
    deltas = () if kept == ref.template else (Delta(f"layer/{ref.id}/template", ref.template, kept),)
    return ChangeSet(words, deltas, values={"layer": title_of(session, ref)})


# -- many features ---------------------------------------------------------------------------------------------------


class Outcome(msgspec.Struct, frozen=True):
    """What a calculation gives.

    Attributes
    ----------
    fids, values
        Of each feature asked, as the field would keep it; None for nothing.
    empty
        How many have no result.
    """

    fids: tuple[int, ...]
    values: tuple[Value, ...]
    empty: int


def outcome(session: Session, p: Calculate) -> Outcome:
    """Compute ``p`` without changing anything.

    Raises
    ------
    LydError
        When the formula cannot be understood, or its results do not fit the field.
    """
    ref = find(session, p.layer)
    known = _known(session, ref, p.field)
    table = _features(session, ref)
    rows = _asked(table, p)
    found = calculate.values(table, p.expression, rows)
    values = _fitting(known, _results(known, found))
    return Outcome(tuple(table.fid[rows].tolist()), tuple(values), sum(v is None for v in values))


def _preview(session: Session, p: Calculate) -> dict[str, Any]:
    """The first results, and how many there are."""
    ref = find(session, p.layer)
    known = _known(session, ref, p.field)
    made = outcome(session, p)
    some = list(zip(made.fids, made.values, strict=True))[:SHOWN]
    now = session.features.features(ref.id, [fid for fid, _ in some])
    first = [
        {"fid": fid, "before": known.decode(now[fid].values.get(p.field) if fid in now else None), "after": known.decode(value)}
        for fid, value in some
    ]  # fmt: skip
    return {"count": len(made.fids), "empty": made.empty, "first": first}


def _calculate(session: Session, p: Calculate) -> Edited:
    ref = _writable(session, p)
    made = outcome(session, p)
    pairs = [(f, v) for f, v in zip(made.fids, made.values, strict=True) if not (p.keep and v is None)]
    issues = []
    if made.empty:
        issues.append(Issue(
            "calculate.empty", "note", "{count} features have no result", "Their values are empty now, or kept with keep.",
            ref.id, count=made.empty, values={"count": str(made.empty)},
        ))  # fmt: skip
    words = "Calculate {field} of {count} features of {layer}"
    return _edited(words, _deltas(session, ref, p.field, pairs), issues, **_texts(session, ref, p.field))


def _copy(session: Session, p: CopyField) -> Edited:
    ref = _writable(session, p)
    _known(session, ref, p.source)

    def work(feature: Feature) -> Value:
        now = feature.values.get(p.field)
        return feature.values.get(p.source) if now in (None, "") or not p.only_empty else now

    return _worked(session, ref, p, work, "Copy into {field} of {count} features of {layer}")


def _replace(session: Session, p: Replace) -> Edited:
    ref = _writable(session, p)
    known = _known(session, ref, p.field)
    if not p.find:
        raise UsageError("Nothing to find is named", hint="Name the text to be replaced.")
    if known.type != "text":
        raise UsageError("{field} is no text", hint="Calculate it with a formula instead.", field=known.alias)
    try:
        wanted = re.compile(p.find if p.regex else re.escape(p.find), 0 if p.match_case else re.IGNORECASE)
        wanted.sub(p.replace if p.regex else "", "")
    except re.error as error:
        raise UsageError("{find} is no regular expression: {reason}", hint="Switch regular expressions off to find it as it is.",
                         find=p.find, reason=str(error)) from None  # fmt: skip
    by: Any = p.replace if p.regex else lambda _found: p.replace

    def work(feature: Feature) -> Value:
        now = feature.values.get(p.field)
        if not isinstance(now, str) or (p.whole and not wanted.fullmatch(now)):
            return now
        return wanted.sub(by, now, count=1 if p.whole else 0) or None

    return _worked(session, ref, p, work, "Replace in {field} of {count} features of {layer}")


def _preview_replace(session: Session, p: Replace) -> dict[str, Any]:
    """The first replacements, and how many there are."""
    known = _known(session, find(session, p.layer), p.field)
    deltas = _replace(session, p).deltas
    first = [{"fid": parse_target(d.target).fid, "before": known.decode(d.old), "after": known.decode(d.new)} for d in deltas[:SHOWN]]
    return {"count": len(deltas), "empty": sum(d.new is None for d in deltas), "first": first}


def _worked(session: Session, ref: LayerRef, p: Which, work: Callable[[Feature], Value], words: str) -> Edited:
    """``work`` on each of the features asked, one by one."""
    known = _known(session, ref, p.field)
    table = _features(session, ref)
    fids = table.fid[_asked(table, p)].tolist()
    features = session.features.features(ref.id, fids)
    values = _fitting(known, [work(feature) for feature in features.values()])
    pairs = list(zip(features, values, strict=True))
    return _edited(words, _deltas(session, ref, p.field, pairs, features), **_texts(session, ref, p.field))


def _deltas(
    session: Session, ref: LayerRef, field: str, pairs: Sequence[tuple[int, Value]], features: Mapping[int, Feature] | None = None
) -> list[Delta]:  # fmt: skip
    if features is None:
        features = session.features.features(ref.id, [fid for fid, _ in pairs])
    return [
        Delta(f"value/{ref.id}/{fid}/{field}", old, value)
        for fid, value in pairs if fid in features and not same(old := features[fid].values.get(field), value)
    ]  # fmt: skip


def _results(known: FieldDef, found: pa.Array) -> list[Value]:
    """Results as Python values; times as a store keeps them, infinity and what is no number as nothing."""
    import pyarrow as pa

    kind = found.type
    if pa.types.is_decimal(kind):
        found = found.cast(pa.float64())
    elif pa.types.is_temporal(kind):
        found = found.cast(pa.string())
    values = found.to_pylist()
    if known.type == "datetime" and pa.types.is_temporal(kind):
        return [None if v is None else v.replace(" ", "T")[:23] for v in values]
    if pa.types.is_floating(found.type):
        return [None if v is None or not np.isfinite(v) else v for v in values]
    return [v if v is None or isinstance(v, (bool, int, float, str, bytes)) else str(v) for v in values]


def _fitting(known: FieldDef, values: Sequence[Value]) -> list[Value]:
    """Values as the field keeps them.

    Raises
    ------
    BadDataError
        Naming the first of those that do not fit.
    """
    out: list[Value] = []
    unfit: list[Value] = []
    is_text = known.type == "text"
    for value in values:
        # a number is no yes or no, and a text no number, whatever could be read into them
        fits, kept = (True, value) if is_text and isinstance(value, str) else converted(value, known.type)
        if not fits or (known.type == "boolean" and not isinstance(value, bool) and value is not None):
            unfit.append(value)
        out.append(kept)
    if unfit:
        hint = "Round it, for example round(…)." if known.type == "integer" else "Change the formula, or choose another field."
        raise BadDataError(
            "{count} of {total} results do not fit into {field} ({type}), such as {value}", hint=hint, count=len(unfit),
            total=len(values), field=known.alias, type=tr(known.type), value=str(unfit[0])[:60],
        )  # fmt: skip
    return out


def _asked(table: FeatureTable, p: Which) -> NDArray[np.int32]:
    rows = rows_where(table, p.where) if p.where.strip() else np.arange(len(table), dtype=np.int32)
    if p.fids:
        rows = np.intersect1d(rows, calculate.rows_of(table, np.array(p.fids, np.int64)))
    return rows


def _features(session: Session, ref: LayerRef) -> FeatureTable:
    table = session.table(ref.id)
    if not isinstance(table, FeatureTable):
        raise RefusedError(
            "{layer} is a raster and has no features", hint="Choose a layer of features.", layer=title_of(session, ref)
        )
    return table


def _writable(session: Session, p: Which) -> LayerRef:
    ref = find(session, p.layer)
    writable(session, ref)
    _known(session, ref, p.field)
    return ref


def _known(session: Session, ref: LayerRef, field: str) -> FieldDef:
    """The field of a layer, made from its store where the catalogue does not know it."""
    known = session.definition(ref.id).field(field)
    stored = {f.name: f for f in session.stores.describe(ref).fields}
    if field not in stored:
        values_for(session, ref, {field: None})  # says what there is
        raise UsageError(
            "{layer} has no field {field}", hint="The fields are: {known}", layer=title_of(session, ref), field=field,
            known=", ".join(stored)[:400] or "-",
        )  # fmt: skip
    if known is not None:
        return known
    kind: Any = stored[field].type
    return FieldDef(field, stored[field].title or field, type=kind if kind in _TYPES else "text")


_TYPES = ("text", "integer", "real", "boolean", "date", "datetime")


def _texts(session: Session, ref: LayerRef, field: str) -> dict[str, Any]:
    return {"field": _known(session, ref, field).alias, "layer": title_of(session, ref)}


COMMANDS = (
    Command("attribute.set", "Set attribute", _set, SetValue, disabled=nothing_selected, icon="form-textbox"),
    Command("attribute.set_many", "Set attributes", _set_many, SetValues, disabled=nothing_selected, icon="form-select"),
    Command("attribute.defaults", "Fill in what can be computed", _fill, Fill, disabled=nothing_selected, menu="edit", icon="auto-fix"),
    Command("attribute.preview", "Preview a calculation", _preview, Calculate, disabled=no_layers, icon="calculator-variant-outline"),
    Command("attribute.calculate", "Calculate attribute", _calculate, Calculate, disabled=no_layers, icon="calculator-variant-outline"),
    Command("attribute.copy", "Copy attribute", _copy, CopyField, disabled=no_layers, icon="content-duplicate"),
    Command("attribute.preview_replace", "Preview finding and replacing", _preview_replace, Replace, disabled=no_layers, icon="find-replace"),
    Command("attribute.replace", "Find and replace in attribute", _replace, Replace, disabled=no_layers, icon="find-replace"),
    Command("attribute.template", "Values for new features", _template, Template, disabled=no_layers, icon="clipboard-text-outline"),
)  # fmt: skip
