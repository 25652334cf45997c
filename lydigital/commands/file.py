"""Projects: open, save, recover; and what is in one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital import paths
from lydigital.commands.layer import title_of
from lydigital.commands.registry import Command, Parameters
from lydigital.edits.history import file_stamp
from lydigital.edits.journal import discard
from lydigital.errors import ConflictError, LydError, RefusedError, StoreUnavailableError, UsageError
from lydigital.stores import compose, project
from lydigital.stores.opened import is_raster
from lydigital.stores.store import open_store
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.edits.recovery import Recovery
    from lydigital.model.document import LayerRef, MapDocument
    from lydigital.model.issue import Issue
    from lydigital.session import Session


class OpenProject(Parameters, frozen=True):
    """``project`` is ``sample``, a project file or a store; ``discard`` gives up unsaved changes of the present map."""

    project: str
    discard: bool = False


class Save(Parameters, frozen=True):
    """``overwrite`` replaces a file that another program changed meanwhile."""

    overwrite: bool = False


class Recover(Parameters, frozen=True):
    """``number`` counts from the newest work found, 0; ``discard`` gives it up instead.

    ``export`` names a file that its steps are written to as JSON, one a line, those that no longer fit among them;
    nothing else happens then.
    """

    number: int = 0
    discard: bool = False
    export: str = ""


class SaveAs(Parameters, frozen=True):
    """``overwrite`` replaces a file that exists."""

    path: str
    overwrite: bool = False


def _open(session: Session, parameters: OpenProject) -> None:
    if not session.is_saved and not parameters.discard:
        raise RefusedError(
            "{title} has changes that are not saved", hint="Save it first, or give the changes up.",
            title=session.document.title,
        )  # fmt: skip
    document, path = compose.open_map(parameters.project, session.catalogue)
    session.replace(document, path)


def _with_view(session: Session) -> MapDocument:
    """The document as it goes to disk: it opens where the user is now."""
    view = session.viewport
    return msgspec.structs.replace(session.document, centre=view.centre, scale=round(view.scale, 1))


def _save(session: Session, parameters: Save) -> Path | None:
    """Features first: where their store refuses them, the project file still is as it was."""
    path = session.history.path
    if path is None and session.features.is_saved:
        raise UsageError("This map has no file yet", hint="Save it under a name first.")
    if path is not None and file_stamp(path) != session.history.stamp and not parameters.overwrite:
        raise ConflictError(
            "{path} was changed by another program since it was opened here",
            hint="Save under another name to keep both, or overwrite it.", path=str(path),
        )  # fmt: skip
    _save_features(session)
    if path is not None:
        project.save(_with_view(session), path)
        session.mark_saved(path)
    return path


def _save_features(session: Session) -> None:
    if not session.features.is_saved:
        from lydigital.commands import complete

        complete.save(session)


def _save_as(session: Session, parameters: SaveAs) -> Path:
    name = parameters.path if project.is_project(parameters.path) else parameters.path + project.SUFFIX
    path = Path(name).absolute().resolve()
    if path.exists() and not parameters.overwrite:
        raise RefusedError(
            "{path} exists already", hint="Choose another name, or overwrite it.", path=str(path)
        )
    _save_features(session)
    project.save(_with_view(session), path)
    session.mark_saved(path)
    return path


def _no_file(session: Session) -> str | None:
    if session.history.path is None and session.features.is_saved:
        return tr("This map has no file yet; save it under a name first")
    return None


def _recover(session: Session, parameters: Recover) -> str | None:
    found = session.recoverable()
    if parameters.number >= len(found):
        raise UsageError("There is no unsaved work of that number", hint="The newest is number 0.")
    recovery = found[parameters.number]
    if parameters.export:
        return _export(recovery, Path(parameters.export))
    if parameters.discard:
        discard(recovery.left.path)
        return tr("The unsaved work was given up")
    session.recover(recovery)
    when = recovery.time.astimezone().strftime("%Y-%m-%d %H:%M")
    if recovery.unfit:
        return tr("Recovered the work of {time}; {count} steps no longer fit and are kept in the journal",
                  time=when, count=len(recovery.unfit))  # fmt: skip
    return tr("Recovered the work of {time}", time=when)


def _export(recovery: Recovery, path: Path) -> str:
    kept = [("left", entry.changes) for entry in recovery.left.story.left]
    kept += [("unfit", done.changes) for done in recovery.unfit] + [("fits", done.changes) for done in recovery.steps]
    lines = [msgspec.json.encode({"state": state, "changes": changes}) for state, changes in kept]
    try:
        paths.write_atomically(path, b"\n".join(lines) + b"\n")
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Save it in a folder you may write to.",
            path=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip
    return tr("{count} steps were written to {path}", count=len(lines), path=str(path))


def _nothing_found(session: Session) -> str | None:
    return None if session.recoverable() else tr("There is no unsaved work to recover")


def inspect(session: Session, _parameters: Parameters = Parameters()) -> dict[str, Any]:  # noqa: B008 - immutable
    """What is in the map: layers, counts, systems, bounds, fields, problems; plain values for JSON."""
    document = session.document
    layers = [_layer(session, ref) for ref in document.layers]
    if session.history.path is None and document.store and not is_raster(document.store):
        shown = {(ref.source, ref.table) for ref in document.layers}
        with closing(open_store(document.store)) as store:
            layers += [
                {
                    "id": layer.name, "title": layer.title, "geometry": "none", "count": layer.feature_count,
                    "fields": [msgspec.to_builtins(f) for f in layer.fields], "source": document.store,
                    "table": layer.name, "available": True,
                }
                for layer in store.layers() if (document.store, layer.name) not in shown
            ]  # fmt: skip
    described = [issue for layer in layers for issue in layer.pop("issues", ())]
    issues = described + [issue for issue in session.issues if issue not in described]
    return {
        "project": session.project,
        "title": document.title,
        "crs": document.crs,
        "bounds": [round(v, 3) for v in session.bounds()],
        "layers": layers,
        "groups": [msgspec.to_builtins(g) for g in document.groups],
        "bookmarks": [b.title for b in document.bookmarks],
        "issues": [issue_values(issue) for issue in issues],
    }


def issue_values(issue: Issue) -> dict[str, Any]:
    """An issue as plain values in the user's language."""
    return {
        "code": issue.code,
        "severity": issue.severity,
        "layer": issue.layer,
        "message": tr(issue.message, **issue.values),
        "hint": tr(issue.hint, **issue.values),
    }


