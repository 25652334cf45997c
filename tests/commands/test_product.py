"""Products by command and on the command line, on the sample city: a drill from draft to handing over."""

from __future__ import annotations

import json
import shutil

import msgspec
import pytest

from lydigital import cli, paths, settings
from lydigital.commands.registry import Workbench
from lydigital.errors import RefusedError, UsageError
from lydigital.model.office import Office
from lydigital.model.publishing import Hook, Publishing
from lydigital.publish import calllist, cap, package, word
from lydigital.session import open_session

PEOPLE = {"甲": ("duty",), "乙": ("reviewer",), "丙": ("signatory",)}


@pytest.fixture
def city(tmp_path):
    return shutil.copy(paths.sample_store(), tmp_path / "city.gpkg")


@pytest.fixture
def session(city):
    made = open_session(str(city), kind=Workbench, author="甲", office=Office(people=PEOPLE))
    yield made
    made.close()


def drafted(session, **given):
    session.history.author = "甲"
    wanted = {"townships": {"赵村镇": 2, "合峪镇": 3, "上店镇": 4}, "purpose": "exercise", "at": "2025-07-16T18:00", **given}
    return session.run("warning.draft", **wanted)


def issued(session):
    drafted(session)
    for name, step in (("甲", "submit"), ("乙", "review"), ("丙", "issue")):
        session.history.author = name
        session.run(f"warning.{step}", at="2025-07-16T18:30")
    session.history.author = "甲"


def test_what_was_not_signed_has_no_public_products(session, tmp_path):
    drafted(session)
    for command, more in (("bulletin", {}), ("cap", {}), ("word", {"output": str(tmp_path / "w.docx")}),
                          ("picture", {"output": str(tmp_path / "p.png")}), ("package", {"output": str(tmp_path / "out")})):  # fmt: skip
        with pytest.raises(RefusedError):
            session.run(f"warning.{command}", **more)
    assert not list(tmp_path.glob("*.docx"))
    assert not (tmp_path / "out").exists()
    made = session.run("warning.bulletin", internal=True)
    assert made["stamps"] == ["演练", "草稿", "内部研判"]
    assert "蓝色预警区域" in made["text"]
    assert session.run("warning.cap", internal=True)["cap_status"] == "Exercise"


def test_a_drill_ends_in_products_that_say_the_same(session, tmp_path):
    pytest.importorskip("PySide6")
    issued(session)
    made = session.run("warning.bulletin")
    assert "洛宁县局部" in made["text"]
    assert "蓝色" not in made["text"]
    assert made["stamps"] == ["演练"]
    session.run("warning.word", output=str(tmp_path / "w.docx"), impact=False)
    read = word.read(tmp_path / "w.docx")
    assert len(read.townships) == 2
    assert read.pictures == 1
    session.run("warning.cap", output=str(tmp_path / "c.xml"))
    assert cap.read((tmp_path / "c.xml").read_bytes()).townships == {t["code"]: t["level"] for t in made["townships"]}
    done = session.run("warning.picture", output=str(tmp_path / "p.png"), form="landscape")
    assert (done["width"], done["height"]) == (1920, 1080)


def test_endings_say_what_is_written(session, tmp_path):
    issued(session)
    session.run("warning.bulletin", output=str(tmp_path / "a.txt"))
    assert (tmp_path / "a.txt").read_text("utf-8-sig").startswith("【演练】")
    session.run("warning.bulletin", output=str(tmp_path / "a.xlsx"))
    assert calllist.read(tmp_path / "a.xlsx").contacts > 0
    session.run("warning.bulletin", output=str(tmp_path / "a.geojson"))
    found = json.loads((tmp_path / "a.geojson").read_text("utf-8"))
    assert all(f["geometry"] for f in found["features"])
    for command, name in (("bulletin", "a.odt"), ("word", "a.txt"), ("cap", "a.json"), ("picture", "a.pdf")):
        with pytest.raises(UsageError):
            session.run(f"warning.{command}", output=str(tmp_path / name))


def test_bare_names_are_for_people_of_the_office(session, tmp_path):
    issued(session)
    some = ("calllist.xlsx",)
    session.history.author = "路人"
    with pytest.raises(RefusedError):
        session.run("warning.package", output=str(tmp_path), products=some, personal=True)
    masked = session.run("warning.package", output=str(tmp_path), products=some)
    session.history.author = "甲"
    bare = session.run("warning.package", output=str(tmp_path), products=some, personal=True)
    import openpyxl

    names = [
        {row[8].value for row in openpyxl.load_workbook(f"{made['output']}/calllist.xlsx")["隐患点监测人"].iter_rows(min_row=5)}
        for made in (masked, bare)
    ]
    assert all("*" in name for name in names[0])
    assert not any("*" in name for name in names[1])
    with pytest.raises(UsageError):
        session.run("warning.package", output=str(tmp_path), products=("x",))


