"""``lydigital hazard``: levels of warning from rain."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from lydigital.commands import product_line, warning_line
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door
    from lydigital.model.hazardrun import HazardRun


def group(door: Door) -> click.Group:
    """The group with its subcommands, help in the language now in use."""
    made = click.Group("hazard", help=tr("Geohazard warnings: levels from rain, zones, runs repeated."))
    project = click.Argument(["project"], metavar="PROJECT")
    run = click.Argument(["run"], metavar="RUN.json|ID")
    store = click.Option(["--project"], default="", metavar="PROJECT", help=tr("Map that keeps the run, where ID is no file."))
    output = click.Option(["-o", "--output"], default="", metavar="FILE", help=tr("File to write."))
    made.add_command(click.Command(
        "compute", help=tr("Levels of warning on the map of PROJECT from rain of gauges."),
        params=[
            project, *_rain(), output,
            click.Option(["--keep"], is_flag=True, help=tr("Keep the computation in the map's store.")), *door.common(),
        ],
        callback=lambda **given: _compute(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "whatif", help=tr("What other thresholds would change."),
        params=[
            project, *_rain(),
            click.Option(["--breaks"], default="", metavar="MM,MM,…", help=tr("Classes of effective rain in mm.")),
            click.Option(["--share"], type=click.FloatRange(0, 100, min_open=True), metavar="%",
                         help=tr("Percent of a township that a level must have.")),
            click.Option(["--other"], default="", metavar="ID|FILE.toml", help=tr("Another model.")),
            *door.common(),
        ],
        callback=lambda **given: _whatif(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "zones", help=tr("Zones of a run as GeoJSON."),
        params=[
            run, output, store,
            click.Option(["--smooth", "smooth_cells"], type=click.IntRange(0, 15), help=tr("Cells around that are smoothed over.")),
            click.Option(["--min-area", "min_area_km2"], type=click.FloatRange(0), metavar="KM2", help=tr("Least area of a zone.")),
            click.Option(["--tolerance", "tolerance_m"], type=click.FloatRange(0), metavar="M", help=tr("How far borders may be moved.")),
            *door.common(),
        ],
        callback=lambda **given: _zones(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "replay", help=tr("Compute a run again and compare the answer."),
        params=[run, store, *door.common()], callback=lambda **given: _replay(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "susceptibility", help=tr("Weights of the factors of a model, from the hazard points of the map."),
        params=[
            project,
            click.Option(["--model"], default="", metavar="ID|FILE.toml", help=tr("Hazard model.")),
            click.Option(["--cell", "cell_m"], type=click.FloatRange(0, 5000), default=0.0, metavar="M", help=tr("Cell size in metres.")),
            output, *door.common(),
        ],
        callback=lambda **given: _susceptibility(door, **given),
    ))  # fmt: skip
    made.add_command(click.Command(
        "models", help=tr("The hazard models that can be used."), params=door.common(),
        callback=lambda **given: _models(door, **given),
    ))  # fmt: skip
    warning_line.add_to(made, door)
    product_line.add_to(made, door)
    return made


def _rain() -> list[click.Parameter]:
    return [
        click.Option(["--rain"], default="", metavar="FILE", help=tr("Rain of gauges (CSV, XLSX); the map's own tables unless named.")),
        click.Option(["--at"], default="", metavar="TIME", help=tr("Time in Beijing time; the last record unless named.")),
        click.Option(["--model"], default="", metavar="ID|FILE.toml", help=tr("Hazard model.")),
        click.Option(["--forecast"], default="", metavar="GRID", help=tr("Raster of the rain of the next 24 h in mm.")),
        click.Option(["--susceptibility"], type=click.Choice(["zones", "computed"]), default="zones",
                     help=tr("From the zones of the map, or from the factors of the model.")),
        click.Option(["--band"], type=click.IntRange(1), default=1, help=tr("Band of the forecast raster.")),
        click.Option(["--cell", "cell_m"], type=click.FloatRange(0, 5000), default=0.0, metavar="M", help=tr("Cell size in metres.")),
        click.Option(["--method"], type=click.Choice(["idw", "kriging"]), help=tr("How gauges become a grid.")),
        click.Option(["--k", "k"], type=click.FloatRange(0, 1, min_open=True, max_open=True), help=tr("Decay of antecedent rain a day.")),
        click.Option(["--days"], type=click.IntRange(0, 60), help=tr("Days of antecedent rain.")),
    ]  # fmt: skip


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Without options that were not named; files as absolute paths stay as they were typed."""
    return {name: value for name, value in values.items() if value is not None}


