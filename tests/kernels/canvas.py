"""A tiny frame to draw on, and how much of it was covered."""

from itertools import pairwise

import numpy as np

from lydigital.kernels import crowds, fill, stroke
from lydigital.model.geometry import GeometryKind

NONE = np.zeros(0, np.float32)
WHITE = 0xFFFFFFFF
SOLID = np.zeros(7)


class Canvas:
    """Black frame; map units are pixels, y up, the frame's lower left corner is the origin."""

    def __init__(self, width, height, bands=()):
        self.frame = np.full((height, width), 0xFF000000, np.uint32)
        self.sums = np.zeros((height, width, 4), np.uint32)
        self.acc = np.zeros(height * (width + 34), np.float32)
        self.touched = np.zeros(len(self.acc) // fill.BLOCK + 1, np.uint8)
        self.mask = np.zeros((height, width), np.uint8)
        self.dirty = np.zeros((height, width // stroke.DIRTY + 1), np.uint8)
        edges = [0, *bands, height]
        self.bands = list(pairwise(edges))
        self.tag = 0

    def fill(self, geometry, colors=(WHITE,), codes=None, *, scale=1.0, left=0.0, pattern=SOLID, rows=None):
        rows = np.arange(len(geometry), dtype=np.int32) if rows is None else rows
        codes = np.zeros(len(rows), np.int16) if codes is None else np.asarray(codes, np.int16)
        self.tag += 1
        for row0, row1 in self.bands:
            fill.fill(
                self.frame, self.sums, self.tag, self.acc, self.touched, row0, row1, left,
                self.frame.shape[0] / scale, scale, geometry.coords,
                NONE if geometry.importance is None else geometry.importance, geometry.ring_offsets,
                geometry.geom_rings, geometry.bounds, geometry.blocks, geometry.area_memo, rows, codes, np.array(colors, np.uint32), pattern,
                -1.0,
            )
        assert not self.acc.any()
        assert not self.touched.any()
        return self

    def stroke(self, geometry, width=1.0, color=WHITE, *, cap=1, join=1, dash=(), offset=0.0, scale=1.0, left=0.0):
        rows = np.arange(len(geometry), dtype=np.int32)
        for row0, row1 in self.bands:
            stroke.stroke(
                self.frame, self.mask, self.dirty, row0, row1, left, self.frame.shape[0] / scale, scale,
                geometry.coords, NONE if geometry.importance is None else geometry.importance, geometry.ring_offsets,
                geometry.geom_rings, geometry.bounds, geometry.blocks, geometry.area_memo, rows, color, width / 2, cap, join, np.array(dash, np.float64),
                offset, geometry.kind is GeometryKind.POLYGON, crowds.NO_BOXES, crowds.NO_BLOCKS, 0.0, 0.0,
            )
        assert not self.mask.any()
        assert not self.dirty.any()
        return self

    @property
    def cover(self):
        """Coverage of white on black, 0-1, as drawn."""
        return (self.frame & 0xFF) / 255.0

    @property
    def grid(self):
        """Coverage in 0-255."""
        return (self.frame & 0xFF).tolist()
