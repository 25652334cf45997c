"""Rows of pages by commands and from the command line, on the sample city."""

from __future__ import annotations

import json
import os
import signal
import zipfile
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("PySide6")

import lydigital as ly
from lydigital import cli
from lydigital.commands.work import atlas as work
from lydigital.commands.work import atlasworker
from lydigital.errors import (
    BadDataError,
    CancelledError,
    ConflictError,
    RefusedError,
    StoreUnavailableError,
    UsageError,
)
from lydigital.model.gate import LayerRule
from lydigital.publish import atlas, press

LAYOUT = """
id = "slip"
title = "卡片"
[[pages]]
width = 60
height = 40
[[items]]
type = "text"
id = "t"
x = 2
y = 2
width = 56
height = 30
text = "{title} {feature.code} {atlas.number}/{atlas.count} {version}"
"""


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


@pytest.fixture
def slip(tmp_path):
    path = tmp_path / "slip.toml"
    path.write_text(LAYOUT, encoding="utf-8")
    return str(path)


@pytest.fixture
def quick(monkeypatch):
    """Files that cost nothing, so that what is about lists and versions need not wait for Qt."""

    def write(path, sheets, *, dpi=None):
        path.write_bytes(f"{path.name} {sheets[0].title} {dpi}".encode())
        return [path]

    monkeypatch.setattr(press, "write", write)


def run(session, slip, folder, **given):
    return session.run("atlas.run", **{"layout": slip, "by": "township", "folder": str(folder), "jobs": 1, "where": "county = '栾川县'", **given})


def manifest(folder):
    return json.loads((folder / atlas.MANIFEST).read_bytes())


def bare(names):
    return sorted(path.name for path in names.iterdir() if not path.name.startswith("manifest"))


def test_every_feature_has_its_file_and_the_list_its_digest(city, slip, tmp_path):
    folder = tmp_path / "out"
    done = run(city, slip, folder, zip=True)
    assert done["pages"] == done["made"] == 15
    assert all(Path(path).read_bytes().startswith(b"%PDF") for path in done["output"])
    listed = manifest(folder)
    assert (listed["complete"], listed["version"], listed["crs"], listed["by"], listed["count"]) == (True, "v01", "EPSG:4546", "township", 15)
    assert listed["program"].startswith("lydigital")
    assert any(source["sample"] for source in listed["sources"])
    for page in listed["pages"]:
        (file,) = page["files"]
        assert atlas.sha256(folder / file["name"]) == file["sha256"]
    with zipfile.ZipFile(done["zip"]) as packed:
        assert len(packed.namelist()) == 16
        assert json.loads(packed.read(atlas.MANIFEST))["complete"]


def test_what_would_come_out_the_same_is_kept_the_rest_made_anew(city, slip, tmp_path, quick):
    run(city, slip, tmp_path / "o")
    gone, changed = (tmp_path / "o" / f["files"][0]["name"] for f in manifest(tmp_path / "o")["pages"][:2])
    gone.unlink()
    changed.write_bytes(b"by hand")
    city.run("layout.add", template="planning")
    again = run(city, slip, tmp_path / "o", resume=True)
    city.undo()
    assert (again["version"], again["made"], again["kept"]) == ("v01", 2, 13)
    assert run(city, slip, tmp_path / "o", resume=True)["made"] == 0
    assert run(city, slip, tmp_path / "o", resume=True, values={"title": "x"})["made"] == 15
    Path(slip).write_text(LAYOUT.replace("height = 30", "height = 31"), encoding="utf-8")
    assert run(city, slip, tmp_path / "o", resume=True, values={"title": "x"})["made"] == 15


def test_a_new_run_is_a_new_version_beside_the_old(city, slip, tmp_path, quick):
    first, second = (run(city, slip, tmp_path / "o") for _ in range(2))
    assert (first["version"], second["version"]) == ("v01", "v02")
    assert all(Path(path).is_file() for path in first["output"] + second["output"])
    assert json.loads((tmp_path / "o" / "manifest_v01.json").read_bytes())["version"] == "v01"
    assert manifest(tmp_path / "o")["version"] == "v02"
    with pytest.raises(UsageError, match="formats"):
        run(city, slip, tmp_path / "o", resume=True, formats=["png"])


def test_a_full_disk_at_page_80_of_194_leaves_79_to_go_on_from(city, slip, tmp_path, quick, monkeypatch):
    write, tries = press.write, []

    def full(path, sheets, *, dpi=None):
        tries.append(path)
        if len(tries) == 80:
            raise StoreUnavailableError("{path} cannot be written: No space left on device", hint="Check folder, permission and free space.", path=str(path))
        return write(path, sheets, dpi=dpi)

    monkeypatch.setattr(press, "write", full)
    with pytest.raises(StoreUnavailableError, match="79 of 194") as told:
        run(city, slip, tmp_path / "o", where="")
    assert "--resume" in told.value.hint_text()
    listed = manifest(tmp_path / "o")
    assert len(listed["pages"]) == 79
    assert not listed["complete"]
    done = run(city, slip, tmp_path / "o", where="", resume=True)
    assert (done["kept"], done["made"], done["pages"]) == (79, 115, 194)
    assert len(bare(tmp_path / "o")) == 194


