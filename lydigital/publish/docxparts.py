"""Content controls, pictures and tables within a Word document, found by their tags and filled (ECMA-376 part 1, 17.5.2 and 20.4)."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lydigital.publish import docxfields
from lydigital.publish.wording import clean
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.report import Table

INK, SOFT, STAMP = "1F2A30", "515D66", "B3261E"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_EMBED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
_BOUND = ("showingPlcHdr", "dataBinding", "text", "date", "comboBox", "dropDownList")  # of a control: what would stand against new content
_MOST_ALIAS = 64


# --- finding ------------------------------------------------------------------------------------------------------------


def controls(body: Any, name: str) -> list[Any]:
    """Content controls of a tag."""
    return [control for control in body.iter(f"{_W}sdt") if _tag(control) == name]


def tags(body: Any) -> list[str]:
    """Tags of all content controls, and bookmarks in tables."""
    marks = (e.get(f"{_W}name", "") for table in body.iter(f"{_W}tbl") for e in table.iter(f"{_W}bookmarkStart"))
    return list(dict.fromkeys(filter(None, (*map(_tag, body.iter(f"{_W}sdt")), *marks))))


def _tag(control: Any) -> str:
    found = control.find(f"{_W}sdtPr/{_W}tag")
    return "" if found is None else str(found.get(f"{_W}val", ""))


def drawings(within: Any) -> list[Any]:
    """Pictures, inline or floating."""
    return [d for d in within.iter(f"{_W}drawing") if next(d.iter(f"{_A}blip"), None) is not None]


def named(body: Any, name: str) -> list[Any]:
    """Pictures with a tag as their name or in their alternative text."""
    out = []
    for drawing in drawings(body):
        words = next(drawing.iter(f"{_WP}docPr"), None)
        if words is None:
            continue
        said = words.get("descr", ""), words.get("title", "")
        if words.get("name") == name or any(text.strip() == name or f"[{name}]" in text for text in said):
            out.append(drawing)
    return out


def top(element: Any, body: Any) -> Any:
    """What of the body an element stands in."""
    while element.getparent() is not body:
        element = element.getparent()
    return element


def room(document: Any, at: Any) -> tuple[int, int]:
    """Width and height between the margins of the section that ``at`` (an element of the body, None: its end) is in."""
    sections = document.sections
    if at is not None:
        ends = list(document.element.body.iter(f"{_W}sectPr"))
        after = {id(e) for e in at.iter(f"{_W}sectPr")} | {id(s) for e in at.itersiblings() for s in e.iter(f"{_W}sectPr")}
        number = next((i for i, end in enumerate(ends) if id(end) in after), len(sections) - 1)
        section = sections[min(number, len(sections) - 1)]
    else:
        section = sections[-1]
    sides = (section.left_margin or 0) + (section.right_margin or 0) + (section.gutter or 0)
    ends_mm = (section.top_margin or 0) + (section.bottom_margin or 0)
    return max(360_000, int(section.page_width or 7_560_000) - sides), max(360_000, int(section.page_height or 10_692_000) - ends_mm)


# --- filling ------------------------------------------------------------------------------------------------------------


def opened(control: Any) -> bool:
    """Make a control ready for new content; whether it showed only what stands in for some."""
    properties = control.find(f"{_W}sdtPr")
    was_empty = properties.find(f"{_W}showingPlcHdr") is not None
    for name in _BOUND:
        for old in properties.findall(f"{_W}{name}"):
            properties.remove(old)
    return was_empty


def fill(control: Any, new: list[Any]) -> None:
    """Runs in place of what is in a control; its first paragraph and letters stay as they are."""
    content = control.find(f"{_W}sdtContent")
    if content is None:
        content = control.makeelement(f"{_W}sdtContent", {})
        control.append(content)
    paragraph = next(content.iter(f"{_W}p"), None)
    into = content if paragraph is None else paragraph
    if paragraph is None and control.getparent().tag != f"{_W}p":
        into = content.makeelement(f"{_W}p", {})
        content.append(into)
    _dress(new, next(into.iter(f"{_W}r"), None))
    for other in list(into.itersiblings()) if paragraph is not None else ():
        if other.tag in (f"{_W}p", f"{_W}tbl"):
            other.getparent().remove(other)
    for old in list(into):
        if old.tag not in (f"{_W}pPr", f"{_W}bookmarkStart", f"{_W}bookmarkEnd"):
            into.remove(old)
    into.extend(new)


def fill_mark(start: Any, name: str, title: str, new: list[Any]) -> None:
    """Runs, in a control, in place of what is in a bookmark."""
    old = docxfields.between(start)
    _dress(new, next((r for e in old for r in e.iter(f"{_W}r")), None))
    for element in old:
        element.getparent().remove(element)
    start.addnext(_control(start, name, title, new))


def keep(paragraph: Any, name: str, title: str, new: list[Any]) -> None:
    """Runs at the end of a paragraph, in a control and a bookmark of that tag."""
    line = paragraph._p
    start, end = docxfields.bookmark(line, docxfields.mark_of(name))
    line.append(start)
    line.append(_control(line, name, title, new))
    line.append(end)


def _control(near: Any, name: str, title: str, content: list[Any]) -> Any:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    root = near.getroottree().getroot()
    taken = {e.get(f"{_W}val") for e in root.iter(f"{_W}id")}
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) >> 2
    while str(number) in taken:
        number += 1
    made = parse_xml(
        f"<w:sdt {nsdecls('w')}><w:sdtPr><w:alias/><w:tag/><w:id w:val='{number}'/></w:sdtPr><w:sdtContent/></w:sdt>"
    )
    made[0][0].set(f"{_W}val", clean(title or name)[:_MOST_ALIAS])
    made[0][1].set(f"{_W}val", name)
    made[1].extend(content)
    return made


def runs(lines: Sequence[str], stamps: Sequence[str] = (), *, size: float = 0.0, color: str = "") -> list[Any]:
    """Lines, then stamps in red, as runs with breaks between them."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    out = []
    for at, text in enumerate((*lines, *stamps)):
        is_stamp = at >= len(lines)
        run = OxmlElement("w:r")
        letters = OxmlElement("w:rPr")
        if is_stamp:
            letters.append(OxmlElement("w:b"))
        if is_stamp or color:
            ink = OxmlElement("w:color")
            ink.set(qn("w:val"), STAMP if is_stamp else color)
            letters.append(ink)
        if size:
            high = OxmlElement("w:sz")
            high.set(qn("w:val"), str(round(2 * size)))
            letters.append(high)
        if len(letters):
            run.append(letters)
        if at:
            run.append(OxmlElement("w:br"))
        words = OxmlElement("w:t")
        words.text = clean(text)
        words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run.append(words)
        out.append(run)
    return out


