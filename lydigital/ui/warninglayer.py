"""The level grid of a computation as a layer of the picture that belongs to no map: shown while it is worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.grid import Grid
from lydigital.model.style import RasterSymbolizer, Rule, Style
from lydigital.render.drawlist import SceneLayer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.domain.hazard import Ground

LEVEL_RAMP = ((1.0, "#e0231c"), (2.0, "#ff7e00"), (3.0, "#f2d600"), (4.0, "#2f5fd0"))
ABOVE = ("boundary", "geohazard")  # groups that stay above it, and so do labels
_STYLE = Style(rules=(Rule((RasterSymbolizer(ramp=LEVEL_RAMP, steps="codes", show="terrain", shade=0.0, opacity=0.55),)),))


def level_layer(ground: Ground, levels: NDArray[np.uint8]) -> SceneLayer:
    """Levels 1 to 4 in their colours; nothing where there is no level or outside the city."""
    values = levels.astype(np.float32)
    values[(levels < 1) | (levels > 4) | (ground.township < 0)] = np.nan
    lattice = ground.lattice
    return SceneLayer("hazard.levels", Grid(values, (lattice.x0, lattice.y1), (lattice.cell, lattice.cell), lattice.crs), _STYLE, labels=False)


def with_levels(scene: tuple[SceneLayer, ...], over: SceneLayer | None, groups: dict[str, str]) -> tuple[SceneLayer, ...]:
    """The scene, bottom first, with the grid below the first layer of a group that stays above it."""
    if over is None:
        return scene
    place = next((i for i, layer in enumerate(scene) if groups.get(layer.id) in ABOVE), len(scene))
    return (*scene[:place], over, *scene[place:])
