"""A composite index in a report: how it is made, ranking, contributions, years, inequality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.model.report import (
    Block,
    Cell,
    Chart,
    Number,
    Paragraph,
    Picture,
    Report,
    Series,
    Table,
    number,
)
from lydigital.texts import language, tr

if TYPE_CHECKING:
    from lydigital.model.index import IndexResult, Score

_DIGITS = "零一二三四五六七八九"


def report_of(found: IndexResult, picture: bytes = b"") -> Report:
    """The index as a report of its own."""
    sources = tuple(" · ".join(filter(None, (s.title, s.source, s.currency))) for s in found.sources)
    notes = tuple(f"{tr(i.message, **i.values)} {tr(i.hint, **i.values)}" for i in found.issues)
    return Report(found.index.name, str(found.year), blocks(found, picture), sources, notes, is_sample=found.is_sample)


def blocks(found: IndexResult, picture: bytes = b"") -> tuple[Block, ...]:
    """Formula, ranking with what is missing, contributions, years, ranks by year, inequality."""
    index = found.index
    note = index.note if language() == "zh" or not index.note_en else index.note_en
    out: list[Block] = [Paragraph(line, "list") for line in found.formula]
    out += [Paragraph(f"{tr('Source')}：{index.source} {note}".strip(), "note")]
    if picture:
        out.append(Picture(tr("{name} {year}", name=index.name, year=found.year), picture, 128.0))
    out += [contributions(found), _ranking(found)]
    if len(found.years) > 1:
        out += [trend(found), _ranks(found)]
    return (*out, _inequality(found))


def contributions(found: IndexResult) -> Chart:
    """Units of the year, best first, and the city, each the sum of its parts."""
    here = found.here
    scores = (*((here,) if here is not None and here.value is not None else ()), *found.ranking)
    series = tuple(Series(p.name, tuple(s.points(p.id) for s in scores)) for p in found.index.parts)
    title = tr("{name} {year}: what it is made of", name=found.index.name, year=found.year)
    return Chart(title, "stack", tuple(s.name for s in scores), series, tr("index points"), marked=(0,) if here in scores else ())


def trend(found: IndexResult) -> Chart:
    """The city over the years, with the best and the last unit."""
    ranked = found.ranking
    shown = [found.city, *(found.of(s.code) for s in ((ranked[0], ranked[-1]) if len(ranked) > 1 else ranked))]

    def line(scores: tuple[Score, ...]) -> Series:
        values = {s.year: s.value for s in scores}
        return Series(scores[0].name, tuple(values.get(y) for y in found.years))

    title = tr("{name}: the city over the years", name=found.index.name)
    return Chart(title, "line", tuple(str(y) for y in found.years), tuple(line(s) for s in shown if s), tr("index points"))


def _ranking(found: IndexResult) -> Table:
    parts = found.index.parts
    names = {i.id: i.name for i in found.index.items}
    head = (tr("Rank"), tr("Unit of administration"), tr("Index"), *(p.name for p in parts), tr("Known weight, %"), tr("Missing"))

    def row(score: Score) -> tuple[Cell, ...]:
        rank: Cell = Number(float(score.rank)) if score.rank is not None else "–"
        said = "、".join(names[m] for m in score.missing) or (tr(score.problem) if score.problem else "")
        return (rank, score.name, number(score.value, 0.1), *(number(score.points(p.id), 0.1) for p in parts), Number(100 * score.known, 0.1), said)

    unranked = [s for s in found.scores if s.year == found.year and s.value is None]
    scores = [*((found.here,) if found.here is not None else ()), *found.ranking, *unranked]
    return Table(tr("{name}: ranking {year}", name=found.index.name, year=found.year), head, tuple(row(s) for s in scores))


def _ranks(found: IndexResult) -> Table:
    own: dict[str, dict[int, Score]] = {}
    for score in found.scores:
        own.setdefault(score.code, {})[score.year] = score
    order = [s.code for s in found.ranking] + [c for c in own if all(s.code != c for s in found.ranking)]
    rows: list[tuple[Cell, ...]] = []
    for code in order:
        years = [own[code].get(y) for y in found.years]
        cells: list[Cell] = [
            "–" if s is None or s.value is None else f"{s.rank} ({s.value:.1f})" for s in years
        ]
        ranks = [s.rank for s in years if s is not None and s.rank is not None]
        moved = ranks[0] - ranks[-1] if len(ranks) > 1 else 0
        rows.append((next(iter(own[code].values())).name, *cells, f"↑{moved}" if moved > 0 else f"↓{-moved}" if moved < 0 else "—"))
    head = (tr("Unit of administration"), *map(str, found.years), tr("Change of rank"))
    return Table(tr("Ranks by year (points in brackets)"), head, tuple(rows))


def _inequality(found: IndexResult) -> Table:
    head = (tr("Item"), tr("Gini coefficient"), tr("Theil index"), tr("Within districts and within counties"), tr("Between districts and counties"))
    rows = tuple((q.title, *(number(v, 0.001) for v in (q.gini, q.theil, q.within, q.between))) for q in found.inequality)
    note = tr("0 is all alike. Weighted by people; the Theil index is the sum of its two parts.")
    return Table(tr("How unequal units are, {year}", year=found.year), head, rows, note=note)


def numbered(count: int, title: str) -> str:
    """A heading with its number: 一、… in Chinese."""
    if language() != "zh":
        return f"{count}. {title}"
    tens, ones = divmod(count, 10)
    words = ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (_DIGITS[ones] if ones else "")
    return f"{words}、{title}"
