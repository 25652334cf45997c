"""Coverage × hazard of the map: the zones that count, what villages have, whom to call."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lydigital import paths
from lydigital.commands import card, desk, results
from lydigital.commands.coverage import SUSCEPTIBLE, WARNINGS, written
from lydigital.commands.hazard import has, working_crs
from lydigital.commands.impact import LEVELS
from lydigital.commands.work import sites
from lydigital.commands.work.settled import layer_of, places_of
from lydigital.domain import failing as domain
from lydigital.domain import ledger
from lydigital.domain.overlay import inside
from lydigital.domain.population import polygonal
from lydigital.domain.watch import in_force
from lydigital.errors import LydError, RefusedError, UsageError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue
from lydigital.model.layerdef import FieldDef
from lydigital.model.measures import areas_m2
from lydigital.model.style import PointSymbolizer, Rule, Style
from lydigital.model.table import FeatureTable
from lydigital.publish.calllist import masked_name, masked_phone
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.commands.coverage import Fail
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.coverage import Board, Channel, Hazard
    from lydigital.model.impact import Provenance
    from lydigital.model.warning import WarningIssue
    from lydigital.session import Session

SERVICES, POINTS = "village_service", "hazard_point"
OVER = ("解除", "到期", "被替代")  # states of a zone that no longer warns
AREAS_OF: dict[Channel, str] = {"mobile": "mobile_coverage", "broadband": "service_area"}
CLASSES = {1: "Very high", 2: "High", 3: "Moderate", 4: "Low"}
ROLES = (("monitor", "monitor", "phone"), ("commander", "commander", "commander_phone"))


class _Asked(NamedTuple):
    """The zones that count."""

    hazard: Hazard
    title: str
    danger: domain.Danger
    issues: list[Issue]
    source: str


def failing(session: Session, wanted: Fail) -> Board:
    """The board, written where a file is named."""
    board = board_of(session, wanted)
    written(board, wanted.output)
    return board


def board_of(session: Session, wanted: Fail) -> Board:
    """Villages and communities in danger without a warning channel, and whom to call there.

    Raises
    ------
    RefusedError
        When personal data are asked for that this person may not see.
    """
    if wanted.personal and not card.may_see(session):
        raise RefusedError(
            "{name} may not have names and numbers of people", name=session.history.author or tr("Nobody"),
            hint="They are masked for everybody whom the settings do not name under office.people.",
        )  # fmt: skip
    crs = working_crs(session)
    asked = _asked(session, wanted, crs)
    places = places_of(session, crs)
    session.progressed.emit(tr("Warning channels"), 0.4)
    found = domain.hit(places, asked.danger, wanted.least_share)
    issues = [*asked.issues, *_repeated(places)]
    known, year, sources = _known(session, wanted, places, found, issues)
    hit = {places.codes[i] for i in np.flatnonzero(found.level > 0).tolist()}
    there = {code: place for code, place in _by_code(places).items() if place in hit}
    shapes = asked.danger.shapes
    area = float(np.nansum(areas_m2(shapely.get_parts(np.array([shapely.union_all(shapes)], object)), crs))) / 1e6 if len(shapes) else 0.0
    return domain.board(
        places, found, known, _contacts(session, there, is_masked=not wanted.personal), hazard=asked.hazard, title=asked.title,
        levels=tuple(sorted(set(wanted.levels))), zones=len(shapes) + len(asked.danger.townships), area_km2=area,
        channels=wanted.channels, is_masked=not wanted.personal, year=year,
        provenance=(sites.source_of(session, layer_of(session)), *([sites.source_of(session, asked.source)] if asked.source else []), *sources),
        issues=issues,
    )  # fmt: skip


# --- danger -----------------------------------------------------------------------------------------------------------


def _asked(session: Session, wanted: Fail, crs: Crs) -> _Asked:
    now = desk.moment(wanted.at) if wanted.at else datetime.now(UTC)
    if wanted.hazard == "issue" or (not wanted.hazard and wanted.issue):
        known = _ledger(session)
        issues = (desk.find(known, wanted.issue),) if wanted.issue else in_force(known.versions, now)
        return _of_issues(issues, wanted, crs)
    if wanted.hazard == "zones" or (not wanted.hazard and wanted.fids):
        return _of_layer(session, wanted, WARNINGS, crs)
    if wanted.hazard == "susceptibility":
        return _of_layer(session, wanted, SUSCEPTIBLE, crs)
    issues = in_force(_ledger(session).versions, now)
    if issues:
        return _of_issues(issues, wanted, crs)
    if session.document.layer(WARNINGS) is not None:
        asked = _of_layer(session, wanted, WARNINGS, crs)
        if len(asked.danger.shapes):
            return asked
    asked = _of_layer(session, wanted, SUSCEPTIBLE, crs)
    note = Issue(
        "failing.susceptibility", "note", "No warning of these levels is in force or drawn: zones of high susceptibility stand in",
        "Name a warning or zones to look at them.",
    )  # fmt: skip
    return asked._replace(issues=[note, *asked.issues])


def _ledger(session: Session) -> ledger.Ledger:
    """Every warning as it is read; unlike the desk's own it leaves the session alone, for it may be asked from any thread."""
    if not desk.has_table(session, ledger.LAYER):
        return ledger.Ledger({})
    table = session.table(ledger.LAYER)
    return ledger.read(table) if isinstance(table, FeatureTable) else ledger.Ledger({})


