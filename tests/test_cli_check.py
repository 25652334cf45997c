"""``lydigital check``: what it says, and how it ends."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from lydigital import cli, paths
from lydigital.errors import BadDataError, UsageError


@pytest.fixture
def city(tmp_path):
    return shutil.copyfile(paths.sample_store(), tmp_path / "city.gpkg")


def run(capsys, *arguments):
    code = cli.main([str(a) for a in arguments], None)
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_layer_in_order_ends_with_0(capsys, city):
    before = city.read_bytes()
    code, out, _ = run(capsys, "check", city, "--layer", "township", "--json")
    told = json.loads(out)
    assert (code, told["errors"], told["layers"]) == (0, 0, ["township"])
    assert city.read_bytes() == before


def test_errors_are_named_and_end_with_3(capsys, city):
    with closing(sqlite3.connect(city)) as db, db:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):  # triggers name them
            db.create_function(name, 1, lambda _blob: 0)
        db.execute("UPDATE township SET nature = 'made up' WHERE fid = (SELECT min(fid) FROM township)")
        [(fid,)] = db.execute("SELECT min(fid) FROM township").fetchall()
    code, out, _ = run(capsys, "check", city, "--layer", "township", "--json")
    told = json.loads(out)
    assert code == BadDataError.exit_code == 3
    [found] = [f for f in told["findings"] if f["severity"] == "error"]
    assert (found["field"], found["fids"], found["count"]) == ("nature", [fid], 1)
    code, out, _ = run(capsys, "check", city, "--layer", "township", "--lang", "zh")
    assert code == 3
    assert "错误1处" in out


def test_an_unknown_layer_is_a_usage_error(capsys, city):
    code, out, _ = run(capsys, "check", city, "--layer", "nothing", "--json")
    assert code == UsageError.exit_code
    assert json.loads(out)["code"] == code
