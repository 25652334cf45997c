"""Random operations in a row: undoing each gives back what was there, byte by byte, and doing it again the same as before."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lydigital.edits.drafts import Draft, LayerSpace, subjects
from lydigital.edits.operations import outline, parts, repair, shapes, topology, transform, vertices
from lydigital.edits.working import WorkingCopies
from lydigital.errors import LydError
from lydigital.model.crs import Crs
from lydigital.model.feature import Feature

MAP = Crs("EPSG:4546")
X, Y, SIDE = 600_000.0, 3_800_000.0, 10.0
SPACES = {
    "area": LayerSpace("area", "Areas", "polygon", None, MAP, MAP),
    "way": LayerSpace("way", "Ways", "line", None, MAP, MAP),
    "degree": LayerSpace("degree", "Degrees", "polygon", None, Crs("EPSG:4490"), MAP),
}
STEPS, EXAMPLES = 100, 110  # together more than ten thousand


def start():
    cells = [shapely.box(X + SIDE * i, Y + SIDE * j, X + SIDE * (i + 1), Y + SIDE * (j + 1)) for i in range(3) for j in range(2)]
    lines = [shapely.LineString([(X, Y + 5 * i), (X + 15, Y + 5 * i + 2), (X + 30, Y + 5 * i)]) for i in range(4)]
    made = {}
    for layer, some in (("area", cells), ("way", lines), ("degree", cells)):
        draft = Draft()
        for fid, shape in enumerate(some, 1):
            draft.make(SPACES[layer], fid, shape, {"name": f"{layer}{fid}", "n": fid})
        made[layer] = {int(d.target.rpartition("/")[2]): d.new for d in draft.changes("x").deltas}
    return made


STORED = start()


def fetch(layer, fids):
    return {fid: STORED[layer][fid] for fid in fids if fid in STORED[layer]}


class Bench:
    """Working copies over features in memory, and the numbers given so far."""

    def __init__(self):
        self.copies = WorkingCopies(fetch)
        self.fids = {layer: list(some) for layer, some in STORED.items()}

    def now(self):
        return {layer: self.copies.features(layer, fids) for layer, fids in self.fids.items()}

    def some(self, layer, numbers):
        there = self.copies.features(layer, self.fids[layer])
        chosen = {f: there[f] for f in (list(there)[n % len(there)] for n in numbers)} if there else {}
        return subjects(SPACES[layer], chosen)

    def new(self, layer, count):
        first = max(self.fids[layer], default=0) + 1
        self.fids[layer] += range(first, first + count)
        return range(first, first + count)


def act(bench, op, a, b, c):
    """The change set of one operation; None where it does not apply."""
    layer = ("area", "way", "degree")[a % 3]
    found = bench.some(layer, (b,) if op in (2, 3, 5, 6, 7, 8) else (b, c))
    if not found and op:
        return None
    dx, dy = (b % 17 - 8) / 4, (c % 13 - 6) / 4
    place = (X + b % 300 / 10, Y + c % 200 / 10)
    draft = Draft(fix=bool(a % 2))
    one = found[0] if found else None
    if op == 0:
        drawn = shapes.circle(*place, 1 + a % 5, 0.1) if layer != "way" else shapes.line_of([place, (X + a, Y + b)])
        draft.make(SPACES[layer], bench.new(layer, 1)[0], drawn, {"name": "new", "n": a})
    elif op == 1:
        for subject, shape in zip(found, transform.moved(np.array([s.shape for s in found], object), dx, dy), strict=True):
            draft.put(subject, shape)
    elif op == 2:
        pick = (0, 0, c % len(vertices.rings_of(one.shape)[0][0]))
        at = vertices.places(one.shape, [pick])
        draft.put(one, vertices.moved(one.shape, [pick], dx, dy))
        others = bench.some(layer, range(len(bench.fids[layer])))
        others = [o for o in others if o.fid != one.fid]
        for other, shape in zip(others, topology.moved_with([o.shape for o in others], at, dx, dy, 1e-6), strict=True):
            draft.put(other, shape)
    elif op == 3:
        pick = (0, 0, c % len(vertices.rings_of(one.shape)[0][0]))
        draft.put(one, vertices.added(one.shape, pick, place) if a % 2 else vertices.deleted(one.shape, [pick]))
    elif op == 4:
        for subject in found:
            draft.remove(subject)
    elif op == 5:
        pieces = parts.split(one.shape, shapely.LineString([(place[0], Y - 50), (place[0] + dx, Y + 80)]))
        area = sum(p.area for p in pieces)
        assert area == pytest.approx(one.shape.area, rel=1e-9)
        draft.put(one, pieces[0])
        for fid, piece in zip(bench.new(layer, len(pieces) - 1), pieces[1:], strict=True):
            draft.make(SPACES[layer], fid, piece, one.feature.values)
    elif op == 6:
        draft.put(one, outline.smoothed(one.shape, 1) if a % 2 else outline.simplified(np.array([one.shape], object), 0.5)[0])
    elif op == 7:
        draft.put(one, one.shape, {**one.feature.values, "n": c, "name": None if a % 2 else "named"})
    elif op == 8:
        clip = shapely.box(place[0] - 8, place[1] - 8, place[0] + 8, place[1] + 8)
        rest = parts.clipped(one.shape, clip)
        gone = parts.of_dimension(one.shape.difference(clip), one.shape)
        assert rest.area + gone.area == pytest.approx(one.shape.area, rel=1e-9)
        draft.put(one, rest)
    elif op == 9:
        whole = parts.merged([s.shape for s in found])
        assert whole.area <= sum(s.shape.area for s in found) * (1 + 1e-9)
        draft.put(found[0], whole)
        for other in found[1:]:
            draft.remove(other)
    elif op == 10:
        draft.put(one, outline.reshaped(one.shape, shapely.LineString([place, (place[0] + 9, place[1] + dy), (X + 15, Y + 10)])))
    elif op == 11:
        turned = transform.rotated(np.array([s.shape for s in found], object), float(c), place)
        for subject, shape in zip(found, turned, strict=True):
            draft.put(subject, repair.mended(shape))
    return draft.changes("step")


STEP = st.tuples(st.integers(0, 11), st.integers(0, 999), st.integers(0, 999), st.integers(0, 999))
taken = {"steps": 0, "done": 0}


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, min_size=STEPS, max_size=STEPS))
def run(steps):
    bench = Bench()
    for step in steps:
        taken["steps"] += 1
        before = bench.now()
        try:
            changes = act(bench, *step)
        except LydError:
            assert bench.now() == before, "what is refused changes nothing"
            continue
        if not changes:
            continue
        changes = changes.bare
        bench.copies.apply(changes)
        after = bench.now()
        assert all(math.isfinite(v) for some in after.values() for f in some.values() if f.wkb
                   for v in shapely.total_bounds(shapely.from_wkb(f.wkb)))  # fmt: skip
        bench.copies.apply(~changes)
        assert bench.now() == before, "undo gives back what was there"
        bench.copies.apply(changes)
        assert bench.now() == after, "redo does the same again"
        taken["done"] += 1
    for changes in reversed(list(bench.copies.steps)):
        bench.copies.apply(~changes)
    assert bench.now() == {layer: STORED[layer] for layer in STORED}, "undoing all gives back the start"
    assert bench.copies.is_saved


@pytest.mark.slow
def test_undo_after_any_operations_is_identity():
    taken.update(steps=0, done=0)
    run()
    assert taken["steps"] >= 10_000
    assert taken["done"] >= taken["steps"] // 3, "most operations do something"


def test_equal_features_are_equal_in_every_byte():
    assert Feature(b"a", {"n": 1}) != Feature(b"b", {"n": 1})
