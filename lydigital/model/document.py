"""The map document (``*.lyd.toml``): which layers, how shown, where the user was. Immutable; edits make a new one.

Targets of its deltas: ``document/<field>``, ``document/order`` (layer ids, top first), ``document/group_order``,
``layer/<id>``, ``group/<id>`` and ``layout/<id>`` (made or removed, at the bottom), ``layer/<id>/<field>`` and so on.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_type_hints

import msgspec

from lydigital.errors import ConflictError
from lydigital.model.layout import Layout
from lydigital.model.style import Style  # noqa: TC001 - msgspec resolves it at run time

if TYPE_CHECKING:
    from lydigital.model.changeset import ChangeSet, Delta

SCHEMA = 2  # raised with every change that an older program cannot read


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class Pin(_Frozen, frozen=True):
    """A label moved by hand: how far its middle stands right of and below the place its feature is labelled at."""

    fid: int
    dx_mm: float
    dy_mm: float


class LayerRef(_Frozen, frozen=True):
    """A layer on the map.

    ``source`` is a store URI, relative to the project file where possible; ``table`` the layer in that store.
    ``style`` overrides the catalogue's. ``template`` holds values that new features begin with.
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
    pins: tuple[Pin, ...] = ()
    template: dict[str, bool | int | float | str] = {}


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
    layouts: tuple[Layout, ...] = ()

    def layer(self, layer_id: str) -> LayerRef | None:
        return next((ref for ref in self.layers if ref.id == layer_id), None)

    def layout(self, layout_id: str) -> Layout | None:
        return next((found for found in self.layouts if found.id == layout_id), None)

    def is_visible(self, ref: LayerRef) -> bool:
        """Whether ``ref`` and its group are switched on."""
        return ref.visible and all(g.visible for g in self.groups if g.id == ref.group)

    def group(self, group_id: str) -> Group | None:
        return next((g for g in self.groups if g.id == group_id), None)

    @property
    def order(self) -> tuple[str, ...]:
        """Layer ids, top first."""
        return tuple(ref.id for ref in self.layers)

    @property
    def group_order(self) -> tuple[str, ...]:
        return tuple(g.id for g in self.groups)

    @property
    def content(self) -> MapDocument:
        """The document without what only says where the user was: view, and open groups of the tree."""
        groups = tuple(msgspec.structs.replace(g, expanded=False) for g in self.groups)
        return msgspec.structs.replace(self, centre=None, scale=None, groups=groups)

    def applied(self, changes: ChangeSet) -> MapDocument:
        """The document after ``changes``.

        Raises
        ------
        ConflictError
            Where an old value is not what stands here.
        """
        document = self
        for delta in changes.deltas:
            document = _apply(document, delta)
        return document


def value_type(target: str) -> Any:
    """Type of the values of a delta on ``target``, for reading one back.

    Raises
    ------
    KeyError
        When a document has no such target.
    """
    kind, _, rest = target.partition("/")
    if target in ("document/order", "document/group_order"):
        return tuple[str, ...]
    owner = {"document": MapDocument, "layer": LayerRef, "group": Group, "layout": Layout}[kind]
    field = rest if kind == "document" else rest.partition("/")[2]
    return _hints(owner)[field] if field else owner | None


@cache
def _hints(owner: type) -> dict[str, Any]:
    return get_type_hints(owner)


_Item = TypeVar("_Item", bound=LayerRef | Group | Layout)


def _apply(document: MapDocument, delta: Delta) -> MapDocument:
    kind, _, rest = delta.target.partition("/")
    if kind == "layer":
        return msgspec.structs.replace(document, layers=_apply_item(document.layers, rest, delta))
    if kind == "group":
        return msgspec.structs.replace(document, groups=_apply_item(document.groups, rest, delta))
    if kind == "layout":
        return msgspec.structs.replace(document, layouts=_apply_item(document.layouts, rest, delta))
    if kind != "document" or rest in ("layers", "groups", "layouts", "schema") or not hasattr(document, rest):
        raise _conflict(delta)
    if getattr(document, rest) != delta.old:
        raise _conflict(delta)
    if rest == "order":
        return msgspec.structs.replace(document, layers=_reorder(document.layers, delta))
    if rest == "group_order":
        return msgspec.structs.replace(document, groups=_reorder(document.groups, delta))
    return msgspec.structs.replace(document, **{rest: delta.new})


def _apply_item(items: tuple[_Item, ...], rest: str, delta: Delta) -> tuple[_Item, ...]:
    item_id, _, field = rest.partition("/")
    current = next((item for item in items if item.id == item_id), None)
    if not field:
        if _folded(current) != _folded(delta.old):
            raise _conflict(delta)
        kept = [item for item in items if item.id != item_id]
        return tuple(kept if delta.new is None else [*kept, delta.new])
    if current is None or getattr(current, field) != delta.old:
        raise _conflict(delta)
    changed = msgspec.structs.replace(current, **{field: delta.new})
    return tuple([changed if item.id == item_id else item for item in items])


def _folded(item: object) -> object:
    """Opening a group of the tree is no change of it that could stand against another."""
    return msgspec.structs.replace(item, expanded=False) if isinstance(item, Group) else item


def _reorder(items: tuple[_Item, ...], delta: Delta) -> tuple[_Item, ...]:
    by_id = {item.id: item for item in items}
    if sorted(delta.new) != sorted(by_id):
        raise _conflict(delta)
    return tuple(by_id[i] for i in delta.new)


def _conflict(delta: Delta) -> ConflictError:
    return ConflictError(
        "{target} was changed in between", hint="Reload and repeat the change.", target=delta.target
    )
