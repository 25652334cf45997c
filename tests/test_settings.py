from __future__ import annotations

import pytest

from lydigital import settings
from lydigital.settings import RECENT, Settings


def test_defaults_without_a_file():
    assert settings.read() == (Settings(language="zh"), None)


def test_written_settings_come_back():
    made = Settings(language="en", theme="dark", operator="王工", recent=("/a/b.lyd.toml",), cache_mb=100)
    settings.write(made)
    assert settings.read() == (made, None)


@pytest.mark.parametrize(
    "content", [b"language = ", b'language = "fr"', b"recent = 5", b"\xff\xfe\x00", b'cache_mb = "much"']
)
def test_broken_file_gives_defaults_a_note_and_is_kept(content):
    settings.path().write_bytes(content)
    found, issue = settings.read()
    assert found == Settings()
    assert issue.code == "settings.broken"
    assert settings.path().with_name("settings.toml.broken").read_bytes() == content
    settings.write(found)
    assert settings.read() == (found, None)


def test_keys_of_a_newer_program_stay():
    settings.path().write_text('operator = "a"\nnew_thing = 3\n')
    found, issue = settings.read()
    assert (found.operator, issue) == ("a", None)
    settings.write(found)
    assert "new_thing = 3" in settings.path().read_text()


def test_recent_projects_newest_first_without_repeats():
    found = Settings()
    for name in [*"abcdefghijklmnop", "d"]:
        found = found.remembering(name)
    assert found.recent[:3] == ("d", "p", "o")
    assert len(found.recent) == RECENT
    assert len(set(found.recent)) == RECENT
