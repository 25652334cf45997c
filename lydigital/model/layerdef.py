"""The layer catalogue: what a layer is, declared in one TOML file each (``layers/*.toml``, ``layers/groups.toml``)."""

from __future__ import annotations

import contextlib
import hashlib
import tomllib
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from lydigital import paths
from lydigital.errors import BadDataError
from lydigital.model.style import Style  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import pick

FieldType = Literal["text", "integer", "real", "boolean", "date", "datetime"]
LayerGeometry = Literal["point", "line", "polygon", "raster", "none"]


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and a misspelt key is an error."""


class FieldDef(_Frozen, frozen=True):
    """One attribute. ``domain`` maps stored values to ``[中文, English]``; ``personal`` data is masked by role."""

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

    @property
    def alias(self) -> str:
        return pick(self.title, self.title_en)

    def decode(self, value: object) -> str:
        """``value`` as a person reads it: domain name, or the number with its unit; "" for nothing."""
        if value is None:
            return ""
        names = self.domain.get(str(value))
        if names is not None:
            return pick(*names)
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


class LayerDef(_Frozen, frozen=True):
    """A layer of the city: schema, provenance, look. ``legend`` is False for what explains nothing, as a fading edge.

    ``keys`` are fields whose values together stand in one row only; rows without one of the values do not count.
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

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    def field(self, name: str) -> FieldDef | None:
        return next((f for f in self.fields if f.name == name), None)


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


def read_catalogue(folder: Path) -> Catalogue:
    """Every ``*.toml`` of ``folder``; ``groups.toml`` holds groups and systems.

    Parsing a hundred TOML files takes a tenth of a second, so the result is kept in the cache folder for as long as
    names, sizes and times of the files stay the same.

    Raises
    ------
    BadDataError
        Naming file and key of the first definition that is wrong.
    """
    files = sorted(folder.glob("*.toml"))
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
