"""Standard map sheets of the open map: found by place or number, written to paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.gate import Audience  # noqa: TC001 - msgspec resolves it at run time

if TYPE_CHECKING:
    from lydigital.domain.sheets import Sheet
    from lydigital.session import Session

SheetScale = Literal[1_000_000, 500_000, 250_000, 100_000, 50_000, 25_000, 10_000, 5_000, 2_000, 1_000, 500]


class FindSheet(Parameters, frozen=True):
    """The standard sheet at ``place`` (longitude, latitude; the middle of the view where left out), with its neighbours."""

    scale: SheetScale = 50_000
    place: tuple[float, float] | None = None


class ExportSheet(Parameters, frozen=True):
    """Write the standard sheet ``number`` (that of ``scale`` in the middle of the view where left out) to ``path``."""

    path: str
    number: str = ""
    scale: SheetScale = 50_000
    title: str = ""
    audience: Audience = "internal"
    dpi: Annotated[int, msgspec.Meta(ge=36, le=1200)] | None = None


def sheet_of(session: Session, scale: int, number: str = "", place: tuple[float, float] | None = None) -> Sheet:
    """The sheet meant.

    Raises
    ------
    UsageError
        For a number that is none, or a place without standard sheets.
    """
    from lydigital.domain import sheets

    if number:
        return sheets.parse(number)
    if place is None:
        place = transformation(Crs(session.document.crs), Crs(CGCS2000)).point(*session.viewport.centre)
    return sheets.at(*place, scale)


def _find(session: Session, given: FindSheet) -> dict[str, Any]:
    sheet = sheet_of(session, given.scale, place=given.place)
    ways = {"north": (0, 1), "east": (1, 0), "south": (0, -1), "west": (-1, 0)}
    near = {name: other.number if (other := sheet.neighbour(*way)) else "" for name, way in ways.items()}
    return {"number": sheet.number, "scale": sheet.scale, "bounds": [round(v, 8) for v in sheet.bounds], "neighbours": near}


def _export(session: Session, given: ExportSheet) -> dict[str, Any]:
    from lydigital.commands import gate
    from lydigital.commands.layout import material_of
    from lydigital.publish import press, standard_sheet

    sheet = sheet_of(session, given.scale, given.number)
    west, south, east, north = sheet.bounds
    home = transformation(Crs(CGCS2000), Crs(session.document.crs)).bounds(sheet.bounds)
    x0, y0, x1, y1 = session.bounds()
    if home[0] > x1 or home[2] < x0 or home[1] > y1 or home[3] < y0:
        raise BadDataError(
            "Sheet {number} lies beyond the map", hint="It reaches from {west}, {south} to {east}, {north}.", number=sheet.number,
            west=f"{west:g}", south=f"{south:g}", east=f"{east:g}", north=f"{north:g}",
        )  # fmt: skip
    layout = standard_sheet.layout_of(sheet, Crs(session.document.crs), given.title)
    _, material, verdict = gate.through(session, layout, material_of(session), given.audience)
    made = standard_sheet.arranged(sheet, material, given.title)
    verdict = gate.finished(verdict, [made])
    files = press.write(Path(given.path).absolute(), [made], dpi=given.dpi)
    gate.keep(verdict, files)
    return {"number": sheet.number, "output": [str(path) for path in files], "scale": made.maps[0].scale, "verdict": gate.values_of(verdict)}


COMMANDS = (
    Command("sheet.find", "Standard map sheet here", _find, FindSheet, icon="map-search-outline"),
    Command("sheet.export", "Export standard map sheet", _export, ExportSheet, icon="map-check-outline"),
)
