"""What an area hits, as a value: people, places, roads and pipes in zones and near them; and what counts as what.

What is not known is said so and never stands as zero.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.errors import BadDataError
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import language, pick

if TYPE_CHECKING:
    from pathlib import Path

Measure = Literal["count", "area", "length"]
By = Literal["township", "county"]


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


# --- what counts as what: layers/indicators/impact.toml ---------------------------------------------------------------


class UnitLayer(_Frozen, frozen=True):
    """A layer of administrative units, and its fields for code and name."""

    layer: str
    code: str = "code"
    name: str = "name"


class PeopleLayer(_Frozen, frozen=True):
    """Areas with people in them: ``fields`` names the columns of ``people`` and ``households``."""

    layer: str
    fields: dict[str, str]
    code: str = "code"
    name: str = "name"


class WeightLayer(_Frozen, frozen=True):
    """Polygons that people live on: area, times the field ``times``, where the fields of ``where`` have one of these values.

    In a unit with less than ``least_a_person`` m² a head the layer is taken to be incomplete.
    """

    layer: str
    title: str
    title_en: str = ""
    where: dict[str, tuple[str, ...]] = {}
    times: str = ""
    least_a_person: float = 0.0
    note: str = ""

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class LineDef(_Frozen, frozen=True):
    """One row of the result: features of a layer, counted or measured.

    Attributes
    ----------
    code
        Field with the code of a township (9 digits), village (12) or county (6), "" to go by place.
    classes
        Field they are divided by.
    names
        Field with the name they are listed by.
    sums
        Fields that are added up.
    """

    id: str
    title: str
    layer: str
    title_en: str = ""
    unit: str = ""
    unit_en: str = ""
    measure: Measure = "count"
    code: str = ""
    classes: str = ""
    names: str = ""
    sums: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    @property
    def unit_name(self) -> str:
        return self.unit_en if language() == "en" else self.unit


class Rules(_Frozen, frozen=True):
    """All of ``impact.toml``."""

    version: str
    township: UnitLayer
    county: UnitLayer
    people: tuple[PeopleLayer, ...]
    lines: tuple[LineDef, ...]
    weights: tuple[WeightLayer, ...] = ()


def read_rules(path: Path) -> Rules:
    """What counts as what.

    Raises
    ------
    BadDataError
        Naming the file and the key that is wrong.
    """
    try:
        rules = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Rules, strict=False)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is not a valid definition: {reason}",
            hint="Correct the file; the message names the place.", path=str(path), reason=str(error),
        ) from error  # fmt: skip
    ids = [line.id for line in rules.lines]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise BadDataError(
            "{path} is not a valid definition: {reason}", hint="Correct the file; the message names the place.",
            path=str(path), reason=f"lines: {', '.join(twice)} twice",
        )  # fmt: skip
    return rules


# --- the result -------------------------------------------------------------------------------------------------------


class Amount(_Frozen, frozen=True):
    """One number.

    Attributes
    ----------
    id
        ``count``, ``area_m2``, ``length_km``, or the field that was added up.
    low, high
        Within which it must lie, as far as the figures of the layer are right; None where it is counted, not estimated.
    missing
        Features without a value, which are not in it.
    step
        What it is rounded to where it is shown: parts may not add up to the whole.
    """

    id: str
    title: str
    unit: str
    value: float
    low: float | None = None
    high: float | None = None
    missing: int = 0
    step: float = 1.0

    @property
    def text(self) -> str:
        """The number as it is shown, rounded, with its unit."""
        return f"{shown(self.value, self.step)} {self.unit}".rstrip()


def shown(value: float, step: float) -> str:
    """``value`` rounded to ``step`` (1, 10 or 0.1 …), halves away from zero; small estimates keep their digits."""
    if step > 1 and abs(value) < 10 * step:
        step = 1.0
    number = int(abs(value) / step + 0.5) * step
    return f"{'-' if value < 0 and number else ''}{number:,.{0 if step >= 1 else len(str(step).split('.')[1])}f}"


class Provenance(_Frozen, frozen=True):
    """Where the numbers of a line come from."""

    layer: str
    title: str
    source: str = ""
    currency: str = ""
    is_sample: bool = False


class Part(_Frozen, frozen=True):
    """The share of a class, or of an administrative unit (``county`` is its county's name)."""

    code: str
    name: str
    amounts: tuple[Amount, ...]
    county: str = ""
    names: tuple[str, ...] = ()


class Line(_Frozen, frozen=True):
    """One row: what of a layer lies inside.

    ``is_known`` False: the map has nothing to tell it by, for the reason in ``note``; then there are no amounts.
    """

    id: str
    title: str
    is_known: bool
    provenance: Provenance
    amounts: tuple[Amount, ...] = ()
    classes: tuple[Part, ...] = ()
    units: tuple[Part, ...] = ()
    names: tuple[str, ...] = ()
    note: str = ""

    def amount(self, amount_id: str) -> Amount | None:
        return next((a for a in self.amounts if a.id == amount_id), None)


class ZoneImpact(_Frozen, frozen=True):
    """What one area hits, or all areas together.

    Attributes
    ----------
    fid
        Of the zone in its layer, 0 for a drawn one and for the total.
    level
        Of the warning, 0 for none.
    within_m
        How far around the zone is taken in.
    outside_km2
        Part of it beyond the city: what lies there is not known.
    """

    title: str
    area_km2: float
    lines: tuple[Line, ...]
    fid: int = 0
    code: str = ""
    level: int = 0
    within_m: float = 0.0
    outside_km2: float = 0.0

    def line(self, line_id: str) -> Line | None:
        return next((line for line in self.lines if line.id == line_id), None)


class Impact(_Frozen, frozen=True):
    """The answer: every zone by itself, and all together without counting anything twice.

    ``near`` and ``total_near`` take in ``distance_m`` around the zones (the zones themselves included); without a distance
    they are empty.
    """

    made_at: str
    by: By
    zones: tuple[ZoneImpact, ...]
    total: ZoneImpact
    distance_m: float = 0.0
    near: tuple[ZoneImpact, ...] = ()
    total_near: ZoneImpact | None = None
    is_overlapping: bool = False
    method: str = ""
    rules: str = ""
    crs: str = ""
    issues: tuple[Issue, ...] = ()

    @property
    def has_samples(self) -> bool:
        return any(line.is_known and line.provenance.is_sample for line in self.total.lines)
