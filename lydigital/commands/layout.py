"""Pages: layouts of the map made, edited and written."""

from __future__ import annotations

import re
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from lydigital import paths
from lydigital.commands.file import issue_values
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError, StoreUnavailableError, UsageError
from lydigital.model import layout as layouts
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.crs import Crs
from lydigital.model.gate import Audience  # noqa: TC001
from lydigital.model.layout import AnyItem, Atlas, Layout, Page  # noqa: TC001 - msgspec resolves them at run time
from lydigital.model.table import FeatureTable
from lydigital.texts import pick, tr

if TYPE_CHECKING:
    from lydigital.model.frame import Frame
    from lydigital.publish.arrange import Arranged, Material
    from lydigital.session import Session

_HEIGHTS = "1985国家高程基准"


class OneLayout(Parameters, frozen=True):
    """``layout`` is the id or title of a layout of the map."""

    layout: str


class AddLayout(Parameters, frozen=True):
    """A layout from a template: the id of one shipped or kept in the configuration folder, or the path of a TOML file."""

    template: str
    title: str = ""


class EditLayout(Parameters, frozen=True):
    """Replace parts of a layout; what is left out stays. ``words`` names the step in the history."""

    layout: str
    title: str | None = None
    pages: tuple[Page, ...] | None = None
    items: tuple[AnyItem, ...] | None = None
    atlas: Atlas | None = None
    values: dict[str, str] | None = None
    guides: tuple[tuple[str, float], ...] | None = None
    words: str = ""


class KeepLayout(Parameters, frozen=True):
    """Keep a layout as a template of the office, for every map: its maps then show the view, whatever they show here."""

    layout: str
    title: str = ""


class ExportLayout(Parameters, frozen=True):
    """Write a layout of the map, or a template, to ``path``: its ending names the format.

    The gate decides first what ``audience`` may have; its verdict is kept beside the file. ``values`` are placeholders;
    ``bounds`` (map units) is what the main map shows instead of the view, ``pdf_a`` makes a PDF fit for archives (PDF/A-2b).
    """

    layout: str
    path: str
    dpi: Annotated[int, msgspec.Meta(ge=36, le=1200)] | None = None
    values: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    audience: Audience = "internal"
    bounds: tuple[float, float, float, float] | None = None
    pdf_a: bool = False


# --- what there is ------------------------------------------------------------------------------------------------------


def folders() -> tuple[Path, ...]:
    """Where templates are, the office's own first."""
    return paths.config_dir() / "pages", paths.resources_dir() / "pages"


def templates() -> dict[str, Path]:
    """Files of templates by id."""
    found: dict[str, Path] = {}
    for folder in folders():
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


def template(name: str) -> Layout:
    """A template by id or path.

    Raises
    ------
    UsageError
        When there is none, naming near ones.
    BadDataError
        When it is wrong.
    """
    known = templates()
    if name in known:
        return layouts.read(known[name])
    if name.endswith(".toml") and Path(name).is_file():
        return layouts.read(Path(name))
    import difflib

    near = difflib.get_close_matches(name, known, 3, 0.3) or list(known)
    raise UsageError("There is no page template {name}", hint="There are {near}.", name=name, near=", ".join(near) or "-")


def find(session: Session, name: str) -> Layout:
    """A layout of the map by id or title, else a template of that name. Raises as :func:`template`."""
    found = session.document.layout(name)
    named = [made for made in session.document.layouts if name in (made.title, made.title_en)]
    return found or (named[0] if len(named) == 1 else template(name))


def _of_map(session: Session, name: str) -> Layout:
    found = find(session, name)
    if session.document.layout(found.id) is None:
        raise UsageError("The map has no layout {name}", hint="Make it from the template first.", name=name)
    return found


# --- what pages are made of ---------------------------------------------------------------------------------------------


