"""The web map in a real browser without a network, and what its command says."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from lydigital import paths, texts
from lydigital.commands.registry import execute
from lydigital.errors import RefusedError, UsageError
from lydigital.model import layerdef, style
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.session import open_session
from lydigital.stores import create
from tests.conftest import need
from tests.publish.browser import NAME, Browser

EVIL = '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">{{ 7*7 }}{% endraw %}'
X, Y = 600_000.0, 3_830_000.0
PHONE = "13912345678"


def layer(layer_id, title, geometry, symbolizer, *fields, **more):
    known = (layerdef.FieldDef("name", "名称", "Name"), *fields)
    labels = style.LabelStyle("name", max_scale=1e9) if geometry == "point" else None
    return layerdef.LayerDef(layer_id, title, "land", geometry, style.Style((style.Rule((symbolizer,)),), labels=labels), fields=known, title_field="name", **more)


@pytest.fixture(scope="module")
def catalogue():
    phone = layerdef.FieldDef("phone", "电话", "Phone", personal=True)
    depth = layerdef.FieldDef("depth", "深<b>度</b>", "Depth <b>", type="real", unit="m")
    return layerdef.Catalogue(
        (
            layer("field", "地块", "polygon", style.PolygonSymbolizer(style.Fill("#88aa88"), style.Stroke("#446644"))),
            layer("post", EVIL, "point", style.PointSymbolizer(size_mm=4.0, color="#cc2222"), phone, depth),
            layer("gas", "燃气调压站", "point", style.PointSymbolizer(), sensitivity="敏感"),
        ),
        (layerdef.GroupDef("land", "<i>土地</i>"),),
    )


@pytest.fixture(scope="module")
def city(catalogue, tmp_path_factory):
    path = tmp_path_factory.mktemp("web") / "city.gpkg"
    create.create_gpkg(path, catalogue)
    ring = [(X + 500 + 400 * np.cos(t), Y + 500 + 400 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 400)]
    field, post, gas = catalogue.layers
    create.write_layer(path, field, {"name": ["洛浦公园"]}, GeometryArray.from_rings(GeometryKind.POLYGON, [[[ring]]]))
    points = GeometryArray.from_points(np.array([(X, Y), (X + 1000, Y + 1000)]))
    create.write_layer(path, post, {"name": [EVIL, "牡丹桥"], "phone": [PHONE, PHONE], "depth": [3.5, None]}, points)
    create.write_layer(path, gas, {"name": ["秘密站"]}, GeometryArray.from_points(np.array([(X + 300, Y + 300)])))
    return path


@pytest.fixture
def session(city, catalogue):
    opened = open_session(str(city), catalogue=catalogue, author="tester")
    yield opened
    opened.close()


@pytest.fixture
def written(session, tmp_path):
    texts.use("zh", paths.translations_dir())
    path = tmp_path / "map.html"
    return path, execute(session, "web.write", path=str(path), title="图" + EVIL)


@pytest.fixture
def browser(tmp_path):
    need(bool(NAME), "Chromium is not installed")
    opened: list[Browser] = []

    def start(**given):
        opened.append(Browser(tmp_path / f"profile{len(opened)}", **given))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def colour(page, x, y):
    """Red, green, blue and alpha of the sheet at a place of the screen."""
    return page.run(
        "(() => { const c = document.querySelector('canvas.leaflet-zoom-animated'), b = c.getBoundingClientRect(), r = c.width / b.width;"
        f"return [...c.getContext('2d').getImageData(({x} - b.x) * r, ({y} - b.y) * r, 1, 1).data]; }})()"
    )


def at(page, x, y):
    """Where a place of the map's own system lies on the screen."""
    from lydigital.model.crs import Crs, transformation

    lon, lat = transformation(Crs("EPSG:4546"), Crs("EPSG:4326")).point(x, y)
    return page.run(
        f"(() => {{ const p = lydMap.map.latLngToContainerPoint([{lat}, {lon}]), b = lydMap.map.getContainer().getBoundingClientRect();"
        "return [p.x + b.x, p.y + b.y]; })()"
    )


