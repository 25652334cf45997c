"""The words of a warning as its office wants them: ``bulletin.toml`` and ``township_names.toml``.

The office's own copies in ``config_dir()/templates`` go before the shipped ones.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, TypeVar

import msgspec

from lydigital import paths
from lydigital.errors import BadDataError

if TYPE_CHECKING:
    from pathlib import Path

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Immutable, and a misspelt key is an error."""


class Lines(_Frozen, frozen=True):
    """Sentences with ``{named}`` places."""

    dateline: str
    draft_dateline: str
    part_regions: str
    part_townships: str
    part_advice: str
    part_lifted: str
    period: str
    period_from_to: str
    period_now: str
    regions: str
    townships: str
    county: str
    all_townships: str
    lifted: str
    no_hazard: str
    hazards: str
    headline: str
    headline_lifted: str
    slogans: tuple[str, ...]


class Totals(_Frozen, frozen=True):
    """How counties and townships are counted; ``mixed`` where districts or subdistricts are among them."""

    counties: str
    counties_mixed: str
    townships: str
    townships_mixed: str


class LevelWords(_Frozen, frozen=True):
    """What a level is called."""

    colour: str
    numeral: str
    chance: str


class Rules(_Frozen, frozen=True):
    """``former_name_years``: how long the name before is put behind a new one."""

    former_name_years: int = 4


class Advice(_Frozen, frozen=True):
    """Said where the issue says nothing."""

    default: tuple[str, ...]


class Wording(_Frozen, frozen=True):
    """A template of bulletins; ``levels`` by 1 to 4, ``hazards`` by the types of the catalogue."""

    lines: Lines
    totals: Totals
    levels: dict[int, LevelWords]
    hazards: dict[int, str]
    stamps: dict[str, str]
    rules: Rules
    advice: Advice


class TownshipName(_Frozen, frozen=True):
    """A name and when it was in use: from ``valid_from`` until before ``valid_to``."""

    code: str
    county: str
    name: str
    valid_from: date = date.min
    valid_to: date = date.max


class TownshipNames(_Frozen, frozen=True):
    """Names that changed."""

    names: tuple[TownshipName, ...] = ()

    def on(self, code: str, county: str, name: str, day: date) -> tuple[str, TownshipName | None]:
        """What a township known as ``name`` is called on ``day``, and the name before where there is one."""
        found = [n for n in self.names if n.code == code and name in {o.name for o in self.names if o.code == code}]
        if not found:
            codes = {n.code for n in self.names if n.county == county and n.name == name}
            found = [n for n in self.names if n.code in codes] if len(codes) == 1 else []
        now = next((n for n in found if n.valid_from <= day < n.valid_to), None)
        if now is None:
            return name, None
        return now.name, next((n for n in found if n.valid_to == now.valid_from), None)


def template(name: str) -> Path:
    """The office's own template file, or the shipped one."""
    own = paths.config_dir() / "templates" / name
    return own if own.is_file() else paths.resources_dir() / "templates" / name


def read_wording(path: Path | None = None) -> Wording:
    """Words from a file.

    Raises
    ------
    BadDataError
        When it cannot be read, or a place in it has a name the program does not know.
    """
    file = path or template("bulletin.toml")
    found = _read(file, Wording)
    known = {
        "date", "number", "period", "start", "end", "colour", "regions", "hazards", "chance", "counties", "totals",
        "index", "county", "townships", "lifted_at", "kinds", "issuer", "count",
    }  # fmt: skip
    texts = [t for part in (found.lines, found.totals) for t in msgspec.structs.astuple(part) if isinstance(t, str)]
    for text in texts:
        unknown = [name for name in re.findall(r"\{([^{}]*)\}", text) if name not in known]
        if unknown or text.count("{") != text.count("}"):
            raise BadDataError(
                "{path}: {text} has a place the program cannot fill", hint="Keep the names in braces of the shipped file.",
                path=str(file), text=text,
            )  # fmt: skip
    if set(found.levels) != {1, 2, 3, 4}:
        raise BadDataError("{path} does not name the levels 1 to 4", hint="Name all four.", path=str(file))
    return found


def read_names(path: Path | None = None) -> TownshipNames:
    """Names of townships that changed, from a file. Raises as :func:`read_wording`."""
    return _read(path or template("township_names.toml"), TownshipNames)


_T = TypeVar("_T")


def _read(path: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind, strict=False)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "The template {path} cannot be used: {reason}", hint="Correct it, or delete it to use the shipped one.",
            path=str(path), reason=str(error),
        ) from error  # fmt: skip


def clean(text: str) -> str:
    """``text`` as one line without characters that XML 1.0 forbids."""
    return re.sub(r"[^\S\u3000]+", " ", ILLEGAL.sub("", text)).strip()
