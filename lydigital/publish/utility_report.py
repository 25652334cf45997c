"""Traces, bursts and clear distances of pipes as reports: XLSX, Word, HTML, JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lydigital.model.report import Paragraph, Picture, Report, Table, number
from lydigital.model.utility import Burst, Clearances, Trace
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.model.report import Block, Cell
    from lydigital.model.utility import Facility, Piece, Touched, TradeRules

    Named = Callable[[int], str]

MOST_ROWS = 5_000
RELATIONS = {"horizontal": "In plan", "vertical": "In level", "cover": "Cover"}
DIRECTIONS = {"up": "Up the flow", "down": "Down the flow", "connected": "Connected"}


def write(
    found: Trace | Burst | Clearances, output: str, rules: TradeRules, kind: Named, *, is_sample: bool, is_sensitive: bool = False,
    picture: bytes = b"",
) -> None:
    """Write ``found`` by the ending of ``output``; ``kind`` names kinds of facilities, ``picture`` is its map as PNG.

    Raises as :func:`report.write`.
    """
    from lydigital.publish import report

    made = report_of(found, rules, kind, is_sample=is_sample)
    if picture:
        made = replace(made, blocks=(made.blocks[0], Picture(tr("On the map"), picture), *made.blocks[1:]))
    report.write(replace(made, stamps=(tr("Sensitive: for internal use only"),)) if is_sensitive else made, output)


def report_of(found: Trace | Burst | Clearances, rules: TradeRules, kind: Named, *, is_sample: bool) -> Report:
    """The tables of a result with what is to be known of it."""
    notes = tuple(tr(i.message, **i.values) for i in found.issues)
    if isinstance(found, Trace):
        title = tr("Trace of {pipe}", pipe=found.start.code)
        trade = rules.trade(found.trade)
        words = tr("{direction}: {count} pipes, {length} m", direction=tr(DIRECTIONS[found.direction]), count=len(found.fids), length=f"{found.length_m:,.0f}")
        blocks: list[Block] = [Paragraph(words)]
        blocks += _tables(_facilities(tr("Sources and outfalls"), found.sources, kind), _facilities(tr("On the way"), found.facilities, kind), _pieces(tr("Pipes"), found.pieces))
        return Report(title, trade.name if trade is not None else found.layer, tuple(blocks), notes=notes, is_sample=is_sample)
    if isinstance(found, Clearances):
        rows = tuple(
            (tr(RELATIONS[c.relation]), *c.codes, number(c.clear_m, 0.01), number(c.least_m, 0.01), number(c.x, 0.1), number(c.y, 0.1))
            for c in found.found[:MOST_ROWS]
        )
        words = tr("{checked} pairs compared, {found} nearer than asked for, {unknown} not known", checked=found.checked, found=len(found.found) - found.unknown, unknown=found.unknown)
        head = (tr("What it is"), tr("Pipe"), tr("Other pipe"), tr("Clear distance (m)"), tr("Asked for (m)"), "x", "y")
        return Report(tr("Clear distances of pipes"), words, _tables(Table(tr("Too near"), head, rows, is_wide=True)), (found.source,), notes, is_sample)
    return _burst(found, rules, kind, is_sample=is_sample)


def _burst(found: Burst, rules: TradeRules, kind: Named, *, is_sample: bool) -> Report:
    from lydigital.publish import impact_report

    shut = found.isolation
    trade = rules.trade(shut.trade)
    notes = tuple(tr(i.message, **i.values) for i in (*shut.issues, *found.issues))
    lost = [] if shut.lost is None else [_pieces(tr("Without supply") if not _is_gravity(trade) else tr("What arrives from above"), shut.lost)]
    blocks = [
        Paragraph(tr("Burst on {pipe} at {x}, {y}", pipe=shut.burst.code, x=f"{shut.x:,.1f}", y=f"{shut.y:,.1f}")),
        *_tables(
            _facilities(tr("To shut"), shut.shut, kind), _facilities(tr("To stop"), shut.stop, kind),
            _touched(tr("Communities within {metres} m of the burst", metres=f"{found.distance_m:g}"), found.near_communities),
            _touched(tr("Communities without supply (within {metres} m of such pipes)", metres=f"{found.served_m:g}"), found.unsupplied_communities),
            _pieces(tr("Shut off"), shut.off), *lost,
        ),
    ]  # fmt: skip
    for title, impact in ((tr("Around the burst"), found.near), (tr("Where supply is lost"), found.unsupplied)):
        if impact is not None:
            blocks += [Paragraph(title, "heading"), impact_report.tables(impact)[0]]
            notes = tuple(dict.fromkeys((*notes, tr(impact.method))))
    return Report(tr("Burst of a pipe"), trade.name if trade is not None else shut.trade, tuple(blocks), notes=notes, is_sample=is_sample)


def _is_gravity(trade: object) -> bool:
    return getattr(trade, "flow", "") == "gravity"


def _tables(*tables: Table) -> tuple[Block, ...]:
    return tuple(t for t in tables if t.rows)


def _facilities(title: str, found: Sequence[Facility], kind: Named) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (f.code, f.name or kind(f.kind), number(f.away_m), number(None if f.x != f.x else f.x, 0.1), number(None if f.y != f.y else f.y, 0.1))
        for f in found[:MOST_ROWS]
    ]
    return Table(title, (tr("Its number"), tr("What it is"), tr("Along the network (m)"), "x", "y"), tuple(rows))


def _pieces(title: str, found: Sequence[Piece]) -> Table:
    rows: list[tuple[Cell, ...]] = [(p.code, p.trade, number(p.from_m), number(p.to_m), number(p.length_m)) for p in found[:MOST_ROWS]]
    return Table(title, (tr("Pipe"), tr("Trade of pipe"), tr("From (m)"), tr("To (m)"), tr("Length (m)")), tuple(rows))


def _touched(title: str, found: Sequence[Touched]) -> Table:
    rows: list[tuple[Cell, ...]] = [(t.code, t.name, number(100 * t.share, 0.1), number(t.people), number(t.households)) for t in found]
    head = (tr("Number of the community"), tr("Name of the community"), tr("Share of its area (%)"), tr("People in all of it"), tr("Households in all of it"))
    return Table(title, head, tuple(rows))