def test_the_list_on_a_disk_too_full_for_it_is_the_one_of_the_page_before(city, slip, tmp_path, quick, monkeypatch):
    kept, count = atlas.paths.write_atomically, []

    def full(path, content):
        count.append(path)
        if len(count) > 9:
            raise OSError(28, "No space left on device")
        kept(path, content)

    monkeypatch.setattr(atlas.paths, "write_atomically", full)
    monkeypatch.setattr(atlas.time, "monotonic", lambda: 0.0)  # written at every page
    with pytest.raises(StoreUnavailableError, match=r"No space left.*9 of 15"):
        run(city, slip, tmp_path / "o")
    assert len(manifest(tmp_path / "o")["pages"]) == 8
    monkeypatch.undo()


def test_a_page_that_fails_leaves_the_others(city, slip, tmp_path, quick, monkeypatch):
    made = atlas.driver_of

    def broken(layer, table, definition, fid, **more):
        if table.column("name")[table.row_of[fid]].as_py() == "潭头镇":
            raise BadDataError("Feature {fid} has no place on the map", hint="Correct its geometry.", fid=fid)
        return made(layer, table, definition, fid, **more)

    monkeypatch.setattr(atlas, "driver_of", broken)
    done = run(city, slip, tmp_path / "o")
    assert [page["title"] for page in done["failed"]] == ["潭头镇"]
    assert done["pages"] == 14
    assert not manifest(tmp_path / "o")["complete"]
    monkeypatch.setattr(atlas, "driver_of", made)
    assert run(city, slip, tmp_path / "o", resume=True)["made"] == 1


def test_it_can_be_stopped_and_gone_on_with(city, slip, tmp_path, quick):
    seen = []

    def stop(text, _share):
        seen.append(text)
        if len(seen) == 6:
            raise CancelledError("stopped", hint="Start again.")

    city.progressed.connect(stop)
    try:
        with pytest.raises(Exception, match="stopped"):
            run(city, slip, tmp_path / "o")
    finally:
        city.progressed.disconnect(stop)
    kept = len(manifest(tmp_path / "o")["pages"])
    assert 0 < kept < 15
    assert run(city, slip, tmp_path / "o", resume=True)["kept"] == kept


def test_one_book_has_all_pages_and_bookmarks(city, slip, tmp_path):
    import pikepdf

    done = run(city, slip, tmp_path / "o", where="name = '城关镇'", one=True)
    (path,) = done["output"]
    with pikepdf.open(path) as book, book.open_outline() as outline:
        assert len(book.pages) == len(outline.root) == done["pages"] == 3
    assert bare(tmp_path / "o") == [Path(path).name]
    again = run(city, slip, tmp_path / "o", where="name = '城关镇'", one=True, resume=True)
    assert (again["made"], again["output"]) == (0, [path])
    Path(path).write_bytes(b"")
    assert run(city, slip, tmp_path / "o", where="name = '城关镇'", one=True, resume=True)["made"] == 3


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"by": "townshp"}, UsageError), ({"by": "relief"}, BadDataError), ({"where": "1 = 2"}, BadDataError), ({"most": 3}, RefusedError),
        ({"layout": "nothing"}, UsageError), ({"one": True, "formats": ["png"]}, UsageError), ({"formats": ["../x"]}, UsageError),
        ({"formats": ["xyz"]}, UsageError), ({"folder": "/proc/no"}, StoreUnavailableError), ({"name": "{nobody}"}, UsageError),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(city, slip, tmp_path, given, kind):
    with pytest.raises(kind) as told:
        run(city, slip, **{"folder": tmp_path / "o", **given})
    assert told.value.hint_text()


def test_the_gate_is_asked_and_its_verdict_listed(city, slip, tmp_path, quick, monkeypatch):
    done = run(city, slip, tmp_path / "o")
    assert done["verdict"]["audience"] == "internal"
    assert manifest(tmp_path / "o")["verdict"]["open"]
    assert run(city, slip, tmp_path / "o", resume=True)["kept"] == 15
    rules = work.gate.rules_of()
    stricter = msgspec.structs.replace(rules, layers=(LayerRule(layer="township", internal="drop"), *rules.layers), digest="other")
    monkeypatch.setattr(work.gate, "rules_of", lambda: stricter)
    with pytest.raises(RefusedError) as told:
        run(city, slip, tmp_path / "p")
    assert told.value.hint_text()
    assert not (tmp_path / "p").exists()
    looser = msgspec.structs.replace(rules, digest="other")
    monkeypatch.setattr(work.gate, "rules_of", lambda: looser)
    assert run(city, slip, tmp_path / "o", resume=True)["kept"] == 0


