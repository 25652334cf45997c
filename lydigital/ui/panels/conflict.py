"""Two people changed the same features: what each did, side by side, and whose holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QLineEdit, QRadioButton

from lydigital.commands import history
from lydigital.model.conflict import GEOMETRY, WHOLE
from lydigital.texts import tr
from lydigital.ui import thumbnails
from lydigital.ui.panels.history import part_name, value_text
from lydigital.ui.panels.scrolled import ScrolledPage, button
from lydigital.ui.widgets import Elided, column, label, link, row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QVBoxLayout, QWidget

    from lydigital.model.conflict import Conflict, Side
    from lydigital.session import Session

PICTURE = (270, 120)
SHOWN = 30  # conflicts shown one by one; the rest is decided for all
TYPED = "typed"


class ConflictPage(ScrolledPage):
    """Closing it changes nothing: the edits stay unsaved and in the journal."""

    icon = "call-merge"

    def __init__(self, session: Session, do: Callable[..., Any]) -> None:
        super().__init__()
        self._session, self._do = session, do
        self.conflicts: tuple[Conflict, ...] = ()
        self.choices: dict[tuple[str, int], dict[str, str]] = {}
        self.typed: dict[tuple[str, int, str], str] = {}

    def show_conflicts(self, conflicts: Sequence[Conflict]) -> None:
        self.conflicts = tuple(conflicts)
        known = {(c.layer, c.fid) for c in conflicts}
        self.choices = {key: parts for key, parts in self.choices.items() if key in known}
        self.retranslate()

    def title(self) -> tuple[str, str]:
        return (
            tr("In conflict: {count}", count=len(self.conflicts)),
            tr("Others changed the same features. Nothing was saved and nothing is lost: choose what holds, then save."),
        )

    def build(self, box: QVBoxLayout) -> None:
        line = row(spacing=6)
        button(line, tr("All mine"), lambda: self._choose_all("mine"))
        button(line, tr("All theirs"), lambda: self._choose_all("theirs"))
        line.addStretch(1)
        box.addLayout(line)
        for conflict in self.conflicts[:SHOWN]:
            box.addWidget(self._conflict(conflict))
        if len(self.conflicts) > SHOWN:
            box.addWidget(label(tr("And {count} more: choose for all of them above.", count=len(self.conflicts) - SHOWN), "soft", wrap=True))

    def build_foot(self, box: QVBoxLayout) -> None:
        line = row(spacing=8)
        left = self.undecided()
        self.save = button(line, tr("Merge and save"), self._save, primary=True)
        self.save.setEnabled(left == 0)
        self.save.setToolTip(tr("{count} are not decided yet", count=left) if left else "")
        button(line, tr("Later"), self.closed.emit)
        line.addStretch(1)
        if left:
            line.addWidget(label(tr("{count} open", count=left), "faint"))
        box.addLayout(line)

    def undecided(self) -> int:
        """How many parts nobody decided."""
        return sum(part not in self.choices.get((c.layer, c.fid), {}) for c in self.conflicts for part in c.parts)

    def choose(self, conflict: Conflict, part: str, side: str) -> None:
        """``side`` is mine, theirs or typed."""
        self.choices.setdefault((conflict.layer, conflict.fid), {})[part] = side
        self.retranslate()

    def _choose_all(self, side: Side) -> None:
        for conflict in self.conflicts:
            self.choices[conflict.layer, conflict.fid] = dict.fromkeys(conflict.parts, side)
        self.retranslate()

    def _conflict(self, conflict: Conflict) -> QWidget:
        frame = QFrame()
        frame.setObjectName("notice")
        box = column(frame, margin=8, spacing=6)
        session, layer, fid = self._session, conflict.layer, conflict.fid
        name = history.feature_name(session, layer, fid, conflict.mine or conflict.theirs or conflict.base)
        top = row(spacing=6)
        top.addWidget(Elided(name), 1)
        top.addWidget(label(session.definition(layer).name, "chip"))
        box.addLayout(top)
        sides = [thumbnails.marked(session, layer, {fid: f}, look) for f, look in (
            (conflict.base, thumbnails.THEN), (conflict.theirs, thumbnails.OTHERS), (conflict.mine, thumbnails.NOW),
        ) if f is not None]  # fmt: skip
        picture = thumbnails.picture(session, sides, PICTURE, self.devicePixelRatioF())
        if picture is not None:
            shown = QLabel()
            shown.setPixmap(picture)
            shown.setAccessibleName(tr("Before, mine and theirs on the map"))
            box.addWidget(shown)
            key = row(spacing=8)
            for words, look in ((tr("before"), thumbnails.THEN), (tr("mine"), thumbnails.NOW), (tr("theirs"), thumbnails.OTHERS)):
                key.addWidget(_key(words, look))
            key.addStretch(1)
            box.addLayout(key)
        for part in conflict.parts:
            self._part(box, conflict, part)
        return frame

    def _part(self, box: QVBoxLayout, conflict: Conflict, part: str) -> None:
        box.addWidget(label(part_name(self._session, conflict.layer, part), "section"))
        chosen = self.choices.get((conflict.layer, conflict.fid), {}).get(part, "")
        if part not in (GEOMETRY, WHOLE):
            box.addWidget(label(tr("Before: {value}", value=self._text(conflict, part, "base")), "faint", wrap=True))
        group = QButtonGroup(self)
        sides = [("mine", tr("Mine: {value}", value=self._text(conflict, part, "mine"))),
                 ("theirs", tr("Theirs: {value}", value=self._text(conflict, part, "theirs")))]  # fmt: skip
        for side, words in sides:
            radio = QRadioButton(words)
            radio.setToolTip(words)
            radio.setChecked(chosen == side)
            radio.clicked.connect(lambda _=False, s=side: self.choose(conflict, part, s))
            group.addButton(radio)
            box.addWidget(radio)
        if part not in (GEOMETRY, WHOLE) and isinstance(_value(conflict, part, "mine"), (str, int, float, type(None))):
            self._typed_line(box, conflict, part, chosen)

    def _typed_line(self, box: QVBoxLayout, conflict: Conflict, part: str, chosen: str) -> None:
        key = (conflict.layer, conflict.fid, part)
        if chosen != TYPED and key not in self.typed:
            box.addWidget(link(tr("Another value…"), lambda: self._begin_typing(conflict, part)), 0, Qt.AlignmentFlag.AlignLeft)
            return
        field = QLineEdit(self.typed.get(key, ""))
        field.setPlaceholderText(tr("Value that holds instead"))
        field.setAccessibleName(field.placeholderText())

        def done() -> None:
            self.typed[key] = field.text()
            self.choices.setdefault((conflict.layer, conflict.fid), {})[part] = TYPED

        field.textEdited.connect(lambda _text: done())
        box.addWidget(field)

    def _begin_typing(self, conflict: Conflict, part: str) -> None:
        mine = _value(conflict, part, "mine")
        self.typed[conflict.layer, conflict.fid, part] = "" if mine is None else str(mine)
        self.choose(conflict, part, TYPED)

    def _text(self, conflict: Conflict, part: str, side: str) -> str:
        feature = getattr(conflict, side)
        if part == WHOLE:
            return tr("removed") if feature is None else tr("keep it")
        if part == GEOMETRY:
            return tr("geometry as drawn on the map")
        return value_text(self._session, conflict.layer, part, _value(conflict, part, side))

    def _save(self) -> None:
        """What was typed becomes an ordinary edit first, so that it can be undone."""
        for (layer, fid), parts in self.choices.items():
            for part in [p for p, side in parts.items() if side == TYPED]:
                text = self.typed.get((layer, fid, part), "")
                result = self._do("attribute.set_many", layer=layer, fids=[fid], values={part: text or None})
                if result is None:
                    return  # it does not fit the field, and that was said
        choices = [{"layer": layer, "fid": fid, "parts": {p: "theirs" if s == "theirs" else "mine" for p, s in parts.items()}}
                   for (layer, fid), parts in self.choices.items()]  # fmt: skip
        self._do("history.resolve", choices=choices)
        if self._session.features.is_saved:
            self.choices, self.typed = {}, {}
            self.closed.emit()


def _value(conflict: Conflict, part: str, side: str):
    feature = getattr(conflict, side)
    return None if feature is None else feature.values.get(part)


def _key(words: str, look: thumbnails.Look) -> QLabel:
    line = "┄┄" if look.dashed else "━━"
    made = label(f"<span style='color:{look.color}'>{line}</span> {words}", "faint")
    made.setTextFormat(Qt.TextFormat.RichText)
    return made
