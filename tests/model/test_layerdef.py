from __future__ import annotations

import msgspec
import pytest

from lydigital import paths, texts
from lydigital.errors import BadDataError
from lydigital.model import layercheck, layerdef
from lydigital.model.layerdef import Catalogue, FieldDef, GroupDef, LayerDef, read_catalogue, read_layer
from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)

GROUPS = '[[groups]]\nid = "base"\ntitle = "基础"\nicon = "home"\n'
ROAD = """
id = "road"
title = "道路"
title_en = "Roads"
group = "base"
geometry = "line"

[[fields]]
name = "class"
title = "等级"
domain = { a = ["高速", "Motorway"], b = ["国道", ""] }

[style]
kind = "categorized"
field = "class"

[[style.rules]]
value = "a"
symbolizers = [{ kind = "line", stroke = { color = "#ff0000", width_mm = [[1000, 2.0], [100000, 0.5]] } }]

[[style.rules]]
symbolizers = [{ kind = "line", stroke = { color = "#00ff00" } }]
"""


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(paths, "cache_dir", lambda: folder)
    return folder


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "layers"
    place.mkdir()
    (place / "groups.toml").write_text(GROUPS, encoding="utf-8")
    (place / "road.toml").write_text(ROAD, encoding="utf-8")
    return place


def test_reads_definitions(folder):
    catalogue = read_catalogue(folder)
    road = catalogue.layer("road")
    assert road.geometry == "line"
    assert road.style.rules[0].symbolizers[0].stroke.width_mm == ((1000, 2.0), (100000, 0.5))
    assert catalogue.group("base").title == "基础"
    assert catalogue.layer("rail") is None
    assert catalogue.group("rail") is None
    assert road.field("class").domain["a"] == ("高速", "Motorway")
    assert road.field("width") is None


def test_the_shipped_catalogue_survives_being_kept(monkeypatch):
    first = read_catalogue(paths.layers_dir())
    monkeypatch.setattr(layerdef, "_read_all", None)
    assert read_catalogue(paths.layers_dir()) == first


def test_a_changed_new_or_deleted_file_is_noticed(folder):
    read_catalogue(folder)
    (folder / "road.toml").write_text(ROAD.replace("道路", "公路"), encoding="utf-8")
    assert read_catalogue(folder).layers[0].title == "公路"
    (folder / "rail.toml").write_text(ROAD.replace('"road"', '"rail"'), encoding="utf-8")
    assert [d.id for d in read_catalogue(folder).layers] == ["rail", "road"]
    (folder / "road.toml").unlink()
    assert [d.id for d in read_catalogue(folder).layers] == ["rail"]


def test_a_damaged_cache_is_made_again(folder, cache_folder):
    first = read_catalogue(folder)
    (kept,) = cache_folder.iterdir()
    whole = kept.read_bytes()
    for damaged in (b"", whole[:40], whole[:-1], whole[:32] + b"\xc1" * 50):
        kept.write_bytes(damaged)
        assert read_catalogue(folder) == first
        assert kept.read_bytes() == whole


def test_a_folder_that_cannot_be_written_only_costs_the_time(folder, monkeypatch):
    def refuse(*args):
        raise OSError

    monkeypatch.setattr(paths, "write_atomically", refuse)
    assert len(read_catalogue(folder).layers) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("geometry", "geometri"), "geometri"),
        (('"line"\n\n', '"curve"\n\n'), "geometry"),
        (('title = "道路"\n', ""), "title"),
        (("[style]", "[style"), "line"),
        (('id = "road"', 'id = "street"'), "street"),
        (('group = "base"', 'group = "nowhere"'), "nowhere"),
        (('kind = "line", stroke', 'kind = "ribbon", stroke'), "ribbon"),
        (("width_mm = [[1000, 2.0], [100000, 0.5]]", 'width_mm = "wide"'), "width_mm"),
    ],
)
def test_a_faulty_definition_names_file_and_place(folder, change, word):
    assert change[0] in ROAD
    (folder / "road.toml").write_text(ROAD.replace(*change, 1), encoding="utf-8")
    with pytest.raises(BadDataError) as caught:
        read_catalogue(folder)
    assert word in str(caught.value)
    assert "road" in str(caught.value)
    assert caught.value.exit_code == 3
    assert caught.value.hint_text()


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(BadDataError):
        read_catalogue(tmp_path / "nowhere")
    with pytest.raises(BadDataError):
        read_layer(tmp_path / "gone.toml")
    (tmp_path / "gbk.toml").write_bytes('title = "洛阳"'.encode("gbk"))
    with pytest.raises(BadDataError):
        read_layer(tmp_path / "gbk.toml")


def test_values_as_a_person_reads_them():
    kind = FieldDef("kind", "类别", "Kind", domain={"1": ("滑坡", "Landslide"), "2": ("崩塌", "")})
    area = FieldDef("area", "面积", "Area", type="real", unit="km²")
    assert (kind.decode(1), kind.decode("2"), kind.decode("9"), kind.decode(None)) == (
        "Landslide",
        "崩塌",
        "9",
        "",
    )
    assert (area.decode(1234.5678), area.decode(12.0), area.decode(7)) == ("1,234.57 km²", "12 km²", "7 km²")
    texts.use("zh", paths.translations_dir())
    assert (kind.decode(1), kind.alias, area.alias) == ("滑坡", "类别", "面积")


