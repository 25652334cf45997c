"""Roads: the network of the map with its report, ways, areas within a time, who is nearest, times between places.

:func:`network_of` is for whoever needs the network as a value.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated
from weakref import WeakKeyDictionary

import msgspec

from lydigital import paths
from lydigital.commands.registry import Command, Parameters, later
from lydigital.errors import LydError
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lydigital.model.crs import Crs
    from lydigital.model.network import RoadNetwork
    from lydigital.model.speeds import Speeds
    from lydigital.session import Session

SPEEDS = "speeds.toml"
MOST_MINUTES = 24 * 60.0
_kept: WeakKeyDictionary[Session, tuple[object, dict[str, RoadNetwork]]] = WeakKeyDictionary()

Point = tuple[float, float]
Minutes = Annotated[float, msgspec.Meta(gt=0, le=MOST_MINUTES)]


class Roads(Parameters, frozen=True, kw_only=True):
    """Who is on the road, and what is closed.

    ``profile`` of speeds.toml (car, siren, foot). Roads are cut by ``barriers``, lines, areas or points as WKT in map units,
    and by features: ``closed`` names layers and fids, roads themselves or what lies on them (warning_zone, hazard_point).
    Places are x and y in ``crs``, the map's own system unless named.
    """

    profile: str = "car"
    crs: str = ""
    barriers: tuple[str, ...] = ()
    closed: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)


class Build(Parameters, frozen=True, kw_only=True):
    """``tolerance_m``: an end of a road so near another one is taken to end on it; that of speeds.toml unless named."""

    profile: str = "car"
    tolerance_m: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None


class Route(Roads, frozen=True, kw_only=True):
    """The fastest way from ``start`` to ``end``, x and y, by way of ``via``."""

    start: Point
    end: Point
    via: tuple[Point, ...] = ()


class Within(Roads, frozen=True, kw_only=True):
    """What is reached within so many ``minutes`` from ``places`` (x, y), or from the features ``fids`` of ``layer`` (all unless named).

    With ``towards`` the other way round: from where one gets there in time. What lies ``beside_m`` off a road counts.
    """

    minutes: tuple[Minutes, ...] = (5.0, 15.0, 30.0)
    places: tuple[Point, ...] = ()
    layer: str = ""
    fids: tuple[int, ...] = ()
    towards: bool = False
    beside_m: Annotated[float, msgspec.Meta(gt=0, le=5_000)] = 250.0


class Nearest(Roads, frozen=True, kw_only=True):
    """The ``count`` features of ``layer`` (of ``fids``, where named) that are nearest to ``place`` by time.

    With ``towards`` they come to the place, otherwise the place goes to them.
    """

    place: Point
    layer: str
    fids: tuple[int, ...] = ()
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 5
    towards: bool = True
    minutes: Minutes = MOST_MINUTES


class Matrix(Roads, frozen=True, kw_only=True):
    """Minutes from every feature of ``layer`` to every one of ``targets``; ``output`` is a CSV file."""

    layer: str
    targets: str
    fids: tuple[int, ...] = ()
    target_fids: tuple[int, ...] = ()
    minutes: Minutes = MOST_MINUTES
    output: str = ""


# --- for others -------------------------------------------------------------------------------------------------------


def network_of(session: Session, profile: str = "car", *, tolerance_m: float | None = None) -> RoadNetwork:
    """The roads of the map in :func:`lydigital.commands.hazard.working_crs`, built once and kept until a road changes.

    Raises
    ------
    LydError
        When the map has no roads, they cannot be read, or there is no such profile.
    """
    from lydigital.commands.hazard import working_crs

    speeds = speeds_of()
    who = speeds.profile(profile)
    crs = working_crs(session)
    refs = [ref for ref in map(session.document.layer, speeds.layers) if ref is not None]
    states = tuple((ref.id, ref.source, session.stores.state(ref), session.features.version(ref.id)) for ref in refs)
    key = (speeds, crs.definition, tolerance_m, states)
    kept = _kept.get(session)
    if kept is None or kept[0] != key:
        kept = _kept[session] = (key, {})
    made = kept[1]
    if not made:
        made[""] = _built(session, speeds, [ref.id for ref in refs], crs, tolerance_m)
    if profile not in made:
        made[profile] = made[""].for_profile(who)
    return made[profile]


def speeds_of() -> Speeds:
    """What roads are: the user's own ``speeds.toml`` in the configuration folder, or the one shipped.

    Raises
    ------
    BadDataError
        When it is not valid.
    """
    own = paths.config_dir() / SPEEDS
    path = own if own.is_file() else paths.layers_dir() / SPEEDS
    return _speeds(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _speeds(path: Path, _changed: int) -> Speeds:
    from lydigital.model.speeds import read_speeds

    return read_speeds(path)


def _built(session: Session, speeds: Speeds, layers: Sequence[str], crs: Crs, tolerance_m: float | None) -> RoadNetwork:
    from lydigital.domain import network
    from lydigital.model.table import FeatureTable

    text = tr("Building the road network")
    session.progressed.emit(text, 0.0)
    tables = [(layer, session.table(layer)) for layer in layers]
    roads = [network.RoadLayer(layer, table.to_crs(crs)) for layer, table in tables if isinstance(table, FeatureTable)]
    return network.build(
        roads, speeds, profile=speeds.profiles[0].id, tolerance_m=tolerance_m, progress=lambda done: session.progressed.emit(text, done)
    )


def no_roads(session: Session) -> str | None:
    """Why there is no network, or None."""
    try:
        layers = speeds_of().layers
    except LydError as error:
        return str(error)
    if any(session.document.layer(layer) is not None for layer in layers):
        return None
    return tr("The map has no layer of roads: {layers}", layers=", ".join(layers))


COMMANDS = (
    Command("network.build", "Check road network", later("network", "build"), Build, disabled=no_roads, icon="graph-outline"),
    Command("network.build_map", "Show check of road network", later("networkmap", "build_map"), Build, disabled=no_roads, icon="map-check-outline"),
    Command("network.route", "Fastest way", later("network", "route"), Route, disabled=no_roads, icon="directions"),
    Command("network.route_map", "Show fastest way", later("networkmap", "route_map"), Route, disabled=no_roads, icon="map-marker-path"),
    Command("network.isochrone", "Areas by travel time", later("network", "within"), Within, disabled=no_roads, icon="timer-outline"),
    Command("network.isochrone_map", "Show areas by travel time", later("networkmap", "within_map"), Within, disabled=no_roads, icon="map-clock-outline"),
    Command("network.nearest", "Nearest by road", later("network", "nearest"), Nearest, disabled=no_roads, icon="map-marker-distance"),
    Command("network.nearest_map", "Show nearest by road", later("networkmap", "nearest_map"), Nearest, disabled=no_roads, icon="map-marker-radius-outline"),
    Command("network.matrix", "Times between places", later("network", "matrix"), Matrix, disabled=no_roads, icon="table-clock"),
)
