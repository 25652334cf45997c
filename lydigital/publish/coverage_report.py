"""The coverage report: every system against its target, unit by unit, what is missing by name, the index, how it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
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
from lydigital.publish import index_report
from lydigital.publish.index_report import numbered
from lydigital.texts import language, pick, tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.model.impact import Provenance
    from lydigital.model.index import IndexResult
    from lydigital.model.indicator import Indicator, IndicatorResult, Level, UnitValue
    from lydigital.model.system import Section, SystemCard

MOST_BARS, ENDS = 16, 6  # units in a ranking; of more the best and the last so many
_FINDINGS = 8
_PERCENT = ("%",)


@dataclass(frozen=True)
class Part:
    """A system of the report: its card, its headline indicator at the level of the report, and a map of it."""

    card: SystemCard
    result: IndicatorResult | None
    picture: bytes = b""


@dataclass(frozen=True)
class Coverage:
    """What a coverage report is made of.

    Attributes
    ----------
    level
        Of the units it is told by; an indicator unknown there stands at the next coarser one.
    most
        Rows of long lists; all of them where 0.
    """

    city: str
    level: Level
    sections: tuple[tuple[Section, tuple[Part, ...]], ...]
    index: IndexResult | None = None
    index_picture: bytes = b""
    date: str = ""
    most: int = 0
    problems: tuple[str, ...] = field(default=())

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for _, parts in self.sections for part in parts)


def compose(of: Coverage) -> Report:
    """The report."""
    results = [p.result for p in of.parts if p.result is not None]
    blocks: list[Block] = [Paragraph(numbered(1, tr("Summary of systems")), "heading"), *_overview(of, results)]
    count = 1
    for section, parts in of.sections:
        count += 1
        blocks += [Paragraph(numbered(count, section.name), "heading"), *_section(section, parts, of)]
    if of.index is not None:
        count += 1
        blocks += [Paragraph(numbered(count, of.index.index.name), "heading"), *index_report.blocks(of.index, of.index_picture)]
    gaps = [r for r in results if r.gaps]
    if gaps:
        count += 1
        blocks += [Paragraph(numbered(count, tr("What is missing, by name")), "heading"), *(_gaps(r, of.most) for r in gaps)]
    count += 1
    blocks += [Paragraph(numbered(count, tr("How it is worked out")), "heading"), _definitions(results)]
    years = sorted({r.year for r in results if r.year is not None})
    told = " · ".join(filter(None, (
        tr("By {level}", level=level_name(of.level)), tr("Figures of {years}", years=_span(years)) if years else "", of.date,
    )))  # fmt: skip
    return Report(
        tr("{city}: report on coverage and targets", city=of.city), told, tuple(blocks), sources=_sources(results, of.index),
        notes=_notes(results, of), is_sample=any(p.card.is_sample for p in of.parts) or any(r.is_sample for r in results),
    )  # fmt: skip


def level_name(level: Level) -> str:
    names = {"city": "city", "county": "county", "township": "township", "village": "village", "community": "urban community"}
    return tr(names[level])


# --- summary ----------------------------------------------------------------------------------------------------------


def _overview(of: Coverage, results: list[IndicatorResult]) -> list[Block]:
    judged = [(r, share) for r in results if (share := _share(r)) is not None]
    reached = sum(share >= 1 - 1e-9 for _, share in judged)
    lines: list[Block] = [Paragraph(tr(
        "{systems} systems, {layers} of {wanted} layers on the map. {judged} headline indicators have a target or a figure of the plan: {reached} reach it, {short} do not.",
        systems=len(of.parts), layers=sum(p.card.present for p in of.parts), wanted=sum(len(p.card.layers) for p in of.parts),
        judged=len(judged), reached=reached, short=len(judged) - reached,
    ))]  # fmt: skip
    short = sorted((p for p in judged if p[1] < 1 - 1e-9), key=lambda p: p[1])
    for result, share in short[:_FINDINGS]:
        one = result.indicator
        missing = tr("; {count} missing by name", count=f"{len(result.gaps):,}") if result.gaps else ""
        lines.append(Paragraph(
            tr("{name}: {value}, {against}", name=one.name, value=_here(result), against=_against(one, share)) + missing, "list"
        ))  # fmt: skip
    if judged:
        ordered = sorted(judged, key=lambda p: -p[1])
        lines.append(Chart(
            tr("Headline indicators against target or plan"), "target", tuple(r.indicator.name for r, _ in ordered),
            (Series(tr("At present"), tuple(100 * s for _, s in ordered)),), targets=(100.0,) * len(ordered),
            texts=tuple(f"{_here(r)} / {_aim(r.indicator)}" for r, _ in ordered),
            note=tr("Targets of the plan where there are any; else figures the plan gives for the whole city, 余 and 多 as lower bounds."),
        ))  # fmt: skip
    return [*lines, _systems(of)]


def _systems(of: Coverage) -> Table:
    head = (
        tr("Chapter"), tr("System of the plan"), tr("Headline indicator"), tr("At present"), tr("Target or plan"), tr("Reached, %"), tr("Missing"),
        tr("Layers"), tr("Filled in, %"), tr("As of"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for section, parts in of.sections:
        for part in parts:
            card, found = part.card, part.result
            share = None if found is None else _share(found)
            rows.append((
                section.name, card.system.name, "–" if found is None else found.indicator.name, "–" if found is None else _here(found),
                "–" if found is None else _aim(found.indicator) or "–", number(None if share is None else 100 * share, 0.1),
                Number(float(len(found.gaps))) if found is not None and (found.indicator.gap or found.indicator.target is not None) else "–", f"{card.present}/{len(card.layers)}",
                number(None if card.completeness is None else 100 * card.completeness, 0.1), card.currency or "–",
            ))  # fmt: skip
    return Table(tr("Systems of the plan"), head, tuple(rows), is_wide=True)


# --- chapters ---------------------------------------------------------------------------------------------------------


def _section(section: Section, parts: tuple[Part, ...], of: Coverage) -> list[Block]:
    out: list[Block] = []
    for part in parts:
        out.append(Paragraph(part.card.system.name, "subheading"))
        found = part.result
        if found is None:
            reasons = [tr(i.message, **i.values) for i in part.card.issues] or [tr("There is no headline indicator")]
            out.append(Paragraph(tr("Not worked out: {reason}", reason=reasons[0]), "note"))
            continue
        out.append(Paragraph(_said(found)))
        if is_even(found):
            continue
        if part.picture:
            out.append(Picture(tr("{name} by {level}", name=found.indicator.name, level=level_name(found.level)), part.picture, 128.0))
        if found.level != "city":
            out += _ranking(found)
        if len(found.trend) > 2:
            out.append(_trend(found))
    table = _units(section, parts, of)
    return [*out, *([table] if table is not None else [])]


def is_even(found: IndicatorResult) -> bool:
    """Whether all units have the same: a sentence tells it, no map and no ranking."""
    known = {u.value for u in found.units if u.value is not None}
    return len(known) < 2


def _said(found: IndicatorResult) -> str:
    one = found.indicator
    basis = pick(one.basis, one.basis_en)
    basis = "" if basis.removeprefix("每") in one.unit_name else tr(" ({basis})", basis=basis)
    year = "" if found.year is None else tr(" in {year}", year=found.year)
    words = [tr("{name}{basis}{year}: {value} in the city.", name=one.name, basis=basis, year=year, value=one.shown(found.city.value))]
    share = _share(found)
    if share is not None:
        against = _against(one, share)
        words.append(tr("{against}.", against=against[:1].upper() + against[1:]))
    ranked = found.ranking
    if len(ranked) > 1 and is_even(found):
        words.append(tr("Every unit has {value}.", value=one.shown(ranked[0].value)))
    elif len(ranked) > 1 and found.level != "city":
        first, last = ranked[0], ranked[-1]
        words.append(tr("Best: {first} {high}; last: {last} {low}.", first=_name(first), high=one.shown(first.value), last=_name(last), low=one.shown(last.value)))
    unknown = sum(u.value is None for u in found.units)
    if unknown:
        words.append(tr("{count} units are not known.", count=unknown))
    if found.gaps:
        words.append(tr("{count} are missing, listed by name below.", count=f"{len(found.gaps):,}"))
    note = pick(one.note, one.note_en)
    return ("" if language() == "zh" else " ").join([*words, note] if note else words)


def _ranking(found: IndicatorResult) -> list[Block]:
    """The city and its units, best first; of many the best and the last. Counts without the city."""
    one, ranked = found.indicator, found.ranking
    if not ranked:
        return []
    title = tr("{name}: ranking", name=one.name)
    shown: tuple[UnitValue, ...] = ranked
    if len(ranked) > MOST_BARS:
        shown = (*ranked[:ENDS], *ranked[-ENDS:])
        title = tr("{name}: the best and the last {count} of {all}", name=one.name, count=ENDS, all=len(ranked))
    is_rate = one.denominator is not None  # a total would dwarf its parts
    units = (found.city, *shown) if is_rate else shown
    aim = one.target if one.target_scope == "unit" else None
    return [Chart(
        title, "hbar", tuple(_name(u) for u in units), (Series(one.name, tuple(u.value for u in units)),), one.unit_name, aim, marked=(0,) if is_rate else (), step=_step(one),
    )]  # fmt: skip


def _trend(found: IndicatorResult) -> Chart:
    one = found.indicator
    return Chart(
        tr("{name}: the city over the years", name=one.name), "line", tuple(str(y) for y, _ in found.trend),
        (Series(one.name, tuple(v for _, v in found.trend)),), one.unit_name, one.target, step=_step(one),
    )  # fmt: skip


def _units(section: Section, parts: tuple[Part, ...], of: Coverage) -> Table | None:
    """The units of a chapter's indicators that are known at the level of the report."""
    found = [p.result for p in parts if p.result is not None and p.result.level == of.level]
    if not found or of.level == "city":
        return None
    has_county = of.level != "county"
    head = (*((tr("County"),) if has_county else ()), tr("Unit of administration"), *(_with_unit(r.indicator) for r in found))
    values = [{u.code: u for u in r.units} for r in found]
    every: dict[str, UnitValue] = {}
    for own in values:
        every.update({code: u for code, u in own.items() if code not in every})
    codes = sorted(every)
    rows: list[tuple[Cell, ...]] = [
        (*(("",) if has_county else ()), found[0].city.name, *(number(r.city.value, _step(r.indicator)) for r in found))
    ]
    for code in codes[: of.most or None]:
        cells = [number(own[code].value if code in own else None, _step(r.indicator)) for own, r in zip(values, found, strict=True)]
        rows.append((*((every[code].county,) if has_county else ()), every[code].name, *cells))
    note = _cut(len(codes), of.most)
    return Table(tr("{chapter}: by {level}", chapter=section.name, level=level_name(of.level)), head, tuple(rows), is_wide=True, note=note)


