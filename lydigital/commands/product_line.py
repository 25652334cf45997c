"""``lydigital hazard bulletin|picture|cap|package|deliver``: products of a warning on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.door import Door

_FORMS = ("portrait", "landscape", "a4", "map")


def add_to(group: click.Group, door: Door) -> None:
    """Add the subcommands to ``lydigital hazard``, help in the language now in use."""
    project = click.Argument(["project"], metavar="PROJECT")
    named = (
        click.Option(["--issue"], default="", metavar="ID|YEAR-NUMBER", help=tr("Which warning, where several could be meant.")),
        click.Option(["--version"], type=click.IntRange(0), default=0, metavar="N", help=tr("Which version of it; the newest unless named.")),
        click.Option(["--internal"], is_flag=True, help=tr("For the office itself: drafts and blue, too, stamped so.")),
    )
    no_impact = click.Option(["--no-impact"], is_flag=True, help=tr("Without the annex of what the zones hit."))

    def output(metavar: str, *, required: bool = False) -> click.Option:
        return click.Option(["-o", "--output"], required=required, default=None if required else "", metavar=metavar, help=tr("File to write."))

    def add(name: str, help_: str, run: Any, *params: click.Parameter) -> None:
        group.add_command(click.Command(
            name, help=help_, params=[project, *params, *door.common()], callback=lambda **given: run(door, **given)
        ))  # fmt: skip

    add(
        "bulletin", tr("The bulletin of a warning as text, or as Word, page, map or list by the ending of the file."), _bulletin, *named,
        output("FILE.txt|docx|html|pdf|xml|geojson|xlsx"),
    )  # fmt: skip
    add(
        "picture", tr("A warning as a picture to send round."), _picture, *named, output("FILE.png|pdf", required=True),
        click.Option(["--form"], type=click.Choice(_FORMS), default="portrait", show_default=True, help=tr("Shape of the picture.")),
    )  # fmt: skip
    add("cap", tr("A warning as a message of CAP 1.2."), _cap, *named, output("FILE.xml"))
    add(
        "package", tr("All products of a warning in one folder, compared with each other."), _package, *named,
        click.Option(["-o", "--output"], required=True, metavar="DIR", help=tr("Folder in which the package gets a folder of its own.")),
        click.Option(["--products"], default="", metavar="A,B", help=tr("Some products only.")),
        click.Option(["--personal"], is_flag=True, help=tr("Names and numbers of people bare, for those allowed to.")), no_impact,
    )  # fmt: skip
    add(
        "deliver", tr("Hand a package over to the hooks that are switched on in the settings."), _deliver,
        click.Argument(["package"], metavar="DIR"),
        click.Option(["--hook"], default="", metavar="NAME", help=tr("This hook only.")),
    )  # fmt: skip


def _bulletin(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    with door.session(project) as session:
        made = session.run("warning.bulletin", **given)
    _notes(door, made)
    door.show(made, tr("Written: {path}", path=made["output"]) if "output" in made else made["text"].rstrip(), as_json=as_json)


def _picture(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    with door.session(project) as session:
        made = session.run("warning.picture", **given)
    _notes(door, made)
    door.show(made, tr("Written: {path}", path=made["output"]), as_json=as_json)


def _cap(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    with door.session(project) as session:
        made = session.run("warning.cap", **given)
    _notes(door, made)
    door.show(made, tr("Written: {path}", path=made["output"]) if "output" in made else made["xml"].rstrip(), as_json=as_json)


def _package(door: Door, *, project: str, as_json: bool, products: str, no_impact: bool, **given: Any) -> None:
    from lydigital.errors import BadDataError

    names = tuple(name.strip() for name in products.replace("，", ",").split(",") if name.strip())
    with door.session(project) as session:
        made = session.run("warning.package", products=names, impact=not no_impact, **given)
    for name, reason in made["failed"].items():
        door.say(tr("{name} could not be made: {reason}", name=name, reason=reason), tr("The other products are there."))
    for fault in made["disagreements"]:
        door.say(fault, tr("Do not hand this package over."))
    door.show(made, tr("Written: {path}", path=made["output"]) + "\n" + "\n".join(f"  {name}" for name in made["files"]), as_json=as_json)
    if made["failed"] or made["disagreements"]:
        raise click.exceptions.Exit(BadDataError.exit_code)


def _deliver(door: Door, *, project: str, as_json: bool, **given: Any) -> None:
    from lydigital.errors import RefusedError, StoreUnavailableError

    with door.session(project) as session:
        made = session.run("warning.deliver", **given)
    words = {"delivered": tr("delivered"), "refused": tr("refused"), "failed": tr("failed")}
    text = "\n".join(f"{o['hook']}: {words[o['result']]} {o['reason']}".rstrip() for o in made["outcomes"])
    door.show(made, text, as_json=as_json)
    results = {o["result"] for o in made["outcomes"]}
    if "failed" in results:
        raise click.exceptions.Exit(StoreUnavailableError.exit_code)
    if "refused" in results:
        raise click.exceptions.Exit(RefusedError.exit_code)


def _notes(door: Door, made: dict[str, Any]) -> None:
    for note in made["issues"]:
        door.say(tr(note["message"]), tr(note["hint"]))