def _layer(session: Session, ref: LayerRef) -> dict[str, Any]:
    definition = session.definition(ref.id)
    out: dict[str, Any] = {
        "id": ref.id,
        "title": title_of(session, ref),
        "group": ref.group,
        "geometry": definition.geometry,
        "visible": session.document.is_visible(ref),
        "source": ref.source,
        "table": ref.table,
    }
    try:
        described = session.stores.describe(ref)
    except LydError:  # session.issues says why
        return out | {"available": False}
    fields = []
    for field in described.fields:
        known = definition.field(field.name)
        title = known.alias if known is not None else field.title or field.name
        unit = known.unit if known is not None else ""
        fields.append({"name": field.name, "title": title, "type": field.type, "unit": unit})
    return out | {
        "available": True,
        "count": described.feature_count if definition.geometry != "raster" else None,
        "crs": ref.crs or described.crs,
        "bounds": None if described.bounds is None else list(described.bounds),
        "fields": fields,
        "issues": tuple(msgspec.structs.replace(issue, layer=ref.id) for issue in described.issues),
    }


COMMANDS = (
    Command("file.open", "Open", _open, OpenProject, shortcut="Ctrl+O", menu="file", icon="folder-open-outline"),
    Command("file.save", "Save", _save, Save, disabled=_no_file, shortcut="Ctrl+S", menu="file", icon="content-save-outline"),
    Command("file.save_as", "Save as", _save_as, SaveAs, shortcut="Ctrl+Shift+S", menu="file", icon="content-save-edit-outline"),
    Command("file.recover", "Recover unsaved work", _recover, Recover, disabled=_nothing_found, menu="file", icon="backup-restore"),
    Command("file.info", "What is in this map", inspect, menu="file", icon="information-outline"),
)  # fmt: skip
