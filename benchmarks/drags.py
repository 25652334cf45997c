"""Times vertex drags on a layer of 200,000 polygons: a confirmed edit and the true frame of it, again and again.

``python benchmarks/drags.py [--drags N] [--polygons N] [--scale S] [--folder DIR] [--json]``

Each drag is the command ``vertex.move`` through the one door (journal written and flushed), then scene, draw list and
every pixel of a 1920x1080 frame, with labels placed as in the window. Undo is on: at the end all of it is taken back.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from lydigital import paths
from lydigital.commands import registry
from lydigital.kernels import jit
from lydigital.model.layerdef import read_catalogue
from lydigital.model.viewport import Viewport
from lydigital.render import drawlist, raster
from lydigital.session import Session, open_session

if TYPE_CHECKING:
    from numpy.typing import NDArray

X0, Y0 = 620_000.0, 3_820_000.0
CELL = 25.0


def store(folder: Path, count: int) -> Path:
    """A GeoPackage of ``count`` buildings of eight corners, side by side in rows."""
    import shapely

    from lydigital.stores import create

    path = folder / f"drags-{count}.gpkg"
    if path.exists():
        return path
    rng = np.random.default_rng(4)
    wide = round(count**0.5)
    corner = np.stack([X0 + CELL * (np.arange(count) % wide), Y0 + CELL * (np.arange(count) // wide)], 1)
    outline = np.array([[0, 0], [8, 0], [8, 4], [14, 4], [14, 12], [8, 12], [8, 9], [0, 9], [0, 0]], np.float64)
    rings = corner[:, None] + outline * rng.uniform(0.7, 1.4, (count, 1, 1))
    shapes = shapely.polygons(rings)
    catalogue = read_catalogue(paths.layers_dir())
    create.create_gpkg(path, catalogue)
    values = {"kind": ["住宅"] * count, "floors": list(range(count)), "nature": ["示例数据"] * count}
    create.write_layer(path, catalogue.layer("building"), values, shapes)
    create.finish(path)
    return path


class Drags:
    """One session that is dragged at."""

    def __init__(self, session: Session, scale: float) -> None:
        from lydigital.render.painter.fonts import QtFonts
        from lydigital.render.placer import Placer

        self.session = session
        self.fonts = QtFonts()
        self.placer = Placer(lambda: None)
        table = session.table("building")
        bounds = table.geometry.total_bounds  # type: ignore[union-attr]
        middle = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
        self.view = Viewport(middle, 1.0, 1920, 1080, table.crs).at_scale(scale)
        near = table.rows_in(self.view.bounds)  # type: ignore[union-attr]
        session.scene(self.view.scale)  # read, as what is on the screen is
        self.fids: NDArray[np.int64] = table.fid[near]

    def frame(self) -> raster.Frame:
        scene, _ = self.session.scene_so_far(self.view.scale)
        drawn = drawlist.build(scene, self.view, self.fonts, placer=self.placer)
        return raster.draw(drawn, bgra=True, fonts=self.fonts)

    def run(self, drags: int) -> dict[str, NDArray[np.float64]]:
        """Seconds of each drag: ``commit``, ``scene``, ``build``, ``draw``, ``whole``, and ``cpu`` of all threads."""
        rng = np.random.default_rng(1)
        dx = dy = 0.0
        times, cpu = np.zeros((drags, 4)), np.zeros(drags)
        for k in range(drags):
            fid = int(self.fids[k // 2 % min(len(self.fids), 200)])
            dx, dy = (-dx, -dy) if k % 2 else rng.uniform(-1.5, 1.5, 2).tolist()  # and back: no outline crosses itself
            began = time.process_time()
            marks = [time.perf_counter()]
            registry.execute(
                self.session, "vertex.move", layer="building", fid=fid, vertices=[(0, 0, k // 2 % 8)], dx=dx, dy=dy,
                topological=False,
            )  # fmt: skip
            marks.append(time.perf_counter())
            scene, _ = self.session.scene_so_far(self.view.scale)
            marks.append(time.perf_counter())
            drawn = drawlist.build(scene, self.view, self.fonts, placer=self.placer)
            marks.append(time.perf_counter())
            raster.draw(drawn, bgra=True, fonts=self.fonts)
            marks.append(time.perf_counter())
            times[k], cpu[k] = np.diff(marks), time.process_time() - began
        parts = dict(zip(("commit", "scene", "build", "draw"), times.T, strict=True))
        return {"whole": times.sum(1), **parts, "cpu": cpu}


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--drags", type=int, default=1000)
    reader.add_argument("--polygons", type=int, default=200_000)
    reader.add_argument("--scale", type=float, default=2_000.0)
    reader.add_argument("--folder", type=Path)
    reader.add_argument("--json", action="store_true")
    given = reader.parse_args()
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication.instance() or QGuiApplication([])
    jit.warm_up()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="drags-"))
    folder.mkdir(parents=True, exist_ok=True)
    session = open_session(str(store(folder, given.polygons)), author="bench", autosave=True)
    try:
        drags = Drags(session, given.scale)
        drags.frame()
        before = drags.frame().pixels
        times = drags.run(given.drags)
        steps = len(session.history.entries)
        while session.undo() is not None:
            pass
        same = bool(np.array_equal(before, drags.frame().pixels))
        drags.placer.close()
    finally:
        session.close()
    result = {
        "polygons": given.polygons, "drags": given.drags, "scale": given.scale, "steps": steps, "undone": same,
        "ms": {name: {"median": round(1e3 * float(np.median(t)), 2), "p95": round(1e3 * float(np.percentile(t, 95)), 2),
                      "max": round(1e3 * float(t.max()), 2)} for name, t in times.items()},
    }  # fmt: skip
    del application
    if given.json:
        print(json.dumps(result))
    else:
        print(f"{given.drags} drags on {given.polygons:,} polygons at 1:{given.scale:,.0f}; undone exactly: {same}")
        for name, figures in result["ms"].items():
            print(f"{name:>8}  median {figures['median']:7.2f}  p95 {figures['p95']:7.2f}  max {figures['max']:7.2f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
