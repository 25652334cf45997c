"""Rows of pages: which features drive them, what their files are called, and the list of what was written.

The list (``manifest.json``) is what a run that was cut short goes on from: a page stands where its file has the digest
named there and was made from the same things.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tempfile
import time
import unicodedata
import zipfile
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lydigital import paths
from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError, UsageError
from lydigital.model.issue import Issue
from lydigital.publish import typeset
from lydigital.publish.arrange import Driver, ground_metres
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lydigital.model.layerdef import LayerDef
    from lydigital.model.layout import Atlas
    from lydigital.model.table import FeatureTable

MANIFEST = "manifest.json"
_LEAST_M = 1_000.0  # what a page shows around a feature without size, at least
_NAME_BYTES = 160  # of a file's name: room for version and ending within the 255 of file systems
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
_OPEN = 100  # files at a time
_VERSION = re.compile(r"(?<![A-Za-z0-9])v(\d{2,5})(?!\d)")


@dataclass(frozen=True)
class Entry:
    """One set of pages to make: of feature ``fid``, or the only one. ``name`` is that of its files, without ending."""

    number: int
    count: int
    name: str
    title: str
    fid: int | None = None


# --- features -----------------------------------------------------------------------------------------------------------


def rows_of(atlas: Atlas, table: FeatureTable) -> list[int]:
    """Rows of the features that drive pages, in order.

    Raises
    ------
    UsageError
        When condition or field cannot be understood.
    """
    from lydigital.domain import query

    chosen = {int(r) for r in query.rows_where(table, atlas.where)} if atlas.where.strip() else set(range(len(table)))
    wanted = atlas.sort.lstrip("-")
    if not wanted or (atlas.sort == "code" and "code" not in table.column_names):
        order: Iterable[int] = (int(r) for r in table.fid.argsort(kind="stable"))
    elif wanted in table.column_names:
        order = _sorted(table, wanted, descending=atlas.sort.startswith("-"))
    else:
        raise UsageError("There is no field {field}", hint="The fields are: {known}.", field=wanted, known=", ".join(table.column_names))
    return [row for row in order if row in chosen]


def _sorted(table: FeatureTable, field_name: str, *, descending: bool) -> list[int]:
    """Rows in the order of a field, empty values last."""
    import pyarrow as pa
    import pyarrow.compute as pc

    way = "descending" if descending else "ascending"
    keyed = pa.table({"key": table.column(field_name), "fid": pa.array(table.fid)})
    return [int(r) for r in pc.sort_indices(keyed, sort_keys=[("key", way), ("fid", "ascending")]).to_pylist()]


def entries(atlas: Atlas, table: FeatureTable, definition: LayerDef, *, version: str, most: int) -> tuple[list[Entry], list[Issue]]:
    """The pages of an atlas, with names of files that are safe on every system and used once.

    Raises
    ------
    BadDataError
        When no feature drives a page.
    RefusedError
        For more than ``most``.
    UsageError
        When condition, field or pattern cannot be understood.
    """
    rows = rows_of(atlas, table)
    if not rows:
        raise BadDataError(
            "No feature of {layer} drives a page", hint="The layer is empty, or the condition fits none of its features.", layer=definition.name
        )
    if len(rows) > most:
        raise RefusedError(
            "The atlas would have {count} sets of pages, more than {most}", hint="Choose features by a condition, or allow so many (--most).",
            count=len(rows), most=most,
        )  # fmt: skip
    pattern = _pattern(atlas, table, definition)
    raw, titles = [], []
    title_field = definition.title_field if definition.title_field in table.column_names else ""
    for number, row in enumerate(rows, 1):
        values = values_of(table, definition, row)
        facts = {**{f"feature.{k}": v for k, v in values.items()}, "number": f"{number:0{len(str(len(rows)))}d}", "version": version, "layer": definition.name}
        name, unknown = typeset.fill(pattern, facts)
        if unknown:
            raise UsageError(
                "The pattern of names asks for {name}, which nobody knows", hint="It may name {known}.", name=unknown[0],
                known=", ".join(f"{{{k}}}" for k in facts),
            )  # fmt: skip
        raw.append(safe_name(name))
        titles.append(str(values.get(title_field) or "") or typeset.fill(pattern.replace("_{version}", ""), facts)[0].strip() or str(values["fid"]))
    names, doubles = _unique(raw, [_code(table, row) for row in rows])
    issues = [] if not doubles else [Issue(
        "atlas.names", "note", "{count} features share their name with another; their codes were added", "A pattern such as {example} tells them apart.",
        values={"count": str(doubles), "example": "{feature.county}_{feature.name}"},
    )]  # fmt: skip
    made = zip(rows, names, titles, strict=True)
    return [Entry(i, len(rows), name, title, int(table.fid[row])) for i, (row, name, title) in enumerate(made, 1)], issues


def _pattern(atlas: Atlas, table: FeatureTable, definition: LayerDef) -> str:
    pattern = atlas.name
    if pattern == "{feature.name}" and "name" not in table.column_names:
        title = definition.title_field
        pattern = f"{{feature.{title}}}" if title in table.column_names else "{layer}_{feature.fid}"
    return pattern if "{version}" in pattern else pattern + "_{version}"


def _code(table: FeatureTable, row: int) -> str:
    code = table.column("code")[row].as_py() if "code" in table.column_names else None
    return str(code if code not in (None, "") else int(table.fid[row]))


def values_of(table: FeatureTable, definition: LayerDef, row: int, *, personal: bool = False) -> dict[str, object]:
    """Fields of a feature as placeholders show them: names for values of a domain, personal data starred; ``fid`` beside them."""
    out: dict[str, object] = {"fid": int(table.fid[row])}
    for name, value in table.record(row).items():
        known = definition.field(name)
        if isinstance(value, bytes):
            continue
        if known is not None and known.personal and not personal and value not in (None, ""):
            out[name] = "***"
        elif known is not None and known.domain:
            out[name] = known.decode(value)
        elif isinstance(value, float) and not math.isfinite(value):
            out[name] = None
        else:
            out[name] = value
    return out


def driver_of(layer: str, table: FeatureTable, definition: LayerDef, fid: int, *, personal: bool = False) -> Driver:
    """The feature of a page.

    Raises
    ------
    BadDataError
        When it is gone, or has no place.
    """
    row = table.row_of.get(fid)
    if row is None:
        raise BadDataError("Feature {fid} of {layer} is gone", hint="Start the atlas anew.", fid=fid, layer=definition.name)
    x0, y0, x1, y1 = (float(v) for v in table.geometry.bounds[row])
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or x1 < x0 or y1 < y0:
        raise BadDataError("Feature {fid} of {layer} has no place on the map", hint="Correct its geometry, or leave it out.", fid=fid, layer=definition.name)
    need = _LEAST_M / 2 / ground_metres((x0, y0, x1, y1), table.crs)
    if max(x1 - x0, y1 - y0) < need:  # a place, or nearly: a town block around it instead of a point
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        x0, y0, x1, y1 = x - need, y - need, x + need, y + need
    import numpy as np

    geometry = table.geometry.take(np.array([row], np.int64))
    return Driver(layer, fid, values_of(table, definition, row, personal=personal), (x0, y0, x1, y1), geometry)


# --- names --------------------------------------------------------------------------------------------------------------


def safe_name(text: str) -> str:
    """``text`` as the name of a file on every system: no slashes or control characters, no reserved words, not too long."""
    text = unicodedata.normalize("NFC", text)
    text = "".join("_" if c in '<>:"/\\|?*' or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    text = re.sub(r"\s+", " ", text).strip(" .")
    octets = text.encode()
    if len(octets) > _NAME_BYTES:  # the end stays: it holds number and version
        tail = octets[-24:].decode(errors="ignore")
        text = octets[: _NAME_BYTES - 28].decode(errors="ignore").rstrip(" .") + "…" + tail
    if text.split(".")[0].strip().casefold() in _RESERVED:
        text = f"_{text}"
    return text or "_"


def single_name(pattern: str, version: str) -> str:
    """Name of the only pages of a run."""
    pattern = pattern if "{version}" in pattern else pattern + "_{version}"
    return safe_name(typeset.fill(pattern, {"version": version, "number": 1})[0])


def _unique(names: Sequence[str], codes: Sequence[str]) -> tuple[list[str], int]:
    """Names that differ even where capitals do not count, and how many had to be told apart.

    All of the same name get their code, so that no file is taken for another's when features come or go.
    """
    seen = Counter(name.casefold() for name in names)
    out: list[str] = []
    taken: set[str] = set()
    doubles = 0
    for name, code in zip(names, codes, strict=True):
        new = name
        if seen[name.casefold()] > 1:
            doubles += 1
            new = _with(name, safe_name(code))
        wanted, number = new, 2
        while new.casefold() in taken:
            new, number = _with(wanted, str(number)), number + 1
        taken.add(new.casefold())
        out.append(new)
    return out, doubles


def _with(name: str, more: str) -> str:
    """``more`` added before the version at the end of a name."""
    found = re.search(r"_v\d{2,5}$", name)
    return f"{name[: found.start()]}_{more}{found[0]}" if found else f"{name}_{more}"


# --- versions and the list of what was written --------------------------------------------------------------------------


def next_version(folder: Path) -> int:
    """One more than the highest version named in ``folder``: by its lists and by its files."""
    found = [0]
    with suppress(OSError):
        found += [int(match[1]) for path in folder.iterdir() for match in _VERSION.finditer(path.stem)]
    with suppress(BadDataError):
        found.append(int(read_manifest(folder).get("number", 0)))
    return max(found) + 1


def read_manifest(folder: Path) -> dict[str, Any]:
    """What was written into ``folder``, nothing where no run was.

    Raises
    ------
    BadDataError
        When the list cannot be read.
    """
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise BadDataError(
            "{path} is no list of pages: {reason}", hint="Start without --resume: that makes a new version.", path=str(path), reason=str(error)
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("pages", []), list):
        raise BadDataError("{path} is no list of pages: {reason}", hint="Start without --resume: that makes a new version.", path=str(path), reason="pages")
    return found


def sha256(path: Path) -> str:
    """Digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: object) -> str:
    """Digest of plain values and bytes."""
    out = hashlib.sha256()
    for part in parts:
        out.update(part if isinstance(part, bytes) else json.dumps(part, ensure_ascii=False, sort_keys=True, default=str).encode())
        out.update(b"\0")
    return out.hexdigest()


