from __future__ import annotations

import msgspec
import pytest

from lydigital import paths, texts
from lydigital.errors import BadDataError, StoreUnavailableError
from lydigital.model.document import SCHEMA, Bookmark, Group, LayerRef, MapDocument
from lydigital.model.layout import GridLines, Layout, MapItem, Outline, TextItem
from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.stores import project

STYLE = Style(
    (
        Rule((PolygonSymbolizer(Fill("#aabbcc"), Stroke("#112233", width_mm=((1000.0, 0.5), (50_000.0, 0.1)))),), value=1),
        Rule((LineSymbolizer(Stroke("#000000"), Stroke("#ffffff")),), title='说 "明"\\', max_scale=5000.0),
        Rule((RasterSymbolizer(ramp=((0.0, "#000000"), (2000.5, "#ffffff"))),), minimum=float("-inf")),
    ),
    kind="categorized", field="class", labels=LabelStyle("name", placement="line"),
)  # fmt: skip


@pytest.fixture
def document(tmp_path) -> MapDocument:
    return MapDocument(
        title="洛阳 “示例”",
        crs="EPSG:4547",
        store=str(tmp_path / "data" / "city.gpkg"),
        layers=(
            LayerRef("road", str(tmp_path / "data" / "city.gpkg"), "road", visible=False, opacity=0.5, style=STYLE),
            LayerRef("far", "/srv/shared/far.gpkg", "far"),
            LayerRef("beside", str(tmp_path.parent / "beside.shp")),
            LayerRef("relief", str(paths.sample_dem())),
            LayerRef("db", "postgresql://host/db", "t", crs="EPSG:4490"),
        ),
        groups=(Group("net", "网络", expanded=True),),
        bookmarks=(Bookmark("龙门", (600_000.0, 3_800_000.25), 5000.0, ("road",)),),
        centre=(600_500.0, 3_800_500.0), scale=25_000.0, theme="dark",
        layouts=(Layout("a4", "图 “一”", items=(
            MapItem(id="main", x=10, y=20.5, width=200, height=150, layers=("road",), grids=(GridLines(kind="kilometre"),)),
            TextItem(id="title", x=10, y=8, width=200, height=10, text="{title}\n**附图**", outline=Outline(double=True)),
        )),),
    )  # fmt: skip


def test_what_is_written_reads_back_the_same(document, tmp_path):
    path = tmp_path / "city.lyd.toml"
    project.save(document, path)
    assert project.load(path) == document
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["city.lyd.toml"], (
        "nothing temporary is left"
    )


def test_the_file_is_for_people(document, tmp_path):
    text = project.dumps(document, tmp_path)
    assert text.startswith(f"schema = {SCHEMA}\ntitle = ")
    assert 'source = "data/city.gpkg"' in text
    assert 'source = "/srv/shared/far.gpkg"' in text
    assert 'source = "../beside.shp"' in text
    assert f'source = "sample:{paths.sample_dem().name}"' in text
    assert str(tmp_path) not in text
    assert "opacity = 0.5" in text
    assert text.count("visible = false") == 1, "defaults are left out"
    assert text == project.dumps(document, tmp_path), "the same document gives the same text"


def test_a_moved_project_finds_its_data(document, tmp_path):
    text = project.dumps(document, tmp_path)
    moved = project.loads(text, tmp_path.parent / "moved" / "x.lyd.toml")
    assert moved.store == str(tmp_path.parent / "moved" / "data" / "city.gpkg")
    assert moved.layer("db").source == "postgresql://host/db"
    assert moved.layer("relief").source == str(paths.sample_dem())


def test_sample_store_has_a_name_of_its_own(tmp_path):
    sample = MapDocument(
        store=str(paths.sample_store()), layers=(LayerRef("a", str(paths.sample_store()), "a"),)
    )
    assert 'store = "sample"' in project.dumps(sample, tmp_path)
    assert project.loads(project.dumps(sample, tmp_path), tmp_path / "x.lyd.toml") == sample


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("schema = 1\ntitle = ", "line 2"),
        ('schema = 1\ntilte = "x"', "tilte"),
        ('schema = 1\n[[layers]]\nid = "a"\nsource = "b"\nopacty = 1', "opacty"),
        ('schema = 1\n[[layers]]\nid = "a"\nsource = "b"\nopacity = "half"', "$.layers[0].opacity"),
        ('schema = 1\n[[layers]]\nid = "a"', "source"),
        (f"schema = {SCHEMA + 1}\nwhatever = 1", str(SCHEMA + 1)),
        ('schema = 1\n[[layers]]\nid = "a"\nsource = "b"\n[[layers]]\nid = "a"\nsource = "c"', "a"),
        ('schema = 1\n[[layers]]\nid = "a/b"\nsource = "b"', "/"),
        ('schema = "new"', "schema"),
    ],
)
def test_wrong_project_says_where(tmp_path, text, named):
    path = tmp_path / "x.lyd.toml"
    path.write_text(text)
    with pytest.raises(BadDataError) as caught:
        project.load(path)
    for language in texts.LANGUAGES:
        texts.use(language, paths.translations_dir())
        assert named in str(caught.value)
        assert "x.lyd.toml" in str(caught.value)
        assert caught.value.hint_text()


def test_missing_and_unwritable_are_said(tmp_path, document):
    with pytest.raises(StoreUnavailableError, match=r"gone\.lyd\.toml does not exist"):
        project.load(tmp_path / "gone.lyd.toml")
    with pytest.raises(StoreUnavailableError, match="cannot be written"):
        project.save(document, tmp_path / "no folder" / "x.lyd.toml")
    (tmp_path / "folder.lyd.toml").mkdir()
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        project.load(tmp_path / "folder.lyd.toml")


def test_failed_save_keeps_the_old_file(tmp_path, document, monkeypatch):
    path = tmp_path / "x.lyd.toml"
    project.save(document, path)
    old = path.read_bytes()

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paths.os, "fsync", refuse)
    with pytest.raises(StoreUnavailableError, match="No space left"):
        project.save(msgspec.structs.replace(document, title="new"), path)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["x.lyd.toml"]
