"""Fields of many features at once: calculated by a formula, or found and replaced; what comes out is seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QPushButton, QWidget

from lydigital.commands import registry
from lydigital.domain.calculate import MEASURES
from lydigital.errors import LydError
from lydigital.model.layerdef import FieldDef
from lydigital.texts import tr
from lydigital.ui.panels.form import is_writable
from lydigital.ui.panels.scrolled import ScrolledPage, button
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.widgets import Elided, clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QVBoxLayout

    from lydigital.session import Session

SETTLE_MS = 250
_TYPES = ("text", "integer", "real", "boolean", "date", "datetime")
CALCULATE, REPLACE = "attribute.calculate", "attribute.replace"
_PREVIEWS = {CALCULATE: "attribute.preview", REPLACE: "attribute.preview_replace"}


class CalculatePage(ScrolledPage):
    """For one of the commands; ``do`` executes it."""

    icon = "calculator-variant-outline"
    previewed = Signal()

    def __init__(self, session: Session, do: Callable[..., Any]) -> None:
        super().__init__()
        self._session, self._do = session, do
        self.command = CALCULATE
        self.layer = ""
        self._values: dict[str, Any] = {}
        self._timer = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._timer.timeout.connect(self.preview)
        self.apply: QPushButton | None = None
        self.error = ""
        self.result: dict[str, Any] | None = None

    def show_layer(self, layer: str, command: str) -> None:
        """Begin anew for a layer; "" for the first that can be edited."""
        layers = self.layers()
        layer = layer if layer in layers else next(iter(layers), "")
        if (layer, command) != (self.layer, self.command):
            self._values = {}
        self.layer, self.command = layer, command
        self.icon = registry.get(command).icon
        self.retranslate()

    def layers(self) -> dict[str, str]:
        """Ids and names of the layers that can be edited, topmost first."""
        return {ref.id: self._session.definition(ref.id).name for ref in self._session.document.layers
                if is_writable(self._session, ref.id)}  # fmt: skip

    def fields(self) -> list[FieldDef]:
        """Fields of the layer that can be written; only texts are searched."""
        ref = self._session.document.layer(self.layer)
        if ref is None:
            return []
        definition = self._session.definition(self.layer)
        stored = [f for f in self._session.stores.describe(ref).fields if f.type in _TYPES]
        known = [definition.field(f.name) or FieldDef(f.name, f.title or f.name, type=f.type) for f in stored]  # type: ignore[arg-type]
        return [f for f in known if f.type == "text" or self.command == CALCULATE]

    def title(self) -> tuple[str, str]:
        return registry.get(self.command).name, ""

    # building

    def build(self, box: QVBoxLayout) -> None:
        self._result = QWidget()
        self._result_box = column(self._result, spacing=3)
        if not self.layer:
            box.addWidget(label(tr("No layer shown can be edited. Show one from a GeoPackage that may be written."), "soft", wrap=True))
            return
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self._grid = grid
        layers = Choice()
        layers.offer(self.layers().items(), self.layer)
        layers.chosen.connect(lambda layer: self.show_layer(layer, self.command))
        self._row(tr("Layer"), layers)
        fields = self.fields()
        names = [f.name for f in fields]
        if self._values.get("field") not in names:
            self._values["field"] = names[0] if names else ""
        self.field = Choice()
        self.field.offer([(f.name, f"{f.alias}  {f.name}") for f in fields], self._values["field"])
        self.field.chosen.connect(lambda name: self._set("field", name))
        self._row(tr("Field"), self.field)
        if self.command == CALCULATE:
            self.expression = self._text("expression", tr("Formula"), "round($area_m2 / 10000, 2)")
            box.addLayout(grid)
            self._build_names(box)
        else:
            self.wanted = self._text("find", tr("Find"), "")
            self.replacement = self._text("replace", tr("Replace by"), tr("nothing: it is taken out"))
            box.addLayout(grid)
            self._switch(box, "whole", tr("Whole values only"))
            self._switch(box, "regex", tr("Regular expression"))
            self._switch(box, "match_case", tr("Match case"), on=True)
        where = QGridLayout()
        where.setContentsMargins(0, 0, 0, 0)
        where.setColumnStretch(1, 1)
        where.setHorizontalSpacing(8)
        where.setVerticalSpacing(6)
        self._grid = where
        chosen = len(self._session.selection.fids.get(self.layer, ()))
        scope = Choice()
        scope.offer([("", tr("All features")), *([("selected", tr("The {count} selected", count=f"{chosen:,}"))] if chosen else [])],
                    self._values.get("scope", "") if chosen else "")  # fmt: skip
        scope.chosen.connect(lambda value: self._set("scope", value))
        self._row(tr("Scope"), scope)
        self._text("where", tr("Only where"), tr("a condition, for example area > 100"))
        box.addLayout(where)
        box.addWidget(self._result)
        self._timer.start()

    def _row(self, text: str, editor: QWidget) -> None:
        at = self._grid.rowCount()
        alias = label(text, "faint")
        alias.setMinimumWidth(64)
        editor.setAccessibleName(text)
        self._grid.addWidget(alias, at, 0)
        self._grid.addWidget(editor, at, 1)

    def _text(self, name: str, text: str, hint: str) -> QLineEdit:
        made = QLineEdit(self._values.get(name, ""))
        made.setPlaceholderText(hint)
        made.textChanged.connect(lambda value: self._set(name, value))
        made.returnPressed.connect(self.preview)
        self._row(text, made)
        return made

    def _switch(self, box: QVBoxLayout, name: str, text: str, *, on: bool = False) -> None:
        made = QCheckBox(text)
        made.setChecked(bool(self._values.get(name, on)))
        made.toggled.connect(lambda value: self._set(name, value))
        box.addWidget(made)

    def _build_names(self, box: QVBoxLayout) -> None:
        """What a formula can be made of; a click writes it."""
        names = Choice()
        fields = [(f'"{f.name}"', f"{f.alias}  {f.name}") for f in self.fields()]
        names.offer([("", tr("Insert a field or measure…")), *fields, *((f"${m}", f"${m}") for m in MEASURES)], "")

        def insert(text: object) -> None:
            self._insert(str(text))
            names.show_value("")

        names.chosen.connect(insert)
        box.addWidget(names)

    def _insert(self, text: str) -> None:
        if text:
            self.expression.insert(text)
            self.expression.setFocus(Qt.FocusReason.OtherFocusReason)

    def build_foot(self, box: QVBoxLayout) -> None:
        self.apply = None
        if self.layer:
            line = row(spacing=6)
            line.addStretch(1)
            self.apply = button(line, tr("Apply"), self.run, primary=True)
            self.apply.setEnabled(False)
            box.addLayout(line)

    # doing

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = value
        if self.apply is not None:
            self.apply.setEnabled(False)
        self._timer.start()

    def parameters(self) -> dict[str, Any]:
        """What the command takes, as it is typed."""
        v = self._values
        found: dict[str, Any] = {"layer": self.layer, "field": v.get("field", ""), "where": v.get("where", "")}
        if v.get("scope") == "selected":
            found["fids"] = tuple(int(f) for f in self._session.selection.fids.get(self.layer, ()))
        if self.command == CALCULATE:
            return found | {"expression": v.get("expression", "")}
        return found | {"find": v.get("find", ""), "replace": v.get("replace", ""), "whole": bool(v.get("whole")),
                        "regex": bool(v.get("regex")), "match_case": bool(v.get("match_case", True))}  # fmt: skip

    @property
    def is_complete(self) -> bool:
        return bool(self._values.get("expression" if self.command == CALCULATE else "find", "").strip())

    def preview(self) -> None:
        """Compute what would come out, and show the first of it."""
        self._timer.stop()
        self.error, self.result = "", None
        hint = ""
        if self.is_complete:
            try:
                self.result = registry.execute(self._session, _PREVIEWS[self.command], **self.parameters())
            except LydError as error:
                self.error, hint = str(error), error.hint_text()
        self._show(hint)
        if self.apply is not None:
            self.apply.setEnabled(self.result is not None and self.result["count"] > 0)
        self.previewed.emit()

    def _show(self, hint: str) -> None:
        clear(self._result_box)
        if self.error:
            self._result_box.addWidget(label(self.error, "bad", wrap=True))
            self._result_box.addWidget(label(hint, "soft", wrap=True))
        elif self.result is not None:
            count = f"{self.result['count']:,}"
            self._result_box.addWidget(label(tr("Features that get a value: {count}", count=count), "section"))
            if self.result.get("empty"):
                self._result_box.addWidget(label(tr("{count} of them have no result and become empty", count=f"{self.result['empty']:,}"), "warn", wrap=True))
            for each in self.result["first"]:
                line = row(spacing=6)
                line.addWidget(Elided(f"{each['fid']}", "faint"), 1)
                line.addWidget(Elided(each["before"] or "—", "soft"), 3)
                line.addWidget(label("→", "faint"))
                line.addWidget(Elided(each["after"] or "—"), 3)
                self._result_box.addLayout(line)
        self.resized.emit()
        QTimer.singleShot(0, self, self.resized.emit)

    def run(self) -> None:
        """Do it; one step to undo."""
        self._do(self.command, **self.parameters())
        self.preview()