def _compute(door: Door, *, project: str, as_json: bool, keep: bool, **given: Any) -> None:
    from lydigital.commands.hazard_values import run_values
    from lydigital.model.hazardrun import encode

    with door.session(project) as session:
        run: HazardRun = session.run("hazard.compute", **_given(given))
        if keep:
            session.run("hazard.keep", payload=encode(run).decode())
    values = {**run_values(run), "kept": keep}
    if given["output"]:
        values["output"] = given["output"]
    _told(door, values)
    door.show(values, _text(values), as_json=as_json)


def _told(door: Door, values: dict[str, Any]) -> None:
    for issue in values["issues"]:
        door.say(issue["message"], issue["hint"])


def _text(values: dict[str, Any]) -> str:
    from lydigital.model.warning import Level

    names = {
        Level.RED: tr("Red"), Level.ORANGE: tr("Orange"), Level.YELLOW: tr("Yellow"), Level.BLUE: tr("Blue (internal)"),
    }  # fmt: skip
    lines = [tr("{id} · rain to {at} · model {model} {version}", id=values["id"], at=values["at"], model=values["model"],
                version=values["model_version"])]  # fmt: skip
    if not values["calibrated"]:
        lines.append(tr("Not fitted to local events (未经本地率定)"))
    for level, name in names.items():
        towns = [t for t in values["townships"] if t["level"] == level]
        zones = [z for z in values["zones"] if z["level"] == level]
        counties = [c["name"] + c["extent"] for c in values["counties"] if c["level"] == level]
        if towns or zones:
            lines.append(tr(
                "{level}: {townships} townships, {zones} zones, {area} km²: {counties}", level=name, townships=len(towns),
                zones=len(zones), area=f"{sum(z['area_km2'] for z in zones):.0f}", counties="、".join(counties) or "-",
            ))  # fmt: skip
    if not values["townships"]:
        lines.append(tr("No township reaches a level"))
    lines.append(f"SHA-256 {values['digest']}")
    return "\n".join(lines)


def _whatif(door: Door, *, project: str, as_json: bool, breaks: str, share: float | None, **given: Any) -> None:
    from lydigital.errors import UsageError

    try:
        limits = tuple(float(part) for part in breaks.replace("，", ",").split(",") if part.strip())
    except ValueError:
        raise UsageError("{text} is no list of numbers", hint="Separate them by commas: 30,60,100,150", text=breaks) from None
    more = {} if share is None else {"share": share / 100}
    with door.session(project) as session:
        found = session.run("hazard.whatif", breaks=limits, **more, **_given(given))
    text = "\n".join(
        f"{key}: {found['before'][key]} → {found['after'][key]}" for key in ("townships", "points", "people_at_points", "area_km2")
    )
    door.show(found, text, as_json=as_json)


def _zones(door: Door, *, run: str, project: str, as_json: bool, **given: Any) -> None:
    import json

    from lydigital.commands.hazard import Zones, zones

    wanted = Zones(run=run, **_given(given))
    with door.session(project) if project else nullcontext() as session:
        made = zones(wanted, session)
    if given["output"]:
        values = {"output": given["output"], "zones": len(made["features"])}
        door.show(values, tr("Written: {path}", path=given["output"]), as_json=as_json)
    else:
        door.show(made, json.dumps(made, ensure_ascii=False), as_json=as_json)


def _replay(door: Door, *, run: str, project: str, as_json: bool) -> None:
    from lydigital.commands.hazard import Replay, replay

    with door.session(project) if project else nullcontext() as session:
        again = replay(Replay(run=run), session)
    values = {"id": again.id, "digest": again.digest, "same": True}
    door.show(values, tr("The same answer: {digest}", digest=again.digest), as_json=as_json)


def _susceptibility(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    with door.session(project) as session:
        found = session.run("hazard.susceptibility", **given)
    _told(door, found)
    lines = [tr("AUC of success {success}, of prediction {prediction} ({training} and {validation} hazards)",
                success=found["auc_success"], prediction=found["auc_prediction"], training=found["training"],
                validation=found["validation"])]  # fmt: skip
    for factor in found["factors"]:
        lines.append(factor["id"])
        lines += [
            f"  {r['title']:>16}  N {r['n']:>4}  S {r['cells']:>8}  I {r['information_value']:+.3f}  FR {r['frequency_ratio']:.3f}  "
            f"C {r['contrast']:+.3f}  C/s {r['studentised']:+.2f}"
            for r in factor["rows"]
        ]
    door.show(found, "\n".join(lines), as_json=as_json)


def _models(door: Door, *, as_json: bool) -> None:
    from lydigital.commands.hazard import models

    found = models()
    values = {"models": [
        {"id": m.id, "title": m.name, "version": m.version, "calibrated": m.is_calibrated, "breaks": m.breaks, "matrix": m.matrix}
        for m in found.values()
    ]}  # fmt: skip
    text = "\n".join(f"{m.id}  {m.version}  {m.name}" + ("" if m.is_calibrated else tr(" (not calibrated)")) for m in found.values())
    door.show(values, text, as_json=as_json)
