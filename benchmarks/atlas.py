"""An atlas of all townships of the sample city, here and with QGIS: ``python benchmarks/atlas.py [--pages N] [--jobs 1,2] [--out FILE]``.

Both print the planning sheet A3: the visible layers of the sample city (shaded relief, names), overview, legend of what is on
the map, scale bar, graticule, one PDF a township. QGIS gets plainer symbols from the same rules (``atlas_qgis.py``, run by
the Python it belongs to): no glyphs, no hatches, no inner shades. Clock, processor time and memory are of the whole tree of
processes; memory is the proportional share (PSS), sampled.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lydigital as ly
from lydigital import paths
from lydigital.commands import layout as layouts
from lydigital.kernels import jit
from lydigital.model.style import LineSymbolizer, PointSymbolizer, PolygonSymbolizer, Rule, Style

HERE = Path(__file__).resolve().parent
QGIS_PYTHON = "/usr/bin/python3"
SAMPLE_S = 0.25


def rules(style: Style, rule: Rule) -> str:
    """The rule as a condition of QGIS."""
    field = f'"{style.field}"' if style.field else ""
    parts = []
    values = rule.values or (() if rule.value is None else (rule.value,))
    if field and values:
        parts.append(f"{field} IN ({', '.join(_literal(v) for v in values)})")
    if field and rule.minimum is not None:
        parts.append(f"{field} >= {rule.minimum}")
    if field and rule.maximum is not None:
        parts.append(f"{field} < {rule.maximum}")
    return " AND ".join(parts)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def symbol(symbolizer: object, scale: float) -> dict[str, Any] | None:
    """Colours and widths of a symbolizer at ``scale``."""
    if isinstance(symbolizer, PointSymbolizer):
        return {"kind": "point", "size": at(symbolizer.size_mm, scale), "color": symbolizer.color, "outline": symbolizer.outline}
    if isinstance(symbolizer, LineSymbolizer):
        casing = symbolizer.casing
        return {
            "kind": "line", "color": symbolizer.stroke.color, "width": at(symbolizer.stroke.width_mm, scale), "dash": symbolizer.stroke.dash_mm,
            "casing": None if casing is None else [casing.color, at(casing.width_mm, scale)],
        }  # fmt: skip
    if isinstance(symbolizer, PolygonSymbolizer):
        fill, stroke = symbolizer.fill, symbolizer.stroke
        return {
            "kind": "polygon", "color": fill.color if fill else "", "opacity": fill.opacity if fill else 0.0,
            "stroke": None if stroke is None else [stroke.color, at(stroke.width_mm, scale)],
        }  # fmt: skip
    return None


def at(size: object, scale: float) -> float:
    """A size that depends on the scale, at one."""
    if isinstance(size, (int, float)):
        return float(size)
    return float(min(size, key=lambda step: abs(math.log(step[0] / scale)))[1])  # type: ignore[call-overload]


def content(gpkg: Path, dem: Path) -> dict[str, Any]:
    """What QGIS needs to draw the same: layers bottom first, and the boxes of the layout."""
    session = ly.open("sample")
    layers = []
    for ref in reversed(session.document.layers):
        if not session.document.is_visible(ref):
            continue
        definition, style = session.definition(ref.id), session.style(ref.id)
        if definition.geometry == "raster":
            layers.append({"id": ref.id, "title": definition.name, "geometry": "raster", "source": str(dem)})
            continue
        found = []
        for rule in style.rules:
            parts = [made for s in rule.symbolizers if (made := symbol(s, 60_000)) is not None]
            found.append({
                "where": rules(style, rule), "title": rule.title or definition.title, "symbols": parts, "min": rule.min_scale,
                "max": rule.max_scale if math.isfinite(rule.max_scale) else 0,
            })  # fmt: skip
        label = style.labels if ref.labels else None
        layers.append({
            "id": ref.id, "title": definition.title, "geometry": definition.geometry, "min": style.min_scale,
            "max": style.max_scale if math.isfinite(style.max_scale) else 0, "source": f"{gpkg}|layername={ref.table or ref.id}", "rules": found,
            "label": None if label is None else {
                "field": label.field, "size": at(label.size_pt, 60_000), "color": label.color, "halo": label.halo_mm, "placement": label.placement,
                "min": label.min_scale, "max": label.max_scale if math.isfinite(label.max_scale) else 0, "repeat": label.repeat_mm,
            },
        })  # fmt: skip
    template = layouts.template("planning")
    boxes = {i.id: [i.x, i.y, i.width, i.height] for i in template.items}
    session.close()
    return {"layers": layers, "boxes": boxes, "page": [template.pages[0].width, template.pages[0].height], "crs": "EPSG:4546"}


# --- measuring ----------------------------------------------------------------------------------------------------------


def measured(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Clock and processor seconds of a command with all its children, and the most memory they had together, MiB."""
    start = time.perf_counter()
    before = os.times()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
        most = 0.0
        while process.poll() is None:
            most = max(most, _memory(process.pid))
            time.sleep(SAMPLE_S)
        said.seek(0)
        words = said.read().decode(errors="replace")
    after = os.times()
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}\n{words[-3000:]}")
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return {"seconds": round(time.perf_counter() - start, 1), "cpu_s": round(cpu, 1), "memory_mib": round(most)}


