"""The cards of a geohazard point: 工作明白卡, 避险明白卡, 预案; and the classes they name.

The forms are official ones and Chinese in every language of the program. A card says what the tables say. What they do not say stays blank, to be filled in by hand; nothing is made up.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.errors import BadDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lydigital.model.audit import AuditEntry
    from lydigital.model.layerdef import FieldDef, LayerDef

Kind = Literal["work", "household", "plan"]
HIDDEN = "***"
COPIES = ("第一联 户主留存", "第二联 村（社区）留存", "第三联 乡镇（街道）留存")
TITLES: dict[Kind, str] = {"work": "地质灾害防灾工作明白卡", "household": "地质灾害防灾避险明白卡", "plan": "地质灾害隐患点防灾预案"}


# --- classes ----------------------------------------------------------------------------------------------------------


class _Danger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    people: tuple[float, float, float]
    assets: tuple[float, float, float]


class Classes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of classes 1 to 3, lower bounds inclusive; ``size`` by type of hazard."""

    version: str
    danger: _Danger
    size: dict[int, tuple[float, float, float]]

    def danger_of(self, people: float | None, assets: float | None) -> int | None:
        """Danger class (险情) 1 to 4: the higher of the two criteria, of what is known; None where neither is."""
        found = [_class(v, b) for v, b in ((people, self.danger.people), (assets, self.danger.assets)) if v is not None]
        return min(found, default=None)

    def size_of(self, kind: int | None, volume: float | None) -> int | None:
        """Size class 1 to 4 of a hazard of type ``kind``; None where volume or table are not known."""
        bounds = self.size.get(kind) if kind is not None else None
        return None if bounds is None or volume is None else _class(volume, bounds)


def _class(value: float, bounds: Sequence[float]) -> int:
    return next((i for i, bound in enumerate(bounds, 1) if value >= bound), len(bounds) + 1)


def read_classes(path: Path) -> Classes:
    """``layers/indicators/hazard_classes.toml``.

    Raises
    ------
    BadDataError
        Naming the place that is wrong.
    """
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Classes, strict=False)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is not a valid definition: {reason}",
            hint="Correct the file; the message names the place.", path=str(path), reason=str(error),
        ) from error  # fmt: skip
    for bounds in (found.danger.people, found.danger.assets, *found.size.values()):
        if list(bounds) != sorted(bounds, reverse=True):
            raise BadDataError(
                "{path} is not a valid definition: {reason}", hint="Correct the file; the message names the place.",
                path=str(path), reason=f"{list(bounds)} do not fall",
            )  # fmt: skip
    return found


# --- cards ------------------------------------------------------------------------------------------------------------

Pair = tuple[str, str]  # label and value, "" where it is not known


@dataclass(frozen=True)
class Card:
    """What a card says.

    Attributes
    ----------
    rows
        One or two pairs a line.
    signatures
        Lines to be signed at the foot.
    copies
        Word at the head of each copy; one copy without a word where empty.
    notes
        Said in small print.
    """

    kind: Kind
    title: str
    number: str
    rows: tuple[tuple[Pair, ...], ...]
    signatures: tuple[str, ...] = ()
    copies: tuple[str, ...] = ("",)
    notes: tuple[str, ...] = ()
    is_sample: bool = False


@dataclass(frozen=True)
class Facts:
    """One row of a table, as a person reads it.

    ``may_see`` False puts stars in the place of personal values.
    """

    layer: LayerDef
    values: Mapping[str, object]
    may_see: bool = False

    def text(self, name: str) -> str:
        """Value of a field, "" for none."""
        field = self.layer.field(name)
        value = self.values.get(name)
        if field is None or value is None or value == "":
            return ""
        return HIDDEN if field.personal and not self.may_see else _chinese(field, value)

    def number(self, name: str) -> float | None:
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) else None

    def class_text(self, name: str, number: int | None) -> str:
        """Name of a class that was worked out."""
        field = self.layer.field(name)
        return "" if number is None or field is None else _chinese(field, number)


def _chinese(field: FieldDef, value: object) -> str:
    """As the form is written: in Chinese whatever language the program speaks."""
    names = field.domain.get(str(value))
    return names[0] if names is not None else field.decode(value)


