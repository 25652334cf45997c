"""Gauges to a grid."""

from __future__ import annotations

import numpy as np
import pytest

from lydigital.domain import interpolation
from lydigital.domain.interpolation import Lattice
from lydigital.errors import BadDataError, CrsError
from lydigital.model.crs import Crs
from lydigital.model.grid import Grid
from lydigital.model.hazardmodel import Interpolation

LATTICE = Lattice(20, 30, 500_000.0, 3_800_000.0, 1000.0, Crs("EPSG:4546"))


def test_inverse_distance_by_hand():
    xy = np.array([[500_500.0, 3_799_500.0], [503_500.0, 3_799_500.0]])
    found = interpolation.interpolate(xy, np.array([10.0, 40.0]), LATTICE, Interpolation(radius_km=2.5))
    assert found.grid.values[0, 0] == pytest.approx(10.0)
    assert found.grid.values[0, 3] == pytest.approx(40.0)
    # at 1 km from the first, 2 km from the second
    assert found.grid.values[0, 1] == pytest.approx((10 + 40 / 4) / (1 + 1 / 4))
    assert np.isnan(found.grid.values[0, 6])  # 3 km away: no value, not zero
    assert found.residuals.tolist() == [30.0, -30.0]
    assert found.validation.rmse == 30.0
    assert found.validation.mean_error == 0.0


def test_other_powers():
    xy = np.array([[500_500.0, 3_799_500.0], [503_500.0, 3_799_500.0]])
    found = interpolation.interpolate(xy, np.array([10.0, 40.0]), LATTICE, Interpolation(power=1.0, radius_km=9))
    assert found.grid.values[0, 1] == pytest.approx((10 + 40 / 2) / (1 + 1 / 2))


def test_missing_values_are_left_out_and_places_that_share_one_are_averaged():
    xy = np.array([[500_500.0, 3_799_500.0]] * 2 + [[510_500.0, 3_790_500.0]])
    found = interpolation.interpolate(xy, np.array([10.0, 20.0, np.nan]), LATTICE, Interpolation(radius_km=100))
    assert np.allclose(found.grid.values, 15.0)
    assert found.validation.count == 0


def test_no_value_at_all():
    with pytest.raises(BadDataError, match="No gauge"):
        interpolation.interpolate(np.zeros((1, 2)), np.array([np.nan]), LATTICE, Interpolation())


def test_degrees_are_refused():
    lattice = Lattice(2, 2, 112.0, 35.0, 0.1, Crs("EPSG:4490"))
    with pytest.raises(CrsError, match="degrees"):
        interpolation.interpolate(np.zeros((1, 2)), np.ones(1), lattice, Interpolation())


def gauges(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    xy = rng.uniform((500_000, 3_780_000), (530_000, 3_800_000), (count, 2))
    return xy, 50 + 20 * np.sin((xy[:, 0] - 500_000) / 6000) + 10 * np.cos((xy[:, 1] - 3_780_000) / 5000)


def test_kriging_honours_gauges_and_beats_inverse_distance_on_a_smooth_field():
    xy, values = gauges()
    kriged = interpolation.interpolate(xy, values, LATTICE, Interpolation(method="kriging"))
    idw = interpolation.interpolate(xy, values, LATTICE, Interpolation())
    assert kriged.variogram is not None
    assert kriged.validation.rmse < 0.6 * idw.validation.rmse
    assert kriged.validation.r > 0.97


def test_leave_one_out_of_kriging_is_what_leaving_out_gives():
    from scipy import linalg

    xy, values = gauges(15)
    model = interpolation.Variogram("exponential", 2.0, 150.0, 8000.0)
    out = np.empty((LATTICE.rows, LATTICE.columns), np.float32)
    quick = interpolation._krige(xy, values, model, LATTICE, radius=1e6, out=out)
    for i in range(15):
        rest = np.arange(15) != i
        h = np.hypot(*(xy[rest][:, None] - xy[rest][None, :]).transpose(2, 0, 1))
        system = np.ones((15, 15))
        system[:14, :14], system[14, 14] = model.covariance(h), 0
        right = np.append(model.covariance(np.hypot(*(xy[rest] - xy[i]).T)), 1.0)
        weights = linalg.solve(system, right)[:14]
        assert quick[i] == pytest.approx(weights @ values[rest] - values[i], abs=1e-4)


def test_kriging_without_nugget_is_exact_at_a_gauge():
    xy, values = gauges(20)
    fine = Lattice(9, 9, 510_000.0, 3_790_000.0, 10.0, Crs("EPSG:4546"))
    xy[0] = fine.x0 + 40.0, fine.y1 - 40.0  # kriging is solved on nodes every four cells
    model = interpolation.Variogram("spherical", 0.0, 300.0, 15_000.0)
    out = np.empty((9, 9), np.float32)
    interpolation._krige(xy, values, model, fine, radius=1e6, out=out)
    assert out[3:5, 3:5].mean() == pytest.approx(values[0], abs=0.1)


def test_variogram_of_a_known_model_is_found():
    h = np.linspace(500, 20_000, 12)
    model = interpolation.Variogram("spherical", 4.0, 100.0, 9000.0)
    assert model.covariance(np.array([0.0, 9000.0, 20_000.0])).tolist() == [104.0, 0.0, 0.0]
    assert model.covariance(h[:1])[0] == pytest.approx(100 * (1 - 1.5 * 500 / 9000 + 0.5 * (500 / 9000) ** 3))


@pytest.mark.parametrize(("values", "reason"), [([1.0] * 5, "10 gauges"), ([3.0] * 12, "same value")])
def test_kriging_refused(values: list[float], reason: str):
    xy = np.column_stack([np.arange(len(values)) * 1000.0, np.zeros(len(values))])
    with pytest.raises(BadDataError, match=reason):
        interpolation.interpolate(xy, np.array(values), LATTICE, Interpolation(method="kriging"))


def test_isohyets_of_a_slope():
    values = np.tile(np.arange(30, dtype=np.float32), (20, 1))  # cell k has k mm
    found = interpolation.isohyets(LATTICE.grid(values), 10.0, step=1)
    assert sorted(set(found.values_mm.tolist())) == [10.0, 20.0]
    line = found.geometry.coords[: found.geometry.ring_offsets[1]]
    assert np.allclose(line[:, 0], 500_000 + 1000 * (found.values_mm[0] + 0.5))
    with pytest.raises(BadDataError):
        interpolation.isohyets(LATTICE.grid(values), 0.0)


def test_resampling_a_grid_in_degrees():
    source = Grid(np.full((10, 10), 7.0, np.float32), (110.9, 34.5), (0.1, 0.1), Crs("EPSG:4490"))
    found = interpolation.resampled(source, LATTICE)
    assert np.allclose(found[np.isfinite(found)], 7.0)
    x, y = 111.0, 34.4
    assert np.isfinite(found).any(), (x, y)


def test_cells_of_places():
    found = LATTICE.cells_of(np.array([[500_001.0, 3_799_999.0], [501_001.0, 3_798_999.0], [499_999.0, 3_799_000.0]]))
    assert found.tolist() == [0, 31, -1]
