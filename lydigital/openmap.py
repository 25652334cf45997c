"""The read side of an open map: what its layers are, read once and made ready to draw.

Reading methods may be called from the frame worker. ``progressed`` is sent from the thread that works.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

import msgspec
from psygnal import Signal

from lydigital.edits.working import WorkingCopies
from lydigital.errors import CancelledError, LydError
from lydigital.model.crs import Crs, transformation
from lydigital.model.document import LayerRef
from lydigital.model.issue import Issue
from lydigital.model.patch import patch_of, patched
from lydigital.model.selection import Selection
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.render.scene import SceneLayers, has_density
from lydigital.stores import compose
from lydigital.stores.opened import OpenStores
from lydigital.stores.store import guess_crs
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from lydigital.domain.identify import Hit
    from lydigital.model.document import MapDocument
    from lydigital.model.feature import Feature
    from lydigital.model.grid import Raster
    from lydigital.model.layerdef import Catalogue, LayerDef
    from lydigital.model.style import Style
    from lydigital.render.drawlist import SceneLayer

PICK_PX = 5.0  # a click this near counts as on the feature
ABSORBED = 2_000  # edits of a layer beyond which its table is made anew
HOME_SIZE = (1280, 800)
LUOYANG = (111.13, 33.57, 112.98, 35.07)  # degrees: where a map without layers opens


class OpenMap:
    """One open map as it is read.

    Attributes
    ----------
    document, features, selection, viewport, stores, catalogue
        The state, which :class:`~lydigital.session.Session` changes.
    progressed
        Signal: a text with a share of the work done from 0 to 1.
    """

    progressed: ClassVar[Signal] = Signal(str, float)

    def __init__(self, document: MapDocument, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._open(document)
        self.viewport = self.home()

    def _open(self, document: MapDocument) -> None:
        """Start with ``document`` and nothing read of it."""
        self.document = document
        self.selection = Selection()
        self.stores = OpenStores()
        self.features = WorkingCopies(self._stored)
        self._scene = SceneLayers()
        self._tables: dict[str, tuple[FeatureTable, int, FeatureTable]] = {}
        self._generated: dict[str, LayerDef] = {}
        self._issues: dict[str, tuple[Issue, ...]] = {}

    # -- layers -------------------------------------------------------------------------------------------------------

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is wrong: layers that cannot be shown, and what was found in those read so far."""
        late = [
            msgspec.structs.replace(issue, layer=ref.id)
            for ref in self.document.layers for issue in self.stores.found_since(ref)
        ]  # fmt: skip
        return (*(issue for found in tuple(self._issues.values()) for issue in found), *late)

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

    # -- the view ----------------------------------------------------------------------------------------------------

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

    def _report(self, ref: LayerRef, error: LydError) -> None:
        values = {name: str(value) for name, value in error.values.items()}
        issue = Issue(
            "layer.unavailable", "error", error.message, hint=error.hint, layer=ref.id, values=values
        )
        self._issues[ref.id] = (issue,)