@dataclass(frozen=True)
class Place:
    """Where a point is: names of county, township, village ("" for unknown) and degrees."""

    county: str
    township: str
    village: str
    longitude: float
    latitude: float

    def text(self, detail: str) -> str:
        village = "" if self.village and detail.startswith(self.village) else self.village
        return "".join(part for part in (self.county, self.township, village, detail) if part)

    @property
    def degrees(self) -> str:
        return f"E {self.longitude:.5f}°  N {self.latitude:.5f}°"


def work_card(point: Facts, place: Place, classes: Classes) -> Card:
    """工作明白卡: for those who watch the point."""
    t = point.text
    rows: list[tuple[Pair, ...]] = [
        (("编号", t("code")), ("名称", t("name"))),
        (("位置", place.text(t("location"))),),
        (("坐标", place.degrees), ("管理状态", t("state"))),
        (("灾害类型", t("kind")), ("规模及等级", _size(point, classes))),
        (("诱发因素", t("trigger")), ("发育程度", t("stability"))),
        (("威胁对象", _threat(point)), ("险情等级", _danger(point, classes))),
        (("监测负责人", t("monitor")), ("联系电话", t("phone"))),
        (("监测的主要迹象", t("signs")),),
        (("监测的手段和方法", t("method")),),
        (("临灾预报的判据", t("criterion")),),
        (("预定避灾地点", t("refuge")), ("预定报警信号", t("alarm"))),
        (("预定疏散路线", t("route")),),
        (("疏散命令发布人", t("commander")), ("值班电话", t("commander_phone"))),
        (("抢、排险单位负责人", t("rescue")), ("值班电话", t("rescue_phone"))),
        (("治安保卫单位负责人", t("security")), ("值班电话", t("security_phone"))),
        (("医疗救护单位负责人", t("medical")), ("值班电话", t("medical_phone"))),
    ]
    signatures = ("本卡发放单位（盖章）：", "持卡单位或个人：", "日期：　　　　年　　月　　日")
    return Card("work", TITLES["work"], t("code"), tuple(rows), signatures, ("",), _notes(point, classes), _sample(point))


def household_card(point: Facts, place: Place, household: Facts | None, classes: Classes) -> Card:
    """避险明白卡: for one household, in three copies; blank where no household is given."""
    t = point.text

    def h(name: str) -> str:
        return household.text(name) if household is not None else ""

    rows: list[tuple[Pair, ...]] = [
        (("户主姓名", h("head")), ("家庭人数", h("people"))),
        (("家庭住址", h("address")), ("房屋类别", h("house"))),
        (("家庭成员（姓名/性别/年龄）", h("members")),),
        (("灾害类型", t("kind")), ("灾害规模", _size(point, classes))),
        (("隐患点位置", place.text(t("location"))),),
        (("与本住户的位置关系", h("relation")), ("诱发因素", t("trigger"))),
        (("本住户注意事项", h("caution")),),
        (("监测人", t("monitor")), ("联系电话", t("phone"))),
        (("本住户预警信号", h("signal") or t("alarm")),),
        (("预警信号发布人", h("caller") or t("commander")), ("联系电话", h("caller_phone") or t("commander_phone"))),
        (("撤离路线", h("route") or t("route")),),
        (("安置单位地点", h("refuge_unit") or t("refuge")), ("负责人及电话", _both(h("refuge_head"), h("refuge_phone")))),
        (("救护单位", h("rescue_unit")), ("负责人及电话", _both(h("rescue_head"), h("rescue_phone")))),
        (("本卡发放单位（章）", h("issued_by")), ("发放日期", h("issued_on"))),
    ]
    signatures = ("负责人签名：", "户主签名：", "日期：　　　　年　　月　　日")
    number = h("code") or t("code")
    is_sample = _sample(point) or (household is not None and _sample(household))
    return Card("household", TITLES["household"], number, tuple(rows), signatures, COPIES, _notes(point, classes), is_sample)


