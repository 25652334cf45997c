"""The response plan as a page over the map; what stands in it is clicked to be shown there."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QTextBrowser

from lydigital.texts import tr
from lydigital.ui import theme
from lydigital.ui.board import Board
from lydigital.ui.panels.emergencyparts import kilometres, minutes, reached
from lydigital.ui.widgets import column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtCore import QUrl

    from lydigital.model.emergency import Plan
    from lydigital.ui.emergencydesk import EmergencyDesk

MOST = 60  # rows of a table


class PlanBoard(Board):
    """Says the plan in the order an officer reads it out."""

    def __init__(self, desk: EmergencyDesk) -> None:
        super().__init__("clipboard-text-clock-outline", "Response plan", "Search the plan")
        self._desk = desk
        self._plan: Plan | None = None
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text.anchorClicked.connect(self._clicked)
        box = column(self.body)
        box.setContentsMargins(20, 8, 8, 12)
        box.addWidget(self.text)
        self.searched.connect(self._search)
        self.retranslate()

    def retranslate(self) -> None:
        super().retranslate()
        if self._plan is not None:
            self.show_plan(self._plan)

    def show_plan(self, plan: Plan) -> None:
        """The whole of it."""
        self._plan = plan
        made = plan.made_at[:16].replace("T", " ")
        said = [plan.incident.title, tr("made {time}", time=made)]
        if plan.is_sample:
            said.append(tr("Sample data: no real figures"))
        self.say(" · ".join(said))
        at = self.text.verticalScrollBar().value()
        self.text.document().setDefaultFont(QFont(theme.font(theme.FONT_PX)))
        self.text.setHtml(page_of(plan))
        self.text.verticalScrollBar().setValue(at)

    def _search(self, words: str) -> None:
        self.text.moveCursor(self.text.textCursor().MoveOperation.Start)
        if words:
            self.text.find(words)

    def _clicked(self, url: QUrl) -> None:
        self._desk.window.map.close_board()
        self._desk.choose(url.toString().removeprefix("code:"))


def page_of(plan: Plan) -> str:
    """The plan as HTML in the colours of the theme."""
    t = theme.current()
    parts = [
        (f"<style>h3 {{ color: {t.accent}; margin-top: 14px; margin-bottom: 4px; }} td, th {{ padding: 3px 10px 3px 0; }} "
        f"th {{ color: {t.ink_faint}; text-align: left; font-weight: 600; }} a {{ color: {t.accent}; text-decoration: none; }} "
        f"p {{ margin: 3px 0; }} .bad {{ color: {t.danger}; font-weight: 600; }} .soft {{ color: {t.ink_faint}; }}</style>"),
        f"<h3>{_t(tr('Situation'))}</h3>", *(f"<p>{_t(line)}</p>" for line in plan.situation),
    ]  # fmt: skip
    if plan.impact is not None:
        lines = [one for one in plan.impact.total.lines if one.is_known and any(a.value for a in one.amounts)]
        parts += _table(tr("Who and what is hit"), (tr("What"), tr("How many"), tr("Among them")), [
            (_t(one.title), _t(" · ".join(a.text for a in one.amounts[:3])), _t("、".join(one.names[:8]))) for one in lines
        ])  # fmt: skip
    parts += _table(tr("Who is sent"), (tr("Resource"), tr("Service"), tr("There in"), tr("Way by road"), tr("Strength"), tr("Duty"), tr("Call")), [
        (
            _link(r.resource.code, r.resource.name), _t(r.resource.service_name), f"<b>{_t(minutes(r.seconds))}</b>", _t(kilometres(r.metres)),
            "" if r.resource.capacity is None else f"{r.resource.capacity:,}", _t(r.resource.duty_name), _t(reached(r.resource)),
        ) for r in plan.dispatch
    ])  # fmt: skip
    parts += _leaving(plan)
    if plan.unreachable:
        parts += _table(tr("No road leads to them"), (tr("Village"), tr("Township"), tr("People"), tr("Why")), [
            (_link(u.code, u.name), _t(u.township), "?" if u.people is None else f"{u.people:,}", _t(u.reason)) for u in plan.unreachable
        ])  # fmt: skip
    if plan.closures:
        parts += _table(tr("Roads that are cut"), (tr("Road"), tr("Length"), tr("Why")), [
            (_t(c.name), _t(kilometres(c.length_m)), _t(c.reason)) for c in plan.closures
        ])  # fmt: skip
    parts += _table(tr("Needed against there"), ("", tr("Needed"), tr("There"), tr("Lacking"), tr("By which norm")), [
        (
            _t(g.title), _number(g.needed, g.unit), _number(g.there, g.unit),
            f'<span class="bad">{_number(g.missing, g.unit)}</span>' if g.missing else "✓" if g.missing == 0 else _t(g.note or tr("not known")),
            f'<span class="soft">{_t(" · ".join(filter(None, (g.norm, g.source))))}</span>',
        ) for g in plan.gaps
    ])  # fmt: skip
    if plan.log:
        parts += _table(tr("Log"), (tr("Time"), tr("Kind"), tr("What")), [
            (_t(e.time[:16].replace("T", " ")), _t(e.kind_name), _t(e.text)) for e in plan.log
        ])  # fmt: skip
    issues = [f"<p>⚠ {_t(tr(i.message, **i.values))} <span class='soft'>{_t(tr(i.hint, **i.values))}</span></p>" for i in plan.issues]
    parts += [f"<h3>{_t(tr('To be known'))}</h3>", *issues] if issues else []
    parts += [f"<h3>{_t(tr('Sources'))}</h3>", *(f'<p class="soft">{_t(line)}</p>' for line in (*plan.sources, *plan.notes))]
    return "".join(parts)


def _leaving(plan: Plan) -> Iterable[str]:
    found = plan.allocation
    if found is None:
        return []
    names = {o.code: o.name for o in found.origins}
    shelters = {u.shelter.code: u.shelter for u in found.shelters}
    rows = [
        (
            _link(m.origin, names.get(m.origin, m.origin)), f"<b>{m.people:,}</b>", _link(m.shelter, shelters[m.shelter].name), _t(minutes(m.seconds)),
            _t(kilometres(m.metres)), _t(reached(shelters[m.shelter])),
        ) for m in found.moves
    ]  # fmt: skip
    rows += [
        (_link(o.origin, names.get(o.origin, o.origin)), f'<span class="bad">{o.people:,}</span>', f'<span class="bad">{_t(o.reason)}</span>', "", "", "")
        for o in found.left
    ]  # fmt: skip
    return _table(tr("Who leaves where to"), (tr("From"), tr("People"), tr("Shelter"), tr("Time"), tr("Way by road"), tr("Call")), rows)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells are HTML already; nothing for no rows."""
    if not rows:
        return []
    cells = "".join(f"<th>{_t(text)}</th>" for text in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in rows[:MOST])
    more = f'<p class="soft">{_t(tr("and {count} more", count=len(rows) - MOST))}</p>' if len(rows) > MOST else ""
    return [f"<h3>{_t(title)}</h3><table cellspacing='0'><tr>{cells}</tr>{body}</table>{more}"]


def _link(code: str, name: str) -> str:
    return f'<a href="code:{html.escape(code, quote=True)}">{_t(name)}</a>'


def _number(value: float | None, unit: str) -> str:
    return _t(tr("not known")) if value is None else f"{value:,.0f} {_t(unit)}"


def _t(text: str) -> str:
    return html.escape(text)
