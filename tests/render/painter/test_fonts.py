"""Text and icons through Qt."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from lydigital.errors import BadDataError
from lydigital.render.drawlist import Font
from lydigital.render.painter import icons


def test_chinese_characters_are_square_and_advances_scale_with_the_size(fonts):
    assert fonts.advances("洛阳", Font(12)) == pytest.approx([12, 12], abs=0.01)
    assert fonts.advances("Ly 1", Font(40)) == pytest.approx(4 * fonts.advances("Ly 1", Font(10)), rel=1e-5)
    ascent, descent = fonts.vertical(Font(10))
    assert 7 < ascent < 13
    assert 1 < descent < 5


def test_a_mask_covers_the_character_above_the_baseline(fonts):
    mask, left, top = fonts.mask("国", Font(24))
    assert mask.dtype == np.uint8
    assert mask.max() > 200
    assert 0 <= left < 6
    assert -26 < top < -16
    assert 18 < mask.shape[0] < 28
    assert fonts.mask(" ", Font(24))[0].size == 0


def test_the_outline_agrees_with_the_mask(fonts):
    box = fonts.path("国", Font(24)).boundingRect()
    mask, left, top = fonts.mask("国", Font(24))
    assert box.left() == pytest.approx(left, abs=1.6)
    assert box.top() == pytest.approx(top, abs=1.6)
    assert box.right() <= left + mask.shape[1] + 0.5


def test_bold_is_darker_and_italic_leans(fonts):
    regular, bold = fonts.mask("中", Font(30))[0], fonts.mask("中", Font(30, "bold"))[0]
    assert bold.sum() > 1.15 * regular.sum()
    upright, lean = fonts.path("l", Font(30)).boundingRect(), fonts.path("l", Font(30, italic=True)).boundingRect()
    assert lean.width() > upright.width() + 2


def test_masks_in_a_worker_thread_are_the_same(fonts):
    from lydigital.render.painter.fonts import QtFonts

    other, out = QtFonts(), []
    worker = threading.Thread(target=lambda: out.append([other.mask(c, Font(13.5)) for c in "老城区Luo"]))
    worker.start()
    worker.join()
    for char, (mask, left, top) in zip("老城区Luo", out[0], strict=True):
        mine = fonts.mask(char, Font(13.5))
        assert np.array_equal(mask, mine[0])
        assert (left, top) == mine[1:]


def test_a_character_no_face_has_is_noted_and_substituted(fonts):
    missing = "\U0010fff0"
    assert np.array_equal(fonts.mask(missing, Font(20))[0], fonts.mask("〓", Font(20))[0])
    assert missing in fonts.missing
    assert "国" not in fonts.missing


def test_icons_come_from_the_font_in_qtawesome_without_importing_it(fonts):
    icon = fonts.icon("hospital-building", 20.0)
    assert icon.shape == (20, 20)
    assert 0.2 < (icon > 128).mean() < 0.8
    assert fonts.icon("school", 12.3).shape == (13, 13)
    assert not fonts.icon("no-such-icon", 12).any()
    family, names = icons.icon_font()
    assert "Material Design Icons" in family
    assert len(names) > 5000
    code = "import sys; from lydigital.render.painter import icons; icons.check('school'); sys.exit('qtawesome' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_icon_is_an_error_that_names_near_ones():
    assert icons.check("school") == "school"
    assert icons.check("") == ""
    with pytest.raises(BadDataError) as caught:
        icons.check("hospitl")
    assert "hospital" in caught.value.hint_text()


def test_radicals_have_common_twins(qapp):
    from lydigital.render.painter.fonts import radicals

    twins = radicals()
    assert all(0x2E80 <= k < 0x2FE0 and 0x4E00 <= v < 0xA000 for k, v in twins.items())
    assert twins.get(0x2F69, ord("白")) == ord("白")