def test_it_is_used_in_a_browser_without_a_network(written, browser):
    path, _ = written
    page = browser()
    page.open(path)
    assert page.run("document.querySelector('h1').textContent") == "图" + EVIL
    assert page.run("document.documentElement.lang") == "zh-CN"

    page.click(*at(page, X + 500, Y + 700))
    assert page.run("document.querySelector('.lyd-popup h2').textContent") == "洛浦公园"
    page.click(*at(page, X, Y))
    said = page.run("document.querySelector('.lyd-popup').textContent")
    assert EVIL in said
    assert "3.5 m" in said
    assert "深<b>度</b>" in said
    assert "＊＊＊" in said
    assert PHONE not in page.run("document.documentElement.innerHTML")

    inside = at(page, X + 500, Y + 300)
    assert colour(page, *inside) == [0x88, 0xAA, 0x88, 255]
    page.click_on("input[data-layer=field]")
    assert colour(page, *inside)[3] == 0
    page.click(*at(page, X + 500, Y + 700))
    assert page.run("document.querySelector('.lyd-popup') === null || !document.querySelector('.lyd-popup').textContent.includes('洛浦公园')")

    page.click_on(".lyd-search input")
    page.type("牡丹")
    assert page.run("[...document.querySelectorAll('.lyd-hits b')].map(b => b.textContent)") == ["牡丹桥"]
    page.key("Enter", 13)
    assert page.run("document.querySelector('.lyd-popup h2').textContent") == "牡丹桥"
    page.run("document.querySelector('.lyd-search input').value = '没有这个'; document.querySelector('.lyd-search input').oninput()")
    assert page.run("document.querySelector('.lyd-hits').textContent") == "没有找到"

    page.click_on(".lyd-open-about")
    assert "出图检查" in page.run("document.querySelector('.lyd-about').innerText")
    assert "内部工作用图" in page.run("document.querySelector('.lyd-stamp').innerText")

    assert page.run("window.hacked") is None
    assert [r for r in page.requests if not r.startswith("data:")] == [path.as_uri()]
    assert [e for e in page.errors if "getImageData" not in e] == []  # that is this test itself


def test_it_works_on_the_width_of_a_phone(written, browser):
    path, _ = written
    page = browser(width=390, height=844, mobile=True)
    page.open(path)
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("document.querySelector('.lyd-panel').hidden")
    page.click_on(".lyd-open-layers")
    assert not page.run("document.querySelector('.lyd-panel').hidden")
    box = page.run("(() => { const b = document.querySelector('.lyd-panel').getBoundingClientRect(); return [b.left, b.right, b.bottom]; })()")
    assert box[0] >= 0
    assert box[1] <= 390
    assert box[2] <= 844
    assert page.errors == []


def test_markup_that_slipped_in_would_not_run(written, browser):
    """The policy of the file stops handlers and addresses even where somebody forgot to escape."""
    path, _ = written
    page = browser()
    page.open(path)
    page.run("void document.body.insertAdjacentHTML('beforeend', '<img src=\"file:///etc/hostname\" onerror=\"window.hacked=1\"><iframe src=\"file:///etc\"></iframe>')")
    page.run("new Promise(done => setTimeout(done, 200))")
    assert page.run("window.hacked") is None
    assert page.errors


def test_what_is_written_is_told_and_the_verdict_lies_beside_it(written):
    path, told = written
    assert told["bytes"] == path.stat().st_size
    assert not told["over_budget"]
    assert {one["layer"] for one in told["layers"] if one["as"] == "features"} == {"field", "post", "gas"}
    assert told["tolerance_m"] == 0.0
    assert any("个人信息" in note for note in told["notes"])
    beside = json.loads(path.with_name("map.html.verdict.json").read_text())
    assert beside["audience"] == "internal"
    assert PHONE not in path.read_text()


