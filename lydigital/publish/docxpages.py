"""Pages in a Word document: maps as figures with captions that count themselves, tables as tables, sources and stamps as text.

Each stands in a content control tagged ``ly:<layout>:<item>``, tables in a bookmark. Written into a document that holds them already, what is in
the controls is replaced and all else stays: words around, captions, numbers, sizes and styles. What is new comes after what
is there. Found, too, are pictures whose alternative text holds ``[ly:<layout>:<item>]``, and bookmarks ``ly_<layout>_<item>``:
LibreOffice drops the tags of controls. An office's own ``pages-<layout>.docx`` or ``pages.docx`` in its folder of templates
goes before the document built here; in its controls may also stand ``title``, ``notes``, ``stamps``, ``verdict`` and the texts
of the layout.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from lydigital.errors import BadDataError, StoreUnavailableError
from lydigital.publish import charts, docxfields, docxparts, image, officepages, report_docx
from lydigital.publish.report import steady
from lydigital.publish.wording import template
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lydigital.publish.arrange import Arranged
    from lydigital.publish.officepages import Chapter, Figure, Grid

_UPRIGHT_MM = 210.0  # pictures wider than that, and wider than high, are on paper laid across
_BELOW_MM = 48.0  # of the page, that are left for heading, caption and sources of a picture
_CHART_MM, _CHART_DPI = 150.0, 220.0


def write(path: Path, sheets: Sequence[Arranged], dpi: float | None = None) -> list[Path]:
    """Put pages into a document, the one of that name where there is one.

    Raises
    ------
    BadDataError
        When the document, or the office's template, is no Word document; or the template has a control for what no page has.
    StoreUnavailableError
        When the document is read-only, open in another program, or cannot be written: it stays as it was.
    """
    officepages.guard(path)
    is_there = path.exists()
    own = None if is_there else _template(sheets)
    document = _opened(path if is_there else own) if is_there or own else _built(sheets)
    desk = _Desk(document)
    for chapter in officepages.chapters(sheets, dpi):
        desk.put(chapter)
    for sheet in {s.layout.id: s for s in sheets}.values():
        stale, lines = desk.strange(sheet.layout.id), list(sheet.verdict)
        if stale and own is not None:
            raise BadDataError(
                "The template {path} has a place {name} that the program cannot fill", hint="The places are: {known}.",
                path=str(own), name=stale[0], known="、".join(sorted(desk.known)),
            )  # fmt: skip
        if stale:
            lines.append(tr("No longer part of the layout, left as it was: {items}", items="、".join(stale)))
        desk.verdict(officepages.tag(sheet.layout.id, "verdict"), lines)
    docxfields.count(document.element.body)
    out = io.BytesIO()
    document.save(out)
    image.write(path, out.getvalue() if is_there else steady(out.getvalue()))
    return [path]


def _template(sheets: Sequence[Arranged]) -> Path | None:
    layout = sheets[0].layout
    names = (f"pages-{layout.id}.docx", f"pages-{layout.template}.docx", "pages.docx")
    return next((path for name in names if (path := template(name)).is_file()), None)


def _opened(path: Path | None) -> Any:
    import docx

    try:
        return docx.Document(str(path))
    except PermissionError as error:
        raise StoreUnavailableError("{path} may not be read", hint="Ask who owns it, or write another file.", path=str(path)) from error
    except Exception as error:  # the reader fails in many ways on what is no document
        raise BadDataError(
            "{path} is no Word document, or is damaged: nothing was changed", hint="Open and repair it in Word, or write another file.", path=str(path)
        ) from error


def _built(sheets: Sequence[Arranged]) -> Any:
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    document = docx.Document()
    report_docx.styles(document)
    pages = [officepages.figure_page(page) for sheet in sheets for page in sheet.pages]
    across = any(p.width > max(_UPRIGHT_MM, p.height) for p in pages)
    report_docx.page(document.sections[0], across=across)
    report_docx.foot(document.sections[0], sheets[0].title)
    style = document.styles["Caption"]
    style.font.size, style.font.bold, style.font.color.rgb = Pt(9), False, RGBColor.from_string(docxparts.INK)
    style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    style.paragraph_format.space_after = Pt(4)
    document.core_properties.title = sheets[0].title[:255]
    document.core_properties.author = str(sheets[0].facts.get("producer", ""))[:255]
    if not across:  # such sheets have their title on them, and need the room
        document.add_heading(sheets[0].title, 0)
    return document


class _Desk:
    """A document, and where the last thing was put."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._body = document.element.body
        self._last: Any = None
        self.known: set[str] = set()

    def put(self, chapter: Chapter) -> None:
        """Everything of one page."""
        self._figure(chapter.figure, officepages.tag(*chapter.figure.tag.split(":")[1:], "notes"), chapter)
        for name, chart in chapter.charts:
            octets = charts.png(chart, _CHART_MM, dpi=_CHART_DPI)
            title = f"{chart.title}（{chart.unit}）" if chart.unit else chart.title
            self._figure(officepages.Figure(name, title, octets, _CHART_MM, charts.height_of(chart)))
        for grid in chapter.grids:
            self._grid(grid)
        self.known |= set(chapter.texts)
        for name, text in chapter.texts.items():
            self._words(name, text.replace("**", "").split("\n"))

    def strange(self, layout: str) -> list[str]:
        """Tags and bookmarks of a layout, that nothing was put into."""
        known = self.known | {officepages.tag(layout, "verdict")}
        known |= {docxfields.mark_of(name, suffix) for name in known for suffix in ("", "_no")}
        begins = (officepages.tag(layout) + ":", docxfields.mark_of(officepages.tag(layout)) + "_")
        return [name for name in docxparts.tags(self._body) if name.startswith(begins) and name not in known]

    def verdict(self, name: str, lines: list[str]) -> None:
        """What the gate said, at the end where it has no place yet."""
        if self._words(name, lines) or not lines:
            return
        from docx.shared import Pt

        self._last = None
        paragraph = self._paragraph()
        paragraph.paragraph_format.space_before = Pt(6)
        paragraph.paragraph_format.keep_together = True
        docxparts.keep(paragraph, name, tr("Export check"), docxparts.runs(lines, size=7.5, color=docxparts.SOFT))

    # --- figures ------------------------------------------------------------------------------------------------------

    def _figure(self, figure: Figure, notes: str = "", chapter: Chapter | None = None) -> None:
        self.known |= {figure.tag}
        found = self._shown(figure)
        if found is None:
            paragraph = self._paragraph(centred=True)
            paragraph.paragraph_format.keep_with_next = True
            docxparts.keep(paragraph, figure.tag, figure.title, [self._picture(figure)])
            self._caption("figure", figure.tag, figure.title)
        else:
            self._last = found
            self._past_caption(figure.tag)
        if chapter is None:
            return
        own = (notes, officepages.tag(chapter.layout, "notes"), officepages.tag(chapter.layout, "stamps"))
        self.known |= set(own)
        filled = self._words(own[1], chapter.notes)
        stamped = self._words(own[2], chapter.stamps, stamp=True)
        lines = (() if filled else chapter.notes, () if stamped else chapter.stamps)
        if any(lines) and not self._words(notes, lines[0], stamps=lines[1]):
            paragraph = self._paragraph(centred=True)
            paragraph.paragraph_format.keep_together = True
            docxparts.keep(paragraph, notes, tr("Sources and stamp"), docxparts.runs(lines[0], lines[1], size=7.5, color=docxparts.SOFT))

    def _shown(self, figure: Figure) -> Any:
        """Put a picture where its places are; the last of them in the body, None where there is none."""
        body, last = self._body, None
        controls = docxparts.controls(body, figure.tag)
        for control in controls:
            was_empty = docxparts.opened(control)
            drawings = [] if was_empty else docxparts.drawings(control)
            if drawings:
                self._swap(drawings[0], figure)
            else:
                docxparts.fill(control, [self._picture(figure)])
            last = control
        for drawing in docxparts.named(body, figure.tag):
            if not any(control is above for control in controls for above in drawing.iterancestors()):
                self._swap(drawing, figure)
                last = drawing
        if last is None and (start := docxfields.find(body, docxfields.mark_of(figure.tag))) is not None:
            docxparts.fill_mark(start, figure.tag, figure.title, [self._picture(figure)])
            last = start
        return None if last is None else docxparts.top(last, body)

    def _size(self, figure: Figure) -> tuple[int, int]:
        """Width and height in the document's units: that of the paper, as far as the page has room."""
        from docx.shared import Mm

        wide, high = docxparts.room(self._document, self._last)
        shrink = min(1.0, wide / Mm(figure.width_mm), max(high / 2, high - Mm(_BELOW_MM)) / Mm(figure.height_mm))
        return round(Mm(figure.width_mm) * shrink), round(Mm(figure.height_mm) * shrink)

    def _picture(self, figure: Figure) -> Any:
        run = self._document.add_paragraph().add_run()
        wide, high = self._size(figure)
        run.add_picture(io.BytesIO(figure.png), wide, high)
        docxparts.call(run._r, figure.tag, figure.title)
        paragraph = run._r.getparent()
        paragraph.remove(run._r)
        paragraph.getparent().remove(paragraph)
        return run._r

    def _swap(self, drawing: Any, figure: Figure) -> None:
        """Another picture in the place of one, as wide as that was."""
        part = self._document.part
        new, _ = part.get_or_add_image(io.BytesIO(figure.png))
        old = docxparts.swap(drawing, new, figure.height_mm / figure.width_mm)
        docxparts.call(drawing, figure.tag, figure.title)
        if old and old != new and not part.element.xpath(f'//@r:embed[.="{old}"] | //@r:id[.="{old}"] | //@r:link[.="{old}"]'):
            part.rels.pop(old, None)

    # --- tables and words ---------------------------------------------------------------------------------------------

    def _grid(self, grid: Grid) -> None:
        self.known |= {grid.tag}
        shown = docxparts.cut(grid.table, grid.most)
        made = docxparts.flush(report_docx.grid_of(self._document, shown, docxparts.room(self._document, self._last)[0] / 36_000)._tbl)
        made.getparent().remove(made)
        place = docxparts.grid_place(self._body, grid.tag)
        if place is not None:
            self._last = docxparts.top(docxparts.put_grid(place, made, grid.tag), self._body)
            return
        self._caption("table", grid.tag, grid.table.title)
        paragraph = self._paragraph()
        self._last = docxparts.put_grid(paragraph._p, made, grid.tag)

    def _words(self, name: str, lines: Sequence[str], *, stamps: Sequence[str] = (), stamp: bool = False) -> bool:
        """Put lines into the control of that tag; whether there is one."""
        def made() -> list[Any]:
            return docxparts.runs((), lines) if stamp else docxparts.runs(lines, stamps)

        controls = docxparts.controls(self._body, name)
        for control in controls:
            docxparts.opened(control)
            docxparts.fill(control, made())
        if controls:
            return True
        start = docxfields.find(self._body, docxfields.mark_of(name))
        if start is not None:
            docxparts.fill_mark(start, name, "", made())
        return start is not None

    def _caption(self, kind: str, name: str, title: str) -> None:
        from docx.shared import Pt

        label = docxfields.label_of(self._body, kind)
        paragraph = self._paragraph(style=docxparts.caption_style(self._document), centred=True)
        paragraph.paragraph_format.keep_with_next = True  # of the table, or of sources and stamp
        if kind == "table":
            paragraph.paragraph_format.space_before = Pt(8)
        docxfields.caption(paragraph, label, docxfields.mark_of(name, "_no"), title, 0)

    def _past_caption(self, name: str) -> None:
        """What comes next stands below the caption, where there is one."""
        start = docxfields.find(self._body, docxfields.mark_of(name, "_no"))
        below = self._last.getnext()
        if start is not None and below is docxparts.top(start, self._body):
            self._last = below

    def _paragraph(self, style: str = "Normal", *, centred: bool = False) -> Any:
        """A new paragraph after the last thing, else at the end."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        paragraph = self._document.add_paragraph(style=style)
        if self._last is not None:
            self._last.addnext(paragraph._p)
        docxparts.flush(paragraph._p)
        paragraph.paragraph_format.line_spacing = 1.0  # a fixed one would cut pictures off
        if centred:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._last = paragraph._p
        return paragraph
