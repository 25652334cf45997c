"""Levels of cells, townships and counties by hand; runs that come out the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
import shapely

from lydigital import paths
from lydigital.domain import hazard, hazardrun, zones
from lydigital.domain.ground import lattice_of
from lydigital.domain.interpolation import Lattice
from lydigital.errors import BadDataError, ConflictError, CrsError
from lydigital.kernels import hazard as kernels
from lydigital.kernels.hazard import OUTSIDE, UNKNOWN
from lydigital.model import hazardrun as nouns
from lydigital.model.crs import Crs, transformation
from lydigital.model.grid import Grid
from lydigital.model.hazardmodel import ZoneRule, read_models
from lydigital.model.hazardrun import Place
from lydigital.model.rainfall import BEIJING, RainSeries

MODEL = read_models(paths.layers_dir() / "matrices")["matrix_default"]
CRS = Crs("EPSG:4546")


def place(code: str, county: str, cells: int, area: float = 10.0, people: int = 1000) -> Place:
    return Place(code, f"T{code}", county, f"C{county}", area, people, cells)


def ground(side: int = 20, cell: float = 1000.0) -> hazard.Ground:
    """Four townships: 1 and 2 (north) of county A, 3 and 4 (south) of B; very high ground on the west of each."""
    half = side // 2
    township = np.zeros((side, side), np.int16)
    township[:half, half:], township[half:, :half], township[half:, half:] = 1, 2, 3
    susceptibility = np.full((side, side), 4, np.uint8)
    susceptibility[:, :2] = 1
    places = tuple(place(str(i + 1), "AABB"[i], half * half, area=half * half * cell**2 / 1e6) for i in range(4))
    lattice = Lattice(side, side, 500_000.0, 3_800_000.0, cell, CRS)
    points = np.array([half - 1, side - 1, -1])  # in township 1, in 2 by place but 3 by code, nowhere
    return hazard.Ground(
        lattice, susceptibility, township, places, points, np.array([0, 2, 3]), np.array([2, 3, 1]), np.array([5, 7, 11])
    )


@pytest.mark.parametrize(
    ("mm", "levels"), [
        (0.0, (4, 4, 0, 0)), (29.9, (4, 4, 0, 0)), (30.0, (3, 3, 4, 0)), (60.0, (2, 3, 3, 4)), (100.0, (1, 2, 3, 4)),
        (149.9, (1, 2, 3, 4)), (150.0, (1, 1, 2, 3)),
    ],
)  # fmt: skip
def test_the_default_matrix(mm: float, levels: tuple[int, ...]):
    out, counts = np.empty(4, np.uint8), np.zeros((1, 6), np.int64)
    table = np.zeros((5, 5), np.uint8)
    table[1:] = MODEL.table
    codes = np.array([1, 2, 3, 4], np.uint8)
    kernels.levels(
        codes, np.full(4, mm, np.float32), np.zeros(4, np.int16), np.array(MODEL.breaks), table, out, counts, 0, 4
    )
    assert tuple(out) == levels
    assert counts[0].tolist() == [*(list(levels).count(k) for k in range(5)), 0]


def test_townships_by_share_and_by_point():
    g = ground()
    rain = np.zeros((20, 20), np.float32)
    rain[:, 0] = 70.0  # very high there: orange on 1/10 of townships 1 and 3
    rain[0, 9] = 110.0  # low there: blue at one cell with a hazard point
    found = hazard.assess(g, rain, MODEL)
    by = {t.code: t for t in found.townships}
    assert set(by) == {"1", "3"}
    assert (int(by["1"].level), by["1"].share, by["1"].points) == (2, 0.1, 1)
    assert by["1"].hazards == (2,)
    assert found.area_km2[2] == 20.0
    assert found.population[2] == 200  # a tenth of two townships of 1,000
    assert found.points == {1: 0, 2: 0, 3: 0, 4: 1}
    assert found.people_at_points == {1: 0, 2: 0, 3: 0, 4: 5}
    strict = msgspec.structs.replace(MODEL, townships=msgspec.structs.replace(MODEL.townships, share=0.11))
    by = {t.code: int(t.level) for t in hazard.assess(g, rain, strict).townships}
    assert by == {"1": 4}  # orange is too small now, and the point stays


def test_a_point_raises_its_township_by_code_not_by_place():
    g = ground()
    rain = np.full((20, 20), 5.0, np.float32)
    rain[0, 19] = 200.0  # low ground: yellow; the point lies in township 2 but belongs to 3
    by = {t.code: int(t.level) for t in hazard.assess(g, rain, MODEL).townships}
    assert by["3"] == 3
    assert "2" not in by
    without = msgspec.structs.replace(MODEL, townships=msgspec.structs.replace(MODEL.townships, by_points=False))
    assert {t.code: int(t.level) for t in hazard.assess(g, rain, without).townships}["3"] == 4


def test_dry_ground_is_not_warned():
    g = ground()
    assert hazard.assess(g, np.full((20, 20), 0.9, np.float32), MODEL).townships == ()
    wet = hazard.assess(g, np.full((20, 20), 1.0, np.float32), MODEL)
    assert {(t.code, int(t.level)) for t in wet.townships} == {("1", 4), ("3", 4)}


def test_a_township_names_the_hazards_it_has_where_none_is_warned_of():
    g = ground()
    rain = np.zeros((20, 20), np.float32)
    rain[10:, :2] = 70.0  # township 3, whose hazard point lies in dry ground
    (only,) = hazard.assess(g, rain, MODEL).townships
    assert (only.code, only.hazards, only.points) == ("3", (3,), 1)


def test_unknown_rain_is_no_level_and_no_zero():
    g = ground()
    rain = np.full((20, 20), 200.0, np.float32)
    rain[:10] = np.nan
    found = hazard.assess(g, rain, MODEL)
    assert found.unknown == 0.5
    assert (found.levels[:10] == UNKNOWN).all()
    assert {t.code for t in found.townships} == {"3", "4"}
    assert found.cells[0, 5] == 100


def test_counties_say_part_or_most():
    places = (place("1", "A", 1, 60), place("2", "A", 1, 40), place("3", "B", 1, 30), place("4", "B", 1, 70))
    g = ground()
    levels = hazard.assess(g, np.full((20, 20), 160.0, np.float32), MODEL).townships
    assert [int(t.level) for t in levels] == [1, 3, 1, 3]
    found = {(c.code, int(c.level)): c for c in hazard.county_levels(levels, places)}
    assert found["A", 1].extent == "大部"  # 60 of 100
    assert found["A", 3].extent == "局部"
    assert found["B", 1].extent == "局部"
    assert found["B", 3].extent == "大部"
    assert not found["A", 1].is_whole
    exactly = hazard.county_levels(levels, (place("1", "A", 1, 50), place("2", "A", 1, 50)))
    assert [c.extent for c in exactly if c.code == "A"] == ["大部", "大部"]


def test_a_county_is_whole_when_all_its_townships_have_the_level():
    g = ground()
    dry = hazard.assess(g, np.full((20, 20), 110.0, np.float32), msgspec.structs.replace(MODEL, matrix={
        **MODEL.matrix, "very_high": (0, 0, 4, 4, 4)}))  # fmt: skip
    assert [(c.code, c.is_whole, c.townships) for c in dry.counties] == [("A", True, 2), ("B", True, 2)]


def test_what_differs_between_models():
    g = ground()
    rain = np.full((20, 20), 90.0, np.float32)
    cautious = msgspec.structs.replace(MODEL, breaks=(25.0, 50.0, 80.0, 120.0))
    moved = hazard.compare(g, hazard.assess(g, rain, MODEL), hazard.assess(g, rain, cautious))
    assert moved.higher == ("1", "3")
    assert moved.lower == ()
    assert moved.cells == 40
    assert moved.area_km2 == 40.0


def test_one_pass_or_many_threads():
    side = 400
    township = np.zeros((side, side), np.int16)
    g = hazard.Ground(
        Lattice(side, side, 0.0, 0.0, 100.0, CRS), np.full((side, side), 2, np.uint8), township, (place("1", "A", side * side),),
        *(np.zeros(0, np.int64),) * 4,
    )  # fmt: skip
    rain = np.linspace(0, 200, side * side, dtype=np.float32).reshape(side, side)
    assert hazard.assess(g, rain, MODEL).cells.sum() == side * side


# --- zones ---


def test_majority_prefers_the_higher_of_equals_and_leaves_the_outside():
    levels = np.array([[1, 4, 4], [1, OUTSIDE, 4], [1, 1, 4]], np.uint8)
    out = np.empty_like(levels)
    kernels.majority(levels, 1, out)
    assert out[1, 1] == OUTSIDE
    assert out[0, 1] == 4  # three of blue, two of red
    assert out[2, 1] == 1  # three of red, two of blue
    assert out[1, 0] == 1
    tie = np.array([[2, 3]], np.uint8)
    out = np.empty_like(tie)
    kernels.majority(tie, 1, out)
    assert out.tolist() == [[2, 2]]


def test_majority_windows_agree_with_counting():
    rng = np.random.default_rng(2)
    levels = rng.choice(np.array([0, 1, 2, 3, 4, OUTSIDE, UNKNOWN], np.uint8), (17, 13))
    out = np.empty_like(levels)
    kernels.majority(levels, 2, out)
    order = [1, 2, 3, 4, 0, UNKNOWN]
    for r in range(17):
        for c in range(13):
            if levels[r, c] == OUTSIDE:
                assert out[r, c] == OUTSIDE
                continue
            part = levels[max(0, r - 2) : r + 3, max(0, c - 2) : c + 3]
            assert out[r, c] == max(order, key=lambda k: ((part == k).sum(), -order.index(k)))


def square_levels() -> tuple[np.ndarray, Lattice]:
    levels = np.zeros((60, 60), np.uint8)
    levels[:, :5] = OUTSIDE
    levels[10:40, 10:30] = 2
    levels[10:40, 30:50] = 3
    levels[20, 20] = 1  # too small
    return levels, Lattice(60, 60, 560_000.0, 3_800_000.0, 100.0, CRS)


def test_zones_of_squares():
    levels, lattice = square_levels()
    found = zones.zones_of(levels, lattice, ZoneRule(smooth_cells=0, min_area_km2=1.0, tolerance_m=0.0))
    assert [(z.code, int(z.level)) for z in found] == [("2-001", 2), ("3-001", 3)]
    assert found[0].area_km2 == pytest.approx(6.0, rel=1e-3)
    shape = shapely.from_wkb(found[0].wkb)
    assert shape.geom_type == "MultiPolygon"
    assert 111 < shape.bounds[0] < 113
    assert 33 < shape.bounds[1] < 35


def test_a_small_patch_of_red_is_kept_when_the_rule_says_so():
    levels, lattice = square_levels()
    found = zones.zones_of(levels, lattice, ZoneRule(smooth_cells=0, min_area_km2=0.0, tolerance_m=0.0))
    assert [int(z.level) for z in found] == [1, 2, 3]
    assert found[0].area_km2 == pytest.approx(0.01, rel=1e-2)


def test_simplified_neighbours_neither_overlap_nor_part():
    rng = np.random.default_rng(4)
    from scipy import ndimage

    noise = ndimage.gaussian_filter(rng.normal(size=(150, 150)), 8)
    levels = (np.digitize(noise, np.quantile(noise, [0.4, 0.6, 0.8, 0.9])) % 5).astype(np.uint8)
    levels = np.select([levels == k for k in range(5)], [0, 4, 3, 2, 1]).astype(np.uint8)
    lattice = Lattice(150, 150, 560_000.0, 3_800_000.0, 100.0, CRS)
    rough = zones.zones_of(levels, lattice, ZoneRule(smooth_cells=0, min_area_km2=0.5, tolerance_m=0.0))
    found = zones.zones_of(levels, lattice, ZoneRule(smooth_cells=0, min_area_km2=0.5, tolerance_m=150.0))
    shapes = np.array([shapely.from_wkb(z.wkb) for z in found])
    assert shapely.is_valid(shapes).all()
    assert shapely.get_num_coordinates(shapes).sum() < 0.6 * sum(
        shapely.get_num_coordinates(shapely.from_wkb(z.wkb)) for z in rough
    )
    whole = shapely.area(shapely.union_all(shapes))
    assert shapely.area(shapes).sum() == pytest.approx(whole, rel=1e-6)  # no overlap
    warned = shapely.union_all([shapely.from_wkb(z.wkb) for z in rough])
    assert sum(len(p.interiors) for p in shapely.get_parts(shapely.union_all(shapes))) <= sum(
        len(p.interiors) for p in shapely.get_parts(warned)
    )  # no gaps between levels


def test_zones_end_at_the_border_of_the_city():
    levels, lattice = square_levels()
    levels[:, :5] = OUTSIDE
    levels[:, 5:20] = 2
    x0 = lattice.x0 + 530.0  # the border runs through the sixth cell
    city = shapely.box(x0, lattice.y1 - 6000, lattice.x0 + 6000, lattice.y1 - 40)
    found = zones.zones_of(levels, lattice, ZoneRule(smooth_cells=0, min_area_km2=0.5), shapely.to_wkb(city))
    (red,) = [z for z in found if int(z.level) == 2]
    assert red.area_km2 == pytest.approx((2000 - 530) * (6000 - 40) / 1e6 + 3.0, rel=2e-3)
    back = transformation(Crs("EPSG:4490"), CRS).points(shapely.get_coordinates(shapely.from_wkb(red.wkb)))
    assert back[:, 0].min() == pytest.approx(x0, abs=0.05)


def test_nothing_warned_is_no_zone():
    lattice = Lattice(10, 10, 560_000.0, 3_800_000.0, 100.0, CRS)
    assert zones.zones_of(np.zeros((10, 10), np.uint8), lattice, ZoneRule()) == ()
    assert zones.zones_of(np.full((10, 10), UNKNOWN, np.uint8), lattice, ZoneRule()) == ()


# --- runs ---

AT = datetime(2025, 7, 17, 20, tzinfo=BEIJING)


def storm(hours: int = 72) -> RainSeries:
    rng = np.random.default_rng(11)
    xy = np.column_stack([500_000 + rng.uniform(0, 20_000, 12), 3_780_000 + rng.uniform(0, 20_000, 12)])
    rain = rng.gamma(0.6, 4.0, (12, hours)).round(1)
    first = np.datetime64(int((AT - timedelta(hours=hours - 1)).timestamp()), "s")
    names = tuple(f"G{i}" for i in range(12))
    times = first + np.arange(hours) * np.timedelta64(3600, "s")
    return RainSeries(names, names, xy, CRS, times, rain, np.zeros(rain.shape, np.uint8), 1)


def made(method: str = "idw", forecast: Grid | None = None) -> nouns.HazardRun:
    model = msgspec.structs.replace(MODEL, interpolation=msgspec.structs.replace(MODEL.interpolation, method=method))
    found = hazardrun.situation(ground(), storm(), AT, model, forecast=forecast)
    return hazardrun.run(found, made_at=datetime(2025, 7, 17, 12, 30, tzinfo=UTC))


@pytest.mark.parametrize("method", ["idw", "kriging"])
def test_a_run_comes_out_the_same_from_itself(method: str):
    run = made(method)
    kept = nouns.decode(nouns.encode(run))
    assert hazardrun.replay(kept).digest == run.digest
    assert made(method).digest == run.digest
    assert run.id == f"202507172000-{run.digest[:8]}"
    assert {"rain.antecedent", "hazard.uncalibrated"} <= {i.code for i in run.issues}


def test_a_run_with_a_forecast():
    ahead = Grid(np.full((3, 3), 30.0, np.float32), (495_000.0, 3_805_000.0), (10_000.0, 10_000.0), CRS)
    run = made(forecast=ahead)
    again = hazardrun.replay(nouns.decode(nouns.encode(run)))
    assert again.digest == run.digest
    assert run.digest != made().digest
    quiet = hazardrun.situation_of(run)
    observed = hazardrun.situation_of(made())
    assert np.nanmean(quiet.rain) != pytest.approx(float(np.nanmean(observed.rain)))


def test_a_forecast_elsewhere_is_refused_and_a_partial_one_told():
    values = np.full((3, 3), 30.0, np.float32)
    with pytest.raises(BadDataError, match="does not reach"):
        made(forecast=Grid(values, (900_000.0, 3_805_000.0), (10_000.0, 10_000.0), CRS))
    run = made(forecast=Grid(values, (495_000.0, 3_805_000.0), (5_000.0, 10_000.0), CRS))
    assert "rain.forecast_part" in {i.code for i in run.issues}
    assert (run.levels.array == UNKNOWN).any()


def test_far_gauges_leave_parts_without_a_level():
    near = msgspec.structs.replace(MODEL, interpolation=msgspec.structs.replace(MODEL.interpolation, radius_km=3.0))
    found = hazardrun.situation(ground(), storm(), AT, near)
    assert np.isnan(found.rain).any()
    assert any(i.code == "rain.no_value" and i.severity == "warning" for i in found.issues)


def test_a_changed_run_is_found_out():
    run = made()
    better = msgspec.structs.replace(run, townships=run.townships[1:])
    with pytest.raises(BadDataError, match="changed after"):
        hazardrun.replay(better)


def test_another_answer_is_a_conflict():
    run = made()
    other = msgspec.structs.replace(run, townships=run.townships[1:])
    other = msgspec.structs.replace(other, digest=hazardrun.digest_of(other))
    with pytest.raises(ConflictError, match="differently"):
        hazardrun.replay(other)


def test_words_and_file_names_are_no_part_of_the_hash_but_parameters_are():
    run = made()
    assert hazardrun.digest_of(msgspec.structs.replace(run, annotation="x", made_at=AT, issues=())) == run.digest
    model = msgspec.structs.replace(run.model, version="9")
    assert hazardrun.digest_of(msgspec.structs.replace(run, model=model)) != run.digest


def test_zones_by_another_rule():
    run = made()
    fewer = hazardrun.with_zones(run, min_area_km2=1000.0)
    assert len(fewer.zones) <= len(run.zones)
    assert fewer.townships == run.townships
    assert hazardrun.replay(fewer).digest == fewer.digest


def test_damaged_and_foreign_files():
    with pytest.raises(BadDataError, match="no run"):
        nouns.decode(b"{}")
    with pytest.raises(BadDataError, match="no run"):
        nouns.decode(b"\xff\xfe")
    broken = nouns.Packed("<f8", (3,), b"nothing")
    with pytest.raises(BadDataError, match="damaged"):
        broken.array  # noqa: B018


def test_the_level_grid_is_empty_where_there_is_no_level():
    grid = made().level_grid
    assert set(np.unique(grid.values[np.isfinite(grid.values)])) <= {1.0, 2.0, 3.0, 4.0}


# --- grids and schedules ---


def test_lattices():
    found = lattice_of((500_003.0, 3_700_007.0, 650_000.0, 3_830_000.0), CRS)
    assert found.cell == 100.0
    assert (found.x0, found.y1) == (500_000.0, 3_830_000.0)
    assert max(found.rows, found.columns) <= 1501
    with pytest.raises(BadDataError, match="too small"):
        lattice_of((0.0, 0.0, 1e6, 1e6), CRS, 12.0)
    with pytest.raises(BadDataError, match="no townships"):
        lattice_of((np.nan,) * 4, CRS)
    for code in ("EPSG:4490", "EPSG:3857"):
        with pytest.raises(CrsError):
            lattice_of((0.0, 0.0, 1.0, 1.0), Crs(code))


@pytest.mark.parametrize(
    ("now", "last", "due"), [
        ("2025-07-17T20:05", None, "2025-07-17T20:10"),
        ("2025-07-17T20:10", None, "2025-07-18T00:10"),
        ("2025-07-17T23:50", "2025-07-17T20:10", "2025-07-18T00:10"),
        ("2025-07-17T23:50", "2025-07-17T16:10", "2025-07-17T23:50"),  # one was missed: at once
        ("2025-07-17T20:05", "2025-07-19T00:00", "2025-07-17T20:10"),  # a clock was wrong
    ],
)  # fmt: skip
def test_next_due(now: str, last: str | None, due: str):
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING)

    found = hazard.next_due(at(now).astimezone(UTC), 4, last=None if last is None else at(last))
    assert found == at(due)
