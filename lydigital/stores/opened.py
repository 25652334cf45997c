"""The stores of one open map, opened on first need and read through the cache. Safe to call from several threads."""

from __future__ import annotations

import math
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from lydigital.errors import BadDataError, RefusedError
from lydigital.model.crs import Crs
from lydigital.stores.lease import RENEW, Lease
from lydigital.stores.store import RASTER_SUFFIXES, LayerInfo, guess_crs, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lydigital.model.document import LayerRef
    from lydigital.model.feature import Feature
    from lydigital.model.grid import Grid
    from lydigital.model.issue import Issue
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable
    from lydigital.stores.lease import Holder
    from lydigital.stores.rasters import RasterFile
    from lydigital.stores.store import Applied, Store, Watch

HELD_S = RENEW.total_seconds()


def is_raster(source: str) -> bool:
    return source.casefold().endswith(RASTER_SUFFIXES)


def describe_grid(path: Path) -> LayerInfo:
    """What a raster file says about itself: geometry ``none``, no fields.

    Raises
    ------
    StoreUnavailableError, BadDataError
        When it is missing, or no raster.
    """
    from lydigital.stores.rasters import RasterFile

    with closing(RasterFile(path)) as file:
        return _described(file)


def _described(file: RasterFile) -> LayerInfo:
    return LayerInfo(
        file.path.stem, file.path.stem, "none", -1, file.crs.definition, file.bounds, (), file.issues
    )


class OpenStores:
    """Stores by URI. What was read is not kept here: the scene keeps it."""

    def __init__(self) -> None:
        self._stores: dict[str, Store] = {}
        self._rasters: dict[tuple[str, str], RasterFile] = {}
        self._grids: dict[tuple[str, str], LayerInfo] = {}  # of rasters read whole
        self._read_as: dict[tuple[str, str], str] = {}  # identity of each table when it was read, or written here
        self._lock = threading.RLock()
        self._held: dict[str, float] = {}  # when each was held or renewed last, by the monotonic clock

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
            key = (ref.source, ref.crs)
            known = self._rasters.get(key)
            if known is None:
                return self._grids.get(key) or describe_grid(Path(ref.source))
            return _described(known)
        store = self.store(ref.source)
        return store.describe(self._table(store, ref))

    def read(self, ref: LayerRef, crs: Crs, watch: Watch | None = None) -> FeatureTable | Grid | RasterFile:
        """Features in ``crs``, or a raster in its own system.

        Raises
        ------
        LydError
            When it cannot be read.
        """
        from lydigital.stores import cache

        if is_raster(ref.source):
            return self._raster(ref)
        store = self.store(ref.source)
        table = self._table(store, ref)
        self._read_as[ref.source, table] = store.identity(table)
        return cache.read(store, table, crs, crs=ref.crs, watch=watch)

    def fetch(self, ref: LayerRef, fids: Sequence[int]) -> Mapping[int, Feature]:
        """Features by fid just as they are stored, see :meth:`Store.fetch`.

        Raises
        ------
        LydError
            When they cannot be read.
        """
        if is_raster(ref.source):
            return {}
        store = self.store(ref.source)
        return store.fetch(self._table(store, ref), fids)

    def state(self, ref: LayerRef) -> str:
        """Text that changes when a layer's store does; "" for rasters.

        Raises
        ------
        LydError
            When the store cannot be asked.
        """
        if is_raster(ref.source):
            return ""
        store = self.store(ref.source)
        return store.identity(self._table(store, ref))

    def table_name(self, ref: LayerRef) -> str:
        """The table of a layer in its store."""
        return self._table(self.store(ref.source), ref)

    def saved(self, source: str, applied: Applied) -> bool:
        """Take note of what was written; whether all tables read from ``source`` are what they would be read as now."""
        is_alone = True
        for (uri, table), identity in list(self._read_as.items()):
            if uri == source:
                is_alone &= applied.before.get(table) == identity
                self._read_as[uri, table] = applied.after.get(table, "")
        return is_alone

    def add_tables(self, source: str, layers: Sequence[LayerDef], *, author: str, now: datetime) -> tuple[str, ...]:
        """Make empty tables for those of ``layers`` that ``source`` lacks; what was read of it holds on.

        Raises
        ------
        LydError
            When it cannot be written, or is no store that takes tables.
        """
        store = self.store(source)
        have = {info.name.lower() for info in store.layers()}
        if all(layer.id.lower() in have for layer in layers):
            return ()
        add = getattr(store, "add_tables", None)
        if add is None:
            raise RefusedError(
                "{path} cannot take new tables", hint="Copy it into a GeoPackage with lydigital store copy.", path=source
            )
        before = {table: store.identity(table) for uri, table in self._read_as if uri == source}
        made: tuple[str, ...] = add(layers, author=author, now=now)
        for table, identity in before.items():
            if self._read_as[source, table] == identity:
                self._read_as[source, table] = store.identity(table)
        return made

    def stored_crs(self, ref: LayerRef) -> Crs:
        """The system a layer is stored in."""
        described = self.describe(ref)
        return Crs(ref.crs or described.crs or guess_crs(described.bounds or (0.0, 0.0, 0.0, 0.0)))

    def found_since(self, ref: LayerRef) -> tuple[Issue, ...]:
        """What drawing found wrong with a raster after it was read."""
        file = self._rasters.get((ref.source, ref.crs))
        return () if file is None else tuple(i for i in file.issues if i.code == "raster.broken")

    def hold(self, source: str, operator: str, *, take_over: bool = False) -> None:
        """Say that ``operator`` edits ``source``, or look about once a minute whether that still holds; see :meth:`Store.hold`.

        Raises
        ------
        LydError
            When somebody else does, or the store cannot be written.
        """
        now = time.monotonic()
        if take_over or now - self._held.get(source, -math.inf) >= HELD_S:
            self._held.pop(source, None)
            self.store(source).hold(operator, take_over=take_over)
            self._held[source] = now

    def release(self, source: str) -> None:
        """Let others edit ``source``."""
        if self._held.pop(source, None) is not None:
            self.store(source).release()

    @property
    def held(self) -> tuple[str, ...]:
        """Sources that are edited here, as far as was seen last."""
        return tuple(self._held)

    def held_by(self, source: str) -> Holder | None:
        """Who else edits ``source``, None for nobody; looking changes nothing."""
        if source in self._held or not source.lower().endswith(".gpkg"):
            return None
        holder = Lease(Path(source)).holder()
        return None if holder is None or holder.is_ended else holder

    def reopen(self, source: str) -> None:
        """Forget what is known of ``source``: another file stands in its place."""
        with self._lock:
            store = self._stores.pop(source, None)
            self._held.pop(source, None)
            for key in [key for key in self._read_as if key[0] == source]:
                del self._read_as[key]
        if store is not None:
            store.close()

    def close(self) -> None:
        self._held.clear()
        with self._lock:
            for store in self._stores.values():
                store.close()
            self._stores.clear()
            for file in self._rasters.values():
                file.close()
            self._rasters.clear()

    def _raster(self, ref: LayerRef) -> Grid | RasterFile:
        from lydigital.stores import cache
        from lydigital.stores.rasters import RasterFile

        found = cache.read_raster(Path(ref.source), crs=ref.crs)
        if isinstance(found, RasterFile):
            with self._lock:  # an older one may still be drawn: it reads on without being kept
                self._rasters[ref.source, ref.crs] = found
        else:
            name = Path(ref.source).stem
            info = LayerInfo(name, name, "none", -1, found.crs.definition, found.bounds, ())
            self._grids[ref.source, ref.crs] = info
        return found

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
