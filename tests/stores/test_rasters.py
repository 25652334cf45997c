from __future__ import annotations

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from lydigital.errors import BadDataError, LydError, StoreUnavailableError
from lydigital.model.crs import Crs
from lydigital.stores import cache, rasters


@pytest.fixture
def write(tmp_path):
    def run(values, *, name="dem.tif", crs="EPSG:4546", nodata=-9999, transform=None, dtype="float32"):
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        path = folder / name
        rows, columns = values.shape
        where = {"transform": transform or Affine(30, 0, 600000, 0, -20, 3850000), "crs": crs}
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


def test_reads_values_place_and_gaps(write, untouched):
    values = np.arange(12, dtype=float).reshape(3, 4)
    values[1, 2] = -9999
    path = write(values)
    before = untouched(path.parent)
    grid = rasters.read_grid(path)
    assert untouched(path.parent) == before
    assert grid.values.dtype == np.float32
    assert grid.values[2].tolist() == [8, 9, 10, 11]
    assert np.isnan(grid.values[1, 2])
    assert (grid.origin, grid.cell, grid.crs.definition) == ((600000, 3850000), (30, 20), "EPSG:4546")
    assert grid.bounds == (600000, 3850000 - 60, 600000 + 120, 3850000)


def test_whole_numbers(write):
    grid = rasters.read_grid(write(np.array([[1, 2], [0, 4]]), dtype="int16", nodata=0))
    assert np.array_equal(grid.values, np.array([[1, 2], [np.nan, 4]], np.float32), equal_nan=True)


def test_overviews_are_means_of_what_is_known(write, monkeypatch):
    monkeypatch.setattr(rasters, "_SMALLEST_OVERVIEW", 1)
    values = np.array([[1, 3, 5], [5, 7, -9999], [-9999, -9999, 4]])
    grid = rasters.read_grid(write(values))
    assert [o.values.shape for o in grid.overviews] == [(2, 2), (1, 1)]
    half = grid.overviews[0]
    assert np.array_equal(half.values, np.array([[4, 5], [np.nan, 4]], np.float32), equal_nan=True)
    assert (half.origin, half.cell) == (grid.origin, (60, 40))


def test_moves_to_another_system(write):
    path = write(np.full((40, 40), 7.0))
    grid = rasters.read_grid(path, Crs("EPSG:4490"))
    assert grid.crs.definition == "EPSG:4490"
    x0, y0, x1, y1 = grid.bounds
    assert 112 < x0 < x1 < 112.2
    assert 34.7 < y0 < y1 < 34.9
    middle = grid.values[grid.values.shape[0] // 2, grid.values.shape[1] // 2]
    assert middle == 7
    assert set(np.unique(grid.values[~np.isnan(grid.values)]).tolist()) == {7.0}


def test_the_cache_gives_the_same(write, tmp_path, monkeypatch):
    place = tmp_path / "tables"
    place.mkdir()
    monkeypatch.setattr(cache, "_folder", lambda: place)
    monkeypatch.setattr(cache, "_keep", cache._write)
    path = write(np.random.default_rng(1).normal(size=(600, 700)))
    for target in (None, Crs("EPSG:4490")):
        first = cache.read_grid(path, target)
        with monkeypatch.context() as without_source:
            without_source.setattr(rasters, "read_grid", None)
            second = cache.read_grid(path, target)
        assert np.array_equal(first.values, second.values, equal_nan=True)
        assert (first.origin, first.cell, first.crs) == (second.origin, second.cell, second.crs)
        assert len(first.overviews) == len(second.overviews) == 2
        for a, b in zip(first.overviews, second.overviews, strict=True):
            assert np.array_equal(a.values, b.values, equal_nan=True)
            assert a.cell == b.cell
    for kept in place.iterdir():
        kept.write_bytes(kept.read_bytes()[:-1])
    assert cache.read_grid(path).values.shape == (600, 700)


def test_too_large_is_refused_before_it_is_read(write):
    with pytest.raises(BadDataError) as caught:
        rasters.read_grid(write(np.zeros((20, 30))), max_cells=500)
    assert "30 × 20" in str(caught.value)


def test_bad_input(write, tmp_path):
    path = write(np.zeros((50, 50)))
    cut = tmp_path / "cut.tif"
    cut.write_bytes(path.read_bytes()[:3000])
    text = tmp_path / "text.tif"
    text.write_text("not a picture")
    empty = tmp_path / "empty.tif"
    empty.touch()
    nowhere = write(np.zeros((4, 4)), name="nowhere.tif", crs=None)
    turned = write(np.zeros((4, 4)), name="turned.tif", transform=Affine(1, 1, 0, 1, -1, 0))
    for bad in (cut, text, empty, nowhere, turned):
        with pytest.raises(BadDataError) as caught:
            rasters.read_grid(bad)
        assert str(bad) in str(caught.value)
        assert caught.value.hint_text()
    with pytest.raises(StoreUnavailableError):
        rasters.read_grid(tmp_path / "gone.tif")
    assert issubclass(BadDataError, LydError)
