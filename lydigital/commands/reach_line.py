"""``lydigital coverage area|served|access|failing``: where services reach, whom they serve, where warnings do not get through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from lydigital.model.coverage import CHANNELS, Decay, Hazard, Method, Way
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door

ROWS = 20  # rows that are listed for people; all of them are in the JSON and in files


def add(group: click.Group, door: Door) -> None:
    """Add the subcommands, with help in the language now in use."""
    project = click.Argument(["project"], metavar="PROJECT")
    layer = click.Argument(["layer"], metavar="LAYER")
    output = click.Option(["-o", "--output"], default="", metavar="FILE.xlsx|docx|html|json", help=tr("File to write."))
    where = click.Option(["--where"], default="", metavar="SQL", help=tr("Only features that meet this condition."))
    reach = click.Option(["--reach", "reach_m"], type=click.FloatRange(0, 200_000), default=0.0, metavar="M", help=tr("How far each reaches; its own radius unless named."))
    minutes = click.Option(["--minutes"], type=click.FloatRange(0, 600, min_open=True), default=30.0, show_default=True, metavar="N", help=tr("How long, by road."))
    how = [
        click.Option(["--method"], type=click.Choice(list(get_args(Method))), default="buffer", show_default=True, help=tr("Circles, line of sight over the terrain, or by road.")),
        where, reach, minutes,
        click.Option(["--height", "height_m"], type=click.FloatRange(0, 1_000), default=0.0, metavar="M", help=tr("Height of the antennas; their own unless named.")),
    ]  # fmt: skip
    group.add_command(click.Command(
        "area", help=tr("What the features of a layer reach: area, share of the city, overlaps counted once."),
        params=[project, layer, *how, *door.common()], callback=lambda **given: _area(door, **given),
    ))  # fmt: skip
    group.add_command(click.Command(
        "served", help=tr("People in what the features of a layer reach, by township or county."),
        params=[
            project, layer, *how,
            click.Option(["--way"], type=click.Choice(list(get_args(Way))), default="dasymetric", show_default=True, help=tr("Share people of units that are cut by where they live, or by plain area.")),
            click.Option(["--by"], type=click.Choice(["township", "county"]), default="township", show_default=True, help=tr("Administrative units to tell it by.")),
            output, *door.common(),
        ],
        callback=lambda **given: _served(door, **given),
    ))  # fmt: skip
    group.add_command(click.Command(
        "access", help=tr("How well villages and communities reach the features of a layer (2SFCA, E2SFCA)."),
        params=[
            project, layer, where, minutes,
            click.Option(["--capacity"], default="", metavar="FIELD", help=tr("Field with the capacity; beds of hospitals, else each counts 1.")),
            click.Option(["--road"], is_flag=True, help=tr("By road instead of as the crow flies.")),
            click.Option(["--reach", "reach_m"], type=click.FloatRange(0, 200_000, min_open=True), default=10_000.0, show_default=True, metavar="M", help=tr("How far people go, as the crow flies.")),
            click.Option(["--decay"], type=click.Choice(list(get_args(Decay))), default="none", show_default=True, help=tr("How distance counts.")),
            output, *door.common(),
        ],
        callback=lambda **given: _access(door, **given),
    ))  # fmt: skip
    group.add_command(click.Command(
        "failing", help=tr("Villages and communities in danger without phone, mobile, broadband, TV or information station, and whom to call."),
        params=[
            project,
            click.Option(["--hazard"], type=click.Choice(list(get_args(Hazard))), default=None, help=tr("Drawn zones, warnings in force, or zones of susceptibility.")),
            click.Option(["--issue"], default="", metavar="ID", help=tr("A warning by id or number.")),
            click.Option(["--level", "levels"], multiple=True, type=click.IntRange(1, 4), help=tr("Levels that count, several times if need be; red and orange unless named.")),
            click.Option(["--channel", "channels"], multiple=True, type=click.Choice(CHANNELS), help=tr("Only these channels.")),
            click.Option(["--personal"], is_flag=True, help=tr("Personal data without stars, where the office allows it.")),
            output, *door.common(),
        ],
        callback=lambda **given: _failing(door, **given),
    ))  # fmt: skip


def _run(door: Door, project: str, command: str, wanted: dict[str, Any]) -> dict[str, Any]:
    from lydigital.commands.coverage import values_of

    with door.session(project) as session:
        values = values_of(session.run(command, **wanted))
    if wanted.get("output"):
        values["output"] = str(Path(wanted["output"]).absolute())
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    return values


def _end(values: dict[str, Any], lines: list[str]) -> str:
    if any(source.get("is_sample") for source in values["sources"]):
        lines.append(f"[{tr('Sample data')}]")
    if "output" in values:
        lines.append(tr("Written: {path}", path=values["output"]))
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _people(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def _area(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    values = _run(door, project, "coverage.area", given)
    lines = [tr("{title}: {area} km², {share} of the city", title=values["title"], area=f"{values['area_km2']:,.1f}", share=_percent(values["share"]))]
    if values["sum_km2"] is not None:
        lines.append(tr("  {count} sites; added up, overlaps counted again: {sum} km²", count=len(values["sites"]), sum=f"{values['sum_km2']:,.1f}"))
    door.show(values, _end(values, lines), as_json=as_json)


def _served(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    values = _run(door, project, "coverage.served", given)
    lines = [tr(
        "{title}: {served} of {people} people, {share} (from {low} to {high})", title=values["title"], served=_people(values["served"]),
        people=_people(values["people"]), share=_percent(values["share"]), low=_people(values["low"]), high=_people(values["high"]),
    )]  # fmt: skip
    units = sorted((u for u in values["units"] if u["share"] is not None), key=lambda u: u["share"])
    lines += [f"  {u['county']}{u['name']}  {_percent(u['share'])}" for u in units[:ROWS]]
    door.show(values, _end(values, lines), as_json=as_json)


def _access(door: Door, *, project: str, as_json: bool, road: bool, **given: Any) -> None:
    values = _run(door, project, "coverage.access", {**given, "metric": "road" if road else "straight"})
    mean = "–" if values.get("mean") is None else f"{values['mean']:.2f}"
    lines = [
        tr("{title}: {mean} {unit} for each {per} persons; {without} people reach none", title=values["title"], mean=mean, unit=values["unit"],
           per=f"{values.get('per', 1000):g}", without=_people(values["without"])),
        tr("  there {used} of {total}, delivered {delivered}", used=_people(values["used"]), total=_people(values["total"]), delivered=_people(values["delivered"])),
    ]  # fmt: skip
    least = sorted((p for p in values["places"] if p["value"] is not None), key=lambda p: (p["value"], p["code"]))
    lines += [f"  {p['name']}  {p['value']:.2f}" for p in least[:ROWS]]
    door.show(values, _end(values, lines), as_json=as_json)


def _failing(
    door: Door, *, project: str, as_json: bool, hazard: str | None, levels: tuple[int, ...], channels: tuple[str, ...], **given: Any
) -> None:
    wanted = {**given, **({"hazard": hazard} if hazard else {}), **({"levels": levels} if levels else {}), **({"channels": channels} if channels else {})}
    values = _run(door, project, "coverage.failing", wanted)
    lines = [tr(
        "{title}: {places} villages and communities, {people} people; {failing} lack a channel", title=values["title"],
        places=len(values["places"]), people=_people(values["people"]), failing=values["failing"],
    )]  # fmt: skip
    for channel in values["channels"]:
        known = tr("not known") if not channel["is_known"] else tr("{places} places, {people} people without", places=channel.get("places", 0), people=_people(channel.get("people", 0)))
        lines.append(f"  {channel['title']}: {known}")
    lines += [f"  {c['place']}  {c['role']}  {c['name']}  {c['phone']}  {c.get('at', '')}".rstrip() for c in values.get("calls", [])[:ROWS]]
    door.show(values, _end(values, lines), as_json=as_json)
