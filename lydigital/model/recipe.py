"""What a run of pages makes, and recipes of several runs (``*.toml``).

A recipe::

    title = "汛期图件"
    output = "out"          # beside the recipe
    [[sheets]]
    layout = "planning"     # of the map, a template, or a TOML file beside the recipe
    by = "township"         # a set of pages for each feature; without it one set
    where = "county = '栾川县'"
    formats = ["pdf", "png"]
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from lydigital.errors import BadDataError
from lydigital.model.gate import Audience  # noqa: TC001 - msgspec resolves it at run time

MOST = 2_000  # pages of a run, unless it allows more
_FORMAT = r"^\.?[A-Za-z0-9]{2,5}$"
_ID = re.compile(r"[\w\-.]{1,60}")


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Immutable, and a misspelt key is an error."""


class Run(_Frozen, frozen=True):
    """One layout, once or for every feature of a layer, in one or several formats.

    Attributes
    ----------
    by
        Layer whose features drive the pages; "" for that of the layout, if it has one, else one set of pages.
    where, sort, name
        As in ``model.layout.Atlas``, whose values they replace where they are given. ``name`` is a pattern as
        ``{feature.county}_{feature.name}_{version}``, also with ``{number}``; the version is added where it is missing.
    formats
        Endings of the files.
    one
        All pages in one PDF instead of a file each.
    values
        Placeholders.
    layers
        On the main map instead of those visible.
    most
        More features than this are refused.
    audience
        Whom the gate asks for.
    """

    layout: str
    by: str = ""
    where: str = ""
    sort: str = ""
    name: str = ""
    formats: tuple[Annotated[str, msgspec.Meta(pattern=_FORMAT)], ...] = ("pdf",)
    dpi: Annotated[int, msgspec.Meta(ge=36, le=1200)] | None = None
    one: bool = False
    values: dict[str, str] = {}
    layers: tuple[str, ...] | None = None
    most: Annotated[int, msgspec.Meta(ge=1)] = MOST
    zip: bool = False
    audience: Audience = "internal"


class RecipeRun(Run, frozen=True):
    """A run of a recipe: ``id`` names its folder, ``project`` another map than that of the recipe."""

    id: str = ""
    project: str = ""


class Recipe(_Frozen, frozen=True):
    """Several runs in one go. Paths are relative to the recipe; ``project`` "" is the open map, for the command line the sample city."""

    title: str = ""
    note: str = ""
    project: str = ""
    output: str = "out"
    zip: bool = False
    sheets: tuple[RecipeRun, ...] = ()

    def folder_of(self, run: RecipeRun) -> str:
        """Name of the folder of a run within ``output``; the only run writes into it directly."""
        return run.id if len(self.sheets) > 1 else ""


def read(path: Path) -> Recipe:
    """A recipe from its file, paths made absolute, every run with an id of its own.

    Raises
    ------
    BadDataError
        Naming file and place of what is wrong.
    """
    try:
        recipe = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8-sig")), Recipe)
    except OSError as error:
        raise BadDataError("{path} cannot be read: {reason}", hint="Check the name of the file.", path=str(path), reason=error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is no recipe: {reason}", hint="Correct the file; lydigital atlas --help shows how one is written.", path=str(path), reason=str(error)
        ) from error
    if not recipe.sheets:
        raise BadDataError("{path} is no recipe: {reason}", hint="Add [[sheets]] with a layout.", path=str(path), reason="sheets")
    base = path.absolute().parent
    runs: list[RecipeRun] = []
    for run in recipe.sheets:
        own = run.id or "_".join(part for part in (Path(run.layout).stem, run.by) if part)
        if run.id and (not _ID.fullmatch(run.id) or run.id.startswith(".")):
            raise BadDataError(
                "{path} is no recipe: {reason}", hint="Ids are letters, numbers, dashes and underscores.", path=str(path), reason=f"id = {run.id!r}"
            )
        taken, name, number = {made.id for made in runs}, own, 2
        while name in taken:
            name, number = f"{own}_{number}", number + 1
        layout = str(base / run.layout) if run.layout.endswith(".toml") else run.layout
        runs.append(msgspec.structs.replace(run, id=name, project=_placed(run.project, base), layout=layout, zip=run.zip or recipe.zip))
    return msgspec.structs.replace(recipe, project=_placed(recipe.project, base), output=str(base / recipe.output), sheets=tuple(runs))


def _placed(project: str, base: Path) -> str:
    """A project as seen from anywhere: ``sample`` and addresses of servers stay."""
    return project if project in ("", "sample") or "://" in project else str(base / project)
