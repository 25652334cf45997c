"""Indicators of the plan on this map: worked out, laid on the map, what is missing by name, what new sites would change.

:func:`material_of` and :func:`known` are for whoever works with several of them (cards of systems, reports).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np

from lydigital import paths
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import UsageError
from lydigital.model.crs import Crs, transformation
from lydigital.model.indicator import (
    UNIT_LAYERS,
    Gap,
    Indicator,
    IndicatorResult,
    Level,
    UnitValue,
    WhatIf,
    read_codes,
    read_indicators,
)
from lydigital.model.report import Number, Report, Table
from lydigital.model.table import FeatureTable
from lydigital.texts import pick, tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lydigital.domain.amounts import Material
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.issue import Issue
    from lydigital.model.layerdef import FieldDef
    from lydigital.session import Session

FOLDER = "indicators"
CODES = "codes.toml"
VALUE = "value"


class Which(Parameters, frozen=True, kw_only=True):
    """All indicators, or those of one ``system``."""

    system: str = ""


class Compute(Parameters, frozen=True, kw_only=True):
    """``level`` is the indicator's first unless named; ``year`` its base year, or the latest there is."""

    indicator: str
    level: Level | None = None
    year: int | None = None


class Show(Compute, frozen=True, kw_only=True):
    """As a layer of the map in so many classes (natural breaks)."""

    classes: Annotated[int, msgspec.Meta(ge=2, le=9)] = 5
    ramp: str = "teal"


class Missing(Compute, frozen=True, kw_only=True):
    """What is missing, by name; ``output`` is a file to write it into (.xlsx, .docx, .html, .json)."""

    output: str = ""


class Sites(Compute, frozen=True, kw_only=True):
    """New sites at ``sites`` (x, y in ``crs``, the map's own unless named).

    Each reaches ``reach_m`` (as the indicator says unless named), or adds ``amount`` to what is counted.
    """

    sites: tuple[tuple[float, float], ...]
    crs: str = ""
    reach_m: Annotated[float, msgspec.Meta(ge=0, le=100_000)] | None = None
    amount: Annotated[float, msgspec.Meta(ge=0, le=1e12)] | None = None


# --- for cards and reports --------------------------------------------------------------------------------------------


def known() -> tuple[Indicator, ...]:
    """All indicators: the user's own files in ``indicators/`` of the configuration folder go before those shipped.

    Raises
    ------
    BadDataError
        Naming the file and the key that is wrong.
    """
    folders = (paths.config_dir() / FOLDER, paths.layers_dir() / FOLDER)
    found: dict[str, Indicator] = {}
    for folder in folders:
        for one in _read(folder, _mark(folder)):
            found.setdefault(one.id, one)
    shipped = [one.id for one in _read(folders[1], _mark(folders[1]))]
    return tuple(found[i] for i in (*shipped, *(i for i in found if i not in shipped)))


def find(indicator: str) -> Indicator:
    """The indicator of that id, or of that title.

    Raises
    ------
    UsageError
        When there is none, naming near ones.
    """
    every = known()
    found = next((one for one in every if indicator in (one.id, one.title, one.title_en)), None)
    if found is not None:
        return found
    import difflib

    near = difflib.get_close_matches(indicator, [one.id for one in every], 3, 0.4) or [one.id for one in every[:5]]
    raise UsageError("There is no indicator {indicator}", hint="Did you mean {near}?", indicator=indicator, near=", ".join(near))


def material_of(session: Session) -> Material:
    """The map as indicators see it, in a metric system. Tables are read once for as long as it is kept."""
    from lydigital.commands.hazard import working_crs
    from lydigital.domain.amounts import Material
    from lydigital.publish.wording import read_names

    crs = working_crs(session)

    def table(layer: str) -> FeatureTable | None:
        if session.ref(layer) is None:
            return None
        found = session.table(layer)
        return found.to_crs(crs) if isinstance(found, FeatureTable) else None

    names = tuple((n.code, n.name) for n in read_names().names)
    return Material(table, session.definition, read_codes(paths.layers_dir() / FOLDER / CODES), names)


def computed(session: Session, wanted: Compute, material: Material | None = None) -> IndicatorResult:
    """An indicator as a command names it.

    Raises
    ------
    LydError
        When there is none of that name, or the map lacks what it needs.
    """
    from lydigital.domain.indicators import compute

    indicator = find(wanted.indicator)
    return compute(indicator, wanted.level or indicator.levels[0], material or material_of(session), wanted.year)


