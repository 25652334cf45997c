"""``lydigital check``: layers held against their rules; ends with 3 where features break one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lydigital.errors import BadDataError
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door


def command(door: Door) -> click.Command:
    """The subcommand, with help in the language now in use."""
    return click.Command(
        "check", help=tr("Hold the layers of PROJECT or a store against their rules; ends with 3 where there are errors."),
        params=[
            click.Argument(["project"], metavar="PROJECT|STORE"),
            click.Option(["--layer", "layers"], multiple=True, metavar="ID", help=tr("Of this layer only.")),
            click.Option(["--shown"], type=click.IntRange(0, 1_000_000), default=20, show_default=True,
                         help=tr("Features named of each finding.")),
            *door.common(),
        ],
        callback=lambda **given: _run(door, **given),
    )  # fmt: skip


def _run(door: Door, *, project: str, layers: tuple[str, ...], shown: int, as_json: bool) -> int:
    with door.session(project) as session:
        values = session.run("check.layers", layers=layers, shown=shown)
    door.show(values, _text(values), as_json=as_json)
    return BadDataError.exit_code if values["errors"] else 0


def _text(values: dict[str, Any]) -> str:
    marks = {"error": tr("error"), "warning": tr("warning"), "note": tr("note")}
    lines = [tr("Layers checked: {layers}; errors: {errors}, warnings: {warnings}", layers=len(values["layers"]),
                errors=f"{values['errors']:,}", warnings=f"{values['warnings']:,}")]  # fmt: skip
    for f in values["findings"]:
        field = f".{f['field']}" if f["field"] else ""
        lines.append(f"{f['title']} ({f['layer']}{field})  {marks[f['severity']]}: {f['message']}  × {f['count']:,}")
        if f["fids"]:
            more = " …" if f["count"] > len(f["fids"]) else ""
            lines.append(f"  fid {', '.join(map(str, f['fids']))}{more}")
        if f["fix"]:
            lines.append(f"  → {f['fix']}")
    return "\n".join(lines)
