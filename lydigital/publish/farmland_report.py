"""Farmland gained, lost and occupied as reports: XLSX, Word, HTML, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.model.farmland import Comparison, Occupation
from lydigital.model.measures import M2_OF_MU
from lydigital.model.report import Chart, Paragraph, Report, Series, Table, number
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.farmland import UnitChange
    from lydigital.model.impact import Provenance
    from lydigital.model.report import Cell

MOST_ROWS = 5_000
_MU = 10_000 / M2_OF_MU


def write(found: Comparison | Occupation, output: str) -> None:
    """Write by the ending of ``output``. Raises as :func:`report.write`."""
    from lydigital.publish import report

    report.write(report_of(found), output)


def report_of(found: Comparison | Occupation) -> Report:
    """Sums, units, pieces, and what is to be known of them."""
    notes = tuple(tr(i.message, **i.values) for i in found.issues)
    sources = tuple(_source(s) for s in found.sources)
    if isinstance(found, Comparison):
        method = tr("Outlines are cut on the plane and measured on the CGCS2000 ellipsoid; parcels belong to the unit of their own code.")
        kept = tr("Before and after equal their parts within {area} ha.", area=f"{found.residual_ha:.6f}")
        return Report(
            tr("Farmland gained and lost"), tr("{before} to {after}", before=found.dates[0], after=found.dates[1]), _comparison(found), sources,
            (*notes, kept, method), found.is_sample, is_landscape=True,
        )  # fmt: skip
    return Report(tr("Protected farmland that is built on"), "", _occupation(found), sources, notes, found.is_sample, is_landscape=True)


def _comparison(found: Comparison) -> tuple[Paragraph | Table | Chart, ...]:
    head = (
        tr("Code"), tr("Unit"), tr("County"), tr("Before (ha)"), tr("After (ha)"), tr("Lost (ha)"), tr("Gained (ha)"), tr("Unchanged (ha)"),
        tr("Net (ha)"), tr("Net (%)"), tr("Net (mu)"), tr("Basic farmland lost (ha)"),
    )  # fmt: skip
    rows = [_row(u, u.name or tr("No unit")) for u in found.units]
    labels = tuple(u.name or tr("No unit") for u in found.units[:40])
    chart = Chart(
        tr("Lost and gained by unit"), "bar", labels,
        (Series(tr("Lost"), tuple(u.lost_ha for u in found.units[:40]), "#c8402f"), Series(tr("Gained"), tuple(u.gained_ha for u in found.units[:40]), "#2f8f4e")), "ha",
    )  # fmt: skip
    turned = tuple((t.before, t.after, number(t.area_ha, 0.01)) for t in found.turned)
    parts: tuple[tuple[Cell, ...], ...] = tuple(
        (tr("Lost") if p.change == "lost" else tr("Gained"), p.county, p.name, p.kind, tr("yes") if p.protected else tr("no"), number(p.area_ha, 0.01),
         number(p.area_ha * _MU, 0.1), number(p.x, 0.1), number(p.y, 0.1))
        for p in found.parts[:MOST_ROWS]
    )  # fmt: skip
    blocks: list[Paragraph | Table | Chart] = [Table(tr("By unit"), head, (*rows, _row(found.city, tr("All"))), is_wide=True)]
    if labels:
        blocks.append(chart)
    if turned:
        blocks.append(Table(tr("Farmland of another kind now"), (tr("Was"), tr("Is"), tr("Area (ha)")), turned))
    heads = (tr("Change"), tr("County"), tr("Unit"), tr("Kind"), tr("Basic farmland"), tr("Area (ha)"), tr("Area (mu)"), "x", "y")
    blocks.append(Table(tr("Pieces lost and gained"), heads, parts, is_wide=True))
    return tuple(blocks)


def _row(u: UnitChange, name: str) -> tuple[Cell, ...]:
    share = None if u.net_share is None else 100 * u.net_share
    amounts = (u.before_ha, u.after_ha, u.lost_ha, u.gained_ha, u.unchanged_ha, u.net_ha)
    return (u.code, name, u.county, *(number(a, 0.01) for a in amounts), number(share, 0.01), number(u.net_ha * _MU, 0.1), number(u.protected_lost_ha, 0.01))


def _occupation(found: Occupation) -> tuple[Paragraph | Table | Chart, ...]:
    words = tr(
        "{area} of {all} ha of permanent basic farmland are taken.", area=f"{found.protected_ha:,.2f}", all=f"{found.all_protected_ha:,.2f}"
    )
    sums = tuple((name, number(count), number(area, 0.01)) for name, count, area in found.by_layer)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (r.layer_name, number(r.fid), r.title, r.kind, r.county, r.name, number(r.protected_ha, 0.01), number(r.protected_ha * _MU, 0.1),
         number(r.other_ha, 0.01), "、".join(map(str, r.parcels)))
        for r in found.rows[:MOST_ROWS]
    )  # fmt: skip
    head = (
        tr("Layer"), tr("Feature"), tr("Taken by"), tr("Kind"), tr("County"), tr("Unit"), tr("Basic farmland (ha)"), tr("Basic farmland (mu)"),
        tr("Other farmland (ha)"), tr("Parcels"),
    )  # fmt: skip
    return (
        Paragraph(words), Table(tr("By layer"), (tr("Layer"), tr("Count"), tr("Basic farmland (ha)")), sums),
        Table(tr("What stands on it"), head, rows, is_wide=True),
    )  # fmt: skip


def _source(source: Provenance) -> str:
    return " · ".join(part for part in (source.title, source.source, source.currency) if part)