def _dress(new: list[Any], like: Any) -> None:
    """Give runs the letters of the one they replace; stamps stay red."""
    old = None if like is None else like.find(f"{_W}rPr")
    if old is None:
        return
    for run in new:
        own = run.find(f"{_W}rPr")
        letters = copy.deepcopy(old)
        for placeholder in letters.findall(f"{_W}rStyle"):
            letters.remove(placeholder)
        is_stamp = own is not None and own.find(f"{_W}b") is not None
        if is_stamp or any(e.get(f"{_W}val") == STAMP for e in letters.findall(f"{_W}color")):
            for name in ("b", "bCs", "color"):
                for plain in letters.findall(f"{_W}{name}"):
                    letters.remove(plain)
            if is_stamp:
                at = next((i for i, e in enumerate(letters) if e.tag != f"{_W}rFonts"), len(letters))
                letters.insert(at, copy.deepcopy(own.find(f"{_W}b")))
                ink = own.find(f"{_W}color")
                size = letters.find(f"{_W}sz")
                (letters.append if size is None else size.addprevious)(copy.deepcopy(ink))
        if own is not None:
            run.remove(own)
        run.insert(0, letters)


def flush(element: Any) -> Any:
    """No first line indented in its paragraphs, whatever the style of the document says."""
    from docx.oxml.ns import qn

    for line in element.iter(f"{_W}p"):
        indent = line.get_or_add_pPr().get_or_add_ind()
        indent.set(qn("w:firstLine"), "0")
        indent.set(qn("w:firstLineChars"), "0")
    return element


