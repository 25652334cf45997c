"""Runs of pages: what is asked is seen to first, then pages are made here or by several processes, and listed as they come."""

from __future__ import annotations

import difflib
import os
import shutil
import time
import uuid
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital import paths, texts
from lydigital.commands import gate
from lydigital.commands import layout as layouts
from lydigital.commands.file import issue_values
from lydigital.commands.work.atlasworker import Crew, Errand, Maker
from lydigital.edits.disk import DISK
from lydigital.errors import (
    BadDataError,
    ConflictError,
    LydError,
    RefusedError,
    StoreUnavailableError,
    UsageError,
)
from lydigital.model import recipe as recipes
from lydigital.model.issue import Issue
from lydigital.model.layout import Atlas, Layout
from lydigital.model.recipe import Run
from lydigital.model.table import FeatureTable
from lydigital.publish import atlas
from lydigital.publish.atlas import Entry, Manifest
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lydigital.commands.atlas import RunAtlas, RunRecipe
    from lydigital.commands.work.atlasworker import Reply
    from lydigital.model.document import LayerRef
    from lydigital.session import Session

PAYS_FROM = 24  # pages a process: its start costs as much as some fifteen of them
MARGIN = 0.06  # share left free around a feature where the layout says nothing
MOST_ENDINGS = 5  # processes that ended without being asked, before the run gives up


def run(session: Session, given: RunAtlas) -> dict[str, Any]:
    """``atlas.run``: see :class:`~lydigital.commands.atlas.RunAtlas`.

    Raises
    ------
    LydError
        When nothing could be begun, or the run had to stop; what is finished stays and is listed.
    """
    try:
        wanted = msgspec.convert({name: getattr(given, name) for name in Run.__struct_fields__ if hasattr(given, name)}, Run)
    except msgspec.ValidationError as error:
        raise UsageError("{command}: {reason}", hint="Formats are endings such as pdf or png.", command="atlas.run", reason=str(error)) from None
    return _run(session, wanted, Path(given.folder).expanduser().absolute(), resume=given.resume, jobs=given.jobs)


def recipe(session: Session, given: RunRecipe) -> dict[str, Any]:
    """``atlas.recipe``: every run of a recipe into a folder of its own. A run that fails leaves the others.

    Raises
    ------
    BadDataError
        When the recipe is wrong.
    LydError
        The first failure, after all runs were tried.
    """
    from lydigital.session import open_session

    path = Path(given.path).expanduser()
    read = recipes.read(path)
    output = Path(given.folder).expanduser().absolute() if given.folder else Path(read.output)
    done: list[dict[str, Any]] = []
    first: LydError | None = None
    for number, made in enumerate(read.sheets):
        project = made.project or read.project
        folder = output / read.folder_of(made)
        wanted = msgspec.convert({n: getattr(made, n) for n in Run.__struct_fields__} | {"zip": made.zip or given.zip}, Run)
        session.progressed.emit(tr("Run {number} of {count}: {name}", number=number + 1, count=len(read.sheets), name=made.id), number / len(read.sheets))
        with ExitStack() as stack:
            try:
                own = session
                if project and not _is_open(session, project):
                    own = open_session(project, kind=type(session), author=session.history.author, office=session.office)
                    stack.callback(own.close)
                    own.progressed.connect(session.progressed.emit)
                done.append({"id": made.id, **_run(own, wanted, folder, resume=given.resume, jobs=given.jobs)})
            except LydError as error:
                first = first or error
                done.append({"id": made.id, "folder": str(folder), "error": str(error), "hint": error.hint_text(), "code": error.exit_code})
    broken = [one["id"] for one in done if "error" in one]
    if first is not None and len(broken) == len(done):
        raise first
    return {"recipe": str(path.absolute()), "title": read.title, "folder": str(output), "runs": done, "broken": broken}


def _is_open(session: Session, project: str) -> bool:
    if project == "sample":
        return session.history.path is None and session.document.store == str(paths.sample_store())
    return Path(session.project).absolute() == Path(project).absolute() if session.project else False


# --- one run ------------------------------------------------------------------------------------------------------------


