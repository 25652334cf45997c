"""The roads of a city as a graph: the network, what was repaired to make it, places on it and ways over it.

Arrays hold the graph; ``inf`` in them is what cannot be reached. Nouns that people read (:class:`Way`, :class:`Near`) have None.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import numpy as np

from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time

if TYPE_CHECKING:
    import shapely
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from lydigital.model.crs import Crs
    from lydigital.model.speeds import Profile, RoadClass, Speeds

LEAST_S = 1e-6  # an arc takes at least so long: no arc of a sparse graph may be zero


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


# --- what was found while building ------------------------------------------------------------------------------------


class Kind(IntEnum):
    """What was repaired (up to ``INTERCHANGE``) or found (the others) at one place."""

    END_TO_END = 1
    END_TO_LINE = 2
    TOUCH = 3
    CROSSING = 4
    INTERCHANGE = 5
    NO_LENGTH = 6
    DOUBLE = 7
    REFUSED = 8
    DEAD_END = 9
    ISLAND = 10


KIND_TITLES: dict[Kind, str] = {
    Kind.END_TO_END: "End moved to an end or vertex of another road",
    Kind.END_TO_LINE: "End moved onto another road, which was split",
    Kind.TOUCH: "Road split where another one lies on it",
    Kind.CROSSING: "Roads split where they cross on one level",
    Kind.INTERCHANGE: "Expressway joined to a road it meets",
    Kind.NO_LENGTH: "Line without length left out",
    Kind.DOUBLE: "Piece of road laid twice",
    Kind.REFUSED: "End on a road of another level or an expressway, not joined",
    Kind.DEAD_END: "Dead end",
    Kind.ISLAND: "Road that is not connected to the others",
}


@dataclass(frozen=True, eq=False)
class Findings:
    """Repairs and faults, one a row.

    Attributes
    ----------
    kind
        ``(k,) int8`` of :class:`Kind`.
    xy
        ``(k, 2) float64`` map units of the network.
    moved_m
        ``(k,) float64``: how far an end was moved, length of an island or a double piece, 0 otherwise.
    layer, fid, other_layer, other_fid
        ``(k,)`` the feature and the one it has to do with; -1 for none. Layers are numbers into ``RoadNetwork.layers``.
    """

    kind: NDArray[np.int8]
    xy: NDArray[np.float64]
    moved_m: NDArray[np.float64]
    layer: NDArray[np.int16]
    fid: NDArray[np.int64]
    other_layer: NDArray[np.int16]
    other_fid: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kind)

    def count(self, kind: Kind) -> int:
        return int((self.kind == kind).sum())

    @property
    def repairs(self) -> int:
        """How many of them changed something."""
        return int((self.kind <= Kind.INTERCHANGE).sum())


class Island(NamedTuple):
    """A part of the network that no road joins to the largest one."""

    number: int
    edges: int
    length_m: float
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class BuildReport:
    """What the network was made of and what had to be done for it.

    Attributes
    ----------
    lines, length_m
        Of the layers, on the ellipsoid.
    islands
        Longest first, without the main part; ``main_share`` is what the main part has of all length.
    trapped
        Nodes of the main part from which one-way roads give no way back.
    unknown_classes
        Class codes that speeds.toml does not know, with the number of lines.
    """

    layers: tuple[str, ...]
    lines: int
    length_m: float
    nodes: int
    edges: int
    tolerance_m: float
    findings: Findings
    islands: tuple[Island, ...]
    main_share: float
    trapped: int
    unknown_classes: tuple[tuple[str, int], ...] = ()
    issues: tuple[Issue, ...] = ()


# --- the network ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Roads as a directed graph of ``n`` nodes and ``m`` edges, an edge being a piece of road between two nodes.

    Attributes
    ----------
    nodes
        ``(n, 2) float64`` x, y in ``crs``, which is projected.
    tail, head
        ``(m,) int32`` nodes where an edge begins and ends, in the direction its line was drawn.
    length_m
        ``(m,) float64`` on the ellipsoid.
    kmh
        ``(m,) float32`` usual speed.
    is_open, is_open_back
        ``(m,) bool`` whether one may go from tail to head, from head to tail.
    seconds, seconds_back
        ``(m,) float64`` from tail to head and back for ``profile``; ``inf`` where that is not allowed.
    road_class, level, name
        ``(m,)`` numbers into ``classes`` and ``names``, and the level (0 ground, 1 bridge, -1 tunnel).
    layer, fid
        ``(m,)`` the feature an edge is of; ``layer`` is a number into ``layers``.
    coords, offsets
        Vertices ``(v, 2) float64`` of all edges from tail to head, and where each edge's begin ``(m + 1,) int64``.
    report
        Of the building; what closures cut is in ``issues``.
    whole
        The network without closures, where this one has some.
    """

    crs: Crs
    nodes: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length_m: NDArray[np.float64]
    kmh: NDArray[np.float32]
    is_open: NDArray[np.bool_]
    is_open_back: NDArray[np.bool_]
    seconds: NDArray[np.float64]
    seconds_back: NDArray[np.float64]
    road_class: NDArray[np.int16]
    level: NDArray[np.int16]
    name: NDArray[np.int32]
    layer: NDArray[np.int16]
    fid: NDArray[np.int64]
    coords: NDArray[np.float64]
    offsets: NDArray[np.int64]
    classes: tuple[RoadClass, ...]
    names: tuple[str, ...]
    layers: tuple[str, ...]
    profile: Profile
    speeds: Speeds
    report: BuildReport
    whole: RoadNetwork | None = None
    closed: tuple[Closed, ...] = ()
    issues: tuple[Issue, ...] = field(default=())

    @property
    def node_count(self) -> int:
        return len(self.nodes)

    @property
    def edge_count(self) -> int:
        return len(self.tail)

    def for_profile(self, profile: Profile) -> RoadNetwork:
        """The same roads for somebody else."""
        there, back = times(
            self.length_m, self.kmh, self.is_open, self.is_open_back, road_class=self.road_class, classes=self.classes, profile=profile
        )
        whole = None if self.whole is None else self.whole.for_profile(profile)
        return replace(self, profile=profile, seconds=there, seconds_back=back, whole=whole)

    @cached_property
    def arcs(self) -> tuple[csr_array, NDArray[np.int32]]:
        """The graph of seconds ``(n, n)`` and for each of its arcs the edge ``(arcs,) int32``: e from tail to head, -e-1 back.

        Of several edges between the same nodes the fastest is in it.
        """
        from scipy.sparse import csr_array

        edges = np.arange(self.edge_count, dtype=np.int32)
        start = np.concatenate([self.tail, self.head])
        end = np.concatenate([self.head, self.tail])
        seconds = np.concatenate([self.seconds, self.seconds_back])
        edge = np.concatenate([edges, -edges - 1])
        good = np.isfinite(seconds) & (start != end)
        start, end, seconds, edge = start[good], end[good], seconds[good], edge[good]
        key = start.astype(np.int64) * self.node_count + end
        order = np.argsort(key)
        again = np.diff(key[order]) == 0
        if again.any():  # of edges between the same nodes the fastest comes first
            rows = np.flatnonzero(np.concatenate([[False], again]) | np.concatenate([again, [False]]))
            same = order[rows]
            order[rows] = same[np.lexsort((edge[same], seconds[same], key[same]))]
        first = order[np.concatenate([[True], ~again])] if len(order) else order
        start, end, seconds, edge = start[first], end[first], seconds[first], edge[first]
        begins = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=self.node_count))]).astype(np.int32)
        count = self.node_count
        return csr_array((seconds, end.astype(np.int32), begins), shape=(count, count)), edge

    @cached_property
    def arcs_back(self) -> tuple[csr_array, NDArray[np.int32]]:
        """As :attr:`arcs` with every arc turned round, to ask who gets to a place; edges tell how they are driven."""
        return replace(self, tail=self.head, head=self.tail).arcs

    @cached_property
    def part(self) -> NDArray[np.int32]:
        """``(n,) int32`` number of the connected part of a node, one-way roads taken both ways; 0 is the longest."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        ones = np.ones(self.edge_count)
        graph = coo_array((ones, (self.tail, self.head)), shape=(self.node_count, self.node_count)).tocsr()
        count, label = connected_components(graph, directed=False)
        length = np.bincount(label[self.tail], self.length_m, minlength=count)
        rank = np.empty(count, np.int32)
        rank[np.argsort(-length, kind="stable")] = np.arange(count)
        found: NDArray[np.int32] = rank[label]
        return found

    @cached_property
    def lines(self) -> NDArray[np.object_]:
        """Shapely line of every edge ``(m,) object``."""
        import shapely

        made: NDArray[np.object_] = shapely.from_ragged_array(
            shapely.GeometryType.LINESTRING, self.coords, (self.offsets,)
        )
        return made

    @cached_property
    def has_access(self) -> NDArray[np.bool_]:
        """``(m,) bool``: places beside an edge are reached from it; not so from expressways."""
        found: NDArray[np.bool_] = np.array([c.has_access for c in self.classes] or [True])[self.road_class]
        return found

    @cached_property
    def near_roads(self) -> tuple[shapely.STRtree, NDArray[np.int64]]:
        """Index over the lines of the edges that places are reached from, and which edges these are."""
        return self._index(self.has_access)

    @cached_property
    def all_roads(self) -> tuple[shapely.STRtree, NDArray[np.int64]]:
        """As :attr:`near_roads`, of every edge this profile may use."""
        return self._index(np.ones(self.edge_count, bool))

    def _index(self, wanted: NDArray[np.bool_]) -> tuple[shapely.STRtree, NDArray[np.int64]]:
        import shapely

        edges = np.flatnonzero(wanted & (np.isfinite(self.seconds) | np.isfinite(self.seconds_back)))
        return shapely.STRtree(self.lines[edges]), edges


def times(
    length_m: NDArray[np.float64], kmh: NDArray[np.float32], is_open: NDArray[np.bool_], is_open_back: NDArray[np.bool_],
    *, road_class: NDArray[np.int16], classes: tuple[RoadClass, ...], profile: Profile,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Seconds along every edge and back ``(m,) float64``, ``inf`` where ``profile`` may not go."""
    if profile.is_foot:
        speed = np.full(len(length_m), profile.kmh)
        allowed = np.array([c.is_walkable for c in classes] or [True])[road_class]
    else:
        speed = kmh.astype(np.float64) * profile.factor
        allowed = np.ones(len(length_m), bool)
    seconds = np.maximum(length_m / (speed / 3.6), LEAST_S)
    there = allowed & (is_open | profile.ignores_oneway)
    back = allowed & (is_open_back | profile.ignores_oneway)
    return np.where(there, seconds, np.inf), np.where(back, seconds, np.inf)


