"""The paper frame on the map: set, shown, written in two clicks, taken further as a layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from lydigital.commands import layout as layouts
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.frame import Frame
from lydigital.model.gate import Audience  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.layout import Layout, Page
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from lydigital.session import Session

ID = "frame"


class SetFrame(Parameters, frozen=True):
    """Change the paper frame of the map: ``changes`` are fields of ``model.frame.Frame``; the others stay, or are the usual ones where ``anew``.

    ``centre`` and ``scale`` None let the map follow the view.
    """

    changes: dict[str, Any] = {}  # noqa: RUF012 - msgspec copies it
    anew: bool = False


class ShowFrame(Parameters, frozen=True):
    """Where the paper frame stands, with ``changes`` that are not kept."""

    changes: dict[str, Any] = {}  # noqa: RUF012 - msgspec copies it


class ExportFrame(Parameters, frozen=True):
    """Write the sheet of the paper frame to ``path``: its ending names the format. ``changes`` are for this once, ``pdf_a`` is for archives."""

    path: str
    changes: dict[str, Any] = {}  # noqa: RUF012 - msgspec copies it
    dpi: Annotated[int, msgspec.Meta(ge=36, le=1200)] | None = None
    values: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    audience: Audience = "internal"
    pdf_a: bool = False


class KeepFrame(Parameters, frozen=True):
    """Make a layout for the designer out of the paper frame."""

    title: str = ""


def frame_of(session: Session, changes: dict[str, Any] | None = None, *, anew: bool = False) -> Frame:
    """The frame remembered in the map, or the usual one, with some fields changed.

    Raises
    ------
    UsageError
        For a field there is not, or a value that is none.
    """
    kept = session.document.layout(ID)
    frame = kept.frame if kept is not None and kept.frame is not None and not anew else Frame()
    try:
        return msgspec.convert({**msgspec.to_builtins(frame), **(changes or {})}, Frame)
    except msgspec.ValidationError as error:
        raise UsageError(
            "The paper frame cannot be like that: {reason}", hint="Its fields are: {known}.", reason=str(error), known=", ".join(Frame.__struct_fields__)
        ) from None


def _set(session: Session, given: SetFrame) -> ChangeSet:
    old = session.document.layout(ID)
    frame = frame_of(session, given.changes, anew=given.anew)
    width, height = frame.size_mm
    page = Page(width=width, height=height)
    if old is None or old.frame is None:
        return ChangeSet("Paper frame", (Delta(f"layout/{ID}", old, Layout(ID, tr("Paper frame"), pages=(page,), frame=frame)),))
    deltas = [Delta(f"layout/{ID}/{name}", was, now) for name, was, now in (("frame", old.frame, frame), ("pages", old.pages, (page,))) if was != now]
    return ChangeSet("Paper frame", tuple(deltas))


def _show(session: Session, given: ShowFrame) -> dict[str, Any]:
    """Paper in mm; ``map`` (x, y, width, height) on it; ``corners`` of map and ``paper_corners`` on the ground, from the upper left clockwise."""
    from lydigital.publish import arrange, turning
    from lydigital.publish.frame import of_material

    frame = frame_of(session, given.changes)
    material = layouts.material_of(session)
    main = of_material(frame, material).main_map
    assert main is not None
    view = arrange.window(main, material)
    ground = arrange.ground_metres(view.bounds, view.crs)
    width, height = frame.size_mm
    x, y = main.x + main.width / 2, main.y + main.height / 2
    units = view.units_per_px * arrange.REFERENCE_DPI / MM_PER_INCH

    def corners(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
        around = ((left - x, top - y), (right - x, top - y), (right - x, bottom - y), (left - x, bottom - y))
        return [list(turning.place(view.centre, dx * units, -dy * units, frame.turn)) for dx, dy in around]

    return {
        "frame": msgspec.to_builtins(msgspec.structs.replace(frame)), "kept": session.document.layout(ID) is not None, "paper": [width, height],
        "map": [main.x, main.y, main.width, main.height], "centre": list(view.centre), "scale": round(units * ground * 1000), "turn": frame.turn,
        "units_per_mm": units, "corners": corners(main.x, main.y, main.x + main.width, main.y + main.height),
        "paper_corners": corners(0, 0, width, height),
    }  # fmt: skip


def _export(session: Session, given: ExportFrame) -> dict[str, Any]:
    layout = layouts.framed(session, frame_of(session, given.changes))
    return layouts.export(session, layout, given.path, dpi=given.dpi, values=given.values, audience=given.audience, pdf_a=given.pdf_a)


def _keep(session: Session, given: KeepFrame) -> ChangeSet:
    made = layouts.framed(session, frame_of(session))
    new = layouts.free_id(session, "sheet")
    made = msgspec.structs.replace(made, id=new, title=given.title or made.values.get("title", "") or session.document.title or tr("Map sheet"), frame=None)
    return ChangeSet("New layout {layout}", (Delta(f"layout/{new}", None, made),), values={"layout": made.name})


COMMANDS = (
    Command("frame.set", "Set the paper frame", _set, SetFrame, icon="crop-free", merges=True),
    Command("frame.show", "Where the paper frame stands", _show, ShowFrame, icon="crop-free"),
    Command("frame.export", "Export the paper frame", _export, ExportFrame, icon="file-export-outline"),
    Command("frame.keep", "Take the paper frame into the designer", _keep, KeepFrame, icon="page-layout-body"),
)
