"""Small scenes for render tests: map units are metres in the project's system."""

import numpy as np
import pyarrow as pa
import shapely

from lydigital.model.crs import PROJECT_DEFAULT, Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.render import classify
from lydigital.render.drawlist import SceneLayer

CRS = Crs(PROJECT_DEFAULT)
AT = (600_000.0, 3_830_000.0)


def polygons(*shapes):
    return GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(shapes, object))


def table(geometry, **columns):
    n = len(geometry)
    return FeatureTable(np.arange(n, dtype=np.int64), pa.table(columns or {"n": np.arange(n)}), geometry, CRS)


def layer(style, geometry, name="layer", *, selected=(), **columns):
    data = table(geometry, **columns)
    return SceneLayer(name, data, style, classify.codes(data, style), selected=np.array(selected, np.int32))


def view(width=60, height=40, units_per_px=1.0):
    return Viewport(AT, units_per_px, width, height, CRS)


def box(x0, y0, x1, y1):
    """A box in metres from the centre of the view."""
    return shapely.box(AT[0] + x0, AT[1] + y0, AT[0] + x1, AT[1] + y1)


def points(*xy):
    return GeometryArray.from_points(np.array(xy, np.float64).reshape(-1, 2) + AT)


def line(*xy):
    return GeometryArray.from_rings(GeometryKind.LINE, [[[[(AT[0] + x, AT[1] + y) for x, y in xy]]]])
