"""Judging an export by the rules of the gate, and doing what the verdict says: layers left out or coarsened, stamps, watermark."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec
import numpy as np

from lydigital.errors import RefusedError
from lydigital.model.gate import Finding, Verdict
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layout import TextItem
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lydigital.model.gate import Audience, Check, GateRules, LayerRule, Weight
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.layout import Layout
    from lydigital.publish.arrange import Material
    from lydigital.render.drawlist import SceneLayer

_MOST_NAMES = 5
_coarse: WeakKeyDictionary[FeatureTable, dict[float, FeatureTable]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Case:
    """What is to be judged.

    Attributes
    ----------
    layers
        Definitions of the layers that would be drawn or listed.
    ballpark
        Titles of layers moved between datums by guess.
    roles
        Of the operator.
    """

    audience: Audience
    layers: tuple[LayerDef, ...]
    approval: str = ""
    producer: str = ""
    ballpark: tuple[str, ...] = ()
    operator: str = ""
    roles: tuple[str, ...] = ()
    at: str = ""


def judge(rules: GateRules, case: Case) -> Verdict:
    """What the rules say; labels without a place are added by :func:`with_unplaced` when the page is arranged."""
    dropped: dict[str, str] = {}
    generalised: dict[str, float] = {}
    findings = list(_checks(rules, case))
    for layer in case.layers:
        rule = rules.rule_for(layer.id, layer.sensitivity)
        action = "allow" if rule is None else _action(rule, case)
        if rule is None or action == "allow":
            continue
        if action == "block":
            findings.append(Finding(
                "layers", "block", "{layer} ({sensitivity}) may not be exported for this audience", "Hide the layer, or choose another audience.",
                {"layer": layer.name, "sensitivity": layer.sensitivity},
            ))  # fmt: skip
        elif action == "drop":
            dropped[layer.id] = layer.name
        else:
            generalised[layer.id] = rule.step_m
    if dropped:
        findings.append(Finding("layers", "warn", "Left out for this audience: {layers}", "", {"layers": _listed(list(dropped.values()))}))
    if generalised:
        names = [f"{d.name}（{generalised[d.id]:g} m）" for d in case.layers if d.id in generalised]
        findings.append(Finding("layers", "warn", "Drawn coarsely for this audience: {layers}", "", {"layers": _listed(names)}))
    stamp = (tr("Map review No. {number}", number=case.approval),) if case.approval else rules.stamps.words
    kept = [d for d in case.layers if d.id not in dropped]
    stamps = (stamp, (tr("Sample data"),)) if any(d.sample for d in kept) else (stamp,)
    return Verdict(
        case.audience, tuple(findings), dropped, generalised, tuple(s for s in stamps if s), getattr(rules.watermark, case.audience), case.at,
        case.operator, rules.digest,
    )  # fmt: skip


def _action(rule: LayerRule, case: Case) -> str:
    if case.audience == "public":
        return rule.public
    return "allow" if set(rule.roles) & set(case.roles) else rule.internal


def _weight(rules: GateRules, check: Check, audience: Audience) -> Weight:
    weights = rules.checks.get(check)
    if weights is None:
        return "off"
    return weights.public if audience == "public" else weights.internal


def _listed(names: Sequence[str]) -> str:
    return "、".join(names[:_MOST_NAMES]) + (tr(" and {count} more", count=len(names) - _MOST_NAMES) if len(names) > _MOST_NAMES else "")


def _checks(rules: GateRules, case: Case) -> Iterator[Finding]:
    def found(check: Check, message: str, hint: str, **values: str) -> Iterator[Finding]:
        weight = _weight(rules, check, case.audience)
        if weight != "off":
            yield Finding(check, weight, message, hint, values)

    if not case.approval:
        yield from found("approval", "There is no number of the map review: the sheet is stamped as internal", "Enter the number in the settings once the map is reviewed; it is never invented.")
    if not case.producer:
        yield from found("producer", "Who made the map is not named", "Name the office in the settings.")
    shown = [d for d in case.layers if d.geometry != "none"]
    undated = [d.name for d in shown if not d.currency and d.legend]
    if undated:
        yield from found("currency", "Without a date of their data: {layers}", "Say in the definitions of the layers as of when they are.", layers=_listed(undated))
    unsourced = [d.name for d in shown if not d.source and d.legend]
    if unsourced:
        yield from found("sources", "Without a source: {layers}", "Say in the definitions of the layers where they come from.", layers=_listed(unsourced))
    if case.ballpark:
        yield from found("ballpark", "Moved from another datum by guess, metres to hundreds of metres off: {layers}", "Give the parameters of the transformation, or say that it is accepted.", layers=_listed(case.ballpark))
    if any(d.sample for d in case.layers):
        yield from found("sample", "The map shows synthetic sample data", "It is stamped so; such a map is no basis for decisions.")


def with_unplaced(rules: GateRules, verdict: Verdict, count: int) -> Verdict:
    """The verdict with what is known once labels are placed."""
    weight = _weight(rules, "unplaced", verdict.audience)
    if not count or weight == "off":
        return verdict
    said = Finding("unplaced", weight, "{count} labels found no place on the map", "Use a larger sheet or scale, or fewer layers.", {"count": f"{count:,}"})
    return msgspec.structs.replace(verdict, findings=(*verdict.findings, said))


def enforce(verdict: Verdict) -> None:
    """Let only what may go through.

    Raises
    ------
    RefusedError
        Naming what stands against it.
    """
    if verdict.is_open:
        return
    first = verdict.blocks[0]
    more = tr(" and {count} more", count=len(verdict.blocks) - 1) if len(verdict.blocks) > 1 else ""
    raise RefusedError(
        "The map may not leave the house: {reason}", hint="{how}", reason=tr(first.message, **first.values) + more, how=tr(first.hint, **first.values),
    )  # fmt: skip


def said(verdict: Verdict) -> tuple[str, ...]:
    """The verdict in words, for documents: when and for whom it was given, then what was found.

    The public is only told how much: names of layers left out are not for them.
    """
    is_public = verdict.audience == "public"
    head = tr("Checked before export, for the public") if is_public else tr("Checked before export, for internal use")
    by = "　".join(part for part in (verdict.at[:16].replace("T", " "), "" if is_public else verdict.operator) if part)
    found = [tr(f.message, **f.values) for f in verdict.findings if f.weight != "off"]
    if is_public and found:
        found = [tr("{count} findings", count=len(found))]
    return (f"{head}　{by}".rstrip(), *found)


# --- what the verdict says is done --------------------------------------------------------------------------------------


def passed(material: Material, verdict: Verdict) -> Material:
    """Material without what may not be seen: every map, table and chart of a page is made from it."""

    def scene(scale: float, layers: tuple[str, ...] | None) -> tuple[SceneLayer, ...]:
        kept = (la for la in material.scene(scale, layers) if la.id not in verdict.dropped)
        return tuple(_generalised(la, verdict.generalised) for la in kept)

    def table(layer: str) -> FeatureTable:
        if layer in verdict.dropped:
            raise RefusedError("{layer} is left out for this audience", hint="Choose another audience, or remove the item.", layer=verdict.dropped[layer])
        found = material.table(layer)
        step = verdict.generalised.get(layer)
        return coarse(found, step) if step else found

    titles = {i: t for i, t in material.titles.items() if i not in verdict.dropped}
    return replace(material, scene=scene, table=table, titles=titles, stamps=verdict.stamps, verdict=said(verdict))


def marked(layout: Layout, verdict: Verdict) -> Layout:
    """The layout with the watermark of the verdict across every page."""
    if not verdict.watermark:
        return layout
    for number, page in enumerate(layout.pages):
        wide, high = 0.86 * page.width, 0.2 * min(page.width, page.height)
        size = min(400.0, max(8.0, wide / max(1, len(verdict.watermark)) * 2.4))
        layout = layout.with_item(TextItem(
            id=f"watermark_{number}", page=number, x=(page.width - wide) / 2, y=(page.height - high) / 2, width=wide, height=high, rotation=-28.0,
            text=verdict.watermark.replace("{", "{{").replace("}", "}}"), size=size, weight="bold", color="#8a8f9640", align="centre", vertical="middle",
        ))  # fmt: skip
    return layout


def _generalised(layer: SceneLayer, steps: Mapping[str, float]) -> SceneLayer:
    step = steps.get(layer.id)
    if not step or not isinstance(layer.data, FeatureTable):
        return layer
    table = coarse(layer.data, step)
    return replace(layer, data=table, selected=np.zeros(0, np.int32))


def coarse(table: FeatureTable, step_m: float) -> FeatureTable:
    """The table with every coordinate on a grid of ``step_m``: what is finer cannot be told from it any more; rows stay."""
    import shapely

    kept = _coarse.setdefault(table, {})
    if step_m not in kept:
        step = step_m / table.crs.metres_per_unit
        geometry = table.geometry
        if geometry.kind is GeometryKind.POINT:
            made = GeometryArray(
                geometry.kind, np.round(geometry.coords / step) * step, geometry.ring_offsets, geometry.part_offsets, geometry.geom_offsets
            )  # fmt: skip
        else:
            shapes = shapely.set_precision(shapely.make_valid(geometry.to_shapely()), step)
            made = GeometryArray.from_shapely(geometry.kind, shapes)
        kept[step_m] = FeatureTable(table.fid, table.columns, made, table.crs)
    return kept[step_m]
