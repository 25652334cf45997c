"""``lydigital coverage report`` and ``lydigital coverage index``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from lydigital.commands.coverage_report import By
from lydigital.errors import UsageError
from lydigital.model.index import Method, Missing
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door


def commands(door: Door) -> tuple[click.Command, ...]:
    """The subcommands, with help in the language now in use."""
    project = click.Argument(["project"], metavar="PROJECT")
    report = click.Command(
        "report", help=tr("Every system against its target: maps, rankings, what is missing by name, the index, sources and methods."),
        params=[
            project,
            click.Option(["-o", "--output"], required=True, metavar="FILE.xlsx|docx|html|json", help=tr("File to write.")),
            click.Option(["--by"], type=click.Choice(list(get_args(By))), default="county", show_default=True, help=tr("Administrative units to tell it by.")),
            click.Option(["--system", "systems"], multiple=True, metavar="ID", help=tr("Only this system, several times if need be.")),
            click.Option(["--no-maps"], is_flag=True, help=tr("Without maps.")),
            *door.common(),
        ],
        callback=lambda **given: _report(door, **given),
    )  # fmt: skip
    index = click.Command(
        "index", help=tr("The informatization index: ranking, contributions, what is missing, inequality."),
        params=[
            project,
            click.Option(["--year"], type=int, default=None, help=tr("Year it is told for.")),
            click.Option(["--method"], type=click.Choice(list(get_args(Method))), default=None, help=tr("Score against targets, or between least and most.")),
            click.Option(["--missing"], type=click.Choice(list(get_args(Missing))), default=None, help=tr("What to do where a value is missing.")),
            click.Option(["--weight", "weights"], multiple=True, metavar="PART=W", help=tr("Another weight of a part; all have to add up to 1.")),
            click.Option(["-o", "--output"], default="", metavar="FILE.xlsx|docx|html|json", help=tr("File to write.")),
            *door.common(),
        ],
        callback=lambda **given: _index(door, **given),
    )  # fmt: skip
    return report, index


def _report(door: Door, *, project: str, output: str, by: str, systems: tuple[str, ...], no_maps: bool, as_json: bool) -> None:
    with door.session(project) as session:
        values = session.run("coverage.report", output=output, by=by, systems=systems, maps=not no_maps)
    lines = [values["title"], *(f"  {heading}" for heading in values["headings"])]
    lines.append(tr("{tables} tables, {charts} charts, {pictures} maps", **{k: values[k] for k in ("tables", "charts", "pictures")}))
    door.show(values, "\n".join([*lines, tr("Written: {path}", path=values["output"])]), as_json=as_json)


def _index(
    door: Door, *, project: str, year: int | None, method: str | None, missing: str | None, weights: tuple[str, ...], output: str, as_json: bool
) -> None:
    from lydigital.commands.index import values_of

    wanted = {"year": year, "method": method, "missing": missing, "weights": dict(_weight(text) for text in weights)}
    with door.session(project) as session:
        found = session.run("index.compute", **wanted)
        values = values_of(found)
        if output:
            from lydigital.publish import index_report
            from lydigital.publish.report import write

            values["output"] = str(write(index_report.report_of(found), Path(output)))
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    door.show(values, _text(values), as_json=as_json)


def _weight(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError:
        raise UsageError("{text} is no weight", hint="Write it as part=0.25.", text=text) from None


def _text(values: dict[str, Any]) -> str:
    here = next((s for s in values["city"] if s["year"] == values["year"]), None)
    mark = f"  [{tr('Sample data')}]" if values["sample"] else ""
    lines = [f"{values['title']} {values['year']}: {_number(here['value'] if here else None)}{mark}"]
    missing = {u["code"]: u["missing"] for u in values["units"] if u["year"] == values["year"]}
    for unit in values["ranking"]:
        lacks = missing.get(unit["code"]) or []
        lines.append(f"  {unit['rank']:3} {unit['name']}  {_number(unit['value'])}" + (f"  – {', '.join(lacks)}" if lacks else ""))
    lines += [f"  {line}" for line in values["formula"]]
    own = values["inequality"][0] if values["inequality"] else None
    if own is not None and own["gini"] is not None:
        lines.append(tr("Gini coefficient {gini}, Theil index {theil}", gini=f"{own['gini']:.3f}", theil=f"{own['theil']:.3f}"))
    if "output" in values:
        lines.append(tr("Written: {path}", path=values["output"]))
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
