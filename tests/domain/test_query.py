"""SQL over a layer: right rows, clear refusals, no way out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lydigital.domain.query import ask, rows_sorted, rows_where
from lydigital.errors import UsageError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray
from lydigital.model.table import FeatureTable


@pytest.fixture
def layer() -> FeatureTable:
    columns = pa.table({"name": ["龙门镇", "关林", None, "龙门石窟"], "people": [30, 10, 20, None]})
    return FeatureTable(
        np.array([7, 8, 9, 10]), columns, GeometryArray.from_points(np.zeros((4, 2))), Crs("EPSG:4546")
    )


def test_conditions(layer: FeatureTable):
    assert rows_where(layer, "people >= 20").tolist() == [0, 2]
    assert rows_where(layer, "name LIKE '%龙门%'").tolist() == [0, 3]
    assert rows_where(layer, "fid = 9 OR name IS NULL -- remark").tolist() == [2]


def test_order(layer: FeatureTable):
    assert rows_sorted(layer, "people").tolist() == [1, 2, 0, 3]
    assert rows_sorted(layer, "people", descending=True).tolist() == [0, 2, 1, 3]


def test_groups(layer: FeatureTable):
    answer = ask(layer, "SELECT count(*) AS n, sum(people) AS p FROM layer")
    assert answer.to_pylist() == [{"n": 4, "p": 60}]


@pytest.mark.parametrize(
    "where",
    [
        "nothing = 1", "people >", "1=1); DROP TABLE layer; --", "name IN (SELECT content FROM read_text('/etc/passwd'))",
        "people IN (SELECT column0 FROM 'file.csv')",
    ],
)  # fmt: skip
def test_refusals(layer: FeatureTable, where: str):
    with pytest.raises(UsageError) as caught:
        rows_where(layer, where)
    assert caught.value.hint


@pytest.mark.parametrize(
    "sql",
    [
        "COPY layer TO 'out.csv'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "ATTACH 'x.db'",
        "DELETE FROM layer",
    ],
)
def test_nothing_but_select(layer: FeatureTable, sql: str):
    with pytest.raises(UsageError):
        ask(layer, sql)
