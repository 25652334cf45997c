"""Every definition in layers/ is complete and consistent, and can be drawn."""

from __future__ import annotations

import json
import math
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from lydigital import paths
from lydigital.errors import BadDataError
from lydigital.model.layerdef import FieldDef, LayerDef, read_catalogue, read_layer
from lydigital.model.style import (
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Style,
    parse_color,
)

CATALOGUE = read_catalogue(paths.layers_dir())
LAYERS = pytest.mark.parametrize("layer", CATALOGUE.layers, ids=lambda d: d.id)
SYMBOLIZERS = {
    "point": PointSymbolizer,
    "line": LineSymbolizer,
    "polygon": (PolygonSymbolizer, LineSymbolizer),
    "raster": RasterSymbolizer,
}
# At this scale the whole city is on a screen: badges and lines of a thousand sites would be soup.
CITY_VIEW = 800_000


def glyphs() -> set[str]:
    """Names in Material Design Icons 6, read without Qt."""
    spec = find_spec("qtawesome")
    assert spec is not None
    assert spec.origin is not None
    charmap = next((Path(spec.origin).parent / "fonts").glob("materialdesignicons6-*charmap*.json"))
    return set(json.loads(charmap.read_text(encoding="utf-8")))


GLYPHS = glyphs()


def stops(size: object) -> list[tuple[float, float]]:
    return [(0.0, float(size))] if isinstance(size, (int, float)) else [tuple(s) for s in size]  # type: ignore[attr-defined]


def test_ids_and_groups_are_unique_and_used():
    ids = [layer.id for layer in CATALOGUE.layers]
    assert len(ids) == len(set(ids))
    assert {layer.group for layer in CATALOGUE.layers} == {group.id for group in CATALOGUE.groups}


def test_every_system_of_the_plan_has_layers_and_no_layer_an_unknown_one():
    served = {s for layer in CATALOGUE.layers for s in layer.systems}
    assert served == {system.id for system in CATALOGUE.systems}
    assert len(served) >= 36


def test_group_icons_exist():
    assert {g.icon for g in CATALOGUE.groups} <= GLYPHS


@LAYERS
def test_says_what_it_is_in_both_languages(layer: LayerDef):
    for text in (
        layer.title,
        layer.title_en,
        layer.source,
        layer.department,
        layer.update_cycle,
        layer.currency,
    ):
        assert text.strip()
    assert layer.title_en.isascii()
    for field in layer.fields:
        assert field.title
        assert field.title_en
        assert all(zh and en for zh, en in field.domain.values()), field.name


@LAYERS
def test_says_what_is_synthetic(layer: LayerDef):
    if layer.geometry == "raster":
        assert "示例" in layer.source
        return
    nature = layer.field("nature")
    assert nature is not None
    assert nature.required
    assert {"示例数据", "推算"} <= set(nature.domain)


@LAYERS
def test_field_names_are_unique_and_refer(layer: LayerDef):
    names = [f.name for f in layer.fields]
    assert len(names) == len(set(names))
    assert not set(names) & {"fid", "geom"}
    for name in (
        layer.title_field,
        layer.style.field,
        layer.style.labels.field if layer.style.labels else "",
    ):
        assert not name or name in names
    if layer.style.labels and layer.style.labels.order_field:
        assert layer.style.labels.order_field in names


@LAYERS
def test_rules_cover_the_domain_of_their_field(layer: LayerDef):
    style = layer.style
    if style.kind != "categorized":
        return
    field = layer.field(style.field)
    assert field is not None
    values = [str(v) for r in style.rules for v in ((r.value,) if r.value is not None else r.values)]
    assert len(values) == len(set(values))
    if field.domain and layer.id not in {"road", "street", "hazard_zone", "place"}:
        assert set(values) == set(field.domain)
    elif field.domain:
        assert set(values) <= set(field.domain)


@LAYERS
def test_symbols_fit_the_geometry_and_parse(layer: LayerDef):
    if layer.geometry == "none":
        assert not layer.style.rules
        return
    assert layer.style.rules
    for rule in layer.style.rules:
        assert rule.min_scale < rule.max_scale
        for symbol in rule.symbolizers:
            assert isinstance(symbol, SYMBOLIZERS[layer.geometry])
            for text in colours(symbol):
                parse_color(text)
            if isinstance(symbol, PointSymbolizer) and symbol.glyph:
                assert symbol.glyph in GLYPHS


def colours(symbol: object) -> list[str]:
    if isinstance(symbol, PointSymbolizer):
        return [symbol.color, symbol.outline, symbol.glyph_color]
    if isinstance(symbol, LineSymbolizer):
        return [symbol.stroke.color, *([symbol.casing.color] if symbol.casing else [])]
    if isinstance(symbol, PolygonSymbolizer):
        fill = (
            [symbol.fill.color, *([symbol.fill.ground] if symbol.fill.ground else [])] if symbol.fill else []
        )
        return fill + ([symbol.stroke.color] if symbol.stroke else [])
    assert isinstance(symbol, RasterSymbolizer)
    return [colour for _, colour in symbol.ramp]


