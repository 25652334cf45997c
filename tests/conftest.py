"""Every test runs away from the user's own folders; compiled kernels are shared between tests."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path  # noqa: TC003

import pytest

if os.environ.get("LYDIGITAL_TEST_WITHOUT_QT"):
    sys.modules["PySide6"] = None  # type: ignore[assignment]  # as if it were not installed

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("LYDIGITAL_HOME", tempfile.mkdtemp(prefix="lydigital-test-"))

from lydigital import paths, texts


def pytest_addoption(parser: pytest.Parser) -> None:
    """Without Qt the plugin pytest-qt is off (``-p no:pytest-qt``); its settings in pyproject.toml are then unknown."""
    if os.environ.get("LYDIGITAL_TEST_WITHOUT_QT"):
        for name in ("qt_api", "qt_log_level_fail"):
            parser.addini(name, "of pytest-qt")


IN_CI = bool(os.environ.get("CI"))


def need(condition: bool, reason: str) -> None:
    """Skip on a developer's machine, fail in CI: the set-up must have installed it."""
    if condition:
        return
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def _application():
    """One QApplication for all Qt tests: whoever came first with a lesser kind would spoil it for the window's tests."""
    try:
        from PySide6.QtWidgets import QApplication
    except ImportError:
        yield None
        return
    yield QApplication.instance() or QApplication([])


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Configuration and state of each test in its own folder."""
    for name in ("config", "state"):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.setattr(paths, f"{name}_dir", lambda folder=folder: folder)
    yield
    texts.use("en", paths.translations_dir())


@pytest.fixture(scope="session")
def small_catalogue():
    """Three layers, one of each kind, in two groups."""
    from lydigital.model import layerdef, style

    area = style.PolygonSymbolizer(style.Fill("#88aa88"))
    line = style.LineSymbolizer(style.Stroke("#884444", width_mm=1.0))
    name = (layerdef.FieldDef("name", "名称", "Name"),)

    def layer(layer_id: str, title: str, group: str, geometry, symbolizer, order: int, **more):
        rule = style.Rule((symbolizer,))
        return layerdef.LayerDef(
            layer_id,
            title,
            group,
            geometry,
            style.Style((rule,), **more),
            layer_id.title(),
            fields=name,
            order=order,
        )

    return layerdef.Catalogue(
        (
            layer("field", "地块", "land", "polygon", area, 10),
            layer("way", "道路", "net", "line", line, 40),
            layer("spot", "站点", "net", "point", style.PointSymbolizer(size_mm=4.0), 80, max_scale=100_000),
        ),
        (
            layerdef.GroupDef("net", "网络", "Network"),
            layerdef.GroupDef("land", "土地", "Land", expanded=True),
        ),
    )


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory, small_catalogue) -> Path:
    """A GeoPackage of the three layers on one kilometre of EPSG:4546, and a layer ``well`` no catalogue knows."""
    import numpy as np

    from lydigital.model.geometry import GeometryArray, GeometryKind
    from lydigital.model.layerdef import Catalogue, FieldDef, LayerDef
    from lydigital.model.style import Style
    from lydigital.stores import create

    path = tmp_path_factory.mktemp("city") / "city.gpkg"
    well = LayerDef("well", "水井", "land", "point", Style(()), fields=(FieldDef("name", "名称"),))
    create.create_gpkg(path, Catalogue((*small_catalogue.layers, well), small_catalogue.groups))
    x, y = 600_000.0, 3_830_000.0

    def square(x0: float, y0: float, side: float):
        x0, y0 = x + x0, y + y0
        return [(x0, y0), (x0 + side, y0), (x0 + side, y0 + side), (x0, y0 + side), (x0, y0)]

    fields = GeometryArray.from_rings(
        GeometryKind.POLYGON,
        [[[square(0, 0, 500), square(200, 200, 100)]], [[square(200, 200, 50)]], [[square(600, 600, 400)]]],
    )
    ways = GeometryArray.from_rings(
        GeometryKind.LINE, [[[[(x, y + 500), (x + 1000, y + 500)]]], [[[(x + 500, y), (x + 500, y + 1000)]]]]
    )
    spots = GeometryArray.from_points(
        np.array([(x + 100.0, y + 100.0), (x + 500.0, y + 500.0), (x + 900.0, y + 900.0)])
    )
    for layer, shapes, names in zip(
        small_catalogue.layers, (fields, ways, spots), ("abc", "de", "fgh"), strict=True
    ):
        create.write_layer(path, layer, {"name": list(names)}, shapes)
    create.write_layer(
        path, well, {"name": ["w"]}, GeometryArray.from_points(np.array([(x + 300.0, y + 700.0)]))
    )
    return path


@pytest.fixture
def small_session(small_city: Path, small_catalogue):
    """A session on the small city, with autosave."""
    from lydigital.session import open_session

    session = open_session(str(small_city), catalogue=small_catalogue, author="tester", autosave=True)
    yield session
    session.close()
