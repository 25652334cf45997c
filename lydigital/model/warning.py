"""A geohazard meteorological warning as a value: what one issue (期) says, whoever draws, prints or sends it.

Every product (bulletin, Word, picture, CAP, call list) is made of this alone, so that they cannot disagree.
"""

from __future__ import annotations

import hashlib
from datetime import datetime  # noqa: TC003 - msgspec resolves it at run time
from enum import IntEnum
from typing import Literal

import msgspec

Status = Literal["draft", "consultation", "review", "issued", "lifted", "expired", "superseded"]
"""草稿 会商 审核 签发 解除 到期 被替代."""
Purpose = Literal["actual", "exercise", "test"]
Role = Literal["duty", "reviewer", "signatory"]
"""值班员 审核人 签发人."""


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class Level(IntEnum):
    """Warning level: 1 is the highest (GB/T 27962). Blue is for internal use, not published."""

    RED = 1
    ORANGE = 2
    YELLOW = 3
    BLUE = 4


class Override(_Frozen, frozen=True):
    """A level changed by hand: from what the model gave (None: no level), by whom, when and why."""

    was: Level | None
    reason: str
    by: str
    at: datetime


class TownshipLevel(_Frozen, frozen=True):
    """Level of one township, the unit that warnings are issued for.

    ``share`` is the part of its area at this level or higher, 0 to 1; ``points`` the hazard points in it. ``hazards``
    are types of GB/T 40112 as the catalogue numbers them (1 rockfall … 6 subsidence).
    """

    code: str
    name: str
    county_code: str
    county: str
    level: Level
    share: float = 0.0
    points: int = 0
    hazards: tuple[int, ...] = ()
    override: Override | None = None


class CountyLevel(_Frozen, frozen=True):
    """What an issue says of one county: ``extent`` is 局部 or 大部, ``is_whole`` whether all its townships are named."""

    code: str
    name: str
    level: Level
    extent: Literal["局部", "大部"]
    townships: int
    is_whole: bool = False
    hazards: tuple[int, ...] = ()


class WarningZone(_Frozen, frozen=True):
    """An area: ``wkb`` is ISO WKB of a multipolygon in EPSG:4490, longitude before latitude."""

    code: str
    level: Level
    wkb: bytes
    area_km2: float
    source: Literal["model", "hand"] = "model"
    reason: str = ""


class Note(_Frozen, frozen=True):
    """What somebody said on the way: consultation, review, why an issue was lifted."""

    by: str
    role: Role
    at: datetime
    text: str
    status: Status


class WarningIssue(_Frozen, frozen=True):
    """One issue in one state. Times carry their zone.

    Attributes
    ----------
    id
        Stays the same from draft to lifting.
    version
        1 and up: every step of its life is a version of its own, and none is ever changed.
    number
        Issue of the year (第n期), 0 until it is issued.
    run, run_hash
        The computation it rests on, "" for one drawn by hand only.
    is_calibrated
        Whether the model was fitted to local events; if not, products say 未经本地率定.
    references
        ``id`` of issues it updates or lifts.
    """

    id: str
    version: int
    year: int
    number: int
    purpose: Purpose
    status: Status
    title: str
    issuers: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    townships: tuple[TownshipLevel, ...] = ()
    counties: tuple[CountyLevel, ...] = ()
    zones: tuple[WarningZone, ...] = ()
    advice: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    prepared_by: str = ""
    reviewed_by: str = ""
    signed_by: str = ""
    signatories: tuple[str, ...] = ()
    issued_at: datetime | None = None
    run: str = ""
    run_hash: str = ""
    model: str = ""
    is_calibrated: bool = False
    basis: str = ""
    references: tuple[str, ...] = ()

    @property
    def highest(self) -> Level | None:
        """The highest level it holds, None when it warns of nothing."""
        levels = [t.level for t in self.townships] + [z.level for z in self.zones]
        return min(levels, default=None)

    @property
    def is_public(self) -> bool:
        """Whether it may leave the office: issued, real, and above blue."""
        highest = self.highest
        return self.status == "issued" and self.purpose == "actual" and highest is not None and highest < Level.BLUE

    @property
    def digest(self) -> str:
        """SHA-256 of its content in hexadecimal: two issues that say the same have the same."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()