@dataclass
class _Plan:
    """One run: what it makes, and where. ``parts`` holds the pages of a ``book`` until it is bound."""

    session: Session
    wanted: Run
    folder: Path
    layout: Layout
    driven: Atlas | None
    table: FeatureTable | None
    formats: tuple[str, ...]
    old: dict[str, Any] = field(default_factory=dict)  # list of the run that is gone on with
    version: str = ""
    entries: list[Entry] = field(default_factory=list)

    @property
    def layer(self) -> str:
        return self.driven.layer if self.driven is not None else ""

    @property
    def stem(self) -> str:
        """Name of the book and the archive."""
        layer = self.session.definition(self.layer).name if self.layer else ""
        return atlas.safe_name("_".join(part for part in (self.layout.name, layer, self.version) if part))

    @property
    def book(self) -> Path | None:
        return self.folder / Path(str(self.old.get("file") or f"{self.stem}.pdf")).name if self.wanted.one else None

    @property
    def parts(self) -> Path:
        return self.folder / f".pages_{self.version}" if self.wanted.one else self.folder

    @property
    def same(self) -> dict[str, Any]:
        """What must not differ where a run is gone on with."""
        return {"layout": self.layout.id, "by": self.layer, "formats": list(self.formats), "one": self.wanted.one}


def _run(session: Session, wanted: Run, folder: Path, *, resume: bool, jobs: int) -> dict[str, Any]:
    start = time.perf_counter()
    formats = tuple(dict.fromkeys(kind.casefold().lstrip(".") for kind in wanted.formats))
    if not formats:
        raise UsageError("No format is named", hint="Name endings such as pdf or png.")
    if wanted.one and formats != ("pdf",):
        raise UsageError("Only PDF holds all pages in one file", hint="Leave out --one, or write only PDF.")
    layout, driven = _layout(session, wanted)
    plan = _Plan(session, wanted, folder, layout, driven, _table(session, driven.layer) if driven is not None else None, formats)
    verdict, zipped = _passed(plan), ""
    with _folder(folder):
        issues = [*_version(plan, resume=resume), *_entries(plan)]
        errand = _errand(plan)
        manifest = Manifest(folder, {**_head(plan, errand), "verdict": verdict})
        keys = _keys(plan, errand)
        kept = _take_up(plan, manifest, keys)
        if len(kept) < len(plan.entries) or not plan.old.get("complete"):
            _shelve(plan)
            _make(plan, errand, manifest, keys, jobs)
            _finish(plan, manifest)
        names = [plan.book.name] if plan.book is not None else manifest.files()
        if wanted.zip:
            target = folder / f"{plan.stem}.zip"
            session.progressed.emit(tr("Packing {name}", name=target.name), 0.99)
            atlas.pack(target, folder, [atlas.MANIFEST, *names])
            zipped = str(target)
    session.progressed.emit(tr("Done"), 1.0)
    return {
        "folder": str(folder), "version": plan.version, "manifest": str(folder / atlas.MANIFEST), "layout": layout.id, "by": plan.layer,
        "pages": len(manifest.pages), "made": len(manifest.pages) - len(kept), "kept": len(kept),
        "failed": [manifest.failed[n] for n in sorted(manifest.failed)], "output": [str(folder / name) for name in names], "zip": zipped,
        "verdict": verdict, "unplaced_labels": sum(int(p["unplaced_labels"]) for p in manifest.pages.values()),
        "issues": [issue_values(issue) for issue in (*issues, *session.issues)], "seconds": round(time.perf_counter() - start, 2),
    }  # fmt: skip


def _layout(session: Session, wanted: Run) -> tuple[Layout, Atlas | None]:
    """The layout with a main map that follows the feature, and what drives it."""
    layout = layouts.find(session, wanted.layout)
    if layout.frame is not None:
        layout = layouts.framed(session, layout.frame)
    own = layout.atlas
    by = wanted.by or (own.layer if own else "")
    named = {name: value for name in ("where", "sort", "name") if (value := getattr(wanted, name))}
    base = own if own is not None and own.layer == by else Atlas(layer=by)
    driven = msgspec.structs.replace(base, **named) if by else None
    main = layout.main_map
    if main is not None:
        changes: dict[str, Any] = {} if wanted.layers is None else {"layers": wanted.layers}
        if driven is not None and not any(m.follows == "feature" and m.bounds is None for m in layout.maps):
            changes |= {"follows": "feature", "bounds": None, "centre": None, "margin": main.margin or MARGIN}
        layout = layout.with_item(msgspec.structs.replace(main, **changes))
    return layout, driven


