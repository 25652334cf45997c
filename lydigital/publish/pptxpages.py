"""Pages in a presentation: one 16:9 slide a page with its picture and title; sources, stamp and verdict in the notes.

Pictures are called ``ly:<layout>:page<number>``. Written into a presentation that has them already, they are replaced
where they stand, with the words in the notes between lines ``[ly:…]``; everything else stays, and new pages come last. An
office's own ``pages.pptx`` in its folder of templates goes before the one built here.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from lydigital.errors import BadDataError, StoreUnavailableError
from lydigital.publish import image, officepages
from lydigital.publish.docxparts import INK, STAMP
from lydigital.publish.report import steady
from lydigital.publish.wording import clean, template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lydigital.publish.arrange import Arranged
    from lydigital.publish.officepages import Chapter

_WIDE_MM, _HIGH_MM, _SIDE_MM = 338.667, 190.5, 12.0
_TITLE_MM, _STAMP_MM, _BELOW_MM = (8.0, 15.0), (178.0, 8.0), 5.0  # top and height
_ALIKE = 0.03  # share by which a page may differ from the shape of the slide that it fills
_FACE = "Microsoft YaHei"
_EMBED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"


def write(path: Path, sheets: Sequence[Arranged], dpi: float | None = None) -> list[Path]:
    """Put pages into a presentation, the one of that name where there is one.

    Raises
    ------
    BadDataError
        When the file, or the office's template, is no presentation.
    StoreUnavailableError
        When the file is read-only, open in another program, or cannot be written: it stays as it was.
    """
    officepages.guard(path)
    is_there, own = path.exists(), template("pages.pptx")
    made = _opened(path if is_there else own) if is_there or own.is_file() else _built(sheets[0])
    verdict = {sheet.layout.id: sheet.verdict for sheet in sheets}
    for chapter in officepages.chapters(sheets, dpi, whole=True):
        _put(made, chapter, verdict[chapter.layout])
    out = io.BytesIO()
    made.save(out)
    image.write(path, out.getvalue() if is_there else steady(out.getvalue()))
    return [path]


def _opened(path: Path) -> Any:
    import pptx

    try:
        return pptx.Presentation(str(path))
    except PermissionError as error:
        raise StoreUnavailableError("{path} may not be read", hint="Ask who owns it, or write another file.", path=str(path)) from error
    except Exception as error:  # the reader fails in many ways on what is no presentation
        raise BadDataError(
            "{path} is no presentation, or is damaged: nothing was changed", hint="Open and repair it in PowerPoint, or write another file.", path=str(path)
        ) from error


def _built(sheet: Arranged) -> Any:
    import pptx
    from pptx.util import Mm

    made = pptx.Presentation()
    made.slide_width, made.slide_height = Mm(_WIDE_MM), Mm(_HIGH_MM)
    made.core_properties.title = sheet.title[:255]
    made.core_properties.author = str(sheet.facts.get("producer", ""))[:255]
    return made


def _put(made: Any, chapter: Chapter, verdict: Sequence[str]) -> None:
    name = chapter.figure.tag
    found = [(slide, shape) for slide in made.slides for shape in slide.shapes if shape.name == name and shape.shape_type == _PICTURE]
    if not found:
        slide = _slide(made, chapter)
        _note(slide, chapter, verdict)
        return
    for slide, shape in found:
        _swap(slide, shape, chapter)
        for other in slide.shapes:
            if other.name == _stamp_name(name) and other.has_text_frame:
                _say(other.text_frame, "　".join(chapter.stamps))
        _note(slide, chapter, verdict)


_PICTURE = 13  # MSO_SHAPE_TYPE.PICTURE


def _stamp_name(name: str) -> str:
    return officepages.tag(*name.split(":")[1:], "stamp")


def _slide(made: Any, chapter: Chapter) -> Any:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Mm, Pt

    slide = made.slides.add_slide(_layout(made))
    wide, high = made.slide_width, made.slide_height
    grow = high / Mm(_HIGH_MM)
    side, top = round(Mm(_SIDE_MM) * grow), round(Mm(_TITLE_MM[0]) * grow)
    title = slide.shapes.title
    if title is None:
        title = slide.shapes.add_textbox(side, top, wide - 2 * side, round(Mm(_TITLE_MM[1]) * grow))
    title.left, title.top, title.width, title.height = side, top, wide - 2 * side, round(Mm(_TITLE_MM[1]) * grow)
    title.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    _say(title.text_frame, chapter.figure.title, size=Pt(26), color=INK)
    title.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    if abs(wide * chapter.figure.height_mm / (high * chapter.figure.width_mm) - 1) < _ALIKE:
        # a page made as a slide has title and stamp on it: it takes all of this one, whose title is for outlines and readers only
        title.top = -title.height
        _call(slide.shapes.add_picture(io.BytesIO(chapter.figure.png), 0, 0, wide, high), chapter)
        return slide
    first = top + title.height + round(Mm(2) * grow)
    room = round(Mm(_STAMP_MM[0] if chapter.stamps else _HIGH_MM - _BELOW_MM) * grow) - first
    scale = min((wide - 2 * side) / chapter.figure.width_mm, room / chapter.figure.height_mm)
    width, height = round(chapter.figure.width_mm * scale), round(chapter.figure.height_mm * scale)
    shape = slide.shapes.add_picture(io.BytesIO(chapter.figure.png), (wide - width) // 2, first + (room - height) // 2, width, height)
    _call(shape, chapter)
    if chapter.stamps:
        box = slide.shapes.add_textbox(side, round(Mm(_STAMP_MM[0]) * grow), wide - 2 * side, round(Mm(_STAMP_MM[1]) * grow))
        box.name = _stamp_name(chapter.figure.tag)
        _say(box.text_frame, "　".join(chapter.stamps), size=Pt(10), color=STAMP)
    return slide


def _layout(made: Any) -> Any:
    """The layout of slides with a title and the least else."""
    from pptx.enum.shapes import PP_PLACEHOLDER

    def has_title(layout: Any) -> bool:
        return any(p.placeholder_format.type in (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE) for p in layout.placeholders)

    return min(made.slide_layouts, key=lambda layout: (not has_title(layout), len(list(layout.placeholders))))


def _swap(slide: Any, shape: Any, chapter: Chapter) -> None:
    """Another picture in the place of one, as large as fits into it."""
    _, new = slide.part.get_or_add_image_part(io.BytesIO(chapter.figure.png))
    blip = next(shape._element.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}blip"))
    old = blip.get(_EMBED)
    blip.set(_EMBED, new)
    for more in list(blip):
        blip.remove(more)
    shape.crop_left = shape.crop_right = shape.crop_top = shape.crop_bottom = 0
    scale = min(shape.width / chapter.figure.width_mm, shape.height / chapter.figure.height_mm)
    width, height = round(chapter.figure.width_mm * scale), round(chapter.figure.height_mm * scale)
    shape.left, shape.top = shape.left + (shape.width - width) // 2, shape.top + (shape.height - height) // 2
    shape.width, shape.height = width, height
    _call(shape, chapter)
    if old != new and not slide.part._element.xpath(f'//@r:embed[.="{old}"] | //@r:id[.="{old}"] | //@r:link[.="{old}"]'):
        slide.part.rels.pop(old)


def _call(shape: Any, chapter: Chapter) -> None:
    shape.name = chapter.figure.tag
    shape._element.nvPicPr.cNvPr.set("descr", clean(chapter.figure.title))


def _say(frame: Any, text: str, *, size: int | None = None, color: str = "") -> None:
    """Words in place of those in a frame, in the letters of the first."""
    from pptx.dml.color import RGBColor

    shade: Any = RGBColor
    line = frame.paragraphs[0]
    for rest in frame.paragraphs[1:]:
        rest._p.getparent().remove(rest._p)
    runs = line.runs or (line.add_run(),)
    runs[0].text = clean(text)
    for rest in runs[1:]:
        rest._r.getparent().remove(rest._r)
    if size is not None:
        runs[0].font.size, runs[0].font.color.rgb, runs[0].font.name = size, shade.from_string(color), _FACE


def _note(slide: Any, chapter: Chapter, verdict: Sequence[str]) -> None:
    """Sources, stamps and verdict in the notes between two lines with the tag; words before and after stay."""
    frame = slide.notes_slide.notes_text_frame
    if frame is None:
        return
    begin, end = f"[{chapter.figure.tag}]", f"[/{chapter.figure.tag}]"
    there = [paragraph.text.strip() for paragraph in frame.paragraphs]
    if begin in there and end in there[there.index(begin) :]:
        first = there.index(begin)
        for old in frame.paragraphs[first + 1 : there.index(end, first)]:
            old._p.getparent().remove(old._p)
    else:
        for mark in (begin, end):
            line = frame.paragraphs[0] if not frame.text else frame.add_paragraph()
            line.text = mark
        first = len(frame.paragraphs) - 2
    last = frame.paragraphs[first + 1]._p
    for text in (*chapter.notes, *chapter.stamps, *verdict):
        line = frame.add_paragraph()
        line.text = clean(text)
        last.addprevious(line._p)
