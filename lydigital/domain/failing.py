"""Coverage × hazard: villages and communities in danger zones, the warning channels that fail there, and whom to call instead.

A place counts as in danger when its seat lies in a zone, or enough of its area, or when a warning names its township; all its
people are behind it then, for a village is warned as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.overlay import inside
from lydigital.model.coverage import CHANNELS, Board, Call, ChannelLoss, FailingPlace
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.model.coverage import Channel, Hazard
    from lydigital.model.crs import Crs
    from lydigital.model.impact import Provenance

    Floats = NDArray[np.float64]
    Known = Mapping[str, Mapping[Channel, bool | None]]

LEAST_SHARE = 0.1  # of a place's area in zones, from which on it counts as in danger though its seat is not


@dataclass(frozen=True, eq=False)
class Places:
    """Villages and communities.

    Attributes
    ----------
    areas
        Their polygons, None where the map has none.
    seats
        ``(n, 2) float64`` in the working system, NaN where not known; ``lonlat`` the same in degrees of CGCS2000.
    people, households
        ``(n,) float64``, NaN where not known.
    """

    fid: NDArray[np.int64]
    codes: Sequence[str]
    names: Sequence[str]
    townships: Sequence[str]
    counties: Sequence[str]
    areas: FeatureTable | None
    seats: Floats
    lonlat: Floats
    people: Floats
    households: Floats
    crs: Crs

    def __len__(self) -> int:
        return len(self.fid)


@dataclass(frozen=True, eq=False)
class Danger:
    """Zones: ``shapes`` ``(k,)`` valid shapely areas in the working system, ``levels`` ``(k,)`` 1 the highest, and their titles.

    ``townships`` are codes of townships that are in danger as a whole: level and title of each.
    """

    shapes: NDArray[np.object_]
    levels: NDArray[np.int64]
    titles: Sequence[str]
    townships: Mapping[str, tuple[int, str]]


@dataclass(frozen=True, eq=False)
class Hit:
    """Of every place ``(n,)``: ``level`` 0 for none, ``share`` of its area in zones (NaN: only its seat is known), ``zone``."""

    level: NDArray[np.int64]
    share: Floats
    zone: Sequence[str]


@dataclass(frozen=True)
class Contact:
    """Somebody to call about a place (12-digit code); ``at`` is where, ``people`` how many they answer for."""

    place: str
    role: str
    name: str
    phone: str
    at: str = ""
    people: int | None = None


def hit(places: Places, danger: Danger, least: float = LEAST_SHARE) -> Hit:
    """Which places are in danger, at what level and in which zone.

    A level counts with all higher ones: a place of which 6 % is red and 6 % orange is orange from 10 % on.
    """
    level, share, zone = _by_place(places, danger, least)
    for i, code in enumerate(places.codes):
        named = danger.townships.get(code[:9])
        if named is not None and (level[i] == 0 or named[0] < level[i]):
            level[i], zone[i] = named
    return Hit(level, share, zone)


def _by_place(places: Places, danger: Danger, least: float) -> tuple[NDArray[np.int64], Floats, list[str]]:
    import shapely

    n = len(places)
    level, share = np.zeros(n, np.int64), np.full(n, np.nan)
    if not len(danger.shapes):
        return level, share, [""] * n
    steps = sorted({int(v) for v in danger.levels})
    together = np.array([shapely.union_all(danger.shapes[danger.levels <= step]) for step in steps], object)
    some = np.flatnonzero(np.isfinite(places.seats).all(axis=1))
    for shape, step in zip(together[::-1], steps[::-1], strict=True):
        shapely.prepare(shape)
        met = shapely.intersects_xy(shape, places.seats[some, 0], places.seats[some, 1])
        level[some[met]] = step
    if places.areas is not None:
        whole = np.asarray(shapely.area(places.areas.geometry.to_shapely()))
        found = inside(places.areas, _table(together, places.crs))
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.where(whole[found.row] > 0, found.amount / whole[found.row], 0.0)
        share[whole > 0] = 0.0
        last = found.zone == len(steps) - 1
        share[found.row[last]] = np.clip(part[last], 0.0, 1.0)
        for number in range(len(steps) - 1, -1, -1):
            rows = found.row[(found.zone == number) & (part >= least)]
            level[rows] = np.where(level[rows] == 0, steps[number], np.minimum(level[rows], steps[number]))
    return level, share, _named(places, danger, level)


def _named(places: Places, danger: Danger, level: NDArray[np.int64]) -> list[str]:
    """The zone of its level with most of each place, or that holds its seat."""
    import shapely

    zone = [""] * len(places)
    best = np.zeros(len(places))
    if places.areas is not None:
        found = inside(places.areas, _table(danger.shapes, places.crs))
        for number, row, amount in zip(found.zone.tolist(), found.row.tolist(), found.amount.tolist(), strict=True):
            if danger.levels[number] <= level[row] and amount > best[row]:
                best[row], zone[row] = amount, danger.titles[number]
    for row in np.flatnonzero(level > 0).tolist():
        if not zone[row]:
            at = shapely.intersects_xy(danger.shapes, *places.seats[row])
            zone[row] = next((danger.titles[k] for k in np.flatnonzero(at).tolist()), "")
    return zone


def _table(shapes: NDArray[np.object_], crs: Crs) -> FeatureTable:
    import pyarrow as pa

    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, shapes)
    return FeatureTable(np.arange(len(geometry), dtype=np.int64), pa.table({}), geometry, crs)


# --- channels ---------------------------------------------------------------------------------------------------------


def services(rows: Iterable[Mapping[str, object]], year: int = 0, renewed: Mapping[str, str] | None = None) -> tuple[dict[str, dict[Channel, bool | None]], int | None]:
    """What villages have by code, of the newest year (not after ``year`` where that is named), and that year.

    Parameters
    ----------
    rows
        With ``village_code``, ``year`` and a column a channel.
    renewed
        Codes of counties that became others, old by new.
    """
    newest: dict[str, tuple[int, Mapping[str, object]]] = {}
    for row in rows:
        code = str(row.get("village_code") or "").strip()
        made = row.get("year")
        at = made if isinstance(made, int) else 0
        if not code or (year and at > year):
            continue
        code = (renewed or {}).get(code[:6], code[:6]) + code[6:]
        if code not in newest or at >= newest[code][0]:
            newest[code] = (at, row)
    years = [at for at, _ in newest.values() if at]
    return {code: {c: _truth(row.get(c)) for c in CHANNELS} for code, (_, row) in newest.items()}, max(years, default=None)


def _truth(value: object) -> bool | None:
    return None if value is None or value == "" else bool(value) if isinstance(value, bool | int | float) else None


# --- the board --------------------------------------------------------------------------------------------------------


def board(
    places: Places, found: Hit, known: Known, contacts: Sequence[Contact], *, hazard: Hazard, title: str, levels: Sequence[int],
    zones: int, area_km2: float, channels: Sequence[Channel] = CHANNELS, is_masked: bool = True, year: int | None = None,
    provenance: Sequence[Provenance] = (), issues: Sequence[Issue] = (),
) -> Board:  # fmt: skip
    """Everything in one: places in danger, what fails there, whom to call.

    ``known`` has what villages have by code; a place or channel that it lacks is unknown.
    """
    rows = np.flatnonzero(found.level > 0)
    made = [_place(places, found, row, known.get(places.codes[row], {}), channels) for row in rows.tolist()]
    made.sort(key=lambda p: (-len(p.missing), p.level, -(p.people or 0), p.code))
    said = [*issues, *_said(made, rows, channels)]
    cut = [p for p in made if p.missing and len(p.missing) + len(p.unknown) == len(channels)]
    by_place: dict[str, list[Contact]] = {}
    for contact in contacts:
        by_place.setdefault(contact.place, []).append(contact)
    failing = [p for p in made if p.missing]
    calls = tuple(
        Call(p.code, p.name, p.township, p.county, p.level, c.role, c.name, c.phone, c.at, c.people)
        for p in failing for c in by_place.get(p.code, ())
    )  # fmt: skip
    nobody = tuple(p.code for p in failing if p.code not in by_place)
    if nobody:
        said.append(Issue(
            "failing.nobody", "warning", "For {count} places with a failing channel the map names nobody to call",
            "Call the offices of their townships, and enter contacts of the villages.", count=len(nobody),
            values={"count": str(len(nobody))},
        ))  # fmt: skip
    return Board(
        hazard, title, tuple(levels), zones, area_km2, tuple(made), tuple(_loss(channel, made) for channel in channels),
        _sum([p.people for p in made]), _sum([p.households for p in made]), sum(p.people is None for p in made), len(cut),
        _sum([p.people for p in cut]) if cut else 0, calls, nobody, is_masked, year, tuple(provenance), tuple(said),
    )  # fmt: skip


def channel_name(channel: Channel) -> str:
    """In the user's language."""
    return {
        "phone": tr("Telephone"), "mobile": tr("Mobile phone"), "broadband": tr("Broadband"), "tv": tr("Radio and TV"),
        "station": tr("Information station"),
    }[channel]  # fmt: skip


