"""Cross-sections and clearances against distances worked out by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital import paths
from lydigital.domain.clearance import clearances
from lydigital.domain.pipes import Pipes
from lydigital.domain.section import cut, heights
from lydigital.errors import UsageError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid
from lydigital.model.table import FeatureTable
from lydigital.model.utility import read_rules

CRS = Crs("EPSG:4546")
X, Y = 600_000.0, 3_830_000.0
RULES = read_rules(paths.layers_dir() / "utility" / "trades.toml")


def table(kind, shapes, **columns) -> FeatureTable:
    made = GeometryArray.from_shapely(kind, shapely.transform(np.array(shapes, object), lambda xy: xy + np.array([X, Y])))
    return FeatureTable(np.arange(1, len(shapes) + 1), pa.table(columns), made, CRS)


def pipes(*given) -> Pipes:
    """``(trade, line, depth at start, at end, diameter mm, holes, method)``; coded a, b, c …"""
    names = ("trade", "depth_start", "depth_end", "diameter_mm", "holes", "method")
    rows = [(t, s, e, d, h, m) for t, _, s, e, d, h, m in given]
    columns = {name: pa.array([r[i] for r in rows], pa.string() if i == 0 else pa.float64()) for i, name in enumerate(names)}
    lines = [shapely.LineString(line) for _, line, *_ in given]
    return Pipes.of(table(GeometryKind.LINE, lines, code=[chr(97 + i) for i in range(len(given))], **columns), RULES)


def section(made: Pipes, start=(0, 0), end=(20, 0), **more):
    return cut(made, (X + start[0], Y + start[1]), (X + end[0], Y + end[1]), RULES, **more)


def told(found):
    return {issue.code for issue in found.issues}


NORTH = [(0, -10), (0, 30)]  # 40 m; the section at y = 0 cuts it at a quarter


def at(x, line=NORTH):
    return [(x + dx, y) for dx, y in line]


def test_depths_run_evenly_and_reach_to_top_or_bottom():
    found = section(pipes(
        ("JS", at(5), 1.0, 2.0, 600, None, 1), ("PS", at(10), 3.0, 4.0, 800, None, 1), ("DL", at(15), 0.8, 0.8, None, 9, 3),
        ("RL", at(18), 2.0, 2.0, 500, None, 2),
    ))  # fmt: skip
    water, drain, power, heat = found.pipes
    assert (water.at_m, water.depth_m, water.top_m, water.bottom_m) == pytest.approx((5, 1.25, 1.25, 1.85))
    assert (drain.depth_m, drain.top_m, drain.bottom_m) == pytest.approx((3.25, 2.45, 3.25))  # its inside bottom
    assert (power.width_m, power.height_m, power.top_m) == pytest.approx((0.55, 0.55, 0.8))  # 3 by 3 holes
    assert power.is_bank
    assert (heat.top_m, heat.bottom_m) == pytest.approx((1.5, 2.0))  # a trench: its bottom
    assert found.length_m == pytest.approx(20)
    assert {"section.flat", "section.banks", "section.unchecked"} == told(found)
    assert found.ground == ()


def test_neighbours_and_those_too_near():
    found = section(pipes(
        ("JS", at(5), 1.0, 1.0, 600, None, 1), ("PS", at(6.5), 3.0, 3.0, 800, None, 1), ("RQ", at(9), 0.5, 0.5, 200, None, 1),
    ))  # fmt: skip
    pairs = {c.codes: c for c in found.clearances if c.relation == "horizontal"}
    assert pairs["a", "b"].clear_m == pytest.approx(1.5 - 0.7)
    assert pairs["a", "b"].least_m == 1.5  # above DN200
    assert pairs["a", "b"].is_met is False
    assert pairs["b", "c"].is_met is True
    assert ("a", "c") not in pairs  # no neighbours, and far enough
    cover = [c for c in found.clearances if c.relation == "cover"]
    assert [(c.codes, c.clear_m, c.least_m) for c in cover] == [(("c",), pytest.approx(0.5), 0.6)]


def test_pipes_above_each_other_are_compared_by_level():
    found = section(pipes(("JS", at(5), 1.0, 1.0, 300, None, 1), ("PS", at(5.2), 2.0, 2.0, 500, None, 1)))
    one = found.clearances[0]
    assert (one.relation, one.clear_m, one.least_m) == ("vertical", pytest.approx(0.2), 0.4)
    assert one.is_met is False


def test_oblique_pipes_are_measured_square_to_their_run():
    slanted = [(-10, -10), (30, 30)]
    found = section(pipes(("JS", at(5, slanted), 1.0, 1.0, 200, None, 1), ("PS", at(7, slanted), 2.0, 2.0, 400, None, 1)))
    assert found.pipes[0].angle_deg == pytest.approx(45)
    assert found.clearances[0].clear_m == pytest.approx(2 * np.sqrt(0.5) - 0.3)


def test_what_is_not_known_stays_so():
    found = section(pipes(("JS", at(5), None, None, 300, None, 1), ("PS", at(6), 2.0, None, None, None, 1), ("??", at(7), 1.0, 1.0, 100, None, 1)))
    water, drain, strange = found.pipes
    assert water.depth_m is None
    assert water.top_m is None
    assert drain.depth_m == 2.0  # one end stands for both
    assert drain.top_m is None  # but not how large it is
    assert drain.size == ""
    assert strange.top_m == 1.0
    assert all(c.is_met is None for c in found.clearances)
    assert {"section.depth", "section.trade"} <= told(found)


def test_a_section_that_crosses_nothing_or_runs_along():
    assert "section.empty" in told(section(pipes(("JS", at(50), 1, 1, 300, None, 1))))
    assert "section.empty" in told(section(pipes()))
    found = section(pipes(("JS", [(2, 0), (12, 0)], 1, 1, 300, None, 1)))
    assert "section.along" in told(found)
    assert found.pipes == ()
    for end in ((0, 0), (5000, 0)):
        with pytest.raises(UsageError):
            section(pipes(), end=end)


def test_a_joint_on_the_section_is_one_pipe():
    found = section(pipes(("JS", [(5, -5), (5, 0)], 1, 1, 300, None, 1), ("JS", [(5, 0), (5, 5)], 1, 1, 300, None, 1), ("PS", at(5), 3, 3, 300, None, 1)))
    assert [p.trade for p in found.pipes] == ["JS", "PS"]


def test_ground_comes_from_facilities_then_terrain():
    standing = table(GeometryKind.POINT, [shapely.Point(0, 3), shapely.Point(20, -3), shapely.Point(10, 90)], ground_m=[100.0, 102.0, 500.0])
    made = pipes(("JS", at(5), 1.0, 1.0, 300, None, 1))
    found = section(made, facilities=standing)
    assert found.ground_from == "facility"
    assert found.ground[0] == (0.0, 100.0)
    assert found.ground[-1] == (20.0, 102.0)
    assert found.pipes[0].ground_m == pytest.approx(100.5)
    slope = Grid(np.tile(np.arange(10, dtype=np.float32) * 10.0, (6, 1)), (X - 35.0, Y + 30.0), (10.0, 10.0), CRS)
    assert heights(slope, np.array([[X, Y], [X + 5, Y], [X - 300, Y]])).tolist() == pytest.approx([30.0, 35.0, np.nan], nan_ok=True)
    found = section(made, terrain=slope)
    assert found.ground_from == "dem"
    assert found.pipes[0].ground_m == pytest.approx(35.0)
    assert section(made, start=(-300, 0), terrain=slope).ground_from == ""


def test_clearances_of_a_street():
    made = pipes(
        ("JS", at(0), 1.0, 1.0, 300, None, 1), ("PS", at(1), 2.0, 2.0, 500, None, 1),  # 0.6 m apart, 1.5 m asked for
        ("RQ", [(-5, 10), (5, 10)], 1.2, 1.2, 100, None, 1),  # over the drain, through the water
        ("JS", [(0, 30), (10, 30)], 1.0, 1.0, 300, None, 1),  # joined to the first
        ("TX", at(40), None, None, 100, None, 1), ("DL", [(35, 0), (45, 0)], 1.0, 1.0, 100, None, 1),
    )  # fmt: skip
    found = clearances(made, RULES)
    by = {c.codes: c for c in found.found}
    assert by["a", "b"].clear_m == pytest.approx(0.6)
    assert by["a", "c"].relation == "vertical"
    assert by["a", "c"].clear_m == pytest.approx(-0.1)  # 1.0-1.3 and 1.2-1.3
    assert ("b", "c") not in by  # 1.5-2.0 below 1.2-1.3: 0.2 m, and 0.15 asked for
    assert by["e", "f"].clear_m is None
    assert found.unknown == 1
    assert found.found[0].codes == ("a", "b")  # misses most
    assert found.found[-1].clear_m is None
    only = clearances(made, RULES, np.array([2]))
    assert [c.codes for c in only.found] == [("a", "c")]
    stacked = clearances(pipes(("JS", at(0), 1.0, 1.0, 300, None, 1), ("PS", at(0.2), 2.5, 2.5, 500, None, 1)), RULES)
    assert stacked.checked == 1
    assert stacked.found == ()  # 0.7 m below, 0.4 m asked for
    assert clearances(pipes(), RULES).found == ()
