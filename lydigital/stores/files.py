"""Vector formats of one file (Shapefile, GeoJSON, FlatGeobuf, CSV) through GDAL, read-only."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from lydigital.errors import BadDataError
from lydigital.stores import known, store
from lydigital.stores.store import FieldInfo, Findings, LayerInfo, ReadOnly

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lydigital.model.feature import Feature
    from lydigital.model.table import FeatureTable
    from lydigital.stores.assemble import Raw
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
CSV_OPTIONS = {"X_POSSIBLE_NAMES": "lon,lng,longitude,经度", "Y_POSSIBLE_NAMES": "lat,latitude,纬度"}


_LARGE = 4 << 20  # bytes of a GeoJSON


class FileStore(Findings, ReadOnly):
    """One file, or one Shapefile with its companions."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.uri = str(path)
        suffix = path.suffix.lower()
        self._parts = (path, *(path.with_suffix(s) for s in _SIDECARS)) if suffix == ".shp" else (path,)
        self._options = CSV_OPTIONS if suffix == ".csv" else {}
        self._is_geojson = suffix == ".geojson"
        self._read_already: tuple[str, Raw] | None = None
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
        told = Parts.of(watch, info.geometry, crs or info.crs, info.feature_count)
        identity, raw = self._read_already or ("", None)
        self._read_already = None
        if raw is None or identity != self.identity(layer) or bounds is not None or columns is not None:
            raw = ogr.read(
                self.path, 0 if self._is_geojson else layer, bounds=bounds, columns=columns, options=self._options,
                watch=(told, info.feature_count) if told is not None else None,
            )  # fmt: skip
        reading = assemble(raw, layer, info.geometry, (crs or info.crs, ""), self.uri)
        self.remember(layer, reading.issues)
        return reading.table

    def fetch(self, layer: str, fids: Sequence[int]) -> dict[int, Feature]:
        from lydigital.model.feature import features_of

        return features_of(self.read(layer), fids)

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
            identity = self.identity("")
            layers = known.recall(identity)
            if layers is None:
                layers = self._describe_all()
                if self.identity("") == identity:
                    known.keep(identity, layers)
            self._listed = (mark, {info.name: info for info in layers})
        return self._listed[1]

    def _describe_all(self) -> tuple[LayerInfo, ...]:
        import pyogrio

        with warnings.catch_warnings():  # reading the layer reports them
            warnings.simplefilter("ignore")
            try:
                if self._is_geojson:
                    return (self._geojson(),)
                names = [str(name) for name, _ in pyogrio.list_layers(self.path)]
                return tuple(
                    self._describe(pyogrio.read_info(self.path, layer=name, **self._options)) for name in names
                )
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

    def _geojson(self) -> LayerInfo:
        """The one layer of a GeoJSON, named as the file: GDAL reads it all for every question, so it is asked once.

        A large one is read to be described, and the next :meth:`read` has it then.
        """
        import pyogrio

        name = self.path.stem
        if self.path.stat().st_size <= _LARGE:
            return self._describe({**pyogrio.read_info(self.path, layer=0), "layer_name": name})
        from lydigital.stores import assemble, ogr

        identity = self.identity(name)
        meta, raw = ogr.read_with_meta(self.path, 0)
        self._read_already = (identity, raw)
        known_now = {"layer_name": name, "features": len(raw.fid), "total_bounds": assemble.bounds_of(raw)}
        return self._describe({**meta, **known_now})

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
