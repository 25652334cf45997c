"""Verbs of stores: edit, copy, back up, put back, check, look back.

Those of the map's own stores are registered; the command line has them for any file.
"""

from __future__ import annotations

import csv
import io
import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital import paths
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError, UsageError
from lydigital.model import audit
from lydigital.stores import backup as copies
from lydigital.stores.opened import is_raster
from lydigital.stores.store import open_store
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lydigital.model.audit import AuditEntry
    from lydigital.model.layerdef import Catalogue
    from lydigital.session import Session


class EditLayer(Parameters, frozen=True):
    """``take_over`` is the user's word that whoever is named as editing it is gone."""

    layer: str
    take_over: bool = False


class History(Parameters, frozen=True):
    """Of one layer, and one of its features where ``fid`` names it."""

    layer: str
    fid: int | None = None


# --- any file -------------------------------------------------------------------------------------------------------


def path_of(project: str, catalogue: Callable[[], Catalogue]) -> Path:
    """The store that ``project`` names: a file, ``sample``, or the main store of a project file.

    Raises
    ------
    UsageError
        When a project names no store.
    """
    from lydigital.stores import compose
    from lydigital.stores.project import is_project

    if project == "sample":
        return paths.sample_store()
    if not is_project(project):
        return Path(project)
    document, _ = compose.open_map(project, catalogue())
    found = document.store or next((r.source for r in document.layers if not is_raster(r.source)), "")
    if not found:
        raise UsageError("{project} names no store", hint="Name the file itself.", project=project)
    return Path(found)


def init(path: Path, catalogue: Catalogue) -> dict[str, Any]:
    """A new GeoPackage with an empty table for every layer of the catalogue."""
    from lydigital.stores.create import create_gpkg, is_stored

    if path.suffix.lower() != ".gpkg":
        raise BadDataError("{path} is no name of a GeoPackage", hint="End the name in .gpkg.", path=str(path))
    when = datetime.now().astimezone()
    create_gpkg(path, catalogue, when=audit.time_text(when)[:23] + "Z")
    return {"output": str(path.absolute()), "layers": [layer.id for layer in catalogue.layers if is_stored(layer)]}


def copy(source: Path, target: Path, *, watch: Callable[[float], None] | None = None) -> dict[str, Any]:
    """See :func:`lydigital.stores.convert.copy_store`."""
    from lydigital.stores.convert import copy_store

    return {"output": str(target.absolute()), "layers": list(copy_store(source, target, watch=watch))}


def back_up(path: Path, root: Path | None = None, *, watch: Callable[[float], None] | None = None) -> dict[str, Any]:
    """A new backup, and how many there are now."""
    made = copies.back_up(_gpkg(path), root, watch=watch)
    return {"output": str(made.path), "size": made.size, "kept": len(copies.backups(path, root))}


def list_backups(path: Path, root: Path | None = None) -> dict[str, Any]:
    made = copies.backups(path, root)
    return {"backups": [{"path": str(b.path), "time": b.time.isoformat(), "size": b.size} for b in made]}


def restore(path: Path, wanted: str, *, operator: str, root: Path | None = None, take_over: bool = False) -> dict[str, Any]:
    """Put a backup back: a file, or ``latest``."""
    chosen = Path(wanted)
    if wanted == "latest":
        made = copies.backups(path, root)
        if not made:
            raise StoreUnavailableError(
                "There is no backup of {path}", hint="lydigital store backup makes one; name the folder with --folder.",
                path=str(path),
            )  # fmt: skip
        chosen = made[-1].path
    kept = copies.restore(path, chosen, operator=operator, root=root, take_over=take_over)
    return {"output": str(path.absolute()), "restored": str(chosen), "kept": None if kept is None else str(kept)}


def verify(path: Path) -> dict[str, Any]:
    """Check every page of the file and every link of its audit trail.

    Raises
    ------
    BadDataError
        When something is not as it was written.
    """
    with closing(open_store(path)) as store:
        verdict = store.verify()
    values = {"path": str(path), **msgspec.to_builtins(verdict), "sound": verdict.is_sound}
    if not verdict.is_sound:
        raise BadDataError(
            "{path} is not as it was written: {reason}",
            hint="Restore it from a backup and compare; the steps before are in order.",
            path=str(path), reason=" ".join(values["faults"]), broken=verdict.broken,
        )  # fmt: skip
    return values


