"""Whole layers held against their rules, as forms do feature by feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lydigital.commands import facts
from lydigital.commands.layer import find, title_of
from lydigital.commands.registry import Command, Parameters
from lydigital.commands.subjects import no_layers
from lydigital.edits import rules
from lydigital.model.crs import Crs
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from lydigital.edits.rules import Finding
    from lydigital.model.document import LayerRef
    from lydigital.session import Session

SHOWN = 20  # features named of each finding


class Check(Parameters, frozen=True, kw_only=True):
    """``layers`` by id or title; all layers of features without. ``shown`` is how many features of a finding are named."""

    layers: tuple[str, ...] = ()
    shown: int = SHOWN


def _check(session: Session, p: Check) -> dict[str, Any]:
    refs = [find(session, name) for name in p.layers] or list(session.document.layers)
    told: list[dict[str, Any]] = []
    checked: list[str] = []
    tables: dict[str, FeatureTable | None] = {}
    for ref in refs:
        if session.definition(ref.id).geometry == "raster":
            continue
        found = check_layer(session, ref, tables)
        if found is not None:
            checked.append(ref.id)
            told += [_values(session, ref, finding, p.shown) for finding in found]
    errors, warnings = (sum(f["count"] for f in told if f["severity"] == kind) for kind in ("error", "warning"))
    return {"layers": checked, "errors": errors, "warnings": warnings, "findings": told}


def check_layer(session: Session, ref: LayerRef, tables: dict[str, FeatureTable | None]) -> tuple[Finding, ...] | None:
    """What is wrong with a layer as it is now, in its own system; None for a raster. ``tables`` keeps what it refers to.

    Raises
    ------
    LydError
        When it cannot be read.
    """
    table = session.table(ref.id)
    if not isinstance(table, FeatureTable):
        return None
    stored = session.stores.stored_crs(ref)
    around = facts.around_table(session, ref, tables)
    return rules.check_table(session.definition(ref.id), table if stored == Crs(session.document.crs) else table.to_crs(stored), around)


def _values(session: Session, ref: LayerRef, finding: Finding, shown: int) -> dict[str, Any]:
    count = len(finding.fids) or finding.issue.count
    return {
        "layer": ref.id, "title": title_of(session, ref), "code": finding.issue.code, "severity": finding.issue.severity,
        "field": finding.field, "message": finding.text, "fix": finding.fix.name if finding.fix else "", "count": count,
        "fids": list(finding.fids[:shown]),
    }  # fmt: skip


COMMANDS = (Command("check.layers", "Check layers against their rules", _check, Check, disabled=no_layers, icon="clipboard-check-outline"),)
