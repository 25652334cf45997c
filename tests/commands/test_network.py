"""Commands on roads, on the sample city: report, ways, closures, areas by time, who is nearest, and each on the map."""

from __future__ import annotations

import csv
import json

import msgspec
import numpy as np
import pytest
import shapely

import lydigital as ly
from lydigital import paths
from lydigital.commands import registry
from lydigital.commands.network import network_of
from lydigital.commands.network_values import TURNS, values_of
from lydigital.commands.registry import execute
from lydigital.errors import BadDataError, CancelledError, LydError, RefusedError, UsageError
from lydigital.model.network import KIND_TITLES, Kind

TOWN, LUANCHUAN = (632_982.0, 3_833_393.0), (557_426.0, 3_739_432.0)


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


@pytest.fixture
def fresh():
    session = ly.open("sample")
    yield session
    session.close()


def plain(answer):
    """Values that are JSON without NaN or infinity."""
    return json.loads(json.dumps(values_of(answer), allow_nan=False))


def test_the_report_of_the_sample_city(city):
    """What the roads of the sample really are: streets end up to 5 m beside others, roads cross without vertices."""
    report = city.run("network.build")
    assert report.layers == ("road", "street")
    assert report.length_m / 1000 == pytest.approx(9787, abs=5)
    assert report.main_share > 0.99
    assert report.trapped == 0
    assert report.unknown_classes == ()
    values = plain(report)
    found = {f["kind"]: f["count"] for f in values["findings"]}
    assert found["end_to_line"] > 1000
    assert found["crossing"] > 2000
    assert found["interchange"] > 10
    assert found["refused"] > 0
    findings = report.findings
    moved = findings.moved_m[np.isin(findings.kind, (Kind.END_TO_END, Kind.END_TO_LINE))]
    assert 0 < moved.min() <= moved.max() <= 5.0
    assert len(values["islands"]) == found["island"]
    assert {i["code"] for i in values["issues"]} == {"network.islands", "network.refused"}
    assert set(KIND_TITLES) == set(Kind)


def test_without_repair_the_streets_fall_apart(city):
    bare, repaired = city.run("network.build", tolerance_m=0), city.run("network.build")
    assert len(bare.islands) > 10 * len(repaired.islands)
    assert bare.findings.count(Kind.DEAD_END) > repaired.findings.count(Kind.DEAD_END) + 1000
    assert network_of(city).report.tolerance_m == 5.0


def test_every_expressway_is_reached(city):
    network = network_of(city)
    fast = np.array([c.code == "420900" for c in network.classes])[network.road_class]
    assert fast.any()
    assert (network.part[network.tail[fast]] == 0).all()


def test_the_network_is_kept_until_a_road_changes(fresh):
    first = network_of(fresh)
    assert network_of(fresh) is first
    foot = network_of(fresh, "foot")
    assert foot.coords is first.coords
    assert network_of(fresh, "foot") is foot
    x, y = first.nodes[0].tolist()
    fresh.run("feature.create", layer="street", geometry=f"LINESTRING ({x} {y}, {x + 30} {y + 40})", values={"class": "430503", "nature": "示例数据"})
    second = network_of(fresh)
    assert second is not first
    assert second.report.lines == first.report.lines + 1
    fresh.run("edit.undo")
    assert network_of(fresh).report.lines == first.report.lines


def test_whoever_listens_to_progress_stops_the_work(fresh, tmp_path):
    def stop(*_said):
        raise CancelledError("stopped", hint="Start again.")

    fresh.progressed.connect(stop)
    with pytest.raises(CancelledError):
        fresh.run("network.matrix", layer="seat", targets="depot", output=str(tmp_path / "times.csv"))
    assert not (tmp_path / "times.csv").exists()


def test_ones_own_speeds_go_before_those_shipped(fresh):
    usual = fresh.run("network.route", start=TOWN, end=LUANCHUAN)
    text = (paths.layers_dir() / "speeds.toml").read_text(encoding="utf-8")
    (paths.config_dir() / "speeds.toml").write_text(text.replace("kmh = 90", "kmh = 30"), encoding="utf-8")
    slow = fresh.run("network.route", start=TOWN, end=LUANCHUAN)
    assert slow.seconds > usual.seconds


def test_broken_speeds_are_the_reason(fresh):
    (paths.config_dir() / "speeds.toml").write_text("version = [", encoding="utf-8")
    assert "speeds.toml" in registry.get("network.route").disabled(fresh)
    with pytest.raises(BadDataError, match=r"speeds\.toml"):
        network_of(fresh)


def test_a_way_through_the_city(city):
    answer = city.run("network.route", start=TOWN, end=LUANCHUAN)
    (way,) = answer.parts
    straight = np.hypot(TOWN[0] - LUANCHUAN[0], TOWN[1] - LUANCHUAN[1])
    assert straight < way.length_m < 2 * straight
    assert 25 < way.length_m / way.seconds * 3.6 < 90
    assert "洛栾高速" in {leg.name for leg in way.legs}
    assert {leg.turn for leg in way.legs} <= set(TURNS)
    assert answer.is_sample
    values = plain(answer)
    assert values["parts"][0]["legs"][-1]["text"] == "Arrive"
    assert {"network.far"} == {i["code"] for i in values["issues"]}
    back = city.run("network.route", start=LUANCHUAN, end=TOWN)
    assert back.seconds == pytest.approx(way.seconds)


