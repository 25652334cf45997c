"""Service areas of the map's layers: buffers, what lies within a time by road; what antennas see is in :mod:`.sight`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import shapely

from lydigital.commands import results
from lydigital.commands.coverage import MOST_REACH_M, Area
from lydigital.commands.hazard import working_crs
from lydigital.commands.network import network_of, no_roads, speeds_of
from lydigital.commands.work import sites as of_map
from lydigital.commands.work.sight import seen
from lydigital.domain import routing, service
from lydigital.errors import BadDataError, RefusedError, UsageError
from lydigital.model.geometry import GeometryKind
from lydigital.model.layerdef import FieldDef
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.texts import language, pick, tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.changeset import ChangeSet
    from lydigital.model.coverage import ServiceArea
    from lydigital.model.crs import Crs
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable
    from lydigital.session import Session

RADIUS, HEIGHT = ("radius_m", "reach_m"), ("height_m",)
_TITLES = {
    "buffer": ("半径覆盖", "within reach"), "viewshed": ("通视覆盖", "line of sight"), "network": ("沿路可达", "by road"),
    "": ("现有范围", "their own areas"),
}  # fmt: skip
_KEPT = 4  # areas a session remembers: numbers, map and people of one are asked for one after the other
_memo: WeakKeyDictionary[Session, list[tuple[object, ServiceArea]]] = WeakKeyDictionary()


def area(session: Session, wanted: Area) -> ServiceArea:
    """What the features of a layer reach."""
    crs = working_crs(session)
    key = _key(session, wanted, crs)
    memo = _memo.setdefault(session, [])
    known = next((found for k, found in memo if k == key), None)
    if known is None:
        known = _made(session, wanted, of_map.features(session, wanted.layer), crs)
        memo.insert(0, (key, known))
        del memo[_KEPT:]
    return known


def _key(session: Session, wanted: Area, crs: Crs) -> object:
    """What an area is made of; tables of hidden layers are read anew each time, so that they tell nothing by themselves."""
    layers = [wanted.layer, "relief", "county", "township", *(speeds_of().layers if wanted.method == "network" else ())]
    refs = [ref for ref in map(session.document.layer, layers) if ref is not None]
    states = tuple((ref.id, ref.source, session.stores.state(ref), session.features.version(ref.id)) for ref in refs)
    return (*(getattr(wanted, name) for name in Area.__struct_fields__), crs.definition, language(), states)


def _made(session: Session, wanted: Area, table: FeatureTable, crs: Crs) -> ServiceArea:
    layer = session.definition(wanted.layer)
    rows = of_map.chosen(table, wanted.layer, wanted.fids, wanted.where)
    moved = table.to_crs(crs)
    shapes = moved.geometry.to_shapely(rows) if len(rows) else np.zeros(0, object)
    names = of_map.texts_of(table, layer.title_field or "name", rows)
    reach = _reach(wanted, table, rows, layer.name)
    is_itself = table.geometry.kind is GeometryKind.POLYGON and not reach.any()
    title = pick(*titles_of(layer, "" if is_itself else wanted.method))
    sites = service.Sites(table.fid[rows], of_map.texts_of(table, "code", rows), names, shapes, reach, crs)
    if wanted.method == "network":
        return _by_road(session, wanted, sites, title)
    if wanted.method == "viewshed":
        height = np.full(len(rows), wanted.height_m) if wanted.height_m else of_map.numbers_of(table, HEIGHT, rows)
        return seen(session, wanted, sites, height, title)
    session.progressed.emit(tr("Service areas"), 0.3)
    pieces, problems = service.buffers(sites)
    text = f"{wanted.reach_m:g} m" if wanted.reach_m else "0 m" if is_itself else tr("each its own")
    return service.area_of(
        "buffer", title, sites, pieces, problems, city=of_map.city_of(session, crs), parameters=((tr("Reach"), text),),
        provenance=(of_map.source_of(session, wanted.layer),),
    )  # fmt: skip


def titles_of(layer: LayerDef, way: str) -> tuple[str, str]:
    """What an area is called, in Chinese and in English; ``way`` is a method, or "" for areas that stand for themselves."""
    zh, en = _TITLES[way]
    return f"{layer.title} · {zh}", f"{layer.title_en or layer.title} · {en}"


def _reach(wanted: Area, table: FeatureTable, rows: NDArray[np.int64], name: str) -> NDArray[np.float64]:
    """Metres, or seconds by road, of every site."""
    if wanted.method == "network":
        return np.full(len(rows), 60.0 * wanted.minutes)
    if wanted.reach_m:
        return np.full(len(rows), wanted.reach_m)
    own = of_map.numbers_of(table, RADIUS, rows)
    if own is not None:
        return np.where(own <= MOST_REACH_M, own, np.nan)  # what no command takes is no radius either
    if table.geometry.kind is GeometryKind.POLYGON and wanted.method == "buffer":
        return np.zeros(len(rows))
    raise UsageError("The layer {layer} has no radius of its own", hint="Name how far its features reach, in metres.", layer=name)


def _by_road(session: Session, wanted: Area, sites: service.Sites, title: str) -> ServiceArea:
    """What lies beside roads that are reached in time."""
    reason = no_roads(session)
    if reason is not None:
        raise RefusedError("There is no road network to go by", hint="{reason}", reason=reason)
    network = network_of(session, wanted.profile)
    session.progressed.emit(tr("Travel times"), 0.5)
    gone = shapely.is_missing(sites.shapes) | shapely.is_empty(sites.shapes)
    some = np.flatnonzero(~gone)
    middle = shapely.centroid(sites.shapes[some])
    places = routing.snap(network, shapely.bounds(middle)[:, :2].reshape(-1, 2))
    problems = np.where(gone, "no_place", "").astype(object)
    problems[some[places.edge < 0]] = "off_road"
    whole: object = shapely.Polygon()
    if (places.edge >= 0).any():
        limit = 60.0 * wanted.minutes
        found = routing.isochrone(network, places, [limit], towards=wanted.towards, beside_m=wanted.beside_m)[0]
        whole = shapely.make_valid(shapely.from_wkb(found.wkb))
    profile = speeds_of().profile(wanted.profile)
    return service.area_of(
        "network", title, sites, None, problems.tolist(), whole=whole, city=of_map.city_of(session, sites.crs),
        parameters=(
            (tr("Reach"), tr("{minutes} min", minutes=f"{wanted.minutes:g}")), (tr("Who is on the road"), profile.name),
            (tr("Direction"), tr("to the site") if wanted.towards else tr("from the site")), (tr("Beside the roads"), f"{wanted.beside_m:g} m"),
        ),
        provenance=(of_map.source_of(session, wanted.layer), *(of_map.source_of(session, n) for n in speeds_of().layers if session.document.layer(n) is not None)),
    )  # fmt: skip


def area_map(session: Session, wanted: Area) -> ChangeSet:
    """The area as a layer of the map."""
    found = area(session, wanted)
    if not found.area_km2:
        raise BadDataError("Nothing is reached: there is nothing to put on the map", hint="Widen the reach, or choose other sites.")
    fill = Style(rules=(Rule((PolygonSymbolizer(Fill("#1f8a8a", opacity=0.28), Stroke("#14696b", width_mm=0.3, opacity=0.9)),)),))
    fields = (
        FieldDef("title", "名称", title_en="Name", type="text"), FieldDef("area_km2", "面积", title_en="Area", type="real", unit="km²"),
        FieldDef("share", "占全市", title_en="Share of the city", type="real", unit="%"),
    )  # fmt: skip
    share = found.share
    zh, en = titles_of(session.definition(wanted.layer), wanted.method if any(s.reach for s in found.sites) else "")
    return results.add(
        session, f"coverage {wanted.layer} {wanted.method}", title=zh, title_en=en, geometry=found.shape, crs=found.crs, fields=fields,
        columns={"title": [found.title], "area_km2": [round(found.area_km2, 3)], "share": [math.nan if share is None else round(100 * share, 2)]},
        style=fill, nature=of_map.nature_of(found.provenance), words="Show {layer}",
    )  # fmt: skip