def values_of(found: IndicatorResult) -> dict[str, Any]:
    """A result as plain values in the user's language."""
    one = found.indicator
    return {
        **about(one), "level": found.level, "year": found.year, "city": unit_values(one, found.city),
        "plan_share": _round(found.plan_share), "units": [unit_values(one, u) for u in found.units],
        "trend": [[year, _round(value)] for year, value in found.trend], "gaps": [gap_values(g) for g in found.gaps],
        "unplaced": found.unplaced, "sample": found.is_sample,
        "sources": [msgspec.to_builtins(source) for source in found.sources], "issues": issue_values(found.issues),
    }  # fmt: skip


def about(one: Indicator) -> dict[str, Any]:
    """What an indicator is, as plain values."""
    plan = one.plan
    return {
        "id": one.id, "title": one.name, "system": one.system, "unit": one.unit_name, "levels": list(one.levels),
        "basis": pick(one.basis, one.basis_en), "target": one.target, "target_scope": one.target_scope if one.target is not None else "",
        "target_note": one.target_note, "higher_is_better": one.higher_is_better, "source": one.source,
        "plan": None if plan is None else {
            "text": plan.text, "value": plan.value, "of": plan.of, "qualifier": plan.qualifier, "lower_bound": plan.is_lower_bound,
            "year": plan.year, "city_total": True,
        },
    }  # fmt: skip


def unit_values(one: Indicator, unit: UnitValue) -> dict[str, Any]:
    """A unit as plain values; None where nothing is known."""
    return {
        "code": unit.code, "name": unit.name, "county": unit.county, "value": _round(unit.value), "shown": one.shown(unit.value),
        "numerator": _round(unit.numerator), "denominator": _round(unit.denominator),
        "meets": None if unit.value is None else one.meets(unit.value), "problem": unit.problem_text,
    }  # fmt: skip


def gap_values(gap: Gap) -> dict[str, Any]:
    """Something that is missing as plain values."""
    return {"code": gap.code, "name": gap.name, "place": gap.place, "reason": gap.reason, "layer": gap.layer, "fid": gap.fid}


def issue_values(issues: Sequence[Issue]) -> list[dict[str, Any]]:
    """Issues as plain values in the user's language."""
    return [
        {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values) if i.hint else "", "count": i.count}
        for i in issues
    ]


def whatif_values(found: WhatIf) -> dict[str, Any]:
    """What sites change, as plain values in the user's language."""
    one = found.indicator
    return {
        **about(one), "level": found.level, "sites": [list(site) for site in found.sites], "reach_m": found.reach_m,
        "before": unit_values(one, found.before), "after": unit_values(one, found.after),
        "units": [{"before": unit_values(one, a), "after": unit_values(one, b)} for a, b in found.units],
        "gained": [gap_values(g) for g in found.gained], "people": found.people, "households": found.households,
        "issues": issue_values(found.issues),
    }  # fmt: skip


# --- the commands -----------------------------------------------------------------------------------------------------


def _list(_session: Session, given: Which) -> tuple[Indicator, ...]:
    every = known()
    if given.system and all(one.system != given.system for one in every):
        raise UsageError(
            "No indicator belongs to the system {system}", hint="The systems are: {known}.", system=given.system,
            known=", ".join(dict.fromkeys(one.system for one in every)),
        )  # fmt: skip
    return tuple(one for one in every if not given.system or one.system == given.system)


def _map(session: Session, given: Show) -> ChangeSet:
    from lydigital.commands import results

    found = computed(session, given)
    one = found.indicator
    if found.level == "city":
        raise UsageError("{name} is known for the whole city only", hint="There is nothing to lay on the map by units.", name=one.name)
    values = np.array([np.nan if u.value is None else u.value for u in found.units])
    units = material_of(session).units(found.level)
    style = _style(one, found.level, values, given)
    year = "" if found.year is None else f" {found.year}"
    columns: dict[str, Any] = {
        "code": [u.code for u in found.units], "name": [u.name for u in found.units], VALUE: values,
        "numerator": [u.numerator for u in found.units], "denominator": [u.denominator for u in found.units],
        "problem": [u.problem_text for u in found.units],
    }  # fmt: skip
    return results.add(
        session, f"indicator {one.id} {found.level}", title=f"{one.title}{year}", title_en=f"{one.title_en}{year}",
        geometry=units.table.geometry.take(units.row), crs=units.table.crs, fields=_fields(one), columns=columns, style=style,
        nature="示例数据" if found.is_sample else "推算", words="Show {layer} by units",
    )  # fmt: skip