def material_of(session: Session) -> Material:
    """The open map as material of pages."""
    from lydigital.publish.arrange import Material

    groups = {g.id: pick(g.title, g.title_en) for g in session.document.groups if g.title} | {g.id: g.name for g in session.catalogue.groups}
    titles, names = {}, {}
    for ref in session.document.layers:
        definition = session.definition(ref.id)
        names[ref.id] = definition.name
        if definition.legend:
            titles[ref.id] = (groups.get(ref.group, ""), definition.name)
    crs = Crs(session.document.crs)
    now = datetime.now().astimezone()
    publishing = session.office.publishing
    facts: dict[str, object] = {
        "title": session.document.title, "date": f"{now:%Y-%m-%d}", "time": f"{now:%H:%M}", "year": now.year,
        "operator": session.history.author, "producer": publishing.producer, "approval": publishing.approval,
        "project": Path(session.project).name if session.project else "", "crs": crs.name, "crs_code": str(crs),
        "height_datum": _HEIGHTS if session.document.layer("relief") else "",
    }  # fmt: skip

    def table(layer: str) -> FeatureTable:
        found = session.table(layer)
        if not isinstance(found, FeatureTable):
            raise BadDataError("{layer} has no rows to list", hint="Choose a layer of features.", layer=layer)
        return found

    return Material(
        crs, session.bounds(), lambda scale, layers: session.scene(scale, layer_ids=layers), table, session.definition,
        view=session.viewport.bounds, titles=titles, facts=facts, stamps=_stamps(session),
        folder=session.history.path.parent if session.history.path else None, names=names,
    )  # fmt: skip


def _stamps(session: Session) -> tuple[tuple[str, ...], ...]:
    approval = session.office.publishing.approval
    first = (
        (tr("Map review No. {number}", number=approval),) if approval
        else (tr("Internal working map. Not reviewed. Not to be published."), tr("Boundaries do not settle claims."))
    )  # fmt: skip
    visible = [r.id for r in session.document.layers if session.document.is_visible(r)]
    sample = any(session.definition(i).sample for i in visible)
    return (first, (tr("Sample data"),)) if sample else (first,)


def arranged(session: Session, layout: Layout, values: dict[str, str] | None = None) -> Arranged:
    """A layout of the open map made ready for paper."""
    from lydigital.publish.arrange import arrange

    return arrange(layout, material_of(session), values=values)


def framed(session: Session, frame: Frame) -> Layout:
    """The sheet of a paper frame, with room for the legend that the open map needs."""
    from lydigital.publish.frame import of_material

    return of_material(frame, material_of(session))


def free_id(session: Session, wanted: str) -> str:
    """``wanted``, or with a number where the map has a layout of that id."""
    taken = {found.id for found in session.document.layouts}
    new, number = wanted, 2
    while new in taken:
        new, number = f"{wanted}_{number}", number + 1
    return new


# --- verbs --------------------------------------------------------------------------------------------------------------


def _add(session: Session, given: AddLayout) -> ChangeSet:
    made = template(given.template)
    new = free_id(session, made.id)
    made = msgspec.structs.replace(made, id=new, template=made.id, title=given.title or made.title, title_en="" if given.title else made.title_en)
    return ChangeSet("New layout {layout}", (Delta(f"layout/{new}", None, made),), values={"layout": made.name})


def _remove(session: Session, given: OneLayout) -> ChangeSet:
    layout = _of_map(session, given.layout)
    return ChangeSet("Remove layout {layout}", (Delta(f"layout/{layout.id}", layout, None),), values={"layout": layout.name})


def _edit(session: Session, given: EditLayout) -> ChangeSet:
    layout = _of_map(session, given.layout)
    if layout.frame is not None:
        raise UsageError("The paper frame is no layout to edit", hint="Change its settings, or take it into the designer as a layout of its own.")
    names = ("title", "pages", "items", "atlas", "values", "guides")
    new = {name: value for name in names if (value := getattr(given, name)) is not None and value != getattr(layout, name)}
    layouts.check(msgspec.structs.replace(layout, **new))
    deltas = tuple(Delta(f"layout/{layout.id}/{name}", getattr(layout, name), value) for name, value in new.items())
    return ChangeSet(given.words or "Edit layout {layout}", deltas, values={"layout": layout.name})


