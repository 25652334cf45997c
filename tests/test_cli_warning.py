"""``lydigital hazard draft … issue, lift, list, verify``: JSON on standard output, exit codes of the contract."""

from __future__ import annotations

import json
import shutil

import msgspec
import pytest

from lydigital import cli, paths
from lydigital import settings as preferences
from lydigital.model.office import Office

OFFICE = Office(people={"甲": ("duty",), "乙": ("reviewer",), "丙": ("signatory",)})
AT = "2025-07-17T18:00"


@pytest.fixture
def city(tmp_path):
    preferences.write(msgspec.structs.replace(preferences.Settings(), operator="甲", office=OFFICE))
    return str(shutil.copy(paths.sample_store(), tmp_path / "city.gpkg"))


@pytest.fixture
def run(city, capsys):
    def call(verb: str, *more: str):
        code = cli.main(["hazard", verb, city, *more, "--json", "--lang", "en"], None)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, json.loads(out)

    return call


def test_the_whole_way(run):
    code, made = run("draft", "--township", "赵村镇=2", "--township", "三川镇=4", "--purpose", "exercise", "--time", AT)
    assert (code, made["status"], made["townships"]) == (0, "draft", 2)
    assert run("set-level", "--township", "三川镇", "--level", "none", "--reason", "雨小", "--time", AT)[1]["townships"] == 1
    assert run("submit", "--time", AT)[1]["status"] == "review"
    assert run("review", "--time", AT)[0] == 4, "he prepared it, and has no role"
    assert run("review", "--time", AT, "--operator", "乙")[0] == 0
    code, out = run("issue", "--time", AT, "--operator", "丙")
    assert (code, out["number"], out["signed_by"]) == (0, 1, "丙")
    assert run("list", "--purpose", "exercise")[1]["issues"][0]["id"] == out["id"]
    assert run("show")[1]["versions"][-1]["status"] == "issued"
    assert [c["name"] for c in run("diff")[1]["new"]] == ["赵村镇"]
    code, figures = run("verify", "--purpose", "exercise", "--from", "2025-07-17T20:00", "--to", "2025-07-18T20:00")
    assert code == 0
    assert figures["total"]["hits"] == 1
    assert run("lift", "--reason", "雨停", "--time", "2025-07-18T10:00", "--operator", "丙")[1]["status"] == "lifted"
    assert run("expire", "--time", "2025-07-19T10:00")[1] == {"issues": []}


@pytest.mark.parametrize(
    ("verb", "more", "code"),
    [
        ("draft", ["--township", "赵村镇=9"], 2),
        ("draft", [], 2),
        ("draft", ["--zones", "one"], 2),
        ("draft", ["--township", "赵村镇=2", "--to", "2020-01-01T20:00"], 4),
        ("draft", ["--township", "赵村镇=2", "--time", AT], 4),
        ("draft", ["--township", "赵村镇=2", "--operator", "乙"], 4),
        ("issue", [], 2),
        ("lift", ["--reason", "x"], 2),
        ("verify", ["--from", "2025-07-18", "--to", "2025-07-01"], 3),
        ("verify", ["-o", "report.txt"], 2),
    ],
)
def test_refusals_have_the_code_of_the_contract(run, verb, more, code):
    found, said = run(verb, *more)
    assert found == code
    assert said["code"] == code
    assert said["hint"]
