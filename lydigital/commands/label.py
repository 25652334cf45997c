"""Labels put where a hand wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from lydigital.commands.layer import find, title_of
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import LayerRef, Pin
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.session import Session

Millimetres = Annotated[float, msgspec.Meta(ge=-500, le=500)]


class PinLabel(Parameters, frozen=True):
    """The middle of the label of feature ``fid`` stands so many millimetres right of and below its feature's place."""

    layer: str
    fid: int
    dx_mm: Millimetres
    dy_mm: Millimetres


class UnpinLabel(Parameters, frozen=True):
    """Without ``fid``, all labels of the layer."""

    layer: str
    fid: int | None = None


def _pin(session: Session, parameters: PinLabel) -> ChangeSet:
    ref = find(session, parameters.layer)
    table = session.table(ref.id)
    if not isinstance(table, FeatureTable) or not np.any(table.fid == parameters.fid):
        raise UsageError(
            "{layer} has no feature {fid}", hint="Click the feature on the map; its card shows the number.",
            layer=title_of(session, ref), fid=parameters.fid,
        )  # fmt: skip
    others = [p for p in ref.pins if p.fid != parameters.fid]
    pin = Pin(parameters.fid, parameters.dx_mm, parameters.dy_mm)
    return _change(session, ref, "Move label in {layer}", (*others, pin))


def _unpin(session: Session, parameters: UnpinLabel) -> ChangeSet:
    ref = find(session, parameters.layer)
    kept = () if parameters.fid is None else tuple(p for p in ref.pins if p.fid != parameters.fid)
    return _change(session, ref, "Release labels of {layer}", kept)


def _change(session: Session, ref: LayerRef, words: str, pins: tuple[Pin, ...]) -> ChangeSet:
    deltas = () if pins == ref.pins else (Delta(f"layer/{ref.id}/pins", ref.pins, pins),)
    return ChangeSet(words, deltas, values={"layer": title_of(session, ref)})


def _no_layers(session: Session) -> str | None:
    return None if session.document.layers else tr("The map has no layers yet; add one first")


def _no_pins(session: Session) -> str | None:
    if any(ref.pins for ref in session.document.layers):
        return None
    return tr("No label was moved by hand")


COMMANDS = (
    Command("label.pin", "Move label", _pin, PinLabel, disabled=_no_layers, icon="pin-outline", merges=True),
    Command("label.unpin", "Release labels", _unpin, UnpinLabel, disabled=_no_pins, icon="pin-off-outline"),
)