def _passed(plan: _Plan) -> dict[str, Any]:
    """The verdict of the gate on the run.

    Raises
    ------
    RefusedError
        When it stands against it, or the features that drive the pages are not for the audience.
    """
    _, _, verdict = gate.through(plan.session, plan.layout, layouts.material_of(plan.session), plan.wanted.audience)
    if plan.layer:
        own = gate.judged(plan.session, [plan.layer], plan.wanted.audience)
        if plan.layer in own.dropped or not own.is_open:
            raise RefusedError(
                "{layer} may not be exported for this audience", hint="Choose another layer or audience.", layer=plan.session.definition(plan.layer).name
            )
    return gate.values_of(verdict)


def _table(session: Session, layer: str) -> FeatureTable:
    if session.ref(layer) is None:
        known = [ref.id for ref in session.document.layers]
        near = difflib.get_close_matches(layer, known, 3) or known[:3]
        raise UsageError("The map has no layer {layer}", hint="Did you mean {near}?", layer=layer, near=", ".join(near) or "-")
    found = session.table(layer)
    if not isinstance(found, FeatureTable):
        raise BadDataError("{layer} has no rows to list", hint="Choose a layer of features.", layer=layer)
    return found


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """The folder made, and held against another run into it."""
    lock = folder / ".atlas.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = DISK.lock(lock)
    except OSError as error:
        raise atlas.unwritable(folder, error) from error
    if held is None:
        raise ConflictError("Another run writes into {path}", hint="Wait until it has ended, or choose another folder.", path=str(folder))
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink(missing_ok=True)
        held.close()


def _version(plan: _Plan, *, resume: bool) -> list[Issue]:
    """Decide which version is written; what should be known of the last one."""
    if resume:
        plan.old = atlas.read_manifest(plan.folder)
        other = [name for name, value in plan.same.items() if plan.old and plan.old.get(name) != value]
        if other:
            raise UsageError(
                "The last run in {path} was another one: {what}", hint="Start without --resume: that makes a new version.", path=str(plan.folder),
                what=", ".join(f"{name} {plan.old.get(name)}" for name in other),
            )  # fmt: skip
    plan.version = str(plan.old.get("version") or f"v{atlas.next_version(plan.folder):02d}")
    if not resume:
        with suppress(BadDataError):
            last = atlas.read_manifest(plan.folder)
            if last and not last.get("complete"):
                values = {"version": str(last.get("version", ""))}
                return [Issue("atlas.unfinished", "note", "The last run {version} was not finished", "--resume would have gone on with it.", values=values)]
    return []


def _entries(plan: _Plan) -> list[Issue]:
    """List the pages to make."""
    if plan.driven is not None and plan.table is not None:
        plan.entries, issues = atlas.entries(
            plan.driven, plan.table, plan.session.definition(plan.layer), version=plan.version, most=plan.wanted.most
        )
        return issues
    plan.entries = [Entry(1, 1, atlas.single_name(plan.wanted.name or plan.layout.name, plan.version), plan.layout.name)]
    return []


def _shelve(plan: _Plan) -> None:
    """The list of an older version keeps its place beside the new one."""
    with suppress(BadDataError):
        last = str(atlas.read_manifest(plan.folder).get("version", ""))
        if last and last != plan.version:
            try:
                (plan.folder / atlas.MANIFEST).replace(plan.folder / f"manifest_{atlas.safe_name(last)}.json")
            except OSError as error:
                raise atlas.unwritable(plan.folder, error) from error


def _errand(plan: _Plan) -> Errand:
    session, view = plan.session, plan.session.viewport
    return Errand(
        document=session.document, catalogue=session.catalogue, office=session.office, path=str(session.history.path or ""),
        author=session.history.author, view=(*view.centre, view.units_per_px, view.width_px, view.height_px, view.dpi),
        language=texts.language(), layout=plan.layout, by=plan.layer, formats=plan.formats, folder=str(plan.parts), version=plan.version,
        dpi=plan.wanted.dpi, values=dict(plan.wanted.values), audience=plan.wanted.audience,
    )  # fmt: skip


