"""Features taken apart and put together."""

from __future__ import annotations

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
    space_of,
)  # fmt: skip
from lydigital.commands.work.feature import add
from lydigital.edits.drafts import SAME_M, Draft
from lydigital.edits.operations import parts, repair, topology, vertices
from lydigital.errors import RefusedError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.commands.parts import AddHole, Clip, Dissolve, FillGap, FillHole
    from lydigital.edits.drafts import LayerSpace, Subject
    from lydigital.edits.edited import Edited
    from lydigital.session import Session

_LOOKED_AT_M = (100.0, 1_000.0, 10_000.0)  # half sizes of the squares in which a gap is looked for


def split(session: Session, p: AlongLine) -> Edited:
    found = chosen(session, p, kinds=("line", "polygon"))
    line = line_of(p.line, Crs(session.document.crs))
    draft = Draft(fix=p.fix)
    selection: dict[str, list[int]] = {}
    cut = 0
    for space, some in by_layer(found):
        ref = find(session, space.layer)
        pieces_of: list[tuple[Subject, list[shapely.Geometry]]] = []
        for subject in some:
            try:
                pieces_of.append((subject, parts.split(subject.shape, line)))
            except RefusedError:
                selection.setdefault(space.layer, []).append(subject.fid)  # not met by the line: stays
        fids = iter(fresh_fids(session, ref, sum(len(pieces) - 1 for _, pieces in pieces_of)))
        for subject, pieces in pieces_of:
            draft.put(subject, pieces[0])
            selection.setdefault(space.layer, []).append(subject.fid)
            for piece in pieces[1:]:
                fid = next(fids)
                draft.make(space, fid, piece, subject.feature.values)
                selection[space.layer].append(fid)
        cut += len(pieces_of)
        if space.kind == "polygon" and pieces_of:
            _node_neighbours(session, draft, space, [s for s, _ in pieces_of], line)
    if not cut:
        raise RefusedError("The line does not cut the feature", hint="Begin and end the line outside of the feature.")
    return draft.changes("Split {layer}", selection=selection, layer=names(found))


def _node_neighbours(
    session: Session, draft: Draft, space: LayerSpace, cut: Sequence[Subject], line: shapely.LineString
) -> None:
    """Give neighbours that were not cut a vertex where the cut meets their border, so that it stays shared."""
    outlines = [shapely.boundary(shapely.force_2d(s.shape)) for s in cut]
    points = shapely.get_coordinates(shapely.intersection(shapely.force_2d(line), np.array(outlines, object)))
    if not len(points):
        return
    x0, y0, x1, y1 = (float(v) for v in shapely.total_bounds(shapely.points(points)))
    reach = SAME_M / space.crs.metres_per_unit
    places = [(float(x), float(y)) for x, y in points]
    for other in near(session, space, (x0 - reach, y0 - reach, x1 + reach, y1 + reach), [s.fid for s in cut]):
        shape = vertices.noded(other.shape, places, reach)
        if shape is not other.shape:
            draft.put(other, shape)


def merge(session: Session, p: Some) -> Edited:
    found = chosen(session, p, kinds=("point", "line", "polygon"))
    space = one_layer(found)
    if len(found) < 2:
        raise RefusedError("Only one feature is selected", hint="Select two or more to merge them.")
    draft = Draft()
    kept = _merged(draft, found)
    return draft.changes("Merge {count} features of {layer}", selection={space.layer: [kept]}, layer=space.name, count=len(found))  # fmt: skip


def _merged(draft: Draft, found: Sequence[Subject]) -> int:
    """Make one of ``found``, with number and attributes of the largest; say which attributes of others that costs."""
    shapes = [s.shape for s in found]
    winner = found[parts.largest(shapes)]
    draft.put(winner, parts.merged(shapes))
    differing: dict[str, int] = {}
    for other in found:
        if other is winner:
            continue
        draft.remove(other)
        for name, value in other.feature.values.items():
            if value is not None and value != winner.feature.values.get(name):
                differing[name] = differing.get(name, 0) + 1
    if differing:
        draft.issues.append(
            Issue("merge.attributes", "note", "Attributes of the largest feature, {fid}, stay; others differed in {fields}",
                  "Change them now if another value is right.", winner.layer, winner.fid,
                  values={"fid": str(winner.fid), "fields": ", ".join(differing)})
        )  # fmt: skip
    return winner.fid


def dissolve(session: Session, p: Dissolve) -> Edited:
    found = chosen(session, p, kinds=("point", "line", "polygon"))
    space = one_layer(found)
    if not any(p.field in s.feature.values for s in found):
        raise UsageError(
            "{layer} has no field {field}", hint="The fields are: {known}", layer=space.name, field=p.field,
            known=", ".join(found[0].feature.values)[:400] or "-",
        )  # fmt: skip
    groups: dict[object, list[Subject]] = {}
    for subject in found:
        groups.setdefault(subject.feature.values.get(p.field), []).append(subject)
    draft = Draft()
    left = [_merged(draft, some) if len(some) > 1 else some[0].fid for some in groups.values()]
    if len(left) == len(found):
        raise RefusedError("No two of the features have the same value", hint="Choose another field.")
    return draft.changes("Dissolve {layer} by {field}", selection={space.layer: left}, layer=space.name, field=p.field)


