from __future__ import annotations

import numpy as np
import pytest

from lydigital.model.document import LayerRef
from lydigital.model.layerdef import Catalogue
from lydigital.model.style import parse_color
from lydigital.stores import compose
from lydigital.stores.store import FieldInfo, LayerInfo


def test_ids_do_not_meet_when_the_same_file_is_added_again(small_city, small_catalogue):
    first = compose.refs_of(str(small_city), small_catalogue)
    again = compose.refs_of(str(small_city), small_catalogue, [r.id for r in first])
    assert [r.id for r in first] == ["spot", "well", "way", "field"]
    assert [r.id for r in again] == ["spot_2", "well_2", "field_2", "way_2"] or not {r.id for r in again} & {
        r.id for r in first
    }
    assert len({r.id for r in again}) == 4


def test_same_name_with_other_geometry_is_not_the_catalogues_layer(small_city, small_catalogue):
    import msgspec

    way = msgspec.structs.replace(small_catalogue.layer("way"), geometry="polygon")
    refs = compose.refs_of(str(small_city), Catalogue((way,), small_catalogue.groups))
    ref = next(r for r in refs if r.table == "way")
    assert ref.id != "way"
    assert ref.group == compose.OTHER


@pytest.mark.parametrize("geometry", ["point", "line", "polygon", "mixed", "none"])
def test_generated_definition_is_drawable(geometry):
    info = LayerInfo(
        "井 盖", "井盖", geometry, 3, "EPSG:4546", None, (FieldInfo("名称", "text"), FieldInfo("n", "blob"))
    )
    made = compose.definition_of(LayerRef("x", "a.gpkg", "井 盖", title="井盖"), info)
    assert made.title == "井盖"
    assert made.title_field == "名称"
    assert [f.type for f in made.fields] == ["text", "text"]
    assert (len(made.style.rules) == 0) is (geometry == "none")


def test_quiet_colours_differ_between_layers_and_stay():
    info = LayerInfo("a", "a", "point", 1, "", None, ())
    colours = [
        compose.definition_of(LayerRef(f"layer{i}", "a.gpkg"), info).style.rules[0].symbolizers[0].color
        for i in range(20)
    ]
    assert colours == [
        compose.definition_of(LayerRef(f"layer{i}", "a.gpkg"), info).style.rules[0].symbolizers[0].color
        for i in range(20)
    ]
    assert len(set(colours)) > 5
    for colour in colours:
        rgb = np.array(parse_color(colour)[:3], int)
        assert rgb.max() - rgb.min() < 100, "quiet"


def test_raster_file_becomes_a_grid_layer(tmp_path, small_catalogue):
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / "Ground height.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="float32", crs="EPSG:4546",
        transform=rasterio.Affine(30, 0, 600_000, 0, -30, 3_830_000),
    ) as made:  # fmt: skip
        made.write(np.ones((1, 8, 8), np.float32))
    (ref,) = compose.refs_of(str(path), small_catalogue)
    assert ref.id == "ground_height"
    assert compose.definition_of(ref, None).geometry == "raster"
