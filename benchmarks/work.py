"""Cases of the benchmark that work on the data: select, filter, impact, aggregate, sheet. See cases.py."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cases import Bench, Figures

    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable

TITLES = {"villages": "村界", "roads": "道路", "buildings": "建筑物", "pois": "兴趣点", "warning": "预警区"}


def _table(b: Bench, name: str, form: str) -> FeatureTable:
    (layer,) = b.open([name], form)
    data: Any = layer.data
    return data


def select(b: Bench, case: str) -> Figures:
    """Features that intersect a rectangle, and the frame with them highlighted."""
    from dataclasses import replace

    from lydigital.domain.select import rows_meeting

    form, spec = case.split("/")[1], b.queries["select_rects"]
    b.evict([spec["layer"]], form)
    (layer,) = b.open([spec["layer"]], form)
    table: Any = layer.data
    figures: Figures = {}
    for rect in spec["rects"]:
        box = tuple(rect["rect"])
        rows, _, select_ms = b.repeat(lambda box=box: rows_meeting(table, box))
        selected = replace(layer, selected=rows)
        _, first_ms, again_ms = b.repeat(lambda s=selected, box=box: b.draw([s], box), 1)
        figures[rect["id"]] = {
            "selected": len(rows), "select_ms": select_ms, "redraw_with_selection_ms": first_ms,
            "redraw_with_selection_warm_ms": again_ms,
        }  # fmt: skip
    return figures


def filter_(b: Bench, case: str) -> Figures:
    """Rows that meet a condition in SQL."""
    from lydigital.domain.query import rows_where

    form = case.split("/")[1]
    figures: Figures = {}
    for spec in b.queries["filters"]:
        b.evict([spec["layer"]], form)
        table = _table(b, spec["layer"], form)
        rows, first_ms, warm_ms = b.repeat(lambda t=table, s=spec: rows_where(t, s["where"]))
        figures[spec["id"]] = {
            "where": spec["where"], "matches": len(rows), "matches_subset": len(rows), "select_cold_ms": first_ms,
            "select_warm_ms": warm_ms, "subset_warm_ms": warm_ms,
        }  # fmt: skip
    return figures


def impact(b: Bench, case: str) -> Figures:
    """Buildings that meet each warning zone: number and area inside; ``answer_ms`` with all zones together, counted once."""
    from lydigital.domain.impact import Cut, Zones, lines_of
    from lydigital.domain.overlay import inside
    from lydigital.model.impact import LineDef
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.style import Style

    form = case.split("/")[1]
    b.evict(["buildings", "warning"], form)
    with b.common.Clock() as opened:
        buildings, zones = _table(b, "buildings", form), _table(b, "warning", form)
    with b.common.Clock() as cpu:
        found, first_ms, warm_ms = b.repeat(lambda: inside(buildings, zones))
    rule, layer = LineDef("buildings", "建筑物", "buildings", measure="area"), LayerDef("buildings", "建筑物", "", "polygon", Style(()))
    lines, _, answer_ms = b.repeat(
        lambda: lines_of(rule, layer, buildings, Cut(Zones.of(zones.geometry, zones.crs), None))
    )
    total = [amount.value for amount in lines[-1].amounts]
    counts, areas = found.count, found.total
    ids = zones.columns.column("id").to_pylist()
    method = {
        "first_ms": first_ms, "warm_ms": warm_ms, "warm_cpu_ms": round(cpu.cpu_ms / (1 + b.warm), 1),
        "runs": 1 + b.warm, "answer_ms": answer_ms, "together": [round(value, 2) for value in total], "pairs": int(counts.sum()), "area_m2": round(float(areas.sum()), 2),
    }  # fmt: skip
    listed = sorted(zip(ids, counts.tolist(), areas.tolist(), strict=True))
    return {
        "open_cold_ms": round(opened.ms, 1), "methods": {"overlay": method},
        "zones": [{"id": i, "buildings": n, "area_m2": round(a, 2)} for i, n, a in listed],
        "fastest_complete_method": "overlay", "fastest_warm_ms": warm_ms,
    }  # fmt: skip


def aggregate(b: Bench, case: str) -> Figures:
    """Points and road length in every village."""
    from lydigital.domain.overlay import inside

    form = case.split("/")[1]
    b.evict(["villages", "pois", "roads"], form)
    villages = _table(b, "villages", form)
    order = np.argsort(villages.columns.column("id").to_numpy())
    figures: Figures = {}
    for name, layer in (("points_in_polygon", "pois"), ("road_length_in_polygon", "roads")):
        table = _table(b, layer, form)
        with b.common.Clock() as cpu:
            found, first_ms, warm_ms = b.repeat(lambda t=table: inside(t, villages))
        x = found.total[order]
        figures[name] = {
            "algorithm": "overlay", "first_ms": first_ms, "warm_ms": warm_ms, "runs": 1 + b.warm,
            "warm_cpu_ms": round(cpu.cpu_ms / (1 + b.warm), 1),
            "check": {
                "sum": round(float(x.sum()), 3), "nonzero": int((x > 0).sum()), "max": round(float(x.max()), 3),
                "sum_of_squares": float(f"{float((x * x).sum()):.10g}"), "first_ten": [round(float(v), 3) for v in x[:10]],
            },
        }  # fmt: skip
    return figures


def _plain(layer: str) -> LayerDef:
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.style import Style

    return LayerDef(id=layer, title=layer, group="", geometry="polygon", style=Style(()))


def _no_table(layer: str) -> FeatureTable:
    raise KeyError(layer)


def layout(b: Bench, case: str) -> Figures:
    """An A3 sheet at 300 dpi as PNG and as vector PDF."""
    import cases

    from lydigital.model.crs import Crs
    from lydigital.model.frame import Frame
    from lydigital.publish import press
    from lydigital.publish.arrange import Material, arrange
    from lydigital.publish.frame import of_material

    form, spec = case.split("/")[1], b.queries["layout"]
    b.fonts()
    b.evict(cases.MAP, form)
    scene = b.open(cases.MAP, form, "limited")
    (x, y), w, h = spec["centre"], 0.320 * spec["scale"], 0.262 * spec["scale"]
    bounds = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    titles = {name: ("", title) for name, title in TITLES.items()}
    frame = Frame(format="A3", title="城市建筑与预警区分布图")
    material = Material(Crs(b.camera["crs"]), bounds, lambda _scale, _ids: scene, _no_table, _plain, titles=titles)

    def written(path: Path) -> int:
        sheet = arrange(of_material(frame, material, bounds=bounds), material)
        press.write(path, [sheet], dpi=300)
        return sheet.maps[0].scale

    figures: Figures = {"page": "A3 landscape, 300 dpi"}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("png", "pdf"):
            path = Path(folder) / f"layout.{kind}"
            with b.common.Clock() as cpu:
                scale, first_ms, warm_ms = b.repeat(lambda p=path: written(p))
            figures["scale"] = scale
            figures[kind] = {
                "first_ms": first_ms, "warm_ms": warm_ms, "warm_cpu_ms": round(cpu.cpu_ms / (1 + b.warm), 1),
                "runs": 1 + b.warm, "bytes": path.stat().st_size,
            }  # fmt: skip
    return figures
