"""Photos and files on features: in the store, undone, saved, told by the trail, and written no more often than needed."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import struct
import zlib
from contextlib import closing

import pytest

from lydigital import paths
from lydigital.commands import attachment
from lydigital.commands.registry import execute
from lydigital.edits.versions import versions
from lydigital.errors import BadDataError, ConflictError, RefusedError, UsageError
from lydigital.model.layerdef import Catalogue, read_layer
from lydigital.session import open_session
from lydigital.stores import store as stores

LAYER = attachment.LAYER
NOISE = hashlib.shake_128(b"photo").digest


def png(width=3, height=2):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(3 * width) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))  # fmt: skip


@pytest.fixture
def catalogue(small_catalogue):
    known = read_layer(paths.layers_dir() / f"{LAYER}.toml")
    return Catalogue((*small_catalogue.layers, known), small_catalogue.groups)


@pytest.fixture
def city(small_city, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return shutil.copy(small_city, folder / "city.gpkg")


@pytest.fixture
def reopened(city, catalogue):
    """Open the city; again to see what is on disk."""
    made = []

    def start():
        for session in made:
            session.close()
        made.append(open_session(str(city), catalogue=catalogue, author="王工", autosave=True))
        return made[-1]

    yield start
    for session in made:
        session.close()


@pytest.fixture
def edit_sql():
    def run(path, statement):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(statement)

    return run


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "现场 1.png"
    path.write_bytes(png())
    return path


def names(session, fid=1):
    return [a.name for a in attachment.of_feature(session, "spot", fid)]


def attach(session, path, fid=1, **more):
    return execute(session, "attachment.add", layer="spot", fid=fid, path=str(path), **more)


def test_a_photo_is_attached_undone_saved_and_there_again(reopened, photo, tmp_path):
    session = reopened()
    attach(session, photo, note="滑坡后缘裂缝")
    found = attachment.of_feature(session, "spot", 1)
    assert [(a.name, a.media_type, a.size, a.operator, a.note) for a in found] == [
        ("现场 1.png", "image/png", len(png()), "王工", "滑坡后缘裂缝")
    ]
    assert names(session, 2) == []
    session.undo()
    assert names(session) == []
    session.redo()
    session.save_features()
    session = reopened()
    [there] = attachment.of_feature(session, "spot", 1)
    assert attachment.content(session, there) == png()
    out = tmp_path / "out"
    out.mkdir()
    told = execute(session, "attachment.save", id=there.id, path=str(out))
    assert (out / "现场 1.png").read_bytes() == png()
    with pytest.raises(ConflictError):
        execute(session, "attachment.save", id=there.id, path=str(out))
    assert told["bytes"] == len(png())
    assert [a["name"] for a in execute(session, "attachment.list", layer="spot", fid=1)["attachments"]] == ["现场 1.png"]


def test_removing_can_be_undone_after_save_and_restart_and_costs_nothing(reopened, photo, city):
    session = reopened()
    attach(session, photo)
    session.save_features()
    [there] = attachment.of_feature(session, "spot", 1)
    execute(session, "attachment.remove", id=there.id)
    assert names(session) == []
    session.save_features()
    session = reopened()
    assert names(session) == []
    with pytest.raises(UsageError):
        execute(session, "attachment.remove", id=there.id)
    session.undo()
    assert names(session) == ["现场 1.png"]
    execute(session, "attachment.remove", id=there.id)
    attach(session, photo)
    assert [a.id for a in attachment.of_feature(session, "spot", 1)] == [there.id], "the same file again is the same row"


def test_an_attachment_that_was_not_saved_comes_back_after_a_crash(reopened, photo, city, catalogue):
    session = reopened()
    attach(session, photo)
    session.close(keep=True)
    session = open_session(str(city), catalogue=catalogue, author="王工", autosave=True)
    assert names(session) == []
    [left] = session.recoverable()
    session.recover(left)
    [there] = attachment.of_feature(session, "spot", 1)
    assert attachment.content(session, there) == png()
    session.save_features()
    assert session.is_saved
    session.close()


def test_who_attached_what_is_in_the_trail(reopened, photo, city):
    session = reopened()
    attach(session, photo)
    session.save_features()
    session.close()
    store = stores.open_store(city)
    [entry] = store.history(LAYER)
    assert (entry.author, entry.annotation, entry.changes[0].kind) == ("王工", "Attach {name} to a feature of {layer}", "made")
    assert store.verify().is_sound
    store.close()


def test_a_large_photo_is_written_once_into_the_journal_and_once_into_the_store(reopened, tmp_path, city):
    data = b"\xff\xd8\xff" + NOISE(10_000_000)
    photo = tmp_path / "large.jpg"
    photo.write_bytes(data)
    session = reopened()
    before = city.stat().st_size
    attach(session, photo)
    assert city.stat().st_size - before < 100_000, "the store has the table only"
    [journal] = (paths.state_dir() / "journal").glob("*.journal")
    first = journal.stat()
    assert len(data) < first.st_size < 1.01 * len(data)
    session.save_features()
    assert len(data) < city.stat().st_size - before < 1.02 * len(data), "the trail has its digest only"
    assert journal.stat().st_ino == first.st_ino, "not written anew"
    assert journal.stat().st_size < 1.01 * len(data)
    [there] = attachment.of_feature(session, "spot", 1)
    execute(session, "attachment.remove", id=there.id)
    session.save_features()
    assert city.stat().st_size - before < 1.02 * len(data)
    assert journal.stat().st_size < 1.01 * len(data)
    assert "content" not in session.table(LAYER).column_names, "tables are read without contents"


def test_the_trail_gives_back_what_it_names_by_digest(reopened, tmp_path, city):
    data = b"\xff\xd8\xff" + NOISE(200_000)
    photo = tmp_path / "p.jpg"
    photo.write_bytes(data)
    session = reopened()
    attach(session, photo)
    session.save_features()
    [there] = attachment.of_feature(session, "spot", 1)
    execute(session, "attachment.remove", id=there.id)
    session.save_features()
    store = session.stores.store(str(city))
    entries, now = store.history(LAYER, there.id), store.fetch(LAYER, [there.id])[there.id]
    last, first = versions(entries, now)
    assert (bool(last.feature.values["removed"]), bool(first.feature.values["removed"])) == (True, False)
    assert first.feature.values["content"] == data
    assert first.foreign == ()
    assert first.is_whole
    session.undo()
    session.undo()
    session.save_features()
    entries = store.history(LAYER, there.id)
    assert entries[-1].changes[0].before.values["content"] == data, "taken out of the file for good, it is in the trail"
    assert store.verify().is_sound


def test_what_cannot_be_attached_says_why_and_changes_nothing(reopened, tmp_path, photo, city, monkeypatch):
    session = reopened()
    before = city.read_bytes()
    empty = tmp_path / "empty.jpg"
    empty.touch()
    for path, kind in ((empty, BadDataError), (tmp_path / "none.jpg", BadDataError), (tmp_path, BadDataError)):
        with pytest.raises(kind):
            attach(session, path)
    with pytest.raises(UsageError, match="no feature 99"):
        attach(session, photo, fid=99)
    monkeypatch.setattr(attachment, "LARGEST", 50)
    with pytest.raises(RefusedError, match="is the most"):
        attach(session, photo)
    assert city.read_bytes() == before
    assert session.is_saved
    monkeypatch.undo()
    attach(session, photo)
    with pytest.raises(ConflictError, match="attached already"):
        attach(session, photo)


def test_a_layer_of_another_file_is_refused(reopened, tmp_path, small_city, photo):
    session = reopened()
    other = shutil.copy(small_city, tmp_path / "other.gpkg")
    execute(session, "layer.add", path=str(other))
    foreign = next(ref.id for ref in session.document.layers if ref.source == str(other))
    with pytest.raises(RefusedError, match="own store"):
        execute(session, "attachment.add", layer=foreign, fid=1, path=str(photo))


def test_a_content_that_was_changed_is_not_given_out(reopened, photo, edit_sql, city):
    session = reopened()
    attach(session, photo)
    session.save_features()
    [there] = attachment.of_feature(session, "spot", 1)
    session.close()
    edit_sql(city, f"UPDATE {LAYER} SET content = x'00'")
    with pytest.raises(BadDataError, match="not what was attached"):
        attachment.content(reopened(), there)


@pytest.mark.parametrize(("name", "begin", "wanted"), [
    ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"), ("a.txt", b"\x89PNG\r\n\x1a\n", "image/png"), ("a.png", b"MZ", "application/octet-stream"),
    ("a.pdf", b"%PDF-1.7", "application/pdf"), ("a.webp", b"RIFF\0\0\0\0WEBP", "image/webp"), ("a", b"x", "application/octet-stream"),
])  # fmt: skip
def test_what_a_file_is_stands_in_it(name, begin, wanted):
    assert attachment.media_type(name, begin) == wanted


def test_an_attachment_follows_a_new_feature_that_gets_another_number():
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.feature import Feature, made
    from lydigital.stores.gpkg_edit import renumbered

    step = ChangeSet("x", (made("spot", 4, Feature(None, {})), made(LAYER, 1, Feature(None, {"layer": "spot", "feature": 4})),
                           made(LAYER, 2, Feature(None, {"layer": "way", "feature": 4}))))  # fmt: skip
    [moved] = renumbered([step], {("spot", 4): 7})
    assert [d.target for d in moved.deltas] == ["feature/spot/7", f"feature/{LAYER}/1", f"feature/{LAYER}/2"]
    assert [d.new.values.get("feature") for d in moved.deltas] == [None, 7, 4]
