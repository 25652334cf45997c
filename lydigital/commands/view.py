"""Where the map is looked at: zoom, places, bookmarks, theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError, UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.document import Bookmark
from lydigital.model.viewport import Viewport
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.session import Session

STEP = 2.0  # one zoom step
Scale = Annotated[float, msgspec.Meta(ge=1, le=1e9)]


class ToScale(Parameters, frozen=True):
    """``scale`` is the denominator: 5000 for 1:5000."""

    scale: Scale


class GoTo(Parameters, frozen=True):
    """``x``, ``y`` in ``crs``: longitude and latitude in degrees unless said otherwise."""

    x: float
    y: float
    crs: str = CGCS2000
    scale: Scale | None = None


class AddBookmark(Parameters, frozen=True):
    """With ``layers`` the bookmark also remembers which layers are visible."""

    title: Annotated[str, msgspec.Meta(min_length=1)]
    layers: bool = False


class NamedBookmark(Parameters, frozen=True):
    """One of the bookmarks of the map."""

    title: str


class Theme(Parameters, frozen=True):
    """Without a theme, change to the other one."""

    theme: Literal["light", "dark"] | None = None


def _zoom_in(session: Session, _parameters: Parameters) -> None:
    session.move(session.viewport.zoomed(STEP))


def _zoom_out(session: Session, _parameters: Parameters) -> None:
    session.move(session.viewport.zoomed(1 / STEP))


def _full(session: Session, _parameters: Parameters) -> None:
    now = session.viewport
    crs = Crs(session.document.crs)
    view = Viewport.of_bounds(session.bounds(), now.width_px, now.height_px, crs, dpi=now.dpi, margin=0.03)
    session.move(view)


def _to_scale(session: Session, parameters: ToScale) -> None:
    session.move(session.viewport.at_scale(parameters.scale))


def place(x: float, y: float, source: str, target: str) -> tuple[float, float]:
    """``x, y`` of system ``source`` in map units of ``target``.

    Raises
    ------
    BadDataError
        When the place has no coordinates there.
    """
    px, py = transformation(Crs(source), Crs(target)).point(x, y)
    if not (abs(px) < 1e9 and abs(py) < 1e9):
        raise BadDataError(
            "{x}, {y} is no place in {crs}", hint="Longitude comes first, then latitude, in degrees.",
            x=x, y=y, crs=source,
        )  # fmt: skip
    return px, py


def _go_to(session: Session, parameters: GoTo) -> None:
    now = session.viewport
    centre = place(parameters.x, parameters.y, parameters.crs, session.document.crs)
    view = Viewport(centre, now.units_per_px, now.width_px, now.height_px, now.crs, now.dpi)
    session.move(view if parameters.scale is None else view.at_scale(parameters.scale))


def _back(session: Session, _parameters: Parameters) -> None:
    session.go_back()


def _forward(session: Session, _parameters: Parameters) -> None:
    session.go_forward()


def _no_back(session: Session) -> str | None:
    return None if session.history.trail.can_go_back else tr("There is no earlier view")


def _no_forward(session: Session) -> str | None:
    return None if session.history.trail.can_go_forward else tr("There is no later view")


def _add_bookmark(session: Session, parameters: AddBookmark) -> ChangeSet:
    document = session.document
    visible = tuple(ref.id for ref in document.layers if ref.visible) if parameters.layers else None
    made = Bookmark(parameters.title, session.viewport.centre, session.viewport.scale, visible)
    kept = tuple(b for b in document.bookmarks if b.title != made.title)
    return ChangeSet(
        "Add bookmark {title}",
        (Delta("document/bookmarks", document.bookmarks, (*kept, made)),),
        values={"title": made.title},
    )


def _find(session: Session, title: str) -> Bookmark:
    found = next((b for b in session.document.bookmarks if b.title == title), None)
    if found is None:
        known = ", ".join(b.title for b in session.document.bookmarks) or "-"
        raise UsageError(
            "There is no bookmark {title}", hint="The bookmarks are: {known}", title=title, known=known[:400]
        )
    return found


def _remove_bookmark(session: Session, parameters: NamedBookmark) -> ChangeSet:
    gone = _find(session, parameters.title)
    bookmarks = session.document.bookmarks
    kept = tuple(b for b in bookmarks if b is not gone)
    return ChangeSet(
        "Remove bookmark {title}",
        (Delta("document/bookmarks", bookmarks, kept),),
        values={"title": gone.title},
    )


def _go_bookmark(session: Session, parameters: NamedBookmark) -> ChangeSet | None:
    mark = _find(session, parameters.title)
    now = session.viewport
    view = Viewport(mark.centre, 1.0, now.width_px, now.height_px, now.crs, now.dpi)
    session.move(view.at_scale(mark.scale))
    if mark.visible is None:
        return None
    deltas = tuple(
        Delta(f"layer/{ref.id}/visible", ref.visible, ref.id in mark.visible)
        for ref in session.document.layers if ref.visible != (ref.id in mark.visible)
    )  # fmt: skip
    return ChangeSet("Show the layers of bookmark {title}", deltas, values={"title": mark.title})


def _no_bookmarks(session: Session) -> str | None:
    return (
        None if session.document.bookmarks else tr("There are no bookmarks yet; add one for this view first")
    )


def _theme(session: Session, parameters: Theme) -> ChangeSet:
    old = session.document.theme
    new = parameters.theme or ("dark" if old == "light" else "light")
    return ChangeSet("Change the theme", (Delta("document/theme", old, new),) if old != new else ())


COMMANDS = (
    Command("view.zoom_in", "Zoom in", _zoom_in, shortcut="Ctrl++", menu="view", icon="plus"),
    Command("view.zoom_out", "Zoom out", _zoom_out, shortcut="Ctrl+-", menu="view", icon="minus"),
    Command("view.full", "Whole map", _full, shortcut="Ctrl+0", menu="view", icon="arrow-expand-all"),
    Command("view.to_scale", "Go to scale", _to_scale, ToScale, menu="view", icon="magnify-scan"),
    Command("view.go_to", "Go to coordinates", _go_to, GoTo, menu="view", icon="crosshairs-gps"),
    Command("view.back", "Earlier view", _back, disabled=_no_back, shortcut="Alt+Left", menu="view", icon="arrow-left"),
    Command(
        "view.forward", "Later view", _forward, disabled=_no_forward, shortcut="Alt+Right", menu="view",
        icon="arrow-right",
    ),
    Command(
        "view.bookmark_add", "Add bookmark", _add_bookmark, AddBookmark, shortcut="Ctrl+D", menu="view",
        icon="bookmark-plus-outline",
    ),
    Command(
        "view.bookmark_go", "Go to bookmark", _go_bookmark, NamedBookmark, disabled=_no_bookmarks, menu="view",
        icon="bookmark-outline",
    ),
    Command(
        "view.bookmark_remove", "Remove bookmark", _remove_bookmark, NamedBookmark, disabled=_no_bookmarks, menu="view",
        icon="bookmark-remove-outline",
    ),
    Command("view.theme", "Light or dark map", _theme, Theme, menu="view", icon="theme-light-dark"),
)  # fmt: skip