def caption_style(document: Any) -> str:
    """The document's style of captions, made where it has none."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt

    for name in ("Caption", "题注"):
        if name in document.styles:
            return name
    style = document.styles.add_style("Caption", WD_STYLE_TYPE.PARAGRAPH)
    style.base_style, style.font.size = document.styles.default(WD_STYLE_TYPE.PARAGRAPH), Pt(9)
    return "Caption"


# --- pictures and tables ------------------------------------------------------------------------------------------------


def call(element: Any, tag: str, title: str) -> None:
    """The tag as name of a picture and in its alternative text, its number free in the document."""
    words = next(element.iter(f"{_WP}docPr"))
    words.set("name", tag)
    words.set("descr", f"{clean(title)} [{tag}]")
    root = element.getroottree().getroot()
    taken = {e.get("id") for e in root.iter(f"{_WP}docPr") if e is not words}
    number = int(words.get("id", "1") or 1)
    while str(number) in taken:
        number += 1
    words.set("id", str(number))


def swap(drawing: Any, relation: str, slope: float) -> str:
    """Show another picture, height ``slope`` times the width that stays; the relation it had."""
    blip = next(drawing.iter(f"{_A}blip"))
    old = str(blip.get(_EMBED, ""))
    blip.set(_EMBED, relation)
    for more in list(blip):
        blip.remove(more)
    for crop in list(drawing.iter(f"{_A}srcRect")):
        crop.getparent().remove(crop)
    wide = int(next(drawing.iter(f"{_WP}extent")).get("cx"))
    sizes = [*drawing.iter(f"{_WP}extent"), *(e for e in drawing.iter(f"{_A}ext") if e.get("cx"))]
    for size in sizes:
        size.set("cx", str(wide))
        size.set("cy", str(round(wide * slope)))
    return old


def cut(table: Table, most: int) -> Table:
    """The first rows of a table, and how many there are more, or that there are none."""
    left_out = len(table.rows) - most
    if table.rows and left_out <= 0:
        return table
    words = tr("and {count} more", count=left_out) if table.rows else tr("Nothing to list")
    return replace(table, rows=(*table.rows[:most], (words, *("",) * (len(table.head) - 1))))


def grid_place(body: Any, tag: str) -> Any:
    """What a table replaces: a control, the table below its caption or that begins with its bookmark, a paragraph with that; or None."""
    found = next(iter(controls(body, tag)), None)
    if found is not None:
        return found
    start = docxfields.find(body, docxfields.mark_of(tag))
    old = None if start is None else next(start.iterancestors(f"{_W}tbl"), None)
    if start is not None and old is not None and start in list(next(old.iter(f"{_W}tc")).iter(start.tag)) and _text(docxfields.between(start)):
        return old
    caption = docxfields.find(body, docxfields.mark_of(tag, "_no"))
    below = None if caption is None else next(caption.iterancestors(f"{_W}p")).getnext()
    if below is not None and below.tag == f"{_W}tbl":
        return below
    return None if start is None else next(start.iterancestors(f"{_W}p"), None)


def put_grid(place: Any, made: Any, tag: str) -> Any:
    """Put a table in the place of a control, a table or a paragraph. An old table's style stays.

    It begins with its bookmark and stands in no control: LibreOffice writes the words of tables within controls twice.
    """
    old = place if place.tag == f"{_W}tbl" else next(place.iter(f"{_W}tbl"), None)
    if old is not None:
        made.replace(made.tblPr, copy.deepcopy(old.tblPr))
    root, line = place.getroottree().getroot(), next(made.iter(f"{_W}p"))
    while (there := docxfields.find(root, docxfields.mark_of(tag))) is not None:
        for one in [there, *(e for e in root.iter(f"{_W}bookmarkEnd") if e.get(f"{_W}id") == there.get(f"{_W}id"))]:
            one.getparent().remove(one)
    start, end = docxfields.bookmark(place, docxfields.mark_of(tag))
    line.insert(1 if line.pPr is not None else 0, start)
    line.append(end)
    above = place.getparent()
    if place.tag == f"{_W}sdt" and above.tag == f"{_W}p":  # a table cannot stand within a line
        above.remove(place)
        place = above
    place.addnext(made)
    if place.tag != f"{_W}p" or (not _text([place]).strip() and not drawings(place)):
        place.getparent().remove(place)
    if made.getnext() is None or made.getnext().tag == f"{_W}sectPr":
        made.addnext(made.makeelement(f"{_W}p", {}))  # cells and documents end with a paragraph
    return made


def _text(elements: list[Any]) -> str:
    return "".join(t.text or "" for e in elements for t in e.iter(f"{_W}t"))
