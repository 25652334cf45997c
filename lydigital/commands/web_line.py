"""``lydigital web``: the map as one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door


def command(door: Door) -> click.Command:
    """The subcommand, with help in the language now in use."""
    return click.Command(
        "web", help=tr("Write PROJECT as one HTML file that any browser opens without a network."),
        params=[
            click.Argument(["project"], metavar="PROJECT"),
            click.Option(["-o", "--output"], required=True, metavar="FILE.html", help=tr("File to write.")),
            click.Option(["--layers"], metavar="A,B", help=tr("Layers to click and switch, instead of the visible ones.")),
            click.Option(["--audience"], type=click.Choice(["internal", "public"]), default="internal", show_default=True, help=tr("Who will see it.")),
            click.Option(["--budget"], type=click.FloatRange(1, 200), default=8.0, show_default=True, metavar="MB", help=tr("Size the file keeps to.")),
            click.Option(["--title"], default="", metavar="TEXT", help=tr("Title; that of the map unless named.")),
            *door.common(),
        ],
        callback=lambda **given: _run(door, **given),
    )  # fmt: skip


def _run(door: Door, *, project: str, output: str, layers: str | None, audience: str, budget: float, title: str, as_json: bool) -> None:
    wanted = None if layers is None else tuple(name.strip() for name in layers.split(",") if name.strip())
    with door.session(project) as session:
        values = session.run("web.write", path=output, layers=wanted, audience=audience, budget_mb=budget, title=title)
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    size = tr("{size} MB", size=f"{values['bytes'] / 1e6:.1f}")
    lines = [tr("Written: {path}", path=values["output"]) + f"  ({size})", *(f"  {note}" for note in values["notes"])]
    if values["over_budget"]:
        lines.append("  " + tr("The file is larger than asked for: there is no less that would show the map."))
    door.show(values, "\n".join(lines), as_json=as_json)
