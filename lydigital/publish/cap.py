"""Warnings as messages of the Common Alerting Protocol 1.2 (OASIS, 2010), with the identifiers of GB/T 35965.1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import (  # to write; what is read goes through defusedxml
    Element,
    SubElement,
    indent,
    tostring,
)

from lydigital.domain.lifecycle import last_moment
from lydigital.domain.validity import BEIJING
from lydigital.errors import BadDataError
from lydigital.model.warning import Level
from lydigital.publish.areas import rings, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.model.publishing import Publishing
    from lydigital.model.warning import WarningIssue
    from lydigital.publish.bulletin import Bulletin, LevelPart

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
EVENT = "地质灾害气象风险"
_MEANING = {
    Level.RED: ("Expected", "Extreme", "Likely"),
    Level.ORANGE: ("Expected", "Severe", "Likely"),
    Level.YELLOW: ("Expected", "Moderate", "Possible"),
    Level.BLUE: ("Future", "Minor", "Possible"),
}  # urgency, severity, certainty
_COLOURS = {Level.RED: "Red", Level.ORANGE: "Orange", Level.YELLOW: "Yellow", Level.BLUE: "Blue"}


def identifier(issue: WarningIssue, publishing: Publishing) -> str:
    """``ZZZZZZDDDUUUXX_YYYYMMDDhhmmss_N``, 31 characters; N is 0 for what was issued, 1 for its lifting.

    Raises
    ------
    BadDataError
        When the office's digits are not 6, 3, 3 and 2.
    """
    head = publishing.adcode + publishing.organisation + publishing.unit + publishing.office
    widths = tuple(map(len, (publishing.adcode, publishing.organisation, publishing.unit, publishing.office)))
    if widths != (6, 3, 3, 2) or not re.fullmatch("[0-9A-Z]{14}", head):
        raise BadDataError(
            "{head} is no beginning of an identifier of GB/T 35965.1",
            hint="Correct adcode (6 digits), organisation (3), unit (3) and office (2) in the settings under office.publishing.",
            head=head,
        )  # fmt: skip
    return f"{head}_{_sent(issue):%Y%m%d%H%M%S}_{int(issue.status == 'lifted')}"


def message(
    bulletin: Bulletin, publishing: Publishing, *, known: Iterable[WarningIssue] = (), internal: bool = False
) -> bytes:
    """The message as UTF-8 XML.

    Parameters
    ----------
    known
        Issued versions of the issues that this one replaces.

    Raises
    ------
    BadDataError
        When sender or identifier are wrong, an issue it refers to is not known, or a zone cannot be read.
    """
    issue = bulletin.issue
    if not re.fullmatch(r"[^\s,<&]+", publishing.sender):
        raise BadDataError(
            "{sender} cannot be the sender of a message", sender=publishing.sender,
            hint="Write office.publishing.sender in the settings without blanks, commas, < and &.",
        )  # fmt: skip
    alert = Element("alert", xmlns=NAMESPACE)
    kind, referred = _references(issue, publishing, known)
    _add(alert, "identifier", identifier(issue, publishing))
    _add(alert, "sender", publishing.sender)
    _add(alert, "sent", _time(_sent(issue)))
    status = "Exercise" if issue.purpose == "exercise" else "Test"
    if issue.purpose == "actual" and issue.status in ("issued", "lifted") and not internal:
        status = "Actual"
    _add(alert, "status", status)
    _add(alert, "msgType", kind)
    _add(alert, "scope", "Public" if status == "Actual" else "Restricted")
    if status != "Actual":
        _add(alert, "restriction", "，".join(bulletin.stamps) or "内部")
    if bulletin.stamps:
        _add(alert, "note", "；".join(bulletin.stamps))
    if referred:
        _add(alert, "references", " ".join(referred))
    for part in bulletin.levels:
        _info(alert, part, bulletin, publishing)
    indent(alert, " ")
    octets: bytes = tostring(alert, encoding="utf-8", xml_declaration=True)
    return octets


def _references(issue: WarningIssue, publishing: Publishing, known: Iterable[WarningIssue]) -> tuple[str, list[str]]:
    """Alert, Update or Cancel, and ``sender,identifier,sent`` of what it refers to."""
    import msgspec

    if issue.status == "lifted":
        first = msgspec.structs.replace(issue, status="issued")
        return "Cancel", [_reference(first, publishing)]
    issued = {i.id: i for i in known if i.issued_at is not None}
    lost = [code for code in issue.references if code not in issued]
    if lost:
        raise BadDataError(
            "The warning {code} that this one replaces is not in the ledger", code=lost[0],
            hint="Open the store in which it was issued.",
        )  # fmt: skip
    found = [_reference(msgspec.structs.replace(issued[code], status="issued"), publishing) for code in issue.references]
    return ("Update" if found else "Alert"), found


def _reference(issue: WarningIssue, publishing: Publishing) -> str:
    return f"{publishing.sender},{identifier(issue, publishing)},{_time(_sent(issue))}"


def _info(alert: Element, part: LevelPart, bulletin: Bulletin, publishing: Publishing) -> None:
    issue, own = bulletin.issue, SubElement(alert, "info")
    urgency, severity, certainty = _MEANING[part.level]
    if bulletin.lifted:
        urgency = "Past"
    _add(own, "language", "zh-CN")
    _add(own, "category", "Geo")
    _add(own, "event", EVENT + part.colour + "预警")
    if bulletin.lifted:
        _add(own, "responseType", "AllClear")
    _add(own, "urgency", urgency)
    _add(own, "severity", severity)
    _add(own, "certainty", certainty)
    _add(own, "effective", _time(_sent(issue)))
    _add(own, "onset", _time(issue.valid_from))
    _add(own, "expires", _time(issue.valid_to))
    _add(own, "senderName", "、".join(issue.issuers))
    _add(own, "headline", "".join(f"【{s}】" for s in bulletin.stamps) + bulletin.headline_of(part))
    _add(own, "description", bulletin.lifted or "\n".join((part.region, part.heading, *part.lines)))
    if not bulletin.lifted:
        _add(own, "instruction", "\n".join(bulletin.advice))
    if publishing.contact:
        _add(own, "contact", publishing.contact)
    for name, value in (("AlertLevel", _COLOURS[part.level]), ("IssueNumber", f"{issue.year}-{issue.number}"),
                        ("IssueId", f"{issue.id}/{issue.version}"), ("IssueDigest", bulletin.digest)):  # fmt: skip
        _pair(own, "parameter", name, value)
    for county in part.counties:
        area = SubElement(own, "area")
        _add(area, "areaDesc", f"{county.name}：{'、'.join(county.names)}")
        _pair(area, "geocode", "GB/T 2260", county.code)
        for township in county.townships:
            _pair(area, "geocode", "GB/T 10114", township.code)
    for zone in issue.zones:
        if zone.level == part.level:
            area = SubElement(own, "area")
            _add(area, "areaDesc", f"{part.colour}预警区 {zone.code}")
            for ring in rings(shape_of(zone)):
                _add(area, "polygon", " ".join(f"{y:.5f},{x:.5f}" for x, y in ring))


def _add(parent: Element, name: str, text: str) -> None:
    from lydigital.publish.wording import clean

    SubElement(parent, name).text = "\n".join(clean(line) for line in text.split("\n"))


def _pair(parent: Element, name: str, key: str, value: str) -> None:
    made = SubElement(parent, name)
    _add(made, "valueName", key)
    _add(made, "value", value)


def _sent(issue: WarningIssue) -> datetime:
    at = issue.issued_at if issue.status != "lifted" and issue.issued_at is not None else last_moment(issue)
    return at.astimezone(BEIJING).replace(microsecond=0)


def _time(time: datetime) -> str:
    return time.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S+08:00")


# --- reading back ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """What a message says: level by township, validity, and its kind."""

    identifier: str
    status: str
    kind: str
    townships: dict[str, int]
    valid_from: datetime
    valid_to: datetime
    polygons: int


def read(octets: bytes) -> Read:
    """A message read back, its structure checked on the way.

    Raises
    ------
    BadDataError
        When it is no message of CAP 1.2.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    def refuse(reason: str) -> BadDataError:
        return BadDataError("This is no CAP message: {reason}", hint="Make it again.", reason=reason)

    try:
        alert = fromstring(octets)
    except (SyntaxError, ValueError, DefusedXmlException) as error:
        raise refuse(str(error) or type(error).__name__) from error
    wrong = faults(alert)
    if wrong:
        raise refuse(wrong[0])
    space = {"c": NAMESPACE}
    levels = {colour: int(level) for level, colour in _COLOURS.items()}
    townships: dict[str, int] = {}
    for info in alert.findall("c:info", space):
        pairs = {p.findtext("c:valueName", "", space): p.findtext("c:value", "", space) for p in info.findall("c:parameter", space)}
        for code in info.findall("c:area/c:geocode", space):
            if code.findtext("c:valueName", "", space) == "GB/T 10114":
                townships[code.findtext("c:value", "", space)] = levels.get(pairs.get("AlertLevel", ""), 0)
    first = alert.find("c:info", space)
    if first is None:
        raise refuse("info")
    return Read(
        alert.findtext("c:identifier", "", space), alert.findtext("c:status", "", space), alert.findtext("c:msgType", "", space),
        townships, datetime.fromisoformat(first.findtext("c:onset", "", space)),
        datetime.fromisoformat(first.findtext("c:expires", "", space)), len(alert.findall(".//c:polygon", space)),
    )  # fmt: skip


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_ORDER = {
    "alert": "identifier! sender! sent! status! msgType! source scope! restriction addresses code* note references incidents info*",
    "info": "language category!* event! responseType* urgency! severity! certainty! audience eventCode* effective onset expires "
            "senderName headline description instruction web contact parameter* resource* area*",
    "area": "areaDesc! polygon* circle* geocode* altitude ceiling",
    "geocode": "valueName! value!", "parameter": "valueName! value!", "eventCode": "valueName! value!",
    "resource": "resourceDesc! mimeType! size uri derefUri digest",
}  # fmt: skip
_WORDS = {
    "status": "Actual Exercise System Test Draft", "msgType": "Alert Update Cancel Ack Error", "scope": "Public Restricted Private",
    "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other",
    "responseType": "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None",
    "urgency": "Immediate Expected Future Past Unknown", "severity": "Extreme Severe Moderate Minor Unknown",
    "certainty": "Observed Likely Possible Unlikely Unknown",
}  # fmt: skip


