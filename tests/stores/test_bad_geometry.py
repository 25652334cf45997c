"""Geometry that is wrong in every way files can be: drawn as far as meaningful, named, never a crash."""

from __future__ import annotations

import json
import sqlite3
import struct
import warnings
from contextlib import closing

import numpy as np
import pytest
import shapely

from lydigital.errors import BadDataError
from lydigital.model import style
from lydigital.model.crs import Crs
from lydigital.model.viewport import Viewport
from lydigital.render import drawlist, raster
from lydigital.stores import cache, gpkg_rows
from lydigital.stores.store import open_store

CRS = Crs("EPSG:4546")
NAN, INF = float("nan"), float("inf")
SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
WAYS = ["gpkg rows", "gpkg pages", "fgb", "geojson"]


def ring(points):
    return struct.pack(f"<I{2 * len(points)}d", len(points), *(c for p in points for c in p))


def polygon(*rings):
    return struct.pack("<BII", 1, 3, len(rings)) + b"".join(map(ring, rings))


def line(*points):
    return struct.pack("<BI", 1, 2) + ring(points)


def collection(*members):
    return struct.pack("<BII", 1, 7, len(members)) + b"".join(members)


def point(*xy):
    return struct.pack("<BI2d", 1, 1, *xy)


def solid(x0):
    """A square one can see, so that every layer has something to draw and a place."""
    return polygon([(x + x0, y) for x, y in SQUARE])


def curve(x0):
    arc = struct.pack("<BI", 1, 8) + ring([(x0, 0), (x0 + 2, 2), (x0 + 4, 0)])
    compound = struct.pack("<BII", 1, 9, 2) + arc + line((x0 + 4, 0), (x0, 0))
    return struct.pack("<BII", 1, 10, 1) + compound


# name, kind, blob, code of the finding, whether it is drawn, formats that can hold it
CASES = [
    ("crossing", "Polygon", polygon([(10, 0), (14, 4), (14, 0), (10, 4), (10, 0)]), "geometry.crossing", True, WAYS),
    ("unclosed", "Polygon", polygon([(10, 0), (14, 0), (14, 4), (10, 4)]), "geometry.unclosed", True, WAYS[:2]),
    ("flat", "Polygon", polygon([(10, 0), (14, 4), (12, 2), (10, 0)]), "geometry.flat", True, WAYS),
    ("two corners", "Polygon", polygon([(10, 0), (14, 4), (10, 0)]), "geometry.degenerate", False, WAYS[:3]),
    ("nan", "Polygon", polygon([(10, 0), (14, 0), (NAN, 2), (14, 4), (10, 4), (10, 0)]), "geometry.coordinates", True, WAYS[:3]),
    ("inf", "Polygon", polygon([(10, 0), (14, 0), (INF, 2), (14, 4), (10, 4), (10, 0)]), "geometry.coordinates", True, WAYS[:3]),
    ("far", "Polygon", polygon([(10, 0), (14, 0), (1e300, 2), (14, 4), (10, 4), (10, 0)]), "geometry.coordinates", True, WAYS[:3]),
    ("all nan", "Polygon", polygon([(NAN, NAN)] * 4), "geometry.coordinates", False, WAYS[:3]),
    ("hole outside nan", "Polygon", polygon([(NAN, NAN)] * 4, SQUARE), "geometry.coordinates", False, WAYS[:3]),
    ("no rings", "Polygon", polygon(), "geometry.empty", False, WAYS[:3]),
    ("one point", "LineString", line((10, 0)), "geometry.degenerate", False, WAYS[:3]),
    ("no points", "LineString", line(), "geometry.empty", False, WAYS[:3]),
    ("point at nan", "Point", point(NAN, 3), "geometry.coordinates", False, WAYS[:2]),
    ("empty point", "Point", point(NAN, NAN), "geometry.empty", False, WAYS[:3]),
    ("collection", "Polygon", collection(solid(10), point(1, 1), line((0, 0), (9, 9))), "geometry.collection", True, WAYS[:2]),
    ("nested", "Polygon", collection(collection(collection(solid(10)))), None, True, WAYS[:2]),
    ("empty collection", "Polygon", collection(), "geometry.empty", False, WAYS[:2]),
    ("mixed", "Polygon", point(12, 2), "geometry.kind", False, WAYS[:2]),
    ("height", "Polygon", shapely.to_wkb(shapely.box(10, 0, 14, 4, ccw=True).segmentize(2)), None, True, WAYS),
    ("curve", "Polygon", curve(10), "geometry.curve", True, WAYS[:2]),
    ("truncated", "Polygon", solid(10)[:-9], "geometry.broken", False, WAYS[:2]),
    ("nonsense", "Polygon", b"\xff" * 40, "geometry.broken", False, WAYS[:2]),
    ("null", "Polygon", None, "geometry.empty", False, WAYS),
]  # fmt: skip


