"""The tables of coverage, emergency, utilities and communities agree with the layers they tell about."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest
import shapely

from lydigital import paths
from lydigital.model.layerdef import read_catalogue

CATALOGUE = read_catalogue(paths.layers_dir())
SOURCE, OUTFALL = 6, 9
TRADES = ("JS", "PS", "RQ", "RL", "DL", "TX", "GD", "GY")


@pytest.fixture(scope="module")
def db():
    with closing(sqlite3.connect(f"file:{paths.sample_store()}?mode=ro&immutable=1", uri=True)) as connection:
        yield connection


def rows(db: sqlite3.Connection, sql: str, *values: object) -> list[tuple]:
    return db.execute(sql, values).fetchall()


def value(db: sqlite3.Connection, sql: str, *values: object):
    return rows(db, sql, *values)[0][0]


def shapes(db: sqlite3.Connection, table: str, where: str = "1", *values: object) -> np.ndarray:
    return shapely.from_wkb([r[0][8:] for r in rows(db, f"SELECT geom FROM {table} WHERE {where} ORDER BY fid", *values)])


# --- statistics ------------------------------------------------------------------------------------------------------

PLAN = {"fixed_capacity": 1_300_000, "mobile_users": 1_700_000, "broadband_users": 100_000, "catv_users": 440_000, "online_trade": 10_000}


@pytest.mark.parametrize(("item", "total"), PLAN.items())
def test_the_city_of_2005_is_the_plans(db, item: str, total: int):
    assert value(db, "SELECT value FROM statistic WHERE unit_code = '410300' AND year = 2005 AND item = ?", item) == total


def test_every_unit_has_every_item_of_every_year(db):
    items = CATALOGUE.layer("statistic").field("item").domain
    assert value(db, "SELECT count(*) FROM statistic") == 15 * 6 * len(items)
    assert value(db, "SELECT count(DISTINCT unit_code || year || item) FROM statistic") == 15 * 6 * len(items)
    assert {r[0] for r in rows(db, "SELECT DISTINCT unit_code FROM statistic")} == {
        "410300", *(r[0] for r in rows(db, "SELECT code FROM county"))
    }  # fmt: skip
    assert value(db, "SELECT count(*) FROM statistic WHERE value < 0") == 0
    assert value(db, "SELECT count(*) FROM statistic WHERE item = 'literacy' AND value > 100") == 0


def test_amounts_of_the_city_are_the_sum_of_the_counties(db):
    for item, unit, total, city in rows(
        db,
        "SELECT item, unit, sum(CASE WHEN unit_code <> '410300' THEN value END), max(CASE WHEN unit_code = '410300' THEN value END) "
        "FROM statistic GROUP BY item, year",
    ):
        if unit not in {"%", "年", "系数"}:
            assert total == pytest.approx(city, abs=0.05), item


@pytest.mark.parametrize(
    ("item", "layer", "column"),
    [
        ("fixed_capacity", "exchange", "capacity_lines"),
        ("fixed_phone_users", "exchange", "in_use"),
        ("mobile_users", "base_station", "users"),
        ("broadband_users", "broadband_pop", "users"),
        ("catv_users", "catv_node", "users"),
        ("egov_services", "gov_portal", "services"),
    ],
)
def test_counties_of_2005_stand_as_their_sites_count(db, item: str, layer: str, column: str):
    counted = dict(rows(db, f"SELECT county_code, sum({column}) FROM {layer} GROUP BY 1"))
    told = rows(db, "SELECT unit_code, value FROM statistic WHERE year = 2005 AND item = ? AND unit_code <> '410300'", item)
    assert {code: number for code, number in told if number} == {c: float(v) for c, v in counted.items() if v}


# --- villages --------------------------------------------------------------------------------------------------------


def test_one_row_a_village(db):
    assert value(db, "SELECT count(*) FROM village_service") == 3244
    lost = "SELECT count(*) FROM village v LEFT JOIN village_service s ON s.village_code = v.code WHERE s.township_code IS NOT v.township_code"
    assert value(db, lost) == 0


def test_services_agree_with_the_village_projects(db):
    told = rows(
        db,
        "SELECT s.township_code, sum(s.phone), sum(s.tv), sum(s.network), count(*) FROM village_service s "
        "JOIN village v ON v.code = s.village_code WHERE v.kind = '村' GROUP BY 1 ORDER BY 1",
    )
    assert told == rows(db, "SELECT code, phone, tv, network, villages FROM village_project ORDER BY 1")
    assert value(db, "SELECT count(*) FROM village_service WHERE broadband AND NOT network") == 0


def test_stations_and_mobile_agree_with_their_layers(db):
    without = "SELECT count(*) FROM terminal_site WHERE village_code NOT IN (SELECT village_code FROM village_service WHERE station)"
    assert value(db, without) == 0
    assert 432 < value(db, "SELECT count(*) FROM village_service WHERE station") <= 432 + 50
    reach = shapely.union_all(shapely.make_valid(shapes(db, "mobile_coverage")))
    shapely.prepare(reach)
    told = np.array([r[0] for r in rows(db, "SELECT s.mobile FROM village v JOIN village_service s ON s.village_code = v.code ORDER BY v.fid")])
    assert (shapely.intersects(reach, shapes(db, "village")) == (told == 1)).all()
    assert 0.85 < told.mean() < 0.99


# --- pipelines -------------------------------------------------------------------------------------------------------


def ends(lines: np.ndarray) -> tuple[list, list]:
    single = shapely.line_merge(lines)
    return [g.coords[0] for g in single], [g.coords[-1] for g in single]


@pytest.mark.parametrize("trade", TRADES)
def test_every_pipe_leads_to_a_source(db, trade: str):
    """Up the stream of every pipe there is a works; down every drain an outfall."""
    first, last = ends(shapes(db, "pipe", "trade = ?", trade))
    if trade == "PS":
        first, last = last, first
    wanted = OUTFALL if trade == "PS" else SOURCE
    known = {g.coords[0] for g in shapes(db, "pipe_facility", "trade = ? AND kind = ?", trade, wanted)}
    assert known
    after: dict = {}
    for a, b in zip(first, last, strict=True):
        after.setdefault(a, []).append(b)
    front = list(known)
    while front:
        new = {b for a in front for b in after.get(a, ())} - known
        known |= new
        front = list(new)
    assert set(first) <= known


@pytest.mark.parametrize("trade", TRADES)
def test_pipes_of_a_trade_meet_at_their_ends_only(db, trade: str):
    lines = shapes(db, "pipe", "trade = ?", trade)
    first, last = ends(lines)
    points = shapely.points(sorted({*first, *last}))
    point, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=0.5)
    xy = shapely.get_coordinates(points[point])
    near = np.minimum(np.hypot(*(xy - np.array(first)[line]).T), np.hypot(*(xy - np.array(last)[line]).T))
    assert near.max() < 0.05


def test_facilities_stand_on_vertices_of_their_trade(db):
    for trade in TRADES:
        vertices = shapely.points(shapely.get_coordinates(shapes(db, "pipe", "trade = ?", trade)))
        _, distance = shapely.STRtree(vertices).query_nearest(
            shapes(db, "pipe_facility", "trade = ?", trade), return_distance=True, all_matches=False
        )
        assert distance.max() < 0.05, trade
    kinds = {r[0] for r in rows(db, "SELECT DISTINCT kind FROM pipe_facility")}
    assert kinds == set(range(1, 10))


def test_depths_are_the_same_where_pipes_meet(db):
    """A main does not jump; a drain arrives above the next one's start, but at a pumping station."""
    pumps = {g.coords[0] for g in shapes(db, "pipe_facility", "kind = 5")}
    for trade in TRADES:
        first, last = ends(shapes(db, "pipe", "trade = ?", trade))
        told = rows(db, "SELECT depth_start, depth_end FROM pipe WHERE trade = ? ORDER BY fid", trade)
        start = dict(zip(first, [r[0] for r in told], strict=True))
        for place, depth in zip(last, [r[1] for r in told], strict=True):
            if place not in start or place in pumps:
                continue
            if trade == "PS":
                assert depth <= start[place] + 0.011
            else:
                assert depth == start[place]


