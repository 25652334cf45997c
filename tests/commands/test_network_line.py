"""``lydigital road`` on the sample city."""

from __future__ import annotations

import json

import pytest

from lydigital import cli

TOWN, LUANCHUAN = "112.45,34.62", "111.62,33.78"


def run(capsys, *arguments):
    code = cli.main(["road", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_check(capsys):
    code, out, err = run(capsys, "check", "sample", "--lang", "en")
    assert code == 0
    assert "End moved onto another road, which was split: 15" in out
    assert "99.75 % of all length are connected" in out
    assert "not connected to the rest" in err
    code, out, _ = run(capsys, "check", "sample", "--tolerance", "0", "--json")
    assert code == 0
    assert json.loads(out)["tolerance_m"] == 0


def test_way_as_turns_and_as_json(capsys):
    code, out, err = run(capsys, "way", "sample", "--from", TOWN, "--to", LUANCHUAN, "--lang", "zh")
    assert code == 0
    first, *turns = out.splitlines()
    assert "分钟" in first
    assert turns[0].startswith("  出发")
    assert turns[-1] == "  到达"
    assert "未计入时间" in err
    code, out, _ = run(capsys, "way", "sample", "--from", "632982,3833393", "--to", "557426,3739432", "--crs", "EPSG:4546", "--json")
    assert code == 0
    assert json.loads(out)["seconds"] > 3600


def test_closed_roads_make_it_longer(capsys):
    line = "LINESTRING (560000 3745000, 600000 3745000)"
    code, out, _ = run(capsys, "way", "sample", "--from", TOWN, "--to", LUANCHUAN, "--close", line, "--close", "hazard_zone:1,2", "--json")
    assert code == 0
    assert len(json.loads(out)["closed"]) >= 8


def test_nearest_within_and_times(capsys, tmp_path):
    code, out, _ = run(capsys, "nearest", "sample", "hospital", "--at", LUANCHUAN, "--count", "2", "--lang", "en")
    assert code == 0
    assert len(out.splitlines()) == 2
    code, out, _ = run(capsys, "within", "sample", "--at", TOWN, "--minutes", "5,10", "--lang", "en")
    assert code == 0
    assert [text.split(":")[0] for text in out.splitlines()] == ["within 5 min", "within 10 min"]
    path = tmp_path / "a.csv"
    code, out, _ = run(capsys, "times", "sample", "hospital:1,2", "shelter:1", "-o", str(path), "--lang", "en")
    assert code == 0
    assert "2 × 1 times" in out
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["way", "sample", "--from", "here", "--to", TOWN], 2),
        (["way", "sample", "--from", TOWN, "--to", TOWN, "--close", ":1"], 2),
        (["way", "sample", "--from", TOWN, "--to", TOWN, "--crs", "EPSG:0"], 3),
        (["way", "sample", "--from", TOWN, "--to", TOWN, "--profile", "boat"], 3),
        (["within", "sample", "--at", TOWN, "--minutes", "soon"], 2),
        (["within", "sample", "--at", TOWN, "--minutes", "0"], 2),
        (["within", "sample", "--at", "100.0,10.0"], 3),
        (["nearest", "sample", "nothing", "--at", TOWN], 2),
    ],
)
def test_what_is_wrong_is_said(capsys, arguments, code):
    got, out, err = run(capsys, *arguments)
    assert got == code
    assert not out
    assert err.strip()
