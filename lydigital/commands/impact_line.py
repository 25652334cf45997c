"""``lydigital impact``: who and what zones hit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door


def command(door: Door) -> click.Command:
    """The subcommand, with help in the language now in use."""
    return click.Command(
        "impact", help=tr("Who and what zones hit: people, schools, hospitals, roads, pipes, hazard points."),
        params=[
            click.Argument(["project"], metavar="PROJECT"),
            click.Option(["--zone", "zones"], multiple=True, metavar="FID|FILE",
                         help=tr("Feature of the layer of zones, several times if need be, or a file of polygons; all features unless named.")),
            click.Option(["--layer"], default="", metavar="ID", help=tr("Layer of zones, or layer of the file.")),
            click.Option(["--distance", "distance_m"], type=click.FloatRange(0, 100_000), default=0.0, metavar="M",
                         help=tr("And what lies within so many metres of them.")),
            click.Option(["--by"], type=click.Choice(["township", "county"]), default="township", show_default=True,
                         help=tr("Administrative units to tell it by.")),
            click.Option(["-o", "--output"], default="", metavar="FILE.xlsx|docx|html|json", help=tr("File to write.")),
            *door.common(),
        ],
        callback=lambda **given: _run(door, **given),
    )  # fmt: skip


def _run(
    door: Door, *, project: str, zones: tuple[str, ...], layer: str, distance_m: float, by: str, output: str, as_json: bool
) -> None:
    from lydigital.commands.impact import values_of

    wanted: dict[str, Any] = {"distance_m": distance_m, "by": by, "output": output}
    wanted |= _zones(zones, layer)
    with door.session(project) as session:
        values = values_of(session.run("impact.compute", **wanted))
    if output:
        values["output"] = str(Path(output).absolute())
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    door.show(values, _text(values), as_json=as_json)


def _zones(zones: tuple[str, ...], layer: str) -> dict[str, Any]:
    from lydigital.errors import UsageError

    numbers = [z for z in zones if z.isdecimal()]
    files = [z for z in zones if not z.isdecimal()]
    if files and (numbers or len(files) > 1):
        raise UsageError("Zones are features of a layer or one file", hint="Name one file, or numbers of features.")
    if files:
        return {"file": files[0], "file_layer": layer}
    named = {"layer": layer} if layer else {}
    return {**named, "fids": tuple(int(z) for z in numbers)}


def _text(values: dict[str, Any]) -> str:
    total, near = values["total"], values["total_near"]
    names = "、".join(z["title"] for z in values["zones"][:8]) + ("…" if len(values["zones"]) > 8 else "")
    lines = [tr("{names}: {area} km²", names=names, area=f"{total['area_km2']:,.1f}")]
    around = {line["id"]: line for line in near["lines"]} if near else {}
    for line in total["lines"]:
        if not line["known"]:
            lines.append(f"  {line['title']}: {tr('Not known')} ({line['note']})")
            continue
        text = "，".join(_amount(a) for a in line["amounts"])
        if line["id"] in around:
            more = "，".join(_amount(a) for a in around[line["id"]]["amounts"])
            text += "  " + tr("within {distance} m: {amounts}", distance=f"{values['distance_m']:g}", amounts=more)
        mark = f"  [{tr('Sample data')}]" if line["sample"] else ""
        lines.append(f"  {line['title']}: {text}{mark}")
    lines.append(values["method"])
    if "output" in values:
        lines.append(tr("Written: {path}", path=values["output"]))
    return "\n".join(lines)


def _amount(amount: dict[str, Any]) -> str:
    text = str(amount["shown"])
    if amount["id"] not in ("count", "length_km", "people"):
        text = f"{amount['title']} {text}"
    if "low" in amount:
        text += f" ({amount['low']:,.0f}–{amount['high']:,.0f})"
    return text
