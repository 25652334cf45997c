"""Colours and hillshade of cells, resampling, warping."""

import numpy as np
import pytest

from lydigital.kernels import grid, warp

BLACK = 0xFF000000
NO_STOPS = np.zeros(0), np.zeros((0, 4))


def light(azimuth=315.0, altitude=45.0, sides=(0.0,)):
    up = np.radians(altitude)
    a = np.radians(azimuth + np.array(sides))
    return np.column_stack([
        np.sin(a) * np.cos(up), np.cos(a) * np.cos(up), np.full(len(a), np.sin(up)), np.sin(a), np.cos(a)
    ])  # fmt: skip


def shade(values, cell=1.0, stops=NO_STOPS, lights=None, strength=1.0, ramp=grid.LINEAR):
    values = np.asarray(values, np.float32)
    out = np.zeros(values.shape, np.uint32)
    metres = np.full(len(values), cell)
    grid.shade(values, 0, 0, out, metres, metres, *stops, ramp, light() if lights is None else lights, strength)
    return out


def horn(values, cell):
    """Slopes to east and north of the inner cells."""
    v = values.astype(np.float64)
    a, b, c, d, f, g, h, i = (
        v[:-2, :-2], v[:-2, 1:-1], v[:-2, 2:], v[1:-1, :-2], v[1:-1, 2:], v[2:, :-2], v[2:, 1:-1], v[2:, 2:]
    )  # fmt: skip
    return ((c + 2 * f + i) - (a + 2 * d + g)) / (8 * cell), ((a + 2 * b + c) - (g + 2 * h + i)) / (8 * cell)


def plain(east, north, azimuth=315.0, altitude=45.0):
    """Hillshade of one light as gdaldem defines it: 1 + 254 * max(0, cosine of the angle to the light)."""
    az, alt = np.radians(azimuth), np.radians(altitude)
    cosine = (np.sin(alt) - np.cos(alt) * (np.sin(az) * east + np.cos(az) * north)) / np.sqrt(1 + east**2 + north**2)
    return 1 + 254 * np.maximum(0, cosine)


def several(east, north, altitude=45.0):
    """The multidirectional hillshade of USGS OFR 92-422 as gdaldem has it."""
    aspect = np.arctan2(-east, -north)  # where the slope looks to
    total = np.zeros_like(east)
    for azimuth in (225, 270, 315, 360):
        total += np.sin(aspect - np.radians(azimuth)) ** 2 * (plain(east, north, azimuth, altitude) - 1) / 254
    return 1 + 254 * 0.5 * total


@pytest.fixture
def hills():
    rng = np.random.default_rng(3)
    x, y = np.meshgrid(np.arange(40), np.arange(30))
    return (60 * np.sin(x / 5) * np.cos(y / 4) + rng.normal(0, 4, (30, 40))).astype(np.float32)


@pytest.mark.parametrize(("azimuth", "altitude"), [(315, 45), (40, 20), (180, 80)])
def test_hillshade_is_horns(hills, azimuth, altitude):
    got = shade(hills, 30.0, lights=light(azimuth, altitude))[1:-1, 1:-1] & 0xFF
    assert np.abs(got - plain(*horn(hills, 30.0), azimuth, altitude)).max() <= 1


def test_multidirectional_is_marks(hills):
    got = shade(hills, 30.0, lights=light(sides=(0, -90, -45, 45)))[1:-1, 1:-1] & 0xFF
    assert np.abs(got - several(*horn(hills, 30.0))).max() <= 1
    assert (shade(np.zeros((3, 3)), lights=light(sides=(0, -90, -45, 45))) & 0xFF == 181).all()


def test_tiles_are_parts_of_the_whole(hills):
    whole = shade(hills, 30.0)
    metres = np.full(10, 30.0)
    out = np.zeros((10, 12), np.uint32)
    around = np.ascontiguousarray(hills[9:21, 9:23])
    grid.shade(around, 1, 1, out, metres, metres, *NO_STOPS, grid.LINEAR, light(), 1.0)
    assert np.array_equal(out, whole[10:20, 10:22])