class Closed(NamedTuple):
    """A piece of road that a closure took: its feature, what cut it, its length (0 where a line crosses it) and WKB."""

    layer: str
    fid: int
    name: str
    class_name: str
    reason: str
    length_m: float
    wkb: bytes


# --- places and ways --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Places:
    """Places put on the network.

    Attributes
    ----------
    xy
        ``(k, 2) float64`` as they were asked for, in the network's system.
    edge
        ``(k,) int32`` the edge each is put on; -1 where none is near.
    along
        ``(k,) float64`` where on the edge, 0 at its tail, 1 at its head, by length.
    on_road
        ``(k, 2) float64`` that point of the road; NaN where none is near.
    off_m
        ``(k,) float64`` straight distance to it in metres; where edge is -1 that to the nearest road however far, inf for none.
    is_cut
        ``(k,) bool``: the nearest road of the place is closed, ``edge`` is the nearest that is open.
    """

    xy: NDArray[np.float64]
    edge: NDArray[np.int32]
    along: NDArray[np.float64]
    on_road: NDArray[np.float64]
    off_m: NDArray[np.float64]
    is_cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.edge)

    def take(self, index: Any) -> Places:
        """Some of the places, by numbers or mask."""
        return Places(*(np.atleast_1d(getattr(self, f)[index]) if f not in ("xy", "on_road") else getattr(self, f)[index].reshape(-1, 2)
                        for f in ("xy", "edge", "along", "on_road", "off_m", "is_cut")))  # fmt: skip


