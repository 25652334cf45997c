"""The history of one feature, and of a layer or the whole map as a list."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLabel

from lydigital.commands import history
from lydigital.errors import LydError
from lydigital.model.conflict import GEOMETRY, WHOLE
from lydigital.texts import tr
from lydigital.ui import thumbnails
from lydigital.ui.panels.scrolled import ScrolledPage
from lydigital.ui.widgets import Elided, column, label, link, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QVBoxLayout, QWidget

    from lydigital.edits.versions import Version
    from lydigital.model.audit import AuditEntry
    from lydigital.model.feature import Feature, Value
    from lydigital.session import Session

SHOWN = 15  # versions or steps shown before "show more"
THUMBNAIL = (126, 84)
KINDS = {"made": "New", "changed": "Changed", "removed": "Removed"}


class FeatureHistoryPage(ScrolledPage):
    """Who changed a feature when, what, and a way back to each version."""

    def __init__(self, session: Session, do: Callable[..., Any]) -> None:
        super().__init__()
        self._session, self._do = session, do
        self.layer, self.fid = "", 0
        self.versions: list[Version] = []
        self._shown = SHOWN
        self._problem = ""

    def show_feature(self, layer: str, fid: int) -> None:
        self.layer, self.fid, self._shown = layer, fid, SHOWN
        self.refresh()

    def refresh(self) -> None:
        """Ask the store again."""
        self._problem = ""
        try:
            self.versions = history.versions_of(self._session, self.layer, self.fid)
        except LydError as error:
            self.versions, self._problem = [], f"{error}. {error.hint_text()}"
        self.retranslate()

    def title(self) -> tuple[str, str]:
        known = self._session.definition(self.layer)
        now = self._session.features.features(self.layer, [self.fid]).get(self.fid)
        shown = now or next((v.feature or v.before for v in self.versions), None)
        name = history.feature_name(self._session, self.layer, self.fid, shown)
        return tr("History of {name}", name=name), tr("{layer}, {count} versions", layer=known.name, count=len(self.versions))

    def build(self, box: QVBoxLayout) -> None:
        if self._problem:
            box.addWidget(label(self._problem, "soft", wrap=True))
        if self.fid in self._session.features.unsaved(self.layer):
            box.addWidget(label(tr("There are unsaved edits; they become a version when they are saved."), "chip-warn", wrap=True))
        if not self.versions and not self._problem:
            box.addWidget(label(tr("This program has not changed the feature yet: it is as it came."), "soft", wrap=True))
        for number, version in enumerate(self.versions[: self._shown]):
            box.addWidget(self._version(number, version))
        if len(self.versions) > self._shown:
            box.addWidget(link(tr("Show all {count}", count=len(self.versions)), self._show_all))
        if self.versions and self.versions[-1].before is not None:
            line = row(spacing=8)
            line.addWidget(label(tr("As it came"), "faint"))
            line.addStretch(1)
            step = self.versions[-1].entry.seq
            line.addWidget(link(tr("Restore"), lambda: self._restore(step, before=True)))
            box.addLayout(line)

    def _version(self, number: int, version: Version) -> QWidget:
        frame, box = _card()
        entry = version.entry
        _who(box, entry, KINDS[version.change.kind])
        if version.change.kind == "changed":
            _fields(box, self._session, self.layer, version.change.before, version.change.after)
        if version.change.geometry:
            box.addLayout(_pictures(self._session, (self.layer, self.fid), version.before, version.feature, self.devicePixelRatioF()))
        if version.foreign:
            parts = ", ".join(part_name(self._session, self.layer, part) for part in version.foreign)
            box.addWidget(label(tr("Changed afterwards by another program, without a record: {parts}", parts=parts), "chip-warn", wrap=True))
        line = row(spacing=8)
        line.addStretch(1)
        if version.change.kind == "removed":
            line.addWidget(link(tr("Bring it back"), lambda: self._restore(entry.seq, before=True)))
        elif number or version.foreign:
            line.addWidget(link(tr("Restore this version"), lambda: self._restore(entry.seq)))
        else:
            line.addWidget(label(tr("Latest saved version"), "faint"))
        box.addLayout(line)
        return frame

    def _restore(self, step: int, *, before: bool = False) -> None:
        self._do("history.restore", layer=self.layer, fid=self.fid, step=step, before=before)
        self.refresh()

    def _show_all(self) -> None:
        self._shown = len(self.versions)
        self.retranslate()


class HistoryListPage(ScrolledPage):
    """Steps saved in the stores of the map, newest first, by layer, person and day."""

    feature_asked = Signal(str, object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.layer = self.person = self.day = ""
        self.steps: list[tuple[str, AuditEntry]] = []
        self._shown = 2 * SHOWN
        self._problem = ""

    def show_layer(self, layer: str = "") -> None:
        """Of one layer, or with "" of all."""
        self.layer, self.person, self.day = layer, "", ""
        self.refresh()

    def refresh(self) -> None:
        self._problem = ""
        try:
            self.steps = history.steps_of(self._session, self.layer)
        except LydError as error:
            self.steps, self._problem = [], f"{error}. {error.hint_text()}"
        self.retranslate()

    def chosen(self) -> list[tuple[str, AuditEntry]]:
        """Steps that the filters leave."""
        return [(s, e) for s, e in self.steps if self.person in ("", e.author) and self.day in ("", _day(e))]

    def title(self) -> tuple[str, str]:
        name = self._session.definition(self.layer).name if self.layer else self._session.document.title
        return tr("History of {name}", name=name), tr("{count} steps", count=len(self.chosen()))

    def build(self, box: QVBoxLayout) -> None:
        self._build_filters(box)
        if self._problem:
            box.addWidget(label(self._problem, "soft", wrap=True))
        elif not self.steps:
            box.addWidget(label(tr("Nothing was saved by this program yet. What is saved from now on stands here."), "soft", wrap=True))
        found = self.chosen()
        if self.steps and not found:
            box.addWidget(label(tr("No step fits the filters."), "soft", wrap=True))
        day = ""
        for source, entry in found[: self._shown]:
            if _day(entry) != day:
                day = _day(entry)
                box.addWidget(label(day, "section"))
            box.addWidget(self._step(source, entry))
        if len(found) > self._shown:
            box.addWidget(link(tr("Show all {count}", count=len(found)), self._show_all))

    def _build_filters(self, box: QVBoxLayout) -> None:
        layers = [("", tr("All layers")), *((r.id, self._session.definition(r.id).name) for r in self._session.document.layers
                                             if self._session.definition(r.id).geometry != "raster")]  # fmt: skip
        people = [("", tr("Everybody")), *((name, name or "?") for name in dict.fromkeys(e.author for _, e in self.steps))]
        days = [("", tr("Any day")), *((day, day) for day in dict.fromkeys(_day(e) for _, e in self.steps))]
        self._filter(box, layers, self.layer, tr("Layer"), self._layer_chosen)
        line = row(spacing=6)
        self._filter(line, people, self.person, tr("Person"), self._person_chosen)
        self._filter(line, days, self.day, tr("Day"), self._day_chosen)
        box.addLayout(line)

    def _filter(self, box, items: list[tuple[str, str]], now: str, name: str, chosen: Callable[[str], None]) -> None:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setToolTip(name)
        combo.setMinimumContentsLength(6)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for item, text in items:
            combo.addItem(text, item)
        combo.setCurrentIndex(max(combo.findData(now), 0))
        combo.activated.connect(lambda at: chosen(combo.itemData(at)))
        box.addWidget(combo, 1)

    def _layer_chosen(self, layer: str) -> None:
        self.layer = layer
        self.refresh()

    def _person_chosen(self, person: str) -> None:
        self.person = person
        self.retranslate()

    def _day_chosen(self, day: str) -> None:
        self.day = day
        self.retranslate()

    def _step(self, source: str, entry: AuditEntry) -> QWidget:
        frame, box = _card()
        line = row(spacing=8)
        line.addWidget(label(entry.done.astimezone().strftime("%H:%M"), "faint"))
        line.addWidget(Elided(tr(entry.annotation, **entry.values)), 1)
        line.addWidget(label(entry.author or "?", "chip"))
        box.addLayout(line)
        names = history.layers_by_table(self._session, source)
        counts = Counter(c.layer for c in entry.changes)
        said = ", ".join(f"{self._name(names.get(table, ''), table)} {n}" for table, n in counts.items())
        below = row(spacing=8)
        below.addWidget(Elided(said, "faint"), 1)
        if len(entry.changes) == 1 and entry.changes[0].layer in names:
            layer, fid = names[entry.changes[0].layer], entry.changes[0].fid
            below.addWidget(link(tr("Show"), lambda: self.feature_asked.emit(layer, fid)))
        box.addLayout(below)
        return frame

    def _name(self, layer: str, table: str) -> str:
        return self._session.definition(layer).name if layer else table

    def _show_all(self) -> None:
        self._shown = len(self.steps)
        self.retranslate()


# --- pieces ---------------------------------------------------------------------------------------------------------


def _card() -> tuple[QFrame, QVBoxLayout]:
    frame = QFrame()
    frame.setObjectName("notice")
    return frame, column(frame, margin=8, spacing=4)


def _day(entry: AuditEntry) -> str:
    return entry.done.astimezone().strftime("%Y-%m-%d")


def _who(box: QVBoxLayout, entry: AuditEntry, kind: str) -> None:
    line = row(spacing=6)
    who = label(entry.author or "?", "chip-accent")
    who.setToolTip(
        tr("On {machine}, saved {time}, step {step}", machine=entry.machine, time=history.local(entry.saved), step=entry.seq)
    )
    line.addWidget(who)
    line.addWidget(label(history.local(entry.done), "faint"))
    line.addStretch(1)
    line.addWidget(label(tr(kind), "chip"))
    box.addLayout(line)
    box.addWidget(Elided(tr(entry.annotation, **entry.values)))


def _fields(box: QVBoxLayout, session: Session, layer: str, before: Feature | None, after: Feature | None) -> None:
    old, new = before.values if before else {}, after.values if after else {}
    names = list({**old, **new})
    if not names:
        return
    grid = QGridLayout()
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    for at, name in enumerate(names):
        head = label(history.field_name(session, layer, name), "faint", wrap=True)
        head.setFixedWidth(84)
        said = label(f"{value_text(session, layer, name, old.get(name))} → {value_text(session, layer, name, new.get(name))}", wrap=True)
        said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(head, at, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(said, at, 1)
    box.addLayout(grid)


def value_text(session: Session, layer: str, field: str, value: Value) -> str:
    """A value as people read it; personal ones are hidden."""
    known = session.definition(layer).field(field)
    if value is None or value == "":
        return "—"
    if known is not None and known.personal:
        return tr("hidden (personal)")
    if isinstance(value, bytes):
        return tr("{count} bytes", count=len(value))
    return known.decode(value) if known is not None else f"{value:,.6g}" if isinstance(value, float) else str(value)


def part_name(session: Session, layer: str, part: str) -> str:
    """What people call a part of a feature."""
    return {GEOMETRY: tr("geometry"), WHOLE: tr("the whole feature")}.get(part) or history.field_name(session, layer, part)


def _pictures(session: Session, where: tuple[str, int], before: Feature | None, after: Feature | None, dpr: float):
    """Before and after side by side, of the same place."""
    layer, fid = where
    line = row(spacing=6)
    sides = [thumbnails.marked(session, layer, {fid: f} if f is not None else {}, look)
             for f, look in ((before, thumbnails.THEN), (after, thumbnails.NOW))]  # fmt: skip
    bounds = thumbnails.bounds_of(sides)
    for side, words in zip(sides, (tr("before"), tr("after")), strict=True):
        cell = column(spacing=1)
        shown = QLabel()
        shown.setFixedSize(*THUMBNAIL)
        picture = thumbnails.picture(session, [side], THUMBNAIL, dpr, bounds=bounds) if side is not None else None
        if picture is None:
            shown.setText(tr("not there") if bounds is not None else tr("no geometry"))
            shown.setProperty("role", "faint")
            shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
        else:
            shown.setPixmap(picture)
        shown.setAccessibleName(words)
        cell.addWidget(shown)
        cell.addWidget(label(words, "faint"), 0, Qt.AlignmentFlag.AlignHCenter)
        line.addLayout(cell)
    line.addStretch(1)
    return line
