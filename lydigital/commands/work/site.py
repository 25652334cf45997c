"""Where an incident is: a place, a drawn zone, a feature or a file, brought into the system of the roads."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from lydigital.commands.subjects import geometry_of
from lydigital.domain import emergency
from lydigital.errors import BadDataError, LydError, StoreUnavailableError, UsageError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.emergency import Closure, Incident
from lydigital.model.geometry import GeometryKind
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.emergency import Where
    from lydigital.model.network import Closed
    from lydigital.session import Session

INCIDENTS = "incident"
POINTS = "hazard_point"
TRAFFIC, GEOHAZARD = 1, 3  # kinds of incidents


class Site(NamedTuple):
    """An incident, its zone in the system of the roads (None for a mere place), and how many must leave where that is said.

    ``is_area``: it is a zone of its own, not one around a place; where help goes is then where most of its people are.
    """

    incident: Incident
    zone: shapely.Geometry | None
    people: int | None
    is_area: bool


def incident_of(session: Session, wanted: Where, crs: Crs) -> Site:
    """The incident a command names.

    Raises
    ------
    LydError
        When nothing, or more than one thing, is named, or it has no place.
    """
    named = [wanted.x is not None or wanted.y is not None, bool(wanted.geometry), wanted.fid is not None, bool(wanted.file)]
    if sum(named) != 1 or (wanted.x is None) != (wanted.y is None):
        raise UsageError(
            "An incident is at one place", hint="Name x and y, or a geometry, or layer and fid, or a file: one of them."
        )
    facts: dict[str, Any] = {}
    people = wanted.people
    if wanted.fid is not None:
        shape, facts, threatened = _feature(session, wanted, crs)
        people = threatened if people is None else people
    elif wanted.file:
        shape = _file(wanted.file, wanted.crs, crs)
    else:
        source = Crs(wanted.crs or session.document.crs)
        text = wanted.geometry or f"POINT ({wanted.x!r} {wanted.y!r})"
        shape = _moved(geometry_of(text, source), source, crs)
    is_area = not shape.geom_type.endswith("Point")
    if wanted.radius_m:
        shape = shapely.buffer(shape, wanted.radius_m / crs.metres_per_unit, quad_segs=16)
    zone = None
    if shape.geom_type.endswith("Polygon"):
        zone = shapely.make_valid(shape)
        if shapely.is_empty(zone) or shapely.area(zone) <= 0:
            raise BadDataError("The zone {name} is empty: it has no area", hint="Draw its border anew.", name=wanted.title or "-")
    elif shape.geom_type != "Point":
        raise BadDataError("An incident is a point or an area", hint="Give a radius around the line (radius_m), or draw an area.")
    at = shapely.point_on_surface(shape)
    blob = b"" if zone is None else shapely.to_wkb(zone, byte_order=1)
    given = {"kind": wanted.kind, "injured": wanted.injured, "title": wanted.title}
    facts = {"title": tr("Incident"), **facts, **{k: v for k, v in given.items() if v not in (None, "")}}
    if "kind" in facts and "kind_name" not in facts:
        facts["kind_name"] = _decoded(session, "kind", facts["kind"])
    return Site(Incident(x=float(at.x), y=float(at.y), zone=blob, **facts), zone, people, is_area)


def _feature(session: Session, wanted: Where, crs: Crs) -> tuple[shapely.Geometry, dict[str, Any], int | None]:
    """Shape of a feature, what is known of it as an incident, and how many people it threatens."""
    layer = wanted.layer or INCIDENTS
    table = table_of(session, layer)
    if table is None:
        raise UsageError("There is no layer {layer}", hint="lydigital info lists the layers.", layer=layer)
    row = table.row_of.get(int(wanted.fid or 0))
    if row is None:
        raise UsageError(
            "The layer {layer} has no feature {fid}", hint="It has {count} features; lydigital query lists them.",
            layer=layer, fid=wanted.fid, count=len(table),
        )  # fmt: skip
    moved = table.to_crs(crs)
    shape = moved.geometry.to_shapely(np.array([row], np.int64))[0]
    if shape is None or shapely.is_empty(shape):
        raise BadDataError("Feature {fid} of {layer} has no place", hint="Draw where it is.", fid=wanted.fid, layer=layer)
    if shape.geom_type == "MultiPoint":
        shape = shapely.get_geometry(shape, 0)
    record = table.record(row)
    definition = session.definition(layer)
    title = str(record.get(definition.title_field) or record.get("name") or record.get("code") or wanted.fid)
    facts: dict[str, Any] = {"title": title, "is_sample": record.get("nature") == emergency.SAMPLE}
    if layer == INCIDENTS:
        facts |= facts_of(session, int(wanted.fid or 0), record)
    if layer == POINTS:
        facts["kind"] = GEOHAZARD
    threatened = record.get("threat_people")
    is_count = isinstance(threatened, int | float) and not isinstance(threatened, bool) and threatened >= 0
    return shape, facts, int(threatened) if is_count and shape.geom_type == "Point" and not wanted.radius_m else None  # type: ignore[call-overload]


def facts_of(session: Session, fid: int, record: dict[str, object]) -> dict[str, Any]:
    """What the record of an incident says."""
    time = record.get("time")
    made: dict[str, Any] = {
        "title": str(record.get("name") or record.get("code") or fid), "fid": fid, "code": str(record.get("code") or ""),
        "time": emergency.local(time),
        "county_code": str(record.get("county_code") or ""), "is_sample": record.get("nature") == emergency.SAMPLE,
    }  # fmt: skip
    for name in ("kind", "level", "status"):
        value = record.get(name)
        if isinstance(value, int):
            made |= {name: value, f"{name}_name": _decoded(session, name, value)}
    injured = record.get("injured")
    if isinstance(injured, int | float) and injured >= 0:
        made["injured"] = int(injured)
    return made


def _decoded(session: Session, field: str, value: object) -> str:
    known = session.catalogue.layer(INCIDENTS)
    found = None if known is None else known.field(field)
    return "" if found is None else found.decode(value)


def _file(file: str, given: str, crs: Crs) -> shapely.Geometry:
    """All polygons of a file as one zone."""
    from lydigital.stores.store import guess_crs, open_store

    path = Path(file)
    if not path.exists():
        raise StoreUnavailableError("There is no file {path}", hint="Check the name.", path=file)
    with closing(open_store(str(path))) as store:
        names = [info.name for info in store.layers()]
        if len(names) != 1:
            raise UsageError("{path} has several layers", hint="Name a file with one of them.", path=file)
        table = store.read(names[0], crs=given)
    if table.geometry.kind is not GeometryKind.POLYGON or not len(table):
        raise BadDataError("{path} has no areas", hint="Zones are polygons.", path=file)
    if not table.crs.definition:
        table = FeatureTable(table.fid, table.columns, table.geometry, Crs(guess_crs(table.geometry.total_bounds)))
    return shapely.union_all(shapely.make_valid(table.to_crs(crs).geometry.to_shapely()))


def _moved(shape: shapely.Geometry, source: Crs, target: Crs) -> shapely.Geometry:
    move = transformation(source, target)
    return shape if move.is_identity else shapely.transform(shapely.force_2d(shape), lambda xy: move.points(np.ascontiguousarray(xy)))


def table_of(session: Session, layer: str) -> FeatureTable | None:
    """A layer of features as it is now; None where the map has none of that id that can be read."""
    if session.ref(layer) is None:
        return None
    try:
        found = session.table(layer)
    except LydError:
        return None
    return found if isinstance(found, FeatureTable) else None


def closure_of(closed: Closed) -> Closure:
    """A piece of road that is cut, as it is told."""
    points = shapely.get_coordinates(shapely.from_wkb(closed.wkb)).tolist()
    return Closure(
        closed.name or closed.class_name, closed.reason, closed.length_m, tuple((x, y) for x, y in points), closed.class_name, closed.fid
    )


def degrees(incident: Incident, crs: Crs) -> tuple[float, float]:
    """Longitude and latitude (CGCS2000)."""
    longitude, latitude = transformation(crs, Crs(CGCS2000)).point(incident.x, incident.y)
    return float(longitude), float(latitude)
