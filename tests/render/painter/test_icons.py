"""Every icon the catalogue and the commands name is in the icon font."""

from __future__ import annotations

import re

import pytest

from lydigital import paths
from lydigital.commands.registry import commands
from lydigital.render.painter import icons

NAMED = {
    (path.name, name)
    for path in sorted(paths.layers_dir().rglob("*.toml"))
    for name in re.findall(r'^(?:\s*|.*[{,]\s*)(?:glyph|icon)\s*=\s*"([^"]*)"', path.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_the_catalogue_names_icons():
    assert len(NAMED) > 20


@pytest.mark.parametrize(("file", "name"), sorted(NAMED))
def test_icon_of_the_catalogue(file, name):
    assert icons.check(name) == name


@pytest.mark.parametrize("command", sorted(commands()))
def test_icon_of_a_command(command):
    icon = commands()[command].icon
    assert icons.check(icon) == icon