def _place(places: Places, found: Hit, row: int, has: Mapping[Channel, bool | None], channels: Sequence[Channel]) -> FailingPlace:
    def number(values: Floats) -> int | None:
        return round(float(values[row])) if np.isfinite(values[row]) and values[row] >= 0 else None

    x, y = places.lonlat[row].tolist()
    return FailingPlace(
        places.codes[row], places.names[row], places.townships[row], places.counties[row], int(found.level[row]), found.zone[row],
        number(places.people), number(places.households),
        float(found.share[row]) if np.isfinite(found.share[row]) else None,
        tuple(c for c in channels if has.get(c) is False), tuple(c for c in channels if has.get(c) is None),
        x if np.isfinite(x) else None, y if np.isfinite(y) else None, int(places.fid[row]),
    )  # fmt: skip


def _loss(channel: Channel, places: Sequence[FailingPlace]) -> ChannelLoss:
    lost = [p for p in places if channel in p.missing]
    void = [p for p in places if channel in p.unknown]
    if len(void) == len(places):
        return ChannelLoss(channel, channel_name(channel), False, unknown_places=len(void), unknown_people=_sum([p.people for p in void]) or 0)
    return ChannelLoss(
        channel, channel_name(channel), True, len(lost), _sum([p.people for p in lost]) if lost else 0,
        _sum([p.households for p in lost]) if lost else 0, len(void), _sum([p.people for p in void]) or 0,
    )  # fmt: skip