def test_a_way_by_way_of_a_stop_is_longer(city):
    stop = (600_000.0, 3_800_000.0)
    direct = city.run("network.route", start=TOWN, end=LUANCHUAN)
    two = city.run("network.route", start=TOWN, end=LUANCHUAN, via=(stop,))
    assert len(two.parts) == 2
    assert two.seconds > direct.seconds
    assert two.seconds == pytest.approx(sum(w.seconds for w in two.parts))


def test_closures_make_it_longer_or_leave_no_way(city):
    usual = city.run("network.route", start=TOWN, end=LUANCHUAN)
    cut = city.run("network.route", start=TOWN, end=LUANCHUAN, barriers=("LINESTRING (560000 3745000, 600000 3745000)",))
    assert cut.seconds > usual.seconds
    assert {c.reason for c in cut.closed} == {"Barrier 1"}
    assert plain(cut)["closed"]
    x, y = LUANCHUAN
    ring = f"POLYGON (({x - 9000} {y - 9000}, {x + 9000} {y - 9000}, {x + 9000} {y + 9000}, {x - 9000} {y + 9000}, {x - 9000} {y - 9000}), "
    ring += f"({x - 2000} {y - 2000}, {x + 2000} {y - 2000}, {x + 2000} {y + 2000}, {x - 2000} {y + 2000}, {x - 2000} {y - 2000}))"
    none = city.run("network.route", start=TOWN, end=LUANCHUAN, barriers=(ring,))
    assert none.seconds is None
    assert none.parts[0].reason == "Closures cut every way."
    assert plain(none)["seconds"] is None


def test_warning_zones_and_roads_close_as_features(city):
    zones = city.table("hazard_zone")
    fid = int(zones.fid[np.argmax(shapely.area(zones.geometry.to_shapely()))])
    cut = city.run("network.route", start=TOWN, end=LUANCHUAN, closed={"hazard_zone": (fid,)})
    assert cut.closed
    network = network_of(city)
    taken = sum(c.length_m for c in cut.closed)
    shape = zones.geometry.to_shapely(np.array([zones.row_of[fid]]))[0]
    planar = shapely.length(shapely.intersection(network.lines, shape)).sum()
    assert taken == pytest.approx(planar, rel=0.005)
    fast = int(network.fid[np.flatnonzero(network.name == network.names.index("洛栾高速"))[0]])
    other = city.run("network.route", start=TOWN, end=LUANCHUAN, closed={"road": (fast,)})
    assert {(c.layer, c.fid) for c in other.closed} == {("road", fast)}
    with pytest.raises(UsageError):
        city.run("network.route", start=TOWN, end=LUANCHUAN, closed={"road": ()})


def test_who_is_nearest_by_time(city):
    answer = city.run("network.nearest", place=LUANCHUAN, layer="hospital", count=3)
    assert len(answer.found) == 3
    seconds = [t.way.seconds for t in answer.found]
    assert seconds == sorted(seconds)
    assert all(t.title for t in answer.found)
    tight = city.run("network.nearest", place=LUANCHUAN, layer="hospital", count=300, minutes=10)
    assert all(t.way.seconds <= 600 for t in tight.found)
    assert "network.fewer" in {i.code for i in tight.issues}
    plain(tight)
    x, y = LUANCHUAN
    ring = f"POLYGON (({x - 9000} {y - 9000}, {x + 9000} {y - 9000}, {x + 9000} {y + 9000}, {x - 9000} {y + 9000}, {x - 9000} {y - 9000}), "
    ring += f"({x - 8900} {y - 8900}, {x + 8900} {y - 8900}, {x + 8900} {y + 8900}, {x - 8900} {y + 8900}, {x - 8900} {y - 8900}))"
    inside = city.run("network.nearest", place=LUANCHUAN, layer="hospital", count=300, barriers=(ring,))
    assert inside.unreached > 200
    assert len(inside.found) + inside.unreached == len(city.table("hospital"))
    assert {t.way.reason for t in inside.beyond} == {"Closures cut every way."}
    plain(inside)


def test_areas_by_time(city):
    answer = city.run("network.isochrone", places=(TOWN,), minutes=(5, 15))
    small, large = answer.areas
    assert small.area_km2 < large.area_km2 / 3
    towards = city.run("network.isochrone", places=(TOWN,), minutes=(5, 15), towards=True)
    assert towards.areas[1].length_km == pytest.approx(large.length_km)  # the sample has no one-way roads
    of_layer = city.run("network.isochrone", layer="hospital", fids=(1, 2), minutes=(5,))
    assert of_layer.places == 2
    plain(of_layer)


