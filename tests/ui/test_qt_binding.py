"""The Qt binding keeps its references: see docs/adr/0003-qt-below-6.12.md."""

from __future__ import annotations

import sys

from PySide6.QtGui import QPainterPath


def test_void_methods_keep_none_alive():
    path = QPainterPath()
    before = sys.getrefcount(None)
    for _ in range(1000):
        path.closeSubpath()
    assert sys.getrefcount(None) > before - 500
