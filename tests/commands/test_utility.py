"""Commands on pipes, on the sample city and on what is wrong."""

from __future__ import annotations

import importlib.util
import json
import sys

import msgspec
import pytest

import lydigital as ly
from lydigital import paths
from lydigital.commands.utility import LINKS, values_of
from lydigital.commands.work.section import colours_of
from lydigital.commands.work.utility import rules_of
from lydigital.errors import BadDataError, UsageError
from lydigital.model.changeset import ChangeSet
from lydigital.model.layerdef import read_catalogue


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


def first(city, trade):
    table = city.table("pipe")
    return int(table.fid[table.column("trade").to_pylist().index(trade)])


def test_trades_are_those_of_the_catalogue(city):
    catalogue = read_catalogue(paths.layers_dir())
    trades, kinds = catalogue.layer("pipe").field("trade").domain, catalogue.layer("pipe_facility").field("kind").domain
    rules = rules_of()
    assert {t.id for t in rules.trades} == set(trades)
    for trade in rules.trades:
        assert trades[trade.id][0] == trade.title
        assert {str(k) for k in (*trade.shut_by, *trade.fed_by)} <= set(kinds)
    for layer, (nodes, trade) in LINKS.items():
        assert catalogue.layer(layer).field("from_code")
        assert catalogue.layer(nodes).field("code")
        assert not trade or trade in trades
    assert set(colours_of(city)) == set(trades)


@pytest.mark.parametrize("trade", ["JS", "PS", "RQ", "RL", "DL", "TX", "GD", "GY"])
def test_every_trade_of_the_sample_is_fed(city, trade):
    fid = first(city, trade)
    up = city.run("utility.trace", fid=fid, direction="down" if trade == "PS" else "up")
    assert up.sources, [i.code for i in up.issues]
    whole = city.run("utility.trace", fid=fid, direction="connected")
    assert set(up.fids) <= set(whole.fids)
    assert whole.length_m >= up.length_m
    shut = city.run("utility.isolate", fid=fid)
    assert shut.lost is not None
    assert (shut.shut or shut.stop) or trade in ("TX", "GD")
    assert sum(p.length_m for p in (*shut.off, *shut.lost)) <= whole.length_m + 1e-6
    json.dumps(values_of(shut))


def test_a_burst_and_its_report(city, tmp_path):
    table = city.table("pipe")
    row = table.row_of[first(city, "JS")]
    x, y = table.geometry.coords[table.geometry.ring_offsets[row]].tolist()
    found = city.run("utility.burst", x=x + 1.0, y=y, trade="JS", distance_m=200, output=str(tmp_path / "a.html"))
    assert found.isolation.trade == "JS"
    assert found.near_communities
    assert found.near.total.line("people").amount("people").value > 0
    values = json.loads(json.dumps(values_of(found)))
    assert values["isolation"]["shut"][0]["kind_name"]
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert found.near_communities[0].name in html
    assert found.isolation.shut[0].code in html
    assert "internal use only" in html
    if importlib.util.find_spec("PySide6") is not None and sys.modules.get("PySide6", 1) is not None:
        assert "data:image/png" in html  # where it is, with what is shut
    bare = city.run("utility.burst", x=x, y=y, trade="JS", counted=False)
    assert bare.near is None


def test_a_valve_that_sticks_is_not_shut(city):
    fid = first(city, "JS")
    before = city.run("utility.isolate", fid=fid)
    after = city.run("utility.isolate", fid=fid, stuck=[before.shut[0].code])
    assert before.shut[0].code not in {f.code for f in after.shut}
    assert sum(p.length_m for p in after.off) > sum(p.length_m for p in before.off)


@pytest.mark.parametrize("layer", sorted(LINKS))
def test_links_are_traced_by_their_codes(city, layer):
    table = city.table(layer)
    down = city.run("utility.trace", layer=layer, fid=int(table.fid[0]))
    assert table.column("to_code").to_pylist()[0] in {f.code for f in down.facilities}
    up = city.run("utility.trace", layer=layer, fid=int(table.fid[0]), direction="up")
    assert up.sources
    with pytest.raises(UsageError):
        city.run("utility.isolate", layer=layer, fid=int(table.fid[0]))


def test_a_node_that_is_nowhere_has_no_place(city):
    found = city.run("utility.trace", layer="cable", fid=1, direction="connected")
    nowhere = tuple(msgspec.structs.replace(f, x=float("nan"), y=float("nan")) for f in (*found.facilities, *found.sources))
    values = values_of(msgspec.structs.replace(found, facilities=nowhere))
    json.dumps(values, allow_nan=False)
    assert values["facilities"]
    assert {f["x"] for f in values["facilities"]} == {None}


