"""Arranged pages as PDF: Qt sets them, pikepdf finishes the file (ADR 0007).

A :class:`Writer` takes sheets one after the other and keeps neither them nor what it made of them in memory. What Qt cannot say is
added at the end: layers that can be switched, where the maps lie on Earth, bookmarks, metadata, and what PDF/A asks for.
"""

from __future__ import annotations

import io
import tempfile
import zlib
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lydigital.errors import StoreUnavailableError, UsageError
from lydigital.publish import georeference, pdfparts
from lydigital.texts import language, tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from types import TracebackType
    from typing import BinaryIO, Self

    import pikepdf
    from PySide6.QtCore import QIODevice
    from PySide6.QtGui import QPainter, QPdfWriter

    from lydigital.publish.arrange import Arranged, ArrangedPage
    from lydigital.publish.georeference import Georeference
    from lydigital.render.painter.direct import Direct, Marks

DPI = 1200
_SMALL = 65_536  # bytes that are not worth several threads


@dataclass(frozen=True)
class About:
    """What a file says of itself.

    Attributes
    ----------
    when
        Time of its making, with its zone; now where none is given. All else in a file depends on its content only.
    more
        Further entries by name, such as the verdict of a check.
    """

    title: str = ""
    author: str = ""
    subject: str = ""
    keywords: tuple[str, ...] = ()
    language: str = ""
    when: datetime | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(sheet: Arranged, *, title: str = "", when: datetime | None = None, more: Mapping[str, str] | None = None) -> About:
        """What the facts of a sheet tell."""
        facts = sheet.facts
        wanted = sheet.layout.main_map
        main = next((placed for placed in sheet.maps if wanted is not None and placed.item.id == wanted.id), None)
        subject = "" if main is None else tr("Map at {scale}, {crs}", scale=f"1:{main.scale:,}".replace(",", " "), crs=main.viewport.crs.name)
        names = pdfparts.names_of(sheet)
        kept = {"Verdict": "\n".join(sheet.verdict)} if sheet.verdict else {}
        return About(
            title or sheet.title, str(facts.get("producer") or facts.get("operator") or ""), subject, tuple(dict.fromkeys(names.values())),
            language_tag(), when, {**kept, **(more or {})},
        )  # fmt: skip


