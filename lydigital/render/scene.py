"""Layers made ready to draw, once each: kept until their table or style changes. Safe to ask from several threads."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.style import ClusterSymbolizer, HeatSymbolizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lydigital.model.document import LayerRef
    from lydigital.model.grid import Raster
    from lydigital.model.patch import Patch
    from lydigital.model.style import Style
    from lydigital.model.table import FeatureTable
    from lydigital.render.drawlist import SceneLayer


@dataclass(eq=False)
class _Made:
    """A layer with what it was made from; no layer when it could not be read."""

    ref: LayerRef
    crs: str
    style: Style
    selected: NDArray[np.int64] | None
    layer: SceneLayer | None = None
    is_reading: bool = False

    def has_data_of(self, ref: LayerRef, crs: str) -> bool:
        mine = self.ref
        return (mine.source, mine.table, mine.crs, self.crs) == (ref.source, ref.table, ref.crs, crs)

    def looks_like(self, ref: LayerRef, style: Style, selected: NDArray[np.int64] | None) -> bool:
        same = (self.ref.opacity, self.ref.labels, self.ref.pins) == (ref.opacity, ref.labels, ref.pins)
        return same and self.selected is selected and self.style == style


@dataclass(frozen=True, eq=False)
class _Edited:
    """A layer with its edits drawn over it; ``below`` is the layer without what they replaced."""

    layer: SceneLayer
    version: int
    patch: Patch
    below: SceneLayer
    above: SceneLayer


class SceneLayers:
    """The layers of one open map."""

    def __init__(self) -> None:
        self._made: dict[str, _Made] = {}
        self._edited: dict[str, _Edited] = {}
        self._parts: dict[str, tuple[SceneLayer, ...]] = {}
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def is_known(self, layer_id: str) -> bool:
        """Whether reading it was tried already."""
        return layer_id in self._made

    def is_missing(self, ref: LayerRef, crs: str) -> bool:
        """Whether it must still be read, or is being read now."""
        made = self._made.get(ref.id)
        return made is None or made.is_reading or not made.has_data_of(ref, crs)

    def parts(self, ref: LayerRef, crs: str) -> tuple[SceneLayer, ...]:
        """What was read of a layer that is not read to its end."""
        made = self._made.get(ref.id)
        return self._parts.get(ref.id, ()) if made is not None and made.has_data_of(ref, crs) else ()

    def add_part(self, ref: LayerRef, style: Style, part: FeatureTable) -> None:
        """Show a part of the layer being read, without labels: their places would change with every part."""
        from lydigital.render.drawlist import SceneLayer

        codes = _codes(part, style, None)
        layer = SceneLayer(ref.id, part, style, codes, ref.opacity, labels=False)
        self._parts[ref.id] = (*self._parts.get(ref.id, ()), layer)

    def kept(self, ref: LayerRef, crs: str) -> SceneLayer | None:
        """The layer as last made, if its data is that of ``ref`` in ``crs``; does not wait for a reading thread."""
        made = self._made.get(ref.id)
        return made.layer if made is not None and made.has_data_of(ref, crs) else None

    def layer(
        self,
        ref: LayerRef,
        crs: str,
        style: Style,
        selected: NDArray[np.int64] | None,
        read: Callable[[], FeatureTable | Raster],
    ) -> SceneLayer | None:
        """The layer in ``style`` with the features ``selected`` (fids), from ``read()`` where it must be read.

        None when it could not be read before; :meth:`forget` lets it be tried again.

        Raises
        ------
        LydError
            When it cannot be read now, or the style does not fit its fields.
        """
        from lydigital.render.drawlist import SceneLayer

        with self._locks[ref.id]:
            old = self._made.get(ref.id)
            if old is not None and not old.has_data_of(ref, crs):
                old = None
            if old is not None and old.looks_like(ref, style, selected):
                return old.layer
            if old is not None and old.layer is None and old.style == style:
                return None
            made = _Made(ref, crs, style, selected)
            try:
                if old is not None and old.layer is not None:
                    data = old.layer.data
                else:
                    self._parts.pop(ref.id, None)
                    made.is_reading = True
                    self._made[ref.id] = made
                    data = read()
                codes = _codes(data, style, None if old is None else old.layer)
                rows = _rows(data, selected)
                pins = {p.fid: (p.dx_mm, p.dy_mm) for p in ref.pins}
                made.layer = SceneLayer(ref.id, data, style, codes, ref.opacity, ref.labels, rows, pins)
                self._parts.pop(ref.id, None)
                return made.layer
            finally:
                made.is_reading = False
                self._made[ref.id] = made

    def edited(
        self, layer: SceneLayer, version: int, patch: Callable[[FeatureTable], Patch], selected: NDArray[np.int64] | None
    ) -> tuple[SceneLayer, ...]:
        """``layer`` as its edits of ``version`` leave it: without what they replaced, and what stands there now.

        The two are drawn as one. ``patch`` is asked once for each version.
        """
        from lydigital.model.table import FeatureTable

        assert isinstance(layer.data, FeatureTable)
        with self._locks[layer.id]:
            old = self._edited.get(layer.id)
            if old is not None and old.layer is layer and old.version == version:
                return (old.below, old.above)
            new = patch(layer.data)
            if old is not None and old.layer is layer and np.array_equal(old.patch.hidden, new.hidden):
                below = old.below
            else:
                below = _without(layer, new.hidden)
            above = replace(
                layer, data=new.table, codes=_codes(new.table, layer.style, None), selected=_rows(new.table, selected)
            )
            self._edited[layer.id] = _Edited(layer, version, new, below, above)
            return (below, above)

    def replaced(self, layer: SceneLayer, table: FeatureTable) -> SceneLayer:
        """``layer`` with ``table``, which has its edits, in place of the one it was read with."""
        with self._locks[layer.id]:
            made = self._made[layer.id]
            made.layer = replace(
                layer, data=table, codes=_codes(table, layer.style, None), selected=_rows(table, made.selected)
            )
            self._edited.pop(layer.id, None)
            return made.layer

    def forget(self, layer_id: str) -> None:
        self._made.pop(layer_id, None)
        self._edited.pop(layer_id, None)
        self._parts.pop(layer_id, None)

    def clear(self) -> None:
        self._made.clear()
        self._edited.clear()
        self._parts.clear()


def has_density(style: Style) -> bool:
    """Whether one symbol stands for many features, so that a layer cannot be drawn in parts."""
    return any(isinstance(s, (HeatSymbolizer, ClusterSymbolizer)) for rule in style.rules for s in rule.symbolizers)


def _codes(data: FeatureTable | Raster, style: Style, old: SceneLayer | None) -> NDArray[np.int16] | None:
    """Rule numbers; those of ``old`` while its style is the same."""
    from lydigital.model.table import FeatureTable
    from lydigital.render import classify

    if not isinstance(data, FeatureTable):
        return None
    if old is not None and old.style == style:
        return old.codes
    return classify.codes(data, style)


def _without(layer: SceneLayer, hidden: NDArray[np.int64]) -> SceneLayer:
    """``layer`` without the features ``hidden`` (fids)."""
    if not len(hidden):
        return layer
    assert layer.codes is not None
    rows = layer.data.rows_of(hidden)  # type: ignore[union-attr]
    codes = layer.codes.copy()
    codes[rows] = -1
    return replace(layer, codes=codes, selected=np.setdiff1d(layer.selected, rows).astype(np.int32))


def _rows(data: FeatureTable | Raster, selected: NDArray[np.int64] | None) -> NDArray[np.int32]:
    """Row numbers of the selected features."""
    if selected is None or not hasattr(data, "fid"):
        return np.zeros(0, np.int32)
    return np.flatnonzero(np.isin(data.fid, selected)).astype(np.int32)
