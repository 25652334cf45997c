from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from lydigital.errors import BadDataError, LydError, StoreUnavailableError
from lydigital.stores import cache, rasters


@pytest.fixture
def write(tmp_path):
    def run(values, *, name="dem.tif", crs="EPSG:4546", nodata=-9999, transform=None, dtype="float32"):
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        path = folder / name
        rows, columns = values.shape
        where = {"crs": crs}
        if transform != "none":
            where["transform"] = transform or Affine(30, 0, 600000, 0, -20, 3850000)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=rows,
            width=columns,
            count=1,
            dtype=dtype,
            nodata=nodata,
            **where,
        ) as file:
            file.write(values.astype(dtype), 1)
        return path

    return run


def read(path):
    with contextlib.closing(rasters.RasterFile(path)) as file:
        return rasters.read_grid(file)


def test_reads_values_place_and_gaps(write, untouched):
    values = np.arange(12, dtype=float).reshape(3, 4)
    values[1, 2] = -9999
    path = write(values)
    before = untouched(path.parent)
    grid = read(path)
    assert untouched(path.parent) == before
    assert grid.values.dtype == np.float32
    assert grid.values[2].tolist() == [8, 9, 10, 11]
    assert np.isnan(grid.values[1, 2])
    assert (grid.origin, grid.cell, grid.crs.definition) == ((600000, 3850000), (30, 20), "EPSG:4546")
    assert grid.bounds == (600000, 3850000 - 60, 600000 + 120, 3850000)


def test_whole_numbers(write):
    grid = read(write(np.array([[1, 2], [0, 4]]), dtype="int16", nodata=0))
    assert np.array_equal(grid.values, np.array([[1, 2], [np.nan, 4]], np.float32), equal_nan=True)


def test_overviews_are_means_of_what_is_known(write, monkeypatch):
    monkeypatch.setattr(rasters, "_SMALLEST_OVERVIEW", 1)
    values = np.array([[1, 3, 5], [5, 7, -9999], [-9999, -9999, 4]])
    grid = read(write(values))
    assert [o.values.shape for o in grid.overviews] == [(2, 2), (1, 1)]
    half = grid.overviews[0]
    assert np.array_equal(half.values, np.array([[4, 5], [np.nan, 4]], np.float32), equal_nan=True)
    assert (half.origin, half.cell) == (grid.origin, (60, 40))


def test_the_cache_gives_the_same(write, tmp_path, monkeypatch):
    place = tmp_path / "tables"
    place.mkdir()
    monkeypatch.setattr(cache, "_folder", lambda: place)
    monkeypatch.setattr(cache, "_keep", cache._write)
    path = write(np.random.default_rng(1).normal(size=(600, 700)))
    first = cache.read_raster(path)
    with monkeypatch.context() as without_source:
        without_source.setattr(rasters, "read_grid", None)
        second = cache.read_raster(path)
    assert np.array_equal(first.values, second.values, equal_nan=True)
    assert (first.origin, first.cell, first.crs) == (second.origin, second.cell, second.crs)
    assert len(first.overviews) == len(second.overviews) == 2
    for a, b in zip(first.overviews, second.overviews, strict=True):
        assert np.array_equal(a.values, b.values, equal_nan=True)
        assert a.cell == b.cell
    for kept in place.iterdir():
        kept.write_bytes(kept.read_bytes()[:-1])
    assert cache.read_raster(path).values.shape == (600, 700)


def test_large_ones_and_those_with_overviews_stay_on_disk(write, monkeypatch):
    values = np.arange(600.0 * 700).reshape(600, 700)
    monkeypatch.setattr(rasters, "MAX_CELLS", 400_000)
    monkeypatch.setattr(rasters, "SMALL_CELLS", 100_000)
    large = rasters.open_raster(write(values, name="large.tif"))
    assert isinstance(large, rasters.RasterFile)
    assert [i.code for i in large.issues] == ["raster.overviews"]
    assert [level[:2] for level in large.levels] == [(600, 700), (300, 350), (150, 175)]
    monkeypatch.setattr(rasters, "MAX_CELLS", 1_000_000)
    path = write(values, name="with.tif")
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4], rasterio.enums.Resampling.average)
    some = rasters.open_raster(path)
    assert isinstance(some, rasters.RasterFile)
    assert some.issues == ()
    assert [level[:2] for level in some.levels] == [(600, 700), (300, 350), (150, 175)]
    assert [level.cell for level in some.levels] == [(30, 20), (60, 40), (120, 80)]
    for file in (large, some):
        assert np.array_equal(file.read(0, (3, 5), (600, 700)), values[3:5, 600:700])
        mean = values[:4, 8:12].reshape(2, 2, 2, 2).mean((1, 3))
        assert np.allclose(file.read(1, (0, 2), (4, 6)), mean)
        assert np.allclose(file.read(2, (0, 1), (2, 3)), values[:4, 8:12].mean())