@dataclass
class Manifest:
    """The list of a run, written as pages are finished; a failed write leaves the last one."""

    folder: Path
    head: dict[str, Any]
    pages: dict[int, dict[str, Any]] = field(default_factory=dict)
    failed: dict[int, dict[str, Any]] = field(default_factory=dict)
    _last_s: float = 0.0
    _cost_s: float = 0.0

    def add(self, number: int, page: Mapping[str, Any]) -> None:
        """A page is finished. Long lists are not written at every page, but never cost more than a tenth of the time."""
        self.pages[number] = dict(page)
        self.failed.pop(number, None)
        if time.monotonic() - self._last_s >= 10 * self._cost_s:
            self.write()

    def write(self, **more: Any) -> None:
        """Put the list on the disk as one step.

        Raises
        ------
        StoreUnavailableError
            When it cannot be written.
        """
        start = time.monotonic()
        self.head |= more
        pages = [self.pages[n] for n in sorted(self.pages)]
        content = {**self.head, "pages": pages, "failed": [self.failed[n] for n in sorted(self.failed)]}
        try:
            paths.write_atomically(self.folder / MANIFEST, json.dumps(content, ensure_ascii=False, indent=1, default=str).encode())
        except OSError as error:
            raise unwritable(self.folder / MANIFEST, error) from error
        self._last_s = time.monotonic()
        self._cost_s = self._last_s - start

    def files(self) -> list[str]:
        """Names of all files written, in the order of pages."""
        return [f["name"] for n in sorted(self.pages) for f in self.pages[n]["files"]]


