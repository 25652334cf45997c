"""Who can help and who must leave, from tables: resources of the departments, people of a zone, needed against there.

Ways over the roads see :mod:`lydigital.domain.dispatch`, who goes to which shelter :mod:`lydigital.domain.allocation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.domain.hazard_cards import HIDDEN
from lydigital.domain.population import shares
from lydigital.domain.validity import BEIJING
from lydigital.model.emergency import AWAY, KIND_TITLES, Contact, Gap, LogEntry, Origin, Resource, Stock
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import shapely
    from numpy.typing import NDArray

    from lydigital.domain.impact import People
    from lydigital.model.emergency import Allocation, Norm, Reach, ResourceKind
    from lydigital.model.layerdef import LayerDef

SAMPLE = "示例数据"
_SERVICE: dict[ResourceKind, str] = {"team": "kind", "depot": "kind", "hospital": "level", "shelter": "kind"}
_CAPACITY: dict[ResourceKind, str] = {"team": "members", "depot": "area_m2", "hospital": "beds", "shelter": "capacity"}
_STOCK: dict[ResourceKind, tuple[str, ...]] = {
    "team": ("vehicles",), "depot": ("tents", "quilts", "pumps", "boats", "sandbags"),
    "hospital": ("doctors", "duty_doctors"), "shelter": ("area_m2",),
}  # fmt: skip


# --- resources --------------------------------------------------------------------------------------------------------


def resources(
    kind: ResourceKind, table: FeatureTable, layer: LayerDef, *, may_see: bool = False
) -> tuple[tuple[Resource, ...], tuple[Issue, ...]]:  # fmt: skip
    """Resources of a layer that have a place, and what is wrong with their numbers.

    Fields that the table lacks (duty, contact, phone in older stores) stay unknown. Where ``may_see`` is False stars stand in
    the place of personal data.
    """
    found, negative, nowhere = [], [], 0
    for row, record in enumerate(table.columns.to_pylist()):
        x, y = table.geometry.bounds[row, :2].tolist()
        if not (np.isfinite(x) and np.isfinite(y)):
            nowhere += 1
            continue
        one = _resource(kind, int(table.fid[row]), (x, y), _Row(layer, record, may_see))
        raw = record.get(_CAPACITY[kind])
        if isinstance(raw, int | float) and raw < 0:
            negative.append(one.name)
        found.append(one)
    issues = []
    if negative:
        issues.append(Issue(
            "emergency.negative", "warning", "{layer}: a number below zero, taken as not known: {names}", "Correct it in the layer.",
            layer.id, count=len(negative), values={"layer": layer.name, "names": "、".join(negative[:10])},
        ))  # fmt: skip
    if nowhere:
        issues.append(Issue(
            "emergency.no_place", "warning", "{layer}: {count} without a place were left out", "Draw where they are.", layer.id,
            count=nowhere, values={"layer": layer.name, "count": str(nowhere)},
        ))  # fmt: skip
    codes = _distinct([one.code for one in found])
    return tuple(msgspec.structs.replace(one, code=code) for one, code in zip(found, codes, strict=True)), tuple(issues)


def _distinct(codes: Sequence[str]) -> list[str]:
    """Codes with a number behind those that stand before already: who goes where is told by code."""
    made: list[str] = []
    seen: dict[str, int] = {}
    for code in codes:
        seen[code] = seen.get(code, 0) + 1
        made.append(code if seen[code] == 1 else f"{code}#{seen[code]}")
    return made


@dataclass(frozen=True)
class _Row:
    """A row of a table as a person may read it."""

    layer: LayerDef
    values: Mapping[str, object]
    may_see: bool

    def text(self, name: str) -> str:
        field, value = self.layer.field(name), self.values.get(name)
        if value is None or value == "":
            return ""
        if (field is None or field.personal) and not self.may_see:  # what the catalogue does not know may be anything
            return HIDDEN
        return str(value) if field is None else field.decode(value)

    def plain(self, name: str) -> str:
        return str(self.values.get(name) or "")

    def whole(self, name: str) -> int | None:
        """A count that can be: None for none and for one below zero."""
        value = self.values.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0:
            return None
        return int(value)


def _resource(kind: ResourceKind, fid: int, place: tuple[float, float], row: _Row) -> Resource:
    service = row.whole(_SERVICE[kind])
    title = row.text(_SERVICE[kind])
    stock = []
    for name in _STOCK[kind]:
        field = row.layer.field(name)
        if field is not None and name in row.values:
            stock.append(Stock(name, field.alias, field.unit, row.whole(name)))
    return Resource(
        kind, fid, row.plain("code") or str(fid), row.plain("name") or row.plain("code") or str(fid), *place, service, title,
        title if kind == "team" else row.layer.department, row.whole(_CAPACITY[kind]), tuple(stock), row.text("contact"),
        row.text("phone"), row.whole("duty"), row.text("duty"), row.plain("county_code"), row.plain("township_code"),
        row.plain("nature") == SAMPLE,
    )  # fmt: skip


def log_entries(table: FeatureTable, layer: LayerDef, incident_code: str, *, may_see: bool = False) -> tuple[LogEntry, ...]:
    """The log of one incident, oldest first."""
    found = []
    for row, record in enumerate(table.columns.to_pylist()):
        if record.get("incident_code") != incident_code:
            continue
        field, kind = layer.field("kind"), record.get("kind")
        shown = _Row(layer, record, may_see)
        found.append(LogEntry(
            shown.plain("code"), incident_code, local(record.get("time")),
            kind if isinstance(kind, int) else 0, field.decode(kind) if field is not None else str(kind or ""), shown.plain("text"),
            shown.plain("resource_code"), shown.text("author"), int(table.fid[row]), shown.plain("nature") == SAMPLE,
        ))  # fmt: skip
    return tuple(sorted(found, key=lambda entry: (entry.time, entry.code)))


def local(time: object) -> str:
    """A time of a table in Beijing time, ISO 8601; "" for none."""
    if not isinstance(time, datetime):
        return str(time or "")
    return (time.replace(tzinfo=BEIJING) if time.tzinfo is None else time.astimezone(BEIJING)).isoformat()


# --- people who must leave --------------------------------------------------------------------------------------------


def origins(
    people: People, zone: shapely.Geometry, seats: Mapping[str, tuple[float, float]], townships: Mapping[str, str]
) -> tuple[tuple[Origin, ...], tuple[Issue, ...]]:  # fmt: skip
    """People in a zone by village or community, in whole persons that add up to the rounded sum.

    Parameters
    ----------
    zone
        Polygon in the system of ``people``.
    seats
        Where the people of a unit gather, by its code; where that is outside the zone, or not known, a place in the part of
        the unit that is inside.
    townships
        Names by code.
    """
    import pyarrow as pa
    import shapely

    counted = people.counted["people"]
    area = FeatureTable(
        np.ones(1, np.int64), pa.table({}), GeometryArray.from_shapely(GeometryKind.POLYGON, np.array([zone], object)),
        people.table.crs,
    )  # fmt: skip
    found = shares(people.table, area, counted, people.weights)
    known = (counted[found.row] >= 0) & (counted[found.row] < 2.0**53)  # more is no count of anybody
    unknown = [str(people.names[r] or people.codes[r] or "?") for r in found.row[~known].tolist()]
    row, share, by_area = found.row[known], found.share[known], found.by_area[known]
    exact = counted[row] * share
    whole = in_whole(exact)
    made = []
    for r, n, a in zip(row.tolist(), whole.tolist(), by_area.tolist(), strict=True):
        if n <= 0:
            continue
        code, all_of = str(people.codes[r] or people.names[r] or r + 1), round(float(counted[r]))
        x, y = seats.get(code, (np.nan, np.nan))
        if not (np.isfinite(x) and shapely.intersects_xy(zone, x, y)):
            shape = shapely.make_valid(people.table.geometry.to_shapely(np.array([r])))[0]
            place = shapely.point_on_surface(shapely.intersection(shape, zone))
            x, y = float(place.x), float(place.y)
        is_cut = a < 1.0
        made.append(Origin(
            code, str(people.names[r] or code), float(x), float(y), int(n), townships.get(code[:9], ""),
            0 if is_cut else all_of, all_of,
        ))  # fmt: skip
    issues = []
    if unknown:
        issues.append(Issue(
            "emergency.people_unknown", "warning", "How many people live there is not known: {names}",
            "They are in none of the numbers; add them by hand.", count=len(unknown), values={"names": "、".join(unknown[:10])},
        ))  # fmt: skip
    made = [msgspec.structs.replace(o, code=c) for o, c in zip(made, _distinct([o.code for o in made]), strict=True)]
    return tuple(sorted(made, key=lambda o: -o.people)), tuple(issues)


def in_whole(exact: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers rounded so that they add up to their rounded sum: the largest remainders go up."""
    low = np.floor(exact + 1e-9).astype(np.int64)
    missing = round(float(exact.sum())) - int(low.sum())
    if missing > 0:
        low[np.argsort(-(exact - low), kind="stable")[:missing]] += 1
    return low


