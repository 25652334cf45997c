"""People in service areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.commands import impact
from lydigital.commands.coverage import written
from lydigital.commands.work.coverage import area
from lydigital.domain import areal
from lydigital.domain.impact import provenance_of
from lydigital.domain.population import WHOLE
from lydigital.model.coverage import Served, ServedUnit
from lydigital.model.issue import Issue
from lydigital.texts import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.commands.coverage import People
    from lydigital.domain import impact as hits
    from lydigital.session import Session


def served(session: Session, wanted: People) -> Served:
    """People in the area."""
    found = _served(session, wanted)
    written(found, wanted.output)
    return found


def _served(session: Session, wanted: People) -> Served:
    found = area(session, wanted)
    crs = found.crs
    rules = impact.rules_of()
    people = impact.people_of(session, rules, crs)
    if people is None:
        issue = Issue(
            "coverage.no_people", "warning", "The map has no layer that tells where people live: nobody can be counted",
            "Add the layer community or township.",
        )  # fmt: skip
        return Served(found.title, wanted.way, None, None, None, None, 0.0, provenance=found.provenance, issues=(*found.issues, issue))
    session.progressed.emit(tr("People served"), 0.7)
    shape = found.shape.to_shapely()[0]
    counted = {name: np.where(values >= 0, values, np.nan) for name, values in people.counted.items()}
    persons = counted["people"]
    split = areal.split(people.table, shape, persons, people.weights if wanted.way == "dasymetric" else ())
    unknown = int(np.isnan(persons).sum())
    issues = list(found.issues)
    if unknown:
        issues.append(Issue(
            "coverage.unknown_people", "warning", "{count} units have no figure of people: they are in no number",
            "Fill in the population of {layer}.", count=unknown, values={"count": str(unknown), "layer": people.layer.name},
        ))  # fmt: skip
    lost = (split.inside + split.outside < 0.5) & (persons > 0)
    if lost.any():
        issues.append(Issue(
            "coverage.residual", "warning", "{people} people are in {count} units without an area: they are neither inside nor outside",
            "Draw the areas of these units anew.", count=int(lost.sum()),
            values={"count": str(int(lost.sum())), "people": f"{np.nansum(persons[lost]):,.0f}"},
        ))  # fmt: skip
    if not np.nansum(persons) and not unknown:
        issues.append(Issue("coverage.nobody", "warning", "Nobody lives here by the figures: no share can be given", "Check the population of the units."))
    homes = counted.get("households")
    units = impact.units_of(session, rules, wanted.by, crs)
    return Served(
        found.title, wanted.way, _sum(persons), _sum(split.served(persons)), _sum(split.low(persons)), _sum(split.high(persons)),
        split.residual(persons), None if homes is None else _sum(homes), None if homes is None else _sum(split.served(homes)), unknown,
        () if units is None else _by_unit(units, people, split, persons), _method(split, people, wanted),
        (*found.provenance, provenance_of(people.layer)), tuple(issues),
    )  # fmt: skip


def _sum(values: NDArray[np.float64]) -> float | None:
    return float(np.nansum(values)) if np.isfinite(values).any() else None


def _by_unit(
    units: hits.Units, people: hits.People, split: areal.Split, persons: NDArray[np.float64]
) -> tuple[ServedUnit, ...]:
    of = units.of(people.codes, people.table.geometry.bounds)
    made = []
    inside, low, high = split.served(persons), split.low(persons), split.high(persons)
    for i in sorted(range(len(units.codes)), key=lambda i: units.codes[i]):
        mine = of == i
        made.append(ServedUnit(
            units.codes[i], units.names[i], units.counties[i], _sum(persons[mine]), _sum(inside[mine]), _sum(low[mine]), _sum(high[mine])
        ))  # fmt: skip
    return tuple(made)


def _method(split: areal.Split, people: hits.People, wanted: People) -> str:
    cut = (split.by_area > 0) & (split.by_area < 1) & (split.way != WHOLE)
    names = [*people.weight_names] if wanted.way == "dasymetric" else []
    parts = [tr("{name}: {count} units cut", name=name, count=int((cut & (split.way == i)).sum())) for i, name in enumerate(names)]
    parts.append(tr("{name}: {count} units cut", name=tr("plain area"), count=int((cut & (split.way < 0)).sum())))
    return tr("; ").join(parts)