def finished(folder: Path, page: Mapping[str, Any], key: str) -> bool:
    """Whether a page of a former run stands: made from the same things, and its files are as they were written."""
    try:
        return page["key"] == key and bool(page["files"]) and all(
            Path(f["name"]).name == f["name"] and sha256(folder / f["name"]) == f["sha256"] for f in page["files"]
        )  # fmt: skip
    except (OSError, KeyError, TypeError):
        return False


def unwritable(path: Path, error: Exception) -> StoreUnavailableError:
    return StoreUnavailableError(
        "{path} cannot be written: {reason}", hint="Check folder, permission and free space, or choose another place.",
        path=str(path), reason=getattr(error, "strerror", None) or str(error),
    )  # fmt: skip


# --- many pages in one file ---------------------------------------------------------------------------------------------


def join(target: Path, parts: Sequence[tuple[str, Path]], title: str) -> None:
    """One PDF of the PDFs ``parts`` (title, file), with a bookmark for each, as one step.

    Raises
    ------
    StoreUnavailableError
        When it cannot be written.
    """
    import pikepdf

    from lydigital.publish import pdf, pdfparts

    beside = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory(prefix=".bind-", dir=target.parent) as folder:
            bundles = [_bundle(parts[at : at + _OPEN], Path(folder) / f"{at}.pdf") for at in range(0, len(parts), _OPEN)]
            with ExitStack() as stack, pikepdf.new() as book:
                for bundle in bundles:
                    book.pages.extend(stack.enter_context(pikepdf.open(bundle)).pages)
                with book.open_outline() as outline:
                    outline.root.extend(pikepdf.OutlineItem(name, number) for name, number in _marks(parts))
                pdfparts.gather_layers(book)
                pdfparts.describe(book, pdf.About(title, language=pdf.language_tag()))
                with beside.open("w+b") as out:
                    pdf.put(book, out)
        beside.replace(target)
    except (OSError, RuntimeError) as error:  # pikepdf says the latter where the disk is full
        raise unwritable(target, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _bundle(parts: Sequence[tuple[str, Path]], target: Path) -> Path:
    """Some PDFs as one: a process may not have thousands of files open."""
    import pikepdf

    from lydigital.publish import pdf

    with ExitStack() as stack, pikepdf.new() as made:
        for _, path in parts:
            made.pages.extend(stack.enter_context(pikepdf.open(path)).pages)
        with target.open("w+b") as out:
            pdf.put(made, out)
    return target


def _marks(parts: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, int]]:
    """Title and first page of each part."""
    import pikepdf

    page = 0
    for name, path in parts:
        yield name, page
        with pikepdf.open(path) as made:
            page += len(made.pages)


def pack(target: Path, folder: Path, names: Iterable[str]) -> None:
    """A zip of files of ``folder``, as one step; pages are compressed already.

    Raises
    ------
    StoreUnavailableError
        When it cannot be written.
    """
    beside = target.with_name(target.name + ".part")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as made:
            for name in names:
                made.write(folder / name, name)
        beside.replace(target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def progress_text(entry: Entry, left_s: float | None) -> str:
    """What is being done, and how long the rest takes."""
    told = {"number": entry.number, "count": entry.count, "name": entry.title}
    if left_s is None:
        return tr("Page {number} of {count}: {name}", **told)
    return tr("Page {number} of {count}: {name}, {seconds} s left", **told, seconds=max(1, round(left_s)))
