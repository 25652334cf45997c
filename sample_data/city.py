"""The base of the sample city: what every other layer is placed upon."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from affine import Affine

CRS = "EPSG:4546"
SEED = 410300
CELL_M = 90.0
X0, Y1 = 505980.0, 3889980.0
COLUMNS, ROWS = 2032, 2000
BOUNDS = (X0, Y1 - ROWS * CELL_M, X0 + COLUMNS * CELL_M, Y1)


def generator(theme: str) -> np.random.Generator:
    """A random generator of its own for ``theme``: adding one theme never changes another."""
    return np.random.default_rng([SEED, *theme.encode()])


def grid_transform(x0: float, y1: float, cell: float, height: float | None = None) -> Affine:
    """The transform of a grid whose upper left corner is ``x0, y1``."""
    return Affine(cell, 0.0, x0, 0.0, -(height or cell), y1)


@dataclass
class Terrain:
    """Elevation ``z`` (rows, columns) float32, metres; row 0 is north; values at cell centres."""

    z: np.ndarray
    x0: float = X0
    y1: float = Y1
    cell: float = CELL_M

    def at(self, x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
        """Elevation at ``x, y`` (bilinear, metres)."""
        return bilinear(self.z, self.x0, self.y1, self.cell, x, y)

    def slope(self) -> np.ndarray:
        """Slope (rise over run) at cell centres."""
        dy, dx = np.gradient(self.z.astype(np.float64), self.cell)
        return np.sqrt(dx * dx + dy * dy)


def bilinear(  # noqa: PLR0917
    grid: np.ndarray, x0: float, y1: float, cell: float, x: np.ndarray | float, y: np.ndarray | float
) -> np.ndarray:
    """``grid`` (row 0 north, values at cell centres) interpolated at ``x, y``; clamped at the edge."""
    column = np.clip((np.asarray(x, float) - x0) / cell - 0.5, 0, grid.shape[1] - 1.001)
    row = np.clip((y1 - np.asarray(y, float)) / cell - 0.5, 0, grid.shape[0] - 1.001)
    c, r = column.astype(int), row.astype(int)
    fc, fr = column - c, row - r
    top = grid[r, c] * (1 - fc) + grid[r, c + 1] * fc
    bottom = grid[r + 1, c] * (1 - fc) + grid[r + 1, c + 1] * fc
    return top * (1 - fr) + bottom * fr


@dataclass
class Layer:
    """A layer ready to write: shapely ``geometry`` (n,) and equally long ``columns`` in the order of its fields."""

    geometry: np.ndarray
    columns: dict[str, Any]

    def __len__(self) -> int:
        return len(self.geometry)


@dataclass
class RoadGraph:
    """Roads as a graph. ``nodes`` (n, 2) m; ``edges`` (m, 2) node numbers; ``lines`` shapely, one an edge."""

    nodes: np.ndarray
    edges: np.ndarray
    lines: np.ndarray
    kind: np.ndarray
    name: np.ndarray
    ref: np.ndarray


@dataclass
class City:
    """Terrain, layers by id (see base_fields.FIELDS) and the road graph.

    ``layers["county"].geometry`` are shapely geometries in EPSG:4546, ``layers["county"].columns["code"]`` numpy arrays;
    ``layers["village"]`` has every village as a point, ``layers["community"]`` its area, row for row the same.
    """

    terrain: Terrain
    layers: dict[str, Layer] = field(default_factory=dict)
    roads: RoadGraph | None = None