def _fields(one: Indicator) -> tuple[FieldDef, ...]:
    from lydigital.model.layerdef import FieldDef

    top, base = one.terms_at(one.levels[0])
    return (
        FieldDef("code", "代码", "Code"), FieldDef("name", "名称", "Name"),
        FieldDef(VALUE, one.title, one.title_en, type="real", unit=one.unit),
        FieldDef("numerator", top.title or "分子", top.title_en or "Numerator", type="real", unit=top.unit),
        FieldDef("denominator", (base.title if base else "") or "分母", (base.title_en if base else "") or "Denominator", type="real",
                 unit=base.unit if base else ""),
        FieldDef("problem", "说明", "Remark"),
    )  # fmt: skip


_EDGES = {"county": 0.28, "township": 0.18, "village": 0.1, "community": 0.1}


def _style(one: Indicator, level: Level, values: np.ndarray[Any, np.dtype[np.float64]], given: Show) -> Any:
    from lydigital.domain import classes, thematic
    from lydigital.model.style import Fill, PolygonSymbolizer, Scheme, Stroke, Style

    symbol = PolygonSymbolizer(Fill("#ffffff", 0.82), Stroke("#ffffff", _EDGES[level], opacity=0.9))
    good = classes.finite(values)
    scheme = Scheme("natural", given.ramp, reverse=not one.higher_is_better, unit=one.unit, title=one.title, title_en=one.title_en)
    if not len(good):
        return Style((thematic.no_data(symbol),))
    limits = classes.breaks(good, "natural", min(given.classes, len(np.unique(good))))
    spread = (float(good.min()), float(good.max()))
    return thematic.graduated(Style(()), symbol, VALUE, limits, spread=spread, scheme=scheme, missing=len(good) < len(values))


def _gaps(session: Session, given: Missing) -> tuple[Gap, ...]:
    found = computed(session, given)
    if given.output:
        from lydigital.publish.report import write

        write(gap_report(found), given.output)
    return found.gaps


def gap_report(found: IndicatorResult) -> Report:
    """What is missing as a report of one table."""
    one = found.indicator
    rows = tuple((Number(i + 1, 1.0), g.code, g.name, g.place, g.reason) for i, g in enumerate(found.gaps))
    head = (tr("No."), tr("Code"), tr("Name"), tr("Place"), tr("What is missing"))
    title = tr("{indicator}: what is missing", indicator=one.name)
    sources = tuple(" · ".join(part for part in (s.title, s.source, s.currency) if part) for s in found.sources)
    return Report(title, one.shown(found.city.value), (Table(title, head, rows),), sources, is_sample=found.is_sample)


def _whatif(session: Session, given: Sites) -> WhatIf:
    from lydigital.commands.hazard import working_crs
    from lydigital.domain.whatif import whatif

    indicator = find(given.indicator)
    move = transformation(Crs(given.crs or session.document.crs), working_crs(session))
    moved = move.points(np.array(given.sites, np.float64).reshape(-1, 2)).tolist()
    return whatif(
        indicator, given.level or indicator.levels[0], material_of(session), [(x, y) for x, y in moved], reach_m=given.reach_m,
        amount=given.amount, year=given.year,
    )  # fmt: skip


def _mark(folder: Path) -> tuple[tuple[str, int], ...]:
    """What tells that the files of a folder have changed."""
    return tuple((path.name, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.toml")))


@lru_cache(maxsize=8)
def _read(folder: Path, _mark_of_files: tuple[tuple[str, int], ...]) -> tuple[Indicator, ...]:
    return read_indicators(folder)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _no_units(session: Session) -> str | None:
    found = session.ref(UNIT_LAYERS["county"])
    return None if found is not None else tr("The map has no layer {layer}", layer=UNIT_LAYERS["county"])


COMMANDS = (
    Command("indicator.list", "List indicators", _list, Which, icon="format-list-numbered"),
    Command("indicator.compute", "Work out an indicator", computed, Compute, disabled=_no_units, icon="percent-outline"),
    Command("indicator.map", "Indicator as a layer", _map, Show, disabled=_no_units, icon="map-plus"),
    Command("indicator.gaps", "What is missing, by name", _gaps, Missing, disabled=_no_units, icon="playlist-remove"),
    Command("indicator.whatif", "What new sites would change", _whatif, Sites, disabled=_no_units, icon="map-marker-plus-outline"),
)