# --- land ------------------------------------------------------------------------------------------------------------


def test_farmland_went_and_came(db):
    now, then = shapes(db, "farmland"), shapes(db, "farmland_before")
    assert shapely.is_valid(then).all()
    assert {r[0] for r in rows(db, "SELECT DISTINCT survey_year FROM farmland_before")} == {2020}
    a, b = shapely.union_all(then), shapely.union_all(now)
    assert shapely.area(then).sum() - a.area < 1000, "plots do not overlap"
    lost, gained = a.difference(b).area / 1e4, b.difference(a).area / 1e4
    assert 500 < lost < 1500  # ha, of 290 000
    assert 100 < gained < lost
    protected = shapely.union_all(shapes(db, "farmland_before", "protected"))
    assert protected.difference(b).area > 1e5, "some of it was protected"


# --- emergency -------------------------------------------------------------------------------------------------------


def test_sites_belong_to_a_township_of_their_county(db):
    for table in ("hospital", "shelter", "village_service", "resident", "farmland_before"):
        wrong = f"SELECT count(*) FROM {table} t LEFT JOIN township u ON u.code = t.township_code WHERE u.county_code IS NOT t.county_code"
        assert value(db, wrong) == 0, table


def test_codes_stand_once(db):
    for table in ("team", "depot", "shelter", "hospital", "incident", "incident_log", "resident", "pipe", "pipe_facility"):
        assert value(db, f"SELECT count(*) - count(DISTINCT code) FROM {table}") == 0, table


