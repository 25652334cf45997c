"""``lydigital layout list|export``."""

from __future__ import annotations

import json

import pikepdf
import pytest

from lydigital import cli
from lydigital.commands import layout_line
from lydigital.errors import UsageError


def run(capsys, *arguments):
    code = cli.main(["layout", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_templates_are_listed(capsys):
    code, out, _ = run(capsys, "list", "sample", "--json")
    assert code == 0
    assert any(found["id"] == "planning" and found["kind"] == "template" for found in json.loads(out)["layouts"])


def test_settings_are_keys_and_values():
    assert layout_line.values_of(["title=a=b", " n = "]) == {"title": "a=b", "n": " "}
    with pytest.raises(UsageError):
        layout_line.values_of(["title"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--layout", "planing", "-o", "{tmp}/a.pdf"), 2), (("--layout", "planning", "-o", "{tmp}/a"), 2),
        (("--layout", "planning", "-o", "{tmp}/a.pdf", "--bounds", "1,2,3"), 2), (("--layout", "planning", "-o", "{tmp}/a.pdf", "--set", "x"), 2),
        (("--layout", "{tmp}/own.toml", "-o", "{tmp}/a.pdf"), 3), (("-o", "{tmp}/a.pdf"), 2),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(capsys, tmp_path, given, code):
    (tmp_path / "own.toml").write_text('id = "own"\n[[items]]\ntype = "hologram"\nid = "h"\nx = 0\ny = 0\nwidth = 1\nheight = 1\n', encoding="utf-8")
    found, _, err = run(capsys, "export", "sample", *(word.format(tmp=tmp_path) for word in given))
    assert found == code
    assert "→" in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("a*"))


def test_a_template_is_written_with_values(capsys, tmp_path):
    pytest.importorskip("PySide6")
    own = tmp_path / "own.toml"
    own.write_text(
        'id = "own"\n[[pages]]\nwidth = 60\nheight = 40\n[[items]]\ntype = "text"\nid = "t"\nx = 2\ny = 2\nwidth = 50\nheight = 10\ntext = "{a} {b}"\n',
        encoding="utf-8",
    )
    code, out, err = run(capsys, "export", "sample", "--layout", str(own), "-o", str(tmp_path / "a.pdf"), "--set", "a=1", "--pdf-a", "--json", "--lang", "en")
    assert code == 0
    assert json.loads(out)["output"] == [str(tmp_path / "a.pdf")]
    with pikepdf.open(tmp_path / "a.pdf") as made:
        assert made.Root.OutputIntents[0].S == "/GTS_PDFA1"
    assert "asks for b," in err  # nobody gave it
