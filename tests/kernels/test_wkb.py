"""The WKB parser against shapely, and against broken and hostile bytes."""

import struct

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.kernels import wkb
from lydigital.model.geometry import GeometryArray, GeometryKind


def parse(blobs, kind=3):
    offsets = np.concatenate([[0], np.cumsum([len(b) for b in blobs])]).astype(np.int64)
    data = np.frombuffer(b"".join(blobs) or b"\0", np.uint8)
    coords, rings, parts, geoms, flags = wkb.parse(data, offsets, kind)
    return GeometryArray(GeometryKind(kind), coords, rings, parts, geoms), flags.tolist()


SHAPES = {
    1: ["POINT (1 2)", "MULTIPOINT (1 2, 3 4)", "POINT EMPTY"],
    2: ["LINESTRING (0 0, 1 1, 2 0)", "MULTILINESTRING ((0 0, 1 1), (5 5, 6 6, 7 5))", "LINESTRING EMPTY"],
    3: [
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 1 1))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))", "POLYGON EMPTY", "MULTIPOLYGON EMPTY",
    ],
}
MULTI = {1: "MultiPoint", 2: "MultiLineString", 3: "MultiPolygon"}


def same(mine, theirs):
    if theirs.is_empty:
        return mine.is_empty
    mine, theirs = (shapely.get_parts(g) for g in (mine, theirs))
    return [shapely.to_wkt(g) for g in mine] == [shapely.to_wkt(g) for g in theirs]


@pytest.mark.parametrize("byte_order", [0, 1])
@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("dimension", ["xy", "xyz"])
@pytest.mark.parametrize("kind", [1, 2, 3])
def test_every_flavour_reads_as_shapely_does(kind, dimension, flavor, byte_order):
    shapes = [shapely.from_wkt(w) for w in SHAPES[kind]]
    full = shapely.force_3d(shapes, 7.0) if dimension == "xyz" else shapes
    with_srid = flavor == "extended"
    full = shapely.set_srid(full, 4546)
    blobs = [shapely.to_wkb(g, byte_order=byte_order, flavor=flavor, include_srid=with_srid) for g in full]
    array, flags = parse(blobs, kind)
    for mine, theirs, flag in zip(array.to_shapely(), shapes, flags, strict=True):
        assert same(mine, theirs)
        assert bool(flag & wkb.EMPTY) == theirs.is_empty
        if dimension == "xyz" and not theirs.is_empty:
            assert flag & wkb.HAS_ZM
    assert not any(f & (wkb.BROKEN | wkb.WRONG_KIND | wkb.NON_FINITE) for f in flags)


@pytest.mark.parametrize(("envelope", "size"), [(0, 0), (1, 32), (2, 48), (3, 48), (4, 64)])
def test_geopackage_header_is_skipped(envelope, size):
    head = b"GP\0" + bytes([1 | envelope << 1]) + struct.pack("<i", 4546) + b"\0" * size
    array, flags = parse([head + shapely.to_wkb(shapely.Point(1, 2))], 1)
    assert array.coords.tolist() == [[1, 2]]
    assert flags == [0]


def test_geopackage_header_with_a_bad_envelope_is_broken():
    assert parse([b"GP\0\x0b" + b"\0" * 100])[1] == [wkb.BROKEN | wkb.EMPTY]


def test_iso_m_and_zm_codes():
    blobs = [
        struct.pack("<BIddd", 1, 2001, 1, 2, 9), struct.pack("<BIdddd", 1, 3001, 1, 2, 8, 9),
        struct.pack(">BIddd", 0, 0x40000001, 1, 2, 9), struct.pack("<BIIdddd", 1, 0xE0000001, 4490, 1, 2, 8, 9),
    ]
    array, flags = parse(blobs, 1)
    assert array.coords.tolist() == [[1, 2]] * 4
    assert flags == [wkb.HAS_ZM] * 4


