"""New items of every kind, sensible from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lydigital.model import layout as model
from lydigital.model.table import FeatureTable
from lydigital.publish.furniture import Box
from lydigital.texts import tr
from lydigital.ui.designer import boxes

if TYPE_CHECKING:
    from lydigital.model.layout import AnyItem
    from lydigital.ui.designer.drawing import Drawing

KINDS: dict[str, tuple[type[Any], tuple[float, float]]] = {
    "map": (model.MapItem, (120, 90)), "text": (model.TextItem, (80, 10)), "legend": (model.LegendItem, (60, 80)),
    "scale_bar": (model.ScaleBarItem, (60, 12)), "north": (model.NorthItem, (10, 16)), "table": (model.TableItem, (110, 60)),
    "chart": (model.ChartItem, (90, 60)), "image": (model.ImageItem, (50, 40)), "qr": (model.QrItem, (24, 24)),
    "shape": (model.ShapeItem, (40, 25)), "stamp": (model.StampItem, (80, 9)),
}  # fmt: skip
_LINE = model.Outline(color="#50555c", width=0.3)


def made(drawing: Drawing, kind: str, box: Box | None, at: tuple[float, float]) -> AnyItem:
    """An item for a box that was drawn, or of the usual size at a place."""
    made_of, (width, height) = KINDS[kind]
    if box is None or (box.width < 2 and box.height < 2):
        page = drawing.layout.pages[drawing.page]
        width, height = min(width, page.width), min(height, page.height)
        x, y = (round(2 * value) / 2 for value in at)
        box = Box(max(0.0, min(x, page.width - width)), max(0.0, min(y, page.height - height)), width, height)
    taken = {i.id for i in drawing.layout.items}
    return made_of(
        id=boxes.free_name(taken, kind), x=boxes.tidy(box.x), y=boxes.tidy(box.y), width=boxes.tidy(max(box.width, boxes.LEAST_MM)),
        height=boxes.tidy(max(box.height, boxes.LEAST_MM)), page=drawing.page, **_content(drawing, kind),
    )  # fmt: skip


def _content(drawing: Drawing, kind: str) -> dict[str, Any]:
    session = drawing.session
    if kind == "map":
        return {"outline": model.Outline(width=0.3)}
    if kind == "text":
        return {"text": tr("Text")}
    if kind == "legend":
        return {"title": "{word.legend}"}
    if kind == "qr":
        return {"text": session.document.title or "lydigital"}
    if kind == "shape":
        return {"outline": _LINE}
    if kind in ("table", "chart"):
        layer = next((i for i, _ in feature_layers(drawing)), "")
        fields = [f for f, _ in fields_of(drawing, layer)]
        if kind == "table":
            return {"layer": layer, "fields": tuple(fields[:4])}
        known = session.definition(layer) if layer else None
        numbers = [f.name for f in known.fields if f.type in ("integer", "real") and not f.domain and not f.codes and not f.name.endswith("code")] if known is not None else []
        category = known.title_field if known is not None and known.title_field in fields else next(iter(fields), "")
        return {"layer": layer, "category": category, "value": next(iter(numbers), "")}
    return {}


def feature_layers(drawing: Drawing) -> list[tuple[str, str]]:
    """Ids and names of layers that have rows, those shown first."""
    session = drawing.session
    document = session.document
    refs = sorted(document.layers, key=lambda ref: not document.is_visible(ref))
    found = [(ref.id, session.definition(ref.id)) for ref in refs]
    return [(layer, known.name) for layer, known in found if known.geometry != "raster"]


def layers(drawing: Drawing) -> list[tuple[str, str]]:
    """Ids and names of all layers, uppermost first."""
    session = drawing.session
    return [(ref.id, session.definition(ref.id).name) for ref in reversed(session.document.layers)]


def fields_of(drawing: Drawing, layer: str) -> list[tuple[str, str]]:
    """Names of the fields of a layer, and what they are called."""
    if not layer or drawing.session.document.layer(layer) is None:
        return []
    known = drawing.session.definition(layer)
    if known.fields:
        return [(f.name, f.alias) for f in known.fields]
    table = drawing.session.table(layer)
    return [(name, name) for name in table.columns.column_names] if isinstance(table, FeatureTable) else []
