"""What editing commands work on: features selected or named, as subjects of a draft, and why they cannot be edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from lydigital.commands.layer import find, title_of
from lydigital.commands.registry import Parameters
from lydigital.errors import BadDataError, LydError, RefusedError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.table import FeatureTable
from lydigital.openmap import ABSORBED
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import shapely

    from lydigital.edits.drafts import LayerSpace, Subject
    from lydigital.model.document import LayerRef
    from lydigital.model.feature import Feature
    from lydigital.model.grid import Raster
    from lydigital.session import Session
    from lydigital.stores.store import Bounds

_ASKED = 50  # features looked at to know whether a layer has single or multi geometry
_MULTI = (4, 5, 6)
_PLAIN = ("Point", "LineString", "Polygon")


class Some(Parameters, frozen=True, kw_only=True):
    """The selected features, or ``fids`` of ``layer``."""

    layer: str = ""
    fids: tuple[int, ...] = ()

    @property
    def is_complete(self) -> bool:
        return bool(self.fids)


class AlongLine(Some, frozen=True, kw_only=True):
    """``line`` is WKT in map units."""

    line: str
    fix: bool = False


def writable(session: Session, ref: LayerRef) -> None:
    """Raise when a layer cannot be edited now.

    Raises
    ------
    LydError
        Saying why, and what to do.
    """
    name = title_of(session, ref)
    if not session.document.is_visible(ref):
        raise RefusedError("{layer} is hidden", hint="Show the layer before editing it.", layer=name)
    if session.definition(ref.id).geometry == "raster":
        raise RefusedError("{layer} is a raster and has no features", hint="Choose a layer of features.", layer=name)
    session.stores.store(ref.source).writing(session.stores.table_name(ref))


def editable(session: Session, layer: str) -> tuple[LayerRef, LayerSpace]:
    """The layer of that id or title, and how it stores geometry.

    Raises
    ------
    LydError
        When it cannot be edited.
    """
    ref = find(session, layer)
    writable(session, ref)
    return ref, space_of(session, ref)


def space_of(session: Session, ref: LayerRef) -> LayerSpace:
    """How a layer stores geometry; single or multi, with or without heights, as its features are."""
    import shapely

    from lydigital.edits.drafts import LayerSpace

    kind = session.stores.describe(ref).geometry
    table = _read(session, ref)
    multi: bool | None = None
    raised = False
    if isinstance(table, FeatureTable) and len(table):
        some = session.features.features(ref.id, table.fid[:_ASKED].tolist())
        shapes = shapely.from_wkb([f.wkb for f in some.values() if f.wkb is not None], on_invalid="ignore")
        found = set(np.isin(shapely.get_type_id(shapes), _MULTI).tolist())
        multi = None if len(found) != 1 else found.pop()
        raised = bool(len(shapes)) and bool(shapely.has_z(shapes).all())
    elif kind in ("line", "polygon"):
        multi = True  # as this program makes tables
    crs = Crs(session.document.crs)
    stored = session.stores.stored_crs(ref)
    return LayerSpace(ref.id, title_of(session, ref), kind, multi, stored, crs, raised=raised)


def fetched(session: Session, space: LayerSpace, fids: Iterable[int]) -> list[Subject]:
    """Features of a layer by fid.

    Raises
    ------
    UsageError
        When the layer does not have one of them.
    """
    from lydigital.edits import drafts

    wanted = list(dict.fromkeys(int(fid) for fid in fids))
    features = session.features.features(space.layer, wanted)
    missing = [fid for fid in wanted if fid not in features]
    if missing:
        raise _no_feature(space.name, missing[0])
    return drafts.subjects(space, features)


def chosen(session: Session, given: Some, *, kinds: Sequence[str] = (), sound: bool = True) -> list[Subject]:
    """The features a command is about, those of a layer together.

    Parameters
    ----------
    kinds
        ``point``, ``line``, ``polygon``: others are refused, and features without geometry left out.
    sound
        Refuse features that cross themselves, where ``kinds`` are named: overlays give anything for them.

    Raises
    ------
    LydError
        When there are none, or a layer cannot be edited.
    """
    import shapely

    from lydigital.edits import drafts

    found: list[Subject] = []
    for ref, features in chosen_features(session, given):
        space = space_of(session, ref)
        some = drafts.subjects(space, features)
        some = [s for s in some if s.shape is not None and not s.shape.is_empty] if kinds else some
        for s in some:
            if kinds and _kind(s.shape) not in kinds:
                raise RefusedError(
                    "{layer} has no {kinds}", hint="Select features of that kind.",
                    layer=space.name, kinds=" / ".join(tr(k) for k in kinds),
                )  # fmt: skip
            if kinds and sound and not shapely.is_valid(s.shape):
                raise RefusedError(
                    "Feature {fid} of {layer} crosses itself", hint="Repair it first: Edit, Repair geometry.",
                    fid=s.fid, layer=space.name,
                )  # fmt: skip
        found += some
    if not found:
        raise RefusedError("Nothing is selected", hint="Select features on the map first.")
    return found


def chosen_features(session: Session, given: Some) -> list[tuple[LayerRef, dict[int, Feature]]]:
    """The features a command is about as they are stored, layer by layer; all layers can be written.

    Raises
    ------
    LydError
        When a layer cannot be edited or does not have a feature that was named.
    """
    if given.fids and not given.layer:
        raise UsageError("Features are named by layer and fids together", hint="Name the layer too.")
    if given.fids:
        wanted = {find(session, given.layer).id: list(dict.fromkeys(given.fids))}
    else:
        only = find(session, given.layer).id if given.layer else ""
        wanted = {k: v.tolist() for k, v in session.selection.fids.items() if not only or k == only}
    out = []
    for layer, fids in wanted.items():
        ref = find(session, layer)
        writable(session, ref)
        features = session.features.features(layer, fids)
        if given.fids and len(features) < len(fids):
            missing = next(fid for fid in fids if fid not in features)
            raise _no_feature(title_of(session, ref), missing)
        if features:
            out.append((ref, features))
    return out


def one_layer(found: Sequence[Subject]) -> LayerSpace:
    """The layer all subjects are of.

    Raises
    ------
    RefusedError
        When they are of several.
    """
    if len({s.layer for s in found}) > 1:
        raise RefusedError("The selected features are of several layers", hint="Select features of one layer.")
    return found[0].space


def by_layer(found: Iterable[Subject]) -> list[tuple[LayerSpace, list[Subject]]]:
    """Subjects layer by layer."""
    groups: dict[str, tuple[LayerSpace, list[Subject]]] = {}
    for subject in found:
        groups.setdefault(subject.layer, (subject.space, []))[1].append(subject)
    return list(groups.values())


def names(found: Iterable[Subject]) -> str:
    """Names of the layers of subjects, as text."""
    return ", ".join(dict.fromkeys(s.space.name for s in found))


def near(session: Session, space: LayerSpace, bounds: Bounds, leave: Iterable[int] = ()) -> list[Subject]:
    """Features of a layer that meet ``bounds`` (map units), as they are now, but for ``leave``."""
    import shapely

    from lydigital.edits import drafts

    ref = session.document.layer(space.layer)
    assert ref is not None
    table = _read(session, ref)
    if not isinstance(table, FeatureTable):
        return []
    recent = session.features.edits(space.layer)
    gone = set(leave)
    if len(recent) > ABSORBED:  # the table with all of them, which the scene would make too
        table, recent = cast("FeatureTable", session.table(ref.id)), {}
    fids = [f for f in table.fid[table.rows_in(bounds)].tolist() if f not in gone and f not in recent]
    fids += [f for f, feature in recent.items() if f not in gone and feature is not None]
    found = [s for s in drafts.subjects(space, session.features.features(space.layer, fids)) if s.shape is not None]
    box = shapely.box(*bounds)
    boxes = shapely.bounds(np.array([s.shape for s in found], object)) if found else np.zeros((0, 4))
    x0, y0, x1, y1 = box.bounds
    meets = (boxes[:, 0] <= x1) & (boxes[:, 2] >= x0) & (boxes[:, 1] <= y1) & (boxes[:, 3] >= y0)
    return [s for s, m in zip(found, meets.tolist(), strict=True) if m]


def fresh_fids(session: Session, ref: LayerRef, count: int) -> range:
    """Identities of new features: never one that the store or this session has given before."""
    first = session.stores.store(ref.source).next_fid(session.stores.table_name(ref))
    first = max(first, max(session.features._now.get(ref.id, {}), default=0) + 1)
    return range(first, first + count)


def geometry_of(text: str, crs: Crs) -> shapely.Geometry:
    """A geometry from WKT in map units.

    Raises
    ------
    BadDataError
        When it is none.
    """
    import shapely

    from lydigital.edits.operations import checks

    try:
        shape = shapely.from_wkt(text)
    except shapely.errors.GEOSException as error:
        raise BadDataError(
            "This is no geometry: {reason}", hint="Write it as WKT, such as LINESTRING (0 0, 10 5).",
            reason=str(error)[:200],
        ) from error  # fmt: skip
    if shape is not None and (shape.has_m or shape.geom_type.removeprefix("Multi") not in _PLAIN):
        raise BadDataError(
            "Measures, curves and collections cannot be drawn", hint="Write it as WKT, such as LINESTRING (0 0, 10 5)."
        )
    if shape is None or shape.is_empty:
        raise BadDataError("The geometry is empty", hint="Write it as WKT, such as LINESTRING (0 0, 10 5).")
    checks.placed(np.array([shape], object), crs)
    return shape


def line_of(text: str, crs: Crs) -> shapely.LineString:
    """A line from WKT in map units.

    Raises
    ------
    BadDataError
        When it is something else.
    """
    shape = geometry_of(text, crs)
    if shape.geom_type != "LineString":
        raise BadDataError("A line is needed here", hint="Write it as WKT, such as LINESTRING (0 0, 10 5).")
    return shape


def nothing_selected(session: Session) -> str | None:
    """Why commands on the selection are disabled."""
    if not len(session.selection):
        return tr("Nothing is selected")
    try:
        for layer in session.selection.fids:
            writable(session, find(session, layer))
    except LydError as error:
        return f"{error}. {error.hint_text()}"
    return None


def no_layers(session: Session) -> str | None:
    return None if session.document.layers else tr("The map has no layers yet; add one first")


def _no_feature(layer: str, fid: int) -> UsageError:
    return UsageError(
        "{layer} has no feature {fid}", hint="Select it on the map, or look up its number in the table.",
        layer=layer, fid=fid,
    )  # fmt: skip


def _read(session: Session, ref: LayerRef) -> FeatureTable | Raster:
    """A layer as it was read, without the edits since: making a table of both at every edit would take too long."""
    kept = session._scene.kept(ref, session.document.crs)
    return kept.data if kept is not None else session.table(ref.id)


def _kind(shape: shapely.Geometry) -> str:
    import shapely

    return ("point", "line", "polygon")[int(shapely.get_dimensions(shape))]
