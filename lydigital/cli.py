"""The command line.

Every subcommand takes ``--json`` and ends with 0 done, 2 usage, 3 bad data, 4 refused, 5 conflict, 6 store unavailable;
1 is a fault of the program itself, whose traceback goes to a log file.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from lydigital import __version__, paths, texts
from lydigital.errors import BadDataError, LydError, StoreUnavailableError, UsageError
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lydigital.commands.registry import Workbench
    from lydigital.settings import Settings

WORKSPACES = ("browse", "hazard", "coverage", "emergency", "publish")
FAULT, STOPPED, BROKEN_PIPE = 1, 130, 141
MAX_SIDE = 30_000


class Window(Protocol):
    """What the command line needs of the window; given from outside, for the two are siblings."""

    def run(self, project: str, settings: Settings) -> int: ...

    def screenshot(
        self, project: str, path: Path, *, workspace: str, size: tuple[int, int], lang: str, theme: str
    ) -> None: ...


def main(arguments: Sequence[str], window: Window) -> int:
    """Run one command and return its exit code; never raises."""
    from lydigital import settings as preferences

    as_json = "--json" in arguments
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        settings, problem = preferences.read()
        texts.use(_language(arguments, settings.language), paths.translations_dir())
        if problem is not None:
            _say(tr(problem.message, **problem.values), tr(problem.hint, **problem.values))
        result = _commands(window, settings).main(list(arguments), "lydigital", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except SystemExit:  # how click ends when nobody reads what it writes
        return BROKEN_PIPE
    except click.ClickException as error:
        return _fail(error.format_message(), _usage_hint(error), error.exit_code, as_json=as_json)
    except LydError as error:
        return _fail(str(error), error.hint_text(), error.exit_code, as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        return _fail(tr("Stopped"), tr("Nothing half-written is left behind."), STOPPED, as_json=as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last door: a person reads a sentence, the log has the traceback
        return _fault(error, as_json=as_json)
    return result if isinstance(result, int) else 0


def _commands(window: Window, settings: Settings) -> click.Group:
    """Build the commands, with help in the language now in use."""
    group = _Commands(
        name="lydigital", invoke_without_command=True, no_args_is_help=False,
        help=tr("The desktop map workstation of a city. Without a command it opens the window on PROJECT: sample, a project file or a store."),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        subcommand_metavar="[PROJECT] | COMMAND [ARGS]...",
    )  # fmt: skip
    group.params.append(
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help=tr("Show the version and end."),
        )
    )
    group.params.append(_lang())
    project = click.Argument(["project"], default="sample", metavar="[PROJECT]")
    given = click.Argument(["project"], metavar="PROJECT")
    size = click.Option(["--size"], metavar="WxH", callback=_size, help=tr("Size in pixels."))
    group.add_command(click.Command(
        "open", hidden=True, params=[project, _lang()], callback=lambda project: _open(window, settings, project),
    ))  # fmt: skip
    group.add_command(click.Command(
        "screenshot", help=tr("Write a picture of the window on PROJECT."),
        params=[
            project,
            click.Option(["-o", "--output"], required=True, metavar="FILE.png", help=tr("File to write.")),
            click.Option(["--workspace"], type=click.Choice(WORKSPACES), default="browse", show_default=True,
                         help=tr("Workspace shown.")),
            size,
            click.Option(["--theme"], type=click.Choice(["light", "dark"]), default="light", show_default=True,
                         help=tr("Light or dark.")),
            *_common(),
        ],
        callback=lambda **given: _screenshot(window, **given),
    ))  # fmt: skip
    group.add_command(click.Command(
        "render", help=tr("Draw the map of PROJECT into a PNG or PDF file; the whole map unless bounds or centre are named."),
        params=[
            given,
            click.Option(["-o", "--output"], required=True, metavar="FILE.png|pdf", help=tr("File to write.")),
            size,
            click.Option(["--bounds"], metavar="X0,Y0,X1,Y1", callback=_numbers(4),
                         help=tr("West, south, east and north of the picture.")),
            click.Option(["--crs"], metavar="EPSG:n", default="", help=tr("System of the bounds; the map's own unless named.")),
            click.Option(["--center", "centre"], metavar="LON,LAT", callback=_numbers(2),
                         help=tr("Centre in degrees, with --scale.")),
            click.Option(["--scale"], type=click.FloatRange(1, 1e9), metavar="N", help=tr("Scale denominator.")),
            click.Option(["--layers"], metavar="A,B", help=tr("Layers to draw instead of the visible ones.")),
            click.Option(["--no-labels"], is_flag=True, help=tr("Without text.")),
            *_common(),
        ],
        callback=lambda **given: _render(settings, **given),
    ))  # fmt: skip
    folder, file = click.Path(file_okay=False, path_type=Path), click.Path(dir_okay=False, path_type=Path)
    group.add_command(click.Command(
        "bench", help=tr("Measure the program on the benchmark data."),
        params=[
            click.Option(["--data"], required=True, type=folder, help=tr("Folder made by make_data.py.")),
            click.Option(["--camera"], required=True, type=file, help=tr("camera.json of the benchmark.")),
            click.Option(["--out"], required=True, type=file, help=tr("File to write.")),
            click.Option(["--cases"], default="", metavar="A,B", help=tr("Names or beginnings of names; all unless named.")),
            click.Option(["--rounds"], type=click.IntRange(1, 20), default=1, help=tr("Runs of every case.")),
            *_common(),
        ],
        callback=_bench,
    ))  # fmt: skip
    from lydigital.commands import (
        atlas_line,
        card_line,
        check_line,
        coverage_line,
        emergency_line,
        hazard_line,
        impact_line,
        info_line,
        layout_line,
        network_line,
        store_line,
        utility_line,
        web_line,
    )
    from lydigital.commands.door import Door

    group.add_command(store_line.group(_common, _show, _bar, settings.operator))
    door = Door(lambda name: _shown_session(name, settings), _show, _say, _common)
    hazard = hazard_line.group(door)
    hazard.add_command(card_line.command(door))
    group.add_command(hazard)
    group.add_command(impact_line.command(door))
    group.add_command(check_line.command(door))
    group.add_command(info_line.command(door))
    group.add_command(coverage_line.group(door))
    group.add_command(emergency_line.group(door))
    group.add_command(network_line.group(door))
    group.add_command(utility_line.group(door))
    group.add_command(layout_line.group(door))
    group.add_command(web_line.command(door))
    group.add_command(atlas_line.command(door))
    return group


class _Commands(click.Group):
    """Subcommands, and a project where no subcommand is named."""

    def invoke(self, ctx: click.Context) -> Any:
        result = super().invoke(ctx)
        return (
            ctx.invoke(self.commands["open"], project="sample") if ctx.invoked_subcommand is None else result
        )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        first = args[0]
        if first in self.commands:
            return super().resolve_command(ctx, args)
        if not (first == "sample" or "://" in first or Path(first).suffix or Path(first).exists()):
            import difflib

            near = difflib.get_close_matches(first, [n for n, c in self.commands.items() if not c.hidden], 3)
            raise UsageError(
                "{name} is neither a command nor a project", name=first,
                hint="Did you mean {near}? lydigital --help lists the commands.", near=", ".join(near) or "sample",
            )  # fmt: skip
        return "open", self.commands["open"], args


# --- options --------------------------------------------------------------------------------------------------------


def _lang() -> click.Option:
    """Make the option that :func:`_language` has read already."""
    choice = click.Choice(texts.LANGUAGES)
    return click.Option(["--lang"], type=choice, expose_value=False, help=tr("Language."))


def _common() -> list[click.Parameter]:
    return [
        _lang(),
        click.Option(["--json", "as_json"], is_flag=True, help=tr("One JSON object on standard output.")),
    ]


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"lydigital {__version__}")
        ctx.exit()


def _size(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    width, _, height = value.casefold().partition("x")
    if not (
        width.isdecimal()
        and height.isdecimal()
        and 16 <= int(width) <= MAX_SIDE
        and 16 <= int(height) <= MAX_SIDE
    ):
        raise UsageError(
            "{text} is no size",
            hint="Write it as 1920x1080, from 16 to {most} pixels a side.",
            text=value,
            most=MAX_SIDE,
        )
    return int(width), int(height)


def _numbers(count: int) -> Callable[[click.Context, click.Parameter, str | None], tuple[float, ...] | None]:
    def parse(
        _ctx: click.Context, _parameter: click.Parameter, value: str | None
    ) -> tuple[float, ...] | None:
        if value is None:
            return None
        try:
            numbers = tuple(float(part) for part in value.replace("，", ",").split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != count or not all(abs(n) < 1e12 for n in numbers):
            raise UsageError(
                "{text} is not {count} numbers",
                hint="Separate them by commas, without spaces.",
                text=value,
                count=count,
            )
        return numbers

    return parse


def _language(arguments: Sequence[str], default: str) -> str:
    """Find the language before click does: help and usage errors are written in it, too."""
    for i, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            chosen = value or (arguments[i + 1] if i + 1 < len(arguments) else "")
            return chosen if chosen in texts.LANGUAGES else default
    return default


# --- the commands ---------------------------------------------------------------------------------------------------


def _open(window: Window, settings: Settings, project: str) -> int:
    import msgspec

    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise StoreUnavailableError(
            "There is no display to open a window on",
            hint="Use lydigital render or lydigital screenshot, which need none.",
        )
    return window.run(project, msgspec.structs.replace(settings, language=texts.language()))


def _screenshot(
    window: Window, *, project: str, output: str, workspace: str, size: tuple[int, int] | None,
    theme: str, as_json: bool,
) -> None:  # fmt: skip
    path = _png(output)
    width, height = size or (1440, 900)
    language = texts.language()
    window.screenshot(project, path, workspace=workspace, size=(width, height), lang=language, theme=theme)
    written = {
        "output": str(path),
        "width": width,
        "height": height,
        "workspace": workspace,
        "lang": language,
    }
    _show(written, tr("Written: {path}", path=str(path)), as_json=as_json)


def _png(output: str) -> Path:
    path = Path(output).absolute()
    if path.suffix.casefold() != ".png":
        raise UsageError("{path} is no name of a PNG file", hint="End the name in .png.", path=output)
    if not path.parent.is_dir():
        raise StoreUnavailableError(
            "The folder {path} does not exist",
            hint="Make the folder or name another one.",
            path=str(path.parent),
        )
    return path


def _render(
    settings: Settings, *, project: str, output: str, size: tuple[int, int] | None, bounds: tuple[float, ...] | None,
    crs: str, centre: tuple[float, ...] | None, scale: float | None, layers: str | None, no_labels: bool,
    as_json: bool,
) -> None:  # fmt: skip
    width, height = size or (1920, 1080)
    _prepare()
    wanted = None if layers is None else tuple(name.strip() for name in layers.split(",") if name.strip())
    with _session(project, settings) as session, _progress(session):
        written = session.run(
            "map.render", path=output, width=width, height=height, bounds=bounds, crs=crs, centre=centre, scale=scale,
            layers=wanted, labels=not no_labels,
        )  # fmt: skip
        for issue in session.issues:
            _say(tr(issue.message, **issue.values), tr(issue.hint, **issue.values))
    _show(written, tr("Written: {path}", path=written["output"]), as_json=as_json)


def _prepare() -> None:
    """Compile the drawing kernels on the first start, and say so."""
    from lydigital.kernels import jit

    if jit.is_ready():
        return
    _say(tr("First start: preparing to draw fast. This takes a minute or two and happens once."))
    jit.compile_beside()
    with _bar() as show:
        jit.prepare(lambda done, total: show("", done / total))


def _bench(*, data: Path, camera: Path, out: Path, cases: str, rounds: int, as_json: bool) -> None:
    from lydigital.commands.bench import bench

    def report(name: str, done: int, total: int) -> None:
        _say(f"{done + 1}/{total} {name}")

    only = tuple(name for name in cases.split(",") if name)
    result = bench(
        data.absolute(), camera.absolute(), out.absolute(), only=only, rounds=rounds, report=report
    )
    failed = sorted(name for name, figures in result["cases"].items() if "failed" in figures)
    values = {"output": str(out.absolute()), "cases": len(result["cases"]), "failed": failed}
    _show(values, tr("Written: {path}", path=out), as_json=as_json)
    if failed:
        raise BadDataError(
            "{count} cases failed: {names}",
            hint="The result file says why.",
            count=len(failed),
            names=", ".join(failed),
        )


@contextlib.contextmanager
def _session(project: str, settings: Settings) -> Iterator[Workbench]:
    from lydigital.commands.registry import Workbench
    from lydigital.session import open_session

    session = open_session(project, kind=Workbench, author=settings.operator, office=settings.office)
    try:
        yield session
    finally:
        session.close()


@contextlib.contextmanager
def _shown_session(project: str, settings: Settings) -> Iterator[Workbench]:
    with _session(project, settings) as session, _progress(session):
        yield session


@contextlib.contextmanager
def _progress(session: Workbench) -> Iterator[None]:
    with _bar() as show:
        session.progressed.connect(show)
        yield


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[str, float], None]]:
    """Give what shows progress: a bar on a terminal, nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _text, _share: None
        return
    with click.progressbar(length=1000, file=sys.stderr, item_show_func=lambda text: text) as bar:
        yield lambda text, share: bar.update(max(0, round(share * 1000) - bar.pos), text)


