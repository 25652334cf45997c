"""Single vertices moved, added, deleted; ways along existing edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from lydigital.commands.layer import find
from lydigital.commands.subjects import editable, fetched, near, space_of
from lydigital.edits.drafts import SAME_M, Draft
from lydigital.edits.operations import topology, vertices
from lydigital.errors import BadDataError

if TYPE_CHECKING:
    from lydigital.commands.vertex import AddVertex, DeleteVertices, MoveVertices, Place, Trace
    from lydigital.edits.drafts import LayerSpace, Subject
    from lydigital.edits.edited import Edited
    from lydigital.model.document import LayerRef
    from lydigital.session import Session


def _one(session: Session, layer: str, fid: int) -> tuple[LayerRef, LayerSpace, Subject]:
    ref, space = editable(session, layer)
    subject = fetched(session, space, [fid])[0]
    if subject.shape is None:
        raise BadDataError("Feature {fid} has no geometry", hint="Draw it first.", fid=fid)
    return ref, space, subject


def _tolerance(space: LayerSpace) -> float:
    return SAME_M / space.crs.metres_per_unit


def _neighbours(
    session: Session, space: LayerSpace, subject: Subject, places: list[Place], layers: tuple[str, ...] = ()
) -> list[Subject]:
    """Features around ``places``, of the same layer and of ``layers``."""
    reach = _tolerance(space)
    x, y = zip(*places, strict=True)
    bounds = (min(x) - reach, min(y) - reach, max(x) + reach, max(y) + reach)
    found = near(session, space, bounds, [subject.fid])
    for layer in layers:
        ref, other = editable(session, layer)
        if ref.id != space.layer:
            found += near(session, other, bounds)
    return found


def move(session: Session, p: MoveVertices) -> Edited:
    _, space, subject = _one(session, p.layer, p.fid)
    draft = Draft(fix=p.fix)
    draft.put(subject, vertices.moved(subject.shape, p.vertices, p.dx, p.dy))
    if p.topological and p.vertices:
        places = vertices.places(subject.shape, p.vertices)
        others = _neighbours(session, space, subject, places, p.layers)
        shapes = topology.moved_with([s.shape for s in others], places, p.dx, p.dy, _tolerance(space))
        for other, shape in zip(others, shapes, strict=True):
            if shape is not other.shape:
                draft.put(other, shape)
    return draft.changes("Move vertices of {layer}", layer=space.name)


def add(session: Session, p: AddVertex) -> Edited:
    _, space, subject = _one(session, p.layer, p.fid)
    draft = Draft()
    draft.put(subject, vertices.added(subject.shape, (p.part, p.ring, p.index), (p.x, p.y)))
    if p.topological:
        at = (p.x, p.y)
        # an edge that both share: the new vertex lies on the old edge of neighbours, or they had a gap before
        for other in _neighbours(session, space, subject, [at]):
            shape = vertices.noded(other.shape, [at], _tolerance(space))
            if shape is not other.shape:
                draft.put(other, shape)
    return draft.changes("Add a vertex to {layer}", layer=space.name)


def delete(session: Session, p: DeleteVertices) -> Edited:
    _, space, subject = _one(session, p.layer, p.fid)
    draft = Draft(fix=p.fix)
    draft.put(subject, vertices.deleted(subject.shape, p.vertices))
    if p.topological and p.vertices:
        places = vertices.places(subject.shape, p.vertices)
        for other in _neighbours(session, space, subject, places):
            shared = vertices.picks_at(other.shape, places, _tolerance(space))
            if shared:
                draft.put(other, vertices.deleted(other.shape, shared))
    return draft.changes("Delete vertices of {layer}", layer=space.name)


def trace(session: Session, p: Trace) -> dict[str, object]:
    """Features are looked for around both places, in twice the distance between them."""
    document = session.document
    refs = [find(session, layer) for layer in p.layers] or [r for r in document.layers if document.is_visible(r)]
    refs = [r for r in refs if session.definition(r.id).geometry in ("line", "polygon")]
    (x0, y0), (x1, y1) = p.start, p.end
    reach = max(abs(x1 - x0), abs(y1 - y0), 1e-9)
    bounds = (min(x0, x1) - reach, min(y0, y1) - reach, max(x0, x1) + reach, max(y0, y1) + reach)
    found = [s.shape for ref in refs for s in near(session, space_of(session, ref), bounds)]
    way = topology.trace(found, p.start, p.end)
    line = shapely.LineString(way if len(way) > 1 else [way[0], way[0]])
    return {"points": way, "geometry": shapely.to_wkt(line, rounding_precision=-1), "length": float(line.length)}
