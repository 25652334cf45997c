"""Step 4: consult, review, sign and issue. What was said, until when it holds, what differs from the last issue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from lydigital.domain import validity, watch
from lydigital.domain.lifecycle import ROLE_NAMES, STATUS_NAMES
from lydigital.domain.validity import BEIJING
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.hazardparts import Notes, chip
from lydigital.ui.panels.steps import Step
from lydigital.ui.tools.warning import NAMES, NUMERALS
from lydigital.ui.widgets import clear, column, label, link, row

if TYPE_CHECKING:
    from lydigital.model.warning import WarningIssue
    from lydigital.ui.warningdesk import WarningDesk

FLOW = (("draft", "Draft"), ("consultation", "Consult"), ("review", "Review"), ("issued", "Issue"))
STEPS = (  # command, text, icon, needs a note, states it belongs to
    ("warning.consult", "Consult", "account-group-outline", False, ("draft",)),
    ("warning.submit", "Submit for review", "send-outline", False, ("draft", "consultation")),
    ("warning.review", "Pass the review", "file-check-outline", False, ("review",)),
    ("warning.return", "Return to draft", "undo-variant", True, ("review",)),
    ("warning.issue", "Sign and issue", "bullhorn-outline", False, ("review",)),
    ("warning.lift", "Lift", "bell-off-outline", True, ("issued",)),
    ("warning.expire", "Mark as expired", "timer-off-outline", False, ("issued",)),
)
MOST_NOTES = 6
TICK_MS = 20_000
CHANGES = (("new", "New"), ("up", "Higher"), ("down", "Lower"), ("lifted", "No longer warned"))


class IssueStep(Step):
    def __init__(self, desk: WarningDesk) -> None:
        self._desk = desk
        super().__init__(4, "Consult, review, issue")
        self.build()
        desk.changed.connect(self._desk_changed)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._count_down)
        self._tick.start()

    def build(self) -> None:
        clear(self.box)
        self.none = label(tr("Draft a warning first (step 3), or open one from the list."), "soft", wrap=True)
        self.box.addWidget(self.none)
        self.body_ = QWidget()
        self.box.addWidget(self.body_)
        box = column(self.body_, spacing=6)
        head = row(spacing=6)
        self.mark = label()
        self.title = label(role="soft")
        head.addWidget(self.mark)
        head.addWidget(self.title, 1)
        self.issue_number = label(role="chip-accent")
        head.addWidget(self.issue_number)
        box.addLayout(head)
        self.flow = label(role="faint", wrap=True)
        self.flow.setTextFormat(Qt.TextFormat.RichText)
        box.addWidget(self.flow)
        self.start, self.end = QLineEdit(), QLineEdit()
        for field, name in ((self.start, tr("Valid from, Beijing time")), (self.end, tr("Valid to, Beijing time"))):
            field.setAccessibleName(name)
            field.setToolTip(name)
            field.editingFinished.connect(self._validity_typed)
        times = row(spacing=4)
        times.addWidget(self.start, 1)
        times.addWidget(label("–", "faint"))
        times.addWidget(self.end, 1)
        box.addLayout(times)
        quick = row(spacing=4)
        self.count_down = label(role="soft")
        quick.addWidget(self.count_down, 1)
        self.usual = link(tr("20–20"), lambda: self._quick(validity.usual_validity))
        self.usual.setToolTip(tr("From the next 20:00 to 20:00 of the day after"))
        self.at_once = link(tr("From now"), lambda: self._quick(validity.immediate_validity))
        self.at_once.setToolTip(tr("From this minute to the usual end"))
        quick.addWidget(self.usual)
        quick.addWidget(self.at_once)
        box.addLayout(quick)
        self.alarm = Notes()
        box.addWidget(self.alarm)
        writing = row(spacing=4)
        self.note = QLineEdit()
        self.note.setPlaceholderText(tr("Note, or the reason of the step"))
        self.note.setAccessibleName(self.note.placeholderText())
        self.note.textChanged.connect(lambda _t: self._show_steps())
        self.write = QPushButton(icons.icon("comment-plus-outline"), tr("Note"))
        self.write.clicked.connect(self._write)
        writing.addWidget(self.note, 1)
        writing.addWidget(self.write)
        box.addLayout(writing)
        self.steps: dict[str, QPushButton] = {}
        for command, text, icon, _, _ in STEPS:
            button = QPushButton(icons.icon(icon), tr(text))
            button.clicked.connect(lambda _=False, c=command: self.take(c))
            box.addWidget(button)
            self.steps[command] = button
        self.why = label(role="faint", wrap=True)
        box.addWidget(self.why)
        self.diff = label(role="soft", wrap=True)
        self.diff.setTextFormat(Qt.TextFormat.RichText)
        box.addWidget(self.diff)
        self.said = label(role="faint", wrap=True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.addWidget(self.said)
        self.refresh()

    # state

    def refresh(self) -> None:
        issue = self._desk.issue
        self.none.setVisible(issue is None)
        self.body_.setVisible(issue is not None)
        if issue is None:
            self.say("todo", tr("No warning"))
            return
        level = issue.highest
        self.mark.setPixmap(chip(int(level) if level is not None else 0, wide=26, high=18))
        self.title.setText(issue.id + {"actual": "", "exercise": " · " + tr("Exercise"), "test": " · " + tr("Test")}[issue.purpose])
        self.title.setToolTip(issue.title)
        self.issue_number.setText(tr("No. {number} of {year}", number=issue.number, year=issue.year))
        self.issue_number.setVisible(issue.number > 0)
        self._show_flow(issue)
        may = self._desk.refusal("warning.revise")
        for field, at in ((self.start, issue.valid_from), (self.end, issue.valid_to)):
            field.setText(validity.shown(at))
            field.setReadOnly(may is not None)
        self.usual.setVisible(may is None)
        self.at_once.setVisible(may is None)
        self._count_down()
        self._show_diff(issue)
        notes = [f"{n.at.astimezone(BEIJING):%m-%d %H:%M} {n.by} ({tr(ROLE_NAMES[n.role])}): {n.text}" for n in issue.notes if n.text]
        self.said.setText("\n".join(notes[::-1][:MOST_NOTES]))
        self.said.setToolTip("\n".join(notes[::-1][:40]))
        self.said.setVisible(bool(notes))
        self._show_steps()
        over = issue.status in ("lifted", "expired", "superseded")
        self.say("done" if issue.status == "issued" or over else "now", tr(STATUS_NAMES[issue.status]))

    def _show_flow(self, issue: WarningIssue) -> None:
        order = [s for s, _ in FLOW]
        at = order.index(issue.status) if issue.status in order else len(order)
        parts = [f"<b>{tr(text)}</b>" if i == at else tr(text) for i, (_, text) in enumerate(FLOW)]
        if issue.status not in order:
            parts.append(f"<b>{tr(STATUS_NAMES[issue.status])}</b>")
        who = [tr("{name} prepared", name=issue.prepared_by)] if issue.prepared_by else []
        if issue.reviewed_by:
            who.append(tr("{name} reviewed", name=issue.reviewed_by))
        if issue.signed_by:
            who.append(tr("{name} signed", name=issue.signed_by))
        self.flow.setText(" → ".join(parts) + ("<br>" + "　".join(who) if who else ""))

    def _count_down(self) -> None:
        issue = self._desk.issue
        if issue is None:
            return
        now = datetime.now(UTC)
        left = watch.remaining(issue, now)
        before = issue.valid_from - now
        tell: list[tuple[str, str]] = []
        if issue.status in ("lifted", "expired", "superseded"):
            text = tr(STATUS_NAMES[issue.status])
        elif left <= timedelta():
            text = tr("Ended {time} ago", time=_span(-left))
            tell = [(tr("The validity is over"), tr("Mark it as expired, or draft a new issue."))]
        elif before > timedelta():
            text = tr("Begins in {time}", time=_span(before))
        else:
            text = tr("{time} left", time=_span(left))
            if issue.status == "issued" and left <= timedelta(minutes=self._desk.session.office.alarm_minutes):
                tell = [(tr("The warning ends soon"), tr("Extend it with a new issue, or let it end."))]
        self.count_down.setText(text)
        self.alarm.show_texts(tell)

    def _show_diff(self, issue: WarningIssue) -> None:
        before = watch.issued_before(issue, self._desk.ledger.versions)
        found = watch.diff(before, issue)
        head = tr("The first: nothing was issued before")
        if before is not None:
            head = tr("Against {other}", other=tr("issue {number} of {year}", number=before.number, year=before.year))
        lines = [f"<b>{head}</b>"]
        full = []
        for kind, text in CHANGES:
            changes = getattr(found, kind)
            if changes:
                names = "、".join(f"{c.name}{NUMERALS.get(c.before or 0, '')}→{NUMERALS.get(c.now or 0, '–')}" if kind in ("up", "down")
                                 else c.name for c in changes)  # fmt: skip
                full.append(f"{tr(text)} ({len(changes)}): {names}")
                short = names if len(names) <= 46 else names[:45] + "…"
                lines.append(f"{tr(text)} {len(changes)}: {short}")
        if found.unchanged:
            lines.append(tr("As before {count}", count=len(found.unchanged)))
        self.diff.setText("<br>".join(lines))
        self.diff.setToolTip("\n".join(full))

    def _show_steps(self) -> None:
        desk, issue = self._desk, self._desk.issue
        if issue is None:
            return
        first = True
        reasons: dict[str, list[str]] = {}
        noted = bool(self.note.text().strip())
        for command, text, _, needs, states in STEPS:
            button = self.steps[command]
            shown = issue.status in states and not (command == "warning.review" and issue.reviewed_by)
            if command == "warning.expire":
                shown = shown and issue.valid_to <= datetime.now(UTC)
            button.setVisible(shown)
            if not shown:
                continue
            reason = desk.refusal("warning.review" if command == "warning.return" else command)
            if reason is None and needs and not noted:
                reason = tr("Write the reason first.")
            button.setEnabled(reason is None)
            button.setToolTip(reason or "")
            button.setAccessibleDescription(reason or "")
            primary = reason is None and first and not needs
            first = first and not primary
            button.setProperty("primary", "true" if primary else "false")
            button.setIcon(icons.icon(next(i for c, _, i, _, _ in STEPS if c == command), "on_accent" if primary else "ink_soft"))
            button.style().unpolish(button)
            button.style().polish(button)
            if reason is not None:
                reasons.setdefault(reason, []).append(tr(text))
        self.write.setEnabled(noted and issue.status in ("draft", "consultation"))
        self.why.setText("\n".join(f"{' / '.join(names)}: {reason}" for reason, names in reasons.items()))
        self.why.setVisible(bool(reasons))

    # what the hand does

    def take(self, command: str) -> None:
        """Take a step of the life."""
        text = self.note.text().strip()
        if command == "warning.return":
            done = self._desk.step("warning.review", text, approve=False)
        elif command == "warning.review":
            done = self._desk.step("warning.review", text, approve=True)
        else:
            done = self._desk.step(command, text)
        if done:
            self.note.clear()

    def _write(self) -> None:
        issue = self._desk.issue
        if issue is not None and self._desk.do("warning.note", issue=issue.id, text=self.note.text().strip()) is not None:
            self.note.clear()

    def _validity_typed(self) -> None:
        issue = self._desk.issue
        if issue is None or self.start.isReadOnly():
            return
        start, end = self.start.text().strip(), self.end.text().strip()
        if (start, end) != (validity.shown(issue.valid_from), validity.shown(issue.valid_to)):
            self._revise(start, end)

    def _quick(self, of: object) -> None:
        start, end = of(datetime.now(UTC), self._desk.session.office.begins_at)  # type: ignore[operator]
        self._revise(validity.shown(start), validity.shown(end))

    def _revise(self, start: str, end: str) -> None:
        issue = self._desk.issue
        if issue is not None:
            self._desk.do("warning.revise", issue=issue.id, valid_from=start.replace(" ", "T"), valid_to=end.replace(" ", "T"))
            self.refresh()

    def _desk_changed(self, what: str) -> None:
        if what == "issue":
            self.refresh()


def _span(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days:
        return tr("{days} d {hours} h", days=days, hours=hours)
    return tr("{hours} h {minutes} min", hours=hours, minutes=minutes) if hours else tr("{minutes} min", minutes=minutes)


def level_text(level: int | None) -> str:
    return tr(NAMES[level]) if level in NAMES else tr("No level")
