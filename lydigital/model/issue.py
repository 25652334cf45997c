"""Something noticed about data that a person should know: shown on screen, in exports and in reports."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["note", "warning", "error"]


class Issue(msgspec.Struct, frozen=True):
    """One finding.

    ``message`` and ``hint`` are English templates for :func:`lydigital.texts.tr`, filled from ``values``.
    ``code`` is stable (``geometry.empty``, ``crs.missing``); ``fid`` names the feature where there is one.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    layer: str = ""
    fid: int | None = None
    count: int = 1
    values: dict[str, str] = {}
