"""``lydigital layout``: layouts and templates of pages, listed and written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lydigital.errors import UsageError
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.commands.door import Door


def group(door: Door) -> click.Group:
    """The subcommands, with help in the language now in use."""
    made = click.Group("layout", help=tr("Pages: layouts of the map and templates, listed and written."))
    project = click.Argument(["project"], metavar="PROJECT")
    made.add_command(click.Command(
        "list", help=tr("Layouts of PROJECT, and templates."), params=[project, *door.common()],
        callback=lambda **given: _list(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "export", help=tr("Write a layout of PROJECT, or a template, into a file; its ending names the format."),
        params=[
            project,
            click.Option(["--layout"], required=True, metavar="ID", help=tr("Layout of the map, template, or TOML file.")),
            click.Option(["-o", "--output"], required=True, metavar="FILE.pdf|png|svg|tif|docx", help=tr("File to write.")),
            click.Option(["--dpi"], type=click.IntRange(36, 1200), metavar="N", help=tr("Resolution of pictures; the layout's own unless named.")),
            click.Option(["--pdf-a"], is_flag=True, help=tr("A PDF for archives (PDF/A-2b).")),
            setting(),
            audience(),
            click.Option(["--bounds"], metavar="X0,Y0,X1,Y1", help=tr("What the main map shows, in map units; the view unless named.")),
            *door.common(),
        ],
        callback=lambda **given: _export(door, **given),
    ))  # fmt: skip
    return made


def setting() -> click.Option:
    """The option ``--set key=value``, read by :func:`values_of`."""
    return click.Option(["--set", "settings"], multiple=True, metavar="KEY=VALUE", help=tr("Value of a placeholder, several times if need be."))


def audience() -> click.Option:
    """The option ``--audience``."""
    words = tr("For whom; the gate decides what they may have.")
    return click.Option(["--audience"], type=click.Choice(["internal", "public"]), default="internal", show_default=True, help=words)


def values_of(settings: Sequence[str]) -> dict[str, str]:
    """Placeholders given as ``key=value``.

    Raises
    ------
    UsageError
        For what has no key.
    """
    out = {}
    for text in settings:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            raise UsageError("{text} is no setting", hint="Write it as key=value, for example --set title=汛期图.", text=text)
        out[key.strip()] = value
    return out


def _list(door: Door, *, project: str, as_json: bool) -> None:
    with door.session(project) as session:
        values: dict[str, Any] = session.run("layout.list")
    lines = []
    for found in values["layouts"]:
        width, height = found["pages"][0]
        kind = tr("template") if found["kind"] == "template" else tr("layout")
        lines.append(f"{found['id']:<16} {kind}  {width:g} × {height:g} mm × {len(found['pages'])}  {found['title']}")
    door.show(values, "\n".join(lines), as_json=as_json)


def _export(
    door: Door, *, project: str, layout: str, output: str, dpi: int | None, settings: tuple[str, ...], bounds: str | None, audience: str, pdf_a: bool, as_json: bool,
) -> None:
    wanted: dict[str, Any] = {"layout": layout, "path": output, "values": values_of(settings), "audience": audience, "pdf_a": pdf_a}
    if dpi is not None:
        wanted["dpi"] = dpi
    if bounds:
        wanted["bounds"] = _bounds(bounds)
    if not Path(output).suffix:
        raise UsageError("{path} has no ending", hint="End the name in .pdf or .png: it says what is written.", path=output)
    with door.session(project) as session:
        values = session.run("layout.export", **wanted)
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    door.show(values, "\n".join(tr("Written: {path}", path=path) for path in values["output"]), as_json=as_json)


def _bounds(text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != 4 or not all(abs(n) < 1e12 for n in numbers):
        raise UsageError("{text} is not {count} numbers", hint="Separate them by commas, without spaces.", text=text, count=4)
    return numbers
