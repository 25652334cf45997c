"""An hour of looking in the window, with forms and editing tools open, changes no byte and leaves nothing beside the file."""

from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import Qt

from lydigital import paths
from lydigital.model.layerdef import read_catalogue
from lydigital.model.selection import Selection
from lydigital.session import open_session


def state(folder):
    """Name, digest, time and size of all that lies in a folder."""
    return {
        p.name: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns, p.stat().st_size)
        for p in sorted(folder.rglob("*")) if p.is_file()
    }  # fmt: skip


def sample(path):
    shutil.copyfile(paths.sample_store(), path)
    return "township", "hazard_point"


def by_gdal(path):
    import pyogrio.raw
    import shapely

    x, y = 630_000.0, 3_830_000.0
    for name, shape, kind in (("plot", shapely.box(x, y, x + 900, y + 900), "Polygon"), ("mast", shapely.Point(x + 300, y + 300), "Point")):
        shapes, values = shapely.to_wkb(np.array([shape, shape])), [np.array(["a", "b"], object), np.array([1.5, 2.5])]
        pyogrio.raw.write(path, shapes, values, ["name", "n"], layer=name, driver="GPKG", geometry_type=kind, crs="EPSG:4546",
                          append=path.exists())  # fmt: skip
    return "plot", "mast"


@pytest.fixture(params=[sample, by_gdal])
def looked_at(request, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder, *request.param(folder / "city.gpkg")


@pytest.fixture
def small_session(looked_at):
    session = open_session(str(looked_at[0] / "city.gpkg"), catalogue=read_catalogue(paths.layers_dir()), author="tester", autosave=True)
    yield session
    session.close()


def test_looking_changes_no_byte_and_leaves_nothing(looked_at, window, qtbot, framed, tmp_path):
    folder, area, point = looked_at
    before = state(folder)
    assert list(before) == ["city.gpkg"]
    session = window.session
    with framed(window):
        window.canvas.zoom_by(3.0)
    with framed(window):
        window.canvas.pan_by(40, -30)
    for layer in (area, point):
        session.document.is_visible(session.document.layer(layer)) or window.do("layer.show", layer=layer)
        table = session.table(layer)
        window.show_feature(layer, 0)
        form = window.cards.inspector.form
        if form is not None:
            editor = next(e for e in form.editors.values() if e.known.type == "text")
            editor.setFocus()
            qtbot.keyClicks(editor, "x")
            qtbot.keyClick(editor, Qt.Key.Key_Escape)
        session.select(Selection.of(layer, [int(table.fid[0])]))
        window.cards.show_form()
        window.cards.show_style(layer)
        window.past.show_feature(layer, int(table.fid[0]))
    x, y = session.viewport.centre
    window.cards.click(x, y)
    window.open_palette("111")
    window.palette_box.close_palette()
    window.editing.show_page()
    window.editing.choose("select")
    window.editing.stop()
    window.holding.look()
    window.ask("attribute.calculate")
    window.past.show_list()
    window.holding.show_backups()
    window.do("check.layers", layers=(area,))
    window.do("file.info")
    window.do("map.render", path=str(tmp_path / "map.png"), width=200, height=150)
    window.do("layer.labels", layer=area, labels=False)
    window.run("edit.undo")
    assert window.grab().save(str(tmp_path / "window.png"))
    qtbot.wait(300)
    assert session.features.is_saved
    assert state(folder) == before
    window.close()
    assert state(folder) == before
    assert (tmp_path / "map.png").stat().st_size > 1000
