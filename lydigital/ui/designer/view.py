"""The designer over the window: what is added at the left, the page in the middle, its fields at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QSplitter, QStackedLayout, QWidget

from lydigital.texts import tr
from lydigital.ui.designer import bars, content, keeping
from lydigital.ui.designer.canvas import PageCanvas
from lydigital.ui.designer.drawing import Drawing
from lydigital.ui.designer.form import ItemForm
from lydigital.ui.designer.gallery import Gallery
from lydigital.ui.designer.itemlist import ItemList
from lydigital.ui.designer.proof import ProofDesk
from lydigital.ui.notices import Notice
from lydigital.ui.widgets import Elided, IconButton, column, label, row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.model.changeset import ChangeSet
    from lydigital.ui.window import Window

LIST_PX, FORM_PX, HEAD_PX = 208, 288, 46
STEP_MM, FAR_MM = 0.5, 5.0  # of the arrow keys
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class DesignerView(QWidget):
    """One layout, or the gallery. The foot of the window stays: it shows pages and zoom, and messages and progress as ever."""

    def __init__(self, window: Window) -> None:
        super().__init__(window._body)
        self.window_ = window
        self.session = window.session
        self.setObjectName("body")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.drawing: Drawing | None = None
        self.desk: ProofDesk | None = None
        self.foot: bars.Foot | None = None
        self.gallery: Gallery | None = None
        self.dialog: QDialog | None = None  # the one that is open
        self._stack = QStackedLayout(self)
        self._hidden = (window.status.coordinates, window.status.zone, window.status.scale)
        self._were_shown = [not widget.isHidden() for widget in self._hidden]
        for widget in self._hidden:
            widget.hide()
        window._body.installEventFilter(self)
        self.session.changed.connect(self._changed)
        self.setAccessibleName(tr("Designer"))
        self._place()
        self.show()
        self.raise_()

    # what is shown

    def show_layout(self, layout_id: str) -> None:
        """Open a layout of the map; the gallery where none is named."""
        self._end_gallery()
        if not layout_id:
            self.show_gallery()
            return
        self._end_drawing()
        drawing = self.drawing = Drawing(self.session, layout_id)
        self.desk = ProofDesk(self.window_, drawing)
        self._build(drawing, self.desk)
        self.desk.arrange()
        self.canvas.setFocus()

    def show_gallery(self) -> None:
        """Begin with something else."""
        self._end_gallery()
        gallery = self.gallery = Gallery(self.window_)
        gallery.chosen.connect(self.show_layout)
        gallery.closed.connect(self._gallery_closed)
        self._stack.addWidget(gallery)
        self._stack.setCurrentWidget(gallery)
        gallery.back.setText(tr("Back to the map") if self.drawing is None else tr("Back to the page"))
        gallery.back.setFocus()
        if self.foot is not None:
            self.foot.hide()

    def _gallery_closed(self) -> None:
        if self.drawing is None:
            self.close_view()
            return
        self._end_gallery()
        self.canvas.setFocus()

    def _end_gallery(self) -> None:
        gallery, self.gallery = self.gallery, None
        if gallery is not None:
            gallery.end()
            gallery.hide()
            self._stack.removeWidget(gallery)
            gallery.deleteLater()
        if self.foot is not None:
            self.foot.show()

    def _build(self, drawing: Drawing, desk: ProofDesk) -> None:
        body = QWidget()
        box = column(body)
        self.canvas = PageCanvas(drawing, desk)
        box.addWidget(self._head(drawing))
        middle = QWidget()
        line = row(middle, spacing=0)
        self.strip = bars.AddStrip(self.canvas)
        line.addWidget(self.strip)
        self.list = ItemList(drawing)
        side = QFrame()
        side.setObjectName("side")
        beside = column(side, spacing=4)
        beside.setContentsMargins(8, 10, 0, 6)
        beside.addWidget(label(tr("Items of the page"), "section"))
        beside.addWidget(self.list, 1)
        self.form = ItemForm(drawing, self._facts)
        self.form.setMinimumWidth(240)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(3)
        split.setChildrenCollapsible(False)
        for part in (side, self.canvas, self.form):
            split.addWidget(part)
        split.setStretchFactor(1, 1)
        split.setSizes([LIST_PX, 900, FORM_PX])
        line.addWidget(split, 1)
        box.addWidget(middle, 1)
        self.page = body
        self._stack.addWidget(body)
        self._stack.setCurrentWidget(body)
        self.foot = bars.Foot(drawing, self.canvas)
        place = self.window_.status.layout()
        assert isinstance(place, QHBoxLayout)
        place.insertWidget(0, self.foot)
        self.canvas.typed.connect(self._write_in)
        self.form.inside_asked.connect(self._go_inside)
        self.form.held_asked.connect(self._hold)
        self.canvas.menu.aboutToShow.connect(lambda: bars.fill_menu(self.canvas.menu, drawing))
        desk.changed.connect(self._desk_changed)
        drawing.changed.connect(lambda what: self.title.setText(drawing.layout.name) if what == "layout" else None)

    def _head(self, drawing: Drawing) -> QFrame:
        head = QFrame()
        head.setObjectName("topbar")
        head.setFixedHeight(HEAD_PX)
        line = row(head, spacing=6)
        line.setContentsMargins(8, 0, 10, 0)
        self.back = IconButton("arrow-left", "Back to the map")
        self.back.clicked.connect(lambda _=False: self.close_view())
        line.addWidget(self.back)
        self.title = Elided(drawing.layout.name, role="title")
        self.title.setMinimumWidth(90)
        line.addWidget(self.title, 2)
        self.undo = IconButton("undo", "Undo", "Ctrl+Z")
        self.redo = IconButton("redo", "Redo", "Ctrl+Y")
        self.undo.clicked.connect(lambda _=False: self.window_.run("edit.undo"))
        self.redo.clicked.connect(lambda _=False: self.window_.run("edit.redo"))
        line.addWidget(self.undo)
        line.addWidget(self.redo)
        line.addSpacing(8)
        self.arrange_bar = bars.ArrangeBar(drawing)
        line.addWidget(self.arrange_bar)
        line.addStretch(1)
        self.issues = IconButton("alert-circle-outline", "Nothing to look at", role="warn")
        self.issues.hide()
        self.issues.clicked.connect(lambda _=False: self._say_issues())
        line.addWidget(self.issues)
        for name, icon, text, action in (
            ("templates", "view-grid-outline", "Templates", self.show_gallery),
            ("keep", "content-save-plus-outline", "Save as a template", lambda: keeping.save_template(self)),
            ("print", "printer-outline", "Print", lambda: keeping.print_pages(self)),
        ):
            button = IconButton(icon, text)
            button.clicked.connect(lambda _=False, action=action: action())
            line.addWidget(button)
            setattr(self, f"{name}_button", button)
        self.export = QPushButton(tr("Export…"))
        self.export.setProperty("primary", "true")
        self.export.setMenu(keeping.export_menu(self))
        line.addWidget(self.export)
        self._show_undo()
        return head

    def _write_in(self, item_id: str) -> None:
        self.form.write_in(item_id)

    def _go_inside(self, item_id: str) -> None:
        self.canvas.go_inside(item_id)
        self.canvas.setFocus()

    def _hold(self, item_id: str) -> None:
        """The map shows this from now on, wherever the window goes."""
        placed = content.placed_map(self.canvas, item_id)
        if placed is not None and self.drawing is not None:
            content.show(self.drawing, item_id, placed.viewport.centre, placed.scale)

    def _facts(self) -> Iterable[tuple[str, str]]:
        """Placeholders with what they are now."""
        made = self.desk.made if self.desk is not None else None
        facts = {} if made is None else made.facts
        return [(name, str(value).replace("\n", " ")) for name, value in sorted(facts.items()) if not name.startswith("word.")]

    def _desk_changed(self, what: str) -> None:
        desk = self.desk
        if what != "made" or desk is None:
            return
        found = desk.made.issues if desk.made is not None else ()
        notices = [Notice.of_issue(issue) for issue in found if issue.severity != "note"]
        words = [desk.trouble] if desk.trouble else [f"{notice.text} {notice.hint}".strip() for notice in notices]
        self.issues.setVisible(bool(words))
        self.issues.say("\n".join(words))

    def _say_issues(self) -> None:
        for line in self.issues.toolTip().splitlines():
            self.window_.say(Notice("warning", line))

    # the document

    def _changed(self, changes: ChangeSet) -> None:
        drawing = self.drawing
        if drawing is None:
            return
        if not drawing.is_there:  # its making was undone
            self._end_drawing()
            self.show_gallery()
            return
        drawing.document_changed()
        if self.desk is not None:
            self.desk.document_changed(changes)
        self._show_undo()

    def _show_undo(self) -> None:
        history = self.session.history
        for button, text, nothing in ((self.undo, history.undo_text, "Nothing to undo"), (self.redo, history.redo_text, "Nothing to redo")):
            button.setEnabled(text is not None)
            button.say(text or tr(nothing))

    # keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._action(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._action(event)
        if action is not None:
            action()
        event.accept()

    def _action(self, event: QKeyEvent):
        """What a key does here; None for one that means nothing."""
        drawing = self.drawing
        if self.gallery is not None or drawing is None:
            gallery = self.gallery
            return gallery.closed.emit if gallery is not None and event.key() == Qt.Key.Key_Escape else None
        key, held = Qt.Key(event.key()), event.modifiers()
        has_ctrl, has_shift = bool(held & Qt.KeyboardModifier.ControlModifier), bool(held & Qt.KeyboardModifier.ShiftModifier)
        if key in _ARROWS and not has_ctrl:
            (dx, dy), far = _ARROWS[key], FAR_MM if has_shift else STEP_MM
            return lambda: drawing.nudge(dx * far, dy * far)
        if has_ctrl:
            plain = {
                Qt.Key.Key_C: drawing.copy, Qt.Key.Key_X: drawing.cut, Qt.Key.Key_V: drawing.paste, Qt.Key.Key_D: drawing.duplicate,
                Qt.Key.Key_A: drawing.select_all, Qt.Key.Key_L: drawing.lock, Qt.Key.Key_0: self.canvas.fit,
                Qt.Key.Key_G: drawing.ungroup if has_shift else drawing.group, Qt.Key.Key_P: lambda: keeping.print_pages(self),
                Qt.Key.Key_Plus: lambda: self.canvas.zoom_by(1.25), Qt.Key.Key_Equal: lambda: self.canvas.zoom_by(1.25),
                Qt.Key.Key_Minus: lambda: self.canvas.zoom_by(0.8),
                Qt.Key.Key_BracketRight: lambda: drawing.order("front" if has_shift else "forward"), Qt.Key.Key_BraceRight: lambda: drawing.order("front"),
                Qt.Key.Key_BracketLeft: lambda: drawing.order("back" if has_shift else "backward"), Qt.Key.Key_BraceLeft: lambda: drawing.order("back"),
            }  # fmt: skip
            return plain.get(key)
        plain = {
            Qt.Key.Key_Delete: drawing.remove, Qt.Key.Key_Backspace: drawing.remove, Qt.Key.Key_Escape: self._escape,
            Qt.Key.Key_PageUp: lambda: drawing.turn_to(drawing.page - 1), Qt.Key.Key_PageDown: lambda: drawing.turn_to(drawing.page + 1),
            Qt.Key.Key_F2: self._write_selected,
        }  # fmt: skip
        return plain.get(key)

    def _escape(self) -> None:
        assert self.drawing is not None
        if not self.canvas.give_up():
            if self.canvas.hasFocus():
                self.drawing.select(())
            self.canvas.setFocus()

    def _write_selected(self) -> None:
        if self.drawing is not None and self.drawing.selected:
            self.form.write_in(self.drawing.selected[-1])

    # coming and going

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        body = self.window_._body
        self.setGeometry(0, 0, body.width(), body.height() - self.window_.status.height())

    def _end_drawing(self) -> None:
        if self.drawing is None or self.desk is None:
            return
        self.desk.end()
        self.page.hide()
        self._stack.removeWidget(self.page)
        self.page.deleteLater()
        if self.foot is not None:
            self.foot.hide()
            self.foot.setParent(None)
            self.foot.deleteLater()
        self.drawing, self.desk, self.foot = None, None, None

    def retranslate(self) -> None:
        """Every text again: all is built anew."""
        layout = self.drawing.layout_id if self.drawing is not None else ""
        is_gallery = self.gallery is not None
        self._end_gallery()
        self._end_drawing()
        self.show_layout(layout)
        if is_gallery and layout:
            self.show_gallery()

    def close_view(self) -> None:
        """Back to the map."""
        self._end_gallery()
        self._end_drawing()
        window = self.window_
        self.session.changed.disconnect(self._changed)
        window._body.removeEventFilter(self)
        for widget, was in zip(self._hidden, self._were_shown, strict=True):
            widget.setVisible(was)
        self.hide()
        self.setParent(None)
        self.deleteLater()
        window.designer = None
        window.cards.document_changed()
        window.canvas.setFocus()
