"""``lydigital atlas``: a layout for every feature of a layer, or the runs of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lydigital.commands.layout_line import audience, setting, values_of
from lydigital.errors import BadDataError, UsageError
from lydigital.model import recipe as recipes
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door

_RECIPE = """\b
title = "汛期图件"
output = "out"
[[sheets]]
layout = "planning"
by = "township"
where = "county = '栾川县'"
name = "{feature.county}_{feature.name}_{version}"
formats = ["pdf", "png"]"""


def command(door: Door) -> click.Command:
    """The subcommand, with help in the language now in use."""
    return click.Command(
        "atlas", help=tr("Pages for every feature of a layer of PROJECT, or all runs of a recipe (RECIPE.toml).") + "\n\n" + tr("A recipe:") + "\n\n" + _RECIPE,
        params=[
            click.Argument(["project"], metavar="PROJECT|RECIPE.toml"),
            click.Option(["--layout"], default="", metavar="ID", help=tr("Layout of the map, template, or TOML file.")),
            click.Option(["--by"], default="", metavar="LAYER", help=tr("Layer whose features drive the pages.")),
            click.Option(["-o", "--output"], default="", metavar="DIR", help=tr("Folder to write into; older versions in it stay.")),
            click.Option(["--format", "formats"], multiple=True, metavar="pdf|png|svg|tif|docx", help=tr("Format of the files, pdf unless named; several times if need be.")),
            click.Option(["--where"], default="", metavar="SQL", help=tr("Only the features this is true of.")),
            click.Option(["--sort"], default="", metavar="FIELD", help=tr("Order of the pages, after a minus sign downwards; code unless named.")),
            click.Option(["--name"], default="", metavar="PATTERN", help=tr("Pattern of file names, as {example}.", example="{number}_{feature.name}_{version}")),
            click.Option(["--dpi"], type=click.IntRange(36, 1200), metavar="N", help=tr("Resolution of pictures; the layout's own unless named.")),
            setting(),
            click.Option(["--one"], is_flag=True, help=tr("One PDF with bookmarks instead of a file each.")),
            click.Option(["--zip"], is_flag=True, help=tr("Pack the files into an archive, too.")),
            click.Option(["--resume"], is_flag=True, help=tr("Go on with the last run: finished pages that would come out the same are kept.")),
            click.Option(["--jobs"], type=click.IntRange(0, 64), default=0, metavar="N", help=tr("Processes side by side; as many as pay unless named.")),
            click.Option(["--most"], type=click.IntRange(1), default=recipes.MOST, show_default=True, metavar="N", help=tr("Refuse more features than this.")),
            audience(),
            *door.common(),
        ],
        callback=lambda **given: _run(door, **given),
    )  # fmt: skip


def _run(door: Door, *, project: str, as_json: bool, output: str, resume: bool, jobs: int, **given: Any) -> None:
    zipped = given.pop("zip")
    if project.endswith(".toml") and not project.endswith(".lyd.toml"):
        _recipe(door, project, given, {"folder": output, "resume": resume, "jobs": jobs, "zip": zipped}, as_json=as_json)
        return
    for option, value in (("--layout", given["layout"]), ("--output", output)):
        if not value:
            raise UsageError("{option} is missing", hint="lydigital atlas PROJECT --layout ID --by LAYER -o DIR", option=option)
    given["values"] = values_of(given.pop("settings"))
    given["formats"] = tuple(kind for text in given["formats"] for kind in text.split(",") if kind) or ("pdf",)
    wanted = {name: value for name, value in given.items() if value is not None}
    with door.session(project) as session:
        values = session.run("atlas.run", folder=output, resume=resume, jobs=jobs, zip=zipped, **wanted)
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])
    door.show(values, _text(values), as_json=as_json)
    _complain(values["failed"], values["pages"])


def _recipe(door: Door, path: str, given: dict[str, Any], wanted: dict[str, Any], *, as_json: bool) -> None:
    named = [name for name, value in given.items() if value not in (None, "", (), False, recipes.MOST, "internal")]
    if named:
        raise UsageError("A recipe says itself what is made; {names} cannot be named beside it", hint="Write it into the recipe.", names=", ".join(named))
    recipe = recipes.read(Path(path))
    with door.session(recipe.project or "sample") as session:
        values = session.run("atlas.recipe", path=path, **wanted)
    lines = [f"{run['id']}: {run['error']} → {run['hint']}" if "error" in run else f"{run['id']}: {_text(run)}" for run in values["runs"]]
    door.show(values, "\n".join(lines), as_json=as_json)
    failed = [page for run in values["runs"] for page in run.get("failed", ())]
    if values["broken"]:
        first = next(run for run in values["runs"] if "error" in run)
        raise BadDataError(
            "{count} runs failed: {names}", hint="{reason}", count=len(values["broken"]), names=", ".join(values["broken"]), reason=first["error"]
        )
    _complain(failed, sum(run.get("pages", 0) for run in values["runs"]))


def _text(values: dict[str, Any]) -> str:
    text = tr("{count} sets of pages, version {version}: {path}", count=values["pages"], version=values["version"], path=values["folder"])
    return text + (" " + tr("({count} stood already)", count=values["kept"]) if values["kept"] else "")


def _complain(failed: list[dict[str, Any]], good: int) -> None:
    if failed:
        raise BadDataError(
            "{count} of {all} sets of pages failed: {names}", hint="{reason}", count=len(failed), all=len(failed) + good,
            names="、".join(str(page["title"]) for page in failed[:5]), reason=failed[0]["reason"],
        )  # fmt: skip
