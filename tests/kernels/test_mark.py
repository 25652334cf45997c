"""Sprites, glyphs and halos."""

import numpy as np

from lydigital.kernels import mark
from lydigital.model.geometry import GeometryArray

BLACK = 0xFF000000


def put(xy, sprite, anchor, width=6, height=4, bands=((0, 4),), alike=False):
    frame = np.full((height, width), BLACK, np.uint32)
    g = GeometryArray.from_points(np.array(xy, np.float64).reshape(-1, 2))
    sprite = np.array(sprite, np.uint32)
    table = np.array([(0, sprite.shape[1], sprite.shape[0])])
    for row0, row1 in bands:
        mark.mark(
            frame, row0, row1, 0.0, float(height), 1.0, g.coords, g.ring_offsets, g.geom_rings,
            np.arange(len(g), dtype=np.int32), np.zeros(len(g), np.int16), sprite.ravel(), table, np.array([anchor]),
            alike,
        )
    return frame


def test_sprites_stand_on_their_anchor_and_blend():
    sprite = [[0xFF0000FF, 0x80000080], [0, 0xFF00FF00]]
    frame = put([(3, 2)], sprite, (1.0, 1.0))
    assert frame[1, 2] == 0xFF0000FF
    assert frame[1, 3] == BLACK | 0x80
    assert frame[2, 2] == BLACK
    assert frame[2, 3] == BLACK | 0xFF00


def test_sprites_are_clipped_at_every_side_and_band():
    sprite = [[0xFFFFFFFF] * 3] * 3
    points = [(0, 4), (6, 0), (0, 0), (6, 4), (-9, 2), (1e12, 2), (np.nan, 1)]
    frame = put(points, sprite, (1.5, 1.5))
    assert (frame != BLACK).sum() > 4
    assert frame[2, 2] == BLACK
    assert np.array_equal(frame, put(points, sprite, (1.5, 1.5), bands=((0, 1), (1, 4))))


def test_a_sprite_just_outside_draws_nothing():
    sprite = [[0xFFFFFFFF] * 3] * 3
    for x in np.arange(-6.0, -1.5, 0.25):
        for point in ((x, 2.0), (6.0 - x, 2.0), (3.0, x), (3.0, 4.0 - x)):
            assert (put([point], sprite, (1.5, 1.5)) == BLACK).all(), point


def lettered(pens, masks, *, halo=0, bands=((0, 8),)):
    frame = np.full((8, 12), BLACK, np.uint32)
    scratch = np.zeros((8, 12), np.uint8)
    shapes, flat = [], []
    for cover, left, top in masks:
        shapes.append((sum(map(len, flat)), cover.shape[1], cover.shape[0], left, top))
        flat.append(cover.ravel())
    pairs = np.array([(0, 1 if halo else -1)] * len(pens))
    for row0, row1 in bands:
        mark.text(
            frame, scratch, row0, row1, np.array(pens, np.float32), pairs, np.concatenate(flat), np.array(shapes),
            np.array([len(pens)]), np.array([(0xFFFFFFFF, halo)]),
        )
    assert not scratch.any()
    return frame & 0xFF


def test_glyphs_stand_on_the_baseline_and_overlap_as_one():
    glyph = np.full((3, 2), 200, np.uint8)
    frame = lettered([(2.2, 5.4, 0.0), (3.1, 5.4, 0.0)], [(glyph, 1, -3)])
    assert frame[2:5, 3:6].tolist() == [[200, 200, 200]] * 3
    assert frame.sum() == 200 * 9


def test_turned_glyphs_keep_their_ink():
    glyph = np.full((3, 3), 255, np.uint8)
    for angle in (0.3, np.pi / 2, 2.0):
        frame = lettered([(6.0, 4.0, angle)], [(glyph, -1, -1)])
        assert abs(frame.sum() / 255 - 9) < 0.8
    assert np.array_equal(
        lettered([(6.0, 4.0, 0.7)], [(glyph, -1, -1)]), lettered([(6.0, 4.0, 0.7)], [(glyph, -1, -1)], bands=((0, 4), (4, 8)))
    )


def test_halo_lies_below_all_glyphs_of_its_label():
    glyph = np.full((2, 2), 255, np.uint8)
    grown = mark.dilate(glyph, 1.0)
    frame = lettered([(3.0, 4.0, 0.0), (5.0, 4.0, 0.0)], [(glyph, 0, -2), (grown, -1, -3)], halo=0xFF000040)
    assert frame[2:4, 3:7].min() == 255
    assert frame[1, 3:7].tolist() == [0x40] * 4


def test_dilation_grows_by_a_soft_disc():
    dot = np.zeros((1, 1), np.uint8)
    dot[0, 0] = 255
    grown = mark.dilate(dot, 1.0)
    assert grown.shape == (3, 3)
    assert grown.tolist() == [[149, 255, 149], [255, 255, 255], [149, 255, 149]]
    assert np.array_equal(grown, grown.T)


def test_marks_under_another_one_need_not_be_drawn():
    sprite = [[0xFFFFFFFF] * 3] * 3
    random = np.random.default_rng(1)
    points = random.uniform(-3, 9, (mark.MANY, 2))
    points[:, 1] -= 2
    every = put(points, sprite, (1.5, 1.5))
    assert np.array_equal(every, put(points, sprite, (1.5, 1.5), alike=True))
    assert np.array_equal(every, put(points, sprite, (1.5, 1.5), bands=((0, 1), (1, 4)), alike=True))
    thin = [[0x80808080] * 3] * 3
    twice = np.repeat([(3.0, 2.0)], mark.MANY, axis=0)
    assert put(twice, thin, (1.5, 1.5), alike=True)[1, 2] == BLACK | 0x808080  # one of them
