"""``lydigital web``."""

from __future__ import annotations

import json

import pytest

from lydigital import cli


def run(capsys, *arguments):
    code = cli.main(["web", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_page_is_written_and_told(capsys, tmp_path, small_city):
    path = tmp_path / "map.html"
    code, out, _ = run(capsys, str(small_city), "-o", str(path), "--title", "图", "--budget", "1", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["bytes"] == path.stat().st_size < 1_000_000
    assert "<title>图</title>" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "code"),
    [(("-o", "{tmp}/a.pdf"), 2), (("-o", "{tmp}/none/a.html"), 6), (("-o", "{tmp}/a.html", "--budget", "0"), 2), (("-o", "{tmp}/a.html", "--audience", "public"), 4)],
)
def test_what_is_wrong_is_said(capsys, tmp_path, small_city, given, code):
    found, _, err = run(capsys, str(small_city), *(word.format(tmp=tmp_path) for word in given))
    assert found == code
    assert "→" in err
    assert not list(tmp_path.glob("*.html"))
