"""Times whole frames: the sample city, a synthetic city, or any project, at five scales.

``python benchmarks/frames.py [sample|synthetic|PROJECT] [--no-labels] [--frames N] [--size WxH] [--png DIR] [--json] [--ops]``

Every frame is a step of a pan by a few pixels: the draw list is built anew and every pixel is drawn anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from lydigital.kernels import jit
from lydigital.model.viewport import Viewport
from lydigital.render import drawlist, raster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.render.drawlist import Fonts, Op, SceneLayer

SCALES = (800_000, 200_000, 50_000, 10_000, 2_000)


def load(source: str) -> tuple[Sequence[SceneLayer], Viewport]:
    """Layers to draw, and a view of the city's middle."""
    if source == "synthetic":
        import city

        return city.scene(), Viewport(city.CENTRE, 1.0, 8, 8, city.CRS)
    from lydigital.session import open_session

    session = open_session(source)
    return session.scene(), session.home(1920, 1080)


def measure(
    layers: Sequence[SceneLayer],
    view: Viewport,
    fonts: Fonts | None,
    frames: int,
) -> tuple[dict[str, object], raster.Frame]:
    """Build and draw ``frames`` neighbouring views; milliseconds."""
    for _ in range(2):
        frame = raster.draw(drawlist.build(layers, view, fonts), bgra=True, fonts=fonts)
    build, draw = [], []
    listed = drawlist.build(layers, view, fonts)
    for step in range(frames):
        start = time.perf_counter()
        listed = drawlist.build(layers, view.panned(3.0 * step, 2.0 * step), fonts)
        middle = time.perf_counter()
        frame = raster.draw(listed, bgra=True, fonts=fonts)
        draw.append(time.perf_counter() - middle)
        build.append(middle - start)
    total = np.array(build) + np.array(draw)
    median, p95 = np.percentile(total, [50, 95]) * 1000
    return {
        "scale": round(view.scale),
        "median_ms": round(float(median), 2),
        "p95_ms": round(float(p95), 2),
        "build_ms": round(float(np.median(build)) * 1000, 2),
        "draw_ms": round(float(np.median(draw)) * 1000, 2),
        "best_ms": round(float(total.min()) * 1000, 2),
        "operations": len(listed.ops),
        "labels": len(listed.labels),
    }, frame


def profile(layers: Sequence[SceneLayer], view: Viewport, frames: int) -> list[tuple[float, str, str, int]]:
    """Processor milliseconds of the building of the list and of each operation on one thread, the best of ``frames``."""

    def best(work: Callable[[], object]) -> float:
        spent = []
        for _ in range(frames):
            start = time.thread_time()
            work()
            spent.append(time.thread_time() - start)
        return min(spent) * 1000

    listed = drawlist.build(layers, view, None)
    out = [(best(lambda: drawlist.build(layers, view, None)), "build", "", 0)]
    scratch = raster._borrow(view.width_px, view.height_px)
    painter = raster._Painter(view, scratch, None, True, None)
    pixels = np.empty((view.height_px, view.width_px), np.uint32)
    owner = {id(getattr(layer.data, "geometry", layer.data)): layer.id for layer in layers}
    for op in listed.ops:

        def draw(op: Op = op) -> float:
            step = painter.step(op)
            pixels[:] = 0xFFFFFFFF
            start = time.thread_time()
            if step is not None:
                step(pixels, 0, view.height_px)
            return time.thread_time() - start

        spent = min(draw() for _ in range(frames)) * 1000
        name = owner.get(id(getattr(op, "geometry", getattr(op, "grid", None))), "")
        out.append((spent, type(op).__name__, name, len(getattr(op, "rows", ()))))
    raster._give_back(scratch)
    return sorted(out, reverse=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("source", nargs="?", default="sample")
    options.add_argument("--no-labels", action="store_true")
    options.add_argument("--frames", type=int, default=30)
    options.add_argument("--size", default="1920x1080")
    options.add_argument("--scales", default="")
    options.add_argument("--png", type=Path)
    options.add_argument("--json", action="store_true")
    options.add_argument("--ops", action="store_true", help="processor time of each operation instead of frames")
    given = options.parse_args()
    width, height = map(int, given.size.split("x"))
    start = time.perf_counter()
    jit.warm_up()
    warm = time.perf_counter() - start
    layers, view = load(given.source)
    view = view.resized(width, height)
    scales = [int(s) for s in given.scales.split(",") if s] or list(SCALES)
    if given.ops:
        for scale in scales:
            found = profile(layers, view.at_scale(scale), min(given.frames, 8))
            print(f"1:{scale}: {sum(row[0] for row in found):.2f} ms")
            for spent, kind, name, rows in found:
                print(f"{spent:9.2f}  {kind} {name} {rows or ''}")
        return
    faces: list[Fonts | None] = [None]
    if not given.no_labels:
        from PySide6.QtGui import QGuiApplication

        from lydigital.render.painter.fonts import QtFonts

        _app = QGuiApplication(sys.argv[:1])
        faces.append(QtFonts())
    results = []
    for fonts in faces:
        for scale in scales:
            result, frame = measure(layers, view.at_scale(scale), fonts, given.frames)
            result["with_labels"] = fonts is not None
            results.append(result)
            if not given.json:
                print(" ".join(f"{key} {value}" for key, value in result.items()), flush=True)
            if given.png and (fonts is not None or given.no_labels):
                from PIL import Image

                given.png.mkdir(parents=True, exist_ok=True)
                Image.fromarray(frame.pixels[:, :, 2::-1]).save(given.png / f"frame_{scale}.png")
    if given.json:
        print(
            json.dumps({"source": given.source, "layers": len(layers), "kernels_s": warm, "frames": results})
        )


if __name__ == "__main__":
    main()
