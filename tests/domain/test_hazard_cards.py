"""Classes of the 2004 Regulation, and what cards say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lydigital import paths
from lydigital.domain import hazard_cards as cards
from lydigital.errors import BadDataError
from lydigital.model.audit import AuditChange, AuditEntry
from lydigital.model.feature import Feature
from lydigital.model.layerdef import read_catalogue

CLASSES = cards.read_classes(paths.layers_dir() / "indicators" / "hazard_classes.toml")
PLACE = cards.Place("新安县", "石井镇", "黛眉村", 111.9, 34.9)


@pytest.mark.parametrize(
    ("people", "assets", "expected"),
    [
        (1000, 0, 1), (999, 0, 2), (500, 0, 2), (499, 0, 3), (100, 0, 3), (99, 499.9, 4), (0, 10000, 1), (0, 9999, 2), (0, 5000, 2),
        (0, 500, 3), (600, 500, 2), (50, 10000, 1), (None, 600, 3), (100, None, 3), (None, None, None), (0, 0, 4),
    ],
)  # fmt: skip
def test_danger_is_the_higher_of_two(people, assets, expected):
    assert CLASSES.danger_of(people, assets) == expected


@pytest.mark.parametrize(
    ("kind", "volume", "expected"),
    [(2, 1000, 1), (2, 999, 2), (2, 100, 2), (2, 10, 3), (2, 9.9, 4), (1, 1, 3), (3, 20, 2), (4, 0.1, 3), (2, None, None), (9, 5, None), (None, 5, None)],
)
def test_size_by_type_and_volume(kind, volume, expected):
    assert CLASSES.size_of(kind, volume) == expected


def test_classes_that_do_not_fall_are_refused(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("version='1'\n[danger]\npeople=[1,2,3]\nassets=[3,2,1]\n[size]\n", encoding="utf-8")
    with pytest.raises(BadDataError, match="do not fall"):
        cards.read_classes(path)


def facts(may_see=False, **values):
    return cards.Facts(read_catalogue(paths.layers_dir()).layer("hazard_point"), values, may_see)


def said(card):
    return {label: value for row in card.rows for label, value in row}


def test_what_is_not_known_is_blank():
    card = cards.work_card(facts(code="X1", kind=2), PLACE, CLASSES)
    found = said(card)
    assert found["编号"] == "X1"
    assert found["灾害类型"] == "滑坡"
    for label in ("威胁对象", "险情等级", "监测负责人", "预定疏散路线", "医疗救护单位负责人", "规模及等级"):
        assert found[label] == ""
    assert "空白处资料不掌握，请核实后填写。" in card.notes
    assert card.is_sample


def test_personal_values_are_starred_unless_allowed():
    values = {"code": "X", "monitor": "张三", "phone": "000", "nature": "真实"}
    hidden = cards.work_card(facts(**values), PLACE, CLASSES)
    assert said(hidden)["监测负责人"] == "***"
    assert "张三" not in str(hidden)
    seen = cards.work_card(facts(may_see=True, **values), PLACE, CLASSES)
    assert said(seen)["监测负责人"] == "张三"
    assert not seen.is_sample
    assert "个人信息已隐去。" not in seen.notes


def test_a_class_that_was_entered_wrongly_is_told():
    card = cards.plan_card(facts(kind=2, threat_people=600, threat_assets=10, grade=4, volume_m3=5, scale=1), PLACE, CLASSES)
    assert said(card)["险情等级"] == "大型"
    assert said(card)["规模"] == "5 万m³，小型"
    assert len([n for n in card.notes if "请核对" in n]) == 2


def test_a_household_has_three_copies_and_may_be_blank():
    card = cards.household_card(facts(code="X"), PLACE, None, CLASSES)
    assert len(card.copies) == 3
    assert said(card)["户主姓名"] == ""


def test_state_history_from_the_audit_trail():
    when = datetime(2025, 5, 1, tzinfo=UTC)

    def entry(before, after, author):
        change = AuditChange("hazard_point", 1, before, after)
        return AuditEntry(1, when, when, author, "m", "p", "w", {}, 1, "d", "h", "h", (change,))

    told = cards.state_history([
        entry(Feature(None, {"state": None}), Feature(None, {"state": "治理中"}), "甲"),
        entry(Feature(None, {"name": "a"}), Feature(None, {"name": "b"}), "乙"),
        entry(Feature(None, {"state": "治理中"}), Feature(None, {"state": "已核销"}), ""),
    ])  # fmt: skip
    assert told == ["2025-05-01 （空）→治理中（甲）", "2025-05-01 治理中→已核销（—）"]


def test_the_place_is_told_once():
    assert PLACE.text("") == "新安县石井镇黛眉村"
    assert PLACE.text("黛眉村一组") == "新安县石井镇黛眉村一组"
    assert cards.Place("", "", "", 1, 2).text("") == ""
