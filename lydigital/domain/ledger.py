"""The ledger of warnings: rows of the table ``warning_issue``, one a version, and what they say.

A row carries its issue whole, as JSON, with a digest: what somebody changed outside the program is found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from lydigital.domain.lifecycle import last_moment
from lydigital.domain.lifecycle import latest as newest
from lydigital.errors import BadDataError
from lydigital.model.feature import Feature
from lydigital.model.warning import WarningIssue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lydigital.model.feature import Value
    from lydigital.model.table import FeatureTable

LAYER, ZONES = "warning_issue", "warning_zone"
_FIELDS = ("code", "version", "payload", "digest")
ZONE_STATUS = {
    "draft": "草稿", "consultation": "会商", "review": "审核", "issued": "签发", "lifted": "解除", "expired": "到期",
    "superseded": "被替代",
}  # fmt: skip


@dataclass(frozen=True)
class Ledger:
    """Every version of every issue, by row.

    Attributes
    ----------
    rows
        Version by fid.
    """

    rows: Mapping[int, WarningIssue]

    @property
    def versions(self) -> tuple[WarningIssue, ...]:
        return tuple(self.rows.values())

    @property
    def latest(self) -> tuple[WarningIssue, ...]:
        """Newest version of every issue, the newest thing done first."""
        return tuple(sorted(newest(self.versions), key=lambda i: (last_moment(i), i.id), reverse=True))

    def of(self, issue_id: str) -> tuple[WarningIssue, ...]:
        """Versions of one issue, oldest first."""
        return tuple(sorted((v for v in self.versions if v.id == issue_id), key=lambda v: v.version))

    def fid(self, issue: WarningIssue) -> int:
        """Row of a version."""
        return next(f for f, v in self.rows.items() if (v.id, v.version) == (issue.id, issue.version))

    def next_id(self, year: int) -> str:
        """``YJ2025-0001`` and up: of drafts, too, so it is no issue number."""
        head = f"YJ{year}-"
        taken = [int(v.id.removeprefix(head)) for v in self.versions if v.id.startswith(head) and v.id[len(head) :].isdecimal()]
        return f"{head}{max(taken, default=0) + 1:04d}"


def read(table: FeatureTable) -> Ledger:
    """The ledger in a table.

    Raises
    ------
    BadDataError
        When a row is no issue, or is not what was written.
    """
    lacking = [field for field in _FIELDS if field not in table.column_names]
    if lacking:
        raise BadDataError(
            "The table of warnings has no field {fields}", hint="Restore the store from a backup, or add the fields to the table.",
            fields=", ".join(lacking),
        )  # fmt: skip
    columns = table.columns.select(list(_FIELDS)).to_pydict()
    rows = zip(table.fid.tolist(), *columns.values(), strict=True)
    return Ledger({
        fid: decode(str(payload), str(digest), str(code), version if isinstance(version, int) else 0)
        for fid, code, version, payload, digest in rows
    })  # fmt: skip


def decode(payload: str, digest: str, code: str = "", version: int = 0) -> WarningIssue:
    """The issue of a row.

    Raises
    ------
    BadDataError
        When it is none, or not what was written.
    """
    try:
        issue = msgspec.json.decode(payload, type=WarningIssue)
    except msgspec.MsgspecError as error:
        raise BadDataError(
            "Version {version} of the warning {code} cannot be read: {reason}",
            hint="Restore the store from a backup, or the row from its history.", code=code, version=version,
            reason=str(error),
        ) from error  # fmt: skip
    if issue.digest != digest or (code and (issue.id, issue.version) != (code, version)):
        raise BadDataError(
            "Version {version} of the warning {code} was changed outside this program",
            hint="Restore the store from a backup, or the row from its history: it cannot be relied upon.", code=code,
            version=version,
        )  # fmt: skip
    return issue


def row(issue: WarningIssue) -> Feature:
    """What the table keeps of a version."""
    values: dict[str, Value] = {
        "code": issue.id,
        "version": issue.version,
        "newest": True,
        "year": issue.year,
        "number": issue.number,
        "serial": f"{issue.purpose}-{issue.year}-{issue.number:03d}" if issue.status == "issued" else None,
        "purpose": issue.purpose,
        "status": issue.status,
        "title": issue.title,
        "valid_from": _stored(issue.valid_from),
        "valid_to": _stored(issue.valid_to),
        "issued_at": None if issue.issued_at is None else _stored(issue.issued_at),
        "made_at": _stored(last_moment(issue)),
        "made_by": issue.notes[-1].by,
        "run": issue.run or None,
        "payload": msgspec.json.encode(issue, order="deterministic").decode(),
        "digest": issue.digest,
        "nature": "真实" if issue.purpose == "actual" else "示例数据",
    }
    return Feature(None, values)


def zone_values(issue: WarningIssue) -> dict[str, Value]:
    """What the zones on the map say of their issue."""
    return {
        "status": ZONE_STATUS[issue.status],
        "issue_no": issue.number or None,
        "valid_from": _stored(issue.valid_from),
        "valid_to": _stored(issue.valid_to),
        "signatory": issue.signed_by or None,
    }


def _stored(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"