# --- needed against there ---------------------------------------------------------------------------------------------


def gaps(
    norms: Sequence[Norm], reaches: Sequence[Reach], *, people: int | None, injured: int | None, kind: int | None
) -> tuple[Gap, ...]:  # fmt: skip
    """What is needed and what can be there in time, by every norm that applies.

    Parameters
    ----------
    reaches
        Of all resources, those without a way included.
    people, injured
        How many must leave, how many are hurt; None where that is not known, and then what they need is not either.
    kind
        Of the incident; norms of certain kinds are left out where it is None.
    """
    made = []
    for norm in norms:
        if norm.incidents and kind not in norm.incidents:
            continue
        count = {"person": people, "injured": injured, "incident": 1}[norm.per]
        if count == 0:
            continue
        there, unknown = _there(norm, reaches)
        notes = []
        if count is None:
            notes.append(tr("How many people must leave is not known") if norm.per == "person" else tr("How many are injured is not known"))
        if unknown:
            notes.append(tr("{count} without a number are not counted", count=unknown))
        needed = None if count is None else float(np.ceil(count * norm.amount - 1e-9))
        limit = tr("within {minutes} min", minutes=f"{norm.within_min:g}") if norm.within_min else ""
        made.append(Gap(norm.id, norm.name, norm.unit_name, needed, there, limit, norm.source, "；".join(notes)))
    return tuple(made)


