"""The map document (``*.lyd.toml``): which layers, how shown, where the user was. Immutable; edits make a new one."""

from __future__ import annotations

from typing import Literal

import msgspec

from lydigital.model.style import Style  # noqa: TC001 - msgspec resolves it at run time

SCHEMA = 1  # raised with every change that an older program cannot read


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class LayerRef(_Frozen, frozen=True):
    """A layer on the map.

    ``source`` is a store URI, relative to the project file where possible; ``table`` the layer in that store.
    ``style`` overrides the catalogue's.
    """

    id: str
    source: str
    table: str = ""
    title: str = ""
    title_en: str = ""
    group: str = ""
    visible: bool = True
    opacity: float = 1.0
    labels: bool = True
    style: Style | None = None
    crs: str = ""


class Group(_Frozen, frozen=True):
    """State of a group of the layer tree."""

    id: str
    title: str = ""
    title_en: str = ""
    visible: bool = True
    expanded: bool = False


class Bookmark(_Frozen, frozen=True):
    """A view worth returning to: centre (map units), scale denominator, visible layers (None: as they are)."""

    title: str
    centre: tuple[float, float]
    scale: float
    visible: tuple[str, ...] | None = None


class MapDocument(_Frozen, frozen=True):
    """Layers are listed top first, as in the layer tree."""

    title: str = ""
    schema: int = SCHEMA
    crs: str = "EPSG:4546"
    store: str = ""
    layers: tuple[LayerRef, ...] = ()
    groups: tuple[Group, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    centre: tuple[float, float] | None = None
    scale: float | None = None
    theme: Literal["light", "dark"] = "light"

    def layer(self, layer_id: str) -> LayerRef | None:
        return next((ref for ref in self.layers if ref.id == layer_id), None)

    def is_visible(self, ref: LayerRef) -> bool:
        """Whether ``ref`` and its group are switched on."""
        return ref.visible and all(g.visible for g in self.groups if g.id == ref.group)
