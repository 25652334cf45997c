"""Stores on the command line: exit codes, one JSON object, and nothing lost."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lydigital import cli
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import changes_between
from lydigital.stores.lease import Lease
from lydigital.stores.store import open_store


@pytest.fixture
def city(small_city, tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    path = shutil.copy(small_city, folder / "city.gpkg")
    store = open_store(path)
    old = store.fetch("spot", [1])[1]
    step = ChangeSet("Set {field}", changes_between("spot", 1, old, old.replaced(name="新")), values={"field": "name"})
    store.apply([step], author="王", machine="desk", now=datetime(2026, 5, 4, tzinfo=UTC))
    store.close()
    return path


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = cli.main(["store", *map(str, arguments), "--json", "--lang", "en"], None)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, json.loads(out)

    return call


def name_of(path):
    store = open_store(path)
    try:
        return store.fetch("spot", [1])[1].values["name"]
    finally:
        store.close()


def test_backup_restore_and_verify(run, city, tmp_path):
    folder = tmp_path / "backups"
    code, made = run("backup", city, "--folder", folder)
    assert code == 0
    code, listed = run("backup", city, "--folder", folder, "--list")
    assert [b["path"] for b in listed["backups"]] == [made["output"]]
    city.write_bytes(b"spoilt")
    assert run("verify", city)[0] == 3
    code, done = run("restore", city, "latest", "--folder", folder)
    assert code == 0
    assert Path(done["kept"]).read_bytes() == b"spoilt"
    assert name_of(city) == "新"
    code, verdict = run("verify", city)
    assert (code, verdict["sound"], verdict["steps"], verdict["changes"]) == (0, True, 1, 1)


def test_restoring_what_somebody_edits_is_refused(run, city, tmp_path):
    folder = tmp_path / "backups"
    run("backup", city, "--folder", folder)
    other = Lease(city)
    other.take("li")
    code, said = run("restore", city, "latest", "--folder", folder)
    assert code == 4
    assert "li" in said["error"]
    assert run("restore", city, "latest", "--folder", folder, "--take-over")[0] == 0


def test_nothing_to_restore_is_said(run, city, tmp_path):
    assert run("restore", city, "latest", "--folder", tmp_path / "none")[0] == 6
    assert run("backup", tmp_path / "missing.gpkg")[0] == 6


def test_history_names_who_and_what(run, city, tmp_path):
    code, found = run("history", city, "--layer", "spot", "--fid", 1)
    assert code == 0
    (step,) = found["steps"]
    assert (step["operator"], step["machine"], step["what"], step["count"]) == ("王", "desk", "Set name", 1)
    assert step["changes"] == [{"layer": "spot", "fid": 1, "kind": "changed", "geometry": False, "fields": ["name"]}]
    assert run("history", city, "--since", "2026-05-05")[1]["steps"] == []
    assert run("history", city, "--fid", 1)[0] == 2


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_history_is_exported(run, city, tmp_path, suffix):
    out = tmp_path / f"history.{suffix}"
    code, values = run("history", city, "-o", out)
    assert (code, values["changes"]) == (0, 1)
    text = out.read_text(encoding="utf-8-sig")
    assert "新" in text
    assert "王" in text
    assert run("history", city, "-o", tmp_path / "history.doc")[0] == 2


def test_a_changed_audit_trail_is_found(run, city):
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(city)) as db:
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            db.execute("UPDATE gpkglyd_audit_steps SET author = 'nobody'")
        db.execute("DROP TRIGGER gpkglyd_audit_steps_no_update")
        db.execute("UPDATE gpkglyd_audit_steps SET author = 'nobody'")
        db.commit()
    code, said = run("verify", city)
    assert code == 3
    assert "step 1" in said["error"]


def test_init_and_copy_make_stores_and_overwrite_none(run, city, tmp_path):
    code, made = run("init", tmp_path / "new.gpkg")
    assert code == 0
    assert "building" in made["layers"]
    assert run("init", tmp_path / "new.gpkg")[0] == 5
    assert run("init", tmp_path / "new.txt")[0] == 3
    source = tmp_path / "points.geojson"
    source.write_text('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"n":1,"t":"文"},'
                      '"geometry":{"type":"Point","coordinates":[112.4,34.6]}}]}')  # fmt: skip
    code, copied = run("copy", source, tmp_path / "points.gpkg")
    assert (code, copied["layers"]) == (0, ["points"])
    store = open_store(tmp_path / "points.gpkg")
    assert store.fetch("points", [1])[1].values == {"n": 1, "t": "文"}
    store.writing("points")
    store.close()
    assert run("copy", city, tmp_path / "copy.gpkg")[0] == 0
    assert run("verify", tmp_path / "copy.gpkg")[1]["steps"] == 1
    assert run("copy", city, tmp_path / "copy.gpkg")[0] == 5


def test_history_is_filtered_by_person_step_and_days(run, city):
    assert len(run("history", city, "--operator", "王")[1]["steps"]) == 1
    assert run("history", city, "--operator", "li")[1]["steps"] == []
    assert run("history", city, "--after", 1)[1]["steps"] == []
    assert len(run("history", city, "--after", 0, "--days", 36500)[1]["steps"]) == 1


def test_what_changed_since_is_told_for_handing_over(run, city):
    code, found = run("changes", city, "--after", 0)
    assert (code, found["since"]) == (0, "step 0")
    spot = found["layers"]["spot"]
    assert (spot["new"], spot["changed"], spot["removed"]) == (0, 1, 0)
    assert spot["features"] == [
        {"fid": 1, "kind": "changed", "fields": ["name"], "geometry": False, "steps": [1], "operators": ["王"]}
    ]
    assert run("changes", city, "--after", 1)[1]["layers"] == {}
    assert found["token"].startswith("1:")
