from __future__ import annotations

import pytest

from lydigital.errors import BadDataError, LydError, StoreUnavailableError
from lydigital.stores.store import guess_crs, kind_of, open_store


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("postgresql://user:secret@host/city", StoreUnavailableError),
        ("https://user:secret@host/city.gpkg", StoreUnavailableError),
        ("map.docx", BadDataError),
        ("dem.tif", BadDataError),
        ("nofile.shp", StoreUnavailableError),
        ("nofile.geojson", StoreUnavailableError),
    ],
)
def test_says_what_it_cannot_open_and_what_to_do(uri, kind):
    with pytest.raises(LydError) as caught:
        open_store(uri)
    assert type(caught.value) is kind
    assert caught.value.hint_text()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("POINT", "point"), ("MultiPoint", "point"), ("Point Z", "point"), ("3D Measured Point", "mixed"),
        ("2.5D MultiPolygon", "polygon"), ("MULTIPOLYGON", "polygon"), ("LineString ZM", "line"), ("MULTICURVE", "line"),
        ("GEOMETRY", "mixed"), ("Unknown", "mixed"), ("GEOMETRYCOLLECTION", "mixed"), (None, "none"),
    ],
)  # fmt: skip
def test_words_for_geometry(declared, kind):
    assert kind_of(declared) == kind


def test_bounds_over_two_zones_are_no_zone():
    assert guess_crs((37e6, 3.8e6, 38.5e6, 3.9e6)) == "EPSG:4546"
