"""From features to shapes and back: what an operation works on, and the change set of what it made.

A draft takes shapes in map units and stores them in each layer's own system. A vertex the operation did not touch keeps
its stored coordinates bit by bit, also where the layer's system is not the map's; heights are kept, and interpolated
along the old edges where vertices are new.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.edits.edited import Edited
from lydigital.edits.operations import checks, parts, repair
from lydigital.edits.operations.ground import Shapes, reprojected
from lydigital.errors import BadDataError, RefusedError
from lydigital.model.changeset import Delta
from lydigital.model.crs import Crs, transformation
from lydigital.model.feature import Feature, Value, changes_between
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

SAME_M = 1e-6  # metres: what comes nearer to an old vertex than a micrometre is that vertex
_KINDS = {0: "point", 1: "line", 2: "polygon"}
_M_FLAG = 0x40000000  # of EWKB


@dataclass(frozen=True)
class LayerSpace:
    """How a layer stores geometry.

    Attributes
    ----------
    layer, name
        Id, and the name people know.
    kind
        ``point``, ``line``, ``polygon``, or ``mixed`` for all of them.
    multi
        True: features have many parts; False: one part each; None: either.
    stored, crs
        Its own system and that of the map.
    raised
        All features have heights, and so must new ones.
    """

    layer: str
    name: str
    kind: str
    multi: bool | None
    stored: Crs
    crs: Crs
    raised: bool = False

    def to_map(self, blobs: Sequence[bytes | None]) -> Shapes:
        """Shapes in map units of ISO WKB as stored; None stays None.

        Raises
        ------
        RefusedError
            When one has measures or curves, which editing would lose.
        """
        for blob in blobs:
            if blob is not None:
                refuse_lossy(blob, self.name)
        stored = np.empty(len(blobs), object)
        stored[:] = shapely.from_wkb(np.array(blobs, object), on_invalid="ignore")
        known = ~shapely.is_missing(stored)
        if any(blob is not None and not ok for blob, ok in zip(blobs, known.tolist(), strict=True)):
            raise BadDataError(
                "A geometry of {layer} is damaged and cannot be edited", hint="Delete the feature and draw it anew.",
                layer=self.name,
            )  # fmt: skip
        stored[known] = reprojected(stored[known], transformation(self.stored, self.crs))
        return stored


@dataclass(frozen=True, eq=False)
class Subject:
    """A feature to work on: ``shape`` in map units, None where it has no geometry."""

    space: LayerSpace
    fid: int
    feature: Feature
    shape: shapely.Geometry | None

    @property
    def layer(self) -> str:
        return self.space.layer


def subjects(space: LayerSpace, features: Mapping[int, Feature]) -> list[Subject]:
    """Features of a layer ready to be worked on."""
    shapes = space.to_map([f.wkb for f in features.values()])
    return [Subject(space, fid, f, s) for (fid, f), s in zip(features.items(), shapes, strict=True)]


@dataclass
class _Edit:
    space: LayerSpace
    fid: int
    old: Subject | None
    shape: shapely.Geometry | None
    values: Mapping[str, Value]


@dataclass
class Draft:
    """What a command does to features, until it becomes a change set.

    Attributes
    ----------
    fix
        Mend shapes that cross themselves and say so, instead of refusing them.
    rigid
        All vertices move together: old ones are not looked for and nothing can become invalid.
    """

    fix: bool = False
    rigid: bool = False
    issues: list[Issue] = field(default_factory=list)
    _edits: dict[tuple[str, int], _Edit] = field(default_factory=dict)
    _gone: dict[tuple[str, int], Subject] = field(default_factory=dict)
    _seen: list[Subject] = field(default_factory=list)

    def put(self, subject: Subject, shape: shapely.Geometry | None, values: Mapping[str, Value] | None = None) -> None:
        """Give a feature another shape, other values, or both."""
        self._edits[subject.layer, subject.fid] = _Edit(
            subject.space, subject.fid, subject, shape, subject.feature.values if values is None else values
        )

    def make(self, space: LayerSpace, fid: int, shape: shapely.Geometry | None, values: Mapping[str, Value]) -> None:
        """Add a feature."""
        self._edits[space.layer, fid] = _Edit(space, fid, None, shape, dict(values))

    def remove(self, subject: Subject) -> None:
        self._gone[subject.layer, subject.fid] = subject

    def see(self, around: Iterable[Subject]) -> None:
        """Know features whose vertices shapes may share, without changing them."""
        self._seen += around

    def changes(
        self, annotation: str, *, selection: Mapping[str, Iterable[int]] | None = None, **values: object
    ) -> Edited:
        """The change set.

        Raises
        ------
        BadDataError, RefusedError
            When a shape is absurd, broken, or does not fit its layer; nothing has changed then.
        """
        deltas: list[Delta] = []
        by_layer: dict[str, list[_Edit]] = {}
        for key, edit in self._edits.items():
            if key not in self._gone:
                by_layer.setdefault(key[0], []).append(edit)
        for edits in by_layer.values():
            for edit, blob in zip(edits, self._stored(edits), strict=True):
                old = None if edit.old is None else edit.old.feature
                if old is not None and edit.values is old.values:  # only its place: no need to compare each value
                    if blob != old.wkb:
                        deltas.append(Delta(f"geometry/{edit.space.layer}/{edit.fid}", old.wkb, blob))
                    continue
                deltas += changes_between(edit.space.layer, edit.fid, old, Feature(blob, edit.values))
        deltas += [Delta(f"feature/{s.layer}/{s.fid}", s.feature, None) for s in self._gone.values()]
        chosen = None if selection is None else {k: tuple(int(f) for f in v) for k, v in selection.items()}
        texts = {name: str(value) for name, value in values.items()}
        return Edited(annotation, tuple(deltas), values=texts, issues=tuple(self.issues), selection=chosen)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _raised(self, space: LayerSpace, shapes: Shapes) -> Shapes:
        """Shapes with heights, 0 where none is known: the layer takes no others."""
        flat = _flat_where_open(shapes)
        low = ~shapely.has_z(flat)
        if not low.any():
            return flat
        flat[low] = shapely.force_3d(flat[low], 0.0)
        self.issues.append(
            Issue("height.unknown", "warning", "{layer} has heights; new features without one have 0: {count}",
                  "Draw them with heights, or set them afterwards.", space.layer, count=int(low.sum()),
                  values={"layer": space.name, "count": str(int(low.sum()))})
        )  # fmt: skip
        return flat

    def _stored(self, edits: Sequence[_Edit]) -> list[bytes | None]:
        """WKB of each edit, in the layer's system; the old blob where the shape is the old one."""
        space = edits[0].space
        blobs: list[bytes | None] = [None if e.old is None else e.old.feature.wkb for e in edits]
        changed = [i for i, e in enumerate(edits) if e.shape is not (e.old.shape if e.old is not None else None)]
        shapes = np.empty(len(changed), object)
        shapes[:] = [edits[i].shape for i in changed]
        before = np.empty(len(changed), object)
        before[:] = [None if (old := edits[i].old) is None else old.shape for i in changed]
        as_before = shapely.equals_identical(shapes, before)
        fresh = [k for k in range(len(changed)) if not as_before[k] and shapes[k] is not None]
        for k in range(len(changed)):
            if shapes[k] is None:
                blobs[changed[k]] = None
        if not fresh:
            return blobs
        chosen = shapes[fresh]
        checks.placed(chosen, space.crs)
        if not self.rigid:
            chosen = np.array([self._sound(edits[changed[k]], s) for k, s in zip(fresh, chosen, strict=True)], object)
        chosen = self._lifted(space, chosen, [edits[changed[k]] for k in fresh])
        same_type = shapely.get_type_id(chosen) == shapely.get_type_id(before[fresh])
        fitted = [
            s if same else self._fit(edits[changed[k]], s) for k, s, same in zip(fresh, chosen, same_type, strict=True)
        ]
        for issue in checks.outside(chosen, space.crs, space.layer):
            self.issues.append(issue)
        for k, blob in zip(fresh, self._encoded(space, np.array(fitted, object)), strict=True):
            blobs[changed[k]] = blob
        return blobs

    def _sound(self, edit: _Edit, shape: shapely.Geometry) -> shapely.Geometry:
        reason = checks.fault(shape)
        if not reason:
            return shape
        fid = None if edit.old is None else edit.fid
        if reason not in ("empty", "size"):
            if self.fix:
                self._warn(edit, "geometry.mended", "Feature {fid} crossed itself; its loops are parts now", reason)
                return repair.mended(shape)
            if edit.old is not None and edit.old.shape is not None and not shapely.is_valid(edit.old.shape):
                self._warn(edit, "geometry.invalid", "Feature {fid} crosses itself, as before: {reason}", reason)
                return shape
        raise checks.refusal(reason, fid)

    def _warn(self, edit: _Edit, code: str, message: str, reason: str) -> None:
        self.issues.append(
            Issue(code, "warning", message, "Look at it, and repair it where it is not what was meant.",
                  edit.space.layer, edit.fid, values={"fid": str(edit.fid), "reason": reason})
        )  # fmt: skip

    def _fit(self, edit: _Edit, shape: shapely.Geometry) -> shapely.Geometry:
        """The shape as the layer keeps it, single or multi."""
        space = edit.space
        if shape.geom_type == "GeometryCollection":
            shape = parts.of_dimension(shape, edit.old.shape if edit.old is not None and edit.old.shape else shape)
        kind = "collection" if shape.geom_type == "GeometryCollection" else _KINDS[int(shapely.get_dimensions(shape))]
        if space.kind not in ("mixed", kind):
            raise RefusedError(
                "{layer} holds {kind} features only, this is a {other}", hint="Choose a layer of that kind.",
                layer=space.name, kind=space.kind, other=kind,
            )  # fmt: skip
        pieces = shapely.get_num_geometries(shape)
        is_multi = shape.geom_type.startswith("Multi")
        old = None if edit.old is None else edit.old.shape
        if space.multi is False and pieces > 1:
            raise RefusedError(
                "{layer} holds features of one part only, and this has {count}",
                hint="Explode it into features of their own.", layer=space.name, count=pieces,
            )  # fmt: skip
        wants_multi = space.multi if space.multi is not None else pieces > 1 or (
            is_multi if old is None else old.geom_type.startswith("Multi")
        )  # fmt: skip
        if wants_multi and not is_multi:
            return parts_as_multi(shape)
        return shapely.get_geometry(shape, 0) if is_multi and not wants_multi else shape

    def _encoded(self, space: LayerSpace, shapes: Shapes) -> list[bytes]:
        move = transformation(space.crs, space.stored)
        if not move.is_identity:
            shapes = self._with_old_vertices(space, shapes, reprojected(shapes, move))
        blobs: list[bytes] = shapely.to_wkb(shapes, byte_order=1, flavor="iso").tolist()
        return blobs

    def _known(self, space: LayerSpace) -> list[Subject]:
        mine = [e.old for e in self._edits.values() if e.old is not None]
        return [s for s in (*mine, *self._gone.values(), *self._seen) if s.layer == space.layer and s.shape is not None]

    def _with_old_vertices(self, space: LayerSpace, shapes: Shapes, stored: Shapes) -> Shapes:
        """``stored`` with the very coordinates of the file at every vertex that is an old one."""
        known = [] if self.rigid else self._known(space)
        if not known:
            return stored
        from scipy.spatial import cKDTree

        old_map = shapely.get_coordinates(np.array([s.shape for s in known], object))
        old_stored = shapely.get_coordinates(shapely.from_wkb(np.array([s.feature.wkb for s in known], object)))
        near = SAME_M / space.crs.metres_per_unit
        distance, at = cKDTree(old_map).query(shapely.get_coordinates(shapes), distance_upper_bound=near)
        same = np.isfinite(distance)
        out = np.empty(len(stored), object)
        coords = shapely.get_coordinates(stored, include_z=False)
        coords[same] = old_stored[at[same]]
        ends = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(stored))])
        for i, shape in enumerate(stored):
            own = coords[ends[i] : ends[i + 1]]
            if shapely.has_z(shape):
                high = shapely.get_coordinates(shape, include_z=True)
                high[:, :2] = own
                own = high
            out[i] = shapely.transform(shape, lambda _xyz, own=own: own, include_z=bool(shapely.has_z(shape)))
        return out

    def _lifted(self, space: LayerSpace, shapes: Shapes, edits: Sequence[_Edit]) -> Shapes:
        """Shapes with heights where the features they come from have them."""
        known = np.array([s.shape for s in self._known(space)], object)
        sources = known[shapely.has_z(known)] if len(known) else known
        if not len(sources):
            return self._raised(space, shapes) if space.raised else _flat_where_open(shapes)
        out = shapes.copy()
        heights: _Heights | None = None
        for i, (shape, edit) in enumerate(zip(shapes, edits, strict=True)):
            if edit.old is not None and edit.old.shape is not None and not shapely.has_z(edit.old.shape):
                out[i] = shapely.force_2d(shape)
                continue
            coords = shapely.get_coordinates(shape, include_z=True)
            if shapely.has_z(shape) and np.isfinite(coords[:, 2]).all():
                continue
            heights = heights or _Heights(sources)
            missing = ~np.isfinite(coords[:, 2])
            coords[missing, 2] = heights.at(coords[missing, :2])
            raised = shapely.force_3d(shape, 0.0)
            out[i] = shapely.transform(raised, lambda _xyz, coords=coords: coords, include_z=True)
        return out


