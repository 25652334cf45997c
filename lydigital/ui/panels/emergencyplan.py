"""The page 预案: needed against there, whom to call; the whole plan as a page over the map, sheets and cards as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QGridLayout, QPushButton

from lydigital.commands import registry
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.notices import Notice
from lydigital.ui.panels.emergencyboard import PlanBoard
from lydigital.ui.panels.emergencyhelp import Pane
from lydigital.ui.panels.emergencyparts import Item, ItemList
from lydigital.ui.widgets import label

if TYPE_CHECKING:
    from lydigital.model.emergency import Gap, Plan

SHEET, CARDS = "emergency.plan_sheet", "emergency.cards"


class PlanPage(Pane):
    def build(self) -> None:
        self.board: PlanBoard | None = getattr(self, "board", None)
        super().build()
        if self.board is not None:
            self.board.retranslate()
        known = registry.commands()
        grid = QGridLayout()
        grid.setSpacing(6)
        self.show_it = QPushButton(icons.icon("clipboard-text-clock-outline", "on_accent"), tr("Show the whole plan"))
        self.show_it.setProperty("primary", "true")
        self.show_it.clicked.connect(lambda _=False: self.show_board())
        grid.addWidget(self.show_it, 0, 0, 1, 2)
        self.sheet = QPushButton(icons.icon("file-document-outline"), tr("Plan sheet…"))
        self.sheet.clicked.connect(lambda _=False: self._ask_sheet())
        self.cards = QPushButton(icons.icon("card-text-outline"), tr("Township cards…"))
        self.cards.setToolTip(tr("A page for each township of the zone"))
        self.cards.clicked.connect(lambda _=False: self._ask_cards())
        grid.addWidget(self.sheet, 1, 0)
        grid.addWidget(self.cards, 1, 1)
        self.box.addLayout(grid)
        self.sheet.setVisible(SHEET in known)
        self.cards.setVisible(CARDS in known)
        self.words = label(role="faint", wrap=True)
        self.box.addWidget(self.words)
        self.list = ItemList(tr("Needed, and whom to call"))
        self.list.chosen.connect(self._chosen)
        self.box.addWidget(self.list)
        self.refresh()

    def refresh(self) -> None:
        plan = self.desk.plan
        self.show_it.setEnabled(plan is not None)
        self.sheet.setEnabled(plan is not None)
        self.cards.setEnabled(plan is not None)
        self.words.setText(plan.notes[-1] if plan is not None and plan.notes else "")
        self.words.setVisible(bool(self.words.text()))
        self.list.show_items([] if plan is None else self.items(plan), self.desk.chosen)
        if self.board is not None and self.desk.window.map.board is self.board and plan is not None:
            self.board.show_plan(plan)
        self.grown.emit()

    @staticmethod
    def items(plan: Plan) -> list[Item]:
        """What is lacking first, then what is not known, then enough; then whom to call."""
        made: list[Item] = []
        order = sorted(plan.gaps, key=lambda g: (g.missing is None, not g.missing))
        for head, wanted in (
            (tr("Lacking"), [g for g in order if g.missing]), (tr("Enough"), [g for g in order if g.missing == 0]),
            (tr("Not known"), [g for g in order if g.missing is None]),
        ):  # fmt: skip
            if wanted:
                made.append(Item("", head, tr("lacking") if head == tr("Lacking") else "", is_head=True))
                made += [_gap(g) for g in wanted]
        if plan.contacts:
            made.append(Item("", tr("Whom to call, in this order"), "", is_head=True))
            made += [
                Item(c.code, c.name, "", " · ".join(filter(None, (c.role, c.contact))), c.phone or tr("no number"), "", "phone-outline")
                for c in plan.contacts
            ]
        return made

    def show_board(self) -> None:
        """The plan as a page over the map."""
        if self.board is None:
            self.board = PlanBoard(self.desk)
            self.board.closed.connect(self.desk.window.map.close_board)
        if self.desk.plan is not None:
            self.board.show_plan(self.desk.plan)
            self.desk.window.map.show_board(self.board)

    def _chosen(self, code: str) -> None:
        if code and not code.startswith("gap/"):
            self.desk.window.map.close_board()
            self.desk.choose(code)
        elif code:
            self.show_board()

    def _ask_sheet(self) -> None:
        dialog = QFileDialog(self.window(), tr("Plan sheet"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        ends = ("pdf", "docx", "html", "xlsx")
        dialog.setNameFilters([f"{end.upper()} (*.{end})" for end in ends])
        dialog.setDefaultSuffix(ends[0])
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(chosen.partition(" ")[0].lower()))
        dialog.fileSelected.connect(lambda path: self.write(SHEET, path))
        dialog.open()

    def _ask_cards(self) -> None:
        dialog = QFileDialog(self.window(), tr("Folder for the cards"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda path: self.write(CARDS, path))
        dialog.open()

    def write(self, command: str, path: str) -> None:
        """Make files of what is in hand, in a job."""
        desk = self.desk
        known = registry.get(command)
        fields = known.parameters.__struct_fields__
        given: dict[str, Any] = {name: value for name, value in desk.given().items() if name in fields} if desk.case is not None else {}
        given["output"] = path
        if command == CARDS and "townships" in fields and (towns := desk.townships()):
            given["townships"] = towns

        def work(job: Any) -> Any:
            job.report(0.05, tr(known.title))
            return desk.perform(job, command, **given)

        desk.start(command, tr(known.title), work, lambda _made: desk.window.say(Notice("note", tr("Written: {path}", path=path))))

    def desk_changed(self, what: str) -> None:
        if what in ("case", "plan", "log"):
            self.refresh()


def _gap(gap: Gap) -> Item:
    unit = gap.unit
    there = tr("not known") if gap.there is None else f"{gap.there:,.0f} {unit}"
    needed = tr("not known") if gap.needed is None else f"{gap.needed:,.0f} {unit}"
    below = gap.note or tr("needed {needed}, there {there}", needed=needed, there=there)
    value = tr("not known") if gap.missing is None else f"{gap.missing:,.0f} {unit}" if gap.missing else "✓"
    role = "ink_faint" if gap.missing is None else "danger" if gap.missing else "good"
    glyph = "help-circle-outline" if gap.missing is None else "alert-outline" if gap.missing else "check-circle-outline"
    return Item(f"gap/{gap.id}", gap.title, value, below, gap.norm, "", glyph, role, gap.source)
