"""Neighbouring zooms show the same map: nothing pops, appears or fades when features cross a threshold of the engine."""

import numpy as np
import pytest
import shapely
import shapely.affinity
from scene import AT, CRS, layer, polygons

from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import Fill, LineSymbolizer, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.viewport import Viewport
from lydigital.render import raster
from lydigital.render.drawlist import build

STEP = 1.05
SIZE = 160
OUTLINED = Style((Rule((PolygonSymbolizer(Fill("#f2d8b3"), Stroke("#5a5a5a", 0.3, join="miter")),)),))
PLAIN = Style((Rule((PolygonSymbolizer(Fill("#3060a0")),)),))
STREETS = Style((Rule((LineSymbolizer(Stroke("#d9534f", 0.3)),)),))


def houses():
    """Blocks of turned houses of 8 to 30 m, some with a court, on streets."""
    random = np.random.default_rng(7)
    shapes = []
    for x in range(-1500, 1500, 60):
        for y in range(-1500, 1500, 60):
            if random.random() < 0.3:
                continue
            w, h = random.uniform(8, 30, 2)
            shape = shapely.box(-w / 2, -h / 2, w / 2, h / 2)
            if random.random() < 0.2:
                shape = shape.difference(shapely.box(-w / 4, -h / 4, w / 4, h / 4))
            shape = shapely.affinity.rotate(shape, 40 * np.sin(x / 700) + 20 * np.cos(y / 500))
            shapes.append(shapely.affinity.translate(shape, AT[0] + x + random.uniform(-9, 9), AT[1] + y))
    return polygons(*shapes)


def streets():
    random = np.random.default_rng(8)
    starts = random.uniform(-1500, 1500, (900, 2))
    turns = random.uniform(-40, 40, (900, 2))
    return GeometryArray.from_rings(GeometryKind.LINE, [
        [[[tuple(a + AT), tuple(a + t + AT), tuple(a + t * (1.6, 2.1) + AT)]]] for a, t in zip(starts, turns, strict=True)
    ])


def picture(layers, units_per_px):
    view = Viewport(AT, units_per_px, SIZE, SIZE, CRS)
    return raster.draw(build(layers, view, background=(255, 255, 255, 255))).pixels[:, :, :3].astype(float)


def warped(pixels, zoom):
    """The middle of a picture ``zoom`` times as large, bilinear."""
    at = (np.arange(SIZE) + 0.5 - SIZE / 2) / zoom + SIZE / 2 - 0.5
    low = np.clip(np.floor(at).astype(int), 0, SIZE - 2)
    share = (at - low)[:, None]
    rows = pixels[low] * (1 - share[:, :, None]) + pixels[low + 1] * share[:, :, None]
    return rows[:, low] * (1 - share[None]) + rows[:, low + 1] * share[None]


def soft(pixels):
    """Local mean over 5 by 5 pixels: what the eye compares when edges move by parts of a pixel."""
    out = pixels
    for axis in (0, 1):
        out = sum(np.roll(out, k, axis) for k in range(-2, 3)) / 5
    return out[4:-4, 4:-4]


KINDS = {  # style, geometry, most mean and most 99.9th percentile of the change, of 255
    "outlined": (OUTLINED, houses, 5.0, 32.0),
    "plain": (PLAIN, houses, 1.5, 11.0),
    "streets": (STREETS, streets, 2.0, 14.0),
}


@pytest.mark.parametrize("zoom", [1.0, 4.0, 8.0, 12.0, 14.0, 16.0, 18.0, 20.0, 26.0, 34.0])
@pytest.mark.parametrize("kind", KINDS)
def test_a_small_step_of_the_zoom_is_a_small_change(kind, zoom):
    style, geometry, most_mean, most = KINDS[kind]
    layers = [layer(style, geometry())]
    near, far = picture(layers, zoom), picture(layers, zoom * STEP)
    change = np.abs(soft(warped(far, STEP)) - soft(near))
    assert np.any(near < 250)
    assert change.mean() < most_mean
    assert np.percentile(change, 99.9) < most


def test_ink_grows_steadily_while_zooming_out():
    layers = [layer(OUTLINED, houses())]
    ink = np.array([(255 - picture(layers, 11.5 * STEP**k)).mean() for k in range(10)])
    assert (np.abs(np.diff(ink)) / ink[1:]).max() < 0.08
