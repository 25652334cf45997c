"""Photos and files of one feature on its card: thumbnails, open, save, remove; files are dropped onto the card."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QObject, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QDragMoveEvent, QDropEvent, QImageReader, QPixmap
from PySide6.QtWidgets import QFileDialog, QFrame, QLabel, QWidget

from lydigital import paths
from lydigital.commands import attachment, registry
from lydigital.errors import LydError, RefusedError, StoreUnavailableError
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.widgets import Elided, IconButton, clear, column, label, link, row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.commands.attachment import Attachment
    from lydigital.session import Session

SIDE_PX = 48
MOST_PIXELS = 120_000_000  # of a picture that is shown; a larger one can still be saved
KEPT = 200
SHOWN = 30
_FORMATS = (b"jpeg", b"png", b"gif", b"webp", b"bmp", b"tiff")
_OPENED = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".pdf", ".txt", ".csv", ".doc", ".docx", ".xls", ".xlsx",
           ".ppt", ".pptx", ".odt", ".ods", ".wps", ".et", ".mp4", ".mp3", ".wav", ".dwg", ".dxf"}  # fmt: skip
_thumbnails: OrderedDict[str, QPixmap | None] = OrderedDict()


def thumbnail(data: bytes, side: int = 2 * SIDE_PX) -> QPixmap | None:
    """A small picture of an image file, decoded at its small size where the format can; None for what is none or too large."""
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    size = reader.size()
    if bytes(reader.format().data()) not in _FORMATS or not size.isValid() or size.width() * size.height() > MOST_PIXELS:
        return None
    reader.setAutoTransform(True)
    reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding).expandedTo(QSize(1, 1))
                         if max(size.width(), size.height()) <= 20 * min(size.width(), size.height())
                         else size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))  # fmt: skip
    image = reader.read()  # Qt refuses what takes more than 256 MB
    return None if image.isNull() else QPixmap.fromImage(image)


class Attachments(QWidget):
    """Of feature ``fid`` of ``layer``; asks nothing of a store that has no attachments."""

    resized = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, layer: str, fid: int, *, may_add: bool = True) -> None:
        super().__init__()
        self._session, self._layer, self._fid = session, layer, fid
        self._reason = attachment.why_not(session, layer)
        self._may_add = may_add and self._reason is None
        self.items: list[Attachment] = []
        self._box = column(self, spacing=4)
        self._shown: tuple[object, ...] | None = None
        self.refresh()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see and nothing can be added."""
        return not self.items and not self._may_add

    def refresh(self) -> None:
        """Show what is attached now."""
        try:
            self.items = attachment.of_feature(self._session, self._layer, self._fid)
        except LydError as error:
            self.items = []
            self.failed.emit(error)
        if self._shown == tuple(self.items):
            return
        is_first = self._shown is None
        self._shown = tuple(self.items)
        clear(self._box)
        if self.items:
            self._box.addWidget(label(tr("Attachments: {count}", count=len(self.items)), "section"))
        for each in self.items[:SHOWN]:
            self._box.addWidget(self._line(each))
        if len(self.items) > SHOWN:
            self._box.addWidget(label(tr("… and {count} more", count=len(self.items) - SHOWN), "faint"))
        if self._may_add:
            line = row(spacing=2)
            line.addWidget(link(tr("Attach photos or files…"), self._choose))
            line.addStretch(1)
            self._box.addLayout(line)
        if self.is_empty:
            self.hide()
        elif self.parent() is not None:  # or it would flash as a window of its own
            self.show()
        if not is_first:
            self.resized.emit()

    def accept_drops(self, page: QWidget) -> None:
        """Take files that are dropped onto ``page``."""
        if self._may_add:
            page.setAcceptDrops(True)
            page.installEventFilter(self)

    # one line

    def _line(self, item: Attachment) -> QWidget:
        frame = QFrame()
        frame.setObjectName("notice")
        box = row(frame, margin=6, spacing=8)
        picture = QLabel()
        picture.setFixedSize(SIDE_PX, SIDE_PX)
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._paint(picture, item)
        box.addWidget(picture)
        words = column(spacing=1)
        name = Elided(item.name, mode=Qt.TextElideMode.ElideMiddle)
        words.addWidget(name)
        when = item.time[:10]
        words.addWidget(Elided(" · ".join(part for part in (size_text(item.size), when, item.operator) if part), "faint"))
        if item.note:
            words.addWidget(Elided(item.note, "soft"))
        box.addLayout(words, 1)
        for icon, text, run in (("open-in-new", "Open", self.open), ("download-outline", "Save as…", self._save),
                                ("close", "Remove", self._remove)):  # fmt: skip
            if run == self._remove and not self._may_add:
                continue
            button = IconButton(icon, text, size=16)
            button.setFixedSize(24, 24)
            button.clicked.connect(partial(self._guarded, run, item))
            box.addWidget(button)
        return frame

    def _paint(self, picture: QLabel, item: Attachment) -> None:
        small = self._thumbnail(item) if item.is_image else None
        ratio = self.devicePixelRatioF()
        if small is None:
            icon = "image-broken-variant" if item.is_image else "file-pdf-box" if item.media_type == "application/pdf" else "file-outline"
            picture.setPixmap(icons.icon(icon, "ink_faint").pixmap(QSize(28, 28), ratio))
            return
        side = round(SIDE_PX * ratio)
        fitting = small.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation)
        left, top = (fitting.width() - side) // 2, (fitting.height() - side) // 2
        fitting = fitting.copy(left, top, side, side)
        fitting.setDevicePixelRatio(ratio)
        picture.setPixmap(fitting)

    def _thumbnail(self, item: Attachment) -> QPixmap | None:
        if item.sha256 not in _thumbnails:
            try:
                _thumbnails[item.sha256] = thumbnail(attachment.content(self._session, item))
            except LydError:
                return None
            while len(_thumbnails) > KEPT:
                _thumbnails.popitem(last=False)
        _thumbnails.move_to_end(item.sha256)
        return _thumbnails[item.sha256]

    # doing

    def _guarded(self, run: object, item: Attachment, _checked: bool = False) -> None:
        try:
            run(item)  # type: ignore[operator]
        except LydError as error:
            self.failed.emit(error)

    def open(self, item: Attachment) -> Path:
        """Show a copy in the program that the system has for such files; returns where it lies.

        Raises
        ------
        LydError
            When it is of a kind that could do something when opened, or cannot be written.
        """
        suffix = Path(item.name).suffix.casefold()
        if suffix not in _OPENED:
            raise RefusedError("Files like {name} are not opened from here", name=item.name, hint="Save it, and open it yourself if you trust it.")
        folder = paths.cache_dir() / "attachments" / item.sha256[:16]
        path = folder / Path(item.name).name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            paths.write_atomically(path, attachment.content(self._session, item))
        except OSError as error:
            raise StoreUnavailableError(
                "{path} cannot be written: {reason}", hint="Save it in a folder you may write to.", path=str(path),
                reason=os.strerror(error.errno or 0),
            ) from error  # fmt: skip
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
        return path

    def _save(self, item: Attachment) -> None:
        dialog = QFileDialog(self, tr("Save an attachment"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(Path(item.name).name)
        dialog.fileSelected.connect(lambda path: self._do("attachment.save", id=item.id, path=path, overwrite=True))
        dialog.open()

    def _remove(self, item: Attachment) -> None:
        self._do("attachment.remove", id=item.id)

    def _choose(self) -> None:
        dialog = QFileDialog(self, tr("Attach photos or files…"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([f"{tr('All files')} (*)", f"{tr('Picture')} (*.jpg *.jpeg *.png *.webp *.tif *.tiff)"])
        dialog.filesSelected.connect(self.attach)
        dialog.open()

    def attach(self, files: Iterable[str]) -> None:
        """Attach files one by one; each is a step to undo."""
        for path in files:
            self._do("attachment.add", layer=self._layer, fid=self._fid, path=path)

    def _do(self, command: str, **parameters: object) -> None:
        try:
            registry.execute(self._session, command, **parameters)
        except LydError as error:
            self.failed.emit(error)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragMoveEvent) or (isinstance(event, QDropEvent) and event.type() == QEvent.Type.DragEnter):
            if dropped(event):
                event.setDropAction(Qt.DropAction.CopyAction)
                event.accept()
                return True
        elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            files = dropped(event)
            if files:
                event.setDropAction(Qt.DropAction.CopyAction)
                event.accept()
                self.attach(files)
                return True
        return super().eventFilter(watched, event)


def dropped(event: QDropEvent) -> list[str]:
    """Files of this machine that a gesture carries."""
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]


def size_text(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.1f} kB" if count >= 1e3 else f"{count} B"
