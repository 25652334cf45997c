"""Verification on the sample city: the storm's events against a warning that was issued, and its reports."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser

import pytest

from lydigital import paths, texts
from lydigital.commands.registry import Workbench
from lydigital.errors import LydError
from lydigital.model.office import Office
from lydigital.session import open_session

OFFICE = Office(people={"甲": ("duty",), "乙": ("reviewer",), "丙": ("signatory",)})
PERIOD = {"purpose": "exercise", "start": "2025-07-15T20:00", "end": "2025-07-18T20:00"}


@pytest.fixture
def session(tmp_path):
    city = shutil.copy(paths.sample_store(), tmp_path / "city.gpkg")
    session = open_session(str(city), kind=Workbench, author="甲", office=OFFICE)
    session.run("warning.draft", townships={"赵村镇": 2, "大章镇": 3, "三川镇": 4}, purpose="exercise", at="2025-07-17T18:00")
    for name, step in (("甲", "submit"), ("乙", "review"), ("丙", "issue")):
        session.history.author = name
        session.run(f"warning.{step}", at="2025-07-17T18:30")
    yield session
    session.close()


def counted(session, **given):
    return session.run("hazard.verify", **{**PERIOD, **given})


def test_the_sample_storm_counted_by_hand(session):
    """Day 3 (17th to 18th, 20:00): 赵村镇 and 大章镇 are hit, 三川镇 is a false alarm; all other rain events are misses."""
    found = counted(session)
    events = found["events"]
    assert len(events) == 14
    assert found["not_by_rain"] == 4
    day = {(e["township"], "3" if e["time"] >= "2025-07-17T20:00" else "2" if e["time"] >= "2025-07-16T20:00" else "1") for e in events}
    total = found["total"]
    assert total["hits"] == 2
    assert total["false_alarms"] == 1
    assert total["misses"] == len(day) - 2
    assert total["hits"] + total["misses"] + total["false_alarms"] + total["correct_negatives"] == 194 * 3
    assert total["pod"] == pytest.approx(2 / len(day), abs=1e-4)
    warned = [e for e in events if e["warned"]]
    assert {e["township"] for e in warned} == {"410328109", "410325106"}
    assert all(e["lead_h"] > 0 for e in warned)
    assert found["stamps"] == ["SAMPLE DATA", "EXERCISE"]


def test_the_level_and_the_triggers_can_be_chosen(session):
    assert counted(session, level=3)["total"]["false_alarms"] == 0
    assert len(counted(session, all_triggers=True)["events"]) == 18
    assert counted(session, purpose="actual")["total"]["hits"] == 0


def test_the_html_stands_alone_and_says_what_it_is(session, tmp_path):
    texts.use("zh", paths.translations_dir())
    counted(session, output=str(tmp_path / "v.html"))
    text = (tmp_path / "v.html").read_text(encoding="utf-8")
    assert "地质灾害气象风险预警检验报告" in text
    assert "示例数据" in text
    assert "演练" in text
    assert text.count("<svg") == 2
    assert not re.search(r"(src|href)=|https?://", text)
    assert "2025年第1期" in text

    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, _attrs):
            if tag != "meta":
                self.open.append(tag)

        def handle_startendtag(self, tag, attrs):
            pass

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    checker = Tags()
    checker.feed(text)
    assert not checker.open


def test_the_word_report_has_the_tables(session, tmp_path):
    from docx import Document

    counted(session, output=str(tmp_path / "v.docx"))
    document = Document(str(tmp_path / "v.docx"))
    heads = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert heads[0] == "Whole period"
    assert {"By season", "By model", "By officer", "By issue", "Events"} <= set(heads)
    assert [c.text for c in document.tables[0].rows[1].cells][1:3] == ["1", "2"]
    assert len(document.tables[-1].rows) == 15


@pytest.mark.parametrize(
    "given",
    [{"output": "report.txt"}, {"output": "/nowhere/report.html"}, {"start": "2025-07-18", "end": "2025-07-01"}, {"start": "soon"}],
)
def test_bad_input_has_a_hint(session, given):
    with pytest.raises(LydError) as caught:
        counted(session, **given)
    assert caught.value.hint_text()
