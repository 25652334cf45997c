"""Access of villages and communities to the services of a layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.commands import results
from lydigital.commands.coverage import written
from lydigital.commands.hazard import working_crs
from lydigital.commands.network import network_of, no_roads
from lydigital.commands.work import sites
from lydigital.commands.work.settled import layer_of, places_of
from lydigital.domain import access as domain
from lydigital.domain import classes, routing, thematic
from lydigital.errors import RefusedError, UsageError
from lydigital.model import columns
from lydigital.model.coverage import Access, Place, Supply
from lydigital.model.geometry import GeometryArray
from lydigital.model.issue import Issue
from lydigital.model.layerdef import FieldDef
from lydigital.model.style import Fill, PointSymbolizer, PolygonSymbolizer, Rule, Scheme, Stroke, Style
from lydigital.texts import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.commands.coverage import Reach
    from lydigital.domain.failing import Places
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.crs import Crs
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable
    from lydigital.session import Session

CAPACITY = {"hospital": "beds"}
_NAMED = 5


def access(session: Session, wanted: Reach) -> Access:
    """How much of a service the people of each place can reach."""
    found = _access(session, wanted)[0]
    written(found, wanted.output)
    return found


def _access(session: Session, wanted: Reach) -> tuple[Access, Places]:
    crs = working_crs(session)
    table, layer = sites.features(session, wanted.layer), session.definition(wanted.layer)
    rows = sites.chosen(table, wanted.layer, wanted.fids, wanted.where)
    capacity, unit = _capacity(table, layer, wanted.capacity, rows)
    xy = _middles(table, rows, crs)
    places = places_of(session, crs)
    reach = wanted.reach_m if wanted.metric == "straight" else 60.0 * wanted.minutes
    session.progressed.emit(tr("Access"), 0.3)
    issues: list[Issue] = []
    if wanted.metric == "straight":
        pairs = domain.near(places.seats * crs.metres_per_unit, xy * crs.metres_per_unit, reach)
    else:
        pairs, issues = _by_road(session, wanted, places, xy)
    found = domain.reached(places.people, capacity, pairs, reach, decay=wanted.decay, rings=wanted.rings)
    supplies = _supplies(table, layer, rows, capacity, found)
    told = tuple(
        Place(
            places.codes[i], places.names[i], places.counties[i], _known(places.people[i]), _known(wanted.per * found.value[i]),
            int(found.supplies[i]), _known(found.nearest[i]),
        )
        for i in range(len(places))
    )  # fmt: skip
    lives = np.where(places.people > 0, places.people, 0.0)
    people = float(lives.sum())
    sources = (sites.source_of(session, wanted.layer), sites.source_of(session, layer_of(session)))
    made = Access(
        layer.name, unit, wanted.metric, reach, wanted.decay, supplies, told, float(np.nansum(np.where(capacity >= 0, capacity, 0.0))),
        found.used, found.delivered, people, float(lives[found.supplies == 0].sum()),
        wanted.per * found.delivered / people if people else None, wanted.per, wanted.rings if wanted.decay == "steps" else (), sources,
        (*issues, *_said(session, supplies, places, xy, crs)),
    )  # fmt: skip
    return made, places


def _capacity(table: FeatureTable, layer: LayerDef, field: str, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], str]:
    """What each supply has, and its unit."""
    name = field or CAPACITY.get(layer.id, "")
    if not name or (not field and name not in table.column_names):
        return np.ones(len(rows)), tr("places")
    if name not in table.column_names:
        raise UsageError("The layer {layer} has no field {field}", hint="Its fields are: {known}.", layer=layer.name, field=name,
                         known=", ".join(table.column_names)[:300])  # fmt: skip
    try:
        values = columns.numbers(table.column(name))[rows]
    except (ValueError, NotImplementedError) as error:  # what Arrow's errors are
        raise UsageError("The field {field} holds no numbers", hint="Name a field of numbers.", field=name) from error
    known = layer.field(name)
    return values, known.unit if known is not None else ""


def _middles(table: FeatureTable, rows: NDArray[np.int64], crs: Crs) -> NDArray[np.float64]:
    if not len(rows):
        return np.zeros((0, 2))
    middle = shapely.centroid(table.to_crs(crs).geometry.to_shapely(rows))
    xy: NDArray[np.float64] = shapely.bounds(middle)[:, :2]
    return xy  # NaN for a place that is nowhere, at which get_x fails


def _by_road(session: Session, wanted: Reach, places: Places, xy: NDArray[np.float64]) -> tuple[domain.Pairs, list[Issue]]:
    """Pairs by the time from the place to the supply."""
    reason = no_roads(session)
    if reason is not None:
        raise RefusedError("There is no road network to go by", hint="{reason}", reason=reason)
    network = network_of(session, wanted.profile)
    here, there = (np.flatnonzero(np.isfinite(each).all(axis=1)) for each in (places.seats, xy))
    starts, ends = routing.snap(network, places.seats[here]), routing.snap(network, xy[there])
    seconds = routing.matrix(network, starts, ends, limit_s=60.0 * wanted.minutes)
    place, supply = np.nonzero(np.isfinite(seconds))
    lost = (starts.edge >= 0) & (network.part[network.tail[np.maximum(starts.edge, 0)]] != 0)
    away = (ends.edge >= 0) & (network.part[network.tail[np.maximum(ends.edge, 0)]] != 0)
    issues = []
    for some, code, message, hint in (
        (starts.edge < 0, "access.off_road", "{count} places are not near any road: they reach nothing", "Check the layer of roads and the seats of these villages."),
        (ends.edge < 0, "access.off_road", "{count} supplies are not near any road: nobody reaches them", "Check their coordinates and the layer of roads."),
        (lost, "access.island", "{count} places are on roads that are not connected to the others", "Check the road network, which shows such islands."),
        (away, "access.island", "{count} supplies are on roads that are not connected to the others", "Check the road network, which shows such islands."),
    ):
        if some.any():
            issues.append(Issue(code, "warning", message, hint, count=int(some.sum()), values={"count": str(int(some.sum()))}))
    return domain.Pairs(here[place], there[supply], seconds[place, supply]), issues


def _supplies(
    table: FeatureTable, layer: LayerDef, rows: NDArray[np.int64], capacity: NDArray[np.float64], found: domain.Reached
) -> tuple[Supply, ...]:
    codes, names = sites.texts_of(table, "code", rows), sites.texts_of(table, layer.title_field or "name", rows)
    return tuple(
        Supply(
            int(table.fid[row]), codes[i], names[i], _known(capacity[i]) if capacity[i] >= 0 else None, float(found.demand[i]),
            _known(found.ratio[i]), "unknown" if not capacity[i] >= 0 else "" if found.demand[i] > 0 else "unreached",
        )
        for i, row in enumerate(rows.tolist())
    )  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _said(session: Session, supplies: tuple[Supply, ...], places: Places, xy: NDArray[np.float64], crs: Crs) -> list[Issue]:
    def issue(code: str, message: str, hint: str, names: list[str]) -> list[Issue]:
        if not names:
            return []
        some = "、".join(names[:_NAMED]) + ("…" if len(names) > _NAMED else "")
        return [Issue(code, "warning", message, hint, count=len(names), values={"count": str(len(names)), "names": some})]

    def called(problem: str) -> list[str]:
        return [s.name or s.code or str(s.fid) for s in supplies if s.problem == problem]

    out: list[Issue] = []
    if not supplies:
        out.append(Issue("access.no_supply", "warning", "There is no supply: nobody has access", "Choose another layer or another condition."))
    out += issue("access.unreached", "Nobody reaches {count} supplies: {names}", "Their capacity is in no place's access; widen the reach, or check where they are.", called("unreached"))
    out += issue("access.unknown", "The capacity of {count} supplies is not known or below zero: {names}", "They count for nothing; fill it in.", called("unknown"))
    city = sites.city_of(session, crs)
    if city is not None and len(xy):
        shapely.prepare(city)
        outside = np.isfinite(xy).all(axis=1) & ~shapely.intersects_xy(city, xy[:, 0], xy[:, 1])
        away = [supplies[i].name or supplies[i].code for i in np.flatnonzero(outside).tolist()]
        out += issue("access.outside", "{count} supplies lie outside the city: {names}", "They count for whoever in the city reaches them; people beyond are not known.", away)
    void = [n for n, p in zip(places.names, places.people, strict=True) if not p >= 0]
    out += issue("access.no_people", "{count} places have no figure of people and count as nobody: {names}", "Fill in the population of the villages.", void)
    if not (places.people > 0).any():
        out.append(Issue("access.nobody", "warning", "Nobody lives here by the figures: access cannot be told", "Check the population of the villages."))
    return out


# --- the map ----------------------------------------------------------------------------------------------------------


def access_map(session: Session, wanted: Reach) -> ChangeSet:
    """Access of every place as a layer of the map."""
    found, places = _access(session, wanted)
    values = np.array([math.nan if p.value is None else p.value for p in found.places])
    symbol: PolygonSymbolizer | PointSymbolizer
    if places.areas is not None:
        geometry, symbol = places.areas.geometry, PolygonSymbolizer(Fill("#1f8a8a", opacity=0.75), Stroke("#ffffff", width_mm=0.08, opacity=0.6))
    else:
        geometry, symbol = GeometryArray.from_points(places.seats), PointSymbolizer("circle", 1.8, "#1f8a8a")
    unit = tr("{unit} per {count} persons", unit=found.unit, count=f"{found.per:g}")
    known = values[np.isfinite(values)]
    base = Style(rules=(Rule((symbol,)),))
    style = base
    if len(known):
        limits = classes.breaks(values, "quantile", 6)
        style = thematic.graduated(
            base, symbol, "access", limits, spread=(float(known.min()), float(known.max())), missing=len(known) < len(values),
            scheme=Scheme("quantile", "teal", unit=unit),
        )  # fmt: skip
    fields = (
        FieldDef("code", "代码", title_en="Code", type="text"), FieldDef("name", "名称", title_en="Name", type="text"),
        FieldDef("access", "可达性", title_en="Access", type="real", unit=unit), FieldDef("supplies", "可达设施", title_en="Supplies within reach", type="integer", unit="个"),
        FieldDef("nearest", "最近设施", title_en="Nearest", type="real", unit="m" if found.metric == "straight" else "s"),
    )  # fmt: skip
    layer = session.definition(wanted.layer)
    return results.add(
        session, f"access {wanted.layer}", title=f"{layer.title}可达性", title_en=f"Access to {layer.title_en or layer.title}", geometry=geometry, crs=places.crs, fields=fields,
        columns={
            "code": list(places.codes), "name": list(places.names), "access": values, "supplies": [p.supplies for p in found.places],
            "nearest": [math.nan if p.nearest is None else round(p.nearest, 1) for p in found.places],
        },
        style=style, nature=sites.nature_of(found.provenance), words="Show {layer}",
    )  # fmt: skip
