"""The foreman: one open map, its history, selection, view and stores. No algorithms.

Reading methods may be called from the frame worker; everything else belongs to the main thread. ``progressed`` is sent
from the thread that works, the other signals from the main thread.
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
from lydigital.edits.working import WorkingCopies, of_document
from lydigital.errors import CancelledError, LydError, RefusedError
from lydigital.model.changeset import ChangeSet
from lydigital.model.conflict import ConflictsError
from lydigital.model.crs import Crs, transformation
from lydigital.model.document import LayerRef
from lydigital.model.feature import parse_target
from lydigital.model.issue import Issue
from lydigital.model.layerdef import read_catalogue
from lydigital.model.office import Office
from lydigital.model.patch import patch_of, patched
from lydigital.model.selection import Selection
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.render.scene import SceneLayers, has_density
from lydigital.stores import backup, compose
from lydigital.stores.lease import machine
from lydigital.stores.opened import OpenStores
from lydigital.stores.store import guess_crs
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from lydigital.domain.identify import Hit
    from lydigital.edits.recovery import Recovery
    from lydigital.edits.saving import Resolve
    from lydigital.model.document import MapDocument
    from lydigital.model.feature import Feature
    from lydigital.model.grid import Raster
    from lydigital.model.layerdef import Catalogue, LayerDef
    from lydigital.model.style import Style
    from lydigital.render.drawlist import SceneLayer
    from lydigital.stores.store import Applied

_S = TypeVar("_S", bound="Session")
_BACKUP = "backup"  # key of the issue; no layer of a document has it
PICK_PX = 5.0  # a click this near counts as on the feature
ABSORBED = 2_000  # edits of a layer beyond which its table is made anew
HOME_SIZE = (1280, 800)
LUOYANG = (111.13, 33.57, 112.98, 35.07)  # degrees: where a map without layers opens


class Session:
    """One open map.

    Attributes
    ----------
    document, features, history, selection, viewport, stores, catalogue
        The state; change it through :func:`lydigital.commands.registry.execute`, :meth:`select` and :meth:`move`.
    changed, selected, moved, progressed
        Signals: the change set committed (also of undo and redo), the selection, the viewport, a text with a share of
        the work done from 0 to 1.
    """

    changed: ClassVar[Signal] = Signal(ChangeSet)
    selected: ClassVar[Signal] = Signal(Selection)
    moved: ClassVar[Signal] = Signal(Viewport)
    progressed: ClassVar[Signal] = Signal(str, float)
    office: Office = Office()  # who may do what here, see Settings.office; a door sets it
    backups: Path | None = None  # folder for backups, the state folder unless a door names another

    def __init__(
        self, document: MapDocument, catalogue: Catalogue, *, path: Path | None = None, author: str = "",
        autosave: bool = False,
    ) -> None:  # fmt: skip
        self.document = document
        self.history = History(document, path, author=author)
        self.selection = Selection()
        self.stores = OpenStores()
        self.features = WorkingCopies(self._stored)
        self.catalogue = catalogue
        self._autosave = autosave
        self._scene = SceneLayers()
        self._tables: dict[str, tuple[FeatureTable, int, FeatureTable]] = {}
        self._generated: dict[str, LayerDef] = {}
        self._issues: dict[str, tuple[Issue, ...]] = {}
        self._keeper = self._start_keeper()
        self.viewport = self.home()

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
        self.document = document
        self.history = History(document, path, author=self.history.author)
        self.stores = OpenStores()
        self.features = WorkingCopies(self._stored)
        self._scene = SceneLayers()
        self._tables.clear()
        self._generated.clear()
        self._issues.clear()
        self._keeper = self._start_keeper()
        self.select(Selection())
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

    def home(
        self, width_px: int = HOME_SIZE[0], height_px: int = HOME_SIZE[1], dpi: float = 96.0
    ) -> Viewport:
        """The view the document opens with, or the whole map."""
        document, crs = self.document, Crs(self.document.crs)
        if document.centre is not None and document.scale is not None:
            return Viewport(document.centre, 1.0, width_px, height_px, crs, dpi).at_scale(document.scale)
        return Viewport.of_bounds(self.bounds(), width_px, height_px, crs, dpi=dpi, margin=0.03)

    def bounds(self, layer_ids: tuple[str, ...] = ()) -> tuple[float, float, float, float]:
        """Bounds of the layers named, or of the whole map, in the document's system; Luoyang when empty.

        The whole map is the catalogue's home layer where the document has it, or else all feature layers shown.
        """
        if not layer_ids and self.catalogue.home and self.document.layer(self.catalogue.home):
            layer_ids = (self.catalogue.home,)
        refs = [ref for ref in self.document.layers if (ref.id in layer_ids if layer_ids else ref.visible)]
        boxes = [(ref, self._layer_bounds(ref)) for ref in refs]
        found = [
            box for ref, box in boxes if box and (layer_ids or self.definition(ref.id).geometry != "raster")
        ]
        found = found or [box for _, box in boxes if box]
        if not found:
            return transformation(Crs("EPSG:4490"), Crs(self.document.crs)).bounds(LUOYANG)
        west, south, east, north = zip(*found, strict=True)
        return (min(west), min(south), max(east), max(north))

    # -- layers -------------------------------------------------------------------------------------------------------

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is wrong: layers that cannot be shown, and what was found in those read so far."""
        late = [
            msgspec.structs.replace(issue, layer=ref.id)
            for ref in self.document.layers for issue in self.stores.found_since(ref)
        ]  # fmt: skip
        return (*(issue for found in tuple(self._issues.values()) for issue in found), *late, *self._keeper.issues)

    def definition(self, layer_id: str) -> LayerDef:
        """What a layer is: from the catalogue, or generated from its store for a layer the catalogue does not know."""
        known = self.catalogue.layer(layer_id) or self._generated.get(layer_id)
        if known is not None:
            return known
        ref = self.ref(layer_id)
        if ref is None:
            raise KeyError(layer_id)
        try:
            made = compose.definition_of(ref, self.stores.describe(ref))
        except LydError as error:
            self._report(ref, error)
            made = compose.definition_of(ref, None)
        self._generated[layer_id] = made
        return made

    def ref(self, layer_id: str) -> LayerRef | None:
        """Where a layer is: on the map, or a table without geometry that the catalogue knows, in the map's own store."""
        found = self.document.layer(layer_id)
        known = self.catalogue.layer(layer_id) if found is None else None
        if known is None or known.geometry != "none" or not self.document.store:
            return found
        return LayerRef(layer_id, self.document.store, layer_id, group=known.group, visible=False)

    def style(self, layer_id: str) -> Style:
        """The style in use: the document's own, or the definition's."""
        ref = self.document.layer(layer_id)
        return ref.style if ref is not None and ref.style is not None else self.definition(layer_id).style

    def table(self, layer_id: str) -> FeatureTable | Raster:
        """Features of a layer in the document's system, or its raster in its own, read on first need.

        Raises
        ------
        LydError
            When it cannot be read.
        """
        ref = self.ref(layer_id)
        if ref is None:
            raise KeyError(layer_id)
        kept = self._scene.kept(ref, self.document.crs)
        data = kept.data if kept is not None else self.stores.read(ref, Crs(self.document.crs))
        return self._edited_table(ref, data) if isinstance(data, FeatureTable) else data

    def scene(
        self, scale: float | None = None, *, only_read: bool = False, layer_ids: Collection[str] | None = None,
        watch: Callable[[], None] | None = None,
    ) -> tuple[SceneLayer, ...]:  # fmt: skip
        """Visible layers, bottom first; each is made once and kept until its table or style changes.

        Parameters
        ----------
        scale
            Scale denominator: layers not drawn at it are left out, and so are not read.
        only_read
            Leave out what has not been read yet instead of reading it now; does not wait for a reading worker.
        layer_ids
            These layers instead of the visible ones.
        watch
            Called whenever a part of a layer was read, which :meth:`scene_so_far` then has; may raise
            ``CancelledError`` to leave that layer as it is.
        """
        document, selection = self.document, self.selection
        layers: list[SceneLayer] = []
        for i, ref in enumerate(reversed(document.layers)):
            if not (document.is_visible(ref) if layer_ids is None else ref.id in layer_ids):
                continue
            style = self.style(ref.id)
            if scale is not None and not style.shows_at(scale):
                continue
            if not only_read and not self._scene.is_known(ref.id):
                text = tr("Reading {layer}", layer=self.definition(ref.id).name)
                self.progressed.emit(text, i / len(document.layers))
            if only_read:
                layer = self._scene.kept(ref, document.crs)
            else:
                layer = self._scene_layer(ref, document.crs, style, selection, watch)
            if layer is not None:
                layers += self._with_edits(ref, layer)
        return tuple(layers)

    def scene_so_far(self, scale: float) -> tuple[tuple[SceneLayer, ...], bool]:
        """The visible layers as far as they are read, in their present style, and whether that is all of them."""
        document, selection = self.document, self.selection
        layers: list[SceneLayer] = []
        whole = True
        for ref in reversed(document.layers):
            if not document.is_visible(ref):
                continue
            style = self.style(ref.id)
            if not style.shows_at(scale):
                continue
            missing = self._scene.is_missing(ref, document.crs)
            layer = None if missing else self._scene_layer(ref, document.crs, style, selection)
            parts = self._scene.parts(ref, document.crs)
            layers += self._with_edits(ref, layer) if layer is not None else parts
            whole = whole and not missing
        return tuple(layers), whole

    def identify(self, x: float, y: float, tolerance_px: float = PICK_PX) -> list[Hit]:
        """Features under map place ``x, y`` in the present view, topmost first; layers not read yet are left out."""
        from lydigital.domain.identify import identify

        view = self.viewport
        return identify(self.scene(view.scale, only_read=True), x, y, view, tolerance_px=tolerance_px)

    def reload(self, layer_id: str = "") -> None:
        """Try again to read a layer that failed, or all of them."""
        for failed in [layer_id] if layer_id else list(self._issues):
            self._issues.pop(failed, None)
            self._generated.pop(failed, None)
            self._scene.forget(failed)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _scene_layer(
        self, ref: LayerRef, crs: str, style: Style, selection: Selection, watch: Callable[[], None] | None = None
    ) -> SceneLayer | None:
        share = 0.0
        began = time.monotonic()

        def part(table: FeatureTable, done: float) -> None:
            nonlocal share
            share = done
            self._scene.add_part(ref, style, table)
            left = (time.monotonic() - began) * (1 - done) / max(done, 1e-3)
            text = tr("Reading {layer}: {percent} %, {seconds} s left", layer=self.definition(ref.id).name,
                      percent=round(100 * done), seconds=max(round(left), 1))  # fmt: skip
            self.progressed.emit(text, done)
            assert watch is not None
            watch()

        def read() -> FeatureTable | Raster:
            data = self.stores.read(ref, Crs(crs), None if watch is None else part)
            found = self.stores.describe(ref).issues
            self._issues[ref.id] = tuple(msgspec.structs.replace(issue, layer=ref.id) for issue in found)
            return data

        try:
            return self._scene.layer(ref, crs, style, selection.fids.get(ref.id), read)
        except CancelledError:
            values = {"layer": self.definition(ref.id).name, "percent": str(round(100 * share))}
            self._issues[ref.id] = (
                Issue("layer.incomplete", "warning", "{layer} was read to {percent} % only",
                      "Read it again to see all of it.", ref.id, values=values),
            )  # fmt: skip
            return None
        except LydError as error:
            self._report(ref, error)
            return None

    def _stored(self, layer_id: str, fids: Sequence[int]) -> Mapping[int, Feature]:
        ref = self.ref(layer_id)
        return {} if ref is None else self.stores.fetch(ref, fids)

    def _with_edits(self, ref: LayerRef, layer: SceneLayer) -> tuple[SceneLayer, ...]:
        version, edits = self.features.version(ref.id), self.features.edits(ref.id)
        if not edits or not isinstance(layer.data, FeatureTable):
            return (layer,)
        if len(edits) > ABSORBED or has_density(layer.style):
            whole = self._scene.replaced(layer, self._edited_table(ref, layer.data))
            self.features.absorbed(ref.id, version)
            return (whole,)
        stored = self.stores.stored_crs(ref)
        return self._scene.edited(
            layer, version, lambda table: patch_of(table, edits, stored),
            self.selection.fids.get(ref.id),
        )  # fmt: skip

    def _edited_table(self, ref: LayerRef, table: FeatureTable) -> FeatureTable:
        """``table`` with the edits made since it was read."""
        version, edits = self.features.version(ref.id), self.features.edits(ref.id)
        if not edits:
            return table
        kept = self._tables.get(ref.id)
        if kept is None or kept[0] is not table or kept[1] != version:
            patch = patch_of(table, edits, self.stores.stored_crs(ref))
            kept = self._tables[ref.id] = (table, version, patched(table, patch))
        return kept[2]

    def _layer_bounds(self, ref: LayerRef) -> tuple[float, float, float, float] | None:
        try:
            described = self.stores.describe(ref)
            source = ref.crs or described.crs or guess_crs(described.bounds or LUOYANG)
            if described.bounds is None:
                return None
            return transformation(Crs(source), Crs(self.document.crs)).bounds(described.bounds)
        except LydError as error:
            self._report(ref, error)
            return None

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
        ref = self.document.layer(layer)
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

    def _report(self, ref: LayerRef, error: LydError) -> None:
        values = {name: str(value) for name, value in error.values.items()}
        issue = Issue(
            "layer.unavailable", "error", error.message, hint=error.hint, layer=ref.id, values=values
        )
        self._issues[ref.id] = (issue,)


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