class _Heights:
    """Heights of old vertices and, linear between them, along old edges."""

    def __init__(self, shapes: Shapes) -> None:
        begins, ends = [], []
        for shape in shapes:
            for part in shapely.get_parts(shape):
                rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
                for ring in rings:
                    c = shapely.get_coordinates(ring, include_z=True)
                    begins.append(c[:-1] if len(c) > 1 else c)
                    ends.append(c[1:] if len(c) > 1 else c)
        self._begin, self._end = np.concatenate(begins), np.concatenate(ends)
        pairs = np.stack([self._begin[:, :2], self._end[:, :2]], axis=1)
        self._tree = shapely.STRtree(shapely.linestrings(pairs))

    def at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        if not len(xy):
            return np.zeros(0)
        near = self._tree.nearest(shapely.points(xy))
        a, b = self._begin[near], self._end[near]
        step = b[:, :2] - a[:, :2]
        square = np.maximum((step**2).sum(axis=1), 1e-300)
        share = np.clip(((xy - a[:, :2]) * step).sum(axis=1) / square, 0.0, 1.0)
        low = np.where(share >= 1.0, b[:, 2], a[:, 2] + share * (b[:, 2] - a[:, 2]))
        return np.asarray(np.nan_to_num(low), np.float64)


def _flat_where_open(shapes: Shapes) -> Shapes:
    """Two dimensions where heights are missing and nothing is known of them."""
    out = shapes.copy()
    for i in np.flatnonzero(shapely.has_z(shapes)):
        if not np.isfinite(shapely.get_coordinates(shapes[i], include_z=True)[:, 2]).all():
            out[i] = shapely.force_2d(shapes[i])
    return out


def parts_as_multi(shape: shapely.Geometry) -> shapely.Geometry:
    """A single geometry as a multi geometry of one part."""
    return {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon}[shape.geom_type]([shape])  # fmt: skip


def refuse_lossy(blob: bytes, layer: str) -> None:
    """Raise when a geometry has what shapes cannot keep.

    Raises
    ------
    RefusedError
        For measures (M), curves and mixed collections.
    """
    code = int.from_bytes(blob[1:5], "little" if blob[0] == 1 else "big")
    kind = code & 0xFFFF
    if code & _M_FLAG or kind // 1000 in (2, 3):
        raise RefusedError(
            "{layer} has measures (M), which editing its geometry would lose",
            hint="Copy the layer without measures and edit the copy.", layer=layer,
        )  # fmt: skip
    if kind % 1000 > 6:
        raise RefusedError(
            "{layer} has curves or collections, which editing would turn into straight edges",
            hint="Copy the layer with straight edges and edit the copy.", layer=layer,
        )  # fmt: skip
