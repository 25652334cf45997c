"""Features made, removed, moved as a whole, copied from layer to layer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lydigital.commands.clipboard import COPIED, Clipboard
from lydigital.commands.facts import fill, values_for
from lydigital.commands.layer import title_of
from lydigital.commands.subjects import (
    Some,
    chosen,
    chosen_features,
    editable,
    fetched,
    fresh_fids,
    geometry_of,
    line_of,
    near,
)  # fmt: skip
from lydigital.edits.drafts import Draft
from lydigital.edits.edited import Edited
from lydigital.edits.operations import fields, ground, lists, parts, shapes, transform
from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError, UsageError
from lydigital.model.changeset import Delta
from lydigital.model.crs import Crs, transformation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.commands.feature import (
        Align,
        ContinueLine,
        Create,
        CreateCircle,
        CreateFreehand,
        CreateMany,
        CreateRectangle,
        CreateRegular,
        Move,
        Paste,
        Rotate,
        Scale,
    )
    from lydigital.edits.drafts import LayerSpace
    from lydigital.edits.operations.ground import Shapes
    from lydigital.model.feature import Value
    from lydigital.session import Session
_WKT = ("POINT", "LINESTRING", "POLYGON", "MULTI", "GEOMETRYCOLLECTION")
_LARGEST_LIST = 64_000_000  # bytes


# -- made -------------------------------------------------------------------------------------------------------------


def add(
    session: Session, layer: str, made: Sequence[tuple[shapely.Geometry, Mapping[str, Any]]], draft: Draft,
    words: str = "Create in {layer}",
) -> Edited:  # fmt: skip
    """New features of a layer, selected afterwards."""
    ref, space = editable(session, layer)
    fids = fresh_fids(session, ref, len(made))
    if not transformation(space.stored, space.crs).is_identity and len(made):
        x0, y0, x1, y1 = (float(v) for v in shapely.total_bounds(np.array([s for s, _ in made], object)))
        if math.isfinite(x0 + y0 + x1 + y1) and len(made) == 1:
            draft.see(near(session, space, (x0, y0, x1, y1)))
    shapes_made = [shape for shape, _ in made]
    values_made = fill(session, ref, shapes_made, [values_for(session, ref, values) for _, values in made])
    for fid, shape, values in zip(fids, shapes_made, values_made, strict=True):
        draft.make(space, fid, shape, values)
    return draft.changes(words, selection={ref.id: fids}, layer=space.name, count=len(made))


def create(session: Session, p: Create) -> Edited:
    _, space = editable(session, p.layer)
    shape = _drawn(p, space)
    draft = Draft(fix=p.fix)
    if p.avoid_overlap and shape.geom_type.endswith("Polygon"):
        around = near(session, space, shapely.bounds(shape).tolist())
        shape = parts.cut_away(shape, [s.shape for s in around if shapely.is_valid(s.shape)])
        draft.see(around)
    return add(session, p.layer, [(shape, p.values)], draft)


def _drawn(p: Create, space: LayerSpace) -> shapely.Geometry:
    text = p.geometry.strip()
    if text.upper().startswith(_WKT):
        shape = geometry_of(text, Crs(p.crs) if p.crs else space.crs)
        if p.crs:
            move = transformation(Crs(p.crs), space.crs)
            return ground.reprojected(np.array([shape], object), move)[0]
        return shape
    return _through(lists.read(text, space.crs, p.crs), space.kind)


def _through(rows: Sequence[lists.Row], kind: str) -> shapely.Geometry:
    """One feature through the places of a list."""
    high = all(math.isfinite(row.z) for row in rows)
    places: list[Any] = [(row.x, row.y, row.z) if high else (row.x, row.y) for row in rows]
    if kind == "line":
        return shapes.line_of(places)
    if kind == "polygon":
        return shapes.area_of(places)
    return shapely.Point(places[0]) if len(places) == 1 else shapely.MultiPoint(places)


def circle(session: Session, p: CreateCircle) -> Edited:
    shape = _around(session, p.x, p.y, lambda x, y: shapes.circle(x, y, p.radius_m, p.deviation_m))
    return add(session, p.layer, [(shape, p.values)], Draft())


def regular(session: Session, p: CreateRegular) -> Edited:
    shape = _around(session, p.x, p.y, lambda x, y: shapes.regular(x, y, p.radius_m, p.sides, p.angle_deg))
    return add(session, p.layer, [(shape, p.values)], Draft())


def _around(session: Session, x: float, y: float, make: Any) -> shapely.Geometry:
    """A shape made in metres on the ground around a place of the map."""
    place = np.array([geometry_of(f"POINT ({x!r} {y!r})", Crs(session.document.crs))], object)
    return ground.through(
        Crs(session.document.crs), place, lambda there: np.array([make(there[0].x, there[0].y)], object)
    )[0]


def rectangle(session: Session, p: CreateRectangle) -> Edited:
    corners = np.array([shapely.LineString(p.points)], object)

    def work(there: Shapes) -> Shapes:
        return np.array([shapes.rectangle(*shapely.get_coordinates(there[0]).tolist())], object)

    shape = ground.through(Crs(session.document.crs), corners, work)[0]
    return add(session, p.layer, [(shape, p.values)], Draft())


def freehand(session: Session, p: CreateFreehand) -> Edited:
    _, space = editable(session, p.layer)
    line = shapes.freehand(p.points, p.tolerance)
    shape = shapes.area_of(list(line.coords)) if space.kind == "polygon" else line
    return add(session, p.layer, [(shape, p.values)], Draft(fix=p.fix))


def many(session: Session, p: CreateMany) -> Edited:
    ref, space = editable(session, p.layer)
    if (bool(p.points) + bool(p.text) + bool(p.path)) != 1:
        raise UsageError("Places come from one of points, text and path", hint="Name exactly one of them.")
    rows = [lists.Row(x, y, math.nan, {}) for x, y in p.points] or lists.read(_text(p), space.crs, p.crs)
    draft = Draft()
    if space.kind in ("line", "polygon"):
        return add(session, p.layer, [(_through(rows, space.kind), p.values)], draft)
    target = session.definition(ref.id).fields
    columns = list(dict.fromkeys(name for row in rows for name in row.values))
    known = fields.mapping([fields.column(name) for name in columns], target, p.mapping)
    values, issues = fields.transferred([row.values for row in rows], known, target, space.name)
    draft.issues += issues
    made = [
        (shapely.Point((r.x, r.y, r.z) if math.isfinite(r.z) else (r.x, r.y)), {**v, **p.values})
        for r, v in zip(rows, values, strict=True)
    ]
    return add(session, p.layer, made, draft, "Create {count} features in {layer}")


def _text(p: CreateMany) -> str:
    if p.text:
        return p.text
    path = Path(p.path)
    try:
        if path.stat().st_size > _LARGEST_LIST:
            raise BadDataError("{path} is too large for a list", hint="Add it as a layer.", path=p.path)
        raw = path.read_bytes()
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be read: {reason}", hint="Check that the file exists and may be read.",
            path=p.path, reason=error.strerror or str(error),
        ) from error  # fmt: skip
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadDataError("{path} is no text", hint="Save it as UTF-8.", path=p.path)


def continue_line(session: Session, p: ContinueLine) -> Edited:
    _, space = editable(session, p.layer)
    subject = fetched(session, space, [p.fid])[0]
    if subject.shape is None or not subject.shape.geom_type.endswith("LineString"):
        raise RefusedError("Feature {fid} is no line", hint="Choose a line to continue.", fid=p.fid)
    draft = Draft()
    draft.put(subject, shapes.continued(subject.shape, p.points, at_start=p.at_start))
    return draft.changes("Continue a line of {layer}", layer=space.name)


# -- removed, moved ---------------------------------------------------------------------------------------------------


def delete(session: Session, p: Some) -> Edited:
    found = chosen_features(session, p)
    if not found:
        raise RefusedError("Nothing is selected", hint="Select features on the map first.")
    deltas = tuple(
        Delta(f"feature/{ref.id}/{fid}", feature, None) for ref, some in found for fid, feature in some.items()
    )
    gone = {ref.id: set(some) for ref, some in found}
    left = {k: tuple(f for f in v.tolist() if f not in gone.get(k, ())) for k, v in session.selection.fids.items()}
    names = ", ".join(title_of(session, ref) for ref, _ in found)
    return Edited(
        "Delete {count} features of {layer}", deltas, values={"count": str(len(deltas)), "layer": names}, selection=left
    )


def _transformed(session: Session, p: Some, work: Any, words: str) -> Edited:
    found = [s for s in chosen(session, p) if s.shape is not None and not s.shape.is_empty]
    if not found:
        raise RefusedError("The selected features have no geometry", hint="Draw it first.")
    moved = work(np.array([s.shape for s in found], object))
    draft = Draft(rigid=True)
    for subject, shape in zip(found, moved, strict=True):
        draft.put(subject, shape)
    names = dict.fromkeys(s.space.name for s in found)
    return draft.changes(words, layer=", ".join(names), count=len(found))


def move(session: Session, p: Move) -> Edited:
    return _transformed(session, p, lambda s: transform.moved(s, p.dx, p.dy), "Move {count} features of {layer}")


def _about(session: Session, x: float | None, y: float | None, work: Any) -> Any:
    """``work(shapes, place)`` on the ground, around ``x, y`` or the middle."""
    if (x is None) != (y is None):
        raise UsageError("A place has x and y", hint="Name both, or neither for the middle.")

    def inner(some: Shapes) -> Shapes:
        place = transform.centre(some) if x is None or y is None else (x, y)
        both = np.append(some, shapely.Point(place))

        def there(all_: Shapes) -> Shapes:
            done: Shapes = work(all_, (all_[-1].x, all_[-1].y))
            return done

        return ground.through(Crs(session.document.crs), both, there)[:-1]

    return inner


def rotate(session: Session, p: Rotate) -> Edited:
    work = _about(session, p.x, p.y, lambda s, place: transform.rotated(s, p.angle_deg, place))
    return _transformed(session, p, work, "Rotate {count} features of {layer}")


def scale(session: Session, p: Scale) -> Edited:
    if not all(math.isfinite(f) and f != 0 for f in (p.factor_x, p.factor_y)):
        raise UsageError("A factor of {factor} leaves nothing", hint="Use factors above or below zero.",
                         factor=p.factor_x if p.factor_x in (0, math.inf) else p.factor_y)  # fmt: skip
    work = _about(session, p.x, p.y, lambda s, place: transform.scaled(s, p.factor_x, p.factor_y, place))
    return _transformed(session, p, work, "Scale {count} features of {layer}")


def align(session: Session, p: Align) -> Edited:
    if p.line:
        line = line_of(p.line, Crs(session.document.crs))
        return _transformed(session, p, lambda s: transform.along(s, line), "Align {count} features of {layer}")
    return _transformed(session, p, lambda s: transform.aligned(s, p.edge), "Align {count} features of {layer}")


# -- copied -----------------------------------------------------------------------------------------------------------


def copy(session: Session, p: Some) -> dict[str, int]:
    """Copying changes nothing, so that layers that cannot be written can be copied from."""
    from lydigital.commands.clipboard import copied

    COPIED[:] = [copied(session, p)]
    return {"copied": len(COPIED[0].shapes)}


def cut(session: Session, p: Some) -> Edited:
    changes = delete(session, p)
    copy(session, p)
    return changes


def paste(session: Session, p: Paste) -> Edited:
    clip: Clipboard = COPIED[0]
    ref, space = editable(session, p.layer or clip.layer)
    move = transformation(clip.crs, space.crs)
    shapes_here = clip.shapes.copy()
    known = ~shapely.is_missing(shapes_here)
    shapes_here[known] = transform.moved(ground.reprojected(shapes_here[known], move), p.dx, p.dy)
    target = session.definition(ref.id).fields
    same = clip.layer == ref.id and not p.mapping
    draft = Draft(rigid=same and not (p.dx or p.dy))
    values: Sequence[Mapping[str, Value]] = clip.values
    if not same:
        known_fields = fields.mapping(clip.fields, target, p.mapping)
        values, issues = fields.transferred(clip.values, known_fields, target, space.name)
        draft.issues += issues
    fids = fresh_fids(session, ref, len(shapes_here))
    for fid, shape, row in zip(fids, shapes_here, values, strict=True):
        draft.make(space, fid, shape, row)
    return draft.changes("Paste {count} features into {layer}", selection={ref.id: fids}, layer=space.name, count=len(fids))