def _head(plan: _Plan, errand: Errand) -> dict[str, Any]:
    """What the list says of the whole run."""
    session, driven = plan.session, plan.driven
    publishing = session.office.publishing
    sources = []
    for ref in filter(session.document.is_visible, session.document.layers):
        known = session.definition(ref.id)
        sources.append({
            "layer": ref.id, "title": known.name, "source": known.source, "department": known.department, "currency": known.currency,
            "sensitivity": known.sensitivity, "sample": known.sample, "store": Path(ref.source).name,
        })  # fmt: skip
    return {
        "program": f"lydigital {paths.VERSION}", "title": session.document.title, "project": Path(session.project).name if session.project else "",
        "crs": session.document.crs, "version": plan.version, "number": int(plan.version.lstrip("v")), **plan.same, "layout_title": plan.layout.name,
        "where": driven.where if driven else "", "sort": driven.sort if driven else "", "name": driven.name if driven else plan.wanted.name,
        "dpi": errand.dpi or plan.layout.dpi, "values": errand.values, "operator": session.history.author, "producer": publishing.producer,
        "approval": publishing.approval, "started": _now(), "finished": "", "complete": False, "count": len(plan.entries), "sources": sources,
    }  # fmt: skip


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _keys(plan: _Plan, errand: Errand) -> dict[int, str]:
    """For every entry the digest of all it is made from; another one means that it would come out otherwise."""
    session = plan.session
    states = [_state(session, ref) for ref in session.document.layers]
    unsaved = "" if session.features.is_saved else uuid.uuid4().hex  # edits have no digest: such pages are made anew
    office = msgspec.to_builtins(session.office.publishing)
    document = msgspec.structs.replace(errand.document.content, layouts=(), bookmarks=())  # of layouts only this one matters
    plain = msgspec.to_builtins((document, errand.layout, errand.formats, errand.dpi, errand.values, errand.language, errand.audience))
    view = errand.view if any(m.follows == "view" for m in errand.layout.maps) else ()
    whole = atlas.digest(paths.VERSION, plain, office, gate.rules_of().digest, view, states, unsaved)
    out = {}
    for entry in plan.entries:
        own: tuple[object, ...] = (entry.name, entry.title, entry.count)
        if entry.fid is not None and plan.table is not None:
            row = plan.table.row_of[entry.fid]
            own += (atlas.values_of(plan.table, session.definition(plan.layer), row), plan.table.geometry.bounds[row].tobytes())
        out[entry.number] = atlas.digest(whole, *own)
    return out


def _state(session: Session, ref: LayerRef) -> str:
    """Text that changes when the data of a layer do."""
    try:
        path = Path(ref.source)
        return session.stores.state(ref) or (f"{path.stat().st_size} {path.stat().st_mtime_ns}" if path.is_file() else ref.source)
    except (LydError, OSError) as error:
        return str(error)


def _take_up(plan: _Plan, manifest: Manifest, keys: dict[int, str]) -> set[int]:
    """Keep the pages of the last run that stand. Those of a finished book stand where the book does."""
    old, book = plan.old, plan.book
    known = {page.get("key"): page for page in old.get("pages", []) if isinstance(page, dict)}
    bound = False
    if book is not None and old.get("complete"):
        with suppress(OSError):
            bound = atlas.sha256(book) == old.get("sha256")
        if not bound or len(known) != len(plan.entries) or any(key not in known for key in keys.values()):
            return set()  # its pages are gone: all of it is made anew
    for number, key in keys.items():
        page = known.get(key)
        if page is not None and (bound or atlas.finished(plan.parts, page, key)):
            manifest.pages[number] = {**page, "number": number}
    return set(manifest.pages)


