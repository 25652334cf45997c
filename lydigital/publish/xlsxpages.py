"""Tables and numbers of charts on pages as a workbook, with the maps, sources and stamps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.model.report import Chart, Paragraph, Picture, Report, Table
from lydigital.publish import image, officepages, report
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lydigital.model.report import Block
    from lydigital.publish.arrange import Arranged

_PICTURE_MM, _DPI = 180.0, 130.0


def write(path: Path, sheets: Sequence[Arranged], dpi: float | None = None) -> list[Path]:
    """Write pages as a workbook: a summary, one sheet a table with all its rows, charts beside their numbers, maps.

    Raises
    ------
    StoreUnavailableError
        When the file is read-only, open in another program, or cannot be written.
    """
    officepages.guard(path)
    image.write(path, report.xlsx(report_of(sheets, dpi)))
    return [path]


def report_of(sheets: Sequence[Arranged], dpi: float | None = None) -> Report:
    """What pages say, as a report."""
    words: list[Block] = []
    rows: list[Block] = []
    maps: list[Block] = [Paragraph(tr("Maps"), "heading")]
    for sheet in sheets:
        for number, page in enumerate(sheet.pages, 1):
            title = sheet.title if len(sheet.pages) == 1 else tr("{title} ({number})", title=sheet.title, number=number)
            if len(sheets) > 1 or len(sheet.pages) > 1:
                words.append(Paragraph(title, "subheading"))
            words += [Paragraph(line, "note") for line in officepages.notes_of(sheet, page)]
            rows += [p.content for p in page.placed if isinstance(p.content, (Table, Chart))]
            if page.maps:
                shown = officepages.figure_page(page)
                maps.append(Picture(title, officepages.picture(shown, sheet, dpi or _DPI), min(_PICTURE_MM, shown.width)))
    verdict = tuple(dict.fromkeys(line for sheet in sheets for line in sheet.verdict))
    stamps = tuple(dict.fromkeys(" ".join(stamp) for sheet in sheets for stamp in sheet.stamps))
    sources = tuple(dict.fromkeys(str(sheet.facts["all_sources"]) for sheet in sheets if sheet.facts.get("all_sources")))
    blocks = (*words, *rows, *(maps if len(maps) > 1 else ()))
    return Report(sheets[0].title, "", blocks, sources=sources, notes=verdict, stamps=stamps)