def test_two_runs_do_not_share_a_folder(city, slip, tmp_path, quick):
    with work._folder(tmp_path / "o"), pytest.raises(ConflictError):
        run(city, slip, tmp_path / "o")
    assert run(city, slip, tmp_path / "o")["pages"] == 15


def test_the_main_map_follows_the_feature(city):
    wanted = work.Run(layout="planning", by="township")
    layout, driven = work._layout(city, wanted)
    assert layout.main_map.follows == "feature"
    assert layout.item("overview").follows == "home"
    assert driven.layer == "township"
    assert work._layout(city, work.Run(layout="planning"))[1] is None


# --- processes ----------------------------------------------------------------------------------------------------------


def test_processes_make_the_same_pages_and_a_killed_one_is_replaced(city, slip, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    started, killed = atlasworker.Crew._started, []

    def once(self):
        process = started(self)
        if not killed:
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(atlasworker.Crew, "_started", once)
    done = run(city, slip, tmp_path / "o", jobs=2)
    assert killed
    assert (done["pages"], done["failed"]) == (15, [])
    alone = run(city, slip, tmp_path / "p")
    assert [Path(path).name for path in done["output"]] == [Path(path).name for path in alone["output"]]
    assert [page["title"] for page in manifest(tmp_path / "o")["pages"]] == [page["title"] for page in manifest(tmp_path / "p")["pages"]]


def test_processes_that_keep_ending_stop_the_run(city, slip, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(atlasworker.sys, "executable", "/bin/false")
    with pytest.raises(StoreUnavailableError) as told:
        run(city, slip, tmp_path / "o", jobs=2)
    assert "--resume" in told.value.hint_text()
    assert len(manifest(tmp_path / "o")["failed"]) >= work.MOST_ENDINGS


# --- recipes and the command line ---------------------------------------------------------------------------------------


def line(capsys, *arguments):
    code = cli.main(["atlas", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_recipe_makes_all_its_runs_and_says_which_failed(capsys, slip, tmp_path, quick):
    path = tmp_path / "r.toml"
    text = '[[sheets]]\nlayout = "slip.toml"\nby = "county"\nformats = ["pdf", "png"]\n[[sheets]]\nlayout = "slip.toml"\nid = "single"\nname = "总图"\n'
    path.write_text(text, encoding="utf-8")
    code, out, _ = line(capsys, str(path), "--json", "--jobs", "1")
    told = json.loads(out)
    assert code == 0
    assert [(made["id"], made["pages"]) for made in told["runs"]] == [("slip_county", 14), ("single", 1)]
    assert len(told["runs"][0]["output"]) == 28
    assert (tmp_path / "out" / "single" / "总图_v01.pdf").is_file()
    path.write_text(text + '[[sheets]]\nlayout = "slip.toml"\nby = "nothing"\n', encoding="utf-8")
    code, out, err = line(capsys, str(path), "-o", str(tmp_path / "again"))
    assert code == 3
    assert "nothing" in err
    assert (tmp_path / "again" / "single" / "总图_v01.pdf").is_file()


def test_from_the_command_line(capsys, slip, tmp_path, quick):
    given = ("sample", "--layout", slip, "--by", "county", "-o", str(tmp_path / "o"), "--jobs", "1", "--lang", "en")
    code, out, _ = line(capsys, *given, "--format", "pdf,png", "--set", "title={feature.code}")
    assert code == 0
    assert "14 sets of pages, version v01" in out
    assert len(bare(tmp_path / "o")) == 28
    assert "14 stood already" in line(capsys, *given, "--format", "pdf,png", "--set", "title={feature.code}", "--resume")[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sample", "-o", "{tmp}/o"), 2), (("sample", "--layout", "planning"), 2), (("{tmp}/no.toml",), 3),
        (("sample", "--layout", "planning", "--by", "township", "-o", "{tmp}/o", "--most", "5"), 4),
        (("sample", "--layout", "planning", "--by", "township", "-o", "/proc/x"), 6),
        (("{tmp}/r.toml", "--by", "township"), 2),
    ],
)  # fmt: skip
def test_exit_codes(capsys, tmp_path, arguments, code):
    (tmp_path / "r.toml").write_text('[[sheets]]\nlayout = "planning"\n', encoding="utf-8")
    found, _, err = line(capsys, *(word.format(tmp=tmp_path) for word in arguments))
    assert found == code
    assert "→" in err
    assert not (tmp_path / "o").exists() or not any((tmp_path / "o").iterdir())