def plan_card(point: Facts, place: Place, classes: Classes, states: Sequence[str] = ()) -> Card:
    """预案: what is done at the point, with the history of its state."""
    t = point.text
    rows: list[tuple[Pair, ...]] = [
        (("名称", t("name")), ("编号", t("code"))),
        (("位置", place.text(t("location"))),),
        (("坐标", place.degrees), ("坡度", t("slope_deg"))),
        (("类型", t("kind")), ("规模", _size(point, classes))),
        (("规模特征", t("features")),),
        (("影响因素", t("trigger")), ("发育程度", t("stability"))),
        (("发展趋势", t("trend")),),
        (("威胁对象与可能损失", _threat(point)), ("险情等级", _danger(point, classes))),
        (("简易治理措施", t("treatment")),),
        (("监测组织单位", t("monitor_unit")), ("监测责任人及电话", _both(t("monitor"), t("phone")))),
        (("监测方法", t("method")), ("监测迹象", t("signs"))),
        (("临灾判据", t("criterion")),),
        (("报警信号", t("alarm")),),
        (("疏散指挥人及电话", _both(t("commander"), t("commander_phone"))), ("临时安置地点", t("refuge"))),
        (("疏散路线（见图）", t("route")),),
        (("抢险负责人及电话", _both(t("rescue"), t("rescue_phone"))), ("治安负责人及电话", _both(t("security"), t("security_phone")))),
        (("医疗负责人及电话", _both(t("medical"), t("medical_phone"))), ("管理状态", t("state"))),
        (("状态变更记录", "；".join(states)),),
    ]
    signatures = ("编制单位（盖章）：", "批准：", "日期：　　　　年　　月　　日")
    return Card("plan", TITLES["plan"], t("code"), tuple(rows), signatures, ("",), _notes(point, classes), _sample(point))


def state_history(entries: Sequence[AuditEntry], field: str = "state") -> list[str]:
    """Changes of a point's state told by the audit trail, oldest first."""
    told = []
    for entry in entries:
        for change in entry.changes:
            old = change.before.values.get(field) if change.before is not None else None
            new = change.after.values.get(field) if change.after is not None else None
            if old != new and change.kind != "removed":
                told.append(f"{entry.done:%Y-%m-%d} {_state(old)}→{_state(new)}（{entry.author or '—'}）")
    return told


def _state(value: object) -> str:
    return str(value) if value else "（空）"


def _both(who: str, phone: str) -> str:
    return "  ".join(part for part in (who, phone) if part)


def _size(point: Facts, classes: Classes) -> str:
    volume = point.text("volume_m3")
    kind = point.number("kind")
    name = point.class_text("scale", classes.size_of(None if kind is None else int(kind), point.number("volume_m3"))) or point.text("scale")
    return "，".join(part for part in (volume, name) if part)


def _danger(point: Facts, classes: Classes) -> str:
    return point.class_text("grade", classes.danger_of(point.number("threat_people"), point.number("threat_assets"))) or point.text("grade")


def _threat(point: Facts) -> str:
    parts = (point.text("households"), point.text("threat_people"), point.text("threat_assets"))
    return "，".join(part for part in parts if part)


def _notes(point: Facts, classes: Classes) -> tuple[str, ...]:
    """What a reader must know: classes of the table that are not those worked out, and blanks."""
    notes = []
    danger = classes.danger_of(point.number("threat_people"), point.number("threat_assets"))
    stored = point.number("grade")
    if danger is not None and stored is not None and int(stored) != danger:
        notes.append(f"险情等级按人数、财产中较高者算出；图层中登记为{point.text('grade')}，请核对。")
    kind = point.number("kind")
    size = classes.size_of(None if kind is None else int(kind), point.number("volume_m3"))
    registered = point.number("scale")
    if size is not None and registered is not None and int(registered) != size:
        notes.append(f"规模等级按体积算出；图层中登记为{point.text('scale')}，请核对。")
    if not point.may_see:
        notes.append("个人信息已隐去。")
    notes.append("空白处资料不掌握，请核实后填写。")
    return tuple(notes)


def _sample(facts: Facts) -> bool:
    return facts.values.get("nature") != "真实"
