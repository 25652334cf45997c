"""``hazard.card`` and ``lydigital hazard card`` on the sample city."""

from __future__ import annotations

import io
import json
import shutil
import zipfile

import msgspec
import pytest

import lydigital as ly
from lydigital import cli, paths
from lydigital.errors import RefusedError, UsageError
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import changes_between
from lydigital.model.office import Office


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


@pytest.fixture(scope="module")
def lived_at(city) -> int:
    """A point with households."""
    code = city.table("hazard_household").column("point_code")[0].as_py()
    points = city.table("hazard_point")
    return int(points.fid[points.column("code").to_pylist().index(code)])


def test_all_points_are_in_the_classes_of_the_tables(city):
    """The generator and the table of classes agree."""
    from lydigital import paths
    from lydigital.domain.hazard_cards import read_classes

    classes = read_classes(paths.layers_dir() / "indicators" / "hazard_classes.toml")
    names = ("kind", "volume_m3", "scale", "threat_people", "threat_assets", "grade")
    columns = [city.table("hazard_point").column(n).to_pylist() for n in names]
    for kind, volume, scale, people, assets, grade in zip(*columns, strict=True):
        assert classes.danger_of(people, assets) == grade
        assert classes.size_of(kind, volume) == scale


def test_points_with_real_names_have_no_invented_cards(city):
    made = city.run("hazard.card", fid=1, kind="plan")
    found = {row["label"]: row["value"] for row in made["rows"][0]}
    assert found["名称"] == "石井镇黛眉村滑坡"
    assert found["位置"] == "新安县石井镇黛眉村"
    assert all(found[label] == "" for label in ("规模特征", "发展趋势", "报警信号", "疏散路线（见图）", "疏散指挥人及电话"))


def test_pdf_has_its_pages_and_text(city, lived_at, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("PySide6")
    path = tmp_path / "a.pdf"
    made = city.run("hazard.card", fid=lived_at, kind="household", output=str(path))
    assert made["cards"] == 4
    assert made["pages"] == 12
    reader = pypdf.PdfReader(path)
    assert len(reader.pages) == 12
    texts = [page.extract_text() for page in reader.pages[:3]]
    assert [("第一联" in t, "第二联" in t, "第三联" in t) for t in texts] == [(True, False, False), (False, True, False), (False, False, True)]
    assert all("示例户主" not in t for t in texts)
    assert "***" in texts[0]
    assert "含示例数据" in texts[0]


def test_word_has_table_and_map(city, lived_at, tmp_path):
    pytest.importorskip("PySide6")
    path = tmp_path / "a.docx"
    city.run("hazard.card", fid=lived_at, kind="work", output=str(path), personal=True)
    archive = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    text = archive.read("word/document.xml").decode()
    assert "疏散命令发布人" in text
    assert "示例监测员" in text
    assert any(name.startswith("word/media/") for name in archive.namelist())


def test_personal_data_are_for_those_the_office_names(city, lived_at):
    city.office = msgspec.structs.replace(Office(), people={"甲": ("duty",)})
    city.history.author = "乙"
    try:
        with pytest.raises(RefusedError, match="乙"):
            city.run("hazard.card", fid=lived_at, personal=True)
        city.history.author = "甲"
        made = city.run("hazard.card", fid=lived_at, personal=True)
        assert "示例监测员" in str(made["rows"])
    finally:
        city.office, city.history.author = Office(), ""


def test_one_household(city, lived_at):
    made = city.run("hazard.card", fid=lived_at, kind="household")
    code = made["rows"][0][0]
    assert code["label"] == "户主姓名"
    with pytest.raises(UsageError, match="no household"):
        city.run("hazard.card", fid=lived_at, kind="household", household="nobody")


def test_changes_of_state_stand_in_the_plan(tmp_path):
    path = tmp_path / "city.gpkg"
    shutil.copy(paths.sample_store(), path)
    session = ly.open(str(path))
    try:
        old = session.stores.fetch(session.ref("hazard_point"), [5])[5]
        changes = changes_between("hazard_point", 5, old, old.replaced(state="治理中"))
        session.seal(ChangeSet("State", changes, author="甲"))
        made = session.run("hazard.card", fid=5, kind="plan")
    finally:
        session.close()
    found = {row["label"]: row["value"] for row in made["rows"][0]}
    assert found["管理状态"] == "治理中"
    assert found["状态变更记录"].endswith("（空）→治理中（甲）")


def test_command_line(capsys):
    assert cli.main(["hazard", "card", "sample", "1", "--kind", "plan", "--json"], None) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "地质灾害隐患点防灾预案"
    assert cli.main(["hazard", "card", "sample", "999999", "--json"], None) == 2
    assert json.loads(capsys.readouterr().out)["hint"]
    assert cli.main(["hazard", "card", "sample", "1", "-o", "x.txt", "--json"], None) == 2
