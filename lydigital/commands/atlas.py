"""Rows of pages: a layout for every feature of a layer, and recipes of several such runs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from lydigital.commands.registry import Command, Parameters, later
from lydigital.model.gate import Audience  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.recipe import MOST


class RunAtlas(Parameters, frozen=True):
    """Write a layout for every feature of a layer into ``folder``.

    Parameters
    ----------
    layout
        Id or title of a layout of the map, a template, or the path of a TOML file.
    by
        Layer whose features drive the pages; "" for the one that the layout names.
    where, sort, name
        Condition, field (after ``-`` downwards) and pattern of file names such as ``{feature.name}_{version}``.
    formats
        Endings of the files.
    one
        One PDF with a bookmark for each page instead of a file each.
    resume
        Go on with the last run in ``folder``: what stands and would come out the same is kept.
    jobs
        Processes that work side by side; 0 for as many as pay.
    most
        More features than this are refused.
    audience
        The gate decides what it may have; its verdict stands in the list.
    """

    layout: str
    folder: str
    by: str = ""
    where: str = ""
    sort: str = ""
    name: str = ""
    formats: tuple[str, ...] = ("pdf",)
    dpi: Annotated[int, msgspec.Meta(ge=36, le=1200)] | None = None
    one: bool = False
    zip: bool = False
    resume: bool = False
    jobs: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    values: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    most: Annotated[int, msgspec.Meta(ge=1)] = MOST
    audience: Audience = "internal"


class RunRecipe(Parameters, frozen=True):
    """Do all runs of the recipe ``path``; ``folder`` and ``zip`` replace what it says."""

    path: str
    folder: str = ""
    resume: bool = False
    jobs: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    zip: bool = False


COMMANDS = (
    Command("atlas.run", "Map series", later("atlas", "run"), RunAtlas, icon="book-open-page-variant-outline"),
    Command("atlas.recipe", "Map series by recipe", later("atlas", "recipe"), RunRecipe, icon="script-text-play-outline"),
)
