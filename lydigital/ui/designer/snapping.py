"""Where something that is moved comes to rest: guides, the page and its middle, the edges and middles of other things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lydigital.ui.designer.boxes import outer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from lydigital.model.layout import Layout
    from lydigital.publish.furniture import Box


@dataclass(frozen=True)
class Lines:
    """Places along x and along y, mm."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]


@dataclass(frozen=True)
class Snap:
    """How far to move it further, and the lines it lies on then."""

    dx: float = 0.0
    dy: float = 0.0
    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()


def lines(layout: Layout, page: int, but: Collection[str] = ()) -> Lines:
    """What there is to lie on; ``but`` are ids of what is moved."""
    sheet = layout.pages[page]
    xs, ys = [0.0, sheet.width / 2, sheet.width], [0.0, sheet.height / 2, sheet.height]
    for axis, place in layout.guides:
        (xs if axis == "x" else ys).append(place)
    for item in layout.items:
        if item.page == page and item.visible and item.id not in but:
            box = outer((item,))
            xs += (box.x, box.x + box.width / 2, box.right)
            ys += (box.y, box.y + box.height / 2, box.bottom)
    return Lines(tuple(xs), tuple(ys))


def _nearest(places: Iterable[float], known: Sequence[float], reach: float) -> float | None:
    found = min(((abs(line - place), line - place) for place in places for line in known), default=(reach, 0.0))
    return found[1] if found[0] < reach else None


def _met(places: Iterable[float], known: Iterable[float]) -> tuple[float, ...]:
    places = tuple(places)
    return tuple(sorted({line for line in known if any(abs(line - place) < 0.01 for place in places)}))


def snap_box(box: Box, known: Lines, reach: float) -> Snap:
    """A box that is moved: its edges and its middle come to rest within ``reach`` mm."""
    xs, ys = (box.x, box.x + box.width / 2, box.right), (box.y, box.y + box.height / 2, box.bottom)
    dx, dy = _nearest(xs, known.xs, reach), _nearest(ys, known.ys, reach)
    return Snap(
        dx or 0.0, dy or 0.0,
        () if dx is None else _met((x + dx for x in xs), known.xs), () if dy is None else _met((y + dy for y in ys), known.ys),
    )  # fmt: skip


def snap_point(x: float | None, y: float | None, known: Lines, reach: float) -> Snap:
    """An edge or corner that is pulled; None for what does not move."""
    dx = None if x is None else _nearest((x,), known.xs, reach)
    dy = None if y is None else _nearest((y,), known.ys, reach)
    return Snap(
        dx or 0.0, dy or 0.0,
        () if dx is None or x is None else _met((x + dx,), known.xs), () if dy is None or y is None else _met((y + dy,), known.ys),
    )  # fmt: skip
