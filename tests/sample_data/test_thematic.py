"""The sample store against the catalogue, and its totals against the plan's figures."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime
from itertools import pairwise

import numpy as np
import pytest
import shapely

from lydigital import paths
from lydigital.model.layerdef import FieldDef, LayerDef, read_catalogue
from lydigital.stores.create import is_stored
from sample_data.city import BOUNDS
from sample_data.hazards import danger_grade, event_grade
from sample_data.sites import allocate, pick, spread, town_name, village_name

CATALOGUE = read_catalogue(paths.layers_dir())
STORED = tuple(layer for layer in CATALOGUE.layers if is_stored(layer))
LAYERS = pytest.mark.parametrize("layer", STORED, ids=lambda d: d.id)
SQL_TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "DATETIME",
}
LEDGERS = {"warning_issue", "hazard_run"}  # written by the program alone: a new city has issued nothing


@pytest.fixture(scope="module")
def db():
    with closing(sqlite3.connect(f"file:{paths.sample_store()}?mode=ro&immutable=1", uri=True)) as connection:
        yield connection


def value(db: sqlite3.Connection, sql: str):
    return db.execute(sql).fetchone()[0]


@LAYERS
def test_table_has_the_columns_of_its_definition(db, layer: LayerDef):
    found = {row[1]: row[2] for row in db.execute(f'PRAGMA table_info("{layer.id}")')}
    geometry = {found.pop(n, "") for n in ("fid", "geom")}
    assert found == {f.name: SQL_TYPES[f.type] for f in layer.fields}
    assert ("" in geometry) == (layer.geometry == "none")


@LAYERS
def test_rows_exist_and_values_respect_their_fields(db, layer: LayerDef):
    names = [f.name for f in layer.fields]
    columns = ",".join(f'"{n}"' for n in names)
    rows = db.execute(f'SELECT {columns} FROM "{layer.id}"').fetchall()
    if layer.id in LEDGERS:
        assert not rows
        return
    assert rows
    for field, values in zip(layer.fields, zip(*rows, strict=True), strict=True):
        check_values(layer.id, field, values)


def check_values(layer_id: str, field: FieldDef, values: tuple) -> None:
    where = f"{layer_id}.{field.name}"
    known = [v for v in values if v is not None]
    assert not field.required or len(known) == len(values), f"{where} lacks values"
    kinds = {"text": str, "integer": int, "real": (int, float), "boolean": int, "date": str, "datetime": str}
    assert all(isinstance(v, kinds[field.type]) for v in known), where
    if field.type == "date":
        assert all(date.fromisoformat(v) for v in known)
    if field.type == "datetime":
        assert all(datetime.fromisoformat(v).tzinfo is not None for v in known), where
    if field.domain:
        assert {str(v) for v in known} <= set(field.domain), where
    if field.minimum is not None:
        assert min(known, default=field.minimum) >= field.minimum, where
    if field.maximum is not None:
        assert max(known, default=field.maximum) <= field.maximum, where


@LAYERS
def test_geometry_lies_in_the_city(db, layer: LayerDef):
    if layer.geometry == "none":
        return
    blobs = [row[0] for row in db.execute(f'SELECT geom FROM "{layer.id}"')]
    assert all(b is not None for b in blobs)
    shapes = shapely.from_wkb([b[8:] for b in blobs])
    assert not shapely.is_empty(shapes).any()
    bounds = shapely.bounds(shapes)
    outside = (bounds[:, :2] < np.array(BOUNDS[:2]) - 1) | (bounds[:, 2:] > np.array(BOUNDS[2:]) + 1)
    assert not outside.any()
    if layer.geometry == "polygon":
        assert shapely.is_valid(shapes).all()


# --- control totals of the plan: city figures, qualified 余/多 ones at their lower bound ------------------------------

TOTALS = [
    ("SELECT sum(capacity_lines) FROM exchange", 1_300_000),
    ("SELECT sum(users) FROM base_station", 1_700_000),
    ("SELECT sum(users) FROM broadband_pop", 100_000),
    ("SELECT sum(egress_gbps) FROM broadband_pop", 20),
    ("SELECT sum(users) FROM catv_node", 440_000),
    ("SELECT count(*) FROM gov_node WHERE level = 1 AND lan", 40),
    ("SELECT count(*) FROM gov_node WHERE level = 2 AND access = 2", 14),
    ("SELECT count(*) FROM agri_station", 50),
    ("SELECT count(DISTINCT township_code) FROM agri_station", 50),
    ("SELECT round(sum(trade), 1) FROM agri_station", 10_000),
    ("SELECT count(DISTINCT village_code) FROM terminal_site", 432),
    ("SELECT count(DISTINCT township_code) FROM terminal_site", 32),
    ("SELECT count(*) FROM school", 3284),
    ("SELECT count(*) FROM school WHERE school_type = 1", 811),
    ("SELECT count(*) FROM school WHERE school_type = 2", 2270),
    ("SELECT count(*) FROM school WHERE school_type = 3", 203),
    ("SELECT count(*) FROM edu_node WHERE kind = 2", 120),
    ("SELECT count(*) FROM enterprise WHERE programme = 1", 50),
    ("SELECT count(*) FROM enterprise WHERE programme = 2", 25),
    ("SELECT count(*) FROM enterprise WHERE programme = 3", 8),
    ("SELECT round(sum(output_growth), 1) FROM enterprise", 80),
    ("SELECT count(*) FROM rain_gauge", 90),
    ("SELECT count(*) FROM rainfall", 90 * 72),
    ("SELECT count(DISTINCT kind) FROM team", 8),
    ("SELECT count(DISTINCT trade) FROM pipe", 8),
    ("SELECT count(DISTINCT trade) FROM pipe_facility", 8),
    ("SELECT count(*) FROM county_index", 14),
    ("SELECT count(*) FROM population_unit", 194),
]


@pytest.mark.parametrize(("sql", "total"), TOTALS)
def test_totals_reconcile_to_the_plan(db, sql: str, total: float):
    assert value(db, sql) == total


def test_every_village_has_telephone_and_television(db):
    """行政村通电话、广播电视村村通: complete in the plan; data networks are not."""
    villages, phone, tv, network = db.execute(
        "SELECT sum(villages), sum(phone), sum(tv), sum(network) FROM village_project"
    ).fetchone()
    assert villages == phone == tv
    assert 0.4 * villages < network < villages
    assert villages == value(db, "SELECT count(*) FROM village WHERE kind = '村'")


def test_population_units_add_up_to_the_counties(db):
    units = dict(db.execute("SELECT county_code, sum(population) FROM population_unit GROUP BY 1"))
    counties = dict(db.execute("SELECT code, population FROM county"))
    assert sum(units.values()) == sum(counties.values())
    assert value(db, "SELECT count(*) FROM population_unit WHERE male + female <> population") == 0
    assert (
        value(db, "SELECT count(*) FROM population_unit WHERE age_0_14 + age_15_59 + age_60 <> population")
        == 0
    )


def test_the_seven_reported_hazard_points_are_there_and_marked(db):
    named = db.execute(
        "SELECT name, nature FROM hazard_point WHERE name LIKE '%镇%村%' AND nature = '推算'"
    ).fetchall()
    assert len(named) == 7
    assert {"石井镇黛眉村滑坡", "北冶镇马行沟村滑坡", "铁门镇董沟村下沟组泥石流"} <= {n for n, _ in named}


def test_danger_grades_follow_the_regulation(db):
    people, assets, grade = (
        np.array(c)
        for c in zip(*db.execute("SELECT threat_people, threat_assets, grade FROM hazard_point"), strict=True)
    )
    assert (danger_grade(people, assets) == grade).all()
    assert danger_grade(np.array([99, 100, 500, 1000, 5]), np.array([0.0, 0, 0, 0, 5000])).tolist() == [
        4,
        3,
        2,
        1,
        2,
    ]


def test_gauges_carry_what_the_hours_say(db):
    rows = db.execute("SELECT gauge, time, rain_mm FROM rainfall ORDER BY gauge, time").fetchall()
    rain = np.array([r[2] for r in rows]).reshape(90, 72)
    stated = np.array(db.execute("SELECT rain_24h, rain_total FROM rain_gauge ORDER BY code").fetchall())
    windows = np.stack([rain[:, i : i + 24].sum(1) for i in range(49)])
    np.testing.assert_allclose(stated[:, 0], windows.max(0), atol=0.06)
    np.testing.assert_allclose(stated[:, 1], rain.sum(1), atol=0.06)
    assert 50 <= stated[:, 0].max() <= 400, "a rainstorm by GB/T 28592, not a record"
    times = sorted({r[1] for r in rows})
    assert len(times) == 72
    steps = {
        (datetime.fromisoformat(b) - datetime.fromisoformat(a)).total_seconds() for a, b in pairwise(times)
    }
    assert steps == {3600.0}


def test_the_storm_moves_to_the_north_east(db):
    rows = db.execute(
        "SELECT g.geom, r.rain_mm FROM rainfall r JOIN rain_gauge g ON g.code = r.gauge ORDER BY r.time"
    ).fetchall()
    xy = shapely.get_coordinates(shapely.from_wkb([r[0][8:] for r in rows])).reshape(72, 90, 2)
    rain = np.array([r[1] for r in rows]).reshape(72, 90, 1)
    early, late = ((xy[a:b] * rain[a:b]).sum((0, 1)) / rain[a:b].sum() for a, b in ((36, 44), (50, 58)))
    assert (late > early).all()


def test_shelter_capacity_is_area_over_share(db):
    assert (
        value(
            db,
            "SELECT count(*) FROM shelter WHERE capacity <> cast(area_m2 / m2_per_person + 1e-9 AS integer)",
        )
        == 0
    )


def test_the_warning_is_an_unsigned_draft(db):
    rows = db.execute("SELECT status, signatory, issue_no FROM warning_zone").fetchall()
    assert rows == [("草稿", None, None)]


def test_events_follow_the_rain_but_for_some(db):
    rows = db.execute("SELECT time, trigger, township_code, nature, deaths, losses, grade FROM hazard_event").fetchall()
    assert [sum(1 for r in rows if r[1] == trigger) for trigger in (1, 2)] == [14, 4]
    times = [r[0] for r in rows]
    assert times == sorted(times)
    assert times[0] >= "2025-07-15T12:00:00"
    assert times[-1] <= "2025-07-18T12:00:00"
    assert {r[2] for r in rows} <= {r[0] for r in db.execute("SELECT code FROM township")}
    assert {r[3] for r in rows} == {"示例数据"}
    deaths, losses, grade = (np.array([r[i] for r in rows]) for i in (4, 5, 6))
    assert (event_grade(deaths, losses) == grade).all()
    assert event_grade(np.array([0, 3, 0, 10, 30]), np.array([99.0, 0, 100, 0, 0])).tolist() == [4, 3, 3, 2, 1]


def test_network_lines_join_known_nodes(db):
    for line, node in (("gov_link", "gov_node"), ("cable", "exchange"), ("catv_network", "catv_node")):
        lost = f"SELECT count(*) FROM {line} WHERE from_code NOT IN (SELECT code FROM {node}) OR to_code NOT IN (SELECT code FROM {node})"
        assert value(db, lost) == 0
    ends = [r[0] for r in db.execute("SELECT to_code FROM gov_link")]
    assert len(ends) == len(set(ends)), "a tree: one way up from every node"


def test_nobody_can_be_called(db):
    for layer in ("team", "hazard_point"):
        assert value(db, f"SELECT count(*) FROM {layer} WHERE phone NOT LIKE '000-%'") == 0
    assert value(db, "SELECT count(*) FROM gov_portal WHERE url NOT LIKE '%.invalid'") == 0


def test_pipelines_lie_apart_and_fall(db):
    assert value(db, "SELECT min(depth_start) FROM pipe") >= 0.4
    fall = np.array(
        db.execute(
            "SELECT depth_end - depth_start FROM pipe WHERE trade = 'PS' AND depth_end < 7.5"
        ).fetchall()
    )
    assert (fall >= 0).all()


# --- the tools that share out totals ---------------------------------------------------------------------------------


def test_allocate_is_exact_and_fair():
    assert allocate(10, [1, 1, 1]).tolist() == [4, 3, 3]
    assert allocate(7, [0.0, 2.0, 5.0]).tolist() == [0, 2, 5]
    weights = np.random.default_rng(1).random(194)
    shares = allocate(1_300_000, weights)
    assert shares.sum() == 1_300_000
    assert np.abs(shares - weights / weights.sum() * 1_300_000).max() < 1


def test_pick_and_spread_choose_different_rows():
    rng = np.random.default_rng(2)
    assert len(set(pick(rng, np.ones(50), 20).tolist())) == 20
    line = np.c_[np.arange(101.0), np.zeros(101)]
    apart = np.diff(np.sort(spread(rng, line, 5)))
    assert apart.min() >= 10, "evenly would be 25"


def test_short_names():
    assert village_name("杓柳村村民委员会") == "杓柳村"
    assert village_name("北大街社区居民委员会") == "北大街"
    assert town_name("关林街道") == "关林"
    assert town_name("瀍河回族乡") == "瀍河"
