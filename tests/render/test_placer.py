"""Labels that lag behind: never the geometry, and in the end the right ones."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import test_labels as scenes

from lydigital.render import labels as labelling
from lydigital.render.placer import Placer


@pytest.fixture
def waiting(monkeypatch):
    """Placing waits until it is let go."""
    gate = threading.Event()
    solve = labelling.solve

    def slow(*args):
        gate.wait(10)
        return solve(*args)

    labelling._solved.clear()
    monkeypatch.setattr(labelling, "solve", slow)
    return gate


def test_a_picture_does_not_wait_and_is_told_when_its_labels_are_there(waiting):
    ready = threading.Event()
    placer = Placer(ready.set, patience_s=0.0)
    scene, viewport = scenes.city(200), scenes.view(800, 600)
    labels, missing = placer.place(scene, viewport, scenes.FONTS)
    assert (len(labels), len(missing)) == (0, 0)
    waiting.set()
    assert ready.wait(10)
    labels, _ = placer.place(scene, viewport, scenes.FONTS)
    fresh, _ = labelling.place(scene, viewport, scenes.FONTS)
    assert [p.box for p in labels] == [p.box for p in fresh]
    assert len(labels) > 10
    placer.close()


def test_at_another_scale_labels_follow_what_they_name_until_theirs_are_there(waiting):
    ready = threading.Event()
    placer = Placer(ready.set, patience_s=0.0)
    scene, viewport = scenes.city(), scenes.view(800, 600)
    waiting.set()
    placer.place(scene, viewport, scenes.FONTS)
    assert ready.wait(10)
    known = {p.row: p for p in placer.place(scene, viewport, scenes.FONTS)[0] if p.layer == "poi"}
    waiting.clear()
    nearer = viewport.zoomed(1.3)
    moved = {p.row: p for p in placer.place(scene, nearer, scenes.FONTS)[0] if p.layer == "poi"}
    both = known.keys() & moved.keys()
    assert both
    for row in both:
        spot = np.array(known[row].anchor) - (400, 300)
        assert np.array(moved[row].anchor) - (400, 300) == pytest.approx(1.3 * spot, abs=1.0)
    far = viewport.zoomed(40.0)
    assert len(placer.place(scene, far, scenes.FONTS)[0]) == 0
    waiting.set()
    placer.close()


def test_a_fault_reaches_the_next_picture(monkeypatch):
    ready = threading.Event()

    def broken(*_):
        raise ValueError("broken")

    labelling._solved.clear()
    monkeypatch.setattr(labelling, "solve", broken)
    placer = Placer(ready.set, patience_s=0.0)
    placer.place(scenes.city(20), scenes.view(), scenes.FONTS)
    assert ready.wait(10)
    with pytest.raises(ValueError, match="broken"):
        placer.place(scenes.city(20), scenes.view(), scenes.FONTS)
    placer.close()
