"""The layer catalogue: what a layer is, declared in one TOML file each (``layers/*.toml``, ``layers/groups.toml``)."""

from __future__ import annotations

import contextlib
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from lydigital import paths
from lydigital.errors import BadDataError
from lydigital.model.style import Style  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import pick

FieldType = Literal["text", "integer", "real", "boolean", "date", "datetime", "blob"]
LayerGeometry = Literal["point", "line", "polygon", "raster", "none"]


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class FieldDef(_Frozen, frozen=True):
    """One attribute. ``domain`` maps stored values to ``[中文, English]``; ``personal`` data is masked by role.

    Attributes
    ----------
    default
        Value of new features: text as it is, or after a ``$`` what is computed: ``$area_m2 $area_ha $area_km2 $area_mu
        $length_m $length_km $x $y $lon $lat $now $today $year $operator``, ``$layer.field`` (of the feature of another
        layer at this place), ``$next`` or ``$next(field)`` (the series goes on, for each value of that field).
    codes
        Layer whose ``code`` and ``name`` are the domain.
    domain_of
        Field that decides which values are possible: of ``domain`` those in ``allowed``, of ``codes`` the features that
        have its value in their field of this name.
    length
        Most characters of a text, 0 for any.
    pattern
        Regular expression that all of a text must meet.
    unique
        No value may stand twice in the layer.
    """

    name: str
    title: str
    title_en: str = ""
    type: FieldType = "text"
    unit: str = ""
    required: bool = False
    domain: dict[str, tuple[str, str]] = {}
    minimum: float | None = None
    maximum: float | None = None
    personal: bool = False
    note: str = ""
    default: str = ""
    codes: str = ""
    domain_of: str = ""
    allowed: dict[str, tuple[str, ...]] = {}
    length: int = 0
    pattern: str = ""
    unique: bool = False

    @property
    def alias(self) -> str:
        return pick(self.title, self.title_en)

    def decode(self, value: object) -> str:
        """``value`` as a person reads it: domain name, or the number with its unit; "" for nothing."""
        if value is None:
            return ""
        names = self.domain.get(str(value)) if self.domain else None
        if names is not None:
            return pick(*names)
        if isinstance(value, bytes):
            return f"{len(value):,} B"
        if isinstance(value, bool):
            return pick("是", "yes") if value else pick("否", "no")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, float):
            text = f"{value:,.6g}"
        elif isinstance(value, int) and self.unit:
            text = f"{value:,}"  # a quantity; numbers without a unit may be years or codes
        else:
            text = str(value)
        return f"{text} {self.unit}".rstrip()


class RuleDef(_Frozen, frozen=True):
    """A condition on the fields of one feature, see :mod:`lydigital.model.condition`; met where a field is empty.

    ``field`` is where it is told, ``fix`` gives expressions for fields that make it good.
    """

    check: str
    title: str
    title_en: str = ""
    severity: Literal["error", "warning"] = "error"
    field: str = ""
    fix: dict[str, str] = {}

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


Strictness = Literal["allow", "warn", "refuse"]


class LayerDef(_Frozen, frozen=True):
    """A layer of the city: schema, provenance, look. ``legend`` is False for what explains nothing, as a fading edge.

    ``overlap`` and ``outside`` say what is thought of areas that overlap others of the layer, and of features that leave
    the city. ``keys`` are fields whose values together stand in one row only; rows without one of the values do not count.
    The table of an ``on_demand`` layer is made when something is first put into it.
    """

    id: str
    title: str
    group: str
    geometry: LayerGeometry
    style: Style
    title_en: str = ""
    crs: str = "EPSG:4546"
    fields: tuple[FieldDef, ...] = ()
    title_field: str = ""
    code_std: str = ""
    systems: tuple[str, ...] = ()
    source: str = ""
    department: str = ""
    update_cycle: str = ""
    currency: str = ""
    sensitivity: Literal["公开", "内部", "敏感"] = "公开"
    sample: bool = True
    order: int = 50
    visible: bool = True
    file: str = ""
    legend: bool = True
    note: str = ""
    keys: tuple[tuple[str, ...], ...] = ()
    rules: tuple[RuleDef, ...] = ()
    overlap: Strictness = "allow"
    outside: Strictness = "warn"
    on_demand: bool = False

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    def field(self, name: str) -> FieldDef | None:
        return next((f for f in self.fields if f.name == name), None)


COMPUTED = (
    "area_m2", "area_ha", "area_km2", "area_mu", "length_m", "length_km", "x", "y", "lon", "lat", "now", "today", "year",
    "operator",
)  # fmt: skip
_DEFAULT = re.compile(r"\$(?:(?P<word>\w+)|(?P<layer>\w+)\.(?P<of>\w+)|next\((?P<series>\w+)\))")


