"""Pipes and cables as networks, what a burst takes away, and what lies beside what under a street; as values.

What a trade is stands in ``layers/utility/trades.toml``: how it flows, what its recorded depth means, what shuts it. Depths
are metres below ground, levels metres of the height datum. What is not known is None and never stands as zero.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from lydigital.errors import BadDataError
from lydigital.model.impact import Impact  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.issue import Issue  # noqa: TC001
from lydigital.texts import pick, tr

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

Direction = Literal["up", "down", "connected"]
Flow = Literal["pressure", "gravity", "cable"]
DepthOf = Literal["top", "invert"]
Relation = Literal["horizontal", "vertical", "cover"]

VALVE, MANHOLE, HYDRANT, REGULATOR, PUMP, SOURCE, HANDHOLE, GULLY, OUTFALL = range(1, 10)
"""Kinds of facilities, as in ``layers/pipe_facility.toml``."""


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


# --- what a trade is: layers/utility/trades.toml ------------------------------------------------------------------------


class Trade(_Frozen, frozen=True):
    """One trade of pipes or cables.

    Attributes
    ----------
    flow
        ``pressure`` may come from all sides, ``gravity`` runs from first to last vertex, a ``cable`` is fed from its first.
    depth_of
        What a recorded depth reaches down to: the outer top of the pipe, or the inside bottom (CJJ 61). In a trench it is the
        bottom of the trench for every trade.
    shut_by, fed_by
        Kinds of facilities that shut it, and that feed it (an outfall "feeds" a gravity trade: there its water goes).
    cover_m
        Least cover in metres of soil, None where none is asked for.
    served_m
        How far beside a pipe its customers are looked for.
    """

    id: str
    title: str
    flow: Flow
    title_en: str = ""
    depth_of: DepthOf = "top"
    shut_by: tuple[int, ...] = (VALVE,)
    fed_by: tuple[int, ...] = (SOURCE,)
    cover_m: float | None = None
    served_m: float = 60.0

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class Least(_Frozen, frozen=True):
    """Least clear distance between two trades, in metres; ``over_mm`` asks for it from that diameter of the first on."""

    trades: tuple[str, str]
    least_m: Annotated[float, msgspec.Meta(ge=0)]
    over_mm: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    note: str = ""


class Bank(_Frozen, frozen=True):
    """How large a bank of ducts is taken to be: ``pitch_m`` a hole and ``wall_m`` around them all. An estimate."""

    pitch_m: float = 0.15
    wall_m: float = 0.05


class TradeRules(_Frozen, frozen=True):
    """All of ``trades.toml``. ``is_checked`` says whether somebody compared the distances with the standard's text."""

    version: str
    source: str
    trades: tuple[Trade, ...]
    horizontal: tuple[Least, ...] = ()
    vertical: tuple[Least, ...] = ()
    bank: Bank = Bank()
    is_checked: bool = False

    def trade(self, code: str) -> Trade | None:
        return next((t for t in self.trades if t.id == code), None)

    def least(self, relation: Relation, a: str, b: str, a_mm: float = 0.0, b_mm: float = 0.0) -> float | None:
        """Least distance between trades ``a`` and ``b`` of these diameters; None where the rules ask for none."""
        found = [
            rule.least_m
            for rule in (self.horizontal if relation == "horizontal" else self.vertical)
            for (one, mm), (other, _) in (((a, a_mm), (b, b_mm)), ((b, b_mm), (a, a_mm)))
            if rule.trades == (one, other) and mm >= rule.over_mm
        ]
        return max(found, default=None)

    @property
    def reach_m(self) -> float:
        """Largest distance that any rule asks for."""
        return max((rule.least_m for rule in (*self.horizontal, *self.vertical)), default=0.0)


