"""The text, against one written by hand in the form of Luoyang's own."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from lydigital import paths
from lydigital.errors import BadDataError, RefusedError
from lydigital.model.warning import Level
from lydigital.publish import wording
from lydigital.publish.bulletin import compose, is_publishable

EXPECTED = """\
洛阳市地质灾害气象风险预警
（2025年7月16日　第12期）
洛阳市自然资源和规划局　河南省第一地质矿产调查院有限公司
一、区域地质灾害气象风险预警
2025年7月16日20时至7月17日20时：
地质灾害橙色预警地区：栾川县局部，发生崩塌、滑坡、泥石流等地质灾害的可能性大（风险高）。
地质灾害黄色预警地区：汝阳县大部、宜阳县局部，发生崩塌、滑坡等地质灾害的可能性较大（风险较高）。
二、镇（乡）地质灾害气象风险预警
橙色预警区域：栾川县（1个县、2个乡镇）。
1.栾川县：潭头镇、石庙镇
黄色预警区域：汝阳县、宜阳县（2个县、3个乡镇/街道）。
1.汝阳县：各乡镇
2.宜阳县：兴宜街道（原城关镇）
三、防范建议
1.加强巡查排查。
2.坚持避险为要。
2025年7月16日
"""


def test_the_bulletin_reads_as_luoyangs_own(given):
    made = compose(given.issue())
    assert made.text == EXPECTED
    assert made.stamps == ()
    assert made.headline == "洛阳市自然资源和规划局发布地质灾害气象风险橙色预警"


def test_inside_the_office_blue_is_named_and_all_is_stamped(given):
    made = compose(given.issue(is_calibrated=False), internal=True)
    assert made.stamps == ("内部研判", "未经本地率定")
    assert "蓝色预警区域：孟津区（1个县区、1个乡镇）。" in made.text
    assert made.text.startswith("【内部研判】\n【未经本地率定】\n洛阳市")


@pytest.mark.parametrize("status", ["draft", "consultation", "review"])
def test_what_was_not_signed_is_for_the_office_only(status, given):
    unsigned = given.issue(status=status, number=0, issued_at=None)
    with pytest.raises(RefusedError):
        compose(unsigned)
    made = compose(unsigned, internal=True)
    assert made.stamps == ("草稿", "内部研判")
    assert "（2025年7月16日　未编号）" in made.text


def test_drills_say_so(given):
    assert compose(given.issue(purpose="exercise")).stamps == ("演练",)
    assert compose(given.issue(purpose="test")).stamps == ("测试",)
    assert not is_publishable(given.issue(purpose="exercise"))


def test_only_blue_is_no_public_warning(given):
    blue = given.issue(townships=given.issue().townships[-1:], zones=(), counties=given.issue().counties[-1:])
    with pytest.raises(RefusedError):
        compose(blue)
    assert compose(blue, internal=True).stamps == ("内部研判",)
    assert compose(blue, blue=True).stamps == ()
    assert not is_publishable(blue)
    assert is_publishable(blue, blue=True)


def test_immediately_and_other_hours(given):
    now = compose(given.issue(valid_from=given.at(16, 17, 20)))
    assert now.period == "即刻起至7月17日20时"
    assert compose(given.issue(valid_to=given.at(18, 8, 30))).period == "2025年7月16日20时至7月18日8时30分"


def test_lifting(given):
    notes = (*given.issue().notes, msgspec.structs.replace(given.issue().notes[-1], at=given.at(17, 9), text="雨停", status="lifted"))
    made = compose(given.issue(status="lifted", version=5, notes=notes))
    assert "2025年7月16日第12期地质灾害气象风险预警（有效期2025年7月16日20时至7月17日20时）自2025年7月17日9时起解除。" in made.text
    assert made.signoff == "2025年7月17日"
    assert made.headline.endswith("解除地质灾害气象风险橙色预警")
    assert is_publishable(made.issue)


def test_a_summary_of_other_townships_is_not_trusted(given):
    more = given.issue(townships=given.issue().townships[:3])
    text = compose(more).text
    assert "1.汝阳县：城关镇" in text  # not 各乡镇: the summary spoke of two
    assert "汝阳县局部" in text


def test_names_have_their_time(given):
    names = wording.read_names()
    assert names.on("410327001", "410327", "城关镇", date(2021, 6, 1)) == ("城关镇", None)
    now, before = names.on("410327001", "410327", "城关镇", date(2025, 6, 1))
    assert (now, before.name) == ("兴宜街道", "城关镇")
    assert names.on("410323100", "410323", "城关镇", date(2025, 6, 1))[0] == "汉关街道"  # an old code
    assert names.on("410326100", "410326", "城关镇", date(2025, 6, 1)) == ("城关镇", None)
    late = given.issue(valid_from=given.at(16, 20).replace(year=2027), valid_to=given.at(17, 20).replace(year=2027))
    assert "宜阳县：兴宜街道\n" in compose(late).text


def test_an_office_has_words_of_its_own(given):
    folder = paths.config_dir() / "templates"
    folder.mkdir()
    shipped = (paths.resources_dir() / "templates" / "bulletin.toml").read_text("utf-8")
    (folder / "bulletin.toml").write_text(shipped.replace("三、防范建议", "三、防御指南"), "utf-8")
    assert "三、防御指南" in compose(given.issue()).text
    for broken in (shipped.replace("{regions}", "{region}"), "x", shipped.replace("[levels.4]", "[levels.5]")):
        (folder / "bulletin.toml").write_text(broken, "utf-8")
        with pytest.raises(BadDataError):
            compose(given.issue())


def test_hostile_names_stay_on_their_line(given):
    made = compose(given.hostile())
    assert "\x00" not in made.text
    assert all(made.text.count(c) == 0 for c in "\x08\x0b")
    assert len(made.text.splitlines()) == len(made.paragraphs)
    assert made.levels[0].level == Level.ORANGE