def test_every_incident_is_told_in_order(db):
    status = dict(rows(db, "SELECT code, status FROM incident"))
    begun = dict(rows(db, "SELECT code, time FROM incident"))
    for code, state in status.items():
        told = rows(db, "SELECT time, kind FROM incident_log WHERE incident_code = ? ORDER BY fid", code)
        assert told == sorted(told)
        assert told[0][1] == 1
        assert told[0][0] > begun[code]
        assert told[-1][1] == {1: 1, 2: 4, 3: 6}[state]
    assert value(db, "SELECT count(*) FROM incident_log WHERE incident_code NOT IN (SELECT code FROM incident)") == 0
    lost = "SELECT count(*) FROM incident_log WHERE resource_code IS NOT NULL AND resource_code NOT IN (SELECT code FROM team)"
    assert value(db, lost) == 0
    assert value(db, "SELECT count(*) FROM incident_log WHERE kind IN (2, 3) AND resource_code IS NULL") == 0


def test_nobody_can_be_called(db):
    for layer in CATALOGUE.layers:
        for field in layer.fields:
            if field.name == "phone" and field.type == "text":
                assert value(db, f"SELECT count(*) FROM {layer.id} WHERE phone NOT LIKE '000-%'") == 0, layer.id


def test_duty_doctors_are_doctors(db):
    assert value(db, "SELECT count(*) FROM hospital WHERE duty_doctors > doctors OR duty_doctors < 1") == 0


# --- residents -------------------------------------------------------------------------------------------------------


def test_residents_live_in_their_grids_and_homes(db):
    assert value(db, "SELECT count(*) FROM resident") == 2000
    wrong = "SELECT count(*) FROM resident r LEFT JOIN grid g ON g.code = r.grid_code WHERE g.township_code IS NOT r.township_code"
    assert value(db, wrong) == 0
    crowded = "SELECT count(*) FROM grid g JOIN (SELECT grid_code, sum(persons) p FROM resident GROUP BY 1) r ON r.grid_code = g.code WHERE p > g.persons"
    assert value(db, crowded) == 0
    homes = rows(db, "SELECT DISTINCT b.kind FROM resident r JOIN building b ON b.fid || '号楼' = r.building")
    assert homes == [("住宅",)]
    assert value(db, "SELECT count(*) FROM resident WHERE building NOT IN (SELECT fid || '号楼' FROM building)") == 0
    assert value(db, "SELECT count(*) FROM resident WHERE floating > persons OR persons < 1") == 0
    assert value(db, "SELECT count(DISTINCT category) FROM resident") == 6
    assert value(db, "SELECT count(*) FROM resident WHERE category = 4 AND persons <> 1") == 0


def test_the_store_stays_small():
    assert paths.sample_store().stat().st_size < 12_000_000
