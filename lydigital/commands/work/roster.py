"""The work of :mod:`lydigital.commands.roster`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.commands import results
from lydigital.commands.card import may_see
from lydigital.commands.roster import BUILDINGS, COMMUNITIES, GRIDS, RESIDENTS, InNeed, NeedsMap, Show
from lydigital.commands.work.sites import nature_of, source_of
from lydigital.domain import roster as domain
from lydigital.domain.figures import texts
from lydigital.domain.placing import middles
from lydigital.errors import BadDataError, LydError, RefusedError, UsageError
from lydigital.model.community import ORDINARY, Household, Needs, Registered, Roster
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import FieldDef
from lydigital.model.style import LabelStyle, PointSymbolizer, Rule, Style
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.changeset import ChangeSet
    from lydigital.model.impact import Provenance
    from lydigital.session import Session

COLORS = {2: "#c8782f", 3: "#a3203a", 4: "#6a4c93", 5: "#1f6f8b", 6: "#3f8f4e"}
UNITS = {"grid": GRIDS, "building": BUILDINGS, "community": COMMUNITIES, "township": "township", "county": "county"}


def show(session: Session, wanted: Show) -> Roster:
    """The roster of a place."""
    of, code = wanted.of, wanted.code
    if wanted.x is not None and wanted.y is not None:
        code = code_at(session, of, wanted.x, wanted.y)
    if of != "city" and not code:
        raise UsageError("No place is named", hint="Name one by its code, or by x and y.")
    found = households_of(session, personal=wanted.personal)
    names = categories_of(session)
    _known(wanted.categories, names)
    title, registered = _about(session, of, code, found)
    made = domain.roster(
        found, of, code, title, names=names, registered=registered, is_masked=not wanted.personal, sources=_sources(session, of),
        categories=wanted.categories,
    )  # fmt: skip
    if wanted.output:
        _write(made, wanted.output)
    return made


def in_need(session: Session, wanted: InNeed) -> Needs:
    """Households in need by unit."""
    found = households_of(session, personal=wanted.personal)
    names = categories_of(session)
    _known(wanted.categories, names)
    made = domain.needs(
        found, wanted.by, _titles(wanted.by, found), names=names, is_masked=not wanted.personal, categories=wanted.categories,
        sources=_sources(session, wanted.by),
    )  # fmt: skip
    if wanted.output:
        _write(made, wanted.output)
    return made


def needs_map(session: Session, wanted: NeedsMap) -> ChangeSet:
    """Households in need as points, one a building and category."""
    made = in_need(session, InNeed(by="grid", categories=wanted.categories))
    table, style = need_points(session, made.households)
    if not len(table):
        raise BadDataError("No household in need has a place: there is nothing to put on the map", hint="Choose other categories.")
    names = {str(n): (name, name) for n, name in made.categories}
    return results.add(
        session, "roster needs", title="困难家庭", title_en="Households in need", geometry=table.geometry, crs=table.crs,
        fields=(
            FieldDef("category", "户类", "Category", type="integer", domain=names), FieldDef("households", "户数", "Households", type="integer", unit="户"),
            FieldDef("persons", "人数", "Persons", type="integer", unit="人"), FieldDef("building", "楼号", "Building"), FieldDef("grid", "网格编号", "Grid"),
        ),
        columns={name: table.column(name).to_pylist() for name in ("category", "households", "persons", "building", "grid")}, style=style,
        nature=nature_of(made.sources), words="Show {layer}",
    )  # fmt: skip


def need_points(session: Session, some: Sequence[Household]) -> tuple[FeatureTable, Style]:
    """Households by place and category as points of the map, and how they are drawn; nothing personal is in them."""
    import pyarrow as pa

    groups: dict[tuple[int, str, str], list[Household]] = {}
    for h in some:
        if h.x is not None and h.category is not None:
            groups.setdefault((h.category, h.grid, h.building), []).append(h)
    turn = Counter[tuple[str, str]]()
    xy = []
    for (_, grid, building), mine in groups.items():
        k = turn[grid, building]
        turn[grid, building] += 1
        xy.append((float(mine[0].x or 0) + 9.0 * (k % 3), float(mine[0].y or 0) - 9.0 * (k // 3)))  # categories of one building side by side
    columns = {
        "category": [c for c, _, _ in groups], "households": [len(mine) for mine in groups.values()],
        "persons": [sum(h.persons or 0 for h in mine) for mine in groups.values()], "building": [b for _, _, b in groups], "grid": [g for _, g, _ in groups],
    }  # fmt: skip
    types = (pa.int64(), pa.int64(), pa.int64(), pa.string(), pa.string())
    made = pa.table({name: pa.array(values, kind) for (name, values), kind in zip(columns.items(), types, strict=True)})
    table = FeatureTable(np.arange(1, len(groups) + 1), made, GeometryArray.from_points(np.array(xy, float).reshape(-1, 2)), Crs(session.document.crs))
    names = categories_of(session)
    rules = tuple(
        Rule((PointSymbolizer(shape="circle", size_mm=2.6, color=COLORS.get(n, "#666666"), outline_mm=0.25),), names[n], names[n], value=n)
        for n in sorted({c for c, _, _ in groups})
    )
    words = LabelStyle("households", size_pt=7.0, color="#22262b", halo="#fffffff0", halo_mm=0.35, max_scale=6_000)
    return table, Style(rules, kind="categorized", field="category", labels=words)


def code_at(session: Session, of: str, x: float, y: float) -> str:
    """Code of the place of a kind at a point of the map.

    Raises
    ------
    UsageError
        When there is none.
    """
    layer = UNITS.get(of, "")
    table = _table(session, layer) if layer else None
    if table is not None:
        rows = table.rows_in((x, y, x, y))
        inside = rows[shapely.contains_xy(shapely.make_valid(table.geometry.to_shapely(rows)), x, y)] if len(rows) else rows
        if len(inside):
            return str(table.fid[inside[0]]) if of == "building" else texts(table, "code")[int(inside[0])]
    raise UsageError("Nothing of this kind lies at {x}, {y}", hint="Click inside one.", x=f"{x:.1f}", y=f"{y:.1f}")


def categories_of(session: Session) -> dict[int, str]:
    """Categories of households by number."""
    field = session.definition(RESIDENTS).field("category")
    return {int(n): field.decode(n) for n in field.domain} if field is not None else {ORDINARY: ""}


def households_of(session: Session, *, personal: bool = False) -> tuple[Household, ...]:
    """The whole roster; ``personal`` as the rules of the office allow.

    Raises
    ------
    LydError
        When there is no roster, or this person may not see personal data.
    """
    if personal and not may_see(session):
        raise RefusedError(
            "{who} may not see personal data", hint="The office's settings name who may; look at it with stars.",
            who=session.history.author or "?",
        )  # fmt: skip
    if session.ref(RESIDENTS) is None:
        raise UsageError("The map has no roster of residents", hint="Add the layer {layer}.", layer=RESIDENTS)
    table = session.table(RESIDENTS)
    if not isinstance(table, FeatureTable):
        raise UsageError("The map has no roster of residents", hint="Add the layer {layer}.", layer=RESIDENTS)
    return domain.households(table.fid.tolist(), table.columns.to_pylist(), session.definition(RESIDENTS), _places(session, table), may_see=personal)


# --- inside -----------------------------------------------------------------------------------------------------------


def _places(session: Session, roster: FeatureTable) -> domain.Places:
    communities = _table(session, COMMUNITIES)
    tree = None if communities is None else shapely.STRtree(shapely.make_valid(communities.geometry.to_shapely()))
    codes, names = ([], []) if communities is None else (texts(communities, "code"), texts(communities, "name"))

    def spots(table: FeatureTable, rows: np.ndarray) -> list[domain.Spot]:
        xy = middles(FeatureTable(table.fid[rows], table.columns, table.geometry.take(rows), table.crs))
        points = shapely.points(xy)
        at = dict(zip(*tree.query(points, predicate="intersects").tolist(), strict=True)) if tree is not None and len(rows) else {}
        return [
            domain.Spot(float(x), float(y), codes[at[i]] if i in at else "", names[at[i]] if i in at else "") for i, (x, y) in enumerate(xy.tolist())
        ]

    buildings: dict[int, domain.Spot] = {}
    table = _table(session, BUILDINGS)
    if table is not None:
        wanted = np.array(sorted({n for text in texts(roster, "building") if (n := domain.building_of(text)) is not None}), np.int64)
        rows = table.rows_of(wanted)
        there = rows >= 0
        buildings = dict(zip(wanted[there].tolist(), spots(table, rows[there]), strict=True))
    grid = _table(session, GRIDS)
    grids = {} if grid is None else dict(zip(texts(grid, "code"), spots(grid, np.arange(len(grid))), strict=True))
    return domain.Places(buildings, grids, _names(session, "township"), _names(session, "county"))


def _names(session: Session, layer: str) -> dict[str, str]:
    table = _table(session, layer)
    return {} if table is None else dict(zip(texts(table, "code"), texts(table, "name"), strict=True))


def _table(session: Session, layer: str) -> FeatureTable | None:
    """Areas of a layer as the map has them; None where it lacks them."""
    if session.document.layer(layer) is None:
        return None
    try:
        found = session.table(layer)
    except LydError:
        return None
    return found if isinstance(found, FeatureTable) and found.geometry.kind is GeometryKind.POLYGON else None


def _about(session: Session, of: str, code: str, found: Sequence[Household]) -> tuple[str, Registered]:
    """What a place is called, and what it says itself of its people."""
    if of == "city":
        return tr("Whole city"), Registered()
    layer = UNITS[of]
    table = _table(session, layer)
    if table is None:
        if any(domain.of_place(found, of, code)):  # type: ignore[arg-type]
            return code, Registered()
        raise UsageError("The map has no layer {layer}", hint="Add it to the map, or open a map that has it.", layer=layer)
    if of == "building":
        row = table.row_of.get(int(code), -1) if code.isdigit() else -1
    else:
        codes = texts(table, "code")
        row = codes.index(code) if code in codes else -1
    if row < 0:
        raise UsageError(
            "There is no {kind} {code}", hint="Name it by its code, or by x and y.", kind=session.definition(layer).name, code=code
        )
    if of == "building":
        return tr("Building {number}", number=code), Registered()
    record = table.record(row)
    name = str(record.get("name") or code)
    persons = record.get("persons", record.get("residents", record.get("population")))
    return name, Registered(_whole(record.get("households")), _whole(persons), _whole(record.get("floating")))


def _titles(by: str, found: Sequence[Household]) -> dict[str, tuple[str, str]]:
    out = {"": (tr("No unit"), "")}
    for h in found:
        if by == "building":
            out.setdefault(str(h.building_fid or ""), (h.building, h.township_name))
        elif by == "community":
            out.setdefault(h.community, (h.community_name, h.township_name))
        elif by == "grid":
            out.setdefault(h.grid, (h.grid, h.township_name))
        elif by == "township":
            out.setdefault(h.township, (h.township_name or h.township, h.county_name))
        else:
            out.setdefault(h.county, (h.county_name or h.county, ""))
    return out


def _known(categories: Sequence[int], names: dict[int, str]) -> None:
    odd = [n for n in categories if n not in names]
    if odd:
        known = ", ".join(f"{n} {name}" for n, name in names.items())
        raise UsageError("There is no category {number}", hint="The categories are: {known}.", number=odd[0], known=known)


def _sources(session: Session, of: str) -> tuple[Provenance, ...]:
    layers = [RESIDENTS, *([UNITS[of]] if of in UNITS and session.document.layer(UNITS[of]) is not None else [])]
    return tuple(source_of(session, layer) for layer in layers)


def _write(found: Roster | Needs, output: str) -> None:
    from lydigital.publish import roster_report

    roster_report.write(found, output)


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
