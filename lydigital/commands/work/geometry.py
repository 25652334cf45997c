"""Outlines drawn anew, reshaped, offset, simplified, smoothed, mended."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.commands.layer import find
from lydigital.commands.subjects import (
    AlongLine,
    Some,
    by_layer,
    chosen,
    editable,
    fetched,
    fresh_fids,
    geometry_of,
    line_of,
    names,
    near,
    one_layer,
)  # fmt: skip
from lydigital.edits.drafts import Draft
from lydigital.edits.operations import fields, ground, outline, parts, repair
from lydigital.errors import RefusedError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.commands.geometry import Buffer, Distance, Repair, SetGeometry, Smooth, Tolerance
    from lydigital.edits.drafts import LayerSpace, Subject
    from lydigital.edits.edited import Edited
    from lydigital.edits.operations.ground import Shapes
    from lydigital.model.feature import Value
    from lydigital.session import Session


def set_geometry(session: Session, p: SetGeometry) -> Edited:
    _, space = editable(session, p.layer)
    subject = fetched(session, space, [p.fid])[0]
    draft = Draft(fix=p.fix)
    draft.put(subject, geometry_of(p.geometry, space.crs))
    return draft.changes("Change the geometry of {layer}", layer=space.name)


def reshape(session: Session, p: AlongLine) -> Edited:
    found = chosen(session, p, kinds=("line", "polygon"))
    line = line_of(p.line, Crs(session.document.crs))
    draft = Draft(fix=p.fix)
    done = 0
    for subject in found:
        try:
            draft.put(subject, outline.reshaped(subject.shape, line))
            done += 1
        except RefusedError:
            continue  # another of the selected features is meant
    if not done:
        raise RefusedError(
            "The line does not meet the outline twice", hint="Begin on or beyond the outline and end there again."
        )
    return draft.changes("Reshape {layer}", layer=names(found))


def offset(session: Session, p: Distance) -> Edited:
    found = chosen(session, p, kinds=("line", "polygon"))
    draft = Draft()
    for subject, shape in zip(found, _offset_shapes(session, found, p.distance), strict=True):
        draft.put(subject, shape)
    return draft.changes("Offset {layer}", layer=names(found))


def parallel(session: Session, p: Distance) -> Edited:
    found = chosen(session, p, kinds=("line", "polygon"))
    shapes = _offset_shapes(session, found, p.distance)
    draft = Draft()
    selection = _as_new(session, draft, found, shapes)
    return draft.changes("Parallel of {layer}", selection=selection, layer=names(found))


def _offset_shapes(session: Session, found: Sequence[Subject], distance: float) -> Shapes:
    _finite(distance)
    return ground.through(
        Crs(session.document.crs), np.array([s.shape for s in found], object), lambda s: outline.offset(s, distance)
    )


def _as_new(session: Session, draft: Draft, found: Sequence[Subject], shapes: Shapes) -> dict[str, list[int]]:
    """New features beside ``found``, with their attributes."""
    selection: dict[str, list[int]] = {}
    shape_of = dict(zip([id(s) for s in found], shapes, strict=True))
    for space, some in by_layer(found):
        fids = fresh_fids(session, find(session, space.layer), len(some))
        for fid, subject in zip(fids, some, strict=True):
            draft.make(space, fid, shape_of[id(subject)], subject.feature.values)
            selection.setdefault(space.layer, []).append(fid)
    return selection


def buffer(session: Session, p: Buffer) -> Edited:
    _finite(p.distance)
    found = chosen(session, p, kinds=("point", "line", "polygon"))
    source = one_layer(found)
    ref, space = editable(session, p.into or source.layer)
    if space.kind not in ("polygon", "mixed"):
        raise RefusedError("A buffer is an area, and {layer} holds none", hint="Name a polygon layer in into.", layer=space.name)

    def work(there: Shapes) -> Shapes:
        grown = outline.buffered(there, p.distance, p.deviation_m)
        return np.array([shapely.union_all(grown)], object) if p.merge else grown

    shapes = ground.through(Crs(session.document.crs), np.array([s.shape for s in found], object), work)
    draft = Draft()
    values: list[Mapping[str, Value]] = [{}] if p.merge else [s.feature.values for s in found]
    if not p.merge and space.layer != source.layer:
        own, other = session.definition(source.layer).fields, session.definition(ref.id).fields
        rows, issues = fields.transferred(values, fields.mapping(own, other, {}), other, space.name)
        draft.issues += issues
        values = list(rows)
    fids = fresh_fids(session, ref, len(shapes))
    for fid, shape, row in zip(fids, shapes, values, strict=True):
        draft.make(space, fid, shape, row)
    return draft.changes("Buffer {layer} by {distance} m", selection={ref.id: fids}, layer=source.name, distance=p.distance)


def simplify(session: Session, p: Tolerance) -> Edited:
    found = chosen(session, p, kinds=("line", "polygon"))
    draft = Draft()
    for space, some in by_layer(found):
        shapes = np.array([s.shape for s in some], object)
        tolerance = _in_units(space, shapes, p.tolerance)
        for subject, shape in zip(some, outline.simplified(shapes, tolerance), strict=True):
            draft.put(subject, shape)
        draft.issues += _loosened(session, space, some)
    return draft.changes("Simplify {layer}", layer=names(found))


def smooth(session: Session, p: Smooth) -> Edited:
    found = chosen(session, p, kinds=("line", "polygon"))
    draft = Draft()
    for subject in found:
        draft.put(subject, outline.smoothed(subject.shape, p.rounds, p.share))
    for space, some in by_layer(found):
        draft.issues += _loosened(session, space, some)
    return draft.changes("Smooth {layer}", layer=names(found))


def _loosened(session: Session, space: LayerSpace, some: Sequence[Subject]) -> tuple[Issue, ...]:
    """Say when areas that were not selected share a border with those that change."""
    if space.kind != "polygon":
        return ()
    shapes = np.array([s.shape for s in some], object)
    x0, y0, x1, y1 = (float(v) for v in shapely.total_bounds(shapes))
    others = near(session, space, (x0, y0, x1, y1), [s.fid for s in some])
    if not others:
        return ()
    tree = shapely.STRtree(shapes)
    touching = np.unique(tree.query([s.shape for s in others], predicate="touches")[0])
    if not len(touching):
        return ()
    return (
        Issue("border.loosened", "warning", "Neighbours that were not selected share borders with these: {count}",
              "Undo, and select them too where the borders must stay common.", space.layer, count=len(touching),
              values={"count": str(len(touching))}),
    )  # fmt: skip


def avoid_overlap(session: Session, p: Some) -> Edited:
    found = chosen(session, p, kinds=("polygon",))
    draft = Draft()
    for space, some in by_layer(found):
        for subject in some:
            around = near(session, space, shapely.bounds(subject.shape).tolist(), [s.fid for s in some])
            draft.see(around)
            shape = parts.cut_away(subject.shape, [s.shape for s in around if shapely.is_valid(s.shape)])
            if shape is not subject.shape:
                draft.put(subject, shape)
    return draft.changes("Cut {layer} at its neighbours", layer=names(found))


def mend(session: Session, p: Repair) -> Edited:
    found = chosen(session, p, kinds=("point", "line", "polygon"), sound=False)
    draft = Draft()
    for space, some in by_layer(found):
        shapes = np.array([s.shape for s in some], object)
        tolerance = _in_units(space, shapes, p.tolerance) if p.tolerance else 0.0
        tidy = np.array([repair.tidied(s, tolerance) for s in shapes], object)
        wide = 0
        if space.kind == "polygon" and tolerance > 0:
            tidy, wide = repair.fitted(tidy, tolerance)
        for subject, shape in zip(some, tidy, strict=True):
            if not shapely.equals_identical(shape, subject.shape):
                draft.put(subject, shape)
        if wide:
            draft.issues.append(
                Issue("overlap.wide", "warning", "Overlaps wider than the tolerance stay: {count}",
                      "Decide to which feature each belongs, then cut the other at its neighbours.", space.layer,
                      count=wide, values={"count": str(wide)})
            )  # fmt: skip
    return draft.changes("Repair {layer}", layer=names(found))


def _in_units(space: LayerSpace, shapes: Shapes, metres: float) -> float:
    x0, y0, x1, y1 = (float(v) for v in shapely.total_bounds(shapes))
    return ground.units(space.crs, (x0 + x1) / 2, (y0 + y1) / 2, metres)


def _finite(distance: float) -> None:
    if not math.isfinite(distance) or distance == 0:
        raise UsageError("A distance of {distance} m changes nothing", hint="Give metres, such as 5.", distance=distance)
