"""Parts of a PDF that Qt does not write, made with pikepdf (ISO 32000-2; PDF/A: ISO 19005-2)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from lydigital.paths import VERSION
from lydigital.publish.georeference import CORNERS
from lydigital.render.painter.direct import FURNITURE, GRID, GROUND, LABELS
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH, POINTS_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lydigital.publish.arrange import Arranged
    from lydigital.publish.georeference import Georeference
    from lydigital.publish.pdf import About

_ATOP = (GRID, LABELS, FURNITURE)  # above the layers of the map, bottom first


class Spool:
    """Streams on disk, as objects of a PDF of their own, so that they need not be kept in memory."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._places: list[int] = []

    def add(self, head: bytes, deflated: bytes) -> int:
        """Add a stream with the dictionary entries ``head``; return its number."""
        number = len(self._places) + 1
        self._places.append(self._file.tell())
        self._file.write(b"%d 0 obj\n<< %s /Length %d /Filter /FlateDecode >>\nstream\n" % (number, head, len(deflated)))
        self._file.write(deflated)
        self._file.write(b"\nendstream\nendobj\n")
        return number

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        if self._file.closed:
            return
        try:
            root = len(self._places) + 1
            places = [*self._places, self._file.tell()]
            self._file.write(b"%d 0 obj\n<< /Type /Catalog /Pages << /Type /Pages /Kids [] /Count 0 >> >>\nendobj\n" % root)
            table = self._file.tell()
            self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (root + 1))
            self._file.write(b"".join(b"%010d 00000 n \n" % place for place in places))
            self._file.write(b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (root + 1, root, table))
        finally:
            self._file.close()


def names_of(sheet: Arranged) -> dict[str, str]:
    """Ids of the layers on the maps of a sheet, bottom first → their names, as far as they have any."""
    return {layer.id: sheet.names[layer.id] for placed in sheet.maps for layer in placed.scene if layer.id in sheet.names}


def points(mm: float, below: float = 0.0) -> Decimal:
    """Millimetres down from ``below`` as points."""
    return Decimal(f"{below - mm / MM_PER_INCH * POINTS_PER_INCH:.6f}")


def layers(pdf: pikepdf.Pdf, numbers: Mapping[str, int], names: Mapping[str, str]) -> list[Any]:
    """Make a group that can be switched for every layer; return them by number. Readers list the topmost first (8.11).

    Layers without a name are the ground of the map.
    """
    own = {GROUND: tr("Ground of the map"), GRID: tr("Grid and map frame"), LABELS: tr("Labels"), FURNITURE: tr("Title, legend and notes")}
    if not numbers:
        return []
    titles = {**names, **own}
    known = [layer if layer in titles else GROUND for layer in sorted(numbers, key=lambda layer: numbers[layer])]
    groups: dict[str, Any] = {
        layer: pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(titles[layer]), Intent=Name.View)) for layer in dict.fromkeys(known)
    }
    order = [i for i in (GROUND, *names, *_ATOP) if i in groups]
    _switch(pdf, list(groups.values()), [groups[i] for i in reversed(order)])
    return [groups[layer] for layer in known]


def gather_layers(pdf: pikepdf.Pdf) -> None:
    """Make one layer of those of the same name on pages that come from several of our files."""
    groups: dict[str, Any] = {}
    for page in pdf.pages:
        named = page.obj.Resources.get("/Properties", Dictionary())
        for name, group in sorted(named.items(), key=lambda entry: (len(entry[0]), entry[0])):
            if group.get("/Type") == Name.OCG:
                named[name] = groups.setdefault(str(group.Name), group)
    atop = [title for title in (tr("Grid and map frame"), tr("Labels"), tr("Title, legend and notes")) if title in groups]
    order = [*(title for title in groups if title not in atop), *atop]
    if groups:
        _switch(pdf, list(groups.values()), [groups[title] for title in reversed(order)])


def _switch(pdf: pikepdf.Pdf, groups: list[Any], order: list[Any]) -> None:
    """Let readers switch ``groups``, listed in ``order``; all are on."""
    shown = Dictionary(Name=String(tr("Layers")), BaseState=Name.ON, Order=Array(order), ON=Array(groups))
    pdf.Root.OCProperties = Dictionary(OCGs=Array(groups), D=shown)


def viewport(found: Georeference, top: float) -> Dictionary:
    """The entry of a page that says where a map on it lies (12.9, 12.10)."""
    left, upper, right, lower = found.box
    whole = Array([n for u, v in CORNERS for n in (int(u), int(v))])
    degrees = [Decimal(f"{value:.10f}") for corner in found.corners for value in corner]
    system = Dictionary(Type=Name.PROJCS if found.is_projected else Name.GEOGCS, WKT=String(found.wkt))
    if found.epsg:
        system.EPSG = found.epsg
    measure = Dictionary(Type=Name.Measure, Subtype=Name.GEO, Bounds=whole, LPTS=whole, GPTS=Array(degrees), GCS=system)
    box = Array([points(-left), points(lower, top), points(-right), points(upper, top)])
    return Dictionary(Type=Name.Viewport, Name=String(found.name), BBox=box, Measure=measure)


