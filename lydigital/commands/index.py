"""The composite index of informatization: worked out from statistics, shown as a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital import paths
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError, UsageError
from lydigital.model.index import Method, Missing  # noqa: TC001 - msgspec resolves them at run time
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.index import IndexDef, IndexResult, Score
    from lydigital.model.table import FeatureTable
    from lydigital.session import Session

STATISTIC, COUNTY = "statistic", "county"
FOLDER = Path("index")


class Compute(Parameters, frozen=True, kw_only=True):
    """The index of the file ``index`` for all years there are figures of, told for ``year`` (the last unless named).

    ``weights`` are other weights of parts, or of items in their part, by id; they have to add up to 1. ``method`` and
    ``missing`` go before those of the file.
    """

    index: str = "idi"
    year: int | None = None
    method: Method | None = None
    missing: Missing | None = None
    weights: dict[str, float] = msgspec.field(default_factory=dict)


def definition(index_id: str = "idi") -> IndexDef:
    """An index: the user's own ``index/<id>.toml`` in the configuration folder, or the one shipped.

    Raises
    ------
    LydError
        When there is none, or it is not valid.
    """
    from lydigital.model.index import read_index

    found = {p.stem: p for folder in (paths.layers_dir(), paths.config_dir()) for p in sorted((folder / FOLDER).glob("*.toml"))}
    if index_id not in found:
        raise UsageError("There is no index {name}", hint="There are: {names}", name=index_id, names=", ".join(found))
    return read_index(found[index_id])


def of_map(session: Session, given: Compute | None = None) -> IndexResult:
    """The index of the map's statistics.

    Raises
    ------
    LydError
        When the map has no statistics, or parameters do not fit.
    """
    from lydigital.domain import composite
    from lydigital.model.impact import Provenance
    from lydigital.model.index import weighed
    from lydigital.model.indicator import read_codes

    given = given or Compute()
    index = definition(given.index)
    changes = {k: v for k, v in (("method", given.method), ("missing", given.missing)) if v is not None}
    index = weighed(msgspec.structs.replace(index, **changes), given.weights)
    rows = _table(session, STATISTIC).columns.to_pylist()
    codes = read_codes(paths.layers_dir() / "indicators" / "codes.toml")

    def renewed(code: str) -> str:
        return next((c.new + code[len(c.old) :] for c in codes if code.startswith(c.old)), code)

    layer = session.definition(STATISTIC)
    is_sample = layer.sample or any(r.get("nature") == "示例数据" for r in rows)
    source = Provenance(STATISTIC, layer.name, layer.source, layer.currency, is_sample)
    return composite.compute(index, composite.figures(rows, composite.units_of(index), renewed), given.year, (source,))


def _table(session: Session, layer: str) -> FeatureTable:
    from lydigital.model.table import FeatureTable

    found = session.table(layer) if session.ref(layer) is not None else None
    if not isinstance(found, FeatureTable):
        raise BadDataError("The map has no layer {layer}", hint="Add it to the map, or open a map that has it.", layer=layer)
    return found


def _compute(session: Session, given: Compute) -> IndexResult:
    return of_map(session, given)


def _map(session: Session, given: Compute) -> ChangeSet:
    """Counties by their index, as a layer of the map."""
    import numpy as np

    from lydigital.commands import results
    from lydigital.domain import classes, thematic
    from lydigital.model.layerdef import FieldDef
    from lydigital.model.style import Fill, LabelStyle, PolygonSymbolizer, Scheme, Stroke, Style

    found = of_map(session, given)
    table = _table(session, COUNTY)
    own = {s.code: s for s in found.scores if s.year == found.year}
    here = [own.get(str(code)) for code in table.column("code").to_pylist()]
    values = np.array([np.nan if s is None or s.value is None else s.value for s in here])
    known = values[np.isfinite(values)]
    spread = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    title, title_en = f"{found.index.title} {found.year}", f"{found.index.title_en or found.index.title} {found.year}"
    style = thematic.graduated(
        Style((), labels=LabelStyle("name", size_pt=8.0, placement="area", priority=70)),
        PolygonSymbolizer(Fill("#888888", 0.9), Stroke("#ffffff", 0.2, opacity=0.9)), "value",
        classes.breaks(values, "pretty", 5) if len(known) else (), spread=spread,
        scheme=Scheme("pretty", "teal", title=found.index.title, title_en=found.index.title_en), missing=len(known) < len(values),
    )  # fmt: skip
    parts = found.index.parts
    fields = (
        FieldDef("code", "代码", title_en="Code", type="text"), FieldDef("name", "名称", title_en="Name", type="text"),
        FieldDef("value", found.index.title, title_en=found.index.title_en, type="real"),
        FieldDef("rank", "位次", title_en="Rank", type="integer"), FieldDef("year", "年份", title_en="Year", type="integer"),
        *(FieldDef(p.id, f"{p.title}得分", title_en=p.title_en, type="real") for p in parts),
        FieldDef("missing", "缺项", title_en="Missing", type="text"),
    )  # fmt: skip
    columns: dict[str, Any] = {
        "code": table.column("code").to_pylist(), "name": table.column("name").to_pylist(), "value": values,
        "rank": [None if s is None else s.rank for s in here], "year": [found.year] * len(here),
        **{p.id: np.array([np.nan if s is None or (v := s.points(p.id)) is None else v for s in here]) for p in parts},
        "missing": ["" if s is None else "、".join(names_of(found.index, s)) for s in here],
    }  # fmt: skip
    return results.add(
        session, f"index_{found.index.id}", title=title, title_en=title_en, geometry=table.geometry, crs=table.crs, fields=fields,
        columns=columns, style=style, nature="示例数据" if found.is_sample else "推算",
    )  # fmt: skip


def names_of(index: IndexDef, score: Score) -> list[str]:
    """Names of the items a unit lacks."""
    return [i.name for i in index.items if i.id in score.missing]


def values_of(found: IndexResult) -> dict[str, Any]:
    """The index as plain values in the user's language; numbers that are not known are null."""

    def score(s: Score) -> dict[str, Any]:
        return {
            "code": s.code, "name": s.name, "year": s.year, "value": s.value, "rank": s.rank, "known": s.known,
            "missing": list(s.missing), "problem": tr(s.problem) if s.problem else "",
            "parts": {p.id: s.points(p.id) for p in found.index.parts}, "contributions": msgspec.to_builtins(s.contributions),
        }  # fmt: skip

    return {
        "index": found.index.id, "title": found.index.name, "method": found.index.method, "missing": found.index.missing, "year": found.year,
        "years": list(found.years), "weights": {p.id: p.weight for p in found.index.parts},
        "city": [score(s) for s in found.city], "units": [score(s) for s in found.scores],
        "ranking": [{"rank": s.rank, "code": s.code, "name": s.name, "value": s.value} for s in found.ranking],
        "inequality": msgspec.to_builtins(found.inequality), "formula": list(found.formula), "sample": found.is_sample,
        "sources": msgspec.to_builtins(found.sources),
        "issues": [
            {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values), "count": i.count}
            for i in found.issues
        ],
    }  # fmt: skip


def _no_statistics(session: Session) -> str | None:
    return None if session.ref(STATISTIC) is not None else tr("The map has no table of statistics")


COMMANDS = (
    Command("index.compute", "Informatization index", _compute, Compute, disabled=_no_statistics, icon="chart-bar"),
    Command("index.map", "Show informatization index", _map, Compute, disabled=_no_statistics, icon="map-legend"),
)
