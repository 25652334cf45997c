"""The foreman: one open map, its history, selection, view and stores. No algorithms.

What is here belongs to the main thread, and so do its signals; see :mod:`lydigital.openmap` for reading.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

import msgspec
from psygnal import Signal

from lydigital import paths
from lydigital.edits import saving
from lydigital.edits.history import Entry, History, View
from lydigital.edits.journal import recoverable
from lydigital.edits.keeper import Keeper
from lydigital.edits.recovery import plan
from lydigital.edits.working import of_document
from lydigital.errors import LydError, RefusedError
from lydigital.model.changeset import ChangeSet
from lydigital.model.conflict import ConflictsError
from lydigital.model.feature import parse_target
from lydigital.model.issue import Issue
from lydigital.model.layerdef import read_catalogue
from lydigital.model.office import Office
from lydigital.model.selection import Selection
from lydigital.model.viewport import Viewport
from lydigital.openmap import OpenMap
from lydigital.stores import backup, compose
from lydigital.stores.lease import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from lydigital.edits.recovery import Recovery
    from lydigital.edits.saving import Resolve
    from lydigital.model.document import LayerRef, MapDocument
    from lydigital.model.layerdef import Catalogue
    from lydigital.stores.store import Applied

_S = TypeVar("_S", bound="Session")
_BACKUP = "backup"  # key of the issue; no layer of a document has it


class Session(OpenMap):
    """One open map as it is changed.

    Attributes
    ----------
    document, features, history, selection, viewport, stores, catalogue
        The state; change it through :func:`lydigital.commands.registry.execute`, :meth:`select` and :meth:`move`.
    changed, selected, moved
        Signals: the change set committed (also of undo and redo), the selection, the viewport.
    """

    changed: ClassVar[Signal] = Signal(ChangeSet)
    selected: ClassVar[Signal] = Signal(Selection)
    moved: ClassVar[Signal] = Signal(Viewport)
    office: Office = Office()  # who may do what here, see Settings.office; a door sets it
    backups: Path | None = None  # folder for backups, the state folder unless a door names another

    def __init__(
        self, document: MapDocument, catalogue: Catalogue, *, path: Path | None = None, author: str = "",
        autosave: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(document, catalogue)
        self.history = History(document, path, author=author)
        self._autosave = autosave
        self._keeper = self._start_keeper()

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is wrong with layers, and with keeping what is done."""
        return (*super().issues, *self._keeper.issues)

    # -- the document -------------------------------------------------------------------------------------------------

    @property
    def project(self) -> str:
        """What the journal knows this map by: the project file, or the store it was made from."""
        return str(self.history.path) if self.history.path else self.document.store

    @property
    def is_saved(self) -> bool:
        """Whether project file and stores have all that was done."""
        return self.history.is_saved(self.document) and self.features.is_saved

    def commit(
        self, changes: ChangeSet, *, merge: bool = False, undoable: bool = True, selection: Selection | None = None
    ) -> MapDocument:  # fmt: skip
        """Journal ``changes``, apply and remember them, tell everybody; ``merge`` joins them to the last gesture.

        ``selection`` is what they leave selected, None what was before.

        Raises
        ------
        ConflictError
            When they do not start from what is here; nothing has happened then.
        RefusedError
            When they are of features and cannot be journaled; nothing has happened then.
        """
        if not changes.author:
            changes = msgspec.structs.replace(changes, author=self.history.author)
        view = View(self.viewport, self.selection)
        merge = merge and self.history.is_gesture_of_last(changes)
        entry = Entry(changes, view, view if selection is None else View(self.viewport, selection))
        self._do(changes, lambda: self._keeper.step(entry, merge=merge, undoable=undoable), merge=merge)
        if undoable:
            self.history.push(entry, merge=merge)
        self.changed.emit(changes)
        if selection is not None:
            self.select(selection)
        return self.document

    def seal(self, changes: ChangeSet) -> MapDocument:
        """Commit changes of features that are final: they are in their stores before anybody hears of them.

        They cannot be undone, nor can earlier steps on the same features.

        Raises
        ------
        LydError
            As :meth:`commit` and :meth:`save_features`; nothing has happened then.
        """
        with self.changed.paused():
            self.commit(changes, undoable=False)
            try:
                self.save_features(layers={parse_target(d.target).layer for d in changes.deltas})
            except BaseException:
                self.commit(~changes, undoable=False)
                raise
        self.history.bar(changes)
        if self.features.is_saved:
            for source in self.stores.held:  # whoever has the next step may sit elsewhere
                self.stores.release(source)
        return self.document

    def undo(self) -> ChangeSet | None:
        """Take back the last step; its inverse is what is announced. Raises as :meth:`commit`."""
        entry = self.history.next_undo()
        if entry is None:
            return None
        self._do(~entry.changes, lambda: self._keeper.undo(entry.changes))
        self.history.undo()
        return self._show_turn(~entry.changes, entry.before, entry.after)

    def redo(self) -> ChangeSet | None:
        """Do the step undone last again. Raises as :meth:`commit`."""
        entry = self.history.next_redo()
        if entry is None:
            return None
        self._do(entry.changes, lambda: self._keeper.redo(entry.changes))
        self.history.redo()
        return self._show_turn(entry.changes, entry.after, entry.before)

    def recoverable(self) -> list[Recovery]:
        """Unsaved work on this map left by programs that ended, newest first.

        Raises
        ------
        LydError, OSError
            When a store or the folder of journals cannot be read.
        """
        found = (plan(left, self.document, self.features, self.history, self._store_state)
                 for left in recoverable(self.project, self.history.saved))  # fmt: skip
        return [recovery for recovery in found if recovery is not None]

    def recover(self, recovery: Recovery) -> None:
        """Bring back what fits of ``recovery``, just found; the rest stays in the journal.

        Raises
        ------
        RefusedError
            When the journal cannot be written; nothing has happened then.
        """
        self._keeper.absorb(recovery)
        for done in recovery.steps:
            self.features.apply(done.changes, merge=done.step.merge)
        self.document = recovery.document
        self.history.go_on_with(recovery.stack)
        self.changed.emit(ChangeSet("Recover unsaved work"))

    def replace(self, document: MapDocument, path: Path | None) -> None:
        """Open another map in this session; what is not saved of the present one is given up."""
        self.close()
        self.select(Selection())
        self._open(document)
        self.history = History(document, path, author=self.history.author)
        self._keeper = self._start_keeper()
        self.viewport = self.home(self.viewport.width_px, self.viewport.height_px, self.viewport.dpi)
        self.changed.emit(ChangeSet("Open {title}", values={"title": document.title}))
        self.moved.emit(self.viewport)

    def mark_saved(self, path: Path) -> None:
        """Say that ``path`` holds the document as it is now."""
        self.history.mark_saved(self.document, path)
        self._keeper.saved(self.project, self.document, everything=self.is_saved)

    def mark_features_saved(self, layers: Collection[str]) -> None:
        """Say that the stores of ``layers`` hold their features as they are now."""
        self.features.mark_saved(layers)
        self._keeper.saved(self.project, None, layers, everything=self.is_saved)

    def save_features(
        self, resolve: Resolve | None = None, *, layers: Collection[str] | None = None
    ) -> tuple[Applied, ...]:
        """Write unsaved edits of features into their stores, one transaction a store.

        Parameters
        ----------
        resolve
            Asked where others changed the same parts of the same features.
        layers
            Only edits of these.

        Raises
        ------
        ConflictsError
            Where they did and nobody was asked, or did not decide; nothing of that store was written then.
        LydError
            When a store cannot be written; the edits stay unsaved and journaled.
        """
        groups: dict[str, list[LayerRef]] = {}
        for layer in saving.layers_of(self.features):
            if layers is not None and layer not in layers:
                continue
            ref = self.ref(layer)
            if ref is None:
                raise RefusedError(
                    "The map no longer has the layer {layer}, whose features have unsaved changes",
                    hint="Undo removing it, then save.", layer=layer,
                )  # fmt: skip
            groups.setdefault(ref.source, []).append(ref)
        return tuple(self._save_into(source, refs, resolve) for source, refs in groups.items())

    def ensure(self, *layers: str) -> None:
        """Give the map's store the tables of ``layers``, which the catalogue knows, where it lacks them.

        Raises
        ------
        LydError
            When the map has no store of its own, or it cannot take them.
        """
        if not self.document.store:
            raise RefusedError(
                "This map has no store of its own for {layers}", hint="Open a GeoPackage, or make one with lydigital store init.",
                layers=", ".join(self.definition(layer).name for layer in layers),
            )  # fmt: skip
        wanted = [self.definition(layer) for layer in layers]
        self.stores.add_tables(self.document.store, wanted, author=self.history.author, now=datetime.now(UTC))

    def reopen(self, source: str) -> None:
        """Read anew what comes from ``source``: another file stands in its place."""
        self.stores.reopen(source)
        self._read_anew([ref.id for ref in self.document.layers if ref.source == source])

    def close(self, *, keep: bool = False) -> None:
        """Orderly end. What is not saved is given up, or with ``keep`` offered when the map is opened again."""
        self._keeper.close(give_up=not (keep or self.is_saved))
        self.stores.close()

    # -- selection and view -------------------------------------------------------------------------------------------

    def select(self, selection: Selection) -> None:
        if selection != self.selection:
            self.selection = selection
            self.selected.emit(selection)

    def move(self, viewport: Viewport) -> None:
        """Show another part of the map; quick moves in a row are one step for going back."""
        if viewport != self.viewport:
            if (viewport.centre, viewport.units_per_px) != (self.viewport.centre, self.viewport.units_per_px):
                self.history.trail.leave(self.viewport, time.monotonic())
            self._show(viewport)

    def go_back(self) -> bool:
        return self._follow(self.history.trail.back(self.viewport))

    def go_forward(self) -> bool:
        return self._follow(self.history.trail.forward(self.viewport))

    # -- inside -------------------------------------------------------------------------------------------------------

    def _save_into(self, source: str, refs: Sequence[LayerRef], resolve: Resolve | None) -> Applied:
        names = {ref.id: self.stores.table_name(ref) for ref in refs}
        layers = {table: layer for layer, table in names.items()}
        steps = saving.steps_for(self.features, names)
        self._back_up(source, saving.touched(steps))
        author = self.history.author

        def apply() -> Applied:
            return self.stores.store(source).apply(steps, author=author, machine=machine(), now=datetime.now(UTC))

        is_merged = False
        try:
            applied = apply()
        except ConflictsError as error:
            conflicts = saving.shown(error.conflicts, layers, self.features)
            if resolve is None:
                raise ConflictsError(conflicts) from error
            steps, is_merged = saving.settled(steps, conflicts, resolve(conflicts), names), True
            applied = apply()
        is_alone = self.stores.saved(source, applied)
        self.mark_features_saved(names)
        if is_merged or applied.renumbered or not is_alone:
            self._read_anew({*names, *(ref.id for ref in self.document.layers if ref.source == source)})
        return applied

    def _read_anew(self, layers: Collection[str]) -> None:
        """Others changed a store: what was read of it no longer holds."""
        for layer in layers:
            self._scene.forget(layer)
            self._tables.pop(layer, None)
            self.features.forget(layer)
        self.changed.emit(ChangeSet("Read what others changed"))

    def _back_up(self, source: str, features: int) -> None:
        """A backup where one is due or much changes; one that cannot be made is told, and does not hinder saving."""
        path = Path(source)
        if path.suffix.lower() != ".gpkg" or not (features > backup.BULK or backup.is_due(path, self.backups)):
            return
        try:
            backup.back_up(path, self.backups)
            self._issues.pop(_BACKUP, None)
        except LydError as error:
            values = {name: str(value) for name, value in error.values.items()}
            self._issues[_BACKUP] = (Issue("backup.failed", "warning", error.message, hint=error.hint, values=values),)

    def _start_keeper(self) -> Keeper:
        keeper = Keeper(self.project, self.history.saved, self._store_state, is_on=self._autosave)
        keeper.take_up(self.history)
        return keeper

    def _do(self, changes: ChangeSet, keep: Callable[[], None], *, merge: bool = False) -> None:
        """Check ``changes``, have them kept, and only then apply them."""
        document, checked = self.document.applied(of_document(changes)), self.features.check(changes)
        for ref in filter(None, map(self.ref, checked)):
            self.stores.hold(ref.source, self.history.author)  # or somebody else edits it, and nothing has happened
        keep()
        try:
            self.features.apply(changes, merge=merge, checked=checked)
        except BaseException:
            self._keeper.take_back()
            raise
        self.document = document

    def _show_turn(self, changes: ChangeSet, to: View, other: View) -> ChangeSet:
        """Show where something was undone or done again, and tell everybody."""
        if to.selection != other.selection:
            self.select(to.selection)
        if to.viewport is not None and any(d.target.startswith("feature/") for d in changes.deltas):
            self.move(to.viewport)  # changes of the map as a whole are seen everywhere
        self.changed.emit(changes)
        return changes

    def _store_state(self, layer: str) -> str:
        """A text that changes when the store behind ``layer`` does, "" while it cannot be reached."""
        ref = self.ref(layer)
        try:
            return "" if ref is None else self.stores.state(ref)
        except LydError:
            return ""

    def _follow(self, viewport: Viewport | None) -> bool:
        if viewport is None:
            return False
        now = self.viewport
        self._show(viewport.resized(now.width_px, now.height_px))
        return True

    def _show(self, viewport: Viewport) -> None:
        self.viewport = viewport
        self.moved.emit(viewport)



def open_session(
    argument: str, *, catalogue: Catalogue | None = None, kind: type[_S] | None = None, author: str = "",
    autosave: bool = False, office: Office | None = None,
) -> _S:  # fmt: skip
    """Open ``sample``, a project file or a store as a session of ``kind``.

    Raises
    ------
    LydError
        When it cannot be read; a layer that cannot is an issue of the session instead.
    """
    known = catalogue if catalogue is not None else read_catalogue(paths.layers_dir())
    document, path = compose.open_map(argument, known)
    made = (kind or Session)(document, known, path=path, author=author, autosave=autosave)
    if office is not None:
        made.office = office
    return cast("_S", made)