def first_of(kind):
    return {"Point": point(1, 1), "LineString": line((0, 0), (4, 4))}.get(kind, solid(0))


def write(path, kind, blobs):
    import pyogrio.raw

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL says of some what we are to find
        pyogrio.raw.write(
            path, np.array(blobs, object), [np.arange(len(blobs))], ["n"], layer="bad", geometry_type=kind,
            driver={"gpkg": "GPKG", "fgb": "FlatGeobuf", "geojson": "GeoJSON"}[path.suffix[1:]], crs="EPSG:4546",
            layer_options={"SPATIAL_INDEX": "NO"} if path.suffix in (".fgb", ".gpkg") else {},
        )  # fmt: skip


def source(tmp_path, way, kind, blob):
    """A file with a sound feature 1, and then the bad one."""
    path = tmp_path / f"bad.{way.split()[0]}"
    if path.suffix != ".gpkg":
        write(path, "Unknown" if path.suffix == ".geojson" else kind, [first_of(kind), blob])
        return path
    write(path, kind, [first_of(kind), first_of(kind)])
    head = b"GP\0\x01" + struct.pack("<i", 4546)
    with closing(sqlite3.connect(path)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute("UPDATE bad SET geom = ? WHERE fid = 2", (None if blob is None else head + blob,))
        db.commit()
    return path


def draw(table):
    rules = (
        style.Rule((style.PolygonSymbolizer(style.Fill("#000000"), style.Stroke("#000000")),)),
        style.Rule((style.LineSymbolizer(style.Stroke("#000000", 1.0)),)),
        style.Rule((style.PointSymbolizer(color="#000000"),)),
    )
    layer = drawlist.SceneLayer(
        "bad", table, style.Style((rules[3 - int(table.geometry.kind)],)), np.zeros(len(table), np.int16)
    )
    view = Viewport.of_bounds((-1, -1, 19, 9), 200, 100, table.crs)
    return raster.draw(drawlist.build([layer], view, background=(255, 255, 255, 255))).pixels


@pytest.mark.parametrize(
    ("way", "name"), [(way, case[0]) for case in CASES for way in WAYS if way in case[5]]
)
def test_bad_geometry_is_named_and_the_rest_drawn(tmp_path, way, name, monkeypatch):
    _, kind, blob, code, drawn, _ = next(case for case in CASES if case[0] == name)
    monkeypatch.setattr(gpkg_rows, "LARGEST", -1 if way == "gpkg pages" else 10**9)
    store = open_store(source(tmp_path, way, kind, blob))
    layer = store.layers()[0].name
    for _ in range(2):  # as read, and from the cache
        table = cache.read(store, layer, CRS)
        assert len(table) == 2
        found = {issue.code: issue for issue in store.describe(layer).issues}
        if code is not None:
            second = 2 if way.startswith("gpkg") else 1
            assert code in found, sorted(found)
            assert found[code].count == 1
            assert found[code].fid == second
            assert str(second) in found[code].values["features"]
        else:
            assert not any(issue.severity == "error" for issue in found.values())
        assert np.isfinite(table.geometry.coords).all()
        pixels = draw(table)
        assert pixels[:, :60].min() < 100, "the sound feature is there"
        right = pixels[:, 105:155, :3].min() < 200
        assert right == drawn
        cache.finish()


@pytest.mark.parametrize("number", ["1e999", "1e300", "NaN", "null", '"x"'])
def test_geojson_with_impossible_numbers(tmp_path, number):
    """JSON knows no NaN: what GDAL makes of it is finite, or refused with a reason."""
    rings = f"[[[10, 0], [14, 0], [{number}, 2], [14, 4], [10, 0]]]"
    shapes = [json.dumps({"type": "Polygon", "coordinates": [SQUARE]}), f'{{"type": "Polygon", "coordinates": {rings}}}']
    features = [f'{{"type": "Feature", "properties": {{}}, "geometry": {shape}}}' for shape in shapes]
    path = tmp_path / "odd.geojson"
    path.write_text(f'{{"type": "FeatureCollection", "features": [{", ".join(features)}]}}', encoding="utf-8")
    try:
        table = cache.read(open_store(path), "odd", CRS)
    except BadDataError:
        return
    assert np.isfinite(table.geometry.coords).all()
    assert draw(table).shape == (100, 200, 4)
    cache.finish()


@pytest.mark.parametrize("way", WAYS)
def test_heights_and_measures_are_left_out(tmp_path, way, monkeypatch):
    monkeypatch.setattr(gpkg_rows, "LARGEST", -1 if way == "gpkg pages" else 10**9)
    shape = shapely.to_wkb(shapely.force_3d(shapely.box(10, 0, 14, 4), 120.0), flavor="iso")
    path = tmp_path / f"bad.{way.split()[0]}"
    write(path, "Polygon Z", [shape, shape])
    store = open_store(path)
    name = store.layers()[0].name
    table = store.read(name)
    assert table.geometry.coords.shape == (10, 2)
    assert [i.code for i in store.describe(name).issues] == ["geometry.height"]


def test_the_first_few_are_named(tmp_path):
    path = tmp_path / "bad.gpkg"
    write(path, "Polygon", [solid(0)] * 3 + [None] * 8)
    store = open_store(path)
    store.read("bad")
    (issue,) = store.describe("bad").issues
    assert (issue.count, issue.fid, issue.values["features"]) == (8, 4, "4, 5, 6, 7, 8 …")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["gpkg", "fgb"])
