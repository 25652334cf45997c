"""The loop of the window: geometry at once, labels of their own thread after it, in the same places while panning."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")

sys.path.append(str(Path(__file__).parents[1] / "render"))

import test_labels as scenes

from lydigital.render import drawlist, raster
from lydigital.render import labels as labelling
from lydigital.ui.frames import FrameWorker
from lydigital.ui.picture import Picture


class Still:
    """A session of which all layers are read."""

    def __init__(self, scene):
        self.scene = scene

    def scene_so_far(self, _scale):
        return self.scene, True


class Loop:
    """The real worker on a scene; what it drew, in order."""

    def __init__(self, monkeypatch, scene):
        labelling._solved.clear()
        self.lists, self.frames = [], []
        self.came = threading.Condition()
        build = drawlist.build

        def built(*args, **more):
            self.lists.append(build(*args, **more))
            return self.lists[-1]

        monkeypatch.setattr(drawlist, "build", built)
        self.view = None
        self.picture = Picture(Still(scene), None, lambda *_: None, self.again)
        self.worker = FrameWorker(self.picture)
        self.worker.framed.connect(self.frames.append)

    def ask(self, viewport):
        self.view = viewport
        self.worker.request(viewport)

    def again(self):
        self.worker.request(self.view)

    def close(self):
        self.worker.close()
        self.picture.close()


@pytest.fixture
def loop(monkeypatch, qapp):
    made = []

    def make(scene):
        made.append(Loop(monkeypatch, scene))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert not [t for t in threading.enumerate() if t.name in ("frames", "labels")]


def pixels(frame):
    image = frame.image
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3]


def test_geometry_does_not_wait_for_labels(loop, monkeypatch, qtbot):
    gate, solve = threading.Event(), labelling.solve

    def slow(*args):
        gate.wait(20)
        return solve(*args)

    monkeypatch.setattr(labelling, "solve", slow)
    running, view = loop(scenes.city(4000)), scenes.view(640, 480)
    running.ask(view)
    qtbot.waitUntil(lambda: len(running.frames) == 1, timeout=60_000)
    assert not running.frames[0].is_whole
    assert len(running.lists[0].labels) == 0
    assert len(np.unique(pixels(running.frames[0]).reshape(-1, 3), axis=0)) > 3, "the geometry is there"
    running.ask(view.zoomed(1.2))
    qtbot.waitUntil(lambda: len(running.frames) == 2, timeout=10_000)
    gate.set()
    qtbot.waitUntil(lambda: running.frames[-1].is_whole, timeout=10_000)
    assert running.frames[-1].viewport == view.zoomed(1.2)
    last = running.lists[-1]
    fresh = drawlist.build(scenes.city(4000), last.viewport, running.picture._fonts)
    assert len(last.labels) > 10
    assert [p.box for p in last.labels] == [p.box for p in fresh.labels]
    drawn = raster.draw(fresh, bgra=True, fonts=running.picture._fonts).pixels[..., :3]
    np.testing.assert_array_equal(pixels(running.frames[-1]), drawn)


def test_labels_do_not_jump_while_the_map_is_dragged(loop, qtbot):
    running, view = loop(scenes.city(4000)), scenes.view(640, 480)
    for _ in range(60):
        running.ask(view)
        number = running.worker.latest
        qtbot.waitUntil(lambda n=number: bool(running.frames) and running.frames[-1].number >= n, timeout=60_000)
        view = view.panned(-23, 11)
    assert len({labelling.window_of(drawn.viewport) for drawn in running.lists}) > 4
    before: dict[tuple[str, int], set[tuple[float, ...]]] = {}
    kept, moved = 0, []
    for drawn in running.lists:
        x0, _, _, y1 = drawn.viewport.bounds  # a pixel is a unit
        now: dict[tuple[str, int], set[tuple[float, ...]]] = {}
        for p in drawn.labels:
            now.setdefault((p.layer, p.row), set()).add((round(p.box[0] + x0), round(p.box[1] - y1)))
        both = now.keys() & before.keys()
        kept += len(both)
        moved += [(key, before[key], now[key]) for key in both if not before[key] & now[key]]
        before = now
    assert kept > 1000
    assert not moved
