"""``lydigital store``: the verbs of stores on the command line, for any file.

Nothing heavy is imported before one of them runs: every start of the program builds these commands.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lydigital import paths
from lydigital.errors import UsageError
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from lydigital.model.layerdef import Catalogue
    from lydigital.session import Session

    Show = Callable[..., None]
    Bar = Callable[[], AbstractContextManager[Callable[[str, float], None]]]


def group(common: Callable[[], list[click.Parameter]], show: Show, bar: Bar, operator: str) -> click.Group:
    """Build the commands, with help in the language now in use.

    Parameters
    ----------
    common, show, bar
        The command line's own options, way of writing results, and progress bar.
    operator
        Of the settings.
    """
    made = click.Group("store", params=common()[:1], help=tr("Make, copy, back up, restore and check stores, and look at what was changed in them."))
    folder = click.Option(["--folder"], type=click.Path(file_okay=False, path_type=Path),
                          help=tr("Folder of backups instead of the usual one."))  # fmt: skip
    target = click.Argument(["target"], type=click.Path(path_type=Path), metavar="FILE.gpkg")
    project = click.Argument(["project"], metavar="PROJECT|FILE")

    def add(name: str, help_: str, run: Callable[..., None], *params: click.Parameter) -> None:
        made.add_command(click.Command(name, help=tr(help_), params=[*params, *common()], callback=run))

    def init(*, target: Path, as_json: bool) -> None:
        from lydigital.commands import store

        values = store.init(target, _catalogue())
        show(values, tr("Written: {path}", path=values["output"]), as_json=as_json)

    def copy(*, project: str, target: Path, as_json: bool) -> None:
        from lydigital.commands import store

        with bar() as told:
            values = store.copy(store.path_of(project, _catalogue), target, watch=lambda share: told("", share))
        show(values, tr("Written: {path}", path=values["output"]), as_json=as_json)

    def back_up(*, project: str, folder: Path | None, listed: bool, as_json: bool) -> None:
        from lydigital.commands import store

        path = store.path_of(project, _catalogue)
        if listed:
            values = store.list_backups(path, folder)
            lines = [f"{b['time']}  {b['size']:>14,}  {b['path']}" for b in values["backups"]]
            show(values, "\n".join(lines) or tr("There are no backups yet."), as_json=as_json)
            return
        with bar() as told:
            values = store.back_up(path, folder, watch=lambda share: told("", share))
        show(values, tr("Written and checked: {path}", path=values["output"]), as_json=as_json)

    def restore(*, project: str, backup: str, folder: Path | None, take_over: bool, as_json: bool) -> None:
        from lydigital.commands import store

        path = store.path_of(project, _catalogue)
        who = store.operator_of(operator)
        values = store.restore(path, backup, operator=who, root=folder, take_over=take_over)
        text = tr("Restored: {path}", path=values["output"])
        if values["kept"]:
            text += "\n" + tr("The file before is kept as {path}", path=values["kept"])
        show(values, text, as_json=as_json)

    def verify(*, project: str, as_json: bool) -> None:
        from lydigital.commands import store

        values = store.verify(store.path_of(project, _catalogue))
        lines = [tr("In order: {steps} steps with {changes} changes, the last one {head}", steps=values["steps"],
                    changes=values["changes"], head=values["head"][:16])]  # fmt: skip
        show(values, "\n".join([*lines, *values["notes"]]), as_json=as_json)

    def history(
        *, project: str, layer: str, fid: int | None, since: datetime | None, until: datetime | None,
        operator: str | None, after: int, days: int | None, output: Path | None, personal: bool, as_json: bool,
    ) -> None:  # fmt: skip
        from lydigital.commands import store

        if fid is not None and not layer:
            raise UsageError("A feature is named by its layer and number", hint="Name the layer as well: --layer ID.")
        found = store.history(
            store.path_of(project, _catalogue), _catalogue(), layer=layer, fid=fid, since=_utc(since), until=_utc(until),
            personal=personal, operator=operator, after=after, days=days,
        )  # fmt: skip
        if output is not None:
            count = store.written(found, output)
            values: dict[str, Any] = {"output": str(output.absolute()), "steps": len(found), "changes": count}
            show(values, tr("Written: {path}", path=values["output"]), as_json=as_json)
            return
        steps = [store.entry_values(entry) for entry in found]
        lines = [f"{s['seq']:>6}  {s['done'][:19]}Z  {s['operator']}  {s['what']}  ({s['count']})" for s in steps]
        show({"steps": steps}, "\n".join(lines) or tr("Nothing was changed by this program."), as_json=as_json)

    def changes(*, project: str, since: datetime | None, after: int | None, as_json: bool) -> None:
        from lydigital.commands import history as past
        from lydigital.commands.registry import execute
        from lydigital.session import open_session

        session: Session = open_session(project, catalogue=_catalogue())
        try:
            given = {"time": since} if since is not None else {"step": after if after is not None else 0}
            found = execute(session, "history.changes_since", **given)
            values = {
                "since": found.since, "token": found.token, "elsewhere": found.elsewhere,
                "layers": {layer: {**past.counted(each), "features": [
                    {"fid": c.fid, "kind": c.kind, "fields": list(c.fields), "geometry": c.geometry, "steps": list(c.steps),
                     "operators": list(c.authors)} for c in each]} for layer, each in found.layers.items()},
            }  # fmt: skip
            show(values, past.handover_text(session, found), as_json=as_json)
        finally:
            session.close()

    add("init", "Make a GeoPackage with an empty table for every layer of the catalogue.", init, target)
    add("copy", "Copy a store of any format into a new GeoPackage.", copy, project, target)
    add("backup", "Back up a GeoPackage, which may be in use, and check the copy.", back_up, project, folder,
        click.Option(["--list", "listed"], is_flag=True, help=tr("Show the backups there are.")))  # fmt: skip
    add("restore", "Put a backup in the place of a store; the present file is kept.", restore, project,
        click.Argument(["backup"], metavar="BACKUP|latest"), folder,
        click.Option(["--take-over"], is_flag=True, help=tr("Whoever is named as editing the file is gone.")))  # fmt: skip
    add("verify", "Check every page of a store and every link of its audit trail.", verify, project)
    add("history", "Say who changed what when; with -o into a CSV or JSON lines file.", history, project,
        click.Option(["--layer"], default="", metavar="ID", help=tr("Of this layer only.")),
        click.Option(["--fid"], type=int, metavar="N", help=tr("Of this feature only.")),
        click.Option(["--since"], type=_time(), help=tr("Saved since, in UTC.")),
        click.Option(["--until"], type=_time(), help=tr("Saved before, in UTC.")),
        click.Option(["--operator"], metavar="NAME", help=tr("By this operator only.")),
        click.Option(["--after"], type=click.IntRange(0), default=0, metavar="STEP", help=tr("After the step of this number only.")),
        click.Option(["--days"], type=click.IntRange(1), metavar="N", help=tr("Saved in the last days; 183 are six months.")),
        click.Option(["-o", "--output"], type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.csv|jsonl",
                     help=tr("File to write.")),
        click.Option(["--personal"], is_flag=True, help=tr("With personal values, which are starred otherwise.")))  # fmt: skip
    add("changes", "Say what became of every feature since a time or a step, for handing over.", changes, project,
        click.Option(["--since"], type=_time(), help=tr("Since this time, local.")),
        click.Option(["--after"], type=click.IntRange(0), metavar="STEP", help=tr("Since the step of this number.")))  # fmt: skip
    return made


def _time() -> click.DateTime:
    return click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def _catalogue() -> Catalogue:
    from lydigital.model.layerdef import read_catalogue

    return read_catalogue(paths.layers_dir())
