"""The command line as scripts see it: exit codes, one JSON object, one clear message, never a traceback."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import lydigital
from lydigital import cli, paths, settings
from lydigital.errors import BadDataError

ROOT = Path(lydigital.__file__).parents[1]


class FakeWindow:
    """Remembers what the command line asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []

    def run(self, project, preferences):
        self.asked.append(("run", project, preferences.language))
        return 0

    def screenshot(self, project, path, **more):
        self.asked.append(("screenshot", project, path, more))


@pytest.fixture
def window() -> FakeWindow:
    return FakeWindow()


@pytest.fixture
def run(window, capsys):
    """Run a command in English; returns exit code, standard output and standard error."""

    def call(*arguments: object):
        given = [str(a) for a in arguments]
        code = cli.main(given if "--lang" in given else [*given, "--lang", "en"] if given else [], window)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def program(*arguments: object, **more):
    """Start the real program."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8", env=environment,
        timeout=120, check=False, **more,
    )  # fmt: skip


# --- doors ----------------------------------------------------------------------------------------------------------


def test_nothing_named_opens_the_sample(run, window):
    assert run()[0] == 0
    assert window.asked == [("run", "sample", "zh")]


def test_project_named_is_opened(run, window, small_city):
    assert run(small_city)[0] == 0
    assert run("a.lyd.toml", "--lang", "en")[0] == 0
    assert window.asked == [("run", str(small_city), "en"), ("run", "a.lyd.toml", "en")]


def test_mistyped_command_names_near_ones(run, window):
    code, out, err = run("rendr", "--json")
    assert code == 2
    assert "render" in err
    assert json.loads(out)["code"] == 2
    assert window.asked == []


def test_without_display_it_says_what_works(run, window, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cli.sys, "platform", "linux")
    code, _, err = run("sample")
    assert code == 6
    assert "lydigital render" in err
    assert window.asked == []


def test_version_and_help(run):
    assert run("--version")[1] == f"lydigital {lydigital.__version__}\n"
    code, out, _ = run("render", "--help")
    assert code == 0
    for option in (
        "--size",
        "--bounds",
        "--crs",
        "--center",
        "--scale",
        "--layers",
        "--no-labels",
        "--json",
        "-o",
    ):
        assert option in out
    assert "绘制" in run("render", "--help", "--lang", "zh")[1]


def test_screenshot_passes_everything_on(run, window, tmp_path):
    code, out, _ = run(
        "screenshot", "sample", "-o", tmp_path / "ui.png", "--workspace", "hazard", "--size", "1200x700", "--theme",
        "dark", "--json",
    )  # fmt: skip
    assert code == 0
    assert window.asked == [
        ("screenshot", "sample", tmp_path / "ui.png",
         {"workspace": "hazard", "size": (1200, 700), "lang": "en", "theme": "dark"}),
    ]  # fmt: skip
    assert json.loads(out) == {
        "output": str(tmp_path / "ui.png"), "width": 1200, "height": 700, "workspace": "hazard", "lang": "en",
    }  # fmt: skip


# --- usage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("render",),
        ("render", "CITY"),
        ("render", "CITY", "-o", "x.png", "--size", "12"),
        ("render", "CITY", "-o", "x.png", "--size", "12x99999"),
        ("render", "CITY", "-o", "x.png", "--size", "30000x30000"),
        ("render", "CITY", "-o", "x.png", "--bounds", "1,2,3"),
        ("render", "CITY", "-o", "x.png", "--bounds", "1,2,0,5"),
        ("render", "CITY", "-o", "x.png", "--bounds", "1,2,nan,5"),
        ("render", "CITY", "-o", "x.png", "--center", "112.4,34.6"),
        ("render", "CITY", "-o", "x.png", "--scale", "5000"),
        ("render", "CITY", "-o", "x.png", "--crs", "EPSG:4490"),
        ("render", "CITY", "-o", "x.png", "--layers", "nothing"),
        ("render", "CITY", "-o", "x.gif"),
        ("render", "CITY", "-o", "x.png", "--colour", "red"),
        ("screenshot", "CITY", "-o", "x.jpg"),
        ("screenshot", "CITY", "-o", "x.png", "--workspace", "none"),
        ("info",),
        ("info", "CITY", "extra"),
    ],
)
def test_wrong_usage_is_two_and_one_json_object(run, small_city, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*(small_city if a == "CITY" else a for a in arguments), "--json")
    assert code == 2
    told = json.loads(out)
    assert set(told) == {"error", "hint", "code"}
    assert told["code"] == 2
    assert told["error"] in err
    assert told["hint"]
    assert not list(tmp_path.glob("x.*"))


# --- bad input ------------------------------------------------------------------------------------------------------


def truncated(path: Path, city: Path) -> None:
    path.write_bytes(city.read_bytes()[:20_000])


def no_geopackage(path: Path, _city: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (a)")
    db.close()


BAD = {
    "gone.gpkg": (None, 6),
    "gone.lyd.toml": (None, 6),
    "cut.gpkg": (truncated, 3),
    "empty.gpkg": (lambda path, _: path.write_bytes(b""), 3),
    "words.gpkg": (lambda path, _: path.write_text("这不是数据库"), 3),
    "plain.gpkg": (no_geopackage, 3),
    "odd.xyz": (lambda path, _: path.write_text("1 2 3"), 3),
    "broken.lyd.toml": (lambda path, _: path.write_text("schema = 1\ntitle = [\n"), 3),
    "newer.lyd.toml": (lambda path, _: path.write_text("schema = 99"), 3),
    "key.lyd.toml": (lambda path, _: path.write_text("schema = 1\ncolour = 3"), 3),
}


@pytest.mark.parametrize("command", ["info", "render"])
@pytest.mark.parametrize("name", BAD)
def test_bad_input_names_file_and_remedy(run, tmp_path, small_city, name, command):
    make, expected = BAD[name]
    path = tmp_path / name
    if make is not None:
        make(path, small_city)
    more = ("-o", tmp_path / "out.png") if command == "render" else ()
    code, out, err = run(command, path, *more, "--json")
    assert code == expected
    told = json.loads(out)
    assert name in told["error"]
    assert told["hint"]
    assert told["code"] == expected
    assert err.startswith(told["error"])
    assert not (tmp_path / "out.png").exists()


def test_locked_store_is_six(run, tmp_path, small_city):
    path = tmp_path / "locked.gpkg"
    path.write_bytes(small_city.read_bytes())
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    try:
        code, _, err = run("info", path)
    finally:
        db.close()
    assert code == 6
    assert "locked.gpkg" in err


def test_broken_layer_definition_is_three(run, tmp_path, small_city, monkeypatch):
    layers = tmp_path / "layers"
    layers.mkdir()
    (layers / "groups.toml").write_text('[[groups]]\nid = "g"\ntitle = "组"\n')
    (layers / "way.toml").write_text('id = "way"\ntitel = "x"\n')
    monkeypatch.setattr(paths, "layers_dir", lambda: layers)
    code, out, _ = run("info", small_city, "--json")
    assert code == 3
    assert "way.toml" in json.loads(out)["error"]


def test_unknown_system_is_three(run, tmp_path, small_city):
    bounds = ("--bounds", "0,0,1,1", "--crs", "EPSG:999999")
    code, out, _ = run("render", small_city, "-o", tmp_path / "x.png", *bounds, "--json")
    assert code == 3
    assert "EPSG:999999" in json.loads(out)["error"]
    project = tmp_path / "p.lyd.toml"
    project.write_text('schema = 1\ncrs = "EPSG:1"')
    assert run("info", project)[0] == 3


def test_missing_layer_is_an_issue_not_an_error(run, tmp_path, small_city):
    project = tmp_path / "p.lyd.toml"
    project.write_text(
        f'schema = 1\n[[layers]]\nid = "a"\nsource = "gone.gpkg"\n[[layers]]\nid = "b"\nsource = "{small_city}"\ntable = "way"'
    )
    code, out, _ = run("info", project, "--json")
    told = json.loads(out)
    assert code == 0
    assert [layer["available"] for layer in told["layers"]] == [False, True]
    assert "gone.gpkg" in told["issues"][0]["message"]


def test_render_draws_the_rest_and_names_what_is_missing(run, tmp_path, small_city):
    project = tmp_path / "p.lyd.toml"
    gone = '[[layers]]\nid = "a"\nsource = "gone.gpkg"\ntable = "t"\n'
    way = f'[[layers]]\nid = "b"\nsource = "{small_city}"\ntable = "way"\n'
    project.write_text("schema = 1\n" + gone + way)
    render = ("render", project, "-o", tmp_path / "x.png", "--size", "64x48", "--no-labels", "--json")
    code, out, err = run(*render)
    assert code == 0
    assert json.loads(out)["layers"] == ["b"]
    assert "gone.gpkg" in json.loads(out)["issues"][0]["message"]
    assert "gone.gpkg" in err
    (tmp_path / "x.png").unlink()
    project.write_text("schema = 1\n" + gone)
    code, out, _ = run(*render)
    assert code == 6
    assert "gone.gpkg" in json.loads(out)["error"]
    assert not (tmp_path / "x.png").exists()


# --- what works -----------------------------------------------------------------------------------------------------


def test_info_as_json_and_as_table(run, small_city):
    code, out, _ = run("info", small_city, "--json")
    told = json.loads(out)
    assert code == 0
    assert {layer["id"]: layer["count"] for layer in told["layers"]} == {
        "field": 3,
        "spot": 3,
        "way": 2,
        "well": 1,
    }
    assert told["bounds"] == [600_000.0, 3_830_000.0, 601_000.0, 3_831_000.0]
    code, out, _ = run("info", small_city, "--lang", "zh")
    assert "要素数" in out
    assert "水井" in out


def test_looking_changes_no_byte(run, tmp_path, small_city):
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "city.gpkg"
    path.write_bytes(small_city.read_bytes())
    path.chmod(0o444)
    before = path.read_bytes()
    assert run("info", path)[0] == 0
    assert run("render", path, "-o", tmp_path / "x.png", "--size", "64x48", "--no-labels")[0] == 0
    assert path.read_bytes() == before
    assert [p.name for p in folder.iterdir()] == ["city.gpkg"]


def test_render_writes_the_picture_asked_for(run, tmp_path, small_city):
    image = pytest.importorskip("PIL.Image")
    out_file = tmp_path / "map.png"
    code, out, _ = run("render", small_city, "-o", out_file, "--size", "320x200", "--no-labels", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["width"], told["height"], told["output"]) == (320, 200, str(out_file))
    with image.open(out_file) as picture:
        assert picture.size == (320, 200)
        assert picture.mode == "RGB"
        assert len(picture.getcolors(100_000)) > 5, "something is drawn"


def test_render_at_a_place_and_of_chosen_layers(run, tmp_path, small_city):
    place = ("--center", "112.1,34.59", "--scale", "5000")
    code, out, _ = run(
        "render", small_city, "-o", tmp_path / "a.png", "--size", "100x100", *place, "--layers", "way,水井",
        "--no-labels", "--json",
    )  # fmt: skip
    told = json.loads(out)
    assert code == 0
    assert told["scale"] == 5000
    assert told["layers"] == ["way", "well"]
    code, out, _ = run(
        "render", small_city, "-o", tmp_path / "b.png", "--size", "100x100", "--bounds", "112.08,34.58,112.10,34.60",
        "--crs", "EPSG:4490", "--no-labels", "--json",
    )  # fmt: skip
    x0, y0, x1, y1 = json.loads(out)["bounds"]
    assert code == 0
    assert 590_000 < x0 < x1 < 610_000
    assert 3_820_000 < y0 < y1 < 3_840_000


def test_folder_that_is_not_there(run, tmp_path, small_city):
    code, _, err = run(
        "render", small_city, "-o", tmp_path / "no" / "x.png", "--size", "64x48", "--no-labels"
    )
    assert code == 6
    assert str(tmp_path / "no") in err


# --- faults, signals, preferences -----------------------------------------------------------------------------------


def test_fault_goes_to_the_log_and_a_sentence_to_the_user(run, window, monkeypatch):
    def fail(*_args: object) -> int:
        raise ZeroDivisionError("hidden cause")

    monkeypatch.setattr(window, "run", fail)
    code, _, err = run("sample")
    assert code == 1
    log = paths.state_dir() / "faults.log"
    assert str(log) in err
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert "hidden cause" in log.read_text(encoding="utf-8")


def test_interrupt_and_expected_errors(run, window, monkeypatch):
    def stop(*_args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(window, "run", stop)
    assert run("sample")[0] == 130

    def refuse(*_args: object) -> int:
        raise BadDataError("{path} is odd", hint="Mend it.", path="x")

    monkeypatch.setattr(window, "run", refuse)
    code, _, err = run("sample")
    assert (code, err) == (3, "x is odd\n  → Mend it.\n")


def test_broken_preferences_do_not_stop_anything(run, small_city):
    settings.path().write_text("language = ")
    code, out, err = run("info", small_city, "--json")
    assert code == 0
    assert json.loads(out)
    assert "settings.toml.broken" in err


def test_language_comes_from_the_preferences(small_city, window, capsys):
    settings.write(settings.Settings(language="en"))
    assert cli.main(["info", str(small_city)], window) == 0
    assert "Features" in capsys.readouterr().out


HEAVY = (
    "numba", "PySide6", "pandas", "pyogrio", "geopandas", "rasterio", "shapely", "scipy", "mapclassify", "duckdb", "openpyxl",
    "docx", "pypinyin", "rapidfuzz",
)  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["--help"], ["info", "CITY", "--json"], ["--version"], ["render", "--help"]]
)
def test_looking_is_light(small_city, arguments):
    given = [str(small_city) if a == "CITY" else a for a in arguments]
    code = (
        "import sys; from lydigital import cli; code = cli.main(sys.argv[1:], None);"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = program("-c", code, *given)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"


def test_all_commands_are_known_without_heavy_libraries():
    code = (
        "import sys; from lydigital.commands import registry; registry.commands();"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = program("-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_real_program_in_chinese_and_closed_pipe(small_city):
    done = program("-m", "lydigital", "info", small_city)
    assert done.returncode == 0, done.stderr
    assert "要素数" in done.stdout
    with subprocess.Popen(
        [sys.executable, "-m", "lydigital", "info", str(small_city), "--json"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        process.stdout.close()
        error = process.stderr.read()
        assert process.wait(60) in (cli.BROKEN_PIPE, -signal.SIGPIPE)
    assert error == b""
