"""The one door to outside data: a store has layers, a layer is read as a :class:`FeatureTable`.

Looking never writes: no byte, name or time in the folder of a source changes by opening or reading it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError
from lydigital.model.audit import FIRST, Verdict
from lydigital.model.issue import Issue
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import NoReturn

    from lydigital.model.audit import AuditEntry
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.feature import Feature
    from lydigital.model.table import FeatureTable

Bounds = tuple[float, float, float, float]
Watch = Callable[["FeatureTable", float], None]
"""Hears of a part of a layer that was read, and of the share of the layer read so far. Raises to stop the reading."""
Geometry = Literal["point", "line", "polygon", "none", "mixed"]

VECTOR_SUFFIXES = (".shp", ".geojson", ".json", ".fgb", ".csv")
RASTER_SUFFIXES = (".tif", ".tiff")


class FieldInfo(msgspec.Struct, frozen=True):
    """One column: ``type`` as the catalogue names types, or the store's own word where it has no such type."""

    name: str
    type: str
    title: str = ""


class LayerInfo(msgspec.Struct, frozen=True):
    """What a store says about one of its layers.

    Attributes
    ----------
    geometry
        ``mixed`` where the store declares no single kind: reading takes the most frequent one.
    feature_count
        As the store keeps it; -1 where it would have to be counted.
    crs
        Definition, "" where the store names none.
    bounds
        In ``crs``, None where unknown.
    issues
        What is known to be wrong. Reading the layer may add to it.
    """

    name: str
    title: str
    geometry: Geometry
    feature_count: int
    crs: str
    bounds: Bounds | None
    fields: tuple[FieldInfo, ...]
    issues: tuple[Issue, ...] = ()


class Applied(msgspec.Struct, frozen=True):
    """What :meth:`Store.apply` did.

    Attributes
    ----------
    steps, features
        Steps written, and features that are others now.
    already
        Steps that were saved before by a program that ended before it could say so.
    token
        For :meth:`Store.changes_since`.
    renumbered
        New fid of features whose fid another program gave to a feature of its own meanwhile, by table and old fid.
    before, after
        Identity of every layer when writing began and when it was done. If ``before`` is not what the layer was read
        under, others wrote meanwhile.
    """

    steps: int
    features: int
    already: int = 0
    token: str = ""
    renumbered: dict[tuple[str, int], int] = {}
    before: dict[str, str] = {}
    after: dict[str, str] = {}