def _for_the_public(session):
    office = session.office
    publishing = msgspec.structs.replace(office.publishing, approval="豫S(2026)001号", producer="某局")
    session.office = msgspec.structs.replace(office, publishing=publishing)
    layers = tuple(msgspec.structs.replace(d, sample=False, source="某局", currency="2025") for d in session.catalogue.layers)
    session.catalogue = msgspec.structs.replace(session.catalogue, layers=layers)


def test_restricted_layers_do_not_reach_the_public(session, tmp_path):
    with pytest.raises(RefusedError):
        execute(session, "web.write", path=str(tmp_path / "map.html"), audience="public")
    assert not (tmp_path / "map.html").exists()
    _for_the_public(session)
    told = execute(session, "web.write", path=str(tmp_path / "map.html"), audience="public")
    assert told["left_out"] == ["gas"]
    content = (tmp_path / "map.html").read_text()
    assert "秘密站" not in content
    assert "豫S(2026)001号" in content
    assert told["verdict"]["dropped"] == {"gas": "燃气调压站"}


def test_layers_not_named_lie_in_the_picture(session, tmp_path):
    told = execute(session, "web.write", path=str(tmp_path / "map.html"), layers=["post"])
    assert {one["layer"]: one["as"] for one in told["layers"]} == {"post": "features", "field": "picture", "gas": "picture"}
    content = (tmp_path / "map.html").read_text()
    assert "data:image/jpeg" in content
    assert "洛浦公园" not in content


def test_charts_and_heat_are_pictures_and_marks_by_value_are_not(session, tmp_path, browser):
    execute(session, "style.proportional", layer="field", field="@area_km2")
    execute(session, "style.heat", layer="post")
    path = tmp_path / "map.html"
    told = execute(session, "web.write", path=str(path), layers=["field", "post"])
    assert any("grow with the map" in note for note in told["notes"])
    page = browser()
    page.open(path)
    has = page.run("Object.fromEntries(lydMap.content.layers.map(l => [l.id, [Boolean(l.picture), Boolean(l.share)]]))")
    assert has == {"field": [False, True], "post": [True, False]}
    assert page.errors == []


def test_lines_are_simplified_to_the_budget_and_it_is_said(session, tmp_path, monkeypatch):
    from lydigital.publish import webfit

    monkeypatch.setattr(webfit, "_VECTOR_SHARE", 0.0022)
    told = execute(session, "web.write", path=str(tmp_path / "map.html"), budget_mb=1.0)
    assert told["tolerance_m"] > 0
    field = next(one for one in told["layers"] if one["layer"] == "field")
    assert field["vertices"] < field["of_vertices"]
    assert any("simplified" in note for note in told["notes"])


def test_what_does_not_fit_at_all_is_a_picture(session, tmp_path, monkeypatch):
    from lydigital.publish import webfit

    monkeypatch.setattr(webfit, "MOST_FEATURES", 1)
    told = execute(session, "web.write", path=str(tmp_path / "map.html"))
    assert {one["layer"]: one["as"] for one in told["layers"]} == {"field": "features", "gas": "features", "post": "picture"}
    assert any("too large" in note for note in told["notes"])
    monkeypatch.setattr(webfit, "_VECTOR_SHARE", 0.0)
    told = execute(session, "web.write", path=str(tmp_path / "map.html"))
    assert {one["as"] for one in told["layers"]} == {"picture"}


def test_names_of_other_files_and_missing_layers_are_refused(session, tmp_path):
    with pytest.raises(UsageError) as caught:
        execute(session, "web.write", path=str(tmp_path / "map.png"))
    assert caught.value.hint_text()
    with pytest.raises(UsageError):
        execute(session, "web.write", path=str(tmp_path / "map.html"), layers=["nowhere"])
