"""Recipes of pages."""

from __future__ import annotations

import pytest

from lydigital.errors import BadDataError
from lydigital.model import recipe

GOOD = """
title = "汛期图件"
output = "out"
zip = true
[[sheets]]
layout = "planning"
by = "township"
formats = ["pdf", "png"]
values = { title = "x" }
[[sheets]]
layout = "own/a.toml"
project = "b.lyd.toml"
[[sheets]]
layout = "planning"
by = "township"
"""


def written(tmp_path, text):
    path = tmp_path / "r.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_those_beside_the_recipe_and_every_run_has_an_id(tmp_path):
    read = recipe.read(written(tmp_path, GOOD))
    assert [run.id for run in read.sheets] == ["planning_township", "a", "planning_township_2"]
    assert read.output == str(tmp_path / "out")
    assert read.sheets[1].layout == str(tmp_path / "own" / "a.toml")
    assert read.sheets[1].project == str(tmp_path / "b.lyd.toml")
    assert read.sheets[0].project == read.project == ""
    assert all(run.zip for run in read.sheets)
    assert read.folder_of(read.sheets[1]) == "a"


def test_the_only_run_writes_into_the_folder_itself(tmp_path):
    read = recipe.read(written(tmp_path, '[[sheets]]\nlayout = "planning"\n'))
    assert read.folder_of(read.sheets[0]) == ""


@pytest.mark.parametrize(
    "text",
    [
        "", 'title = "x"', "[[sheets]]\n", '[[sheets]]\nlayout = "a"\nlayer = "b"\n', '[[sheets]]\nlayout = "a"\ndpi = 5\n',
        '[[sheets]]\nlayout = "a"\nid = "../x"\n', '[[sheets]]\nlayout = "a"\nid = ".x"\n', '[[sheets]]\nlayout = "a"\nformats = ["../x"]\n', "[[sheets",
        "\x00",
    ],
)  # fmt: skip
def test_what_is_no_recipe_is_said(tmp_path, text):
    with pytest.raises(BadDataError) as told:
        recipe.read(written(tmp_path, text))
    assert "r.toml" in str(told.value)
    assert told.value.hint_text()


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadDataError):
        recipe.read(tmp_path / "nothing.toml")
