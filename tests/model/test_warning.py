"""A warning issue as a value."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from lydigital.model.warning import Level, TownshipLevel, WarningIssue

BEIJING = timezone(timedelta(hours=8))
START = datetime(2025, 7, 17, 20, tzinfo=BEIJING)


def issue(*levels: Level, **changes: object) -> WarningIssue:
    townships = tuple(TownshipLevel(f"41032300{i}", f"镇{i}", "410323", "新安县", v) for i, v in enumerate(levels))
    made = WarningIssue("a", 1, 2025, 3, "actual", "issued", "预警", ("局",), START, START + timedelta(days=1), townships)
    return msgspec.structs.replace(made, **changes)


def test_the_highest_level_is_the_smallest_number():
    assert issue(Level.BLUE, Level.ORANGE, Level.YELLOW).highest is Level.ORANGE
    assert issue().highest is None


@pytest.mark.parametrize(
    ("levels", "changes", "public"),
    [
        ((Level.YELLOW,), {}, True),
        ((Level.BLUE,), {}, False),
        ((Level.RED,), {"purpose": "exercise"}, False),
        ((Level.RED,), {"status": "review"}, False),
        ((), {}, False),
    ],
)
def test_only_what_is_issued_real_and_above_blue_is_public(levels, changes, public):
    assert issue(*levels, **changes).is_public is public


def test_the_digest_is_of_the_content():
    same = msgspec.json.decode(msgspec.json.encode(issue(Level.RED)), type=WarningIssue)
    assert same.digest == issue(Level.RED).digest
    assert same.digest != issue(Level.RED, signed_by="张").digest
