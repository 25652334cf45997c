"""Traces and shutting off on networks small enough to draw."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital import paths
from lydigital.domain import utility
from lydigital.domain.pipes import Pipes
from lydigital.domain.utilitynet import linked, network_of
from lydigital.errors import BadDataError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable
from lydigital.model.utility import OUTFALL, SOURCE, VALVE, read_rules

CRS = Crs("EPSG:4546")
X, Y = 600_000.0, 3_830_000.0
RULES = read_rules(paths.layers_dir() / "utility" / "trades.toml")


def pipes(*lines, trade="JS", **columns) -> FeatureTable:
    """Lines from (x, y) to (x, y), coded a, b, c …"""
    shapes = np.array([shapely.LineString([(X + x, Y + y) for x, y in line]) for line in lines], object)
    trades = [trade] * len(lines) if isinstance(trade, str) else trade
    columns = {"code": [chr(97 + i) for i in range(len(lines))], "trade": trades, **columns}
    return FeatureTable(np.arange(1, len(lines) + 1), pa.table(columns), GeometryArray.from_shapely(GeometryKind.LINE, shapes), CRS)


def things(**at) -> FeatureTable:
    """Facilities by code: ``V1=(x, y, kind, trade)``; trade JS where none is named."""
    xy = np.array([(X + v[0], Y + v[1]) for v in at.values()], float).reshape(-1, 2)
    columns = {
        "code": list(at), "kind": [v[2] for v in at.values()], "trade": [v[3] if len(v) > 3 else "JS" for v in at.values()]
    }  # fmt: skip
    return FeatureTable(np.arange(1, len(at) + 1), pa.table(columns), GeometryArray.from_points(xy), CRS)


#             d 100
#             |
#             V4 10
#  S--V1--a---+---b---+---c--V3---  flows to the right and up; 100 m a pipe
LINES = [[(0, 0), (50, 0), (100, 0)], [(100, 0), (200, 0)], [(200.3, 0), (300, 0)], [(100, 0.2), (100, 100)]]
STANDING = {"S": (0, 0, SOURCE), "V1": (50, 0, VALVE), "V3": (250, 0.1, VALVE), "V4": (100, 10, VALVE)}


@pytest.fixture
def network():
    return network_of(pipes(*LINES), things(**STANDING), RULES)


def run(network, code, direction):
    edge = utility.edge_at(network, network.fids[network.codes.index(code)])
    return utility.trace(network, edge, direction, RULES.trade("JS"))


def shut(network, code, along=None, trade="JS", stuck=()):
    edge = utility.edge_at(network, network.fids[network.codes.index(code)], along)
    return utility.isolate(network, edge, (X, Y), RULES.trade(trade), stuck=stuck)


def told(found):
    return {issue.code for issue in found.issues}


def spans(pieces):
    return {p.code: (round(p.from_m), round(p.to_m)) for p in pieces}


def test_down_and_up_follow_the_flow(network):
    down = run(network, "b", "down")
    assert spans(down.pieces) == {"b": (0, 100), "c": (0, 100)}  # ends 0.3 m apart are joined
    assert [f.code for f in down.facilities] == ["V3"]
    assert down.facilities[0].away_m == pytest.approx(49.7)
    up = run(network, "b", "up")
    assert spans(up.pieces) == {"a": (0, 100), "b": (0, 100)}
    assert [f.code for f in up.sources] == ["S"]
    assert up.sources[0].away_m == pytest.approx(100)
    assert up.length_m == pytest.approx(200)
    assert not up.issues
    assert not down.issues


def test_connected_goes_both_ways(network):
    found = run(network, "d", "connected")
    assert set(spans(found.pieces)) == {"a", "b", "c", "d"}
    assert found.fids == (1, 2, 3, 4)


def test_a_facility_on_no_pipe_is_told_and_joins_nothing():
    network = network_of(pipes(*LINES), things(**STANDING, Lost=(50, 5, VALVE), Other=(60, 0, VALVE, "RQ")), RULES)
    assert (network.facility_node < 0).sum() == 2
    assert told(network) == {"utility.beside"}


def test_pipes_that_cross_or_lie_apart_are_not_joined():
    network = network_of(pipes([(0, 0), (100, 0)], [(50, -50), (50, 50)], [(101, 0), (200, 0)]), things(), RULES)
    assert spans(run(network, "a", "connected").pieces) == {"a": (0, 100)}
    assert told(run(network, "a", "up")) == {"utility.alone", "utility.no_source"}
    wider = network_of(pipes([(0, 0), (100, 0)], [(50, -50), (50, 50)], [(101, 0), (200, 0)]), things(), RULES, snap_m=1.5)
    assert set(spans(run(wider, "a", "down").pieces)) == {"a", "c"}


def test_a_pipe_that_ends_on_another_is_joined_there():
    network = network_of(pipes([(0, 0), (100, 0)], [(60, 0.2), (60, 50)]), None, RULES)
    down = utility.trace(network, utility.edge_at(network, 1, 30.0), "down", RULES.trade("JS"))
    assert spans(down.pieces) == {"a": (0, 100), "b": (0, 50)}
    late = utility.trace(network, utility.edge_at(network, 1, 80.0), "down", RULES.trade("JS"))
    assert spans(late.pieces) == {"a": (60, 100)}  # beyond the branch
    assert "utility.no_facilities" in told(network)


def test_trades_do_not_mix_and_strange_ones_are_told():
    network = network_of(pipes([(0, 0), (9, 0)], [(9, 0), (20, 0)], [(9, 0), (9, 9)], trade=["JS", "RQ", "??"]), things(), RULES)
    assert set(spans(run(network, "a", "connected").pieces)) == {"a"}
    assert "utility.trade" in told(network)
    with pytest.raises(UsageError) as caught:
        utility.edge_at(network, 3)
    assert caught.value.hint_text()


def test_a_circle_and_a_ring_are_told():
    circle = network_of(pipes([(0, 0), (10, 0)], [(10, 0), (5, 9)], [(5, 9), (0, 0)]), things(S=(0, 0, SOURCE)), RULES)
    found = run(circle, "a", "up")
    assert spans(found.pieces) == {"a": (0, 10), "b": (0, 10), "c": (0, 10)}
    assert told(found) == {"utility.loop"}
    ring = network_of(pipes([(0, 0), (10, 0)], [(10, 0), (20, 9)], [(10, 0), (15, -9), (20, 9)]), things(S=(0, 0, SOURCE)), RULES)
    assert told(run(ring, "a", "down")) == {"utility.ring"}
    assert not run(ring, "a", "up").issues


def test_parallel_pipes_both_count():
    network = network_of(pipes([(0, 0), (10, 0)], [(10, 0), (20, 0)], [(10, 0), (15, 3), (20, 0)], [(20, 0), (30, 0)]), things(), RULES)
    assert set(spans(run(network, "a", "down").pieces)) == {"a", "b", "c", "d"}


def test_a_burst_is_shut_on_all_sides(network):
    found = shut(network, "b")
    assert [f.code for f in found.shut] == ["V4", "V3", "V1"]  # 10, 50 and 50 m away
    assert spans(found.off) == {"a": (50, 100), "b": (0, 100), "c": (0, 50), "d": (0, 10)}
    assert spans(found.lost) == {"c": (50, 100), "d": (10, 100)}
    assert not found.stop
    assert not found.issues


def test_a_valve_that_sticks_takes_more(network):
    found = shut(network, "b", stuck={"V4", "V1"})
    assert [f.code for f in found.shut] == ["V3"]
    assert [f.code for f in found.stop] == ["S"]
    assert spans(found.off)["d"] == (0, 100)
    assert spans(found.lost) == {"c": (50, 100)}
    assert told(found) == {"utility.stop"}


def test_a_second_source_keeps_what_is_beyond():
    network = network_of(pipes(*LINES), things(**STANDING, S2=(300, 0, SOURCE)), RULES)
    assert spans(shut(network, "b").lost) == {"d": (10, 100)}


def test_a_burst_at_the_far_side_of_a_valve_leaves_the_rest(network):
    found = shut(network, "c", along=80.0)
    assert [f.code for f in found.shut] == ["V3"]
    assert spans(found.off) == {"c": (50, 100)}
    assert found.lost == ()


def test_without_valves_or_sources_it_says_so():
    network = network_of(pipes(*LINES), things(), RULES)
    found = shut(network, "b")
    assert set(spans(found.off)) == {"a", "b", "c", "d"}
    assert found.lost is None
    assert told(found) == {"utility.no_valve", "utility.lost_unknown"}


def test_a_drain_is_plugged_above():
    #  M1--a--M2--b--M3--c--O ; the branch d comes in at M2
    lines = pipes([(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)], [(100, 100), (100, 0)], trade="PS")
    standing = things(M1=(0, 0, 2, "PS"), M2=(100, 0, 2, "PS"), M3=(200, 0, 2, "PS"), O=(300, 0, OUTFALL, "PS"))
    network = network_of(lines, standing, RULES)
    found = shut(network, "b", trade="PS")
    assert [f.code for f in found.shut] == ["M2"]
    assert spans(found.off) == {"b": (0, 100)}
    assert spans(found.lost) == {"a": (0, 100), "d": (0, 100)}
    assert told(found) == {"utility.gravity"}
    further = shut(network, "b", trade="PS", stuck={"M2"})
    assert [f.code for f in further.shut] == ["M1"]
    assert set(spans(further.off)) == {"a", "b", "d"}
    assert further.lost == ()
    down = utility.trace(network, utility.edge_at(network, 1), "down", RULES.trade("PS"))
    assert [f.code for f in down.sources] == ["O"]
    assert not down.issues


def test_a_broken_cable_takes_only_what_is_beyond():
    lines = pipes([(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)], [(100, 0), (100, 90)], trade="TX")
    network = network_of(lines, things(O=(0, 0, SOURCE, "TX")), RULES)
    found = shut(network, "b", trade="TX")
    assert (found.shut, found.stop) == ((), ())
    assert spans(found.off) == {"b": (0, 100)}
    assert spans(found.lost) == {"c": (0, 100)}
    assert told(found) == {"utility.cut"}


def test_links_by_code():
    links = pipes([(0, 0), (10, 0)], [(10, 0), (20, 0)], [(10, 0), (10, 9)], [(0, 0), (0, 0.1)], from_code=["A", "B", "B", None], to_code=["B", "C", "D", "A"])
    nodes = FeatureTable(np.arange(1, 4), pa.table({"code": ["A", "B", "C"], "name": ["局甲", "局乙", "局丙"]}), GeometryArray.from_points(np.array([[X, Y], [X + 10, Y], [X + 20, Y]])), CRS)
    network = linked(links, nodes, np.array([1000.0, 2000.0, 3000.0, 1.0]), layer="cable", trade="TX")
    assert told(network) == {"utility.ends", "utility.nodes"}
    down = utility.trace(network, utility.edge_at(network, 1), "down")
    assert spans(down.pieces) == {"a": (0, 1000), "b": (0, 2000), "c": (0, 3000)}
    assert [(f.code, f.name, f.away_m) for f in down.facilities] == [("B", "局乙", 0.0), ("C", "局丙", 2000.0), ("D", "", 3000.0)]
    up = utility.trace(network, utility.edge_at(network, 2), "up")
    assert [f.code for f in up.sources] == ["A"]
    assert not up.issues


def test_nothing_at_all():
    network = network_of(pipes(), things(), RULES)
    assert not len(network.begin)
    with pytest.raises(UsageError):
        utility.edge_at(network, 1)


def test_rules_are_refused_with_the_place_of_the_fault(tmp_path):
    bad = tmp_path / "trades.toml"
    bad.write_text("version = '1'\nsource = ''\ntrades = [{ id = 'JS', title = '', flow = 'uphill' }]\n", encoding="utf-8")
    with pytest.raises(BadDataError, match="uphill"):
        read_rules(bad)
    water = "{ id = 'JS', title = '', flow = 'pressure' }"
    for text, fault in (
        (f"trades = [{water}]\nhorizontal = [{{ trades = ['JS', 'XX'], least_m = 1 }}]", "XX"),
        (f"trades = [{water}]\nhorizontal = [{{ trades = ['JS', 'JS'], least_m = -1 }}]", "least_m"),
        (f"trades = [{water}, {water}]", "twice"),
    ):
        bad.write_text("version = '1'\nsource = ''\n" + text, encoding="utf-8")
        with pytest.raises(BadDataError, match=fault):
            read_rules(bad)
    assert RULES.least("horizontal", "PS", "JS", 400, 300) == 1.5
    assert RULES.least("horizontal", "PS", "JS", 400, 150) == 1.0
    assert RULES.least("vertical", "JS", "XX") is None
    assert {t.id for t in RULES.trades} == {"JS", "PS", "RQ", "RL", "DL", "TX", "GD", "GY"}


def _walk(begin, steps, closed=frozenset()):
    """Nodes reached from ``begin`` by ``steps`` (node → nodes), not going on from closed ones."""
    seen, todo = set(begin), list(begin)
    while todo:
        node = todo.pop()
        if node in closed:
            continue
        for other in steps.get(node, ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


@pytest.mark.parametrize("seed", range(12))
def test_the_same_as_walking_every_pipe_by_hand(seed):
    """Random streets of a grid, valves and sources at random corners: against a plain search without matrices."""
    rng = np.random.default_rng(seed)
    size = 5
    corners = [(i, j) for i in range(size) for j in range(size)]
    sides = [((i, j), (i + 1, j)) for i in range(size - 1) for j in range(size)]
    sides += [((i, j), (i, j + 1)) for i in range(size) for j in range(size - 1)]
    taken = [sides[k] if rng.random() < 0.5 else sides[k][::-1] for k in rng.permutation(len(sides))[: int(rng.integers(6, 30))]]
    lines = pipes(*([(10.0 * x, 10.0 * y) for x, y in side] for side in taken), code=[f"p{k}" for k in range(len(taken))])
    valves = {corners[k] for k in rng.permutation(25)[:6]}
    sources = {corners[k] for k in rng.permutation(25)[:2]} - valves
    standing = {f"v{x}{y}": (10.0 * x, 10.0 * y, VALVE) for x, y in valves} | {f"s{x}{y}": (10.0 * x, 10.0 * y, SOURCE) for x, y in sources}
    network = network_of(lines, things(**standing), RULES)
    down, both = {}, {}
    for a, b in taken:
        down.setdefault(a, []).append(b)
        both.setdefault(a, []).append(b)
        both.setdefault(b, []).append(a)
    for k, (a, b) in enumerate(taken):
        name = f"p{k}"
        reached = _walk([b], down)
        assert set(spans(run(network, name, "down").pieces)) == {name} | {f"p{i}" for i, (c, _) in enumerate(taken) if c in reached}
        whole = _walk([a], both)
        assert set(spans(run(network, name, "connected").pieces)) == {f"p{i}" for i, (c, _) in enumerate(taken) if c in whole}
        found = shut(network, name)
        closed = valves | sources
        near = _walk([a, b], both, closed)
        off = {name} | {f"p{i}" for i, ends in enumerate(taken) if (near - closed) & set(ends)}
        assert set(spans(found.off)) == off
        assert {f.code for f in found.shut} == {f"v{x}{y}" for x, y in near & valves}
        assert {f.code for f in found.stop} == {f"s{x}{y}" for x, y in near & sources}
        if not whole & sources:
            assert found.lost is None
            continue
        rest = {}
        for i, (c, d) in enumerate(taken):
            if f"p{i}" not in off:
                rest.setdefault(c, []).append(d)
                rest.setdefault(d, []).append(c)
        fed = _walk(sources - near, rest)
        lost = {f"p{i}" for i, (c, _) in enumerate(taken) if f"p{i}" not in off and c in whole and c not in fed}
        assert set(spans(found.lost)) == lost


def test_numbers_written_as_text_are_read():
    table = pipes([(0, 0), (10, 0)], depth_start=["1.5"], depth_end=["deep"], diameter_mm=["300"])
    made = Pipes.of(table, RULES)
    assert made.first_m[0] == 1.5
    assert np.isnan(made.last_m[0])
    assert made.width_m[0] == pytest.approx(0.3)
    network = network_of(table, things(V=(5, 0, VALVE)), RULES)
    assert len(network.begin) == 2
