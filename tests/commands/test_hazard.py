"""From the sample storm to levels, zones and back: the commands and the command line."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
import numpy as np
import pytest

import lydigital as ly
from lydigital import cli, paths
from lydigital.commands import hazard
from lydigital.domain import hazardrun
from lydigital.errors import BadDataError, LydError, UsageError
from lydigital.model import hazardrun as nouns

if TYPE_CHECKING:
    from pathlib import Path

    from lydigital.model.hazardrun import HazardRun

AT = "2025-07-18 08:00"


@pytest.fixture(scope="module")
def session():
    opened = ly.open("sample")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def run(session) -> HazardRun:
    return session.run("hazard.compute", at=AT, cell_m=500)


def test_the_sample_storm(run: HazardRun):
    assert run.at == datetime(2025, 7, 18, 0, tzinfo=UTC)
    assert run.townships
    assert run.zones
    assert {i.role for i in run.inputs} == {"rain", "townships", "susceptibility", "points"}
    assert run.ground.cell == 500.0
    assert len(run.ground.places) == 194
    assert [p.code for p in run.ground.places] == sorted(p.code for p in run.ground.places)
    assert not run.model.is_calibrated
    found = {i.code for i in run.issues}
    assert {"hazard.uncalibrated", "hazard.outside", "rain.antecedent", "rain.old"} <= found
    assert "rain.joined" not in found
    wettest = {t.county for t in run.townships if t.level == min(t.level for t in run.townships)}
    assert wettest <= {"栾川县", "嵩县", "洛宁县", "汝阳县", "宜阳县"}  # where the storm is


def test_the_same_twice_and_from_its_file(session, run: HazardRun, tmp_path: Path):
    path = tmp_path / "run.json"
    again = session.run("hazard.compute", at=AT, cell_m=500, output=str(path))
    assert again.digest == run.digest
    assert session.run("hazard.replay", run=str(path)).digest == run.digest
    assert path.stat().st_size < 1_000_000
    assert len(session.run("hazard.zones", run=str(path))["features"]) == len(run.zones)
    assert len(session.run("hazard.zones", run=str(path), min_area_km2=50.0)["features"]) < len(run.zones)


def test_the_same_from_a_file_of_rain(session, run: HazardRun, tmp_path: Path):
    """The map's own table written as CSV gives the same levels; the gauges come in another order."""
    kept = hazardrun.situation_of(run).series
    rows = ["站号,时间,雨量"]
    for t in range(len(kept.times)):
        at = kept.first + timedelta(hours=t)
        rows += [f"{code},{at.isoformat()},{kept.rain_mm[g, t]}" for g, code in enumerate(kept.gauges)]
    path = tmp_path / "rain.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    made = session.run("hazard.compute", rain=str(path), at=AT, cell_m=500)
    assert made.townships == run.townships
    assert made.levels.array.tobytes() == run.levels.array.tobytes()
    assert "rain.joined" in {i.code for i in made.issues}


def test_parameters_show_in_the_run(session):
    made = session.run("hazard.compute", at=AT, cell_m=1000, k=0.9, days=2, method="kriging", model="matrix_cautious")
    assert (made.model.id, made.model.rain.k, made.model.rain.days) == ("matrix_cautious", 0.9, 2)
    assert made.model.interpolation.method == "kriging"


def test_what_if(session):
    found = session.run("hazard.whatif", at=AT, cell_m=1000, breaks=(40.0, 80.0, 120.0, 200.0))
    assert not found["higher"]
    assert found["lower"]
    assert found["area_changed_km2"] > 0
    assert sum(found["after"]["townships"].values()) < 194 or found["after"] != found["before"]
    with pytest.raises(BadDataError, match="makes no sense"):
        session.run("hazard.whatif", at=AT, cell_m=1000, breaks=(80.0, 40.0, 120.0, 200.0))


@pytest.mark.slow
def test_susceptibility_from_factors(session, tmp_path: Path):
    found = session.run("hazard.susceptibility", cell_m=500, output=str(tmp_path / "w.csv"))
    assert found["auc_success"] > 0.7
    assert found["training"] + found["validation"] <= 420
    assert (tmp_path / "w.csv").read_text(encoding="utf-8-sig").startswith("factor,title,n,cells")
    made = session.run("hazard.compute", at=AT, cell_m=500, susceptibility="computed")
    assert next(i.source for i in made.inputs if i.role == "susceptibility") == "computed"
    assert hazardrun.replay(nouns.decode(nouns.encode(made))).digest == made.digest


