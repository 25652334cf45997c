"""Rain of gauges: sums, effective rain, checks, events, thresholds, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lydigital.domain import rainfall
from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.rainfall import Flag, RainSeries

START = datetime(2025, 7, 15, 13, tzinfo=UTC)  # 21:00 in Beijing


def series(rain: list[list[float]], step_h: int = 1, xy: list[tuple[float, float]] | None = None) -> RainSeries:
    values = np.array(rain, np.float64)
    g, t = values.shape
    times = np.datetime64(int(START.timestamp()), "s") + np.arange(t) * np.timedelta64(3600 * step_h, "s")
    places = np.array(xy or [(i * 1000.0, 0.0) for i in range(g)])
    names = tuple(f"G{i}" for i in range(g))
    return RainSeries(names, names, places, Crs("EPSG:4546"), times, values, np.zeros((g, t), np.uint8), step_h)


def test_effective_rain_of_the_worked_case():
    # 40 + 0.84·5 + 0.84²·25 + 0 + 0.84⁴·10 + 0
    found = rainfall.effective(np.array([40.0]), np.array([[5.0, 25.0, 0.0, 10.0, 0.0]]), 0.84)
    assert found[0] == pytest.approx(66.819, abs=5e-4)


def test_effective_rain_day_by_day():
    rain = [[1.0] * 24 + [0.5] * 24 + [2.0] * 24]
    s = series(rain)
    found = rainfall.effective_at(s, s.last, k=0.5, days=2)
    assert found.days.tolist() == [[48.0, 12.0, 24.0]]
    assert found.total_mm[0] == 48 + 0.5 * 12 + 0.25 * 24
    assert found.issues == ()
    ahead = rainfall.effective_at(s, s.last, k=0.5, days=2, has_forecast=True)
    assert ahead.antecedent_mm[0] == 0.5 * 48 + 0.25 * 12  # the last 24 h are the day before the forecast


def test_days_that_nobody_has_are_told():
    s = series([[1.0] * 48])
    found = rainfall.effective_at(s, s.last, k=0.5, days=4)
    assert found.total_mm[0] == 24 + 12
    (issue,) = found.issues
    assert (issue.code, issue.values["count"], issue.values["days"]) == ("rain.antecedent", "3", "4")


def test_a_missing_day_comes_from_neighbours_but_the_last_one_does_not():
    nan = float("nan")
    rain = [[1.0] * 24 + [1.0] * 24, [nan] * 24 + [1.0] * 24, [3.0] * 24 + [nan] * 24]
    s = series(rain, xy=[(0, 0), (1000, 0), (3000, 0)])
    found = rainfall.effective_at(s, s.last, k=0.5, days=1)
    between = (24 / 1.0 + 72 / 4.0) / (1 / 1.0 + 1 / 4.0)  # inverse squares of 1 and 2 km
    assert found.days[1, 1] == pytest.approx(between)
    assert found.filled.tolist() == [[False, False], [False, True], [False, False]]
    assert np.isnan(found.total_mm[2])
    assert {i.code for i in found.issues} == {"rain.filled", "rain.gauge_silent"}


def test_windows_need_most_of_their_hours():
    nan = float("nan")
    s = series([[2.0] * 20 + [nan] * 4, [2.0] * 19 + [nan] * 5])
    total = rainfall.window(s, s.last, 24)  # 20 of 24 are more than 80 %, 19 are not
    assert total[0] == 40.0
    assert np.isnan(total[1])
    found = rainfall.effective_at(s, s.last, k=0.84, days=0)
    assert {i.code for i in found.issues} >= {"rain.hours_missing", "rain.gauge_silent"}


def test_window_before_and_beyond_the_records_has_no_sum():
    s = series([[1.0] * 24])
    assert np.isnan(rainfall.window(s, s.first - timedelta(hours=1), 24))[0]
    assert np.isnan(rainfall.window(s, s.last + timedelta(days=2), 24))[0]
    with pytest.raises(BadDataError, match="24 h before"):
        rainfall.effective_at(s, s.last + timedelta(days=2), k=0.84, days=1)


def test_windows_that_make_no_sense():
    daily = series([[5.0] * 4], step_h=24)
    with pytest.raises(BadDataError, match="1 h"):
        rainfall.window(daily, daily.last, 1)
    with pytest.raises(BadDataError, match="No record ends"):
        rainfall.window(daily, daily.last + timedelta(hours=1), 24)


def test_running_sums():
    nan = float("nan")
    s = series([[1.0, 2.0, 3.0, nan, 5.0, 6.0]])
    found = rainfall.running(s, 2)[0]
    assert np.isnan(found[[0, 3, 4]]).all()
    assert found[[1, 2, 5]].tolist() == [3.0, 5.0, 11.0]


def test_days_end_at_twenty():
    ends, rain = rainfall.daily(series([[1.0] * 72]))
    assert [rainfall.local(e) for e in ends] == ["2025-07-16 20:00", "2025-07-17 20:00", "2025-07-18 20:00"]
    assert rain.tolist() == [[24.0, 24.0, 24.0]]


def test_suspects_are_flagged_and_stay():
    rain = np.full((6, 24), 2.0)
    rain[0, 5] = 90.0
    rain[3] = 0.0
    found = rainfall.checked(series(rain.tolist()))
    assert found.flags[0, 5] == Flag.SUSPECT_HIGH
    assert (found.flags[3] == Flag.SUSPECT_ZERO).all()
    assert found.rain_mm[0, 5] == 90.0
    assert {i.code: i.count for i in found.issues} == {"rain.suspect_high": 1, "rain.suspect_zero": 24}


def test_nothing_is_suspect_where_all_agree_or_a_gauge_stands_alone():
    assert rainfall.checked(series([[2.0] * 24] * 6)).issues == ()
    assert rainfall.checked(series([[200.0] * 24])).issues == ()


def test_gauges_set_aside():
    s = rainfall.without(series([[1.0], [2.0], [3.0]]), ("G1",))
    assert s.gauges == ("G0", "G2")
    assert s.rain_mm.ravel().tolist() == [1.0, 3.0]


def test_events_split_by_a_dry_gap():
    rain = np.array([0, 5, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 2, 0], np.float64)
    first, second = rainfall.events(rain, dry_gap_h=6)
    assert (first.first, first.last, first.hours, first.total_mm, first.peak_mm) == (1, 9, 8, 9.0, 5.0)
    assert (second.first, second.hours, second.intensity) == (15, 1, 2.0)
    assert len(rainfall.events(rain, dry_gap_h=5)) == 3
    assert rainfall.events(np.zeros(5)) == []


def test_missing_hours_end_no_event():
    rain = np.array([5.0] + [np.nan] * 8 + [5.0])
    (event,) = rainfall.events(rain)
    assert event.has_gaps
    assert event.total_mm == 10.0


@pytest.mark.parametrize(("name", "hours", "mm"), [("Caine 1980", 24, 103.0), ("Guzzetti 2008", 24, 13.0)])
def test_thresholds(name: str, hours: float, mm: float):
    curve = next(c for c in rainfall.CURVES if c.name == name)
    assert curve.intensity(hours) * hours == pytest.approx(mm, abs=0.5)


def test_thresholds_hold_for_their_durations_only():
    (event,) = rainfall.events(np.full(24, 10.0))
    ratios = rainfall.above(event)
    assert ratios["Caine 1980"] == pytest.approx(10 / (14.82 * 24**-0.39))
    assert ratios["Crosta & Frattini 2001"] == pytest.approx(10 / (0.48 + 7.2 / 24))
    (long,) = rainfall.events(np.full(501, 1.0))
    assert "Caine 1980" not in rainfall.above(long)
