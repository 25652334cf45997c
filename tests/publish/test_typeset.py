"""Words on paper."""

from __future__ import annotations

import numpy as np
import pytest

from lydigital.publish import typeset


class Fonts:
    """Every character is half as wide as it is high, Chinese ones square."""

    def advances(self, text, font):
        return np.array([font.size_px * (1.0 if ord(c) > 0x2E80 else 0.5) for c in text], np.float32)


def broken(text, width_em, weight="regular"):
    size_pt = 72 / 25.4  # a millimetre an em
    return ["".join(run.text for run in line) for line in typeset.lines(Fonts(), text, size_pt, width_em, weight)]


def test_chinese_breaks_anywhere_but_before_closing_punctuation():
    assert broken("洛阳市地质灾害预警图", 5) == ["洛阳市地质", "灾害预警图"]
    assert broken("洛阳市地质，灾害", 5) == ["洛阳市地质，", "灾害"]
    assert broken("洛阳市地（灾害）", 5) == ["洛阳市地", "（灾害）"]


def test_latin_words_stay_whole_unless_one_alone_is_too_wide():
    assert broken("map of the city", 4) == ["map of ", "the city"]
    assert broken("EPSG:4546坐标系", 5) == ["EPSG:4546", "坐标系"]
    assert broken("abcdefghij", 2) == ["abcd", "efgh", "ij"]


def test_lines_are_kept_as_written_and_bold_is_a_run():
    assert broken("一\n\n二", 5) == ["一", "", "二"]
    (line,) = typeset.lines(Fonts(), "一**二**三", 72 / 25.4, 9)
    assert line == (typeset.Run("一", "regular"), typeset.Run("二", "bold"), typeset.Run("三", "regular"))


def test_placeholders():
    facts = {"title": "图", "n": 12345.678, "feature.name": "城关镇", "none": None}
    assert typeset.fill("{title}：{n:,.1f} {feature.name}{none}", facts) == ("图：12,345.7 城关镇", ())
    assert typeset.fill("{{title}} {nobody} {n:,d}", facts) == ("{title}  12,346", ("nobody",))


@pytest.mark.parametrize("text", ["{title.__class__}", "{n!r}", "{n:>99999999}", "{0}", "{", "}", "{title[0]}"])
def test_nothing_but_the_value_of_a_fact_is_ever_reached(text):
    words, _ = typeset.fill(text, {"title": "图", "n": 1.0})
    assert words in (text, "")
