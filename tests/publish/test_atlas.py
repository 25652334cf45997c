"""Names, versions and lists of rows of pages."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pyarrow as pa
import pytest

from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray
from lydigital.model.layerdef import FieldDef, LayerDef
from lydigital.model.layout import Atlas
from lydigital.model.style import Style
from lydigital.model.table import FeatureTable
from lydigital.publish import atlas
from lydigital.publish.atlas import Entry, Manifest

FIELDS = (FieldDef("name", "名称"), FieldDef("kind", "类型", type="integer", domain={"1": ("镇", "town"), "2": ("乡", "township")}), FieldDef("phone", "电话", personal=True))
LAYER = LayerDef("town", "乡镇", "g", "point", Style(()), fields=FIELDS, title_field="name")
NAMES = ["城关镇", "a/b", "CON", "城关镇", "B", "b", ""]


@pytest.fixture
def table():
    n = len(NAMES)
    columns = pa.table({
        "code": [f"41{i}" for i in range(n)], "name": NAMES, "kind": [1, 2] * 3 + [None], "phone": ["13812345678"] * n, "people": [5, 3, None, 9, 1, 2, 7],
    })  # fmt: skip
    return FeatureTable(np.arange(10, 10 + n), columns, GeometryArray.from_points(np.arange(2.0 * n).reshape(n, 2) + 600_000), Crs("EPSG:4546"))


def made(table, most=100, **given):
    return atlas.entries(Atlas(layer="town", **given), table, LAYER, version="v02", most=most)


def test_names_are_safe_different_and_carry_the_version(table):
    entries, issues = made(table)
    assert [e.name for e in entries] == ["城关镇_410_v02", "a_b_v02", "CON_v02", "城关镇_413_v02", "B_414_v02", "b_415_v02", "_v02"]
    assert [e.title for e in entries][:3] == ["城关镇", "a/b", "CON"]
    assert (entries[0].number, entries[0].count, entries[0].fid) == (1, 7, 10)
    assert [issue.values["count"] for issue in issues] == ["4"]


def test_a_pattern_names_fields_numbers_and_version(table):
    entries, issues = made(table, name="{version}-{number}-{feature.kind}", where="people > 4", sort="-people")
    assert [e.name for e in entries] == ["v02-1-乡", "v02-2-", "v02-3-镇"] or [e.name for e in entries] == ["v02-1-township", "v02-2-", "v02-3-town"]
    assert [e.fid for e in entries] == [13, 16, 10]
    assert not issues


def test_empty_values_come_last_whatever_the_order(table):
    assert made(table, sort="people")[0][-1].fid == made(table, sort="-people")[0][-1].fid == 12


def test_without_a_field_of_that_name_the_usual_order_and_name_are_others(table):
    bare = FeatureTable(table.fid, table.columns.select(["kind"]), table.geometry, table.crs)
    entries, _ = atlas.entries(Atlas(layer="town"), bare, LAYER, version="v01", most=100)
    assert [e.fid for e in entries] == list(range(10, 17))
    assert len({e.name for e in entries}) == 7
    assert all(str(e.fid) in e.name for e in entries)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"where": "people > 100"}, BadDataError), ({"where": "people >"}, UsageError), ({"sort": "nothing"}, UsageError),
        ({"name": "{feature.nothing}"}, UsageError), ({"most": 6}, RefusedError),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(table, given, kind):
    with pytest.raises(kind) as told:
        made(table, **given)
    assert told.value.hint_text()


@pytest.mark.parametrize("name", ["..", "", "   ", "/", "con", "NUL.txt", "a\nb\x00\u202ec", "lpt1", "x" * 400, "汉" * 300, ".hidden", "a. ", "..\\..\\x"])
def test_a_name_is_one_of_a_file_everywhere(name, tmp_path):
    safe = atlas.safe_name(name)
    assert safe
    assert not set('<>:"/\\|?*\n\x00\u202e') & set(safe)
    assert not safe.startswith(".")
    assert safe == safe.rstrip(". ")
    assert len(safe.encode()) <= 160
    assert safe.split(".")[0].casefold() not in {"con", "nul", "lpt1"}
    (tmp_path / f"{safe}.pdf").write_bytes(b"")
    assert (tmp_path / f"{safe}.pdf").resolve().parent == tmp_path.resolve()


def test_a_long_name_keeps_its_end():
    assert atlas.safe_name("汉" * 300 + "_v07").endswith("_v07")


def test_personal_fields_are_starred_and_domains_named(table):
    values = atlas.values_of(table, LAYER, 0)
    assert values["phone"] == "***"
    assert values["kind"] in ("镇", "town")
    assert values["code"] == "410"
    assert values["fid"] == 10
    assert atlas.values_of(table, LAYER, 0, personal=True)["phone"] == "13812345678"


def test_a_place_has_room_around_it(table):
    driver = atlas.driver_of("town", table, LAYER, 11)
    x0, _, x1, _ = driver.bounds
    assert x1 - x0 == pytest.approx(1000, rel=0.01)
    assert (x0 + x1) / 2 == pytest.approx(600_002)
    assert len(driver.geometry) == 1
    with pytest.raises(BadDataError):
        atlas.driver_of("town", table, LAYER, 99)


def test_a_feature_without_place_drives_no_page(table):
    xy = table.geometry.coords.copy()
    xy[1] = np.nan
    empty = FeatureTable(table.fid, table.columns, GeometryArray.from_points(xy), table.crs)
    with pytest.raises(BadDataError) as told:
        atlas.driver_of("town", empty, LAYER, 11)
    assert told.value.hint_text()


# --- versions and lists -------------------------------------------------------------------------------------------------


def test_a_version_is_one_nobody_used(tmp_path):
    assert atlas.next_version(tmp_path / "nowhere") == 1
    assert atlas.next_version(tmp_path) == 1
    (tmp_path / "城关镇_v03.pdf").touch()
    (tmp_path / "conv99.pdf").touch()
    assert atlas.next_version(tmp_path) == 4
    (tmp_path / atlas.MANIFEST).write_text('{"number": 7}', encoding="utf-8")
    assert atlas.next_version(tmp_path) == 8
    (tmp_path / atlas.MANIFEST).write_text("{", encoding="utf-8")
    assert atlas.next_version(tmp_path) == 4


def test_a_list_that_cannot_be_read_is_said(tmp_path):
    assert atlas.read_manifest(tmp_path) == {}
    for text in ("{", "[]", '{"pages": 3}'):
        (tmp_path / atlas.MANIFEST).write_text(text, encoding="utf-8")
        with pytest.raises(BadDataError):
            atlas.read_manifest(tmp_path)


def test_a_page_stands_where_key_and_files_do(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"x")
    page = {"key": "k", "files": [{"name": "a.pdf", "sha256": atlas.sha256(tmp_path / "a.pdf")}]}
    assert atlas.finished(tmp_path, page, "k")
    assert not atlas.finished(tmp_path, page, "other")
    assert not atlas.finished(tmp_path, {"key": "k", "files": []}, "k")
    assert not atlas.finished(tmp_path, {"key": "k"}, "k")
    outside = {"key": "k", "files": [{"name": "../a.pdf", "sha256": page["files"][0]["sha256"]}]}
    (tmp_path / "in").mkdir()
    assert not atlas.finished(tmp_path / "in", outside, "k")
    (tmp_path / "a.pdf").write_bytes(b"y")
    assert not atlas.finished(tmp_path, page, "k")


def test_the_list_names_pages_in_their_order_and_outlives_a_failed_write(tmp_path, monkeypatch):
    manifest = Manifest(tmp_path, {"version": "v01"})
    manifest.add(2, {"number": 2, "files": [{"name": "b"}]})
    manifest.failed[3] = {"number": 3}
    manifest.add(1, {"number": 1, "files": [{"name": "a"}]})
    manifest.write(complete=False)
    assert manifest.files() == ["a", "b"]

    def full(*_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atlas.paths, "write_atomically", full)
    with pytest.raises(StoreUnavailableError):
        manifest.write(complete=True)
    read = json.loads((tmp_path / atlas.MANIFEST).read_bytes())
    assert [page["number"] for page in read["pages"]] == [1, 2]
    assert [page["number"] for page in read["failed"]] == [3]
    assert read["complete"] is False


def test_an_archive_has_the_files_and_no_half_of_it_is_left(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    atlas.pack(tmp_path / "x.zip", tmp_path, ["a"])
    with zipfile.ZipFile(tmp_path / "x.zip") as packed:
        assert packed.read("a") == b"1"
    with pytest.raises(StoreUnavailableError):
        atlas.pack(tmp_path / "y.zip", tmp_path, ["a", "missing"])
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["a", "x.zip"]


def test_parts_are_bound_in_order_with_bookmarks(tmp_path, monkeypatch):
    pikepdf = pytest.importorskip("pikepdf")
    monkeypatch.setattr(atlas, "_OPEN", 2)
    parts = []
    for i in range(5):
        with pikepdf.new() as pdf:
            for _ in range(1 + i % 2):
                pdf.add_blank_page(page_size=(100 + i, 100))
            pdf.save(tmp_path / f"{i}.pdf")
        parts.append((f"第{i}页", tmp_path / f"{i}.pdf"))
    atlas.join(tmp_path / "book.pdf", parts, "全书")
    with pikepdf.open(tmp_path / "book.pdf") as book, book.open_outline() as outline:
        assert [int(page.mediabox[2]) for page in book.pages] == [100, 101, 101, 102, 103, 103, 104]
        assert [item.title for item in outline.root] == [name for name, _ in parts]
        assert str(book.docinfo["/Title"]) == "全书"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name not in ("config", "state")) == ["0.pdf", "1.pdf", "2.pdf", "3.pdf", "4.pdf", "book.pdf"]
    with pytest.raises(StoreUnavailableError):
        atlas.join(tmp_path / "no" / "book.pdf", parts, "")


def test_what_is_said_on_the_way_names_the_rest():
    assert "3" in atlas.progress_text(Entry(3, 9, "a", "城关镇"), None)
    assert "42" in atlas.progress_text(Entry(3, 9, "a", "城关镇"), 41.6)
