"""``lydigital hazard draft … issue, lift, list, verify``: a warning's life on the command line.

Nothing heavy is imported before one of them runs: every start of the program builds these commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door
    from lydigital.commands.registry import Workbench

_PURPOSES = ("actual", "exercise", "test")


def add_to(group: click.Group, door: Door) -> None:
    """Add the subcommands to ``lydigital hazard``, help in the language now in use."""
    project = click.Argument(["project"], metavar="PROJECT")
    named = click.Option(["--issue"], default="", metavar="ID|YEAR-NUMBER", help=tr("Which warning, where several could be meant."))
    who = click.Option(["--operator"], default="", metavar="NAME", help=tr("Who does it, instead of the name in the settings."))
    time = click.Option(["--time", "at"], default="", metavar="TIME", help=tr("Time of the step, for exercises and tests only."))
    text = click.Option(["--text"], default="", help=tr("A note on the step."))
    reason = click.Option(["--reason"], required=True, help=tr("Why."))

    def add(name: str, help_: str, run: Any, *params: click.Parameter) -> None:
        group.add_command(click.Command(
            name, help=help_, params=[project, *params, *door.common()], callback=lambda **given: run(door, **given)
        ))  # fmt: skip

    add(
        "draft", tr("Draft a warning from a computation, from zones of the map, or for townships named."), _draft,
        click.Option(["--run"], default="", metavar="RUN.json|ID", help=tr("The computation it rests on.")),
        click.Option(["--zones"], default="", metavar="N,N,…", help=tr("Numbers of warning zones on the map.")),
        click.Option(["--township", "townships"], multiple=True, metavar="NAME=1…4", help=tr("A township and its level; may be repeated.")),
        click.Option(["--purpose"], type=click.Choice(_PURPOSES), default="actual", show_default=True, help=tr("What it is for.")),
        click.Option(["--title"], default="", help=tr("Title.")),
        click.Option(["--basis"], default="", help=tr("What it rests on, in words.")),
        click.Option(["--from", "valid_from"], default="", metavar="TIME", help=tr("Begin of validity, Beijing time; the next 20:00 unless named.")),
        click.Option(["--to", "valid_to"], default="", metavar="TIME", help=tr("End of validity.")),
        click.Option(["--immediately", "immediate"], is_flag=True, help=tr("It begins now.")),
        who, time,
    )  # fmt: skip
    add(
        "set-level", tr("Change the level of a township in a draft."), _step("set_level"), named,
        click.Option(["--township"], required=True, metavar="NAME|CODE", help=tr("Which township.")),
        click.Option(["--level"], type=click.Choice(["1", "2", "3", "4", "none"]), required=True, help=tr("Its level, 1 red to 4 blue.")),
        reason, who, time,
    )  # fmt: skip
    add("consult", tr("Ask others about a draft."), _step("consult"), named, text, who, time)
    add("submit", tr("Submit a draft for review."), _step("submit"), named, text, who, time)
    add(
        "review", tr("Pass a warning, or return it to draft."), _step("review"), named, text,
        click.Option(["--pass/--return", "approve"], default=True, help=tr("Pass it, or return it with a note.")), who, time,
    )  # fmt: skip
    add("issue", tr("Sign and issue the warning that was reviewed."), _step("issue"), named, text, who, time)
    add("lift", tr("End a warning before its time."), _step("lift"), named, reason, who, time)
    add("expire", tr("Mark warnings whose time is over."), _step("expire"), named, who, time)
    add(
        "list", tr("Warnings of the map, the newest first."), _list,
        click.Option(["--purpose"], type=click.Choice(_PURPOSES), default=None, help=tr("Of this purpose only.")),
        click.Option(["--year"], type=int, default=0, help=tr("Of this year only.")),
        click.Option(["--in-force"], is_flag=True, help=tr("Only those that warn now.")), time,
    )  # fmt: skip
    add("show", tr("All of a warning, and its versions."), _show, named, time)
    add(
        "diff", tr("What a warning changes, township by township."), _diff, named,
        click.Option(["--other"], default="", metavar="ID|YEAR-NUMBER", help=tr("Compared with this one instead of the last one issued.")),
    )  # fmt: skip
    add(
        "verify", tr("Compare warnings with reported events: POD, FAR, TS, bias, HSS, lead time."), _verify,
        click.Option(["--from", "start"], default="", metavar="DAY", help=tr("First day.")),
        click.Option(["--to", "end"], default="", metavar="DAY", help=tr("Last day.")),
        click.Option(["--level"], type=click.IntRange(1, 4), default=4, show_default=True, help=tr("Warnings of this level and higher.")),
        click.Option(["--purpose"], type=click.Choice(_PURPOSES), default="actual", show_default=True, help=tr("Of this purpose only.")),
        click.Option(["--all-triggers"], is_flag=True, help=tr("Events that rain did not trigger, too.")),
        click.Option(["-o", "--output"], default="", metavar="FILE.html|docx", help=tr("Report to write.")),
    )  # fmt: skip


def _draft(door: Door, *, project: str, as_json: bool, operator: str, zones: str, townships: tuple[str, ...], **given: Any) -> None:
    from lydigital.errors import UsageError

    levels: dict[str, int] = {}
    for text in townships:
        name, _, level = text.replace("＝", "=").partition("=")
        if level not in ("1", "2", "3", "4"):
            raise UsageError("{text} is no township with a level", hint="Write it as 赵村镇=2, 1 red to 4 blue.", text=text)
        levels[name.strip()] = int(level)
    try:
        fids = [int(part) for part in zones.replace("，", ",").split(",") if part.strip()]
    except ValueError:
        raise UsageError("{text} is no list of numbers", hint="Separate them by commas.", text=zones) from None
    with door.session(project) as session:
        _sit_down(session, operator)
        done = session.run("warning.draft", zones=fids, townships=levels, **given)
        session.save_features()
        _told(door, done)
        _answer(door, session, done.values["id"], as_json=as_json)


def _step(verb: str) -> Any:
    def run(door: Door, *, project: str, as_json: bool, operator: str, **given: Any) -> None:
        if given.get("level") == "none":
            given["level"] = None
        with door.session(project) as session:
            _sit_down(session, operator)
            done = session.run(f"warning.{verb}", **given)
            session.save_features()
            if not done:
                door.show({"issues": []}, tr("No warning is over and unmarked"), as_json=as_json)
                return
            _answer(door, session, done.values["id"], as_json=as_json)

    return run


def _answer(door: Door, session: Workbench, issue_id: str, *, as_json: bool) -> None:
    from lydigital.commands.desk import brief
    from lydigital.commands.warning import issue_of

    values = brief(issue_of(session, issue_id))
    door.show(values, _line(values), as_json=as_json)


def _list(door: Door, *, project: str, as_json: bool, purpose: str | None, **given: Any) -> None:
    with door.session(project) as session:
        found = session.run("warning.list", purpose=purpose or "", **given)
    text = "\n".join(_line(i) for i in found["issues"]) or tr("There are no warnings")
    for late in found["due"]:
        door.say(tr("The time of {id} is over", id=late), tr("lydigital hazard expire marks it."))
    door.show(found, text, as_json=as_json)


def _show(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    with door.session(project) as session:
        found = session.run("warning.show", **given)
    lines = [_line(found), *found["stamps"], f"{tr('Valid')} {found['valid']}"]
    lines += [f"  {t['level']}  {t['code']}  {t['county']}{t['name']}" for t in found["townships"]]
    lines += [f"  {n['at'][:16]}  {n['by']}  {tr(n['status'])}  {n.get('text', '')}" for n in found["notes"]]
    door.show(found, "\n".join(lines), as_json=as_json)


def _diff(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    with door.session(project) as session:
        found = session.run("warning.diff", **given)
    heads = {"up": tr("Higher"), "down": tr("Lower"), "new": tr("New"), "lifted": tr("No longer"), "unchanged": tr("As before")}
    text = "\n".join(f"{head}: {'、'.join(c['name'] for c in found[kind]) or '-'}" for kind, head in heads.items())
    door.show(found, text, as_json=as_json)


def _verify(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    with door.session(project) as session:
        found = session.run("hazard.verify", **given)
    total = found["total"]
    lines = [
        *found["stamps"], f"{found['start'][:16]} – {found['end'][:16]}",
        tr("Hits {hits}, misses {misses}, false alarms {false_alarms}, correct negatives {correct_negatives} (township-days)",
           **{k: total[k] for k in ("hits", "misses", "false_alarms", "correct_negatives")}),
        "  ".join(f"{k.upper()} {'–' if total[k] is None else format(total[k], '.3f')}" for k in ("pod", "far", "ts", "bias", "hss")),
        tr("Lead time {hours} h, {area} km² × days warned", hours="–" if total["lead_h"] is None else total["lead_h"], area=total["area_km2"]),
    ]  # fmt: skip
    if "output" in found:
        lines.append(tr("Written: {path}", path=found["output"]))
    door.show(found, "\n".join(lines), as_json=as_json)


def _sit_down(session: Workbench, operator: str) -> None:
    if operator:
        session.history.author = operator


def _told(door: Door, done: Any) -> None:
    for issue in getattr(done, "issues", ()):
        door.say(tr(issue.message, **issue.values), tr(issue.hint, **issue.values))


def _line(values: dict[str, Any]) -> str:
    number = tr("issue {number} of {year}", number=values["number"], year=values["year"]) if values["number"] else "-"
    level = "-" if values["level"] is None else tr({1: "red", 2: "orange", 3: "yellow", 4: "blue"}[values["level"]])
    said = [values["id"], number, tr(values["status"]), level, f"{values['valid_from'][:16]} – {values['valid_to'][:16]}"]
    if values["purpose"] != "actual":
        said.append(tr("EXERCISE" if values["purpose"] == "exercise" else "TEST"))
    return "  ".join(said)