def parse_default(text: str) -> tuple[str, str] | None:
    """The parts of a computed default: ``("area_m2", "")``, ``("county", "code")``, ``("next", "county_code")``.

    None where it is text as it is, or nothing that can be computed.
    """
    found = _DEFAULT.fullmatch(text)
    if found is None:
        return None
    if found["layer"]:
        return found["layer"], found["of"]
    if found["series"]:
        return "next", found["series"]
    return (found["word"], "") if found["word"] in (*COMPUTED, "next") else None


class GroupDef(_Frozen, frozen=True):
    """A group of the layer tree; ``icon`` is a name in the icon font."""

    id: str
    title: str
    title_en: str = ""
    icon: str = ""
    expanded: bool = False

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)


class SystemDef(_Frozen, frozen=True):
    """A system named by Luoyang's 2006 informatization plan."""

    id: str
    title: str
    title_en: str = ""


class Catalogue(_Frozen, frozen=True):
    """All layer definitions, groups in tree order (top of the tree first).

    ``home`` is the layer whose bounds are the whole city: a map with it opens there.
    """

    layers: tuple[LayerDef, ...]
    groups: tuple[GroupDef, ...]
    systems: tuple[SystemDef, ...] = ()
    home: str = ""

    def layer(self, layer_id: str) -> LayerDef | None:
        return next((d for d in self.layers if d.id == layer_id), None)

    def group(self, group_id: str) -> GroupDef | None:
        return next((g for g in self.groups if g.id == group_id), None)


class _Groups(_Frozen, frozen=True):
    groups: tuple[GroupDef, ...]
    systems: tuple[SystemDef, ...] = ()
    home: str = ""


def read_layer(path: Path) -> LayerDef:
    """One definition from its TOML file.

    Raises
    ------
    BadDataError
        Naming file and key when the file is no valid definition, or its id is not its file name.
    """
    layer = _decode(path, LayerDef)
    if layer.id != path.stem:
        raise BadDataError(
            "{path}: the layer id {id} differs from the file name",
            hint="Name the file after the layer id.",
            path=str(path),
            id=layer.id,
        )
    return layer


RULES = frozenset({"systems.toml", "speeds.toml", "norms.toml", "clearance.toml"})
"""Files beside the layers that say other things: parts of the plan, speeds, what is needed for how many, distances."""


def read_catalogue(folder: Path) -> Catalogue:
    """Every ``*.toml`` of ``folder`` but :data:`RULES`; ``groups.toml`` holds groups and systems.

    Parsing a hundred TOML files takes a tenth of a second, so the result is kept in the cache folder for as long as
    names, sizes and times of the files stay the same.

    Raises
    ------
    BadDataError
        Naming file and key of the first definition that is wrong.
    """
    files = sorted(p for p in folder.glob("*.toml") if p.name not in RULES)
    mark, kept = _kept_as(folder, files)
    try:
        raw = kept.read_bytes()
        if raw.startswith(mark):
            return _from_msgpack(raw[len(mark) :])
    except (OSError, msgspec.MsgspecError):
        pass  # none yet, or damaged: it is made again
    catalogue = _read_all(folder, files)
    with contextlib.suppress(OSError):  # a full disk only costs the time
        paths.write_atomically(kept, mark + _to_msgpack(catalogue))
    return catalogue


_to_msgpack = msgspec.msgpack.Encoder().encode
_from_msgpack = msgspec.msgpack.Decoder(Catalogue).decode


def _kept_as(folder: Path, files: list[Path]) -> tuple[bytes, Path]:
    """Digest of everything the catalogue depends on, and the file it is kept in."""
    model = Path(__file__).parent
    digest = hashlib.sha256()
    for path in (*files, model / "layerdef.py", model / "style.py"):
        try:
            stat = path.stat()
        except OSError:
            continue
        digest.update(f"{path.name}:{stat.st_size}:{stat.st_mtime_ns};".encode())
    place = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:12]
    return digest.digest(), paths.cache_dir() / f"catalogue-{place}.msgpack"


def _read_all(folder: Path, files: list[Path]) -> Catalogue:
    groups = _decode(folder / "groups.toml", _Groups)
    layers = tuple(read_layer(p) for p in files if p.name != "groups.toml")
    known = {g.id for g in groups.groups}
    for layer in layers:
        if layer.group not in known:
            raise BadDataError(
                "Layer {layer} names an unknown group {group}",
                hint="Add the group to layers/groups.toml.",
                layer=layer.id,
                group=layer.group,
            )
    return Catalogue(layers, groups.groups, groups.systems, groups.home)


_Definition = TypeVar("_Definition", LayerDef, _Groups)


def _decode(path: Path, kind: type[_Definition]) -> _Definition:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind, strict=False)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is not a valid definition: {reason}",
            hint="Correct the file; the message names the place.",
            path=str(path),
            reason=str(error),
        ) from error
    except OSError as error:
        raise BadDataError(
            "{path} cannot be read: {reason}",
            hint="Check that the file exists and may be read.",
            path=str(path),
            reason=str(error),
        ) from error
