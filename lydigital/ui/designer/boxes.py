"""Items of a page moved, resized, lined up, copied: values in, values out, no widgets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import msgspec

from lydigital.model.layout import MapItem
from lydigital.publish.furniture import Box

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from lydigital.model.layout import AnyItem, Layout

LEAST_MM = 1.0
HANDLES = {"nw": (-1, -1), "n": (0, -1), "ne": (1, -1), "e": (1, 0), "se": (1, 1), "s": (0, 1), "sw": (-1, 1), "w": (-1, 0)}
_REFERENCES = ("map", "within", "shows")  # fields that hold the id of a map item
_T = TypeVar("_T", bound="AnyItem")


def tidy(value: float) -> float:
    """Hundredths of a millimetre are enough, and no ``-0.0``."""
    return round(value, 2) + 0.0


def turned(dx: float, dy: float, degrees: float) -> tuple[float, float]:
    """A vector turned clockwise on a page, where y runs down."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return dx * c - dy * s, dx * s + dy * c


def middle(item: AnyItem) -> tuple[float, float]:
    return item.x + item.width / 2, item.y + item.height / 2


def corners(item: AnyItem) -> list[tuple[float, float]]:
    """From the upper left one clockwise, turned with the item."""
    x, y = middle(item)
    arms = [turned(h * item.width / 2, v * item.height / 2, item.rotation) for h, v in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return [(x + dx, y + dy) for dx, dy in arms]


def outer(items: Iterable[AnyItem]) -> Box:
    """The upright rectangle around ``items``."""
    points = [point for item in items for point in corners(item)]
    x0, y0 = (min(p[i] for p in points) for i in (0, 1))
    x1, y1 = (max(p[i] for p in points) for i in (0, 1))
    return Box(x0, y0, x1 - x0, y1 - y0)


def holds(item: AnyItem, x: float, y: float, slack: float = 0.0) -> bool:
    """Whether a place of the page is on the item."""
    cx, cy = middle(item)
    dx, dy = turned(x - cx, y - cy, -item.rotation)
    return abs(dx) <= item.width / 2 + slack and abs(dy) <= item.height / 2 + slack


def at(item: _T, x: float, y: float, width: float | None = None, height: float | None = None) -> _T:
    """The item with another upper left corner, and size."""
    return msgspec.structs.replace(
        item, x=tidy(x), y=tidy(y), width=tidy(item.width if width is None else width), height=tidy(item.height if height is None else height)
    )


def moved(items: Iterable[AnyItem], dx: float, dy: float) -> list[AnyItem]:
    return [at(item, item.x + dx, item.y + dy) for item in items]


def scaled(items: Iterable[AnyItem], old: Box, new: Box) -> list[AnyItem]:
    """All of them as ``old`` is stretched to ``new``."""
    sx, sy = new.width / max(old.width, 1e-9), new.height / max(old.height, 1e-9)
    return [
        at(item, new.x + (item.x - old.x) * sx, new.y + (item.y - old.y) * sy, item.width * sx, item.height * sy)
        for item in items
    ]  # fmt: skip


def stretched(box: Box, handle: str, dx: float, dy: float, *, keep_ratio: bool = False, least: float = LEAST_MM) -> Box:
    """A box after one of its :data:`HANDLES` was pulled; the side opposite stays."""
    h, v = HANDLES[handle]
    width = max(box.width + h * dx, least if box.width else 0.0) if h else box.width
    height = max(box.height + v * dy, least if box.height else 0.0) if v else box.height
    if keep_ratio and box.width and box.height:
        grow = max(width / box.width if h else 0.0, height / box.height if v else 0.0)
        width, height = box.width * grow, box.height * grow
    return Box(box.right - width if h < 0 else box.x, box.bottom - height if v < 0 else box.y, width, height)


def resized(item: _T, handle: str, dx: float, dy: float, *, keep_ratio: bool = False) -> _T:
    """One item pulled by a handle; ``dx, dy`` are along the page, the corner opposite stays where the item is turned too."""
    if item.rotation:
        dx, dy = turned(dx, dy, -item.rotation)
    box = Box(item.x, item.y, item.width, item.height)
    new = stretched(box, handle, dx, dy, keep_ratio=keep_ratio)
    if not item.rotation:
        return at(item, new.x, new.y, new.width, new.height)
    sx, sy = new.x + new.width / 2 - (box.x + box.width / 2), new.y + new.height / 2 - (box.y + box.height / 2)
    sx, sy = turned(sx, sy, item.rotation)
    cx, cy = middle(item)
    return at(item, cx + sx - new.width / 2, cy + sy - new.height / 2, new.width, new.height)


# --- several of them ----------------------------------------------------------------------------------------------------


def units(items: Sequence[AnyItem]) -> list[list[AnyItem]]:
    """Items that keep together: those of a group, others alone."""
    found: dict[str, list[AnyItem]] = {}
    for item in items:
        found.setdefault(f"g {item.group}" if item.group else f"i {item.id}", []).append(item)
    return list(found.values())


def aligned(items: Sequence[AnyItem], how: str, room: Box | None = None) -> list[AnyItem]:
    """Lined up at ``left centre right top middle bottom`` of what they take up, or of ``room``."""
    parts = units(items)
    room = room or outer(items)
    out: list[AnyItem] = []
    for part in parts:
        box = outer(part)
        dx = {"left": room.x - box.x, "centre": room.x + room.width / 2 - box.x - box.width / 2, "right": room.right - box.right}.get(how, 0.0)
        dy = {"top": room.y - box.y, "middle": room.y + room.height / 2 - box.y - box.height / 2, "bottom": room.bottom - box.bottom}.get(how, 0.0)
        out += moved(part, dx, dy)
    return out


def distributed(items: Sequence[AnyItem], axis: str) -> list[AnyItem]:
    """The same gap between each two along ``x`` or ``y``; the outermost stay."""
    parts = units(items)
    if len(parts) < 3:
        return list(items)
    start, size = ("x", "width") if axis == "x" else ("y", "height")
    boxes = sorted(((outer(part), part) for part in parts), key=lambda pair: getattr(pair[0], start))
    first, last = boxes[0][0], max((box for box, _ in boxes), key=lambda box: getattr(box, start) + getattr(box, size))
    span = getattr(last, start) + getattr(last, size) - getattr(first, start)
    gap = (span - sum(getattr(box, size) for box, _ in boxes)) / (len(boxes) - 1)
    out, here = [], getattr(first, start)
    for box, part in boxes:
        by = here - getattr(box, start)
        out += moved(part, by if axis == "x" else 0.0, by if axis == "y" else 0.0)
        here += getattr(box, size) + gap
    return out


def evened(items: Sequence[AnyItem], side: str) -> list[AnyItem]:
    """All as wide, or as high, as the first."""
    size = getattr(items[0], side)
    return [msgspec.structs.replace(item, **{side: size}) for item in items]


# --- all of a layout ----------------------------------------------------------------------------------------------------


def swapped(layout: Layout, new: Iterable[AnyItem]) -> tuple[AnyItem, ...]:
    """The items of a layout with ``new`` in place of those of the same ids."""
    by_id = {item.id: item for item in new}
    return tuple(by_id.get(item.id, item) for item in layout.items)


def ordered(items: Sequence[AnyItem], ids: Collection[str], how: str) -> tuple[AnyItem, ...]:
    """Moved to the ``front`` or ``back``, or one step ``forward`` or ``backward``."""
    chosen, rest = [i for i in items if i.id in ids], [i for i in items if i.id not in ids]
    if how == "front":
        return (*rest, *chosen)
    if how == "back":
        return (*chosen, *rest)
    out = list(items)
    run = range(len(out) - 2, -1, -1) if how == "forward" else range(1, len(out))
    step = 1 if how == "forward" else -1
    for i in run:
        if out[i].id in ids and out[i + step].id not in ids:
            out[i], out[i + step] = out[i + step], out[i]
    return tuple(out)


def placed_before(items: Sequence[AnyItem], item_id: str, above: str | None) -> tuple[AnyItem, ...]:
    """One item put right above the item ``above``, or below all."""
    (one,) = [i for i in items if i.id == item_id]
    rest = [i for i in items if i.id != item_id]
    at_ = 0 if above is None else next(n for n, i in enumerate(rest) if i.id == above) + 1
    return (*rest[:at_], one, *rest[at_:])


def free_name(taken: Collection[str], stem: str) -> str:
    """``stem`` or the first of ``stem2``, ``stem3`` … that is free."""
    if stem not in taken:
        return stem
    stem = stem.rstrip("0123456789") or stem
    return next(name for n in range(2, len(taken) + 3) if (name := f"{stem}{n}") not in taken)


def copies(layout: Layout, items: Sequence[AnyItem], page: int, dx: float, dy: float) -> list[AnyItem]:
    """Items once more with ids of their own; what belongs to a map that is copied too belongs to its copy."""
    taken, ids = {i.id for i in layout.items}, {}
    for item in items:
        ids[item.id] = free_name(taken, item.id)
        taken.add(ids[item.id])
    groups: dict[str, str] = {}
    known = {i.group for i in layout.items if i.group}
    for name in dict.fromkeys(i.group for i in items if i.group):
        groups[name] = free_name(known, name)
        known.add(groups[name])
    there = {i.id for i in layout.items}
    out = []
    for item in items:
        fields: dict[str, object] = {"id": ids[item.id], "page": page, "group": groups.get(item.group, ""), "locked": False}
        for name in _REFERENCES:
            wanted = getattr(item, name, "")
            if wanted:
                fields[name] = ids.get(wanted, wanted if wanted in there else "")
        out.append(msgspec.structs.replace(item, x=tidy(item.x + dx), y=tidy(item.y + dy), **fields))
    return out


def without(layout: Layout, ids: Collection[str]) -> tuple[AnyItem, ...]:
    """What stays when some are removed; what belonged to a removed map belongs to the main one."""
    gone = {i.id for i in layout.items if i.id in ids and isinstance(i, MapItem)}
    out = []
    for item in layout.items:
        if item.id in ids:
            continue
        lost = {name: "" for name in _REFERENCES if getattr(item, name, "") in gone}
        out.append(msgspec.structs.replace(item, **lost) if lost else item)
    return tuple(out)


def with_group(layout: Layout, ids: Collection[str]) -> set[str]:
    """``ids`` and all of their groups."""
    groups = {i.group for i in layout.items if i.id in ids and i.group}
    return {i.id for i in layout.items if i.id in ids or i.group in groups}


def differs(first: Mapping[str, AnyItem], item: AnyItem) -> bool:
    """Whether an item stands elsewhere than in ``first``."""
    old = first.get(item.id)
    return old is None or (old.x, old.y, old.width, old.height, old.rotation, old.page) != (item.x, item.y, item.width, item.height, item.rotation, item.page)
