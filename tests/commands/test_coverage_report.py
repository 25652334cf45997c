"""``coverage.report`` and its command line on the sample city."""

from __future__ import annotations

import io
import json

import pytest

import lydigital as ly
from lydigital import cli, paths, texts
from lydigital.commands import coverage_report, framework
from lydigital.errors import UsageError
from lydigital.model.report import Chart, Paragraph, Picture, Table
from lydigital.publish import report


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


def made(city, **given):
    return coverage_report.report_of(city, coverage_report.Make(**{"output": "x.xlsx", "maps": False, "day": "2026-01-01", **given}))


@pytest.fixture(scope="module")
def whole(city):
    return made(city)


def run(capsys, *arguments):
    code = cli.main(["coverage", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_every_system_of_the_plan_is_in_it(whole):
    systems = framework.framework().systems
    (table,) = (b for b in whole.blocks if isinstance(b, Table) and b.title == "Systems of the plan")
    assert len(table.rows) == len(systems)
    assert {r[1] for r in table.rows} == {s.name for s in systems}
    said = [b.text for b in whole.blocks if isinstance(b, Paragraph) and b.style == "subheading"]
    assert len(said) == len(systems)
    assert whole.is_sample
    assert whole.sources
    assert any("never zero" in n for n in whole.notes)


def test_figures_are_those_of_the_indicators(city, whole):
    found = city.run("indicator.compute", indicator="village_network", level="county")
    chart = next(b for b in whole.blocks if isinstance(b, Chart) and b.kind == "hbar" and b.series[0].name == found.indicator.name)
    assert chart.labels == (found.city.name, *(u.name for u in found.ranking))
    assert chart.series[0].values == (found.city.value, *(u.value for u in found.ranking))
    assert chart.target == found.indicator.target
    gaps = next(b for b in whole.blocks if isinstance(b, Table) and b.title.startswith(f"{found.indicator.name}: what"))
    assert len(gaps.rows) == len(found.gaps) > 100
    aims = next(b for b in whole.blocks if isinstance(b, Chart) and b.kind == "target")
    assert aims.series[0].values[aims.labels.index(found.indicator.name)] == pytest.approx(found.city.value)
    assert list(aims.series[0].values) == sorted(aims.series[0].values, reverse=True)


def test_counts_are_ranked_without_the_city(city, whole):
    found = city.run("indicator.compute", indicator="pilots", level="county")
    chart = next(b for b in whole.blocks if isinstance(b, Chart) and b.kind == "hbar" and b.series[0].name == found.indicator.name)
    assert found.city.name not in chart.labels


def test_township_level_falls_back_where_nothing_finer_is_known(city):
    of = coverage_report.gathered(city, coverage_report.Make(output="x.docx", by="township", maps=False, systems=("telecom", "gov_net", "security")))
    levels = {p.card.system.id: p.result.level for p in of.parts}
    assert levels == {"telecom": "township", "gov_net": "county", "security": "city"}
    from lydigital.publish.coverage_report import compose

    composed = compose(of)
    units = next(b for b in composed.blocks if isinstance(b, Table) and b.is_wide and "by township" in b.title)
    assert len(units.rows) == coverage_report.MOST + 1
    assert "194" in units.note
    chart = next(b for b in composed.blocks if isinstance(b, Chart) and b.kind == "hbar")
    assert len(chart.labels) == 13


def test_maps_are_pictures_of_the_units(city):
    pytest.importorskip("PySide6")
    first, second = (made(city, maps=True, systems=("village_net",)) for _ in range(2))
    (picture,) = (b for b in first.blocks if isinstance(b, Picture))
    assert picture.content[:4] == b"\x89PNG"
    assert picture.content == next(b for b in second.blocks if isinstance(b, Picture)).content


def test_workbook_reads_back(city, whole):
    from openpyxl import load_workbook

    octets = report.xlsx(whole)
    book = load_workbook(io.BytesIO(octets))
    assert sum(len(sheet._charts) for sheet in book) == sum(isinstance(b, Chart) for b in whole.blocks)
    assert octets == report.xlsx(made(city))
    assert b"nan" not in report.html(whole).lower().replace(b"finan", b"")


def test_chinese_headings_are_numbered(city):
    texts.use("zh", paths.translations_dir())
    heads = [b.text for b in made(city, systems=("telecom", "agri")).blocks if isinstance(b, Paragraph) and b.style == "heading"]
    assert heads == ["一、总体情况", "二、信息网络", "三、三农与教育", "四、缺口清单", "五、计算方法"]


def test_command_line(capsys, tmp_path):
    code, out, _ = run(capsys, "report", "sample", "-o", str(tmp_path / "a.json"), "--system", "telecom", "--no-maps", "--json")
    assert code == 0
    values = json.loads(out)
    assert values["pictures"] == 0
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["sample"] is True
    code, out, _ = run(capsys, "index", "sample", "--json", "-o", str(tmp_path / "i.html"))
    assert code == 0
    assert len(json.loads(out)["ranking"]) == 14
    assert (tmp_path / "i.html").stat().st_size > 10_000


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "sample", "-o", "a.pdf"), ("report", "sample", "-o", "a.html", "--system", "nothing"),
        ("report", "sample", "-o", "a.html", "--by", "street"), ("index", "sample", "--weight", "use"),
        ("index", "sample", "--method", "best"),
    ],
)  # fmt: skip
def test_wrong_use_is_told(capsys, arguments):
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 2, err
    assert json.loads(out)["hint"]


def test_unknown_endings_are_refused_before_the_work(city):
    with pytest.raises(UsageError, match="no ending"):
        city.run("coverage.report", output="a.doc")