def explode(session: Session, p: Some) -> Edited:
    found = chosen(session, p, kinds=("point", "line", "polygon"), sound=False)
    draft = Draft()
    selection: dict[str, list[int]] = {}
    made = 0
    for space, some in by_layer(found):
        pieces_of = [(s, parts.exploded(s.shape)) for s in some]
        fids = iter(fresh_fids(session, find(session, space.layer), sum(len(pieces) - 1 for _, pieces in pieces_of)))
        for subject, pieces in pieces_of:
            selection.setdefault(space.layer, []).append(subject.fid)
            if len(pieces) == 1:
                continue
            draft.put(subject, pieces[0])
            for piece in pieces[1:]:
                fid = next(fids)
                draft.make(space, fid, piece, subject.feature.values)
                selection[space.layer].append(fid)
                made += 1
    if not made:
        raise RefusedError("The selected features have one part each", hint="Select features of several parts.")
    return draft.changes("Explode {layer}", selection=selection, layer=names(found))


def add_hole(session: Session, p: AddHole) -> Edited:
    found = chosen(session, p, kinds=("polygon",))
    ring = geometry_of(p.ring, Crs(session.document.crs))
    draft = Draft()
    reasons: list[RefusedError] = []
    for subject in found:
        try:
            draft.put(subject, parts.with_hole(subject.shape, ring))
        except RefusedError as error:
            reasons.append(error)  # the hole is in another of the selected features
    if len(reasons) == len(found):
        raise reasons[0]
    return draft.changes("Add a hole to {layer}", layer=names(found))


def fill_hole(session: Session, p: FillHole) -> Edited:
    found = chosen(session, p, kinds=("polygon",))
    draft = Draft()
    reasons: list[RefusedError] = []
    for subject in found:
        try:
            draft.put(subject, parts.without_hole(subject.shape, _place(p.x, p.y)))
        except RefusedError as error:
            reasons.append(error)
    if len(reasons) == len(found):
        raise reasons[0]
    return draft.changes("Fill holes of {layer}", layer=names(found))


def clip(session: Session, p: Clip) -> Edited:
    found = chosen(session, Some(), kinds=("point", "line", "polygon"))
    by = find(session, p.layer)
    space = space_of(session, by)
    areas = [s.shape for s in fetched(session, space, p.fids)]
    if any(a is None or not a.geom_type.endswith("Polygon") for a in areas):
        raise RefusedError("Features are clipped by areas", hint="Name areas to clip by.")
    area = shapely.union_all(np.array([repair.mended(a) for a in areas], object))
    draft = Draft()
    clippers = {(space.layer, fid) for fid in p.fids}
    outside = 0
    for subject in found:
        if (subject.layer, subject.fid) in clippers or shapely.covered_by(subject.shape, area):
            continue
        shape = parts.clipped(subject.shape, area)
        if shape.is_empty:
            draft.remove(subject)
            outside += 1
        else:
            draft.put(subject, shape)
    if outside:
        draft.issues.append(
            Issue("clip.removed", "note", "Features wholly outside were removed: {count}", "Undo brings them back.",
                  count=outside, values={"count": str(outside)})
        )  # fmt: skip
    return draft.changes("Clip {layer}", layer=names(found))


def fill_gap(session: Session, p: FillGap) -> Edited:
    _, space = editable(session, p.layer)
    place = _place(p.x, p.y)
    if bool(p.ring) == (place is not None):
        raise UsageError("A gap is named by a ring or by a place", hint="Give ring, or x and y.")
    draft = Draft()
    if p.ring:
        ring = geometry_of(p.ring, space.crs)
        ring = shapely.Polygon(ring.coords) if ring.geom_type == "LineString" else ring
        around = near(session, space, shapely.bounds(ring).tolist())
        shape = topology.gap_in([repair.mended(s.shape) for s in around], ring)
    else:
        assert place is not None
        around, shape = _gap_around(session, space, place)
    draft.see(around)
    return add(session, p.layer, [(shape, p.values)], draft, "Fill a gap of {layer}")


def _gap_around(
    session: Session, space: LayerSpace, place: tuple[float, float]
) -> tuple[list[Subject], shapely.Geometry]:
    x, y = place
    for reach_m in _LOOKED_AT_M:
        reach = reach_m / space.crs.metres_per_unit
        around = near(session, space, (x - reach, y - reach, x + reach, y + reach))
        try:
            return around, topology.gap_at([repair.mended(s.shape) for s in around], place)
        except RefusedError:
            if reach_m == _LOOKED_AT_M[-1]:
                raise
    raise AssertionError


def _place(x: float | None, y: float | None) -> tuple[float, float] | None:
    if (x is None) != (y is None):
        raise UsageError("A place has x and y", hint="Name both, or neither for the middle.")
    return None if x is None or y is None else (x, y)
