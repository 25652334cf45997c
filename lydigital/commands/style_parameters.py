"""What the commands of thematic maps take."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from lydigital.commands.registry import Parameters
from lydigital.domain import classes
from lydigital.model.style import Blend, Method  # noqa: TC001 - msgspec resolves them at run time

Share01 = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1, le=classes.MOST)]
Color = Annotated[str, msgspec.Meta(pattern=r"^(#[0-9a-fA-F]{6})?$")]
_MOST_CATEGORIES = 40


class Single(Parameters, frozen=True):
    """One look for all features."""

    layer: str
    color: Color = ""


class Categorize(Parameters, frozen=True):
    """A colour for each value of ``field``, the most frequent ``limit`` of them."""

    layer: str
    field: str
    ramp: str = "clear"
    limit: Annotated[int, msgspec.Meta(ge=1, le=_MOST_CATEGORIES)] = 12


class Graduate(Parameters, frozen=True):
    """Classes of ``field``, divided by ``divide_by`` (a field, or ``@area_km2``) and multiplied by ``per``.

    ``breaks`` are the limits of the method ``manual``, which has equal steps without them.
    """

    layer: str
    field: str
    divide_by: str = ""
    per: Positive = 1.0
    method: Method = "quantile"
    classes: Count = 5
    ramp: str = "teal"
    reverse: bool = False
    by: Literal["color", "size"] = "color"
    breaks: tuple[float, ...] = ()


class Breaks(Parameters, frozen=True):
    """Move the limits of a graduated style by hand."""

    layer: str
    breaks: tuple[float, ...]


class Proportional(Parameters, frozen=True):
    """Marks as large as ``field`` says; the largest value has ``size_mm``."""

    layer: str
    field: str
    divide_by: str = ""
    per: Positive = 1.0
    size_mm: Positive = 12.0
    shape: Literal["circle", "square", "diamond", "triangle", "hexagon"] = "circle"
    color: Color = "#c2334d"
    flannery: bool = False


class Chart(Parameters, frozen=True):
    """Pies, rings or bars of some ``fields``; ``sized`` pies grow with their sum."""

    layer: str
    fields: tuple[str, ...]
    shape: Literal["pie", "ring", "bar"] = "pie"
    size_mm: Positive = 10.0
    sized: bool = True


class Dots(Parameters, frozen=True):
    """One dot for every ``value`` of each of ``fields``; without a value, one that gives some ten thousand dots."""

    layer: str
    fields: tuple[str, ...]
    value: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    size_mm: Positive = 0.6


class Heat(Parameters, frozen=True):
    """Density of points, or of ``field`` summed, over ``radius_mm`` on the screen or ``radius_m`` on the ground."""

    layer: str
    field: str = ""
    radius_mm: Positive = 6.0
    radius_m: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    ramp: str = "ember"
    reverse: bool = False


class Cluster(Parameters, frozen=True):
    """Near points as one badge with their number."""

    layer: str
    radius_mm: Positive = 12.0
    color: Color = "#0f766e"


class Bivariate(Parameters, frozen=True):
    """Two numbers at once, ``classes`` of each."""

    layer: str
    field: str
    second: str
    divide_by: str = ""
    per: Positive = 1.0
    method: Method = "quantile"
    classes: Annotated[int, msgspec.Meta(ge=2, le=4)] = 3
    ramp: str = "bivariate_teal_peony"


class Adjust(Parameters, frozen=True):
    """Change some of the look and leave the rest: only what is given."""

    layer: str
    opacity: Share01 | None = None
    blend: Blend | None = None
    size_mm: Positive | None = None
    radius_mm: Positive | None = None
    radius_m: Annotated[float, msgspec.Meta(ge=0)] | None = None
    value: Positive | None = None
    maximum: Annotated[float, msgspec.Meta(ge=0)] | None = None
    inner_mm: Annotated[float, msgspec.Meta(ge=0)] | None = None
    rotation_field: str | None = None


class Labels(Parameters, frozen=True):
    """Name features by ``field``; without one, no labels."""

    layer: str
    field: str = ""
    size_pt: Positive = 8.0


class OneLayer(Parameters, frozen=True):
    """``layer`` is an id or title."""

    layer: str
