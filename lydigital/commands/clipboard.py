"""Features that were copied, one process-wide lot of them: they are pasted into any layer of any open map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lydigital.commands.layer import find
from lydigital.commands.subjects import space_of
from lydigital.errors import RefusedError
from lydigital.model.crs import Crs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lydigital.commands.subjects import Some
    from lydigital.edits.operations.ground import Shapes
    from lydigital.model.feature import Value
    from lydigital.model.layerdef import FieldDef
    from lydigital.session import Session


@dataclass(frozen=True, eq=False)
class Clipboard:
    """Features of one layer: shapes in ``crs``, attributes, and what its fields are."""

    layer: str
    crs: Crs
    shapes: Shapes
    values: list[Mapping[str, Value]]
    fields: tuple[FieldDef, ...]


COPIED: list[Clipboard] = []  # one or none


def copied(session: Session, given: Some) -> Clipboard:
    """The selected or named features.

    Raises
    ------
    LydError
        When there are none, they are of several layers, or cannot be read.
    """
    layers = [find(session, given.layer).id] if given.layer else list(session.selection.fids)
    if len(layers) > 1:
        raise RefusedError("The selected features are of several layers", hint="Select features of one layer.")
    selected = session.selection.fids.get(layers[0]) if layers else None
    fids = list(given.fids) or ([] if selected is None else selected.tolist())
    features = session.features.features(layers[0], fids) if layers else {}
    if not features:
        raise RefusedError("Nothing is selected", hint="Select features on the map first.")
    space = space_of(session, find(session, layers[0]))
    shapes = space.to_map([f.wkb for f in features.values()])
    rows = [f.values for f in features.values()]
    return Clipboard(layers[0], Crs(session.document.crs), shapes, rows, session.definition(layers[0]).fields)
