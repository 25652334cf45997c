"""What was written down while the incidents were dealt with: reported, sent, arrived, situation, decision, closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from sample_data.city import Layer, generator
from sample_data.sites import codes, nature, shape_array

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORTED, SENT, ARRIVED, SITUATION, DECISION, CLOSED = range(1, 7)
_TEAMS = {1: (1, 2), 2: (8, 1), 3: (1, 3), 4: (5, 1), 5: (6, 1), 6: (3,)}  # kinds of team sent, by kind of incident
_SITUATION = {
    1: "现场占用一条车道，伤员已转运",
    2: "明火已控制，无蔓延",
    3: "坡体后缘有新裂缝，附近住户已撤离",
    4: "积水约40厘米，正在抽排",
    5: "泄漏段上下游阀门已关闭",
    6: "病情稳定，已上车",
}
_DECISION = {1: "半幅放行", 2: "继续清理余火", 3: "夜间加密监测", 4: "增调排水泵", 5: "开挖抢修", 6: "送最近医院"}
_LAST = {1: REPORTED, 2: SITUATION, 3: CLOSED}  # step reached, by status


class _Note(NamedTuple):
    incident: str
    time: datetime
    kind: int
    text: str
    team: str | None = None


def log(incidents: Layer, teams: Layer) -> Layer:
    """Rows in the order of incidents and time; sent is the nearest team of each kind as the crow flies."""
    rng = generator("incident_log")
    kinds, where = np.asarray(teams.columns["kind"]), shape_array(teams)
    notes: list[_Note] = []
    for i, place in enumerate(shape_array(incidents)):
        facts = {k: v[i] for k, v in incidents.columns.items()}
        sent = []
        for wanted in _TEAMS[int(facts["kind"])]:
            near = np.flatnonzero(kinds == wanted)
            team = near[shapely.distance(where[near], place).argmin()]
            sent.append((str(teams.columns["code"][team]), str(teams.columns["name"][team])))
        notes += _notes(rng, facts, sent)
    n = len(notes)
    return Layer(
        None,
        {
            "code": codes("RZ", n),
            "incident_code": [r.incident for r in notes],
            "time": [r.time for r in notes],
            "kind": [r.kind for r in notes],
            "text": [r.text for r in notes],
            "resource_code": [r.team for r in notes],
            "author": ["值班员（示例）"] * n,
            "nature": nature(n),
        },
    )


def _notes(rng: np.random.Generator, facts: dict, sent: list[tuple[str, str]]) -> Iterator[_Note]:
    code, kind, last = str(facts["code"]), int(facts["kind"]), _LAST[int(facts["status"])]
    texts = {
        REPORTED: [(f"接报：{facts['name']}", None)],
        SENT: [(f"派出{name}", number) for number, name in sent],
        ARRIVED: [(f"{name}到场", number) for number, name in sent],
        SITUATION: [(_SITUATION[kind], None)],
        DECISION: [(_DECISION[kind], None)],
        CLOSED: [("处置完毕，队伍撤回", None)],
    }
    pause = {REPORTED: (1, 6), SENT: (1, 4), ARRIVED: (6, 20), SITUATION: (3, 15), DECISION: (5, 25), CLOSED: (20, 60)}
    time = facts["time"]
    for step in range(REPORTED, last + 1):
        for text, number in texts[step]:
            time += timedelta(minutes=int(rng.integers(*pause[step])))
            yield _Note(code, time, step, text, number)
