"""The window: puts the pieces together and keeps them in step with the session."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QSplitter, QWidget

from lydigital import paths, settings, texts
from lydigital.commands import registry
from lydigital.errors import LydError
from lydigital.model.crs import Crs
from lydigital.texts import tr
from lydigital.ui import asking, icons, keeping, keys, menus, theme
from lydigital.ui.canvas import MapCanvas
from lydigital.ui.cards import Cards
from lydigital.ui.editing import Editing
from lydigital.ui.finder import Finder
from lydigital.ui.frames import FrameImage, FrameWorker
from lydigital.ui.holding import Holding
from lydigital.ui.jobs import Jobs
from lydigital.ui.mapview import CARD_WIDTH, MapView
from lydigital.ui.notices import Notice, NoticeList
from lydigital.ui.past import Past
from lydigital.ui.picture import Picture
from lydigital.ui.reading import Reader, counts
from lydigital.ui.side import Side
from lydigital.ui.statusbar import StatusBar
from lydigital.ui.topbar import TopBar
from lydigital.ui.widgets import column

if TYPE_CHECKING:

    from PySide6.QtGui import QCloseEvent, QResizeEvent

    from lydigital.model.changeset import ChangeSet
    from lydigital.model.selection import Selection
    from lydigital.model.viewport import Viewport
    from lydigital.session import Session
    from lydigital.settings import Settings
    from lydigital.ui.designer.view import DesignerView
    from lydigital.ui.palette import Palette
    from lydigital.ui.search import Entry

SIDE_PX = 252
SLOW_MS = 500  # a frame that takes longer is announced
SETTLED_MS = 350  # after the last move of the map


class Window(QMainWindow):
    """One window shows one session.

    ``framed`` tells of every true frame shown. ``transient`` windows (screenshots, tests) leave no state behind.
    """

    framed = Signal(object)
    _progressed = Signal(str, float)
    _compiled = Signal(int, int)
    _came = Signal()  # something was read, or labels were placed
    _reading_failed = Signal(object)

    def __init__(
        self, session: Session, preferences: Settings, *, transient: bool = False, smooth: bool = True,
        reader: Reader | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.session = session
        self.preferences = preferences
        self.transient = transient
        self.workspace = "browse"
        self._first_frame_seen = False
        self._told: tuple[object, ...] = ()
        self._palette: Palette | None = None
        self.designer: DesignerView | None = None  # lies over the window while it is open
        self.jobs = Jobs()
        self.finder = Finder(self)
        self.canvas = MapCanvas(Crs(session.document.crs), self._first_view, smooth=smooth)
        self.map = MapView(self.canvas)
        self.cards = Cards(self)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(lambda: menus.fill(self.menu, self))
        self.topbar = TopBar(self.menu)
        self.side = Side(session, self.do)
        self.layers = self.side.layers
        self.status = StatusBar()
        self._build()
        self.notices = NoticeList(self._body)
        self._connect()
        self.editing = Editing(self)
        self.past = Past(self)
        self.layers.history_asked.connect(self.past.show_list)
        self.holding = Holding(self)
        self._connect_session()
        keys.listen(self)
        self.reader = reader or Reader(session)
        self._came.connect(self._part_came)
        self._reading_failed.connect(self.failed)
        self.reader.tell(self._came.emit, self._reading_failed.emit)
        self.status.cancelled.connect(self.reader.cancel)
        self.picture = Picture(session, self.reader, self._compiled.emit, self._came.emit, self.past.dress)
        self.worker = FrameWorker(self.picture)
        self.worker.framed.connect(self._frame_came)
        self.worker.failed.connect(self._frame_failed)
        self.worker.busy.connect(self._worker_busy)
        if transient:
            self.resize(1440, 900)
        else:
            keeping.restore(self)
        self.setWindowIcon(icons.mark(32))
        self.topbar.show_operator(preferences.operator)
        self._show_session()
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    # building

    def _build(self) -> None:
        self._body = QWidget()
        self._body.setObjectName("body")
        box = column(self._body)
        box.addWidget(self.topbar)
        self.bars = column()
        box.addLayout(self.bars)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(4)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.side)
        self.splitter.addWidget(self.map)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([SIDE_PX, 1188])
        box.addWidget(self.splitter, 1)
        box.addWidget(self.status)
        self.setCentralWidget(self._body)
        self.setMinimumSize(900, 560)

    def _connect(self) -> None:
        self.canvas.moved.connect(self._canvas_moved)
        self.canvas.hovered.connect(self._hovered)
        self.canvas.clicked.connect(self._clicked)
        self.canvas.escaped.connect(self._escaped)
        self.canvas.home_asked.connect(self.home)
        self.map.zoom_in.connect(lambda: self.canvas.zoom_by(2.0))
        self.map.zoom_out.connect(lambda: self.canvas.zoom_by(0.5))
        self.map.home.connect(self.home)
        self.side.folded.connect(self.toggle_side)
        self.layers.style_asked.connect(self.cards.show_style)
        self.layers.calculate_asked.connect(lambda layer, command: asking.show_calculate(self, command, layer))
        self.map.unfolded.connect(self.toggle_side)
        self.topbar.workspace_chosen.connect(self.set_workspace)
        self.topbar.search_opened.connect(self.open_palette)
        self.topbar.command.connect(self.run)
        self.topbar.operator_named.connect(self.set_operator)
        self.status.scale_chosen.connect(self._scale_chosen)
        self.status.notation_chosen.connect(lambda _id: self.cards.notation_changed())
        self.status.copied.connect(self.copied)
        self.status.cancelled.connect(self.jobs.cancel)
        self.status.message.clicked.connect(self._toggle_notices)
        self.notices.emptied.connect(lambda: self.status.message.set_count(0))
        self.notices.reload_asked.connect(lambda layer: self.do("layer.reload", layer=layer))
        self.jobs.progressed.connect(lambda share, words: self.status.show_progress(words, share, can_cancel=True))
        self.jobs.finished.connect(lambda _job, _result: self.status.end_progress())
        self.jobs.failed.connect(lambda _job, error: self.failed(error))
        self._progressed.connect(
            lambda text, share: self.status.show_progress(text, share, can_cancel=self.reader.is_reading or self.jobs.running is not None)
        )
        self._compiled.connect(self._show_compiling)
        self._slow = QTimer(self, interval=SLOW_MS, singleShot=True)
        self._slow.timeout.connect(lambda: self.status.show_progress(tr("Drawing"), None))
        self._settled = QTimer(self, interval=SETTLED_MS, singleShot=True)
        self._settled.timeout.connect(self._map_settled)

    def _connect_session(self) -> None:
        session = self.session
        self._links = (
            (session.changed, self._document_changed),
            (session.selected, self._selection_changed),
            (session.moved, self._session_moved),
            (session.progressed, self._progressed.emit),
            (session.changed, self.past.document_changed),
            *self.editing.links(),
        )
        for signal, slot in self._links:
            signal.connect(slot)

    # commands

    def do(self, command_id: str, **parameters: object) -> Any:
        """Execute a command; what goes wrong becomes a message."""
        try:
            result = registry.execute(self.session, command_id, **parameters)
        except LydError as error:
            self.failed(error)
            self.layers.document_changed(structure=False)  # a check box may have run ahead
            return None
        if isinstance(result, str):
            self.say(Notice("note", result))
        self._show_session()
        return result

    def run(self, command_id: str) -> None:
        """Execute a command as from a menu: asks for what it needs."""
        if not asking.ask(self, command_id):
            self.do(command_id)

    def ask(self, command_id: str) -> bool:
        return asking.ask(self, command_id)

    def can_ask(self, command_id: str) -> bool:
        return asking.can_ask(command_id)

    def own_entries(self) -> list[Entry]:
        return menus.own_entries(self)

    def open_map(self, project: str, *, discard: bool = False) -> None:
        """Show another map in this window."""
        before = self.session.document
        self.do("file.open", project=project, discard=discard)
        if self.session.document is not before:
            self.cards.document_replaced()
            self.cards.close()
            self.finder.forget()
            self._after_first_frame()
            self._keep_preferences(recent=self.preferences.remembering(project).recent)

    def say(self, notice: Notice) -> None:
        """Show a message at the foot of the window."""
        self.status.message.show_notice(self.notices.add(notice), len(self.notices.notices))

    def copied(self, words: str) -> None:
        first = words.splitlines()[0] if words else ""
        self.say(Notice("note", tr("Copied: {what}", what=first.replace("\t", " "))))

    def failed(self, error: BaseException) -> None:
        self.status.end_progress()
        self.past.explains(error)
        if not self.holding.explains(error):
            self.say(Notice.of_error(error))

    # session and window in step

    def _show_session(self) -> None:
        self.topbar.show_session(self.session, self.holding.other)
        title = self.session.document.title
        self.setWindowTitle(f"{title} — {tr('Digital Luoyang')}" if title else tr("Digital Luoyang"))

    def _document_changed(self, changes: ChangeSet) -> None:
        targets = [d.target for d in changes.deltas]
        if self.designer is not None and targets and all(t.startswith("layout/") for t in targets):
            self._show_session()  # the map below is the same; what else there is follows when the designer is closed
            return
        whole = not targets or any(
            t in ("document/order", "document/group_order") or (t.count("/") == 1 and not t.startswith("layout/")) or t.endswith("/style")
            for t in targets
        )
        self.side.document_changed(structure=whole, bookmarks=whole or "document/bookmarks" in targets)
        self.cards.document_changed()
        self._show_session()
        if not targets or not all(t.startswith("layout/") for t in targets):  # pages are not on the map
            self.redraw()

    def _selection_changed(self, _selection: Selection) -> None:
        self.redraw()

    def _session_moved(self, viewport: Viewport) -> None:
        if viewport != self.canvas.viewport:
            self.canvas.set_viewport(viewport)

    def _canvas_moved(self, viewport: Viewport) -> None:
        self.session.move(viewport)
        self.worker.request(viewport)
        self.status.show_view(viewport)
        self._settled.start()

    def redraw(self) -> None:
        """Ask for the present view again: its content changed."""
        self.worker.request(self.canvas.viewport, drop_current=True)

    def _first_view(self, width: int, height: int, dpi: float) -> Viewport:
        view = self.session.home(width, height, dpi)
        return view if self.session.document.centre is not None else view.panned(-self._covered_px() / 2, 0)

    def home(self) -> None:
        """The whole map, in the middle of what the card leaves free."""
        self.do("view.full")
        self.canvas.pan_by(-self._covered_px() / 2 / self.devicePixelRatioF(), 0)

    def _covered_px(self) -> float:
        """Width of the card in pixels of the picture, while the map is wide enough to make room for it."""
        if self.map.card.isHidden() or self.map.width() < 3 * CARD_WIDTH:
            return 0.0
        return CARD_WIDTH * self.devicePixelRatioF()

    def is_current(self) -> bool:
        """Whether the picture on the screen is the frame of the present view."""
        frame = self.canvas.frame
        return frame is not None and frame.number == self.worker.latest and frame.is_whole

    def _map_settled(self) -> None:
        view = self.canvas.viewport
        self.layers.model.set_scale(view.scale)
        if self._first_frame_seen and not self.canvas.underMouse():  # PROJ wakes after the first picture is up
            self.status.show_point(*view.centre, view.crs)

    def _frame_came(self, frame: FrameImage) -> None:
        self.canvas.show_frame(frame)
        if not self._first_frame_seen:
            self._first_frame_seen = True
            self.map.end_start()
            QTimer.singleShot(0, self, self._after_first_frame)
        if frame.is_whole:
            found, told = self.session.issues, self._told
            self._told = found
            for issue in (i for i in found if i not in told):
                self.say(Notice.of_issue(issue))
        self.framed.emit(frame)

    def _part_came(self) -> None:
        self.worker.request(self.canvas.viewport)  # a frame on its way is shown before

    def _after_first_frame(self) -> None:
        self._map_settled()
        self.layers.model.set_counts(counts(self.session))
        if not self.transient:
            asking.offer_recovery(self)

    def _frame_failed(self, error: BaseException) -> None:
        self.map.end_start()
        self.failed(error)

    def _worker_busy(self, busy: bool) -> None:
        if busy:
            self._slow.start()
            return
        self._slow.stop()
        if self.jobs.running is None and not self.reader.is_reading:
            self.status.end_progress()

    def _show_compiling(self, done: int, total: int) -> None:
        if not self._first_frame_seen:
            self.map.show_start(done, total)

    # gestures on the map

    def _hovered(self, x: float, y: float) -> None:
        self.status.show_point(x, y, self.canvas.viewport.crs)

    def _clicked(self, x: float, y: float, _modifiers: object) -> None:
        self.canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        self._hovered(x, y)
        self.cards.click(x, y)

    def _escaped(self) -> None:
        if self.notices.isVisible():
            self._toggle_notices()
        elif not self.map.close_board() and self.map.card.isVisible():
            self.cards.close()

    def show_feature(self, layer_id: str, row: int) -> None:
        self.cards.show_feature(layer_id, row)

    def show_place(self, x: float, y: float) -> None:
        self.cards.show_place(x, y)

    def show_layer(self, layer_id: str) -> None:
        """Switch a layer on and bring its row into view."""
        ref = self.session.document.layer(layer_id)
        if ref is not None and not self.session.document.is_visible(ref):
            self.do("layer.show", layer=layer_id)
        self.side.choose("layers")
        self.layers.choose(layer_id)

    def _scale_chosen(self, value: float) -> None:
        if math.isnan(value):
            self.say(
                Notice("warning", tr("That is no scale"), tr("Type for example 1:25000, 25000 or 2.5万."))
            )
            self.status.show_view(self.canvas.viewport)
        else:
            self.do("view.to_scale", scale=value)
        self.canvas.setFocus()

    # workspaces, panels, palette

    def set_workspace(self, name: str) -> None:
        """Change to a workspace."""
        if self.designer is not None:
            self.designer.close_view()
        self.workspace = name
        self.topbar.workspaces.choose(name)
        self.cards.show_workspace()

    def toggle_side(self) -> None:
        self.side.setVisible(self.side.isHidden())
        self.map.unfold.setVisible(self.side.isHidden())

    def open_palette(self, words: str = "") -> None:
        """Open the search; the names on the map are gathered meanwhile."""
        if self._palette is None:
            from lydigital.ui.palette import Palette

            self._palette = Palette(self._body, self.finder)
            self._palette.closed.connect(self.canvas.setFocus)
        half = min(600, self._body.width() - 32) // 2
        middle = min(
            max(self.topbar.search.geometry().center().x(), half + 16), self._body.width() - half - 16
        )
        self._palette.open_at(QPoint(middle, 6), words)
        self.finder.gather(self.session, self.jobs, self._palette)

    @property
    def palette_box(self) -> Palette | None:
        """The palette, once it was opened."""
        return self._palette

    def _toggle_notices(self) -> None:
        if self.notices.isVisible():
            self.notices.hide()
        else:
            self.notices.open_above(self.status.y() - 8, self._body.width() - 12)
        self.status.message.setChecked(self.notices.isVisible())

    # preferences

    def set_language(self, language: str) -> None:
        """Every text again in ``language``."""
        texts.use(language, paths.translations_dir())
        self._keep_preferences(language=language)
        self.retranslate()

    def set_theme(self, name: str) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, name)
        self._keep_preferences(theme=name)
        self.setWindowIcon(icons.mark(32))
        self.retranslate()

    def set_operator(self, name: str) -> None:
        self._keep_preferences(operator=name)
        self.session.history.author = name
        self.topbar.show_operator(name)
        self.cards.operator_changed()

    def _keep_preferences(self, **changes: Any) -> None:
        keeping.keep_preferences(self, **changes)

    def retranslate(self) -> None:
        for part in (self.topbar, self.status, self.map, self.notices, self.side, self.cards, self.editing,
                     self.past, self.holding):  # fmt: skip
            part.retranslate()
        if self._palette is not None:
            self._palette.retranslate()
        if self.designer is not None:
            self.designer.retranslate()
        self.canvas.setAccessibleName(tr("Map"))
        self._show_session()
        self.map.place()
        self.canvas.update()

    # coming and going

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.notices.hide()
        if self._palette is not None:
            self._palette.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Unsaved changes stay in the journal and are offered at the next start; edits of features are asked about."""
        if not asking.ask_before_close(self):
            event.ignore()
            return
        self._settled.stop()
        self._slow.stop()
        self.reader.close()
        self.worker.close()
        self.picture.close()
        self.jobs.close()
        for signal, slot in self._links:
            signal.disconnect(slot, missing_ok=True)
        if not self.transient:
            keeping.keep(self)
            settings.write(self.preferences)
        self.session.close(keep=not self.transient)
        event.accept()