def _memory(pid: int) -> float:
    """Proportional share of memory of a process and its children, MiB."""
    kib = 0
    for one in (pid, *_children(pid)):
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
        except OSError:
            continue
    return kib / 1024


def _children(pid: int) -> list[int]:
    try:
        direct = [int(c) for task in Path(f"/proc/{pid}/task").iterdir() for c in (task / "children").read_text().split()]
    except OSError:
        return []
    return [found for child in direct for found in (child, *_children(child))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=194)
    parser.add_argument("--jobs", default="1,2")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path, help="folder in which the pages stay")
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="atlas-"))
    folder.mkdir(parents=True, exist_ok=True)
    gpkg, dem = (Path(shutil.copy2(source, folder)) for source in (paths.sample_store(), paths.sample_dem()))
    session = ly.open("sample")
    codes = sorted(session.table("township").column("code").to_pylist())  # type: ignore[union-attr]
    session.close()
    step = len(codes) / min(given.pages, len(codes))
    chosen = [codes[int(i * step)] for i in range(min(given.pages, len(codes)))]  # all over the city
    where = "code IN (" + ", ".join(f"'{code}'" for code in chosen) + ")"
    wanted = {**content(gpkg, dem), "where": where, "out": str(folder / "qgis")}
    (folder / "content.json").write_text(json.dumps(wanted, ensure_ascii=False), encoding="utf-8")
    jit.prepare(lambda _done, _total: None)  # compiling is done once, at the first start
    figures: dict[str, Any] = {"load_before": os.getloadavg()[0], "pages": len(chosen)}
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for jobs in filter(None, given.jobs.split(",")):
        out = folder / f"lydigital-{jobs}"
        command = [sys.executable, "-m", "lydigital", "atlas", str(gpkg), "--layout", "planning", "--by", "township", "--where", where, "-o", str(out), "--jobs", jobs, "--name", "{feature.code}"]
        figures[f"lydigital, {jobs} process" + ("es" if jobs != "1" else "")] = {**measured(command, environment), **_files(out)}
        print(json.dumps(figures), file=sys.stderr, flush=True)
    if Path(QGIS_PYTHON).exists() and subprocess.run([QGIS_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False).returncode == 0:
        bare = {name: value for name, value in environment.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        command = [QGIS_PYTHON, str(HERE / "atlas_qgis.py"), str(folder / "content.json")]
        figures["QGIS"] = {**measured(command, bare), **_files(folder / "qgis")}
    figures["load_after"] = os.getloadavg()[0]
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    if given.keep is None:
        shutil.rmtree(folder)


def _files(folder: Path) -> dict[str, Any]:
    made = list(folder.glob("*.pdf"))
    return {"files": len(made), "mib": round(sum(path.stat().st_size for path in made) / 2**20, 1)}


if __name__ == "__main__":
    main()
