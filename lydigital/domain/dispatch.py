"""Over which roads: who gets to an incident and when, who leaves to which shelter on which way, whom no road reaches.

Closures are in the network. What lies between a place and its road is walked; that time is in the seconds of a result.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from lydigital.domain import routing
from lydigital.domain.allocation import least_cost
from lydigital.model.emergency import Allocation, Left, Move, Reach, ShelterUse, Unreachable
from lydigital.model.issue import Issue
from lydigital.model.network import Places
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely
    from numpy.typing import NDArray

    from lydigital.model.emergency import Origin, Resource
    from lydigital.model.network import RoadNetwork, Way

SIDES_M = 150.0  # beyond the nearest road: so near a closure both of its sides count


# --- to the incident --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Arrivals:
    """All resources on their way to one place (people on theirs to shelters, the other way round).

    Attributes
    ----------
    at, place
        Where they and the place get onto the roads: one row or more each, see :func:`accesses`.
    on, to
        ``(k,) int64`` the rows of ``at`` and ``place`` that each resource uses.
    seconds
        ``(k,) float64`` on the road and on foot beside it; ``inf`` where there is no way.
    off_m
        ``(k,) float64`` beside the road at both ends together.
    """

    network: RoadNetwork
    resources: tuple[Resource, ...]
    at: Places
    place: Places
    on: NDArray[np.int64]
    to: NDArray[np.int64]
    seconds: NDArray[np.float64]
    off_m: NDArray[np.float64]
    inside: NDArray[np.bool_]
    towards: bool = True

    def reaches(self, chosen: Sequence[int] | None = None, *, with_ways: bool = True) -> tuple[Reach, ...]:
        """Reaches of some resources (all where not named), in their order; without ways quickly for all."""
        rows = list(range(len(self.resources))) if chosen is None else list(chosen)
        ways: dict[int, Way] = {}
        if with_ways and rows:
            pairs = [(int(self.on[i]), int(self.to[i])) for i in rows]
            if self.towards:
                found = routing.routes(self.network, self.at, self.place, pairs)
            else:
                found = routing.routes(self.network, self.place, self.at, [(to, on) for on, to in pairs])
            ways = dict(zip(rows, found, strict=True))
        return tuple(self._reach(i, ways.get(i)) for i in rows)

    def order(self, wanted: Sequence[int] | None = None) -> list[int]:
        """Numbers of resources (of ``wanted``), soonest first, those without a way last and nearest first."""
        rows = np.arange(len(self.resources)) if wanted is None else np.array(wanted, np.int64)
        straight = np.hypot(*(self.at.xy[self.on[rows]] - self.place.xy[0]).T)
        made: list[int] = rows[np.lexsort((straight, self.seconds[rows]))].tolist()
        return made

    def _reach(self, i: int, way: Way | None) -> Reach:
        straight = float(np.hypot(*(self.at.xy[self.on[i]] - self.place.xy[0]))) * self.network.crs.metres_per_unit
        off = float(self.off_m[i]) if np.isfinite(self.off_m[i]) else 0.0
        reach = Reach(self.resources[i], None, None, straight, off, is_inside=bool(self.inside[i]))
        if not np.isfinite(self.seconds[i]):
            return msgspec.structs.replace(reach, reason=way.reason if way is not None else tr("No road leads there."))
        seconds = float(self.seconds[i])
        if way is None or way.length_m is None:
            return msgspec.structs.replace(reach, seconds=seconds)
        return msgspec.structs.replace(reach, seconds=seconds, metres=way.length_m + off, way=way.points, via=roads_of(way))


def arrivals(
    network: RoadNetwork, resources: Sequence[Resource], place: tuple[float, float], *, zone: shapely.Geometry | None = None,
    walk_km_h: float = 4.0, towards: bool = True, on_expressway: bool = False,
) -> Arrivals:  # fmt: skip
    """When each resource is at a place.

    Parameters
    ----------
    place
        x, y in the network's system.
    zone
        Of the incident: resources inside it are marked.
    towards
        The resources come; False when somebody goes to them.
    on_expressway
        The place may be on a road that nobody gets on beside an interchange.
    """
    import shapely

    xy = np.array([(r.x, r.y) for r in resources], np.float64).reshape(-1, 2)
    goal, _ = accesses(network, np.array([place]), anywhere=on_expressway)
    at, owner = accesses(network, xy)
    on_foot = (at.off_m[None, :] + goal.off_m[:, None]) / (walk_km_h / 3.6)
    sides = np.stack([routing.one_to_all(network, goal.take([c]), towards=towards).at(at) for c in range(len(goal))]) + on_foot
    to = sides.argmin(axis=0)
    on, seconds = _best(sides.min(axis=0)[:, None], owner, len(xy))
    on, seconds = on[:, 0], seconds[:, 0]
    off = at.off_m[on] + goal.off_m[to[on]]
    inside = np.zeros(len(xy), bool) if zone is None else np.asarray(shapely.intersects_xy(zone, xy[:, 0], xy[:, 1]), bool).reshape(-1)
    return Arrivals(network, tuple(resources), at, goal, on, to[on], seconds, off, inside, towards)


def accesses(network: RoadNetwork, xy: NDArray[np.float64], *, anywhere: bool = False) -> tuple[Places, NDArray[np.int64]]:
    """Where places ``(k, 2)`` get onto open roads, and whose each is; the first ``k`` are of each in order.

    Where a closure is near, a place has both sides of it: whoever comes to a landslide comes to either side.
    """
    import shapely

    first = routing.snap(network, xy, anywhere=anywhere)
    owner = np.arange(len(xy), dtype=np.int64)
    if not network.closed or not len(xy):
        return first, owner
    unit = network.crs.metres_per_unit
    points = shapely.points(xy)
    cut = shapely.STRtree(shapely.from_wkb([c.wkb for c in network.closed]))
    reach = (np.where(first.edge >= 0, first.off_m, 0.0) + SIDES_M) / unit
    near = np.unique(cut.query(points, predicate="dwithin", distance=reach)[0])
    index, edges = network.all_roads if anywhere else network.near_roads
    rows = [(i, int(e)) for i in near.tolist() if first.edge[i] >= 0
            for e in edges[index.query(points[i], predicate="dwithin", distance=reach[i])].tolist() if e != first.edge[i]]  # fmt: skip
    if not rows:
        return first, owner
    mine, edge = np.array(rows, np.int64).T
    along = np.clip(shapely.line_locate_point(network.lines[edge], points[mine], normalized=True), 0.0, 1.0)
    on_road = shapely.get_coordinates(shapely.line_interpolate_point(network.lines[edge], along, normalized=True))
    off = np.hypot(*(on_road - xy[mine]).T) * unit
    more = Places(xy[mine], edge.astype(np.int32), along, on_road, off, first.is_cut[mine])
    joined = [np.concatenate([getattr(first, f.name), getattr(more, f.name)]) for f in fields(Places)]
    return Places(*joined), np.append(owner, mine)


def _best(seconds: NDArray[np.float64], owner: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best row of each owner, column by column ``(count, m)``, and its seconds; the first ``count`` rows are of each in order."""
    row = np.broadcast_to(np.arange(count)[:, None], (count, seconds.shape[1])).copy()
    best = seconds[:count].copy()
    for extra in range(count, len(seconds)):
        mine = owner[extra]
        better = seconds[extra] < best[mine]
        best[mine, better], row[mine, better] = seconds[extra, better], extra
    return row, best