def test_the_annex_says_what_is_hit(session):
    from lydigital.commands.product import annexes_of
    from lydigital.commands.warning import issue_of

    issued(session)
    issue = issue_of(session)
    annexes = annexes_of(session, issue)
    assert len(annexes) > 1
    assert all(len(row) == len(annex.head) for annex in annexes for row in annex.rows)
    assert len(annexes_of(session, issue, names=False)) == len(annexes) - 1
    (none,) = annexes_of(session, msgspec.structs.replace(issue, zones=(), townships=()))
    assert none.head == ("说明",)


def test_the_command_line_refuses_hands_over_and_writes_down(city, session, tmp_path, capsys):
    drafted(session)
    session.save_features()
    assert cli.main(["hazard", "bulletin", str(city), "--json"], None) == 4
    assert cli.main(["hazard", "package", str(city), "-o", str(tmp_path / "out"), "--json"], None) == 4
    capsys.readouterr()
    assert cli.main(["hazard", "bulletin", str(city), "--internal", "--json"], None) == 0
    assert json.loads(capsys.readouterr().out)["stamps"][0] == "演练"
    some = ["--products", "bulletin.txt,cap.xml"]
    assert cli.main(["hazard", "package", str(city), "-o", str(tmp_path / "out"), *some, "--internal", "--json"], None) == 0
    made = json.loads(capsys.readouterr().out)
    assert not made["public"]
    assert package.opened(tmp_path / "out" / made["output"].rpartition("/")[2])["stamps"] == ["演练", "草稿", "内部研判"]
    assert cli.main(["hazard", "deliver", str(city), made["output"], "--json"], None) == 2  # nothing is switched on
    drop = tmp_path / "drop"
    drop.mkdir()
    hooks = (Hook("外", "folder", enabled=True, folder=str(drop)), Hook("内", "folder", enabled=True, internal=True, folder=str(drop)))
    settings.write(settings.Settings(language="en", operator="甲", office=Office(people=PEOPLE, publishing=Publishing(hooks=hooks))))
    capsys.readouterr()
    assert cli.main(["hazard", "deliver", str(city), made["output"], "--json"], None) == 4
    told = json.loads(capsys.readouterr().out)
    assert [o["result"] for o in told["outcomes"]] == ["refused", "delivered"]
    assert len((paths.state_dir() / "deliveries.jsonl").read_text("utf-8").splitlines()) == 3
    assert cli.main(["hazard", "cap", str(city), "--issue", "none", "--json"], None) == 2
    assert cli.main(["hazard", "cap", str(city), "--version", "9", "--internal", "--json"], None) == 3


def test_a_real_warning_is_public_until_it_is_lifted_or_replaced(session, tmp_path):
    hook = Hook("外", "folder", enabled=True, folder=str(tmp_path / "drop"))
    (tmp_path / "drop").mkdir()
    session.office = Office(people=PEOPLE, publishing=Publishing(hooks=(hook,)))
    some = ("bulletin.txt", "cap.xml")

    def make(*, immediate):
        drafted(session, purpose="actual", at="", immediate=immediate)
        for name, step in (("甲", "submit"), ("乙", "review"), ("丙", "issue")):
            session.history.author = name
            session.run(f"warning.{step}", issue=max(i.id for i in _known(session)))
        return max(i.id for i in _known(session))

    issued(session)
    drill = max(i.id for i in _known(session))
    first = make(immediate=True)
    done = session.run("warning.package", issue=first, output=str(tmp_path / "out"), products=some)
    assert done["public"]
    assert session.run("warning.deliver", package=done["output"])["outcomes"][0]["result"] == "delivered"
    assert session.run("warning.cap", issue=first)["message_type"] == "Alert"
    assert session.run("warning.cap", issue=first)["cap_status"] == "Actual"
    assert "即刻起至" in session.run("warning.bulletin", issue=first)["text"]

    second = make(immediate=True)
    update = session.run("warning.cap", issue=second)
    assert update["message_type"] == "Update"
    assert session.run("warning.cap", issue=first, version=4)["identifier"] in update["xml"]
    drilled = session.run("warning.package", issue=drill, output=str(tmp_path / "out"), products=some)
    assert not drilled["public"]
    manifest = tmp_path / "out" / f"{drill}_v4" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"public": false', '"public": true'), "utf-8")
    with pytest.raises(RefusedError):
        session.run("warning.deliver", package=drilled["output"])
    with pytest.raises(RefusedError):  # the first one was replaced meanwhile
        session.run("warning.deliver", package=done["output"])

    session.history.author = "丙"
    session.run("warning.lift", issue=second, reason="雨停")
    cancel = session.run("warning.cap", issue=second)
    assert (cancel["message_type"], cancel["cap_status"]) == ("Cancel", "Actual")
    assert update["identifier"] in cancel["xml"]
    last = session.run("warning.package", issue=second, output=str(tmp_path / "out"), products=some)
    assert session.run("warning.deliver", package=last["output"])["outcomes"][0]["result"] == "delivered"
    assert "解除" in session.run("warning.bulletin", issue=second)["text"]


def _known(session):
    from lydigital.commands.desk import ledger_of

    return ledger_of(session).versions
