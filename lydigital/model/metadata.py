"""What is to be known of a layer before it is used: the core of ISO 19115-1, from its definition and its data."""

from __future__ import annotations

from typing import Literal

import msgspec

from lydigital.texts import pick

Representation = Literal["vector", "grid", "textTable"]
Classification = Literal["unclassified", "restricted"]
Objects = Literal["point", "curve", "surface", ""]


class FieldNote(msgspec.Struct, frozen=True):
    """One attribute: how much of it is filled in, 0 to 1, None without features."""

    name: str
    title: str
    type: str
    unit: str
    personal: bool
    completeness: float | None


class Quality(msgspec.Struct, frozen=True):
    """What a check found: features that break a rule, and those that are odd; None where it was not checked."""

    errors: int | None = None
    warnings: int | None = None
    findings: tuple[str, ...] = ()

    @property
    def passes(self) -> bool | None:
        return None if self.errors is None else self.errors == 0


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of one layer.

    Attributes
    ----------
    topic
        MD_TopicCategoryCode. ``maintenance`` is MD_MaintenanceFrequencyCode, ``update_cycle`` what the definition says.
    extent
        West, south, east, north in degrees of CGCS2000; None without places.
    date
        Year, month or day of :attr:`currency` as ISO 8601, "" where that names none.
    lineage
        Where it comes from; ``natures`` counts rows by their own word for it (real, sample, estimated).
    grid
        Rows, columns and cell size in metres of a raster.
    problem
        Why nothing is known of its data.
    """

    id: str
    title: str
    title_en: str
    abstract: str
    group: str
    keywords: tuple[str, ...]
    topic: str
    representation: Representation
    objects: Objects
    count: int | None
    crs: str
    crs_name: str
    extent: tuple[float, float, float, float] | None
    date: str
    currency: str
    maintenance: str
    update_cycle: str
    lineage: str
    natures: tuple[tuple[str, int], ...]
    department: str
    sensitivity: str
    classification: Classification
    has_personal: bool
    is_sample: bool
    standard: str
    completeness: float | None
    fields: tuple[FieldNote, ...]
    quality: Quality
    is_present: bool
    grid: tuple[int, int, float] | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class Theme(msgspec.Struct, frozen=True):
    """A theme database: its layers, how many of them the map has, and how complete they are together."""

    id: str
    title: str
    layers: tuple[str, ...]
    present: int
    features: int
    completeness: float | None
    errors: int | None
    is_sample: bool
    missing: tuple[str, ...]


class CatalogueRecord(msgspec.Struct, frozen=True):
    """Metadata of every layer, and the theme databases; ``made`` is the day in ISO 8601."""

    title: str
    made: str
    layers: tuple[Metadata, ...]
    themes: tuple[Theme, ...]

    @property
    def present(self) -> int:
        return sum(layer.is_present for layer in self.layers)

    @property
    def is_sample(self) -> bool:
        return any(layer.is_sample for layer in self.layers)

    def layer(self, layer_id: str) -> Metadata | None:
        return next((m for m in self.layers if m.id == layer_id), None)
