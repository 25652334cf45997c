"""What stands on the cards of hazard points (工作明白卡, 避险明白卡, 预案): fictitious, and empty for the points with real names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sample_data.city import Layer, generator
from sample_data.sites import SAMPLE, nature

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUSEHOLDS = 160
_SIGNS = {
    1: "危岩裂缝张开、落石增多", 2: "后缘裂缝加宽、前缘鼓胀、墙体开裂", 3: "沟水突然断流或变浑、沟内异响", 4: "地面下沉、墙体开裂、井水位骤变",
    5: "裂缝加长加宽", 6: "地面不均匀下沉",
}  # fmt: skip
_TREATMENT = {1: "清除浮石、设警示牌", 2: "填埋裂缝、修排水沟", 3: "清理沟道、禁止弃渣", 4: "回填夯实、设围栏", 5: "填埋裂缝", 6: "回填夯实"}
_HOUSES = ("砖混", "砖木", "土木", "窑洞")
_NO_MORE = "000-0000"


def point_columns(kind: NDArray[np.int64], people: NDArray[np.int64], places: list[str], named: int) -> dict[str, list]:
    """Columns of ``hazard_point`` for the cards; None for the first ``named`` points, which are real places, and here and there."""
    rng = generator("hazard_cards")
    n = len(kind)
    length, width, thick = rng.integers(20, 260, n), rng.integers(15, 180, n), rng.integers(1, 12, n)

    def some(values: list, share: float = 1.0) -> list:
        keep = rng.random(n) < share
        keep[:named] = False
        return [v if k else None for v, k in zip(values, keep, strict=True)]

    def who(word: str, share: float) -> tuple[list, list]:
        kept = some([f"示例{word}{i:03d}" for i in range(1, n + 1)], share)
        return kept, [None if k is None else f"{_NO_MORE}{i:04d}" for i, k in enumerate(kept, 1)]

    commander, rescue, security, medical = who("村主任", 0.95), who("抢险员", 0.8), who("治安员", 0.75), who("村医", 0.7)
    households = [None if i < named else int(np.ceil(p / 3.3)) for i, p in enumerate(people.tolist())]
    return {
        "location": some([f"{place}（示例位置）" for place in places]),
        "households": households,
        "features": some([f"长{a}m、宽{b}m、厚{c}m" for a, b, c in zip(length, width, thick, strict=True)], 0.9),
        "trend": some(rng.choice(["基本稳定", "强降雨时可能加剧", "缓慢变形"], n).tolist(), 0.9),
        "treatment": some([_TREATMENT[int(k)] for k in kind], 0.6),
        "monitor_unit": some(["示例村民委员会"] * n),
        "signs": some([_SIGNS[int(k)] for k in kind]),
        "method": some(rng.choice(["每日巡查、裂缝钉尺量测", "汛期加密巡查、雨量筒", "简易裂缝报警器"], n).tolist()),
        "criterion": some(["裂缝一昼夜加宽超过10毫米，或1小时雨量超过30毫米"] * n, 0.8),
        "alarm": some(rng.choice(["铜锣急促连敲", "手摇警报器", "大喇叭广播"], n).tolist()),
        "refuge": some(["示例村小学操场"] * n, 0.9),
        "route": some(["沿村道向坡体两侧撤离，不得顺沟向下"] * n, 0.9),
        "commander": commander[0], "commander_phone": commander[1], "rescue": rescue[0], "rescue_phone": rescue[1],
        "security": security[0], "security_phone": security[1], "medical": medical[0], "medical_phone": medical[1],
    }  # fmt: skip


def households(points: Layer, named: int) -> Layer:
    """Fictitious households at some of the points, but for the first ``named``."""
    rng = generator("hazard_household")
    codes = np.asarray(points.columns["code"])
    people = np.asarray(points.columns["threat_people"])
    many = np.flatnonzero(people > 8)
    chosen = rng.choice(many[many >= named], HOUSEHOLDS // 4, replace=False)
    point = np.sort(np.repeat(codes[chosen], 4))
    n = len(point)
    size = rng.integers(1, 6, n)
    number = np.arange(1, n + 1)
    members = [
        "；".join(f"示例{i:03d}-{j}/{'男' if (i + j) % 2 else '女'}/{int(a)}" for j, a in enumerate(rng.integers(3, 82, s), 1))
        for i, s in zip(number.tolist(), size.tolist(), strict=True)
    ]
    phone = [f"{_NO_MORE}{i:04d}" for i in number.tolist()]
    return Layer(
        None,
        {
            "code": [f"{p}-{i % 4 + 1:02d}" for i, p in enumerate(point.tolist())],
            "point_code": point.tolist(),
            "head": [f"示例户主{i:03d}" for i in number.tolist()],
            "address": [f"示例村{i % 9 + 1}组{i}号" for i in number.tolist()],
            "people": size.tolist(),
            "members": members,
            "house": rng.choice(_HOUSES, n).tolist(),
            "relation": rng.choice(["坡脚", "坡体上", "沟口", "坡体侧缘"], n).tolist(),
            "caution": ["降雨时不在坡脚停留，夜间有人值守"] * n,
            "signal": ["铜锣急促连敲"] * n,
            "caller": [f"示例村主任{i % 40 + 1:03d}" for i in number.tolist()],
            "caller_phone": phone,
            "route": ["沿村道向坡体两侧撤离"] * n,
            "refuge_unit": ["示例村民委员会"] * n,
            "refuge_head": [f"示例安置员{i:03d}" for i in number.tolist()],
            "refuge_phone": phone,
            "rescue_unit": ["示例乡镇卫生院"] * n,
            "rescue_head": [None] * n,
            "rescue_phone": [None] * n,
            "issued_by": ["示例乡镇人民政府"] * n,
            "issued_on": [None] * n,
            "nature": nature(n, SAMPLE).tolist(),
        },
    )  # fmt: skip
