"""Indicators of the plan: what is divided by what, against which target; and what comes out, unit by unit.

Definitions stand in ``layers/indicators/*.toml``, one file a theme. What is not known is None with a reason, never zero.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from lydigital.errors import BadDataError
from lydigital.model.impact import Provenance  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import language, pick, tr

if TYPE_CHECKING:
    from pathlib import Path

Level = Literal["city", "county", "township", "village", "community"]
How = Literal["count", "sum", "distinct", "value", "area", "length", "constant"]

CITY = "410300"
UNIT = "@unit"
DIGITS: dict[Level, int] = {"city": 4, "county": 6, "township": 9, "village": 12, "community": 12}
UNIT_LAYERS: dict[Level, str] = {
    "county": "county", "township": "township", "village": "community", "community": "urban_community",
}  # fmt: skip

_LEVELS: dict[Level, tuple[str, str]] = {
    "city": ("全市", "city"), "county": ("区县", "county"), "township": ("乡镇街道", "township"), "village": ("村（社区）", "village"),
    "community": ("城市社区", "community"),
}  # fmt: skip


def level_name(level: Level) -> str:
    """A level as a person calls it."""
    return pick(*_LEVELS[level])


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


# --- definitions ------------------------------------------------------------------------------------------------------


class Term(_Frozen, frozen=True):
    """One amount a unit, from the features of a layer.

    Attributes
    ----------
    layer
        Its id, or ``@unit`` for the layer of the units themselves.
    how
        ``count`` features, ``sum`` of ``field``, ``distinct`` values of ``field`` (units with at least one feature),
        ``value`` of ``field`` as it stands (a rate: never added up), ``area`` in km² after dissolving overlaps, ``length``
        in km, or a ``constant`` of the whole city.
    field
        A field, or an expression of fields as in :mod:`lydigital.model.condition`, or ``layer.field``: of the feature of
        another layer with the same code.
    where
        SQL condition on the features that count.
    code
        Field with the code of a unit (12 digits hold the township in the first nine, the county in the first six), "" to
        go by place, which is only for layers without codes.
    named
        Field with the name of the unit, for features whose code is empty.
    is_complete
        The layer lists all there is: a sum of no features is zero, not unknown, in statistics by year too.
    unit, unit_field
        Unit of ``field``, and the field that tells it row by row: 万户 counts as 10,000 户, another unit not at all.
    year
        Field with a year or a date. Features up to a year count for it, with ``is_dated`` only those of it (statistics).
    """

    layer: str = ""
    how: How = "count"
    field: str = ""
    where: str = ""
    code: str = ""
    named: str = ""
    year: str = ""
    is_dated: bool = False
    constant: float = 0.0
    title: str = ""
    title_en: str = ""
    unit: str = ""
    unit_field: str = ""
    is_complete: bool = False

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    @property
    def counts_nothing(self) -> bool:
        """Whether nothing that fits is zero in a unit that has features of the year; else it is a figure that is missing."""
        return self.how in ("count", "distinct") or self.is_complete


class PlanFigure(_Frozen, frozen=True):
    """What the plan says of the whole city: ``text`` as it stands there (130余万门).

    ``qualifier`` is 余 or 多 where the figure is a lower bound; ``of`` is what it is a figure of. ``is_goal`` False: it is
    what was there in ``year``, not what shall be.
    """

    value: float
    text: str
    of: Literal["value", "numerator", "denominator"] = "numerator"
    qualifier: str = ""
    year: int | None = None
    is_goal: bool = False

    @property
    def is_lower_bound(self) -> bool:
        return self.qualifier in ("余", "多")


class GapRule(_Frozen, frozen=True):
    """What is missing, by name: features of ``layer`` that meet ``where``; or with ``level`` units without anything counted.

    ``where`` then says which units. ``name`` may be several fields with spaces between, ``code`` "" goes by place. ``reach_m`` is how far a new site reaches (0: its own unit only), ``gain`` the field by which a gained feature counts
    (1 each unless named).
    """

    reason: str
    reason_en: str = ""
    layer: str = ""
    where: str = ""
    name: str = "name"
    code: str = "code"
    level: Level | Literal[""] = ""
    reach_m: float = 0.0
    gain: str = ""

    @property
    def why(self) -> str:
        return pick(self.reason, self.reason_en)


class Indicator(_Frozen, frozen=True, kw_only=True):
    """``factor`` × ``numerator`` / ``denominator`` in ``unit``; without a denominator, the numerator times ``factor``.

    Attributes
    ----------
    system
        Id of the system it belongs to.
    numerator_at, denominator_at
        Other terms for some levels, where the figures of counties do not exist below.
    target
        In ``unit``, for every unit of a level, or for the city only (``target_scope``).
    plan
        A figure of the plan for the whole city, which the city's total is compared with.
    base_year
        Year it is told for unless another is asked for; None for all features.
    can_exceed
        More than 100 % is possible; otherwise it is told as a fault of the data.
    basis
        What it is a rate of, where that could be mistaken (每百人, 每百户).
    """

    id: str
    title: str
    title_en: str
    system: str
    unit: str
    unit_en: str = ""
    numerator: Term
    denominator: Term | None = None
    numerator_at: dict[Level, Term] = {}
    denominator_at: dict[Level, Term] = {}
    factor: float = 1.0
    digits: int = 1
    target: float | None = None
    target_scope: Literal["unit", "city"] = "unit"
    target_note: str = ""
    plan: PlanFigure | None = None
    base_year: int | None = None
    basis: str = ""
    basis_en: str = ""
    source: str = ""
    levels: tuple[Level, ...] = ("county",)
    higher_is_better: bool = True
    can_exceed: bool = False
    gap: GapRule | None = None
    note: str = ""
    note_en: str = ""

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    @property
    def unit_name(self) -> str:
        return self.unit_en if language() == "en" and self.unit_en else self.unit

    @property
    def qualifier(self) -> str:
        """余 or 多 where the plan's figure is a lower bound, else ""."""
        return self.plan.qualifier if self.plan else ""

    @property
    def terms(self) -> tuple[Term, ...]:
        given = (self.numerator, self.denominator, *self.numerator_at.values(), *self.denominator_at.values())
        return tuple(term for term in given if term is not None)

    def terms_at(self, level: Level) -> tuple[Term, Term | None]:
        """Numerator and denominator at a level."""
        return self.numerator_at.get(level, self.numerator), self.denominator_at.get(level, self.denominator)

    @property
    def layers(self) -> tuple[str, ...]:
        """Ids of the layers it reads, without those of units."""
        wanted = [term.layer for term in self.terms] + ([self.gap.layer] if self.gap else [])
        return tuple(dict.fromkeys(layer for layer in wanted if layer and layer != UNIT))

    def meets(self, value: float) -> bool | None:
        """Whether a value reaches the target; None without one."""
        if self.target is None:
            return None
        return value >= self.target - 1e-9 if self.higher_is_better else value <= self.target + 1e-9

    def shown(self, value: float | None) -> str:
        """A value as a person reads it, with its unit; "–" where it is not known."""
        return "–" if value is None else f"{value:,.{self.digits}f} {self.unit_name}".rstrip()


