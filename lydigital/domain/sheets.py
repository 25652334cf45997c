"""Standard map sheets: numbers, bounds and neighbours (GB/T 13989-2012; all of longitude and latitude, degrees).

A sheet of 1:1,000,000 is 6° wide and 4° high, named by a letter from the equator and a number from 180° W: ``I49``. Sheets of
other scales divide it in rows from the north and columns from the west: ``I49E009018``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALES = {  # letter, divisions of the sheet of 1:1,000,000 along each side, digits of a row or column
    500_000: ("B", 2, 3), 250_000: ("C", 4, 3), 100_000: ("D", 12, 3), 50_000: ("E", 24, 3), 25_000: ("F", 48, 3),
    10_000: ("G", 96, 3), 5_000: ("H", 192, 3), 2_000: ("I", 576, 3), 1_000: ("J", 1152, 4), 500: ("K", 2304, 4),
}  # fmt: skip
WIDE_DEG, HIGH_DEG = 6.0, 4.0
_MOST_LATITUDE = 88.0
_NUMBER = re.compile(r"([A-V])(\d\d)(?:([B-K])(\d{3,4}?)(\d{3,4}))?")
_SCALE_OF = {letter: scale for scale, (letter, _, _) in SCALES.items()}


@dataclass(frozen=True)
class Sheet:
    """A standard sheet of the northern half; ``row`` and ``column`` count from 1, both 0 at 1:1,000,000."""

    scale: int
    letter: str
    zone: int
    row: int = 0
    column: int = 0

    @property
    def number(self) -> str:
        """As printed: ``I49E009018``."""
        if self.scale == 1_000_000:
            return f"{self.letter}{self.zone:02d}"
        letter, _, digits = SCALES[self.scale]
        return f"{self.letter}{self.zone:02d}{letter}{self.row:0{digits}d}{self.column:0{digits}d}"

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, south = (self.zone - 31) * WIDE_DEG, (ord(self.letter) - ord("A")) * HIGH_DEG
        if self.scale == 1_000_000:
            return west, south, west + WIDE_DEG, south + HIGH_DEG
        parts = SCALES[self.scale][1]
        dx, dy, north = WIDE_DEG / parts, HIGH_DEG / parts, south + HIGH_DEG
        return west + (self.column - 1) * dx, north - self.row * dy, west + self.column * dx, north - (self.row - 1) * dy

    def neighbour(self, east: int, north: int) -> Sheet | None:
        """The sheet so many sheets east and north, None beyond the standard's reach."""
        x0, y0, x1, y1 = self.bounds
        x, y = (x0 + x1) / 2 + east * (x1 - x0), (y0 + y1) / 2 + north * (y1 - y0)
        return at((x + 180.0) % 360.0 - 180.0, y, self.scale) if 0.0 <= y < _MOST_LATITUDE else None


def at(longitude: float, latitude: float, scale: int) -> Sheet:
    """The sheet of ``scale`` (denominator) that holds a point; its western and southern edges belong to it.

    Raises
    ------
    UsageError
        For a scale without standard sheets, or a place south of the equator or beyond 88° north.
    """
    if scale != 1_000_000 and scale not in SCALES:
        raise UsageError(
            "There are no standard sheets of 1:{scale}", hint="They exist for {scales}.", scale=f"{scale:,}",
            scales=", ".join(f"1:{s:,}" for s in (1_000_000, *SCALES)),
        )  # fmt: skip
    if not (0.0 <= latitude < _MOST_LATITUDE and -180.0 <= longitude < 180.0):
        raise UsageError("There are no standard sheets at {latitude}, {longitude}", hint="They reach from the equator to 88° north.", latitude=latitude, longitude=longitude)
    zone, band = int(longitude // WIDE_DEG) + 31, int(latitude // HIGH_DEG)
    letter = chr(ord("A") + band)
    if scale == 1_000_000:
        return Sheet(scale, letter, zone)
    parts = SCALES[scale][1]
    east, up = longitude - (zone - 31) * WIDE_DEG, latitude - band * HIGH_DEG
    column = min(parts, int(np.floor(east * parts / WIDE_DEG + 1e-9)) + 1)
    row = max(1, parts - int(np.floor(up * parts / HIGH_DEG + 1e-9)))
    return Sheet(scale, letter, zone, row, column)


def parse(number: str) -> Sheet:
    """A sheet by its number.

    Raises
    ------
    UsageError
        When it is no number of a sheet.
    """
    found = _NUMBER.fullmatch(number.strip().upper())
    if found is not None and 1 <= int(found[2]) <= 60:
        if found[3] is None:
            return Sheet(1_000_000, found[1], int(found[2]))
        scale = _SCALE_OF[found[3]]
        _, parts, digits = SCALES[scale]
        row, column = int(found[4]), int(found[5])
        if len(found[4]) == len(found[5]) == digits and 1 <= row <= parts and 1 <= column <= parts:
            return Sheet(scale, found[1], int(found[2]), row, column)
    raise UsageError("{number} is no number of a map sheet", hint="Numbers look like I49E009018 (GB/T 13989-2012).", number=number)


def covering(bounds: tuple[float, float, float, float], scale: int) -> Iterator[Sheet]:
    """Every sheet of ``scale`` that meets ``bounds`` (west, south, east, north), from the north-west, row by row."""
    first = at(bounds[0], bounds[3], scale)
    x0, y0, x1, y1 = first.bounds
    dx, dy = x1 - x0, y1 - y0
    rows = int(np.ceil((y1 - bounds[1]) / dy - 1e-9))
    columns = int(np.ceil((bounds[2] - x0) / dx - 1e-9))
    for row in range(rows):
        for column in range(columns):
            yield at(x0 + (column + 0.5) * dx, y1 - (row + 0.5) * dy, scale)