def _make(plan: _Plan, errand: Errand, manifest: Manifest, keys: dict[int, str], jobs: int) -> None:
    """Make pages, list them, say how long it takes; stop where the next page would fail, too."""
    try:
        plan.parts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise atlas.unwritable(plan.parts, error) from error
    manifest.write()
    todo = [entry for entry in plan.entries if entry.number not in manifest.pages]
    start, before, endings = time.monotonic(), len(manifest.pages), 0
    done, last = 0, todo[0] if todo else None
    with ExitStack() as stack:
        stack.callback(_kept_list, manifest)
        for found in _replies(plan.session, errand, todo, jobs, stack):
            if found is not None:
                last, reply = found
                done += 1
                endings += "ended" in reply
                try:
                    _note(manifest, last, reply, keys[last.number])
                except StoreUnavailableError as error:  # the list has no room left: neither has the next page
                    reply = {"error": str(error), "hint": error.hint_text(), "stops": True}
                _stop_where_all_fails(manifest, reply, endings, len(plan.entries))
            left = (time.monotonic() - start) / done * (len(todo) - done) if done else None
            if last is not None:
                plan.session.progressed.emit(atlas.progress_text(last, left), (before + done) / max(1, len(plan.entries)))


def _kept_list(manifest: Manifest) -> None:
    """Whatever ended the work: the list has all that is finished. On a full disk the last one stays."""
    with suppress(LydError):
        manifest.write()


def _replies(session: Session, errand: Errand, todo: list[Entry], jobs: int, stack: ExitStack) -> Iterator[tuple[Entry, Reply] | None]:
    cores = os.cpu_count() or 1
    wanted = min(jobs or max(1, len(todo) // PAYS_FROM), cores, max(1, len(todo)))
    if wanted > 1 and session.features.is_saved:  # others would not see edits that no store has yet
        from lydigital.kernels import jit

        if errand.layout.maps and not jit.is_ready():
            jit.prepare(lambda done, total: session.progressed.emit(tr("Preparing to draw fast"), done / total))
        crew = Crew(errand, todo, wanted)
        stack.callback(crew.stop)
        yield from crew.replies()
    elif todo:
        yield None
        maker = Maker(session, errand)
        for entry in todo:
            yield entry, maker.make(entry)


def _note(manifest: Manifest, entry: Entry, reply: Reply, key: str) -> None:
    own = {"number": entry.number, "name": entry.name, "fid": entry.fid, "key": key}
    if "page" in reply:
        manifest.add(entry.number, {**own, **reply["page"]})
        return
    reason = tr("The process that made it ended ({code})", code=reply["ended"]) if "ended" in reply else reply["error"]
    manifest.failed[entry.number] = {"number": entry.number, "name": entry.name, "title": entry.title, "reason": reason}


def _stop_where_all_fails(manifest: Manifest, reply: Reply, endings: int, count: int) -> None:
    """Raise where going on is useless: a full disk, a format nobody writes, processes that keep ending."""
    if endings < MOST_ENDINGS and not reply.get("stops"):
        return
    if reply.get("code") == UsageError.exit_code and not manifest.pages:
        raise UsageError("{reason}", hint="{advice}", reason=reply["error"], advice=reply["hint"])
    reason = reply.get("error") or tr("Processes keep ending; perhaps memory is short")
    raise StoreUnavailableError(
        "{reason}. Finished: {count} of {all} sets of pages", hint="{advice} Then go on with --resume: what is finished stays.",
        reason=str(reason).rstrip(".。"), count=len(manifest.pages), all=count, advice=reply.get("hint") or tr("Close other programs, or name fewer jobs."),
    )  # fmt: skip


def _finish(plan: _Plan, manifest: Manifest) -> None:
    """The book bound, the list closed."""
    book = plan.book
    whole = len(manifest.pages) == len(plan.entries)
    more: dict[str, Any] = {}
    if book is not None and manifest.pages:
        pages = [manifest.pages[number] for number in sorted(manifest.pages)]
        plan.session.progressed.emit(tr("Binding {name}", name=book.name), 0.99)
        atlas.join(book, [(str(page["title"]), plan.parts / page["files"][0]["name"]) for page in pages], plan.layout.name)
        more = {"file": book.name, "sha256": atlas.sha256(book)}
    manifest.write(complete=whole, finished=_now(), **more)
    if book is not None and whole:
        shutil.rmtree(plan.parts, ignore_errors=True)