def test_results_become_layers_and_are_undone(city, tmp_path):
    before = city.document
    fid = first(city, "RQ")
    for what in ("trace", "shut", "near"):
        made = city.run("utility.map", what=what, fid=fid)
        assert isinstance(made, ChangeSet)
        assert city.document.layers[0].group == "results"
        table = city.table(city.document.layers[0].id)
        assert len(table)
        assert set(table.column("nature").to_pylist()) == {"示例数据"}
        city.undo()
        assert city.document == before
    for name in ("a.xlsx", "a.json"):
        city.run("utility.clearance", fids=[fid], output=str(tmp_path / name))
        city.run("utility.trace", fid=fid, output=str(tmp_path / f"t{name}"))
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))


def test_clearances_of_a_view(city):
    table = city.table("pipe")
    west, south, east, north = table.geometry.bounds[0].tolist()
    found = city.run("utility.clearance", bounds=[west, south, east, north])
    assert found.checked
    assert all(c.is_met is not True for c in found.found)
    json.dumps(values_of(found))


def test_a_section_in_degrees_and_as_a_file(city, tmp_path):
    pytest.importorskip("PySide6")
    table = city.table("pipe")
    row = table.row_of[first(city, "PS")]
    ring = table.geometry.ring_offsets[row]
    (x0, y0), (x1, y1) = table.geometry.coords[ring : ring + 2].tolist()
    x, y, long = (x0 + x1) / 2, (y0 + y1) / 2, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    dx, dy = -(y1 - y0) / long * 15, (x1 - x0) / long * 15
    found = city.run("utility.section", start=(x - dx, y - dy), end=(x + dx, y + dy), output=str(tmp_path / "s.svg"))
    assert "PS" in {p.trade for p in found.pipes}
    assert found.ground_from in ("facility", "dem")
    assert found.is_sample
    assert found.is_sensitive
    assert all(p.ground_m and p.top_m is not None for p in found.pipes)
    svg = (tmp_path / "s.svg").read_text(encoding="utf-8")
    assert all(p.code in svg for p in found.pipes)
    values = json.loads(json.dumps(values_of(found)))
    assert values["pipes"][0]["size"]


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("utility.trace", {}),
        ("utility.trace", {"fid": 10**9}),
        ("utility.trace", {"layer": "county", "fid": 1}),
        ("utility.trace", {"layer": "nothing", "fid": 1}),
        ("utility.trace", {"x": 0.0, "y": 0.0}),
        ("utility.trace", {"x": float("nan"), "y": 0.0}),
        ("utility.trace", {"x": 120.0, "y": 95.0, "crs": "EPSG:4490"}),
        ("utility.trace", {"fid": 1, "output": "x.txt"}),
        ("utility.isolate", {"fid": 1, "stuck": ["no such"]}),
        ("utility.section", {"start": (0.0, 0.0), "end": (0.0, 0.0)}),
        ("utility.section", {"start": (600000.0, 3800000.0), "end": (600010.0, 3800000.0), "output": "x.gif"}),
        ("utility.section", {"start": (float("inf"), 0.0), "end": (0.0, 0.0)}),
        ("utility.clearance", {"fids": [10**9]}),
        ("utility.trace", {"fid": 1, "direction": "sideways"}),
        ("utility.burst", {"fid": 1, "distance_m": -1}),
    ],
)
def test_what_cannot_be_is_said(city, command, given):
    with pytest.raises(UsageError) as caught:
        city.run(command, **given)
    assert caught.value.hint_text()


def test_without_pipes_it_says_so(city):
    city.run("layer.remove", layer="pipe_facility")
    city.run("layer.remove", layer="community")
    try:
        found = city.run("utility.burst", fid=1, counted=False)
        assert {i.code for i in found.isolation.issues} >= {"utility.no_facilities", "utility.lost_unknown"}
        assert {i.code for i in found.issues} == {"utility.no_communities"}
    finally:
        city.undo()
        city.undo()


def test_the_users_own_rules_count(city, monkeypatch):
    own = paths.config_dir() / "utility"
    own.mkdir()
    (own / "trades.toml").write_text("version = 'mine'\nsource = 'ours'\ntrades = []\n", encoding="utf-8")
    assert rules_of().version == "mine"
    with pytest.raises(UsageError):
        city.run("utility.trace", fid=1)
    (own / "trades.toml").write_text("version = ", encoding="utf-8")
    with pytest.raises(BadDataError):
        city.run("utility.trace", fid=1)