def roads_of(way: Way) -> tuple[str, ...]:
    """Names of the roads of a way in order, those without a name left out."""
    named = [leg.name for leg in way.legs if leg.name]
    return tuple(name for before, name in zip(["", *named], named, strict=False) if name != before)


# --- to the shelters --------------------------------------------------------------------------------------------------


def allocate(
    network: RoadNetwork, origins: Sequence[Origin], shelters: Sequence[Resource], *, zone: shapely.Geometry | None = None,
    use_inside: bool = False, walk_km_h: float = 4.0, limit_s: float = np.inf,
) -> Allocation:  # fmt: skip
    """Who goes to which shelter, on which way.

    Parameters
    ----------
    zone
        That people must leave: shelters in it are not used, unless ``use_inside``.
    limit_s
        Nobody goes farther than this.

    Raises
    ------
    LydError
        When there are more origins and shelters than can be looked at together, or the solver fails.
    """
    uses = _uses(shelters, zone, use_inside=use_inside)
    usable = [i for i, use in enumerate(uses) if not use.reason]
    start, whose = accesses(network, np.array([(o.x, o.y) for o in origins], np.float64).reshape(-1, 2))
    end, of = accesses(network, np.array([(shelters[i].x, shelters[i].y) for i in usable], np.float64).reshape(-1, 2))
    sides = routing.matrix(network, start, end) + (start.off_m[:, None] + end.off_m[None, :]) / (walk_km_h / 3.6)
    row, sides = _best(sides, whose, len(origins))
    column, turned = _best(sides.T, of, len(usable))
    seconds, column = turned.T.copy(), column.T
    seconds[~(seconds <= limit_s)] = np.inf
    people = np.array([o.people for o in origins], np.int64)
    places = np.array([uses[i].places or 0 for i in usable], np.int64)
    flow = least_cost(people, places, seconds)
    pairs = list(zip(flow.origin.tolist(), flow.shelter.tolist(), strict=True))
    used = [(int(row[i, column[i, j]]), int(column[i, j])) for i, j in pairs]
    ways = routing.routes(network, start, end, used) if pairs else ()
    moves = tuple(
        Move(
            origins[i].code, shelters[usable[j]].code, int(n), float(seconds[i, j]),
            (way.length_m or 0.0) + float(start.off_m[a] + end.off_m[b]), way.points, roads_of(way),
        )
        for (i, j), (a, b), n, way in zip(pairs, used, flow.people.tolist(), ways, strict=True)
    )  # fmt: skip
    taken = np.bincount(np.array(usable, np.int64)[flow.shelter], flow.people, minlength=len(uses)) if pairs else np.zeros(len(uses))
    uses = [msgspec.structs.replace(use, taken=int(n)) for use, n in zip(uses, taken.tolist(), strict=True)]
    left = tuple(
        Left(origins[i].code, int(n), *_why_left(network, start.take([i]), end, seconds[i])) for i, n in enumerate(flow.left.tolist()) if n
    )
    return Allocation(
        tuple(origins), tuple(uses), moves, left, flow.cost, max((m.seconds for m in moves), default=None), flow.is_optimal,
        _issues(origins, uses, left, int(places.sum())),
    )  # fmt: skip