def history(
    path: Path, catalogue: Catalogue, *, layer: str = "", fid: int | None = None, since: datetime | None = None,
    until: datetime | None = None, personal: bool = False, operator: str | None = None, after: int = 0, days: int | None = None,
) -> list[AuditEntry]:  # fmt: skip
    """What was saved in a file, oldest first, with personal values starred unless asked for.

    ``operator``, ``after`` (a number of a step) and ``days`` (back from now) leave out the others.
    """
    if days is not None:
        begin = datetime.now(UTC) - timedelta(days=days)
        since = begin if since is None else max(since, begin)
    with closing(open_store(path)) as store:
        found: Iterable[AuditEntry] = store.history(layer, fid, since, until)
    found = [e for e in found if e.seq > after and operator in (None, e.author)]
    return list(found if personal else audit.masked(found, personal_fields(catalogue)))


def personal_fields(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Fields with personal values, by layer."""
    found = {layer.id: tuple(f.name for f in layer.fields if f.personal) for layer in catalogue.layers}
    return {layer: fields for layer, fields in found.items() if fields}


def written(entries: list[AuditEntry], path: Path) -> int:
    """Export history as CSV or JSON lines, by the ending of ``path``; the number of changes."""
    from lydigital.stores import gpkg_audit

    rows = list(gpkg_audit.records(entries))
    if path.suffix.lower() == ".csv":
        out = io.StringIO()
        names = ["seq", "done", "saved", "operator", "machine", "program", "what", "hash", "layer", "fid", "kind",
                 "before", "after", "geometry_before", "geometry_after"]  # fmt: skip
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerows(rows)
        content = b"\xef\xbb\xbf" + out.getvalue().encode()  # a mark, or Excel takes it for another encoding
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        content = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    else:
        raise UsageError("{path} ends in no format of a history", hint="End it in .csv or .jsonl.", path=str(path))
    try:
        paths.write_atomically(path, content)
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check that the folder exists and that you may write there.",
            path=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip
    return len(rows)


def entry_values(entry: AuditEntry) -> dict[str, Any]:
    """A step as plain values in the user's language."""
    changes = [
        {"layer": c.layer, "fid": c.fid, "kind": c.kind, "geometry": c.geometry,
         "fields": sorted({**(c.before.values if c.before else {}), **(c.after.values if c.after else {})})}
        for c in entry.changes
    ]  # fmt: skip
    return {
        "seq": entry.seq, "done": audit.time_text(entry.done), "saved": audit.time_text(entry.saved),
        "operator": entry.author, "machine": entry.machine, "program": entry.program,
        "what": tr(entry.annotation, **entry.values), "count": entry.count, "hash": entry.hash, "changes": changes,
    }  # fmt: skip


def _gpkg(path: Path) -> Path:
    if path.suffix.lower() != ".gpkg":
        raise RefusedError(
            "{path} is no GeoPackage, and only those are backed up",
            hint="Copy the file itself, or make a GeoPackage of it: lydigital store copy FILE copy.gpkg", path=str(path),
        )  # fmt: skip
    return path


# --- stores of the map ----------------------------------------------------------------------------------------------


def _stores(session: Session) -> list[Path]:
    sources = dict.fromkeys(ref.source for ref in session.document.layers if ref.source.lower().endswith(".gpkg"))
    return [Path(source) for source in sources]


def _none(session: Session) -> str | None:
    return None if _stores(session) else tr("The map has no GeoPackage")


def _edit(session: Session, parameters: EditLayer) -> None:
    ref = session.document.layer(parameters.layer)
    if ref is None:
        raise UsageError("There is no layer {layer}", hint="lydigital info lists the layers.", layer=parameters.layer)
    if parameters.take_over:
        session.stores.hold(ref.source, session.history.author, take_over=True)
    session.stores.store(ref.source).writing(session.stores.table_name(ref))
    session.stores.hold(ref.source, session.history.author)


def _back_up(session: Session, _parameters: Parameters) -> list[dict[str, Any]]:
    return [back_up(path) for path in _stores(session)]


def _verify(session: Session, _parameters: Parameters) -> list[dict[str, Any]]:
    return [verify(path) for path in _stores(session)]


def _history(session: Session, parameters: History) -> list[AuditEntry]:
    ref = session.document.layer(parameters.layer)
    if ref is None:
        raise UsageError("There is no layer {layer}", hint="lydigital info lists the layers.", layer=parameters.layer)
    return session.stores.store(ref.source).history(session.stores.table_name(ref), parameters.fid)


def operator_of(settings_operator: str) -> str:
    """Whom changes name: the operator of the settings, or who is logged in."""
    return settings_operator or os.environ.get("USER") or os.environ.get("USERNAME") or "?"


COMMANDS = (
    Command("store.edit", "Edit a layer", _edit, EditLayer, icon="pencil-outline"),
    Command("store.backup", "Back up now", _back_up, disabled=_none, icon="content-save-cog-outline"),
    Command("store.verify", "Check the stores and their audit trail", _verify, disabled=_none, icon="shield-check-outline"),
    Command("store.history", "What was changed in a layer", _history, History, icon="history"),
)
