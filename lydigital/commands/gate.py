"""The gate before anything leaves the house: asked before every export, and kept beside what was written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital import paths
from lydigital.commands.registry import Command, Parameters
from lydigital.model.crs import Crs, transformation
from lydigital.model.gate import Audience, GateRules, Verdict, read_rules
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lydigital.model.layout import Layout
    from lydigital.publish.arrange import Arranged, Material
    from lydigital.session import Session

FILE = "gate.toml"


class CheckGate(Parameters, frozen=True):
    """What stands against giving a layout (all visible layers where none is named) to an audience."""

    layout: str = ""
    audience: Audience = "internal"


def rules_of() -> GateRules:
    """The office's own ``gate.toml`` in the configuration folder, or the one shipped."""
    own = paths.config_dir() / FILE
    return read_rules(own if own.is_file() else paths.resources_dir() / FILE)


def judged(session: Session, layers: Iterable[str], audience: Audience) -> Verdict:
    """What the rules say of showing ``layers`` to ``audience``."""
    from lydigital.publish import gate

    office, who = session.office, session.history.author
    definitions = tuple(session.definition(i) for i in dict.fromkeys(layers))
    return gate.judge(rules_of(), gate.Case(
        audience, definitions, approval=office.publishing.approval, producer=office.publishing.producer, ballpark=_ballpark(session, definitions),
        operator=who, roles=office.person(who).roles, at=datetime.now().astimezone().isoformat(timespec="seconds"),
    ))  # fmt: skip


def layers_of(session: Session, layout: Layout) -> tuple[str, ...]:
    """Ids of what a layout shows: layers of its maps, tables and charts."""
    visible = tuple(r.id for r in session.document.layers if session.document.is_visible(r))
    shown: list[str] = []
    for window in layout.maps:
        shown += [i for i in window.layers or visible if session.document.layer(i) is not None]
    for item in layout.items:
        layer = getattr(item, "layer", "")
        if layer and session.ref(layer) is not None:
            shown.append(layer)
    return tuple(dict.fromkeys(shown))


def through(session: Session, layout: Layout, material: Material, audience: Audience) -> tuple[Layout, Material, Verdict]:
    """Layout and material as the gate lets them through.

    Raises
    ------
    RefusedError
        When it does not.
    """
    from lydigital.publish import gate

    verdict = judged(session, layers_of(session, layout), audience)
    gate.enforce(verdict)
    return gate.marked(layout, verdict), gate.passed(material, verdict), verdict


def finished(verdict: Verdict, sheets: Iterable[Arranged]) -> Verdict:
    """The verdict once labels are placed.

    Raises
    ------
    RefusedError
        When labels without a place stand against the export.
    """
    from lydigital.publish import gate

    missing = sum(len(m.picture.missing) for sheet in sheets for m in sheet.maps)
    whole = gate.with_unplaced(rules_of(), verdict, missing)
    gate.enforce(whole)
    return whole


def keep(verdict: Verdict, files: Iterable[Path]) -> list[Path]:
    """Write the verdict beside every file as ``<name>.verdict.json``; the files written."""
    content = msgspec.json.format(msgspec.json.encode(values_of(verdict)), indent=1)
    out = []
    for file in files:
        path = file.with_name(file.name + ".verdict.json")
        paths.write_atomically(path, content)
        out.append(path)
    return out


def values_of(verdict: Verdict) -> dict[str, Any]:
    """The verdict for JSON and the window, findings in words."""
    said = [{"rule": f.rule, "weight": f.weight, "message": tr(f.message, **f.values), "hint": tr(f.hint, **f.values) if f.hint else ""} for f in verdict.findings]
    return {**msgspec.to_builtins(verdict), "open": verdict.is_open, "findings": said}


def _ballpark(session: Session, definitions: Iterable[Any]) -> tuple[str, ...]:
    target = Crs(session.document.crs)
    found = []
    for definition in definitions:
        ref = session.document.layer(definition.id)
        source = (ref.crs if ref else "") or definition.crs
        # between the two Chinese systems of today and WGS 84 PROJ knows only that they are one within decimetres
        if source and definition.geometry not in ("none", "raster") and _datum(Crs(source)) != _datum(target) and transformation(Crs(source), target).is_ballpark:
            found.append(definition.name)
    return tuple(found)


def _datum(crs: Crs) -> str:
    name = crs.proj.geodetic_crs.name if crs.proj.geodetic_crs is not None else crs.name
    return "CGCS2000" if "2000" in name or "WGS 84" in name else name


def _check(session: Session, given: CheckGate) -> dict[str, Any]:
    if given.layout:
        from lydigital.commands.layout import find

        shown = layers_of(session, find(session, given.layout))
    else:
        shown = tuple(r.id for r in session.document.layers if session.document.is_visible(r))
    return values_of(judged(session, shown, given.audience))


COMMANDS = (Command("gate.check", "Check before export", _check, CheckGate, icon="shield-check-outline"),)