def read_rules(path: Path) -> TradeRules:
    """Trades and distances from their TOML file.

    Raises
    ------
    BadDataError
        Naming file and key when it is no valid definition.
    """
    try:
        rules = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), TradeRules, strict=False)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is not a valid definition: {reason}", hint="Correct the file; the message names the place.",
            path=str(path), reason=str(error),
        ) from error  # fmt: skip
    known = [t.id for t in rules.trades]
    strange = [t for rule in (*rules.horizontal, *rules.vertical) for t in rule.trades if t not in known]
    if strange or len(set(known)) < len(known):
        raise BadDataError(
            "{path} is not a valid definition: {reason}", hint="Correct the file; the message names the place.",
            path=str(path), reason=tr("there is no trade {trade}", trade=strange[0]) if strange else tr("a trade stands twice"),
        )  # fmt: skip
    return rules


# --- the network --------------------------------------------------------------------------------------------------------


class Facility(_Frozen, frozen=True):
    """A valve, manhole, source, exchange or node; ``away_m`` along the network from where a trace began."""

    fid: int
    code: str
    trade: str
    kind: int
    x: float
    y: float
    name: str = ""
    away_m: float | None = None


class Piece(_Frozen, frozen=True):
    """Part of a pipe or cable: from ``from_m`` to ``to_m`` of its ``whole_m``."""

    fid: int
    code: str
    trade: str
    from_m: float
    to_m: float
    whole_m: float

    @property
    def length_m(self) -> float:
        return self.to_m - self.from_m

    @property
    def is_whole(self) -> bool:
        return self.length_m >= self.whole_m - 1e-6


@dataclass(frozen=True, eq=False)
class UtilityNetwork:
    """Pipes cut at their facilities and joints, as a directed graph; each trade is a graph of its own.

    Attributes
    ----------
    places
        ``(nodes, 2) float64`` metres.
    begin, end
        ``(edges,) int32`` nodes in the direction of flow.
    pipe
        ``(edges,) int32`` which of ``fids``, ``codes``, ``trades`` and ``whole_m`` an edge is part of.
    from_m, to_m
        ``(edges,) float64`` where on its pipe it lies.
    facilities, facility_node
        What stands on the network, and at which node ``(facilities,) int32``; -1 beside it.
    """

    layer: str
    places: NDArray[np.float64]
    begin: NDArray[np.int32]
    end: NDArray[np.int32]
    pipe: NDArray[np.int32]
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]
    fids: tuple[int, ...]
    codes: tuple[str, ...]
    trades: tuple[str, ...]
    whole_m: NDArray[np.float64]
    facilities: tuple[Facility, ...]
    facility_node: NDArray[np.int32]
    issues: tuple[Issue, ...] = ()


class Trace(_Frozen, frozen=True):
    """What lies up or down the flow from a pipe, or is connected with it at all.

    Attributes
    ----------
    sources
        Facilities that feed what was found (of a gravity trade: where it runs out); none is told by an issue.
    facilities
        All others on the way, nearest first.
    """

    layer: str
    trade: str
    direction: Direction
    start: Piece
    pieces: tuple[Piece, ...]
    facilities: tuple[Facility, ...]
    sources: tuple[Facility, ...]
    length_m: float
    issues: tuple[Issue, ...] = ()

    @property
    def fids(self) -> tuple[int, ...]:
        """Pipes that are part of it."""
        return tuple(sorted({piece.fid for piece in self.pieces}))


class Isolation(_Frozen, frozen=True):
    """What to shut for a burst, what that empties, and what else then has no supply.

    Attributes
    ----------
    shut
        Valves or breakers to close, nearest first; of a gravity trade the manholes to plug upstream.
    stop
        Sources with nothing to shut before them: they must stop themselves.
    off, lost
        Pipes between what is shut, and pipes beyond it that no source reaches any more. ``lost`` is None where no source is known.
    """

    trade: str
    burst: Piece
    x: float
    y: float
    shut: tuple[Facility, ...]
    stop: tuple[Facility, ...]
    off: tuple[Piece, ...]
    lost: tuple[Piece, ...] | None
    issues: tuple[Issue, ...] = ()