def test_places_off_the_roads_are_said(city):
    far = city.run("network.isochrone", places=(TOWN, (500_000.0, 3_600_000.0)), minutes=(5,))
    ((title, distance),) = far.off_road
    assert title == "Place 2"
    assert distance > 50_000
    with pytest.raises(BadDataError, match="on a road"):
        city.run("network.isochrone", places=((500_000.0, 3_600_000.0),))
    lost = city.run("network.route", start=(500_000.0, 3_600_000.0), end=TOWN)
    assert lost.seconds is None
    assert "m away" in lost.parts[0].reason
    assert {"network.off_road"} == {i.code for i in lost.issues}
    plain(far)


def test_a_matrix_as_csv(city, tmp_path):
    path = tmp_path / "times.csv"
    answer = city.run("network.matrix", layer="hospital", targets="shelter", fids=(1, 2, 3), target_fids=(1, 2), output=str(path))
    assert (len(answer.rows), len(answer.columns)) == (3, 2)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [r[0] for r in rows[1:]] == [title for _, title in answer.rows]
    assert float(rows[1][1]) == pytest.approx(answer.seconds[0][0] / 60, abs=0.06)
    plain(answer)
    with pytest.raises(RefusedError):
        city.run("network.matrix", layer="village", targets="village")
    with pytest.raises(LydError):
        city.run("network.matrix", layer="hospital", targets="shelter", fids=(1,), target_fids=(1,), output=str(tmp_path / "no" / "a.csv"))


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("network.build_map", {}),
        ("network.route_map", {"start": TOWN, "end": LUANCHUAN}),
        ("network.nearest_map", {"place": TOWN, "layer": "hospital", "count": 2}),
        ("network.isochrone_map", {"places": (TOWN,), "minutes": (5, 10)}),
    ],
)
def test_answers_become_layers_in_one_step(fresh, command, given):
    before = fresh.document
    fresh.run(command, **given)
    (made,) = set(fresh.document.order) - set(before.order)
    table = fresh.table(made)
    assert len(table)
    assert set(table.column("nature").to_pylist()) == {"示例数据"}
    style = fresh.style(made)
    if style.kind == "categorized":
        assert set(table.column(style.field).to_pylist()) == {rule.value for rule in style.rules}
    fresh.run("edit.undo")
    assert fresh.document == before


def test_rings_do_not_overlap(fresh):
    before = set(fresh.document.order)
    fresh.run("network.isochrone_map", places=(TOWN,), minutes=(5, 10, 20))
    (made,) = set(fresh.document.order) - before
    rings = fresh.table(made).geometry.to_shapely()
    assert shapely.area(shapely.union_all(rings)) == pytest.approx(shapely.area(rings).sum(), rel=1e-6)


def test_in_a_map_of_degrees_places_are_degrees(fresh):
    metric = fresh.run("network.route", start=TOWN, end=LUANCHUAN)
    fresh.replace(msgspec.structs.replace(fresh.document, crs="EPSG:4490"), None)
    degrees = fresh.run("network.route", start=(112.45, 34.62), end=(111.62, 33.78))
    assert degrees.crs == "EPSG:4546"
    assert degrees.seconds == pytest.approx(metric.seconds, rel=0.01)


@pytest.mark.parametrize(
    ("command", "given", "error"),
    [
        ("network.route", {"start": TOWN, "end": LUANCHUAN, "profile": "boat"}, BadDataError),
        ("network.route", {"start": TOWN, "end": LUANCHUAN, "barriers": ("CIRCLE",)}, BadDataError),
        ("network.route", {"start": TOWN, "end": LUANCHUAN, "closed": {"nothing": (1,)}}, UsageError),
        ("network.route", {"start": TOWN, "end": LUANCHUAN, "closed": {"hazard_zone": (99_999,)}}, UsageError),
        ("network.nearest", {"place": TOWN, "layer": "nothing"}, UsageError),
        ("network.nearest", {"place": TOWN, "layer": "relief"}, UsageError),
        ("network.nearest", {"place": TOWN, "layer": "hospital", "fids": (99_999,)}, UsageError),
        ("network.isochrone", {}, UsageError),
        ("network.isochrone", {"places": (TOWN,), "layer": "hospital"}, UsageError),
        ("network.isochrone", {"places": (TOWN,), "minutes": (0,)}, UsageError),
        ("network.isochrone", {"places": (TOWN,), "minutes": ()}, BadDataError),
        ("network.route", {"start": (float("nan"), 0.0), "end": TOWN}, UsageError),
    ],
)
def test_what_cannot_be_asked(city, command, given, error):
    with pytest.raises(error) as caught:
        city.run(command, **given)
    assert caught.value.hint_text()


def test_without_roads_it_says_so(small_session):
    with pytest.raises(RefusedError) as refused:
        execute(small_session, "network.route", start=TOWN, end=LUANCHUAN)
    assert "road" in refused.value.hint_text()
    with pytest.raises(BadDataError, match="no roads"):
        network_of(small_session)
