"""Time the whole answer of ``impact.compute`` on the sample city: ``python benchmarks/impacts.py [--runs 9]``.

Fifty zones as the benchmark beside QGIS has, and one; people by interpolation, thirteen layers, by class and by township.
Processor time of all threads and the clock, medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import shapely

import lydigital as ly
from lydigital.commands import impact

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.session import Session


def zones(session: Session, count: int, seed: int = 7) -> list[impact.Zone]:
    """Blots of some kilometres at hazard points, some of them over one another."""
    random = np.random.default_rng(seed)
    xy = session.table("hazard_point").geometry.coords  # type: ignore[union-attr]
    out = []
    for i, (x, y) in enumerate(xy[random.choice(len(xy), count, replace=False)].tolist()):
        turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        radius = random.uniform(1500, 4000) * (1 + 0.25 * np.sin(3 * turn) + 0.1 * np.sin(11 * turn))
        out.append(impact.Zone(shapely.Polygon(np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])), str(i)))
    return out


def measure(work: Callable[[], object], runs: int) -> dict[str, float]:
    """Milliseconds: first run, medians of clock and processor time of the others."""
    began = time.perf_counter()
    work()
    first = time.perf_counter() - began
    clock, cpu = [], []
    for _ in range(runs):
        began, used = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    found = {"first_ms": first, "ms": statistics.median(clock), "cpu_ms": statistics.median(cpu)}
    return {name: round(1000 * value, 1) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    session = ly.open("sample")
    figures = {}
    for count in (1, 50):
        asked = zones(session, count)
        figures[f"{count} zones"] = measure(lambda asked=asked: impact.of_shapes(session, asked), runs)
    asked = zones(session, 50)
    figures["50 zones and 500 m around"] = measure(lambda: impact.of_shapes(session, asked, distance_m=500), runs)
    session.close()
    json.dump(figures, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
