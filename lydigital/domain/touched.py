"""Which communities an area touches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.pipes import numbers, texts
from lydigital.model.utility import Touched

if TYPE_CHECKING:
    from lydigital.model.table import FeatureTable


def touched(communities: FeatureTable, area: object) -> tuple[Touched, ...]:
    """Communities that share area with a polygon in their system, most of it first.

    People and households are those of the whole community, None where the table does not say.
    """
    import shapely

    if shapely.is_empty(area):
        return ()
    rows = communities.rows_in(tuple(shapely.bounds(area).tolist()))
    shapes = shapely.make_valid(communities.geometry.to_shapely(rows)) if len(rows) else np.zeros(0, object)
    whole = shapely.area(shapes)
    part = shapely.area(shapely.intersection(shapes, area))
    hit = np.flatnonzero(part > 0)
    people, households = (numbers(communities, name) for name in ("population", "households"))
    codes, names = (texts(communities, name) for name in ("code", "name"))
    found = [
        Touched(codes[row], names[row], float(part[i] / whole[i]), _count(people[row]), _count(households[row]))
        for i, row in ((i, int(rows[i])) for i in hit)
    ]
    return tuple(sorted(found, key=lambda t: (-t.share, t.code)))


def _count(value: float) -> int | None:
    return None if math.isnan(value) else round(float(value))
