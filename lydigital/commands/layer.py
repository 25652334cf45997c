"""Layers and groups: shown or not, order, look, added and removed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError, UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.crs import Crs
from lydigital.model.style import Style  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.viewport import Viewport
from lydigital.stores import compose
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.document import LayerRef
    from lydigital.session import Session

CLOSEST = 1_000.0  # scale denominator: a single point is not zoomed to further


class OneLayer(Parameters, frozen=True):
    """``layer`` is an id, or a title that no other layer has."""

    layer: str


class MoveLayer(Parameters, frozen=True):
    """Directly above or below another layer, or to the top; into ``group`` when one is named."""

    layer: str
    above: str = ""
    below: str = ""
    group: str = ""


class LayerOpacity(Parameters, frozen=True):
    """From 0, not seen, to 1."""

    layer: str
    opacity: Annotated[float, msgspec.Meta(ge=0, le=1)]


class LayerLabels(Parameters, frozen=True):
    """Without ``labels``, change to the other state."""

    layer: str
    labels: bool | None = None


class LayerStyle(Parameters, frozen=True):
    """Without a style, return to the catalogue's."""

    layer: str
    style: Style | None = None


class AddLayer(Parameters, frozen=True):
    """Every layer of the file or store at ``path``, or only ``table``; ``crs`` overrules what the file says."""

    path: str
    table: str = ""
    crs: str = ""


class OneGroup(Parameters, frozen=True):
    """``group`` is an id."""

    group: str


class SomeGroups(Parameters, frozen=True):
    """``groups`` are ids."""

    groups: tuple[str, ...]


class ExpandGroup(Parameters, frozen=True):
    """Without ``expanded``, change to the other state."""

    group: str
    expanded: bool | None = None


def find(session: Session, layer: str) -> LayerRef:
    """Return the layer of that id, or of that title.

    Raises
    ------
    UsageError
        When there is none, naming near ones.
    """
    document = session.document
    ref = document.layer(layer)
    if ref is not None:
        return ref
    named = [r for r in document.layers if layer in (r.title, r.title_en) or layer in _titles(session, r.id)]
    if len(named) == 1:
        return named[0]
    import difflib

    near = difflib.get_close_matches(layer, document.order, 3, 0.4) or document.order[:5]
    raise UsageError(
        "The map has no layer {layer}", hint="Did you mean {near}?", layer=layer, near=", ".join(near) or "-"
    )


def _titles(session: Session, layer_id: str) -> tuple[str, ...]:
    known = session.catalogue.layer(layer_id)
    return (known.title, known.title_en) if known is not None else ()


def title_of(session: Session, ref: LayerRef) -> str:
    """Name of a layer as the tree shows it."""
    from lydigital.texts import pick

    return pick(ref.title, ref.title_en) if ref.title else session.definition(ref.id).name


def _set(session: Session, ref: LayerRef, words: str, **fields: object) -> ChangeSet:
    """Change fields of one layer; no change at all where they are so already."""
    deltas = tuple(
        Delta(f"layer/{ref.id}/{name}", getattr(ref, name), new)
        for name, new in fields.items() if getattr(ref, name) != new
    )  # fmt: skip
    return ChangeSet(words, deltas, values={"layer": title_of(session, ref)})


def _show(session: Session, parameters: OneLayer) -> ChangeSet:
    ref = find(session, parameters.layer)
    changes = _set(session, ref, "Show {layer}", visible=True)
    group = session.document.group(ref.group)
    if group is not None and not group.visible:  # showing a layer means seeing it
        changes = msgspec.structs.replace(
            changes, deltas=(*changes.deltas, Delta(f"group/{group.id}/visible", old=False, new=True))
        )
    return changes


def _hide(session: Session, parameters: OneLayer) -> ChangeSet:
    return _set(session, find(session, parameters.layer), "Hide {layer}", visible=False)


def _toggle(session: Session, parameters: OneLayer) -> ChangeSet:
    ref = find(session, parameters.layer)
    return _hide(session, parameters) if session.document.is_visible(ref) else _show(session, parameters)


