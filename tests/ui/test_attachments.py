"""Photos on the card: shown small, taken by drag and drop, removed; pictures that would fill the memory are not decoded."""

from __future__ import annotations

import shutil
import struct
import zlib

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication

from lydigital import paths
from lydigital.errors import RefusedError
from lydigital.model.layerdef import Catalogue, read_layer
from lydigital.session import open_session
from lydigital.ui.panels import attachments


@pytest.fixture
def small_session(small_city, small_catalogue, tmp_path):
    known = Catalogue((*small_catalogue.layers, read_layer(paths.layers_dir() / "attachment.toml")), small_catalogue.groups)
    session = open_session(str(shutil.copy(small_city, tmp_path / "city.gpkg")), catalogue=known, author="tester", autosave=True)
    yield session
    session.close()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    image = QImage(640, 480, QImage.Format.Format_RGB32)
    image.fill(0x3366AA)
    assert image.save(str(path))
    return path


@pytest.fixture
def card(window):
    table = window.session.table("spot")
    window.show_feature("spot", int(table.rows_of(np.array([1]))[0]))
    return window.cards.inspector


def drop(page, *files):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(f)) for f in files])
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, enter)
    event = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, event)
    return enter.isAccepted()


def test_a_photo_dropped_on_the_card_is_attached_and_undone(window, card, photo):
    shown = card.form.attachments
    assert shown.items == []
    assert drop(card, photo)
    assert [a.name for a in shown.items] == ["photo.jpg"]
    window.run("edit.undo")
    assert card.form.attachments.items == []
    window.run("edit.redo")
    shown = card.form.attachments
    shown._remove(shown.items[0])
    assert shown.items == []


def test_what_cannot_be_attached_becomes_a_message(window, card, tmp_path):
    empty = tmp_path / "empty.jpg"
    empty.touch()
    drop(card, empty)
    assert "empty.jpg is empty" in window.notices.notices[0].text
    assert window.session.is_saved


def test_text_dragged_over_the_card_is_not_taken(card):
    data = QMimeData()
    data.setText("words")
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    assert attachments.dropped(enter) == []


def test_a_program_is_not_opened(window, card, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(attachments.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    for name in ("run.exe", "notes.txt"):
        (tmp_path / name).write_bytes(name.encode())
        drop(card, tmp_path / name)
    shown = card.form.attachments
    with pytest.raises(RefusedError):
        shown.open(shown.items[0])
    path = shown.open(shown.items[1])
    assert (opened, path.read_bytes()) == ([str(path)], b"notes.txt")


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_thumbnails_are_small_and_bombs_are_left_alone(application, photo, monkeypatch):
    small = attachments.thumbnail(photo.read_bytes())
    assert min(small.width(), small.height()) == 2 * attachments.SIDE_PX
    read = []
    monkeypatch.setattr(attachments.QImageReader, "read", lambda self: read.append(self) or QImage())
    assert attachments.thumbnail(png(50_000, 50_000)) is None
    assert attachments.thumbnail(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>") is None
    assert attachments.thumbnail(b"no picture") is None
    assert read == []


@pytest.mark.qt_log_ignore("libpng|Rejecting image|Read Error|Corrupt")
def test_a_broken_picture_is_none(application):
    assert attachments.thumbnail(png(60, 40)[:60]) is None


def test_sizes_read_well():
    assert [attachments.size_text(n) for n in (7, 1500, 12_340_000)] == ["7 B", "1.5 kB", "12.3 MB"]
