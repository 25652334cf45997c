"""The benchmark's drawing rules (``style.json``) as our styles, and its layers made ready to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.render.classify import codes
from lydigital.render.drawlist import SceneLayer
from lydigital.stores import cache
from lydigital.stores.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from lydigital.model.crs import Crs

MAP = ("villages", "roads", "buildings", "pois", "warning")  # bottom to top
Rules = dict[str, Any]


def style_of(name: str, rules: Rules, labels: str | None = None) -> Style:
    """Style of a benchmark layer; ``labels`` None, ``limited`` (as the rules say) or ``unlimited`` (at all scales)."""
    s = rules[name.replace("_4490", "")]
    text = _labels(s["label"], labels) if labels and "label" in s else None

    def area(color: str, alpha: float = 1.0, outline: str = "") -> PolygonSymbolizer:
        edge = Stroke(outline or s["outline"], s["outline_mm"], join="miter")
        return PolygonSymbolizer(Fill(color, alpha), edge)

    match name:
        case "buildings" | "buildings_4490":
            made = tuple(Rule((area(c),), value=int(k)) for k, c in s["fill"].items())
            return Style(made, "categorized", s["field"], labels=text)
        case "roads" | "pipes":
            lines = ((k, LineSymbolizer(Stroke(c, mm))) for k, (c, mm) in s["classes"].items())
            return Style(tuple(Rule((line,), value=k) for k, line in lines), "categorized", s["field"], labels=text)
        case "pois":
            marks = (
                (k, PointSymbolizer(s["shape"], s["size_mm"], c, s["outline"], s["outline_mm"]))
                for k, c in s["fill"].items()
            )
            return Style(tuple(Rule((mark,), value=k) for k, mark in marks), "categorized", s["field"], labels=text)
        case "villages":
            return Style((Rule((area(s["fill"]),)),))
        case "warning":
            made = tuple(Rule((area(c, s["alpha"], c),), value=k) for k, c in s["fill"].items())
            return Style(made, "categorized", s["field"])
        case "hexes":
            b = s["breaks"]
            made = tuple(Rule((area(c),), minimum=b[i], maximum=b[i + 1]) for i, c in enumerate(s["fill"]))
            return Style(made, "graduated", s["field"])
    shade = RasterSymbolizer(
        shade=1.0, azimuth_deg=s["azimuth"], altitude_deg=s["altitude"], z_factor=s["z_factor"],
        multidirectional=s["multidirectional"],
    )  # fmt: skip
    return Style((Rule((shade,)),))


def _labels(s: Rules, labels: str) -> LabelStyle:
    return LabelStyle(
        s["field"], s["size_pt"], s["color"], s["halo"], s["halo_mm"],
        placement="line" if s["placement"] == "along line" else "point",
        max_scale=s["max_scale_denominator"] if labels == "limited" else float("inf"),
    )  # fmt: skip


def open_layer(
    folder: Path, name: str, form: str, crs: Crs, *, rules: Rules, labels: str | None = None
) -> SceneLayer:
    """One layer of the benchmark, through the same stores and cache as in the program."""
    style = style_of(name, rules, labels)
    if name == "dem":
        return SceneLayer(name, cache.read_raster(folder / f"{name}.{form}"), style)
    store = open_store(str(folder / f"{name}.{form}"))
    data = cache.read(store, store.layers()[0].name, crs)
    assert isinstance(data, FeatureTable)
    return SceneLayer(name, data, style, codes(data, style))
