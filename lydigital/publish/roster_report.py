"""Rosters and households in need as reports: XLSX, Word, HTML, JSON. Always stamped as sensitive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.model.community import Needs, Roster
from lydigital.model.report import Chart, Paragraph, Report, Series, Table, number
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.community import Household
    from lydigital.model.report import Block, Cell

MOST_ROWS = 20_000


def write(found: Roster | Needs, output: str) -> None:
    """Write by the ending of ``output``. Raises as :func:`report.write`."""
    from lydigital.publish import report

    report.write(report_of(found), output)


def report_of(found: Roster | Needs) -> Report:
    """Sums, then the households one by one."""
    stamps = (tr("Sensitive: for internal use only"),)
    masked = tr("Names and phones are starred.") if found.is_masked else tr("Contains personal data: keep it under lock.")
    notes = (masked, *(tr(i.message, **i.values) for i in found.issues))
    sources = tuple(" · ".join(part for part in (s.title, s.source, s.currency) if part) for s in found.sources)
    title, subtitle, blocks = _needs(found) if isinstance(found, Needs) else _roster(found)
    return Report(title, subtitle, blocks, sources, notes, found.is_sample, stamps, is_landscape=True)


def _roster(found: Roster) -> tuple[str, str, tuple[Block, ...]]:
    words = tr(
        "{households} households, {persons} persons, {floating} of them floating population; {need} households in need.",
        households=f"{len(found.households):,}", persons=f"{found.persons:,}", floating=f"{found.floating:,}", need=f"{found.in_need:,}",
    )  # fmt: skip
    rows = tuple((t.name, number(t.households), number(t.persons), number(t.floating)) for t in found.tallies)
    head = (tr("Category"), tr("Households"), tr("Persons"), tr("Floating population"))
    return tr("Roster: {place}", place=found.title), found.code, (Paragraph(words), Table(tr("By category"), head, rows), _list(found.households))


def _needs(found: Needs) -> tuple[str, str, tuple[Block, ...]]:
    names = tuple(name for _, name in found.categories)
    rows: list[tuple[Cell, ...]] = [
        (u.code, u.name, u.place, number(u.households), *(number(c) for _, c in u.counts), number(u.persons), number(u.listed),
         number(None if u.share is None else 100 * u.share, 0.1))
        for u in (*found.units, found.total)
    ]  # fmt: skip
    if rows:
        rows[-1] = ("", tr("All"), *rows[-1][2:])
    head = (tr("Code"), tr("Unit"), tr("Place"), tr("Households in need"), *names, tr("Persons"), tr("Households listed"), tr("Share (%)"))
    top = found.units[:30]
    chart = Chart(
        tr("Households in need by category"), "stack", tuple(u.name for u in top),
        tuple(Series(name, tuple(float(u.counts[i][1]) for u in top)) for i, name in enumerate(names)), tr("households"), step=1.0,
    )  # fmt: skip
    blocks: list[Block] = [Table(tr("By unit"), head, tuple(rows), is_wide=True)]
    if top:
        blocks.append(chart)
    return tr("Households in need"), "、".join(names), (*blocks, _list(found.households))


def _list(some: Sequence[Household]) -> Table:
    head = (
        tr("Code"), tr("Head of household"), tr("Phone"), tr("Persons"), tr("Floating population"), tr("Category"), tr("Grid"), tr("Building"),
        tr("Community"), tr("Township"), tr("County"),
    )  # fmt: skip
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (h.code, h.head, h.phone, number(h.persons), number(h.floating), h.category_name, h.grid, h.building, h.community_name, h.township_name, h.county_name)
        for h in some[:MOST_ROWS]
    )
    return Table(tr("Households"), head, rows, is_wide=True)
