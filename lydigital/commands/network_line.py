"""``lydigital road``: the network of the map checked, ways over it, who is nearest, what is reached in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lydigital.commands.emergency_line import DEGREES
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door

ROWS = 20  # lines of a list for people; all of it is in the JSON


def group(door: Door) -> click.Group:
    """The group with its subcommands, help in the language now in use."""
    made = click.Group("road", help=tr("Roads: the network checked, fastest ways, who is nearest, areas by travel time."))
    project = click.Argument(["project"], metavar="PROJECT")
    tolerance = click.Option(["--tolerance", "tolerance_m"], type=click.FloatRange(0, 100), default=None, metavar="M",
                             help=tr("An end so near another road is taken to end on it."))  # fmt: skip
    made.add_command(click.Command(
        "check", help=tr("What the road network is made of, what was repaired, what is not connected."),
        params=[project, tolerance, *door.common()], callback=lambda **given: _check(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "way", help=tr("The fastest way between two places, as a list of turns."),
        params=[
            project, click.Option(["--from", "start"], required=True, metavar="LON,LAT", help=tr("Where it begins, in degrees, or in the system of --crs.")),
            click.Option(["--to", "end"], required=True, metavar="LON,LAT", help=tr("Where it ends.")),
            click.Option(["--via"], multiple=True, metavar="LON,LAT", help=tr("By way of this place, several times if need be.")),
            *_roads(), *door.common(),
        ],
        callback=lambda **given: _way(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "nearest", help=tr("The features of a layer nearest to a place by time."),
        params=[
            project, click.Argument(["layer"], metavar="LAYER"),
            click.Option(["--at"], required=True, metavar="LON,LAT", help=tr("Place in degrees, or in the system of --crs.")),
            click.Option(["--count"], type=click.IntRange(1, 1000), default=5, show_default=True, help=tr("How many.")),
            click.Option(["--away"], is_flag=True, help=tr("The place goes to them; without it they come to the place.")),
            *_roads(), *door.common(),
        ],
        callback=lambda **given: _nearest(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "within", help=tr("How far one gets in some minutes, from places or from the features of a layer."),
        params=[
            project, click.Option(["--at", "places"], multiple=True, metavar="LON,LAT", help=tr("Place in degrees, or in the system of --crs.")),
            click.Option(["--layer"], default="", metavar="LAYER[:FID,…]", help=tr("Or the features of a layer.")),
            click.Option(["--minutes"], default="5,15,30", show_default=True, metavar="M,…", help=tr("Times.")),
            click.Option(["--towards"], is_flag=True, help=tr("From where one gets there in time.")),
            *_roads(), *door.common(),
        ],
        callback=lambda **given: _within(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "times", help=tr("Minutes from every feature of a layer to every one of another, as CSV."),
        params=[
            project, click.Argument(["layer"], metavar="LAYER[:FID,…]"), click.Argument(["targets"], metavar="LAYER[:FID,…]"),
            click.Option(["-o", "--output"], default="", metavar="FILE.csv", help=tr("File to write.")), *_roads(), *door.common(),
        ],
        callback=lambda **given: _times(door, **given),
    ))  # fmt: skip
    return made


def _roads() -> list[click.Parameter]:
    """Options that say who is on the road and what is closed."""
    return [
        click.Option(["--crs"], default="", metavar="EPSG:N", help=tr("System of the places.")),
        click.Option(["--close", "closures"], multiple=True, metavar="LAYER:FID,…|WKT", help=tr("Roads that are cut: features, or a line or area across them in map units.")),
        click.Option(["--profile"], default="car", show_default=True, help=tr("Who is on the road: car, siren, foot.")),
    ]  # fmt: skip


def _wanted(*, crs: str, closures: tuple[str, ...], profile: str) -> dict[str, Any]:
    closed: dict[str, tuple[int, ...]] = {}
    for text in (t for t in closures if "(" not in t):
        layer, fids = _features(text)
        closed[layer] = (*closed.get(layer, ()), *fids)
    return {"crs": crs or DEGREES, "profile": profile, "barriers": tuple(t for t in closures if "(" in t), "closed": closed}


def _point(text: str) -> tuple[float, float]:
    from lydigital.errors import UsageError

    try:
        x, y = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise UsageError("{text} is no place", hint="Write longitude,latitude, as in 112.45,34.62.", text=text) from None
    return x, y


def _features(text: str) -> tuple[str, tuple[int, ...]]:
    from lydigital.errors import UsageError

    layer, _, fids = text.partition(":")
    numbers = [part for part in fids.split(",") if part]
    if not layer or not all(part.isdecimal() for part in numbers):
        raise UsageError("{text} names no feature", hint="Write layer:number, as in incident:3.", text=text)
    return layer, tuple(int(part) for part in numbers)


# --- what they say ----------------------------------------------------------------------------------------------------


def _check(door: Door, *, project: str, tolerance_m: float | None, as_json: bool) -> None:
    values = _asked(door, project, "network.build", {"tolerance_m": tolerance_m})
    lines = [tr("{lines} lines, {km} km: {edges} pieces of road between {nodes} crossings and ends", lines=values["lines"], km=f"{values['length_km']:,.0f}",
                edges=values["edges"], nodes=values["nodes"])]  # fmt: skip
    lines += [f"  {found['title']}: {found['count']}" for found in values["findings"]]
    lines.append(tr("{share} % of all length are connected", share=f"{100 * values['main_share']:.2f}"))
    lines += ["  " + tr("apart: {km} km near {x}, {y}", km=f"{i['length_m'] / 1000:.1f}", x=i["x"], y=i["y"]) for i in values["islands"][:ROWS]]
    door.show(values, "\n".join(lines), as_json=as_json)


def _way(door: Door, *, project: str, start: str, end: str, via: tuple[str, ...], as_json: bool, **given: Any) -> None:
    wanted = {**_wanted(**given), "start": _point(start), "end": _point(end), "via": tuple(map(_point, via))}
    values = _asked(door, project, "network.route", wanted)
    lines = [_far(values)]
    for part in values["parts"]:
        lines += [f"  {leg['text']}" for leg in part["legs"]] if part["seconds"] is not None else [f"  {part['reason']}"]
    door.show(values, "\n".join([*lines, *_closed(values)]), as_json=as_json)


def _nearest(door: Door, *, project: str, layer: str, at: str, count: int, away: bool, as_json: bool, **given: Any) -> None:
    name, fids = _features(layer)
    wanted = {**_wanted(**given), "place": _point(at), "layer": name, "fids": fids, "count": count, "towards": not away}
    values = _asked(door, project, "network.nearest", wanted)
    lines = [f"{found['title']}: {_far(found)}" for found in values["found"]]
    if values["unreached"]:
        lines.append(tr("Not reached: {count}", count=values["unreached"]))
        lines += [f"  {found['title']}: {found['reason']}" for found in values["beyond"][:ROWS]]
    door.show(values, "\n".join([*lines, *_closed(values)]), as_json=as_json)


def _within(
    door: Door, *, project: str, places: tuple[str, ...], layer: str, minutes: str, towards: bool, as_json: bool, **given: Any
) -> None:
    from lydigital.errors import UsageError

    try:
        limits = tuple(float(part) for part in minutes.replace("，", ",").split(","))
    except ValueError:
        raise UsageError("{text} are no times", hint="Write minutes, as in 5,15,30.", text=minutes) from None
    name, fids = _features(layer) if layer else ("", ())
    wanted = {**_wanted(**given), "places": tuple(map(_point, places)), "layer": name, "fids": fids, "minutes": limits, "towards": towards}
    values = _asked(door, project, "network.isochrone", wanted)
    lines = [
        tr("within {minutes} min: {area} km², {roads} km of roads", minutes=f"{a['minutes']:g}", area=f"{a['area_km2']:,.1f}", roads=f"{a['roads_km']:,.0f}")
        for a in values["areas"]
    ]
    door.show(values, "\n".join([*lines, *_closed(values)]), as_json=as_json)


def _times(door: Door, *, project: str, layer: str, targets: str, output: str, as_json: bool, **given: Any) -> None:
    (name, fids), (other, other_fids) = _features(layer), _features(targets)
    wanted = {**_wanted(**given), "layer": name, "fids": fids, "targets": other, "target_fids": other_fids, "output": output}
    values = _asked(door, project, "network.matrix", wanted)
    none = sum(s is None for line in values["seconds"] for s in line)
    lines = [tr("{rows} × {columns} times, {none} without a way", rows=len(values["rows"]), columns=len(values["columns"]), none=none)]
    if output:
        lines.append(tr("Written: {path}", path=output))
    door.show(values, "\n".join(lines), as_json=as_json)


def _asked(door: Door, project: str, command: str, wanted: dict[str, Any]) -> dict[str, Any]:
    from lydigital.commands.network_values import values_of

    with door.session(project) as session:
        values = values_of(session.run(command, **wanted))
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    return values


def _far(values: dict[str, Any]) -> str:
    if values["seconds"] is None:
        return tr("no way")
    return tr("{minutes} min, {km} km", minutes=f"{values['seconds'] / 60:.0f}", km=f"{values['length_m'] / 1000:.1f}")


def _closed(values: dict[str, Any]) -> list[str]:
    closed = values["closed"]
    if not closed:
        return []
    return [tr("Cut: {count} places of roads, {length} km", count=len(closed), length=f"{sum(c['length_m'] for c in closed) / 1000:.2f}")]
