"""Where a cursor wants to be: the vertex, crossing, middle or edge nearest to it among what is drawn.

Scenes are in the document's system, so layers of every system snap alike.

Priority: places (ends, vertices, crossings, middles, centres, feet of perpendiculars) come before lines (segments, then
extensions of segments), lines before the grid. Within a rank the nearest wins; of equally near ones the kind named
first in :data:`KINDS`, then the layer on top. In a crowd, where features are smaller than what a hand can aim at, the
tolerance shrinks to those nearest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

from lydigital.kernels import snap as kernels
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from numpy.typing import NDArray

    from lydigital.model.style import Style
    from lydigital.model.viewport import Viewport

Kind = Literal[
    "end", "vertex", "intersection", "midpoint", "centre", "perpendicular", "segment", "extension", "grid"
]
KINDS: tuple[Kind, ...] = (
    "end", "vertex", "intersection", "midpoint", "centre", "perpendicular", "segment", "extension", "grid",
)  # fmt: skip
TOLERANCE_PX = 12.0
REACH_PX = 80.0  # how far from its end a segment is made longer
CROWD = 400  # where more features than this lie around the cursor, it looks at the nearest and extends none
CROSSED = 128  # segments whose crossings are looked for
SKETCH = ""  # layer of what is being drawn and of construction lines

_RANK = dict.fromkeys(KINDS, 0) | {"segment": 1, "extension": 2, "grid": 3}
_OF_KERNEL: tuple[tuple[Kind, int], ...] = (
    ("end", kernels.END), ("vertex", kernels.VERTEX), ("midpoint", kernels.MIDPOINT), ("centre", kernels.CENTRE),
    ("perpendicular", kernels.PERPENDICULAR), ("segment", kernels.SEGMENT),
)  # fmt: skip


class Drawn(Protocol):
    """A layer of the scene, as far as snapping needs it; features with a negative code are not drawn."""

    @property
    def id(self) -> str: ...
    @property
    def data(self) -> object: ...
    @property
    def style(self) -> Style: ...
    @property
    def codes(self) -> NDArray[np.int16] | None: ...


@dataclass(frozen=True)
class Snapping:
    """What to snap to.

    Attributes
    ----------
    kinds
        Of :data:`KINDS`.
    tolerance_px
        Beyond it nothing is found.
    layers
        Layers of the document; None for all that are drawn.
    grid
        Width of a cell in map units, 0 for no grid; its lines pass through the origin.
    """

    kinds: frozenset[str] = frozenset({"end", "vertex", "intersection", "midpoint", "segment", "perpendicular"})
    tolerance_px: float = TOLERANCE_PX
    layers: frozenset[str] | None = None
    grid: float = 0.0


class Snap(NamedTuple):
    """A place found: where, what it is, and which feature, part, ring and vertex (of a segment its first) made it."""

    x: float
    y: float
    kind: Kind
    distance_px: float
    layer: str = SKETCH
    fid: int = -1
    part: int = -1
    ring: int = -1
    vertex: int = -1


@dataclass
class _Around:
    """Places found so far around a cursor, and the segments that may cross there; lengths in map units."""

    x: float
    y: float
    radius: float
    kinds: frozenset[str]
    best: dict[Kind, tuple[float, Snap]] = field(default_factory=dict)
    segments: list[tuple[NDArray[np.float64], NDArray[np.int64], str, NDArray[np.int64]]] = field(default_factory=list)

    def note(
        self, kind: Kind, found: NDArray[np.float64], layer: str = SKETCH, fid: int = -1,
        ids: Sequence[int] = (-1, -1, -1),
    ) -> None:  # fmt: skip
        distance = float(found[0])
        if kind in self.kinds and distance <= self.radius and (kind not in self.best or distance < self.best[kind][0]):
            self.best[kind] = distance, Snap(float(found[1]), float(found[2]), kind, distance, layer, fid, *ids)


def snap(
    scene: Sequence[Drawn], x: float, y: float, viewport: Viewport, settings: Snapping, *,
    origin: tuple[float, float] | None = None, sketch: Sequence[NDArray[np.float64]] = (),
    without: Container[tuple[str, int]] = (),
) -> Snap | None:  # fmt: skip
    """The place that map place ``x, y`` snaps to, or None.

    Parameters
    ----------
    scene
        Bottom first, tables in the viewport's system.
    origin
        The last vertex drawn: perpendiculars come from there.
    sketch
        Lines ``(n, 2)`` that are not in the scene: the shape being drawn, construction lines. They lie on top.
    without
        Features (layer, fid) that are being dragged.
    """
    around = _Around(x, y, settings.tolerance_px * viewport.units_per_px, settings.kinds)
    reach = REACH_PX * viewport.units_per_px
    for drawn in _looked_at(scene, viewport, settings, sketch):
        _look(around, *drawn, reach=reach, origin=origin, without=without)
    if "intersection" in settings.kinds:
        _cross(around)
    if "grid" in settings.kinds and settings.grid > 0:
        gx, gy = (round(v / settings.grid) * settings.grid for v in (x, y))
        around.note("grid", np.array([math.hypot(gx - x, gy - y), gx, gy]))
    if not around.best:
        return None
    kind = min(around.best, key=lambda k: (_RANK[k], around.best[k][0], KINDS.index(k)))
    distance, found = around.best[kind]
    return found._replace(distance_px=distance / viewport.units_per_px)


def _looked_at(
    scene: Sequence[Drawn], viewport: Viewport, settings: Snapping, sketch: Sequence[NDArray[np.float64]]
) -> Iterator[tuple[str, FeatureTable, NDArray[np.int16] | None]]:
    """Topmost first, so that it wins where two are equally near."""
    lines = [line for line in sketch if len(line)]
    if lines:
        shapes = GeometryArray.from_rings(GeometryKind.LINE, [[[[(px, py) for px, py in line]]] for line in lines])
        import pyarrow as pa

        fids = np.full(len(lines), -1, np.int64)
        yield SKETCH, FeatureTable(fids, pa.table({}), shapes, viewport.crs), None
    for layer in reversed(scene):
        wanted = settings.layers is None or layer.id in settings.layers
        if wanted and isinstance(layer.data, FeatureTable) and layer.style.shows_at(viewport.scale):
            yield layer.id, layer.data, layer.codes


def _look(
    around: _Around, layer: str, table: FeatureTable, codes: NDArray[np.int16] | None, *, reach: float,
    origin: tuple[float, float] | None, without: Container[tuple[str, int]],
) -> None:  # fmt: skip
    def rows_within(far: float) -> NDArray[np.int32]:
        rows = table.rows_in((around.x - far, around.y - far, around.x + far, around.y + far))
        if codes is not None:
            rows = rows[codes[rows] >= 0]
        if without and len(rows):
            rows = rows[[(layer, int(fid)) not in without for fid in table.fid[rows]]]
        return rows

    g = table.geometry
    shape = (g.coords, g.ring_offsets, g.part_offsets, g.geom_offsets)
    radius = around.radius
    rows = rows_within(radius)
    while len(rows) > CROWD and radius > around.radius / 64:
        radius /= 2
        fewer = rows_within(radius)
        if not len(fewer):
            break
        rows = fewer
    if len(rows):
        from_x, from_y = origin if origin is not None and "perpendicular" in around.kinds else (math.nan, math.nan)
        found, ids = kernels.nearest(
            *shape, rows, int(g.kind), "centre" in around.kinds, around.x, around.y, from_x, from_y
        )
        for kind, number in _OF_KERNEL:
            if found[number, 0] <= around.radius:
                around.note(kind, found[number], layer, int(table.fid[ids[number, 0]]), ids[number, 1:].tolist())
        if "intersection" in around.kinds and g.kind is not GeometryKind.POINT:
            near, ids = kernels.segments_near(*shape, rows, around.x, around.y, radius, CROSSED)
            around.segments.append((near, ids, layer, table.fid))
    if "extension" in around.kinds and g.kind is not GeometryKind.POINT and len(rows) <= CROWD / 10:
        rows = rows_within(reach)
        if 0 < len(rows) <= CROWD:
            line, of = kernels.extension(*shape, rows, int(g.kind), around.x, around.y, reach)
            if line[0] <= around.radius:
                around.note("extension", line, layer, int(table.fid[of[0]]), of[1:].tolist())


def _cross(around: _Around) -> None:
    """Crossings of any two segments near the cursor, of one layer or of two."""
    if not around.segments:
        return
    near = np.concatenate([part[0] for part in around.segments])[:CROSSED]
    found = kernels.crossing(near, around.x, around.y)
    if not math.isfinite(found[0]):
        return
    number = int(min(found[3], found[4]))  # the one on top
    for segments, ids, layer, fids in around.segments:
        if number < len(segments):
            around.note("intersection", found, layer, int(fids[ids[number, 0]]), ids[number, 1:].tolist())
            return
        number -= len(segments)