def test_the_tint_stays_on_flat_ground_and_light_comes_from_the_north_west():
    stops = np.array([0.0, 10.0]), np.array([[0.0, 0, 0, 255], [200, 100, 50, 255]])
    assert (shade(np.full((3, 3), 5), stops=stops) == (BLACK | 100 | 50 << 8 | 25 << 16)).all()
    slope = np.add.outer(np.arange(4.0), np.arange(4.0))  # rises to the south-east: faces the light
    assert (shade(slope, stops=stops)[1, 1] & 0xFF) > 40
    assert (shade(slope[::-1, ::-1], stops=stops)[1, 1] & 0xFF) < 40
    slope[1, 1] = np.nan
    shaded = shade(slope, stops=stops)
    assert shaded[1, 1] == 0
    assert (np.delete(shaded.ravel(), 5) >= BLACK).all()


def test_ramps_by_classes_and_codes():
    stops = np.array([0.0, 10.0, 20.0]), np.array([[10.0, 0, 0, 255], [20, 0, 0, 255], [30, 0, 0, 0]])
    values = [[-1, 0, 9.5, 10, 19, 20, 99]]
    assert shade(values, stops=stops, strength=0.0, ramp=grid.CLASSES)[0].tolist() == [
        0, BLACK | 10, BLACK | 10, BLACK | 20, BLACK | 20, 0, 0,
    ]  # fmt: skip
    assert shade(values, stops=stops, strength=0.0, ramp=grid.CODES)[0].tolist() == [0, BLACK | 10, 0, BLACK | 20, 0, 0, 0]
    linear = shade(values, stops=stops, strength=0.0)[0]
    assert linear[2] == BLACK | 20
    assert linear[4] >> 24 in (25, 26)  # nearly transparent, and its colour weighed with that
    assert linear[4] & 0xFF == 3


def test_halves_are_means_of_what_is_known():
    nan = np.nan
    got = grid.halve(np.array([[1, 3, 5], [5, 7, nan], [nan, nan, 4]], np.float32))
    assert np.array_equal(got, [[4, 5], [nan, 4]], equal_nan=True)


def taps(cells, weights):
    return np.array(cells, np.int32), np.array(weights, np.uint16)


def drape(pixels, cells_x, cells_y, *, ground=BLACK, opacity=256, blend=grid.NORMAL, edge=256):
    frame = np.full((len(cells_y[0]), len(cells_x[0])), ground, np.uint32)
    pixels = np.array(pixels, np.uint32)
    grid.drape(frame, 0, frame.shape[0], 0, frame.shape[1], pixels, *cells_x, *cells_y, opacity, blend, edge)
    return frame


ONE = taps([0], [(0, 256, 0)])


def test_drape_mixes_neighbours_and_fades_into_gaps():
    pixels = [[BLACK | 100, BLACK | 200], [BLACK | 100, 0]]
    cells_x = taps([0, 0, 1], [(0, 256, 0), (0, 128, 128), (0, 256, 0)])
    cells_y = taps([0, 1], [(0, 256, 0), (0, 256, 0)])
    got = drape(pixels, cells_x, cells_y, ground=BLACK | 8)
    assert (got & 0xFF).tolist() == [[100, 150, 200], [100, 54, 8]]
    assert (got >= BLACK).all()
    sharp = drape(pixels, taps([0, 0, 0], [(0, 192, 64), (0, 128, 128), (0, 64, 192)]), cells_y, ground=BLACK | 8, edge=4096)
    assert (sharp[1] & 0xFF).tolist() == [100, pytest.approx(54, abs=4), 8]
    half = drape([[BLACK | 100, BLACK | 200]], cells_x, ONE, opacity=128)
    assert (half & 0xFF).tolist() == [[50, 75, 100]]


@pytest.mark.parametrize(
    ("blend", "below", "want"),
    [(grid.NORMAL, 100, 200), (grid.MULTIPLY, 100, 78), (grid.SCREEN, 100, 222), (grid.OVERLAY, 100, 157), (grid.OVERLAY, 200, 231)],
)
def test_blend_modes(blend, below, want):
    solid = drape([[BLACK | 200]], ONE, ONE, ground=BLACK | below, blend=blend)
    assert int(solid[0, 0] & 0xFF) == want
    half = drape([[0x80000000 | 100]], ONE, ONE, ground=BLACK | below, blend=blend)  # 200 at half cover
    assert int(half[0, 0] & 0xFF) == pytest.approx((below + want) / 2, abs=1.5)
    assert drape([[0]], ONE, ONE, ground=BLACK | below, blend=blend)[0, 0] == BLACK | below


