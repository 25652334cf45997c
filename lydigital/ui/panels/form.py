"""Attributes of one feature or of many, edited in place: every change is one command, every rule is told as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from lydigital.commands import registry
from lydigital.commands.facts import around
from lydigital.commands.subjects import writable
from lydigital.edits import rules
from lydigital.errors import LydError
from lydigital.model.feature import Feature, same
from lydigital.model.layerdef import FieldDef
from lydigital.texts import tr
from lydigital.ui.panels.attachments import Attachments
from lydigital.ui.panels.fields import Editor, editor_for
from lydigital.ui.widgets import Badge, Elided, IconButton, Page, clear, column, label, link, row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.edits.rules import Finding
    from lydigital.model.feature import Value
    from lydigital.session import Session

ALIAS_PX = 92
MOST = 5_000  # features whose values are compared
_TYPES = ("text", "integer", "real", "boolean", "date", "datetime")
HEADED = ("nature",)  # shown in the head of the card


def is_writable(session: Session, layer: str) -> bool:
    """Whether features of a layer can be edited now."""
    ref = session.document.layer(layer)
    if ref is None:
        return False
    try:
        writable(session, ref)
    except LydError:
        return False
    return True


class Form(QWidget):
    """The fields of features ``fids`` of one layer.

    ``personal`` says whether personal values are shown. ``texts`` holds alias and value of every row, as it is shown.
    """

    resized = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, layer: str, fids: Sequence[int], *, show_empty: bool, personal: bool) -> None:
        super().__init__()
        self.session, self.layer, self.fids = session, layer, [int(f) for f in fids]
        self.editors: dict[str, Editor] = {}
        self.hidden: list[str] = []  # aliases of empty fields left out
        self.findings: tuple[Finding, ...] = ()
        self._personal = personal
        self._messages: dict[str, _Message] = {}
        self._pending: dict[str, str] = {}  # why what was typed was not taken
        self._features: dict[int, Feature] = {}
        self._around = rules.NOTHING_KNOWN
        box = column(self, spacing=4)
        self._top = column(spacing=3)
        box.addLayout(self._top)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        box.addLayout(self._grid)
        self._read()
        self._build(show_empty=show_empty)
        self.attachments: Attachments | None = None
        if len(self.fids) == 1:
            self.attachments = Attachments(session, layer, self.fids[0])
            self.attachments.resized.connect(self.resized)
            self.attachments.failed.connect(self.failed)
            box.addWidget(self.attachments)
        self.refresh()

    # building

    def _fields(self) -> list[FieldDef]:
        """Fields of the layer in the order of its definition, then those the catalogue does not know."""
        ref = self.session.document.layer(self.layer)
        assert ref is not None
        stored = {f.name: f for f in self.session.stores.describe(ref).fields}
        known = [f for f in self.session.definition(self.layer).fields if f.name in stored]
        names = {f.name for f in known}
        return known + [
            FieldDef(f.name, f.title or f.name, type=f.type)  # type: ignore[arg-type]
            for f in stored.values() if f.name not in names and f.type in _TYPES
        ]  # fmt: skip

    def _build(self, *, show_empty: bool) -> None:
        for at, known in enumerate(self._fields()):
            value, mixed = self._shared(known.name)
            if not show_empty and known.name in HEADED and value not in (None, ""):
                continue
            if not show_empty and not mixed and value in (None, "") and not known.required:
                self.hidden.append(known.alias)
                continue
            name = label(known.alias + (" *" if known.required else ""), "faint", wrap=True)
            name.setFixedWidth(ALIAS_PX)
            name.setToolTip(known.note or (tr("Must be filled in") if known.required else ""))
            self._grid.addWidget(name, 2 * at, 0, Qt.AlignmentFlag.AlignVCenter)
            if known.personal and not self._personal:
                starred = label(tr("hidden (personal)"), "soft")
                starred.setContentsMargins(7, 3, 0, 3)
                self._grid.addWidget(starred, 2 * at, 1)
                continue
            editor = editor_for(known, self._choices(known))
            editor.typed.connect(lambda value, n=known.name: self._typed(n, value))
            editor.committed.connect(lambda value, n=known.name: self._set(n, value))
            editor.gave_up.connect(lambda n=known.name: self._give_up(n))
            self.editors[known.name] = editor
            self._grid.addWidget(editor, 2 * at, 1)
            if known.unit:
                self._grid.addWidget(label(known.unit, "faint"), 2 * at, 2)
            message = _Message(self)
            self._messages[known.name] = message
            self._grid.addWidget(message, 2 * at + 1, 1, 1, 2)

    def _choices(self, known: FieldDef) -> Any:
        if known.codes and known.name in self._around.codes:
            return lambda: self._around.codes[known.name](self._values())
        return (lambda: rules.possible(known, self._values())) if known.domain else None

    # values

    def _read(self) -> None:
        self._features = self.session.features.features(self.layer, self.fids[:MOST])
        self._around = rules.NOTHING_KNOWN
        ref = self.session.document.layer(self.layer)
        if ref is not None and self._features:
            fid, feature = next(iter(self._features.items()))
            self._around = around(self.session, ref, fid, feature, with_geometry=len(self.fids) == 1)

    def _shared(self, name: str) -> tuple[Any, bool]:
        """The value all features have, and whether they differ."""
        values = [feature.values.get(name) for feature in self._features.values()]
        if not values:
            return None, False
        return (None, True) if any(not same(values[0], v) for v in values[1:]) else (values[0], False)

    def _values(self) -> Mapping[str, Value]:
        """Of the feature, or what all of them share."""
        if len(self._features) == 1:
            return next(iter(self._features.values())).values
        return {name: value for name in self.editors if not (found := self._shared(name))[1] for value in (found[0],)}

    def refresh(self) -> None:
        """Show everything as it is now."""
        self._read()
        for name, editor in self.editors.items():
            value, mixed = self._shared(name)
            editor.show_value(value, mixed=mixed)
        if self.attachments is not None:
            self.attachments.refresh()
        self._check()

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(e.known.alias, e.text() or "—") for e in self.editors.values()]

    # rules

    def check(self, name: str = "", value: Any = None) -> tuple[Finding, ...]:
        """What is wrong, with ``value`` in the field ``name`` as it is being typed."""
        definition = self.session.definition(self.layer)
        if len(self._features) != 1:
            known = definition.field(name)
            if known is None:
                return ()
            one = msgspec.structs.replace(definition, fields=(known,), rules=())
            return rules.check_values(one, {name: value}, rules.Around(self._around.codes))
        fid, feature = next(iter(self._features.items()))
        values = {**feature.values, name: value} if name else feature.values
        return (*rules.check_values(definition, values, self._around, fid=fid),
                *rules.check_geometry(definition, feature.wkb, self._around, fid=fid))  # fmt: skip

    def _typed(self, name: str, value: Any) -> None:
        self._pending.pop(name, None)
        self._show(self.check() if self.editors[name].is_partial else self.check(name, value))

    def _give_up(self, name: str) -> None:
        self._pending.pop(name, None)
        self._check()

    def _check(self) -> None:
        self._show(self.check())

    def _show(self, findings: tuple[Finding, ...]) -> None:
        before = self.height(), [m.isHidden() for m in self._messages.values()], len(self.findings)
        self.findings = findings
        by_field: dict[str, Finding] = {}
        for finding in sorted(findings, key=lambda f: not f.blocks):
            by_field.setdefault(finding.field if finding.field in self._messages else "", finding)
        for name, message in self._messages.items():
            found, refused = by_field.get(name), self._pending.get(name)
            missing = not refused and found is not None and found.issue.code == "field.required"
            bad = bool(refused) or (found is not None and found.blocks and not missing)
            fix = "" if refused or not found or not found.fix else found.fix.name
            self.editors[name].mark(bad=bad, missing=missing)
            # what is still empty says so itself
            text = refused or (found.text if found and (fix or not missing) else "")
            message.say(text, bad=bad, fix=fix, run=lambda f=found: self.mend(f))
        self._say_top([f for f in findings if f.field not in self._messages])
        if before != (self.height(), [m.isHidden() for m in self._messages.values()], len(findings)):
            QTimer.singleShot(0, self, self.resized.emit)

    def _say_top(self, others: list[Finding]) -> None:
        clear(self._top)
        blocking = sum(f.blocks for f in self.findings)
        if blocking:
            text = tr("Incomplete: {count} to correct before it can be saved", count=blocking)
            self._top.addWidget(label(text, "chip-warn", wrap=True))
        for finding in others:
            line = _Message(self)
            line.say(finding.text, bad=finding.blocks, fix=finding.fix.name if finding.fix else "", run=lambda f=finding: self.mend(f))
            self._top.addWidget(line)

    # doing

    def _set(self, name: str, value: Any) -> None:
        self._pending.pop(name, None)
        try:
            registry.execute(self.session, "attribute.set", layer=self.layer, fids=self.fids, field=name, value=value)
        except LydError as error:
            self._pending[name] = f"{error} {error.hint_text()}"
            self.editors[name].setModified(True)
            self._check()
            return
        self.refresh()

    def mend(self, finding: Finding | None) -> None:
        """Apply what a finding proposes."""
        fix = finding.fix if finding is not None else None
        if fix is None:
            return
        for name in fix.values:
            if name in self.editors:
                self.editors[name].setModified(False)
        try:
            if fix.values:
                registry.execute(self.session, "attribute.set_many", layer=self.layer, fids=self.fids, values=fix.values)
            else:
                registry.execute(self.session, fix.command, **{"layer": self.layer, "fids": self.fids, **fix.parameters})
        except LydError as error:
            self.failed.emit(error)
        if self._features:
            self.refresh()


class _Message(QWidget):
    """What is wrong with a field, and a button that makes it good."""

    def __init__(self, form: Form) -> None:
        super().__init__(form)
        self._box = row(self, spacing=2)
        self._text = label(role="faint", wrap=True)
        self._box.addWidget(self._text, 1)
        self._fix: QWidget | None = None
        self._run: Any = None
        self.hide()

    @property
    def text(self) -> str:
        return "" if self.isHidden() else self._text.text()

    @property
    def fix(self) -> Any:
        return self._fix

    def _do(self) -> None:
        if self._run is not None:
            self._run()

    def say(self, text: str, *, bad: bool, fix: str, run: Any) -> None:
        self._run = run
        self._text.setText(text)
        role = "bad" if bad else "warn"
        if self._text.property("role") != role:
            self._text.setProperty("role", role)
            self._text.style().unpolish(self._text)
            self._text.style().polish(self._text)
        if self._fix is not None and (self._fix.text() != fix or not text):  # type: ignore[attr-defined]
            self._box.removeWidget(self._fix)
            self._fix.deleteLater()
            self._fix = None
        if fix and text and self._fix is None:
            self._fix = link(fix, self._do)
            self._box.addWidget(self._fix, 0, Qt.AlignmentFlag.AlignTop)
        self.setVisible(bool(text))


class FormPage(Page):
    """The form of what is selected, in the card at the right."""

    closed = Signal()
    resized = Signal()
    back_asked = Signal()
    failed = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.form: Form | None = None
        self.may_see_personal = True
        self._personal = False
        box = column(self)
        self._head = QWidget()
        self._head_box = column(self._head)
        box.addWidget(self._head)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box.addWidget(self._scroll, 1)

    def show_selection(self) -> bool:
        """The form of the selected features of the first layer; False when nothing is selected."""
        found = next(((layer, fids) for layer, fids in self._session.selection.fids.items() if len(fids)), None)
        if found is None:
            return False
        layer, fids = found[0], [int(f) for f in found[1]]
        if self.form is not None and (self.form.layer, self.form.fids) == (layer, fids):
            self.form.refresh()
            return True
        self._build(layer, fids)
        return True

    def retranslate(self) -> None:
        if self.form is not None:
            self._build(self.form.layer, self.form.fids)

    def refresh(self) -> None:
        if self.form is not None:
            self.form.refresh()

    def _build(self, layer: str, fids: list[int]) -> None:
        clear(self._head_box)
        definition = self._session.definition(layer)
        top = row(spacing=10)
        top.setContentsMargins(16, 14, 10, 8)
        group = self._session.catalogue.group(definition.group)
        top.addWidget(Badge(group.icon if group and group.icon else "form-select", 34), 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=2)
        first = row(spacing=2)
        title = definition.name if len(fids) == 1 else tr("{count} features", count=f"{len(fids):,}")
        first.addWidget(Elided(title, "title"), 1)
        keep = IconButton("clipboard-text-outline", "Use these values for new features", size=16)
        keep.clicked.connect(self._keep_template)
        if len(fids) != 1:
            keep.hide()
        back = IconButton("tools", "Back to the tools", size=16)
        back.clicked.connect(self.back_asked)
        close = IconButton("close", "Close", "Esc")
        close.clicked.connect(self.closed)
        for button in (keep, back, close):
            button.setFixedSize(24, 24)
            first.addWidget(button)
        words.addLayout(first)
        words.addWidget(label(tr("Feature {fid}", fid=fids[0]) if len(fids) == 1 else definition.name, "soft"))
        top.addLayout(words, 1)
        self._head_box.addLayout(top)
        body = QWidget()
        body.setObjectName("scroll-body")
        inner = column(body, spacing=6)
        inner.setContentsMargins(16, 2, 12, 14)
        self.form = Form(self._session, layer, fids, show_empty=True, personal=self._personal)
        self.form.resized.connect(self.resized)
        self.form.failed.connect(self.failed)
        inner.addWidget(self.form)
        if self.form.attachments is not None:
            self.form.attachments.accept_drops(self)
        if any(f.personal for f in definition.fields) and not self._personal:
            reveal = link(tr("Show personal data"), lambda: self._reveal(layer, fids))
            reveal.setEnabled(self.may_see_personal)
            reveal.setToolTip("" if self.may_see_personal else tr("Your role does not allow it"))
            inner.addWidget(reveal)
        inner.addStretch(1)
        self._scroll.setWidget(body)
        self.resized.emit()
        for wait in (0, 60):  # once the style sheet has had its say, and wrapped lines have their width
            QTimer.singleShot(wait, self, self.resized.emit)

    def _reveal(self, layer: str, fids: list[int]) -> None:
        self._personal = True
        self._build(layer, fids)
        self._personal = False

    def forget(self) -> None:
        """Another map: nothing of the old one may stay."""
        self.form = None
        self._scroll.setWidget(QWidget())

    def _keep_template(self) -> None:
        if self.form is None:
            return
        definition = self._session.definition(self.form.layer)
        own = {f.name for f in definition.fields if f.default.startswith("$") or f.unique or f.personal}
        values = {n: v for n, v in self.form._values().items() if v is not None and n not in own and not isinstance(v, bytes)}
        try:
            registry.execute(self._session, "attribute.template", layer=self.form.layer, values=values)
        except LydError as error:
            self.failed.emit(error)

    # the card

    def ideal_height(self, width: int) -> int:
        body = self._scroll.widget()
        layout = body.layout() if body is not None else None
        inner = layout.heightForWidth(width) if layout is not None and layout.hasHeightForWidth() else 0
        if inner <= 0:
            inner = body.sizeHint().height() if body is not None else 0
        return self._head.sizeHint().height() + inner + 2

    def set_scrolling(self, needed: bool) -> None:
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if needed else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._scroll.setVerticalScrollBarPolicy(policy)
