"""Vector formats of one file (Shapefile, GeoJSON, FlatGeobuf, CSV) through GDAL, read-only."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from lydigital.errors import BadDataError
from lydigital.stores import store
from lydigital.stores.store import FieldInfo, Findings, LayerInfo

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lydigital.model.table import FeatureTable
    from lydigital.stores.store import Bounds, Watch

_TYPES = {
    "OFTString": "text",
    "OFTInteger": "integer",
    "OFTInteger64": "integer",
    "OFTReal": "real",
    "OFTDate": "date",
    "OFTDateTime": "datetime",
}
_SIDECARS = (".dbf", ".shx", ".prj", ".cpg")  # of a Shapefile
# Only names that cannot be mistaken: X of a Chinese survey list is the northing.
_CSV_OPTIONS = {"X_POSSIBLE_NAMES": "lon,lng,longitude,经度", "Y_POSSIBLE_NAMES": "lat,latitude,纬度"}


class FileStore(Findings):
    """One file, or one Shapefile with its companions."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.uri = str(path)
        suffix = path.suffix.lower()
        self._parts = (path, *(path.with_suffix(s) for s in _SIDECARS)) if suffix == ".shp" else (path,)
        self._options = _CSV_OPTIONS if suffix == ".csv" else {}
        self._listed: tuple[str, dict[str, LayerInfo]] | None = None
        self._list()

    def layers(self) -> tuple[LayerInfo, ...]:
        return tuple(self.add_to(info) for info in self._list().values())

    def describe(self, layer: str) -> LayerInfo:
        return self.add_to(self._entry(layer))

    def read(
        self, layer: str, *, bounds: Bounds | None = None, columns: Iterable[str] | None = None, crs: str = "",
        watch: Watch | None = None,
    ) -> FeatureTable:  # fmt: skip
        from lydigital.stores import ogr
        from lydigital.stores.assemble import Parts, assemble

        info = self._entry(layer)
        told = Parts.of(watch, info.geometry, crs or info.crs)
        raw = ogr.read(
            self.path, layer, bounds=bounds, columns=columns, options=self._options,
            watch=(told, info.feature_count) if told is not None else None,
        )  # fmt: skip
        reading = assemble(raw, layer, info.geometry, (crs or info.crs, ""), self.uri)
        self.remember(layer, reading.issues)
        return reading.table

    def identity(self, layer: str) -> str:
        return f"file|{self.path.absolute()}|{store.stamp(*self._parts)}|{layer}"

    def close(self) -> None:
        """Nothing stays open between calls."""

    def _entry(self, layer: str) -> LayerInfo:
        entries = self._list()
        if layer not in entries:
            raise store.no_such_layer(self.uri, layer, entries)
        return entries[layer]

    def _list(self) -> dict[str, LayerInfo]:
        mark = store.stamp(*self._parts)
        if self._listed is None or self._listed[0] != mark:
            store.check_file(self.path)
            self._listed = (mark, self._describe_all())
        return self._listed[1]

    def _describe_all(self) -> dict[str, LayerInfo]:
        import pyogrio

        with warnings.catch_warnings():  # reading the layer reports them
            warnings.simplefilter("ignore")
            try:
                names = [str(name) for name, _ in pyogrio.list_layers(self.path)]
                found = {
                    name: self._describe(pyogrio.read_info(self.path, layer=name, **self._options))
                    for name in names
                }
            except (
                pyogrio.errors.DataSourceError,
                pyogrio.errors.DataLayerError,
                RuntimeError,
                ValueError,
            ) as error:
                raise BadDataError(
                    "{path} cannot be read: {reason}",
                    path=self.uri,
                    reason=str(error)[:300],
                    hint="Check that it is complete and what its name says, or export it again.",
                ) from error
        return found

    @staticmethod
    def _describe(meta: dict[str, Any]) -> LayerInfo:
        name = str(meta["layer_name"])
        kind = store.kind_of(meta["geometry_type"])
        crs = str(meta["crs"] or "") if kind != "none" else ""
        fields = tuple(
            FieldInfo(str(field), "boolean" if sub == "OFSTBoolean" else _TYPES.get(kind_, kind_))
            for field, kind_, sub in zip(meta["fields"], meta["ogr_types"], meta["ogr_subtypes"], strict=True)
        )
        box = meta["total_bounds"]
        bounds = (float(box[0]), float(box[1]), float(box[2]), float(box[3])) if box is not None else None
        issues = () if crs or kind == "none" else (store.missing_crs(name),)
        return LayerInfo(name, name, kind, int(meta["features"]), crs, bounds, fields, issues)
