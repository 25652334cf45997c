"""The catalogue as a report: XLSX, Word, HTML, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.model.report import Chart, Paragraph, Report, Series, Table, number
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.metadata import CatalogueRecord, Metadata
    from lydigital.model.report import Cell

REPRESENTATIONS = {"vector": "Vector", "grid": "Raster", "textTable": "Table"}


def write(found: CatalogueRecord, output: str) -> None:
    """Write by the ending of ``output``. Raises as :func:`report.write`."""
    from lydigital.publish import report

    report.write(report_of(found), output)


def report_of(found: CatalogueRecord) -> Report:
    """Layers, theme databases, attributes."""
    words = tr("{present} of {all} layers are there.", present=found.present, all=len(found.layers))
    blocks: list[Paragraph | Table | Chart] = [Paragraph(words), _layers(found)]
    if found.themes:
        known = [t for t in found.themes if t.completeness is not None]
        blocks.append(_themes(found))
        if known:
            blocks.append(Chart(
                tr("Completeness of the theme databases"), "hbar", tuple(t.title for t in known),
                (Series(tr("Filled in"), tuple(100 * (t.completeness or 0.0) for t in known)),), "%",
            ))  # fmt: skip
    blocks.append(_fields(found))
    notes = (
        tr("Elements are those of the core of ISO 19115-1; lydigital writes the same as ISO 19139 XML."),
        tr("Completeness is the share of attribute cells that are filled in; a layer that is missing counts as empty."),
    )
    return Report(tr("Metadata of the layers"), f"{found.title} · {found.made}", tuple(blocks), (), notes, found.is_sample, is_landscape=True)


def _layers(found: CatalogueRecord) -> Table:
    head = (
        tr("Layer"), tr("Title"), tr("Group"), tr("Topic"), tr("Representation"), tr("Features"), tr("Reference system"), tr("West"), tr("South"),
        tr("East"), tr("North"), tr("Currency"), tr("Update cycle"), tr("Lineage"), tr("Department"), tr("Sensitivity"), tr("Standard"),
        tr("Filled in (%)"), tr("Check errors"), tr("Check warnings"), tr("Nature"), tr("Remark"),
    )  # fmt: skip
    return Table(tr("Layers"), head, tuple(_layer(m) for m in found.layers), is_wide=True)


def _layer(m: Metadata) -> tuple[Cell, ...]:
    extent: tuple[float | None, ...] = m.extent or (None,) * 4
    return (
        m.id, m.name, m.group, m.topic, tr(REPRESENTATIONS[m.representation]), number(m.count), m.crs, *(number(v, 0.0001) for v in extent),
        m.currency, m.update_cycle, m.lineage, m.department, m.sensitivity, m.standard, number(_percent(m.completeness), 0.1),
        number(m.quality.errors), number(m.quality.warnings), "、".join(f"{name} {count}" for name, count in m.natures), m.problem,
    )  # fmt: skip


def _themes(found: CatalogueRecord) -> Table:
    head = (tr("Theme database"), tr("Layers"), tr("Layers there"), tr("Features"), tr("Filled in (%)"), tr("Check errors"), tr("Missing"))
    rows = tuple(
        (t.title, number(len(t.layers)), number(t.present), number(t.features), number(_percent(t.completeness), 0.1), number(t.errors), "、".join(t.missing))
        for t in found.themes
    )
    return Table(tr("Theme databases"), head, rows)


def _fields(found: CatalogueRecord) -> Table:
    head = (tr("Layer"), tr("Field"), tr("Title"), tr("Type"), tr("Measured in"), tr("Personal"), tr("Filled in (%)"))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (m.name, f.name, f.title, f.type, f.unit, tr("yes") if f.personal else "", number(_percent(f.completeness), 0.1))
        for m in found.layers for f in m.fields
    )  # fmt: skip
    return Table(tr("Attributes"), head, rows)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
