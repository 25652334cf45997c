"""Features and attributes of a layer as a web map carries them: few bytes, personal values never among them.

Numbers are written as in MVT and FlatGeobuf: differences, zigzag, seven bits a byte, here in Base64 (``ints``).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.kernels import simplify
from lydigital.model import columns
from lydigital.model.crs import transformation
from lydigital.model.geometry import GeometryKind
from lydigital.model.style import PointSymbolizer, size_at
from lydigital.publish.webpictures import DEGREES
from lydigital.render import classify, thematic
from lydigital.texts import tr
from lydigital.units import SCREEN_DPI, mm_to_px

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.model.layerdef import FieldDef, LayerDef
    from lydigital.model.table import FeatureTable
    from lydigital.render.drawlist import SceneLayer

_KINDS = {GeometryKind.POINT: "point", GeometryKind.LINE: "line", GeometryKind.POLYGON: "polygon"}
_FINE_M = 2.0  # below that tolerance places are told to a decimetre, else to a metre
_ANY_SCALE = 100_000.0  # the share of the full size does not follow the scale
_NAMES = ("name", "title", "名称")


def ints(values: NDArray[np.int64] | Sequence[int]) -> str:
    """Whole numbers of 32 bits as text."""
    v = np.asarray(values, np.int64)
    u = np.where(v < 0, -2 * v - 1, 2 * v).astype(np.uint64)
    size = np.ones(len(u), np.int64)
    for bits in (7, 14, 21, 28):
        size += u >= (1 << bits)
    ends = np.cumsum(size)
    out = np.zeros(int(ends[-1]) if len(ends) else 0, np.uint8)
    for k in range(5):
        own = size > k
        more = np.where(size[own] > k + 1, 0x80, 0)
        out[(ends - size)[own] + k] = ((u[own] >> np.uint64(7 * k)) & np.uint64(0x7F)).astype(np.int64) | more
    return base64.b64encode(out.tobytes()).decode()


@dataclass(frozen=True, eq=False)
class Features:
    """A layer made ready: everything but how fine its geometry is to be.

    Attributes
    ----------
    columns
        Title, distinct texts and for each feature which of them (-1: none); None where it is personal.
    name, label
        Numbers of the columns that features are called by and labelled with, -1 for none.
    extra
        ``anchors`` (where marks and labels of lines and areas stand), ``factor`` (of marks whose size follows a value), ``turn`` (degrees).
    """

    layer: SceneLayer
    definition: LayerDef
    degrees: NDArray[np.float64]
    importance: NDArray[np.float32] | None
    columns: tuple[tuple[str, list[str], NDArray[np.int64] | None], ...]
    name: int
    label: int
    labelled: NDArray[np.bool_] | None
    extra: dict[str, str]

    @property
    def table(self) -> FeatureTable:
        return self.layer.data  # type: ignore[return-value]

    def content(self, tolerance_m: float, *, names_only: bool = False) -> dict[str, Any]:
        """What the file says, lines simplified to ``tolerance_m``."""
        geometry, codes = self.table.geometry, self.layer.codes
        kept = [i for i in range(len(self.columns)) if not names_only or i in (self.name, self.label)]
        out: dict[str, Any] = {
            "kind": _KINDS[geometry.kind], "n": len(geometry), **self._geometry(tolerance_m),
            "columns": [_column(*self.columns[i]) for i in kept],
            "name": kept.index(self.name) if self.name in kept else -1,
            "label": kept.index(self.label) if self.label in kept else -1,
        }  # fmt: skip
        out |= self.extra
        if codes is not None and codes.any():
            out["codes"] = ints(codes.astype(np.int64))
        if self.labelled is not None and not self.labelled.all():
            out["mute"] = ints(np.flatnonzero(~self.labelled))
        return out

    def vertices(self, tolerance_m: float) -> int:
        keep = self._keep(tolerance_m)
        return len(self.degrees) if keep is None else int(keep.sum())

    def _keep(self, tolerance_m: float) -> NDArray[np.bool_] | None:
        if self.importance is None or tolerance_m <= 0.0:
            return None
        keep: NDArray[np.bool_] = self.importance >= tolerance_m / self.table.crs.metres_per_unit
        return keep

    def _geometry(self, tolerance_m: float) -> dict[str, Any]:
        geometry, keep = self.table.geometry, self._keep(tolerance_m)
        degrees, offsets = self.degrees, geometry.ring_offsets
        if keep is not None:
            degrees = degrees[keep]
            offsets = np.concatenate([[0], np.cumsum(keep)])[offsets]
        digits = 6 if tolerance_m < _FINE_M else 5
        out: dict[str, Any] = {"digits": digits, "xy": ints(_steps(degrees, digits))}
        for key, counts in (("verts", np.diff(offsets)), ("rings", np.diff(geometry.part_offsets)), ("parts", np.diff(geometry.geom_offsets))):
            if not (counts == 1).all():
                out[key] = ints(counts)
        return out


def _steps(degrees: NDArray[np.float64], digits: int) -> NDArray[np.int64]:
    """Differences from place to place ``(2 n,)`` in units of the last digit; what has no place lies at 0, 0."""
    known = np.where(np.isfinite(degrees), degrees, 0.0)
    whole = np.rint(known * 10.0**digits).astype(np.int64)
    steps: NDArray[np.int64] = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int64)).reshape(-1)
    return steps


def _column(title: str, values: list[str], index: NDArray[np.int64] | None) -> dict[str, Any]:
    if index is None:
        return {"title": title, "personal": True}
    if len(index) == len(values) and (index == np.arange(len(index))).all():
        return {"title": title, "values": values}
    return {"title": title, "values": values, "index": ints(index)}


def features_of(layer: SceneLayer, definition: LayerDef, names: Mapping[str, Mapping[str, str]]) -> Features:
    """A layer of features made ready. ``names`` are words for codes, by the layer that fields name as theirs."""
    table: FeatureTable = layer.data  # type: ignore[assignment]
    geometry = table.geometry
    weights = geometry.importance
    if weights is None and geometry.kind is not GeometryKind.POINT:
        weights = simplify.importance(geometry.coords, geometry.ring_offsets, geometry.kind is GeometryKind.POLYGON)
    made: list[tuple[str, list[str], NDArray[np.int64] | None]] = []
    at: dict[str, int] = {}
    for field in definition.fields:
        if field.type == "blob" or field.name not in table.column_names:
            continue
        if field.personal:
            made.append((field.alias, [], None))
            continue
        values, index = _texts(table, field, names.get(field.codes, {}))
        if (index >= 0).any():
            at[field.name] = len(made)
            made.append((field.alias, values, index))
    hidden = {f.name for f in definition.fields if f.personal}
    style = layer.style.labels if layer.labels else None
    label = "" if style is None or style.field in hidden else style.field
    if label and label not in at and label in table.column_names:
        index, raw = columns.coded(table.column(label))
        at[label] = len(made)
        made.append(("", [str(v) for v in raw], index))
    name = next((n for n in (definition.title_field, label, *_NAMES) if n in at), "")
    return Features(
        layer, definition, table.to_crs(DEGREES).geometry.coords, None if geometry.kind is GeometryKind.POINT else weights,
        tuple(made), at.get(name, -1), at.get(label, -1), _labelled(layer),
        _extra(layer),
    )  # fmt: skip


def _extra(layer: SceneLayer) -> dict[str, str]:
    table: FeatureTable = layer.data  # type: ignore[assignment]
    out = {}
    points = [s for rule in layer.style.rules for s in rule.symbolizers if isinstance(s, PointSymbolizer)]
    if table.geometry.kind is not GeometryKind.POINT and len(table):
        places = transformation(table.crs, DEGREES).points(thematic.anchors(table).coords)
        out["anchors"] = ints(_steps(places, 5))
    scaled = next((s for s in points if s.scaled is not None), None)
    if scaled is not None:
        sizes = thematic.sizes_px(table, scaled, _ANY_SCALE, SCREEN_DPI)
        full = mm_to_px(size_at(scaled.size_mm, _ANY_SCALE))
        out["factor"] = ints(np.rint(np.nan_to_num(sizes) / full * 1000).astype(np.int64))
    turned = next((s for s in points if s.rotation_field), None)
    if turned is not None:
        out["turn"] = ints(np.rint(np.nan_to_num(classify.numbers(table, turned.rotation_field)) % 360.0).astype(np.int64))
    return out


def _texts(table: FeatureTable, field: FieldDef, names: Mapping[str, str]) -> tuple[list[str], NDArray[np.int64]]:
    """Distinct values as people read them, and which of them every feature has."""
    index, raw = columns.coded(table.column(field.name))
    words = [names.get(str(v), "") or field.decode(v) for v in raw]
    found = {word: number for number, word in enumerate(dict.fromkeys(w for w in words if w))}
    lookup = np.array([*(found.get(w, -1) for w in words), -1], np.int64)
    return list(found), lookup[index]


def _labelled(layer: SceneLayer) -> NDArray[np.bool_] | None:
    """Which features may be labelled: those of the classes the style names."""
    style = layer.style.labels
    if style is None or not style.classes or layer.codes is None:
        return None
    wanted = {str(c) for c in style.classes}
    rules = [bool(wanted & {str(v) for v in (r.value, *r.values) if v is not None}) for r in layer.style.rules]
    labelled: NDArray[np.bool_] = np.array([*rules, False])[layer.codes]
    return labelled


def bytes_of(content: object) -> int:
    """Length of ``content`` in the file."""
    return len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def personal_note(features: Sequence[Features]) -> str:
    """Which layers hold personal values that were left out; empty for none."""
    own = [f.definition.name for f in features if any(index is None for _, _, index in f.columns)]
    return tr("Personal values are not in the file: {layers}", layers="、".join(own)) if own else ""
