"""The gate before a map leaves the house: its rules, and the verdict that is shown before and kept with every export."""

from __future__ import annotations

import hashlib
import tomllib
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.errors import BadDataError
from lydigital.texts import pick

if TYPE_CHECKING:
    from pathlib import Path

Audience = Literal["internal", "public"]
Weight = Literal["block", "warn", "note", "off"]
Action = Literal["allow", "generalise", "drop", "block"]
Check = Literal["approval", "producer", "currency", "sources", "unplaced", "ballpark", "sample"]


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Immutable, and a misspelt key is an error."""


class Severities(_Frozen, frozen=True):
    """How much a finding weighs, by audience."""

    public: Weight = "warn"
    internal: Weight = "note"


class LayerRule(_Frozen, frozen=True):
    """What happens to a layer: by its id, or by its sensitivity; ``roles`` may have it as it is for internal use."""

    layer: str = ""
    sensitivity: str = ""
    public: Action = "allow"
    internal: Action = "allow"
    step_m: float = 100.0
    roles: tuple[str, ...] = ()


class Stamps(_Frozen, frozen=True):
    """Words of the stamp on maps without a review number."""

    internal: tuple[str, ...] = ()
    internal_en: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(pick(a, b) for a, b in zip(self.internal, self.internal_en or self.internal, strict=False))


class Watermarks(_Frozen, frozen=True):
    """Pale words across the page, none where empty."""

    public: str = ""
    internal: str = ""


class GateRules(_Frozen, frozen=True):
    """All of ``gate.toml``; ``digest`` is the SHA-256 of the file."""

    version: str
    checks: dict[Check, Severities] = {}
    layers: tuple[LayerRule, ...] = ()
    stamps: Stamps = Stamps()
    watermark: Watermarks = Watermarks()
    digest: str = ""

    def rule_for(self, layer: str, sensitivity: str) -> LayerRule | None:
        """The rule that names the layer, else that of its sensitivity."""
        named = next((r for r in self.layers if r.layer == layer), None)
        return named or next((r for r in self.layers if not r.layer and r.sensitivity == sensitivity), None)


class Finding(_Frozen, frozen=True):
    """One thing the gate found. ``message`` and ``hint`` are templates filled from ``values``."""

    rule: str
    weight: Weight
    message: str
    hint: str = ""
    values: dict[str, str] = {}


class Verdict(_Frozen, frozen=True):
    """What the gate says of one export.

    Attributes
    ----------
    dropped
        Titles of layers left out, by id.
    generalised
        Metres to which layers are drawn, by id.
    stamps
        What the review stamp of the page says.
    at, operator, rules
        When, for whom, and digest of the rules.
    """

    audience: Audience
    findings: tuple[Finding, ...] = ()
    dropped: dict[str, str] = {}
    generalised: dict[str, float] = {}
    stamps: tuple[tuple[str, ...], ...] = ()
    watermark: str = ""
    at: str = ""
    operator: str = ""
    rules: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the export may go ahead."""
        return not self.blocks

    @property
    def blocks(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.weight == "block")


def read_rules(path: Path) -> GateRules:
    """The rules in a file.

    Raises
    ------
    BadDataError
        Naming file and place of what is wrong: a broken gate lets nothing through.
    """
    try:
        content = path.read_bytes()
        rules = msgspec.convert(tomllib.loads(content.decode("utf-8-sig")), GateRules)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is no file of export rules: {reason}", hint="Correct the file; nothing is exported until then.", path=str(path), reason=str(error)
        ) from error
    return msgspec.structs.replace(rules, digest=hashlib.sha256(content).hexdigest())