# --- what is said ---------------------------------------------------------------------------------------------------


def _show(values: dict[str, Any], text: str, *, as_json: bool) -> None:
    import json

    click.echo(json.dumps(values, ensure_ascii=False, default=str) if as_json else text)


def _say(message: str, hint: str = "") -> None:
    with contextlib.suppress(OSError):
        click.echo(message if not hint else f"{message}\n  → {hint}", err=True)


def _fail(message: str, hint: str, code: int, *, as_json: bool) -> int:
    _say(message, hint)
    if as_json:
        with contextlib.suppress(OSError):
            _show({"error": message, "hint": hint, "code": code}, "", as_json=True)
    return code


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "lydigital"
    return tr("{command} --help shows what it takes.", command=command)


def _fault(error: Exception, *, as_json: bool) -> int:
    import traceback
    from datetime import UTC, datetime

    text = "".join(traceback.format_exception(error))
    try:
        log = paths.state_dir() / "faults.log"
        with log.open("a", encoding="utf-8") as file:
            file.write(
                f"--- {datetime.now(UTC).isoformat()} lydigital {__version__} {sys.argv[1:]}\n{text}\n"
            )
    except OSError:
        _say(text)
        return _fail(
            tr("The program made a mistake"), tr("Report it with the text above."), FAULT, as_json=as_json
        )
    return _fail(
        tr("The program made a mistake: {error}", error=f"{type(error).__name__}: {error}"),
        tr("Report it with the file {path}; your data is as it was.", path=str(log)), FAULT, as_json=as_json,
    )  # fmt: skip
