"""Emergency cards of all townships at once: one run over the roads for all of them, then a card each.

Teams, depots and ambulances come to the seat of the township; people go from it to hospitals, shelters and out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain import routing
from lydigital.domain.dispatch import roads_of
from lydigital.model.emergency import AWAY, KINDS
from lydigital.model.township_card import HazardFact, Helper, TownshipCard, VillageFact, WayOut
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.model.coverage import Channel
    from lydigital.model.emergency import Resource, ResourceKind
    from lydigital.model.network import Places, RoadNetwork

NEIGHBOURS, DEPOTS, SHELTERS = 3, 2, 5  # ways out beside that to the county's seat; depots; shelters, more where it has more
FURTHEST_OWN = 7  # shelters of its own a card names
_TOWN, _AMBULANCE, _HIGHER = 3, 5, (1, 2)  # levels of hospitals


@dataclass(frozen=True, eq=False)
class Town:
    """A township: ``shape`` WKB, ``xy`` its seat in the system of the network, facts None where not known."""

    code: str
    name: str
    county: str
    county_code: str
    shape: bytes
    xy: tuple[float, float]
    has_seat: bool = True
    people: int | None = None
    households: int | None = None
    area_km2: float | None = None


@dataclass(frozen=True, eq=False)
class Facts:
    """What there is in the whole city, in the system of the network.

    Attributes
    ----------
    counties
        Name and place of the seat of each county, by its code.
    hazards, villages
        By code of their township.
    """

    resources: Mapping[ResourceKind, Sequence[Resource]]
    counties: Mapping[str, tuple[str, float, float]] = field(default_factory=dict)
    hazards: Mapping[str, Sequence[HazardFact]] = field(default_factory=dict)
    villages: Mapping[str, Sequence[VillageFact]] = field(default_factory=dict)
    year: int | None = None
    is_sample: bool = False
    is_personal: bool = False


def cards(
    network: RoadNetwork, towns: Sequence[Town], facts: Facts, *, chosen: Sequence[int] | None = None, walk_km_h: float = 4.0,
    told: Callable[[str, float], object] | None = None,
) -> tuple[TownshipCard, ...]:  # fmt: skip
    """The cards of ``chosen`` townships (all unless named), in their order.

    Parameters
    ----------
    towns
        All of them: ways out lead to the others.
    told
        Called with words and the share done; may raise to stop.
    """
    rows = list(range(len(towns))) if chosen is None else list(chosen)
    seats = routing.snap(network, np.array([t.xy for t in towns], np.float64).reshape(-1, 2))
    own = seats.take(rows)
    times = {}
    for number, kind in enumerate(KINDS):
        if told is not None:
            told(tr("Times by road"), number / 6)
        times[kind] = _times(network, own, facts.resources.get(kind, ()), walk_km_h, towards=kind in ("team", "depot"))
    if told is not None:
        told(tr("Ways out"), 4 / 6)
    ways = _ways_out(network, towns, rows, seats, facts.counties, walk_km_h=walk_km_h)
    made = []
    for i, row in enumerate(rows):
        town = towns[row]
        made.append(TownshipCard(
            town.code, town.name, town.county, str(network.crs), town.shape, *town.xy, town.has_seat, town.people, town.households,
            town.area_km2, _teams(facts.resources.get("team", ()), times["team"][i]),
            _first(facts.resources.get("depot", ()), times["depot"][i], DEPOTS),
            _hospitals(facts.resources.get("hospital", ()), times["hospital"][i]),
            _shelters(facts.resources.get("shelter", ()), times["shelter"][i], town.code),
            ways[i], tuple(facts.hazards.get(town.code, ())), tuple(facts.villages.get(town.code, ())), facts.year, facts.is_sample,
            facts.is_personal,
        ))  # fmt: skip
    return tuple(made)


def _times(
    network: RoadNetwork, seats: Places, resources: Sequence[Resource], walk_km_h: float, *, towards: bool
) -> NDArray[np.float64]:
    """Seconds ``(townships, resources)`` on the road, and on foot beside it."""
    at = routing.snap(network, np.array([(r.x, r.y) for r in resources], np.float64).reshape(-1, 2))
    if not len(at) or not len(seats):
        return np.full((len(seats), len(at)), np.inf)
    seconds = routing.matrix(network, at, seats).T if towards else routing.matrix(network, seats, at)
    return seconds + (seats.off_m[:, None] + at.off_m[None, :]) / (walk_km_h / 3.6)


def _helper(resource: Resource, seconds: float, code: str = "") -> Helper:
    return Helper(resource, float(seconds) if np.isfinite(seconds) else None, bool(code) and resource.township_code == code)


def _order(seconds: NDArray[np.float64], rows: Sequence[int]) -> list[int]:
    return sorted(rows, key=lambda k: (float(seconds[k]), k))


def _first(resources: Sequence[Resource], seconds: NDArray[np.float64], count: int) -> tuple[Helper, ...]:
    there = [k for k in range(len(resources)) if np.isfinite(seconds[k]) and resources[k].duty != AWAY]
    return tuple(_helper(resources[k], seconds[k]) for k in _order(seconds, there)[:count])


def _teams(resources: Sequence[Resource], seconds: NDArray[np.float64]) -> tuple[Helper, ...]:
    """The nearest of each service that is not away; one that cannot come by road where there is no other."""
    by_service: dict[int, list[int]] = {}
    for k, resource in enumerate(resources):
        if resource.service is not None and resource.duty != AWAY:
            by_service.setdefault(resource.service, []).append(k)
    return tuple(_helper(resources[k], seconds[k]) for _, rows in sorted(by_service.items()) for k in _order(seconds, rows)[:1])


def _hospitals(resources: Sequence[Resource], seconds: NDArray[np.float64]) -> tuple[Helper, ...]:
    """The nearest ambulance station, health centre and hospital."""
    made = []
    for levels in ((_AMBULANCE,), (_TOWN,), _HIGHER):
        rows = [k for k, r in enumerate(resources) if r.service in levels and np.isfinite(seconds[k])]
        made += [_helper(resources[k], seconds[k]) for k in _order(seconds, rows)[:1]]
    return tuple(made)


def _shelters(resources: Sequence[Resource], seconds: NDArray[np.float64], code: str) -> tuple[Helper, ...]:
    own = [k for k, r in enumerate(resources) if r.township_code == code]
    others = [k for k, r in enumerate(resources) if r.township_code != code and np.isfinite(seconds[k])]
    rows = _order(seconds, own)
    rows = rows[:FURTHEST_OWN] if len(rows) > SHELTERS else rows + _order(seconds, others)[: SHELTERS - len(rows)]
    return tuple(_helper(resources[k], seconds[k], code) for k in rows)


def _ways_out(
    network: RoadNetwork, towns: Sequence[Town], rows: Sequence[int], seats: Places, counties: Mapping[str, tuple[str, float, float]], *,
    walk_km_h: float,
) -> list[tuple[WayOut, ...]]:  # fmt: skip
    """To the seat of the county, and to the seats of the nearest townships that are reached over different roads first."""
    known = sorted(counties)
    of_county = routing.snap(network, np.array([counties[c][1:] for c in known], np.float64).reshape(-1, 2))
    near = routing.nearest(network, seats.take(rows), seats, NEIGHBOURS + 2)
    to_towns = [(i, hit.target) for i, hits in enumerate(near) for hit in hits if hit.target != rows[i]]
    to_county = [(i, known.index(towns[row].county_code)) for i, row in enumerate(rows) if towns[row].county_code in counties]
    own = seats.take(rows)
    found: list[list[tuple[bool, WayOut]]] = [[] for _ in rows]
    names = [counties[code][0] for code in known], [town.name for town in towns]
    for targets, pairs, name in ((of_county, to_county, names[0]), (seats, to_towns, names[1])):
        for (i, k), way in zip(pairs, routing.routes(network, own, targets, pairs) if pairs else (), strict=True):
            if way.seconds is None or way.length_m is None:
                found[i].append((targets is of_county, WayOut(name[k], None, reason=way.reason)))
                continue
            off = float(own.off_m[i] + targets.off_m[k])
            seconds = way.seconds + off / (walk_km_h / 3.6)
            found[i].append((targets is of_county, WayOut(name[k], seconds, way.length_m + off, roads_of(way), way.points)))
    return [_apart(each) for each in found]


def _apart(found: Sequence[tuple[bool, WayOut]]) -> tuple[WayOut, ...]:
    """The way to the county's seat and those to neighbours that begin another way before those that begin alike."""
    county = [way for is_county, way in found if is_county and (way.metres is None or way.metres > 1.0)]
    others = sorted((way for is_county, way in found if not is_county and way.seconds is not None), key=lambda w: w.seconds or 0.0)
    begun = [_begin(way) for way in county if way.way]
    chosen: list[WayOut] = []
    for again in (False, True):
        for way in others:
            if len(chosen) < NEIGHBOURS and way not in chosen and all(way.name != c.name for c in county) and (again or _begin(way) not in begun):
                chosen.append(way)
                begun.append(_begin(way))
    return (*county, *sorted(chosen, key=lambda w: w.seconds or 0.0))


def _begin(way: WayOut) -> int:
    """Which of eight directions the first kilometres of a way go."""
    xy = np.array(way.way)
    far = np.hypot(*(xy - xy[0]).T)
    beyond = np.flatnonzero(far > min(2_000.0, float(far.max()) * 0.5))
    dx, dy = xy[int(beyond[0]) if len(beyond) else -1] - xy[0]
    return round(float(np.arctan2(dy, dx)) / (np.pi / 4)) % 8


def missing_of(has: Mapping[Channel, bool | None], channels: Sequence[Channel]) -> tuple[tuple[Channel, ...], tuple[Channel, ...]]:
    """Channels that a village lacks, and those not known."""
    return tuple(c for c in channels if has.get(c) is False), tuple(c for c in channels if has.get(c) is None)
