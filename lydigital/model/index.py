"""A composite index: how it is made (``layers/index/*.toml``), and what comes out unit by unit and year by year."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.errors import BadDataError
from lydigital.model.impact import Provenance  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.indicator import read_toml
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import pick

if TYPE_CHECKING:
    from pathlib import Path

Method = Literal["target", "minmax"]
Missing = Literal["renormalise", "exclude"]
_NEAR = 1e-6


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Immutable, and a misspelt key is an error."""


class IndexItem(_Frozen, frozen=True, kw_only=True):
    """``factor`` × statistic ``item`` ÷ statistic ``per`` (if named), with a ``weight`` in its part.

    ``of`` and ``per_of`` are the units they are taken in: a figure in 万户 counts as 10,000 户, one in another unit not at all.
    """

    id: str
    title: str
    title_en: str = ""
    unit: str = ""
    weight: float
    item: str
    of: str = ""
    per: str = ""
    per_of: str = ""
    factor: float = 1.0
    target: float
    higher_is_better: bool = True

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class IndexPart(_Frozen, frozen=True, kw_only=True):
    """A sub-index."""

    id: str
    title: str
    title_en: str = ""
    weight: float
    items: tuple[IndexItem, ...]
    note: str = ""

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class IndexDef(_Frozen, frozen=True, kw_only=True):
    """An index: parts whose weights add up to 1, each of items whose weights add up to 1.

    Attributes
    ----------
    method
        ``target``: score = value ÷ target; ``minmax``: where the value stands between the least and the most of all units
        and years.
    cap
        Scores by target end here.
    missing
        ``renormalise``: the weight of what is missing goes to the rest of its part (of the index, where a whole part is
        missing), and the unit says so; ``exclude``: the unit has no index.
    least_known
        With less than this share of the weight known, a unit has no index.
    """

    id: str
    title: str
    title_en: str = ""
    method: Method = "target"
    missing: Missing = "renormalise"
    cap: float = 1.0
    least_known: float = 0.5
    source: str = ""
    note: str = ""
    note_en: str = ""
    parts: tuple[IndexPart, ...]

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    @property
    def items(self) -> tuple[IndexItem, ...]:
        return tuple(item for part in self.parts for item in part.items)


class Contribution(_Frozen, frozen=True):
    """What one item adds to an index: ``points`` = 100 × ``weight`` × ``score``; None where its value is not known.

    ``weight`` is that in the whole index after what is missing was shared out.
    """

    part: str
    item: str
    value: float | None
    score: float | None
    weight: float
    points: float | None


class Score(_Frozen, frozen=True):
    """The index of a unit in a year, 0-100; None with a ``problem`` (English template) where it cannot be told.

    ``rank`` is that among units of the year, 1 is best, equal ones share it; the city as a whole has none.
    ``known`` is the share of the weight whose values are known, ``missing`` the ids of the other items.
    """

    code: str
    name: str
    year: int
    value: float | None
    rank: int | None = None
    known: float = 1.0
    missing: tuple[str, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    problem: str = ""

    def points(self, part: str) -> float | None:
        """What a part adds; None where nothing of it is known."""
        known = [c.points for c in self.contributions if c.part == part and c.points is not None]
        return sum(known) if known else None


class Inequality(_Frozen, frozen=True):
    """How unequal units are in something: 0 is all alike.

    ``within`` and ``between`` groups add up to ``theil``.
    """

    id: str
    title: str
    year: int
    gini: float | None
    theil: float | None
    within: float | None = None
    between: float | None = None


class IndexResult(_Frozen, frozen=True, kw_only=True):
    """An index for all units and years.

    Attributes
    ----------
    scores
        In order of codes and years; ``city`` the same of the city as a whole.
    formula
        In words, line by line.
    """

    index: IndexDef
    year: int
    years: tuple[int, ...]
    scores: tuple[Score, ...]
    city: tuple[Score, ...] = ()
    inequality: tuple[Inequality, ...] = ()
    formula: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    sources: tuple[Provenance, ...] = ()

    @property
    def is_sample(self) -> bool:
        return any(source.is_sample for source in self.sources)

    @property
    def ranking(self) -> tuple[Score, ...]:
        """Units of :attr:`year` with an index, best first."""
        known = [s for s in self.scores if s.year == self.year and s.value is not None]
        return tuple(sorted(known, key=lambda s: (-(s.value or 0.0), s.code)))

    @property
    def here(self) -> Score | None:
        """The city in :attr:`year`."""
        return next((s for s in self.city if s.year == self.year), None)

    def of(self, code: str) -> tuple[Score, ...]:
        """A unit over the years."""
        return tuple(s for s in (*self.scores, *self.city) if s.code == code)


def read_index(path: Path) -> IndexDef:
    """An index definition.

    Raises
    ------
    BadDataError
        When the file is not valid, or weights do not add up to 1.
    """
    found = read_toml(path, IndexDef)
    check(found)
    return found


def check(index: IndexDef) -> None:
    """Weights add up to 1, targets are positive.

    Raises
    ------
    BadDataError
        Saying which do not.
    """
    for where, weights in (
        (index.name, [p.weight for p in index.parts]), *((p.name, [i.weight for i in p.items]) for p in index.parts)
    ):  # fmt: skip
        total = sum(weights)
        if any(w < 0 or not math.isfinite(w) for w in weights) or abs(total - 1.0) > _NEAR:
            raise BadDataError(
                "The weights of {name} add up to {total}, not to 1", hint="Give weights of 0 or more that add up to 1.", name=where,
                total=f"{total:.4g}",
            )  # fmt: skip
    for item in index.items:
        if not item.target > 0:
            raise BadDataError("The target of {name} is not above zero", hint="Give a target that can be reached.", name=item.name)


def weighed(index: IndexDef, weights: dict[str, float]) -> IndexDef:
    """``index`` with other weights of parts (by id) or of items in their part; checked.

    Raises
    ------
    BadDataError
        When an id is unknown, or the weights do not add up to 1.
    """
    known = {p.id for p in index.parts} | {i.id for i in index.items}
    unknown = sorted(set(weights) - known)
    if unknown:
        raise BadDataError(
            "The index has no part {name}", hint="It has: {names}", name=unknown[0], names=", ".join(p.id for p in index.parts)
        )
    replace = msgspec.structs.replace
    parts = tuple(
        replace(p, weight=weights.get(p.id, p.weight), items=tuple(replace(i, weight=weights.get(i.id, i.weight)) for i in p.items))
        for p in index.parts
    )
    made = replace(index, parts=parts)
    check(made)
    return made
