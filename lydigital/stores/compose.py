"""A map for a store: its layers in the catalogue's order and look, and a quiet look for what the catalogue lacks."""

from __future__ import annotations

import re
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lydigital import paths
from lydigital.model.document import Group, LayerRef, MapDocument
from lydigital.model.layerdef import FieldDef, FieldType, LayerDef, LayerGeometry
from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Stroke,
    Style,
    Symbolizer,
)
from lydigital.stores import project
from lydigital.stores.opened import describe_grid, is_raster
from lydigital.stores.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.model.layerdef import Catalogue
    from lydigital.stores.store import FieldInfo, LayerInfo

OTHER = "other"  # group of layers the catalogue does not know
_OTHER_GROUP = Group(OTHER, title="其他", title_en="Other", expanded=True)
_PALETTE = (
    "#5b7f9e",
    "#8a7a5c",
    "#6f8f6a",
    "#9a6f7f",
    "#6d7aa3",
    "#a3826a",
    "#5f8f8b",
    "#87749c",
    "#8c8f58",
    "#a06c5c",
)
_ORDER = {
    "raster": 1,
    "polygon": 14,
    "line": 45,
    "point": 80,
    "mixed": 14,
    "none": 0,
}  # beside the catalogue's own numbers
_TYPES = ("text", "integer", "real", "boolean", "date", "datetime")
_NAMES = ("name", "名称", "title", "mc", "标题", "name_zh")


def open_map(argument: str, catalogue: Catalogue) -> tuple[MapDocument, Path | None]:
    """The document behind PROJECT of the command line: ``sample``, a project file (its path too), or a store.

    Raises
    ------
    LydError
        When it is missing, unreadable or of an unknown kind.
    """
    if argument == project.SAMPLE:
        return document_for(
            str(paths.sample_store()), catalogue, title="数字洛阳", grids=_sample_grids(catalogue)
        ), None
    if project.is_project(argument):
        path = Path(argument).absolute().resolve()
        return project.load(path), path
    if "://" not in argument:
        argument = str(Path(argument).absolute().resolve())
    return document_for(argument, catalogue), None


def document_for(
    source: str, catalogue: Catalogue, *, title: str = "", grids: Iterable[LayerRef] = ()
) -> MapDocument:
    """A document of everything in a store: catalogue layers by table name, others in a group of their own."""
    refs = (*refs_of(source, catalogue), *grids)
    return MapDocument(
        title=title or Path(source).stem, store=source, layers=refs, groups=groups_of(refs, catalogue)
    )


def refs_of(source: str, catalogue: Catalogue, taken: Iterable[str] = ()) -> tuple[LayerRef, ...]:
    """Every layer with geometry in ``source``, topmost first, under ids that are not ``taken``.

    Raises
    ------
    LydError
        When the source cannot be opened.
    """
    used = set(taken)
    if is_raster(source):
        title = describe_grid(Path(source)).title
        return (LayerRef(_free_id(title, used | _ids(catalogue)), source, title=title, group=OTHER),)
    placed: list[tuple[int, LayerRef]] = []
    with closing(open_store(source)) as store:
        for layer in store.layers():
            if layer.geometry != "none":
                ref, order = _ref_for(source, layer, catalogue, used)
                used.add(ref.id)
                placed.append((order, ref))
    return tuple(ref for _, ref in sorted(placed, key=lambda p: p[0], reverse=True))


def _ref_for(source: str, layer: LayerInfo, catalogue: Catalogue, used: set[str]) -> tuple[LayerRef, int]:
    """The layer as the catalogue knows it if name and geometry agree, else a new one; and its place in the stack."""
    known = catalogue.layer(layer.name)
    if known is not None and layer.geometry in (known.geometry, "mixed") and layer.name not in used:
        return LayerRef(known.id, source, layer.name, group=known.group, visible=known.visible), known.order
    layer_id = _free_id(layer.name, used | _ids(catalogue))
    return LayerRef(layer_id, source, layer.name, title=layer.title or layer.name, group=OTHER), _ORDER[
        layer.geometry
    ]


def _sample_grids(catalogue: Catalogue) -> tuple[LayerRef, ...]:
    return tuple(
        LayerRef(d.id, str(paths.sample_dir() / d.file), group=d.group, visible=d.visible)
        for d in catalogue.layers if d.file and (paths.sample_dir() / d.file).exists()
    )  # fmt: skip


def _ids(catalogue: Catalogue) -> set[str]:
    return {d.id for d in catalogue.layers}


def groups_of(refs: Iterable[LayerRef], catalogue: Catalogue) -> tuple[Group, ...]:
    """The groups ``refs`` need, in the catalogue's order; layers of unknown groups come last."""
    needed = {ref.group for ref in refs}
    found = [
        Group(g.id, g.title, g.title_en, expanded=g.expanded) for g in catalogue.groups if g.id in needed
    ]
    known = {g.id for g in found}
    return (*found, *([_OTHER_GROUP] if needed - known else []))


def definition_of(ref: LayerRef, layer: LayerInfo | None) -> LayerDef:
    """A definition for a layer the catalogue does not know; without ``layer`` (out of reach) only what the map says."""
    geometry: LayerGeometry = "none"
    fields: tuple[FieldInfo, ...] = ()
    if is_raster(ref.source):
        geometry = "raster"
    elif layer is not None:
        geometry = "polygon" if layer.geometry == "mixed" else layer.geometry
        fields = layer.fields
    name = next((f.name for f in fields if f.name.casefold() in _NAMES), "")
    return LayerDef(
        id=ref.id, title=ref.title or ref.table or ref.id, title_en=ref.title_en, group=ref.group or OTHER,
        geometry=geometry, style=_style(ref.id, geometry, name),
        crs=ref.crs or (layer.crs if layer is not None else ""),
        fields=tuple(FieldDef(f.name, f.title or f.name, type=_type(f.type)) for f in fields),
        title_field=name, source=ref.source, sample=False, order=_ORDER[geometry],
    )  # fmt: skip


def _style(layer_id: str, geometry: LayerGeometry, name_field: str) -> Style:
    color = _PALETTE[zlib.crc32(layer_id.encode()) % len(_PALETTE)]
    labels = None
    symbolizer: Symbolizer
    if geometry == "raster":
        symbolizer = RasterSymbolizer(shade=0.8)
    elif geometry == "polygon":
        symbolizer = PolygonSymbolizer(Fill(color, opacity=0.35), Stroke(color, width_mm=0.2))
        labels = (
            LabelStyle(name_field, placement="area", priority=20, max_scale=50_000) if name_field else None
        )
    elif geometry == "line":
        symbolizer = LineSymbolizer(Stroke(color, width_mm=((5_000, 0.6), (200_000, 0.25))))
        labels = (
            LabelStyle(name_field, placement="line", priority=20, max_scale=25_000) if name_field else None
        )
    elif geometry == "point":
        symbolizer = PointSymbolizer(size_mm=((5_000, 2.4), (500_000, 1.2)), color=color)
        labels = LabelStyle(name_field, priority=20, max_scale=50_000) if name_field else None
    else:
        return Style(rules=())
    return Style(rules=(Rule((symbolizer,)),), labels=labels)


def _type(word: str) -> FieldType:
    return cast("FieldType", word) if word in _TYPES else "text"


def _free_id(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^\w]+", "_", name).strip("_").casefold() or "layer"
    candidate, number = base, 2
    while candidate in taken:
        candidate, number = f"{base}_{number}", number + 1
    return candidate
