"""The systems of the plan: what each is made of, and its card on the page of the framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lydigital.errors import BadDataError
from lydigital.model.indicator import IndicatorResult, read_toml
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import pick

if TYPE_CHECKING:
    from pathlib import Path


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class System(_Frozen, frozen=True, kw_only=True):
    """A system of the plan.

    Attributes
    ----------
    group
        Of the page: network, egov, rural, education, land, safety, resources, public, society, economy, platform.
    layers
        It lives on.
    headline
        Id of the indicator on its card; ``indicators`` are all of them, the headline first.
    functions
        Ids of the commands that work on it.
    workspace
        That it is worked on in.
    theme
        Layers of its theme map, on top of the base map; its own layers unless named.
    """

    id: str
    title: str
    title_en: str
    group: str
    layers: tuple[str, ...]
    headline: str
    functions: tuple[str, ...]
    workspace: str = "coverage"
    theme: tuple[str, ...] = ()
    icon: str = ""
    note: str = ""
    note_en: str = ""

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    @property
    def shown_layers(self) -> tuple[str, ...]:
        return self.theme or self.layers


class Section(_Frozen, frozen=True):
    """A heading of the page."""

    id: str
    title: str
    title_en: str = ""

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class Framework(_Frozen, frozen=True):
    """All of ``layers/systems.toml``."""

    groups: tuple[Section, ...]
    systems: tuple[System, ...]

    def system(self, system_id: str) -> System | None:
        return next((s for s in self.systems if s.id == system_id), None)


class LayerState(_Frozen, frozen=True):
    """A layer of a system as it is on the map.

    Attributes
    ----------
    is_present
        Whether the map has it and it can be read; ``problem`` says why not.
    count
        Features, None for a raster.
    completeness
        Share of its fields that are filled in, 0 to 1; None for a raster or an empty layer.
    currency
        As the layer's definition tells it.
    """

    id: str
    title: str
    is_present: bool
    count: int | None = None
    completeness: float | None = None
    currency: str = ""
    source: str = ""
    is_sample: bool = False
    problem: str = ""


class SystemCard(_Frozen, frozen=True):
    """A system on the page of the framework.

    ``completeness`` is that of its layers, an absent layer counting nothing in it; ``headline`` is None where the indicator
    cannot be worked out, for the reason in ``issues``.
    """

    system: System
    layers: tuple[LayerState, ...]
    completeness: float | None
    currency: str
    headline: IndicatorResult | None
    indicators: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def present(self) -> int:
        """Layers that are there."""
        return sum(layer.is_present for layer in self.layers)

    @property
    def is_sample(self) -> bool:
        return any(layer.is_sample for layer in self.layers)


def read_framework(path: Path) -> Framework:
    """The systems of the plan.

    Raises
    ------
    BadDataError
        Naming the file and the key that is wrong.
    """
    found = read_toml(path, Framework)
    ids = [system.id for system in found.systems]
    groups = {group.id for group in found.groups}
    wrong = [i for i in ids if ids.count(i) > 1] + [s.id for s in found.systems if s.group not in groups]
    if wrong:
        raise BadDataError(
            "{path} is not a valid definition: {reason}", hint="Correct the file; the message names the place.",
            path=str(path), reason=f"systems: {', '.join(dict.fromkeys(wrong))}",
        )  # fmt: skip
    return found
