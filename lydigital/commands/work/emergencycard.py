"""Emergency cards of townships: the tables of a session brought together, the roads run over once, the pages written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely
from psygnal import EmitLoopError

from lydigital.commands import card, desk
from lydigital.commands.layout import material_of
from lydigital.commands.work import emergency as incident
from lydigital.commands.work import site
from lydigital.commands.work.network import roads
from lydigital.domain import emergency, township_cards
from lydigital.domain.failing import services
from lydigital.domain.hazard_cards import HIDDEN
from lydigital.errors import BadDataError, CancelledError, LydError, RefusedError, UsageError
from lydigital.model.coverage import CHANNELS
from lydigital.model.crs import Crs
from lydigital.model.emergency import KINDS
from lydigital.model.issue import Issue
from lydigital.model.style import PointSymbolizer
from lydigital.model.table import FeatureTable
from lydigital.model.township_card import HazardFact, VillageFact
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.commands.emergencycard import Cards
    from lydigital.domain.township_cards import Town
    from lydigital.model.coverage import Channel
    from lydigital.model.emergency import Resource, ResourceKind
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.township_card import TownshipCard
    from lydigital.session import Session

SAMPLE = "示例数据"
GONE = ("已核销", "已搬迁")  # hazard points where nobody is threatened any more
USED = ("township", "place", "team", "depot", "hospital", "shelter", "hazard_point", "village", "village_service", "road")


def write(session: Session, wanted: Cards) -> dict[str, Any]:
    """Make the cards and write them."""
    from lydigital.publish import cardmap
    from lydigital.publish import township_card as pages

    made, issues = cards_of(session, wanted)
    path = Path(wanted.output).absolute()
    session.progressed.emit(tr("Reading the map"), 0.3)
    material = material_of(session)
    done = pages.write(path, made, pages.Ground(
        Crs(session.document.crs), cardmap.scene_of(session.scene, relief=wanted.relief), symbols_of(session), material.stamps, str(material.facts["date"]),
        str(material.facts["producer"]), sources(session),
    ), anew=wanted.anew, told=lambda words, share: _tell(session, words, 0.35 + 0.65 * share))  # fmt: skip
    session.progressed.emit(tr("Done"), 1.0)
    return {
        "output": str(path), "cards": len(made), "written": done.written, "kept": done.kept, "files": [str(f) for f in done.files],
        "sample": any(c.is_sample for c in made), "townships": [{"code": c.code, "name": c.name, "county": c.county} for c in made],
        "issues": [
            {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values)} for i in issues
        ],
    }  # fmt: skip


def _tell(session: Session, words: str, share: float) -> None:
    """Progress; whoever listens may stop the work, and psygnal wraps what he raises."""
    try:
        session.progressed.emit(words, share)
    except EmitLoopError as error:
        if isinstance(error.__cause__, CancelledError):
            raise error.__cause__ from error
        raise


def cards_of(session: Session, wanted: Cards) -> tuple[tuple[TownshipCard, ...], tuple[Issue, ...]]:
    """The cards as values, and what was wrong with the data.

    Raises
    ------
    LydError
        When the map has no townships or roads, one that is named is not there, or personal data may not be seen.
    """
    if wanted.personal and not card.may_see(session):
        raise RefusedError(
            "{who} may not see personal data", hint="The office's settings name who may; leave it out for stars.",
            who=session.history.author or "?",
        )  # fmt: skip
    table = site.table_of(session, "township")
    if table is None or not {"code", "name"} <= set(table.column_names) or not len(table):
        raise BadDataError("The map has no townships with codes and names", hint="Add the layer {layer}.", layer="township")
    session.progressed.emit(tr("Reading the roads"), 0.02)
    network = roads(session, wanted)
    towns = _towns(session, table.to_crs(network.crs))
    chosen = _chosen(towns, wanted)
    session.progressed.emit(tr("Reading resources"), 0.1)
    resources, issues = _resources(session, network.crs, may_see=wanted.personal)
    known, year = _services(session)
    facts = township_cards.Facts(
        resources, _county_seats(session, network.crs), _hazards(session, network.crs, may_see=wanted.personal),
        _villages(session, network.crs, known), year, _is_sample(session), wanted.personal,
    )  # fmt: skip
    found = township_cards.cards(
        network, towns, facts, chosen=chosen, walk_km_h=incident.norms_of().walk_km_h,
        told=lambda words, share: _tell(session, words, 0.12 + 0.18 * share),
    )
    return found, (*network.issues, *issues)


def _chosen(towns: Sequence[Town], wanted: Cards) -> list[int]:
    rows = [i for i, t in enumerate(towns) if not wanted.county or wanted.county in (t.county, t.county_code)]
    if wanted.county and not rows:
        raise UsageError(
            "There is no county {name}", hint="There are {near}.", name=wanted.county, near="、".join(dict.fromkeys(t.county for t in towns))
        )
    unknown = [name for name in wanted.townships if not any(name in (towns[i].code, towns[i].name) for i in rows)]
    if unknown:
        import difflib

        near = difflib.get_close_matches(unknown[0], [towns[i].name for i in rows], 3, 0.3)
        raise UsageError("There is no township {name}", hint="There are {near}.", name=unknown[0], near="、".join(near) or "-")
    if wanted.townships:
        rows = [i for i in rows if towns[i].code in wanted.townships or towns[i].name in wanted.townships]
    return sorted(rows, key=lambda i: towns[i].code)


# --- the tables -------------------------------------------------------------------------------------------------------


def _towns(session: Session, table: FeatureTable) -> list[Town]:
    seats: dict[str, tuple[float, float]] = {}
    places = site.table_of(session, "place")
    if places is not None:
        seats = emergency.seats_of(places.to_crs(table.crs))
    counties = site.table_of(session, "county")
    names = {} if counties is None else emergency.named(counties)
    shapes = shapely.make_valid(table.geometry.to_shapely())
    made = []
    for shape, record in zip(shapes, table.columns.to_pylist(), strict=True):
        code = str(record["code"] or "")
        if shape is None or shapely.is_empty(shape):
            continue
        x, y = seats.get(code, (np.nan, np.nan))
        is_known = bool(np.isfinite(x))
        if not is_known:
            place = shapely.point_on_surface(shape)
            x, y = float(place.x), float(place.y)
        county = str(record.get("county_code") or code[:6])
        made.append(township_cards.Town(
            code, str(record["name"] or code), names.get(county, str(record.get("county") or "")), county, shapely.to_wkb(shape), (x, y),
            is_known, _whole(record.get("population")), _whole(record.get("households")), _real(record.get("area_km2")),
        ))  # fmt: skip
    return made


def _resources(
    session: Session, crs: Crs, *, may_see: bool
) -> tuple[dict[ResourceKind, tuple[Resource, ...]], list[Issue]]:
    made: dict[ResourceKind, tuple[Resource, ...]] = {}
    issues: list[Issue] = []
    for kind in KINDS:
        table = site.table_of(session, kind)
        if table is None:
            issues.append(Issue(
                "emergency.no_layer", "warning", "The map has no layer {layer} that can be read", "Add it; what is not known is not zero.",
                kind, values={"layer": kind},
            ))  # fmt: skip
            made[kind] = ()
        else:
            made[kind], found = emergency.resources(kind, table.to_crs(crs), session.definition(kind), may_see=may_see)
            issues += found
    return made, issues


def _county_seats(session: Session, crs: Crs) -> dict[str, tuple[str, float, float]]:
    """Of each county the name and place of its seat; of districts none where the map has none."""
    table = site.table_of(session, "seat")
    if table is None or not {"code", "name"} <= set(table.column_names):
        return {}
    xy = table.to_crs(crs).geometry.bounds[:, :2].tolist()
    return {
        str(record["code"]): (str(record["name"] or ""), x, y)
        for record, (x, y) in zip(table.columns.to_pylist(), xy, strict=True) if np.isfinite(x) and record["code"]
    }  # fmt: skip


def _hazards(session: Session, crs: Crs, *, may_see: bool) -> dict[str, list[HazardFact]]:
    """Hazard points by township, most people first, numbered in that order."""
    table = site.table_of(session, "hazard_point")
    if table is None or "township_code" not in table.column_names:
        return {}
    layer = session.definition("hazard_point")
    xy = table.to_crs(crs).geometry.bounds[:, :2].tolist()
    found: dict[str, list[tuple[int, HazardFact]]] = {}
    for (x, y), record in zip(xy, table.columns.to_pylist(), strict=True):
        if record.get("state") in GONE or not np.isfinite(x):
            continue
        said = {name: _text(layer, record, name, may_see=may_see) for name in ("code", "name", "kind", "grade", "monitor", "phone", "refuge")}
        people = _whole(record.get("threat_people"))
        found.setdefault(str(record["township_code"] or ""), []).append((-(people or 0), HazardFact(
            0, said["code"], said["name"] or said["code"], x, y, said["kind"], said["grade"], people, said["monitor"], said["phone"], said["refuge"],
        )))  # fmt: skip
    return {
        code: [msgspec.structs.replace(fact, number=n) for n, (_, fact) in enumerate(sorted(some, key=lambda s: (s[0], s[1].code)), 1)]
        for code, some in found.items()
    }  # fmt: skip


def _villages(session: Session, crs: Crs, known: Mapping[str, Mapping[Channel, bool | None]]) -> dict[str, list[VillageFact]]:
    table = site.table_of(session, "village")
    if table is None or not {"code", "name"} <= set(table.column_names):
        return {}
    xy = table.to_crs(crs).geometry.bounds[:, :2].tolist()
    found: dict[str, list[VillageFact]] = {}
    for (x, y), record in zip(xy, table.columns.to_pylist(), strict=True):
        code = str(record["code"] or "")
        missing, unknown = township_cards.missing_of(known.get(code, {}), CHANNELS)
        found.setdefault(str(record.get("township_code") or code[:9]), []).append(VillageFact(
            code, str(record["name"] or code), x, y, _whole(record.get("population")), _whole(record.get("households")), missing, unknown,
        ))  # fmt: skip
    return {code: sorted(some, key=lambda v: v.code) for code, some in found.items()}


def _services(session: Session) -> tuple[dict[str, dict[Channel, bool | None]], int | None]:
    try:
        table = session.table("village_service") if desk.has_table(session, "village_service") else None
    except LydError:
        table = None
    if not isinstance(table, FeatureTable) or "village_code" not in table.column_names:
        return {}, None
    names = [n for n in ("village_code", "year", *CHANNELS) if n in table.column_names]
    return services(table.columns.select(names).to_pylist())


def _is_sample(session: Session) -> bool:
    for layer in USED:
        table = site.table_of(session, layer)
        if table is not None and "nature" in table.column_names and SAMPLE in set(table.column("nature").to_pylist()):
            return True
    return False


def symbols_of(session: Session) -> dict[tuple[str, int | None], PointSymbolizer]:
    """Marks of resources as the map has them, by kind and service."""
    made: dict[tuple[str, int | None], PointSymbolizer] = {}
    for kind in KINDS:
        for rule in session.style(kind).rules if session.ref(kind) is not None else ():
            symbol = next((s for s in rule.symbolizers if isinstance(s, PointSymbolizer)), None)
            if symbol is not None:
                made[kind, rule.value if isinstance(rule.value, int) else None] = symbol
    return made


def sources(session: Session) -> tuple[str, ...]:
    """Whose data the cards are of."""
    known = [session.definition(layer) for layer in USED if session.ref(layer) is not None]
    return tuple(dict.fromkeys(" · ".join(t for t in (one.name, one.currency) if t) for one in known))


def _text(layer: LayerDef, record: Mapping[str, object], name: str, *, may_see: bool) -> str:
    field, value = layer.field(name), record.get(name)
    if value is None or value == "" or field is None:
        return ""
    return HIDDEN if field.personal and not may_see else field.decode(value)


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
