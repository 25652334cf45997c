"""A veil over the land around the city: relief fades into the paper towards the edge of the terrain."""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize, shapes
from scipy import ndimage

from sample_data.city import BOUNDS, City, Layer

STEPS = 12
CELL_M = 540.0


def build(city: City) -> None:
    """Rings from the city border (step 1) to the edge of the terrain (step 12), sharing their borders exactly."""
    border = shapely.union_all(city.layers["county"].geometry)
    x0, y0, x1, y1 = BOUNDS
    columns, rows = round((x1 - x0) / CELL_M), round((y1 - y0) / CELL_M)
    transform = Affine(CELL_M, 0, x0, 0, -CELL_M, y1)
    inside = rasterize([border], (rows, columns), transform=transform).astype(bool)
    frame = np.pad(np.ones((rows - 2, columns - 2), bool), 1)
    away = ndimage.distance_transform_edt(~inside)
    to_edge = ndimage.distance_transform_edt(frame)
    share = ndimage.gaussian_filter(away / (away + to_edge + 1e-9), 2.0)
    sheet = shapely.box(*BOUNDS)
    rings, steps = [], []
    before = border
    for step in range(1, STEPS + 1):
        area = shapely.union(_below(share, step / (STEPS + 1), transform), before)
        area = shapely.intersection(area, sheet)
        ring = shapely.difference(area, before)
        rings.append(shapely.set_precision(ring, 1.0))
        steps.append(step)
        before = area
    rings.append(shapely.set_precision(shapely.difference(sheet, before), 1.0))
    steps.append(STEPS + 1)
    city.layers["surroundings"] = Layer(
        np.array(rings, object),
        {"step": np.array(steps), "nature": np.array(["示例数据"] * len(steps), object)},
    )


def _below(share: np.ndarray, limit: float, transform: Affine) -> shapely.Geometry:
    """Area where ``share`` stays below ``limit``, with soft corners."""
    found = [
        shapely.geometry.shape(g)
        for g, value in shapes((share < limit).astype(np.uint8), transform=transform)
        if value
    ]
    area = shapely.union_all(found)
    return shapely.simplify(shapely.buffer(shapely.buffer(area, 1500, quad_segs=3), -1500, quad_segs=3), 150)