def _of_issues(issues: Sequence[WarningIssue], wanted: Fail, crs: Crs) -> _Asked:
    shapes: list[object] = []
    levels: list[int] = []
    titles: list[str] = []
    townships: dict[str, tuple[int, str]] = {}
    move = transformation(Crs(CGCS2000), crs)
    for issue in issues:
        for zone in issue.zones:
            if int(zone.level) in wanted.levels:
                shapes.append(shapely.transform(shapely.from_wkb(zone.wkb), lambda xy: move.points(np.ascontiguousarray(xy))))
                levels.append(int(zone.level))
                titles.append(f"{zone.code} · {tr(LEVELS[int(zone.level)])}")
        if not issue.zones:
            for town in issue.townships:
                level = int(town.level)
                if level in wanted.levels and level <= townships.get(town.code, (9, ""))[0]:
                    townships[town.code] = (level, f"{town.name} · {tr(LEVELS[level])}")
    found = []
    if not issues:
        found.append(Issue("failing.no_issue", "warning", "No warning is in force", "Name a warning by its number, or look at drawn zones."))
    elif not shapes and not townships:
        found.append(_none(wanted))
    drills = sum(issue.purpose != "actual" for issue in issues)
    if drills:
        found.append(Issue(
            "failing.exercise", "note", "{count} of these warnings are exercises or tests", "Tell everybody whom you call.",
            count=drills, values={"count": str(drills)},
        ))  # fmt: skip
    title = "；".join(issue.title or issue.id for issue in issues) or tr("Warnings in force")
    return _Asked("issue", title, _danger(shapes, levels, titles, townships), found, "")


def _of_layer(session: Session, wanted: Fail, layer: str, crs: Crs) -> _Asked:
    """Zones of a layer: those of warnings that hold, or of susceptibility."""
    hazard: Hazard = "zones" if layer == WARNINGS else "susceptibility"
    if session.document.layer(layer) is None:
        raise UsageError("The map has no zones: there is no layer {layer}", hint="Add it, or name a warning.", layer=layer)
    table = sites.features(session, layer)
    rows = sites.chosen(table, layer, wanted.fids, "")
    field = "level" if layer == WARNINGS else "susceptibility"
    records = [table.record(int(row)) for row in rows.tolist()]
    over = [r for r in records if r.get("status") in OVER]
    kept = [i for i, r in enumerate(records) if r.get(field) in wanted.levels and (wanted.fids or r.get("status") not in OVER)]
    geometry = table.to_crs(crs).geometry.to_shapely(rows[kept]) if kept else np.zeros(0, object)
    valid = polygonal(shapely.make_valid(geometry)) if len(geometry) else geometry
    names = {**LEVELS} if layer == WARNINGS else CLASSES
    some = [(shape, records[i]) for shape, i in zip(valid, kept, strict=True) if not shapely.is_empty(shape)]
    levels = [int(str(r[field])) for _, r in some]
    titles = [f"{r.get('name') or r.get('code') or ''} · {tr(names[level])}" for (_, r), level in zip(some, levels, strict=True)]
    issues = []
    if len(some) < len(kept):
        issues.append(Issue(
            "failing.empty_zone", "warning", "{count} zones have no area and hold nothing", "Draw their borders anew.",
            count=len(kept) - len(some), values={"count": str(len(kept) - len(some))},
        ))  # fmt: skip
    if over and not wanted.fids:
        issues.append(Issue(
            "failing.over", "note", "{count} zones were lifted, have expired or were replaced: they do not count", "Name them to look at them.",
            count=len(over), values={"count": str(len(over))},
        ))  # fmt: skip
    drafts = sum(r.get("status") not in ("签发", None) for _, r in some) if layer == WARNINGS else 0
    if drafts:
        issues.append(Issue(
            "failing.draft", "note", "{count} of these zones were not issued: for the office itself only", "Have the warning reviewed and issued.",
            count=drafts, values={"count": str(drafts)},
        ))  # fmt: skip
    if not some:
        issues.append(_none(wanted))
    return _Asked(hazard, session.definition(layer).name, _danger([s for s, _ in some], levels, titles, {}), issues, layer)