def _keep(session: Session, given: KeepLayout) -> dict[str, Any]:
    layout = _of_map(session, given.layout)
    title = given.title.strip() or layout.name
    folder = folders()[0]
    stem = "_".join(re.findall(r"\w+", title.casefold()))[:60] or layout.id
    new, number = stem, 2
    while new in templates():
        new, number = f"{stem}_{number}", number + 1
    items = tuple(msgspec.structs.replace(i, centre=None, bounds=None) if isinstance(i, layouts.MapItem) else i for i in layout.items)
    made = msgspec.structs.replace(layout, id=new, title=title, title_en="", note="", template="", items=items, frame=None)
    path = folder / f"{new}.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths.write_atomically(path, layouts.dumps(made).encode())
    except OSError as error:
        raise StoreUnavailableError("{path} cannot be written: {reason}", hint="Check the folder and its permissions.", path=str(path), reason=error.strerror or str(error)) from error
    return {"template": new, "output": [str(path)]}


def _list(session: Session, _given: Parameters) -> dict[str, Any]:
    def said(layout: Layout, kind: str) -> dict[str, Any]:
        pages = [[page.width, page.height] for page in layout.pages]
        return {"id": layout.id, "title": layout.name, "kind": kind, "pages": pages, "note": layout.note, "by": layout.atlas.layer if layout.atlas else ""}

    own = [said(layout, "layout") for layout in session.document.layouts]
    return {"layouts": [*own, *(said(template(name), "template") for name in templates())]}


def _export(session: Session, given: ExportLayout) -> dict[str, Any]:
    layout = find(session, given.layout)
    if layout.frame is not None:
        layout = framed(session, layout.frame)
    main = layout.main_map
    if given.bounds is not None and main is not None:
        layout = layout.with_item(msgspec.structs.replace(main, bounds=given.bounds, centre=None, scale=None))
    return export(session, layout, given.path, dpi=given.dpi, values=given.values, audience=given.audience, pdf_a=given.pdf_a)


def export(
    session: Session, layout: Layout, path: str, *, dpi: float | None = None, values: dict[str, str] | None = None,
    audience: Audience = "internal", pdf_a: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Arrange and write a layout as the gate lets it through; says what it is and what is amiss.

    Raises
    ------
    RefusedError
        When the rules of the gate stand against it: nothing is written then.
    LydError
        When it cannot be arranged or written.
    """
    from lydigital.commands import gate
    from lydigital.publish import press
    from lydigital.publish.arrange import arrange

    start = time.perf_counter()
    session.progressed.emit(tr("Drawing"), 0.3)
    layout, material, verdict = gate.through(session, layout, material_of(session), audience)
    made = arrange(layout, material, values=values)
    verdict = gate.finished(verdict, [made])
    files = press.write(Path(path).absolute(), [made], dpi=dpi, pdf_a=pdf_a)
    gate.keep(verdict, files)
    session.progressed.emit(tr("Done"), 1.0)
    scales = {m.item.id: m.scale for m in made.maps}
    return {
        "layout": layout.id, "output": [str(path) for path in files], "pages": len(made.pages), "scales": scales,
        "labels": sum(len(m.picture.labels) for m in made.maps), "unplaced_labels": sum(len(m.picture.missing) for m in made.maps),
        "issues": [issue_values(issue) for issue in (*session.issues, *made.issues)], "verdict": gate.values_of(verdict), "seconds": round(time.perf_counter() - start, 3),
    }  # fmt: skip


COMMANDS = (
    Command("layout.list", "Layouts and templates", _list, icon="view-list-outline"),
    Command("layout.add", "New layout", _add, AddLayout, icon="file-plus-outline"),
    Command("layout.edit", "Edit layout", _edit, EditLayout, icon="file-edit-outline", merges=True),
    Command("layout.keep", "Keep a layout as a template", _keep, KeepLayout, icon="content-save-plus-outline"),
    Command("layout.remove", "Remove layout", _remove, OneLayout, icon="file-remove-outline"),
    Command("layout.export", "Export layout", _export, ExportLayout, icon="file-export-outline"),
)