class Touched(_Frozen, frozen=True):
    """A community and how it is touched: ``share`` of its area."""

    code: str
    name: str
    share: float
    people: int | None = None
    households: int | None = None


class Burst(_Frozen, frozen=True):
    """A burst: what to shut, which communities lie within ``distance_m`` of it, and which lose their supply.

    ``near`` counts all that lies within the distance, ``unsupplied`` all within ``served_m`` of pipes without supply.
    """

    isolation: Isolation
    distance_m: float
    served_m: float
    near_communities: tuple[Touched, ...]
    unsupplied_communities: tuple[Touched, ...]
    near: Impact | None = None
    unsupplied: Impact | None = None
    issues: tuple[Issue, ...] = ()


# --- what lies beside what ----------------------------------------------------------------------------------------------


class Buried(_Frozen, frozen=True):
    """A pipe where a section crosses it.

    Attributes
    ----------
    at_m
        From the start of the section.
    depth_m
        As recorded, along the pipe between its ends.
    top_m, bottom_m
        Depths of its outside below ground. None where depth or size is not known.
    width_m, height_m
        Outside of pipe or bank of ducts, square to its run; of a bank it is an estimate.
    angle_deg
        Between pipe and section, 90 where it is crossed squarely.
    ground_m
        Level of the ground above it.
    """

    fid: int
    code: str
    trade: str
    at_m: float
    x: float
    y: float
    diameter_mm: float | None = None
    holes: float | None = None
    depth_m: float | None = None
    top_m: float | None = None
    bottom_m: float | None = None
    width_m: float | None = None
    height_m: float | None = None
    angle_deg: float = 90.0
    ground_m: float | None = None
    is_bank: bool = False

    @property
    def size(self) -> str:
        """As it is called, "" where it is not known."""
        if self.diameter_mm is not None:
            return f"DN{self.diameter_mm:.0f}"
        return "" if self.holes is None else tr("{count} holes", count=f"{self.holes:.0f}")

    @property
    def least_mm(self) -> float:
        """Diameter that rules are looked up by; 0 for what has none."""
        return 0.0 if self.is_bank else self.diameter_mm or 0.0


class Clearance(_Frozen, frozen=True):
    """Clear distance between two pipes, or the cover of one, against what is asked for.

    ``clear_m`` is negative where they overlap, None where depth or size is not known.
    """

    relation: Relation
    fids: tuple[int, ...]
    codes: tuple[str, ...]
    trades: tuple[str, ...]
    least_m: float
    clear_m: float | None
    x: float
    y: float
    at_m: float | None = None

    @property
    def is_met(self) -> bool | None:
        """None where it cannot be told."""
        return None if self.clear_m is None else self.clear_m >= self.least_m - 0.005


class Clearances(_Frozen, frozen=True):
    """Pairs of pipes that are nearer than asked for, or of which that cannot be told; ``checked`` pairs in all."""

    found: tuple[Clearance, ...]
    checked: int
    unknown: int
    rules: str
    source: str
    issues: tuple[Issue, ...] = ()


class Section(_Frozen, frozen=True):
    """The ground cut open between two places.

    Attributes
    ----------
    ground
        ``(at_m, level_m)`` along it, empty where no level is known: then depths are drawn from a flat ground.
    ground_from
        Where the levels come from: ``facility``, ``dem`` or "".
    is_sensitive
        Whether the layer of pipes is not for the public: stamped on drawings.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    length_m: float
    pipes: tuple[Buried, ...]
    ground: tuple[tuple[float, float], ...]
    ground_from: str
    clearances: tuple[Clearance, ...]
    rules: str
    source: str
    crs: str
    is_sample: bool = False
    is_sensitive: bool = False
    issues: tuple[Issue, ...] = ()
