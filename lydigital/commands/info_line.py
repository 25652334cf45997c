"""``lydigital info``: what is in a project, a store or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door


def command(door: Door) -> click.Command:
    """The subcommand, with help in the language now in use."""
    return click.Command(
        "info", help=tr("Say what is in PROJECT or a file: layers, counts, systems, bounds, fields, problems."),
        params=[click.Argument(["project"], metavar="PROJECT"), *door.common()], callback=lambda **given: _info(door, **given),
    )  # fmt: skip


def _info(door: Door, *, project: str, as_json: bool) -> None:
    with door.session(project) as session:
        found = session.run("file.info")
    door.show(found, _as_text(found), as_json=as_json)


def _as_text(found: dict[str, Any]) -> str:
    """What :func:`lydigital.commands.file.inspect` found, as a table for people."""
    rows = [[tr("Layer"), tr("Title"), tr("Geometry"), tr("Features"), tr("System")]]
    for layer in found["layers"]:
        count = layer.get("count")
        rows.append([
            layer["id"], layer["title"], tr(layer["geometry"]) if layer["available"] else tr("not available"),
            f"{count:,}" if isinstance(count, int) and count >= 0 else "-", _short(layer.get("crs") or "-"),
        ])  # fmt: skip
    widths = [max(map(_cells, column)) for column in zip(*rows, strict=True)]
    x0, y0, x1, y1 = found["bounds"]
    lines = [
        f"{found['title']} · {found['project'] or '-'}",
        tr(
            "{crs}, bounds {x0:.0f}, {y0:.0f} – {x1:.0f}, {y1:.0f}",
            crs=found["crs"],
            x0=x0,
            y0=y0,
            x1=x1,
            y1=y1,
        ),
        "",
        *(
            "  ".join(t + " " * (w - _cells(t)) for t, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ),
    ]
    for issue in found["issues"]:
        lines += [
            "",
            f"{issue['layer'] or '-'}: {issue['message']}",
            *([f"  → {issue['hint']}"] if issue["hint"] else []),
        ]
    return "\n".join(lines)


def _short(crs: str) -> str:
    return crs if len(crs) <= 24 else crs[:23] + "…"


def _cells(text: str) -> int:
    """Width on a terminal: Chinese characters take two cells."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