def test_broken_parts_have_no_value_and_are_named(write):
    values = np.random.default_rng(0).normal(size=(600, 700))
    path = write(values)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2], rasterio.enums.Resampling.average)
    whole = path.read_bytes()
    file = rasters.open_raster(path)
    assert not np.isnan(file.read(0, (0, 8), (0, 700))).any()
    path.write_bytes(whole[: len(whole) // 3] + bytes(10))
    file = rasters.RasterFile(path)
    assert np.isnan(file.read(0, (598, 600), (0, 700))).all()
    assert [i.code for i in file.issues] == ["raster.broken"]


def test_a_file_without_system_is_guessed_and_said(write):
    file = rasters.open_raster(write(np.zeros((4, 4)), crs=None))
    assert file.crs.definition == "EPSG:4546"
    assert [i.code for i in file.issues] == ["crs.missing"]
    told = rasters.open_raster(write(np.zeros((4, 4)), crs=None), crs="EPSG:4547")
    assert (told.crs.definition, told.issues) == ("EPSG:4547", ())


def test_units_other_than_metres(write):
    path = write(np.array([[10, 25], [-9999, 40]]), dtype="int16")
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.1,), (100.0,)
    got = rasters.open_raster(path).read(0, (0, 2), (0, 2))
    assert np.allclose(got, [[101, 102.5], [np.nan, 104]], equal_nan=True)


def picture(tmp_path, bands, *, colors=None, dtype="uint8", **profile):
    path = tmp_path / "picture.tif"
    count, rows, columns = bands.shape
    where = {"transform": Affine(1, 0, 600000, 0, -1, 3850000), "crs": "EPSG:4546"}
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=count, dtype=dtype, **where, **profile
    ) as file:
        file.write(bands.astype(dtype))
        if colors:
            file.write_colormap(1, colors)
    return rasters.open_raster(path)


def test_pictures_with_alpha(tmp_path):
    bands = np.array([[[10, 20]], [[30, 40]], [[50, 60]], [[255, 128]]])
    file = picture(tmp_path, bands, photometric="RGB", alpha="yes")
    assert file.kind == "image"
    assert file.read_colors(0, (0, 1), (0, 2)).tolist() == [[[10, 30, 50, 255], [20, 40, 60, 128]]]
    assert file.read_colors(0, (0, 1), (0, 2), (3, 2, 1)).tolist() == [[[50, 30, 10, 255], [60, 40, 20, 128]]]


def test_sixteen_bits_are_stretched(tmp_path):
    bands = np.tile(np.linspace(1000, 3000, 200), (3, 2, 1))
    file = picture(tmp_path, bands, dtype="uint16", photometric="RGB", nodata=0)
    got = file.read_colors(0, (0, 1), (0, 200))
    assert (got[0, 0, 0], got[0, -1, 0]) == (0, 255)
    assert int(got[0, 100, 0]) == pytest.approx(128, abs=3)
    own = file.read_colors(0, (0, 1), (0, 200), stretch=(1000, 2000))
    assert int(own[0, 50, 1]) == pytest.approx(128, abs=1)
    assert (own[..., 3] == 255).all()


def test_palettes(tmp_path):
    file = picture(
        tmp_path, np.array([[[1, 2], [0, 2]]]), colors={1: (255, 0, 0, 255), 2: (0, 0, 255, 255)}, nodata=0
    )
    assert file.kind == "palette"
    got = file.read_colors(0, (0, 2), (0, 2))
    assert got[0].tolist() == [[255, 0, 0, 255], [0, 0, 255, 255]]
    assert got[1, 0, 3] == 0


def test_bad_input(write, tmp_path):
    path = write(np.zeros((50, 50)))
    cut = tmp_path / "cut.tif"
    cut.write_bytes(path.read_bytes()[:3000])
    text = tmp_path / "text.tif"
    text.write_text("not a picture")
    empty = tmp_path / "empty.tif"
    empty.touch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        nowhere = write(np.zeros((4, 4)), name="nowhere.tif", crs=None, transform="none")
    turned = write(np.zeros((4, 4)), name="turned.tif", transform=Affine(1, 1, 0, 1, -1, 0))
    for bad in (cut, text, empty, nowhere, turned):
        with pytest.raises(BadDataError) as caught:
            read(bad)
        assert str(bad) in str(caught.value)
        assert caught.value.hint_text()
    with pytest.raises(StoreUnavailableError):
        read(tmp_path / "gone.tif")
    assert issubclass(BadDataError, LydError)
