"""Finding by words, and scales as people type them."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6.QtWidgets")

from lydigital.ui.search import Entry, best, score
from lydigital.ui.statusbar import parse_scale, scale_text


def entry(title: str, **more) -> Entry:
    return Entry(title, lambda: None, **more)


def test_substring_pinyin_and_initials():
    names = ("龙门石窟",)
    assert score("龙门", names) > score("石窟", names) > 0
    assert score("longmen", names) > 0
    assert score("lmsk", names) > 0
    assert score("栾川", names) == 0


def test_typing_errors_are_forgiven_but_not_everything():
    assert score("bokmark", ("add bookmark",)) > 0
    assert score("xyz", ("add bookmark",)) == 0


def test_best_first():
    found = best("road", [entry("Railroad"), entry("Road"), entry("Roads of the city")])
    assert [e.title for e in found] == ["Road", "Roads of the city", "Railroad"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:50000", 5e4),
        ("1:5万", 5e4),
        ("1:50,000", 5e4),
        ("25000", 25e3),
        ("2.5万", 25e3),
        ("1：500", 500),
        ("50k", 5e4),
    ],
)
def test_scales(text, value):
    assert parse_scale(text) == value


@pytest.mark.parametrize("text", ["", "far", "1:", "1:0", "1:99999999999"])
def test_no_scales(text):
    assert parse_scale(text) is None


def test_scale_text():
    assert scale_text(50_000) == "1:50,000"
    assert scale_text(123_456.7) == "1:123,000"
    assert scale_text(500) == "1:500"
