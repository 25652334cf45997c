"""One feature as a value, and what can change of it: the nouns of editing.

Targets of deltas on features, ``layer`` being a layer of the document and ``fid`` the identity in its store:

==============================  ===========================  =======================================
target                          values                       what happened
==============================  ===========================  =======================================
``feature/<layer>/<fid>``       :class:`Feature` or None     made (from None) or removed (to None)
``geometry/<layer>/<fid>``      ISO WKB or None              its geometry
``value/<layer>/<fid>/<field>`` a :data:`Value`              one attribute
==============================  ===========================  =======================================
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - msgspec resolves it at run time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from lydigital.errors import ConflictError
from lydigital.model.changeset import Delta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.changeset import ChangeSet
    from lydigital.model.table import FeatureTable

Value: TypeAlias = bool | int | float | str | bytes | None
"""As a store keeps it: dates and times as ISO 8601 text, photos as bytes."""

KINDS = ("feature", "geometry", "value")


class Feature(msgspec.Struct, frozen=True):
    """``wkb`` is ISO WKB in the layer's own system, x before y, with Z and M where the store has them; None for none."""

    wkb: bytes | None = None
    values: Mapping[str, Value] = {}

    def replaced(self, **values: Value) -> Feature:
        """The same feature with other attributes."""
        return Feature(self.wkb, {**self.values, **values})


class Target(NamedTuple):
    """A delta's target in its parts; ``field`` is "" but for values."""

    kind: str
    layer: str
    fid: int
    field: str = ""

    def __str__(self) -> str:
        end = f"/{self.field}" if self.kind == "value" else ""
        return f"{self.kind}/{self.layer}/{self.fid}{end}"


def is_of_feature(target: str) -> bool:
    """Whether a delta's target is a feature or a part of one."""
    return target.partition("/")[0] in KINDS


def parse_target(target: str) -> Target:
    """The parts of a target that :func:`is_of_feature`.

    Raises
    ------
    ValueError
        When it is none.
    """
    kind, layer, rest = target.split("/", 2)
    fid, _, field = rest.partition("/")
    if kind not in KINDS:
        raise ValueError(target)
    return Target(kind, layer, int(fid), field)


def features_touched(changes: ChangeSet) -> set[tuple[str, int]]:
    """Layer and fid of every feature that ``changes`` are of."""
    return {(t.layer, t.fid) for d in changes.deltas if is_of_feature(d.target) for t in (parse_target(d.target),)}


def made(layer: str, fid: int, feature: Feature) -> Delta:
    return Delta(f"feature/{layer}/{fid}", None, feature)


def removed(layer: str, fid: int, feature: Feature) -> Delta:
    return Delta(f"feature/{layer}/{fid}", feature, None)


def changes_between(layer: str, fid: int, old: Feature | None, new: Feature | None) -> tuple[Delta, ...]:
    """The smallest deltas that lead from ``old`` to ``new``."""
    if old is None or new is None:
        return () if old is new else (Delta(f"feature/{layer}/{fid}", old, new),)
    found = [] if old.wkb == new.wkb else [Delta(f"geometry/{layer}/{fid}", old.wkb, new.wkb)]
    for name in {**old.values, **new.values}:
        before, after = old.values.get(name), new.values.get(name)
        if not same(before, after):
            found.append(Delta(f"value/{layer}/{fid}/{name}", before, after))
    return tuple(found)


def applied(feature: Feature | None, delta: Delta, target: Target) -> Feature | None:
    """``feature`` after ``delta``.

    Raises
    ------
    ConflictError
        When it is not what the delta starts from.
    """
    if target.kind == "feature":
        if not _same_feature(feature, delta.old):
            raise _conflict(delta)
        new: Feature | None = delta.new
        return new
    if feature is None:
        raise _conflict(delta)
    if target.kind == "geometry":
        if feature.wkb != delta.old:
            raise _conflict(delta)
        return Feature(delta.new, feature.values)
    if not same(feature.values.get(target.field), delta.old):
        raise _conflict(delta)
    return Feature(feature.wkb, {**feature.values, target.field: delta.new})


def features_of(table: FeatureTable, fids: Sequence[int]) -> dict[int, Feature]:
    """Features of a table by fid, with two dimensions; those it does not have are left out."""
    import numpy as np
    import shapely

    rows = table.rows_of(np.array(fids, np.int64))
    known = rows[rows >= 0]
    shapes = shapely.to_wkb(table.geometry.to_shapely(known), byte_order=1)
    return {
        int(table.fid[row]): Feature(
            None if np.isnan(table.geometry.bounds[row, 0]) else shape,
            {name: _stored(value) for name, value in table.record(int(row)).items()},
        )
        for row, shape in zip(known.tolist(), shapes, strict=True)
    }


def value_type(target: str) -> object:
    """Type of the values of a delta on ``target``, for reading one back."""
    return {"feature": Feature | None, "geometry": bytes | None, "value": Value}[target.partition("/")[0]]


def same(first: Value, second: Value) -> bool:
    """Whether two values are the same for a store: 1 and 1.0 are, True and 1 are, NaN is no value."""
    return _plain(first) == _plain(second)


def _stored(value: object) -> Value:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value if isinstance(value, (bool, int, float, str, bytes)) or value is None else str(value)


def _plain(value: Value) -> Value:
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN


def _same_feature(first: Feature | None, second: Feature | None) -> bool:
    if first is None or second is None:
        return first is second
    if first.wkb != second.wkb:
        return False
    return all(same(first.values.get(n), second.values.get(n)) for n in {**first.values, **second.values})


def _conflict(delta: Delta) -> ConflictError:
    return ConflictError(
        "{target} was changed in between", hint="Reload and repeat the change.", target=delta.target
    )
