"""Rasters on the picture: levels, tiles, other systems, memory."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import rasterio
from rasterio import Affine
from rasterio.warp import Resampling, reproject
from scene import AT, CRS, view

from lydigital.errors import CancelledError
from lydigital.model.crs import Crs, transformation
from lydigital.model.grid import Grid
from lydigital.model.style import RasterSymbolizer, Rule, Style
from lydigital.model.viewport import Viewport
from lydigital.render import raster, relief, tiles, tint
from lydigital.render.drawlist import RasterOp, SceneLayer, build
from lydigital.stores import rasters

GREY = RasterSymbolizer(ramp=((0.0, "#000000"), (255.0, "#ffffff")), shade=0.0)


def waves(n=600, cell=20.0, crs=CRS, at=AT, west=0.5):
    y, x = np.mgrid[:n, :n]
    values = (128 + 60 * np.sin(x / 23) + 60 * np.cos(y / 31)).astype(np.float32)
    origin = (at[0] - n * cell * west, at[1] + n * cell / 2)
    return rasters.with_overviews(Grid(values, origin, (cell, cell), crs))


def drawn(data, viewport, symbolizer=GREY, **style):
    layer = SceneLayer("r", data, Style((Rule((symbolizer,)),), **style))
    return raster.draw(build([layer], viewport, background=(0, 0, 0, 255))).pixels[..., :3].astype(int)


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(tiles, "TILE", 32)


@pytest.mark.parametrize("unit", [3.0, 17.0, 47.0])
def test_parts_of_a_large_level_look_like_the_whole(monkeypatch, small_tiles, unit):
    symbolizer = RasterSymbolizer(shade=1.0)
    want = drawn(waves(), view(130, 90, unit), symbolizer)
    monkeypatch.setattr(tiles, "_WHOLE_CELLS", 1000)
    again = waves()
    for shift in (-70, -30, 0, 45, 0):  # panning there and back moves the mosaic
        moved = view(130, 90, unit).panned(shift, shift // 2)
        got = drawn(again, moved, symbolizer)
    assert np.array_equal(got, want)


def test_only_tiles_in_view_and_their_neighbours_are_read(small_tiles):
    seen = []

    class Watched(Grid):
        def read(self, level, rows, columns, band=1):
            seen.append((level, rows, columns))
            return super().read(level, rows, columns, band)

    w = waves()
    watched = Watched(w.values, w.origin, w.cell, w.crs, w.overviews)
    drawn(watched, view(64, 48, 20.0))
    tiles._ahead_pool().submit(lambda: None).result()
    cells = sum((r[1] - r[0]) * (c[1] - c[0]) for _, r, c in seen)
    assert {level for level, _, _ in seen} == {0}
    assert cells < 36 * 1024 * 1.3
    count = len(seen)
    drawn(watched, view(64, 48, 20.0))
    drawn(watched, view(64, 48, 20.0).panned(30, 0))  # made ahead
    tiles._ahead_pool().submit(lambda: None).result()
    first = [c for _, _, c in seen[count:]]
    assert all(c[1] <= 300 - 32 - 16 for c in first)  # only the next ones ahead


def test_pixels_are_kept_within_the_limit(monkeypatch, small_tiles):
    monkeypatch.setattr(tiles, "LIMIT_BYTES", 200 * 32 * 32 * 4)
    data = waves()
    for number in range(8):
        drawn(data, view(200, 150, 20.0), msgspec.structs.replace(GREY, shade=number / 10))
        tiles._ahead_pool().submit(lambda: None).result()
    mine = tiles._kept[data]
    assert sum(m.nbytes for m in mine.values()) <= tiles.LIMIT_BYTES + 64 * 32 * 32 * 4
    assert len(mine) < 8


def test_opacity_and_contours_share_pixels(small_tiles):
    data = waves()
    drawn(data, view(60, 40, 20.0))
    drawn(data, view(60, 40, 20.0), msgspec.structs.replace(GREY, opacity=0.5, contour_interval_m=20.0, contour_color="#ff0000"))
    assert len(tiles._kept[data]) == 1


def test_cancelling_stops_between_tiles(small_tiles):
    op = RasterOp(waves(), GREY)
    with pytest.raises(CancelledError):
        relief.prepare(op, view(200, 150, 20.0), True, cancelled=lambda: True)


def test_a_raster_elsewhere_is_not_drawn():
    far = view(60, 40, 20.0).panned(100_000, 0)
    assert relief.prepare(RasterOp(waves(), GREY), far, True) is None
    other = waves(crs=Crs("EPSG:4547"))
    assert relief.prepare(RasterOp(other, GREY), far, True) is None


# --- another system -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "unit"), [("EPSG:4490", 0.0002), ("EPSG:4547", 15.0), ("EPSG:3857", 40.0), ("EPSG:4490", 0.01)])
def test_places_are_within_a_quarter_of_a_pixel(code, unit):
    other = Crs(code)
    centre = transformation(CRS, other).point(*AT)
    viewport = Viewport(centre, unit, 640, 480, other)
    step, x, y = relief.places(viewport, CRS)
    rng = np.random.default_rng(0)
    px = rng.random((4000, 2)) * (640, 480)
    west, _, _, north = viewport.bounds
    exact = transformation(other, CRS).points(np.column_stack([west + px[:, 0] * unit, north - px[:, 1] * unit]))
    i, j = (px // step).astype(int).T
    u, v = (px / step - np.column_stack([i, j])).T

    def between(corner):
        upper = corner[j, i] * (1 - u) + corner[j, i + 1] * u
        return upper * (1 - v) + (corner[j + 1, i] * (1 - u) + corner[j + 1, i + 1] * u) * v

    error = np.hypot(between(x) - exact[:, 0], between(y) - exact[:, 1])
    known = np.isfinite(error)
    assert known.mean() > 0.99
    assert error[known].max() < 0.25 * relief._spacing(x, y, step)


def test_warping_agrees_with_gdal():
    data = waves()
    other = Crs("EPSG:4490")
    viewport = Viewport(transformation(CRS, other).point(*AT), 0.0002, 400, 300, other)
    got = drawn(data, viewport)[..., 0]
    want = np.zeros((300, 400), np.float32)
    west, _, _, north = viewport.bounds
    reproject(
        data.values, want, src_crs=CRS.definition, dst_crs=other.definition, resampling=Resampling.bilinear,
        src_transform=Affine(20, 0, data.origin[0], 0, -20, data.origin[1]),
        dst_transform=Affine(0.0002, 0, west, 0, -0.0002, north),
    )  # fmt: skip
    inside = np.hypot(np.arange(400) - 200, (np.arange(300) - 150)[:, None]) < 120
    slope = np.abs(np.gradient(want)[0]).max()
    assert np.abs(got - want)[inside].max() <= 0.25 * slope + 1.5  # levels of grey, with rounding


def test_other_systems_in_bands_and_as_the_own_one(small_tiles):
    viewport = Viewport(transformation(CRS, Crs("EPSG:4547")).point(*AT), 20.0, 160, 120, Crs("EPSG:4547"))
    layer = SceneLayer("r", waves(), Style((Rule((GREY,)),)))
    listed = build([layer], viewport)
    assert np.array_equal(raster.draw(listed, threads=1).pixels, raster.draw(listed, threads=3).pixels)
    same = Crs(CRS.proj.to_wkt())  # by another name the same system
    assert np.array_equal(drawn(waves(crs=same), view(60, 40, 20.0)), drawn(waves(), view(60, 40, 20.0)))


def test_light_comes_from_the_north_of_the_map():
    """A cone looks the same whichever system it is kept in."""
    y, x = np.mgrid[:200, :200]
    cone = (2000 - 12 * np.hypot(x - 100, y - 100)).astype(np.float32)
    there = Crs("EPSG:4526")  # another zone, two degrees of turn
    centre = transformation(CRS, there).point(*AT)
    data = Grid(cone, (centre[0] - 2000, centre[1] + 2000), (20.0, 20.0), there)
    assert tint.north_deg(there, CRS, centre) != 0
    shown = RasterSymbolizer(shade=1.0, multidirectional=False)
    warped = drawn(data, view(100, 100, 20.0), shown)
    own = drawn(Grid(cone, (AT[0] - 2000, AT[1] + 2000), (20.0, 20.0), CRS), view(100, 100, 20.0), shown)
    ring = np.abs(np.hypot(*(np.mgrid[:100, :100] - 49.5)) - 30) < 15
    assert np.abs(warped - own)[ring].max() <= 6


# --- cells on the ground --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "cell", "at"), [
    ("EPSG:4490", 0.001, (111.0, 34.0)), ("EPSG:4326", 0.01, (10.0, 70.0)), ("EPSG:4546", 30.0, (600_000, 3_830_000)),
    ("EPSG:3857", 100.0, (12_400_000, 8_400_000)), ("EPSG:2277", 100.0, (3_000_000, 10_000_000)),
])  # fmt: skip
def test_cells_are_as_large_as_on_the_ellipsoid(code, cell, at):
    import pyproj

    crs = Crs(code)
    data = Grid(np.zeros((4, 2), np.float32), at, (cell, cell), crs)
    wide, high = tint.ground_m(data, 0, (0, 4))
    to = pyproj.Transformer.from_crs(crs.proj, crs.proj.geodetic_crs, always_xy=True)
    geod = crs.proj.get_geod()
    for row in (0, 3):
        x, y = at[0] + cell, at[1] - (row + 0.5) * cell
        lon, lat = to.transform([x - cell / 2, x + cell / 2, x, x], [y, y, y - cell / 2, y + cell / 2])
        assert wide[row] == pytest.approx(geod.inv(lon[0], lat[0], lon[1], lat[1])[2], rel=2e-4)
        assert high[row] == pytest.approx(geod.inv(lon[2], lat[2], lon[3], lat[3])[2], rel=2e-4)


# --- pictures, palettes, memory -------------------------------------------------------------------------------------


def written(path, bands, dtype="uint8", *, colors=None, **profile):
    count, rows, columns = bands.shape
    place = Affine(10, 0, AT[0] - 5 * columns, 0, -10, AT[1] + 5 * rows)
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=count, dtype=dtype, crs="EPSG:4546", transform=place,
        **profile,
    ) as file:  # fmt: skip
        file.write(bands.astype(dtype))
        if colors:
            file.write_colormap(1, colors)
    return rasters.open_raster(path)


def test_pictures_keep_their_colours_and_what_shows_through(tmp_path):
    bands = np.zeros((4, 40, 60))
    bands[0], bands[1], bands[2], bands[3] = 200, 100, 50, 255
    bands[3, :, 30:] = 0
    file = written(tmp_path / "a.tif", bands, photometric="RGB", alpha="yes")
    got = drawn(file, view(60, 40, 10.0), RasterSymbolizer(shade=0.0))
    assert (got[:, :29] == [200, 100, 50]).all()
    assert not got[:, 31:].any()
    half = drawn(file, view(60, 40, 10.0), RasterSymbolizer(opacity=0.5))
    assert np.abs(half[:, :29] - [100, 50, 25]).max() <= 1
    swapped = drawn(file, view(60, 40, 10.0), RasterSymbolizer(bands=(3, 2, 1)))
    assert (swapped[:, :29] == [50, 100, 200]).all()


def test_palettes_do_not_mix(tmp_path):
    codes = np.indices((1, 40, 60)).sum(0) % 2 + 1
    file = written(tmp_path / "p.tif", codes, colors={1: (255, 0, 0, 255), 2: (0, 0, 255, 255)})
    got = drawn(file, view(90, 60, 5.0), RasterSymbolizer())
    assert {tuple(c) for c in got.reshape(-1, 3)} == {(255, 0, 0), (0, 0, 255)}


def test_blending_of_rasters():
    flat = Grid(np.full((8, 8), 128, np.float32), (AT[0] - 40, AT[1] + 40), (10.0, 10.0), CRS)
    below = SceneLayer("a", flat, Style((Rule((GREY,)),)))
    above = SceneLayer("b", flat, Style((Rule((GREY,)),), blend="multiply"))
    got = raster.draw(build([below, above], view(20, 20))).pixels[..., 0]
    assert (got == 64).all()


_LARGE = """
import resource, sys, time
from pathlib import Path
import numpy as np
from lydigital.kernels import jit
from lydigital.model.crs import Crs
from lydigital.model.style import RasterSymbolizer, Rule, Style
from lydigital.model.viewport import Viewport
from lydigital.render import raster
from lydigital.render.drawlist import SceneLayer, build
from lydigital.stores import cache

