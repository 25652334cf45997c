"""A patch over a table, and both as one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital.model.crs import Crs
from lydigital.model.feature import Feature
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.patch import Patch, patch_of, patched
from lydigital.model.table import FeatureTable

METRIC = Crs("EPSG:4546")


def squares(count: int) -> FeatureTable:
    shapes = np.array([shapely.box(i, 0, i + 1, 1) for i in range(count)], object)
    columns = pa.table({"name": [f"n{i}" for i in range(count)], "day": pa.array([None] * count, pa.date32())})
    fids = np.arange(1, count + 1, dtype=np.int64)
    return FeatureTable(fids, columns, GeometryArray.from_shapely(GeometryKind.POLYGON, shapes), METRIC)


def feature(x: float, name: str, day: str | None = None) -> Feature:
    return Feature(shapely.to_wkb(shapely.box(x, 5, x + 2, 6)), {"name": name, "day": day})


def test_a_patch_hides_what_changed_and_shows_what_is_new() -> None:
    table = squares(4)
    patch = patch_of(table, {2: feature(20, "moved", "2006-05-01"), 3: None, 9: feature(90, "new")}, METRIC)
    assert patch.hidden.tolist() == [2, 3]
    assert patch.table.fid.tolist() == [2, 9]
    whole = patched(table, patch)
    assert whole.fid.tolist() == [1, 4, 2, 9]
    assert whole.columns.column("name").to_pylist() == ["n0", "n3", "moved", "new"]
    assert str(whole.columns.column("day").to_pylist()[2]) == "2006-05-01"
    areas = shapely.area(whole.geometry.to_shapely())
    assert areas.tolist() == [1, 1, 2, 2]
    assert whole.rows_in((19, 4, 23, 7)).tolist() == [2]


def test_a_patch_comes_in_the_system_of_the_table() -> None:
    table = squares(1).to_crs(METRIC)
    degrees = Crs("EPSG:4490")
    place = Feature(shapely.to_wkb(shapely.box(112.4, 34.6, 112.5, 34.7)), {"name": "far"})
    patch = patch_of(table, {5: place}, degrees)
    assert patch.table.crs == METRIC
    assert patch.table.geometry.bounds[0, 0] > 600_000


def test_a_value_that_does_not_fit_its_column_is_left_out() -> None:
    patch = patch_of(squares(1), {1: Feature(None, {"name": 5, "day": "soon"})}, METRIC)
    assert patch.table.columns.to_pylist() == [{"name": None, "day": None}]
    assert np.isnan(patch.table.geometry.bounds[0, 0])


@pytest.mark.parametrize("features", [{}, {77: None}])
def test_nothing_to_patch_changes_nothing(features: dict[int, Feature | None]) -> None:
    table = squares(3)
    patch = patch_of(table, features, METRIC)
    assert isinstance(patch, Patch)
    assert patched(table, patch).fid.tolist() == [1, 2, 3]
