"""The catalogue of data: metadata of every layer as ISO 19115 names them, theme databases, as XML and tables."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital.commands.registry import Command, Parameters
from lydigital.commands.subjects import no_layers
from lydigital.errors import LydError, UsageError
from lydigital.model.metadata import CatalogueRecord, Metadata, Quality
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.crs import Crs
    from lydigital.model.grid import Raster
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable
    from lydigital.session import Session

THEMES = "themes"  # group of the theme databases in layers/systems.toml
_TABLES = (".xlsx", ".docx", ".html", ".json")


class Show(Parameters, frozen=True, kw_only=True):
    """Metadata of ``layers`` by id, of all that map and catalogue know without.

    ``checked`` also holds them against their rules.
    """

    layers: tuple[str, ...] = ()
    checked: bool = True


class Export(Parameters, frozen=True, kw_only=True):
    """The same into ``output``: an XLSX, Word, HTML or JSON file of all, the XML of one layer, or a folder with an XML file a layer."""

    output: str
    layers: tuple[str, ...] = ()
    checked: bool = True


def catalogue_of(session: Session, wanted: Show | Export) -> CatalogueRecord:
    """Metadata of layers and theme databases. What a map lacks is told as lacking.

    Raises
    ------
    UsageError
        When a layer is named that neither map nor catalogue know.
    """
    from lydigital.commands import framework
    from lydigital.commands.results import is_result
    from lydigital.domain import metadata as domain

    own = [ref.id for ref in session.document.layers if not is_result(ref)]
    ids = list(wanted.layers) or [*own, *(d.id for d in session.catalogue.layers if d.id not in own and not (d.on_demand and session.ref(d.id) is None))]
    plan = framework.framework()
    systems = {s.id: s.name for s in plan.systems}
    tables: dict[str, FeatureTable | None] = {}
    found = []
    for i, layer in enumerate(ids):
        session.progressed.emit(tr("Looking at {layer}", layer=layer), i / len(ids))
        found.append(_metadata(session, layer, systems, tables, checked=wanted.checked))
    by_id = {m.id: m for m in found}
    themes = [s for s in plan.systems if s.group == THEMES and (not wanted.layers or set(s.layers) <= set(by_id))]
    return CatalogueRecord(
        session.document.title or tr("Map"), datetime.now(UTC).date().isoformat(), tuple(found), domain.themes_of(themes, by_id)
    )


def values_of(found: CatalogueRecord) -> dict[str, Any]:
    """A catalogue as plain values; None for what is not known."""
    return {**msgspec.to_builtins(found), "present": found.present, "sample": found.is_sample}


def write(found: CatalogueRecord, output: str) -> tuple[str, ...]:
    """Write a catalogue; the files that were made.

    Raises
    ------
    LydError
        When the ending fits nothing, or a file cannot be written.
    """
    from lydigital.publish import image, metadata_report, metadata_xml

    path = Path(output).absolute()
    ending = path.suffix.lower()
    if ending in _TABLES:
        metadata_report.write(found, str(path))
        return (str(path),)
    if ending == ".xml":
        if len(found.layers) != 1:
            raise UsageError("One XML file holds the metadata of one layer", hint="Name a layer, or a folder without an ending for all.")
        image.write(path, metadata_xml.content(found.layers[0], found.made))
        return (str(path),)
    if ending:
        raise UsageError(
            "{path} has no ending that says what to write", hint="End it in .xlsx, .docx, .html, .json or .xml, or name a folder.", path=output
        )
    files = []
    for layer in found.layers:
        file = path / f"{layer.id}.xml"
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError("{path} cannot be written: {reason}", hint="Choose another folder.", path=str(path), reason=str(error)) from error
        image.write(file, metadata_xml.content(layer, found.made))
        files.append(str(file))
    return tuple(files)


def _metadata(
    session: Session, layer_id: str, systems: dict[str, str], tables: dict[str, FeatureTable | None], *, checked: bool
) -> Metadata:  # fmt: skip
    from lydigital.domain import metadata as domain

    known = session.catalogue.layer(layer_id)
    ref = session.ref(layer_id)
    if known is None and ref is None:
        raise UsageError("Neither map nor catalogue know the layer {layer}", hint="lydigital info lists the layers.", layer=layer_id)
    layer: LayerDef = known or session.definition(layer_id)
    group = session.catalogue.group(layer.group)
    data: FeatureTable | Raster | None = None
    crs: Crs | None = None
    problem, quality = "", Quality()
    if ref is None:
        problem = tr("The map has no such layer")
    else:
        try:
            data = session.table(layer_id)
            if layer.geometry != "none":
                crs = session.stores.stored_crs(ref)
            if checked:
                quality = _quality(session, layer_id, tables)
        except LydError as error:
            problem = str(error)
    named = [systems[s] for s in layer.systems if s in systems]
    return domain.metadata_of(layer, data, group=group.name if group else layer.group, systems=named, crs=crs, quality=quality, problem=problem)


def _quality(session: Session, layer_id: str, tables: dict[str, FeatureTable | None]) -> Quality:
    from lydigital.commands.check import check_layer

    ref = session.ref(layer_id)
    found = check_layer(session, ref, tables) if ref is not None else None
    if found is None:
        return Quality()
    counts = {kind: sum(len(f.fids) or f.issue.count for f in found if f.issue.severity == kind) for kind in ("error", "warning")}
    return Quality(counts["error"], counts["warning"], tuple(f.text for f in found))


def _export(session: Session, given: Export) -> dict[str, Any]:
    found = catalogue_of(session, given)
    return {"files": list(write(found, given.output)), "layers": len(found.layers), "present": found.present}


COMMANDS = (
    Command("catalogue.show", "Metadata of the layers", catalogue_of, Show, disabled=no_layers, icon="card-search-outline"),
    Command("catalogue.export", "Export metadata", _export, Export, disabled=no_layers, icon="file-xml-box"),
)