def _solo(session: Session, parameters: OneLayer) -> ChangeSet:
    """Hide every other feature layer; grids stay, they are the ground."""
    ref = find(session, parameters.layer)
    others = (
        r for r in session.document.layers
        if r.visible and r.id != ref.id and session.definition(r.id).geometry != "raster"
    )  # fmt: skip
    deltas = (
        *_show(session, parameters).deltas,
        *(Delta(f"layer/{r.id}/visible", old=True, new=False) for r in others),
    )
    return ChangeSet("Show only {layer}", deltas, values={"layer": title_of(session, ref)})


def _move(session: Session, parameters: MoveLayer) -> ChangeSet:
    ref = find(session, parameters.layer)
    order = session.document.order
    rest = [i for i in order if i != ref.id]
    if parameters.above and parameters.below:
        raise UsageError("A layer goes above or below another, not both", hint="Name one of the two.")
    at = 0
    if parameters.above or parameters.below:
        other = find(session, parameters.above or parameters.below)
        if other.id == ref.id:
            return ChangeSet("Move {layer}")
        at = rest.index(other.id) + (0 if parameters.above else 1)
    new = (*rest[:at], ref.id, *rest[at:])
    changes = _set(session, ref, "Move {layer}", group=parameters.group or ref.group)
    if new == order:
        return changes
    return msgspec.structs.replace(changes, deltas=(Delta("document/order", order, new), *changes.deltas))


def _opacity(session: Session, parameters: LayerOpacity) -> ChangeSet:
    return _set(session, find(session, parameters.layer), "Opacity of {layer}", opacity=parameters.opacity)


def _reload(session: Session, parameters: OneLayer) -> str:
    ref = find(session, parameters.layer)
    session.reload(ref.id)
    title = session.definition(ref.id).name
    session.changed.emit(ChangeSet("Read {layer} again", values={"layer": title}))
    return tr("{layer} is read again", layer=title)


def _labels(session: Session, parameters: LayerLabels) -> ChangeSet:
    ref = find(session, parameters.layer)
    labels = not ref.labels if parameters.labels is None else parameters.labels
    return _set(session, ref, "Labels of {layer}", labels=labels)


def _style(session: Session, parameters: LayerStyle) -> ChangeSet:
    return _set(session, find(session, parameters.layer), "Style of {layer}", style=parameters.style)


def _add(session: Session, parameters: AddLayer) -> ChangeSet:
    document = session.document
    source = parameters.path if "://" in parameters.path else str(Path(parameters.path).absolute().resolve())
    if parameters.crs:
        _ = Crs(parameters.crs).proj  # an unknown system is refused before anything is added
    refs = compose.refs_of(source, session.catalogue, document.order)
    if parameters.table:
        refs = tuple(ref for ref in refs if ref.table == parameters.table)
    if not refs:
        raise BadDataError(
            "{path} has no layer to show", hint="Check the name of the layer; tables without geometry have no map.",
            path=source,
        )  # fmt: skip
    refs = tuple(msgspec.structs.replace(ref, visible=True, crs=parameters.crs) for ref in refs)
    groups = [g for g in compose.groups_of(refs, session.catalogue) if document.group(g.id) is None]
    made = tuple(ref.id for ref in refs)
    deltas = (
        *(Delta(f"group/{g.id}", None, g) for g in groups),
        *(Delta(f"layer/{ref.id}", None, ref) for ref in refs),
        Delta("document/order", (*document.order, *made), (*made, *document.order)),
    )
    return ChangeSet("Add {path}", deltas, values={"path": Path(source).name})


def _remove(session: Session, parameters: OneLayer) -> ChangeSet:
    ref = find(session, parameters.layer)
    order = session.document.order
    last = (*(i for i in order if i != ref.id), ref.id)
    deltas = (
        *([Delta("document/order", order, last)] if last != order else []),
        Delta(f"layer/{ref.id}", ref, None),
    )
    return ChangeSet("Remove {layer}", deltas, values={"layer": title_of(session, ref)})


def _zoom_to(session: Session, parameters: OneLayer) -> None:
    ref = find(session, parameters.layer)
    session.stores.describe(ref)  # says what is wrong with a layer out of reach
    now = session.viewport
    view = Viewport.of_bounds(
        session.bounds((ref.id,)),
        now.width_px,
        now.height_px,
        Crs(session.document.crs),
        dpi=now.dpi,
        margin=0.05,
    )
    session.move(view if view.scale > CLOSEST else view.at_scale(CLOSEST))