# --- results ----------------------------------------------------------------------------------------------------------


class UnitValue(_Frozen, frozen=True):
    """An indicator in one unit; ``problem`` (English template) says why ``value`` is None, or what is odd about it."""

    code: str
    name: str
    county: str = ""
    numerator: float | None = None
    denominator: float | None = None
    value: float | None = None
    problem: str = ""

    @property
    def problem_text(self) -> str:
        return tr(self.problem) if self.problem else ""


class Gap(_Frozen, frozen=True):
    """One thing that is missing, by name: a village without telephone, a township without a station, a unit below its target.

    ``place`` is where it is (township and county in words), ``layer`` and ``fid`` its feature, 0 where it has none.
    """

    code: str
    name: str
    place: str
    reason: str
    layer: str = ""
    fid: int = 0


class IndicatorResult(_Frozen, frozen=True):
    """An indicator on the map: every unit of a level, the city as a whole, the years it is known for, and what is missing.

    Attributes
    ----------
    year
        That it is told for; None when it does not depend on one.
    units
        In order of their codes.
    trend
        Of the city: ``(year, value)``, empty where the data has no years.
    unplaced
        Features that are in no unit: without code, with an unknown one, or outside the city.
    """

    indicator: Indicator
    level: Level
    year: int | None
    units: tuple[UnitValue, ...]
    city: UnitValue
    trend: tuple[tuple[int, float], ...] = ()
    gaps: tuple[Gap, ...] = ()
    issues: tuple[Issue, ...] = ()
    sources: tuple[Provenance, ...] = ()
    unplaced: int = 0

    @property
    def is_sample(self) -> bool:
        return any(source.is_sample for source in self.sources)

    @property
    def ranking(self) -> tuple[UnitValue, ...]:
        """Units with a value, best first; equal ones by code."""
        known = [u for u in self.units if u.value is not None]
        way = -1.0 if self.indicator.higher_is_better else 1.0
        return tuple(sorted(known, key=lambda u: (way * (u.value or 0.0), u.code)))

    @property
    def plan_share(self) -> float | None:
        """What the city has of the plan's figure, 1 for all of it; None without one."""
        plan = self.indicator.plan
        if plan is None or plan.value <= 0:
            return None
        mine: float | None = getattr(self.city, plan.of)
        return None if mine is None else mine / plan.value


