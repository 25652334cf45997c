"""The ledger of warnings from tables that others wrote."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lydigital.domain import ledger
from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable


def table(**columns):
    count = len(next(iter(columns.values())))
    return FeatureTable(np.arange(1, count + 1), pa.table(columns), GeometryArray.from_shapely(GeometryKind.POINT, np.full(count, None)), Crs("EPSG:4546"))


def test_a_table_without_its_fields_is_told():
    with pytest.raises(BadDataError, match="payload, digest") as failure:
        ledger.read(table(code=["YJ2025-0001"], version=[1]))
    assert failure.value.hint_text()


@pytest.mark.parametrize("version", [[None], ["one"]])
def test_a_row_without_a_version_is_told(version):
    with pytest.raises(BadDataError):
        ledger.read(table(code=["YJ2025-0001"], version=version, payload=["{}"], digest=["-"]))
