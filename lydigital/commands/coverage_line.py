"""``lydigital coverage``: systems of the plan and their indicators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from lydigital.commands import coverage_report_line, reach_line
from lydigital.errors import UsageError
from lydigital.model.indicator import Level
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door

ROWS = 20  # units and gaps that are listed for people; all of them are in the JSON and in files


def group(door: Door) -> click.Group:
    """The subcommands, with help in the language now in use."""
    made = click.Group("coverage", help=tr("Where information reaches: systems of the plan, indicators against targets, what is missing."))
    project = click.Argument(["project"], metavar="PROJECT")
    made.add_command(click.Command(
        "systems", help=tr("Every system of the plan: layers present, completeness, currency, headline indicator."),
        params=[project, click.Option(["--system"], default="", metavar="ID", help=tr("Only this one.")), *door.common()],
        callback=lambda **given: _systems(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "indicator", help=tr("An indicator by county, township or village: values, target, trend, what is missing by name."),
        params=[
            project,
            click.Argument(["indicator"], required=False, default="", metavar="[INDICATOR]"),
            click.Option(["--by", "level"], type=click.Choice(list(get_args(Level))), default=None, help=tr("Administrative units to tell it by.")),
            click.Option(["--year"], type=int, default=None, help=tr("Year it is told for.")),
            click.Option(["--gaps"], is_flag=True, help=tr("List what is missing, by name.")),
            click.Option(["--site", "sites"], multiple=True, metavar="X,Y",
                         help=tr("What if a new site stood here, several times if need be; in the system of the map, or in degrees.")),
            click.Option(["--reach", "reach_m"], type=click.FloatRange(0, 100_000), default=None, metavar="M", help=tr("How far new sites reach.")),
            click.Option(["--amount"], type=click.FloatRange(0), default=None, metavar="N", help=tr("What each new site adds.")),
            click.Option(["-o", "--output"], default="", metavar="FILE.xlsx|docx|html|json", help=tr("File for what is missing.")),
            *door.common(),
        ],
        callback=lambda **given: _indicator(door, **given),
    ))  # fmt: skip
    for command in coverage_report_line.commands(door):
        made.add_command(command)
    reach_line.add(made, door)
    return made


def _systems(door: Door, *, project: str, system: str, as_json: bool) -> None:
    from lydigital.commands.framework import values_of

    with door.session(project) as session:
        values = [values_of(card) for card in session.run("framework.show", system=system)]
    lines = []
    for card in values:
        head = card["headline"]
        share = "–" if card["completeness"] is None else f"{100 * card['completeness']:.0f} %"
        lines.append(f"{card['title']} ({card['id']})  " + tr(
            "layers {present}/{of}, filled in {share}, as of {currency}", present=card["present"], of=card["of"], share=share, currency=card["currency"] or "–",
        ) + (f"  [{tr('Sample data')}]" if card["sample"] else ""))  # fmt: skip
        if head is None:
            lines += [f"  {issue['message']}" for issue in card["issues"][:1]]
            continue
        missing = "  " + tr("{count} missing", count=f"{head['gaps']:,}") if head["gaps"] else ""
        lines.append(f"  {head['title']}: {head['city']['shown']}" + _against(head) + missing)
        lines.append("  " + tr("workspace {workspace}: {commands}", workspace=card["workspace"], commands=", ".join(card["functions"])))
    door.show({"systems": values, "count": len(values)}, "\n".join(lines), as_json=as_json)


def _indicator(
    door: Door, *, project: str, indicator: str, level: str | None, year: int | None, gaps: bool, sites: tuple[str, ...],
    reach_m: float | None, amount: float | None, output: str, as_json: bool,
) -> None:  # fmt: skip
    from lydigital.commands.indicator import about, gap_report, values_of, whatif_values

    wanted: dict[str, Any] = {"indicator": indicator, "level": level, "year": year}
    with door.session(project) as session:
        if not indicator:
            found = [about(one) for one in session.run("indicator.list")]
            door.show({"indicators": found}, "\n".join(f"{one['id']:22} {one['title']} ({one['unit']})" for one in found), as_json=as_json)
            return
        if sites:
            points = [_site(site) for site in sites]
            crs = "EPSG:4490" if all(abs(x) <= 180 and abs(y) <= 90 for x, y in points) else ""
            made = session.run("indicator.whatif", **wanted, sites=points, crs=crs, reach_m=reach_m, amount=amount)
            values = whatif_values(made)
            text = _whatif_text(values)
        else:
            result = session.run("indicator.compute", **wanted)
            values = values_of(result)
            if output:
                from lydigital.publish.report import write

                values["output"] = str(write(gap_report(result), Path(output)))
            text = _text(values, gaps=gaps)
    for issue in values["issues"]:
        if issue["severity"] != "note":
            door.say(issue["message"], issue["hint"])
    door.show(values, text, as_json=as_json)


def _site(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise UsageError("{text} is not {count} numbers", hint="Separate them by commas, without spaces.", text=text, count=2) from None
    return x, y


def _against(values: dict[str, Any]) -> str:
    """The target, or the figure of the plan, as it is written behind a value."""
    plan = values["plan"]
    if values["target"] is not None:
        return "  " + tr("target {value}", value=f"{values['target']:g} {values['unit']}".rstrip())
    if plan is None:
        return ""
    text = tr("plan {figure} (total of the city)", figure=plan["text"])
    if plan["lower_bound"]:
        text = tr("plan {figure} (total of the city, lower bound)", figure=plan["text"])
    share = values.get("plan_share")
    return f"  {text}" + ("" if share is None else f", {100 * share:.1f} %")


def _text(values: dict[str, Any], *, gaps: bool) -> str:
    city = values["city"]
    year = "" if values["year"] is None else f" {values['year']}"
    mark = f"  [{tr('Sample data')}]" if values["sample"] else ""
    lines = [f"{values['title']}{year}: {city['shown']}{_against(values)}{mark}"]
    if city["problem"]:
        lines.append(f"  {city['problem']}")
    known = [unit for unit in values["units"] if unit["value"] is not None]
    known.sort(key=lambda unit: unit["value"], reverse=values["higher_is_better"])
    lines += [f"  {i + 1:3} {unit['county']}{unit['name']}  {unit['shown']}" for i, unit in enumerate(known[:ROWS])]
    if len(known) > ROWS:
        lines.append("  " + tr("and {count} more", count=len(known) - ROWS))
    lines += [f"    – {unit['name']}  {unit['problem']}" for unit in values["units"] if unit["value"] is None][:ROWS]
    if values["trend"]:
        lines.append("  " + " · ".join(f"{year} {value:g}" for year, value in values["trend"]))
    if values["gaps"]:
        lines.append(tr("{count} missing", count=f"{len(values['gaps']):,}"))
        lines += _gap_lines(values["gaps"] if gaps else values["gaps"][:5])
    if "output" in values:
        lines.append(tr("Written: {path}", path=values["output"]))
    return "\n".join(lines)


def _whatif_text(values: dict[str, Any]) -> str:
    lines = [f"{values['title']}: {values['before']['shown']} → {values['after']['shown']}"]
    lines += [f"  {pair['after']['name']}  {pair['before']['shown']} → {pair['after']['shown']}" for pair in values["units"][:ROWS]]
    gained = tr("{count} gained", count=f"{len(values['gained']):,}")
    if values["people"] is not None:
        gained += " · " + tr("{count} people", count=f"{values['people']:,.0f}")
    return "\n".join([*lines, gained, *_gap_lines(values["gained"][:ROWS])])


def _gap_lines(gaps: list[dict[str, Any]]) -> list[str]:
    return [f"  {gap['code']}  {gap['place']} {gap['name']}  {gap['reason']}" for gap in gaps]
