"""Railways and metro as smooth lines through the places they pass, with their stations."""

from __future__ import annotations

import numpy as np
import shapely

from sample_data import facts
from sample_data.city import City, Layer
from sample_data.highways import METRO, RAILWAYS
from sample_data.projection import project
from sample_data.rivers import spline

_RAIL, _METRO = "410100", "430101"


def _curve(lonlat: np.ndarray, step: float) -> shapely.LineString:
    xy = np.column_stack(project(lonlat[:, 0], lonlat[:, 1]))
    return shapely.simplify(shapely.LineString(np.round(spline(xy, step), 1)), 4.0)


def build(city: City) -> None:
    """Add railway, metro and station to ``city``."""
    shapes = np.array([_curve(np.array(r[2]), 300.0) for r in RAILWAYS])
    count = len(RAILWAYS)
    city.layers["railway"] = Layer(
        shapes,
        {
            "name": [r[0] for r in RAILWAYS],
            "class": [r[1] for r in RAILWAYS],
            "gb": [_RAIL] * count,
            "nature": ["示例数据"] * count,
        },
    )
    shapes = np.array([_curve(np.array([s[1:] for s in m[2]]), 200.0) for m in METRO])
    city.layers["metro"] = Layer(
        shapes,
        {
            "name": [m[0] for m in METRO],
            "line": np.array([m[1] for m in METRO]),
            "gb": [_METRO] * len(METRO),
            "nature": ["示例数据"] * len(METRO),
        },
    )
    rows = [(name, kind, line, lon, lat, "真实") for name, kind, line, lon, lat in facts.STATIONS]
    stops: dict[str, list] = {}
    for name, number, way in METRO:
        del name
        for stop, lon, lat in way:
            stops.setdefault(stop, [lon, lat, []])[2].append(f"{number}号线")
    rows += [
        (stop + "站", "地铁站", " ".join(lines), lon, lat, "示例数据")
        for stop, (lon, lat, lines) in stops.items()
    ]
    x, y = project(np.array([r[3] for r in rows]), np.array([r[4] for r in rows]))
    city.layers["station"] = Layer(
        shapely.points(np.round(np.column_stack([x, y]), 1)),
        {
            "name": [r[0] for r in rows],
            "kind": [r[1] for r in rows],
            "line": [r[2] for r in rows],
            "nature": [r[5] for r in rows],
        },
    )