@LAYERS
def test_widths_are_printable_and_thin_out(layer: LayerDef):
    for rule in layer.style.rules:
        for symbol in rule.symbolizers:
            strokes = [getattr(symbol, "stroke", None), getattr(symbol, "casing", None)]
            sizes = [stops(s.width_mm) for s in strokes if s is not None]
            if isinstance(symbol, PointSymbolizer):
                sizes = [stops(symbol.size_mm)]
            for size in sizes:
                scales, values = zip(*size, strict=True)
                assert list(scales) == sorted(scales)
                assert list(values) == sorted(values, reverse=True), "wider when zoomed out"
                most = 7 if isinstance(symbol, PointSymbolizer) else 2.0
                assert all(
                    0.08 <= v <= most for s, v in size if s > 5000 or layer.id not in {"street", "road"}
                )
            if isinstance(symbol, LineSymbolizer) and symbol.casing:
                for (_, inner), (_, outer) in zip(*sizes, strict=True):
                    assert 0 < outer - inner <= 0.5


def shown(style: Style, scale: float) -> bool:
    return style.shows_at(scale) and any(r.min_scale <= scale < r.max_scale for r in style.rules)


def test_the_city_view_is_calm():
    """Below the labels only relief, counties, hazard zones, large water, main roads and railways, and the seats."""
    visible = {
        d.id for d in CATALOGUE.layers if d.visible and d.geometry != "none" and shown(d.style, CITY_VIEW)
    }
    assert {"relief", "county", "river", "reservoir", "road", "seat"} <= visible
    assert visible <= {
        "relief",
        "surroundings",
        "county",
        "river",
        "reservoir",
        "river_area",
        "road",
        "railway",
        "seat",
        "place",
        "settlement",
        "forest",
        "hazard_zone",
    }


@pytest.mark.parametrize("scale", [1e6, 8e5, 2.5e5, 1e5, 5e4, 1.5e4, 3e3, 5e2])
def test_every_zoom_shows_the_base(scale: float):
    visible = {d.id for d in CATALOGUE.layers if d.visible and shown(d.style, scale)}
    assert {"relief", "county", "river", "road"} <= visible
    assert ("building" in visible) == (scale < 25_000)
    assert ("pipe" in visible) == (scale < 15_500)
    assert ("village" in visible) == (scale < 100_000)


def test_label_hierarchy():
    def priority(layer_id: str) -> int:
        layer = CATALOGUE.layer(layer_id)
        assert layer is not None
        assert layer.style.labels is not None
        return layer.style.labels.priority

    order = ["seat", "county", "place", "village", "road", "poi"]
    assert [priority(i) for i in order] == sorted(map(priority, order), reverse=True)


def test_most_themes_start_switched_off():
    off = [d for d in CATALOGUE.layers if not d.visible]
    assert len(off) > len(CATALOGUE.layers) / 3
    for layer_id in ("hazard_point", "hospital", "shelter", "poi"):
        layer = CATALOGUE.layer(layer_id)
        assert layer is not None
        assert layer.visible


def test_personal_fields_are_marked():
    personal = {f.name for d in CATALOGUE.layers for f in d.fields if f.personal}
    assert {"phone", "contact", "monitor", "manager", "head", "author"} <= personal
    unmarked = [
        f"{d.id}.{f.name}"
        for d in CATALOGUE.layers
        for f in d.fields
        if "phone" in f.name and not f.personal and f.type == "text"
    ]
    assert not unmarked


def test_numbers_name_their_unit():
    known = {
        "step",
        "level",
        "year",
        "survey_year",
        "oneway",
        "rank",
        "issue_no",
        "feature",
        "grade",
        "townships",
        "villages",
        "strahler",
        "lanes",
        "line",
        "stars",
        "version",
        "number",
    }
    for layer in CATALOGUE.layers:
        for field in layer.fields:
            if field.type == "real" and not field.unit:
                assert layer.id in {"county_index", "statistic"}, f"{layer.id}.{field.name}"
            if field.type == "integer" and not field.unit and not field.domain:
                assert field.name in known, f"{layer.id}.{field.name}"


def test_a_field_decodes_its_codes():
    field = FieldDef("kind", "类型", type="integer", domain={"2": ("滑坡", "Landslide")})
    assert field.decode(2) == "Landslide"
    assert field.decode(None) == ""
    assert FieldDef("depth", "埋深", type="real", unit="m").decode(1.25) == "1.25 m"


def test_a_misspelt_key_is_refused(tmp_path: Path):
    text = (paths.layers_dir() / "dam.toml").read_text(encoding="utf-8")
    tomllib.loads(text)
    wrong = tmp_path / "dam.toml"
    wrong.write_text(text.replace("department", "departement"), encoding="utf-8")
    with pytest.raises(BadDataError) as caught:
        read_layer(wrong)
    assert "departement" in str(caught.value)
    assert caught.value.hint_text()


def test_scale_ranges_reach_the_street():
    for layer in CATALOGUE.layers:
        if layer.geometry in {"none", "raster"}:
            continue
        nearest = min((max(layer.style.min_scale, r.min_scale) for r in layer.style.rules), default=math.inf)
        assert nearest <= 500, layer.id