def test_collections_give_the_members_of_the_kind():
    shape = shapely.from_wkt("GEOMETRYCOLLECTION (POINT (9 9), GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0))))")
    array, flags = parse([shapely.to_wkb(shape)], 3)
    assert array.part_offsets.tolist() == [0, 1]
    assert flags == [wkb.SKIPPED]


def test_wrong_kind_null_and_unclosed():
    unclosed = struct.pack("<BII", 1, 3, 1) + struct.pack("<I6d", 3, 0, 0, 4, 0, 4, 4)
    array, flags = parse([shapely.to_wkb(shapely.Point(0, 0)), b"", unclosed])
    assert flags == [wkb.WRONG_KIND | wkb.EMPTY, wkb.EMPTY, wkb.UNCLOSED]
    assert array.coords.tolist() == [[0, 0], [4, 0], [4, 4], [0, 0]]


def test_non_finite_and_degenerate():
    nan, inf = np.nan, np.inf
    line = struct.pack("<BII8d", 1, 2, 4, 0, 0, nan, 1, 2, inf, 3, 3)
    lone = struct.pack("<BII4d", 1, 2, 2, 0, 0, nan, 1)
    array, flags = parse([line, lone], 2)
    assert array.coords.tolist() == [[0, 0], [3, 3]]
    assert flags == [wkb.NON_FINITE, wkb.NON_FINITE | wkb.DEGENERATE | wkb.EMPTY]
    flat = struct.pack("<BIII4d", 1, 3, 1, 2, 0, 0, 1, 1)
    assert parse([flat])[1] == [wkb.DEGENERATE | wkb.EMPTY]
    assert parse([struct.pack("<BIdd", 1, 1, inf, 1)], 1)[1] == [wkb.NON_FINITE | wkb.EMPTY]


def test_places_that_cannot_be_are_left_out():
    line = struct.pack("<BII6d", 1, 2, 3, 0, 0, 1e300, 1, 3, 3)
    array, flags = parse([line], 2)
    assert array.coords.tolist() == [[0, 0], [3, 3]]
    assert flags == [wkb.NON_FINITE]


def test_filling_in_another_order_is_taking(monkeypatch):
    shapes = [shapely.from_wkt(w) for w in SHAPES[3]]
    blobs = [shapely.to_wkb(g) for g in shapes]
    offsets = np.concatenate([[0], np.cumsum([len(b) for b in blobs])]).astype(np.int64)
    data, n = np.frombuffer(b"".join(blobs), np.uint8), len(blobs)
    sizes, bounds, flags = np.empty((n, 3), np.int32), np.empty((n, 4)), np.empty(n, np.uint16)
    for first, last in ((2, 4), (0, 2)):
        wkb.scan(data, offsets[:-1], offsets[1:], 3, first, last, sizes, bounds, flags)
    order = np.array([3, 1, 0, 2])
    begins, sorted_bounds, coords, rings, parts = wkb.room(sizes, bounds, order)
    places = np.argsort(order)
    for first, last in ((1, 4), (0, 1)):
        assert not wkb.fill(data, offsets[:-1], offsets[1:], 3, places, first, last, begins, coords, rings, parts)
    got = GeometryArray(GeometryKind.POLYGON, coords, rings, parts, np.ascontiguousarray(begins[:, 2]))
    expected = parse(blobs)[0].take(order)
    for name in ("coords", "ring_offsets", "part_offsets", "geom_offsets"):
        assert np.array_equal(getattr(got, name), getattr(expected, name))
    assert np.array_equal(sorted_bounds, expected.bounds, equal_nan=True)


