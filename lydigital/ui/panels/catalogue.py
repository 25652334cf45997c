"""The page of metadata: every layer with how complete and how old it is, one of them in full, the theme databases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from lydigital.publish.metadata_report import REPRESENTATIONS
from lydigital.texts import tr
from lydigital.ui.panels.ranking import RankList, Row
from lydigital.ui.panels.scrolled import button
from lydigital.ui.panels.societyparts import SocietyPage
from lydigital.ui.panels.utilityparts import fact
from lydigital.ui.widgets import Elided, label, link, row

if TYPE_CHECKING:
    from PySide6.QtWidgets import QVBoxLayout

    from lydigital.model.metadata import CatalogueRecord, Metadata
    from lydigital.ui.societydesk import CatalogueDesk


class CataloguePage(SocietyPage):
    """Shows what the desk has in hand."""

    icon = "card-search-outline"

    def __init__(self, desk: CatalogueDesk) -> None:
        self.desk = desk
        super().__init__(desk)

    def entered(self) -> None:
        if self.desk.record is None and not self.desk.waits("record"):
            self.desk.read()
        super().entered()

    def title(self) -> tuple[str, str]:
        return tr("Data catalogue"), tr("Metadata of every layer as ISO 19115 names them.")

    def build(self, box: QVBoxLayout) -> None:
        desk = self.desk
        if self.waiting(box, "record", tr("Reading metadata")):
            return
        if desk.record is None:
            button(box, tr("Read metadata"), desk.read, primary=True)
            return
        chosen = desk.record.layer(desk.layer) if desk.layer else None
        if chosen is None:
            self._all(box, desk.record)
        else:
            self._one(box, chosen)

    def build_foot(self, box: QVBoxLayout) -> None:
        desk = self.desk
        if desk.record is None:
            return
        line = row(spacing=6)
        ends = ("xml", "xlsx", "docx", "html", "json") if desk.layer else ("xlsx", "docx", "html", "json")
        button(line, tr("Export…"), lambda: self.ask_file(ends, desk.report), primary=True)
        button(line, tr("Read again"), desk.read)
        line.addStretch(1)
        box.addLayout(line)

    def _all(self, box: QVBoxLayout, found: CatalogueRecord) -> None:
        box.addWidget(label(tr("{present} of {all} layers are there.", present=found.present, all=len(found.layers)), "soft", wrap=True))
        box.addWidget(label(tr("Theme databases"), "section"))
        themes = RankList(8)
        themes.show_rows([
            Row(t.layers[0] if t.layers else t.id, t.title, "", "", t.completeness, "–" if t.completeness is None else f"{100 * t.completeness:.1f}%",
                note=tr("{present} of {all} layers are there.", present=t.present, all=len(t.layers)))
            for t in found.themes
        ])  # fmt: skip
        themes.chosen.connect(self.desk.choose)
        box.addWidget(themes)
        groups: dict[str, list[Metadata]] = {}
        for one in found.layers:
            groups.setdefault(one.group, []).append(one)
        for group, layers in groups.items():
            box.addWidget(label(group, "section"))
            for one in layers:
                line = row(spacing=6)
                line.addWidget(link(one.name, partial(self.desk.choose, one.id)))
                said = Elided(_short(one), "faint" if one.is_present else "warn")
                said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                line.addWidget(said, 1)
                box.addLayout(line)

    def _one(self, box: QVBoxLayout, one: Metadata) -> None:
        desk = self.desk
        line = row(spacing=6)
        line.addWidget(link(tr("‹ All layers"), partial(desk.choose, "")))
        line.addStretch(1)
        if one.is_present and desk.session.document.layer(one.id) is not None:
            line.addWidget(link(tr("Show on the map"), partial(desk.reveal, one.id)))
        box.addLayout(line)
        box.addWidget(Elided(one.name, "section"))
        box.addWidget(label(one.abstract, "faint", wrap=True))
        if one.problem:
            box.addWidget(label(one.problem, "warn", wrap=True))
        extent = "" if one.extent is None else f"{one.extent[0]:.4f}–{one.extent[2]:.4f}°E, {one.extent[1]:.4f}–{one.extent[3]:.4f}°N"
        for name, value in (
            (tr("Topic"), one.topic), (tr("Representation"), tr(REPRESENTATIONS[one.representation])),
            (tr("Features"), "" if one.count is None else f"{one.count:,}"), (tr("Reference system"), one.crs), (tr("Extent"), extent),
            (tr("Currency"), one.currency), (tr("Update cycle"), one.update_cycle), (tr("Lineage"), one.lineage), (tr("Department"), one.department),
            (tr("Sensitivity"), one.sensitivity), (tr("Standard"), one.standard), (tr("Nature"), "、".join(f"{n} {c:,}" for n, c in one.natures)),
            (tr("Filled in"), "" if one.completeness is None else f"{100 * one.completeness:.1f}%"),
        ):  # fmt: skip
            if value:
                fact(box, name, value)
        if one.quality.errors is not None:
            told = tr("{errors} errors, {warnings} warnings", errors=f"{one.quality.errors:,}", warnings=f"{one.quality.warnings:,}")
            fact(box, tr("Check"), told, "" if one.quality.passes else "bad")
            for finding in one.quality.findings[:6]:
                box.addWidget(label(finding, "faint", wrap=True))
        if one.fields:
            box.addWidget(label(tr("Attributes"), "section"))
        for field in one.fields:
            share = "" if field.completeness is None else f"{100 * field.completeness:.0f}%"
            line = row(spacing=6)
            line.addWidget(Elided(f"{field.title}（{field.unit}）" if field.unit else field.title), 1)
            line.addWidget(label(" ".join(part for part in (tr("Personal") if field.personal else "", share) if part), "faint"), 0, Qt.AlignmentFlag.AlignRight)
            box.addLayout(line)


def _short(one: Metadata) -> str:
    if not one.is_present:
        return tr("missing")
    share = "" if one.completeness is None else f"{100 * one.completeness:.0f}%"
    wrong = tr("{count} errors", count=one.quality.errors) if one.quality.errors else ""
    return " · ".join(part for part in ("" if one.count is None else f"{one.count:,}", one.currency, share, wrong) if part)
