"""How far a place is from geometries, and which polygons hold it (layout: :mod:`lydigital.model.geometry`)."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F64, I32, I64, f64, f64s2, i32s, i64s, kernel


@kernel(f64s2, i64s, i64s, i32s, f64, f64, fast=False)
def point_distances(coords: F64, ring_offsets: I64, geom_rings: I64, rows: I32, x: float, y: float) -> F64:
    """Distance ``(k,) float64``, map units, from x, y to the nearest vertex of each of ``rows``; inf for empty ones."""
    out = np.empty(len(rows), np.float64)
    for k in range(len(rows)):
        best = np.inf
        for v in range(ring_offsets[geom_rings[rows[k]]], ring_offsets[geom_rings[rows[k] + 1]]):
            dx = coords[v, 0] - x
            dy = coords[v, 1] - y
            best = min(best, dx * dx + dy * dy)
        out[k] = math.sqrt(best)
    return out


@kernel(f64s2, i64s, i64s, i32s, f64, f64, fast=False)
def line_distances(coords: F64, ring_offsets: I64, geom_rings: I64, rows: I32, x: float, y: float) -> F64:
    """Distance ``(k,) float64``, map units, from x, y to the nearest segment of each of ``rows``; inf for empty ones."""
    out = np.empty(len(rows), np.float64)
    for k in range(len(rows)):
        best = np.inf
        for r in range(geom_rings[rows[k]], geom_rings[rows[k] + 1]):
            for v in range(ring_offsets[r], ring_offsets[r + 1] - 1):
                ax = coords[v, 0]
                ay = coords[v, 1]
                bx = coords[v + 1, 0] - ax
                by = coords[v + 1, 1] - ay
                length = bx * bx + by * by
                t = 0.0
                if length > 0.0:
                    t = min(1.0, max(0.0, ((x - ax) * bx + (y - ay) * by) / length))
                dx = ax + t * bx - x
                dy = ay + t * by - y
                best = min(best, dx * dx + dy * dy)
        out[k] = math.sqrt(best)
    return out


@kernel(f64s2, i64s, i64s, i32s, f64, f64, fast=False)
def areas_around(coords: F64, ring_offsets: I64, geom_rings: I64, rows: I32, x: float, y: float) -> F64:
    """Area ``(k,) float64``, square map units, of each polygon of ``rows`` that holds x, y; inf for the others.

    Even-odd over all rings of the feature (Franklin, PNPOLY): a place in a hole is outside.
    """
    out = np.empty(len(rows), np.float64)
    for k in range(len(rows)):
        is_inside = False
        area = 0.0
        for r in range(geom_rings[rows[k]], geom_rings[rows[k] + 1]):
            for v in range(ring_offsets[r], ring_offsets[r + 1] - 1):
                ax = coords[v, 0] - x
                ay = coords[v, 1] - y
                bx = coords[v + 1, 0] - x
                by = coords[v + 1, 1] - y
                area += ax * by - bx * ay
                if (ay > 0.0) != (by > 0.0) and ax + (bx - ax) * ay / (ay - by) > 0.0:
                    is_inside = not is_inside
        out[k] = abs(area) / 2.0 if is_inside else np.inf
    return out
