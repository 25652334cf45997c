"""Layers that take long are shown as they are read."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
import shapely

from lydigital.errors import CancelledError
from lydigital.model.document import LayerRef, MapDocument
from lydigital.model.layerdef import Catalogue
from lydigital.session import Session
from lydigital.stores import assemble, cache, gpkg_pages, gpkg_rows

N = 3000


@pytest.fixture
def long_layer(tmp_path, monkeypatch):
    """A session on a layer that comes in many parts, nothing of it in the cache."""
    import pyogrio.raw

    path = tmp_path / "points.gpkg"
    xy = np.random.default_rng(3).random((N, 2)) * 1000 + (600_000, 3_830_000)
    pyogrio.raw.write(
        path, shapely.to_wkb(shapely.points(xy)), [np.arange(N)], ["n"], driver="GPKG", geometry_type="Point",
        crs="EPSG:4546",
    )  # fmt: skip
    folder = tmp_path / "tables"
    folder.mkdir()
    monkeypatch.setattr(cache, "_folder", lambda: folder)
    monkeypatch.setattr(gpkg_rows, "LARGEST", -1)
    monkeypatch.setattr(gpkg_pages, "_CHUNK", 8192)
    monkeypatch.setattr(assemble, "FIRST_S", 0.0)
    monkeypatch.setattr(assemble, "NEXT_S", 0.0)
    session = Session(MapDocument(layers=(LayerRef("points", str(path), "points"),)), Catalogue((), ()))
    yield session
    session.close()
    cache.finish()


SCALE = 10_000.0


def test_the_scene_grows_until_it_is_whole(long_layer):
    seen = []
    told = []
    long_layer.progressed.connect(lambda text, share: told.append((text, share)))

    def watch():
        layers, whole = long_layer.scene_so_far(SCALE)
        assert not whole
        assert not any(layer.labels for layer in layers)
        seen.append([int(f) for layer in layers for f in layer.data.fid])

    assert long_layer.scene_so_far(SCALE) == ((), False)
    (layer,) = long_layer.scene(SCALE, watch=watch)
    assert len(layer.data) == N
    assert len(seen) > 3
    assert all(set(a) < set(b) for a, b in itertools.pairwise(seen))
    assert len(set(seen[-1])) == len(seen[-1]), "no feature twice"
    shares = [share for text, share in told if "%" in text]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1
    assert long_layer.scene_so_far(SCALE) == ((layer,), True)


def test_reading_can_be_stopped_and_what_was_read_stays(long_layer):
    calls = []

    def watch():
        calls.append(1)
        if len(calls) == 2:
            raise CancelledError("The reading was stopped", hint="again")

    assert long_layer.scene(SCALE, watch=watch) == ()
    (issue,) = long_layer.issues
    assert (issue.code, issue.severity) == ("layer.incomplete", "warning")
    assert 0 < int(issue.values["percent"]) < 100
    parts, whole = long_layer.scene_so_far(SCALE)
    assert whole, "it is not tried at every frame"
    assert 0 < sum(len(part.data) for part in parts) < N
    long_layer.reload("points")
    (layer,) = long_layer.scene(SCALE)
    assert len(layer.data) == N
    assert long_layer.issues == ()


def test_the_reader_reads_in_its_own_thread(long_layer):
    from lydigital.ui.reading import Reader

    came = threading.Event()
    reader = Reader(long_layer)
    reader.tell(came.set, pytest.fail)
    reader.want(SCALE)
    reader.wait(20)
    assert came.wait(20)
    assert not reader.is_reading
    (layer,), whole = long_layer.scene_so_far(SCALE)
    assert whole
    assert len(layer.data) == N
    reader.close()


def test_a_fault_in_reading_is_told(long_layer, monkeypatch):
    from lydigital.ui.reading import Reader

    faults = []
    reader = Reader(long_layer)
    reader.tell(lambda: None, faults.append)
    monkeypatch.setattr(cache, "read", lambda *a, **k: 1 / 0)
    reader.want(SCALE)
    reader.wait(20)
    assert [type(f) for f in faults] == [ZeroDivisionError]
    assert long_layer.scene_so_far(SCALE) == ((), True), "not tried at every frame"
    monkeypatch.undo()
    reader.close()
