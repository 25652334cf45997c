"""The map with what lies on it: canvas, zoom buttons, the card at the right, progress of the first start."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QElapsedTimer, QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QStackedWidget, QWidget

from lydigital.texts import tr
from lydigital.ui.board import Shadow
from lydigital.ui.widgets import Badge, IconButton, Page, column, label, rule

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from lydigital.ui.board import Board
    from lydigital.ui.canvas import MapCanvas

CARD_WIDTH = 316
MARGIN = 12


class SideCard(QFrame):
    """Lies over the right of the map, as high as its content needs; the map does not move when it opens."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.pages = QStackedWidget()
        box = column(self, margin=1)
        box.addWidget(self.pages)

    def page(self) -> Page | None:
        return cast("Page | None", self.pages.currentWidget())

    def show_page(self, page: Page) -> None:
        if self.pages.indexOf(page) < 0:
            self.pages.addWidget(page)
        self.pages.setCurrentWidget(page)
        self.show()

    def wheelEvent(self, event) -> None:
        event.accept()  # the map below must not zoom

    def mousePressEvent(self, event) -> None:
        event.accept()


class MapView(QWidget):
    """Holds the canvas and keeps everything on it in place."""

    zoom_in = Signal()
    zoom_out = Signal()
    home = Signal()
    unfolded = Signal()

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__()
        self.setObjectName("map-holder")
        self.canvas = canvas
        canvas.setParent(self)
        self.controls = QFrame(self)
        self.controls.setObjectName("map-control")
        box = column(self.controls, margin=2)
        self._buttons = (
            IconButton("plus", "Zoom in", "+"), IconButton("minus", "Zoom out", "-"),
            IconButton("arrow-expand-all", "Whole map", "Home"),
        )  # fmt: skip
        for button, signal in zip(self._buttons, (self.zoom_in, self.zoom_out, self.home), strict=True):
            button.clicked.connect(signal)
            button.setFixedSize(30, 30)
        box.addWidget(self._buttons[0])
        box.addWidget(rule())
        box.addWidget(self._buttons[1])
        box.addWidget(rule())
        box.addWidget(self._buttons[2])
        self.unfold = QFrame(self)
        self.unfold.setObjectName("map-control")
        self._unfold_button = IconButton("chevron-double-right", "Show the panel", "F9", size=16)
        self._unfold_button.clicked.connect(self.unfolded)
        column(self.unfold, margin=2).addWidget(self._unfold_button)
        self.unfold.hide()
        self._shadow = Shadow(self)
        self.card = SideCard(self)
        self.card.hide()
        self.board: Board | None = None
        self._board_shadow = Shadow(self)
        self._board_shadow.hide()
        self._starting: _Starting | None = None
        self.card.installEventFilter(self)

    def retranslate(self) -> None:
        for button in (*self._buttons, self._unfold_button):
            button.retranslate()
        if self._starting is not None:
            self._starting.retranslate()

    def show_board(self, board: Board) -> None:
        """Lay a board over the map, beside the card."""
        if self.board is not board:
            self.close_board()
            self.board = board
            board.setParent(self)
            board.stackUnder(self.card)
        board.show()
        self.place()
        board.search.setFocus()

    def close_board(self) -> bool:
        """Show the map again; False when no board lay on it."""
        board = self.board
        if board is None:
            return False
        self.board = None
        self._board_shadow.hide()
        self.canvas.setFocus()
        board.hide()
        return True

    def show_start(self, done: int, total: int) -> None:
        """Say how far the kernels of the first start are."""
        if self._starting is None:
            self._starting = _Starting(self)
            self._starting.show()
        self._starting.progress(done, total)
        self.place()

    def end_start(self) -> None:
        if self._starting is not None:
            self._starting.deleteLater()
            self._starting = None

    def eventFilter(self, watched, event: QEvent) -> bool:
        if watched is self.card and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self.place()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.canvas.setGeometry(self.rect())
        self.place()

    def place(self) -> None:
        """Put controls and card where they belong."""
        width, height = self.width(), self.height()
        size = self.controls.sizeHint()
        self.controls.setGeometry(
            width - size.width() - MARGIN, height - size.height() - MARGIN, size.width(), size.height()
        )
        self.unfold.move(MARGIN, MARGIN)
        page = self.card.page()
        wide = min(CARD_WIDTH + (page.extra_px if page is not None else 0), width - 2 * MARGIN)
        if page is not None:
            most = height - 3 * MARGIN - size.height()
            ideal = page.ideal_height(wide - 4) + 4
            high = max(80, min(ideal, most))
            page.set_scrolling(ideal > most)
            self.card.setGeometry(width - wide - MARGIN, MARGIN, wide, high)
        self._shadow.below(self.card)
        if self.board is not None:
            beside = 0 if self.card.isHidden() else self.card.width() + MARGIN
            self.board.setGeometry(MARGIN, MARGIN, width - beside - 2 * MARGIN, height - 2 * MARGIN)
            self._board_shadow.below(self.board)
        if self._starting is not None:
            high = self._starting.heightForWidth(380)
            self._starting.setGeometry((width - 380) // 2, (height - high) // 2, 380, high)


class _Starting(QFrame):
    """Progress of the very first start."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        box = column(self, margin=20, spacing=8)
        box.addWidget(Badge("map-clock-outline", 38), 0, Qt.AlignmentFlag.AlignHCenter)
        self._title = label(role="title")
        self._text = label(role="soft", wrap=True)
        for words in (self._title, self._text):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            box.addWidget(words)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        box.addSpacing(4)
        box.addWidget(self._bar)
        self._time = QElapsedTimer()
        self.retranslate()

    def retranslate(self) -> None:
        self._title.setText(tr("Getting ready for the first time"))
        self._text.setText(
            tr("The drawing code is compiled for this machine. This happens once and takes a minute or two.")
        )

    def progress(self, done: int, total: int) -> None:
        if done == 0:
            self._time.start()
        elif done < total:
            left = self._time.elapsed() / done * (total - done) / 1000
            text = tr(
                "The drawing code is compiled for this machine, once. {done} of {total} parts are done; at this pace {seconds} s are left.",
                done=done, total=total, seconds=max(1, round(left)),
            )  # fmt: skip
            self._text.setText(text)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
