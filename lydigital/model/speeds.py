"""What roads are, as ``layers/speeds.toml`` says: which layers and fields, how fast each class is, who may go where."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import msgspec

from lydigital.errors import BadDataError
from lydigital.texts import pick

if TYPE_CHECKING:
    from pathlib import Path


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class RoadFields(_Frozen, frozen=True):
    """Fields of a layer of roads; "" or one that a layer lacks: not told by it."""

    road_class: str = "class"
    name: str = "name"
    level: str = "level"
    oneway: str = "oneway"
    kmh: str = ""


class RoadClass(_Frozen, frozen=True):
    """A class of roads.

    Attributes
    ----------
    kmh
        Usual speed of a vehicle.
    is_walkable
        Whether people may go on it on foot.
    has_access
        Whether places beside it are reached from it; False for expressways.
    joins
        Codes of the only classes it meets, "" in it for none but its own; empty: it meets all. With these it also meets where
        both run through a common vertex on different levels, for ramps are not drawn at small scales.
    """

    code: str
    title: str
    kmh: float
    title_en: str = ""
    is_walkable: bool = True
    has_access: bool = True
    joins: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class Profile(_Frozen, frozen=True):
    """Who is on the road. ``factor`` times the speed of the class, or ``kmh`` everywhere when above 0 (on foot)."""

    id: str
    title: str
    title_en: str = ""
    factor: float = 1.0
    kmh: float = 0.0
    ignores_oneway: bool = False

    @property
    def is_foot(self) -> bool:
        return self.kmh > 0

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class Speeds(_Frozen, frozen=True):
    """All of ``speeds.toml``.

    Attributes
    ----------
    layers
        Layers that are roads.
    tolerance_m
        An end of a road so near another one is taken to end on it.
    farthest_m
        A place farther than this from any road is on none.
    unknown
        What a road of an unknown class is.
    """

    version: str
    layers: tuple[str, ...]
    classes: tuple[RoadClass, ...]
    unknown: RoadClass
    profiles: tuple[Profile, ...]
    tolerance_m: float = 5.0
    farthest_m: float = 2000.0
    fields: RoadFields = RoadFields()

    def profile(self, profile_id: str) -> Profile:
        """Raises :class:`BadDataError` when there is none of that id."""
        found = next((p for p in self.profiles if p.id == profile_id), None)
        if found is None:
            raise BadDataError(
                "There is no profile {profile} in speeds.toml", hint="It has: {names}", profile=profile_id,
                names=", ".join(p.id for p in self.profiles),
            )  # fmt: skip
        return found


def read_speeds(path: Path) -> Speeds:
    """What roads are.

    Raises
    ------
    BadDataError
        Naming the file and the key that is wrong.
    """
    try:
        speeds = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Speeds, strict=False)
        reason = _fault(speeds)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        reason = str(error)
    if reason:
        raise BadDataError(
            "{path} is not a valid definition: {reason}", hint="Correct the file; the message names the place.",
            path=str(path), reason=reason,
        )  # fmt: skip
    return speeds


def _fault(speeds: Speeds) -> str:
    codes = [c.code for c in speeds.classes]
    known = {*codes, ""}
    for road in (*speeds.classes, speeds.unknown):
        if not 0 < road.kmh <= 300:
            return f"classes.{road.code}.kmh = {road.kmh}"
        if not known.issuperset(road.joins):
            return f"classes.{road.code}.joins: {', '.join(sorted(set(road.joins) - known))}"
    if len(set(codes)) < len(codes):
        return f"classes: {', '.join(sorted({c for c in codes if codes.count(c) > 1}))} twice"
    if len(codes) > 60:
        return "classes: more than 60"
    bad = [p.id for p in speeds.profiles if not (0 < p.factor <= 5 and 0 <= p.kmh <= 300)]
    if bad or not speeds.profiles:
        return f"profiles: {', '.join(bad)}"
    if not (0 <= speeds.tolerance_m <= 100 and speeds.farthest_m > 0):
        return f"tolerance_m = {speeds.tolerance_m}, farthest_m = {speeds.farthest_m}"
    return ""
