"""Lengths on screen and paper, and map scales.

One pixel is 1/96 inch unless a frame says otherwise (OGC Symbology Encoding 1.1 §11.1 uses 0.28 mm; printing and
Qt use 96 dpi, and so do we).
"""

from __future__ import annotations

MM_PER_INCH = 25.4
POINTS_PER_INCH = 72.0
SCREEN_DPI = 96.0


def mm_to_px(length_mm: float, dpi: float = SCREEN_DPI) -> float:
    return length_mm * dpi / MM_PER_INCH


def pt_to_px(size_pt: float, dpi: float = SCREEN_DPI) -> float:
    return size_pt * dpi / POINTS_PER_INCH


def scale_denominator(m_per_px: float, dpi: float = SCREEN_DPI) -> float:
    """Scale denominator of a map that shows ``m_per_px`` metres a pixel at ``dpi``."""
    return m_per_px * dpi / MM_PER_INCH * 1000.0


def metres_per_px(denominator: float, dpi: float = SCREEN_DPI) -> float:
    """Inverse of :func:`scale_denominator`."""
    return denominator * MM_PER_INCH / 1000.0 / dpi