def rss(word="VmRSS"):
    return int(next(l for l in open("/proc/self/status") if l.startswith(word)).split()[1]) / 1024

jit.warm_up()
import rasterio, pyproj
data = cache.read_raster(Path(sys.argv[1]))
layer = SceneLayer("big", data, Style((Rule((RasterSymbolizer(shade=1.0),)),)))
x0, y0, x1, y1 = data.bounds
crs = Crs("EPSG:4546")
start = rss()
inked = 0
for step in range(16):
    for unit in (10.0, 40.0, 2000.0)[: 3 if step == 8 else 2]:
        t = step / 15
        centre = (x0 + (x1 - x0) * (0.1 + 0.8 * t), y1 - (y1 - y0) * (0.9 - 0.8 * t))
        frame = raster.draw(build([layer], Viewport(centre, unit, 960, 540, crs), background=(255, 255, 255, 255)))
        inked += int((frame.pixels[..., 0] < 255).sum())
assert inked > 15 * 960 * 540, inked
print(rss("VmHWM") - start)
"""


@pytest.mark.slow
def test_ten_billion_cells_take_no_more_memory_than_a_picture(tmp_path):
    path = tmp_path / "large.tif"
    side = 100_000
    block = (np.add.outer(np.arange(512), np.arange(512)) % 97).astype(np.int16)
    with rasterio.open(
        path, "w", driver="GTiff", height=side, width=side, count=1, dtype="int16", crs="EPSG:4546", tiled=True,
        blockxsize=512, blockysize=512, compress="deflate", zlevel=1, bigtiff="yes", sparse_ok=True, nodata=-32768,
        transform=Affine(10, 0, 0, 0, -10, 4_000_000),
    ) as file:  # fmt: skip
        for k in range(0, side - 8192, 512):  # a band along the camera's way; the rest of the file is sparse
            for across in range(-4, 5):
                row, column = k // 512 * 512, min(max(side - k + across * 512, 0), side - 512)
                file.write(block, 1, window=rasterio.windows.Window(column // 512 * 512, row, 512, 512))
    out = subprocess.run(
        [sys.executable, "-c", _LARGE, str(path)], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert out.returncode == 0, out.stderr
    assert float(out.stdout) < 500  # megabytes; the file has 20,000
