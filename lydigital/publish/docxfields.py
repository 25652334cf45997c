"""Captions in Word that count themselves: sequence fields, bookmarks to refer to them, the numbers shown until Word counts anew."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from lydigital.texts import language

if TYPE_CHECKING:
    from collections.abc import Iterator

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MOST_NAME = 40  # letters of a bookmark
_SEQ = re.compile(r'^\s*SEQ\s+("[^"]+"|\S+)(.*)$', re.IGNORECASE | re.DOTALL)
_REF = re.compile(r"^\s*REF\s+(\S+)", re.IGNORECASE)
_LABELS = {"figure": ("图", "Figure"), "table": ("表", "Table")}


def mark_of(tag: str, suffix: str = "") -> str:
    """Name of the bookmark of a tag: bookmarks may have letters, digits and underscores only."""
    plain = re.sub(r"\W", "_", tag)
    if re.sub(r"[:_]", "", tag) != re.sub(r"_", "", plain) or len(plain) + len(suffix) > _MOST_NAME:
        plain = f"{plain[: _MOST_NAME - 9 - len(suffix)]}_{hashlib.sha256(tag.encode()).hexdigest()[:8]}"
    return plain + suffix


def label_of(body: Any, kind: str) -> str:
    """What the document calls its figures or tables; where it has none, what the language does."""
    chinese, english = _LABELS[kind]
    used = {name.casefold() for name, _, _ in _sequences(body)}
    if chinese in used:
        return chinese
    return english if english.casefold() in used or language() != "zh" else chinese


def caption(paragraph: Any, label: str, mark: str, title: str, number: int) -> None:
    """``图 1  title``: the number a field, label and number in a bookmark that others may refer to."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    line = paragraph._p
    start, end = bookmark(line, mark)
    line.append(start)
    paragraph.add_run(f"{label} ")
    for content in (
        '<w:fldChar w:fldCharType="begin"/>', f'<w:instrText xml:space="preserve"> SEQ {label} \\* ARABIC </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>', f"<w:t>{number}</w:t>", '<w:fldChar w:fldCharType="end"/>',
    ):  # fmt: skip
        line.append(parse_xml(f"<w:r {nsdecls('w')}>{content}</w:r>"))
    line.append(end)
    paragraph.add_run(f"　{title}" if title else "")


def bookmark(near: Any, name: str) -> tuple[Any, Any]:
    """Both ends of a new bookmark, its number free in the document that ``near`` is in."""
    from docx.oxml import OxmlElement

    root = near.getroottree().getroot()
    taken = [int(e.get(f"{_W}id", 0)) for e in root.iter(f"{_W}bookmarkStart")]
    new = str(max(taken, default=0) + 1)
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    start.set(f"{_W}id", new)
    start.set(f"{_W}name", name)
    end.set(f"{_W}id", new)
    return start, end


def find(body: Any, name: str) -> Any | None:
    """The beginning of a bookmark."""
    return next((e for e in body.iter(f"{_W}bookmarkStart") if e.get(f"{_W}name") == name), None)


def between(start: Any) -> list[Any]:
    """What stands in a bookmark, in the element that it begins in."""
    found, one = [], start.getnext()
    while one is not None and not (one.tag == f"{_W}bookmarkEnd" and one.get(f"{_W}id") == start.get(f"{_W}id")):
        found.append(one)
        one = one.getnext()
    return found


def count(body: Any) -> None:
    """Write the numbers into captions and what refers to them, as Word does when fields are updated.

    Numbers that start anew with every chapter are left to Word.
    """
    numbers: dict[str, int] = {}
    fields = list(_sequences(body))
    chaptered = {name for name, more, _ in fields if r"\s" in more}
    for name, more, shown in fields:
        if name in chaptered:
            continue
        reset = re.search(r"\\r\s*(\d+)", more)
        if reset:
            numbers[name] = int(reset[1])
        elif r"\c" not in more:
            numbers[name] = numbers.get(name, 0) + 1
        _show(shown, str(numbers.get(name, 0)))
    for instruction, shown in _fields(body):
        referred = _REF.match(instruction)
        start = find(body, referred[1]) if referred else None
        if start is None or not any(_SEQ.match(i) for i, _ in _fields(start.getparent())):
            continue
        _show(shown, "".join(t.text or "" for e in between(start) for t in e.iter(f"{_W}t")))


def _sequences(body: Any) -> Iterator[tuple[str, str, list[Any]]]:
    """Name, switches and shown runs of each sequence field, in order."""
    for instruction, shown in _fields(body):
        found = _SEQ.match(instruction)
        if found:
            yield found[1].strip('"'), found[2], shown


def _fields(body: Any) -> list[tuple[str, list[Any]]]:
    """Instruction and shown runs of each field, simple or in parts, in order."""
    out: list[tuple[str, list[Any]]] = []
    stack: list[tuple[list[str], list[Any], bool]] = []
    for element in body.iter(f"{_W}fldSimple", f"{_W}r"):
        if element.tag == f"{_W}fldSimple":
            out.append((element.get(f"{_W}instr", ""), list(element.iter(f"{_W}r"))))
            continue
        for part in element:
            if part.tag == f"{_W}fldChar":
                kind = part.get(f"{_W}fldCharType")
                if kind == "begin":
                    stack.append(([], [], False))
                elif kind == "separate" and stack:
                    stack[-1] = (*stack[-1][:2], True)
                elif kind == "end" and stack:
                    words, shown, _ = stack.pop()
                    out.append(("".join(words), shown))
            elif part.tag == f"{_W}instrText" and stack and not stack[-1][2]:
                stack[-1][0].append(part.text or "")
            elif part.tag == f"{_W}t" and stack and stack[-1][2]:
                stack[-1][1].append(element)
    return out


def _show(runs: list[Any], text: str) -> None:
    """Words in place of those a field shows, in the letters of the first."""
    from docx.oxml import OxmlElement

    if not runs:
        return
    parts = [t for run in runs for t in run.iter(f"{_W}t")]
    if not parts:
        parts = [OxmlElement("w:t")]
        runs[0].append(parts[0])
    parts[0].text = text
    parts[0].set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    for rest in parts[1:]:
        rest.text = ""