def _there(norm: Norm, reaches: Sequence[Reach]) -> tuple[float | None, int]:
    """What there is of it in time, and how many have no number; None where there is no such resource at all."""
    mine = [
        r for r in reaches if r.resource.kind == norm.resource and (not norm.services or r.resource.service in norm.services)
    ]
    if not mine:
        return None, 0
    total, unknown = 0.0, 0
    for reach in mine:
        late = reach.seconds is None or (norm.within_min > 0 and reach.seconds > norm.within_min * 60)
        if late or reach.resource.duty == AWAY or (norm.resource == "shelter" and reach.is_inside):
            continue
        amount = 1.0 if not norm.stock else reach.resource.capacity if norm.stock == "capacity" else reach.resource.amount(norm.stock)
        if amount is None:
            unknown += 1
        else:
            total += amount
    return total, unknown


def contacts(dispatch: Sequence[Reach], allocation: Allocation | None) -> tuple[Contact, ...]:
    """Whom to call: who is sent, in the order they arrive, then the shelters that take people in."""
    made = [
        Contact(s.service_name or tr(KIND_TITLES[s.kind]), s.name, s.department, s.contact, s.phone, s.code)
        for s in (reach.resource for reach in dispatch)
    ]
    for use in () if allocation is None else allocation.shelters:
        if use.taken:
            s = use.shelter
            made.append(Contact(tr("Shelter"), s.name, s.department, s.contact, s.phone, s.code))
    return tuple(made)


def named(table: FeatureTable, code: str = "code", name: str = "name") -> dict[str, str]:
    """Names by code; none where the table lacks either."""
    if not {code, name} <= set(table.column_names):
        return {}
    codes, names = table.column(code).to_pylist(), table.column(name).to_pylist()
    return {str(c): str(n or "") for c, n in zip(codes, names, strict=True) if c}


def seats_of(table: FeatureTable) -> dict[str, tuple[float, float]]:
    """Where villages are, by code."""
    if "code" not in table.column_names:
        return {}
    places = table.geometry.bounds[:, :2].tolist()
    return {str(c): (x, y) for c, (x, y) in zip(table.column("code").to_pylist(), places, strict=True) if c}
