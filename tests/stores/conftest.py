"""Tiny sources in formats of every kind, and a witness that nothing was written."""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pyogrio.raw
import pytest
import shapely

from lydigital.model.layerdef import Catalogue, FieldDef, GroupDef, LayerDef
from lydigital.model.style import Rule, Style

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DRIVERS = {"gpkg": "GPKG", "geojson": "GeoJSON", "fgb": "FlatGeobuf"}

SQUARES = [shapely.box(i * 10, 0, i * 10 + 6, 6) for i in range(5)]
SQUARES[1] = shapely.Polygon(SQUARES[1].exterior.coords, [shapely.box(12, 2, 14, 4).exterior.coords])
SQUARES[2] = shapely.MultiPolygon([SQUARES[2], shapely.box(20, 10, 22, 12)])
NAMES = ["洛阳", "偃师", "孟津", "hole & more", "嵩县"]


def write(
    path: Path,
    shapes,
    fields,
    *,
    crs: str | None = "EPSG:4546",
    kind: str = "Unknown",
    layer: str | None = None,
    options: dict[str, str] | None = None,
):
    """Write shapely geometries with named columns through GDAL."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")
        _write(path, shapes, fields, crs=crs, kind=kind, layer=layer, options=options)
    return path


def _write(path, shapes, fields, *, crs, kind, layer, options):
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.asarray(shapes, object)),
        [np.asarray(v) for v in fields.values()],
        list(fields),
        layer=layer or path.stem,
        driver=DRIVERS.get(path.suffix[1:]),
        geometry_type=kind,
        crs=crs,
        layer_options=options,
    )


def witness(folder: Path) -> dict[str, tuple[str, int]]:
    """Name, content and modification time of every file, and of the folder itself."""
    seen = {
        p.name: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns)
        for p in sorted(folder.iterdir())
    }
    return seen | {".": ("", folder.stat().st_mtime_ns)}


@pytest.fixture
def write_file() -> Callable[..., Path]:
    return write


@pytest.fixture
def untouched() -> Callable[[Path], dict[str, tuple[str, int]]]:
    return witness


@pytest.fixture
def validity() -> Callable[[Path], list[str]]:
    """Requirements of the standard that a file does not meet."""
    import importlib.util
    from pathlib import Path as Folder

    place = Folder(__file__).with_name("validity.py")
    spec = importlib.util.spec_from_file_location("validity", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.faults


@pytest.fixture
def need_ogrinfo() -> None:
    import shutil

    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo is not installed")


@pytest.fixture
def squares(tmp_path) -> Callable[[str], Path]:
    """Make a layer of five polygons, one with a hole and one of two parts, in a folder of its own."""

    def make(suffix: str) -> Path:
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        fields = {"name": np.array(NAMES, object), "height": np.array([1.5, 2.5, 3.5, 4.5, np.nan])}
        return write(folder / f"district.{suffix}", SQUARES, fields)

    return make


def layer(layer_id: str, geometry: str, *fields: FieldDef, **more) -> LayerDef:
    return LayerDef(layer_id, layer_id.title(), "base", geometry, Style((Rule(()),)), fields=fields, **more)


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(
        (
            layer(
                "village",
                "point",
                FieldDef("name", "名称", required=True),
                FieldDef("people", "人口", type="integer", unit="人", minimum=0),
                FieldDef("kind", "类别", domain={"a": ("甲", "A"), "b": ("乙", "B")}),
                FieldDef("since", "起始", type="date"),
                FieldDef("seen", "巡查", type="datetime"),
                FieldDef("open", "开放", type="boolean"),
            ),
            layer("road", "line", FieldDef("width_m", "宽度", type="real", unit="m")),
            layer("county", "polygon"),
            layer("roster", "none", FieldDef("person", "姓名")),
            layer("relief", "raster", file="dem.tif"),
        ),
        (GroupDef("base", "基础"),),
    )
