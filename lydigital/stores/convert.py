"""Copies of stores as GeoPackages: the way to edit what comes in another format."""

from __future__ import annotations

import contextlib
import warnings
from contextlib import closing
from pathlib import Path  # noqa: TC003
from typing import TYPE_CHECKING

from lydigital.errors import BadDataError, ConflictError, StoreUnavailableError
from lydigital.stores import backup
from lydigital.stores.store import guess_crs, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.stores.store import LayerInfo


def copy_store(source: Path, target: Path, *, watch: Callable[[float], None] | None = None) -> tuple[str, ...]:
    """Copy every layer of ``source`` into a new GeoPackage; a GeoPackage is copied whole, its audit trail too.

    Returns
    -------
    tuple of str
        Names of the layers.

    Raises
    ------
    ConflictError
        When ``target`` exists.
    BadDataError
        When its name does not end in .gpkg, or ``source`` cannot be read.
    StoreUnavailableError
        When ``target`` cannot be written.
    """
    if target.suffix.lower() != ".gpkg":
        raise BadDataError("{path} is no name of a GeoPackage", hint="End the name in .gpkg.", path=str(target))
    if target.exists():
        raise ConflictError("{path} exists already", hint="Choose another name, or delete the file.", path=str(target))
    temporary = target.with_name(f".{target.stem}.part.gpkg")
    try:
        with closing(open_store(source)) as store:
            layers = store.layers()
        if source.suffix.lower() == ".gpkg":
            backup.copy(source, temporary, watch=watch)
        else:
            for i, info in enumerate(layers):
                _copy_layer(source, info, temporary, append=i > 0)
        backup.check(temporary)
        temporary.replace(target)
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}",
            hint="Check that the folder exists, that you may write there and that no other program uses the file.",
            path=str(target), reason=error.strerror or str(error),
        ) from error  # fmt: skip
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return tuple(info.name for info in layers)


def _copy_layer(source: Path, info: LayerInfo, target: Path, *, append: bool) -> None:
    import pyogrio

    from lydigital.stores.files import CSV_OPTIONS

    options = CSV_OPTIONS if source.suffix.lower() == ".csv" else {}
    crs = info.crs or (guess_crs(info.bounds) if info.bounds is not None else None)
    with warnings.catch_warnings():  # reading the layer reports them
        warnings.simplefilter("ignore")
        try:
            layer = 0 if source.suffix.lower() in (".geojson", ".json") else info.name
            meta, table = pyogrio.raw.read_arrow(source, layer=layer, **options)
            name = meta["geometry_name"] or "wkb_geometry"
            spatial = name in table.column_names
            pyogrio.raw.write_arrow(
                table, target, layer=info.name, driver="GPKG", append=append,
                geometry_name=name if spatial else None, geometry_type=meta["geometry_type"] if spatial else None,
                crs=crs if spatial else None,
            )  # fmt: skip
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError, ValueError) as error:
            raise BadDataError(
                "{path} cannot be copied: {reason}", hint="Export it as GeoPackage from the program that made it.",
                path=str(source), reason=str(error)[:300],
            ) from error  # fmt: skip