def put(made: pikepdf.Pdf, out: BinaryIO) -> None:
    """Write a PDF into an open file.

    Raises
    ------
    OSError
        When it cannot be written; qpdf itself would end the program where a disk is full.
    """
    import pikepdf

    careful = _Careful(out)
    made.save(cast("BinaryIO", careful), deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    if careful.failed is not None:
        raise careful.failed


class _Careful(io.RawIOBase):
    """A file for qpdf, which cannot bear exceptions while it writes: the first is kept, and nothing written after it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.failed: OSError | None = None

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._out.tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._out.seek(offset, whence)

    def write(self, octets: Any, /) -> int:
        if self.failed is None:
            try:
                self._out.write(octets)
            except OSError as error:
                self.failed = error
        return len(octets)


def language_tag() -> str:
    """The language of the interface as RFC 5646 names it."""
    return {"zh": "zh-CN"}.get(language(), language())


@dataclass(frozen=True, eq=False)
class _Leaf:
    """A page that was set: its size in mm, what its marks stand for, the maps on it."""

    title: str
    width: float
    height: float
    marks: Marks
    maps: tuple[Georeference, ...]


class Writer:
    """A PDF in the making; a context manager.

    Parameters
    ----------
    about
        What the file says of itself; told by the first sheet where not given, but for its ``title``.
    pdf_a
        Write PDF/A-2b (ISO 19005-2), for archives.

    Raises
    ------
    StoreUnavailableError
        From every method, when there is no room for the file.
    """

    def __init__(self, about: About | None = None, *, title: str = "", pdf_a: bool = False) -> None:
        self._about, self._title, self._pdf_a = about, title, pdf_a
        self._open = ExitStack()
        self._leaves: list[_Leaf] = []
        self._names: dict[str, str] = {}
        self._painter: QPainter | None = None
        self._failed: OSError | None = None
        self._reason = ""
        self._told: About | None = None

    def __enter__(self) -> Self:
        from PySide6.QtCore import QFile, QIODevice

        from lydigital.render.painter.direct import Direct
        from lydigital.render.painter.fonts import ensure_application

        ensure_application()
        with _room():
            self._folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="lydigital-", ignore_cleanup_errors=True)))
            self._spool = pdfparts.Spool(self._folder / "parts.pdf")
        self._open.callback(self._close_spool)
        self._file = QFile(str(self._folder / "pages.pdf"))
        if not self._file.open(QIODevice.OpenModeFlag.WriteOnly):
            raise _full(self._file.errorString())
        self._writer = _qt_writer(self._file)
        self._direct = Direct(self._keep) if _knows_marks() else None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()
        self._open.close()

    @property
    def count(self) -> int:
        """How many pages there are."""
        return len(self._leaves)

    def add(self, sheet: Arranged) -> None:
        """Set the pages of a sheet."""
        if self._about is None:
            self._about = self._told = About.of(sheet, title=self._title)
        elif self._about is self._told:
            self._about = self._told = replace(self._about, subject="")  # that of one map is not that of a series
        names = pdfparts.names_of(sheet)
        for page in sheet.pages:
            maps = tuple(found for placed in page.maps if (found := georeference.of_map(placed)) is not None)
            self.page(page.width, page.height, partial(_paint, page, sheet), title=page.title, names=names, maps=maps)

    def page(
        self, width: float, height: float, paint: Callable[[QPainter, Direct | None], None], *, title: str = "",
        names: Mapping[str, str] | None = None, maps: tuple[Georeference, ...] = (),
    ) -> None:  # fmt: skip
        """Set a page of ``width`` and ``height`` mm; the unit of the painter is the millimetre, ``names`` are those of layers."""
        from PySide6.QtCore import QFileDevice, QMarginsF, QSizeF
        from PySide6.QtGui import QPageLayout, QPageSize, QPainter

        from lydigital.render.painter.direct import Marks

        for layer, name in (names or {}).items():
            self._names.setdefault(layer, name)
        size = QPageSize(QSizeF(width, height), QPageSize.Unit.Millimeter)
        self._writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
        if self._painter is None:
            self._painter = QPainter(self._writer)
        else:
            self._writer.newPage()
            self._painter.resetTransform()
        self._painter.scale(DPI / MM_PER_INCH, DPI / MM_PER_INCH)
        with _room():
            paint(self._painter, self._direct)
            if self._failed is not None:
                raise self._failed
            self._spool.flush()
        marks = Marks((), frozenset(), {}) if self._direct is None else self._direct.take_page()
        self._leaves.append(_Leaf(title, width, height, marks, maps))
        if not self._file.flush() or self._file.error() != QFileDevice.FileError.NoError:
            raise _full(self._file.errorString())

    def save(self, path: Path) -> Path:
        """Write the file as one step; no pages can be added after that.

        Raises
        ------
        StoreUnavailableError
            When it cannot be written; what was there before is still there.
        """
        return _save(path, self._finish)

    def octets(self) -> bytes:
        """The file as bytes; no pages can be added after that."""
        out = io.BytesIO()
        with _room():
            self._finish(out)
        return out.getvalue()

    def _keep(self, head: bytes, content: bytes) -> int:
        from lydigital.publish.image import deflate

        packed = zlib.compress(content, 6) if len(content) < _SMALL else deflate(content)
        try:
            return self._spool.add(head, packed)
        except OSError as error:  # told when the page is painted: a painter must not be left on its way
            self._failed = error
            return 0

    def _close_spool(self) -> None:
        with suppress(OSError):  # what matters was written before
            self._spool.close()

    def _end(self) -> None:
        from PySide6.QtCore import QFileDevice

        if self._painter is not None:
            self._painter.end()
            self._painter = None
            self._file.flush()
            if self._file.error() != QFileDevice.FileError.NoError:
                self._reason = self._file.errorString()
        self._file.close()

    def _finish(self, out: BinaryIO) -> None:
        if not self._leaves:
            raise UsageError("There is no page to write", hint="Put something on a page first.")
        import pikepdf

        self._end()
        if self._reason:
            raise _full(self._reason)
        layers = {} if self._direct is None else self._direct.layers
        with pikepdf.open(self._folder / "pages.pdf") as pdf:
            contents = [self._content(page, leaf) for page, leaf in zip(pdf.pages, self._leaves, strict=True)]
            with _room():
                self._spool.close()
            if self._failed is not None:
                raise _full(self._failed.strerror or str(self._failed))
            with pikepdf.open(self._folder / "parts.pdf", access_mode=pikepdf.AccessMode.stream) as parts:
                groups = pdfparts.layers(pdf, layers, self._names)
                used = sorted(frozenset().union(*(leaf.marks.forms for leaf in self._leaves)))
                forms = {number: pdf.copy_foreign(parts.get_object(number, 0)) for number in used}
                for page, leaf, number in zip(pdf.pages, self._leaves, contents, strict=True):
                    page.obj.Contents = pdf.copy_foreign(parts.get_object(number, 0))
                    self._dress(page, leaf, groups, forms)
                self._complete(pdf)
                del pdf.trailer.ID  # Qt's is random
                put(pdf, out)

    def _content(self, page: pikepdf.Page, leaf: _Leaf) -> int:
        """Put the marked things into the content of a page, and keep that."""
        drawn: bytes | None = page.obj.Contents.read_bytes()
        if self._direct is not None and drawn is not None:
            drawn = self._direct.replaced(drawn, leaf.marks)
        assert drawn is not None, "Qt wrote a page in another way than the probe"
        return self._keep(b"", drawn)

    def _dress(self, page: pikepdf.Page, leaf: _Leaf, groups: list[Any], forms: dict[int, Any]) -> None:
        import pikepdf

        top = float(page.mediabox[3])  # Qt rounds pages to whole points, and counts from the top
        box = [0, pdfparts.points(leaf.height, top), pdfparts.points(-leaf.width), Decimal(f"{top:g}")]
        page.obj.MediaBox = page.obj.TrimBox = pikepdf.Array(box)
        resources = page.obj.Resources
        pdfparts.plain(resources)
        if leaf.marks.forms:
            resources.XObject = resources.get("/XObject", pikepdf.Dictionary())
            for number in sorted(leaf.marks.forms):
                resources.XObject[f"/Lyd{number}"] = forms[number]
        for name, mode in leaf.marks.blends.items():
            resources.ExtGState[name] = pikepdf.Dictionary(Type=pikepdf.Name.ExtGState, BM=pikepdf.Name(mode))
        if groups:
            resources.Properties = pikepdf.Dictionary({f"/LydL{i}": group for i, group in enumerate(groups)})
        if leaf.maps:
            page.obj.VP = pikepdf.Array([pdfparts.viewport(found, top) for found in leaf.maps])
        if "/Annots" in page.obj and not len(page.obj.Annots):
            del page.obj.Annots

    def _complete(self, pdf: pikepdf.Pdf) -> None:
        about = self._about or About(self._title, language=language_tag())
        pdfparts.fonts(pdf)
        pdfparts.bookmarks(pdf, [leaf.title for leaf in self._leaves])
        pdfparts.describe(pdf, about, pdf_a=self._pdf_a)
        if self._pdf_a:
            pdfparts.archive(pdf)


def _paint(page: ArrangedPage, sheet: Arranged, painter: QPainter, direct: Direct | None) -> None:
    from lydigital.publish import press

    press.paint(page, painter, sheet.fonts, direct=direct)


def _qt_writer(device: QIODevice) -> QPdfWriter:
    from PySide6.QtGui import QPdfWriter

    writer = QPdfWriter(device)
    writer.setPdfVersion(QPdfWriter.PdfVersion.PdfVersion_1_6)
    writer.setResolution(DPI)
    return writer


@cache
def _knows_marks() -> bool:
    """Whether this Qt writes a mark as :class:`Direct` looks for it; else Qt must paint everything itself."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QPainter

    from lydigital.render.painter.direct import Direct

    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = _qt_writer(buffer)  # must outlive its painter
    painter = QPainter(writer)
    direct = Direct(lambda _head, _content: 1)
    painter.scale(DPI / MM_PER_INCH, DPI / MM_PER_INCH)
    for layer in ("a", "b"):
        direct.begin(painter, layer)
        direct.end(painter)
    painter.end()
    import pikepdf

    with pikepdf.open(io.BytesIO(bytes(octets.data()))) as pdf:
        return direct.replaced(pdf.pages[0].obj.Contents.read_bytes(), direct.take_page()) is not None


def _full(reason: str) -> StoreUnavailableError:
    return StoreUnavailableError(
        "There is no room to make the file: {reason}", hint="Free space on the disk of temporary files, or set TMPDIR to another one.", reason=reason
    )


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _full(error.strerror or str(error)) from error


def _save(path: Path, write: Any) -> Path:
    """Write beside and rename, so that no half file is left behind."""
    import os

    import pikepdf

    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w+b") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except (OSError, RuntimeError, pikepdf.PdfError) as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check folder, permission and free space, or choose another place.",
            path=str(path), reason=str(error),
        ) from error  # fmt: skip
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return path
