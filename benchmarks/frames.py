"""Times whole frames: the sample city, a synthetic city, or any project, at five scales.

``python benchmarks/frames.py [sample|synthetic|PROJECT] [--no-labels] [--frames N] [--size WxH] [--png DIR] [--json]``

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
    from collections.abc import Sequence

    from lydigital.render.drawlist import Fonts, SceneLayer

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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("source", nargs="?", default="sample")
    options.add_argument("--no-labels", action="store_true")
    options.add_argument("--frames", type=int, default=30)
    options.add_argument("--size", default="1920x1080")
    options.add_argument("--scales", default="")
    options.add_argument("--png", type=Path)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    width, height = map(int, given.size.split("x"))
    start = time.perf_counter()
    jit.warm_up()
    warm = time.perf_counter() - start
    layers, view = load(given.source)
    view = view.resized(width, height)
    faces: list[Fonts | None] = [None]
    if not given.no_labels:
        from PySide6.QtGui import QGuiApplication

        from lydigital.render.painter.fonts import QtFonts

        _app = QGuiApplication(sys.argv[:1])
        faces.append(QtFonts())
    results = []
    for fonts in faces:
        for scale in [int(s) for s in given.scales.split(",") if s] or SCALES:
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
