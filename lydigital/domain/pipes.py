"""What is known of every buried pipe: outside, depths, what a depth reaches down to.

Depths run evenly between the ends of a pipe, where they were surveyed. Diameters are nominal and walls are not counted; banks of
ducts have no surveyed size and are estimated from their holes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model import columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.table import FeatureTable
    from lydigital.model.utility import TradeRules

TRENCH = 2  # of layers/pipe.toml, method


@dataclass(frozen=True, eq=False)
class Pipes:
    """What is known of every pipe of a table, one row each; NaN where something is not.

    Attributes
    ----------
    first_m, last_m
        Depths at the ends as recorded.
    width_m, height_m
        Outside.
    is_invert
        Whether depths reach to the bottom of it.
    """

    table: FeatureTable
    trades: tuple[str, ...]
    codes: tuple[str, ...]
    diameter_mm: NDArray[np.float64]
    holes: NDArray[np.float64]
    first_m: NDArray[np.float64]
    last_m: NDArray[np.float64]
    width_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    is_invert: NDArray[np.bool_]
    is_bank: NDArray[np.bool_]
    whole_m: NDArray[np.float64]

    @classmethod
    def of(cls, table: FeatureTable, rules: TradeRules) -> Pipes:
        """From a table with the fields of ``layers/pipe.toml``; what it lacks is not known."""
        trades = texts(table, "trade")
        diameter, holes = numbers(table, "diameter_mm"), numbers(table, "holes")
        diameter[~(diameter > 0)] = np.nan
        holes[~(holes > 0)] = np.nan
        across = np.ceil(np.sqrt(holes))
        is_bank = np.isnan(diameter) & ~np.isnan(holes)
        wall = 2 * rules.bank.wall_m
        width = np.where(is_bank, across * rules.bank.pitch_m + wall, diameter / 1000.0)
        height = np.where(is_bank, np.ceil(holes / across) * rules.bank.pitch_m + wall, diameter / 1000.0)
        invert = {t.id for t in rules.trades if t.depth_of == "invert"}
        is_invert = np.array([t in invert for t in trades], bool) | (numbers(table, "method") == TRENCH)
        first, last = numbers(table, "depth_start"), numbers(table, "depth_end")
        first[first < 0], last[last < 0] = np.nan, np.nan
        so_far, rings = np.concatenate([[0.0], np.cumsum(steps(table))]), table.geometry.ring_offsets[table.geometry.geom_rings]
        return cls(
            table, tuple(trades), tuple(texts(table, "code")), diameter, holes, first, last, width, height, is_invert, is_bank,
            so_far[rings[1:]] - so_far[rings[:-1]],
        )  # fmt: skip

    def depths(self, rows: NDArray[np.integer], share: NDArray[np.float64]) -> NDArray[np.float64]:
        """As recorded, at a share of each pipe's length; one end stands for both where the other is not known."""
        first, last = self.first_m[rows], self.last_m[rows]
        first, last = np.where(np.isnan(first), last, first), np.where(np.isnan(last), first, last)
        out: NDArray[np.float64] = first + (last - first) * share
        return out

    def outsides(
        self, rows: NDArray[np.integer], share: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Depths of top and bottom below ground, at a share of each pipe's length."""
        depth, height, invert = self.depths(rows, share), self.height_m[rows], self.is_invert[rows]
        return np.where(invert, depth - height, depth), np.where(invert, depth, depth + height)

    def least_mm(self, row: int) -> float:
        """Diameter that rules are looked up by; 0 for what has none."""
        return 0.0 if self.is_bank[row] or math.isnan(self.diameter_mm[row]) else float(self.diameter_mm[row])


def known(value: float) -> float | None:
    """None where it is not."""
    return None if math.isnan(value) else float(value)


def texts(table: FeatureTable, name: str) -> list[str]:
    """A column as text, "" for nothing or where there is no such column."""
    if name not in table.column_names:
        return [""] * len(table)
    return [str(v) if v is not None else "" for v in table.column(name).to_pylist()]


def numbers(table: FeatureTable, name: str) -> NDArray[np.float64]:
    """A column as numbers; NaN for nothing, for text that is no number, or where there is no such column."""
    import pyarrow as pa

    if name not in table.column_names:
        return np.full(len(table), np.nan)
    try:
        return columns.numbers(table.column(name))
    except pa.ArrowException:  # a column of text, as other programs write them
        return np.array([_number(value) for value in table.column(name).to_pylist()], np.float64)


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return math.nan


def steps(table: FeatureTable) -> NDArray[np.float64]:
    """Length of the step from every vertex to the next of its line ``(vertices,)``; 0 at the last."""
    g = table.geometry
    out = np.zeros(len(g.coords))
    out[:-1] = np.hypot(*np.diff(g.coords, axis=0).T)
    out[g.ring_offsets[1:] - 1] = 0.0
    return out
