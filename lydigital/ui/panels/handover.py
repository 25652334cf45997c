"""What changed since a time: by layer as a list, on the map as outlines, as text to print; and layers as they were."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDateTime, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QFrame

from lydigital.commands import history
from lydigital.texts import tr
from lydigital.ui.panels.scrolled import ScrolledPage, button
from lydigital.ui.widgets import Elided, column, label, link, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QVBoxLayout

    from lydigital.commands.history import Handover
    from lydigital.edits.versions import Change
    from lydigital.session import Session

SHOWN = 12  # changes of a layer listed before "show all"
SIGNS = {"new": "+", "changed": "~", "removed": "−"}


class HandoverPage(ScrolledPage):
    """Asks since when, and tells."""

    icon = "compare"
    found_changed = Signal(object)  # what is to be shown on the map, None for nothing
    feature_asked = Signal(str, object)
    as_of_asked = Signal(str, object)  # layer, time
    copied = Signal(str)

    def __init__(self, session: Session, do: Callable[..., Any]) -> None:
        super().__init__()
        self._session, self._do = session, do
        self.since = _midnight()
        self.layer = ""
        self.found: Handover | None = None
        self._open: set[str] = set()

    def ask(self, since: datetime) -> None:
        """Tell what changed since then."""
        self.since = since
        self._open.clear()
        found = self._do("history.changes_since", time=since)
        self.found = found if isinstance(found, history.Handover) else None
        self.found_changed.emit(self.found)
        self.retranslate()

    def title(self) -> tuple[str, str]:
        return tr("What changed since"), tr("All that was saved by this program, by whomever.")

    def build(self, box: QVBoxLayout) -> None:
        line = row(spacing=6)
        edit = QDateTimeEdit(QDateTime.fromSecsSinceEpoch(int(self.since.timestamp())))
        edit.setCalendarPopup(True)
        edit.setDisplayFormat("yyyy-MM-dd HH:mm")
        edit.setMaximumDateTime(QDateTime.currentDateTime().addDays(1))
        edit.setAccessibleName(tr("Since"))
        line.addWidget(edit, 1)
        button(line, tr("Show"), lambda: self.ask(_time_of(edit)), primary=True)
        box.addLayout(line)
        quick = row(spacing=2)
        for words, time in ((tr("Today"), _midnight()), (tr("24 hours"), datetime.now() - timedelta(hours=24)),  # noqa: DTZ005 - the user's clock
                            (tr("7 days"), datetime.now() - timedelta(days=7))):  # noqa: DTZ005
            quick.addWidget(link(words, partial(self.ask, time)))
        quick.addStretch(1)
        box.addLayout(quick)
        if self.found is not None:
            self._build_found(box, self.found)
        box.addSpacing(4)
        self._build_as_of(box, edit)

    def build_foot(self, box: QVBoxLayout) -> None:
        if self.found is not None and self.found.layers:
            line = row(spacing=8)
            button(line, tr("Copy as text"), self._copy)
            line.addStretch(1)
            box.addLayout(line)

    def _build_found(self, box: QVBoxLayout, found: Handover) -> None:
        if not found.layers:
            box.addWidget(label(tr("Nothing was changed since {since}.", since=found.since), "soft", wrap=True))
        else:
            box.addWidget(label(tr("Dashed: before. Solid: now."), "faint", wrap=True))
        for layer, changes in found.layers.items():
            frame = QFrame()
            frame.setObjectName("notice")
            inner = column(frame, margin=8, spacing=2)
            counts = history.counted(changes)
            top = row(spacing=6)
            top.addWidget(Elided(self._session.definition(layer).name), 1)
            for kind, role in (("new", "chip-accent"), ("changed", "chip"), ("removed", "chip-warn")):
                if counts[kind]:
                    top.addWidget(label(f"{SIGNS[kind]}{counts[kind]}", role))
            inner.addLayout(top)
            shown = changes if layer in self._open else changes[:SHOWN]
            for change in shown:
                inner.addWidget(self._change(layer, change))
            if len(changes) > len(shown):
                inner.addWidget(link(tr("Show all {count}", count=len(changes)), partial(self._show_all, layer)))
            box.addWidget(frame)
        if found.elsewhere:
            box.addWidget(label(tr("{count} changes in tables that the map does not show", count=found.elsewhere), "faint", wrap=True))

    def _change(self, layer: str, change: Change):
        name = history.feature_name(self._session, layer, change.fid, change.after or change.before)
        parts = [history.field_name(self._session, layer, f) for f in change.fields] if change.kind == "changed" else []
        if change.geometry and change.kind == "changed":
            parts.insert(0, tr("geometry"))
        words = f"{SIGNS[change.kind]} {name}" + (f": {', '.join(parts)}" if parts else "")
        made = link(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, 236), lambda: self.feature_asked.emit(layer, change.fid))
        made.setToolTip(f"{words} ({', '.join(a or '?' for a in change.authors)})")
        made.setAccessibleName(words)
        return made

    def _build_as_of(self, box: QVBoxLayout, edit: QDateTimeEdit) -> None:
        box.addWidget(label(tr("A layer as it was then"), "section"))
        line = row(spacing=6)
        combo = QComboBox()
        combo.setAccessibleName(tr("Layer"))
        combo.setMinimumContentsLength(8)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for ref in self._session.document.layers:
            if self._session.definition(ref.id).geometry in ("point", "line", "polygon"):
                combo.addItem(self._session.definition(ref.id).name, ref.id)
        chosen = self.layer or next(iter(self.found.layers), "") if self.found is not None else self.layer
        combo.setCurrentIndex(max(combo.findData(chosen), 0))
        line.addWidget(combo, 1)
        button(line, tr("Show as it was"), lambda: self.as_of_asked.emit(combo.currentData(), _time_of(edit)))
        box.addLayout(line)

    def _show_all(self, layer: str) -> None:
        self._open.add(layer)
        self.retranslate()

    def _copy(self) -> None:
        if self.found is not None:
            text = history.handover_text(self._session, self.found)
            QGuiApplication.clipboard().setText(text)
            self.copied.emit(text)


def _midnight() -> datetime:
    return datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: DTZ005 - the user's clock


def _time_of(edit: QDateTimeEdit) -> datetime:
    value = edit.dateTime().toPython()
    assert isinstance(value, datetime)
    return value

