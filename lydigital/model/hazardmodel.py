"""Models of rainfall-triggered geohazards as their users write them: one TOML file a model in ``layers/matrices/``."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.errors import BadDataError, UsageError
from lydigital.texts import pick, tr

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("very_high", "high", "moderate", "low")  # susceptibility, coded 1 to 4 as in the catalogue
DEFAULT = "matrix_default"


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class EffectiveRain(_Frozen, frozen=True):
    """``Re = R0 + Σ k^i R_i`` over ``days`` days before (Crozier & Eyles 1980).

    ``complete`` is the share of hours that a day must have to count.
    """

    k: float = 0.84
    days: int = 10
    complete: float = 0.8


class Interpolation(_Frozen, frozen=True):
    """From gauges to a grid; beyond ``radius_km`` of every gauge there is no value."""

    method: Literal["idw", "kriging"] = "idw"
    power: float = 2.0
    radius_km: float = 30.0
    variogram: Literal["auto", "spherical", "exponential"] = "auto"


class ZoneRule(_Frozen, frozen=True):
    """From levels of cells to areas.

    Majority within ``smooth_cells`` around, nothing below ``min_area_km2``, borders within ``tolerance_m`` (0: as cells).
    """

    smooth_cells: int = 2
    min_area_km2: float = 2.0
    tolerance_m: float = 150.0


class TownshipRule(_Frozen, frozen=True):
    """A township takes the highest level on ``share`` of its area, or at a hazard point in it.

    A county is 大部 from ``county_share`` of its area in warned townships.
    """

    share: float = 0.05
    county_share: float = 0.5
    by_points: bool = True


class Factor(_Frozen, frozen=True):
    """One factor of susceptibility: ``breaks`` part its classes, none where its values are classes themselves.

    ``source`` is ``terrain:slope`` (aspect, plan, profile, relief, twi), ``distance:<layer>``, ``layer:<layer>`` or
    ``layer:<layer>/<field>``.
    """

    id: str
    source: str
    title: str = ""
    title_en: str = ""
    unit: str = ""
    breaks: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en) or self.id


class Susceptibility(_Frozen, frozen=True):
    """How susceptibility is found where it is computed instead of read from the zones of the map."""

    method: Literal["information_value", "frequency_ratio", "weights_of_evidence"] = "information_value"
    classes: Literal["cumulative", "natural"] = "cumulative"
    shares: tuple[float, float, float] = (5.0, 15.0, 30.0)
    training: float = 0.7
    seed: int = 410300
    empty: Literal["half", "floor"] = "half"
    factors: tuple[Factor, ...] = ()


class HazardModel(_Frozen, frozen=True):
    """A model with every parameter.

    Attributes
    ----------
    breaks
        Effective rain in mm between its classes, rising.
    matrix
        Level 1 to 4, or 0 for none, by susceptibility (the four of :data:`CLASSES`) and class of rain.
    dry_mm
        Effective rain below which nothing is warned, whatever the first column of the matrix says.
    outside
        Susceptibility of ground outside all susceptibility zones; "" for none, which is never warned.
    is_calibrated
        Whether it was fitted to local events; if not, products say 未经本地率定.
    """

    id: str
    title: str
    version: str
    breaks: tuple[float, ...]
    matrix: dict[str, tuple[int, ...]]
    title_en: str = ""
    source: str = ""
    is_calibrated: bool = False
    calibration: str = ""
    dry_mm: float = 1.0
    outside: Literal["", "low", "moderate"] = "low"
    rain: EffectiveRain = EffectiveRain()
    interpolation: Interpolation = Interpolation()
    zones: ZoneRule = ZoneRule()
    townships: TownshipRule = TownshipRule()
    susceptibility: Susceptibility = Susceptibility()

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    @property
    def table(self) -> tuple[tuple[int, ...], ...]:
        """Levels ``[susceptibility 1 to 4][class of rain]``."""
        return tuple(self.matrix[name] for name in CLASSES)


def check(model: HazardModel) -> HazardModel:
    """The model itself when it makes sense.

    Raises
    ------
    BadDataError
        Naming what does not.
    """
    fault = _fault(model)
    if fault:
        raise BadDataError(
            "The hazard model {model} makes no sense: {fault}", hint="Correct its values.", model=model.id, fault=fault
        )
    return model


def _fault(model: HazardModel) -> str:
    limits = model.breaks
    if not limits or any(b <= a for a, b in pairwise(limits)) or not all(0 < b < 1e4 for b in limits):
        return tr("breaks must rise, from above 0 mm")
    if not 0 <= model.dry_mm < limits[0]:
        return tr("{key} is out of its range", key="dry_mm")
    if set(model.matrix) != set(CLASSES):
        return tr("matrix needs the rows {rows}", rows=", ".join(CLASSES))
    for name, row in model.matrix.items():
        if len(row) != len(limits) + 1 or not all(0 <= level <= 4 for level in row):
            return tr("matrix row {row} needs {count} levels of 0 to 4", row=name, count=len(limits) + 1)
        if any(_rank(b) > _rank(a) for a, b in pairwise(row)):
            return tr("matrix row {row} falls with more rain", row=name)
    between = (
        ("rain.k", 0 < model.rain.k < 1),
        ("rain.days", 0 <= model.rain.days <= 60),
        ("rain.complete", 0 < model.rain.complete <= 1),
        ("interpolation.power", 0 < model.interpolation.power <= 10),
        ("interpolation.radius_km", 0 < model.interpolation.radius_km <= 1000),
        ("zones.smooth_cells", 0 <= model.zones.smooth_cells <= 15),
        ("zones.min_area_km2", 0 <= model.zones.min_area_km2 <= 1e4),
        ("zones.tolerance_m", 0 <= model.zones.tolerance_m <= 1e4),
        ("townships.share", 0 < model.townships.share <= 1),
        ("townships.county_share", 0 < model.townships.county_share <= 1),
        ("susceptibility.training", 0 < model.susceptibility.training < 1),
    )
    return next((tr("{key} is out of its range", key=key) for key, holds in between if not holds), "")


def _rank(level: int) -> int:
    """Levels in order of severity; none comes last."""
    return level or 5


def read_model(path: Path) -> HazardModel:
    """One model from its TOML file.

    Raises
    ------
    BadDataError
        Naming file and key when it is no valid model.
    """
    try:
        model = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), HazardModel, strict=False)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is not a valid hazard model: {reason}", hint="Correct the file; the message names the place.",
            path=str(path), reason=str(error),
        ) from error  # fmt: skip
    return check(model)


def read_models(folder: Path) -> dict[str, HazardModel]:
    """Every ``*.toml`` of ``folder`` by id, the default one first.

    Raises
    ------
    BadDataError
        When one is wrong, or two have one id.
    """
    found: dict[str, HazardModel] = {}
    for path in sorted(folder.glob("*.toml"), key=lambda p: (p.stem != DEFAULT, p.stem)):
        model = read_model(path)
        if model.id in found:
            raise BadDataError(
                "Two hazard models have the id {id}", hint="Rename one of them.", id=model.id
            )
        found[model.id] = model
    return found


def pick_model(models: dict[str, HazardModel], wanted: str = "") -> HazardModel:
    """The model of that id, or the default.

    Raises
    ------
    UsageError
        When there is none.
    """
    try:
        return models[wanted or DEFAULT]
    except KeyError:
        raise UsageError(
            "There is no hazard model {model}", hint="Models: {known}.", model=wanted or DEFAULT,
            known=", ".join(models) or "-",
        ) from None  # fmt: skip
