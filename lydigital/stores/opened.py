"""The stores of one open map, opened on first need and read through the cache. Safe to call from several threads."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from lydigital.errors import BadDataError
from lydigital.stores.store import RASTER_SUFFIXES, LayerInfo, check_file, open_store

if TYPE_CHECKING:
    from lydigital.model.crs import Crs
    from lydigital.model.document import LayerRef
    from lydigital.model.grid import Grid
    from lydigital.model.table import FeatureTable
    from lydigital.stores.store import Store


def is_raster(source: str) -> bool:
    return source.casefold().endswith(RASTER_SUFFIXES)


def describe_grid(path: Path) -> LayerInfo:
    """What a raster file says about itself: geometry ``none``, no fields.

    Raises
    ------
    StoreUnavailableError, BadDataError
        When it is missing, or no raster.
    """
    import rasterio

    check_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        try:
            with rasterio.open(path) as source:
                code = source.crs.to_epsg() if source.crs is not None else None
                crs = f"EPSG:{code}" if code else source.crs.to_wkt() if source.crs is not None else ""
                x0, y0, x1, y1 = map(float, source.bounds)
                return LayerInfo(path.stem, path.stem, "none", -1, crs, (x0, y0, x1, y1), ())
        except rasterio.errors.RasterioError as error:
            raise BadDataError(
                "{path} cannot be read as a raster: {reason}",
                hint="Check that the copy is complete, or export it again.", path=str(path), reason=str(error)[:300],
            ) from error  # fmt: skip


class OpenStores:
    """Stores by URI. What was read is not kept here: the scene keeps it."""

    def __init__(self) -> None:
        self._stores: dict[str, Store] = {}
        self._lock = threading.RLock()

    def store(self, uri: str) -> Store:
        """Open ``uri``, or return it as opened before.

        Raises
        ------
        LydError
            When it cannot be opened; the next call tries again.
        """
        with self._lock:
            if uri not in self._stores:
                self._stores[uri] = open_store(uri)
            return self._stores[uri]

    def describe(self, ref: LayerRef) -> LayerInfo:
        """What the store says about a layer; a grid has no fields and no count.

        Raises
        ------
        LydError
            When the source is missing, broken or has no such layer.
        """
        if is_raster(ref.source):
            return describe_grid(Path(ref.source))
        store = self.store(ref.source)
        return store.describe(self._table(store, ref))

    def read(self, ref: LayerRef, crs: Crs) -> FeatureTable | Grid:
        """Features or grid in ``crs``.

        Raises
        ------
        LydError
            When it cannot be read.
        """
        from lydigital.stores import cache

        if is_raster(ref.source):
            return cache.read_grid(Path(ref.source), crs)
        store = self.store(ref.source)
        return cache.read(store, self._table(store, ref), crs, crs=ref.crs)

    def close(self) -> None:
        with self._lock:
            for store in self._stores.values():
                store.close()
            self._stores.clear()

    def _table(self, store: Store, ref: LayerRef) -> str:
        if ref.table:
            return ref.table
        names = [layer.name for layer in store.layers()]
        if len(names) == 1:
            return names[0]
        raise BadDataError(
            "{path} has several layers and the map names none of them",
            hint="Name one as table: {known}", path=store.uri, known=", ".join(names)[:400] or "-",
        )  # fmt: skip