def _none(wanted: Fail) -> Issue:
    return Issue(
        "failing.no_zone", "warning", "There is no zone of these levels: {levels}", "Choose other levels, or other zones.",
        values={"levels": "、".join(str(level) for level in sorted(set(wanted.levels)))},
    )  # fmt: skip


def _danger(shapes: Sequence[object], levels: Sequence[int], titles: Sequence[str], townships: Mapping[str, tuple[int, str]]) -> domain.Danger:
    made = shapely.make_valid(np.array(shapes, object)) if len(shapes) else np.zeros(0, object)
    return domain.Danger(made, np.array(levels, np.int64), titles, townships)


# --- what villages have -----------------------------------------------------------------------------------------------


def _known(
    session: Session, wanted: Fail, places: domain.Places, found: domain.Hit, issues: list[Issue]
) -> tuple[dict[str, dict[Channel, bool | None]], int | None, list[Provenance]]:
    """What places have, from the table of village services; mobile and broadband from their areas where that says nothing."""
    known: dict[str, dict[Channel, bool | None]] = {}
    year, sources = None, []
    table = None
    if has(session, SERVICES):
        try:
            table = session.table(SERVICES)
        except LydError as error:
            issues.append(Issue("failing.services", "warning", "The table of village services cannot be read: {reason}", "Check the store.", values={"reason": str(error)}))
    if isinstance(table, FeatureTable) and len(table) and "village_code" in table.column_names:
        names = [n for n in ("village_code", "year", *wanted.channels) if n in table.column_names]
        newest, year = domain.services(table.columns.select(names).to_pylist(), wanted.year, _renewed())
        of = _by_code(places)
        known = {of.get(code, code): has_ for code, has_ in newest.items()}
        sources.append(sites.source_of(session, SERVICES))
    else:
        issues.append(Issue(
            "failing.no_services", "warning", "The map has no table of what villages have: {layer}",
            "Add it; without it only mobile and broadband can be told, by their areas.", values={"layer": SERVICES},
        ))  # fmt: skip
    strangers = len(set(known) - set(places.codes))
    if strangers:
        issues.append(Issue(
            "failing.strangers", "note", "{count} rows of village services name no village of the map", "Check their codes.",
            count=strangers, values={"count": str(strangers)},
        ))  # fmt: skip
    rows = np.flatnonzero((found.level > 0) & np.isfinite(places.seats).all(axis=1))
    for channel, layer in AREAS_OF.items():
        open_rows = [r for r in rows.tolist() if known.get(places.codes[r], {}).get(channel) is None]
        if channel not in wanted.channels or not open_rows or session.document.layer(layer) is None:
            continue
        areas = sites.features(session, layer).to_crs(places.crs)
        if areas.geometry.kind is not GeometryKind.POLYGON or not len(areas):
            continue
        covered = set(inside(_points(places, open_rows), areas).row.tolist())
        for number, row in enumerate(open_rows):
            known.setdefault(places.codes[row], {})[channel] = number in covered
        sources.append(sites.source_of(session, layer))
        issues.append(Issue(
            "failing.by_area", "note", "{channel}: for {count} places told by whether their seat lies in {layer}", "Fill in the table of village services.",
            count=len(open_rows), values={"channel": domain.channel_name(channel), "count": str(len(open_rows)), "layer": session.definition(layer).name},
        ))  # fmt: skip
    return known, year, sources


def _by_code(places: domain.Places) -> dict[str, str]:
    """Codes of places by what they are today: a map may still have the old ones."""
    renewed = _renewed()
    return {renewed.get(code[:6], code[:6]) + code[6:]: code for code in places.codes}


def _points(places: domain.Places, rows: Sequence[int]) -> FeatureTable:
    import pyarrow as pa

    geometry = GeometryArray.from_points(np.ascontiguousarray(places.seats[rows]))
    return FeatureTable(np.arange(len(rows), dtype=np.int64), pa.table({}), geometry, places.crs)