class Store(Protocol):
    """A source of layers. Only :meth:`hold`, :meth:`release` and :meth:`apply` write.

    Every method raises :class:`StoreUnavailableError` when the source is out of reach and :class:`BadDataError` when it
    cannot be read as what it claims to be or has no such layer.
    """

    uri: str

    def layers(self) -> tuple[LayerInfo, ...]: ...

    def describe(self, layer: str) -> LayerInfo: ...

    def read(
        self, layer: str, *, bounds: Bounds | None = None, columns: Iterable[str] | None = None, crs: str = "",
        watch: Watch | None = None,
    ) -> FeatureTable:  # fmt: skip
        """Features in Hilbert order, in the layer's own system.

        Parameters
        ----------
        bounds
            Only features that meet these, in the layer's system.
        columns
            Only these attributes.
        crs
            The user's word on the coordinate system; overrules what the store says.
        watch
            Hears of parts of a layer that takes long, in the order of the file.
        """
        ...

    def fetch(self, layer: str, fids: Sequence[int]) -> Mapping[int, Feature]:
        """Features by fid just as they are stored; those the layer does not have are left out."""
        ...

    def identity(self, layer: str) -> str:
        """Text that changes whenever a read could give something else. Cheap."""
        ...

    def remember(self, layer: str, issues: tuple[Issue, ...]) -> None:
        """Add what reading found to what :meth:`describe` tells."""
        ...

    def next_fid(self, layer: str) -> int:
        """A number for a new feature that no feature of the layer ever had, and that is given once."""
        ...

    def writing(self, layer: str) -> None:
        """Raise what stands against editing a layer, with the way out; changes nothing.

        Raises
        ------
        RefusedError
            When the format, the permissions, the schema or somebody else's lease stand against it.
        StoreUnavailableError
            When the source is out of reach.
        """
        ...

    def hold(self, operator: str, *, take_over: bool = False) -> None:
        """Tell others that ``operator`` edits here, until :meth:`release` or :meth:`close`; doing it again renews it.

        Raises
        ------
        LeaseHeldError
            When somebody else does; ``take_over`` is the user's word that they are gone.
        """
        ...

    def release(self) -> None:
        """Let others edit here."""
        ...

    def apply(self, steps: Sequence[ChangeSet], *, author: str, machine: str, now: datetime) -> Applied:
        """Write steps, their targets naming tables, and the audit trail, as one: all of it or nothing.

        What every step starts from is compared with what is stored. Parts that others changed and the steps do not
        touch stay as they are.

        Raises
        ------
        ConflictsError
            When others changed the same parts of the same features.
        ConflictError
            When a layer or field is no longer there.
        RefusedError, BadDataError
            When something does not fit the layer.
        StoreUnavailableError
            When the source cannot be written now: locked, disk full, gone.
        """
        ...

    def history(
        self, layer: str, fid: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[AuditEntry]:
        """Steps saved, oldest first, with their changes of one layer ("" for all) or feature."""
        ...

    def changes_since(self, token: str) -> tuple[list[AuditEntry], str]:
        """Steps saved since ``token`` ("" for all), and the token for the next time.

        Raises
        ------
        ConflictError
            When the store does not have the step of the token any more: it was replaced by another version.
        """
        ...

    def verify(self) -> Verdict:
        """Check the store and its audit trail."""
        ...

    def close(self) -> None: ...


class ReadOnly:
    """The writing half of a store that cannot be written."""

    uri: str

    def next_fid(self, layer: str) -> int:
        self.writing(layer)

    def writing(self, layer: str) -> NoReturn:
        raise RefusedError(
            "{path} cannot be edited: this program writes GeoPackages only",
            hint="Save a copy as GeoPackage and edit that: lydigital store copy FILE copy.gpkg", path=self.uri, layer=layer,
        )  # fmt: skip

    def hold(self, operator: str, *, take_over: bool = False) -> None:  # noqa: ARG002
        self.writing("")

    def release(self) -> None:
        return

    def apply(
        self, steps: Sequence[ChangeSet], *, author: str, machine: str, now: datetime  # noqa: ARG002
    ) -> Applied:  # fmt: skip
        self.writing("")

    def history(
        self, layer: str, fid: int | None = None, since: datetime | None = None, until: datetime | None = None  # noqa: ARG002
    ) -> list[AuditEntry]:  # fmt: skip
        return []

    def changes_since(self, token: str) -> tuple[list[AuditEntry], str]:
        return [], token

    def verify(self) -> Verdict:
        return Verdict(0, 0, FIRST, notes=(tr("Files of this format keep no audit trail."),))


class Findings:
    """Issues found by reading, by layer: the part of a store that every file store shares."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Issue, ...]] = {}

    def remember(self, layer: str, issues: tuple[Issue, ...]) -> None:
        self._found[layer] = issues

    def add_to(self, info: LayerInfo) -> LayerInfo:
        """Reading knows better than the description."""
        found = self._found.get(info.name)
        return info if found is None else msgspec.structs.replace(info, issues=found)


def open_store(uri: str | Path) -> Store:
    """Open the store behind ``uri``: a GeoPackage or a single file of another vector format.

    Raises
    ------
    StoreUnavailableError
        When it is missing, locked or of a kind this version cannot reach.
    BadDataError
        When it is not what its name says.
    """
    text = str(uri)
    if text.startswith(("postgresql://", "postgres://")):
        raise StoreUnavailableError(
            "This version does not connect to databases yet: {uri}",
            hint="Open a GeoPackage of the same data.",
            uri=_without_password(text),
        )
    if "://" in text:
        raise StoreUnavailableError(
            "This version does not read from the network: {uri}",
            hint="Download the file and open it from disk.",
            uri=_without_password(text),
        )
    path = Path(text)
    suffix = path.suffix.lower()
    if suffix == ".gpkg":
        from lydigital.stores.gpkg import GpkgStore

        return GpkgStore(path)
    if suffix in VECTOR_SUFFIXES:
        from lydigital.stores.files import FileStore

        return FileStore(path)
    if suffix in RASTER_SUFFIXES:
        raise BadDataError(
            "{path} is a raster and has no feature layers",
            hint="Add it to the map as a raster layer.",
            path=text,
        )
    raise BadDataError(
        "{path} has no ending this program knows",
        path=text,
        hint="It reads .gpkg, .shp, .geojson, .fgb, .csv and .tif; rename the file or convert it.",
    )


def check_file(path: Path) -> None:
    """Raise the right error when ``path`` is no readable file with something in it."""
    try:
        if path.is_dir():
            raise BadDataError("{path} is a folder", hint="Choose a file in it.", path=str(path))
        with path.open("rb") as file:
            first = file.read(1)
    except FileNotFoundError:
        raise StoreUnavailableError(
            "{path} does not exist",
            hint="Check the name; if the file was moved, open it from where it is now.",
            path=str(path),
        ) from None
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be opened: {reason}",
            hint="Ask for permission to read it, or copy it to your own folder.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    if not first:
        raise BadDataError(
            "{path} is empty (0 bytes)", hint="Copy it again from where it came from.", path=str(path)
        )


def kind_of(declared: str | None) -> Geometry:
    """Our word for a geometry type of GDAL or a GeoPackage."""
    name = (
        (declared or "none")
        .upper()
        .replace(" ", "")
        .removeprefix("MULTI")
        .removeprefix("3D")
        .removeprefix("2.5D")
    )
    name = name.removesuffix("ZM").removesuffix("Z").removesuffix("M").removeprefix("MULTI")
    if name == "NONE":
        return "none"
    if name == "POINT":
        return "point"
    if name in ("LINESTRING", "CURVE", "CIRCULARSTRING", "COMPOUNDCURVE"):
        return "line"
    if name in ("POLYGON", "SURFACE", "CURVEPOLYGON", "POLYHEDRALSURFACE", "TIN", "TRIANGLE"):
        return "polygon"
    return "mixed"


def no_such_layer(uri: str, layer: str, known: Iterable[str]) -> BadDataError:
    names = ", ".join(sorted(known)) or "-"
    return BadDataError(
        "{path} has no layer {layer}", hint="It has: {known}", path=uri, layer=layer, known=names[:400]
    )


def missing_crs(layer: str, assumed: str = "") -> Issue:
    """Say that a layer names no coordinate system, and which one is assumed."""
    if not assumed:
        return Issue(
            "crs.missing",
            "warning",
            "The layer names no coordinate system",
            "It will be guessed from the coordinates; better name it in the layer's properties.",
            layer,
        )
    return Issue(
        "crs.missing",
        "warning",
        "The layer names no coordinate system; {crs} is assumed from its coordinates",
        "Name the right one in the layer's properties if it lies in the wrong place.",
        layer,
        values={"crs": assumed},
    )


def guess_crs(bounds: Bounds) -> str:
    """The likeliest system of coordinates without one: what Luoyang's surveys use (domain of the zone forms).

    Degrees are CGCS2000; eastings of eight digits carry their zone, 37 or 38; all else is the project default.
    """
    from lydigital.model import crs

    x0, y0, x1, y1 = bounds
    if -180 <= x0 <= x1 <= 180 and -90 <= y0 <= y1 <= 90:
        return crs.CGCS2000
    zones = {37: "EPSG:4525", 38: "EPSG:4526"}
    if x0 > 1e6 and int(x0 // 1e6) == int(x1 // 1e6):
        return zones.get(int(x0 // 1e6), crs.PROJECT_DEFAULT)
    return crs.PROJECT_DEFAULT


def stamp(*paths: Path) -> str:
    """Sizes and times of files, for :meth:`Store.identity`."""
    parts = []
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            parts.append("-")
        else:
            parts.append(f"{stat.st_size}:{stat.st_mtime_ns}")
    return "|".join(parts)


def _without_password(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
