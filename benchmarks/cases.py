"""One case of the benchmark in a process of its own: ``python cases.py --case NAME ...``; ``lydigital bench`` calls it.

The names of cases and figures are those of the peer benchmark, whose ``common.py`` (beside ``camera.json``) is used for
percentiles, memory and cold files, so that both products are measured by the same rule.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

T_START = time.perf_counter()
sys.path.insert(0, str(Path(__file__).resolve().parent))  # for look and work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from lydigital.render.drawlist import Fonts, SceneLayer

Figures = dict[str, Any]
VECTORS = ("buildings", "buildings_4490", "roads", "pipes", "pois", "villages", "hexes", "warning")
MAP = ("villages", "roads", "buildings", "pois", "warning")
RENDER: dict[str, tuple[tuple[str, ...], str, str | None]] = {
    **{
        f"render/{name}_{form}": ((name,), form, None)
        for name in ("buildings", "roads", "pois", "hexes")
        for form in ("gpkg", "fgb")
    },
    "render/pipes_gpkg": (("pipes",), "gpkg", None),
    "render/villages_gpkg": (("villages",), "gpkg", None),
    "render/hexes_geojson": (("hexes",), "geojson", None),
    "render/reproject_gpkg": (("buildings_4490",), "gpkg", None),
    "render/reproject_fgb": (("buildings_4490",), "fgb", None),
    "render/dem_hillshade": (("dem",), "tif", None),
    "render/map_gpkg": (MAP, "gpkg", None),
    "render/map_fgb": (MAP, "fgb", None),
    "render/map_labels_gpkg": (MAP, "gpkg", "limited"),
    "render/map_labels_fgb": (MAP, "fgb", "limited"),
    "render/labels_unlimited_fgb": (("roads", "pois"), "fgb", "unlimited"),
}
SAMPLED = {"render/hexes_geojson": (5, 1e9), "render/labels_unlimited_fgb": (5, 61000.0)}
WORK = ("identify", "select", "filter", "impact", "aggregate")


def names(folder: Path) -> list[str]:
    """Every case whose files are there."""
    found = ["startup/library"]
    found += [f"open/{v}_{form}" for form in ("gpkg", "fgb") for v in VECTORS]
    found += ["open/hexes_geojson", "open/dem_tif", *RENDER]
    found += [f"{work}/{form}" for form in ("gpkg", "fgb") for work in WORK]
    found += ["select/geojson", "layout/fgb", "desktop/gpkg", "desktop/fgb"]
    return [name for name in found if all((folder / file).exists() for file in _files(name))]


def _files(case: str) -> list[str]:
    """What a case reads; the folder of a large city may hold some of it only."""
    kind, _, rest = case.partition("/")
    if case in RENDER:
        layers, form, _ = RENDER[case]
        return [f"{layer}.{form}" for layer in layers]
    if kind == "open":
        return [".".join(rest.rsplit("_", 1))]
    needed = {"impact": ("buildings", "warning"), "aggregate": ("villages", "pois", "roads"), "filter": ("buildings",),
              "select": ("hexes",), "desktop": ("roads", "buildings"), "identify": MAP, "layout": MAP}  # fmt: skip
    asked = [] if kind in ("startup", "desktop") else ["queries.json"]
    return [*asked, *(f"{layer}.{rest}" for layer in needed.get(kind, ()))]


class Bench:
    """What every case needs: data folder, camera, rules, the peer's measuring module."""

    def __init__(self, folder: Path, camera: Path, warm: int, budget_s: float) -> None:
        self.folder, self.warm, self.budget_s = folder, warm, budget_s
        self.home = camera.parent
        self.common = _load(camera.parent / "common.py")
        self.camera = self.common.load_json(str(camera))
        self.rules = self.common.load_json(str(camera.parent / "style.json"))
        queries = folder / "queries.json"
        self.queries = self.common.load_json(str(queries)) if queries.exists() else {}

    def path(self, name: str, form: str) -> str:
        return str(self.folder / f"{name}.{form}")

    def evict(self, layers: Sequence[str], form: str) -> None:
        self.common.evict([self.path(n, form) for n in layers])

    def open(self, layers: Sequence[str], form: str, labels: str | None = None) -> list[SceneLayer]:
        import look

        from lydigital.model.crs import Crs

        crs = Crs(self.camera["crs"])
        return [look.open_layer(self.folder, n, form, crs, rules=self.rules, labels=labels) for n in layers]

    def fonts(self) -> Fonts:
        from lydigital.render.painter.fonts import QtFonts, ensure_application

        ensure_application()
        return QtFonts()

    def draw(self, scene: Sequence[SceneLayer], bounds: Sequence[float], fonts: Fonts | None = None) -> Any:
        """One complete frame from the features."""
        from lydigital.model.crs import Crs
        from lydigital.model.viewport import Viewport
        from lydigital.render import drawlist, raster

        c = self.camera
        box = (bounds[0], bounds[1], bounds[2], bounds[3])
        view = Viewport.of_bounds(box, c["width_px"], c["height_px"], Crs(c["crs"]), dpi=c["dpi"])
        listed = drawlist.build(scene, view, fonts, background=(255, 255, 255, 255))
        return raster.draw(listed, fonts=fonts)

    def repeat(self, work: Callable[[], object], times: int | None = None) -> tuple[Any, float, float]:
        """Result, first and median later milliseconds."""
        spent = []
        result: Any = None
        for _ in range(1 + (times or self.warm)):
            with self.common.Clock() as clock:
                result = work()
            spent.append(clock.ms)
        return result, round(spent[0], 2), round(self.common.median(spent[1:]), 3)


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("common", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def startup(_: Bench, __: str) -> Figures:
    import lydigital.render.raster  # noqa: F401
    from lydigital.kernels import jit

    imported = (time.perf_counter() - T_START) * 1000
    t = time.perf_counter()
    jit.warm_up()
    return {"import_ms": round(imported, 1), "init_ms": round((time.perf_counter() - t) * 1000, 1)}


def open_(b: Bench, case: str) -> Figures:
    from lydigital.kernels import jit

    jit.warm_up()
    name, form = case.split("/")[1].rsplit("_", 1)
    path = b.path(name, form)
    figures: Figures = {"file": f"{name}.{form}", "bytes": Path(path).stat().st_size}
    b.common.evict([path])
    times = []
    for _ in range(6):
        with b.common.Clock() as clock:
            (layer,) = b.open([name], form)
        times.append(clock.ms)
    data: Any = layer.data
    figures["count"] = data.levels[0].rows * data.levels[0].columns if name == "dem" else len(data)
    figures["cold_ms"], figures["warm_ms"] = round(times[0], 2), round(b.common.median(times[1:]), 2)
    return figures


def render(b: Bench, case: str) -> Figures:
    from lydigital.kernels import jit

    jit.warm_up()
    layers, form, labels = RENDER[case]
    every, widest = SAMPLED.get(case, (1, 1e9))
    frames = b.camera["frames"]
    fonts = b.fonts() if labels else None
    b.evict(layers, form)
    with b.common.Clock() as opened:
        scene = b.open(layers, form, labels)
    rss_mb, open_peak_mb = b.common.rss_mb(), b.common.peak_rss_mb()
    passes: list[list[Figures | None]] = []
    ink: list[float | None] = [None] * len(frames)
    began = time.perf_counter()
    for number in range(1 + b.warm):
        if number > 1 and time.perf_counter() - began > b.budget_s:
            break
        row: list[Figures | None] = [None] * len(frames)
        passes.append(row)
        for i, frame in enumerate(frames):
            if i % every or frame["width_m"] > widest:
                continue
            with b.common.Clock() as clock:
                picture = b.draw(scene, frame["extent"], fonts)
            row[i] = {"ms": clock.ms, "cpu_ms": clock.cpu_ms}
            if number == 0:
                rgb = picture.pixels[:, :, :3].tobytes()
                ink[i] = b.common.ink_of(rgb)
                _keep(case, frame["id"], picture.pixels)
    groups, warm = b.common.summarise_frames(b.camera, passes)
    first = passes[0][0]
    return {
        "layers": [f"{n}.{form}" for n in layers], "labels": labels or "none", "open_cold_ms": round(opened.ms, 1),
        "first_full_map_cold_ms": round(opened.ms + first["ms"], 1) if first else None, "groups": groups,
        "frame_ids": [f["id"] for f in frames], "frame_warm_ms": warm, "ink": ink, "passes": len(passes),
        "frame_cold_ms": [None if r is None else round(r["ms"], 2) for r in passes[0]],
        "sampled": every if every > 1 else None, "complete": len(passes) > 1,
        "rss_open_mb": round(rss_mb, 1), "peak_open_mb": round(open_peak_mb, 1), **_again(b, layers, form, labels),
    }  # fmt: skip


def _again(b: Bench, layers: Sequence[str], form: str, labels: str | None) -> Figures:
    """The later open, from the render cache, and what that cache and the coordinates weigh."""
    from lydigital import paths
    from lydigital.stores import cache

    cache.finish()
    rss_mb = b.common.rss_mb()
    with b.common.Clock() as opened:
        scene = b.open(layers, form, labels)
    data: list[Any] = [layer.data for layer in scene]
    coordinates = sum(table.geometry.coords.nbytes for table in data if hasattr(table, "geometry"))
    kept = sum(file.stat().st_size for file in (paths.cache_dir() / "tables").glob("*.lyt"))
    return {
        "open_cached_ms": round(opened.ms, 2), "cache_mb": round(kept / 2**20, 1),
        "coordinates_mb": round(coordinates / 2**20, 1), "rss_cached_mb": round(rss_mb, 1),
    }  # fmt: skip


def _keep(case: str, frame: str, pixels: Any) -> None:
    folder = os.environ.get("BENCH_FRAMES")
    if folder and frame in ("full-00", "zoom-04", "zoom-09", "zoom-14", "pan_far-05", "pan_mid-05", "pan_near-05"):
        from lydigital.publish.image import write_png

        Path(folder).mkdir(parents=True, exist_ok=True)
        write_png(Path(folder) / f"{case.replace('/', '_')}-{frame}.png", pixels[:, :, :3])


def identify(b: Bench, case: str) -> Figures:
    from lydigital.domain.identify import identify as ask
    from lydigital.model.crs import Crs
    from lydigital.model.viewport import Viewport

    form, spec = case.split("/")[1], b.queries["identify"]
    b.evict(spec["layers"], form)
    scene = {layer.id: layer for layer in b.open(spec["layers"], form)}
    figures: Figures = {"points": len(spec["points"])}
    crs = Crs(b.camera["crs"])
    for label, use in (("buildings", ["buildings"]), ("all_layers", spec["layers"])):
        asked = [scene[n] for n in use]
        hits = dict.fromkeys(use, 0)
        cold, warm = [], []
        for number in range(1 + b.warm):
            for x, y in spec["points"]:
                view = Viewport((x, y), 1.0, 1920, 1080, crs)
                with b.common.Clock() as clock:
                    got = ask(asked, x, y, view, tolerance_px=spec["tolerance_m"])
                    for hit in got:
                        scene[hit.layer].data.record(hit.row)  # type: ignore[union-attr]
                (cold if number == 0 else warm).append(clock.ms)
                if number == 0:
                    for hit in got:
                        hits[hit.layer] += 1
        figures[label] = {"hits": hits, "cold_ms": b.common.stats(cold), "warm_ms": b.common.stats(warm)}
    return figures


def startup_of_window(b: Bench, case: str) -> Figures:
    """The program itself: process start to the end of the first complete map of roads and buildings."""
    import subprocess

    form = case.split("/")[1]
    import look

    from lydigital.model.document import LayerRef, MapDocument
    from lydigital.stores import project

    view = next(f for f in b.camera["frames"] if f["id"] == "zoom-09")["extent"]
    refs = tuple(
        LayerRef(n, b.path(n, form), n, style=look.style_of(n, b.rules)) for n in ("buildings", "roads")
    )
    width = view[2] - view[0]
    document = MapDocument(
        "bench",
        layers=refs,
        centre=((view[0] + view[2]) / 2, (view[1] + view[3]) / 2),
        scale=width / 1920 * 96000 / 25.4,
    )
    path = b.folder / f"bench-{form}.lyd.toml"
    project.save(document, path)
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"], pass_fds=(write,),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as pipe:
        display = f":{pipe.readline().strip()}"
    runs = []
    try:
        for number in range(2 + max(3, b.warm)):
            if number == 0:
                b.evict(["buildings", "roads"], form)
            began = time.perf_counter()
            env = dict(os.environ, DISPLAY=display, QT_QPA_PLATFORM="xcb", LYDIGITAL_TRACE_START="1")
            program = subprocess.Popen(
                [sys.executable, "-m", "lydigital", str(path)], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True,
            )  # fmt: skip
            for line in program.stdout or ():
                if "first frame" in line:
                    runs.append((time.perf_counter() - began) * 1000)
                    break
            rss = Path(f"/proc/{program.pid}/statm").read_text(encoding="ascii").split()[1]
            program.terminate()
            program.wait()
    finally:
        server.terminate()
        server.wait()
    return {
        "layers": [f"{n}.{form}" for n in ("roads", "buildings")], "runs": len(runs),
        "first_run_new_profile": {"first_map_ms": round(runs[0], 1)},
        "warm_start": {"first_map_ms": round(b.common.median(runs[1:]), 1)},
        "rss_after_first_map_mb": round(int(rss) * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--camera", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--warm", type=int, default=3)
    parser.add_argument("--budget", type=float, default=200)
    a = parser.parse_args()
    import work

    kinds = {
        "startup": startup, "open": open_, "render": render, "identify": identify, "desktop": startup_of_window,
        "select": work.select, "filter": work.filter_, "impact": work.impact, "aggregate": work.aggregate,
        "layout": work.layout,
    }  # fmt: skip
    b = Bench(a.data.resolve(), a.camera.resolve(), a.warm, a.budget)
    load, calibrated = b.common.load_average(), b.common.calibrate()
    began = time.perf_counter()
    figures = kinds[a.case.split("/")[0]](b, a.case)
    figures["case_wall_s"] = round(time.perf_counter() - began, 2)
    figures["peak_rss_mb"] = round(b.common.peak_rss_mb(), 1)
    figures["calibrate_ms"] = calibrated
    figures["load_average"] = [load, b.common.load_average()]
    b.common.save_json(figures, str(a.out))


if __name__ == "__main__":
    main()