def _renewed() -> dict[str, str]:
    """Codes of counties that became others. 410371 is a part of a county, not an old code: its villages keep theirs."""
    path = paths.layers_dir() / "indicators" / "codes.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("codes", [])
    except (OSError, tomllib.TOMLDecodeError):
        return {}
    return {str(each["old"]): str(each["new"]) for each in found if "since" in each}


def _repeated(places: domain.Places) -> list[Issue]:
    twice = [code for code, count in Counter(places.codes).items() if count > 1 and code]
    if not twice:
        return []
    return [Issue(
        "failing.twice", "warning", "{count} village codes stand twice: these places are counted twice", "Check the layer of villages.",
        count=len(twice), values={"count": str(len(twice))},
    )]  # fmt: skip


# --- whom to call -----------------------------------------------------------------------------------------------------


def _contacts(session: Session, codes: Mapping[str, str], *, is_masked: bool) -> list[domain.Contact]:
    """Who watches the hazard points of these places (by their code of today), and who commands there."""
    if session.document.layer(POINTS) is None:
        return []
    table = session.table(POINTS)
    if not isinstance(table, FeatureTable) or "village_code" not in table.column_names:
        return []
    names = [n for n in ("village_code", "name", "threat_people", "monitor", "phone", "commander", "commander_phone") if n in table.column_names]
    renewed = _renewed()
    titles = {"monitor": tr("Monitor"), "commander": tr("Commander of the evacuation")}
    made = []
    for row in table.columns.select(names).to_pylist():
        written_code = str(row["village_code"] or "")
        code = codes.get(renewed.get(written_code[:6], written_code[:6]) + written_code[6:], "")
        if not code:
            continue
        people = row.get("threat_people")
        for role, who, number in ROLES:
            name, phone = str(row.get(who) or ""), str(row.get(number) or "")
            if name or phone:
                if is_masked:
                    name, phone = masked_name(name), masked_phone(phone)
                made.append(domain.Contact(code, titles[role], name, phone, str(row.get("name") or ""), None if people is None else int(people)))
    first = list(titles.values())
    return sorted(made, key=lambda c: (c.place, -(c.people or 0), c.at, first.index(c.role)))


# --- the map ----------------------------------------------------------------------------------------------------------


def failing_map(session: Session, wanted: Fail) -> ChangeSet:
    """Places that lack a channel as a layer of the map, by how many they lack."""
    board = board_of(session, wanted)
    lost = [p for p in board.failing if p.longitude is not None and p.latitude is not None]
    if not lost:
        raise UsageError("No place in these zones is known to lack a channel", hint="Choose other zones or levels, or fill in the table of village services.")
    most = len(wanted.channels)
    colours = ("#f4c06a", "#ee9448", "#e0612f", "#c33322", "#8f1a1a")
    rules = tuple(
        Rule((PointSymbolizer("circle", 2.4 + 0.5 * k, colours[min(k, len(colours)) - 1], glyph="", outline_mm=0.3),), f"缺{k}种渠道", f"{k} missing", value=k)
        for k in range(1, most + 1)
    )  # fmt: skip
    fields = (
        FieldDef("code", "代码", title_en="Code", type="text"), FieldDef("name", "名称", title_en="Name", type="text"),
        FieldDef("level", "等级", title_en="Level", type="integer"), FieldDef("missing", "缺失渠道数", title_en="Missing channels", type="integer"),
        FieldDef("channels", "缺失渠道", title_en="Which", type="text"), FieldDef("population", "人口", title_en="Population", type="integer", unit="人"),
    )  # fmt: skip
    xy = np.array([(p.longitude, p.latitude) for p in lost], np.float64)
    crs = working_crs(session)
    return results.add(
        session, "failing channels", title="预警渠道缺失", title_en="Warning channels that fail", crs=crs, fields=fields,
        geometry=GeometryArray.from_points(transformation(Crs(CGCS2000), crs).points(xy)),
        columns={
            "code": [p.code for p in lost], "name": [p.name for p in lost], "level": [p.level for p in lost],
            "missing": [len(p.missing) for p in lost], "channels": ["、".join(domain.channel_name(c) for c in p.missing) for p in lost],
            "population": [math.nan if p.people is None else p.people for p in lost],
        },
        style=Style(rules, kind="categorized", field="missing"), nature=sites.nature_of(board.provenance), words="Show {layer}",
    )  # fmt: skip