def faults(alert: Element) -> list[str]:
    """What does not fit the structure of CAP 1.2: names, order, number, words, times, rings; [] when all fits."""
    out: list[str] = []

    def look(element: Element, name: str) -> None:
        at = 0
        rules = [(r.rstrip("!*"), "!" in r, "*" in r) for r in _ORDER[name].split()]
        names = [child.tag.removeprefix("{" + NAMESPACE + "}") for child in element]
        for rule, needed, many in rules:
            count = 0
            while at < len(names) and names[at] == rule:
                at, count = at + 1, count + 1
            if (needed and not count) or (count > 1 and not many):
                out.append(f"{name}/{rule}: {count}")
        if at < len(names):
            out.append(f"{name}/{names[at]}")
        for child, child_name in zip(element, names, strict=True):
            if child_name in _ORDER:
                look(child, child_name)
            elif not _fits(child_name, child.text or ""):
                out.append(f"{child_name}: {child.text}")

    if alert.tag != "{" + NAMESPACE + "}alert":
        return [alert.tag]
    look(alert, "alert")
    return out


def _fits(name: str, text: str) -> bool:
    if name in _WORDS:
        return text in _WORDS[name].split()
    if name in ("sent", "effective", "onset", "expires"):
        return _MOMENT.fullmatch(text) is not None
    if name == "polygon":
        points = [tuple(map(float, pair.split(","))) for pair in text.split()]
        fit = all(len(p) == 2 and abs(p[0]) <= 90 and abs(p[1]) <= 180 for p in points)
        return fit and len(points) >= 4 and points[0] == points[-1]
    if name in ("identifier", "sender"):
        return re.fullmatch(r"[^\s,<&]+", text) is not None
    return True