def places(width, height, step, ax, bx, ay, by):
    x, y = np.meshgrid(np.arange(-(-width // step) + 1) * step, np.arange(-(-height // step) + 1) * step)
    return np.ascontiguousarray(ax + bx * x, np.float64), np.ascontiguousarray(ay + by * y, np.float64)


def test_warping_by_nothing_is_draping():
    pixels = (np.random.default_rng(1).integers(0, 1 << 24, (9, 11)).astype(np.uint32)) | np.uint32(BLACK)
    pixels[3:5, 4:7] = 0
    at = (np.arange(20) + 0.5) * 0.4 + 1.0
    cell, t = np.floor(at).astype(int), at % 1
    weights = np.column_stack([128 * (1 - t) ** 2, 256 - 128 * (1 - t) ** 2 - 128 * t**2, 128 * t**2])
    weights = np.floor(weights + 0.5)
    weights[:, 1] = 256 - weights[:, 0] - weights[:, 2]
    want = drape(pixels, taps(cell, weights), taps(cell[:15], weights[:15]))
    got = np.full((15, 20), BLACK, np.uint32)
    x, y = places(20, 15, 8, 1.0, 0.4, 1.0, 0.4)
    warp.warp(got, 0, 7, pixels, 0, 0, x, y, 8, warp.SPLINE, 256, 0, 256)
    warp.warp(got, 7, 15, pixels, 0, 0, x, y, 8, warp.SPLINE, 256, 0, 256)
    a, b = got.view(np.uint8).astype(int), want.view(np.uint8).astype(int)
    assert np.abs(a - b).max() <= 2  # rounding in another order


def test_warping_takes_parts_leaves_the_outside_and_unreachable_places():
    pixels = np.arange(1, 13, dtype=np.uint32).reshape(3, 4) | np.uint32(BLACK)
    frame = np.full((4, 6), BLACK, np.uint32)
    x, y = places(6, 4, 8, -1.0, 1.0, 0.0, 1.0)
    warp.warp(frame, 0, 4, pixels[1:, 1:].copy(), 1, 1, x, y, 8, warp.NEAREST, 256, 0, 256)
    assert (frame & 0xFF).tolist() == [[0] * 6, [0, 0, 6, 7, 8, 0], [0, 0, 10, 11, 12, 0], [0] * 6]
    x[0, 0] = np.nan
    blank = np.full((4, 6), BLACK, np.uint32)
    warp.warp(blank, 0, 4, pixels, 0, 0, x, y, 8, warp.NEAREST, 256, 0, 256)
    assert (blank == BLACK).all()


def test_bilinear_mixing():
    pixels = (np.array([[0, 100], [40, 200]], np.uint32)) | np.uint32(BLACK)
    frame = np.full((4, 4), BLACK, np.uint32)
    x, y = places(4, 4, 8, 0.0, 0.5, 0.0, 0.5)
    warp.warp(frame, 0, 4, pixels, 0, 0, x, y, 8, warp.BILINEAR, 256, 0, 256)
    t = np.clip((np.arange(4) + 0.5) / 2 - 0.5, 0, 1)
    want = np.array([[0, 100], [40, 200]])
    want = want[0] * (1 - t)[:, None] @ np.eye(2) + want[1] * t[:, None]
    want = want[:, :1] * (1 - t) + want[:, 1:] * t
    assert np.abs((frame & 0xFF).astype(int) - want).max() <= 1


def test_enlarged_slopes_are_rounded_once():
    """Every pixel is the nearest level of the exact mixture, so that no stripes show."""
    pixels = np.array([[100, 103, 105], [101, 102, 106], [104, 105, 107]], np.uint32) | np.uint32(BLACK)
    at = (np.arange(90) + 0.5) / 30
    cell, t = np.floor(at).astype(int), at % 1
    weights = np.rint(np.column_stack([128 * (1 - t) ** 2, 0 * t, 128 * t**2]))
    weights[:, 1] = 256 - weights[:, 0] - weights[:, 2]
    got = (drape(pixels, taps(cell, weights), taps(cell, weights)) & 0xFF).astype(int)
    along = np.zeros((90, 3))
    for k in range(3):
        np.add.at(along, (np.arange(90), np.clip(cell + k - 1, 0, 2)), weights[:, k] / 256)
    assert np.abs(got - along @ (pixels & 0xFF) @ along.T).max() <= 0.5 + 2 / 16