class WhatIf(_Frozen, frozen=True):
    """What new sites change: who is gained, and the indicator before and after, in the city and in each unit that changes."""

    indicator: Indicator
    level: Level
    sites: tuple[tuple[float, float], ...]
    reach_m: float
    before: UnitValue
    after: UnitValue
    units: tuple[tuple[UnitValue, UnitValue], ...] = ()
    gained: tuple[Gap, ...] = ()
    people: float | None = None
    households: float | None = None
    issues: tuple[Issue, ...] = ()


# --- reading ----------------------------------------------------------------------------------------------------------


class _File(_Frozen, frozen=True):
    indicators: tuple[Indicator, ...]


class OldCode(_Frozen, frozen=True):
    """A code that became another one, as that of ``name`` did ``since`` a day; codes that begin with it change with it."""

    old: str
    new: str
    name: str = ""
    since: str = ""
    note: str = ""


class _Codes(_Frozen, frozen=True):
    codes: tuple[OldCode, ...]


OTHERS = ("impact.toml", "hazard_classes.toml", "codes.toml")


def read_indicators(folder: Path) -> tuple[Indicator, ...]:
    """All indicators of a folder, in order of its files.

    Raises
    ------
    BadDataError
        Naming the file and the key that is wrong.
    """
    found: dict[str, Indicator] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name in OTHERS:
            continue
        for one in read_toml(path, _File).indicators:
            if one.id in found:
                raise _wrong(path, f"{one.id} twice")
            for term in one.terms:
                if term.how == "constant" or (term.layer and (term.field or term.how in ("count", "area", "length"))):
                    continue
                raise _wrong(path, f"{one.id}: {term.how} needs a layer and a field")
            found[one.id] = one
    return tuple(found.values())


def read_codes(path: Path) -> tuple[OldCode, ...]:
    """Codes that became others."""
    return read_toml(path, _Codes).codes


_T = TypeVar("_T")


def read_toml(path: Path, kind: type[_T]) -> _T:
    """A definition file as ``kind``.

    Raises
    ------
    BadDataError
        Naming the file and the key that is wrong.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind, strict=False)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise _wrong(path, str(error)) from error


def _wrong(path: Path, reason: str) -> BadDataError:
    return BadDataError(
        "{path} is not a valid definition: {reason}", hint="Correct the file; the message names the place.",
        path=str(path), reason=reason,
    )  # fmt: skip
