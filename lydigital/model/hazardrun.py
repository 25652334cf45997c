"""One computation of warning levels with everything it rests on: it can be repeated from itself alone."""

from __future__ import annotations

import zlib
from datetime import datetime  # noqa: TC003 - msgspec resolves it at run time
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.grid import Grid
from lydigital.model.hazardmodel import HazardModel  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.warning import CountyLevel, TownshipLevel, WarningZone  # noqa: TC001 - msgspec resolves it at run time

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class Packed(_Frozen, frozen=True):
    """An array, compressed."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    @property
    def array(self) -> NDArray[np.generic]:
        """The array itself, read-only.

        Raises
        ------
        BadDataError
            When it is damaged.
        """
        try:
            return np.frombuffer(zlib.decompress(self.data), self.dtype).reshape(self.shape)
        except (zlib.error, ValueError, TypeError) as error:
            raise BadDataError(
                "The run is damaged: {reason}", hint="Compute it again, or take it from a backup.", reason=str(error)
            ) from error


def pack(array: NDArray[np.generic]) -> Packed:
    kept = np.ascontiguousarray(array)
    kept = kept.astype(kept.dtype.newbyteorder("<"))
    return Packed(kept.dtype.str, kept.shape, zlib.compress(kept.tobytes(), 6))


class RunInput(_Frozen, frozen=True):
    """Something the run was made from: where it came from and SHA-256 of what was used of it."""

    role: Literal["rain", "forecast", "susceptibility", "townships", "points"]
    source: str
    sha256: str
    count: int = 0


class Place(_Frozen, frozen=True):
    """A township as the run knew it; ``cells`` of the grid are its own."""

    code: str
    name: str
    county_code: str
    county: str
    area_km2: float
    population: int
    cells: int


class Gauges(_Frozen, frozen=True):
    """Rain used: ``xy`` in the system of the run, ``rain_mm (g, t)`` ending at times from ``first`` by ``step_h``."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    xy: Packed
    first: datetime
    step_h: int
    rain_mm: Packed
    flags: Packed


class Forecast(_Frozen, frozen=True):
    """A grid of the next 24 h in mm, in its own place and system."""

    values: Packed
    origin: tuple[float, float]
    cell: tuple[float, float]
    crs: str


class GroundData(_Frozen, frozen=True):
    """What does not change with the rain: where cells lie and what they are; see :class:`lydigital.domain.hazard.Ground`."""

    rows: int
    columns: int
    origin: tuple[float, float]
    cell: float
    crs: str
    susceptibility: Packed
    township: Packed
    places: tuple[Place, ...]
    point_cell: Packed
    point_township: Packed
    point_kind: Packed
    point_people: Packed
    city: bytes = b""


class HazardRun(_Frozen, frozen=True):
    """A run and its result. Times carry their zone.

    Attributes
    ----------
    id
        Time of the rain and the begin of its hash.
    at
        End of the last interval of rain; R0 is the 24 h before, or with a forecast the 24 h after.
    program
        Version of the code that made it.
    levels
        ``(rows, columns) uint8``: 0 none, 1 red to 4 blue, 254 outside the city, 255 rain not known.
    people_at_points, population
        By level 1 to 4: people at risk at hazard points, and inhabitants by share of area (an estimate).
    digest
        SHA-256 of inputs, parameters and result; the same whenever and wherever it is repeated by the same program.
    """

    id: str
    made_at: datetime
    at: datetime
    program: str
    model: HazardModel
    inputs: tuple[RunInput, ...]
    gauges: Gauges
    ground: GroundData
    levels: Packed
    townships: tuple[TownshipLevel, ...]
    counties: tuple[CountyLevel, ...]
    zones: tuple[WarningZone, ...]
    digest: str
    forecast: Forecast | None = None
    people_at_points: tuple[int, ...] = (0, 0, 0, 0)
    population: tuple[int, ...] = (0, 0, 0, 0)
    validation: dict[str, float] = {}
    issues: tuple[Issue, ...] = ()
    annotation: str = ""

    @property
    def level_grid(self) -> Grid:
        """Levels 1 to 4 as a grid to draw, NaN elsewhere."""
        values = self.levels.array.astype(np.float32)
        values[(values < 1) | (values > 4)] = np.nan
        g = self.ground
        return Grid(values, g.origin, (g.cell, g.cell), Crs(g.crs))


def encode(run: HazardRun) -> bytes:
    """The run as JSON."""
    return msgspec.json.encode(run, order="deterministic")


def decode(content: bytes | str) -> HazardRun:
    """Inverse of :func:`encode`.

    Raises
    ------
    BadDataError
        When it is no run.
    """
    try:
        return msgspec.json.decode(content, type=HazardRun)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadDataError(
            "This is no run of a hazard computation: {reason}", hint="Give the file that lydigital hazard compute wrote.",
            reason=str(error),
        ) from error  # fmt: skip


def read_run(path: Path) -> HazardRun:
    """Run from a file.

    Raises
    ------
    BadDataError
        When it cannot be read or is no run.
    """
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise BadDataError(
            "{path} cannot be read: {reason}", hint="Check that the file exists and may be read.", path=str(path),
            reason=error.strerror or str(error),
        ) from error  # fmt: skip
