"""``lydigital utility`` on the sample city."""

from __future__ import annotations

import json

import pytest

from lydigital import cli
from lydigital.commands.utility_line import pair
from lydigital.errors import UsageError


def run(capsys, *arguments):
    code = cli.main(["utility", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_trace_and_isolate(capsys):
    code, out, _ = run(capsys, "trace", "sample", "--fid", "1", "--direction", "up", "--json", "--lang", "en")
    assert code == 0
    values = json.loads(out)
    assert values["sources"][0]["kind_name"] == "Works or substation"
    assert values["start"]["fid"] == 1
    code, out, _ = run(capsys, "isolate", "sample", "--fid", "1", "--lang", "zh")
    assert code == 0
    assert "应关闭" in out
    stuck = out.split("应关闭\n", 1)[1].split()[0]
    code, again, _ = run(capsys, "isolate", "sample", "--fid", "1", "--stuck", stuck, "--lang", "zh")
    assert code == 0
    assert stuck not in again


def test_section_and_clearance(capsys, tmp_path):
    code, out, _ = run(capsys, "section", "sample", "--from", "632835.7,3838042.2", "--to", "632805.9,3838045.4", "-o", str(tmp_path / "a.svg"), "--lang", "en")
    assert code == 0
    assert "30.0 m" in out
    assert (tmp_path / "a.svg").is_file()
    code, out, _ = run(capsys, "clearance", "sample", "--fid", "1", "--json")
    assert code == 0
    assert json.loads(out)["checked"] >= 0


@pytest.mark.parametrize(
    "arguments", [("trace", "sample", "--at", "a,b"), ("trace", "sample"), ("section", "sample", "--from", "1,2", "--to", "1,2"), ("isolate", "sample", "--fid", "999999")]
)
def test_what_cannot_be_ends_with_2(capsys, arguments):
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert err
    assert "Traceback" not in err


def test_a_place_is_two_numbers():
    assert pair("1，2.5") == (1.0, 2.5)
    for text in ("1", "1,2,3", ",", "x,y"):
        with pytest.raises(UsageError):
            pair(text)
