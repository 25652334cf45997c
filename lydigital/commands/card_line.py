"""``lydigital hazard card``: the cards of a hazard point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door


def command(door: Door) -> click.Command:
    """The subcommand, with help in the language now in use."""
    return click.Command(
        "card", help=tr("Card of a hazard point for print: work card, card of its households, or plan."),
        params=[
            click.Argument(["project"], metavar="PROJECT"),
            click.Argument(["fid"], type=int, metavar="FID"),
            click.Option(["--kind"], type=click.Choice(["work", "household", "plan"]), default="work", show_default=True,
                         help=tr("Which card.")),
            click.Option(["--household"], default="", metavar="CODE", help=tr("Number of one household; all unless named.")),
            click.Option(["--personal"], is_flag=True, help=tr("With personal values, which are starred otherwise.")),
            click.Option(["-o", "--output"], default="", metavar="FILE.pdf|docx", help=tr("File to write.")),
            *door.common(),
        ],
        callback=lambda **given: _run(door, **given),
    )  # fmt: skip


def _run(door: Door, *, project: str, fid: int, kind: str, household: str, personal: bool, output: str, as_json: bool) -> None:
    with door.session(project) as session:
        values = session.run("hazard.card", fid=fid, kind=kind, household=household, personal=personal, output=output)
    lines = [values["title"]]
    lines += [f"  {row['label']}: {row['value'] or '—'}" for row in values["rows"][0]]
    lines += values["notes"]
    if "output" in values:
        lines.append(tr("Written: {path}", path=values["output"]))
    door.show(values, "\n".join(lines), as_json=as_json)
