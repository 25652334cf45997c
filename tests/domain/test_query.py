"""SQL over a layer: right rows, clear refusals, no way out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.domain import plain
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


WORDS = ["龙", "门", "商业", "10", "A", "a", "'", '"', "%", "_", "\\", " ", "é"]
words = st.lists(st.sampled_from(WORDS), max_size=5).map("".join)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.none() | words, max_size=12), words, st.sampled_from(["=", "LIKE", " like "]),
    st.sampled_from(["{}", "%{}", "{}%", "%{}%", "%%{}%", "%", ""]), st.booleans(), st.integers(0, 3),
)  # fmt: skip
def test_plain_conditions_answer_as_the_engine_does(texts, word, operator, shape, large, cut):
    column = pa.array(texts, pa.large_string() if large else pa.string())
    chunked = pa.chunked_array([column[:cut], column[cut:]], column.type)
    layer = FeatureTable(
        np.arange(len(texts)), pa.table({"Name": chunked}), GeometryArray.from_points(np.zeros((len(texts), 2))),
        Crs("EPSG:4546"),
    )  # fmt: skip
    literal = shape.format(word).replace("'", "''")
    where = f"\"Name\" {operator} '{literal}'"
    expected = ask(layer, f"SELECT __row FROM layer WHERE ({where})").column(0).to_pylist()
    assert rows_where(layer, where).tolist() == sorted(expected)
    quick = plain.rows_where(layer, where)
    assert quick is None or quick.dtype == np.int32


def test_which_conditions_are_plain(layer: FeatureTable):
    assert plain.rows_where(layer, "\"name\" LIKE '%门%'").tolist() == [0, 3]
    assert plain.rows_where(layer, " \"name\"='关林' ").tolist() == [1]
    for other in (
        "\"name\" LIKE '龙_镇'", "\"name\" LIKE '龙%镇'", "\"people\" = '30'", "\"NAME\" = '关林'",
        "\"name\" NOT LIKE '%门%'", "\"name\" = '关林' -- remark", "\"fid\" = '7'", "name = '关林'",
    ):  # fmt: skip
        assert plain.rows_where(layer, other) is None


def test_a_find_across_two_texts_is_none():
    columns = pa.table({"t": ["ab", "cd", "xabcd", "", "bc", "bcbc"]})
    layer = FeatureTable(np.arange(6), columns, GeometryArray.from_points(np.zeros((6, 2))), Crs("EPSG:4546"))
    assert rows_where(layer, "\"t\" LIKE '%bc%'").tolist() == [2, 4, 5]
    assert rows_where(layer, "\"t\" LIKE '%%'").tolist() == [0, 1, 2, 3, 4, 5]


def test_the_end_of_the_program_is_quiet():
    """An engine that outlives its module was told as leaked objects on the screen, once commands had been loaded."""
    import subprocess
    import sys

    asked = "import lydigital; from lydigital.domain import query; map = lydigital.open('sample'); map.run('layout.list')\n"
    asked += "print(len(query.rows_sorted(map.table('county'), 'name')))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("14\n", "")
