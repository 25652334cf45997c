from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydigital.errors import BadDataError
from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Stroke,
    Style,
    parse_color,
    size_at,
)

STOPS = ((1000.0, 4.0), (100_000.0, 2.0), (1_000_000.0, 0.5))


@pytest.mark.parametrize(
    ("denominator", "size"),
    [(1, 4), (1000, 4), (10_000, 3), (100_000, 2), (316_227.766, 1.25), (1_000_000, 0.5), (1e9, 0.5)],
)
def test_sizes_follow_the_logarithm_of_the_scale(denominator, size):
    assert size_at(STOPS, denominator) == pytest.approx(size)


def test_one_number_is_the_same_everywhere():
    assert size_at(2.5, 1) == size_at(2.5, 1e9) == 2.5
    assert size_at(3, 500) == 3


def test_one_stop_is_one_number():
    assert size_at(((5000.0, 1.5),), 1) == size_at(((5000.0, 1.5),), 1e7) == 1.5


@given(st.floats(1, 1e8))
def test_sizes_stay_between_their_stops(denominator):
    assert 0.5 <= size_at(STOPS, denominator) <= 4


@pytest.mark.parametrize(
    ("text", "opacity", "rgba"),
    [
        ("#102030", 1.0, (16, 32, 48, 255)),
        ("#10203080", 1.0, (16, 32, 48, 128)),
        ("#FFffFF", 0.5, (255, 255, 255, 128)),
        ("#00000080", 0.5, (0, 0, 0, 64)),
    ],
)
def test_colours(text, opacity, rgba):
    assert parse_color(text, opacity) == rgba


@pytest.mark.parametrize(
    "text", ["", "#", "red", "102030", "#12345", "#1234567", "#gg0000", "##1020300", "#123456789"]
)
def test_other_texts_are_no_colours(text):
    with pytest.raises(BadDataError) as caught:
        parse_color(text)
    assert "#rrggbb" in caught.value.hint_text()


def test_the_rule_for_the_rest():
    assert Rule(()).is_else
    assert not Rule((), value=0).is_else
    assert not Rule((), value=False).is_else
    assert not Rule((), values=("a",)).is_else
    assert not Rule((), minimum=0.0).is_else
    assert not Rule((), maximum=0.0).is_else


def test_scale_range_takes_its_lower_end_only():
    style = Style((Rule(()),), min_scale=1000, max_scale=5000)
    assert [style.shows_at(s) for s in (999, 1000, 4999, 5000)] == [False, True, True, False]


FULL = Style(
    (
        Rule(
            (PolygonSymbolizer(Fill("#112233", pattern="hatch"), Stroke("#000000", STOPS)),),
            value="a",
            title="甲",
        ),
        Rule((LineSymbolizer(Stroke("#000000", dash_mm=(2.0, 1.0)), Stroke("#ffffff", 2.0)),), values=(1, 2)),
        Rule((PointSymbolizer(size_mm=STOPS, glyph="home"),), minimum=0.0, maximum=5.0, max_scale=1e6),
        Rule((RasterSymbolizer(((0.0, "#000000"), (100.0, "#ffffff"))),)),
    ),
    kind="categorized",
    field="kind",
    labels=LabelStyle("name", size_pt=STOPS, classes=("a", 1)),
)


def test_survives_being_written_and_read():
    for encode, decode in (
        (msgspec.json.encode, msgspec.json.decode),
        (msgspec.msgpack.encode, msgspec.msgpack.decode),
    ):
        assert decode(encode(FULL), type=Style) == FULL


def test_a_misspelt_key_is_an_error():
    with pytest.raises(msgspec.ValidationError, match="colour"):
        msgspec.convert({"color": "#000000", "colour": "#000000"}, Stroke)


def test_defaults_draw_at_every_scale():
    assert Style(()).shows_at(1)
    assert Style(()).shows_at(1e12)
    assert Rule(()).max_scale == math.inf