# --- check ----------------------------------------------------------------------------------------------------------


def catalogue(*layers: LayerDef) -> Catalogue:
    return Catalogue(layers, (GroupDef("base", "基础", icon="home"),))


def line(**more) -> LayerDef:
    rule = Rule((LineSymbolizer(Stroke("#000000")),))
    return LayerDef("road", "道路", geometry="line", **({"group": "base", "style": Style((rule,))} | more))


def codes(layer: LayerDef, **more) -> set[str]:
    return {issue.code for issue in layercheck.check(catalogue(layer), **more)}


def test_a_sound_layer_has_no_faults():
    assert codes(line()) == set()


def test_the_shipped_catalogue_has_no_faults():
    faults = [i for i in layercheck.check(read_catalogue(paths.layers_dir())) if i.severity == "error"]
    assert faults == []


KIND = FieldDef("kind", "类别", domain={"a": ("甲", "A"), "b": ("乙", "B")})


def styled(*rules: Rule, **more) -> Style:
    return Style(rules, **more)


def black(**more) -> Rule:
    return Rule((LineSymbolizer(Stroke("#000000")),), **more)


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        (line(group="other"), "layer.group"),
        (line(systems=("moon",)), "layer.system"),
        (line(title_field="name"), "field.unknown"),
        (line(style=styled(black(), labels=LabelStyle("name"))), "field.unknown"),
        (line(fields=(KIND, KIND)), "field.twice"),
        (line(fields=(FieldDef("fid", "号"),)), "field.name"),
        (line(fields=(FieldDef("Name", "名"),)), "field.name"),
        (line(fields=(FieldDef("n", "数", minimum=2, maximum=1),)), "field.range"),
        (line(style=styled()), "style.rules"),
        (line(style=styled(black(value="a"), kind="categorized")), "style.field"),
        (
            line(fields=(KIND,), style=styled(black(value="c"), black(), kind="categorized", field="kind")),
            "rule.value",
        ),
        (
            line(fields=(KIND,), style=styled(black(value="a"), kind="categorized", field="kind")),
            "rule.missing",
        ),
        (
            line(
                fields=(FieldDef("n", "数", type="integer"),),
                style=styled(black(maximum=1.0), black(minimum=2.0), kind="graduated", field="n"),
            ),
            "rule.steps",
        ),
        (line(style=styled(Rule((PolygonSymbolizer(Fill("#000000")),)))), "rule.symbolizer"),
        (line(style=styled(Rule((LineSymbolizer(Stroke("black")),)))), "style.color"),
        (line(style=styled(black(min_scale=5000, max_scale=1000))), "style.scale"),
        (line(style=styled(black(), min_scale=-1)), "style.scale"),
        (
            line(style=styled(Rule((LineSymbolizer(Stroke("#000000", ((5000, 1), (1000, 2)))),)))),
            "style.stops",
        ),
        (line(style=styled(black(), opacity=1.5)), "style.opacity"),
    ],
)
def test_every_fault_has_its_code(layer, code):
    assert codes(layer) == {code}


def test_icons_are_checked_against_the_font():
    marks = LayerDef("site", "点", "base", "point", styled(Rule((PointSymbolizer(glyph="unicorn"),))))
    assert codes(marks, glyphs={"home"}) == {"style.glyph"}
    assert codes(marks, glyphs={"unicorn"}) == {"group.icon"}
    assert codes(marks) == set()


def test_ids_are_unique():
    issues = layercheck.check(catalogue(line(), msgspec.structs.replace(line(), title="街道")))
    assert [i.code for i in issues] == ["layer.twice"]


def test_defaults_are_parsed():
    assert layerdef.parse_default("$area_km2") == ("area_km2", "")
    assert layerdef.parse_default("$county.code") == ("county", "code")
    assert layerdef.parse_default("$next(county_code)") == ("next", "county_code")
    assert [layerdef.parse_default(text) for text in ("现状", "$rm", "$a.b.c", "$next(")] == [None] * 4


def test_forms_are_checked():
    from lydigital.model.layercheck import check
    from lydigital.model.layerdef import Catalogue, FieldDef, GroupDef, LayerDef, RuleDef
    from lydigital.model.style import Style

    fields = (
        FieldDef("a", "甲", default="$nothing"), FieldDef("b", "乙", domain_of="z", allowed={"1": ("x",)}),
        FieldDef("c", "丙", pattern="("), FieldDef("d", "丁", default="$next(a)", domain={"x": ("x", "x")}, domain_of="a", allowed={"1": ("x",)}),
    )  # fmt: skip
    rules = (RuleDef("a > q", "?"), RuleDef("a >", "?"))
    layer = LayerDef("one", "一", "g", "none", Style(()), fields=fields, rules=rules)
    codes = sorted(i.code for i in check(Catalogue((layer,), (GroupDef("g", "组"),))) if i.severity == "error")
    assert [c for c in codes if c.startswith(("field", "rule"))] == [
        "field.allowed", "field.default", "field.domain_of", "field.pattern", "field.unknown", "rule.condition",
    ]  # fmt: skip
