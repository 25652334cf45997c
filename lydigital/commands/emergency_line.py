"""``lydigital emergency``: who gets to an incident soonest, the response plan on paper, emergency cards of townships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lydigital.model.emergency import KIND_TITLES, KINDS
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door

DEGREES = "EPSG:4490"


def group(door: Door) -> click.Group:
    """The group with its subcommands, help in the language now in use."""
    made = click.Group("emergency", help=tr("Incidents: who is there soonest over roads that are open, response plans, township cards."))
    made.add_command(click.Command(
        "nearest", help=tr("Teams, depots, hospitals and shelters nearest to a place by road, with times."),
        params=[
            click.Argument(["project"], metavar="PROJECT"), *place(),
            click.Option(["--of", "kinds"], multiple=True, type=click.Choice(KINDS), help=tr("Only these, several times if need be.")),
            click.Option(["--service", "services"], multiple=True, type=int, metavar="N", help=tr("Only this service: 1 police, 2 transport, 3 medical, 4 earthquake, 5 flood, 6 utilities, 7 forest fire, 8 fire.")),
            click.Option(["--count"], type=click.IntRange(1, 500), default=3, show_default=True, help=tr("How many of each.")),
            *door.common(),
        ],
        callback=lambda **given: _nearest(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "plan", help=tr("The response plan of an incident as a file, A4: who comes, who leaves where to, what is cut, whom to call."),
        params=[
            click.Argument(["project"], metavar="PROJECT"), _output(tr("A .pdf, .docx, .html, .xlsx or .json file.")), *place(),
            click.Option(["--people"], type=click.IntRange(0), metavar="N", help=tr("How many must leave, where that is known better.")),
            click.Option(["--injured"], type=click.IntRange(0), metavar="N", help=tr("How many are injured.")),
            click.Option(["--limit", "limit_min"], type=click.FloatRange(0), default=0.0, metavar="MIN", help=tr("Nobody goes farther than this; 0: no limit.")),
            *door.common(),
        ],
        callback=lambda **given: _plan(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "card", help=tr("Emergency cards, one A4 page a township: all of them, or those named."),
        params=[
            click.Argument(["project"], metavar="PROJECT"), click.Argument(["townships"], nargs=-1, metavar="[TOWNSHIP]..."),
            _output(tr("A .pdf file for all, or a folder for a file each; what is finished in a folder stays.")),
            click.Option(["--county"], default="", metavar="NAME", help=tr("Only those of this county.")),
            click.Option(["--anew"], is_flag=True, help=tr("Make those again that stand in the folder.")),
            click.Option(["--profile"], default="car", show_default=True, help=tr("Who is on the road: car, siren, foot.")),
            click.Option(["--personal"], is_flag=True, help=tr("Personal data without stars, where the office allows it.")),
            *door.common(),
        ],
        callback=lambda **given: _card(door, **given),
    ))  # fmt: skip
    return made


def _output(words: str) -> click.Option:
    return click.Option(["-o", "--output"], required=True, metavar="FILE", help=words)


def place() -> list[click.Parameter]:
    """Options that say where an incident is and which roads are cut, for :func:`where`."""
    return [
        click.Option(["--at"], default="", metavar="LON,LAT", help=tr("Place in degrees, or in the system of --crs.")),
        click.Option(["--feature"], default="", metavar="LAYER:FID", help=tr("Or a feature: incident:3, hazard_point:12, warning_zone:1.")),
        click.Option(["--zone"], default="", metavar="FILE", help=tr("Or the polygons of a file.")),
        click.Option(["--radius", "radius_m"], type=click.FloatRange(0, 100_000), default=0.0, metavar="M", help=tr("And so far around.")),
        click.Option(["--crs"], default="", metavar="EPSG:N", help=tr("System of --at.")),
        click.Option(["--kind"], type=click.IntRange(1, 6), help=tr("What happened: 1 traffic accident, 2 fire, 3 geohazard, 4 flood, 5 pipeline, 6 medical.")),
        click.Option(["--title"], default="", metavar=tr("TEXT"), help=tr("What the incident is called.")),
        click.Option(["--close", "closures"], multiple=True, metavar="LAYER:FID,…|WKT", help=tr("Roads that are cut: features, or a line or area across them in map units.")),
        click.Option(["--profile"], default="car", show_default=True, help=tr("Who is on the road: car, siren, foot.")),
        click.Option(["--personal"], is_flag=True, help=tr("Personal data without stars, where the office allows it.")),
    ]  # fmt: skip


def where(
    *, at: str, feature: str, zone: str, radius_m: float, crs: str, kind: int | None, title: str, closures: tuple[str, ...],
    profile: str, personal: bool,
) -> dict[str, Any]:  # fmt: skip
    """Options as parameters of the commands.

    Raises
    ------
    UsageError
        When one of them cannot be read.
    """
    made: dict[str, Any] = {
        "radius_m": radius_m, "title": title, "profile": profile, "personal": personal, "file": zone, "crs": crs or DEGREES,
    }  # fmt: skip
    if kind is not None:
        made["kind"] = kind
    if at:
        made["x"], made["y"] = _pair(at)
    if feature:
        layer, fids = _feature(feature)
        made |= {"layer": layer, "fid": fids[0]}
    closed: dict[str, tuple[int, ...]] = {}
    drawn = []
    for text in closures:
        if "(" in text:
            drawn.append(text)
        else:
            layer, fids = _feature(text)
            closed[layer] = (*closed.get(layer, ()), *fids)
    return {**made, "barriers": tuple(drawn), "closed": closed}


def _pair(text: str) -> tuple[float, float]:
    from lydigital.errors import UsageError

    try:
        x, y = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise UsageError("{text} is no place", hint="Write longitude,latitude, as in 112.45,34.62.", text=text) from None
    return x, y


def _feature(text: str) -> tuple[str, tuple[int, ...]]:
    from lydigital.errors import UsageError

    layer, _, fids = text.partition(":")
    numbers = [part for part in fids.split(",") if part]
    if not layer or not numbers or not all(part.isdecimal() for part in numbers):
        raise UsageError("{text} names no feature", hint="Write layer:number, as in incident:3.", text=text)
    return layer, tuple(int(part) for part in numbers)


def _nearest(
    door: Door, *, project: str, kinds: tuple[str, ...], services: tuple[int, ...], count: int, as_json: bool, **given: Any
) -> None:
    from lydigital.commands.emergency import values_of

    wanted = where(**given) | {"services": services, "count": count} | ({"kinds": kinds} if kinds else {})
    with door.session(project) as session:
        values = values_of(session.run("emergency.nearest", **wanted))
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    door.show(values, _text(values), as_json=as_json)


def _plan(
    door: Door, *, project: str, output: str, people: int | None, injured: int | None, limit_min: float, as_json: bool, **given: Any
) -> None:
    wanted = where(**given) | {"people": people, "injured": injured, "limit_min": limit_min, "output": output}
    with door.session(project) as session:
        values = session.run("emergency.plan_sheet", **wanted)
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    door.show(values, "\n".join([values["title"], *values["situation"], values["output"]]), as_json=as_json)


def _card(door: Door, *, project: str, output: str, townships: tuple[str, ...], as_json: bool, **given: Any) -> None:
    with door.session(project) as session:
        values = session.run("emergency.cards", output=output, townships=townships, **given)
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    text = tr("{written} cards written, {kept} were there already: {path}", written=values["written"], kept=values["kept"], path=values["output"])
    door.show(values, text + ("\n" + tr("Sample data") if values["sample"] else ""), as_json=as_json)


def _text(values: dict[str, Any]) -> str:
    lines = [values["incident"]["title"]]
    kind = ""
    for reach in values["reaches"]:
        resource = reach["resource"]
        if resource["kind"] != kind:
            kind = resource["kind"]
            lines.append(tr(KIND_TITLES[kind]))
        if reach["seconds"] is None:
            arrival = reach["reason"]
        else:
            arrival = tr("{minutes} min, {km} km", minutes=f"{reach['seconds'] / 60:.0f}", km=f"{(reach['metres'] or 0) / 1000:.1f}")
        words = [resource["service_name"], resource["name"], arrival, resource["duty_name"], resource["contact"], resource["phone"]]
        lines.append("  " + "  ".join(word for word in words if word))
    if values["closures"]:
        lines.append(tr("Cut: {count} places of roads, {length} km", count=len(values["closures"]), length=f"{sum(c['length_m'] for c in values['closures']) / 1000:.2f}"))
    if values["is_sample"]:
        lines.append(tr("Sample data"))
    return "\n".join(lines)
