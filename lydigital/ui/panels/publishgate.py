"""What the export gate says before anything is written: whom the map is for, what stands against it, what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice, Form
from lydigital.ui.widgets import clear, column, label, row

if TYPE_CHECKING:
    from lydigital.model.gate import Finding, Verdict
    from lydigital.ui.publishdesk import PublishDesk

AUDIENCES = (("internal", "Internal use"), ("public", "The public"))
MARKS = {"block": ("close-octagon-outline", "danger"), "warn": ("alert-outline", "warn"), "note": ("information-outline", "accent")}


class GateStep(Step):
    """The verdict follows the sheet."""

    def __init__(self, desk: PublishDesk, number: int) -> None:
        self._desk = desk
        super().__init__(number, "Check before export")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        form = Form()
        self.audience = Choice()
        self.audience.offer([(a, tr(text)) for a, text in AUDIENCES], self._desk.audience)
        self.audience.chosen.connect(self._desk.ask_for)
        form.line("For", self.audience)
        self.box.addLayout(form)
        self.findings = QWidget()
        self._found = column(self.findings, spacing=7)
        self._found.setContentsMargins(0, 4, 0, 4)
        self.box.addWidget(self.findings)
        self.left_out = label(role="faint", wrap=True)
        self.box.addWidget(self.left_out)
        self.refresh()

    def refresh(self) -> None:
        """Show the verdict of the present sheet."""
        verdict = self._desk.verdict
        self.audience.show_value(self._desk.audience)
        self.findings.setVisible(verdict is not None and bool(verdict.findings))
        self.left_out.setVisible(verdict is not None)
        if verdict is None:
            self.say("todo", "")
            return
        order = ("block", "warn", "note")
        found = sorted((f for f in verdict.findings if f.weight in order), key=lambda f: order.index(f.weight))
        clear(self._found)
        for finding in found:
            self._found.addLayout(_line(finding))
        self.left_out.setText("\n".join(_changes(verdict, self._desk.session)))
        state, text = said(verdict)
        self.say(state, text)

    def _desk_changed(self, what: str) -> None:
        if what in ("preview", "audience"):
            self.refresh()
            self.folded.emit()


def _line(finding: Finding) -> QHBoxLayout:
    icon, role = MARKS[finding.weight]
    line = row(spacing=8)
    mark = label()
    mark.setPixmap(icons.icon(icon, role).pixmap(18, 18))
    line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    words = column(spacing=1)
    words.addWidget(label(tr(finding.message, **finding.values), wrap=True))
    if finding.hint:
        words.addWidget(label(tr(finding.hint, **finding.values), "faint", wrap=True))
    line.addLayout(words, 1)
    return line


def said(verdict: Verdict) -> tuple[str, str]:
    """State of the step and the verdict in a few words."""
    blocks, warns = len(verdict.blocks), sum(f.weight == "warn" for f in verdict.findings)
    if blocks:
        return "warn", tr("May not go out; reasons: {count}", count=blocks)
    if warns:
        return "warn", tr("May go out; to look at: {count}", count=warns)
    return "done", tr("May go out")


def _changes(verdict: Verdict, session: Any) -> list[str]:
    lines = []
    if verdict.dropped:
        lines.append(tr("Left out: {layers}", layers="、".join(verdict.dropped.values())))
    if verdict.generalised:
        named = [f"{session.definition(layer).name} ({step:g} m)" for layer, step in verdict.generalised.items()]
        lines.append(tr("Coarser: {layers}", layers="、".join(named)))
    if verdict.stamps:
        lines.append(tr("Stamp: {words}", words=" ".join(" ".join(lines_) for lines_ in verdict.stamps)))
    return lines
