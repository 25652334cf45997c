"""The parts of a web map."""

from __future__ import annotations

import base64
import json
import re
import warnings

import numpy as np
import pyarrow as pa
import pytest

from lydigital.errors import StoreUnavailableError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import FieldDef, LayerDef
from lydigital.model.style import (
    Fill,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.publish import web, weblayers, weblook, webpictures
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
FIELDS = (
    FieldDef("name", "名称"), FieldDef("phone", "电话", personal=True), FieldDef("kind", "类别", domain={"1": ("甲", "A")}, type="integer"),
    FieldDef("depth", "深度", type="real", unit="m"), FieldDef("empty", "空"),
)  # fmt: skip


def read_ints(text):
    out, value, shift = [], 0, 0
    for octet in base64.b64decode(text):
        value |= (octet & 127) << shift
        shift += 7
        if not octet & 128:
            out.append(-(value + 1) // 2 if value & 1 else value // 2)
            value = shift = 0
    return out


def layer(coords, *, rules=None, **columns):
    n = len(coords)
    given = {"name": [f"n{i}" for i in range(n)], "phone": ["13800000000"] * n, "kind": [1, None] * (n // 2) + [1] * (n % 2),
             "depth": [2.5] * n, "empty": [None] * n, **columns}  # fmt: skip
    rings = [[[line]] for line in coords]
    geometry = GeometryArray.from_rings(GeometryKind.LINE, rings)
    table = FeatureTable(np.arange(n), pa.table(given), geometry, CRS)
    style = Style(rules or (Rule((LineSymbolizer(Stroke("#884444", width_mm=1.0), Stroke("#ffffff", width_mm=1.5)),)),))
    return SceneLayer("way", table, style, np.zeros(n, np.int16))


def definition(**more):
    return LayerDef("way", "道路", "g", "line", Style(()), fields=FIELDS, title_field="name", **more)


LINES = [[(600_000.0, 3_830_000.0), (600_050.0, 3_830_000.4), (600_100.0, 3_830_000.0)], [(600_000.0, 3_830_500.0), (600_000.0, 3_830_600.0)]]


@pytest.mark.parametrize("numbers", [[], [0], [1, -1, 63, 64, -64, -65], [2**27, -(2**27), 8191, 8192, -8193]])
def test_numbers_come_back(numbers):
    assert read_ints(weblayers.ints(numbers)) == numbers


def test_attributes_are_words_and_personal_ones_are_not_there():
    content = weblayers.features_of(layer(LINES), definition(), {}).content(0.0)
    by_title = {c["title"]: c for c in content["columns"]}
    assert by_title["电话"] == {"title": "电话", "personal": True}
    assert by_title["深度"]["values"] == ["2.5 m"]
    assert by_title["类别"]["values"] == ["A"]
    assert read_ints(by_title["类别"]["index"]) == [0, -1]
    assert "空" not in by_title
    assert "13800000000" not in json.dumps(content)
    assert content["columns"][content["name"]]["values"] == ["n0", "n1"]


def test_a_personal_label_is_neither_shown_nor_searched():
    from lydigital.model.style import LabelStyle

    made = layer(LINES)
    made = SceneLayer("way", made.data, Style(made.style.rules, labels=LabelStyle("phone")), made.codes)
    content = weblayers.features_of(made, LayerDef("way", "道路", "g", "line", Style(()), fields=FIELDS[1:2], title_field="phone"), {}).content(0.0)
    assert content["name"] == content["label"] == -1


def test_geometry_comes_back_and_is_thinned_by_the_tolerance():
    features = weblayers.features_of(layer(LINES), definition(), {})
    fine, coarse = features.content(0.0), features.content(1.0)
    assert read_ints(fine["verts"]) == [3, 2]
    assert "verts" not in {k for k in coarse if read_ints(coarse.get("verts", "")) == [3, 2]}
    assert read_ints(coarse["verts"]) == [2, 2]
    assert features.vertices(1.0) == 4
    at = np.cumsum(np.array(read_ints(fine["xy"])).reshape(-1, 2), axis=0) / 1e6
    expected = features.table.to_crs(webpictures.DEGREES).geometry.coords
    assert np.abs(at - expected).max() < 1e-6


def test_looks_follow_the_scale_as_the_plan_of_the_engine_does():
    near = Rule((PolygonSymbolizer(Fill("#ff0000", pattern="hatch", ground="#00ff00")),), max_scale=50_000)
    marks = weblook.Sprites()
    square = [(600_000.0, 3_830_000.0), (600_100.0, 3_830_000.0), (600_100.0, 3_830_100.0), (600_000.0, 3_830_000.0)]
    table = FeatureTable(np.arange(1), pa.table({"name": ["a"]}), GeometryArray.from_rings(GeometryKind.POLYGON, [[[square]]]), CRS)
    looks = weblook.looks(SceneLayer("a", table, Style((near,)), np.zeros(1, np.int16)), 34.6, marks)
    assert not looks.is_special
    assert looks.found[looks.at[10 - weblook.FIRST_ZOOM]] == []
    steps = looks.found[looks.at[16 - weblook.FIRST_ZOOM]]
    assert [s[2] for s in steps] == ["#00ff00", "#ff0000"]
    assert steps[1][3][0] == "hatch"


def test_marks_are_drawn_once_at_their_largest():
    marks = weblook.Sprites()
    small, large = PointSymbolizer(size_mm=2.0), PointSymbolizer(size_mm=4.0)
    assert marks.index(small, 8.0) == marks.index(large, 16.0) == 0
    assert marks.index(PointSymbolizer(color="#000000"), 5.0) == 1
    first = marks.content(None)[0]
    assert first["size"] == 16.0
    assert first["src"].startswith("data:image/png;base64,")


def test_scales_of_zoom_levels():
    assert weblook.scale_at(0, 0.0) == pytest.approx(591_658_711, rel=1e-3)  # at 96 dpi
    assert weblook.scale_at(10, 60.0) == pytest.approx(weblook.scale_at(11, 0.0), rel=1e-9)


def test_a_layer_on_a_transparent_ground():
    from rasterio.io import MemoryFile

    red = Rule((LineSymbolizer(Stroke("#ff0000", width_mm=4.0, opacity=0.5)),), max_scale=10.0)  # whatever scales it is for
    found = webpictures.overlay(layer(LINES, rules=(red,)), (112.085, 34.59, 112.1, 34.605), None, side=256)
    assert found["bounds"][0] == pytest.approx([34.59, 112.085], abs=1e-3)
    kind, _, octets = found["src"].partition(",")
    assert kind == "data:image/webp;base64"
    with MemoryFile(base64.b64decode(octets)) as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with memory.open() as file:
            pixels = np.moveaxis(file.read(), 0, 2)
    drawn = pixels[:, :, 3] > 100
    assert 0 < drawn.sum() < drawn.size / 2
    assert np.median(pixels[drawn], axis=0) == pytest.approx([255, 0, 0, 128], abs=12)
    assert (pixels[:, :, 3] == 0).sum() > drawn.size / 4


def page(**content):
    return web.html(web.WebMap("<b>甲</b>", (112.0, 34.0, 113.0, 35.0), content)).decode()


def test_the_page_asks_nobody_for_anything():
    made = page(a=1)
    markup = re.sub(r"(<script>).*?(</script>)", "", made, flags=re.DOTALL)
    assert not re.search(r"\b(src|href)\s*=|@import", markup)
    assert set(re.findall(r"https?://([\w.-]+)", made)) <= {"leafletjs.com", "www.w3.org", "bugzilla.mozilla.org"}  # words of Leaflet's files
    assert not re.search(r"url\(\s*[\"']?(?!data:|#)", made)
    assert "sourceMappingURL" not in made
    for word in ("jsdelivr", "cdnjs", "unpkg", "jquery", "bootstrap", "googleapis", "openstreetmap"):
        assert word not in made.casefold()
    assert "default-src 'none'" in made
    assert made.index("Content-Security-Policy") < made.index("<script")


def test_data_is_no_markup_and_no_template():
    hostile = "</script><script>alert(1)</script>{% endraw %}{{ 7*7 }}{%- raw -%}\u2028<!--"
    made = page(a=hostile)
    assert "<title>&lt;b&gt;甲&lt;/b&gt;</title>" in made
    stored = re.search(r'<script type="application/json" id="lydigital-content">(.*?)</script>', made, re.DOTALL)
    assert json.loads(stored[1]) == {"a": hostile}
    assert "<" not in stored[1]


def test_the_same_map_is_the_same_file():
    assert page(a=1) == page(a=1)


def test_without_leaflet_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(StoreUnavailableError) as caught:
        page()
    assert "setup" in caught.value.hint_text()