def plain(resources: Any) -> None:
    """Leave out what Qt names and no page uses: colour spaces of print that PDF/A forbids, images drawn blurred."""
    spaces = resources.get("/ColorSpace", Dictionary())
    for name in ("/CSpcmyk", "/PCSpcmyk"):
        if name in spaces:
            del spaces[name]
    for image in resources.get("/XObject", Dictionary()).values():
        if image.get("/Subtype") == Name.Image and "/Interpolate" in image:
            del image["/Interpolate"]


def fonts(pdf: pikepdf.Pdf) -> None:
    """Correct what Qt says of its subsets: their names carry no tag, some characters are the wrong ones.

    They are made anew in the order of the pages, as Qt's own order differs from run to run.
    """
    from lydigital.publish.pages import searchable

    made: dict[tuple[int, int], Any] = {}
    for page in pdf.pages:
        named = page.obj.Resources.get("/Font", Dictionary())
        for name, font in sorted(named.items()):
            if font.get("/Subtype") != Name.Type0:
                continue
            if font.objgen not in made:
                (below,) = font.DescendantFonts
                face = below.FontDescriptor
                program = face.FontFile2.read_raw_bytes()
                tag = "".join(chr(ord("A") + octet % 26) for octet in hashlib.sha256(program).digest()[:6])
                called = Name(f"/{tag}+{str(font.BaseFont)[1:].rpartition('+')[2]}")
                stream = pikepdf.Stream(pdf, program)
                for key in ("/Filter", "/Length1"):
                    if key in face.FontFile2:
                        stream[key] = face.FontFile2[key]
                kept = {key: value for key, value in face.items() if key not in ("/CIDSet", "/FontFile2")}  # CIDSet is deprecated
                new_face = pdf.make_indirect(Dictionary({**kept, "/FontName": called, "/FontFile2": pdf.make_indirect(stream)}))
                new_below = pdf.make_indirect(Dictionary({**dict(below.items()), "/BaseFont": called, "/FontDescriptor": new_face}))
                reads = pdf.make_stream(searchable(font.ToUnicode.read_bytes()))
                made[font.objgen] = pdf.make_indirect(Dictionary({
                    **dict(font.items()), "/BaseFont": called, "/DescendantFonts": Array([new_below]), "/ToUnicode": reads,
                }))  # fmt: skip
            named[name] = made[font.objgen]


def bookmarks(pdf: pikepdf.Pdf, titles: Sequence[str]) -> None:
    """One a page, where there are several; pages of one title are numbered."""
    if len(titles) < 2:
        return
    seen: dict[str, int] = {}
    with pdf.open_outline() as outline:
        for number, title in enumerate(titles):
            seen[title] = seen.get(title, 0) + 1
            name = title or str(number + 1)
            if titles.count(title) > 1 and title:
                name = f"{title} ({seen[title]})"
            outline.root.append(pikepdf.OutlineItem(name, number, "Fit"))
    pdf.Root.PageMode = Name.UseOutlines


def describe(pdf: pikepdf.Pdf, about: About, *, pdf_a: bool = False) -> None:
    """Title, author, dates and the rest, in the two places where readers look (14.3)."""
    when = (about.when or datetime.now().astimezone()).replace(microsecond=0)
    when = when if when.tzinfo else when.astimezone()
    zone = f"{when:%z}"
    stamp = f"D:{when:%Y%m%d%H%M%S}" + (f"{zone[:3]}'{zone[3:5]}'" if when.utcoffset() else "Z")
    maker = f"lydigital {VERSION}"
    keywords = ", ".join(about.keywords)
    entries = {
        **{f"/{name}": value for name, value in about.more.items()},
        "/Title": about.title, "/Author": about.author, "/Subject": about.subject, "/Keywords": keywords, "/Creator": "lydigital",
        "/Producer": maker, "/CreationDate": stamp, "/ModDate": stamp,
    }  # fmt: skip
    pdf.trailer.Info = pdf.make_indirect(Dictionary({name: String(value) for name, value in entries.items() if value}))
    if "/Metadata" in pdf.Root:
        del pdf.Root.Metadata
    iso = when.isoformat()
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        told: dict[str, Any] = {
            "dc:title": about.title, "dc:creator": [about.author] if about.author else None, "dc:description": about.subject,
            "dc:format": "application/pdf", "dc:language": {about.language} if about.language else None, "pdf:Keywords": keywords,
            "pdf:Producer": maker, "xmp:CreatorTool": "lydigital", "xmp:CreateDate": iso, "xmp:ModifyDate": iso, "xmp:MetadataDate": iso,
            "pdfaid:part": "2" if pdf_a else None, "pdfaid:conformance": "B" if pdf_a else None,
        }  # fmt: skip
        for name, value in told.items():
            if value:
                xmp[name] = value
    if about.language:
        pdf.Root.Lang = String(about.language)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)


def archive(pdf: pikepdf.Pdf) -> None:
    """What PDF/A-2b asks for besides what all our files do: colours that say what they mean."""
    from PySide6.QtGui import QColorSpace

    profile = pdf.make_stream(bytes(QColorSpace(QColorSpace.NamedColorSpace.SRgb).iccProfile().data()), N=3, Alternate=Name.DeviceRGB)
    name = "sRGB IEC61966-2.1"
    pdf.Root.OutputIntents = Array([Dictionary(
        Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier=String(name), Info=String(name),
        RegistryName=String("http://www.color.org"), DestOutputProfile=profile,
    )])  # fmt: skip