@pytest.mark.parametrize("shape", ["star", "comb"])
def test_a_million_vertices(tmp_path, suffix, shape):
    n = 1_000_000
    if shape == "star":
        turns = np.linspace(0, 2 * np.pi, n, endpoint=False)
        radius = 3 + 0.5 * np.sin(turns * 1000) + 1e-4 * np.random.default_rng(2).random(n)
        xy = np.column_stack([5 + radius * np.cos(turns), 4 + radius * np.sin(turns)])
    else:  # every tooth as wide as the whole: all edges lie beside each other
        y = np.repeat(np.linspace(0, 8, n // 2), 2)
        xy = np.column_stack([np.tile([1.0, 9.0, 9.0, 1.0], n // 4) + 0.001 * y, y])
        xy = np.concatenate([xy, [(0.0, 8.0), (0.0, 0.0)]])
    path = tmp_path / f"bad.{suffix}"
    write(path, "Polygon", [solid(12), shapely.to_wkb(shapely.Polygon(xy))])
    store = open_store(path)
    table = cache.read(store, "bad", CRS)
    cache.finish()
    assert len(table.geometry.coords) >= n + 5
    assert not [i for i in store.describe("bad").issues if i.severity != "note"]
    pixels = draw(table)
    assert pixels[:, 125:165].min() < 50
    assert pixels[:, :100].min() < 200
