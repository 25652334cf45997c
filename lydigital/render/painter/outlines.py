"""Outlines as ``QPainterPath``: ragged geometry in pixels, parallel lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPainterPath

    from lydigital.model.geometry import GeometryArray
    from lydigital.model.viewport import Viewport

_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])
_TOLERANCE_PX = 0.25  # vertices that move no line by more are left out


def path_of(xy: NDArray[np.float64], starts: NDArray[np.int64]) -> QPainterPath:
    """Path of polylines ``xy (n, 2)``; ``starts`` are the first vertices of each.

    Read from Qt's own stream format, as adding vertices one by one takes far longer.
    """
    from PySide6.QtCore import QByteArray, QDataStream, QIODevice
    from PySide6.QtGui import QPainterPath

    path = QPainterPath()
    if not len(xy):
        return path
    elements = np.empty(len(xy), _ELEMENT)
    elements["kind"], elements["x"], elements["y"] = 1, xy[:, 0], xy[:, 1]
    elements["kind"][starts] = 0
    head, tail = np.array([len(xy)], ">i4").tobytes(), np.array([int(starts[-1]), 0], ">i4").tobytes()
    octets = QByteArray(head + elements.tobytes() + tail)  # the stream points into it, so it needs a name
    stream = QDataStream(octets, QIODevice.OpenModeFlag.ReadOnly)
    stream >> path
    return path


def rings_px(geometry: GeometryArray, row: int, viewport: Viewport) -> list[NDArray[np.float64]]:
    """Rings (or lines) of one feature in pixels, without vertices too fine to see."""
    west, _, _, north = viewport.bounds
    unit = viewport.units_per_px
    out = []
    offsets = geometry.ring_offsets
    for ring in range(geometry.geom_rings[row], geometry.geom_rings[row + 1]):
        begin, end = offsets[ring], offsets[ring + 1]
        xy = geometry.coords[begin:end]
        if geometry.importance is not None and end - begin > 8:
            kept = geometry.importance[begin:end] >= _TOLERANCE_PX * unit
            kept[0] = kept[-1] = True
            xy = xy[kept]
        if len(xy):
            out.append(np.column_stack([(xy[:, 0] - west) / unit, (north - xy[:, 1]) / unit]))
    return out


def joined(rings: list[NDArray[np.float64]]) -> QPainterPath:
    """All ``rings`` as one path, filled by the even-odd rule."""
    starts = np.cumsum([0, *(len(r) for r in rings[:-1])])
    return path_of(np.concatenate(rings) if rings else np.zeros((0, 2)), starts)


def parallel(xy: NDArray[np.float64], offset_px: float, *, closed: bool) -> NDArray[np.float64]:
    """Line or ring at ``offset_px`` to the left of ``xy`` (pixels, y down); mitres no longer than twice the offset."""
    steps = np.diff(xy, axis=0)
    length = np.hypot(steps[:, 0], steps[:, 1])
    xy, steps, length = xy[np.append(length > 0, True)], steps[length > 0], length[length > 0]
    if not len(steps):
        return xy
    normal = np.column_stack([steps[:, 1], -steps[:, 0]]) / length[:, None]
    first, last = (normal[-1:], normal[:1]) if closed else (normal[:1], normal[-1:])
    middle = np.vstack([first, normal]) + np.vstack([normal, last])
    scale = np.maximum(np.sum(middle * middle, axis=1) / 2, 0.5)  # 1 + cos of the turn
    return np.asarray(xy + offset_px * middle / scale[:, None])


def polygon(points: NDArray[np.float64]) -> QPainterPath:
    """One closed ring ``(n, 2)``, its first vertex given once."""
    path = path_of(np.vstack([points, points[:1]]), np.zeros(1, np.int64))
    path.closeSubpath()
    return path
