"""What keeps edited features from being saved: errors of rules that their edits brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.commands import facts, subjects
from lydigital.commands.layer import title_of
from lydigital.edits import rules
from lydigital.errors import RefusedError
from lydigital.model.selection import Selection
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import shapely

    from lydigital.edits.rules import Finding
    from lydigital.model.document import LayerRef
    from lydigital.model.feature import Feature, Value
    from lydigital.session import Session

LISTED = 8  # faults named in a message
NEIGHBOURLY = 1_000  # edited areas of a layer up to which each is compared with its neighbours


class Fault(NamedTuple):
    """What is wrong with one feature."""

    layer: str
    fid: int
    finding: Finding


def faults(session: Session) -> list[Fault]:
    """Errors of edited features that they do not have as they are stored: what came with the data stays everybody's."""
    return [fault for layer in session.features.unsaved_layers for fault in _of_layer(session, layer)]


def save(session: Session) -> None:
    """Save the layers whose edited features are complete.

    Raises
    ------
    RefusedError
        Naming the features that are not; those layers stay unsaved and journaled, and the features are selected.
    """
    found = faults(session)
    if not found:
        session.save_features()
        return
    held = {fault.layer for fault in found}
    rest = [layer for layer in session.features.unsaved_layers if layer not in held]
    if rest:
        session.save_features(layers=rest)
    chosen: dict[str, set[int]] = {}
    for fault in found:
        chosen.setdefault(fault.layer, set()).add(fault.fid)
    session.select(Selection({layer: np.array(sorted(fids), np.int64) for layer, fids in chosen.items()}))
    raise RefusedError(
        "{layers} not saved: features to be completed: {count}. {list}",
        hint="They are selected now; correct them or undo, then save again. Nothing is lost meanwhile.",
        layers=", ".join(title_of(session, ref) for layer in chosen if (ref := session.ref(layer)) is not None),
        count=sum(map(len, chosen.values())), list="; ".join(_lines(found)),
    )  # fmt: skip


def _lines(found: list[Fault]) -> Iterator[str]:
    by_feature: dict[tuple[str, int], list[str]] = {}
    for layer, fid, finding in found:
        by_feature.setdefault((layer, fid), []).append(finding.text)
    for (_, fid), texts in list(by_feature.items())[:LISTED]:
        yield f"{tr('Feature {fid}', fid=fid)}: {', '.join(texts[:LISTED])}"
    if len(by_feature) > LISTED:
        yield "…"


def _of_layer(session: Session, layer: str) -> Iterator[Fault]:
    ref = session.ref(layer)
    if ref is None:
        return
    definition = session.definition(layer)
    fids = sorted(session.features.unsaved(layer))
    now, stored = session.features.features(layer, fids), session.stores.fetch(ref, fids)
    codes = facts.around(session, ref, fids[0], next(iter(now.values())), with_geometry=False).codes if now else {}
    counts = {f.name: facts._values(session, ref, f.name) for f in definition.fields if rules.is_unique(definition, f)}

    def taken(field: str, value: Value) -> bool:
        return counts[field].get(value, 0) > 1  # one of them is its own

    known = rules.Around(codes, taken)
    moved = [fid for fid, feature in now.items() if fid not in stored or stored[fid].wkb != feature.wkb]
    near = _neighbours(session, ref, now, moved) if definition.overlap == "refuse" else {}
    for fid, feature in now.items():
        before = stored.get(fid)
        found = [f for f in rules.check_values(definition, feature.values, known, fid=fid) if f.blocks]
        if before is None or before.wkb != feature.wkb:
            beside = rules.Around(neighbours=near.get(fid, ()))
            found += [f for f in rules.check_geometry(definition, feature.wkb, beside, fid=fid) if f.blocks]
        if found and before is not None:
            same = {f.key for f in rules.check(definition, before, known, fid=fid) if f.blocks}
            found = [f for f in found if f.key not in same or _is_touched(f, before, feature)]
        yield from (Fault(layer, fid, finding) for finding in found)


def _is_touched(finding: Finding, before: Feature, now: Feature) -> bool:
    """Whether the field with an error was given another value, though it had the error before."""
    name = finding.field
    return bool(name) and finding.issue.code != "rule" and before.values.get(name) != now.values.get(name)


def _neighbours(
    session: Session, ref: LayerRef, now: Mapping[int, Feature], moved: list[int]
) -> dict[int, tuple[tuple[int, shapely.Geometry], ...]]:
    import shapely

    if len(moved) > NEIGHBOURLY:
        return {}
    out = {}
    space = subjects.space_of(session, ref)
    for fid in moved:
        shape = facts._shape(session, ref, now[fid])
        if shape is not None and not shape.is_empty:
            near = subjects.near(session, space, shape.bounds, [fid])
            out[fid] = tuple((s.fid, shapely.from_wkb(s.feature.wkb)) for s in near)
    return out