Turn = Literal["start", "straight", "slight_left", "left", "sharp_left", "slight_right", "right", "sharp_right", "back", "arrive"]


class Leg(_Frozen, frozen=True):
    """A stretch of one road on a way: how one turns into it, its name ("" for none), class, length and time."""

    turn: Turn
    name: str
    class_name: str
    length_m: float
    seconds: float
    x: float
    y: float


class Way(_Frozen, frozen=True):
    """The fastest way between two places.

    Attributes
    ----------
    start, end
        Numbers of the places asked about.
    seconds, length_m
        On the road, length on the ellipsoid; None where there is no way, and ``reason`` says why.
    off_start_m, off_end_m
        Straight from the places to their roads; in neither of the numbers above.
    points
        x, y along it in the network's system, from road to road.
    """

    start: int
    end: int
    seconds: float | None
    length_m: float | None
    reason: str = ""
    off_start_m: float | None = None
    off_end_m: float | None = None
    points: tuple[tuple[float, float], ...] = ()
    legs: tuple[Leg, ...] = ()


class Near(NamedTuple):
    """One target of a place: its number among the targets, seconds on the road, and straight distances off the road."""

    target: int
    seconds: float
    off_place_m: float
    off_target_m: float


class Isochrone(_Frozen, frozen=True):
    """What is reached within a time: ``wkb`` polygon in the network's system, with what lies ``beside_m`` off the roads.

    What lies beside expressways is not in it. ``length_km`` are all roads reached, parts of edges with their part.
    """

    limit_s: float
    wkb: bytes
    area_km2: float
    length_km: float
    beside_m: float