def test_rain_from_the_future_is_told(session):
    series = hazard.series_of(session)
    early = datetime(2025, 7, 17, tzinfo=UTC)
    assert [i.code for i in hazard._clock(series, series.last, early)] == ["rain.future"]
    assert hazard._clock(series, series.last, series.last + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"at": "sometime"}, UsageError), ({"at": "2025-07-20 08:00"}, BadDataError), ({"at": "2025-07-18 08:30"}, BadDataError),
        ({"rain": "none.csv"}, LydError), ({"model": "none"}, UsageError), ({"forecast": "none.tif"}, LydError),
        ({"cell_m": 5.0}, BadDataError), ({"k": 1.5}, UsageError),
    ],
)  # fmt: skip
def test_refused(session, wanted: dict, error: type[LydError]):
    with pytest.raises(error) as caught:
        session.run("hazard.compute", **{"at": AT, "cell_m": 1000, **wanted})
    assert caught.value.hint


def test_sets_gauges_aside(session, run: HazardRun):
    made = session.run("hazard.compute", at=AT, cell_m=500, without=("YL0001",))
    assert len(made.gauges.codes) == len(run.gauges.codes) - 1
    assert made.digest != run.digest


# --- the command line ---


def call(capsys, *arguments: str) -> tuple[int, str, str]:
    code = cli.main([*arguments], window=None)  # type: ignore[arg-type]
    out = capsys.readouterr()
    return code, out.out, out.err


def test_command_line(capsys, tmp_path: Path):
    path = tmp_path / "run.json"
    code, out, err = call(capsys, "hazard", "compute", "sample", "--at", AT, "--cell", "1000", "-o", str(path), "--json", "--lang", "en")
    assert code == 0
    made = json.loads(out)
    assert made["output"] == str(path)
    assert made["calibrated"] is False
    assert "not fitted to local events" in err
    code, out, _ = call(capsys, "hazard", "replay", str(path), "--json")
    assert (code, json.loads(out)["digest"]) == (0, made["digest"])
    code, out, _ = call(capsys, "hazard", "zones", str(path), "-o", str(tmp_path / "z.geojson"), "--json")
    assert (code, json.loads(out)["zones"]) == (0, len(made["zones"]))
    collection = json.loads((tmp_path / "z.geojson").read_text(encoding="utf-8"))
    assert collection["features"][0]["properties"]["run"] == made["id"]


def test_command_line_faults(capsys, tmp_path: Path):
    assert call(capsys, "hazard", "replay", str(tmp_path / "none.json"))[0] == 3
    assert call(capsys, "hazard", "compute", "sample", "--at", "sometime")[0] == 2
    assert call(capsys, "hazard", "whatif", "sample", "--breaks", "a,b")[0] == 2
    assert call(capsys, "hazard", "compute", "sample", "--method", "magic")[0] == 2
    path = tmp_path / "run.json"
    assert call(capsys, "hazard", "compute", "sample", "--at", AT, "--cell", "2000", "-o", str(path))[0] == 0
    run = json.loads(path.read_text(encoding="utf-8"))
    run["townships"] = run["townships"][1:]
    path.write_text(json.dumps(run), encoding="utf-8")
    assert call(capsys, "hazard", "replay", str(path))[0] == 3


def test_kept_in_the_store(capsys, tmp_path: Path):
    store = tmp_path / "city.gpkg"
    shutil.copy(paths.sample_store(), store)
    code, out, _ = call(capsys, "hazard", "compute", str(store), "--at", AT, "--cell", "2000", "--keep", "--json")
    assert code == 0
    made = json.loads(out)
    assert made["kept"] is True
    code, out, _ = call(capsys, "hazard", "replay", made["id"], "--project", str(store), "--json")
    assert (code, json.loads(out)["digest"]) == (0, made["digest"])
    code, _, _ = call(capsys, "hazard", "compute", str(store), "--at", AT, "--cell", "2000", "--keep")  # once is enough
    assert code == 0
    with closing(ly.open(store)) as opened:
        assert list(hazard.runs_of(opened)).count(made["id"]) == 1
    assert call(capsys, "hazard", "replay", "20200101", "--project", str(store))[0] == 2


def test_rain_of_windows(session):
    day = session.run("hazard.rain", at=AT, hours=24, cell_m=1000)
    hour = session.run("hazard.rain", at=AT, hours=1, cell_m=1000)
    assert np.nanmax(day.grid.values) > np.nanmax(hour.grid.values)
    assert day.validation.count == 90
    with pytest.raises(UsageError):
        session.run("hazard.rain", hours=0)


def test_models(capsys):
    code, out, _ = call(capsys, "hazard", "models", "--json")
    assert code == 0
    assert {m["id"] for m in json.loads(out)["models"]} >= {"matrix_default", "matrix_cautious"}


def test_help_of_every_subcommand(capsys):
    for name in ("compute", "whatif", "zones", "replay", "models", "susceptibility"):
        code, out, _ = call(capsys, "hazard", name, "--help")
        assert code == 0, (name, click)
        assert "--json" in out
