"""The map as one HTML file for browsers, without a network."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from lydigital.commands.file import issue_values
from lydigital.commands.layer import find
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import LydError, StoreUnavailableError, UsageError
from lydigital.model.crs import Crs, transformation
from lydigital.model.gate import Audience  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.gate import Verdict
    from lydigital.publish.arrange import Material
    from lydigital.publish.webfit import Fitted, Source
    from lydigital.session import Session

_MB = 1_000_000
_DEGREES = "EPSG:4326"


class WriteWeb(Parameters, frozen=True):
    """Write the map into an HTML file that works from a disk.

    ``layers`` can be clicked and switched (those visible where none is named); what else is visible lies in the picture
    below them. ``budget_mb`` is the size the file keeps to: lines are simplified for it, and what was done is told.
    """

    path: str
    layers: tuple[str, ...] | None = None
    audience: Audience = "internal"
    budget_mb: Annotated[float, msgspec.Meta(ge=1, le=200)] = 8.0
    title: str = ""


def _write(session: Session, given: WriteWeb) -> dict[str, Any]:
    from lydigital.commands import gate as gating
    from lydigital.commands.map import _fonts
    from lydigital.publish import gate, image, web, webfit

    path = Path(given.path).absolute()
    if path.suffix.casefold() not in (".html", ".htm"):
        raise UsageError("{path} is no name of a web page", hint="End the name in .html.", path=given.path)
    start = time.perf_counter()
    web.leaflet()
    visible = tuple(ref.id for ref in session.document.layers if session.document.is_visible(ref))
    chosen = visible if given.layers is None else tuple(find(session, name).id for name in given.layers)
    verdict = gating.judged(session, (*chosen, *visible), given.audience)
    gate.enforce(verdict)
    source = _source(session, given, chosen, visible, verdict)
    session.progressed.emit(tr("Drawing"), 0.5)
    made = webfit.fit(source, verdict, gating.values_of(verdict), round(given.budget_mb * _MB), _fonts(needed=False))
    content = web.html(made.page)
    image.write(path, content)
    gating.keep(verdict, [path])
    session.progressed.emit(tr("Done"), 1.0)
    return {
        "output": str(path), "bytes": len(content), "over_budget": len(content) > given.budget_mb * _MB, "tolerance_m": made.simplified_m,
        "layers": made.layers, "left_out": sorted(verdict.dropped), "notes": _told(made, verdict), "verdict": gating.values_of(verdict),
        "issues": [issue_values(issue) for issue in session.issues], "seconds": round(time.perf_counter() - start, 3),
    }  # fmt: skip


def _source(session: Session, given: WriteWeb, chosen: tuple[str, ...], visible: tuple[str, ...], verdict: Verdict) -> Source:
    from lydigital.commands.layout import material_of
    from lydigital.publish import gate
    from lydigital.publish.arrange import producers
    from lydigital.publish.webfit import Source

    # a web map is looked at from all scales, so layers are read whatever theirs
    everything = replace(material_of(session), scene=lambda _scale, layers: session.scene(None, layer_ids=layers))
    material = gate.passed(everything, verdict)
    scene = material.scene(1.0, tuple(dict.fromkeys((*chosen, *visible))))
    if not any(layer.id in chosen for layer in scene):
        reason = tr(session.issues[0].message, **session.issues[0].values) if session.issues else tr("No layer is visible")
        raise StoreUnavailableError("There is nothing to show: {reason}", hint="Show layers, or name them.", reason=reason)
    facts = material.facts
    definitions = [session.definition(layer.id) for layer in scene]
    sources = producers([d.source for d in definitions if d.source])
    said = [
        (tr("Made by"), str(facts["producer"])), (tr("Date"), str(facts["date"])), (tr("Sources"), str(sources)),
        (tr("Reference system"), tr("{crs}, shown in WGS 84", crs=material.crs.name)), (tr("Project"), str(facts["project"])),
    ]  # fmt: skip
    subtitle = " · ".join(text for text in (str(facts["date"]), str(facts["producer"])) if text)
    return Source(
        given.title or session.document.title or tr("Map"), subtitle, scene, frozenset(chosen), _bounds(session, material),
        session.definition, material.titles, _words_of_codes(session, material, chosen), facts=[(label, text) for label, text in said if text],
    )  # fmt: skip


def _bounds(session: Session, material: Material) -> tuple[float, float, float, float]:
    return transformation(Crs(session.document.crs), Crs(_DEGREES)).bounds(material.home)


def _words_of_codes(session: Session, material: Material, layers: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Names by code, of the layers whose codes fields of ``layers`` hold; those that are left out or missing are not asked."""
    wanted = {f.codes for i in layers for f in session.definition(i).fields if f.codes}
    found: dict[str, dict[str, str]] = {}
    for layer in sorted(wanted):
        if session.ref(layer) is None:
            continue
        definition = session.definition(layer)
        hidden = {f.name for f in definition.fields if f.personal}
        try:
            table = material.table(layer)
        except LydError:
            continue  # codes are shown as they are
        if isinstance(table, FeatureTable) and {"code", "name"} <= set(table.column_names) and "name" not in hidden:
            codes, names = (table.column(c).to_pylist() for c in ("code", "name"))
            found[layer] = {str(c): str(n) for c, n in zip(codes, names, strict=True) if c is not None and n}
    return found


def _told(made: Fitted, verdict: Verdict) -> list[str]:
    notes = list(made.notes)
    if verdict.dropped:
        notes.append(tr("Left out for this audience: {layers}", layers="、".join(verdict.dropped.values())))
    return notes


COMMANDS = (Command("web.write", "Map as a web page", _write, WriteWeb, icon="web"),)
