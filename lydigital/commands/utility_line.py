"""``lydigital utility``: pipes and cables traced, shut off, cut open and compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door

LISTED = 20


def group(door: Door) -> click.Group:
    """The group with its subcommands, help in the language now in use."""
    made = click.Group("utility", help=tr("Pipes and cables: along the flow, for a burst, across a street."))
    output = click.Option(["-o", "--output"], default="", metavar="FILE.xlsx|docx|html|json", help=tr("File to write."))
    stuck = click.Option(["--stuck"], multiple=True, metavar="CODE", help=tr("A valve that cannot be shut, several times if need be."))

    def add(name: str, text: str, *params: click.Parameter) -> None:
        made.add_command(click.Command(
            name, help=text, params=[click.Argument(["project"], metavar="PROJECT"), *params, *door.common()],
            callback=lambda **given: _run(door, name, **given),
        ))  # fmt: skip

    add(
        "trace", tr("What lies up or down the flow from a pipe, or is connected with it."), *_pipe(),
        click.Option(["--layer"], default="pipe", show_default=True, metavar="ID", help=tr("Pipes, or links between nodes: cable, catv_network, gov_link.")),
        click.Option(["--direction"], type=click.Choice(["up", "down", "connected"]), default="down", show_default=True, help=tr("Which way.")), output,
    )  # fmt: skip
    add("isolate", tr("What to shut for a burst."), *_pipe(), stuck)
    add(
        "burst", tr("What to shut for a burst, and who is hit."), *_pipe(), stuck,
        click.Option(["--distance", "distance_m"], type=click.FloatRange(0, 5_000), default=50.0, show_default=True, metavar="M", help=tr("Who lies within so many metres of the burst.")), output,
    )  # fmt: skip
    add(
        "section", tr("The ground between two places cut open, as a drawing."),
        click.Option(["--from", "start"], required=True, metavar="X,Y", help=tr("Where it begins.")),
        click.Option(["--to", "end"], required=True, metavar="X,Y", help=tr("Where it ends.")),
        click.Option(["--crs"], default="", metavar="EPSG:N", help=tr("System of the places; the map's own unless named.")),
        click.Option(["--title"], default="", metavar=tr("TEXT"), help=tr("Title of the drawing.")),
        click.Option(["-o", "--output"], default="", metavar="FILE.pdf|png|svg", help=tr("File to write.")),
    )  # fmt: skip
    add(
        "clearance", tr("Pipes nearer to each other than asked for."),
        click.Option(["--fid", "fids"], type=int, multiple=True, metavar="FID", help=tr("Only with this pipe, several times if need be.")), output,
    )  # fmt: skip
    return made


def _pipe() -> list[click.Parameter]:
    return [
        click.Option(["--fid"], type=int, default=0, metavar="FID", help=tr("The pipe by its number.")),
        click.Option(["--at"], default="", metavar="X,Y", help=tr("Or the nearest to a place.")),
        click.Option(["--crs"], default="", metavar="EPSG:N", help=tr("System of the places; the map's own unless named.")),
        click.Option(["--trade"], default="", metavar="JS|PS|…", help=tr("Only pipes of this trade.")),
        click.Option(["--snap", "snap_m"], type=click.FloatRange(0.01, 50), default=0.5, show_default=True, metavar="M", help=tr("Ends this near are joined.")),
    ]


def _run(door: Door, name: str, *, project: str, as_json: bool, **given: Any) -> None:
    from lydigital.commands.utility import values_of

    if "at" in given:
        at = given.pop("at")
        if at:
            given["x"], given["y"] = pair(at)
    for end in ("start", "end"):
        if end in given:
            given[end] = pair(given[end])
    with door.session(project) as session:
        values = values_of(session.run(f"utility.{name}", **given))
    if given.get("output"):
        values["output"] = str(Path(given["output"]).absolute())
    for issue in (*values["issues"], *values.get("isolation", {}).get("issues", ())):
        door.say(issue["message"], issue["hint"])
    door.show(values, "\n".join(_TEXTS[name](values)), as_json=as_json)


def pair(text: str) -> tuple[float, float]:
    """``X,Y`` as two numbers.

    Raises
    ------
    UsageError
        When it is something else.
    """
    from lydigital.errors import UsageError

    try:
        x, y = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise UsageError("{text} is no place", hint="Write it as X,Y.", text=text) from None
    return x, y


# --- for people -------------------------------------------------------------------------------------------------------


def _amount(pieces: list[dict[str, Any]]) -> str:
    metres = sum(p["to_m"] - p["from_m"] for p in pieces)
    return tr("{count} pipes, {length} km", count=f"{len({p['fid'] for p in pieces}):,}", length=f"{metres / 1000:,.2f}")


def _facility(found: dict[str, Any]) -> str:
    away = "" if found.get("away_m") is None else f"  {found['away_m']:,.0f} m"
    return f"  {found['code']} {found.get('name') or found['kind_name']}{away}"


def _list(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  {tr('and {count} more', count=len(lines) - LISTED)}"] if len(lines) > LISTED else []
    return [title, *lines[:LISTED], *more]


def _trace(values: dict[str, Any]) -> list[str]:
    out = [f"{values['start']['code']}: {_amount(values['pieces'])}"]
    out += _list(tr("Sources and outfalls"), [_facility(f) for f in values["sources"]])
    return out + _list(tr("On the way"), [_facility(f) for f in values["facilities"]]) + _written(values)


def _isolate(values: dict[str, Any]) -> list[str]:
    out = [tr("Burst on {pipe} at {x}, {y}", pipe=values["burst"]["code"], x=f"{values['x']:,.1f}", y=f"{values['y']:,.1f}")]
    out += _list(tr("To shut"), [_facility(f) for f in values["shut"]])
    out += _list(tr("To stop"), [_facility(f) for f in values["stop"]])
    lost = values.get("lost")
    return [*out, f"{tr('Shut off')}: {_amount(values['off'])}", f"{tr('Without supply')}: {tr('not known') if lost is None else _amount(lost)}"]


def _burst(values: dict[str, Any]) -> list[str]:
    out = _isolate(values["isolation"])
    for title, name in ((tr("Around the burst"), "near"), (tr("Where supply is lost"), "unsupplied")):
        out += _list(f"{title} · {tr('Communities')}", [f"  {t['code']} {t['name']} {100 * t['share']:.1f}%" for t in values[f"{name}_communities"]])
        out += [f"  {line['title']}: {line['amounts'][0]['shown']}" for line in values[name] or () if line["known"] and line["amounts"]]
    return out + _written(values)


def _section(values: dict[str, Any]) -> list[str]:
    out = [f"{values['length_m']:.1f} m"]
    for pipe in values["pipes"]:
        top, bottom = (("?" if pipe.get(k) is None else f"{pipe[k]:.2f}") for k in ("top_m", "bottom_m"))
        out.append(f"  {pipe['at_m']:8.2f} m  {pipe['code']}  {pipe['size'] or '?'}  {top}–{bottom} m")
    return out + _near(values["clearances"], failing=True) + _written(values)


def _clearance(values: dict[str, Any]) -> list[str]:
    found = values["found"]
    known = len(found) - values["unknown"]
    words = tr("{checked} pairs compared, {found} nearer than asked for, {unknown} not known", checked=values["checked"], found=known, unknown=values["unknown"])
    return [words, *_near(found), *_written(values)]


def _near(clearances: list[dict[str, Any]], *, failing: bool = False) -> list[str]:
    from lydigital.publish.utility_report import RELATIONS

    lines = [
        f"  {tr(RELATIONS[c['relation']])}  {' – '.join(c['codes'])}  {'?' if c['clear_m'] is None else format(c['clear_m'], '.2f')} < {c['least_m']:g} m"
        for c in clearances if not failing or c["met"] is False
    ]  # fmt: skip
    return _list(tr("Too near"), lines)


def _written(values: dict[str, Any]) -> list[str]:
    return [tr("Written: {path}", path=values["output"])] if "output" in values else []


_TEXTS = {"trace": _trace, "isolate": _isolate, "burst": _burst, "section": _section, "clearance": _clearance}