def test_bytes_that_changed_after_they_were_measured_are_noticed_and_harmless():
    shapes = [shapely.box(0, 0, 1, 1), shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(5, 5, 6, 6)])]
    measured, other = ([shapely.to_wkb(g) for g in each] for each in (shapes, shapes[::-1]))
    sizes, bounds, flags = wkb.unmeasured(2)
    offsets = np.cumsum([0, *map(len, measured)])
    wkb.scan(np.frombuffer(b"".join(measured), np.uint8), offsets[:-1], offsets[1:], 3, 0, 2, sizes, bounds, flags)
    begins, _, coords, rings, parts = wkb.room(sizes, bounds, np.arange(2))
    guard = [np.concatenate([a, np.full(9, -7)]) for a in (rings, parts)]
    moved = np.cumsum([0, *map(len, other)])
    data = np.frombuffer(b"".join(other), np.uint8)
    changed = wkb.fill(data, moved[:-1], moved[1:], 3, np.arange(2), 0, 2, begins, coords, *guard)
    assert changed > 0
    assert (guard[0][len(rings):] == -7).all()
    assert (guard[1][len(parts):] == -7).all()


def test_curves_are_named_not_guessed():
    arc = struct.pack("<BII6d", 1, 8, 3, 0, 0, 1, 1, 2, 0)
    assert parse([arc], 2)[1] == [wkb.CURVE | wkb.EMPTY]


@pytest.mark.parametrize("blob", [
    struct.pack("<BII", 1, 3, 0xFFFFFFFF), struct.pack("<BIII", 1, 3, 1, 0xFFFFFFFF), b"\x01", b"\x02" * 40,
    struct.pack("<BII", 1, 7, 1) * 40, struct.pack("<BIId", 1, 2, 2, 0.0), struct.pack("<BI", 1, 999) + b"\0" * 9,
    struct.pack("<BII", 1, 6, 100_000_000) + b"\0" * 64,
])
def test_counts_larger_than_the_blob_are_broken(blob):
    array, flags = parse([blob, shapely.to_wkb(shapely.box(0, 0, 1, 1))])
    assert [flags[0] & ~wkb.WRONG_KIND, flags[1]] == [wkb.BROKEN | wkb.EMPTY, 0]
    assert len(array.coords) == 5


coordinate = st.floats(-1e6, 1e6)
point = st.tuples(coordinate, coordinate)
ring = st.lists(point, min_size=3, max_size=6)
polygon = st.builds(shapely.Polygon, ring, st.lists(ring, max_size=2))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(polygon, max_size=3), min_size=1, max_size=4))
def test_random_polygons_round_trip(features):
    shapes = [shapely.MultiPolygon(f) for f in features]
    array, flags = parse([shapely.to_wkb(g) for g in shapes])
    for mine, theirs, flag in zip(array.to_shapely(), shapes, flags, strict=True):
        if not flag & wkb.DEGENERATE:
            assert same(mine, theirs)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 8))
def test_corrupted_bytes_never_break_the_arrays(seed, kind, hits):
    random = np.random.default_rng(seed)
    source = shapely.from_wkt("GEOMETRYCOLLECTION (" + ", ".join(w for k in SHAPES for w in SHAPES[k]) + ")")
    blob = bytearray(shapely.to_wkb(source))
    for at in random.integers(0, len(blob), hits):
        blob[at] = random.integers(0, 256)
    blob = bytes(blob[: random.integers(0, len(blob) + 1)])
    array, _ = parse([blob, shapely.to_wkb(shapely.Point(5, 6))], kind)
    assert np.isfinite(array.coords).all()
    for offsets, inside in (
        (array.ring_offsets, len(array.coords)), (array.part_offsets, len(array.ring_offsets) - 1),
        (array.geom_offsets, len(array.part_offsets) - 1),
    ):
        assert offsets[0] == 0
        assert offsets[-1] == inside
        assert (np.diff(offsets) >= 0).all()
    if kind == 1:
        assert array.coords[-1].tolist() == [5, 6]
    if kind == 3:
        for first, last in zip(array.ring_offsets[:-1], array.ring_offsets[1:], strict=True):
            assert last - first >= 4
            assert array.coords[first].tolist() == array.coords[last - 1].tolist()