def _toggle_group(session: Session, parameters: OneGroup) -> ChangeSet:
    group = session.document.group(parameters.group)
    if group is None:
        raise _no_group(session, parameters.group)
    known = session.catalogue.group(group.id)
    name = known.name if known is not None else group.title
    return ChangeSet(
        "Hide {group}" if group.visible else "Show {group}",
        (Delta(f"group/{group.id}/visible", group.visible, not group.visible),),
        values={"group": name},
    )


def _show_groups(session: Session, parameters: SomeGroups) -> ChangeSet:
    """Switch on groups with every layer in them, as one step."""
    names, deltas = [], []
    for group_id in parameters.groups:
        group = session.document.group(group_id)
        if group is None:
            raise _no_group(session, group_id)
        known = session.catalogue.group(group.id)
        names.append(known.name if known is not None else group.title)
        if not group.visible:
            deltas.append(Delta(f"group/{group.id}/visible", old=False, new=True))
        hidden = (ref.id for ref in session.document.layers if ref.group == group.id and not ref.visible)
        deltas.extend(Delta(f"layer/{i}/visible", old=False, new=True) for i in hidden)
    return ChangeSet("Show all layers of {groups}", tuple(deltas), values={"groups": ", ".join(names)})


def _expand_group(session: Session, parameters: ExpandGroup) -> ChangeSet:
    group = session.document.group(parameters.group)
    if group is None:
        raise _no_group(session, parameters.group)
    new = not group.expanded if parameters.expanded is None else parameters.expanded
    delta = Delta(f"group/{group.id}/expanded", group.expanded, new)
    return ChangeSet(
        "Open or close {group}", (delta,) if group.expanded != new else (), values={"group": group.title}
    )


def _no_group(session: Session, group: str) -> UsageError:
    known = ", ".join(session.document.group_order) or "-"
    return UsageError(
        "The map has no group {group}", hint="The groups are: {known}", group=group, known=known
    )


def _no_layers(session: Session) -> str | None:
    return None if session.document.layers else tr("The map has no layers yet; add one first")


def _no_groups(session: Session) -> str | None:
    return None if session.document.groups else tr("The map has no groups")


COMMANDS = (
    Command("layer.add", "Add layer", _add, AddLayer, shortcut="Ctrl+L", menu="layer", icon="layers-plus"),
    Command("layer.remove", "Remove layer", _remove, OneLayer, disabled=_no_layers, menu="layer", icon="layers-remove"),
    Command("layer.show", "Show layer", _show, OneLayer, disabled=_no_layers, menu="layer", icon="eye-outline"),
    Command("layer.hide", "Hide layer", _hide, OneLayer, disabled=_no_layers, menu="layer", icon="eye-off-outline"),
    Command("layer.toggle", "Show or hide layer", _toggle, OneLayer, disabled=_no_layers, icon="eye-outline"),
    Command("layer.solo", "Show only this layer", _solo, OneLayer, disabled=_no_layers, menu="layer", icon="eye-circle-outline"),
    Command("layer.move", "Move layer", _move, MoveLayer, disabled=_no_layers, icon="swap-vertical"),
    Command("layer.opacity", "Layer opacity", _opacity, LayerOpacity, disabled=_no_layers, icon="opacity", merges=True),
    Command("layer.labels", "Layer labels", _labels, LayerLabels, disabled=_no_layers, menu="layer", icon="label-outline"),
    Command("layer.style", "Layer style", _style, LayerStyle, disabled=_no_layers, menu="layer", icon="palette-outline", merges=True),
    Command("layer.zoom_to", "Zoom to layer", _zoom_to, OneLayer, disabled=_no_layers, menu="layer", icon="magnify-plus-outline"),
    Command("layer.reload", "Read layer again", _reload, OneLayer, disabled=_no_layers, menu="layer", icon="refresh", undoable=False),
    Command("group.toggle", "Show or hide group", _toggle_group, OneGroup, disabled=_no_groups, icon="folder-eye-outline"),
    Command("group.show_layers", "Show all layers of groups", _show_groups, SomeGroups, disabled=_no_groups, icon="layers-outline"),
    Command("group.expand", "Open or close group", _expand_group, ExpandGroup, disabled=_no_groups, icon="chevron-down", undoable=False),
)  # fmt: skip
