"""Service areas, people served, access, and warning channels that fail, as reports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lydigital.model.coverage import Access, Board, Served, ServiceArea
from lydigital.model.report import UNKNOWN, Cell, Chart, Number, Paragraph, Report, Series, Table, number
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.impact import Provenance

    Found = ServiceArea | Served | Access | Board

_BARS = 20


def report_of(found: Found, *, most: int = 0) -> Report:
    """Everything a result says: numbers, tables by unit or place, what is wrong with the data, how it was made.

    ``most`` is how many rows a table of places may have, 0 for all: a document of pages is not for thousands.
    """
    if isinstance(found, ServiceArea):
        title, blocks = found.title, _area(found)
    elif isinstance(found, Served):
        title, blocks = tr("People served: {what}", what=found.title), _served(found)
    elif isinstance(found, Access):
        title, blocks = tr("Access to {layer}", layer=found.title), _access(found)
    else:
        title, blocks = tr("Warning channels that fail"), _board(found)
    if most:
        blocks = tuple(_cut(block, most) for block in blocks)
    said = tuple(
        Paragraph(" ".join(filter(None, (tr(i.message, **i.values), tr(i.hint, **i.values)))), "list") for i in found.issues
    )
    if said:
        blocks = (*blocks, Paragraph(tr("What to know about the data"), "heading"), *said)
    subtitle = found.title if isinstance(found, Board) else ""
    stamps = (tr("Contains personal data"),) if isinstance(found, Board) and not found.is_masked and found.calls else ()
    return Report(
        title, subtitle, blocks, _sources(found.provenance), notes_of(found), any(p.is_sample for p in found.provenance), stamps,
        is_landscape=isinstance(found, Board),
    )  # fmt: skip


def _cut(block: Paragraph | Table | Chart, most: int) -> Paragraph | Table | Chart:
    if not isinstance(block, Table) or len(block.rows) <= most:
        return block
    note = tr("The first {most} of {count}; all of them are in the XLSX file.", most=most, count=len(block.rows))
    return replace(block, rows=block.rows[:most], note=" ".join(filter(None, (block.note, note))))


def notes_of(found: Found) -> tuple[str, ...]:
    """How a result was made, for its reader."""
    if isinstance(found, ServiceArea):
        way = {
            "buffer": tr("Straight lines: circles of 64 sides around the sites, dissolved before the area is measured."),
            "viewshed": tr("Line of sight over the terrain model on an earth of 4/3 radius; no diffraction, no buildings, no trees. What each antenna sees is dissolved before the area is measured."),
            "network": tr("Areas beside the roads that are reached in time, parts of roads included; dissolved before the area is measured."),
        }[found.method]  # fmt: skip
        asked = tr("; ").join(f"{name} {value}" for name, value in found.parameters)
        return (way, *([asked] if asked else []), tr("Areas are measured on the ellipsoid."))
    if isinstance(found, Served):
        way = (
            tr("People of units that are cut are shared by floor area of housing or settlement area where these are complete, else by plain area.")
            if found.way == "dasymetric"
            else tr("People of units that are cut are shared by plain area.")
        )
        total = tr("Inside and outside were worked out by themselves; they miss the total by {residual} persons.", residual=f"{found.residual:.1e}")
        return (way, *([found.method] if found.method else []), total, tr("The range runs from units wholly inside to all that are touched."))
    if isinstance(found, Access):
        decay = {
            "none": tr("every place within reach counts the same (2SFCA)"),
            "steps": tr("weights {weights} by rings of equal width (E2SFCA)", weights=", ".join(f"{w:g}" for w in found.weights)),
            "gaussian": tr("weights fall as a bell that ends at the reach (E2SFCA)"),
        }[found.decay]  # fmt: skip
        reach = f"{found.reach:g} m" if found.metric == "straight" else tr("{minutes} min", minutes=f"{found.reach / 60:g}")
        return (
            tr("Two-step floating catchment areas: capacity of each supply divided by the people within its reach, added up for each place; {decay}.", decay=decay),
            tr("Reach {reach} from the seats of villages and communities.", reach=reach),
            tr("What is delivered misses what is there by {residual}.", residual=f"{found.residual:.1e}"),
        )  # fmt: skip
    return (
        tr("A place is in danger when its seat lies in a zone, or enough of its area, or when a warning names its township; all its people count, for a village is warned as a whole."),
        tr("A channel fails where the village does not have it; what is not known is said and does not count as failing."),
        *([tr("What villages have is of {year}.", year=found.year)] if found.year else []),
        *([tr("Names and numbers are starred.")] if found.is_masked else []),
    )  # fmt: skip


def _sources(found: Sequence[Provenance]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{p.title}：{p.source}{f'（{p.currency}）' if p.currency else ''}" for p in found))


def _share(value: float | None) -> Cell:
    return UNKNOWN if value is None else Number(100 * value, 0.1)


def _area(found: ServiceArea) -> tuple[Paragraph | Table | Chart, ...]:
    head = (tr("Item"), tr("Value"), tr("Unit"))
    rows: tuple[tuple[Cell, ...], ...] = (
        (tr("Area reached"), Number(found.area_km2, 0.1), "km²"), (tr("Sum of the sites, overlaps counted again"), number(found.sum_km2, 0.1), "km²"),
        (tr("Beyond the city"), number(found.outside_km2, 0.1), "km²"), (tr("Share of the city"), _share(found.share), "%"),
        (tr("Sites"), Number(len(found.sites)), tr("places")),
    )  # fmt: skip
    sites: tuple[tuple[Cell, ...], ...] = tuple(
        (s.code, s.name, number(s.reach, 1.0), number(s.area_km2, 0.1), s.problem and tr("reaches nothing")) for s in found.sites
    )
    reach = tr("Reach") + (" (s)" if found.method == "network" else " (m)")
    return (
        Table(tr("Summary"), head, rows),
        Table(tr("Sites"), (tr("Code"), tr("Name"), reach, tr("Area") + " (km²)", tr("Remark")), sites),
    )  # fmt: skip


def _served(found: Served) -> tuple[Paragraph | Table | Chart, ...]:
    rows: tuple[tuple[Cell, ...], ...] = (
        (tr("People served"), number(found.served, 10.0), tr("persons")), (tr("at least"), number(found.low, 10.0), tr("persons")),
        (tr("at most"), number(found.high, 10.0), tr("persons")), (tr("All people"), number(found.people, 10.0), tr("persons")),
        (tr("Share"), _share(found.share), "%"), (tr("Households"), number(found.served_households, 10.0), tr("households")),
    )  # fmt: skip
    units: tuple[tuple[Cell, ...], ...] = tuple(
        (u.code, u.county, u.name, number(u.people, 10.0), number(u.served, 10.0), _share(u.share)) for u in found.units
    )
    blocks: list[Paragraph | Table | Chart] = [Table(tr("Summary"), (tr("Item"), tr("Value"), tr("Unit")), rows)]
    least = sorted((u for u in found.units if u.share is not None), key=lambda u: (u.share or 0.0, u.code))[:_BARS]
    if least:
        values = tuple(None if u.share is None else 100 * u.share for u in least)
        blocks.append(Chart(tr("Least served units"), "hbar", tuple(u.name for u in least), (Series(tr("People served"), values),), "%"))
    if units:
        blocks.append(Table(tr("By unit"), (tr("Code"), tr("County"), tr("Name"), tr("People"), tr("People served"), tr("Share") + " (%)"), units))
    return tuple(blocks)


def _access(found: Access) -> tuple[Paragraph | Table | Chart, ...]:
    unit = tr("{unit} per {count} persons", unit=found.unit, count=f"{found.per:g}")
    rows: tuple[tuple[Cell, ...], ...] = (
        (tr("Capacity"), Number(found.total, 1.0), found.unit), (tr("of it within somebody's reach"), Number(found.used, 1.0), found.unit),
        (tr("All people"), Number(found.people, 10.0), tr("persons")), (tr("out of everybody's reach"), Number(found.without, 10.0), tr("persons")),
        (tr("Mean"), number(found.mean, 0.01), unit),
    )  # fmt: skip
    far = "m" if found.metric == "straight" else "s"
    places: tuple[tuple[Cell, ...], ...] = tuple(
        (p.code, p.county, p.name, number(p.people, 1.0), number(p.value, 0.01), Number(p.supplies), number(p.nearest, 1.0))
        for p in sorted(found.places, key=lambda p: (p.value is None, p.value or 0.0, p.code))
    )  # fmt: skip
    supplies: tuple[tuple[Cell, ...], ...] = tuple(
        (s.code, s.name, number(s.capacity, 1.0), Number(s.people, 1.0), number(None if s.ratio is None else s.ratio * found.per, 0.01))
        for s in found.supplies
    )  # fmt: skip
    return (
        Table(tr("Summary"), (tr("Item"), tr("Value"), tr("Unit")), rows),
        Table(tr("Places, least access first"), (tr("Code"), tr("County"), tr("Name"), tr("People"), unit, tr("Supplies within reach"), f"{tr('Nearest')} ({far})"), places),
        Table(tr("Supplies"), (tr("Code"), tr("Name"), f"{tr('Capacity')} ({found.unit})", tr("People within reach, weighted"), unit), supplies),
    )  # fmt: skip


def _board(found: Board) -> tuple[Paragraph | Table | Chart, ...]:
    names = {c.channel: c.title for c in found.channels}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            c.title, Number(c.places) if c.is_known else UNKNOWN, number(c.people, 1.0), number(c.households, 1.0), Number(c.unknown_places),
            Number(c.unknown_people),
        )
        for c in found.channels
    )  # fmt: skip
    failing: tuple[tuple[Cell, ...], ...] = tuple(
        (
            p.code, p.county, p.township, p.name, p.zone, number(p.people, 1.0), number(p.households, 1.0), "、".join(names[c] for c in p.missing),
            "、".join(names[c] for c in p.unknown),
        )
        for p in found.failing
    )  # fmt: skip
    calls: tuple[tuple[Cell, ...], ...] = tuple(
        (Number(i), c.county, c.township, c.place, c.at, number(c.people, 1.0), c.role, c.name, c.phone, "", "")
        for i, c in enumerate(found.calls, 1)
    )
    by_code = {p.code: p for p in found.failing}
    alone: tuple[tuple[Cell, ...], ...] = tuple(
        (code, by_code[code].county, by_code[code].township, by_code[code].name, number(by_code[code].people, 1.0)) for code in found.nobody
    )
    text = tr(
        "{zones} zones, {area} km²: {places} villages and communities with {people} people; {failing} of them lack at least one channel.",
        zones=found.zones, area=f"{found.area_km2:,.1f}", places=len(found.places),
        people=UNKNOWN if found.people is None else f"{found.people:,}", failing=len(failing),
    )  # fmt: skip
    blocks: list[Paragraph | Table | Chart] = [
        Paragraph(text),
        Table(tr("By channel"), (tr("Channel"), tr("Places without"), tr("People"), tr("Households"), tr("Places not known"), tr("People not known")), rows),
    ]
    known = [c for c in found.channels if c.is_known]
    if known and failing:
        series = Series(tr("People"), tuple(None if c.people is None else float(c.people) for c in known))
        blocks.append(Chart(tr("People behind each failing channel"), "hbar", tuple(c.title for c in known), (series,), tr("persons"), step=1.0))
    if calls:
        asked = (tr("No."), tr("County"), tr("Township"), tr("Village or community"), tr("Hazard point"), tr("People there"), tr("Who"), tr("Name"), tr("Phone"), tr("Called at"), tr("Result"))
        blocks.append(Table(tr("Whom to call"), asked, calls, is_wide=True))
    if alone:
        blocks.append(Table(tr("Nobody to call: call the township"), (tr("Code"), tr("County"), tr("Township"), tr("Village or community"), tr("People")), alone))
    if failing:
        head = (tr("Code"), tr("County"), tr("Township"), tr("Village or community"), tr("Zone"), tr("People"), tr("Households"), tr("Missing channels"), tr("Not known"))
        blocks.append(Table(tr("Places that warnings do not reach"), head, failing, is_wide=True))
    return tuple(blocks)
