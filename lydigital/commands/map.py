"""The map as a picture or a page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from lydigital.commands.file import issue_values
from lydigital.commands.layer import find
from lydigital.commands.registry import Command, Parameters
from lydigital.commands.view import place
from lydigital.errors import StoreUnavailableError, UsageError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.frame import Frame
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.render.drawlist import Fonts, SceneLayer
    from lydigital.session import Session

MAX_PIXELS = 200_000_000
_NAMED_MISSING = 200  # labels without a place that are listed one by one
Pixels = Annotated[int, msgspec.Meta(ge=16, le=30_000)]


class Render(Parameters, frozen=True):
    """Draw the map into a file: ``.png`` or ``.pdf``.

    ``bounds`` are in ``crs`` (the map's own where left out), ``centre`` is longitude and latitude in degrees and goes
    with ``scale``; without either, the whole map. ``layers`` are drawn instead of the visible ones.
    """

    path: str
    width: Pixels = 1920
    height: Pixels = 1080
    bounds: tuple[float, float, float, float] | None = None
    crs: str = ""
    centre: tuple[float, float] | None = None
    scale: Annotated[float, msgspec.Meta(ge=1, le=1e9)] | None = None
    layers: tuple[str, ...] | None = None
    labels: bool = True


def _render(session: Session, parameters: Render) -> dict[str, Any]:
    path = Path(parameters.path).absolute()
    kind = path.suffix.casefold()
    if kind not in (".png", ".pdf"):
        raise UsageError(
            "{path} has no ending that says what to write",
            hint="End the name in .png or .pdf.",
            path=parameters.path,
        )
    viewport = view_of(session, parameters)
    layer_ids = None
    if parameters.layers is not None:
        layer_ids = tuple(find(session, layer).id for layer in parameters.layers)
    start = time.perf_counter()
    scene = session.scene(viewport.scale if kind == ".png" else None, layer_ids=layer_ids)
    if not scene and session.issues:
        first = session.issues[0]
        raise StoreUnavailableError(
            "Nothing can be drawn: {reason}", hint="Correct the sources of the layers; lydigital info lists them.",
            reason=tr(first.message, **first.values),
        )  # fmt: skip
    session.progressed.emit(tr("Drawing"), 0.9)
    if kind == ".pdf":
        written = _write_sheet(session, path, parameters, viewport, layer_ids)
    else:
        written = _write_picture(path, scene, viewport, labels=parameters.labels)
    session.progressed.emit(tr("Done"), 1.0)
    issues = [issue_values(issue) for issue in session.issues]
    return {
        "output": str(path), "crs": session.document.crs, "issues": issues, **written, "layers": [layer.id for layer in scene], "seconds": round(time.perf_counter() - start, 3),
    }  # fmt: skip


def view_of(session: Session, parameters: Render) -> Viewport:
    """The picture's window on the map.

    Raises
    ------
    UsageError
        When the parameters contradict each other or the picture is too large.
    """
    if parameters.width * parameters.height > MAX_PIXELS:
        raise UsageError(
            "{width} × {height} pixels are too many", hint="Up to {most} million pixels are drawn at once.",
            width=parameters.width, height=parameters.height, most=MAX_PIXELS // 1_000_000,
        )  # fmt: skip
    if (parameters.centre is None) != (parameters.scale is None):
        raise UsageError("Centre and scale go together", hint="Name both, or neither for the whole map.")
    if parameters.bounds is not None and parameters.centre is not None:
        raise UsageError("Bounds and centre contradict each other", hint="Name one of the two.")
    if parameters.crs and parameters.bounds is None:
        raise UsageError(
            "The system is that of the bounds, which are missing", hint="Name the bounds as well."
        )
    crs = Crs(session.document.crs)
    size = parameters.width, parameters.height
    if parameters.centre is not None and parameters.scale is not None:
        centre = place(*parameters.centre, CGCS2000, crs.definition)
        return Viewport(centre, 1.0, *size, crs).at_scale(parameters.scale)
    if parameters.bounds is None:
        return Viewport.of_bounds(session.bounds(), *size, crs, margin=0.03)
    x0, y0, x1, y1 = parameters.bounds
    if not (x0 < x1 and y0 < y1):
        raise UsageError("These bounds hold nothing", hint="Write them as west,south,east,north.")
    source = Crs(parameters.crs) if parameters.crs else crs
    place(x0, y0, source.definition, crs.definition)
    place(x1, y1, source.definition, crs.definition)
    return Viewport.of_bounds(transformation(source, crs).bounds(parameters.bounds), *size, crs)


def _write_picture(
    path: Path, scene: tuple[SceneLayer, ...], viewport: Viewport, *, labels: bool
) -> dict[str, Any]:
    from lydigital.publish import image
    from lydigital.render import drawlist, raster

    fonts = _fonts(needed=labels)
    drawn = drawlist.build(scene, viewport, fonts if labels else None)
    frame = raster.draw(drawn, fonts=fonts)
    image.write_png(path, frame.pixels[:, :, :3], viewport.dpi)
    fids = {la.id: la.data.fid for la in scene if isinstance(la.data, FeatureTable)}
    return {
        "width": viewport.width_px,
        "height": viewport.height_px,
        "bounds": [round(v, 3) for v in viewport.bounds],
        "scale": round(viewport.scale),
        "labels": len(drawn.labels),
        "unplaced_labels": drawn.unplaced,
        "missing_labels": [
            {"layer": m.layer, "fid": int(fids[m.layer][m.row]), "text": m.text} for m in drawn.missing[:_NAMED_MISSING]
        ],
    }


def _fonts(*, needed: bool) -> Fonts | None:
    """Text and icons of this machine; without Qt none, which a picture without labels can do with."""
    try:
        from lydigital.render.painter.fonts import QtFonts

        return QtFonts()
    except ImportError:
        if needed:
            raise StoreUnavailableError(
                "Labels need PySide6, which is not installed",
                hint="Install it, or draw without labels (--no-labels).",
            ) from None
        return None


def _write_sheet(session: Session, path: Path, given: Render, viewport: Viewport, layers: tuple[str, ...] | None) -> dict[str, Any]:
    """Write an A4 sheet as a paper frame makes it; it stands upright where the view does."""
    from lydigital.commands import layout
    from lydigital.publish.frame import of_material

    frame = Frame(portrait=viewport.height_px > viewport.width_px)
    main: dict[str, Any] = {"layers": layers, "labels": given.labels, "follows": "home"}
    if given.scale is not None:
        main |= {"centre": viewport.centre, "scale": given.scale}
    elif given.bounds is not None:
        main["bounds"] = viewport.bounds
    written = layout.export(session, of_material(frame, layout.material_of(session), **main), str(path))
    return {**written, "output": str(path), "bounds": [round(v, 3) for v in viewport.bounds], "scale": written["scales"]["main"]}


COMMANDS = (
    Command(
        "map.render",
        "Map as a picture",
        _render,
        Render,
        shortcut="Ctrl+P",
        menu="file",
        icon="image-outline",
    ),
)
