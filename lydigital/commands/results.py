"""What an analysis found becomes a layer of the map: dated, styled, exported and undone like any other.

A result is a small GeoPackage of its own in the state folder and never changes: worked out again, it is a new file, and the
layer of the earlier one leaves the map in the same step.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital import paths
from lydigital.errors import BadDataError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import Group, LayerRef
from lydigital.model.layerdef import Catalogue, FieldDef, LayerDef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lydigital.model.crs import Crs
    from lydigital.model.geometry import GeometryArray
    from lydigital.model.style import Style
    from lydigital.session import Session

GROUP = Group("results", title="分析结果", title_en="Results", expanded=True)
NATURE = FieldDef("nature", "数据性质", title_en="Data nature", type="text")
_TABLE = "result"
_KINDS = {"point": "point", "line": "line", "polygon": "polygon"}


def folder() -> Path:
    """Where results are kept."""
    return paths.state_dir() / "results"


def add(
    session: Session,
    key: str,
    *,
    title: str,
    title_en: str,
    geometry: GeometryArray,
    crs: Crs,
    fields: Sequence[FieldDef],
    columns: Mapping[str, Any],
    style: Style,
    nature: str = "推算",
    words: str = "Show {layer}",
) -> ChangeSet:
    """A result as a layer above its like; nothing is on the map before the change set is committed.

    Parameters
    ----------
    key
        What it is a result of (``indicator_catv_county``): an earlier result of the same key makes room.
    geometry
        ``n`` features in ``crs``, which must have an EPSG number.
    fields, columns
        Attributes and ``n`` values of each; a NaN is written as NULL.
    nature
        示例数据 where it was worked out from sample data, 推算 otherwise: stands in every row.
    words
        Name of the step; ``{layer}`` is the title.

    Raises
    ------
    BadDataError
        When there is no feature, or columns do not fit.
    StoreUnavailableError
        When the state folder cannot be written.
    """
    count = len(geometry)
    if not count:
        raise BadDataError("Nothing was found to put on the map", hint="Widen the area or the conditions.")
    fields = (*(f for f in fields if f.name != NATURE.name), NATURE)
    values = {**columns, NATURE.name: [nature] * count}
    layer = LayerDef(
        _TABLE, title, GROUP.id, _KINDS[geometry.kind.name.casefold()], style, title_en=title_en, crs=crs.definition, fields=fields,  # type: ignore[arg-type]
        sample=nature == "示例数据",
    )  # fmt: skip
    digest = _digest(layer, geometry, values)
    path = folder() / f"{_slug(key)}-{digest}.gpkg"
    if not path.is_file():
        _write(path, layer, geometry, values)
    made = LayerRef(f"{_slug(key)}_r_{digest[:8]}", str(path), _TABLE, title=title, title_en=title_en, group=GROUP.id, style=style)
    return _change(session, made, words, is_area=layer.geometry == "polygon")


def is_result(ref: LayerRef) -> bool:
    """Whether a layer shows a result."""
    return ref.group == GROUP.id


def _change(session: Session, made: LayerRef, words: str, *, is_area: bool) -> ChangeSet:
    document = session.document
    order = document.order
    values = {"layer": made.title}
    there = document.layer(made.id)
    if there is not None:  # found again as it was
        return ChangeSet(words, () if there.visible else (Delta(f"layer/{made.id}/visible", old=False, new=True),), values=values)
    prefix = made.id.rpartition("_")[0] + "_"
    old = {ref.id: ref for ref in document.layers if ref.id.startswith(prefix) and is_result(ref)}
    rest = tuple(i for i in order if i not in old)
    sorted_out = (*rest, *old)
    place = _place(session, rest) if is_area else 0
    deltas = (
        *([Delta(f"group/{GROUP.id}", None, GROUP)] if document.group(GROUP.id) is None else []),
        *([Delta("document/order", order, sorted_out)] if order != sorted_out else []),
        *(Delta(f"layer/{i}", old[i], None) for i in reversed(old)),
        Delta(f"layer/{made.id}", None, made),
        Delta("document/order", (*rest, made.id), (*rest[:place], made.id, *rest[place:])),
        *_group_first(document.group_order),
    )
    return ChangeSet(words, deltas, values=values)


def _place(session: Session, order: tuple[str, ...]) -> int:
    """Areas stand above all other areas and below lines and points, which they would hide."""
    return next((i for i, layer in enumerate(order) if session.definition(layer).geometry in ("polygon", "raster")), len(order))


def _group_first(order: tuple[str, ...]) -> tuple[Delta, ...]:
    """A new group stands on top of the tree; one that is there stays where its user put it."""
    if GROUP.id in order or not order:
        return ()
    return (Delta("document/group_order", (*order, GROUP.id), (GROUP.id, *order)),)


def _write(path: Path, layer: LayerDef, geometry: GeometryArray, columns: Mapping[str, Any]) -> None:
    from lydigital.errors import StoreUnavailableError
    from lydigital.stores import create

    half = path.with_name(f".{path.stem}.part.gpkg")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.unlink(missing_ok=True)
        create.create_gpkg(half, Catalogue((layer,), ()))
        create.write_layer(half, layer, columns, geometry)
        half.replace(path)
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check that there is room and that you may write there.",
            path=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip
    finally:
        half.unlink(missing_ok=True)


def _digest(layer: LayerDef, geometry: GeometryArray, columns: Mapping[str, Any]) -> str:
    made = hashlib.sha256(f"{layer.title}|{layer.crs}|{layer.fields}".encode())
    made.update(np.ascontiguousarray(geometry.coords).tobytes())
    for name in sorted(columns):
        made.update(f"{name}:{list(columns[name])}".encode())
    return made.hexdigest()[:16]


def _slug(key: str) -> str:
    return re.sub(r"[^\w]+", "_", key).strip("_").casefold() or "result"
