"""The systems of the plan on this map: a card of each, and its theme map with one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lydigital import paths
from lydigital.commands import indicator as indicators
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import LydError, UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.issue import Issue
from lydigital.model.system import Framework, LayerState, System, SystemCard, read_framework
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.domain.amounts import Material
    from lydigital.model.indicator import Indicator, IndicatorResult
    from lydigital.session import Session

BASE = ("boundary", "place", "transport", "water", "land")  # groups of the base map, which a theme leaves as they are


class Cards(Parameters, frozen=True, kw_only=True):
    """Every system, or one."""

    system: str = ""


class Theme(Parameters, frozen=True):
    """Id of a system."""

    system: str


def framework() -> Framework:
    """Chapters and systems of the plan.

    Raises
    ------
    BadDataError
        When the file is wrong.
    """
    return read_framework(paths.layers_dir() / "systems.toml")


def cards(session: Session, wanted: str = "") -> tuple[SystemCard, ...]:
    """A card of every system, or of one.

    Raises
    ------
    LydError
        When there is no such system, or a definition is wrong. What a map lacks is told on its card.
    """
    chosen = [_system(wanted)] if wanted else list(framework().systems)
    material = indicators.material_of(session)
    known = indicators.known()
    states: dict[str, LayerState] = {}
    found = []
    for i, system in enumerate(chosen):
        session.progressed.emit(tr("Looking at {system}", system=system.name), i / len(chosen))
        for layer in system.layers:
            if layer not in states:
                states[layer] = _state(session, layer, material)
        found.append(_card(system, states, known, material))
    return tuple(found)


def values_of(card: SystemCard) -> dict[str, Any]:
    """A card as plain values in the user's language."""
    system, head = card.system, card.headline
    return {
        "id": system.id, "title": system.name, "group": system.group, "present": card.present, "of": len(card.layers),
        "completeness": None if card.completeness is None else round(card.completeness, 4), "currency": card.currency,
        "sample": card.is_sample, "workspace": system.workspace, "functions": list(system.functions), "indicators": list(card.indicators),
        "headline": None if head is None else {
            **indicators.about(head.indicator), "year": head.year, "city": indicators.unit_values(head.indicator, head.city),
            "plan_share": None if head.plan_share is None else round(head.plan_share, 6), "gaps": len(head.gaps),
        },
        "layers": [
            {
                "id": layer.id, "title": layer.title, "present": layer.is_present, "count": layer.count, "currency": layer.currency,
                "completeness": None if layer.completeness is None else round(layer.completeness, 4), "sample": layer.is_sample,
                "problem": layer.problem,
            }
            for layer in card.layers
        ],
        "issues": indicators.issue_values(card.issues),
    }  # fmt: skip


# --- inside -----------------------------------------------------------------------------------------------------------


def _system(system_id: str) -> System:
    every = framework()
    found = every.system(system_id) or next((s for s in every.systems if system_id in (s.title, s.title_en)), None)
    if found is None:
        import difflib

        ids = [s.id for s in every.systems]
        near = difflib.get_close_matches(system_id, ids, 3, 0.4) or ids[:5]
        raise UsageError("There is no system {system}", hint="Did you mean {near}?", system=system_id, near=", ".join(near))
    return found


def _state(session: Session, layer: str, material: Material) -> LayerState:
    from lydigital.domain.systems import state_of

    known = session.catalogue.layer(layer)
    if known is None and session.ref(layer) is None:
        return LayerState(layer, layer, is_present=False, problem=tr("The map has no layer {layer}", layer=layer))
    of = known or session.definition(layer)
    if session.ref(layer) is None:
        return state_of(of, None, tr("The map has no layer {layer}", layer=of.name))
    try:
        if of.geometry == "raster":
            return state_of(of, None, is_raster=not isinstance(session.table(layer), FeatureTable))
        return state_of(of, material.need(layer))
    except LydError as error:
        return state_of(of, None, str(error))


def _card(system: System, states: dict[str, LayerState], known: tuple[Indicator, ...], material: Material) -> SystemCard:
    from lydigital.domain.indicators import compute
    from lydigital.domain.systems import card

    mine = [one for one in known if one.system == system.id]
    head = next((one for one in mine if one.id == system.headline), None)
    issues: list[Issue] = []
    result: IndicatorResult | None = None
    if head is not None:
        try:
            result = compute(head, head.levels[0], material)
            issues += result.issues
        except LydError as error:
            values = {name: str(value) for name, value in error.values.items()}
            issues.append(Issue("system.headline", "warning", error.message, error.hint, values=values))
    return card(system, [states[layer] for layer in system.layers], result, [one.id for one in mine], issues)


def _open(session: Session, given: Theme) -> ChangeSet:
    """Show the layers of a system above the base map, and no others."""
    system = _system(given.system)
    document = session.document
    wanted = set(system.shown_layers)
    if not any(ref.id in wanted for ref in document.layers):
        raise UsageError(
            "The map has no layer of the system {system}", hint="It needs: {layers}", system=system.name, layers=", ".join(sorted(wanted))
        )
    deltas = []
    groups: set[str] = set()
    for ref in document.layers:
        shows = ref.visible if ref.group in BASE and ref.id not in wanted else ref.id in wanted
        if session.definition(ref.id).geometry == "raster" and ref.id not in wanted:
            shows = ref.visible
        if ref.visible != shows:
            deltas.append(Delta(f"layer/{ref.id}/visible", ref.visible, shows))
        if shows:
            groups.add(ref.group)
    deltas += [Delta(f"group/{g.id}/visible", old=False, new=True) for g in document.groups if g.id in groups and not g.visible]
    return ChangeSet("Theme map: {system}", tuple(deltas), values={"system": system.name})


def _show(session: Session, given: Cards) -> tuple[SystemCard, ...]:
    return cards(session, given.system)


COMMANDS = (
    Command("framework.show", "Systems of the plan", _show, Cards, icon="view-grid-outline"),
    Command("framework.open", "Theme map of a system", _open, Theme, icon="map-search-outline"),
)