def _gaps(found: IndicatorResult, most: int) -> Table:
    has_place = any(g.place for g in found.gaps)
    rows = tuple(
        (Number(float(k)), g.code, *((g.place,) if has_place else ()), g.name, g.reason) for k, g in enumerate(found.gaps[: most or None], 1)
    )
    head = (tr("No."), tr("Code"), *((tr("Place"),) if has_place else ()), tr("Which one"), tr("What is missing"))
    title = tr("{indicator}: what is missing", indicator=found.indicator.name)
    return Table(f"{title} ({len(found.gaps):,})", head, rows, note=_cut(len(found.gaps), most))


# --- method -----------------------------------------------------------------------------------------------------------


def _definitions(results: list[IndicatorResult]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for found in results:
        one = found.indicator
        top, base = one.terms_at(found.level)
        factor = f"{one.factor:,g} × " if one.factor != 1 else ""
        formula = f"{factor}{top.name or one.name}" + (f" ÷ {base.name}" if base is not None and base.name else "")
        rows.append((one.name, formula, one.unit_name, "–" if found.year is None else str(found.year), level_name(found.level), _aim(one) or "–", one.source or _layers(found)))
    head = (tr("Indicator"), tr("Formula"), tr("Unit"), tr("Year"), tr("By"), tr("Target or plan"), tr("Source"))
    return Table(tr("Definitions of indicators"), head, tuple(rows), is_wide=True)


def _notes(results: list[IndicatorResult], of: Coverage) -> tuple[str, ...]:
    lines = [
        tr("Units are joined by their codes; codes that were changed are taken as today's. What is not known is “–”, never zero."),
        tr("A plan's figure is a total of the city; 余 and 多 are lower bounds. Figures of counties and below are shares or estimates where the source says so."),
        tr("An indicator that is not known at the level of the report stands at the next coarser one."),
    ]  # fmt: skip
    issues = [(r.indicator.name, i) for r in results for i in r.issues]
    issues += [(of.index.index.name, i) for i in of.index.issues] if of.index is not None else []
    lines += [f"{name}：{tr(i.message, **i.values)} {tr(i.hint, **i.values) if i.hint else ''}".rstrip() for name, i in issues]
    return tuple(dict.fromkeys([*lines, *of.problems]))


def _sources(results: list[IndicatorResult], index: IndexResult | None) -> tuple[str, ...]:
    every: Iterable[Provenance] = [s for r in results for s in r.sources] + list(index.sources if index is not None else ())
    return tuple(dict.fromkeys(_source(s) for s in every))


def _source(source: Provenance) -> str:
    mark = tr("Sample data") if source.is_sample else ""
    return " · ".join(filter(None, (source.title, source.source, source.currency, mark)))


def _layers(found: IndicatorResult) -> str:
    return "、".join(dict.fromkeys(s.title for s in found.sources))


# --- words ------------------------------------------------------------------------------------------------------------


def _share(found: IndicatorResult) -> float | None:
    """What the city has of its target, 1 for all of it; of the plan's figure where there is no target."""
    one, value = found.indicator, found.city.value
    if one.target is None:
        return found.plan_share
    if value is None or (one.target <= 0 and one.higher_is_better):
        return None
    if one.higher_is_better:
        return value / one.target
    return 1.0 if value <= one.target else one.target / value


def _here(found: IndicatorResult) -> str:
    """The city, in what its target or the plan counts."""
    one = found.indicator
    if one.target is None and one.plan is not None and one.plan.of != "value":
        counted: float | None = getattr(found.city, one.plan.of)
        return "–" if counted is None else _short(counted)
    return one.shown(found.city.value)


def _short(value: float) -> str:
    """A count as it is read, in Chinese 104.8万."""
    return f"{value / 1e4:,.1f}万" if value >= 1e5 and language() == "zh" else f"{value:,.0f}"


def _aim(one: Indicator) -> str:
    if one.target is not None:
        return f"{one.target:,g}{'' if one.unit in _PERCENT else ' '}{one.unit_name}".rstrip()
    return one.plan.text if one.plan is not None else ""


def _against(one: Indicator, share: float) -> str:
    """The target, or the plan's figure, and how much of it there is."""
    if one.target is None:
        return tr("plan {aim}, {share} of it", aim=_aim(one), share=f"{100 * share:.1f}%")
    if one.target == 100 and one.unit in _PERCENT:
        return tr("target {aim}", aim=_aim(one))
    return tr("target {aim}, {share} of it", aim=_aim(one), share=f"{100 * share:.1f}%")


def _name(unit: UnitValue) -> str:
    return unit.name if not unit.county or unit.county == unit.name else f"{unit.name}（{unit.county}）"


def _with_unit(one: Indicator) -> str:
    return f"{one.name} ({one.unit_name})" if one.unit_name else one.name


def _step(one: Indicator) -> float:
    return float(10.0**-one.digits)


def _span(years: list[int]) -> str:
    return str(years[0]) if years[0] == years[-1] else f"{years[0]}–{years[-1]}"


def _cut(count: int, most: int) -> str:
    return tr("The first {most} of {count}; all of them stand in the XLSX file.", most=most, count=f"{count:,}") if most and count > most else ""