def _uses(shelters: Sequence[Resource], zone: shapely.Geometry | None, *, use_inside: bool) -> list[ShelterUse]:
    import shapely

    made = []
    for shelter in shelters:
        if shelter.capacity is None:
            made.append(ShelterUse(shelter, None, reason=tr("How many it takes in is not known.")))
        elif zone is not None and not use_inside and shapely.intersects_xy(zone, shelter.x, shelter.y):
            made.append(ShelterUse(shelter, shelter.capacity, reason=tr("It lies in the zone itself.")))
        else:
            made.append(ShelterUse(shelter, shelter.capacity))
    return made


def _why_left(network: RoadNetwork, start: Places, end: Places, seconds: NDArray[np.float64]) -> tuple[Literal["full", "cut"], str]:
    if np.isfinite(seconds).any():
        return "full", tr("The shelters that can be reached are full.")
    if not len(end):
        return "cut", tr("There is no shelter that can be used.")
    if np.isfinite(routing.matrix(network, start, end)).any():
        return "cut", tr("Every shelter is farther than allowed.")
    near = int(np.hypot(*(end.xy - start.xy[0]).T).argmin())
    return "cut", routing.why_not(network, start, 0, end, near)


def _issues(origins: Sequence[Origin], uses: Sequence[ShelterUse], left: Sequence[Left], places: int) -> tuple[Issue, ...]:
    names = {o.code: o.name for o in origins}
    full = [one for one in left if one.why == "full"]
    cut = [one for one in left if one.why == "cut"]
    made = []
    if full:
        count = sum(one.people for one in full)
        made.append(Issue(
            "emergency.overflow", "error", "{people} people find no place: the shelters they can reach are full ({places} places in all)",
            "Open more shelters, or ask the neighbouring cities.", count=count,
            values={"people": f"{count:,}", "places": f"{places:,}"},
        ))  # fmt: skip
    if cut:
        count = sum(one.people for one in cut)
        made.append(Issue(
            "emergency.cut_off", "error", "{people} people cannot reach any shelter by road: {names}",
            "Send help to them over another way, or open a road.", count=count,
            values={"people": f"{count:,}", "names": "、".join(names[one.origin] for one in cut[:10])},
        ))  # fmt: skip
    unknown = [use.shelter.name for use in uses if use.places is None]
    if unknown:
        made.append(Issue(
            "emergency.no_capacity", "warning", "Shelters without a capacity that can be were not used: {names}",
            "Enter how many they take in.", "shelter", count=len(unknown), values={"names": "、".join(unknown[:10])},
        ))  # fmt: skip
    return tuple(made)


# --- whom no road reaches ---------------------------------------------------------------------------------------------


def cut_off(network: RoadNetwork, places: Sequence[Unreachable], zone: shapely.Geometry | None = None) -> tuple[Unreachable, ...]:
    """Those of ``places`` that no open road joins to the main part of the network, with the reason.

    Outside ``zone`` only those that closures cut: what never had a road is no news.
    """
    import shapely

    if not places:
        return ()
    xy = np.array([(p.x, p.y) for p in places], np.float64)
    now = routing.snap(network, xy)
    joined = _is_joined(network, now)
    whole = network.whole
    before = joined if whole is None else _is_joined(whole, routing.snap(whole, xy))
    inside = np.zeros(len(xy), bool) if zone is None else np.asarray(shapely.intersects_xy(zone, xy[:, 0], xy[:, 1]), bool).reshape(-1)
    made = []
    for i in np.flatnonzero(~joined & (before | inside)).tolist():
        if before[i]:
            reason = tr("Closures cut every way.")
        elif now.edge[i] < 0:
            reason = tr("The nearest open road is {distance} m away.", distance=f"{now.off_m[i]:,.0f}") if np.isfinite(now.off_m[i]) else tr("There is no road.")
        else:
            reason = tr("Its roads are not joined to the others on the map.")
        made.append(msgspec.structs.replace(places[i], reason=reason))
    return tuple(made)


def _is_joined(network: RoadNetwork, at: Places) -> NDArray[np.bool_]:
    """Whether each place is on the part of the network that most nodes are in."""
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(network.arcs[0], directed=True, connection="weak")
    if not len(label):
        return np.zeros(len(at), bool)
    main = np.bincount(label).argmax()
    edge = np.where(at.edge >= 0, at.edge, 0)
    joined: NDArray[np.bool_] = (at.edge >= 0) & (label[network.tail[edge]] == main) if network.edge_count else at.edge >= 0
    return joined