def _sum(values: Sequence[int | None]) -> int | None:
    """None where nothing is known; what is not known counts as nothing beside what is."""
    some = [v for v in values if v is not None]
    return sum(some) if some else None


def _said(made: Sequence[FailingPlace], rows: NDArray[np.int64], channels: Sequence[Channel]) -> list[Issue]:
    out = []
    if not len(rows):
        out.append(Issue(
            "failing.empty", "note", "No village or community lies in these zones", "Check the zones and the levels that count.",
        ))  # fmt: skip
        return out
    void = [p for p in made if p.people is None]
    if void:
        out.append(Issue(
            "failing.no_people", "warning", "{count} places in the zones have no figure of people: they are in no sum",
            "Fill in the population of the villages.", count=len(void), values={"count": str(len(void))},
        ))  # fmt: skip
    nobody = [p for p in made if p.people == 0]
    if nobody:
        out.append(Issue(
            "failing.empty_places", "note", "Nobody lives in {count} of the places by their figures", "Check them.",
            count=len(nobody), values={"count": str(len(nobody))},
        ))  # fmt: skip
    for channel in channels:
        lost = [p for p in made if channel in p.unknown]
        if lost:
            out.append(Issue(
                "failing.unknown", "warning", "{channel}: not known for {count} of {all} places in the zones",
                "Fill in the table of village services; unknown is not the same as there.", count=len(lost),
                values={"channel": channel_name(channel), "count": str(len(lost)), "all": str(len(made))},
            ))  # fmt: skip
    return out
